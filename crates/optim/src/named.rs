//! The optimizers people call by name, each a chain of rules, and what goes around one.

mod around;
mod matrices;
mod words;

use thalweg_calls::{Arguments, Call, CallError};

pub use self::words::OPTIMIZERS;
use crate::rule::Identity;
use crate::schedule::{Schedule, schedule};
use crate::tensor::{
    Adafactor, Lars, ProdigyDistance, cautious_scale, centralize, clip_adaptive, gradient_noise,
    lamb,
};
use crate::{
    Adam, Ademamix, Amsgrad, Cautious, CenteredRmsprop, Chain, ChainOptions, Clip, Decay,
    HeavyBall, Hyper, Link, Nadam, NonFinite, Optimizer, Real, Rmsprop, Rounding, Rprop, Rule,
    Scale, SlotFormat, Stages, Stored, Yogi, adabelief, adadelta, adagrad, adam, adamax, ademamix,
    amsgrad, centered_rmsprop, decay, heavy_ball, l2, lion, momentum, nadam, nesterov, radam,
    rmsprop, scale, signum, yogi,
};

/// The optimizer that `call` names. Schedules in epochs need `steps_per_epoch`.
///
/// ```
/// let call = "adamw(lr=1e-3, weight_decay=0.1, clip_global_norm=1)".parse()?;
/// let optimizer = thalweg_optim::optimizer::<f32>(&call, None)?;
/// assert_eq!(optimizer.chain(), "ClipGlobalNorm → Adam → Decay → Scale");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// If the word or an argument is unknown, missing, or out of range.
pub fn optimizer<T: Stored>(
    call: &Call,
    steps_per_epoch: Option<f64>,
) -> Result<Box<dyn Optimizer<T>>, CallError> {
    T::optimizer(call, steps_per_epoch)
}

/// What [`optimizer`] does, compiled in this crate for each type and not in every one that calls it: it holds
/// the loops of all rules.
pub(crate) fn compiled_here<T: Stored>(
    call: &Call,
    steps_per_epoch: Option<f64>,
) -> Result<Box<dyn Optimizer<T>>, CallError> {
    let arguments = OPTIMIZERS.resolve(call)?;
    let r = Reader { a: &arguments, steps_per_epoch };
    let chain: Box<dyn Optimizer<T>> = match r.a.name() {
        name if around::is_word(name) => return r.around_another(),
        "sgd" => r.along_the_gradient(Identity),
        "momentum" => r.velocity(momentum(r.hyper("momentum")?)),
        "nesterov" => r.velocity(nesterov(r.hyper("momentum")?)),
        "heavy_ball" => r.chain(r.heavy_ball()?),
        "adagrad" => {
            let initial = r.a.number("initial");
            r.along_the_gradient(crate::Adagrad { initial, ..adagrad(r.eps::<T>()?) })
        }
        "rmsprop" => {
            let (rho, eps, eps_inside) = (r.hyper("rho")?, r.eps::<T>()?, r.a.switch("eps_inside"));
            if r.a.switch("centered") {
                r.with_buffer(CenteredRmsprop { eps_inside, ..centered_rmsprop(rho, eps) })
            } else {
                r.with_buffer(Rmsprop { eps_inside, ..rmsprop(rho, eps) })
            }
        }
        "rprop" => r.along_the_gradient(r.rprop()?),
        "adadelta" => r.along_the_gradient(adadelta(r.hyper("rho")?, r.eps::<T>()?)),
        "adam" | "adamw" => r.chain(r.adam::<T>()?),
        "amsgrad" => {
            let corrected = r.a.switch("corrected");
            r.chain(Amsgrad { corrected, ..r.moments::<T, _>(amsgrad)? })
        }
        "adamax" => r.chain(r.moments::<T, _>(adamax)?),
        "nadam" => {
            let psi = r.a.number("psi");
            r.chain(Nadam { psi, ..r.moments::<T, _>(nadam)? })
        }
        "radam" => r.chain(r.moments::<T, _>(radam)?),
        "adabelief" => r.chain(r.moments::<T, _>(adabelief)?),
        "yogi" => {
            let initial = r.a.number("initial");
            r.chain(Yogi { initial, ..r.moments::<T, _>(yogi)? })
        }
        "ademamix" => {
            let (beta3, alpha) = (r.hyper("beta3")?, r.hyper("alpha")?);
            let warmup = r.a.number("warmup") as u64;
            let rule =
                r.moments::<T, _>(|beta1, beta2, eps| ademamix(beta1, beta2, beta3, alpha, eps))?;
            r.chain(Ademamix { warmup, ..rule })
        }
        "lion" => r.chain(lion(r.hyper("beta1")?, r.hyper("beta2")?)),
        "signum" => r.chain(signum(r.hyper("momentum")?)),
        "lars" => r.lars(),
        "lamb" => r.lamb(),
        "adafactor" => r.adafactor(),
        "schedule_free_sgd" => {
            r.averaged(crate::ScheduleFreeSgd { averaging: r.averaging("beta")? })
        }
        "schedule_free_adamw" => r.averaged(crate::ScheduleFreeAdamw {
            averaging: r.averaging("beta1")?,
            beta2: r.hyper("beta2")?,
            eps: r.eps::<T>()?,
        }),
        "prodigy" => r.prodigy(),
        "muon" => r.muon(),
        "shampoo" => r.shampoo(),
        "soap" => r.soap(),
        name => unreachable!("the vocabulary has no optimizer {name}"),
    }?;
    r.on_plateau(chain)
}

