//! What a step is taken on: named tensors of parameters, each with its gradient.

use crate::{StepError, Stored};

/// One tensor of parameters with its gradient.
#[derive(Debug)]
pub struct Segment<'a, T: Stored> {
    /// The name, unique among the segments: `layer1/weights`.
    pub name: &'a str,
    /// The shape, slowest dimension first; its product is the number of parameters.
    pub shape: &'a [usize],
    /// The parameters.
    pub parameters: &'a mut [T],
    /// The gradient of the cost by the parameters.
    pub gradient: Gradient<'a, T>,
}

/// The gradient of a segment.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Gradient<'a, T: Stored> {
    /// There is none at this step: parameters and state of the segment stay as they are.
    #[default]
    Missing,
    /// One number for each parameter.
    Dense(&'a [T]),
    /// The same in the numbers that are calculated with: gradients in `f32` of parameters in `bf16`.
    Wide(&'a [T::Real]),
    /// Some rows; the gradient of the others is 0. Rules are *lazy* about those: neither parameters nor
    /// state of a row that is not listed change, as if the step had not been for it.
    Rows {
        /// The rows along the first dimension, in rising order, each once; see [`coalesce`].
        rows: &'a [usize],
        /// As many numbers for each row as the other dimensions have, row after row.
        values: &'a [T],
    },
}

impl<'a, T: Stored> From<&'a [T]> for Gradient<'a, T> {
    fn from(dense: &'a [T]) -> Self {
        Gradient::Dense(dense)
    }
}

impl<'a, T: Stored> From<&'a Vec<T>> for Gradient<'a, T> {
    fn from(dense: &'a Vec<T>) -> Self {
        Gradient::Dense(dense)
    }
}

impl<'a, T: Stored, const N: usize> From<&'a [T; N]> for Gradient<'a, T> {
    fn from(dense: &'a [T; N]) -> Self {
        Gradient::Dense(dense)
    }
}

/// Sorts the rows of a sparse gradient and adds up those that occur several times, which is what a lookup
/// of the same row by several examples gives. `values` holds as many numbers for each row as its length is
/// a multiple of that of `rows`.
///
/// ```
/// let (rows, values) = thalweg_optim::coalesce(&[7, 2, 7], &[1.0, 1.0, 2.0, 2.0, 3.0, 3.0]);
/// assert_eq!((rows, values), (vec![2, 7], vec![2.0, 2.0, 4.0, 4.0]));
/// ```
///
/// # Panics
///
/// If `values` cannot be shared out evenly among the rows.
pub fn coalesce<T: Stored>(rows: &[usize], values: &[T]) -> (Vec<usize>, Vec<T>) {
    if rows.is_empty() {
        assert!(values.is_empty(), "values without rows");
        return (Vec::new(), Vec::new());
    }
    assert!(values.len().is_multiple_of(rows.len()), "the same number of values for each row");
    let width = values.len() / rows.len();
    let mut order: Vec<usize> = (0..rows.len()).collect();
    // Stable, so that equal rows are added in the order in which they came.
    order.sort_by_key(|&i| rows[i]);
    let (mut unique, mut sums): (Vec<usize>, Vec<T>) = (Vec::new(), Vec::new());
    for i in order {
        let row = &values[i * width..][..width];
        if unique.last() == Some(&rows[i]) {
            let at = sums.len() - width;
            for (sum, x) in sums[at..].iter_mut().zip(row) {
                *sum = T::from_f64(sum.to_f64() + x.to_f64());
            }
        } else {
            unique.push(rows[i]);
            sums.extend(row);
        }
    }
    (unique, sums)
}

/// What [`Segments::split`] hands both halves to.
pub type Halves<'a, T> = dyn FnMut(&mut dyn Segments<T>, &mut dyn Segments<T>) + 'a;

/// The segments of a step, one at a time, so that no list of borrows has to be built for each step.
pub trait Segments<T: Stored>: Send {
    /// How many there are.
    fn count(&self) -> usize;

    /// The segment at `index`, from 0.
    fn segment(&mut self, index: usize) -> Segment<'_, T>;

