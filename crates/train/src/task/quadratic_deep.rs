//! DeepOBS's `quadratic_deep`: a noisy quadratic whose curvature is that of deep networks, a few steep
//! directions among many flat ones.
//!
//! ```text
//! J(θ) = mean over x of ½ (θ − x)ᵀ Q (θ − x),    Q = RᵀDR,    θ₀ = 1
//! D: 90 eigenvalues uniform on (0, 1), 10 on (30, 60);  R uniform on the rotations;  x ~ N(0, 0.6²)
//! ```
//!
//! Schneider, Balles & Hennig 2019, <https://openreview.net/forum?id=rJg6ssC5Y7>. The construction follows
//! `deepobs/pytorch/testproblems/quadratic_deep.py` and draws the same numbers as NumPy's legacy
//! generator, so that losses can be compared digit by digit with the published ones.
//!
//! The published runs go through the same 7 batches of 128 in every epoch and leave the other 104 training
//! examples out, and measure on the first 896 test examples; so does this task by default.

mod numpy;

use std::f64::consts::TAU;

use thalweg_data::{Batching, Last, Order};
use thalweg_events::Measure;
use thalweg_graph::{Element, Graph, GraphError, Plan, Role};

use super::{Description, Model, Set, Start, Task};
use numpy::LegacyRandom;

/// Dimensions.
pub const N: usize = 100;

const TRAIN: usize = 1000;
/// Of 1000 test examples DeepOBS measures on whole batches of 128.
const TEST: usize = 7 * 128;

/// The quadratic with its data.
#[derive(Clone, Debug)]
pub struct QuadraticDeep {
    description: Description,
    hessian: Vec<f64>,
    train: Vec<f64>,
    test: Vec<f64>,
}

impl QuadraticDeep {
    /// The one instance there is.
    #[expect(clippy::new_without_default, reason = "making it takes a while; it should be visible")]
    pub fn new() -> QuadraticDeep {
        let description = Description {
            name: "quadratic-deep".into(),
            about: "DeepOBS's noisy quadratic in 100 dimensions, condition number 9621".into(),
            cost: "mean of ½ (θ − x)ᵀ Q (θ − x) over the training set",
            measure: Measure { name: "loss".into(), higher_is_better: false, percent: false },
            data: "drawn as DeepOBS does with NumPy, seeds 42 and 43 (1,000 train, 896 test)"
                .into(),
            source: None,
            start: Start::Fixed(1.0),
            batching: Batching {
                order: Order::ShuffledOnce,
                last: Last::Drop,
                ..Batching::of(128)
            },
            epochs: 100,
        };
        let examples = |seed, n| {
            let mut random = LegacyRandom::new(seed);
            // DeepOBS keeps its data in f32.
            (0..n * N).map(|_| f64::from((0.6 * random.normal()) as f32)).collect()
        };
        let mut random = LegacyRandom::new(42);
        let eigenvalues = eigenvalues(&mut random);
        let hessian = hessian(&eigenvalues, &rotation(&mut random));
        QuadraticDeep { description, hessian, train: examples(42, TRAIN), test: examples(43, TEST) }
    }

    /// Q, row by row.
    pub fn hessian(&self) -> &[f64] {
        &self.hessian
    }

    fn set(&self, set: Set) -> &[f64] {
        match set {
            Set::Train => &self.train,
            Set::Test => &self.test,
        }
    }
}

impl<T: Element> Task<T> for QuadraticDeep {
    fn description(&self) -> &Description {
        &self.description
    }

    fn examples(&self, set: Set) -> usize {
        self.set(set).len() / N
    }

    fn model(&self, batch: usize) -> Result<Model, GraphError> {
        let mut graph = Graph::new();
        let x = graph.input("x", [batch, N]);
        let q = graph.input("Q", [N, N]);
        let θ = graph.parameter("theta", [N], Role::Other);
        let cost = graph.scope("quadratic", |g| {
            let d = g.sub(θ, x)?;
            let qd = g.matmul(d, q)?;
            let dqd = g.mul(d, qd)?;
            let sum = g.sum(dqd);
            let weight = g.constant(0.5 / batch as f64, []);
            g.mul(weight, sum)
        })?;
        let (constants, outputs) = (vec![q], None);
        Ok(Model { graph, features: x, labels: None, constants, outputs, cost, measure: cost })
    }

    fn prepare(&self, model: &Model, plan: &mut Plan<T>) {
        copy(&self.hessian, plan.input_mut(model.constants[0]));
    }