/// Reads the arguments of a call.
struct Reader<'a> {
    a: &'a Arguments,
    steps_per_epoch: Option<f64>,
}

impl Reader<'_> {
    /// A hyperparameter, whatever moves it.
    fn hyper(&self, name: &str) -> Result<Hyper, CallError> {
        let (base, moved) = self.a.scheduled(name);
        let Some(call) = moved else { return Ok(Hyper::from(base)) };
        let schedule = schedule(call, self.steps_per_epoch)?;
        if schedule.plateau().is_some() && name != "lr" {
            return Err(CallError::new(format!(
                "{}({name}={base}*{call}): a plateau moves lr and nothing else",
                self.a.name()
            )));
        }
        let bounds = schedule.bounds();
        let range = self.a.range(name);
        for x in [base * bounds.start(), base * bounds.end()] {
            if !range.contains(x) {
                return Err(CallError::new(format!(
                    "{}({name}={base}*{call}): reaches {x}, but {name} must be {}",
                    self.a.name(),
                    range.describe()
                )));
            }
        }
        Ok(Hyper::new(base, schedule))
    }

    /// δ, which would divide 0 by 0 if it were rounded to 0.
    fn eps<T: Stored>(&self) -> Result<Hyper, CallError> {
        let eps = self.hyper("eps")?;
        let least = eps.base * eps.schedule.bounds().start();
        if T::Real::from_f64(least) == T::Real::from_f64(0.0) {
            return Err(CallError::new(format!(
                "{}: eps = {least:e} is 0 in {}; make it larger",
                self.a.name(),
                T::Real::NAME
            )));
        }
        Ok(eps)
    }

    /// The learning rate, moved by `schedule` or by a schedule of its own.
    fn rate(&self) -> Result<Scale, CallError> {
        let lr = self.hyper("lr")?;
        match (schedule(self.a.call("schedule"), self.steps_per_epoch)?, &lr.schedule) {
            (Schedule::Constant(_), _) => Ok(scale(lr)),
            (schedule, Schedule::Constant(_)) => Ok(scale(Hyper::new(lr.base, schedule))),
            (schedule, own) => Err(CallError::new(format!(
                "{}: lr is moved by {own} and by schedule={schedule}; give one of them",
                self.a.name()
            ))),
        }
    }

    /// λ of the gradient and λ of the parameters: one of them is 0.
    fn decays(&self) -> Result<(Hyper, Hyper), CallError> {
        let weight_decay = self.hyper("weight_decay")?;
        let nothing = Hyper::from(0.0);
        Ok(if self.a.has("decoupled") && self.a.switch("decoupled") {
            (nothing, weight_decay)
        } else {
            (weight_decay, nothing)
        })
    }

    /// A chain around a rule that the learning rate comes after.
    fn chain<T: Stored>(&self, rule: impl Link) -> Result<Box<dyn Optimizer<T>>, CallError> {
        let (_, decoupled) = self.decays()?;
        self.around(rule, decay(decoupled).then(self.rate()?))
    }

    /// A chain around a rule that has the learning rate inside.
    fn velocity<T: Stored>(&self, rule: impl Link) -> Result<Box<dyn Optimizer<T>>, CallError> {
        let (_, decoupled) = self.decays()?;
        let rate = self.rate()?;
        let decay = Decay { lr: Some(rate.lr.clone()), ..decay(decoupled) };
        self.around(rate.then(rule), decay)
    }

    /// What all chains have around their own rule.
    fn around<T: Stored>(
        &self,
        rule: impl Link,
        end: impl Link,
    ) -> Result<Box<dyn Optimizer<T>>, CallError> {
        let (coupled, _) = self.decays()?;
        let (stages, clip) = self.front()?;
        let on = self.a.switch("cautious");
        let chain = if on || self.has_front() {
            let stages = stages.rule(clip.then(l2(coupled)).then(Cautious { rule, on }));
            self.scaled_if_cautious(stages).end(end)
        } else if clip == Clip::Off && coupled == Hyper::from(0.0) {
            // Without what changes nothing, which is not quite free where all lies in the cache.
            Chain::new(rule.then(end))
        } else {
            Chain::new(clip.then(l2(coupled)).then(rule).then(end))
        };
        self.finished(chain)
    }

    fn finished<T: Stored>(&self, chain: Chain<T>) -> Result<Box<dyn Optimizer<T>>, CallError> {
        Ok(Box::new(chain.with(self.options::<T>()?)))
    }

    /// Whether rules of whole tensors change the gradient first.
    fn has_front(&self) -> bool {
        let (noise, _) = self.a.scheduled("noise");
        self.a.number("clip_adaptive") != 0.0 || self.a.switch("centralize") || noise != 0.0
    }

    /// Those rules, and the clipping that is left to the loop that follows.
    fn front<R: Real>(&self) -> Result<(Stages<R>, Clip), CallError> {
        let mut clip = self.clip()?;
        let mut stages = Stages::new();
        if self.has_front() && clip != Clip::Off {
            stages = stages.rule(std::mem::replace(&mut clip, Clip::Off));
        }
        let adaptive = self.a.number("clip_adaptive");
        if adaptive != 0.0 {
            stages = stages.tensor(clip_adaptive(adaptive));
        }
        if self.a.switch("centralize") {
            stages = stages.tensor(centralize());
        }
        let noise = self.hyper("noise")?;
        if noise.base != 0.0 {
            let (decay, seed) = (self.a.number("noise_decay"), self.a.number("seed") as u64);
            stages = stages.tensor(gradient_noise(noise, decay, seed));
        }
        Ok((stages, clip))
    }

    fn scaled_if_cautious<R: Real>(&self, stages: Stages<R>) -> Stages<R> {
        if self.a.switch("cautious") { stages.tensor(cautious_scale()) } else { stages }
    }

    /// Decay at the end of a chain that has the learning rate inside.
    fn decay_at_end(&self) -> Result<Decay, CallError> {
        let (_, decoupled) = self.decays()?;
        Ok(Decay { lr: Some(self.rate()?.lr), ..decay(decoupled) })
    }

    fn lars<T: Stored>(&self) -> Result<Box<dyn Optimizer<T>>, CallError> {
        let (weight_decay, _) = self.decays()?;
        let (mut stages, clip) = self.front()?;
        if clip != Clip::Off {
            stages = stages.rule(clip);
        }
        let (trust, eps) = (self.hyper("trust")?, self.hyper("eps")?);
        let stages = stages.tensor(Lars { trust, eps, weight_decay });
        let velocity = self.rate()?.then(momentum(self.hyper("momentum")?));
        let chain = if self.a.switch("cautious") {
            let stages = stages.rule(Cautious { rule: velocity, on: true });
            self.scaled_if_cautious(stages).end(self.decay_at_end()?)
        } else {
            stages.end(velocity.then(self.decay_at_end()?))
        };
        self.finished(chain)
    }

    fn lamb<T: Stored>(&self) -> Result<Box<dyn Optimizer<T>>, CallError> {
        let (coupled, decoupled) = self.decays()?;
        let (stages, clip) = self.front()?;
        let on = self.a.switch("cautious");
        let rule = Cautious { rule: self.moments::<T, _>(adam)?, on };
        let mut stages = self.scaled_if_cautious(stages.rule(clip.then(l2(coupled)).then(rule)));
        if decoupled.base != 0.0 {
            stages = stages.rule(decay(decoupled));
        }
        self.finished(stages.tensor(lamb()).end(self.rate()?))
    }

    fn adafactor<T: Stored>(&self) -> Result<Box<dyn Optimizer<T>>, CallError> {
        self.no_cautious("its rule looks at whole tensors")?;
        let (coupled, _) = self.decays()?;
        let (mut stages, clip) = self.front()?;
        if clip != Clip::Off || coupled.base != 0.0 {
            stages = stages.rule(clip.then(l2(coupled)));
        }
        let eps1 = match self.a.number("eps1") {
            0.0 => T::Real::EPSILON,
            eps1 => eps1,
        };
        let (lr, beta2_decay) = (self.rate()?.lr, self.hyper("beta2_decay")?);
        let (eps2, d) = (self.hyper("eps2")?, self.hyper("d")?);
        let stages = stages.tensor(Adafactor { lr, beta2_decay, eps1, eps2, d });
        self.finished(stages.end(self.decay_at_end()?))
    }

    fn averaging(&self, beta: &str) -> Result<crate::Averaging, CallError> {
        self.no_cautious("a coordinate that stays would leave the average behind")?;
        let (_, weight_decay) = self.decays()?;
        if self.a.number(beta) == 0.0 {
            return Err(CallError::new(format!(
                "{}: {beta} must be above 0, or the average is not to be had",
                self.a.name()
            )));
        }
        Ok(crate::Averaging {
            warmup: self.a.number("warmup") as u64,
            r: self.a.number("r"),
            weight_lr_power: self.a.number("weight_lr_power"),
            weight_decay,
            ..crate::Averaging::new(self.rate()?.lr, self.a.number(beta))
        })
    }

    /// A chain around a rule that has everything inside.
    fn averaged<T: Stored>(&self, rule: impl Link) -> Result<Box<dyn Optimizer<T>>, CallError> {
        self.around(rule, Identity)
    }

    fn prodigy<T: Stored>(&self) -> Result<Box<dyn Optimizer<T>>, CallError> {
        self.no_cautious("its estimate takes each step to be taken in full")?;
        let (coupled, weight_decay) = self.decays()?;
        let (mut stages, clip) = self.front()?;
        if clip != Clip::Off || coupled.base != 0.0 {
            stages = stages.rule(clip.then(l2(coupled)));
        }
        let (beta2, mut beta3) = (self.hyper("beta2")?, self.hyper("beta3")?);
        if beta3.base == 0.0 {
            if beta2 != Hyper::from(beta2.base) {
                return Err(CallError::new("prodigy: beta2 is moved; give beta3 too"));
            }
            beta3 = beta2.base.sqrt().into();
        }
        let numbers = crate::ProdigyNumbers {
            lr: self.rate()?.lr,
            beta1: self.hyper("beta1")?,
            beta2,
            bias_correction: self.a.switch("bias_correction"),
        };
        let stages = stages.tensor(ProdigyDistance {
            numbers: numbers.clone(),
            beta3,
            d0: self.a.number("d0"),
            d_coef: self.a.number("d_coef"),
            growth: match self.a.number("growth") {
                0.0 => f64::INFINITY,
                growth => growth,
            },
            safeguard_warmup: self.a.switch("safeguard_warmup"),
        });
        let eps = self.hyper("eps")?;
        self.finished(stages.end(crate::Prodigy { numbers, eps, weight_decay }))
    }

    /// A chain around a rule whose update always has the signs of the gradient, so that caution would change
    /// nothing.
    fn along_the_gradient<T: Stored>(
        &self,
        rule: impl Link,
    ) -> Result<Box<dyn Optimizer<T>>, CallError> {
        self.no_cautious("its updates always agree with the gradient")?;
        self.chain(rule)
    }

    fn no_cautious(&self, reason: &str) -> Result<(), CallError> {
        if !self.a.switch("cautious") {
            return Ok(());
        }
        let name = self.a.name();
        Err(CallError::new(format!("{name}: cautious is not for {name}; {reason}")))
    }

    fn options<T: Stored>(&self) -> Result<ChainOptions, CallError> {
        let name = self.a.name();
        let non_finite = match self.a.choice("nonfinite") {
            "refuse" => NonFinite::Refuse,
            "skip" => NonFinite::Skip,
            "zero" => NonFinite::Zero,
            _ => NonFinite::Stop,
        };
        let slots = match self.a.choice("slots") {
            "bf16" => SlotFormat::Bf16,
            "int8" => SlotFormat::Int8,
            _ => SlotFormat::Full,
        };
        if slots != SlotFormat::Full && !T::Real::NARROW_SLOTS {
            return Err(CallError::new(format!(
                "{name}: slots of {} parameters are kept in full; leave 'slots' out",
                T::NAME
            )));
        }
        let rounding = match self.a.choice("rounding") {
            "stochastic" => Rounding::Stochastic,
            _ => Rounding::Master,
        };
        if rounding == Rounding::Stochastic && size_of::<T>() == size_of::<T::Real>() {
            return Err(CallError::new(format!(
                "{name}: rounding=stochastic is for parameters in bf16, and these are in {}",
                T::NAME
            )));
        }
        Ok(ChainOptions { non_finite, slots, rounding, seed: self.a.number("seed") as u64 })
    }

    /// A rule of ρ₁, ρ₂ and δ.
    fn moments<T: Stored, A>(
        &self,
        rule: impl FnOnce(Hyper, Hyper, Hyper) -> A,
    ) -> Result<A, CallError> {
        Ok(rule(self.hyper("beta1")?, self.hyper("beta2")?, self.eps::<T>()?))
    }

    fn adam<T: Stored>(&self) -> Result<Adam, CallError> {
        Ok(Adam { eps_hat: self.a.switch("eps_hat"), ..self.moments::<T, _>(adam)? })
    }

    /// A chain around a rule whose updates a buffer may gather.
    fn with_buffer<T: Stored>(&self, rule: impl Link) -> Result<Box<dyn Optimizer<T>>, CallError> {
        let momentum = self.hyper("momentum")?;
        if momentum.base == 0.0 {
            self.along_the_gradient(rule)
        } else {
            self.chain(rule.then(heavy_ball(momentum)))
        }
    }

    fn rprop(&self) -> Result<Rprop, CallError> {
        let [eta_minus, eta_plus, step_min, step_max] =
            ["eta_minus", "eta_plus", "step_min", "step_max"].map(|name| self.a.number(name));
        if eta_plus < 1.0 {
            return Err(CallError::new(format!(
                "rprop(eta_plus={eta_plus}): a step size that is to grow needs at least 1"
            )));
        }
        if step_min > step_max {
            return Err(CallError::new(format!(
                "rprop: step_min = {step_min} is above step_max = {step_max}"
            )));
        }
        Ok(Rprop { lr: self.hyper("lr")?.base, eta_minus, eta_plus, step_min, step_max })
    }

    fn heavy_ball(&self) -> Result<HeavyBall, CallError> {
        let rule = HeavyBall {
            momentum: self.hyper("momentum")?,
            dampening: self.hyper("dampening")?,
            nesterov: self.a.switch("nesterov"),
        };
        if rule.nesterov && (rule.momentum.base == 0.0 || rule.dampening.base != 0.0) {
            return Err(CallError::new(
                "heavy_ball: nesterov needs momentum above 0 and dampening 0",
            ));
        }
        Ok(rule)
    }

    fn clip(&self) -> Result<Clip, CallError> {
        let given = [
            ("clip_value", Clip::Value as fn(f64) -> Clip),
            ("clip_norm", Clip::Norm),
            ("clip_global_norm", Clip::GlobalNorm),
            // It looks at whole tensors, and is a rule of its own.
            ("clip_adaptive", |_| Clip::Off),
        ]
        .map(|(name, clip)| (name, clip, self.a.number(name)));
        let mut on = given.iter().filter(|(.., c)| *c != 0.0);
        match (on.next(), on.next()) {
            (None, _) => Ok(Clip::Off),
            (Some((_, clip, c)), None) => Ok(clip(*c)),
            (Some((first, ..)), Some((second, ..))) => Err(CallError::new(format!(
                "{}: {first} and {second} exclude each other; give one of them",
                self.a.name()
            ))),
        }
    }
}
