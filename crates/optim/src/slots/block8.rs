//! Eight bits for a slot, with one scale for each block of 256 coordinates.
//!
//! ```text
//! scale = max |x|  over the block          x ≈ scale · v(c)
//!
//! v = 10^(i−6) · (0.1 + 0.9 (j + ½) / n),  j = 0 … n − 1,  in decade i = 0 … 6
//! ```
//!
//! The dynamic map of Dettmers et al. 2022, *8-bit optimizers via block-wise quantization*, section 2 and
//! appendix, <https://arxiv.org/abs/2110.02861>, with the values of `create_dynamic_map` in
//! bitsandbytes: seven decades, of which each has twice the cells of the one below; the code value is the
//! middle of its cell. For means, [`Map::Signed`], n = 2^i for each sign, for squares, [`Map::Unsigned`],
//! n = 2^(i+1); in both, 0 and 1 are code values too. Cells are numbered across the decades by m = n + j.
//! The signed code is ±m in two's complement; 128 = −128, which has no partner, is +1. The unsigned code
//! is m − 1, in the order of the values; 255 is 1. In both, code 0 is 0.
//!
//! Encoding gives the cell in which a = |x| / scale lies. Across the decades
//!
//! ```text
//! m(a) = ⌊min over i of n (8/9 + 10/9 · 10^(6−i) a)⌋
//! ```
//!
//! is continuous, piecewise linear and concave. The lower decades look like the upper ones: a · 10^k has
//! 2^k times the m of a. So two comparisons, which multiply a by 10⁴ and by 10², n by 2⁻⁴ and by 2⁻²,
//! leave only the two uppermost lines to take the least of.
//!
//! bitsandbytes gives the nearest code value instead. Within a decade that is the same; in the lowest fifth
//! of a decade's first cell the value below is nearer, by up to 0.4 of the width of this cell, and in the
//! upper half of the last cell 1 is. Either way |x − scale · v| is at most half the width of the cell,
//! scale · 0.45 · 10^(i−6) / n, which is 0.45 / n to 4.5 / n of |x|; and below the lowest decade, where a mean
//! gets the code 0, at most scale · 10⁻⁷. The sign of −scale is kept, its size becomes the value next to −1.
//!
//! A square above 0 never gets the code 0, a departure from the published map: with r = 0 beside s ≠ 0, a
//! coordinate would take a step of s/δ once its gradient is 0. It gets the least code, and is off by at most
//! scale · 3.25 · 10⁻⁷.
//!
//! A block whose largest magnitude is below the normal numbers has the scale 0, and is 0. What is infinite
//! becomes the largest number, and NaN makes the scale so, and with it the block.

use std::iter::zip;

/// How many coordinates share a scale.
pub(crate) const BLOCK: usize = 256;

/// What the codes stand for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Map {
    /// −1 to 1, for means.
    #[default]
    Signed,
    /// 0 to 1, for means of squares. A number below 0 becomes 0.
    Unsigned,
}

static SIGNED: [f32; 256] = signed();
static UNSIGNED: [f32; 256] = unsigned();

impl Map {
    /// The number that each code stands for, where the scale is 1.
    #[inline(always)]
    pub(crate) fn values(self) -> &'static [f32; 256] {
        match self {
            Map::Signed => &SIGNED,
            Map::Unsigned => &UNSIGNED,
        }
    }

    /// The cells of the uppermost decade.
    const fn cells(self) -> usize {
        match self {
            Map::Signed => 64,
            Map::Unsigned => 128,
        }
    }

    /// The code value of cell m, not of 0 and 1.
    const fn middle(self, m: usize) -> f32 {
        let mut n = self.cells();
        let mut decade = 1.0;
        while m < n {
            n /= 2;
            decade *= 10.0;
        }
        ((0.1 + 0.9 * ((m - n) as f64 + 0.5) / n as f64) / decade) as f32
    }
}

const fn signed() -> [f32; 256] {
    let mut values = [0.0; 256];
    let mut m = 1;
    while m < 128 {
        values[m] = Map::Signed.middle(m);
        values[256 - m] = -values[m];
        m += 1;
    }
    values[128] = 1.0;
    values
}

