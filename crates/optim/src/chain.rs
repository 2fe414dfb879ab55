//! A chain of rules as an optimizer.
//!
//! ```text
//! measure norms ─► numbers of the step, in f64 ─► for each coordinate:  load θ, g, slots
//!   (if wanted)                                                         u = chain(θ, g, slots)
//!                                                                       store θ − u, slots
//! ```
//!
//! Rules of coordinates that follow each other are one *stage* and run in one loop; a rule that looks at
//! whole tensors is a stage of its own, and between stages the update lies in a buffer. Most chains are a
//! single stage, one pass over memory.
//!
//! What it must move is the limit of its speed: in `f32` and with n slots, 4 · (3 + 2n) bytes per
//! parameter (θ and slots read and written, g read), which is 28 for Adam. A gradient that is clipped by
//! its norm is read once more. Whether it is finite is seen on the way.

mod stage;
mod state;
mod sweep;
mod walk;

use std::fmt;
use std::sync::Arc;

use half::bf16;
use thalweg_random::Stream;

use self::stage::{Inner, Last, Stage, Whole};
use self::state::State;
use self::sweep::MAX_SLOTS;
use self::walk::{Load, Tally, Way};
use crate::norm::{self, Measured};
use crate::optimizer::{Around, NonFinite, Norms, Observe, Outcome, Part};
use crate::saved::{Loader, STEPS, Slot};
use crate::symbol::GRADIENT;
use crate::{
    Expression, Gradient, Level, Optimizer, Real, Rule, Segments, Step, StepError, StepInfo,
    Stored, TensorRule, Wants,
};

/// A chain of rules over segments.
///
/// ```
/// use thalweg_optim::{Chain, Optimizer, Rule, Segment, adam, decay, scale};
///
/// let mut adamw = Chain::new(adam(0.9, 0.999, 1e-8).then(decay(0.1)).then(scale(1e-3)));
/// let (mut w, g) = (vec![1.0f32; 6], vec![0.5f32; 6]);
/// let w_and_g = Segment { name: "w", shape: &[2, 3], parameters: &mut w, gradient: (&g).into() };
/// adamw.step(&mut [w_and_g])?;
/// // The first step of Adam has the size of the learning rate, and the decay adds a tenth.
/// assert!((w[0] - (1.0 - 0.0011)).abs() < 1e-6);
/// # Ok::<(), thalweg_optim::StepError>(())
/// ```
pub struct Chain<T: Stored> {
    stages: Vec<Box<dyn Stage<T::Real>>>,
    level: Level,
    options: ChainOptions,
    observe: Observe,

    // Moved on by each step.
    steps: u64,
    skipped: u64,
    state: State<T::Real>,
    numbers: Vec<f64>,

    // Worked out anew at each step.
    next_numbers: Vec<f64>,
    norms: Vec<f64>,
    tallies: Vec<Tally>,
    updates: Vec<T::Real>,
    wide: Vec<T::Real>,
    samples: Vec<f64>,
    last: Option<StepInfo>,
}

/// How a chain keeps things, apart from its rules.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ChainOptions {
    /// What happens at a gradient that is not finite.
    pub non_finite: NonFinite,
    /// How slots are kept. Steps are calculated in full precision all the same.
    pub slots: SlotFormat,
    /// How parameters are rounded that are stored in fewer bits than they are calculated in.
    pub rounding: Rounding,
    /// What random rounding comes from, besides the step and the place of a coordinate.
    pub seed: u64,
}

/// How slots are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SlotFormat {
    /// As they are calculated with.
    #[default]
    Full,
    /// In 16 bits, rounded at random: a mean of squares moves by less than its last place, which rounding to
    /// the nearest would never let it do.
    Bf16,
    /// In 8 bits and a scale for each 256 coordinates.
    Int8,
}

/// How parameters are rounded that are stored in fewer bits than they are calculated in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rounding {
    /// Never for the next step: a master copy in full precision goes along, and what is stored is the
    /// nearest to it.
    #[default]
    Master,
    /// At random, so that the mean is right, and without a copy. The same seed gives the same bits.
    Stochastic,
}

