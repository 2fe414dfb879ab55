//! One table of all rules × all properties that every rule must have.

use rayon::ThreadPoolBuilder;
use thalweg_calls::{Call, Default, Kind, Parameter, Range, Value, Word};
use thalweg_optim::schedule::{Linear, Schedule};
use thalweg_optim::*;
use thalweg_random::Stream;

/// A property of a chain.
trait Property {
    fn holds<R: Rule>(&self, name: &str, chain: impl Fn() -> R);
}

/// Every rule at least once, alone and in the company in which people use it.
fn for_every_chain(property: impl Property) {
    let linear = || scale(Hyper::new(0.3, Schedule::from(Linear { tau: 7, end: 0.1 })));
    property.holds("scale", || scale(0.1));
    property.holds("scheduled", linear);
    property.holds("momentum", || scale(0.1).then(momentum(0.9)));
    property.holds("nesterov", || linear().then(nesterov(0.8)));
    property.holds("heavy_ball", || heavy_ball(0.9).then(scale(0.1)));
    property.holds("torch nesterov", || {
        HeavyBall { nesterov: true, ..heavy_ball(0.9) }.then(scale(0.1))
    });
    property.holds("dampened", || {
        HeavyBall { dampening: 0.3.into(), ..heavy_ball(0.9) }.then(scale(0.1))
    });
    property.holds("adagrad", || adagrad(1e-7).then(scale(0.1)));
    property.holds("rmsprop", || rmsprop(0.9, 1e-8).then(scale(0.1)));
    property.holds("adam", || adam(0.9, 0.999, 1e-8).then(scale(0.1)));
    property.holds("adam with l2", || l2(0.1).then(adam(0.9, 0.99, 1e-8)).then(linear()));
    property.holds("adamw", || adam(0.9, 0.999, 1e-8).then(decay(0.1)).then(scale(0.1)));
    property.holds("clip_value", || clip_value(0.2).then(scale(0.1)));
    property.holds("clip_norm", || clip_norm(0.5).then(adagrad(1e-7)).then(scale(0.1)));
    property.holds("clip_global_norm", || {
        clip_global_norm(0.5).then(adam(0.9, 0.999, 1e-8)).then(decay(0.1)).then(scale(0.1))
    });
    property.holds("four slots", || {
        adam(0.9, 0.999, 1e-8).then(heavy_ball(0.9)).then(scale(0.1)).then(momentum(0.5))
    });
}

/// Two tensors and a gradient that depends on them: g = h ⊙ (p − c), with all signs and scales.
#[derive(Clone)]
struct Problem<T> {
    shapes: [[usize; 1]; 2],
    p: Vec<T>,
    g: Vec<T>,
    h: Vec<T>,
    c: Vec<T>,
}

impl<T: Real> Problem<T> {
    fn new(sizes: [usize; 2]) -> Self {
        let n = (sizes[0] + sizes[1]) as u64;
        let draw = |name, number: fn(Stream, u64) -> f64| -> Vec<T> {
            (0..n).map(|i| T::from_f64(number(Stream::new(1, name), i))).collect()
        };
        let p = draw("start", Stream::normal);
        let (h, c) = (draw("h", |h, i| 4.0 * h.uniform(i)), draw("c", Stream::normal));
        Problem { shapes: sizes.map(|n| [n]), g: p.clone(), p, h, c }
    }

    fn differentiate(&mut self) {
        for (i, g) in self.g.iter_mut().enumerate() {
            *g = self.h[i] * (self.p[i] - self.c[i]);
        }
    }

    fn step(&mut self, optimizer: &mut dyn Optimizer<T>) -> StepInfo {
        self.differentiate();
        optimizer.step(&mut self.segments()).unwrap()
    }

    fn segments(&mut self) -> [Segment<'_, T>; 2] {
        segments(&self.shapes, &mut self.p, &self.g)
    }
}

