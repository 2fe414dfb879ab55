//! Orthogonal initialisation: a layer that turns and mirrors its input, but does not stretch it.
//!
//! ```text
//! W = gain · Q,   QᵀQ = I if m ≥ n, QQᵀ = I if m ≤ n,   Q uniform (Haar)
//! ```
//!
//! Saxe, McClelland & Ganguli, *Exact solutions to the nonlinear dynamics of learning in deep linear
//! neural networks*, ICLR 2014. However many layers follow one another, no direction grows or vanishes.
//! A kernel [kh, kw, in, out] is a matrix of kh·kw·in rows and out columns.
//!
//! Q is that of the QR decomposition of a matrix of normal numbers, with the signs that make the diagonal
//! of R positive; with the signs that Householder's method happens to give, Q would not be uniform
//! (Mezzadri, *How to generate random matrices from the classical compact groups*, Notices of the AMS
//! 54, 2007). The matrix itself is never needed: what is left of its columns after some reflections is
//! again normal, so each reflection is made from new numbers (Stewart, *The efficient generation of
//! random orthogonal matrices*, SIAM Journal on Numerical Analysis 17, 1980):
//!
//! ```text
//! Q = H₁ H₂ … H_n [D; 0],   H_j = I − 2 v vᵀ/(vᵀv) on the coordinates from j on,
//! v = x + s ‖x‖ e₁,   x ~ N(0, I),   s = sign x₁,   D_jj = −s_j
//! ```
//!
//! That takes 2mn² − ⅔n³ multiplications and additions, for m ≥ n.

use std::iter::zip;

use thalweg_calls::{Arguments, Parameter, Range, Word};
use thalweg_random::Stream;

use super::Start;
use super::fans::matrix;

/// A random orthogonal matrix.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Orthogonal {
    /// The factor on the matrix, from 0: 1 for linear units, √2 for ReLU.
    pub gain: f64,
}

impl Start for Orthogonal {
    const WORD: Word = Word {
        name: "orthogonal",
        about: "W = gain·Q, Q a random orthogonal matrix",
        parameters: &[Parameter::number("gain", 1.0, Range::NonNegative, "1 linear, √2 for ReLU")],
    };

    fn read(arguments: &Arguments) -> Orthogonal {
        Orthogonal { gain: arguments.number("gain") }
    }

    fn write(&self) -> Vec<(&'static str, f64)> {
        vec![("gain", self.gain)]
    }

    fn fill(&self, shape: &[usize], values: &mut [f64], stream: Stream) {
        let (rows, columns) = matrix(shape);
        let q = orthonormal(rows.max(columns), rows.min(columns), stream);
        if rows < columns {
            // The vectors are the rows, and lie as the rows do.
            for (value, q) in zip(values, q) {
                *value = self.gain * q;
            }
        } else {
            for (j, vector) in q.chunks_exact(rows).enumerate() {
                for (i, q) in vector.iter().enumerate() {
                    values[i * columns + j] = self.gain * q;
                }
            }
        }
    }
}

/// `count` orthonormal vectors of `length` ≥ `count` numbers, one after another.
fn orthonormal(length: usize, count: usize, stream: Stream) -> Vec<f64> {
    let mut q = vec![0.0; length * count];
    // From the last reflection to the first, the vectors before j are still unit vectors, which the
    // reflection of the coordinates from j on leaves alone.
    for j in (0..count).rev() {
        let numbers = stream.substream(j as u64);
        let mut v: Vec<f64> = (0..(length - j) as u64).map(|i| numbers.normal(i)).collect();
        let s = if v[0] < 0.0 { -1.0 } else { 1.0 };
        v[0] += s * dot(&v, &v).sqrt();
        // A v of zeros, which chance all but excludes, makes H = I.
        let scale = 2.0 / dot(&v, &v).max(f64::MIN_POSITIVE);
        q[j * length + j] = -s;
        for vector in q[j * length..].chunks_exact_mut(length) {
            reflect(&mut vector[j..], &v, scale);
        }
    }
    q
}

/// x ← x − scale (v·x) v
fn reflect(x: &mut [f64], v: &[f64], scale: f64) {
    let along = scale * dot(v, x);
    for (x, v) in zip(x, v) {
        *x -= along * v;
    }
}

/// a·b in eight sums, so that the processor can add them side by side.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    let mut sums = [0.0; 8];
    for (a, b) in zip(a, b) {
        for (sum, (a, b)) in zip(&mut sums, zip(a, b)) {
            *sum += a * b;
        }
    }
    let rest: f64 = zip(a_rest, b_rest).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f64>() + rest
}
