//! A run of an optimizer on a small problem: a matrix, a vector, a number and an empty tensor.
//!
//! ```text
//! g = h ⊙ (θ − c) + 0.3 sin(t + i)          of all signs, and of sizes from 0.01 to 10
//! ```

use thalweg_optim::saved::{self, Values};
use thalweg_optim::{Gradient, Optimizer, Segment, Slot, StepError, StepInfo, Stored};
use thalweg_random::Stream;

use crate::table::Line;

pub const SHAPES: [(&str, &[usize]); 4] =
    [("layer1/weights", &[5, 4]), ("layer1/biases", &[19]), ("scale", &[]), ("empty", &[0, 3])];

/// An optimizer and the tensors that it moves.
pub struct Run<T: Stored> {
    pub optimizer: Box<dyn Optimizer<T>>,
    pub tensors: Vec<Tensor<T>>,
    /// How often [`Run::step`] was called.
    pub calls: u64,
    pub call: String,
}

#[derive(Clone)]
pub struct Tensor<T: Stored> {
    pub name: String,
    pub shape: Vec<usize>,
    pub p: Vec<T>,
    pub g: Vec<T>,
    /// Whether it has no gradient at the next step.
    pub missing: bool,
    h: Vec<f64>,
    c: Vec<f64>,
}

/// A piece of a state that can be compared bit for bit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Piece {
    pub name: String,
    shape: Vec<usize>,
    kind: u8,
    bits: Vec<u64>,
}

impl<T: Stored> Tensor<T> {
    pub fn new(name: &str, shape: &[usize]) -> Tensor<T> {
        let n = shape.iter().product::<usize>() as u64;
        let draw = |of: &str, number: &dyn Fn(Stream, u64) -> f64| -> Vec<f64> {
            (0..n).map(|i| number(Stream::new(1, &format!("{name}/{of}")), i)).collect()
        };
        let p: Vec<T> = draw("start", &Stream::normal).into_iter().map(T::from_f64).collect();
        let h = draw("h", &|h, i| 10f64.powf(2.0 * h.uniform(i) - 1.5));
        let (g, c) = (vec![T::default(); p.len()], draw("c", &Stream::normal));
        let (name, shape) = (name.to_owned(), shape.to_vec());
        Tensor { name, shape, p, g, missing: false, h, c }
    }

    /// The coordinate i as a tensor of its own, the k-th of this one.
    pub fn coordinate(&self, k: usize, i: usize) -> Tensor<T> {
        let (p, g) = (vec![self.p[i]], vec![self.g[i]]);
        let (h, c) = (vec![self.h[i]], vec![self.c[i]]);
        let name = format!("{}/{k}", self.name);
        Tensor { name, shape: Vec::new(), p, g, missing: false, h, c }
    }

    fn differentiate(&mut self, t: u64) {
        for (i, g) in self.g.iter_mut().enumerate() {
            let wave = (t as f64 + i as f64).sin();
            *g = T::from_f64(self.h[i] * (self.p[i].to_f64() - self.c[i]) + 0.3 * wave);
        }
    }
}

impl<T: Stored> Run<T> {
    /// A run of the line on the small problem, if it can be for this type.
    pub fn new(line: &Line) -> Option<Run<T>> {
        Run::on(line, SHAPES.map(|(name, shape)| Tensor::new(name, shape)).into())
    }

    pub fn on(line: &Line, tensors: Vec<Tensor<T>>) -> Option<Run<T>> {
        Some(Run { optimizer: line.make()?, tensors, calls: 0, call: line.to_string() })
    }

    /// A step with the gradient of where the parameters are.
    pub fn step(&mut self) -> StepInfo {
        self.calls += 1;
        self.differentiate();
        if self.optimizer.probe(&mut segments(&mut self.tensors)).unwrap() {
            self.differentiate();
        }
        self.optimizer.step(&mut segments(&mut self.tensors)).unwrap()
    }

    pub fn steps(&mut self, count: u64) {
        for _ in 0..count {
            self.step();
        }
    }

    pub fn differentiate(&mut self) {
        let t = self.calls;
        self.tensors.iter_mut().for_each(|tensor| tensor.differentiate(t));
    }

    /// A step with the gradients as they are.
    pub fn step_as_is(&mut self) -> Result<StepInfo, StepError> {
        self.calls += 1;
        self.optimizer.probe(&mut segments(&mut self.tensors))?;
        self.optimizer.step(&mut segments(&mut self.tensors))
    }

    /// All parameters, in the order of the names.
    pub fn bits(&self) -> Vec<u64> {
        let mut tensors: Vec<_> = self.tensors.iter().collect();
        tensors.sort_by(|a, b| a.name.cmp(&b.name));
        tensors.into_iter().flat_map(|tensor| bits(&tensor.p)).collect()
    }

    /// All that is remembered, in the order of the names.
    pub fn state(&self) -> Vec<Piece> {
        let mut pieces: Vec<_> = self.optimizer.slots().iter().map(Piece::of).collect();
        pieces.sort();
        pieces
    }

    /// What is saved, after a way through bytes.
    pub fn saved(&self) -> Vec<Slot<'static>> {
        let saved = saved::from_bytes(&self.bytes()).unwrap();
        assert_eq!((saved.steps, &saved.optimizer), (self.optimizer.steps(), &self.call));
        saved.slots
    }

    pub fn bytes(&self) -> Vec<u8> {
        saved::to_bytes(&*self.optimizer, &self.call)
    }

    pub fn restore(&mut self, saved: Vec<Slot<'static>>) -> Result<(), String> {
        let restored = self.optimizer.restore(&mut segments(&mut self.tensors), saved);
        restored.map_err(|error| error.to_string())
    }
}

impl Piece {
    fn of(slot: &Slot<'_>) -> Piece {
        let (kind, values) = match &slot.values {
            Values::F32(values) => (0, values.iter().map(|x| x.to_bits().into()).collect()),
            Values::F64(values) => (1, values.iter().map(|x| x.to_bits()).collect()),
            Values::Bf16(values) => (2, values.iter().map(|x| x.to_bits().into()).collect()),
            Values::U8(values) => (3, values.iter().map(|x| u64::from(*x)).collect()),
        };
        Piece { name: slot.name.clone(), shape: slot.shape.to_vec(), kind, bits: values }
    }

    /// Whether it belongs to this segment.
    pub fn is_of(&self, segment: &str) -> bool {
        self.name.strip_prefix(segment).is_some_and(|rest| rest.starts_with('.'))
    }
}

pub fn bits<T: Stored>(values: &[T]) -> Vec<u64> {
    values.iter().map(|x| x.to_f64().to_bits()).collect()
}

pub fn segments<T: Stored>(tensors: &mut [Tensor<T>]) -> Vec<Segment<'_, T>> {
    tensors
        .iter_mut()
        .map(|Tensor { name, shape, p, g, missing, .. }| Segment {
            name,
            shape,
            parameters: p,
            gradient: if *missing { Gradient::Missing } else { (&*g).into() },
        })
        .collect()
}
