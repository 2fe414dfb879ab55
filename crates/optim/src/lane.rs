//! What one coordinate can do: the arithmetic that a rule may use, and no more.
//!
//! A rule is written once, generic over [`Lane`]. On `f32` and `f64` the compiler turns the loop around
//! it into vector code; on a lane of symbols the same lines yield their own formula,
//! [`Optimizer::formula`](crate::Optimizer::formula). Every operation here is exactly rounded at every vector width, and none is contracted into a fused
//! multiply-add, so that a step gives the same bits on every machine.

use std::fmt::Debug;
use std::ops::{Add, Div, Mul, Neg, Sub};

use thalweg_matrix::Scalar;

use crate::Stored;

/// The arithmetic of one coordinate.
pub trait Lane:
    Copy
    + Debug
    + Send
    + Sync
    + 'static
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
{
    /// A number that the formula shows as it is: `0`, `1`.
    fn constant(x: f64) -> Self;

    /// A number that is the same for all coordinates of a step, and the letter that the formula shows
    /// for it: `ρ₁`.
    fn letter(name: &'static str, x: f64) -> Self;

    /// √x
    fn sqrt(self) -> Self;

    /// |x|
    fn abs(self) -> Self;

    /// The lesser of the two; `other` where either is NaN, as processors have it.
    fn min(self, other: Self) -> Self;

    /// The greater of the two; `other` where either is NaN.
    fn max(self, other: Self) -> Self;

    /// −1, 0 or 1: the sign of x, with 0 for 0.
    fn sign(self) -> Self;

    /// `yes` where self > other, else `no`.
    fn if_greater(self, other: Self, yes: Self, no: Self) -> Self;
}

/// A number that steps are calculated in: `f32` or `f64`.
pub trait Real: Lane + Scalar + Stored<Real = Self> + From<f32> {
    /// Bits that loops gather what is not finite in.
    type Bits: Copy + Default + PartialEq + std::ops::BitOr<Output = Self::Bits>;

    /// The bits of the number: all 0 for 0.
    fn bits(self) -> Self::Bits;

    /// Whether slots may be kept in fewer bits: those of `f32` may.
    const NARROW_SLOTS: bool;

    /// From 1 to the next number.
    const EPSILON: f64;

    /// The least positive number that is kept in all its digits.
    const LEAST: Self;

    /// The numbers as `f32`.
    ///
    /// # Panics
    ///
    /// If slots of this type may not be kept in fewer bits.
    fn f32s(values: &[Self]) -> &[f32];

    /// The same, to be changed.
    ///
    /// # Panics
    ///
    /// If slots of this type may not be kept in fewer bits.
    fn f32s_mut(values: &mut [Self]) -> &mut [f32];
}

macro_rules! lane {
    ($float:ident) => {
        impl Lane for $float {
            #[inline(always)]
            fn constant(x: f64) -> Self {
                x as $float
            }

            #[inline(always)]
            fn letter(_name: &'static str, x: f64) -> Self {
                x as $float
            }

            #[inline(always)]
            fn sqrt(self) -> Self {
                $float::sqrt(self)
            }

            #[inline(always)]
            fn abs(self) -> Self {
                $float::abs(self)
            }

            #[inline(always)]
            fn min(self, other: Self) -> Self {
                if self < other { self } else { other }
            }

            #[inline(always)]
            fn max(self, other: Self) -> Self {
                if self > other { self } else { other }
            }

            #[inline(always)]
            fn sign(self) -> Self {
                // `signum` gives 1 for 0, which would move parameters that have no gradient.
                if self == 0.0 { 0.0 } else { self.signum() }
            }

            #[inline(always)]
            fn if_greater(self, other: Self, yes: Self, no: Self) -> Self {
                if self > other { yes } else { no }
            }
        }
    };
}

lane!(f32);
lane!(f64);

impl Real for f32 {
    type Bits = u32;

    #[inline(always)]
    fn bits(self) -> u32 {
        self.to_bits()
    }

    const NARROW_SLOTS: bool = true;
    const EPSILON: f64 = f32::EPSILON as f64;
    const LEAST: f32 = f32::MIN_POSITIVE;

    #[inline(always)]
    fn f32s(values: &[f32]) -> &[f32] {
        values
    }

    #[inline(always)]
    fn f32s_mut(values: &mut [f32]) -> &mut [f32] {
        values
    }
}

impl Real for f64 {
    type Bits = u64;

    #[inline(always)]
    fn bits(self) -> u64 {
        self.to_bits()
    }

    const NARROW_SLOTS: bool = false;
    const EPSILON: f64 = f64::EPSILON;
    const LEAST: f64 = f64::MIN_POSITIVE;

    fn f32s(_: &[f64]) -> &[f32] {
        unreachable!("slots of f64 are kept in full")
    }

    fn f32s_mut(_: &mut [f64]) -> &mut [f32] {
        unreachable!("slots of f64 are kept in full")
    }
}
