//! The gradient of Σ U ⊙ Y by Q, K and V, for the attention Y = P·V, P = softmax(Q·Kᵀ/√s + M), of each example
//! and each head of size s:
//!
//! V̄ = Pᵀ·U, P̄ = U·Vᵀ, S̄ = P ⊙ (P̄ − Σₗ P̄ₗ Pₗ), Q̄ = S̄·K/√s, K̄ = S̄ᵀ·Q/√s
//!
//! The gradient of a head is calculated beside it, and then written over it where nobody else reads it.
//!
//! P is calculated again, as in Dao et al., *FlashAttention*, 2022, section 3.1,
//! <https://arxiv.org/abs/2205.14135>. Its own gradients are those of the same formula, made of simple
//! nodes.

use thalweg_matrix::{Matrix, Threads, product_into};

use super::attention::{Attention, OfLanes, Seen, Sizes};
use super::{Along, Gradient, MAX_OPERANDS, Operation, Run, Site, Values};
use crate::error::Problem;
use crate::kernel::LANES;
use crate::{Element, Graph, Shape};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct AttentionGradient {
    pub attention: Attention,
}

impl Operation for AttentionGradient {
    const IN_PLACE: bool = true;

    fn shape(&self, inputs: &[Shape]) -> Result<Shape, Problem> {
        match (self.attention.shape(inputs)?, inputs[1]) {
            (y, u) if y == u => Ok(inputs[0]),
            (left, right) => Err(Problem::Differ { left, right }),
        }
    }

    fn by_rows(&self, _inputs: &[Shape]) -> Option<Along> {
        Some([true; MAX_OPERANDS])
    }

    /// Five products, and the softmax again.
    fn flops(&self, inputs: &[Shape], _value: Shape) -> u64 {
        self.attention.products(inputs[0], 5)
    }

    fn gradient(&self, graph: &mut Graph, at: &Site<'_>) -> Gradient {
        graph.gradient_of_composed(at, |graph, inputs| {
            let [qkv, u] = [inputs[0], inputs[1]];
            graph.slope(qkv, u, |graph, qkv| graph.composed_attention(qkv, self.attention.clone()))
        })
    }

    fn run<T: Element>(&self, run: Run<'_, T>) {
        let [_, time, features] = run.shape.sequence().expect("it was shaped as a sequence");
        let heads = self.attention.heads;
        let sizes = Sizes { time, heads, size: features / (3 * heads) };
        let u = run.inputs[1].each().chunks_exact((time * features / 3).max(1));
        if let Values::Each(qkv) = run.inputs[0].values {
            run.value.copy_from_slice(qkv);
        }
        let examples = run.value.chunks_exact_mut((time * features).max(1));
        T::with_scratch(2 * sizes.scores() + sizes.of_head(), |memory| {
            let (memory, gradient) = memory.split_at_mut(2 * sizes.scores());
            for (u, qkv) in u.zip(examples) {
                for head in 0..heads {
                    self.head(&sizes, head, qkv, u, memory, gradient);
                    sizes.write(gradient, head, qkv);
                }
            }
        });
    }
}

impl AttentionGradient {
    /// Writes the gradient of one head of one example: that by queries, that by keys and that by values.
    fn head<T: Element>(
        &self,
        sizes: &Sizes,
        head: usize,
        qkv: &[T],
        u: &[T],
        memory: &mut [T],
        gradient: &mut [T],
    ) {
        let (zero, one, scale) = (T::constant(0.0), T::constant(1.0), sizes.scale());
        let (size, width) = (sizes.size, sizes.heads * sizes.size);
        let [q, k, v] = sizes.head(qkv, head);
        let (by_q, rest) = gradient.split_at_mut(sizes.time * size);
        let (by_k, by_v) = rest.split_at_mut(sizes.time * size);
        for (count, block) in sizes.blocks(self.attention.causal).enumerate() {
            // The first block writes the gradients of all keys and values, the others add to them.
            let found = if count == 0 { zero } else { one };
            let (p, s) = memory.split_at_mut(memory.len() / 2);
            let (p, s) = (&mut p[..block.scores()], &mut s[..block.scores()]);
            sizes.softmax(qkv, head, &block, p);
            let u = &u[block.start * width + head * size..];
            let u = Matrix::with_row_stride(u, block.rows, size, width);
            let v = sizes.rows(v, 0, block.keys);
            product_into(one, v, u.transposed(), zero, s, block.columns(), Threads::One);
            product_into(one, block.matrix(p), u, found, by_v, size, Threads::One);
            block.for_lanes(
                [p, &mut *s],
                #[inline(always)]
                |[p, s], step, seen| softmax_gradient(p, s, step, seen),
            );
            let (s, q) = (block.matrix(s), sizes.rows(q, block.start, block.rows));
            let k = sizes.rows(k, 0, block.keys);
            let by_q = &mut by_q[block.start * size..];
            product_into(scale, s.transposed(), k, zero, by_q, size, Threads::One);
            product_into(scale, s, q, found, by_k, size, Threads::One);
        }
    }
}

/// s ← pᵢ ⊙ (sᵢ − Σₗ sᵢₗ pᵢₗ) for columns i of some rows of vectors that lie `step` apart.
#[inline(always)]
fn softmax_gradient<T: Element>(
    p: &[OfLanes<T>],
    s: &mut [OfLanes<T>],
    step: usize,
    seen: Seen,
) {
    let mut sum = [T::constant(0.0); LANES];
    for (s, p) in s.iter().zip(p).step_by(step).take(seen.by_any) {
        for (sum, (&s, &p)) in sum.iter_mut().zip(s.iter().zip(p)) {
            *sum = *sum + s * p;
        }
    }
    for (s, p) in s.iter_mut().zip(p).step_by(step) {
        for (s, (&p, &sum)) in s.iter_mut().zip(p.iter().zip(&sum)) {
            *s = p * (*s - sum);
        }
    }
}
