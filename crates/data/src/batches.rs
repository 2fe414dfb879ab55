//! Minibatches: which examples each step of training sees.
//!
//! An epoch is an order of n examples, cut into batches. With a uniform order, each example is as likely as
//! any other to stand at each place, so that the mean over a batch is an unbiased estimate of the mean over
//! the set. Goodfellow, Bengio & Courville, *Deep Learning*, 2016, section 8.1.3.
//!
//! Nothing is carried from one epoch to the next: the order is a pure function of (seed, epoch). So all
//! optimizers that are compared see the same batches, and a run resumed at epoch k the same as one that went
//! through.

use std::fmt;
use std::slice::Chunks;

use thalweg_random::Stream;

/// How examples are put into batches. In words: "batches of 64 without replacement, reshuffled every epoch,
/// last batch kept".
///
/// ```
/// use thalweg_data::{Batching, Last, Order};
///
/// let fixed = Batching { order: Order::ShuffledOnce, last: Last::Drop, ..Batching::of(32) };
/// assert_eq!(
///     fixed.to_string(),
///     "batches of 32 without replacement, shuffled once, last batch dropped"
/// );
/// assert_eq!(fixed.over(100)?.steps_per_epoch(), 3);
/// # Ok::<(), thalweg_data::BatchingError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Batching {
    /// How many examples a batch has.
    pub size: Size,
    /// Which examples follow which.
    pub order: Order,
    /// What happens to examples that are left when no whole batch can be made of them.
    pub last: Last,
}

/// The size of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// This many examples, at least 1.
    Of(usize),
    /// As many examples as there are: one step per epoch.
    Full,
}

/// The order of the examples within an epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// A permutation, a new one for each epoch.
    #[default]
    Reshuffled,
    /// A permutation, the same for all epochs: that of epoch 0 of `Reshuffled`. DeepOBS's fixed order is of
    /// this kind.
    ShuffledOnce,
    /// As the examples are stored.
    Stored,
    /// n independent draws from the n examples, new ones for each epoch.
    WithReplacement,
}

/// What happens to examples that are left when no whole batch can be made of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Last {
    /// They make a shorter batch. Batch means weighted with the lengths of the batches add up to the exact
    /// mean over the epoch.
    #[default]
    Keep,
    /// They are left out.
    Drop,
    /// Their batch is filled from the beginning of the same order.
    Wrap,
}

/// The batching cannot be done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BatchingError {
    /// Batches of nothing.
    #[error("batches of 0 examples: take at least 1")]
    Zero,
    /// Nothing to make batches of.
    #[error("no examples to make batches of: give at least 1")]
    NoExamples,
    /// All examples would be dropped.
    #[error(
        "batches of {size} from {examples} examples with the last one dropped leave none: \
         take batches of at most {examples}, or keep the last one"
    )]
    NothingLeft {
        /// Examples in a batch.
        size: usize,
        /// Examples in the set.
        examples: usize,
    },
    /// Filling the batch would need the order more than once over.
    #[error(
        "batches of {size} cannot be filled by going round {examples} examples once: \
         take batches of at most {}, or keep the last one as it is",
        2 * .examples
    )]
    NotFilled {
        /// Examples in a batch.
        size: usize,
        /// Examples in the set.
        examples: usize,
    },
}

/// A [`Batching`] of a set of a known number of examples, at least one batch an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Batches {
    size: usize,
    order: Order,
    last: Last,
    examples: usize,
}

/// The batches of one epoch, each a slice of places of examples.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Epoch {
    order: Vec<usize>,
    size: usize,
}

impl Batching {
    /// Batches of `size` examples without replacement, reshuffled every epoch, the last batch kept.
    pub fn of(size: usize) -> Batching {
        Batching { size: Size::Of(size), order: Order::default(), last: Last::default() }
    }

    /// All examples in one batch, in stored order.
    pub fn full() -> Batching {
        Batching { size: Size::Full, order: Order::Stored, last: Last::default() }
    }

    /// The batches of a set of so many examples. It is an error if there are none, if a batch is empty, if
    /// all batches would be dropped, or if a wrapped batch would go round more than once.
    pub fn over(self, examples: usize) -> Result<Batches, BatchingError> {
        let Batching { size, order, last } = self;
        let size = match size {
            Size::Of(size) => size,
            Size::Full => examples,
        };
        match (size, last) {
            _ if examples == 0 => Err(BatchingError::NoExamples),
            (0, _) => Err(BatchingError::Zero),
            (_, Last::Drop) if size > examples => {
                Err(BatchingError::NothingLeft { size, examples })
            }
            (_, Last::Wrap) if size.div_ceil(2) > examples => {
                Err(BatchingError::NotFilled { size, examples })
            }
            _ => Ok(Batches { size, order, last, examples }),
        }
    }
}

