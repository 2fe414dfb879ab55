//! The optimizers people call by name, each a chain of rules.

use thalweg_calls::{Arguments, Call, CallError, Parameter, Range, Vocabulary, Word};

use crate::schedule::schedule;
use crate::{
    Adam, Clip, Fused, HeavyBall, Optimizer, Real, Rule, Scale, adagrad, adam, decay, l2, momentum,
    nesterov, rmsprop,
};

/// The words for optimizers.
pub static OPTIMIZERS: Vocabulary = Vocabulary {
    kind: "optimizer",
    words: &[&SGD, &MOMENTUM, &NESTEROV, &HEAVY_BALL, &ADAGRAD, &RMSPROP, &ADAM, &ADAMW],
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
pub fn optimizer<T: Real>(
    call: &Call,
    steps_per_epoch: Option<f64>,
) -> Result<Box<dyn Optimizer<T>>, CallError> {
    let a = OPTIMIZERS.resolve(call)?;
    let lr = a.number("lr");
    let rate = Scale { lr, schedule: schedule(a.call("schedule"), steps_per_epoch)? };
    let raw = clip(&a)?;
    // Every one but AdamW, whose decay is decoupled, adds it to the gradient. With a weight of 0 the rule
    // changes nothing, and next to the memory traffic it costs nothing.
    let coupled = l2(if a.name() == "adamw" { 0.0 } else { a.number("weight_decay") });
    let gradient = raw.then(coupled);
    Ok(match a.name() {
        "sgd" => boxed(gradient.then(rate)),
        "momentum" => boxed(gradient.then(rate).then(momentum(a.number("momentum")))),
        "nesterov" => boxed(gradient.then(rate).then(nesterov(a.number("momentum")))),
        "heavy_ball" => boxed(gradient.then(torch_momentum(&a)?).then(rate)),
        "adagrad" => boxed(gradient.then(adagrad(eps::<T>(&a)?)).then(rate)),
        "rmsprop" => boxed(gradient.then(rmsprop(a.number("rho"), eps::<T>(&a)?)).then(rate)),
        "adam" => boxed(gradient.then(adam_of::<T>(&a)?).then(rate)),
        "adamw" => {
            let decoupled = decay(a.number("weight_decay"));
            boxed(raw.then(adam_of::<T>(&a)?).then(decoupled).then(rate))
        }
        name => unreachable!("the vocabulary has no optimizer {name}"),
    })
}

fn boxed<R: Rule, T: Real>(rule: R) -> Box<dyn Optimizer<T>> {
    Box::new(Fused::<R, T>::new(rule))
}

fn adam_of<T: Real>(a: &Arguments) -> Result<Adam, CallError> {
    Ok(adam(a.number("beta1"), a.number("beta2"), eps::<T>(a)?))
}

/// δ, which would divide 0 by 0 if it were rounded to 0.
fn eps<T: Real>(a: &Arguments) -> Result<f64, CallError> {
    let eps = a.number("eps");
    if T::from_f64(eps) == T::from_f64(0.0) {
        let (name, dtype) = (a.name(), T::DTYPE);
        return Err(CallError::new(format!(
            "{name}: eps = {eps:e} is 0 in {dtype}; make it larger"
        )));
    }
    Ok(eps)
}

fn torch_momentum(a: &Arguments) -> Result<HeavyBall, CallError> {
    let rule = HeavyBall {
        momentum: a.number("momentum"),
        dampening: a.number("dampening"),
        nesterov: a.switch("nesterov"),
    };
    if rule.nesterov && (rule.momentum == 0.0 || rule.dampening != 0.0) {
        return Err(CallError::new("heavy_ball: nesterov needs momentum above 0 and dampening 0"));
    }
    Ok(rule)
}

fn clip(a: &Arguments) -> Result<Clip, CallError> {
    let given = [
        ("clip_value", Clip::Value as fn(f64) -> Clip),
        ("clip_norm", Clip::Norm),
        ("clip_global_norm", Clip::GlobalNorm),
    ]
    .map(|(name, clip)| (name, clip, a.number(name)));
    let mut on = given.iter().filter(|(.., c)| *c != 0.0);
    match (on.next(), on.next()) {
        (None, _) => Ok(Clip::Off),
        (Some((_, clip, c)), None) => Ok(clip(*c)),
        (Some((first, ..)), Some((second, ..))) => Err(CallError::new(format!(
            "{}: {first} and {second} exclude each other; give one of them",
            a.name()
        ))),
    }
}

/// The parameters of an optimizer: its own, and those that all have.
macro_rules! parameters {
    ($($own:expr),* $(,)?) => {
        &[$($own,)* SCHEDULE, CLIP_VALUE, CLIP_NORM, CLIP_GLOBAL_NORM]
    };
}

static SGD: Word = Word {
    name: "sgd",
    about: "stochastic gradient descent",
    parameters: parameters![lr(0.1), WEIGHT_DECAY],
};

static MOMENTUM: Word = Word {
    name: "momentum",
    about: "SGD with momentum, the rate inside the velocity (lecture)",
    parameters: parameters![lr(0.01), ALPHA, WEIGHT_DECAY],
};

static NESTEROV: Word = Word {
    name: "nesterov",
    about: "Nesterov's accelerated momentum, exact also while the rate changes (lecture)",
    parameters: parameters![lr(0.01), ALPHA, WEIGHT_DECAY],
};

static HEAVY_BALL: Word = Word {
    name: "heavy_ball",
    about: "momentum as in PyTorch's SGD, the rate outside the buffer",
    parameters: parameters![
        lr(0.01),
        ALPHA,
        Parameter::number("dampening", 0.0, Range::Unit, "τ, left out of later gradients"),
        Parameter::switch("nesterov", false, "whether the update looks ahead"),
        WEIGHT_DECAY,
    ],
};

static ADAGRAD: Word = Word {
    name: "adagrad",
    about: "rates that shrink with the sum of squared gradients",
    parameters: parameters![
        lr(0.01),
        Parameter::number("eps", 1e-7, Range::Positive, "δ, outside the root"),
        WEIGHT_DECAY,
    ],
};

static RMSPROP: Word = Word {
    name: "rmsprop",
    about: "AdaGrad with a running mean",
    parameters: parameters![
        lr(0.001),
        Parameter::number("rho", 0.9, Range::Fraction, "ρ, the memory of the squares"),
        Parameter::number("eps", 1e-8, Range::Positive, "δ, outside the root"),
        WEIGHT_DECAY,
    ],
};

static ADAM: Word = Word {
    name: "adam",
    about: "adaptive moments with bias correction; weight_decay is L2",
    parameters: parameters![lr(0.001), BETA1, BETA2, EPS, WEIGHT_DECAY],
};

static ADAMW: Word = Word {
    name: "adamw",
    about: "Adam with decoupled weight decay",
    parameters: parameters![
        lr(0.001),
        BETA1,
        BETA2,
        EPS,
        Parameter::number("weight_decay", 0.01, Range::NonNegative, "λ, decoupled: θ ← θ − ελθ"),
    ],
};

const fn lr(default: f64) -> Parameter {
    Parameter::number("lr", default, Range::NonNegative, "ε, the learning rate")
}

const ALPHA: Parameter =
    Parameter::number("momentum", 0.9, Range::Fraction, "α, the share of velocity kept");
const BETA1: Parameter =
    Parameter::number("beta1", 0.9, Range::Fraction, "ρ₁, the memory of the mean");
const BETA2: Parameter =
    Parameter::number("beta2", 0.999, Range::Fraction, "ρ₂, the memory of the squares");
const EPS: Parameter =
    Parameter::number("eps", 1e-8, Range::Positive, "δ, outside the corrected root");
const WEIGHT_DECAY: Parameter =
    Parameter::number("weight_decay", 0.0, Range::NonNegative, "λ, L2: g ← g + λθ");
const SCHEDULE: Parameter =
    Parameter::call("schedule", "schedule", "constant", "how the rate moves");
const CLIP_VALUE: Parameter =
    Parameter::number("clip_value", 0.0, Range::NonNegative, "bound on each coordinate; 0 is off");
const CLIP_NORM: Parameter = Parameter::number(
    "clip_norm",
    0.0,
    Range::NonNegative,
    "bound on each tensor's gradient norm; 0 is off",
);
const CLIP_GLOBAL_NORM: Parameter = Parameter::number(
    "clip_global_norm",
    0.0,
    Range::NonNegative,
    "bound on the whole gradient's norm; 0 is off",
);
