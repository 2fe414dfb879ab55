//! The numbers that matrices hold.

use std::cell::RefCell;
use std::fmt::Debug;
use std::ops::{Add, Div, Mul, Neg, Sub};

use nalgebra::{DMatrix, DVector};

use crate::aligned::{room, start};
use crate::product::{self, Tiles};

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

    /// Memory of the calling thread for `length` numbers, in which anything may stand, while `work` goes
    /// on. It begins at a line of the cache. It is kept for the next call, so that memory is allocated only
    /// while calls grow.
    fn with_scratch<R>(length: usize, work: impl FnOnce(&mut [Self]) -> R) -> R {
        let mut memory = Self::take_scratch();
        let room = room(length, size_of::<Self>());
        if memory.len() < room {
            memory.resize(room, Self::default());
        }
        let start = start(&memory);
        let result = work(&mut memory[start..][..length]);
        Self::keep_scratch(memory);
        result
    }
}

mod sealed {
    use nalgebra::{DMatrix, DVector};

    use crate::product::Tiles;

    pub trait Sealed: Sized {
        /// Q and the diagonal and off-diagonal of the tridiagonal T, for a symmetric A = Q·T·Qᵀ.
        fn tridiagonal(a: DMatrix<Self>) -> (DMatrix<Self>, DVector<Self>, DVector<Self>);

        /// self · a + b, rounded once.
        fn multiply_add(self, a: Self, b: Self) -> Self;

        /// The tiles of a product that this processor is best at.
        fn tiles() -> Tiles<Self>;

        /// [`turn`](crate::product::turn()), as fast as it goes.
        ///
        /// # Safety
        ///
        /// As there.
        unsafe fn turn(
            x: *const Self,
            x_stride: usize,
            rows: usize,
            columns: usize,
            y: *mut Self,
            y_stride: usize,
        );

        /// The memory that was kept last, or new one.
        fn take_scratch() -> Vec<Self>;

        /// Keeps memory for the next call.
        fn keep_scratch(memory: Vec<Self>);
    }
}

macro_rules! scalar {
    ($float:ident, $scratch:ident, $tiles:ident, $turn:ident) => {
        thread_local! {
            static $scratch: RefCell<Vec<Vec<$float>>> = const { RefCell::new(Vec::new()) };
        }

        impl sealed::Sealed for $float {
            fn tridiagonal(
                a: DMatrix<$float>,
            ) -> (DMatrix<$float>, DVector<$float>, DVector<$float>) {
                a.symmetric_tridiagonalize().unpack()
            }

            #[inline(always)]
            fn multiply_add(self, a: $float, b: $float) -> $float {
                self.mul_add(a, b)
            }

            fn tiles() -> Tiles<$float> {
                product::$tiles()
            }

            unsafe fn turn(
                x: *const $float,
                x_stride: usize,
                rows: usize,
                columns: usize,
                y: *mut $float,
                y_stride: usize,
            ) {
                // SAFETY: the caller's.
                unsafe { product::$turn(x, x_stride, rows, columns, y, y_stride) }
            }

            fn take_scratch() -> Vec<$float> {
                $scratch.with_borrow_mut(|kept| kept.pop().unwrap_or_default())
            }

            fn keep_scratch(memory: Vec<$float>) {
                $scratch.with_borrow_mut(|kept| kept.push(memory));
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

scalar!(f32, SCRATCH_F32, tiles_f32, turn_f32);
scalar!(f64, SCRATCH_F64, tiles_f64, turn);
