//! The numbers that a plan calculates with.

use thalweg_matrix::Scalar;
use thalweg_optim::Real;

use crate::kernel;

/// `f32` or `f64`: a [`Real`] with the functions that networks use beyond arithmetic.
///
/// The functions are this library's own and made of exactly rounded arithmetic, so that their bits are the
/// same at every width of vector and on every machine. Their error is at most 2.5 units in the
/// last place.
pub trait Element: Real + Scalar + kernel::Float {
    /// eˣ
    #[inline(always)]
    fn exp(self) -> Self {
        kernel::exp(self)
    }

    /// eˣ − 1, exact also near 0.
    #[inline(always)]
    fn exp_m1(self) -> Self {
        kernel::exp_m1(self)
    }

    /// ln x
    #[inline(always)]
    fn ln(self) -> Self {
        kernel::ln(self)
    }

    /// ln(1 + x), exact also near 0.
    #[inline(always)]
    fn ln_1p(self) -> Self {
        kernel::ln_1p(self)
    }

    /// tanh x
    #[inline(always)]
    fn tanh(self) -> Self {
        kernel::tanh(self)
    }

    /// 1 / (1 + e⁻ˣ)
    #[inline(always)]
    fn sigmoid(self) -> Self {
        kernel::sigmoid(self)
    }

    /// ln(1 + eˣ)
    #[inline(always)]
    fn softplus(self) -> Self {
        kernel::softplus(self)
    }

    /// The error function: 2/√π · ∫ exp(−t²) dt from 0 to x.
    #[inline(always)]
    fn erf(self) -> Self {
        kernel::erf(self)
    }

    /// The share of a normal distribution below x, and exp(−x²/2), which it is made of: the first to within
    /// two units in the last place of 1.
    #[inline(always)]
    fn normal(self) -> (Self, Self) {
        kernel::normal(self)
    }
}

impl Element for f32 {}
impl Element for f64 {}