const fn unsigned() -> [f32; 256] {
    let mut values = [0.0; 256];
    let mut m = 2;
    while m < 256 {
        values[m - 1] = Map::Unsigned.middle(m);
        m += 1;
    }
    values[255] = 1.0;
    values
}

/// The number that a code stands for.
#[inline(always)]
pub(crate) fn value(code: u8, scale: f32, map: Map) -> f32 {
    map.values()[usize::from(code)] * scale
}

/// A running maximum of magnitudes, as the bits of an `f32`, for [`scale`]; begins with 0.
#[inline(always)]
pub(crate) fn largest(so_far: u32, x: f32) -> u32 {
    // As signed numbers, which every vector width can compare. Unlike a maximum of floats this one is
    // the same in any order, and so may be worked out by lanes.
    (so_far as i32).max((x.to_bits() & 0x7fff_ffff) as i32) as u32
}

/// The scale of a block with this [`largest`] magnitude.
#[inline(always)]
pub(crate) fn scale(largest: u32) -> f32 {
    match f32::from_bits(largest) {
        f32::INFINITY => f32::MAX,
        scale if scale < f32::MIN_POSITIVE => 0.0,
        scale => scale,
    }
}

/// 10/9 / scale, by which [`code`] multiplies; 0 for the scale 0.
///
/// A little more than that, by about 10⁻⁶, so that rounding never brings `scale` itself below 1.
#[inline(always)]
pub(crate) fn reciprocal(scale: f32) -> f32 {
    if scale == 0.0 { 0.0 } else { (10.0 / 9.0) * (1.0 + 8.0 * f32::EPSILON) / scale }
}

/// The code of the cell in which x lies, in a block of this [`reciprocal`].
#[inline(always)]
pub(crate) fn code(x: f32, reciprocal: f32, map: Map) -> u8 {
    /// Adding it rounds to a whole number, which then is the lower bits of the mantissa.
    const WHOLE: f32 = 1.5 * (1 << 23) as f32;
    match map {
        Map::Signed => {
            // ⌊m⌋ by rounding m − ½ to the nearest.
            let magnitude = cell(x.abs() * reciprocal, map) - 0.5;
            let m = magnitude.copysign(x);
            let m = if m < -127.0 { -127.0 } else { m };
            let m = if m < 128.0 { m } else { 128.0 };
            (m + WHOLE).to_bits() as u8
        }
        Map::Unsigned => {
            let a = x * reciprocal;
            let m = cell(a, map) - 1.5;
            let least = if a > 0.0 { 1.0 } else { 0.0 };
            let m = if m > least { m } else { least };
            let m = if m < 255.0 { m } else { 255.0 };
            (m + WHOLE).to_bits() as u8
        }
    }
}

/// m(a) before it is cut to a whole number, of 10/9 a.
#[inline(always)]
fn cell(mut a: f32, map: Map) -> f32 {
    const EDGE: f32 = 10.0 / 9.0;
    let mut n = map.cells() as f32;
    for (below, power, halvings) in [(1e-4 * EDGE, 1e4, 1.0 / 16.0), (1e-2 * EDGE, 1e2, 1.0 / 4.0)]
    {
        let is_below = a < below;
        a = if is_below { a * power } else { a };
        n = if is_below { n * halvings } else { n };
    }
    let (upper, lower) = (8.0 / 9.0 + a, (8.0 / 9.0) / 2.0 + (10.0 / 2.0) * a);
    n * if upper < lower { upper } else { lower }
}

/// The numbers that the codes of a block, or of a part of one, stand for.
#[inline(always)]
pub(crate) fn decode(codes: &[u8], scale: f32, map: Map, values: &mut [f32]) {
    zip(values, codes).for_each(
        #[inline(always)]
        |(x, c)| *x = value(*c, scale, map),
    );
}

/// Fills `codes` with those of a block, and gives its scale.
#[inline(always)]
pub(crate) fn encode(values: &[f32], map: Map, codes: &mut [u8]) -> f32 {
    let scale = scale(values.iter().fold(
        0,
        #[inline(always)]
        |so_far, x| largest(so_far, *x),
    ));
    encode_with(values, scale, map, codes);
    scale
}

