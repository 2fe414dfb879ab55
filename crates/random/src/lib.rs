//! Random numbers that are a pure function of (seed, stream, index).
//!
//! There is no generator to carry along and no order of drawing: the number at an index is the same
//! whoever asks, however often, from whatever thread. That is what lets two optimizers start from the
//! same weights and see the same batches, and lets a resumed run go on with the same bits.
//!
//! The bits are Philox4x32-10 of Salmon, Moraes, Dror & Shaw, *Parallel random numbers: as easy as 1, 2,
//! 3*, SC 2011, <https://doi.org/10.1145/2063384.2063405>: ten rounds of
//!
//! ```text
//! (c₀, c₁, c₂, c₃) ← (hi(M₁·c₂) ⊕ c₁ ⊕ k₀,  lo(M₁·c₂),  hi(M₀·c₀) ⊕ c₃ ⊕ k₁,  lo(M₀·c₀))
//! (k₀, k₁) ← (k₀ + W₀, k₁ + W₁)
//! ```
//!
//! Here the key is the seed, the upper half of the counter is the stream and the lower half the index.
//!
//! ```
//! use thalweg_random::Stream;
//!
//! let weights = Stream::new(42, "init/layer1");
//! assert_eq!(weights.uniform(3), Stream::new(42, "init/layer1").uniform(3));
//! assert_ne!(weights.uniform(3), Stream::new(42, "init/layer2").uniform(3));
//! ```

/// An endless sequence of random numbers, addressed by index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stream {
    seed: u64,
    id: u64,
}

impl Stream {
    /// The stream called `name` of a seed. Different names give independent streams.
    pub fn new(seed: u64, name: &str) -> Stream {
        // FNV-1a, 64 bits: names are few, so that its quality matters only in that they differ.
        let id = name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Stream { seed, id }
    }

    /// The stream with this number below the stream: one for each step, say.
    pub fn substream(self, number: u64) -> Stream {
        Stream { seed: self.seed, id: self.pair(number)[0] ^ self.id }
    }

    /// 64 random bits.
    pub fn bits(self, index: u64) -> u64 {
        self.pair(index / 2)[(index % 2) as usize]
    }

    /// Uniform on [0, 1), a multiple of 2⁻⁵³.
    pub fn uniform(self, index: u64) -> f64 {
        unit(self.bits(index))
    }

    /// Standard normal, by the transform of Box and Muller on one block.
    pub fn normal(self, index: u64) -> f64 {
        let [a, b] = self.pair(index / 2).map(unit);
        // 1 − a is in (0, 1], so that the logarithm is finite.
        let radius = (-2.0 * (1.0 - a).ln()).sqrt();
        let (sin, cos) = (std::f64::consts::TAU * b).sin_cos();
        radius * if index.is_multiple_of(2) { cos } else { sin }
    }

    /// Uniform on 0 … n − 1, for n from 1. The bias is below n · 2⁻⁶⁴.
    pub fn below(self, index: u64, n: u64) -> u64 {
        ((u128::from(self.bits(index)) * u128::from(n)) >> 64) as u64
    }

    /// A permutation of 0 … n − 1, each equally likely (Fisher and Yates).
    pub fn permutation(self, n: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..n).collect();
        for last in (1..n).rev() {
            order.swap(last, self.below(last as u64, last as u64 + 1) as usize);
        }
        order
    }

    /// Noise for 2³² coordinates: block 0 for the first of them, block 1 for the next.
    pub fn noise(self, block: u64) -> Noise {
        let [a, b] = self.pair(block);
        Noise { key: [a as u32, (a >> 32) as u32, b as u32] }
    }

    fn pair(self, index: u64) -> [u64; 2] {
        let halves = |x: u64| [x as u32, (x >> 32) as u32];
        let ([c0, c1], [c2, c3]) = (halves(index), halves(self.id));
        let [a, b, c, d] = philox([c0, c1, c2, c3], halves(self.seed)).map(u64::from);
        [a | b << 32, c | d << 32]
    }
}

/// Random words in fewer operations than Philox takes, for rounding at random: see [`Stream::noise`].
///
/// A keyed permutation of the 32-bit numbers, of the form that MurmurHash3 ends with. Shifts and
/// multipliers of the first word are those of C. Wellons's search for the least bias,
/// <https://github.com/skeeto/hash-prospector>:
///
/// ```text
/// x ← i ⊕ k₀;  x ← (x ⊕ x ≫ 16) · M₀;  x ← (x ⊕ x ≫ 15) + k₁;  x ← x · M₁;  word 0 = x ⊕ x ≫ 15
/// x ← (word ⊕ k₂) · M₂;  next word = x ⊕ x ≫ 16
/// ```
///
/// Any two 16-bit halves of the words at an index behave as independent, and words of different
/// indices or keys do; three words of one index together hold no more than the 32 bits of the first. All
/// of it is arithmetic on `u32`, which becomes vector code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Noise {
    key: [u32; 3],
}

