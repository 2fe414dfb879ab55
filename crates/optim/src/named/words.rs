//! The words for optimizers, with their arguments.

use thalweg_calls::{Default, Kind, Parameter, Range, Vocabulary, Word};

/// The words for optimizers.
pub static OPTIMIZERS: Vocabulary = Vocabulary {
    kind: "optimizer",
    words: &[
        &SGD,
        &MOMENTUM,
        &NESTEROV,
        &HEAVY_BALL,
        &ADAGRAD,
        &RMSPROP,
        &RPROP,
        &ADADELTA,
        &ADAM,
        &ADAMW,
        &AMSGRAD,
        &ADAMAX,
        &NADAM,
        &RADAM,
        &ADABELIEF,
        &YOGI,
        &ADEMAMIX,
        &LION,
        &SIGNUM,
        &LARS,
        &LAMB,
        &ADAFACTOR,
        &SCHEDULE_FREE_SGD,
        &SCHEDULE_FREE_ADAMW,
        &PRODIGY,
        &MUON,
        &SHAMPOO,
        &SOAP,
        &LOOKAHEAD,
        &SAM,
        &EMA,
        &SWA,
        &ACCUMULATE,
        &FREEZE,
        &FROZEN,
        &PROJECT,
        &GROUPS,
    ],
    shared: &SHARED,
    sharing: &[
        &SGD,
        &MOMENTUM,
        &NESTEROV,
        &HEAVY_BALL,
        &ADAGRAD,
        &RMSPROP,
        &RPROP,
        &ADADELTA,
        &ADAM,
        &ADAMW,
        &AMSGRAD,
        &ADAMAX,
        &NADAM,
        &RADAM,
        &ADABELIEF,
        &YOGI,
        &ADEMAMIX,
        &LION,
        &SIGNUM,
        &LARS,
        &LAMB,
        &ADAFACTOR,
        &SCHEDULE_FREE_SGD,
        &SCHEDULE_FREE_ADAMW,
        &PRODIGY,
        &MUON,
        &SHAMPOO,
        &SOAP,
    ],
};

/// What every chain takes.
static SHARED: [Parameter; 13] = [
    Parameter::call("schedule", "schedule", "constant", "how the rate moves"),
    Parameter::number("clip_value", 0.0, Range::NonNegative, "bound on each coordinate; 0 is off"),
    Parameter::number(
        "clip_norm",
        0.0,
        Range::NonNegative,
        "bound on each tensor's gradient norm; 0 is off",
    ),
    Parameter::number(
        "clip_global_norm",
        0.0,
        Range::NonNegative,
        "bound on the whole gradient's norm; 0 is off",
    ),
    Parameter::number(
        "clip_adaptive",
        0.0,
        Range::NonNegative,
        "bound on each unit's gradient norm, as a share of its own norm; 0 is off",
    ),
    Parameter::switch("centralize", false, "take the mean off the gradient of each unit"),
    Parameter::scheduled(
        "noise",
        0.0,
        Range::NonNegative,
        "η, the variance of noise on the gradient at the first step; 0 is off",
    ),
    Parameter::number("noise_decay", 0.55, Range::NonNegative, "γ, how fast the noise dies away"),
    Parameter::switch(
        "cautious",
        false,
        "move only coordinates whose update agrees with the gradient",
    ),
    Parameter::choice(
        "nonfinite",
        &["stop", "refuse", "skip", "zero"],
        "what a gradient that is not finite does: an error after or before the step, no step, or 0 for it",
    ),
    Parameter::choice("slots", &["full", "bf16", "int8"], "how the slots are kept"),
    Parameter::choice(
        "rounding",
        &["master", "stochastic"],
        "bf16 parameters: with an f32 master copy, or rounded at random",
    ),
    Parameter::number("seed", 0.0, Range::Whole, "what random rounding and noise come from"),
];

static SGD: Word = Word {
    name: "sgd",
    about: "stochastic gradient descent",
    parameters: &[lr(0.1), WEIGHT_DECAY],
};

static MOMENTUM: Word = Word {
    name: "momentum",
    about: "SGD with momentum, the rate inside the velocity (lecture)",
    parameters: &[lr(0.01), ALPHA, WEIGHT_DECAY, COUPLED],
};

