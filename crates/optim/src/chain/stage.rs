//! A stage of a chain: rules that run in one loop, or a rule that looks at whole tensors.
//!
//! Everything a chain does to memory is compiled once, behind this trait; what is compiled for each rule
//! is no more than its loop.

use std::marker::PhantomData;

use half::bf16;
use thalweg_random::Noise;

use super::sweep::{self, Coded, MAX_SLOTS};
use crate::symbol::{self, Expression, Line, PARAMETERS, TermKind, letter_of};
use crate::{
    FormulaLine, Level, Real, Remembered, Rule, Slots, Step, TensorRule, TensorSlot, Update, Wants,
};

/// What a chain is made of.
pub(super) trait Stage<R: Real>: Send + Sync {
    /// What is remembered of each coordinate.
    fn slots(&self) -> Vec<Remembered> {
        Vec::new()
    }

    /// What is remembered of a tensor of this shape, in other shapes.
    fn tensor_slots(&self, _shape: &[usize]) -> Vec<TensorSlot> {
        Vec::new()
    }

    fn numbers(&self) -> Vec<(&'static str, f64)> {
        Vec::new()
    }

    /// How many those are.
    fn numbers_count(&self) -> usize {
        0
    }

    fn advance(&self, _step: Step, _numbers: &mut [f64]) {}

    /// Moves the numbers on by the sums over all tensors, once the stage has gone all the way.
    fn settle(&self, _step: Step, _sums: [f64; 2], _numbers: &mut [f64]) {}

    fn wants(&self) -> Wants {
        Wants::Nothing
    }

    fn clips_above(&self, _step: Step) -> f64 {
        f64::INFINITY
    }

    fn learning_rate(&self, _step: Step) -> f64 {
        1.0
    }

    fn looks_ahead(&self) -> bool {
        false
    }

    /// The iterates of parameters `p` with these slots.
    fn to_iterate(&self, _step: Step, _p: &mut [R], _slots: [&[R]; MAX_SLOTS]) {}

    fn names(&self) -> Vec<&'static str>;

    /// The stage as formulas: what comes in is called `input`.
    fn lines(&self, input: &str) -> Vec<Line>;

    /// Adds the terms of the stage to those before it, of which `input` comes in; gives the one that comes
    /// out.
    fn terms(&self, expression: &mut Expression, input: usize) -> usize;

