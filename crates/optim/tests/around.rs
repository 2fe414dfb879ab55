//! What goes around an optimizer: resumed at every step, beside the references, and by hand.

use std::fs;
use std::iter::zip;
use std::path::Path;

use serde::Deserialize;
use thalweg_optim::around::Groups;
use thalweg_optim::saved;
use thalweg_optim::*;

const NAMES: [&str; 4] = ["layer1/weights", "layer1/biases", "layer2/weights", "layer2/biases"];
const SHAPES: [&[usize]; 4] = [&[4, 3], &[3], &[3, 1], &[1]];

const CALLS: [&str; 17] = [
    "lookahead(adam(lr=0.1), k=3)",
    "ema(adamw(lr=0.1), decay=0.9)",
    "ema(sgd, warmup=true)",
    "swa(momentum, start=4, every=3)",
    "sam(momentum(lr=0.05), rho=0.1)",
    "sam(ema(adam(clip_global_norm=1)), adaptive=true)",
    "accumulate(adam(lr=0.1), steps=3)",
    "freeze(adam(lr=0.1), from=3, until=7)",
    "ema(lookahead(accumulate(adam(lr=0.1), steps=2), k=2), decay=0.8)",
    "ema(ema(lookahead(lookahead(adam, k=2), k=3), decay=0.9), decay=0.5)",
    "accumulate(accumulate(sgd(lr=0.1), steps=2), steps=3)",
    "adam(lr=0.1, schedule=plateau(patience=1))",
    "project(adam(lr=0.1), onto=ball(radius=2))",
    "ema(project(lookahead(momentum, k=2), onto=box(low=-0.5, high=0.5)), decay=0.9)",
    "groups(\"*\", project(sgd, onto=simplex), \"*/biases\", project(adagrad, onto=ball))",
    "groups(\"*\", ema(adam(lr=0.1)), \"*/biases\", lookahead(momentum, k=2), \"layer1/biases\", frozen)",
    "ema(groups(\"*\", accumulate(ema(adam), steps=2), \"layer2/*\", groups(\"*/weights\", freeze(adam, until=5), \"*/biases\", sgd(schedule=plateau))))",
];

/// Parameters, and gradients that depend on them and on the step.
#[derive(Clone, Debug, PartialEq)]
struct Net {
    parameters: Vec<Vec<f32>>,
    gradients: Vec<Vec<f32>>,
    order: Vec<usize>,
}

impl Net {
    fn new() -> Net {
        let tensor = |t: usize| {
            let length = SHAPES[t].iter().product::<usize>();
            (0..length).map(|i| ((i * 7 + t * 3) % 11) as f32 / 5.0 - 1.0).collect()
        };
        let parameters: Vec<Vec<f32>> = (0..4).map(tensor).collect();
        Net { gradients: parameters.clone(), parameters, order: vec![0, 1, 2, 3] }
    }

    fn differentiate(&mut self, k: usize) {
        for (t, (parameters, gradients)) in zip(&self.parameters, &mut self.gradients).enumerate() {
            for (i, (p, g)) in zip(parameters, gradients).enumerate() {
                *g = (p - 0.3) * (1.0 + t as f32) + (((i + 3 * t + 5 * k) % 7) as f32 - 3.0) * 0.1;
            }
        }
    }