    fn fill(&self, set: Set, indices: &[usize], model: &Model, plan: &mut Plan<T>) {
        let rows = plan.input_mut(model.features).chunks_exact_mut(N);
        for (&index, row) in indices.iter().zip(rows) {
            copy(&self.set(set)[index * N..][..N], row);
        }
    }
}

fn copy<T: Element>(from: &[f64], to: &mut [T]) {
    std::iter::zip(to, from).for_each(|(to, from)| *to = T::from_f64(*from));
}

fn eigenvalues(random: &mut LegacyRandom) -> Vec<f64> {
    let flat: Vec<f64> = (0..90).map(|_| random.uniform()).collect();
    let steep = (0..10).map(|_| 30.0 + 30.0 * random.uniform());
    flat.into_iter().chain(steep).collect()
}

/// A rotation, uniform on SO(N), by the subgroup algorithm of Diaconis & Shahshahani 1987: a uniform
/// rotation in 2 dimensions, then in each step a reflection that takes the new axis to a uniform place
/// on the sphere.
fn rotation(random: &mut LegacyRandom) -> Vec<Vec<f64>> {
    let (sin, cos) = (TAU * random.uniform()).sin_cos();
    let mut r = vec![vec![cos, sin], vec![-sin, cos]];
    for d in 2..N {
        let v: Vec<f64> = (0..=d).map(|_| random.normal()).collect();
        let length = dot(&v, &v).sqrt();
        let mut x: Vec<f64> = v.iter().map(|v| -v / length).collect();
        x[0] += 1.0;
        let length = dot(&x, &x).sqrt();
        x.iter_mut().for_each(|x| *x /= length);

        // The old rotation leaves the new first axis alone.
        for row in &mut r {
            row.insert(0, 0.0);
        }
        r.insert(0, std::iter::once(1.0).chain(std::iter::repeat_n(0.0, d)).collect());
        let projected: Vec<f64> =
            (0..=d).map(|j| std::iter::zip(&x, &r).map(|(x, row)| x * row[j]).sum()).collect();
        for (x, row) in std::iter::zip(&x, &mut r) {
            std::iter::zip(row, &projected).for_each(|(r, p)| *r -= 2.0 * x * p);
        }
    }
    r.iter_mut().flatten().for_each(|r| *r = -*r);
    r
}

/// RᵀDR, row by row.
fn hessian(eigenvalues: &[f64], r: &[Vec<f64>]) -> Vec<f64> {
    let mut q = vec![0.0; N * N];
    for (λ, row) in std::iter::zip(eigenvalues, r) {
        for (i, q_row) in q.chunks_exact_mut(N).enumerate() {
            std::iter::zip(q_row, row).for_each(|(q, r)| *q += λ * row[i] * r);
        }
    }
    q
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    std::iter::zip(a, b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values of the published construction, run in NumPy.
    #[test]
    fn the_construction_is_that_of_deepobs() {
        let mut random = LegacyRandom::new(42);
        let eigenvalues = eigenvalues(&mut random);
        for (λ, expected) in eigenvalues.iter().zip([0.3745401188, 0.9507143064, 0.7319939418]) {
            assert!((λ - expected).abs() < 1e-10, "{λ} {expected}");
        }
        let least = eigenvalues.iter().copied().fold(f64::INFINITY, f64::min);
        let most = eigenvalues.iter().copied().fold(0.0, f64::max);
        assert!((least - 0.005522117123602).abs() < 1e-14, "{least}");
        assert!((most - 53.12901539863683).abs() < 1e-12, "{most}");
        assert!((most / least - 9621.1316).abs() < 1e-3, "{}", most / least);

        let r = rotation(&mut random);
        for (r, expected) in r[0].iter().zip([-0.1093486183, -0.0412156529, -0.0590588000]) {
            assert!((r - expected).abs() < 1e-9, "{r} {expected}");
        }
        let task = QuadraticDeep::new();
        for (x, expected) in task.train.iter().zip([0.2980284918, -0.0829585808, 0.3886131229]) {
            assert!((x - expected).abs() < 1e-7, "{x} {expected}");
        }
        assert!((task.test[0] - 0.1544399552).abs() < 1e-7);
    }

    #[test]
    fn the_rotation_is_one() {
        let mut random = LegacyRandom::new(42);
        eigenvalues(&mut random);
        let r = rotation(&mut random);
        for (i, a) in r.iter().enumerate() {
            for (j, b) in r.iter().enumerate() {
                let expected = if i == j { 1.0 } else { 0.0 };
                assert!((dot(a, b) - expected).abs() < 1e-12);
            }
        }
    }
}