impl<T: Stored> Chain<T> {
    /// A chain whose rules run in one loop.
    pub fn new(rule: impl Rule) -> Chain<T> {
        Stages::new().end(rule)
    }

    /// The same chain with other options.
    pub fn with(mut self, options: ChainOptions) -> Chain<T> {
        self.options = options;
        self.state = State::new(&self.stages, options.slots);
        self
    }

    /// The same at another level of vector instructions; the bits are those of any other.
    pub fn at_level(self, level: Level) -> Chain<T> {
        Chain { level, ..self }
    }

    fn of(stages: Vec<Box<dyn Stage<T::Real>>>) -> Chain<T> {
        let numbers: Vec<f64> =
            stages.iter().flat_map(|stage| stage.numbers()).map(|(_, start)| start).collect();
        let options = ChainOptions::default();
        let state = State::new(&stages, options.slots);
        Chain {
            level: Level::widest(),
            options,
            observe: Observe::Nothing,
            steps: 0,
            skipped: 0,
            state,
            next_numbers: numbers.clone(),
            numbers,
            norms: Vec::new(),
            tallies: Vec::new(),
            updates: Vec::new(),
            wide: Vec::new(),
            samples: Vec::new(),
            last: None,
            stages,
        }
    }

    fn wants(&self) -> Wants {
        self.stages.iter().map(|stage| stage.wants()).max().unwrap_or_default()
    }

    /// Whether parameters are stored in fewer bits than they are calculated in.
    fn is_narrow() -> bool {
        size_of::<T>() < size_of::<T::Real>()
    }

    fn has_master(&self) -> bool {
        Self::is_narrow() && self.options.rounding == Rounding::Master
    }

    fn has_tensor_rules(&self) -> bool {
        // A chain ends with a rule of coordinates.
        self.stages.len() > 1
    }

    /// The step t as the stage sees it, with its own numbers out of `numbers`.
    fn step_of(&self, stage: usize, mut step: Step, numbers: &[f64]) -> Step {
        // A stage without numbers sees those of the stage before it.
        let with = (0..=stage).rev().find(|stage| self.stages[*stage].numbers_count() > 0);
        let range = self.numbers_of(with.unwrap_or(stage));
        step.numbers[..range.len()].copy_from_slice(&numbers[range]);
        step
    }

    /// Where the numbers of a stage are among all.
    fn numbers_of(&self, stage: usize) -> std::ops::Range<usize> {
        let begin: usize = self.stages[..stage].iter().map(|stage| stage.numbers_count()).sum();
        begin..begin + self.stages[stage].numbers_count()
    }

    /// Refuses sparse gradients where they cannot be.
    fn check_rows(&self, segments: &mut dyn Segments<T>) -> Result<(), StepError> {
        let problem = if self.stages.len() > 1 {
            "a rule of whole tensors needs the whole gradient; make it dense"
        } else if self.options.slots == SlotFormat::Int8 {
            "8-bit slots are kept in blocks across rows; keep the slots in full or in bf16"
        } else {
            return Ok(());
        };
        for index in 0..segments.count() {
            let segment = segments.segment(index);
            if let Gradient::Rows { .. } = segment.gradient {
                let (segment, problem) = (segment.name.to_owned(), problem.to_owned());
                return Err(StepError::Rows { segment, problem });
            }
        }
        Ok(())
    }

    /// Fills `norms` and gives the norm of the whole gradient, or where it is not finite.
    fn measure(&mut self, segments: &mut dyn Segments<T>) -> Result<f64, Measured> {
        self.norms.resize(segments.count(), 0.0);
        let zero = self.options.non_finite == NonFinite::Zero;
        norm::of_segments(self.level, segments, zero, &mut self.norms)
    }

