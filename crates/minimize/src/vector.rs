//! Passes over vectors. Sums are taken in `f64`, over eight lanes that are added up in a fixed order, so that
//! the bits are the same at every width of vector.

use pulp::{Arch, Simd, WithSimd};
use thalweg_matrix::Scalar;

const LANES: usize = 8;

/// aᵀb
pub(crate) fn dot<T: Scalar>(a: &[T], b: &[T]) -> f64 {
    sums([a], [b], [])[0]
}

/// ‖a‖₂
pub(crate) fn norm<T: Scalar>(a: &[T]) -> f64 {
    let squares = dot(a, a);
    if squares.is_normal() {
        return squares.sqrt();
    }
    // The squares have left the range of numbers, or the numbers have.
    let largest = largest(a);
    if largest == 0.0 || !largest.is_finite() {
        return largest;
    }
    let scaled: f64 = a.iter().map(|&x| (x.into() / largest).powi(2)).sum();
    largest * scaled.sqrt()
}

/// ‖a‖∞, and NaN where one of the numbers is.
pub(crate) fn largest<T: Scalar>(a: &[T]) -> f64 {
    Arch::new().dispatch(
        #[inline(always)]
        || {
            let mut lanes = [0.0f64; LANES];
            let (chunks, rest) = a.as_chunks::<LANES>();
            for chunk in chunks {
                for (lane, &x) in lanes.iter_mut().zip(chunk) {
                    *lane = larger(*lane, x.into().abs());
                }
            }
            let all = lanes.into_iter().chain(rest.iter().map(|&x| x.into().abs()));
            all.fold(0.0, larger)
        },
    )
}

/// ‖a − b‖∞
pub(crate) fn distance<T: Scalar>(a: &[T], b: &[T]) -> f64 {
    a.iter().zip(b).map(|(&a, &b)| (a.into() - b.into()).abs()).fold(0.0, larger)
}

/// out ← x + αd
pub(crate) fn step<T: Scalar>(x: &[T], α: f64, d: &[T], out: &mut [T]) {
    let α = T::rounded(α);
    Arch::new().dispatch(
        #[inline(always)]
        || {
            for ((out, &x), &d) in out.iter_mut().zip(x).zip(d) {
                *out = x + α * d;
            }
        },
    );
}

/// y ← y + αx
pub(crate) fn add_scaled<T: Scalar>(y: &mut [T], α: f64, x: &[T]) {
    let α = T::rounded(α);
    Arch::new().dispatch(
        #[inline(always)]
        || {
            for (y, &x) in y.iter_mut().zip(x) {
                *y = *y + α * x;
            }
        },
    );
}

/// d ← βd − g
pub(crate) fn scale_minus<T: Scalar>(d: &mut [T], β: f64, g: &[T]) {
    let β = T::rounded(β);
    Arch::new().dispatch(
        #[inline(always)]
        || {
            for (d, &g) in d.iter_mut().zip(g) {
                *d = β * *d - g;
            }
        },
    );
}

/// d ← −g
pub(crate) fn negate<T: Scalar>(g: &[T], d: &mut [T]) {
    for (d, &g) in d.iter_mut().zip(g) {
        *d = -g;
    }
}

/// aᵢᵀbᵢ for several pairs of vectors of the same length, in one pass, which asks memory for what lies so many numbers
/// `ahead` of the first aᵢ.
pub(crate) fn sums<T: Scalar, const N: usize, const P: usize>(
    a: [&[T]; N],
    b: [&[T]; N],
    ahead: [usize; P],
) -> [f64; N] {
    Arch::new().dispatch(Sums { a, b, ahead })
}

/// out ← out − (αa + βb), in a pass that asks memory for what lies so many numbers `ahead` of a and b.
pub(crate) fn subtract_sum<T: Scalar>(
    out: &mut [f64],
    [α, β]: [f64; 2],
    [a, b]: [&[T]; 2],
    ahead: usize,
) {
    Arch::new().dispatch(SubtractSum { out, α, β, a, b, ahead });
}

