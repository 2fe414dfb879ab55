//! What an iteration of L-BFGS takes beside its objective, and what memory could do in the meantime.
//!
//! The objective is ½ Σ hᵢxᵢ² with hᵢ from 1 to 10⁴, for whose sake nothing ends early. The time within it is measured
//! and taken away. One thread.
//!
//! Vectors that an iteration with a full memory of m pairs sends through memory:
//!
//! ```text
//!                                          read         written
//! trial      x + αd                        2            1
//! slope      gᵀd                           2
//! norm       ‖g‖∞                          1
//! pair       s, y and all products         2(m − 1) + 4  2
//! direction  γg + Σ, all pairs             2m + 1        1
//!                                          4m + 8        4
//! ```
//!
//! This is what has to move. What moves beside it is not counted, and so is part of the overhead: a written vector is
//! read by the processor first, and gᵀd is taken a second time, before the search.
//!
//! Memory's rate is that of a product of two vectors as large as all pairs, in the widest vectors of the processor. It
//! only reads, as nine tenths of an iteration do.

use std::cell::Cell;
use std::hint::black_box;
use std::ops::ControlFlow;
use std::time::Instant;

use pulp::{Arch, Simd, WithSimd};
use thalweg_minimize::direction::lbfgs;
use thalweg_minimize::search::StrongWolfe;
use thalweg_minimize::{Iteration, LineSearch, Method, Options, Stop, function};

/// The seconds that `steps` iterations took, once the memory was full.
pub fn of(n: usize, memory: usize, steps: usize) -> Result<String, String> {
    let h: Vec<f64> = (0..n).map(|i| 10f64.powf(4.0 * (i % 1000) as f64 / 999.0)).collect();
    let inside = Cell::new(0.0);
    let mut objective = function(n, |x: &[f64], g: &mut [f64]| {
        let begin = Instant::now();
        let mut value = 0.0;
        for ((g, &x), &h) in g.iter_mut().zip(x).zip(&h) {
            *g = h * x;
            value += 0.5 * *g * x;
        }
        inside.set(inside.get() + begin.elapsed().as_secs_f64());
        value
    });
    let warm = memory + 2;
    let began = Instant::now();
    let (mut from, mut to) = ((0.0, 0.0, 0), (0.0, 0.0, 0));
    let mut observe = |iteration: &Iteration| {
        let now = (began.elapsed().as_secs_f64(), inside.get(), iteration.evaluations);
        if iteration.iteration == warm {
            from = now;
        }
        to = now;
        ControlFlow::Continue(())
    };
    let stop = Stop { gradient: 0.0, iterations: warm + steps, ..Stop::default() };
    let options = Options { observe: Some(&mut observe), history: 0, ..Options::from(stop) };
    let mut method = LineSearch { direction: lbfgs(memory), search: StrongWolfe::default() };
    let solution = method.minimize(&mut objective, &vec![1.0; n], options);
    if solution.iterations != warm + steps {
        return Err(format!(
            "it ended after {} iterations: {}",
            solution.iterations, solution.verdict
        ));
    }
    let [seconds, objective, evaluations] =
        [to.0 - from.0 - (to.1 - from.1), to.1 - from.1, (to.2 - from.2) as f64];
    let bytes = 8.0 * n as f64 * ((4 * memory + 8) + 4) as f64;
    Ok(format!(
        "{{\"seconds\": {seconds}, \"steps\": {steps}, \"objective_seconds\": {objective}, \
         \"evaluations\": {evaluations}, \"bytes_per_step\": {bytes}, \"bytes_per_second\": {}}}",
        rate(n * memory)
    ))
}

/// Bytes per second of aᵀb, of `length` numbers each.
fn rate(length: usize) -> f64 {
    let (a, b) = (vec![1.0f64; length], vec![0.5f64; length]);
    let best = (0..5).map(|_| {
        let begin = Instant::now();
        black_box(Arch::new().dispatch(Dot(black_box(&a), black_box(&b))));
        begin.elapsed().as_secs_f64()
    });
    16.0 * length as f64 / best.fold(f64::INFINITY, f64::min)
}

/// aᵀb
struct Dot<'a>(&'a [f64], &'a [f64]);

impl WithSimd for Dot<'_> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> f64 {
        let (a, b) = (S::as_simd_f64s(self.0).0, S::as_simd_f64s(self.1).0);
        let mut sums = [simd.splat_f64s(0.0); 4];
        for (a, b) in a.as_chunks::<4>().0.iter().zip(b.as_chunks::<4>().0) {
            for ((sum, &a), &b) in sums.iter_mut().zip(a).zip(b) {
                *sum = simd.mul_add_e_f64s(a, b, *sum);
            }
        }
        sums.into_iter().map(|sum| simd.reduce_sum_f64s(sum)).sum()
    }
}