impl Batches {
    /// The batches of one epoch, counted from 0.
    pub fn epoch(&self, seed: u64, epoch: u64) -> Epoch {
        let n = self.examples;
        let stream = Stream::new(seed, "batches");
        let mut order = match self.order {
            Order::Reshuffled => stream.substream(epoch).permutation(n),
            Order::ShuffledOnce => stream.substream(0).permutation(n),
            Order::Stored => (0..n).collect(),
            Order::WithReplacement => {
                let draws = stream.substream(epoch);
                (0..n as u64).map(|draw| draws.below(draw, n as u64) as usize).collect()
            }
        };
        let whole = || self.steps_per_epoch() * self.size;
        match self.last {
            Last::Keep => {}
            Last::Drop => order.truncate(whole()),
            Last::Wrap => order.extend_from_within(..whole() - n),
        }
        Epoch { order, size: self.size }
    }

    /// How many batches an epoch has, at least 1: n / size rounded down if the last one is dropped, else up.
    pub fn steps_per_epoch(&self) -> usize {
        match self.last {
            Last::Drop => self.examples / self.size,
            Last::Keep | Last::Wrap => self.examples.div_ceil(self.size),
        }
    }

    /// How many examples the largest batch has: the room that a buffer needs.
    pub fn largest(&self) -> usize {
        match self.last {
            Last::Keep => self.size.min(self.examples),
            Last::Drop | Last::Wrap => self.size,
        }
    }
}

impl Epoch {
    /// The batches in order. `skip(k)` costs nothing, so that a run can be resumed within an epoch.
    pub fn iter(&self) -> Chunks<'_, usize> {
        self.order.chunks(self.size)
    }
}

impl<'a> IntoIterator for &'a Epoch {
    type Item = &'a [usize];
    type IntoIter = Chunks<'a, usize>;

    fn into_iter(self) -> Chunks<'a, usize> {
        self.iter()
    }
}

impl fmt::Display for Batching {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.size {
            Size::Of(size) => write!(f, "batches of {size} {}, {}", self.order, self.last),
            Size::Full => write!(f, "full batch {}", self.order),
        }
    }
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Order::Reshuffled => "without replacement, reshuffled every epoch",
            Order::ShuffledOnce => "without replacement, shuffled once",
            Order::Stored => "without replacement, in stored order",
            Order::WithReplacement => "with replacement",
        })
    }
}

impl fmt::Display for Last {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Last::Keep => "last batch kept",
            Last::Drop => "last batch dropped",
            Last::Wrap => "last batch filled from the beginning",
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ORDERS: [Order; 4] =
        [Order::Reshuffled, Order::ShuffledOnce, Order::Stored, Order::WithReplacement];
    const LASTS: [Last; 3] = [Last::Keep, Last::Drop, Last::Wrap];

    fn lengths(epoch: &Epoch) -> Vec<usize> {
        epoch.iter().map(<[usize]>::len).collect()
    }

    fn sorted(epoch: &Epoch) -> Vec<usize> {
        let mut indices = epoch.iter().flatten().copied().collect::<Vec<_>>();
        indices.sort_unstable();
        indices
    }

    #[test]
    fn the_last_batch_is_kept_dropped_or_filled() {
        for order in ORDERS {
            let lengths = |size, last| {
                lengths(
                    &Batching { order, last, ..Batching::of(size) }.over(7).unwrap().epoch(1, 2),
                )
            };
            assert_eq!(lengths(1, Last::Keep), [1; 7]);
            assert_eq!(lengths(3, Last::Keep), [3, 3, 1]);
            assert_eq!(lengths(3, Last::Drop), [3, 3]);
            assert_eq!(lengths(3, Last::Wrap), [3, 3, 3]);
            for last in LASTS {
                assert_eq!(lengths(7, last), [7]);
            }
            assert_eq!(lengths(8, Last::Keep), [7]);
            assert_eq!(lengths(8, Last::Wrap), [8]);
            assert_eq!(lengths(14, Last::Wrap), [14]);
            assert_eq!(lengths(usize::MAX, Last::Keep), [7]);
        }
    }

