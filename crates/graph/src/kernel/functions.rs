//! The elementary functions, in float arithmetic without branches, so that a loop around one of them is
//! vector code. Every operation is exactly rounded, and multiply-adds are fused where it is written, not where
//! a compiler likes: the bits are the same at every width of vector and on every machine, which those of a
//! system's libm are not. Within [`vectorized`](super::vectorized) a fused multiply-add is one instruction;
//! elsewhere it may be a call.
//!
//! Cody & Waite, *Software manual for the elementary functions*, 1980, take ln 2 in two parts, of which
//! the first has so few digits that its multiples are exact. The logarithm is arranged as in fdlibm
//! (Sun Microsystems, 1993, `e_log.c` and `s_log1p.c`, <https://www.netlib.org/fdlibm/>). The polynomials are
//! our own: see [`coefficients`].
//!
//! The error is at most 2.5 units in the last place, and 1 of exp and ln, also where results are subnormal; 0, ±∞ and NaN give
//! what IEEE 754-2019, section 9.2.1, says, signs of zeros included. Only [`normal`] has another measure.

mod coefficients;

use std::f64::consts::LOG2_E;

use thalweg_optim::Lane;

use coefficients::{
    ERF_FAR_32, ERF_FAR_64, ERF_NEAR_32, ERF_NEAR_64, EXP_32, EXP_64, LN_2_HIGH_32, LN_2_HIGH_64,
    LN_2_LOW_32, LN_2_LOW_64, LN_32, LN_64, TAIL_32, TAIL_64, TAIL_CENTRE,
};

/// eˣ
///
/// With n = round(x / ln 2) and r = x − n ln 2: eˣ = 2ⁿ·eʳ.
#[inline(always)]
pub(crate) fn exp<T: Float>(x: T) -> T {
    exp_within(x.clamped(T::EXP_LEAST, T::EXP_MOST))
}

/// eˣ, for an x of which it is neither far below the smallest number nor far above the greatest.
#[inline(always)]
fn exp_within<T: Float>(x: T) -> T {
    let (n, e) = reduced_exp(x);
    // 2ⁿ in two factors, which need not be numbers between the smallest normal one and the greatest.
    let half = nearest(n * T::HALF);
    e * T::power_of_two(half) * T::power_of_two(n - half)
}

/// n and eʳ.
#[inline(always)]
fn reduced_exp<T: Float>(x: T) -> (T, T) {
    let n = x.mul_add(T::constant(LOG2_E), T::ROUND) - T::ROUND;
    let r = (-n).mul_add(T::LN_2_LOW, (-n).mul_add(T::LN_2_HIGH, x));
    (n, (r * r).mul_add(polynomial(r, T::EXP), r) + T::ONE)
}

/// eˣ − 1, exact also near 0.
///
/// With n and r as for eˣ: 2ⁿ(eʳ − 1) + (2ⁿ − 1), of which half is taken first, since 2ⁿ may overflow.
#[inline(always)]
pub(crate) fn exp_m1<T: Float>(x: T) -> T {
    let clamped = x.clamped(T::EXP_M1_LEAST, T::EXP_MOST);
    let n = clamped.mul_add(T::constant(LOG2_E), T::ROUND) - T::ROUND;
    let high = clamped - n * T::LN_2_HIGH;
    let low = n * T::LN_2_LOW;
    let r = high - low;
    // What the subtraction has lost.
    let lost = (high - r) - low;
    let e = r + (r * r).mul_add(polynomial(r, T::EXP), lost);
    let half = T::power_of_two(n - T::ONE);
    (half.mul_add(e, half - T::HALF) * T::TWO).with_sign_of(x)
}

/// tanh x, for x ≥ 0 and m = e²ˣ − 1: m / (m + 2), or from ½ on, where that loses digits, 1 − 2 / (m + 2).
#[inline(always)]
pub(crate) fn tanh<T: Float>(x: T) -> T {
    let m = exp_m1(T::TWO * x.abs());
    let quotient = m.if_greater(T::TWO, T::TWO, m) / (m + T::TWO);
    m.if_greater(T::TWO, T::ONE - quotient, quotient).with_sign_of(x)
}

