//! Y = softmax(Q·Kᵀ/√s + M)·V, for each example and each head of size s: M is 0, or where attention is causal
//! −∞ for the keys of later steps.
//!
//! Vaswani et al., *Attention is all you need*, 2017, section 3.2, <https://arxiv.org/abs/1706.03762>. The
//! products before and behind it are layers of their own.
//!
//! The gradient by Q, K and V is one node, which calculates the softmax again instead of keeping it.
//!
//! What is calculated is Pᵀ = softmax(K·Qᵀ/√s + Mᵀ), with a column for each query. So the greatest score, the sum
//! and all else of a softmax go along columns, many queries side by side, and no vector is ever added up.

use thalweg_matrix::{Matrix, Threads, product_into};

use super::{Along, AttentionGradient, Gradient, MAX_OPERANDS, Operation, Run, Site};
use crate::error::{GraphError, Problem};
use crate::kernel::{self, LANES};
use crate::{Element, Graph, Shape, Tensor, Transposed};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Attention {
    pub heads: usize,
    pub causal: bool,
}

impl Operation for Attention {
    fn shape(&self, inputs: &[Shape]) -> Result<Shape, Problem> {
        let (shape, heads) = (inputs[0], self.heads);
        let [batch, time, features] = shape.sequence()?;
        match heads > 0 && features % (3 * heads) == 0 {
            true => Ok([batch, time, features / 3].into()),
            false => Err(Problem::Heads { shape, heads }),
        }
    }

    fn by_rows(&self, _inputs: &[Shape]) -> Option<Along> {
        Some([true; MAX_OPERANDS])
    }

    /// Two products with as many terms as there are keys to a query, and the softmax between them.
    fn flops(&self, inputs: &[Shape], _value: Shape) -> u64 {
        self.products(inputs[0], 2)
    }

    fn gradient(&self, graph: &mut Graph, at: &Site<'_>) -> Gradient {
        let gradient = AttentionGradient { attention: self.clone() };
        graph.apply(gradient, &[at.inputs[0], at.upstream]).map(Some)
    }

    fn run<T: Element>(&self, run: Run<'_, T>) {
        let [_, time, features] = run.shape.sequence().expect("it was shaped as a sequence");
        let sizes = Sizes { time, heads: self.heads, size: features / self.heads };
        let qkv = run.inputs[0].each().chunks_exact((3 * time * features).max(1));
        T::with_scratch(sizes.scores(), |scores| {
            for (qkv, y) in qkv.zip(run.value.chunks_exact_mut((time * features).max(1))) {
                for head in 0..self.heads {
                    for block in sizes.blocks(self.causal) {
                        let scores = &mut scores[..block.scores()];
                        sizes.softmax(qkv, head, &block, scores);
                        let [_, _, v] = sizes.head(qkv, head);
                        let y = &mut y[block.start * features + head * sizes.size..];
                        let weights = block.matrix(scores).transposed();
                        let v = sizes.rows(v, 0, block.keys);
                        product_into(T::constant(1.0), weights, v, T::constant(0.0), y, features, Threads::One);
                    }
                }
            }
        });
    }
}

impl Attention {
    /// The floating-point operations of so many products of queries with keys, or alike, and of the softmax:
    /// four for each pair of them.
    pub(super) fn products(&self, qkv: Shape, products: usize) -> u64 {
        let [batch, time, features] = qkv.sequence().expect("its shape was checked");
        let pairs = if self.causal { time * (time + 1) / 2 } else { time * time };
        let features = features / 3;
        (batch * pairs * (2 * products * features + 4 * self.heads)) as u64
    }
}

impl Graph {
    /// Attention of each step of a sequence to all steps, or where it is `causal` to those up to itself:
    /// queries, keys and values `[batch, time, 3 · heads · size]`, to `[batch, time, heads · size]`. Along
    /// the last axis lie the queries of all heads, then the keys, then the values.
    ///
    /// ```
    /// use thalweg_graph::Graph;
    ///
    /// let mut graph = Graph::new();
    /// let qkv = graph.input("qkv", [8, 64, 3 * 4 * 32]);
    /// let y = graph.attention(qkv, 4, true)?;
    /// assert_eq!(graph.shape(y).sizes(), [8, 64, 4 * 32]);
    /// # Ok::<(), thalweg_graph::GraphError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If `qkv` is not a sequence, or its last size is no multiple of 3 · `heads`.
    pub fn attention(
        &mut self,
        qkv: Tensor,
        heads: usize,
        causal: bool,
    ) -> Result<Tensor, GraphError> {
        self.apply(Attention { heads, causal }, &[qkv])
    }

