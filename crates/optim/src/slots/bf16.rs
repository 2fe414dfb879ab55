//! bfloat16: the upper half of an `f32`, rounded to the nearest or at random.
//!
//! ```text
//! decode      x = c · 2¹⁶                            as integers: the upper 16 bits of x are c
//! nearest     c = ⌊(x + 0x7fff + odd) / 2¹⁶⌋         odd: bit 16 of x, so that ties go to even
//! stochastic  c = ⌊(x + w) / 2¹⁶⌋                    w: uniform on 0 … 2¹⁶ − 1
//! ```
//!
//! Since the numbers of one sign are ordered as their bits are, the sum of integers carries into the next
//! bfloat16 exactly when what is cut off asks for it; stochastic rounding goes away from zero with
//! probability (x mod 2¹⁶) / 2¹⁶, the fraction cut off, and its mean is x. An update that is smaller than
//! half the spacing at the parameter is lost in the nearest rounding at every step, and here only on some:
//! Gupta et al. 2015, *Deep learning with limited numerical precision*, section 3,
//! <https://arxiv.org/abs/1502.02551>; for bfloat16, Zamirai et al. 2020, *Revisiting BFloat16 training*,
//! <https://arxiv.org/abs/2010.06192>.
//!
//! Zeros, subnormals and infinities need no case of their own, and beyond the largest finite bfloat16 the
//! next one is infinity. NaN stays NaN; of stochastic rounding that is said of the quiet ones alone, which are
//! those that arithmetic gives, and it saves a comparison in the loop.

use half::bf16;
use std::iter::zip;

const SIGN: u32 = 1 << 31;
const INFINITY: u32 = f32::INFINITY.to_bits();
const QUIET_NAN: u32 = 1 << 22;

/// The number that a code stands for.
#[inline(always)]
pub(crate) fn value(code: bf16) -> f32 {
    f32::from_bits(u32::from(code.to_bits()) << 16)
}

/// The nearest bfloat16, and of two equally near ones the even one.
#[inline(always)]
pub(crate) fn nearest(x: f32) -> bf16 {
    let bits = x.to_bits();
    // As signed numbers, which every vector width can compare; the sign bit is gone.
    let nan = (bits & !SIGN) as i32 > INFINITY as i32;
    upper(if nan { bits | QUIET_NAN } else { bits.wrapping_add(0x7fff + (bits >> 16 & 1)) })
}

/// One of the two neighbours, by the lower 16 bits of `word`.
#[inline(always)]
pub(crate) fn stochastic(x: f32, word: u32) -> bf16 {
    upper(x.to_bits().wrapping_add(word & 0xffff))
}

#[inline(always)]
fn upper(bits: u32) -> bf16 {
    bf16::from_bits((bits >> 16) as u16)
}

/// The numbers that codes stand for.
#[inline(always)]
pub(crate) fn decode(codes: &[bf16], values: &mut [f32]) {
    zip(values, codes).for_each(
        #[inline(always)]
        |(x, code)| *x = value(*code),
    );
}

/// Codes of the nearest numbers.
#[inline(always)]
pub(crate) fn encode_nearest(values: &[f32], codes: &mut [bf16]) {
    zip(codes, values).for_each(
        #[inline(always)]
        |(code, x)| *code = nearest(*x),
    );
}

/// Codes of numbers that are rounded at random, by the lower 16 bits of a word for each.
#[inline(always)]
pub(crate) fn encode_stochastic(values: &[f32], words: &[u32], codes: &mut [bf16]) {
    zip(zip(codes, values), words).for_each(
        #[inline(always)]
        |((code, x), word)| *code = stochastic(*x, *word),
    );
}

#[cfg(test)]
mod tests {
    use thalweg_random::{Noise, Stream};

    use super::*;
    use crate::Level;

    /// Bit patterns of all kinds: every exponent, both signs, NaN and the edges between kinds among them.
    fn patterns() -> Vec<f32> {
        let stream = Stream::new(1, "patterns");
        let drawn = (0..200_000).map(|i| stream.bits(i) as u32);
        let largest = u32::from(bf16::MAX.to_bits()) << 16;
        let edges = [0, INFINITY, largest, f32::MAX.to_bits(), f32::MIN_POSITIVE.to_bits()];
        let around = edges.into_iter().flat_map(|edge| {
            (0u32..0x2_0000).step_by(0x1fff).flat_map(move |d| [edge.wrapping_sub(d), edge + d])
        });
        let negative = |bits: u32| [bits, bits ^ SIGN];
        drawn.chain(around.flat_map(negative)).map(f32::from_bits).collect()
    }

