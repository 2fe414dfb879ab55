//! The loops over coordinates: one rule, some slots, and slices of the numbers that are calculated with.
//!
//! ```text
//! descend      u = rule(θ, g, slots);  θ ← θ − u          the last rule of a chain
//! transform    u ← rule(θ, u, slots)                      a rule before a whole-tensor one
//! ```
//!
//! What comes in and is not finite is taken for 0, and the loop tells, so that it can spoil neither parameters
//! nor slots. A slot that is kept in full and has decayed to less than the least normal number, 1.2e-38 in
//! `f32`, is kept as 0: processors take a hundred times as long for such numbers, and the mean of a gradient
//! that has become 0 would be one for some 150 steps. The division and the root of most rules leave the
//! processor time for both.

use half::bf16;
use thalweg_random::Noise;

use crate::slots::bf16 as upper_half;
use crate::slots::block8::{self, BLOCK, Map};
use crate::{Real, Slots, Update};

/// How many numbers per coordinate a chain may remember.
pub(crate) const MAX_SLOTS: usize = 4;

/// Moves `p` against what `update` makes of `g`, and tells whether anything in `g` was not finite.
#[inline(always)]
pub(super) fn descend<T: Real, S: Slots<T>>(
    update: impl Update<T, S>,
    p: &mut [T],
    g: &[T],
    [a, b, c, d]: [&mut [T]; MAX_SLOTS],
) -> bool {
    // Each loop gets its slices as arguments of their own: that they do not overlap is known to the
    // compiler of arguments only, and without knowing it there would be no vector code.
    match S::COUNT {
        0 => descend0(update, p, g),
        1 => descend1(update, p, g, a),
        2 => descend2(update, p, g, a, b),
        3 => descend3(update, p, g, a, b, c),
        _ => descend4(update, p, g, a, b, c, d),
    }
}

/// Replaces `u` by what `update` makes of it, and tells whether anything in it was not finite.
#[inline(always)]
pub(super) fn transform<T: Real, S: Slots<T>>(
    update: impl Update<T, S>,
    p: &[T],
    u: &mut [T],
    [a, b, c, d]: [&mut [T]; MAX_SLOTS],
) -> bool {
    match S::COUNT {
        0 => transform0(update, p, u),
        1 => transform1(update, p, u, a),
        2 => transform2(update, p, u, a, b),
        3 => transform3(update, p, u, a, b, c),
        _ => transform4(update, p, u, a, b, c, d),
    }
}

/// A slot in 8-bit codes, with a scale for each block.
#[derive(Debug, Default)]
pub(super) struct Coded<'a> {
    pub(super) codes: &'a mut [u8],
    pub(super) scales: &'a mut [f32],
    pub(super) map: Map,
}

/// [`descend`] where the slots are in 8-bit codes, which are decoded in the loop of the step, where that
/// hides behind its division, and encoded after each block, when its scale is known.
#[inline(always)]
pub(super) fn descend_coded<T: Real, S: Slots<T>>(
    update: impl Update<T, S>,
    p: &mut [T],
    g: &[T],
    mut slots: [Coded<'_>; MAX_SLOTS],
) -> bool {
    let mut buffers = Aligned([[0.0; BLOCK]; MAX_SLOTS]);
    let mut bad = false;
    for (block, (p, g)) in p.chunks_mut(BLOCK).zip(g.chunks(BLOCK)).enumerate() {
        let range = block * BLOCK..block * BLOCK + p.len();
        let [a, b, c, d] = slots.each_ref();
        let [w, x, y, z] = &mut buffers.0;
        let n = p.len();
        let (not_finite, largest) = match S::COUNT {
            1 => coded1(update, p, g, (Block::of(a, block, n), w)),
            2 => coded2(update, p, g, (Block::of(a, block, n), w), (Block::of(b, block, n), x)),
            3 => coded3(
                update,
                p,
                g,
                (Block::of(a, block, n), w),
                (Block::of(b, block, n), x),
                (Block::of(c, block, n), y),
            ),
            _ => coded4(
                update,
                p,
                g,
                (Block::of(a, block, n), w),
                (Block::of(b, block, n), x),
                (Block::of(c, block, n), y),
                (Block::of(d, block, n), z),
            ),
        };
        bad |= not_finite;
        for ((slot, buffer), largest) in
            slots.iter_mut().zip(&buffers.0).zip(largest).take(S::COUNT)
        {
            let scale = block8::scale(largest);
            slot.scales[block] = scale;
            let codes = &mut slot.codes[range.clone()];
            block8::encode_with(&buffer[..codes.len()], scale, slot.map, codes);
        }
    }
    bad
}

/// A block of a slot, as it is read.
struct Block<'a> {
    codes: &'a [u8],
    scale: f32,
    table: &'static [f32; 256],
}

