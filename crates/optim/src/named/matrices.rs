//! The optimizers of matrices, from their calls.

use thalweg_calls::CallError;

use super::Reader;
use crate::around::Groups;
use crate::tensor::{AfterFirst, muon, shampoo, soap};
use crate::{
    Clip, Hyper, Link, Optimizer, Real, Rule, Stages, Stored, adam, decay, heavy_ball, l2, scale,
};

impl Reader<'_> {
    /// What comes before a rule of matrices.
    fn before_matrices<R: Real>(&self) -> Result<Stages<R>, CallError> {
        self.no_cautious("its rule looks at whole tensors")?;
        let (coupled, _) = self.decays()?;
        let (stages, clip) = self.front()?;
        Ok(match clip != Clip::Off || coupled.base != 0.0 {
            true => stages.rule(clip.then(l2(coupled))),
            false => stages,
        })
    }

    /// Decay and rate, which come after it.
    fn after_matrices(&self) -> Result<impl Link, CallError> {
        let (_, decoupled) = self.decays()?;
        Ok(decay(decoupled).then(self.rate()?))
    }

    /// Muon for matrices, AdamW for what is none.
    pub(super) fn muon<T: Stored>(&self) -> Result<Box<dyn Optimizer<T>>, CallError> {
        let mut rule = muon(self.hyper("momentum")?);
        rule.nesterov = self.a.switch("nesterov");
        rule.steps = self.a.number("steps") as usize;
        let matrices = self.before_matrices()?.tensor(rule).end(self.after_matrices()?);

        let (coupled, decoupled) = self.decays()?;
        let (stages, clip) = self.front()?;
        let adam = clip.then(l2(coupled)).then(self.moments::<T, _>(adam)?);
        let rate = scale(Hyper::new(self.a.number("adam_lr"), self.rate()?.lr.schedule));
        let rest = stages.end(adam.then(decay(decoupled)).then(rate));
        Ok(Box::new(Groups::of_matrices(self.finished(matrices)?, self.finished(rest)?)))
    }

    pub(super) fn shampoo<T: Stored>(&self) -> Result<Box<dyn Optimizer<T>>, CallError> {
        let mut rule = shampoo(self.a.number("eps"));
        rule.beta2 = self.a.number("beta2");
        rule.every = self.a.number("every") as u64;
        let (momentum, after) = (self.hyper("momentum")?, self.after_matrices()?);
        let stages = self.before_matrices()?.tensor(rule);
        self.finished(match momentum.base {
            0.0 => stages.end(after),
            _ => stages.end(heavy_ball(momentum).then(after)),
        })
    }

    pub(super) fn soap<T: Stored>(&self) -> Result<Box<dyn Optimizer<T>>, CallError> {
        let mut rule = self.moments::<T, _>(soap)?;
        rule.shampoo_beta = self.hyper("shampoo_beta")?;
        rule.every = self.a.number("every") as u64;
        let stages = self.before_matrices()?.tensor(rule);
        self.finished(stages.end(self.after_matrices()?.then(AfterFirst)))
    }
}