    fn non_finite_error(&self, segments: &mut dyn Segments<T>, t: u64, index: usize) -> StepError {
        let segment = segments.segment(index);
        let name = segment.name.to_owned();
        match norm::first_non_finite(segment.gradient) {
            Some((index, value)) => StepError::NonFinite { step: t, segment: name, index, value },
            None => StepError::Overflow { step: t, segment: name },
        }
    }

    /// Takes the step over all stages.
    fn run(&mut self, segments: &mut dyn Segments<T>, step: Step) {
        let count = self.stages.len();
        let length = self.state.starts[segments.count()];
        if count > 1 && self.updates.len() < length {
            self.updates.resize(length, T::Real::default());
        }
        if Self::is_narrow() && self.has_tensor_rules() {
            self.widen(segments);
        }
        self.tallies.clear();
        self.tallies.resize(segments.count(), Tally::default());
        let key = Stream::new(self.options.seed, "optimizer/rounding").substream(step.t);
        let starts = std::mem::take(&mut self.state.starts);
        let block_starts = std::mem::take(&mut self.state.block_starts);
        for index in 0..count {
            let step = self.step_of(index, step, &self.next_numbers);
            let Chain { stages, norms, updates, tallies, wide, observe, .. } = self;
            let clips_above = |segment: usize| {
                let segment_norm = norms.get(segment).copied().unwrap_or_default();
                let step = Step { segment_norm, ..step };
                stages.iter().map(|stage| stage.clips_above(step)).fold(f64::INFINITY, f64::min)
            };
            let (slots, tensor_starts, master) = self.state.parts(index, &starts);
            let way = Way {
                level: self.level,
                stage: &*stages[index],
                step,
                norms,
                starts: &starts,
                block_starts: &block_starts,
                tensor_starts,
                first: index == 0,
                observe: *observe,
                clips_above: &clips_above,
                noise: walk::Rounding::new(key.substream(index as u64)),
                wide,
            };
            let updates = if count > 1 { &mut updates[..length] } else { &mut [] };
            way.go(Load { segments, first: 0, slots, master, updates, tallies });
            // In the order of the segments, so that the sum has the same bits for any number of threads.
            let sums = self.tallies.iter_mut().map(|tally| std::mem::take(&mut tally.sums));
            let sums = sums.fold([0.0; 2], |sum, of_one| [sum[0] + of_one[0], sum[1] + of_one[1]]);
            let range = self.numbers_of(index);
            self.stages[index].settle(step, sums, &mut self.next_numbers[range]);
        }
        (self.state.starts, self.state.block_starts) = (starts, block_starts);
    }

    /// Writes the parameters in the numbers that are calculated with, for the rules that look at tensors.
    fn widen(&mut self, segments: &mut dyn Segments<T>) {
        self.wide.resize(self.state.starts[segments.count()], T::Real::default());
        for index in 0..segments.count() {
            let range = self.state.starts[index]..self.state.starts[index + 1];
            match &self.state.master {
                Some(master) => self.wide[range.clone()].copy_from_slice(&master[range]),
                None => T::load(segments.segment(index).parameters, &mut self.wide[range]),
            }
        }
    }

    /// Parameters at a fixed sample of places, for the effective rates.
    fn sample(&mut self, segments: &mut dyn Segments<T>) {
        self.samples.clear();
        for index in 0..segments.count() {
            let parameters = segments.segment(index).parameters;
            let stride = stride(parameters.len());
            self.samples.extend(parameters.iter().step_by(stride).map(|p| p.to_f64()));
        }
    }

    /// The quantiles of |Δθ|/|g| over the sample.
    fn rates(&mut self, segments: &mut dyn Segments<T>) -> Option<[f64; 5]> {
        let (mut at, mut kept) = (0, 0);
        for index in 0..segments.count() {
            let segment = segments.segment(index);
            let dense: &dyn Fn(usize) -> f64 = match segment.gradient {
                Gradient::Dense(g) => &move |i| g[i].to_f64(),
                Gradient::Wide(g) => &move |i| g[i].to_f64(),
                Gradient::Missing | Gradient::Rows { .. } => &|_| 0.0,
            };
            let stride = stride(segment.parameters.len());
            for (i, p) in segment.parameters.iter().enumerate().step_by(stride) {
                let (before, g) = (self.samples[at], dense(i).abs());
                at += 1;
                if g > 0.0 && g.is_finite() {
                    // What was read lies before what is written.
                    self.samples[kept] = (p.to_f64() - before).abs() / g;
                    kept += 1;
                }
            }
        }
        let rates = &mut self.samples[..kept];
        rates.sort_unstable_by(f64::total_cmp);
        let quantile = |q: usize| rates[q * (kept - 1) / 4];
        (kept > 0).then(|| [0, 1, 2, 3, 4].map(quantile))
    }

