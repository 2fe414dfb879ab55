//! A rule: a pure function of one coordinate, and how rules join into chains.
//!
//! ```text
//! (θ, u, slots) ─► rule ─► (u′, slots′)          θ ← θ − u  after the last rule of a chain
//! ```
//!
//! The first rule of a chain gets the gradient as u. What is the same for all coordinates of a step
//! (bias corrections, the learning rate, a clipping factor) is worked out once, in `f64`; the closure
//! that is left is swept over the coordinates by a [`Chain`](crate::Chain).

mod adabelief;
mod adadelta;
mod adagrad;
mod adam;
mod adamax;
mod ademamix;
mod amsgrad;
mod cautious;
mod centered_rmsprop;
mod clip;
mod decay;
mod heavy_ball;
mod identity;
mod l2;
mod lion;
mod momentum;
mod nadam;
mod nesterov;
mod prodigy;
mod radam;
mod rmsprop;
mod rprop;
mod scale;
mod schedule_free;
mod signum;
mod yogi;

pub use adabelief::{Adabelief, adabelief};
pub use adadelta::{Adadelta, adadelta};
pub use adagrad::{Adagrad, adagrad};
pub use adam::{Adam, adam};
pub use adamax::{Adamax, adamax};
pub use ademamix::{Ademamix, ademamix};
pub use amsgrad::{Amsgrad, amsgrad};
pub use cautious::{Cautious, cautious};
pub use centered_rmsprop::{CenteredRmsprop, centered_rmsprop};
pub use clip::{Clip, clip_global_norm, clip_norm, clip_value};
pub use decay::{Decay, decay};
pub use heavy_ball::{HeavyBall, heavy_ball};
pub(crate) use identity::Identity;
pub use l2::{L2, l2};
pub use lion::{Lion, lion};
pub use momentum::{Momentum, momentum};
pub use nadam::{Nadam, nadam};
pub use nesterov::{Nesterov, nesterov};
pub use prodigy::{Prodigy, ProdigyNumbers};
pub use radam::{Radam, radam};
pub use rmsprop::{Rmsprop, rmsprop};
pub use rprop::{Rprop, rprop};
pub use scale::{Scale, scale};
pub use schedule_free::{
    Averaging, ScheduleFreeAdamw, ScheduleFreeSgd, schedule_free_adamw, schedule_free_sgd,
};
pub use signum::{Signum, signum};
pub use yogi::{Yogi, yogi};

use crate::Lane;

