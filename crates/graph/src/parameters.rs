//! Where the values of the parameters are: outside the plans, which share them.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use thalweg_matrix::Aligned;
use thalweg_optim::{Gradient, Halves, Segment, Segments};

use crate::{Element, Graph, Shape, Tensor};

/// What a parameter is for. Initialisation and weight decay look at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// It multiplies what comes in.
    Weight,
    /// It is added.
    Bias,
    /// It multiplies what has been normalised, and starts at 1.
    Scale,
    /// It is measured in training, by [`Graph::assign`], and no optimizer moves it.
    Statistic(Start),
    /// Anything else.
    Other,
}

/// Where a statistic starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Start {
    /// At 0, as a mean does.
    Zero,
    /// At 1, as a variance does.
    One,
}

impl Role {
    /// The value at which all such parameters start, where that is not for an initialiser to say.
    pub fn start(self) -> Option<f64> {
        match self {
            Role::Weight | Role::Bias | Role::Other => None,
            Role::Scale | Role::Statistic(Start::One) => Some(1.0),
            Role::Statistic(Start::Zero) => Some(0.0),
        }
    }
}

/// The values of all parameters of a graph, in one vector: those that are trained, and behind them the
/// statistics.
///
/// Graphs that differ only in the size of the batch have parameters of the same names and shapes, so
/// that their plans can share these values.
#[derive(Clone, Debug)]
pub struct Parameters<T> {
    layout: Arc<Layout>,
    values: Aligned<T>,
}

/// One parameter: its name, and its place among the values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParameterInfo {
    /// The name of the node: `layer1/weights`.
    pub name: String,
    /// The shape.
    pub shape: Shape,
    /// What it is for.
    pub role: Role,
    /// Where its values are.
    pub range: Range<usize>,
}

/// The parameters of a graph, one after another.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    /// The trained ones first, then the statistics.
    pub(crate) parameters: Vec<ParameterInfo>,
    pub(crate) length: usize,
    /// How many parameters are trained, and the length of those.
    pub(crate) trained: usize,
    pub(crate) trained_length: usize,
}

impl<T: Element> Parameters<T> {
    /// The parameters of `graph`, all 0 but those whose role says [where they start](Role::start). How
    /// the others start is for the caller to say.
    pub fn zeros(graph: &Graph) -> Parameters<T> {
        let layout = Layout::of(graph);
        let values = Aligned::new(layout.length, T::constant(0.0));
        let mut parameters = Parameters { layout: Arc::new(layout), values };
        for (info, values) in parameters.iter_mut() {
            values.fill(T::from_f64(info.role.start().unwrap_or(0.0)));
        }
        parameters
    }

    /// The parameters in order, each with its place among the values.
    pub fn infos(&self) -> &[ParameterInfo] {
        &self.layout.parameters
    }

    /// All values.
    pub fn values(&self) -> &[T] {
        &self.values
    }

    /// The values that an optimizer moves: all but the statistics.
    pub fn trained(&self) -> &[T] {
        &self.values[..self.layout.trained_length]
    }

    /// All values, to be changed.
    pub fn values_mut(&mut self) -> &mut [T] {
        &mut self.values
    }

    /// The values of the parameter called `name`.
    pub fn get(&self, name: &str) -> Option<&[T]> {
        let info = self.infos().iter().find(|info| info.name == name)?;
        Some(&self.values[info.range.clone()])
    }

    /// Each parameter with its values, to be changed.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&ParameterInfo, &mut [T])> {
        let mut rest = &mut self.values[..];
        self.layout.parameters.iter().map(move |info| {
            let (values, after) = std::mem::take(&mut rest).split_at_mut(info.range.len());
            rest = after;
            (info, values)
        })
    }

    /// The trained parameters with their gradients, as an optimizer wants them. `gradients` is in the same
    /// order as the values: [`Plan::gradients`](crate::Plan::gradients).
    pub fn segments<'a>(&'a mut self, gradients: &'a [T]) -> ParameterSegments<'a, T> {
        let Parameters { layout, values } = self;
        let infos = &layout.parameters[..layout.trained];
        let values = &mut values[..layout.trained_length];
        ParameterSegments { infos, start: 0, values, gradients }
    }

    pub(crate) fn layout(&self) -> &Arc<Layout> {
        &self.layout
    }
}

/// Parameters with their gradients, one segment for each parameter.
#[derive(Debug)]
pub struct ParameterSegments<'a, T> {
    infos: &'a [ParameterInfo],
    /// Where the values and the gradients begin among those of all parameters.
    start: usize,
    values: &'a mut [T],
    gradients: &'a [T],
}

impl<T: Element> Segments<T> for ParameterSegments<'_, T> {
    fn count(&self) -> usize {
        self.infos.len()
    }

    fn segment(&mut self, index: usize) -> Segment<'_, T> {
        let info = &self.infos[index];
        let range = info.range.start - self.start..info.range.end - self.start;
        Segment {
            name: &info.name,
            shape: info.shape.sizes(),
            parameters: &mut self.values[range.clone()],
            gradient: Gradient::Dense(&self.gradients[range]),
        }
    }

    fn split(&mut self, at: usize, then: &mut Halves<'_, T>) {
        let (infos, other_infos) = self.infos.split_at(at);
        let boundary =
            other_infos.first().map_or(self.start + self.values.len(), |i| i.range.start);
        let (values, other_values) = self.values.split_at_mut(boundary - self.start);
        let (gradients, other_gradients) = self.gradients.split_at(boundary - self.start);
        let mut left = ParameterSegments { infos, start: self.start, values, gradients };
        let mut right = ParameterSegments {
            infos: other_infos,
            start: boundary,
            values: other_values,
            gradients: other_gradients,
        };
        then(&mut left, &mut right);
    }
}

impl Layout {
    pub(crate) fn of(graph: &Graph) -> Layout {
        let mut length = 0;
        let mut info = |tensor: Tensor| {
            let node = graph.node(tensor);
            let range = length..length + node.shape().elements();
            length = range.end;
            let role = node.role()?;
            Some(ParameterInfo { name: node.name().to_owned(), shape: node.shape(), role, range })
        };
        let mut parameters: Vec<ParameterInfo> = graph.parameters().filter_map(&mut info).collect();
        let trained = parameters.len();
        parameters.extend(graph.statistics().filter_map(info));
        let trained_length = parameters[..trained].last().map_or(0, |info| info.range.end);
        Layout { parameters, length, trained, trained_length }
    }
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, info) in self.parameters.iter().enumerate() {
            write!(f, "{}{} {}", if i == 0 { "" } else { ", " }, info.name, info.shape)?;
        }
        Ok(())
    }
}