    fn info(&self, step: Step, outcome: Outcome, gradient_norm: Option<f64>) -> StepInfo {
        let total = self.tallies.iter().fold(Tally::default(), |sum, tally| sum.and(*tally));
        let coordinates = self.state.starts.last().copied().unwrap_or_default().max(1);
        let observed = outcome == Outcome::Taken && self.observe > Observe::Nothing;
        let norms = observed.then(|| Norms {
            update: total.update.sqrt(),
            parameters: total.parameters.sqrt(),
            clipped: total.clipped as f64 / coordinates as f64,
        });
        let learning_rate = (0..self.stages.len())
            .map(|stage| {
                self.stages[stage].learning_rate(self.step_of(stage, step, &self.next_numbers))
            })
            .product();
        StepInfo {
            step: self.steps,
            outcome,
            learning_rate,
            gradient_norm: gradient_norm.or(observed.then(|| total.gradient.sqrt())),
            non_finite: if outcome == Outcome::Taken { total.bad } else { 0 },
            skipped: self.skipped,
            norms,
            rates: None,
        }
    }
}

/// Every so many coordinates of a segment are in the sample: at most some 4,096 are.
fn stride(length: usize) -> usize {
    length.div_ceil(4096).max(1)
}

impl<T: Stored> Optimizer<T> for Chain<T> {
    fn step_within(
        &mut self,
        segments: &mut dyn Segments<T>,
        around: &Around,
    ) -> Result<StepInfo, StepError> {
        self.check(segments)?;
        let t = self.steps + 1;
        let mut step = Step { rate: around.rate, ..Step::new(t) };

        let known = around.global_norm.filter(|_| self.wants() < Wants::SegmentNorm);
        let mut gradient_norm = known;
        if known.is_none() && self.measures_first() {
            match self.measure(segments) {
                Ok(norm) => gradient_norm = Some(norm),
                Err(Measured { .. }) if self.options.non_finite == NonFinite::Skip => {
                    self.skipped += 1;
                    let info = self.info(step, Outcome::Skipped, None);
                    self.last = Some(info);
                    return Ok(info);
                }
                Err(Measured { segment }) => {
                    return Err(self.non_finite_error(segments, t, segment));
                }
            }
        }
        step.global_norm = gradient_norm.unwrap_or_default();

        self.next_numbers.copy_from_slice(&self.numbers);
        let mut begin = 0;
        for stage in 0..self.stages.len() {
            let step = self.step_of(stage, step, &self.numbers);
            let count = self.stages[stage].numbers_count();
            self.stages[stage].advance(step, &mut self.next_numbers[begin..][..count]);
            begin += count;
        }
        let with_master = self.has_master();
        self.state.settle(segments, &self.stages, with_master);
        if self.observe == Observe::Rates {
            self.sample(segments);
        }
        self.run(segments, step);
        self.steps = t;
        self.numbers.copy_from_slice(&self.next_numbers);

        let mut info = self.info(step, Outcome::Taken, gradient_norm);
        if self.observe == Observe::Rates {
            info.rates = self.rates(segments);
        }
        self.last = Some(info);
        if info.non_finite > 0 && self.options.non_finite == NonFinite::Stop {
            let segment = self.tallies.iter().position(|tally| tally.bad > 0).unwrap_or_default();
            return Err(self.non_finite_error(segments, t, segment));
        }
        Ok(info)
    }