/// What a chain is made of.
///
/// A new rule needs a struct with its hyperparameters, [`Rule::at`], and the names of its slots:
///
/// ```
/// use thalweg_optim::{Chain, Lane, Link, Optimizer, Remembered, Rule, Segment, Step, Update, scale};
///
/// /// The sign of the running mean of the gradient.
/// struct SignOfMean {
///     beta: f64,
/// }
///
/// impl Rule for SignOfMean {
///     type Slots<V: Lane> = [V; 1];
///
///     fn slots(&self) -> Vec<Remembered> {
///         vec![Remembered::signed("sign_of_mean.m")]
///     }
///
///     fn at<V: Lane>(&self, _step: Step) -> impl Update<V, [V; 1]> {
///         let (beta, rest) = (V::letter("β", self.beta), V::letter("(1−β)", 1.0 - self.beta));
///         #[inline(always)]
///         move |_θ, g, [m]| {
///             *m = beta * *m + rest * g;
///             m.sign()
///         }
///     }
/// }
/// impl Link for SignOfMean {}
///
/// let mut optimizer = Chain::new(SignOfMean { beta: 0.9 }.then(scale(0.01)));
/// let (mut w, g) = ([1.0, -2.0], [3.0, -4.0]);
/// let w_and_g = Segment { name: "w", shape: &[2], parameters: &mut w, gradient: (&g).into() };
/// optimizer.step(&mut [w_and_g])?;
/// assert_eq!(w, [0.99, -1.99]);
/// assert_eq!(optimizer.formula(), "m ← β·m + (1−β)·g\nθ ← θ − ε·sign(m)");
/// # Ok::<(), thalweg_optim::StepError>(())
/// ```
pub trait Rule: Send + Sync + 'static {
    /// What is remembered of each coordinate: `()`, `[V; 2]`, or a pair of such.
    type Slots<V: Lane>: Slots<V>;

    /// What the slots are, as many as `Slots` holds.
    fn slots(&self) -> Vec<Remembered> {
        Vec::new()
    }

    /// The function of one coordinate at this step, with this step's numbers filled in.
    ///
    /// The closure carries `#[inline(always)]`, so that it melts into the vector loop.
    fn at<V: Lane>(&self, step: Step) -> impl Update<V, Self::Slots<V>>;

    /// How many numbers [`Rule::numbers`] gives.
    const NUMBERS: usize = 0;

    /// Numbers that are remembered of the whole and not of each coordinate: name, rule and letter, and
    /// what they are before the first step.
    fn numbers(&self) -> Vec<(&'static str, f64)> {
        Vec::new()
    }

    /// Moves those numbers on to this step, before [`Rule::at`] sees them in [`Step::numbers`], which
    /// here holds them as the step before left them.
    fn advance(&self, _step: Step, _numbers: &mut [f64]) {}

    /// Which norms of the raw gradient [`Rule::at`] looks at.
    fn wants(&self) -> Wants {
        Wants::Nothing
    }

    /// The bound beyond which the rule clips a coordinate of the gradient at this step: 0 if all are
    /// clipped, ∞ if none is.
    fn clips_above(&self, _step: Step) -> f64 {
        f64::INFINITY
    }

    /// The iterate θ that the algorithm speaks of after `step`, where the parameters are kept at another
    /// point.
    fn iterate<V: Lane>(&self, _step: Step, p: V, _slots: &Self::Slots<V>) -> V {
        p
    }

    /// Whether [`Rule::iterate`] is anything but its second argument.
    fn looks_ahead(&self) -> bool {
        false
    }

    /// What the rule multiplies the update by as learning rate at this step.
    fn learning_rate(&self, _step: Step) -> f64 {
        1.0
    }

    /// The name in a chain; `None` for a rule whose numbers make it change nothing.
    fn name(&self) -> Option<&'static str> {
        let path = std::any::type_name::<Self>();
        path.split('<').next()?.rsplit("::").next()
    }

    /// The rules of a chain, in order.
    fn names(&self) -> Vec<&'static str> {
        self.name().into_iter().collect()
    }

    /// This rule, then `next` on what it gives.
    fn then<B: Link>(self, next: B) -> Then<Self, B>
    where
        Self: Sized,
    {
        Then(self, next)
    }
}

/// A rule that may follow another one.
///
/// [`Clip`] may not: it needs norms, and those are measured on the raw gradient.
///
/// ```compile_fail
/// use thalweg_optim::{Rule, adam, clip_norm};
///
/// let too_late = adam(0.9, 0.999, 1e-8).then(clip_norm(1.0));
/// ```
pub trait Link: Rule {}

/// The function of one coordinate: parameter θ, incoming update u, slots; gives the outgoing update.
pub trait Update<V, S>: Fn(V, V, &mut S) -> V + Copy + Send + Sync {}

impl<V, S, F: Fn(V, V, &mut S) -> V + Copy + Send + Sync> Update<V, S> for F {}

/// All that a rule may know of the step it takes part in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// The number of the step, from 1: the t of bias corrections. Schedules count k = t − 1.
    pub t: u64,
    /// A factor on the learning rate from outside of the chain.
    pub rate: f64,
    /// The Euclidean norm of the raw gradient over all segments, if a rule [`wants`](Rule::wants) it.
    pub global_norm: f64,
    /// The Euclidean norm of the raw gradient of the segment at hand, likewise.
    pub segment_norm: f64,
    /// The rule's own [`numbers`](Rule::numbers), first of all; those of a stage may be no more. A stage
    /// that has none sees those of the stage before it.
    pub numbers: [f64; 4],
}

impl Step {
    /// Step t, from 1, of which no norm is known.
    pub fn new(t: u64) -> Step {
        Step { t, rate: 1.0, global_norm: 0.0, segment_norm: 0.0, numbers: [0.0; 4] }
    }

    /// 1 / (1 − ρᵗ): what undoes the start at 0 of a running mean with memory ρ. A reciprocal, since a
    /// processor multiplies about ten times as fast as it divides.
    pub fn correction(&self, ρ: f64) -> f64 {
        1.0 / (1.0 - ρ.powf(self.t as f64))
    }
}

/// Which norms of the raw gradient a rule looks at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wants {
    /// None: the gradient is read once.
    #[default]
    Nothing,
    /// That of the whole gradient.
    GlobalNorm,
    /// That of each segment, so that the rule is another one for each.
    SegmentNorm,
}