    fn segments(&mut self) -> Vec<Segment<'_, f32>> {
        let Net { parameters, gradients, order } = self;
        let all = zip(parameters, &*gradients).enumerate();
        let mut segments: Vec<_> = all
            .map(|(t, (parameters, gradient))| {
                let (name, shape) = (NAMES[t], SHAPES[t]);
                (
                    order.iter().position(|o| *o == t),
                    Segment { name, shape, parameters, gradient: gradient.into() },
                )
            })
            .collect();
        segments.sort_by_key(|(place, _)| *place);
        segments.into_iter().map(|(_, segment)| segment).collect()
    }

    /// One step; afterwards a measurement.
    fn step(&mut self, optimizer: &mut dyn Optimizer<f32>, k: usize) -> StepInfo {
        self.differentiate(k);
        if optimizer.probe(&mut self.segments()).unwrap() {
            self.differentiate(k);
        }
        let info = optimizer.step(&mut self.segments()).unwrap();
        optimizer.measured(if k < 4 { 1.0 / (k + 1) as f64 } else { 1.0 });
        info
    }

    fn steps(&mut self, optimizer: &mut dyn Optimizer<f32>, steps: std::ops::Range<usize>) {
        for k in steps {
            self.step(optimizer, k);
        }
    }

    fn iterate(&self, optimizer: &dyn Optimizer<f32>) -> Vec<Vec<f32>> {
        let mut net = self.clone();
        optimizer.to_iterate(&mut net.segments());
        net.parameters
    }
}

fn made(call: &str) -> Box<dyn Optimizer<f32>> {
    optimizer(&call.parse().unwrap(), None).unwrap_or_else(|error| panic!("{call}: {error}"))
}

fn state(optimizer: &dyn Optimizer<f32>) -> Vec<Slot<'static>> {
    saved::from_bytes(&saved::to_bytes(optimizer, "")).unwrap().slots
}

#[test]
fn a_resumed_run_has_the_same_bits_wherever_it_was_cut() {
    for call in CALLS {
        let (mut whole, mut net) = (made(call), Net::new());
        net.steps(&mut *whole, 0..24);
        for cut in 0..20 {
            let (mut first, mut resumed) = (made(call), Net::new());
            resumed.steps(&mut *first, 0..cut);
            let slots = state(&*first);
            let mut second = made(call);
            second
                .restore(&mut resumed.segments(), slots)
                .unwrap_or_else(|e| panic!("{call}: {e}"));
            resumed.steps(&mut *second, cut..24);
            assert_eq!(resumed.parameters, net.parameters, "{call} cut at {cut}");
            assert_eq!(resumed.iterate(&*second), net.iterate(&*whole), "{call} cut at {cut}");
            assert_eq!(second.slots(), whole.slots(), "{call} cut at {cut}");
        }
    }
}

#[test]
fn a_state_with_a_missing_or_unknown_piece_is_refused_and_changes_nothing() {
    for call in CALLS {
        let (mut optimizer, mut net) = (made(call), Net::new());
        net.steps(&mut *optimizer, 0..5);
        let slots = state(&*optimizer);
        for left_out in 0..slots.len() {
            let mut damaged = slots.clone();
            let name = damaged.remove(left_out).name;
            // A chain reads states that knew nothing of skipped steps.
            if name.ends_with("skipped") && !name.contains("accumulate") {
                continue;
            }
            let error = optimizer.restore(&mut net.segments(), damaged).expect_err(&name);
            assert!(error.to_string().contains(&name), "{call}: {error}");
            assert_eq!(state(&*optimizer), slots);
        }
    }
}

#[test]
fn the_names_of_a_state_are_all_different() {
    for call in CALLS {
        let (mut optimizer, mut net) = (made(call), Net::new());
        net.steps(&mut *optimizer, 0..7);
        let mut names: Vec<_> = optimizer.slots().into_iter().map(|slot| slot.name).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count, "{call}");
    }
}

#[test]
fn an_evaluation_leaves_every_bit_of_the_parameters() {
    for call in CALLS {
        let (mut optimizer, mut net) = (made(call), Net::new());
        net.steps(&mut *optimizer, 0..6);
        let (before, iterate) = (net.clone(), net.iterate(&*optimizer));
        let evaluation = Evaluation::swap_in(&*optimizer, &mut net.segments());
        assert_eq!(net.parameters, iterate, "{call}");
        evaluation.swap_out(&mut net.segments());
        assert_eq!(net, before, "{call}");
    }
}

// ---- Beside the references.