fn segments<'a, T: Stored>(
    [a, b]: &'a [[usize; 1]; 2],
    p: &'a mut [T],
    g: &'a [T],
) -> [Segment<'a, T>; 2] {
    let ((p0, p1), (g0, g1)) = (p.split_at_mut(a[0]), g.split_at(a[0]));
    [
        Segment { name: "a", shape: a, parameters: p0, gradient: g0.into() },
        Segment { name: "b", shape: b, parameters: p1, gradient: g1.into() },
    ]
}

/// The rule on one coordinate after the other: the judge of the fused loop.
fn naive_step<R: Rule, T: Real>(chain: &R, t: u64, problem: &mut Problem<T>, slots: &mut [Vec<T>]) {
    let norm = |g: &[T]| g.iter().map(|x| x.to_f64() * x.to_f64()).sum::<f64>().sqrt();
    let global_norm = norm(&problem.g);
    let split = problem.shapes[0][0];
    for i in 0..problem.p.len() {
        let own = if i < split { &problem.g[..split] } else { &problem.g[split..] };
        let step = Step { global_norm, segment_norm: norm(own), ..Step::new(t) };
        let mut flat: Vec<T> = slots.iter().map(|slot| slot[i]).collect();
        let mut tree = R::Slots::read(&flat);
        problem.p[i] = problem.p[i] - chain.at::<T>(step)(problem.p[i], problem.g[i], &mut tree);
        tree.write(&mut flat);
        std::iter::zip(&mut *slots, flat).for_each(|(slot, x)| slot[i] = x);
    }
}

fn on_threads<R: Send>(threads: usize, run: impl FnOnce() -> R + Send) -> R {
    ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(run)
}

#[test]
fn the_fused_loop_is_the_rule_on_each_coordinate_at_every_size() {
    struct AsNaive;
    impl Property for AsNaive {
        fn holds<R: Rule>(&self, name: &str, chain: impl Fn() -> R) {
            for size in [0, 1, 15, 16, 17, 63, 64, 65, 1000] {
                let mut fused = Chain::new(chain());
                let mut problem = Problem::<f64>::new([size, 3]);
                let mut judge = problem.clone();
                let mut slots = vec![vec![0.0; size + 3]; chain().slots().len()];
                for t in 1..=12 {
                    problem.step(&mut fused);
                    judge.g.clone_from(&problem.g);
                    naive_step(&chain(), t, &mut judge, &mut slots);
                    for (got, expected) in std::iter::zip(&problem.p, &judge.p) {
                        // The norms of clipping are summed in another order here.
                        let close = (got - expected).abs() <= 1e-13 * expected.abs().max(1.0);
                        assert!(close, "{name}, size {size}, step {t}: {got} {expected}");
                    }
                }
            }
        }
    }
    for_every_chain(AsNaive);
}

#[test]
fn the_bits_are_the_same_for_every_level_and_any_number_of_threads() {
    struct SameBits;
    impl SameBits {
        fn check<R: Rule, T: Real>(name: &str, chain: &impl Fn() -> R) {
            for sizes in [[0, 1], [15, 17], [65, 1000], [70_001, 99_999]] {
                let mut expected: Option<Vec<T>> = None;
                for level in Level::available() {
                    for threads in [1, 2] {
                        let mut fused = Chain::<T>::new(chain()).at_level(level);
                        let mut problem = Problem::<T>::new(sizes);
                        on_threads(threads, || {
                            (0..5).for_each(|_| {
                                problem.step(&mut fused);
                            });
                        });
                        let expected = expected.get_or_insert_with(|| problem.p.clone());
                        assert!(problem.p == *expected, "{name} {sizes:?} {level:?} {threads}");
                    }
                }
            }
        }
    }
    impl Property for SameBits {
        fn holds<R: Rule>(&self, name: &str, chain: impl Fn() -> R) {
            SameBits::check::<R, f32>(name, &chain);
            SameBits::check::<R, f64>(name, &chain);
        }
    }
    for_every_chain(SameBits);
}