/// A number that a rule remembers of each coordinate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Remembered {
    /// Rule and letter: `adam.s`.
    pub name: &'static str,
    /// What it is before the first step.
    pub start: f64,
    /// Whether it is never negative, so that 8 bits need none for the sign.
    pub square: bool,
}

impl Remembered {
    /// A number of either sign, 0 before the first step.
    pub const fn signed(name: &'static str) -> Remembered {
        Remembered { name, start: 0.0, square: false }
    }

    /// A number that is never negative, 0 before the first step.
    pub const fn square(name: &'static str) -> Remembered {
        Remembered { name, start: 0.0, square: true }
    }

    /// The same with another start.
    pub const fn from(self, start: f64) -> Remembered {
        Remembered { start, ..self }
    }
}

/// What is remembered of one coordinate, as a tree of arrays that mirrors the chain, and flat.
pub trait Slots<V>: Sized {
    /// How many numbers.
    const COUNT: usize;

    /// The tree from its first `COUNT` numbers.
    fn read(flat: &[V]) -> Self;

    /// The numbers of the tree, into the first `COUNT` places.
    fn write(self, flat: &mut [V]);
}

impl<V: Lane> Slots<V> for () {
    const COUNT: usize = 0;

    #[inline(always)]
    fn read(_: &[V]) {}

    #[inline(always)]
    fn write(self, _: &mut [V]) {}
}

impl<V: Lane, const N: usize> Slots<V> for [V; N] {
    const COUNT: usize = N;

    #[inline(always)]
    fn read(flat: &[V]) -> Self {
        std::array::from_fn(|i| flat[i])
    }

    #[inline(always)]
    fn write(self, flat: &mut [V]) {
        flat[..N].copy_from_slice(&self);
    }
}

impl<V: Lane, A: Slots<V>, B: Slots<V>> Slots<V> for (A, B) {
    const COUNT: usize = A::COUNT + B::COUNT;

    #[inline(always)]
    fn read(flat: &[V]) -> Self {
        (A::read(flat), B::read(&flat[A::COUNT..]))
    }

    #[inline(always)]
    fn write(self, flat: &mut [V]) {
        self.0.write(flat);
        self.1.write(&mut flat[A::COUNT..]);
    }
}

/// Two rules in sequence, which is a rule.
#[derive(Clone, Debug, PartialEq)]
pub struct Then<A, B>(A, B);

impl<A: Rule, B: Link> Rule for Then<A, B> {
    type Slots<V: Lane> = (A::Slots<V>, B::Slots<V>);

    fn slots(&self) -> Vec<Remembered> {
        [self.0.slots(), self.1.slots()].concat()
    }

    fn at<V: Lane>(&self, step: Step) -> impl Update<V, Self::Slots<V>> {
        let (first, second) = (self.0.at::<V>(step), self.1.at::<V>(Self::next(step)));
        #[inline(always)]
        move |θ, u, (a, b)| second(θ, first(θ, u, a), b)
    }

    const NUMBERS: usize = A::NUMBERS + B::NUMBERS;

    fn numbers(&self) -> Vec<(&'static str, f64)> {
        [self.0.numbers(), self.1.numbers()].concat()
    }

    fn advance(&self, step: Step, numbers: &mut [f64]) {
        let (first, second) = numbers.split_at_mut(A::NUMBERS);
        self.0.advance(step, first);
        self.1.advance(Self::next(step), second);
    }

    fn wants(&self) -> Wants {
        self.0.wants().max(self.1.wants())
    }

    fn clips_above(&self, step: Step) -> f64 {
        self.0.clips_above(step).min(self.1.clips_above(Self::next(step)))
    }

    #[inline(always)]
    fn iterate<V: Lane>(&self, step: Step, p: V, (a, b): &Self::Slots<V>) -> V {
        self.1.iterate(Self::next(step), self.0.iterate(step, p, a), b)
    }

    fn looks_ahead(&self) -> bool {
        self.0.looks_ahead() || self.1.looks_ahead()
    }

    fn learning_rate(&self, step: Step) -> f64 {
        self.0.learning_rate(step) * self.1.learning_rate(Self::next(step))
    }

    fn names(&self) -> Vec<&'static str> {
        [self.0.names(), self.1.names()].concat()
    }
}

impl<A: Rule, B: Rule> Then<A, B> {
    /// The step as the second rule sees it, whose numbers come after those of the first.
    fn next(mut step: Step) -> Step {
        step.numbers.rotate_left(A::NUMBERS);
        step
    }
}

impl<A: Link, B: Link> Link for Then<A, B> {}