impl<'a> Block<'a> {
    #[inline(always)]
    fn of(slot: &'a Coded<'_>, block: usize, length: usize) -> Block<'a> {
        let codes = &slot.codes[block * BLOCK..][..length];
        Block { codes, scale: slot.scales[block], table: slot.map.values() }
    }
}

/// [`descend`] where everything is kept in bfloat16 and rounded at random. `begin` is the place of the first
/// coordinate among all.
#[inline(always)]
pub(super) fn descend_halves<T: Real, S: Slots<T>>(
    update: impl Update<T, S>,
    p: &mut [bf16],
    g: &[bf16],
    [a, b, c, d]: [&mut [bf16]; MAX_SLOTS],
    noise: Noise,
    begin: u32,
) -> bool {
    match S::COUNT {
        0 => halves0(update, p, g, noise, begin),
        1 => halves1(update, p, g, a, noise, begin),
        2 => halves2(update, p, g, a, b, noise, begin),
        3 => halves3(update, p, g, a, b, c, noise, begin),
        _ => halves4(update, p, g, a, b, c, d, noise, begin),
    }
}

/// The 16 random bits, in the lower half of a word, by which a number of the coordinate at `index` is
/// rounded: number 0 is the parameter, 1 + k slot k.
#[inline(always)]
pub(super) fn random_bits(noise: Noise, index: u32, number: usize) -> u32 {
    of_number(noise.words(index), number)
}

#[inline(always)]
fn of_number(words: [u32; 3], number: usize) -> u32 {
    let word = words[number / 2];
    if number.is_multiple_of(2) { word } else { word >> 16 }
}

/// Begins where a vector does, so that no load crosses two lines of the cache.
#[repr(align(64))]
struct Aligned<X>(X);

/// x, or 0 where it is not finite; and x − x, which is 0 but for what is not finite.
#[inline(always)]
fn sanitized<T: Real>(x: T) -> (T, T) {
    let zero = T::constant(0.0);
    #[allow(clippy::eq_op, reason = "∞ − ∞ and NaN − NaN are NaN, and NaN equals nothing")]
    let nothing = x - x;
    (if nothing == zero { x } else { zero }, nothing)
}

/// x, or 0 where it is less than normal.
#[inline(always)]
fn kept<T: Real>(x: T) -> T {
    T::LEAST.if_greater(x.abs(), T::constant(0.0), x)
}