/// Two rules one after another, each in a pass of its own, are the chain of the two.
#[test]
fn a_chain_is_its_rules_one_after_another() {
    fn check<A: Rule, B: Link>(first: impl Fn() -> A, second: impl Fn() -> B) {
        let mut together = Chain::new(first().then(second()));
        let mut problem = Problem::<f32>::new([40, 23]);
        let (mut a, mut b) = (Chain::<f32>::new(first()), Chain::<f32>::new(second()));
        for _ in 0..20 {
            let before = problem.p.clone();
            problem.step(&mut together);
            // A step from zero on u leaves −(what the rule makes of u); rules that look at θ cannot be
            // taken apart like this and are not in this test.
            let mut u = problem.g.clone();
            for rule in [&mut a as &mut dyn Optimizer<f32>, &mut b] {
                let mut from_zero = vec![0.0; u.len()];
                rule.step(&mut segments(&problem.shapes, &mut from_zero, &u)).unwrap();
                u = from_zero.into_iter().map(|x| 0.0 - x).collect();
            }
            let apart: Vec<f32> = std::iter::zip(before, u).map(|(p, u)| p - u).collect();
            assert_eq!(problem.p, apart);
        }
    }
    check(|| scale(0.1), || momentum(0.9));
    check(|| adam(0.9, 0.999, 1e-8), || scale(0.1));
    check(|| clip_value(0.3), || heavy_ball(0.9));
    check(|| rmsprop(0.9, 1e-8).then(scale(0.1)), || nesterov(0.9));
    check(|| clip_global_norm(0.3), || adagrad(1e-7));
}

#[test]
fn a_restored_run_goes_on_with_the_same_bits() {
    struct Resumes;
    impl Property for Resumes {
        fn holds<R: Rule>(&self, name: &str, chain: impl Fn() -> R) {
            let run = |optimizer: &mut Chain<f32>, problem: &mut Problem<f32>, steps: usize| {
                (0..steps).for_each(|_| {
                    problem.step(optimizer);
                });
            };
            let mut through = (Chain::new(chain()), Problem::new([19, 16]));
            run(&mut through.0, &mut through.1, 20);
            for k in 1..20 {
                let mut first = (Chain::new(chain()), Problem::new([19, 16]));
                run(&mut first.0, &mut first.1, k);
                let bytes = saved::to_bytes(&first.0, name);
                let saved = saved::from_bytes(&bytes).unwrap();
                assert_eq!((saved.steps, saved.optimizer.as_str()), (k as u64, name));

                let (mut second, mut problem) = (Chain::new(chain()), first.1);
                let mut shuffled = saved.slots;
                shuffled.reverse();
                second.restore(&mut problem.segments(), shuffled).unwrap();
                run(&mut second, &mut problem, 20 - k);
                assert_eq!(problem.p, through.1.p, "{name}, resumed after {k} steps");
                assert_eq!(second.slots(), through.0.slots(), "{name}, resumed after {k} steps");
            }
        }
    }
    for_every_chain(Resumes);
}

/// What is not finite in a gradient: with which policy what happens.
const POISONS: [f32; 3] = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY];

fn with_policy(rule: impl Rule, non_finite: NonFinite) -> Chain<f32> {
    Chain::new(rule).with(ChainOptions { non_finite, ..ChainOptions::default() })
}

#[test]
fn a_gradient_that_is_refused_or_skipped_leaves_no_trace() {
    struct NoTrace;
    impl Property for NoTrace {
        fn holds<R: Rule>(&self, name: &str, chain: impl Fn() -> R) {
            for (poison, policy) in
                POISONS.into_iter().flat_map(|x| [(x, NonFinite::Refuse), (x, NonFinite::Skip)])
            {
                let mut fused = with_policy(chain(), policy);
                let mut problem = Problem::<f32>::new([5, 30]);
                problem.step(&mut fused);
                let (parameters, before) = (problem.p.clone(), saved::to_bytes(&fused, name));
                problem.g[12] = poison;
                match (policy, fused.step(&mut problem.segments())) {
                    (NonFinite::Skip, Ok(info)) => {
                        assert_eq!((info.outcome, info.skipped), (Outcome::Skipped, 1), "{name}");
                        assert_eq!(info.step, 1, "{name}");
                    }
                    (_, Err(StepError::NonFinite { step: 2, segment, index: 7, value }))
                        if segment == "b" && value.to_string() == poison.to_string() => {}
                    (_, other) => panic!("{name}: {other:?}"),
                }
                assert_eq!(problem.p, parameters, "{name}");
                let state = |bytes: &[u8]| {
                    let mut saved = saved::from_bytes(bytes).unwrap();
                    saved.slots.retain(|slot| slot.name != "@skipped");
                    saved
                };
                assert_eq!(state(&saved::to_bytes(&fused, name)), state(&before), "{name}");
            }
        }
    }
    for_every_chain(NoTrace);
}