/// 1 / (1 + e⁻ˣ), as e^min(x, 0) / (1 + e^−|x|), which neither overflows nor underflows too early.
#[inline(always)]
pub(crate) fn sigmoid<T: Float>(x: T) -> T {
    let e = exp(-x.abs());
    T::ZERO.if_greater(x, e, T::ONE) / (T::ONE + e)
}

/// ln x
#[inline(always)]
pub(crate) fn ln<T: Float>(x: T) -> T {
    let least = T::SMALLEST_NORMAL;
    let (n, m) = T::split(least.if_greater(x, x * T::SUBNORMAL_FACTOR, x));
    let n = least.if_greater(x, n - T::SUBNORMAL_EXPONENT, n);
    ln_at_the_ends(x, ln_of(n, m - T::ONE, T::ZERO))
}

/// ln(1 + x), exact also near 0.
///
/// With u = 1 + x, rounded, and c what the rounding has lost: ln u + c/u.
#[inline(always)]
pub(crate) fn ln_1p<T: Float>(x: T) -> T {
    let u = T::ONE + x;
    let back = u - T::ONE;
    let lost = (T::ONE - (u - back)) + (x - back);
    let (n, m) = T::split(u);
    ln_at_the_ends(u, ln_of(n, m - T::ONE, lost / u)).with_sign_of(x)
}

/// ln(1 + eˣ), as max(x, 0) + ln(1 + e^−|x|), which does not overflow.
#[inline(always)]
pub(crate) fn softplus<T: Float>(x: T) -> T {
    x.max(T::ZERO) + ln_1p(exp(-x.abs()))
}

/// erf x = 2/√π · ∫ exp(−t²) dt from 0 to x: x times a polynomial of x² up to |x| = 1, and beyond it
/// 1 − erfc |x|, with a polynomial for exp(x²) erfc |x|.
#[inline(always)]
pub(crate) fn erf<T: Float>(x: T) -> T {
    let a = x.abs().clamped(T::ZERO, T::ERF_MOST);
    let square = a * a;
    let near = a * polynomial(square, T::ERF_NEAR);
    let far = (-exp_within(-square)).mul_add(polynomial(a - T::TWO, T::ERF_FAR), T::ONE);
    a.if_greater(T::ONE, far, near).with_sign_of(x)
}

/// Φ(x), the share of a normal distribution below x, and exp(−x²/2), the first to within two units in the last
/// place of 1, the second to within two units of its own and one more for each unit of x²/2.
///
/// With a = |x|: Φ(−a) = exp(−a²/2) times a polynomial, and Φ(a) = 1 − Φ(−a). One polynomial is enough, as
/// nothing asks for more digits of the share than a sum with 1 has.
#[inline(always)]
pub(crate) fn normal<T: Float>(x: T) -> (T, T) {
    let a = x.abs();
    let (n, e) = reduced_exp(-(T::HALF * a * a));
    let bell = a.if_greater(T::BELL_MOST, T::ZERO, e * T::power_of_two(n));
    let within = a.if_greater(T::TAIL_MOST, T::TAIL_MOST, a);
    let tail = bell * polynomial(within - T::constant(TAIL_CENTRE), T::TAIL);
    (x.if_greater(T::ZERO, T::ONE - tail, tail), bell)
}