#[derive(Clone, Deserialize)]
struct Tensor {
    name: String,
    shape: Vec<usize>,
    start: Vec<f64>,
    h: Vec<f64>,
    c: Vec<f64>,
    q: Vec<f64>,
    #[serde(skip)]
    gradient: Vec<f64>,
}

#[derive(Deserialize)]
struct Case {
    call: String,
    steps: Vec<Vec<f64>>,
    iterates: Option<Vec<Vec<f64>>>,
    ascents: Option<Vec<Vec<f64>>>,
}

impl Tensor {
    fn differentiate(&mut self) {
        let Tensor { start, h, c, q, gradient, .. } = self;
        gradient.clear();
        let g = |i: usize| h[i] * (start[i] - c[i]) + q[i] * start[i] * start[i] * start[i];
        gradient.extend((0..start.len()).map(g));
    }

    fn segment(&mut self) -> Segment<'_, f64> {
        let Tensor { name, shape, start, gradient, .. } = self;
        Segment { name, shape, parameters: start, gradient: (&*gradient).into() }
    }
}

fn flat(tensors: &[Tensor; 2]) -> Vec<f64> {
    tensors.iter().flat_map(|tensor| tensor.start.iter().copied()).collect()
}

fn assert_near(found: &[f64], expected: &[f64], what: &str) {
    for (found, expected) in zip(found, expected) {
        let far = (found - expected).abs() / expected.abs().max(0.1);
        assert!(far < 1e-12, "{what}: {found} is not {expected}");
    }
}

#[test]
fn a_hundred_steps_agree_with_the_libraries() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let read = |name: &str| fs::read_to_string(folder.join(format!("{name}.json"))).unwrap();
    let problem: [Tensor; 2] = serde_json::from_str(&read("problem")).unwrap();
    for word in ["lookahead", "sam", "ema", "swa", "accumulate"] {
        for case in serde_json::from_str::<Vec<Case>>(&read(word)).unwrap() {
            let mut tensors = problem.clone();
            let mut optimizer = optimizer::<f64>(&case.call.parse().unwrap(), None).unwrap();
            assert_eq!(optimizer.looks_ahead(), case.iterates.is_some());
            for (k, expected) in case.steps.iter().enumerate() {
                let at = format!("{}, step {}", case.call, k + 1);
                tensors.iter_mut().for_each(Tensor::differentiate);
                if let Some(ascents) = &case.ascents {
                    assert!(optimizer.probe(&mut tensors.each_mut().map(Tensor::segment)).unwrap());
                    assert_near(&flat(&tensors), &ascents[k], &at);
                    tensors.iter_mut().for_each(Tensor::differentiate);
                }
                optimizer.step(&mut tensors.each_mut().map(Tensor::segment)).unwrap();
                assert_near(&flat(&tensors), expected, &at);
                if let Some(iterates) = &case.iterates {
                    let mut tensors = tensors.clone();
                    optimizer.to_iterate(&mut tensors.each_mut().map(Tensor::segment));
                    assert_near(&flat(&tensors), &iterates[k], &at);
                }
            }
        }
    }
}

// ---- By hand.

