//! J over the whole training set as a function of the parameters, for the methods of `minimize`.
//!
//! ```text
//! x: all trained parameters, one after the other
//! J(x) = Σ (nᵢ/n) Jᵢ(x),    ∇J, H·v, G·v the same          i: pieces of nᵢ of the n examples
//! ```
//!
//! H·v is exact, by [`Graph::hessian_vector_product`](thalweg_graph::Graph::hessian_vector_product), and H is made
//! of n such products, with unit vectors. In place of the Hessian there can be the Gauss-Newton matrix G, which is
//! never indefinite.
//!
//! Dropout and noise are off, as in measuring: J must have one value at a point. The set is cut into pieces only
//! where a plan for all of it would be too large; each piece is then gathered again at every evaluation. Plans are
//! made when they are first needed; an evaluation after that allocates nothing.

use std::iter::zip;

use thalweg_events::Measured;
use thalweg_graph::{Element, GraphError, Mode, Parameters, RunOptions, Tensor, Threads};
use thalweg_minimize::{Gradient, Hessian, Objective, Offer, Products};

use crate::compiled::{Compiled, Meters};
use crate::initialize::initialize;
use crate::{Model, Options, Set, Task, TrainError};

/// J over the whole training set of a task.
///
/// ```
/// use thalweg_data::Source;
/// use thalweg_minimize::{Options, Verdict, method};
/// use thalweg_train::{Curvature, Loss, task};
///
/// let task = task::<f64>(&"breast-cancer-logistic(l2=0.01)".parse()?, &Source::Embedded)?;
/// let options = thalweg_train::Options::of(&*task);
/// let mut loss = Loss::new(&*task, &options, Curvature::Hessian)?;
/// let start = loss.start().to_vec();
/// let newton = "newton-cg".parse()?;
/// let solution = method(&newton)?.minimize(&mut loss, &start, Options::default())?;
/// assert_eq!(solution.verdict, Verdict::Gradient);
/// assert!((solution.value - 0.10044630378121).abs() < 1e-10);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Loss<'a, T> {
    task: &'a dyn Task<T>,
    curvature: Curvature,
    threads: Threads,
    examples: Vec<usize>,
    /// Examples in a piece; the last one may be short.
    piece: usize,
    parameters: Parameters<T>,
    gradients: Vec<Filled<T, ()>>,
    products: Vec<Filled<T, Ends>>,
    meters: Meters<T>,
    /// A unit vector.
    unit: Vec<T>,
}

/// The matrix of second order with which products are made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Curvature {
    /// The Hessian H.
    #[default]
    Hessian,
    /// The Gauss-Newton matrix G: J taken as a function of the network's outputs, and these as linear in the
    /// parameters.
    GaussNewton,
}

/// A plan for a size of pieces.
struct Filled<T, E> {
    size: usize,
    compiled: Compiled<T>,
    ends: E,
    /// Whether it holds the only piece there is.
    holds: bool,
}

/// Where v goes and the product comes out.
struct Ends {
    v: Vec<Tensor>,
    product: Vec<Tensor>,
}

/// Values that a plan may hold for a piece: half a gigabyte of `f32` in one direction.
const MOST_VALUES: usize = 1 << 27;