    /// Hands the first `at` segments and the others to `then`, which may work on both at once.
    fn split(&mut self, at: usize, then: &mut Halves<'_, T>);
}

/// A slice of segments, which has a size where the slice has none.
struct Slice<'s, 'a, T: Stored>(&'s mut [Segment<'a, T>]);

impl<T: Stored> Segments<T> for Slice<'_, '_, T> {
    fn count(&self) -> usize {
        self.0.len()
    }

    fn segment(&mut self, index: usize) -> Segment<'_, T> {
        let Segment { name, shape, parameters, gradient } = &mut self.0[index];
        Segment { name, shape, parameters, gradient: *gradient }
    }

    fn split(&mut self, at: usize, then: &mut Halves<'_, T>) {
        let (left, right) = self.0.split_at_mut(at);
        then(&mut Slice(left), &mut Slice(right));
    }
}

macro_rules! as_slice {
    ($Type:ty $(, $N:ident)?) => {
        impl<T: Stored $(, const $N: usize)?> Segments<T> for $Type {
            fn count(&self) -> usize {
                self.len()
            }

            fn segment(&mut self, index: usize) -> Segment<'_, T> {
                let Segment { name, shape, parameters, gradient } = &mut self[index];
                Segment { name, shape, parameters, gradient: *gradient }
            }

            fn split(
                &mut self,
                at: usize,
                then: &mut Halves<'_, T>,
            ) {
                Slice(&mut self[..]).split(at, then);
            }
        }
    };
}

as_slice!([Segment<'_, T>]);
as_slice!([Segment<'_, T>; N], N);
as_slice!(Vec<Segment<'_, T>>);

/// Some of the segments: what one group of parameters sees.
pub(crate) struct Subset<'a, T: Stored> {
    pub(crate) of: &'a mut dyn Segments<T>,
    /// Their places in rising order, counted from `offset`.
    pub(crate) indices: &'a [usize],
    pub(crate) offset: usize,
}

impl<T: Stored> Segments<T> for Subset<'_, T> {
    fn count(&self) -> usize {
        self.indices.len()
    }

    fn segment(&mut self, index: usize) -> Segment<'_, T> {
        self.of.segment(self.indices[index] - self.offset)
    }

    fn split(&mut self, at: usize, then: &mut Halves<'_, T>) {
        let (left, right) = self.indices.split_at(at);
        let offset = self.offset;
        let boundary = right.first().map_or(offset + self.of.count(), |first| *first);
        self.of.split(boundary - offset, &mut |of, others| {
            let mut left = Subset { of, indices: left, offset };
            let mut right = Subset { of: others, indices: right, offset: boundary };
            then(&mut left, &mut right);
        });
    }
}

/// The same segments with other gradients, which lie one after another.
pub(crate) struct WithGradients<'a, T: Stored> {
    pub(crate) of: &'a mut dyn Segments<T>,
    /// Where each segment's begins, and at the end the length.
    pub(crate) starts: &'a [usize],
    /// From the start of the first segment on.
    pub(crate) gradients: &'a [T::Real],
    /// Whether each segment has one.
    pub(crate) present: &'a [bool],
}

impl<T: Stored> Segments<T> for WithGradients<'_, T> {
    fn count(&self) -> usize {
        self.of.count()
    }

    fn segment(&mut self, index: usize) -> Segment<'_, T> {
        let at = self.starts[index] - self.starts[0];
        let length = self.starts[index + 1] - self.starts[index];
        let gradient = match self.present[index] {
            true => Gradient::Wide(&self.gradients[at..][..length]),
            false => Gradient::Missing,
        };
        Segment { gradient, ..self.of.segment(index) }
    }

    fn split(&mut self, at: usize, then: &mut Halves<'_, T>) {
        let (left, right) = self.gradients.split_at(self.starts[at] - self.starts[0]);
        let (present, others_present) = self.present.split_at(at);
        let (starts, others_starts) = (&self.starts[..=at], &self.starts[at..]);
        self.of.split(at, &mut |of, others| {
            let mut left = WithGradients { of, starts, gradients: left, present };
            let mut right = WithGradients {
                of: others,
                starts: others_starts,
                gradients: right,
                present: others_present,
            };
            then(&mut left, &mut right);
        });
    }
}