#[test]
fn the_gradients_of_parts_of_a_batch_make_the_step_of_the_batch() {
    // Mean squares of a·w − b over 8 rows, at once and in 4 parts of 2.
    let a: Vec<[f64; 2]> =
        (0..8).map(|i| [f64::from(i) / 4.0 - 1.0, f64::from(i * i % 5)]).collect();
    let gradient = |w: &[f64], rows: std::ops::Range<usize>| {
        let n = rows.len() as f64;
        let mut g = [0.0; 2];
        for a in &a[rows] {
            let residual = a[0] * w[0] + a[1] * w[1] - 1.5;
            g = [g[0] + a[0] * residual / n, g[1] + a[1] * residual / n];
        }
        g
    };
    let call = |text: &str| optimizer::<f64>(&text.parse().unwrap(), None).unwrap();
    let (mut at_once, mut in_parts) = (call("adam(lr=0.05)"), call("accumulate(adam(lr=0.05))"));
    let (mut w, mut v) = ([0.3, -0.2], [0.3, -0.2]);
    for _ in 0..50 {
        let g = gradient(&w, 0..8);
        at_once
            .step(&mut [Segment {
                name: "w",
                shape: &[2],
                parameters: &mut w,
                gradient: (&g).into(),
            }])
            .unwrap();
        for part in 0..4 {
            let g = gradient(&v, 2 * part..2 * part + 2);
            let own = Segment { name: "w", shape: &[2], parameters: &mut v, gradient: (&g).into() };
            let info = in_parts.step(&mut [own]).unwrap();
            let expected = if part == 3 { Outcome::Taken } else { Outcome::Accumulated };
            assert_eq!(info.outcome, expected);
        }
        assert_near(&v, &w, "parts");
    }
}

fn step_w(
    optimizer: &mut dyn Optimizer<f64>,
    w: &mut [f64],
    g: Gradient<'_, f64>,
) -> Result<StepInfo, StepError> {
    let shape = [w.len()];
    optimizer.step(&mut [Segment { name: "w", shape: &shape, parameters: w, gradient: g }])
}

fn made_f64(call: &str) -> Box<dyn Optimizer<f64>> {
    optimizer(&call.parse().unwrap(), None).unwrap()
}

#[test]
fn what_is_missing_or_not_finite_does_not_count_in_the_mean_and_a_flush_steps_early() {
    let mut sgd = made_f64("ema(accumulate(sgd(lr=1, nonfinite=skip), steps=3), decay=0.5)");
    let mut w = [0.0];
    step_w(&mut *sgd, &mut w, (&[2.0]).into()).unwrap();
    step_w(&mut *sgd, &mut w, Gradient::Missing).unwrap();
    let info = step_w(&mut *sgd, &mut w, (&[4.0]).into()).unwrap();
    assert_eq!((w, info.outcome), ([-3.0], Outcome::Taken));

    let skipped = step_w(&mut *sgd, &mut w, (&[f64::NAN]).into()).unwrap();
    assert_eq!((skipped.outcome, skipped.skipped), (Outcome::Skipped, 1));
    step_w(&mut *sgd, &mut w, (&[1.0]).into()).unwrap();
    let mut segments =
        [Segment { name: "w", shape: &[1], parameters: &mut w, gradient: Gradient::Missing }];
    let info = sgd.flush(&mut segments, &Around::default()).unwrap().unwrap();
    assert_eq!((info.step, info.outcome, info.skipped), (2, Outcome::Taken, 1));
    assert_eq!(sgd.flush(&mut segments, &Around::default()), Ok(None));
    assert_eq!(segments[0].parameters, [-4.0]);
    sgd.to_iterate(&mut segments);
    assert_eq!(segments[0].parameters, [-3.5]);

    for _ in 0..3 {
        let info = step_w(&mut *sgd, &mut w, (&[f64::INFINITY]).into()).unwrap();
        assert_eq!(info.outcome, Outcome::Skipped);
    }
    assert_eq!((w, sgd.steps()), ([-3.5], 2));
}

