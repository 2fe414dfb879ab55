//! A chain of rules as an optimizer: one pass over memory for the whole chain.
//!
//! ```text
//! measure norms ─► numbers of the step, in f64 ─► for each coordinate:  load θ, g, slots
//!                                                                       u = chain(θ, g, slots)
//!                                                                       store θ − u, slots
//! ```
//!
//! What it must move is the limit of its speed: in `f32` and with n slots, 4 · (3 + 2n) bytes per
//! parameter (θ and slots read and written, g read), which is 28 for Adam. The norm reads g once more,
//! before anything is changed, so that a step on a gradient that is not finite leaves no trace.

use crate::norm::{BLOCK, GRAIN, middle, norm};
use crate::state::State;
use crate::{
    Level, Optimizer, Real, Rule, SavedSlot, Segment, Segments, Slot, Slots, StateError, Step,
    StepError, StepInfo, Update, symbol,
};

/// How many numbers per coordinate a chain may remember.
const MAX_SLOTS: usize = 4;

/// The steps that `f64`, in which bias corrections are worked out, can count.
const MAX_STEPS: u64 = 1 << f64::MANTISSA_DIGITS;

/// Runs a chain of rules over segments.
#[derive(Clone, Debug)]
pub struct Fused<R, T> {
    rule: R,
    level: Level,
    steps: u64,
    state: State<T>,
    /// The norm of each segment's gradient at the step at hand.
    norms: Vec<f64>,
}

impl<R: Rule, T: Real> Fused<R, T> {
    /// An optimizer that runs `rule`, with the widest vectors of this processor.
    pub fn new(rule: R) -> Self {
        Fused::at_level(rule, Level::widest())
    }

    /// The same at a chosen level; the bits are those of any other level.
    ///
    /// # Panics
    ///
    /// If the rule does not name as many slots as it holds.
    pub fn at_level(rule: R, level: Level) -> Self {
        const {
            assert!(<R::Slots<T> as Slots<T>>::COUNT <= MAX_SLOTS, "too many slots in a chain");
        }
        let slots = rule.slots();
        assert_eq!(slots.len(), <R::Slots<T> as Slots<T>>::COUNT, "the slots that a rule names");
        Fused { rule, level, steps: 0, state: State::new(slots), norms: Vec::new() }
    }

    /// Fills `norms` and gives the norm of the whole gradient, which is the norm of these norms.
    fn measure(&mut self, segments: &mut dyn Segments<T>) -> Result<f64, StepError> {
        self.norms.clear();
        for index in 0..segments.count() {
            let Segment { name, gradient, .. } = segments.segment(index);
            let norm = norm(self.level, gradient).map_err(|index| StepError::NonFinite {
                step: self.steps + 1,
                segment: name.to_owned(),
                index,
                value: gradient[index].to_f64(),
            })?;
            self.norms.push(norm);
        }
        // The norm of finite numbers may still be beyond `f64`, and so infinite.
        Ok(norm(self.level, &self.norms).unwrap_or(f64::INFINITY))
    }
}

impl<R: Rule, T: Real> Optimizer<T> for Fused<R, T> {
    fn step(&mut self, segments: &mut dyn Segments<T>) -> Result<StepInfo, StepError> {
        let t = self.steps + 1;
        self.state.check(segments, t)?;
        let global_norm = self.measure(segments)?;
        self.state.settle(segments);
        for index in 0..segments.count() {
            let step = Step { t, global_norm, segment_norm: self.norms[index] };
            let update = self.rule.at::<T>(&step);
            let Segment { parameters, gradient, .. } = segments.segment(index);
            sweep(self.level, update, parameters, gradient, self.state.of_segment(index));
        }
        self.steps = t;
        let learning_rate = self.rule.learning_rate(t - 1);
        Ok(StepInfo { step: t, learning_rate, gradient_norm: global_norm })
    }

    fn steps(&self) -> u64 {
        self.steps
    }

