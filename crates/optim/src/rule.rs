//! A rule: a pure function of one coordinate, and how rules join into chains.
//!
//! ```text
//! (θ, u, slots) ─► rule ─► (u′, slots′)          θ ← θ − u  after the last rule of a chain
//! ```
//!
//! The first rule of a chain gets the gradient as u. What is the same for all coordinates of a step
//! (bias corrections, the learning rate, a clipping factor) is worked out once, in `f64`; the closure
//! that is left is swept over the coordinates by [`Fused`](crate::Fused).

mod adagrad;
mod adam;
mod clip;
mod decay;
mod heavy_ball;
mod l2;
mod momentum;
mod nesterov;
mod rmsprop;
mod scale;

pub use adagrad::{Adagrad, adagrad};
pub use adam::{Adam, adam};
pub use clip::{Clip, clip_global_norm, clip_norm, clip_value};
pub use decay::{Decay, decay};
pub use heavy_ball::{HeavyBall, heavy_ball};
pub use l2::{L2, l2};
pub use momentum::{Momentum, momentum};
pub use nesterov::{Nesterov, nesterov};
pub use rmsprop::{Rmsprop, rmsprop};
pub use scale::{Scale, scale};

use crate::Lane;

/// What a chain is made of.
///
/// A new rule needs a struct with its hyperparameters, [`Rule::at`], and the names of its slots:
///
/// ```
/// use thalweg_optim::{Fused, Lane, Link, Optimizer, Rule, Segment, Step, Update, scale};
///
/// /// The sign of the running mean of the gradient.
/// struct SignOfMean {
///     beta: f64,
/// }
///
/// impl Rule for SignOfMean {
///     type Slots<V: Lane> = [V; 1];
///
///     fn slots(&self) -> Vec<&'static str> {
///         vec!["sign_of_mean.m"]
///     }
///
///     fn at<V: Lane>(&self, _step: &Step) -> impl Update<V, [V; 1]> {
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
/// let mut optimizer = Fused::new(SignOfMean { beta: 0.9 }.then(scale(0.01)));
/// let mut w = [1.0, -2.0];
/// optimizer.step(&mut [Segment { name: "w", shape: &[2], parameters: &mut w, gradient: &[3.0, -4.0] }])?;
/// assert_eq!(w, [0.99, -1.99]);
/// assert_eq!(optimizer.formula(), "m ← β·m + (1−β)·g\nθ ← θ − ε·sign(m)");
/// # Ok::<(), thalweg_optim::StepError>(())
/// ```
pub trait Rule: Send + Sync + 'static {
    /// What is remembered of each coordinate: `()`, `[V; 2]`, or a pair of such.
    type Slots<V: Lane>: Slots<V>;

    /// The names of the slots, rule and letter: `adam.s`. As many as `Slots` holds.
    fn slots(&self) -> Vec<&'static str> {
        Vec::new()
    }

    /// The function of one coordinate at this step, with this step's numbers filled in.
    ///
    /// The closure carries `#[inline(always)]`, so that it melts into the vector loop.
    fn at<V: Lane>(&self, step: &Step) -> impl Update<V, Self::Slots<V>>;

    /// The iterate θ that the algorithm speaks of, where the parameters are kept at another point.
    fn iterate<V: Lane>(&self, p: V, _slots: &Self::Slots<V>) -> V {
        p
    }

    /// Whether [`Rule::iterate`] is anything but its first argument.
    fn looks_ahead(&self) -> bool {
        false
    }

    /// What the rule multiplies the update by as learning rate at step k (from 0).
    fn learning_rate(&self, _k: u64) -> f64 {
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
    /// The Euclidean norm of the raw gradient over all segments.
    pub global_norm: f64,
    /// The Euclidean norm of the raw gradient of the segment at hand.
    pub segment_norm: f64,
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

    fn slots(&self) -> Vec<&'static str> {
        [self.0.slots(), self.1.slots()].concat()
    }

    fn at<V: Lane>(&self, step: &Step) -> impl Update<V, Self::Slots<V>> {
        let (first, second) = (self.0.at::<V>(step), self.1.at::<V>(step));
        #[inline(always)]
        move |θ, u, (a, b)| second(θ, first(θ, u, a), b)
    }

    #[inline(always)]
    fn iterate<V: Lane>(&self, p: V, (a, b): &Self::Slots<V>) -> V {
        self.1.iterate(self.0.iterate(p, a), b)
    }

    fn looks_ahead(&self) -> bool {
        self.0.looks_ahead() || self.1.looks_ahead()
    }

    fn learning_rate(&self, k: u64) -> f64 {
        self.0.learning_rate(k) * self.1.learning_rate(k)
    }

    fn names(&self) -> Vec<&'static str> {
        [self.0.names(), self.1.names()].concat()
    }
}

impl<A: Link, B: Link> Link for Then<A, B> {}