#[test]
fn averages_are_the_sums_that_they_are_said_to_be() {
    let w = |t: f64| -t;
    let (mut ema, mut swa) = (
        made_f64("ema(sgd(lr=1), decay=0.9, warmup=true)"),
        made_f64("swa(sgd(lr=1), start=3, every=2)"),
    );
    let (mut p, mut q, mut expected) = ([0.0], [0.0], w(1.0));
    for t in 1..=20 {
        step_w(&mut *ema, &mut p, (&[1.0]).into()).unwrap();
        step_w(&mut *swa, &mut q, (&[1.0]).into()).unwrap();
        let d = ((1.0 + f64::from(t)) / (10.0 + f64::from(t))).min(0.9);
        if t > 1 {
            expected = d * expected + (1.0 - d) * w(t.into());
        }
        let iterate = |optimizer: &dyn Optimizer<f64>, mut w: [f64; 1]| {
            let (parameters, gradient) = (&mut w[..], Gradient::Missing);
            optimizer.to_iterate(&mut [Segment { name: "w", shape: &[1], parameters, gradient }]);
            w[0]
        };
        assert_near(&[iterate(&*ema, p)], &[expected], "ema");
        let taken: Vec<f64> = (3..=t).step_by(2).map(|t| w(t.into())).collect();
        let mean = if t < 3 { q[0] } else { taken.iter().sum::<f64>() / taken.len() as f64 };
        assert_near(&[iterate(&*swa, q)], &[mean], "swa");
    }
}

#[test]
fn sam_goes_up_and_back_as_worked_out_by_hand() {
    for (call, away, after) in [
        // ‖g‖ = 5, so that e = 0.5·(0.6, 0.8); then θ − 0.1·(1, 1).
        ("sam(sgd(lr=0.1), rho=0.5)", [2.3, -0.6], [1.9, -1.1]),
        // |θ|g = (6, 4): θ²g/‖·‖ = (12, 4)/√52.
        (
            "sam(sgd(lr=0.1), rho=0.5, adaptive=true)",
            [2.0 + 6.0 / 52f64.sqrt(), -1.0 + 2.0 / 52f64.sqrt()],
            [1.9, -1.1],
        ),
    ] {
        let (mut sam, mut w) = (made_f64(call), [2.0, -1.0]);
        let error = step_w(&mut *sam, &mut w, (&[3.0, 4.0]).into()).unwrap_err();
        assert_eq!(error, StepError::NoProbe { step: 1 });
        let (parameters, gradient) = (&mut w[..], (&[3.0, 4.0]).into());
        let probed = sam.probe(&mut [Segment { name: "w", shape: &[2], parameters, gradient }]);
        assert_eq!(probed, Ok(true));
        assert_near(&w, &away, call);
        step_w(&mut *sam, &mut w, (&[1.0, 1.0]).into()).unwrap();
        assert_near(&w, &after, call);

        // Without a direction there is no way up.
        let (parameters, gradient) = (&mut w[..], (&[0.0, 0.0]).into());
        let probed = sam.probe(&mut [Segment { name: "w", shape: &[2], parameters, gradient }]);
        assert_eq!(probed, Ok(false));
        step_w(&mut *sam, &mut w, (&[0.0, 0.0]).into()).unwrap();
        assert_near(&w, &after, call);
    }
}

#[test]
fn frozen_calls_change_neither_parameters_nor_state() {
    let (mut frozen, mut plain) =
        (made("freeze(adam(lr=0.1), from=2, until=5)"), made("adam(lr=0.1)"));
    let (mut net, mut other) = (Net::new(), Net::new());
    for k in 0..8 {
        let before = (net.parameters.clone(), frozen.steps());
        let info = net.step(&mut *frozen, k);
        if (2..5).contains(&k) {
            assert_eq!((info.outcome, info.step), (Outcome::Frozen, 2));
            assert_eq!((net.parameters.clone(), frozen.steps()), before);
        } else {
            assert_eq!(info.outcome, Outcome::Taken);
            other.step(&mut *plain, k);
        }
    }
    assert_eq!(net.parameters, other.parameters);
}

#[test]
fn a_plateau_moves_the_rate_of_its_own_group_only() {
    let mut optimizer = made(
        "groups(\"*\", sgd(lr=0.1), \"*/biases\", sgd(lr=0.2, schedule=plateau(patience=0, factor=0.5)))",
    );
    let mut net = Net::new();
    net.step(&mut *optimizer, 0);
    optimizer.measured(1.0);
    net.step(&mut *optimizer, 1);
    let rates: Vec<_> =
        optimizer.parts().iter().map(|part| part.last.unwrap().learning_rate).collect();
    assert_eq!(rates, [0.1, 0.1]);
    let names: Vec<_> = optimizer.parts().iter().map(|part| part.name.to_string()).collect();
    assert_eq!(names, ["*", "*/biases"]);
}

