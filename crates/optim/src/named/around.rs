//! What goes around an optimizer, from its call.

use thalweg_calls::{CallError, Value};
use thalweg_sets::set;

use super::Reader;
use crate::around::{
    Accumulate, Ema, Freeze, Frozen, Groups, Lookahead, OnPlateau, Project, Sam, Swa,
};
use crate::{Optimizer, Stored, optimizer};

/// Whether a word of the vocabulary names something that goes around an optimizer.
pub(super) fn is_word(name: &str) -> bool {
    let words =
        ["lookahead", "sam", "ema", "swa", "accumulate", "freeze", "frozen", "project", "groups"];
    words.contains(&name)
}

impl Reader<'_> {
    /// What [`is_word`].
    pub(super) fn around_another<T: Stored>(&self) -> Result<Box<dyn Optimizer<T>>, CallError> {
        let count = |name: &str| self.a.number(name) as u64;
        let steps = |name: &str| self.a.steps(name, self.steps_per_epoch);
        Ok(match self.a.name() {
            "lookahead" => {
                let (k, alpha) = (count("k"), self.a.number("alpha"));
                Box::new(Lookahead::new(self.inner()?, k, alpha))
            }
            "sam" => {
                let (rho, adaptive) = (self.a.number("rho"), self.a.switch("adaptive"));
                let inner = self.inner()?;
                self.without_sam(&*inner)?;
                Box::new(Sam::new(inner, rho, adaptive))
            }
            "ema" => {
                let (decay, warmup) = (self.a.number("decay"), self.a.switch("warmup"));
                Box::new(Ema::new(self.inner()?, decay, warmup))
            }
            "swa" => Box::new(Swa::new(self.inner()?, steps("start")?, steps("every")?)),
            "accumulate" => {
                let every = count("steps");
                // Schedules inside count steps, of which an epoch has fewer than it has gradients.
                let steps_per_epoch = self.steps_per_epoch.map(|steps| steps / every as f64);
                let inner = optimizer(self.a.call("inner"), steps_per_epoch)?;
                self.without_sam(&*inner)?;
                Box::new(Accumulate::new(inner, every))
            }
            "freeze" => {
                let (from, until) = (count("from"), steps("until")?);
                if from >= until {
                    return Err(CallError::new(format!(
                        "freeze(from={from}, until={until}): until must be after from"
                    )));
                }
                Box::new(Freeze::new(self.inner()?, from, until))
            }
            "frozen" => Box::new(Frozen),
            "project" => Box::new(Project::new(self.inner()?, set(self.a.call("onto"))?)),
            "groups" => Box::new(self.groups()?),
            name => unreachable!("{name} goes around no optimizer"),
        })
    }

    /// The chain, around it the factor of a plateau if its schedule has one.
    pub(super) fn on_plateau<T: Stored>(
        &self,
        chain: Box<dyn Optimizer<T>>,
    ) -> Result<Box<dyn Optimizer<T>>, CallError> {
        Ok(match self.rate()?.lr.schedule.plateau() {
            Some(plateau) => Box::new(OnPlateau::new(chain, *plateau)),
            None => chain,
        })
    }

    fn inner<T: Stored>(&self) -> Result<Box<dyn Optimizer<T>>, CallError> {
        optimizer(self.a.call("inner"), self.steps_per_epoch)
    }

    /// The second gradient of a step is not that of a group or of a part of a batch.
    fn without_sam<T: Stored>(&self, inner: &dyn Optimizer<T>) -> Result<(), CallError> {
        match (inner.wraps("sam"), self.a.name()) {
            (0, _) => Ok(()),
            (_, "sam") => Err(CallError::new("sam: one around the other asks for three gradients")),
            (_, name) => {
                Err(CallError::new(format!("{name}: sam cannot be inside; write sam({name}(…))")))
            }
        }
    }

    fn groups<T: Stored>(&self) -> Result<Groups<T>, CallError> {
        let mut groups = Vec::new();
        for pair in self.a.list().chunks(2) {
            let [Value::Text(pattern), Value::Call(call)] = pair else {
                let found: Vec<_> = pair.iter().map(Value::to_string).collect();
                return Err(CallError::new(format!(
                    "groups({}): write patterns in quotes, each with its optimizer, as in groups(\"*\", adam)",
                    found.join(", ")
                )));
            };
            let inner = optimizer(call, self.steps_per_epoch)?;
            self.without_sam(&*inner)?;
            groups.push((pattern.as_str(), inner));
        }
        if groups.is_empty() {
            return Err(CallError::new(
                "groups: give at least one pattern with its optimizer, as in groups(\"*\", adam)",
            ));
        }
        Ok(Groups::new(groups))
    }
}