    fn check(&self, segments: &mut dyn Segments<T>) -> Result<(), StepError> {
        self.state.check(segments, self.steps + 1)?;
        self.check_rows(segments)
    }

    fn moved(&mut self, segments: &mut dyn Segments<T>) {
        let State { master, starts, .. } = &mut self.state;
        if let Some(master) = master {
            for index in 0..segments.count() {
                let part = &mut master[starts[index]..starts[index + 1]];
                T::load(segments.segment(index).parameters, part);
            }
        }
    }

    fn non_finite(&self) -> NonFinite {
        self.options.non_finite
    }

    fn steps(&self) -> u64 {
        self.steps
    }

    fn to_iterate(&self, segments: &mut dyn Segments<T>) {
        // Before the first step there is no state, and the start is the iterate.
        if self.steps == 0 || !self.looks_ahead() {
            return;
        }
        let step = Step::new(self.steps);
        for index in 0..self.state.places.len() {
            let parameters = segments.segment(index).parameters;
            let mut reals = vec![T::Real::default(); parameters.len()];
            T::load(parameters, &mut reals);
            for (number, stage) in self.stages.iter().enumerate() {
                let slots = self.state.decoded(number, index);
                let step = self.step_of(number, step, &self.numbers);
                stage.to_iterate(step, &mut reals, slots.each_ref().map(Vec::as_slice));
            }
            T::store(&reals, parameters);
        }
    }

    fn looks_ahead(&self) -> bool {
        self.stages.iter().any(|stage| stage.looks_ahead())
    }

    fn slots(&self) -> Vec<Slot<'_>> {
        let names = self.stages.iter().flat_map(|stage| stage.numbers());
        let numbers = std::iter::zip(names, &self.numbers)
            .map(|((name, _), x)| Slot::number(format!("@{name}"), *x));
        let counts = [(STEPS, self.steps), ("@skipped", self.skipped)]
            .map(|(name, count)| Slot::number(name.to_owned(), count as f64));
        self.state.slots().into_iter().chain(counts).chain(numbers).collect()
    }

    fn load(&mut self, segments: &mut dyn Segments<T>, saved: &mut Loader) {
        let steps = saved.steps(STEPS);
        // A state of version 1 knew of no skipped steps.
        let skipped = if saved.has("@skipped") { saved.steps("@skipped") } else { 0 };
        let names = self.stages.iter().flat_map(|stage| stage.numbers());
        let numbers: Vec<f64> = names.map(|(name, _)| saved.number(&format!("@{name}"))).collect();
        let mut state = State::new(&self.stages, self.options.slots);
        let with_master = self.has_master();
        state.settle(segments, &self.stages, with_master);
        // Before the first step nothing is remembered, and nothing was saved.
        if steps == 0 && !state.is_in(saved) {
            state = State::new(&self.stages, self.options.slots);
        } else {
            state.load(saved);
        }
        if saved.commits() {
            (self.steps, self.skipped) = (steps, skipped);
            (self.numbers, self.state) = (numbers, state);
            self.last = None;
        }
    }

    fn observe(&mut self, observe: Observe) {
        self.observe = observe;
    }

    fn parts(&self) -> Vec<Part> {
        vec![Part { name: Arc::from("*"), last: self.last }]
    }

    fn measures_first(&self) -> bool {
        let first = matches!(self.options.non_finite, NonFinite::Refuse | NonFinite::Skip);
        first || self.wants() > Wants::Nothing
    }

    fn state_bytes(&self, shape: &[usize]) -> u64 {
        let coordinates = shape.iter().product::<usize>() as u64;
        let slots =
            |stage: &dyn Stage<T::Real>| state::state_bytes(stage, shape, self.options.slots);
        let full = size_of::<T::Real>() as u64 * coordinates;
        let master = if self.has_master() { full } else { 0 };
        let updates = if self.stages.len() > 1 { full } else { 0 };
        self.stages.iter().map(|stage| slots(&**stage)).sum::<u64>() + master + updates
    }

    fn step_bytes(&self) -> f64 {
        let (stored, real) = (size_of::<T>() as f64, size_of::<T::Real>() as f64);
        let slot = match self.options.slots {
            SlotFormat::Full => real,
            SlotFormat::Bf16 => size_of::<bf16>() as f64,
            SlotFormat::Int8 => 1.0 + 4.0 / 256.0,
        };
        let slots: usize = self.stages.iter().map(|stage| stage.slots().len()).sum();
        // θ and g read, θ written; slots and master read and written; what goes from stage to stage
        // written and read.
        let measured = if self.measures_first() { stored } else { 0.0 };
        let master = if self.has_master() { 2.0 * real - stored } else { 0.0 };
        let between = 2.0 * real * (self.stages.len() - 1) as f64;
        3.0 * stored + 2.0 * slot * slots as f64 + measured + master + between
    }

    fn chain(&self) -> String {
        let names: Vec<_> = self.stages.iter().flat_map(|stage| stage.names()).collect();
        names.join(" → ")
    }

    fn formula(&self) -> String {
        self.lines().into_iter().map(|line| line.text).collect::<Vec<_>>().join("\n")
    }

    fn latex(&self) -> String {
        self.lines().into_iter().map(|line| line.latex).collect::<Vec<_>>().join(" \\\\\n")
    }

    fn expressions(&self, segments: &mut dyn Segments<T>) -> Result<Vec<Expression>, StepError> {
        let mut expression = Expression::start(0..segments.count(), self.chain(), self.formula());
        self.stages.iter().fold(GRADIENT, |input, stage| stage.terms(&mut expression, input));
        Ok(vec![expression])
    }
}