static NESTEROV: Word = Word {
    name: "nesterov",
    about: "Nesterov's accelerated momentum, exact also while the rate changes (lecture)",
    parameters: &[lr(0.01), ALPHA, WEIGHT_DECAY, COUPLED],
};

static HEAVY_BALL: Word = Word {
    name: "heavy_ball",
    about: "momentum as in PyTorch's SGD, the rate outside the buffer",
    parameters: &[
        lr(0.01),
        ALPHA,
        Parameter::scheduled("dampening", 0.0, Range::Unit, "τ, left out of later gradients"),
        Parameter::switch("nesterov", false, "whether the update looks ahead"),
        WEIGHT_DECAY,
        COUPLED,
    ],
};

static ADAGRAD: Word = Word {
    name: "adagrad",
    about: "rates that shrink with the sum of squared gradients",
    parameters: &[
        lr(0.01),
        Parameter::scheduled("eps", 1e-7, Range::Positive, "δ, outside the root"),
        Parameter::number("initial", 0.0, Range::NonNegative, "what the sum starts at"),
        WEIGHT_DECAY,
        COUPLED,
    ],
};

static RMSPROP: Word = Word {
    name: "rmsprop",
    about: "AdaGrad with a running mean",
    parameters: &[
        lr(0.001),
        RHO,
        Parameter::scheduled("eps", 1e-8, Range::Positive, "δ"),
        Parameter::switch("eps_inside", false, "whether δ is inside the root"),
        Parameter::switch("centered", false, "divide by the standard deviation"),
        Parameter::scheduled(
            "momentum",
            0.0,
            Range::Fraction,
            "μ, of a buffer of updates; 0 is none",
        ),
        WEIGHT_DECAY,
        COUPLED,
    ],
};

static RPROP: Word = Word {
    name: "rprop",
    about: "step sizes that grow while the gradient keeps its sign",
    parameters: &[
        lr(0.01),
        Parameter::number("eta_minus", 0.5, Range::Unit, "η⁻, by which a step size shrinks"),
        Parameter::number("eta_plus", 1.2, Range::Positive, "η⁺, by which it grows; from 1"),
        Parameter::number("step_min", 1e-6, Range::NonNegative, "the least step size"),
        Parameter::number("step_max", 50.0, Range::Positive, "the largest"),
        WEIGHT_DECAY,
        COUPLED,
    ],
};

static ADADELTA: Word = Word {
    name: "adadelta",
    about: "RMSProp with its own updates as the measure of its rate",
    parameters: &[
        lr(1.0),
        RHO,
        Parameter::scheduled("eps", 1e-6, Range::Positive, "δ, inside both roots"),
        WEIGHT_DECAY,
        COUPLED,
    ],
};

static ADAM: Word = Word {
    name: "adam",
    about: "adaptive moments with bias correction",
    parameters: &[lr(0.001), BETA1, BETA2, EPS, EPS_HAT, WEIGHT_DECAY, COUPLED],
};

static ADAMW: Word = Word {
    name: "adamw",
    about: "Adam with decoupled weight decay",
    parameters: &[lr(0.001), BETA1, BETA2, EPS, EPS_HAT, decays(0.01), DECOUPLED],
};

static AMSGRAD: Word = Word {
    name: "amsgrad",
    about: "Adam whose divisor never shrinks",
    parameters: &[
        lr(0.001),
        BETA1,
        BETA2,
        EPS,
        Parameter::switch("corrected", false, "the maximum of corrected squares, as in optax"),
        WEIGHT_DECAY,
        COUPLED,
    ],
};

static ADAMAX: Word = Word {
    name: "adamax",
    about: "Adam with the largest gradient for the root mean square",
    parameters: &[
        lr(0.002),
        BETA1,
        BETA2,
        Parameter::scheduled("eps", 1e-8, Range::Positive, "δ, added to |g|"),
        WEIGHT_DECAY,
        COUPLED,
    ],
};

static NADAM: Word = Word {
    name: "nadam",
    about: "Adam with Nesterov's momentum",
    parameters: &[
        lr(0.002),
        BETA1,
        BETA2,
        EPS,
        Parameter::number("psi", 0.004, Range::NonNegative, "ψ, how fast the momentum grows"),
        WEIGHT_DECAY,
        COUPLED,
    ],
};