macro_rules! loops {
    ($descend:ident $transform:ident $coded:ident $halves:ident $(, $slot:ident $index:literal)*) => {
        #[inline(always)]
        #[allow(unused_variables, unused_mut, dead_code, reason = "a rule without slots has none to code")]
        fn $coded<T: Real, S: Slots<T>>(
            update: impl Update<T, S>,
            p: &mut [T],
            g: &[T],
            $($slot: (Block<'_>, &mut [f32; BLOCK]),)*
        ) -> (bool, [u32; MAX_SLOTS]) {
            // The blocks of a slot are no longer than a buffer.
            let n = p.len().min(BLOCK);
            let (p, g) = (&mut p[..n], &g[..n]);
            let mut largest = [0; MAX_SLOTS];
            $(
                let (Block { codes, scale, table }, buffer) = $slot;
                let $slot = (&codes[..n], scale, table, &mut buffer[..n]);
            )*
            let mut bad = T::Bits::default();
            for i in 0..n {
                let (g, nothing) = sanitized(g[i]);
                bad = bad | nothing.bits();
                let mut slots = S::read(&[$(T::from($slot.2[usize::from($slot.0[i])] * $slot.1)),*]);
                p[i] = p[i] - update(p[i], g, &mut slots);
                let mut flat = [T::default(); MAX_SLOTS];
                slots.write(&mut flat);
                $(
                    let x = flat[$index].to_f64() as f32;
                    $slot.3[i] = x;
                    largest[$index] = block8::largest(largest[$index], x);
                )*
            }
            (bad != T::Bits::default(), largest)
        }

        #[inline(always)]
        #[allow(clippy::too_many_arguments, reason = "slices as arguments are known not to overlap")]
        fn $halves<T: Real, S: Slots<T>>(
            update: impl Update<T, S>,
            p: &mut [bf16],
            g: &[bf16],
            $($slot: &mut [bf16],)*
            noise: Noise,
            begin: u32,
        ) -> bool {
            let n = p.len();
            let g = &g[..n];
            $(let $slot = &mut $slot[..n];)*
            let mut bad = T::Bits::default();
            for i in 0..n {
                let words: [u32; 3] = noise.words(begin.wrapping_add(i as u32));
                let (g, nothing) = sanitized(T::from(upper_half::value(g[i])));
                bad = bad | nothing.bits();
                let mut slots = S::read(&[$(T::from(upper_half::value($slot[i]))),*]);
                let before = T::from(upper_half::value(p[i]));
                let after = (before - update(before, g, &mut slots)).to_f64() as f32;
                let mut flat = [T::default(); MAX_SLOTS];
                slots.write(&mut flat);
                p[i] = upper_half::stochastic(after, words[0]);
                $(
                    let x = flat[$index].to_f64() as f32;
                    let word = of_number(words, 1 + $index);
                    $slot[i] = upper_half::stochastic(x, word);
                )*
            }
            bad != T::Bits::default()
        }

        #[inline(always)]
        fn $descend<T: Real, S: Slots<T>>(
            update: impl Update<T, S>,
            p: &mut [T],
            g: &[T],
            $($slot: &mut [T],)*
        ) -> bool {
            let n = p.len();
            let g = &g[..n];
            $(let $slot = &mut $slot[..n];)*
            let mut bad = T::Bits::default();
            for i in 0..n {
                let (g, nothing) = sanitized(g[i]);
                bad = bad | nothing.bits();
                let mut slots = S::read(&[$($slot[i]),*]);
                p[i] = p[i] - update(p[i], g, &mut slots);
                let mut flat = [T::default(); MAX_SLOTS];
                slots.write(&mut flat);
                $($slot[i] = kept(flat[$index]);)*
            }
            bad != T::Bits::default()
        }

        #[inline(always)]
        fn $transform<T: Real, S: Slots<T>>(
            update: impl Update<T, S>,
            p: &[T],
            u: &mut [T],
            $($slot: &mut [T],)*
        ) -> bool {
            let n = u.len();
            let p = &p[..n];
            $(let $slot = &mut $slot[..n];)*
            let mut bad = T::Bits::default();
            for i in 0..n {
                let (g, nothing) = sanitized(u[i]);
                bad = bad | nothing.bits();
                let mut slots = S::read(&[$($slot[i]),*]);
                u[i] = update(p[i], g, &mut slots);
                let mut flat = [T::default(); MAX_SLOTS];
                slots.write(&mut flat);
                $($slot[i] = kept(flat[$index]);)*
            }
            bad != T::Bits::default()
        }
    };
}

loops!(descend0 transform0 coded0 halves0);
loops!(descend1 transform1 coded1 halves1, a 0);
loops!(descend2 transform2 coded2 halves2, a 0, b 1);
loops!(descend3 transform3 coded3 halves3, a 0, b 1, c 2);
loops!(descend4 transform4 coded4 halves4, a 0, b 1, c 2, d 3);