    /// The value of [`Graph::attention`], of simple nodes.
    pub(super) fn composed_attention(
        &mut self,
        qkv: Tensor,
        Attention { heads, causal }: Attention,
    ) -> Result<Tensor, GraphError> {
        let [batch, time, features] = self.sequence("attention", qkv)?;
        let size = features / (3 * heads);
        let qkv = self.reshape(qkv, [batch, time, 3 * heads, size])?;
        let qkv = self.permute(qkv, &[0, 2, 1, 3])?;
        let q = self.slice(qkv, 1, 0..heads)?;
        let k = self.slice(qkv, 1, heads..2 * heads)?;
        let v = self.slice(qkv, 1, 2 * heads..3 * heads)?;
        let product = self.matmul_transposed(q, Transposed::No, k, Transposed::Yes)?;
        let scale = self.constant(scale(size), []);
        let mut scores = self.mul(scale, product)?;
        if causal {
            let mask = self.causal_mask(time);
            scores = self.add(scores, mask)?;
        }
        let weights = self.softmax(scores)?;
        let y = self.matmul(weights, v)?;
        let y = self.permute(y, &[0, 2, 1, 3])?;
        self.reshape(y, [batch, time, heads * size])
    }
}

/// 1/√s
fn scale(size: usize) -> f64 {
    1.0 / (size as f64).sqrt()
}

/// pᵢ ← softmax(pᵢ) for the columns i of vectors that lie `step` apart; what is not seen becomes 0.
#[inline(always)]
fn softmax<T: Element>(p: &mut [OfLanes<T>], step: usize, seen: Seen) {
    let (zero, one) = (T::constant(0.0), T::constant(1.0));
    let mut top = [T::constant(f64::NEG_INFINITY); LANES];
    for (key, p) in p.iter().step_by(step).enumerate().take(seen.by_any) {
        let hidden = seen.hidden(key);
        for (i, (top, &p)) in top.iter_mut().zip(p).enumerate() {
            *top = if (i as u32) < hidden { *top } else { p.max(*top) };
        }
    }
    let mut sum = [zero; LANES];
    for (key, p) in p.iter_mut().step_by(step).enumerate().take(seen.by_any) {
        let hidden = seen.hidden(key);
        for (i, (p, (sum, &top))) in p.iter_mut().zip(sum.iter_mut().zip(&top)).enumerate() {
            let e = (*p - top).exp();
            *p = if (i as u32) < hidden { zero } else { e };
            *sum = *sum + *p;
        }
    }
    let factor = sum.map(|sum| one / sum);
    for p in p.iter_mut().step_by(step).take(seen.by_any) {
        for (p, factor) in p.iter_mut().zip(factor) {
            *p = *p * factor;
        }
    }
    for p in p.iter_mut().step_by(step).skip(seen.by_any) {
        p.fill(zero);
    }
}

/// The sizes of one example.
pub(super) struct Sizes {
    pub time: usize,
    pub heads: usize,
    pub size: usize,
}

/// Values of as many queries side by side, one of each.
pub(super) type OfLanes<T> = [T; LANES];

/// Some of the queries, one after another, with the keys that they look at, from the first on.
pub(super) struct Block {
    pub start: usize,
    pub rows: usize,
    pub keys: usize,
    /// Whether each query looks at one key more than the query before, and the last one at all of them.
    causal: bool,
}

impl Sizes {
    /// Queries in a block: few, so that their scores stay in the cache, and that causal attention
    /// calculates little that it throws away.
    const ROWS: usize = 32;

    /// The most scores that a block has.
    pub fn scores(&self) -> usize {
        self.time.min(Self::ROWS).next_multiple_of(LANES) * self.time
    }

    /// All queries, the last ones, which look at all keys, first.
    pub fn blocks(&self, causal: bool) -> impl Iterator<Item = Block> + use<> {
        let time = self.time;
        (0..time).step_by(Self::ROWS).rev().map(move |start| {
            let rows = Self::ROWS.min(time - start);
            Block { start, rows, keys: if causal { start + rows } else { time }, causal }
        })
    }