#[test]
fn a_gradient_that_stops_or_counts_as_zero_leaves_everything_finite() {
    struct Finite;
    impl Property for Finite {
        fn holds<R: Rule>(&self, name: &str, chain: impl Fn() -> R) {
            for poison in POISONS {
                let mut problems = [NonFinite::Stop, NonFinite::Zero].map(|policy| {
                    let mut fused = with_policy(chain(), policy);
                    let mut problem = Problem::<f32>::new([5, 30]);
                    problem.step(&mut fused);
                    problem.g[12] = poison;
                    let result = fused.step(&mut problem.segments());
                    (problem, fused, result)
                });
                // The same with 0 in place of it.
                let mut zeroed = Chain::new(chain());
                let mut problem = Problem::<f32>::new([5, 30]);
                problem.step(&mut zeroed);
                problem.g[12] = 0.0;
                zeroed.step(&mut problem.segments()).unwrap();

                let [(stopped, fused, error), (zero, of_zero, info)] = &mut problems;
                assert_eq!(info.as_ref().unwrap().non_finite, 1, "{name}");
                assert_eq!((&zero.p, of_zero.slots()), (&problem.p, zeroed.slots()), "{name}");
                let error = error.as_ref().unwrap_err();
                assert!(
                    matches!(error, StepError::NonFinite { step: 2, segment, index: 7, value }
                        if segment == "b" && value.to_string() == poison.to_string()),
                    "{name}: {error}"
                );
                if fused.measures_first() {
                    assert_eq!(fused.steps(), 1, "{name}: found before the step");
                } else {
                    assert_eq!((&stopped.p, fused.slots()), (&problem.p, zeroed.slots()), "{name}");
                }
            }
        }
    }
    for_every_chain(Finite);
}

#[test]
fn extreme_gradients_and_late_steps_stay_finite() {
    struct Finite;
    impl Property for Finite {
        fn holds<R: Rule>(&self, name: &str, chain: impl Fn() -> R) {
            for size in [1e19, 1e-30, 0.0] {
                for late in [0, 1_000_000, 1 << 31] {
                    let mut fused = Chain::new(chain());
                    let mut problem = Problem::<f32>::new([4, 4]);
                    fused.restore(&mut problem.segments(), zeros(&chain(), late)).unwrap();
                    problem.g.fill(size);
                    for _ in 0..3 {
                        fused.step(&mut problem.segments()).unwrap();
                    }
                    assert!(problem.p.iter().all(|p| p.is_finite()), "{name} {size} {late}");
                }
            }
        }
    }
    for_every_chain(Finite);
}

/// The state of a run of [`Problem::new`]`([4, 4])` that has taken so many steps without a gradient.
fn zeros(rule: &impl Rule, steps: u64) -> Vec<Slot<'static>> {
    let zeros = |segment, slot: &Remembered| Slot {
        name: format!("{segment}.{}", slot.name),
        shape: vec![4].into(),
        values: saved::Values::F32(vec![slot.start as f32; 4].into()),
    };
    let slots = rule.slots();
    let numbers = rule.numbers().into_iter().map(|(name, x)| (format!("@{name}"), x));
    let counts = [(saved::STEPS.to_owned(), steps as f64), ("@skipped".to_owned(), 0.0)];
    slots
        .iter()
        .flat_map(|slot| [zeros("a", slot), zeros("b", slot)])
        .chain(numbers.chain(counts).map(|(name, x)| Slot::number(name, x)))
        .collect()
}

