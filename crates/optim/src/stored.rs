//! Numbers that parameters are stored in, which may be narrower than those that a step is calculated in.

use std::fmt::Debug;

use half::bf16;

use thalweg_calls::{Call, CallError};

use crate::saved::Values;
use crate::{Optimizer, Real};

/// A number that parameters are stored in: `f32`, `f64`, or `bf16`, which is calculated with in `f32`.
pub trait Stored: Copy + Default + PartialEq + Debug + Send + Sync + 'static {
    /// What a step is calculated in.
    type Real: Real;

    /// The name in messages: `f32`.
    const NAME: &'static str;

    /// The nearest number of this type.
    fn from_f64(x: f64) -> Self;

    /// The same number in `f64`, exactly.
    fn to_f64(self) -> f64;

    /// The values as they are calculated with, where that is how they are stored.
    fn as_reals(values: &[Self]) -> Option<&[Self::Real]>;

    /// The same, to be changed.
    fn as_reals_mut(values: &mut [Self]) -> Option<&mut [Self::Real]>;

    /// The values in bfloat16, where that is how they are stored.
    fn as_halves(_values: &[Self]) -> Option<&[bf16]> {
        None
    }

    /// The same, to be changed.
    fn as_halves_mut(_values: &mut [Self]) -> Option<&mut [bf16]> {
        None
    }

    /// Writes the values, exactly, as they are calculated with.
    fn load(values: &[Self], reals: &mut [Self::Real]);

    /// Writes the nearest number to each of `reals`.
    fn store(reals: &[Self::Real], values: &mut [Self]);

    /// Writes one of the two neighbours of each of `reals`, at random so that the mean is right. `noise`
    /// has 16 random bits for each in its lower half.
    fn store_stochastically(reals: &[Self::Real], noise: &[u32], values: &mut [Self]);

    /// The values as the tensor of a saved state.
    fn values(values: &[Self]) -> Values<'_>;

    /// The values of a tensor of a saved state, if it is of this type.
    fn of<'a>(values: &'a Values<'_>) -> Option<&'a [Self]>;

    /// The optimizer that a call names, for parameters of this type: [`optimizer`](crate::optimizer).
    ///
    /// # Errors
    ///
    /// If the word or an argument is unknown, missing, or out of range.
    fn optimizer(
        call: &Call,
        steps_per_epoch: Option<f64>,
    ) -> Result<Box<dyn Optimizer<Self>>, CallError>;
}

macro_rules! compiled_here {
    () => {
        fn optimizer(
            call: &Call,
            steps_per_epoch: Option<f64>,
        ) -> Result<Box<dyn Optimizer<Self>>, CallError> {
            crate::named::compiled_here(call, steps_per_epoch)
        }
    };
}

macro_rules! real {
    ($float:ident, $Values:ident) => {
        impl Stored for $float {
            type Real = $float;

            const NAME: &'static str = stringify!($float);

            #[inline(always)]
            fn from_f64(x: f64) -> Self {
                x as $float
            }

            #[inline(always)]
            fn to_f64(self) -> f64 {
                f64::from(self)
            }

            #[inline(always)]
            fn as_reals(values: &[Self]) -> Option<&[Self]> {
                Some(values)
            }

            #[inline(always)]
            fn as_reals_mut(values: &mut [Self]) -> Option<&mut [Self]> {
                Some(values)
            }

            fn load(values: &[Self], reals: &mut [Self]) {
                reals.copy_from_slice(values);
            }

            fn store(reals: &[Self], values: &mut [Self]) {
                values.copy_from_slice(reals);
            }

            fn store_stochastically(reals: &[Self], _noise: &[u32], values: &mut [Self]) {
                // Nothing is cut off.
                values.copy_from_slice(reals);
            }

            fn values(values: &[Self]) -> Values<'_> {
                Values::$Values(values.into())
            }

            fn of<'a>(values: &'a Values<'_>) -> Option<&'a [Self]> {
                if let Values::$Values(values) = values { Some(values) } else { None }
            }

            compiled_here!();
        }
    };
}

real!(f32, F32);
real!(f64, F64);

impl Stored for bf16 {
    type Real = f32;

    const NAME: &'static str = "bf16";

    fn from_f64(x: f64) -> bf16 {
        bf16::from_f64(x)
    }

    fn to_f64(self) -> f64 {
        bf16::to_f64(self)
    }

    fn as_reals(_: &[bf16]) -> Option<&[f32]> {
        None
    }

    fn as_reals_mut(_: &mut [bf16]) -> Option<&mut [f32]> {
        None
    }

    fn as_halves(values: &[bf16]) -> Option<&[bf16]> {
        Some(values)
    }

    fn as_halves_mut(values: &mut [bf16]) -> Option<&mut [bf16]> {
        Some(values)
    }

    #[inline(always)]
    fn load(values: &[bf16], reals: &mut [f32]) {
        crate::slots::bf16::decode(values, reals);
    }

    #[inline(always)]
    fn store(reals: &[f32], values: &mut [bf16]) {
        crate::slots::bf16::encode_nearest(reals, values);
    }

    #[inline(always)]
    fn store_stochastically(reals: &[f32], noise: &[u32], values: &mut [bf16]) {
        crate::slots::bf16::encode_stochastic(reals, noise, values);
    }

    fn values(values: &[bf16]) -> Values<'_> {
        Values::Bf16(values.into())
    }

    fn of<'a>(values: &'a Values<'_>) -> Option<&'a [bf16]> {
        if let Values::Bf16(values) = values { Some(values) } else { None }
    }

    compiled_here!();
}