    /// The numbers that the queries, keys and values of a head are together.
    pub fn of_head(&self) -> usize {
        3 * self.time * self.size
    }

    /// Writes what belongs to the queries, to the keys and to the values of a head where these lie.
    pub fn write<T: Element>(&self, of_head: &[T], head: usize, to: &mut [T]) {
        let parts = of_head.chunks_exact((self.time * self.size).max(1));
        for (part, start) in parts.zip(self.starts(head)) {
            let rows = to.chunks_exact_mut(self.stride().max(1));
            for (row, to) in part.chunks_exact(self.size.max(1)).zip(rows) {
                to[start..][..self.size].copy_from_slice(row);
            }
        }
    }

    /// How far apart the rows of queries, keys and values begin.
    pub fn stride(&self) -> usize {
        3 * self.heads * self.size
    }

    /// Where queries, keys and values of a head begin.
    pub fn starts(&self, head: usize) -> [usize; 3] {
        [0, 1, 2].map(|part| (part * self.heads + head) * self.size)
    }

    /// Queries, keys and values of a head.
    pub fn head<'a, T>(&self, qkv: &'a [T], head: usize) -> [&'a [T]; 3] {
        self.starts(head).map(|start| &qkv[start..])
    }

    /// Some rows of the queries, keys or values of a head.
    pub fn rows<'a, T>(&self, of_head: &'a [T], start: usize, rows: usize) -> Matrix<'a, T> {
        let stride = self.stride();
        Matrix::with_row_stride(&of_head[start * stride..], rows, self.size, stride)
    }

    /// `p` ← softmax(K·Qᵀ/√s + Mᵀ), of the queries and keys of a block, with a column for each query and for some
    /// that are not there, of which each is some softmax.
    pub fn softmax<T: Element>(&self, qkv: &[T], head: usize, block: &Block, p: &mut [T]) {
        let zero = T::constant(0.0);
        let [q, k, _] = self.head(qkv, head);
        let q = self.rows(q, block.start, block.rows).transposed();
        let k = self.rows(k, 0, block.keys);
        if block.rows < block.columns() {
            p.fill(zero);
        }
        product_into(self.scale(), k, q, zero, p, block.columns(), Threads::One);
        block.for_lanes(
            [p],
            #[inline(always)]
            |[p], step, seen| softmax(p, step, seen),
        );
    }

    /// 1/√s
    pub fn scale<T: Element>(&self) -> T {
        T::from_f64(scale(self.size))
    }
}

impl Block {
    /// The columns of its scores: one for each query, made up to whole vectors.
    pub fn columns(&self) -> usize {
        self.rows.next_multiple_of(LANES)
    }

    /// How many scores there are.
    pub fn scores(&self) -> usize {
        self.columns() * self.keys
    }

    /// The scores, with a row for each key and a column for each query.
    pub fn matrix<'a, T>(&self, scores: &'a [T]) -> Matrix<'a, T> {
        Matrix::with_row_stride(scores, self.keys, self.rows, self.columns())
    }

    /// Calls `work` for as many queries at a time as there are lanes, with the vectors of their scores, from the
    /// first key on, how far they lie apart, and what of them is seen, in the widest vectors there are.
    #[inline(always)]
    pub fn for_lanes<T: Element, const N: usize>(
        &self,
        scores: [&mut [T]; N],
        work: impl Fn([&mut [OfLanes<T>]; N], usize, Seen),
    ) {
        let mut scores = scores.map(|scores| scores.as_chunks_mut::<LANES>().0);
        let step = self.columns() / LANES;
        kernel::vectorized(
            #[inline(always)]
            || {
                for i in 0..step {
                    let first = self.start + i * LANES;
                    let seen = match self.causal {
                        true => Seen { by_all: first + 1, by_any: self.keys.min(first + LANES) },
                        false => Seen { by_all: self.keys, by_any: self.keys },
                    };
                    work(scores.each_mut().map(|scores| &mut scores[i..]), step, seen);
                }
            },
        );
    }
}

/// How many keys some queries, one after another, look at, from the first one on.
#[derive(Clone, Copy)]
pub(super) struct Seen {
    by_all: usize,
    pub by_any: usize,
}

impl Seen {
    /// How many of the queries, from the first on, do not look at this key.
    #[inline(always)]
    fn hidden(self, key: usize) -> u32 {
        (key + 1).saturating_sub(self.by_all) as u32
    }
}