#[test]
fn every_argument_of_every_name_changes_the_path() {
    let mut idle = Vec::new();
    for word in OPTIMIZERS.words {
        for parameter in word.parameters.iter().chain(OPTIMIZERS.shared_by(word)) {
            // What keeps numbers in fewer bits, and what happens at a gradient that is not finite, have
            // tests of their own, and so have groups.
            let elsewhere = ["slots", "rounding", "nonfinite", "seed"].contains(&parameter.name);
            if elsewhere || matches!(parameter.kind, Kind::List | Kind::Call("optimizer")) {
                continue;
            }
            let (plain, changed) = (with_argument(word, parameter, None), another_value(parameter));
            let changed = with_argument(word, parameter, Some(changed));
            let refused = optimizer::<f64>(&changed.parse().unwrap(), None).err();
            if refused.is_some_and(|error| error.to_string().contains("cautious is not for")) {
                continue;
            }
            if path(&plain) == path(&changed) {
                idle.push(format!("{changed} does what {plain} does"));
            }
        }
    }
    assert!(idle.is_empty(), "{}", idle.join("\n"));
}

/// The word with a value for one of its parameters, and with those without which that one does nothing.
fn with_argument(word: &Word, parameter: &Parameter, value: Option<Value>) -> String {
    let mut arguments = Vec::new();
    for own in word.parameters {
        match (own.name, own.kind, own.default) {
            (_, Kind::Call("optimizer"), _) => arguments.push("adam(lr=0.1)".to_owned()),
            (name, ..) if name == parameter.name => {}
            // Where δ stands, and how a decay works, shows where there is one.
            ("eps", _, Default::Number(_)) => arguments.push("eps=0.01".to_owned()),
            ("weight_decay", ..) => arguments.push("weight_decay=0.07".to_owned()),
            (name, Kind::Steps, Default::Required) => arguments.push(format!("{name}=4")),
            _ => {}
        }
    }
    let needed = match (word.name, parameter.name) {
        (_, "noise_decay") => "noise=30",
        // The trust ratio makes small steps of large rates.
        ("lars", "cautious") => "lr=100",
        // At a rate of 1 it weighs alike with and without.
        ("prodigy", "safeguard_warmup") => "lr=0.5",
        // Where a mean rolls past the minimum, it disagrees with the gradient.
        (_, "cautious") => "lr=0.5",
        // With large steps gradients turn.
        ("rprop" | "lion" | "signum", name) if name != "lr" => "lr=0.5",
        // A power of the largest rate so far tells where that changes.
        (_, "weight_lr_power") => "warmup=5",
        _ => "",
    };
    arguments.extend((!needed.is_empty()).then(|| needed.to_owned()));
    let required = matches!(parameter.default, Default::Required);
    let value = value.or(required.then_some(Value::Number(4.0)));
    arguments.extend(value.map(|value| format!("{}={value}", parameter.name)));
    format!("{}({})", word.name, arguments.join(", "))
}

fn another_value(parameter: &Parameter) -> Value {
    match (parameter.name, parameter.kind, parameter.default) {
        ("eps", ..) => Value::Number(0.01),
        ("eta_plus" | "growth", ..) => Value::Number(1.02),
        ("step_max", ..) => Value::Number(0.02),
        (name, Kind::Number(_), _) if name.starts_with("clip") => Value::Number(0.05),
        (_, Kind::Number(Range::Whole | Range::Count) | Kind::Steps, _) => Value::Number(3.0),
        (_, Kind::Number(_) | Kind::Scheduled(_), _) => Value::Number(0.43),
        (_, Kind::Switch, Default::Switch(on)) => Value::Switch(!on),
        ("schedule", ..) => Value::Call("linear(tau=5)".parse::<Call>().unwrap()),
        ("onto", ..) => Value::Call("ball(radius=0.3)".parse::<Call>().unwrap()),
        (name, kind, _) => panic!("say which {kind:?} to try for {name}"),
    }
}