/// Checks that parameters, gradient and shape of a segment have the same number of elements.
pub(crate) fn check_lengths<T: Stored>(segment: &Segment<'_, T>) -> Result<(), StepError> {
    let (name, shape) = (segment.name, segment.shape);
    let elements: usize = shape.iter().product();
    let length = |gradient: usize| {
        let (segment, parameters) = (name.to_owned(), segment.parameters.len());
        StepError::Length { segment, parameters, gradient, shape: shape.to_vec() }
    };
    let gradient = match segment.gradient {
        Gradient::Missing => elements,
        Gradient::Dense(values) => values.len(),
        Gradient::Wide(values) => values.len(),
        Gradient::Rows { rows, values } => {
            check_rows(name, shape, rows)?;
            let width = elements / shape.first().map_or(1, |rows| (*rows).max(1));
            match values.len() == rows.len() * width {
                true => elements,
                false => return Err(length(values.len())),
            }
        }
    };
    if segment.parameters.len() == elements && gradient == elements {
        Ok(())
    } else {
        Err(length(gradient))
    }
}

fn check_rows(name: &str, shape: &[usize], rows: &[usize]) -> Result<(), StepError> {
    let count = shape.first().copied().unwrap_or(0);
    let wrong = |problem: String| Err(StepError::Rows { segment: name.to_owned(), problem });
    if let Some(row) = rows.iter().find(|row| **row >= count) {
        return wrong(format!("row {row} is not one of {count}"));
    }
    match rows.windows(2).find(|pair| pair[0] >= pair[1]) {
        Some(pair) => {
            wrong(format!("row {} follows row {}; sort and add them up first", pair[1], pair[0]))
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 7] = ["a", "b", "c", "d", "e", "f", "g"];

    fn names(segments: &mut dyn Segments<f64>) -> Vec<String> {
        (0..segments.count()).map(|index| segments.segment(index).name.to_owned()).collect()
    }

    /// Splits again and again at every place, and gathers the names of the parts.
    fn split_to_names(segments: &mut dyn Segments<f64>, at: usize) -> Vec<String> {
        let whole = names(segments);
        if segments.count() < 2 {
            return whole;
        }
        let mut gathered = Vec::new();
        segments.split(at.clamp(1, segments.count() - 1), &mut |left, right| {
            gathered.extend(split_to_names(left, at));
            gathered.extend(split_to_names(right, at));
        });
        assert_eq!(gathered, whole);
        whole
    }

    #[test]
    fn a_subset_is_split_where_its_own_segments_are() {
        let mut values = [[0.0f64]; 7];
        let mut all: Vec<Segment<'_, f64>> = std::iter::zip(NAMES, &mut values)
            .map(|(name, parameters)| Segment {
                name,
                shape: &[1],
                parameters,
                gradient: Gradient::Missing,
            })
            .collect();
        for chosen in 0u32..1 << 7 {
            let indices: Vec<usize> = (0..7).filter(|i| chosen >> i & 1 == 1).collect();
            let expected: Vec<&str> = indices.iter().map(|i| NAMES[*i]).collect();
            for at in 0..=indices.len() {
                let mut subset = Subset { of: &mut all, indices: &indices, offset: 0 };
                assert_eq!(split_to_names(&mut subset, at), expected);
                // Either side may be empty.
                subset.split(at, &mut |left, right| {
                    assert_eq!(names(left), expected[..at]);
                    assert_eq!(names(right), expected[at..]);
                });
            }
            // A subset of a subset.
            let inner: Vec<usize> = (0..indices.len()).step_by(2).collect();
            let mut subset = Subset { of: &mut all, indices: &indices, offset: 0 };
            let mut inner = Subset { of: &mut subset, indices: &inner, offset: 0 };
            let expected: Vec<&str> = expected.iter().step_by(2).copied().collect();
            (1..4).for_each(|at| assert_eq!(split_to_names(&mut inner, at), expected));
        }
    }
}
