//! Passes over vectors. Sums are taken in `f64`, over eight lanes that are added up in a fixed order, so that
//! the bits are the same at every width of vector.

use pulp::{Arch, Simd, WithSimd};
use thalweg_matrix::Scalar;

const LANES: usize = 8;

/// aᵀb
pub(crate) fn dot<T: Scalar>(a: &[T], b: &[T]) -> f64 {
    sums([a], [b])[0]
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

/// aᵢᵀbᵢ for several pairs of vectors of the same length, in one pass.
pub(crate) fn sums<T: Scalar, const N: usize>(a: [&[T]; N], b: [&[T]; N]) -> [f64; N] {
    Arch::new().dispatch(Sums { a, b })
}

/// The pass of [`sums`]. As a closure it would be too large to become part of the function that may use wide vectors,
/// and would be called from there as it is compiled for any processor.
struct Sums<'a, T, const N: usize> {
    a: [&'a [T]; N],
    b: [&'a [T]; N],
}

impl<T: Scalar, const N: usize> WithSimd for Sums<'_, T, N> {
    type Output = [f64; N];

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> [f64; N] {
        let (a, b) = (self.a.map(<[T]>::as_chunks), self.b.map(<[T]>::as_chunks));
        let mut lanes = [[0.0f64; LANES]; N];
        for at in 0..a[0].0.len() {
            for i in 0..N {
                let (a, b): (&[T; LANES], &[T; LANES]) = (&a[i].0[at], &b[i].0[at]);
                for lane in 0..LANES {
                    lanes[i][lane] += a[lane].into() * b[lane].into();
                }
            }
        }
        std::array::from_fn(|i| {
            let rest = a[i].1.iter().zip(b[i].1).map(|(&a, &b)| a.into() * b.into());
            let [a, b, c, d, e, f, g, h] = lanes[i];
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