/// The parameters after each of some steps on a matrix and a vector, and the iterates.
fn path(call: &str) -> Vec<Vec<f64>> {
    let mut optimizer = optimizer::<f64>(&call.parse().unwrap(), None).unwrap();
    let mut problem = Problem::<f64>::new([6, 5]);
    let mut after = Vec::new();
    for _ in 0..12 {
        problem.differentiate();
        if optimizer.probe(&mut matrix_and_vector(&mut problem)).unwrap() {
            problem.differentiate();
        }
        optimizer.step(&mut matrix_and_vector(&mut problem)).unwrap();
        after.push(problem.p.clone());
        let mut at_iterate = problem.clone();
        optimizer.to_iterate(&mut matrix_and_vector(&mut at_iterate));
        after.push(at_iterate.p);
    }
    after
}

fn matrix_and_vector(problem: &mut Problem<f64>) -> [Segment<'_, f64>; 2] {
    let mut both = problem.segments();
    both[0].shape = &[2, 3];
    both
}

#[test]
fn with_a_rate_of_zero_and_with_a_gradient_of_zero_nothing_moves() {
    for word in OPTIMIZERS.sharing {
        let start = Problem::<f64>::new([6, 5]).p;
        let has = |name| word.parameters.iter().any(|parameter| parameter.name == name);
        // The rest of the parameters has a rate of its own there.
        let rates = if has("adam_lr") { "lr=0, adam_lr=0" } else { "lr=0" };
        let still = path(&format!("{}({rates})", word.name));
        assert_eq!(still.last(), Some(&start), "{} with lr = 0", word.name);

        // Yogi's moments start above 0, and so move all by themselves.
        let initial = if has("initial") { ", initial=0" } else { "" };
        let call = format!("{}(weight_decay=0{initial})", word.name).parse().unwrap();
        let mut optimizer = optimizer::<f64>(&call, None).unwrap();
        let mut problem = Problem::new([6, 5]);
        problem.g.fill(0.0);
        for _ in 0..5 {
            optimizer.step(&mut matrix_and_vector(&mut problem)).unwrap();
        }
        assert_eq!(problem.p, start, "{} with no gradient", word.name);
    }
}

#[test]
fn the_iterate_of_nesterov_is_that_of_the_slide() {
    let (alpha, lr) = (0.9, 0.05);
    let gradient = |x: f64| 3.0 * (x - 1.0);
    let (mut theta, mut v) = (5.0, 0.0);
    let mut optimizer = Chain::new(scale(lr).then(nesterov(alpha)));
    let mut phi = [5.0];
    for _ in 0..50 {
        v = alpha * v - lr * gradient(theta + alpha * v);
        theta += v;
        let g = [gradient(phi[0])];
        let mut segment =
            [Segment { name: "x", shape: &[1], parameters: &mut phi, gradient: (&g).into() }];
        optimizer.step(&mut segment).unwrap();
        let mut iterate = phi;
        let mut segment =
            [Segment { name: "x", shape: &[1], parameters: &mut iterate, gradient: (&g).into() }];
        optimizer.to_iterate(&mut segment);
        assert!((iterate[0] - theta).abs() < 1e-13, "{} {theta}", iterate[0]);
    }
}

#[test]
fn segments_that_change_are_an_error() {
    let mut optimizer = Chain::new(adam(0.9, 0.999, 1e-8).then(scale(0.1)));
    let mut p = [1.0f32; 6];
    let mut step = |name: &str, shape: &[usize], g: &[f32]| {
        let parameters = &mut p[..];
        optimizer
            .step(&mut [Segment { name, shape, parameters, gradient: g.into() }])
            .map_err(|error| error.to_string())
    };
    let g = [0.5; 6];
    assert_eq!(
        step("w", &[2, 4], &g).unwrap_err(),
        "segment 'w' has 6 parameters and 6 gradients, but shape [2, 4]"
    );
    assert!(step("w", &[2, 3], &g).is_ok(), "an error must not settle the layout");
    assert_eq!(
        step("x", &[2, 3], &g).unwrap_err(),
        "step 2: segment 0 is 'x' [2, 3], but the state is for 'w' [2, 3]"
    );
    assert_eq!(
        step("w", &[3, 2], &g).unwrap_err(),
        "step 2: segment 0 is 'w' [3, 2], but the state is for 'w' [2, 3]"
    );
    assert!(step("w", &[2, 3], &g[..5]).unwrap_err().contains("5 gradients"));
}