impl<'a, T: Element> Loss<'a, T> {
    /// J of `task`, with the parameters that `options` start from. Of the options, batches do not count.
    ///
    /// # Errors
    ///
    /// If the model cannot be built, or has no outputs where the Gauss-Newton matrix is wanted.
    pub fn new(
        task: &'a dyn Task<T>,
        options: &Options,
        curvature: Curvature,
    ) -> Result<Loss<'a, T>, TrainError> {
        if curvature == Curvature::GaussNewton && task.model(1)?.outputs.is_none() {
            return Err(TrainError::NoOutputs(task.description().name.clone()));
        }
        let parameters = initialize(task, options)?;
        let examples: Vec<usize> = (0..task.examples(Set::Train)).collect();
        let values = |batch| -> Result<usize, GraphError> {
            let Model { graph, .. } = task.model(batch)?;
            Ok(graph.nodes().map(|(_, node)| node.shape().elements()).sum())
        };
        let of_one_more = (values(2)? - values(1)?).max(1);
        let piece = (MOST_VALUES / of_one_more).clamp(1, examples.len());
        let unit = vec![T::default(); parameters.trained().len()];
        let mut loss = Loss {
            task,
            curvature,
            threads: options.threads,
            examples,
            piece,
            parameters,
            gradients: Vec::new(),
            products: Vec::new(),
            meters: Meters::new(),
            unit,
        };
        loss.compile_gradients()?;
        Ok(loss)
    }

    /// The parameters at the start.
    pub fn start(&self) -> &[T] {
        self.parameters.trained()
    }

    /// J and P on a set, at `x`.
    ///
    /// # Errors
    ///
    /// If the model cannot be built.
    ///
    /// # Panics
    ///
    /// If `x` has another length than the parameters.
    pub fn measure(&mut self, x: &[T], set: Set) -> Result<Measured, TrainError> {
        let trained = self.parameters.trained().len();
        self.parameters.values_mut()[..trained].copy_from_slice(x);
        self.meters.measure(self.task, set, &self.parameters, self.threads)
    }

    /// The sizes that pieces have.
    fn sizes(&self) -> impl Iterator<Item = usize> + use<T> {
        let rest = self.examples.len() % self.piece;
        [self.piece, rest].into_iter().filter(|&size| size > 0)
    }

    /// Makes the plans for J and its gradient.
    fn compile_gradients(&mut self) -> Result<(), GraphError> {
        for size in self.sizes() {
            let compiled = Compiled::for_training(self.task, size, "minimize")?;
            self.gradients.push(Filled { size, compiled, ends: (), holds: false });
        }
        Ok(())
    }

    /// Makes the plans for products.
    fn compile_products(&mut self) -> Result<(), GraphError> {
        for size in self.sizes() {
            let mut model = self.task.model(size)?;
            let (cost, graph) = (model.cost, &mut model.graph);
            let parameters: Vec<Tensor> = graph.parameters().collect();
            let v = graph.inputs_like("v", &parameters);
            let product = match (self.curvature, model.outputs) {
                (Curvature::GaussNewton, Some(outputs)) => {
                    graph.gauss_newton_vector_product(cost, outputs, &parameters, &v)?
                }
                (Curvature::Hessian, _) | (_, None) => {
                    graph.hessian_vector_product(cost, &parameters, &v)?
                }
            };
            let compiled = Compiled::new(self.task, model, &product, None);
            self.products.push(Filled { size, compiled, ends: Ends { v, product }, holds: false });
        }
        Ok(())
    }

    fn run(&self) -> RunOptions {
        RunOptions { mode: Mode::Evaluation, threads: self.threads, ..RunOptions::default() }
    }
}

/// The plan for a piece, filled with it.
fn filled<'p, T: Element, E>(
    plans: &'p mut [Filled<T, E>],
    task: &dyn Task<T>,
    piece: &[usize],
    examples: usize,
) -> &'p mut Filled<T, E> {
    let size = piece.len();
    let plan = plans.iter_mut().find(|plan| plan.size == size);
    let plan = plan.expect("there is a plan for each size");
    if !plan.holds {
        task.fill(Set::Train, piece, &plan.compiled.model, &mut plan.compiled.plan);
        plan.holds = size == examples;
    }
    plan
}

const FITTING: &str = "plan and parameters are of the same model";

impl<T: Element> Objective for Loss<'_, T> {
    fn dimension(&self) -> usize {
        self.parameters.trained().len()
    }
}

impl<T: Element> Gradient<T> for Loss<'_, T> {
    fn value_and_gradient(&mut self, x: &[T], g: &mut [T]) -> f64 {
        let run = self.run();
        let Loss { task, examples, piece, parameters, gradients, .. } = self;
        g.fill(T::default());
        let mut value = 0.0;
        for piece in examples.chunks(*piece) {
            let Filled { compiled, .. } = filled(gradients, *task, piece, examples.len());
            let share = piece.len() as f64 / examples.len() as f64;
            value += share * compiled.value_at(x, parameters, run).expect(FITTING);
            add_scaled(g, share, compiled.plan.gradients());
        }
        value
    }
}

