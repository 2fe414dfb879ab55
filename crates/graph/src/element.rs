//! The numbers that a plan calculates with.

use thalweg_matrix::Scalar;
use thalweg_optim::Real;

/// `f32` or `f64`: a [`Real`] with the functions that networks use beyond arithmetic.
pub trait Element: Real + Scalar {
    /// eˣ
    fn exp(self) -> Self;

    /// ln x
    fn ln(self) -> Self;

    /// ln(1 + x), exact also near 0.
    fn ln_1p(self) -> Self;

    /// tanh x
    fn tanh(self) -> Self;
}

macro_rules! element {
    ($float:ident) => {
        impl Element for $float {
            #[inline(always)]
            fn exp(self) -> Self {
                $float::exp(self)
            }

            #[inline(always)]
            fn ln(self) -> Self {
                $float::ln(self)
            }

            #[inline(always)]
            fn ln_1p(self) -> Self {
                $float::ln_1p(self)
            }

            #[inline(always)]
            fn tanh(self) -> Self {
                $float::tanh(self)
            }
        }
    };
}

element!(f32);
element!(f64);