#[test]
fn an_error_at_the_first_step_leaves_no_trace_either() {
    let mut optimizer = with_policy(scale(0.1).then(momentum(0.9)), NonFinite::Refuse);
    let mut step = |name: &str, p: &mut [f32], g: &[f32]| {
        let mut segment = [Segment { name, shape: &[2], parameters: p, gradient: g.into() }];
        let info = optimizer.step(&mut segment);
        let of_segments = |slot: &Slot<'_>| !slot.name.starts_with('@');
        (info, optimizer.slots().into_iter().filter(of_segments).count())
    };
    let mut p = [1.0, 1.0];
    let (info, slots) = step("w", &mut p, &[1.0, f32::NAN]);
    assert!(matches!(info, Err(StepError::NonFinite { step: 1, .. })));
    assert_eq!(slots, 0);
    // Nothing is settled, so that another segment may come.
    assert!(matches!(step("x", &mut p, &[1.0, 1.0]), (Ok(StepInfo { step: 1, .. }), 1)));
}

#[test]
fn segments_with_the_same_name_are_an_error() {
    let mut optimizer = Chain::new(scale(0.1).then(momentum(0.9)));
    let (mut a, mut b) = ([1.0f32], [1.0f32]);
    // As a vector, whose length only the program that runs knows.
    let mut segments: Vec<_> = [&mut a, &mut b]
        .map(|p| Segment { name: "w", shape: &[], parameters: p, gradient: (&[1.0]).into() })
        .into();
    assert_eq!(
        optimizer.step(&mut segments).unwrap_err().to_string(),
        "two segments are called 'w'; give each a name of its own"
    );
    segments[1].name = "b";
    optimizer.step(&mut segments).unwrap();
    assert_eq!((a, b), ([0.9], [0.9]));
}

#[test]
fn no_segments_may_be_stepped_but_must_stay_none() {
    let mut optimizer = Chain::<f64>::new(adam(0.9, 0.999, 1e-8).then(scale(0.1)));
    assert_eq!(optimizer.step(&mut Vec::new()).unwrap().step, 1);
    let mut late =
        [Segment { name: "w", shape: &[], parameters: &mut [1.0], gradient: (&[1.0]).into() }];
    assert_eq!(
        optimizer.step(&mut late).unwrap_err().to_string(),
        "step 2: segment 0 is 'w' [], but the state is for nothing"
    );
}

/// The norm of the whole is that of all coordinates in one segment, however they are cut.
#[test]
fn the_global_norm_does_not_depend_on_the_segments() {
    let g: Vec<f64> = (0..60).map(|i| Stream::new(4, "g").normal(i)).collect();
    for size in [1e-250, 1.0, 1e250] {
        let g: Vec<f64> = g.iter().map(|x| x * size).collect();
        let norm = |cuts: usize| {
            let mut p = vec![1.0; g.len()];
            let (names, shape) = (["a", "b", "c", "d", "e", "f"], [g.len() / cuts]);
            let pieces = std::iter::zip(p.chunks_mut(shape[0]), g.chunks(shape[0]));
            let mut segments: Vec<_> = std::iter::zip(names, pieces)
                .map(|(name, (parameters, gradient))| Segment {
                    name,
                    shape: &shape,
                    parameters,
                    gradient: gradient.into(),
                })
                .collect();
            let mut optimizer = Chain::new(clip_global_norm(0.1).then(scale(1.0)));
            let info = optimizer.step(&mut segments).unwrap();
            let moved = p.iter().map(|p| (1.0 - p).powi(2)).sum::<f64>().sqrt();
            assert!(moved <= 0.1 + 1e-12, "moved by {moved}");
            info.gradient_norm.unwrap()
        };
        for cuts in [2, 3, 6] {
            assert!((norm(cuts) / norm(1) - 1.0).abs() < 1e-14, "{size:e} in {cuts}");
        }
    }
}