impl<T: Element> Products<T> for Loss<'_, T> {
    fn product(&mut self, x: &[T], v: &[T], hv: &mut [T]) {
        if self.products.is_empty() {
            self.compile_products()
                .expect("J is one number, and v has the shapes of the parameters");
        }
        let run = self.run();
        let Loss { task, examples, piece, parameters, products, .. } = self;
        parameters.values_mut()[..x.len()].copy_from_slice(x);
        hv.fill(T::default());
        for piece in examples.chunks(*piece) {
            let Filled { compiled, ends, .. } = filled(products, *task, piece, examples.len());
            let plan = &mut compiled.plan;
            plan.write(&ends.v, v);
            plan.run(parameters, run).expect(FITTING);
            let share = piece.len() as f64 / examples.len() as f64;
            let mut rest = &mut *hv;
            for value in ends.product.iter().map(|&tensor| plan.value(tensor)) {
                let (part, after) = rest.split_at_mut(value.len());
                add_scaled(part, share, value);
                rest = after;
            }
        }
    }
}

impl<T: Element> Hessian<T> for Loss<'_, T> {
    fn hessian(&mut self, x: &[T], h: &mut [T]) {
        let n = x.len();
        let mut unit = std::mem::take(&mut self.unit);
        for (i, row) in h.chunks_exact_mut(n).enumerate() {
            unit[i] = T::from_f64(1.0);
            self.product(x, &unit, row);
            unit[i] = T::default();
        }
        self.unit = unit;
        // Rounding may tell the halves apart.
        for i in 0..n {
            for j in 0..i {
                h[j * n + i] = h[i * n + j];
            }
        }
    }
}

impl<T: Element> Offer<T> for Loss<'_, T> {
    fn as_products(&mut self) -> Option<&mut dyn Products<T>> {
        Some(self)
    }

    fn as_hessian(&mut self) -> Option<&mut dyn Hessian<T>> {
        Some(self)
    }
}

/// y ← y + share·x
fn add_scaled<T: Element>(y: &mut [T], share: f64, x: &[T]) {
    let share = T::from_f64(share);
    for (y, &x) in zip(y, x) {
        *y = *y + share * x;
    }
}

#[cfg(test)]
mod tests {
    use thalweg_data::Source;

    use super::*;
    use crate::task;

    #[test]
    fn pieces_add_up_to_the_whole() {
        let task = task::<f64>(&"digits-softmax".parse().unwrap(), &Source::Embedded).unwrap();
        let new = || Loss::new(&*task, &Options::of(&*task), Curvature::Hessian).unwrap();
        let n = new().dimension();
        let wave = |k: f64| -> Vec<f64> { (0..n).map(|i| 0.1 * (k * i as f64).sin()).collect() };
        let (x, v) = (wave(1.0), wave(2.0));
        let at = |mut loss: Loss<'_, f64>| {
            let (mut g, mut hv): (Vec<f64>, Vec<f64>) = (vec![0.0; n], vec![0.0; n]);
            // The second time, nothing is compiled, and what was filled counts.
            let _ = loss.value_and_gradient(&v, &mut hv);
            let value = loss.value_and_gradient(&x, &mut g);
            loss.product(&x, &v, &mut hv);
            (value, g, hv)
        };
        let whole = at(new());
        for piece in [1, 100, 1000] {
            let mut loss = new();
            loss.piece = piece;
            loss.gradients.clear();
            loss.compile_gradients().unwrap();
            let cut = at(loss);
            assert!((cut.0 - whole.0).abs() < 1e-14, "{piece}");
            for (cut, whole) in [(&cut.1, &whole.1), (&cut.2, &whole.2)] {
                assert!(zip(cut, whole).all(|(a, b)| (a - b).abs() < 1e-15), "{piece}");
            }
        }
    }
}