// ---- Groups.

#[test]
fn the_last_group_that_matches_takes_a_segment_in_whatever_order_they_come() {
    let call = "groups(\"*\", sgd(lr=0.1), \"*/biases\", sgd(lr=0.01), \"layer1/*\", frozen)";
    let (mut optimizer, mut net) = (made(call), Net::new());
    let start = Net::new();
    net.step(&mut *optimizer, 0);
    for (t, rate) in [0.0, 0.0, 0.1, 0.01].into_iter().enumerate() {
        let expected: Vec<f32> =
            zip(&start.parameters[t], &net.gradients[t]).map(|(p, g)| p - rate * g).collect();
        assert_eq!(net.parameters[t], expected, "{}", NAMES[t]);
    }
    for call in CALLS {
        let (mut one, mut net) = (made(call), Net::new());
        let (mut two, mut permuted) = (made(call), Net { order: vec![2, 0, 3, 1], ..Net::new() });
        // Sums over all segments have another order then.
        if call.contains("sam") {
            continue;
        }
        net.steps(&mut *one, 0..9);
        permuted.steps(&mut *two, 0..9);
        assert_eq!(net.parameters, permuted.parameters, "{call}");
        let slots = state(&*two);
        one.restore(&mut net.segments(), slots).unwrap();
    }
}

#[test]
fn a_segment_without_a_group_and_a_group_without_a_segment_are_errors() {
    for (call, message) in [
        (
            "groups(\"layer1/*\", adam)",
            "no group takes 'layer2/weights'; add one for it, or \"*\" for all that no other takes: \"layer1/*\"",
        ),
        (
            "groups(\"*\", adam, \"layer3/*\", sgd)",
            "no segment is called \"layer3/*\", as a group wants it; there are \"layer1/weights\", \"layer1/biases\", \"layer2/weights\", \"layer2/biases\"",
        ),
    ] {
        let (mut optimizer, mut net) = (made(call), Net::new());
        let before = net.clone();
        let error = optimizer.step(&mut net.segments()).unwrap_err();
        assert_eq!(error.to_string(), message);
        assert_eq!(net, before);
    }
}

#[test]
fn the_norm_over_groups_is_that_of_one_optimizer() {
    let clipped = "adam(lr=0.1, clip_global_norm=0.5)";
    let grouped =
        format!("groups(\"*\", {clipped}, \"*/biases\", {clipped}, \"layer1/*\", {clipped})");
    let (mut one, mut many) = (made(clipped), made(&grouped));
    let (mut net, mut other) = (Net::new(), Net::new());
    for k in 0..10 {
        let (whole, parts) = (net.step(&mut *one, k), other.step(&mut *many, k));
        assert_eq!(net.parameters, other.parameters);
        assert_eq!(whole, parts);
    }
    many.observe(Observe::Norms);
    one.observe(Observe::Norms);
    let (whole, parts) =
        (net.step(&mut *one, 10).norms.unwrap(), other.step(&mut *many, 10).norms.unwrap());
    assert!((whole.update / parts.update - 1.0).abs() < 1e-9);
    assert!((whole.parameters / parts.parameters - 1.0).abs() < 1e-9);
    assert_eq!(whole.clipped, parts.clipped);
}

#[test]
fn one_group_that_skips_makes_all_skip() {
    let call = "groups(\"*\", adam, \"*/biases\", sgd(nonfinite=skip))";
    let (mut optimizer, mut net) = (made(call), Net::new());
    net.step(&mut *optimizer, 0);
    net.differentiate(1);
    net.gradients[0][3] = f32::NAN;
    let (before, slots) = (net.parameters.clone(), state(&*optimizer).len());
    let info = optimizer.step(&mut net.segments()).unwrap();
    assert_eq!((info.outcome, info.skipped, info.step), (Outcome::Skipped, 1, 1));
    assert_eq!((net.parameters, state(&*optimizer).len()), (before, slots));
}