/// The pass of [`subtract_sum`].
struct SubtractSum<'a, T> {
    out: &'a mut [f64],
    α: f64,
    β: f64,
    a: &'a [T],
    b: &'a [T],
    ahead: usize,
}

impl<T: Scalar> WithSimd for SubtractSum<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let SubtractSum { out, α, β, a, b, ahead } = self;
        let (out, last_out) = out.as_chunks_mut::<LANES>();
        let ((a, last_a), (b, last_b)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
        let (αs, βs) = (simd.splat_f64s(α), simd.splat_f64s(β));
        for ((out, a), b) in out.iter_mut().zip(a).zip(b) {
            prefetch(a, ahead);
            prefetch(b, ahead);
            let (a, b) = (wide(a), wide(b));
            let (a, b) = (S::as_simd_f64s(&a).0, S::as_simd_f64s(&b).0);
            for ((out, &a), &b) in S::as_mut_simd_f64s(out).0.iter_mut().zip(a).zip(b) {
                let sum = simd.add_f64s(simd.mul_f64s(αs, a), simd.mul_f64s(βs, b));
                *out = simd.sub_f64s(*out, sum);
            }
        }
        for ((out, &a), &b) in last_out.iter_mut().zip(last_a).zip(last_b) {
            *out -= α * a.into() + β * b.into();
        }
    }
}