static RADAM: Word = Word {
    name: "radam",
    about: "Adam without divisor until that can be trusted",
    parameters: &[
        lr(0.001),
        BETA1,
        BETA2,
        Parameter::scheduled("eps", 1e-8, Range::Positive, "δ, outside the uncorrected root"),
        WEIGHT_DECAY,
        COUPLED,
    ],
};

static ADABELIEF: Word = Word {
    name: "adabelief",
    about: "Adam divided by the distance of the gradient from its mean",
    parameters: &[
        lr(0.001),
        BETA1,
        BETA2,
        Parameter::scheduled("eps", 1e-16, Range::Positive, "δ, in the mean square and outside"),
        WEIGHT_DECAY,
        COUPLED,
    ],
};

static YOGI: Word = Word {
    name: "yogi",
    about: "Adam whose mean square cannot fall fast",
    parameters: &[
        lr(0.01),
        BETA1,
        BETA2,
        Parameter::scheduled("eps", 1e-3, Range::Positive, EPS.about),
        Parameter::number("initial", 1e-6, Range::NonNegative, "what both means start at"),
        WEIGHT_DECAY,
        COUPLED,
    ],
};

static ADEMAMIX: Word = Word {
    name: "ademamix",
    about: "Adam with a second mean that remembers far longer",
    parameters: &[
        lr(0.001),
        BETA1,
        BETA2,
        Parameter::scheduled("beta3", 0.9999, Range::Fraction, "ρ₃, the memory of the slow mean"),
        Parameter::scheduled("alpha", 5.0, Range::NonNegative, "α, the weight of the slow mean"),
        EPS,
        Parameter::number("warmup", 0.0, Range::Whole, "steps over which ρ₃ and α grow"),
        WEIGHT_DECAY,
        COUPLED,
    ],
};

static LION: Word = Word {
    name: "lion",
    about: "the sign of a mean of the gradient",
    parameters: &[
        lr(1e-4),
        Parameter::scheduled("beta1", 0.9, Range::Fraction, "ρ₁, the weight of the mean"),
        Parameter::scheduled("beta2", 0.99, Range::Fraction, "ρ₂, the memory of the mean"),
        WEIGHT_DECAY,
        DECOUPLED,
    ],
};

static SIGNUM: Word = Word {
    name: "signum",
    about: "the sign of the running mean of the gradient",
    parameters: &[
        lr(0.001),
        Parameter::scheduled("momentum", 0.9, Range::Fraction, "β, the memory of the mean"),
        WEIGHT_DECAY,
        COUPLED,
    ],
};

static LARS: Word = Word {
    name: "lars",
    about: "momentum with a rate for each tensor, by the norms of parameters and gradient",
    parameters: &[
        lr(0.1),
        ALPHA,
        Parameter::scheduled("trust", 0.001, Range::Positive, "η, the trust coefficient"),
        Parameter::scheduled("eps", 0.0, Range::NonNegative, "δ, beside the norm below"),
        WEIGHT_DECAY,
        COUPLED,
    ],
};

static LAMB: Word = Word {
    name: "lamb",
    about: "Adam with steps as large as each tensor, times the rate",
    parameters: &[
        lr(0.001),
        BETA1,
        BETA2,
        Parameter::scheduled("eps", 1e-6, Range::Positive, "δ, outside the corrected root"),
        WEIGHT_DECAY,
        DECOUPLED,
    ],
};

static ADAFACTOR: Word = Word {
    name: "adafactor",
    about: "mean squares kept as rows and columns, steps relative to the parameters",
    parameters: &[
        Parameter::scheduled("lr", 0.01, Range::NonNegative, "ε, the largest relative step"),
        Parameter::scheduled(
            "beta2_decay",
            0.8,
            Range::NonNegative,
            "γ: the squares are forgotten as t^−γ",
        ),
        Parameter::number(
            "eps1",
            0.0,
            Range::NonNegative,
            "δ₁, the least root; 0: from 1 to the next number",
        ),
        Parameter::scheduled("eps2", 0.001, Range::NonNegative, "δ₂, the least size of a tensor"),
        Parameter::scheduled("d", 1.0, Range::Positive, "the largest root mean square"),
        WEIGHT_DECAY,
        DECOUPLED,
    ],
};