#[test]
fn a_group_that_is_frozen_goes_on_where_it_was_also_after_a_resume() {
    let groups = || Groups::new([("*", made("adam(lr=0.1)")), ("layer1/*", made("adam(lr=0.2)"))]);
    let (mut optimizer, mut net) = (groups(), Net::new());
    net.steps(&mut optimizer, 0..3);
    let error = optimizer.freeze("layer1").unwrap_err().to_string();
    assert_eq!(error, "no group has the pattern \"layer1\"; there are \"*\", \"layer1/*\"");
    optimizer.freeze("layer1/*").unwrap();
    let still = net.parameters[..2].to_vec();
    net.steps(&mut optimizer, 3..5);
    assert_eq!(net.parameters[..2], still);

    let mut resumed = groups();
    resumed.restore(&mut net.segments(), state(&optimizer)).unwrap();
    let mut other = net.clone();
    other.step(&mut resumed, 5);
    net.step(&mut optimizer, 5);
    assert_eq!((&other, &other.parameters[..2]), (&net, &still[..]));
    optimizer.thaw("layer1/*").unwrap();
    resumed.thaw("layer1/*").unwrap();
    net.steps(&mut optimizer, 6..9);
    other.steps(&mut resumed, 6..9);
    assert_eq!(net, other);
    assert_ne!(net.parameters[..2], still);
    let steps = |name: &str| {
        optimizer
            .slots()
            .iter()
            .any(|slot| slot.name == name && slot.values == saved::Values::F64(vec![6.0].into()))
    };
    assert!(steps("@1.steps"));
}

#[test]
fn matrices_go_to_the_one_and_all_else_to_the_other() {
    let mut optimizer = Groups::of_matrices(made("sgd(lr=1)"), Box::new(around::Frozen));
    let (mut net, start) = (Net::new(), Net::new());
    net.step(&mut optimizer, 0);
    assert_ne!(net.parameters[0], start.parameters[0]);
    assert_eq!(net.parameters[1..], start.parameters[1..]);
}

#[test]
fn a_copy_in_more_bits_follows_the_slow_weights() {
    let call = "lookahead(sgd(lr=1), k=1, alpha=0)".parse().unwrap();
    let mut optimizer = optimizer::<bf16>(&call, None).unwrap();
    let (mut w, g) = ([bf16::from_f64(1.0)], [bf16::from_f64(0.25)]);
    for _ in 0..3 {
        let segment = Segment { name: "w", shape: &[1], parameters: &mut w, gradient: (&g).into() };
        optimizer.step(&mut [segment]).unwrap();
        assert_eq!(w, [bf16::from_f64(1.0)]);
    }
}

#[test]
fn wrong_calls_say_what_to_do() {
    for (call, message) in [
        (
            "lookahead",
            "lookahead needs 'inner' (the optimizer that it is around): write lookahead(inner=…)",
        ),
        ("lookahead(admw)", "unknown optimizer 'admw': did you mean 'adamw'?"),
        ("lookahed(adam)", "unknown optimizer 'lookahed': did you mean 'lookahead'?"),
        ("lookahead(adam, k=0)", "lookahead(k=0): k must be a whole number from 1"),
        ("ema(adam, decay=1)", "ema(decay=1): decay must be a number from 0 to below 1"),
        ("freeze(adam, from=5, until=5)", "freeze(from=5, until=5): until must be after from"),
        ("accumulate(ema(sam(sgd)))", "accumulate: sam cannot be inside; write sam(accumulate(…))"),
        ("groups(\"*\", sam(sgd))", "groups: sam cannot be inside; write sam(groups(…))"),
        ("sam(sam(sgd))", "sam: one around the other asks for three gradients"),
        (
            "groups(adam)",
            "groups(adam): write patterns in quotes, each with its optimizer, as in groups(\"*\", adam)",
        ),
        (
            "groups",
            "groups: give at least one pattern with its optimizer, as in groups(\"*\", adam)",
        ),
        (
            "sgd(weight_decay=0.1*plateau)",
            "sgd(weight_decay=0.1*plateau): a plateau moves lr and nothing else",
        ),
    ] {
        match optimizer::<f32>(&call.parse().unwrap(), None) {
            Ok(_) => panic!("{call} was read"),
            Err(error) => assert_eq!(error.to_string(), message),
        }
    }
}