/// What the functions need of a float beyond arithmetic, and the constants that depend on its digits.
pub trait Float: Lane {
    /// The number 0.
    const ZERO: Self;
    /// The number ½.
    const HALF: Self;
    /// The number 1.
    const ONE: Self;
    /// The number 2.
    const TWO: Self;
    /// Added to a number that is not large, it leaves no room for digits behind the point.
    const ROUND: Self;
    /// ln 2, with so few digits that multiples by exponents are exact.
    const LN_2_HIGH: Self;
    /// ln 2, less that.
    const LN_2_LOW: Self;
    /// Here and below eˣ is 0.
    const EXP_LEAST: Self;
    /// Here and above eˣ is ∞.
    const EXP_MOST: Self;
    /// Here and below eˣ − 1 is −1.
    const EXP_M1_LEAST: Self;
    /// Here and above erf x is 1.
    const ERF_MOST: Self;
    /// Above it exp(−x²/2) is as good as 0, and hardly a normal number.
    const BELL_MOST: Self;
    /// Beyond it the share of the normal distribution is less than the error allowed.
    const TAIL_MOST: Self;
    /// The smallest number with all digits.
    const SMALLEST_NORMAL: Self;
    /// The exponent of a power of two that makes subnormal numbers normal.
    const SUBNORMAL_EXPONENT: Self;
    /// That power.
    const SUBNORMAL_FACTOR: Self;
    /// The greatest number.
    const GREATEST: Self;
    /// See [`coefficients`].
    const EXP: &'static [f64];
    /// See [`coefficients`].
    const LN: &'static [f64];
    /// See [`coefficients`].
    const ERF_NEAR: &'static [f64];
    /// See [`coefficients`].
    const ERF_FAR: &'static [f64];
    /// See [`coefficients`].
    const TAIL: &'static [f64];

    /// self · factor + term, rounded once.
    fn mul_add(self, factor: Self, term: Self) -> Self;

    /// 2ⁿ, for a whole n that is the exponent of a normal number.
    fn power_of_two(n: Self) -> Self;

    /// n and m, for which x = 2ⁿ·m and m lies from √½ to √2, for a normal x > 0.
    fn split(x: Self) -> (Self, Self);

    /// |self|, with the sign of `other`, which may be that of a zero.
    fn with_sign_of(self, other: Self) -> Self;

    /// The number between the two that is nearest; NaN stays.
    #[inline(always)]
    fn clamped(self, least: Self, most: Self) -> Self {
        let x = least.if_greater(self, least, self);
        x.if_greater(most, most, x)
    }
}

macro_rules! float {
    ($float:ident, $bits:ident, $EXP:ident, $LN:ident, $ERF_NEAR:ident, $ERF_FAR:ident, $TAIL:ident,
     $LN_2_HIGH:ident, $LN_2_LOW:ident, { $($constants:tt)* }) => {
        impl Float for $float {
            const ZERO: $float = 0.0;
            const HALF: $float = 0.5;
            const ONE: $float = 1.0;
            const TWO: $float = 2.0;
            const ROUND: $float = 1.5 / $float::EPSILON;
            const LN_2_HIGH: $float = $LN_2_HIGH as $float;
            const LN_2_LOW: $float = $LN_2_LOW as $float;
            const SMALLEST_NORMAL: $float = $float::MIN_POSITIVE;
            const SUBNORMAL_EXPONENT: $float = ($float::MANTISSA_DIGITS + 1) as $float;
            const SUBNORMAL_FACTOR: $float = 4.0 / $float::EPSILON;
            const GREATEST: $float = $float::MAX;
            const EXP: &'static [f64] = &$EXP;
            const LN: &'static [f64] = &$LN;
            const ERF_NEAR: &'static [f64] = &$ERF_NEAR;
            const ERF_FAR: &'static [f64] = &$ERF_FAR;
            const TAIL: &'static [f64] = &$TAIL;
            $($constants)*

            #[inline(always)]
            fn mul_add(self, factor: $float, term: $float) -> $float {
                $float::mul_add(self, factor, term)
            }

            #[inline(always)]
            fn power_of_two(n: $float) -> $float {
                const BIAS: $float = ($float::MAX_EXP - 1) as $float;
                // The last digits of the sum are the exponent as it stands in a float.
                let digits = (n + (BIAS + Self::ROUND)).to_bits();
                $float::from_bits(digits << ($float::MANTISSA_DIGITS - 1))
            }

            #[inline(always)]
            fn split(x: $float) -> ($float, $float) {
                const DIGITS: u32 = $float::MANTISSA_DIGITS - 1;
                const BIAS: $float = ($float::MAX_EXP - 1) as $float;
                const ONE: $bits = (1.0 as $float).to_bits();
                // Counted from √½ on, the exponent changes where m begins anew.
                const ROOT: $bits = std::$float::consts::FRAC_1_SQRT_2.to_bits();
                let exponent = x.to_bits().wrapping_add(ONE - ROOT) >> DIGITS;
                let m = x.to_bits().wrapping_sub(exponent << DIGITS).wrapping_add(ONE);
                let n = $float::from_bits(Self::ROUND.to_bits() + exponent) - (Self::ROUND + BIAS);
                (n, $float::from_bits(m))
            }

            #[inline(always)]
            fn with_sign_of(self, other: $float) -> $float {
                self.copysign(other)
            }
        }
    };
}