static SCHEDULE_FREE_SGD: Word = Word {
    name: "schedule_free_sgd",
    about: "SGD with an average of the iterates in place of a schedule",
    parameters: &[
        lr(1.0),
        Parameter::number("beta", 0.9, Range::Fraction, "how near the average gradients are taken"),
        WARMUP,
        R,
        WEIGHT_LR_POWER,
        WEIGHT_DECAY,
    ],
};

static SCHEDULE_FREE_ADAMW: Word = Word {
    name: "schedule_free_adamw",
    about: "AdamW with an average of the iterates in place of a schedule",
    parameters: &[
        lr(0.0025),
        Parameter::number(
            "beta1",
            0.9,
            Range::Fraction,
            "β, how near the average gradients are taken",
        ),
        BETA2,
        EPS,
        WARMUP,
        R,
        WEIGHT_LR_POWER,
        WEIGHT_DECAY,
        DECOUPLED,
    ],
};

static PRODIGY: Word = Word {
    name: "prodigy",
    about: "Adam with a rate that is estimated, from how far the start is from the solution",
    parameters: &[
        Parameter::scheduled("lr", 1.0, Range::NonNegative, "ε, a factor on the estimate"),
        BETA1,
        BETA2,
        Parameter::scheduled(
            "beta3",
            0.0,
            Range::Fraction,
            "ρ₃, the memory of the estimate; 0 is √ρ₂",
        ),
        Parameter::scheduled("eps", 1e-8, Range::Positive, "δ, outside the root"),
        Parameter::number("d0", 1e-6, Range::Positive, "the estimate at the start"),
        Parameter::number("d_coef", 1.0, Range::Positive, "a factor on later estimates"),
        Parameter::number("growth", 0.0, Range::NonNegative, "most growth in a step; 0 is any"),
        Parameter::switch("bias_correction", false, "make up for moments that start at 0"),
        Parameter::switch("safeguard_warmup", false, "weigh the estimate without the rate"),
        WEIGHT_DECAY,
        DECOUPLED,
    ],
};

static LOOKAHEAD: Word = Word {
    name: "lookahead",
    about: "slow weights that follow the fast ones",
    parameters: &[
        INNER,
        Parameter::number("k", 5.0, Range::Count, "steps between two synchronisations"),
        Parameter::number("alpha", 0.5, Range::Unit, "α, how far the slow weights go"),
    ],
};

static SAM: Word = Word {
    name: "sam",
    about: "the gradient from where the cost is largest nearby (sharpness-aware minimisation)",
    parameters: &[
        INNER,
        Parameter::number("rho", 0.05, Range::NonNegative, "ρ, how far away nearby is"),
        Parameter::switch("adaptive", false, "distances relative to the size of each parameter"),
    ],
};

static EMA: Word = Word {
    name: "ema",
    about: "evaluates at a moving average of the weights",
    parameters: &[
        INNER,
        Parameter::number("decay", 0.999, Range::Fraction, "the memory of the average"),
        Parameter::switch("warmup", false, "a shorter memory at the early steps"),
    ],
};

static SWA: Word = Word {
    name: "swa",
    about: "evaluates at the mean of the weights at every so many steps",
    parameters: &[
        INNER,
        Parameter::steps("start", "the first step whose weights count"),
        Parameter {
            name: "every",
            about: "steps from one that counts to the next",
            kind: Kind::Steps,
            default: Default::Number(1.0),
        },
    ],
};

static ACCUMULATE: Word = Word {
    name: "accumulate",
    about: "one step with the mean of several gradients",
    parameters: &[INNER, Parameter::number("steps", 4.0, Range::Count, "gradients for each step")],
};

static FREEZE: Word = Word {
    name: "freeze",
    about: "leaves the parameters as they are for a while",
    parameters: &[
        INNER,
        Parameter::number("from", 0.0, Range::Whole, "the first step at rest, from 0"),
        Parameter::steps("until", "the first step that is taken again"),
    ],
};

static FROZEN: Word =
    Word { name: "frozen", about: "leaves the parameters as they are for good", parameters: &[] };

static PROJECT: Word = Word {
    name: "project",
    about: "keeps the parameters in a convex set, θ ← Π(θ) after every step",
    parameters: &[INNER, Parameter::call("onto", "set", "ball", "the set: box, ball or simplex")],
};

