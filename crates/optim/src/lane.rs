//! What one coordinate can do: the arithmetic that a rule may use, and no more.
//!
//! A rule is written once, generic over [`Lane`]. On `f32` and `f64` the compiler turns the loop around
//! it into vector code; on a lane of symbols the same lines yield their own formula,
//! [`Optimizer::formula`](crate::Optimizer::formula). Every operation here is exactly rounded at every vector width, and none is contracted into a fused
//! multiply-add, so that a step gives the same bits on every machine.

use std::fmt::Debug;
use std::ops::{Add, Div, Mul, Neg, Sub};

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

    /// The lesser of the two; the other one where one is NaN.
    fn min(self, other: Self) -> Self;

    /// The greater of the two; the other one where one is NaN.
    fn max(self, other: Self) -> Self;

    /// −1, 0 or 1: the sign of x, with 0 for 0.
    fn sign(self) -> Self;

    /// `yes` where self > other, else `no`.
    fn if_greater(self, other: Self, yes: Self, no: Self) -> Self;
}

/// A number that parameters are stored in: `f32` or `f64`.
pub trait Real: Lane + Default + PartialOrd + From<f32> {
    /// How safetensors names the type.
    const DTYPE: safetensors::Dtype;

    /// The nearest number of this type.
    fn from_f64(x: f64) -> Self;

    /// The same number in `f64`, exactly.
    fn to_f64(self) -> f64;

    /// Appends the little-endian bytes of `values`.
    fn write_bytes(values: &[Self], bytes: &mut Vec<u8>);

    /// Reads as many little-endian numbers as `bytes` holds.
    fn read_bytes(bytes: &[u8]) -> Vec<Self>;
}

macro_rules! real {
    ($float:ident, $dtype:ident) => {
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
                $float::min(self, other)
            }

            #[inline(always)]
            fn max(self, other: Self) -> Self {
                $float::max(self, other)
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

        impl Real for $float {
            const DTYPE: safetensors::Dtype = safetensors::Dtype::$dtype;

            #[inline(always)]
            fn from_f64(x: f64) -> Self {
                x as $float
            }

            #[inline(always)]
            fn to_f64(self) -> f64 {
                f64::from(self)
            }

            fn write_bytes(values: &[Self], bytes: &mut Vec<u8>) {
                bytes.extend(values.iter().flat_map(|x| x.to_le_bytes()));
            }

            fn read_bytes(bytes: &[u8]) -> Vec<Self> {
                let (words, _) = bytes.as_chunks::<{ size_of::<$float>() }>();
                words.iter().map(|word| $float::from_le_bytes(*word)).collect()
            }
        }
    };
}

real!(f32, F32);
real!(f64, F64);