/// Asks memory for what lies so many numbers `ahead` of a chunk. Where nothing lies there, nothing happens.
#[inline(always)]
fn prefetch<T>(chunk: &[T; LANES], ahead: usize) {
    #[cfg(target_arch = "x86_64")]
    if let Some(sse) = pulp::core_arch::x86::Sse::try_new() {
        use std::arch::x86_64::_MM_HINT_T0;
        sse._mm_prefetch::<_MM_HINT_T0>(chunk.as_ptr().wrapping_add(ahead).cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (chunk, ahead);
}

/// A chunk in `f64`.
#[inline(always)]
fn wide<T: Scalar>(chunk: &[T; LANES]) -> [f64; LANES] {
    chunk.map(Into::into)
}

/// The pass of [`sums`]. What a compiler makes of plain loops depends on what stands around them; here, it is said.
struct Sums<'a, T, const N: usize, const P: usize> {
    a: [&'a [T]; N],
    b: [&'a [T]; N],
    ahead: [usize; P],
}

impl<T: Scalar, const N: usize, const P: usize> WithSimd for Sums<'_, T, N, P> {
    type Output = [f64; N];

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> [f64; N] {
        let (a, b) = (self.a.map(<[T]>::as_chunks), self.b.map(<[T]>::as_chunks));
        // Eight lanes are as many vectors as that takes.
        let vectors = LANES / S::F64_LANES;
        let mut lanes = [[simd.splat_f64s(0.0); LANES]; N];
        for at in 0..a[0].0.len() {
            for (a, &ahead) in a.iter().zip(&self.ahead) {
                prefetch(&a.0[at], ahead);
            }
            for i in 0..N {
                let (a, b) = (wide(&a[i].0[at]), wide(&b[i].0[at]));
                let (a, b) = (S::as_simd_f64s(&a).0, S::as_simd_f64s(&b).0);
                for ((sum, &a), &b) in lanes[i][..vectors].iter_mut().zip(a).zip(b) {
                    *sum = simd.add_f64s(*sum, simd.mul_f64s(a, b));
                }
            }
        }
        std::array::from_fn(|i| {
            let rest = a[i].1.iter().zip(b[i].1).map(|(&a, &b)| a.into() * b.into());
            let mut sums = [0.0; LANES];
            S::as_mut_simd_f64s(&mut sums).0.copy_from_slice(&lanes[i][..vectors]);
            let [a, b, c, d, e, f, g, h] = sums;
            ((a + e) + (b + f)) + ((c + g) + (d + h)) + rest.sum::<f64>()
        })
    }
}

/// out ← a − b
pub(crate) fn difference<T: Scalar>(a: &[T], b: &[T], out: &mut [T]) {
    Arch::new().dispatch(
        #[inline(always)]
        || {
            for ((out, &a), &b) in out.iter_mut().zip(a).zip(b) {
                *out = a - b;
            }
        },
    );
}

/// The larger of two numbers that are not negative, or NaN.
#[inline(always)]
fn larger(a: f64, b: f64) -> f64 {
    // A NaN in `a` stays, since no comparison with it holds.
    if b > a || b.is_nan() { b } else { a }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_and_norms_are_those_of_the_plain_loops() {
        for n in [0, 1, 7, 8, 9, 100] {
            let a: Vec<f64> = (0..n).map(|i| (i as f64).sin()).collect();
            let b: Vec<f64> = (0..n).map(|i| (i as f64 * 0.3).cos()).collect();
            let plain: f64 = a.iter().zip(&b).map(|(a, b)| a * b).sum();
            assert!((dot(&a, &b) - plain).abs() < 1e-14 * n as f64 + f64::MIN_POSITIVE);
            assert!((norm(&a).powi(2) - dot(&a, &a)).abs() < 1e-13);
            assert_eq!(largest(&a), a.iter().fold(0.0, |l, x| x.abs().max(l)));
        }
    }

    #[test]
    fn bits_do_not_depend_on_the_width_of_vectors_nor_on_what_is_asked_for() {
        fn check<T: Scalar>(n: usize) {
            let numbers =
                |k: f64| -> Vec<T> { (0..n).map(|i| T::rounded((i as f64 * k).sin())).collect() };
            let (a, b) = (numbers(1.3), numbers(0.7));
            let mut lanes = [0.0; LANES];
            let whole = n / LANES * LANES;
            for i in 0..whole {
                lanes[i % LANES] += a[i].into() * b[i].into();
            }
            let [l0, l1, l2, l3, l4, l5, l6, l7] = lanes;
            let rest: f64 = (whole..n).map(|i| a[i].into() * b[i].into()).sum();
            let expected = ((l0 + l4) + (l1 + l5)) + ((l2 + l6) + (l3 + l7)) + rest;
            assert_eq!(dot(&a, &b), expected, "{n}");
            assert_eq!(sums([&a, &b], [&b, &a], [3, 1 << 40]), [expected; 2], "{n}");
            let one_by_one = Sums { a: [&a], b: [&b], ahead: [] };
            assert_eq!(one_by_one.with_simd(pulp::Scalar::new()), [expected], "{n}");

            let start: Vec<f64> = (0..n).map(|i| i as f64).collect();
            let expected: Vec<f64> =
                (0..n).map(|i| start[i] - (0.3 * a[i].into() + 0.7 * b[i].into())).collect();
            let mut out = start.clone();
            subtract_sum(&mut out, [0.3, 0.7], [&a, &b], 1 << 40);
            assert_eq!(out, expected, "{n}");
            out.copy_from_slice(&start);
            let (a, b) = (&a[..], &b[..]);
            SubtractSum { out: &mut out, α: 0.3, β: 0.7, a, b, ahead: 0 }
                .with_simd(pulp::Scalar::new());
            assert_eq!(out, expected, "{n}");
        }
        for n in [0, 1, 7, 8, 9, 100] {
            check::<f64>(n);
            check::<f32>(n);
        }
    }

    #[test]
    fn norms_do_not_overflow_and_do_not_hide_what_is_not_a_number() {
        assert!((norm(&[3e200, 4e200]) / 5e200 - 1.0).abs() < 1e-15);
        assert!((norm(&[3e-200, 4e-200]) / 5e-200 - 1.0).abs() < 1e-15);
        assert_eq!(norm(&[0.0f32; 3]), 0.0);
        for place in 0..20 {
            let mut a = [1.0f32; 20];
            a[place] = f32::NAN;
            assert!(largest(&a).is_nan() && norm(&a).is_nan());
        }
    }
}
