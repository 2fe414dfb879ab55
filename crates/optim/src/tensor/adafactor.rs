//! Adafactor: mean squares kept as a row and a column, steps relative to the parameters.
//!
//! ```text
//! w = t^−γ,     V = g²
//! r ← r + w(mean of V over each row − r)
//! c ← c + w(mean of V over each column − c)
//! v = r cᵀ / max(mean(r), δ₁)                   v ← v + w(V − v) for what is no matrix
//! u = g / √max(v, δ₁²)
//! u ← u · ρ max(δ₂, RMS(θ)) / max(1, RMS(u)/d)          ρ = min(ε, 1/√t)
//! ```
//!
//! Shazeer & Stern 2018, Algorithms 4 to 6, <https://arxiv.org/abs/1804.04235>, with the numbers where
//! `torch.optim.Adafactor` 2.15 has them: the paper adds δ₁ to g² instead, and has ρ = min(10⁻², 1/√t). A
//! tensor of more than two axes is a stack of matrices. The learning rate is inside, so that the rule ends
//! a chain but for decay, θ ← θ − ελθ.

use super::parallel::{norm, pieces, scale, sum_rows};
use crate::norm::GRAIN;
use crate::{FormulaLine, Hyper, Level, Real, Step, Tensor, TensorRule, TensorSlot};

/// Divides by the root of a mean square of rank one.
#[derive(Clone, Debug, PartialEq)]
pub struct Adafactor {
    /// ε, the largest relative step; from 0.
    pub lr: Hyper,
    /// γ: how fast the memory of the squares grows; from 0.
    pub beta2_decay: Hyper,
    /// δ₁, below which a root of a mean square does not go; above 0.
    pub eps1: f64,
    /// δ₂, the root mean square that parameters are taken to have at least; from 0.
    pub eps2: Hyper,
    /// d, the root mean square that an update has at most; from 1.
    pub d: Hyper,
}

/// Adafactor with ε and δ₁, and PyTorch's γ = 0.8, δ₂ = 0.001 and d = 1. PyTorch has as δ₁ the distance from
/// 1 to the next number, 2⁻²³ in `f32`.
pub fn adafactor(lr: impl Into<Hyper>, eps1: f64) -> Adafactor {
    Adafactor { lr: lr.into(), beta2_decay: 0.8.into(), eps1, eps2: 0.001.into(), d: 1.0.into() }
}

impl<R: Real> TensorRule<R> for Adafactor {
    fn name(&self) -> &'static str {
        "Adafactor"
    }

    fn slots(&self, shape: &[usize]) -> Vec<TensorSlot> {
        let [r, c, v] = match shape {
            [stack @ .., rows, columns] => {
                [[stack, &[*rows]].concat(), [stack, &[*columns]].concat(), vec![0]]
            }
            _ => [vec![0], vec![0], shape.to_vec()],
        };
        vec![
            TensorSlot::zeros("adafactor.r", &r),
            TensorSlot::zeros("adafactor.c", &c),
            TensorSlot::zeros("adafactor.v", &v),
        ]
    }

    fn update(&self, step: Step, tensor: Tensor<'_, R>, slots: &mut [&mut [R]]) {
        let Tensor { shape, parameters, update: g, .. } = tensor;
        if g.is_empty() {
            return;
        }
        let t = step.t as f64;
        let weight = t.powf(-self.beta2_decay.at(step));
        let δ1 = self.eps1;
        let [r, c, v, ..] = slots else { unreachable!("three slots are named") };
        if let [.., rows, columns] = *shape {
            let matrices = g.chunks_exact_mut(rows * columns);
            let factors = r.chunks_exact_mut(rows).zip(c.chunks_exact_mut(columns));
            for (g, (r, c)) in matrices.zip(factors) {
                factored(g, r, c, weight, δ1);
            }
        } else {
            pieces_of_two(g, v, &|g, v| {
                let x = v.to_f64();
                *v = R::from_f64(x + weight * (g.to_f64().powi(2) - x));
                *g = R::from_f64(g.to_f64() / v.to_f64().max(δ1 * δ1).sqrt());
            });
        }
        let root = (g.len() as f64).sqrt();
        let rate = self.learning_rate_at(step).min(1.0 / t.sqrt());
        // Of parameters that are not finite no norm is known.
        let of_parameters = self.eps2.at(step).max(norm(parameters) / root);
        let shrunk = (norm(g) / (root * self.d.at(step))).max(1.0);
        scale(g, rate * of_parameters / shrunk);
    }

    fn learning_rate(&self, step: Step) -> f64 {
        self.learning_rate_at(step)
    }

    fn formula(&self) -> &'static [FormulaLine] {
        &[
            FormulaLine {
                text: "r ← r + t^−γ·(mean_rows({u}²) − r)",
                latex: r"r &\leftarrow r + t^{-\gamma}(\operatorname{mean}_{\text{rows}}({u}^2) - r)",
            },
            FormulaLine {
                text: "c ← c + t^−γ·(mean_columns({u}²) − c)",
                latex: r"c &\leftarrow c + t^{-\gamma}(\operatorname{mean}_{\text{columns}}({u}^2) - c)",
            },
            FormulaLine {
                text: "u ← {u}/√max(r·cᵀ/max(mean(r), δ₁), δ₁²)",
                latex: r"u &\leftarrow \frac{{u}}{\sqrt{\max(r c^\top / \max(\operatorname{mean}(r), \delta_1), \delta_1^2)}}",
            },
            FormulaLine {
                text: "u ← min(ε, 1/√t)·max(δ₂, RMS(θ))·u/max(1, RMS(u)/d)",
                latex: r"u &\leftarrow \min(\varepsilon, 1/\sqrt{t})\,\max(\delta_2, \operatorname{RMS}(\theta))\,\frac{u}{\max(1, \operatorname{RMS}(u)/d)}",
            },
        ]
    }
}