    fn to_iterate(&self, segments: &mut dyn Segments<T>) {
        // Before the first step there is no state, and the start is the iterate.
        for index in 0..self.state.segments() {
            let arenas = self.state.arenas_of_segment(index);
            for (i, p) in segments.segment(index).parameters.iter_mut().enumerate() {
                let mut flat = [T::default(); MAX_SLOTS];
                std::iter::zip(&mut flat, &arenas).for_each(|(slot, arena)| *slot = arena[i]);
                *p = self.rule.iterate(*p, &R::Slots::read(&flat));
            }
        }
    }

    fn looks_ahead(&self) -> bool {
        self.rule.looks_ahead()
    }

    fn slots(&self) -> Vec<Slot<'_, T>> {
        self.state.slots()
    }

    fn restore(
        &mut self,
        segments: &mut dyn Segments<T>,
        steps: u64,
        saved: Vec<SavedSlot<T>>,
    ) -> Result<(), StateError> {
        if steps > MAX_STEPS {
            let differences = vec![format!("{steps} steps are more than can be counted")];
            return Err(StateError { differences });
        }
        // Before the first step nothing is remembered, and nothing was saved.
        let fresh = steps == 0 && saved.is_empty();
        self.state = match fresh {
            true => State::new(self.rule.slots()),
            false => self.state.restored(segments, saved)?,
        };
        self.steps = steps;
        Ok(())
    }

    fn chain(&self) -> String {
        self.rule.names().join(" → ")
    }

    fn formula(&self) -> String {
        symbol::formula(&self.rule)
    }
}

/// Sweeps `update` over a segment, on as many threads as are to be had.
fn sweep<T: Real, S: Slots<T>>(
    level: Level,
    update: impl Update<T, S>,
    p: &mut [T],
    g: &[T],
    slots: [&mut [T]; MAX_SLOTS],
) {
    if p.len() <= GRAIN {
        return level.run(
            #[inline(always)]
            || sweep_grain(update, p, g, slots),
        );
    }
    let at = middle(p.len(), BLOCK);
    let ((p0, p1), (g0, g1)) = (p.split_at_mut(at), g.split_at(at));
    let halves = slots.map(|slot| slot.split_at_mut(at.min(slot.len())));
    let [(a0, a1), (b0, b1), (c0, c1), (d0, d1)] = halves;
    rayon::join(
        || sweep(level, update, p0, g0, [a0, b0, c0, d0]),
        || sweep(level, update, p1, g1, [a1, b1, c1, d1]),
    );
}

#[inline(always)]
fn sweep_grain<T: Real, S: Slots<T>>(
    update: impl Update<T, S>,
    p: &mut [T],
    g: &[T],
    [a, b, c, d]: [&mut [T]; MAX_SLOTS],
) {
    // Each loop gets its slices as arguments of their own: that they do not overlap is known to the
    // compiler of arguments only, and without knowing it there would be no vector code.
    match S::COUNT {
        0 => sweep0(update, p, g),
        1 => sweep1(update, p, g, a),
        2 => sweep2(update, p, g, a, b),
        3 => sweep3(update, p, g, a, b, c),
        _ => sweep4(update, p, g, a, b, c, d),
    }
}

macro_rules! sweep_with_slots {
    ($name:ident $(, $slot:ident $index:literal)*) => {
        #[inline(always)]
        fn $name<T: Real, S: Slots<T>>(
            update: impl Update<T, S>,
            p: &mut [T],
            g: &[T],
            $($slot: &mut [T],)*
        ) {
            let n = p.len();
            let g = &g[..n];
            $(let $slot = &mut $slot[..n];)*
            for i in 0..n {
                let mut slots = S::read(&[$($slot[i]),*]);
                p[i] = p[i] - update(p[i], g[i], &mut slots);
                let mut flat = [T::default(); MAX_SLOTS];
                slots.write(&mut flat);
                $($slot[i] = flat[$index];)*
            }
        }
    };
}

sweep_with_slots!(sweep0);
sweep_with_slots!(sweep1, a 0);
sweep_with_slots!(sweep2, a 0, b 1);
sweep_with_slots!(sweep3, a 0, b 1, c 2);
sweep_with_slots!(sweep4, a 0, b 1, c 2, d 3);