/// A rule that stands twice in a chain has two states, with names of their own.
#[test]
fn the_same_rule_twice_is_saved_and_restored() {
    let chain = || scale(0.1).then(momentum(0.9)).then(momentum(0.5));
    let (mut first, mut problem) = (Chain::new(chain()), Problem::<f32>::new([3, 2]));
    problem.step(&mut first);
    problem.step(&mut first);
    let names: Vec<_> = first.slots().into_iter().map(|slot| slot.name).collect();
    assert_eq!(names[..4], ["a.momentum.v", "a.momentum.v2", "b.momentum.v", "b.momentum.v2"]);
    let saved = saved::from_bytes(&saved::to_bytes(&first, "")).unwrap();
    let mut second = Chain::new(chain());
    second.restore(&mut problem.segments(), saved.slots).unwrap();
    assert_eq!(second.slots(), first.slots());
}

#[test]
fn a_state_that_does_not_fit_lists_each_difference() {
    let mut optimizer = Chain::new(adam(0.9, 0.999, 1e-8).then(scale(0.1)));
    let (mut p, g) = ([1.0f32; 6], [0.5; 6]);
    let slot = |name: &str, shape: &[usize]| Slot {
        name: name.to_owned(),
        shape: shape.to_vec().into(),
        values: saved::Values::F32(vec![0.0; shape.iter().product()].into()),
    };
    let steps = Slot::number(saved::STEPS.to_owned(), 7.0);
    let saved = vec![slot("w.adam.s", &[3, 2]), slot("v.adam.r", &[2, 3]), steps];
    let mut segment =
        [Segment { name: "w", shape: &[2, 3], parameters: &mut p, gradient: (&g).into() }];
    assert_eq!(
        optimizer.restore(&mut segment, saved).unwrap_err().to_string(),
        "the saved state does not fit: 'w.adam.s' is [3, 2], not [2, 3]; 'w.adam.r' is missing; \
         'v.adam.r' is not known"
    );
    assert_eq!(optimizer.steps(), 0);
}

#[test]
fn a_generic_rule_is_named_without_its_arguments() {
    struct Times<N>(N);
    impl<N: Copy + Into<f64> + Send + Sync + 'static> Rule for Times<N> {
        type Slots<V: Lane> = ();

        fn at<V: Lane>(&self, _step: Step) -> impl Update<V, ()> {
            let n = V::letter("n", self.0.into());
            #[inline(always)]
            move |_, u, ()| n * u
        }
    }
    let optimizer = Chain::<f64>::new(Times(2.0f32).then(scale(0.1)));
    assert_eq!(optimizer.chain(), "Times → Scale");
    assert_eq!(optimizer.formula(), "θ ← θ − ε·n·g");
}

#[test]
fn bad_calls_say_what_is_wrong() {
    for (call, message) in [
        ("adem", "unknown optimizer 'adem': did you mean 'adam'?"),
        ("adam(lr=-1)", "adam(lr=-1): lr must be a number from 0"),
        ("adam(beta1=1)", "adam(beta1=1): beta1 must be a number from 0 to below 1"),
        ("adam(eps=0)", "adam(eps=0): eps must be a number above 0"),
        ("adagrad(eps=1e-50)", "adagrad: eps = 1e-50 is 0 in f32; make it larger"),
        (
            "sgd(momentum=0.9)",
            "sgd has no argument 'momentum': known are lr, weight_decay, schedule, clip_value, clip_norm, clip_global_norm, clip_adaptive, centralize, noise, noise_decay, cautious, nonfinite, slots, rounding, seed",
        ),
        ("sgd(schedule=cosin(steps=5))", "unknown schedule 'cosin': did you mean 'cosine'?"),
        (
            "sgd(schedule=linear(tau=5epochs))",
            "linear(tau=5epochs): an epoch has no length here; write tau in steps",
        ),
        (
            "heavy_ball(nesterov=true, dampening=0.1)",
            "heavy_ball: nesterov needs momentum above 0 and dampening 0",
        ),
        (
            "sgd(clip_norm=1, clip_value=1)",
            "sgd: clip_value and clip_norm exclude each other; give one of them",
        ),
    ] {
        let error = optimizer::<f32>(&call.parse().unwrap(), None).err().expect(call);
        assert_eq!(error.to_string(), message);
    }
}