/// [`encode`] of a block whose scale is known.
#[inline(always)]
pub(crate) fn encode_with(values: &[f32], scale: f32, map: Map, codes: &mut [u8]) {
    let reciprocal = reciprocal(scale);
    zip(codes, values).for_each(
        #[inline(always)]
        |(c, x)| *c = code(*x, reciprocal, map),
    );
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use thalweg_random::Stream;

    use super::*;
    use crate::Level;

    const MAPS: [Map; 2] = [Map::Signed, Map::Unsigned];
    const SCALES: [f32; 9] =
        [1.0, 3.0, 0.7, 1e-30, 1.1e30, 9.31e-6, f32::MIN_POSITIVE, 1.6e38, f32::MAX];

    /// Numbers of about seven decades up to `largest`, without a sign for the unsigned map.
    fn numbers(seed: u64, n: usize, largest: f32, map: Map) -> Vec<f32> {
        let stream = Stream::new(seed, "numbers");
        let number = |i: u64| {
            let size = largest * 10f64.powf(-7.5 * stream.uniform(2 * i)) as f32;
            if map == Map::Signed && stream.uniform(2 * i + 1) < 0.5 { -size } else { size }
        };
        (0..n as u64).map(number).collect()
    }

    /// Half the width of the cell in which the magnitude lies, where the scale is 1.
    fn half_cell(magnitude: f64, map: Map) -> f64 {
        let (mut n, mut decade) = (map.cells() as f64, 1.0);
        while magnitude < 0.1 * decade {
            n /= 2.0;
            decade /= 10.0;
        }
        0.45 * decade / n
    }

    #[test]
    fn the_code_values_are_those_of_bitsandbytes() {
        let text = include_str!("../../tests/slots/dynamic_map.json");
        let theirs: BTreeMap<String, Vec<f32>> = serde_json::from_str(text).unwrap();
        for (map, name) in zip(MAPS, ["signed", "unsigned"]) {
            let mut ours = *map.values();
            if map == Map::Unsigned {
                assert!(ours.is_sorted(), "codes are in the order of their values");
            }
            ours.sort_by(f32::total_cmp);
            for (ours, theirs) in zip(ours, &theirs[name]) {
                // They calculate in f32.
                assert!(
                    (ours - theirs).abs() <= 2e-7 * theirs.abs(),
                    "{name}: {ours:e} {theirs:e}"
                );
            }
        }
    }

    #[test]
    fn all_codes_come_back() {
        for map in MAPS {
            let codes: [u8; 256] = std::array::from_fn(|c| c as u8);
            for scale in SCALES {
                let (mut values, mut back) = ([0.0; 256], [0; 256]);
                decode(&codes, scale, map, &mut values);
                assert_eq!(values[0].to_bits(), 0);
                // Where the scale is the least normal number, most are subnormal and lose bits.
                if scale > f32::MIN_POSITIVE {
                    assert_eq!(encode(&values, map, &mut back), scale, "{map:?}");
                    assert_eq!(back, codes, "{map:?} {scale:e}");
                }
            }
        }
    }

    #[test]
    fn the_scale_itself_has_the_last_code_whatever_it_is() {
        let stream = Stream::new(1, "scales");
        let drawn = (0..200_000).map(|i| f32::from_bits(stream.bits(i) as u32 >> 1));
        for x in drawn.filter(|x| x.is_normal()).chain(SCALES) {
            for (map, values, expected) in [
                (Map::Signed, [x, 0.0], [128, 0]),
                (Map::Signed, [-x, x], [129, 128]),
                (Map::Unsigned, [0.0, x], [0, 255]),
            ] {
                let mut codes = [1; 2];
                assert_eq!(encode(&values, map, &mut codes), x);
                assert_eq!(codes, expected, "{x:e}");
            }
        }
    }

    #[test]
    fn the_error_is_at_most_half_a_cell() {
        for (map, scale) in MAPS.into_iter().flat_map(|map| SCALES.map(|scale| (map, scale))) {
            // Below it a number is subnormal, and its rounding adds to the error.
            let (mut worst, subnormal) = (0.0f64, f64::from(f32::MIN_POSITIVE / scale) * 1e-6);
            for seed in 0..200 {
                let mut values = numbers(seed, 256, scale, map);
                values[17] = scale;
                let (mut codes, mut back) = ([0; 256], [0.0; 256]);
                assert_eq!(encode(&values, map, &mut codes), scale);
                decode(&codes, scale, map, &mut back);
                for (x, back) in zip(values, back).map(|(x, back)| (f64::from(x), f64::from(back)))
                {
                    let magnitude = (x / f64::from(scale)).abs();
                    let error = ((x - back) / f64::from(scale)).abs();
                    // 2⁻²⁰ of the magnitude for the rounding of a and of the edges.
                    let rounding = magnitude * 2f64.powi(-19) + subnormal;
                    let bound = match (magnitude < 1e-7, map) {
                        (true, Map::Signed) => 1e-7,
                        (true, Map::Unsigned) => 3.25e-7,
                        (false, _) => half_cell(magnitude, map),
                    };
                    assert!(error <= bound + rounding, "{map:?} {x:e} {back:e}");
                    assert!(x * back >= 0.0, "the sign of {x:e}");
                    worst = worst.max(error / bound);
                }
            }
            assert!(worst > 0.98, "the bound is not idle: {worst}");
        }
    }

    #[test]
    fn the_code_is_that_of_the_least_of_the_seven_lines() {
        for (map, shift) in [(Map::Signed, 0), (Map::Unsigned, 1)] {
            let reciprocal = reciprocal(1.0);
            for x in numbers(3, 100_000, 1.0, map).into_iter().map(f32::abs) {
                // With the small surplus of the reciprocal, so that only rounding is left.
                let a = 0.9 * f64::from(x) * f64::from(reciprocal);
                let line = |i: i32| {
                    let n = 2f64.powi(i + shift);
                    n * (8.0 / 9.0 + 10.0 / 9.0 * 10f64.powi(6 - i) * a)
                };
                let m = (0..7).map(line).fold(f64::INFINITY, f64::min);
                let ours = i32::from(code(x, reciprocal, map)) + shift;
                // A square above 0 has at least the code 1.
                let expected = (m.floor() as i32).max(if x > 0.0 { 2 * shift } else { 0 });
                let on_edge = (m - m.round()).abs() < 1e-4;
                assert!(
                    ours == expected || on_edge && ours.abs_diff(m.round() as i32) <= 1,
                    "{x:e}"
                );
            }
        }
    }

    #[test]
    fn a_block_of_zeros_or_subnormals_is_zero() {
        for (map, x) in MAPS.into_iter().flat_map(|map| [0.0, -0.0, 1e-40].map(|x| (map, x))) {
            let (mut codes, mut back) = ([9; 256], [1.0; 256]);
            let scale = encode(&[x; 256], map, &mut codes);
            assert_eq!((scale, codes), (0.0, [0; 256]));
            decode(&codes, scale, map, &mut back);
            assert!(back.iter().all(|x| x.to_bits() == 0));
        }
    }

    #[test]
    fn nan_makes_the_scale_so_and_what_is_infinite_is_the_largest_number() {
        for map in MAPS {
            let (mut codes, mut back) = ([0; 3], [0.0; 3]);
            assert!(encode(&[1.0, f32::NAN, 0.0], map, &mut codes).is_nan());
            let scale = encode(&[1.0, f32::INFINITY, 0.0], map, &mut codes);
            decode(&codes, scale, map, &mut back);
            assert_eq!((scale, back[1], back[2]), (f32::MAX, f32::MAX, 0.0));
        }
    }

    #[test]
    fn all_levels_give_the_same_bits_at_all_lengths() {
        for (map, n) in MAPS.into_iter().flat_map(|map| [0, 1, 15, 255, 256].map(|n| (map, n))) {
            for seed in 0..50 {
                let values = numbers(seed, n, 0.3, map);
                let at = |level: Level| {
                    level.run(
                        #[inline(always)]
                        || {
                            let (mut codes, mut back) = (vec![0; n], vec![0.0; n]);
                            let scale = encode(&values, map, &mut codes);
                            decode(&codes, scale, map, &mut back);
                            (scale, codes, back)
                        },
                    )
                };
                let scale = values.iter().fold(0.0, |largest: f32, x| largest.max(x.abs()));
                let codes: Vec<u8> =
                    values.iter().map(|x| code(*x, reciprocal(scale), map)).collect();
                let back: Vec<f32> =
                    codes.iter().map(|c| map.values()[*c as usize] * scale).collect();
                for level in Level::available() {
                    assert_eq!(at(level), (scale, codes.clone(), back.clone()), "{level:?}");
                }
            }
        }
    }
}