impl<T: Stored> Chain<T> {
    fn lines(&self) -> Vec<crate::symbol::Line> {
        let input = |stage: usize| if stage == 0 { "g" } else { "u" };
        self.stages
            .iter()
            .enumerate()
            .flat_map(|(index, stage)| stage.lines(input(index)))
            .collect()
    }
}

impl<T: Stored> fmt::Debug for Chain<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Chain { options, steps, .. } = self;
        f.debug_struct("Chain")
            .field("rules", &self.chain())
            .field("options", options)
            .field("steps", steps)
            .finish_non_exhaustive()
    }
}

/// The stages of a chain, in order, until [`Stages::end`] makes a chain of them.
///
/// ```
/// use thalweg_optim::tensor::lamb;
/// use thalweg_optim::{Chain, Optimizer, Rule, Stages, adam, decay, scale};
///
/// let chain: Chain<f32> =
///     Stages::new().rule(adam(0.9, 0.999, 1e-6).then(decay(0.01))).tensor(lamb()).end(scale(1e-3));
/// assert_eq!(chain.chain(), "Adam → Decay → Lamb → Scale");
/// ```
pub struct Stages<R: Real>(Vec<Box<dyn Stage<R>>>);

impl<R: Real> Stages<R> {
    /// None yet.
    pub fn new() -> Stages<R> {
        Stages(Vec::new())
    }

    /// Then a rule of coordinates, or several that are joined.
    pub fn rule(mut self, rule: impl Rule) -> Stages<R> {
        self.0.push(Box::new(Inner::new(rule)));
        self
    }

    /// Then a rule of whole tensors.
    pub fn tensor(mut self, rule: impl TensorRule<R>) -> Stages<R> {
        self.0.push(Box::new(Whole(rule)));
        self
    }

    /// At the end the rule that moves the parameters.
    pub fn end<T: Stored<Real = R>>(mut self, rule: impl Rule) -> Chain<T> {
        self.0.push(Box::new(Last::new(rule)));
        Chain::of(self.0)
    }
}

impl<R: Real> Default for Stages<R> {
    fn default() -> Self {
        Stages::new()
    }
}

impl<R: Real> fmt::Debug for Stages<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().flat_map(|stage| stage.names())).finish()
    }
}

/// Slots of a stage's coordinates that are not there.
const _: () = assert!(MAX_SLOTS <= state::MAX_TENSOR_SLOTS);