impl Adafactor {
    fn learning_rate_at(&self, step: Step) -> f64 {
        step.rate * self.lr.at(step)
    }
}

/// Moves row and column on, and divides the matrix g by the root of their product.
fn factored<R: Real>(g: &mut [R], r: &mut [R], c: &mut [R], weight: f64, δ1: f64) {
    let (rows, columns) = (r.len(), c.len());
    let moved = |x: R, to: f64| R::from_f64(x.to_f64() + weight * (to - x.to_f64()));
    {
        let g = &*g;
        pieces(r, 1, (GRAIN / columns).max(1), &|begin, r: &mut [R]| {
            for (r, row) in r.iter_mut().zip(g[begin * columns..].chunks_exact(columns)) {
                *r = moved(*r, norm(row).powi(2) / columns as f64);
            }
        });
        let mut sums = [0.0; 2048];
        for (block, c) in c.chunks_mut(2048).enumerate() {
            let sums = &mut sums[..c.len()];
            sum_rows(rows, columns, block * 2048, sums, &|i| g[i].to_f64() * g[i].to_f64());
            c.iter_mut().zip(sums).for_each(|(c, sum)| *c = moved(*c, *sum / rows as f64));
        }
    }
    let mean = r.iter().map(|r| r.to_f64()).sum::<f64>() / rows as f64;
    let (r, c) = (&*r, &*c);
    let (below, least) = (mean.max(δ1), δ1 * δ1);
    let level = Level::widest();
    pieces(g, columns, GRAIN, &|begin, g: &mut [R]| {
        for (g, r) in g.chunks_exact_mut(columns).zip(&r[begin / columns..]) {
            let share = r.to_f64() / below;
            level.run(
                #[inline(always)]
                || {
                    for (g, c) in g.iter_mut().zip(c) {
                        *g = R::from_f64(g.to_f64() / f64::max(share * c.to_f64(), least).sqrt());
                    }
                },
            );
        }
    });
}

/// Does `work` on each coordinate of two slices of the same length.
fn pieces_of_two<R: Real>(a: &mut [R], b: &mut [R], work: &(impl Fn(&mut R, &mut R) + Sync)) {
    if a.len() <= GRAIN {
        return a.iter_mut().zip(b).for_each(|(a, b)| work(a, b));
    }
    let at = a.len() / 2;
    let ((a, other_a), (b, other_b)) = (a.split_at_mut(at), b.split_at_mut(at));
    rayon::join(|| pieces_of_two(a, b, work), || pieces_of_two(other_a, other_b, work));
}