    #[test]
    fn stored_order_is_the_order_of_storage() {
        let batching = Batching { order: Order::Stored, last: Last::Wrap, ..Batching::of(3) };
        let epoch = batching.over(5).unwrap().epoch(9, 9);
        assert_eq!(epoch.iter().collect::<Vec<_>>(), [[0, 1, 2], [3, 4, 0]]);
        let full = Batching::full().over(5).unwrap();
        assert_eq!(full.epoch(9, 9).iter().collect::<Vec<_>>(), [[0, 1, 2, 3, 4]]);
        assert_eq!((full.steps_per_epoch(), full.largest()), (1, 5));
    }

    #[test]
    fn what_cannot_be_done_is_refused() {
        let message = |size, last, n| {
            Batching { last, ..Batching::of(size) }.over(n).unwrap_err().to_string()
        };
        assert_eq!(message(0, Last::Keep, 5), "batches of 0 examples: take at least 1");
        assert_eq!(message(1, Last::Keep, 0), "no examples to make batches of: give at least 1");
        assert_eq!(Batching::full().over(0), Err(BatchingError::NoExamples));
        assert_eq!(
            message(6, Last::Drop, 5),
            "batches of 6 from 5 examples with the last one dropped leave none: \
             take batches of at most 5, or keep the last one"
        );
        for size in [11, usize::MAX] {
            assert_eq!(
                message(size, Last::Wrap, 5),
                format!(
                    "batches of {size} cannot be filled by going round 5 examples once: \
                     take batches of at most 10, or keep the last one as it is"
                )
            );
        }
    }

    #[test]
    fn batchings_read_as_words() {
        let with = |order, last| Batching { order, last, ..Batching::of(64) }.to_string();
        assert_eq!(
            with(Order::Reshuffled, Last::Keep),
            "batches of 64 without replacement, reshuffled every epoch, last batch kept"
        );
        assert_eq!(
            with(Order::ShuffledOnce, Last::Drop),
            "batches of 64 without replacement, shuffled once, last batch dropped"
        );
        assert_eq!(
            with(Order::WithReplacement, Last::Wrap),
            "batches of 64 with replacement, last batch filled from the beginning"
        );
        assert_eq!(Batching::full().to_string(), "full batch without replacement, in stored order");
    }

    #[test]
    fn epochs_and_seeds_differ_where_they_should() {
        for order in ORDERS {
            let batches = Batching { order, ..Batching::of(7) }.over(100).unwrap();
            let same_epochs = batches.epoch(5, 0) == batches.epoch(5, 1);
            assert_eq!(
                same_epochs,
                matches!(order, Order::ShuffledOnce | Order::Stored),
                "{order}"
            );
            let same_seeds = batches.epoch(5, 3) == batches.epoch(6, 3);
            assert_eq!(same_seeds, order == Order::Stored, "{order}");
        }
        let epoch =
            |order, epoch| Batching { order, ..Batching::of(7) }.over(100).unwrap().epoch(5, epoch);
        assert_eq!(epoch(Order::ShuffledOnce, 4), epoch(Order::Reshuffled, 0));
    }

    /// Over many seeds, each example is in the first and in the last batch as often as any other, whether
    /// that batch is drawn or a part of a permutation.
    #[test]
    fn a_batch_is_a_fair_sample() {
        const TRIALS: u64 = 20_000;
        const N: usize = 11;
        for order in [Order::Reshuffled, Order::ShuffledOnce, Order::WithReplacement] {
            let batches = Batching { order, ..Batching::of(4) }.over(N).unwrap();
            for place in [0, 2] {
                let mut seen = [0_u32; N];
                for seed in 0..TRIALS {
                    for &example in batches.epoch(seed, 1).iter().nth(place).unwrap() {
                        seen[example] += 1;
                    }
                }
                // With replacement a count is Binomial(TRIALS · length, 1 / N); without, its variance is
                // smaller.
                let draws = TRIALS as f64 * [4.0, 4.0, 3.0][place];
                let (mean, p) = (draws / N as f64, 1.0 / N as f64);
                let bound = 5.0 * (draws * p * (1.0 - p)).sqrt();
                assert!(
                    seen.iter().all(|&count| (f64::from(count) - mean).abs() < bound),
                    "{seen:?}"
                );
            }
        }
    }

