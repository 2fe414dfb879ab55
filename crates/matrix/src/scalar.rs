//! The numbers that matrices hold.

use std::fmt::Debug;
use std::ops::{Add, Div, Mul, Neg, Sub};

use nalgebra::{DMatrix, DVector};

/// `f32` or `f64`.
///
/// Its names are few and its own, so that traits with more functions can extend it.
pub trait Scalar:
    sealed::Sealed
    + Copy
    + Debug
    + Default
    + Into<f64>
    + PartialOrd
    + Send
    + Sync
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + 'static
{
    /// The distance of 1 from the next larger number.
    const UNIT: Self;

    /// The number of this type that is nearest to `x`.
    fn rounded(x: f64) -> Self;
}

mod sealed {
    use nalgebra::{DMatrix, DVector};

    pub trait Sealed: Sized {
        /// Q and the diagonal and off-diagonal of the tridiagonal T, for a symmetric A = Q·T·Qᵀ.
        fn tridiagonal(a: DMatrix<Self>) -> (DMatrix<Self>, DVector<Self>, DVector<Self>);
    }
}

macro_rules! scalar {
    ($float:ident) => {
        impl sealed::Sealed for $float {
            fn tridiagonal(
                a: DMatrix<$float>,
            ) -> (DMatrix<$float>, DVector<$float>, DVector<$float>) {
                a.symmetric_tridiagonalize().unpack()
            }
        }

        impl Scalar for $float {
            const UNIT: $float = $float::EPSILON;

            #[inline(always)]
            fn rounded(x: f64) -> $float {
                x as $float
            }
        }
    };
}

scalar!(f32);
scalar!(f64);