float!(f32, u32, EXP_32, LN_32, ERF_NEAR_32, ERF_FAR_32, TAIL_32, LN_2_HIGH_32, LN_2_LOW_32, {
    const EXP_LEAST: f32 = -104.0;
    const EXP_MOST: f32 = 89.0;
    const EXP_M1_LEAST: f32 = -30.0;
    const ERF_MOST: f32 = 4.0;
    const BELL_MOST: f32 = 13.0;
    const TAIL_MOST: f32 = 6.0;
});

float!(f64, u64, EXP_64, LN_64, ERF_NEAR_64, ERF_FAR_64, TAIL_64, LN_2_HIGH_64, LN_2_LOW_64, {
    const EXP_LEAST: f64 = -746.0;
    const EXP_MOST: f64 = 710.0;
    const EXP_M1_LEAST: f64 = -50.0;
    const ERF_MOST: f64 = 6.0;
    const BELL_MOST: f64 = 37.0;
    const TAIL_MOST: f64 = 9.0;
});

/// The whole number that is nearest.
#[inline(always)]
fn nearest<T: Float>(x: T) -> T {
    (x + T::ROUND) - T::ROUND
}

/// Σ cᵢ xⁱ, by Horner's rule.
#[inline(always)]
fn polynomial<T: Float>(x: T, coefficients: &[f64]) -> T {
    // Loops that are short enough for the compiler to unroll them.
    const SHORT: usize = 8;
    let part = |i: usize| {
        let [from, to] = [i * SHORT, (i + 1) * SHORT].map(|at| at.min(coefficients.len()));
        &coefficients[from..to]
    };
    let mut sum = T::ZERO;
    for &c in part(3).iter().rev() {
        sum = sum.mul_add(x, T::constant(c));
    }
    for &c in part(2).iter().rev() {
        sum = sum.mul_add(x, T::constant(c));
    }
    for &c in part(1).iter().rev() {
        sum = sum.mul_add(x, T::constant(c));
    }
    for &c in part(0).iter().rev() {
        sum = sum.mul_add(x, T::constant(c));
    }
    sum
}

/// n ln 2 + ln(1 + f) + more, where `more` is little beside the rest.
///
/// With s = f / (2 + f): ln(1 + f) = 2 artanh s = f − s (f − R), where R = s² times a polynomial of s²; and
/// s f = f²/2 − s f²/2.
#[inline(always)]
fn ln_of<T: Float>(n: T, f: T, more: T) -> T {
    let s = f / (T::TWO + f);
    let z = s * s;
    let rest = z * polynomial(z, T::LN);
    let half_square = T::HALF * f * f;
    let small = s * (half_square + rest) + (n * T::LN_2_LOW + more);
    n * T::LN_2_HIGH - ((half_square - small) - f)
}

/// `y`, the logarithm of x, but where x is not positive or not finite.
#[inline(always)]
fn ln_at_the_ends<T: Float>(x: T, y: T) -> T {
    let y = x.if_greater(T::GREATEST, x, y);
    let infinite = x - T::constant(f64::INFINITY);
    let not_positive = T::ZERO.if_greater(x, T::constant(f64::NAN), infinite);
    x.if_greater(T::ZERO, y, not_positive)
}

#[cfg(test)]
mod tests;