impl Noise {
    /// The first N words of this index.
    #[inline(always)]
    pub fn words<const N: usize>(self, index: u32) -> [u32; N] {
        let [k0, k1, k2] = self.key;
        let mut x = index ^ k0;
        x = (x ^ x >> 16).wrapping_mul(0x21F0_AAAD);
        x = (x ^ x >> 15).wrapping_add(k1);
        x = x.wrapping_mul(0xD35A_2D97);
        x ^= x >> 15;
        let mut words = [x; N];
        for word in words.iter_mut().skip(1) {
            x = (x ^ k2).wrapping_mul(0x846C_A68B);
            x ^= x >> 16;
            *word = x;
        }
        words
    }
}

/// 53 bits to [0, 1).
fn unit(bits: u64) -> f64 {
    (bits >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
}

fn philox(mut c: [u32; 4], mut k: [u32; 2]) -> [u32; 4] {
    const M: [u64; 2] = [0xD251_1F53, 0xCD9E_8D57];
    const W: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];
    for _ in 0..10 {
        let [p0, p1] = [M[0] * u64::from(c[0]), M[1] * u64::from(c[2])];
        let hi = |p: u64| (p >> 32) as u32;
        c = [hi(p1) ^ c[1] ^ k[0], p1 as u32, hi(p0) ^ c[3] ^ k[1], p0 as u32];
        k = [k[0].wrapping_add(W[0]), k[1].wrapping_add(W[1])];
    }
    c
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The known answers of the authors' library, Random123 (`kat_vectors`, philox4x32 10).
    #[test]
    fn philox_gives_the_published_answers() {
        assert_eq!(philox([0; 4], [0; 2]), [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]);
        assert_eq!(philox([!0; 4], [!0; 2]), [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd]);
        assert_eq!(
            philox([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0]),
            [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1]
        );
    }

    #[test]
    fn uniform_and_normal_have_their_moments() {
        let stream = Stream::new(1, "moments");
        let n = 200_000;
        let moments = |draw: fn(Stream, u64) -> f64| {
            let sums = (0..n).map(|i| draw(stream, i)).fold([0.0; 4], |sums, x| {
                [sums[0] + x, sums[1] + x * x, sums[2] + x.powi(3), sums[3] + x.powi(4)]
            });
            sums.map(|sum| sum / n as f64)
        };
        // Five standard errors of each mean, √(variance / n).
        let close = |got: f64, expected: f64, variance: f64| {
            assert!(
                (got - expected).abs() < 5.0 * (variance / n as f64).sqrt(),
                "{got} {expected}"
            );
        };
        let [u1, u2, ..] = moments(Stream::uniform);
        close(u1, 1.0 / 2.0, 1.0 / 12.0);
        close(u2, 1.0 / 3.0, 4.0 / 45.0);
        let [z1, z2, z3, z4] = moments(Stream::normal);
        close(z1, 0.0, 1.0);
        close(z2, 1.0, 2.0);
        close(z3, 0.0, 15.0);
        close(z4, 3.0, 96.0);
    }

    /// The 16-bit halves of two words, centred and divided by their standard deviation.
    fn halves(words: [u32; 2]) -> [f64; 4] {
        let [a, b] = words;
        let deviation = (f64::from(u32::MAX >> 16) + 1.0) / 12f64.sqrt();
        [a & 0xffff, a >> 16, b & 0xffff, b >> 16]
            .map(|half| (f64::from(half) - 32767.5) / deviation)
    }

    const COUNT: u32 = 1 << 18;
    /// Five standard errors of the mean of COUNT numbers of variance 1.
    const BOUND: f64 = 5.0 / 512.0;

    #[test]
    fn noise_has_the_mean_and_variance_of_uniform_numbers_for_every_key() {
        for key in 0..8 {
            let noise = Stream::new(key, "noise").noise(key / 4);
            let mut sums = [[0.0; 2]; 4];
            for index in 0..COUNT {
                for (sum, x) in sums.iter_mut().zip(halves(noise.words(index))) {
                    *sum = [sum[0] + x, sum[1] + x * x];
                }
            }
            for [first, second] in sums.map(|sum| sum.map(|sum| sum / f64::from(COUNT))) {
                assert!(first.abs() < BOUND, "key {key}: mean {first}");
                // The variance of the square of a uniform number of variance 1 is 4/5.
                assert!((second - 1.0).abs() < BOUND, "key {key}: variance {second}");
            }
        }
    }

    #[test]
    fn noise_does_not_correlate_between_halves_neighbours_keys_or_blocks() {
        let stream = Stream::new(5, "noise");
        let of = |noise: Noise| move |index| halves(noise.words(index));
        let here = of(stream.noise(0));
        let keys = [
            of(stream.noise(1)),
            of(stream.substream(1).noise(0)),
            of(stream.substream(2).noise(0)),
            of(Stream::new(6, "noise").noise(0)),
        ];
        let check = |what: &str, other: &dyn Fn(u32) -> [f64; 4], same: bool| {
            let mut sums = [[0.0; 4]; 4];
            for index in 0..COUNT {
                let (x, y) = (here(index), other(index));
                for (row, x) in sums.iter_mut().zip(x) {
                    row.iter_mut().zip(y).for_each(|(sum, y)| *sum += x * y);
                }
            }
            for (i, row) in sums.iter().enumerate() {
                for (j, sum) in row.iter().enumerate().filter(|(j, _)| !same || *j != i) {
                    let correlation = sum / f64::from(COUNT);
                    assert!(correlation.abs() < BOUND, "{what}, halves {i} {j}: {correlation}");
                }
            }
        };
        check("the same index", &here, true);
        for lag in [1, 2, 3, 16, 256, 4096, 1 << 16, 1 << 31] {
            check(&format!("lag {lag}"), &|index| here(index ^ lag), false);
            check(&format!("lag {lag}"), &|index| here(index.wrapping_add(lag)), false);
        }
        for key in &keys {
            check("another key", key, false);
        }
    }

    #[test]
    fn every_bit_of_noise_is_set_half_the_time_and_flips_half_the_time_with_each_bit_of_the_index()
    {
        let noise = Stream::new(7, "noise").noise(0);
        let count = 1 << 14;
        let half = |seen: u32| {
            // Five and a half standard deviations, √count / 2, since there are some 2000 counts.
            (f64::from(seen) - f64::from(count) / 2.0).abs() < 5.5 * 64.0
        };
        let tally = |words: &dyn Fn(u32) -> [u32; 2]| {
            let mut seen = [[0u32; 32]; 2];
            for index in 0..count {
                for (seen, word) in seen.iter_mut().zip(words(index)) {
                    seen.iter_mut().enumerate().for_each(|(bit, seen)| *seen += word >> bit & 1);
                }
            }
            seen
        };
        let set = tally(&|index| noise.words(index));
        assert!(set.as_flattened().iter().all(|&seen| half(seen)), "{set:?}");
        for bit in 0..32 {
            let flips = tally(&|index| {
                let ([a, b], [c, d]) = (noise.words(index), noise.words(index ^ 1 << bit));
                [a ^ c, b ^ d]
            });
            assert!(flips.as_flattened().iter().all(|&seen| half(seen)), "{bit}: {flips:?}");
        }
    }

    #[test]
    fn further_words_of_noise_do_not_change_the_first() {
        let noise = Stream::new(8, "noise").noise(3);
        assert_eq!(noise, Stream::new(8, "noise").noise(3));
        let [a, b, c] = noise.words(17);
        assert_eq!(noise.words(17), [a]);
        assert_eq!(noise.words(17), [a, b]);
        assert!(a != b && b != c && a != c);
    }

    #[test]
    fn permutations_hold_every_place_once_and_are_even() {
        let stream = Stream::new(3, "order");
        let mut seen = [[0u32; 4]; 4];
        for trial in 0..24_000 {
            let order = stream.substream(trial).permutation(4);
            let mut sorted = order.clone();
            sorted.sort_unstable();
            assert_eq!(sorted, [0, 1, 2, 3]);
            for (place, &value) in order.iter().enumerate() {
                seen[place][value] += 1;
            }
        }
        // Binomial(24000, 1/4): five standard deviations are 335.
        assert!(seen.as_flattened().iter().all(|&count| count.abs_diff(6000) < 335), "{seen:?}");
        assert_eq!(stream.permutation(0), []);
        assert_eq!(stream.permutation(1), [0]);
    }
}