static GROUPS: Word = Word {
    name: "groups",
    about: "an optimizer for each group of parameters; the last pattern that matches counts",
    parameters: &[Parameter {
        name: "groups",
        about: "patterns of names in quotes, each with its optimizer",
        kind: Kind::List,
        default: Default::Required,
    }],
};

const INNER: Parameter = Parameter {
    name: "inner",
    about: "the optimizer that it is around",
    kind: Kind::Call("optimizer"),
    default: Default::Required,
};

static MUON: Word = Word {
    name: "muon",
    about: "momentum whose matrices are made orthogonal; AdamW for what is no matrix",
    parameters: &[
        lr(0.02),
        Parameter::scheduled("momentum", 0.95, Range::Fraction, "μ, the memory of the mean"),
        Parameter::switch("nesterov", true, "whether the update looks ahead"),
        Parameter::number("steps", 5.0, Range::Count, "steps of Newton-Schulz"),
        Parameter::number("adam_lr", 0.001, Range::NonNegative, "ε of AdamW, moved as lr is"),
        BETA1,
        BETA2,
        EPS,
        decays(0.0),
        DECOUPLED,
    ],
};

static SHAMPOO: Word = Word {
    name: "shampoo",
    about: "the gradient between inverse roots of its covariances of rows and columns",
    parameters: &[
        lr(0.1),
        Parameter::number("beta2", 1.0, Range::Unit, "β₂, the memory of the sums; 1 keeps all"),
        Parameter::number("eps", 1e-6, Range::Positive, "δ, what the sums begin with"),
        Parameter::number("every", 1.0, Range::Count, "steps from one pair of roots to the next"),
        Parameter::scheduled("momentum", 0.0, Range::Fraction, "μ, the share of the buffer kept"),
        WEIGHT_DECAY,
        COUPLED,
    ],
};

static SOAP: Word = Word {
    name: "soap",
    about: "Adam in the eigenvectors of Shampoo's covariances",
    parameters: &[
        lr(0.003),
        Parameter::scheduled("beta1", 0.95, Range::Fraction, "β₁, the memory of the mean"),
        Parameter::scheduled("beta2", 0.95, Range::Fraction, "β₂, the memory of the squares"),
        Parameter::scheduled(
            "shampoo_beta",
            0.95,
            Range::Fraction,
            "β, the memory of the covariances",
        ),
        Parameter::scheduled("eps", 1e-8, Range::Positive, "δ, outside the root"),
        Parameter::number("every", 10.0, Range::Count, "steps from one basis to the next"),
        decays(0.0),
        DECOUPLED,
    ],
};

const fn lr(default: f64) -> Parameter {
    Parameter::scheduled("lr", default, Range::NonNegative, "ε, the learning rate")
}

const fn decays(default: f64) -> Parameter {
    Parameter::scheduled("weight_decay", default, Range::NonNegative, "λ")
}

const ALPHA: Parameter =
    Parameter::scheduled("momentum", 0.9, Range::Fraction, "α, the share of velocity kept");
const RHO: Parameter =
    Parameter::scheduled("rho", 0.9, Range::Fraction, "ρ, the memory of the squares");
const BETA1: Parameter =
    Parameter::scheduled("beta1", 0.9, Range::Fraction, "ρ₁, the memory of the mean");
const BETA2: Parameter =
    Parameter::scheduled("beta2", 0.999, Range::Fraction, "ρ₂, the memory of the squares");
const EPS: Parameter =
    Parameter::scheduled("eps", 1e-8, Range::Positive, "δ, outside the corrected root");
const EPS_HAT: Parameter =
    Parameter::switch("eps_hat", false, "δ before the correction, as in TensorFlow");
const WEIGHT_DECAY: Parameter = decays(0.0);
const COUPLED: Parameter = Parameter::switch(
    "decoupled",
    false,
    "decay the parameters, θ ← θ − ελθ, instead of the gradient, g ← g + λθ",
);
const DECOUPLED: Parameter = Parameter::switch("decoupled", true, COUPLED.about);
const WARMUP: Parameter = Parameter::number("warmup", 0.0, Range::Whole, "steps of linear warm-up");
const R: Parameter =
    Parameter::number("r", 0.0, Range::NonNegative, "power of the step in the average's weights");
const WEIGHT_LR_POWER: Parameter = Parameter::number(
    "weight_lr_power",
    2.0,
    Range::NonNegative,
    "power of the largest rate in the average's weights",
);