    fn noise() -> Noise {
        Stream::new(2, "noise").noise(0)
    }

    #[test]
    fn every_code_is_decoded_as_the_half_crate_does_and_encoded_back() {
        for code in (0..=u16::MAX).map(bf16::from_bits) {
            let x = value(code);
            assert_eq!(x.is_nan(), code.is_nan());
            assert!(x.is_nan() || x.to_bits() == code.to_f32_const().to_bits(), "{code:?}");
            // A NaN becomes quiet, and is else the same.
            let back = if x.is_nan() { code.to_bits() | 1 << 6 } else { code.to_bits() };
            assert_eq!(nearest(x).to_bits(), back);
            for word in [0, 1, 0x7fff, 0x8000, 0xffff, u32::MAX] {
                assert_eq!(stochastic(x, word).to_bits(), code.to_bits(), "{x} {word}");
            }
        }
    }

    #[test]
    fn nearest_is_that_of_the_half_crate() {
        for x in patterns() {
            assert_eq!(nearest(x).to_bits(), bf16::from_f32_const(x).to_bits(), "{x:e}");
        }
    }

    #[test]
    fn stochastic_gives_a_neighbour_and_of_what_is_not_a_number_no_number() {
        for (i, x) in patterns().into_iter().enumerate() {
            let [word] = noise().words(i as u32);
            let code = stochastic(x, word);
            if x.is_nan() {
                // What arithmetic gives is quiet, and its lower bits are 0.
                let quiet = f32::from_bits((x.to_bits() | QUIET_NAN) & 0xffff_0000);
                assert!(stochastic(quiet, word).is_nan(), "{x:?}");
            } else {
                let below = x.to_bits() >> 16;
                let bits = u32::from(code.to_bits());
                assert!(bits == below || bits == below + 1, "{x:e}");
                assert!(!code.is_nan(), "{x:e}");
            }
        }
    }

    #[test]
    fn the_mean_of_stochastic_roundings_is_the_number() {
        let numbers = [1.001_f32, -1.003, 3e-5, -7.77e20, 1e-40, -2.5e-39, f32::MIN_POSITIVE / 2.0];
        let n = 1 << 16;
        for (k, x) in numbers.into_iter().enumerate() {
            // In units of the spacing, where it is between 0 and 1.
            let fraction = f64::from(x.to_bits() & 0xffff) / 65536.0;
            let below = bf16::from_bits((x.to_bits() >> 16) as u16);
            let ups = |word: &dyn Fn(u32) -> u32| {
                (0..n).filter(|&i| stochastic(x, word(i)) != below).count() as f64
            };
            let key = Stream::new(k as u64, "mean").noise(0);
            let four_deviations = 4.0 * (fraction * (1.0 - fraction) * f64::from(n)).sqrt();
            let [low, high, next] = [
                ups(&|i| key.words::<1>(i)[0]),
                ups(&|i| key.words::<1>(i)[0] >> 16),
                ups(&|i| key.words::<2>(i)[1]),
            ];
            for count in [low, high, next] {
                let off = count - fraction * f64::from(n);
                assert!(off.abs() <= four_deviations, "{x:e}: {off} of {four_deviations}");
            }
            // With every word once, it is exact.
            assert_eq!(ups(&|i| i), fraction * 65536.0);
        }
    }

    #[test]
    fn all_levels_give_the_same_bits_at_all_lengths() {
        let all = patterns();
        for n in [0, 1, 15, 255, 256] {
            for values in all.chunks_exact(256).map(|chunk| &chunk[..n]) {
                let words: Vec<u32> = (0..n as u32).map(|i| noise().words::<1>(i)[0]).collect();
                let at = |level: Level| {
                    level.run(
                        #[inline(always)]
                        || {
                            let mut codes = vec![bf16::ZERO; 2 * n];
                            let mut decoded = vec![0.0; 2 * n];
                            encode_nearest(values, &mut codes[..n]);
                            encode_stochastic(values, &words, &mut codes[n..]);
                            decode(&codes, &mut decoded);
                            decoded.iter().map(|x| x.to_bits()).collect::<Vec<u32>>()
                        },
                    )
                };
                let expected = values.iter().map(|x| nearest(*x));
                let expected = expected.chain(zip(values, &words).map(|(x, w)| stochastic(*x, *w)));
                let expected: Vec<u32> = expected.map(|code| value(code).to_bits()).collect();
                for level in Level::available() {
                    assert_eq!(at(level), expected, "{level:?}");
                }
            }
        }
    }
}