    /// Hands over the stage with the numbers of this step filled in.
    fn with(&self, step: Step, then: &mut dyn FnMut(Work<'_, R>));
}

/// A stage at a step.
#[derive(Clone, Copy)]
pub(super) enum Work<'a, R: Real> {
    /// Moves the parameters: the last stage.
    Descend(&'a dyn Descend<R>),
    /// Changes the update of each coordinate.
    Transform(&'a dyn Transform<R>),
    /// Changes the update of a tensor.
    Tensor(&'a dyn TensorRule<R>),
}

pub(super) trait Descend<R>: Sync {
    fn descend(&self, level: Level, p: &mut [R], g: &[R], slots: [&mut [R]; MAX_SLOTS]) -> bool;

    /// The same with slots in 8-bit codes.
    fn descend_coded(
        &self,
        level: Level,
        p: &mut [R],
        g: &[R],
        slots: [Coded<'_>; MAX_SLOTS],
    ) -> bool;

    /// The same, everything in bfloat16.
    fn descend_halves(
        &self,
        level: Level,
        p: &mut [bf16],
        g: &[bf16],
        slots: [&mut [bf16]; MAX_SLOTS],
        noise: Noise,
        begin: u32,
    ) -> bool;
}

pub(super) trait Transform<R>: Sync {
    fn transform(&self, level: Level, p: &[R], u: &mut [R], slots: [&mut [R]; MAX_SLOTS]) -> bool;
}

/// Rules in one loop at the end of a chain.
pub(super) struct Last<A>(A);

/// Rules in one loop before the end.
pub(super) struct Inner<A>(A);

/// A rule that looks at whole tensors.
pub(super) struct Whole<W>(pub(super) W);

/// The closure of a rule at a step.
struct Closure<U, S>(U, PhantomData<fn() -> S>);

impl<R: Real, S: Slots<R>, U: Update<R, S>> Descend<R> for Closure<U, S> {
    fn descend(&self, level: Level, p: &mut [R], g: &[R], slots: [&mut [R]; MAX_SLOTS]) -> bool {
        let update = self.0;
        level.run(
            #[inline(always)]
            || sweep::descend(update, p, g, slots),
        )
    }

    fn descend_coded(
        &self,
        level: Level,
        p: &mut [R],
        g: &[R],
        slots: [Coded<'_>; MAX_SLOTS],
    ) -> bool {
        if !R::NARROW_SLOTS {
            unreachable!("slots of this type are kept in full");
        }
        let update = self.0;
        level.run(
            #[inline(always)]
            || sweep::descend_coded(update, p, g, slots),
        )
    }

    fn descend_halves(
        &self,
        level: Level,
        p: &mut [bf16],
        g: &[bf16],
        slots: [&mut [bf16]; MAX_SLOTS],
        noise: Noise,
        begin: u32,
    ) -> bool {
        if !R::NARROW_SLOTS {
            unreachable!("slots of this type are kept in full");
        }
        let update = self.0;
        level.run(
            #[inline(always)]
            || sweep::descend_halves(update, p, g, slots, noise, begin),
        )
    }
}

impl<R: Real, S: Slots<R>, U: Update<R, S>> Transform<R> for Closure<U, S> {
    fn transform(&self, level: Level, p: &[R], u: &mut [R], slots: [&mut [R]; MAX_SLOTS]) -> bool {
        let update = self.0;
        level.run(
            #[inline(always)]
            || sweep::transform(update, p, u, slots),
        )
    }
}

impl<A: Rule> Last<A> {
    pub(super) fn new(rule: A) -> Last<A> {
        check_slots(&rule);
        Last(rule)
    }
}

impl<A: Rule> Inner<A> {
    pub(super) fn new(rule: A) -> Inner<A> {
        check_slots(&rule);
        Inner(rule)
    }
}

fn check_slots<A: Rule>(rule: &A) {
    const {
        assert!(<A::Slots<f32> as Slots<f32>>::COUNT <= MAX_SLOTS, "too many slots in a chain");
        assert!(A::NUMBERS <= 4, "too many numbers in a chain");
    }
    assert_eq!(
        rule.slots().len(),
        <A::Slots<f32> as Slots<f32>>::COUNT,
        "the slots that a rule names"
    );
    assert_eq!(rule.numbers().len(), A::NUMBERS, "the numbers that a rule names");
}

macro_rules! of_rule {
    ($Type:ident, $lines:path, $terms:path, |$step:ident, $rule:ident, $then:ident| $with:expr) => {
        impl<A: Rule, R: Real> Stage<R> for $Type<A> {
            fn slots(&self) -> Vec<Remembered> {
                self.0.slots()
            }

            fn numbers(&self) -> Vec<(&'static str, f64)> {
                self.0.numbers()
            }

            fn numbers_count(&self) -> usize {
                A::NUMBERS
            }

            fn advance(&self, step: Step, numbers: &mut [f64]) {
                self.0.advance(step, numbers);
            }

            fn wants(&self) -> Wants {
                self.0.wants()
            }

            fn clips_above(&self, step: Step) -> f64 {
                self.0.clips_above(step)
            }

            fn learning_rate(&self, step: Step) -> f64 {
                self.0.learning_rate(step)
            }

            fn looks_ahead(&self) -> bool {
                self.0.looks_ahead()
            }

            fn to_iterate(&self, step: Step, p: &mut [R], slots: [&[R]; MAX_SLOTS]) {
                for (i, p) in p.iter_mut().enumerate() {
                    let flat = slots.map(|slot| slot.get(i).copied().unwrap_or_default());
                    *p = self.0.iterate(step, *p, &A::Slots::read(&flat));
                }
            }

            fn names(&self) -> Vec<&'static str> {
                self.0.names()
            }

            fn lines(&self, input: &str) -> Vec<Line> {
                $lines(&self.0, input)
            }

            fn terms(&self, expression: &mut Expression, input: usize) -> usize {
                $terms(&self.0, expression, input)
            }

            fn with(&self, $step: Step, $then: &mut dyn FnMut(Work<'_, R>)) {
                let $rule = &self.0;
                $with
            }
        }
    };
}

of_rule!(Last, symbol::descent, symbol::descend, |step, rule, then| {
    let closure = Closure::<_, A::Slots<R>>(rule.at::<R>(step), PhantomData);
    then(Work::Descend(&closure));
});
of_rule!(Inner, symbol::transformation, symbol::transform, |step, rule, then| {
    let closure = Closure::<_, A::Slots<R>>(rule.at::<R>(step), PhantomData);
    then(Work::Transform(&closure));
});

impl<R: Real, W: TensorRule<R>> Stage<R> for Whole<W> {
    fn tensor_slots(&self, shape: &[usize]) -> Vec<TensorSlot> {
        self.0.slots(shape)
    }

    fn numbers(&self) -> Vec<(&'static str, f64)> {
        self.0.numbers()
    }

    fn numbers_count(&self) -> usize {
        self.0.numbers_count()
    }

    fn settle(&self, step: Step, sums: [f64; 2], numbers: &mut [f64]) {
        self.0.settle(step, sums, numbers);
    }

    fn learning_rate(&self, step: Step) -> f64 {
        self.0.learning_rate(step)
    }

    fn names(&self) -> Vec<&'static str> {
        vec![self.0.name()]
    }

    fn lines(&self, input: &str) -> Vec<Line> {
        let named = |text: &str| text.replace("{u}", input);
        let line = |line: &FormulaLine| Line { text: named(line.text), latex: named(line.latex) };
        self.0.formula().iter().map(line).collect()
    }

    fn terms(&self, expression: &mut Expression, input: usize) -> usize {
        let mut operands = vec![input];
        if self.0.formula().iter().any(|line| line.text.contains('θ')) {
            operands.push(PARAMETERS);
        }
        // Every shape has the same slots.
        let slots = self.0.slots(&[1, 1]);
        let slots: Vec<usize> = slots
            .iter()
            .map(|slot| expression.push(TermKind::Slot, letter_of(slot.name), Vec::new()))
            .collect();
        operands.extend(&slots);
        let outcome = expression.push(TermKind::Operation, self.0.name(), operands);
        slots.into_iter().for_each(|slot| expression.assign(slot, outcome));
        outcome
    }

    fn with(&self, _step: Step, then: &mut dyn FnMut(Work<'_, R>)) {
        then(Work::Tensor(&self.0));
    }
}