#[test]
fn an_epoch_has_fewer_steps_where_gradients_are_gathered() {
    let call = "accumulate(sgd(lr=1, schedule=step(every=1epochs, factor=0.5)), steps=2)";
    let Ok(call) = call.parse() else { panic!("{call}") };
    let mut optimizer = optimizer::<f64>(&call, Some(4.0)).unwrap();
    let mut w = [0.0];
    for _ in 0..8 {
        step_w(&mut *optimizer, &mut w, (&[1.0]).into()).unwrap();
    }
    assert_eq!(w, [-3.0]);
}

#[test]
fn a_gradient_that_is_refused_adds_nothing() {
    let mut sgd = made_f64("accumulate(sgd(lr=1, nonfinite=refuse), steps=2)");
    let mut w = [0.0];
    step_w(&mut *sgd, &mut w, (&[2.0]).into()).unwrap();
    let error = step_w(&mut *sgd, &mut w, (&[f64::INFINITY]).into()).unwrap_err();
    assert!(matches!(error, StepError::NonFinite { step: 1, index: 0, .. }));
    step_w(&mut *sgd, &mut w, (&[4.0]).into()).unwrap();
    assert_eq!(w, [-3.0]);
}

#[test]
fn a_projection_is_that_of_all_parameters_together() {
    let mut weights = ([3.0_f64, 0.0], [0.0_f64, 5.0, 0.0]);
    let gradients = ([-10.0, 0.0], [0.0, -10.0, 0.0]);
    let mut step = |call: &str| {
        let mut optimizer = optimizer::<f64>(&call.parse().unwrap(), None).unwrap();
        let (a, b) = (&mut weights.0, &mut weights.1);
        let segments = &mut [
            Segment { name: "a", shape: &[2], parameters: a, gradient: (&gradients.0).into() },
            Segment { name: "b", shape: &[3], parameters: b, gradient: (&gradients.1).into() },
        ];
        optimizer.step(segments).unwrap();
        assert_eq!(optimizer.chain(), "Project(Scale)");
        assert!(optimizer.formula().lines().count() == 2, "{}", optimizer.formula());
        (weights.0, weights.1)
    };
    let near = |(a, b): ([f64; 2], [f64; 3]), expected: [f64; 5]| {
        let found = [a[0], a[1], b[0], b[1], b[2]];
        assert!(zip(found, expected).all(|(x, y)| (x - y).abs() < 1e-15), "{found:?}");
    };
    // (4, 0, 0, 6, 0) is 2√13 away from 0.
    let unit = 1.0 / 13f64.sqrt();
    near(step("project(sgd(lr=0.1), onto=ball)"), [2.0 * unit, 0.0, 0.0, 3.0 * unit, 0.0]);
    near(
        step("project(sgd(lr=0.1), onto=box(low=0.25, high=0.75))"),
        [0.75, 0.25, 0.25, 0.75, 0.25],
    );
    // (1.75, 0.25, 0.25, 1.75, 0.25) with τ = 1.25.
    near(step("project(sgd(lr=0.1), onto=simplex)"), [0.5, 0.0, 0.0, 0.5, 0.0]);
}