    /// The mean of a batch of b independent draws has the mean of the set, and its variance over b. Without
    /// replacement the variance is smaller by the factor (n − b) / (n − 1): Cochran, *Sampling Techniques*,
    /// 1977, theorem 2.2.
    #[test]
    fn batch_means_are_unbiased_with_the_known_variance() {
        const N: usize = 50;
        const TRIALS: usize = 40_000;
        let value = |example: usize| (example * example) as f64;
        let mean = (0..N).map(value).sum::<f64>() / N as f64;
        let variance = (0..N).map(|i| (value(i) - mean).powi(2)).sum::<f64>() / N as f64;
        let b = 8.0;
        for (order, variance) in [
            (Order::WithReplacement, variance / b),
            (Order::Reshuffled, variance / b * (N as f64 - b) / (N as f64 - 1.0)),
        ] {
            let batches = Batching { order, ..Batching::of(8) }.over(N).unwrap();
            // One batch of each epoch, so that they are independent.
            let deviations: Vec<f64> = (0..TRIALS as u64)
                .map(|epoch| {
                    let epoch = batches.epoch(3, epoch);
                    epoch.iter().next().unwrap().iter().map(|&i| value(i)).sum::<f64>() / b - mean
                })
                .collect();
            let bias = deviations.iter().sum::<f64>() / TRIALS as f64;
            assert!(bias.abs() < 5.0 * (variance / TRIALS as f64).sqrt(), "{order}: {bias}");
            let measured = deviations.iter().map(|d| d * d).sum::<f64>() / TRIALS as f64;
            // A batch mean is nearly normal, for which the estimate has a relative error of √(2 / TRIALS).
            let error = (measured / variance - 1.0).abs();
            assert!(error < 5.0 * (2.0 / TRIALS as f64).sqrt(), "{order}: {measured} {variance}");
        }
    }

    proptest! {
        #[test]
        fn without_replacement_each_example_comes_once(
            n in 1_usize..300,
            size in 1_usize..400,
            seed: u64,
            epoch: u64,
            order in prop::sample::select(&ORDERS[..3]),
        ) {
            let batches = Batching { order, ..Batching::of(size) }.over(n).unwrap();
            let epoch = batches.epoch(seed, epoch);
            prop_assert_eq!(sorted(&epoch), (0..n).collect::<Vec<_>>());
            // Batch means, weighted with the lengths, make the mean over the set.
            let weighted: usize = epoch.iter().map(|batch| batch.iter().sum::<usize>()).sum();
            prop_assert_eq!(weighted, n * (n - 1) / 2);
        }

        #[test]
        fn dropping_and_wrapping_keep_the_order(
            n in 1_usize..300,
            size in 1_usize..400,
            seed: u64,
            epoch: u64,
            order in prop::sample::select(&ORDERS[..]),
        ) {
            let indices = |last| {
                let batches = Batching { order, last, ..Batching::of(size) }.over(n).ok()?;
                Some(batches.epoch(seed, epoch).iter().flatten().copied().collect::<Vec<_>>())
            };
            let kept = indices(Last::Keep).unwrap();
            match indices(Last::Drop) {
                Some(dropped) => prop_assert_eq!(&dropped[..], &kept[..n / size * size]),
                None => prop_assert!(size > n),
            }
            match indices(Last::Wrap) {
                Some(wrapped) => {
                    prop_assert_eq!(wrapped.len() % size, 0);
                    prop_assert!(wrapped.len() - n < size);
                    prop_assert!(wrapped.iter().eq(kept.iter().cycle().take(wrapped.len())));
                }
                None => prop_assert!(size > 2 * n),
            }
        }

        #[test]
        fn epochs_are_pure_and_as_long_as_they_say(
            n in 1_usize..300,
            size in 1_usize..400,
            seed: u64,
            epoch: u64,
            order in prop::sample::select(&ORDERS[..]),
            last in prop::sample::select(&LASTS[..]),
        ) {
            let batching = Batching { order, last, ..Batching::of(size) };
            let Ok(batches) = batching.over(n) else {
                prop_assert!(size > n && last != Last::Keep);
                return Ok(());
            };
            let got = batches.epoch(seed, epoch);
            prop_assert_eq!(&got, &batching.over(n).unwrap().epoch(seed, epoch));
            prop_assert_eq!(got.iter().len(), batches.steps_per_epoch());
            prop_assert!(batches.steps_per_epoch() > 0);
            prop_assert_eq!(got.iter().map(<[usize]>::len).max(), Some(batches.largest()));
            prop_assert!(got.iter().flatten().all(|&example| example < n));
        }
    }
}
