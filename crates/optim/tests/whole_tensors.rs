//! Rules that look at whole tensors or at all of them, what goes before the rule of a chain, and the
//! schedule-free rules.

use std::fs;
use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use thalweg_optim::{Gradient, Observe, Optimizer, Segment, Stored, optimizer};

#[derive(Clone, Deserialize)]
struct Tensor {
    name: String,
    shape: Vec<usize>,
    start: Vec<f64>,
    h: Vec<f64>,
    c: Vec<f64>,
    q: Vec<f64>,
}

#[derive(Deserialize)]
struct Case {
    call: String,
    steps: Vec<Vec<f64>>,
    iterates: Option<Vec<Vec<f64>>>,
}

#[test]
fn a_hundred_steps_agree_with_the_libraries() {
    let problem: Vec<Tensor> = read("problem.json");
    let names = [
        "lars",
        "lamb",
        "adafactor",
        "schedule_free_sgd",
        "schedule_free_adamw",
        "prodigy",
        "sgd",
        "adam",
        "rmsprop",
    ];
    let mut far = Vec::new();
    let mut checked = 0;
    for name in names {
        for case in read::<Vec<Case>>(&format!("{name}.json")) {
            let front = case.call.contains("clip_adaptive") || case.call.contains("centralize");
            if front || !is_old(name) {
                checked += 1;
                let deviation = deviation(&case, &problem);
                if deviation.total_cmp(&1e-12).is_gt() {
                    far.push(format!("{}: {deviation:.1e}", case.call));
                }
            }
        }
    }
    assert!(checked > 18, "{checked}");
    assert!(far.is_empty(), "{}", far.join("\n"));
}

fn is_old(name: &str) -> bool {
    matches!(name, "sgd" | "adam" | "rmsprop")
}

fn deviation(case: &Case, problem: &[Tensor]) -> f64 {
    let mut p: Vec<Vec<f64>> = problem.iter().map(|tensor| tensor.start.clone()).collect();
    let mut optimizer = optimizer::<f64>(&case.call.parse().unwrap(), None).unwrap();
    let (mut steps, mut iterates) = (Vec::new(), Vec::new());
    for _ in &case.steps {
        let g: Vec<Vec<f64>> = problem
            .iter()
            .zip(&p)
            .map(|(Tensor { h, c, q, .. }, p)| {
                (0..p.len()).map(|i| h[i] * (p[i] - c[i]) + q[i] * p[i] * p[i] * p[i]).collect()
            })
            .collect();
        let names = problem.iter().map(|tensor| (tensor.name.as_str(), &tensor.shape[..]));
        optimizer.step(&mut segments(names.clone(), &mut p, &g)).unwrap();
        steps.push(p.concat());
        let mut at_iterate = p.clone();
        optimizer.to_iterate(&mut segments(names, &mut at_iterate, &g));
        iterates.push(at_iterate.concat());
    }
    assert_eq!(optimizer.looks_ahead(), case.iterates.is_some(), "{}", case.call);
    let farthest = |found: &[Vec<f64>], expected: &[Vec<f64>]| {
        let mut farthest = 0.0f64;
        for i in 0..expected[0].len() {
            let largest = expected.iter().map(|p| p[i].abs()).fold(0.0, f64::max);
            for (found, expected) in found.iter().zip(expected) {
                let size = expected[i].abs().max(0.1 * largest);
                let relative = (found[i] - expected[i]).abs() / size;
                farthest =
                    if relative > farthest || relative.is_nan() { relative } else { farthest };
            }
        }
        farthest
    };
    farthest(&steps, &case.steps)
        .max(farthest(&iterates, case.iterates.as_ref().unwrap_or(&case.steps)))
}

fn segments<'a, 'n: 'a, T: Stored>(
    names: impl Iterator<Item = (&'n str, &'n [usize])>,
    p: &'a mut [Vec<T>],
    g: &'a [Vec<T>],
) -> Vec<Segment<'a, T>> {
    names
        .zip(p.iter_mut().zip(g))
        .map(|((name, shape), (parameters, g))| Segment {
            name,
            shape,
            parameters,
            gradient: g.into(),
        })
        .collect()
}

/// Tensors of all kinds: large, one row, one number, nothing, a stack.
fn shapes() -> [(&'static str, &'static [usize]); 8] {
    [
        ("large", &[300, 301]),
        ("long", &[70_001]),
        ("row", &[1, 5]),
        ("column", &[5, 1]),
        ("number", &[]),
        ("nothing", &[0, 3]),
        ("stack", &[3, 2, 4, 5]),
        ("zeros", &[4, 3]),
    ]
}

fn start() -> Vec<Vec<f32>> {
    let of = |(name, shape): &(&str, &[usize])| {
        let n = shape.iter().product();
        let wave = |i: usize| if *name == "zeros" { 0.0 } else { ((i as f32) * 0.7).sin() };
        (0..n).map(wave).collect()
    };
    shapes().iter().map(of).collect()
}

fn gradients(p: &[Vec<f32>], t: usize) -> Vec<Vec<f32>> {
    let of = |p: &Vec<f32>| {
        let g = |(i, p): (usize, &f32)| 0.5 * p + ((i + 3 * t) as f32 * 0.3).cos();
        p.iter().enumerate().map(g).collect()
    };
    p.iter().map(of).collect()
}

fn made(call: &str) -> Box<dyn Optimizer<f32>> {
    optimizer(&call.parse().unwrap(), None).unwrap_or_else(|error| panic!("{call}: {error}"))
}

#[test]
fn the_distance_is_the_rate_and_one_for_all_tensors() {
    let mut optimizer = made("prodigy(lr=0.5, d0=0.01)");
    optimizer.observe(Observe::Norms);
    let mut p = start();
    let mut rates = Vec::new();
    for t in 0..20 {
        let g = gradients(&p, t);
        let info = optimizer.step(&mut segments(shapes().into_iter(), &mut p, &g)).unwrap();
        rates.push(info.learning_rate);
    }
    assert_eq!(rates[0], 0.5 * 0.01);
    assert!(rates.windows(2).all(|pair| pair[0] <= pair[1]), "{rates:?}");
    assert!(rates[19] > 2.0 * rates[0], "{rates:?}");
    let slots = optimizer.slots();
    for name in ["@prodigy.d", "@prodigy.d_max", "@prodigy.numerator", "long.prodigy.θ₀"] {
        assert!(slots.iter().any(|slot| slot.name == name), "{name}");
    }
}

#[test]
fn a_tensor_whose_first_gradient_comes_late_has_its_start_remembered() {
    let mut optimizer = optimizer::<f64>(&"prodigy(d0=0.1)".parse().unwrap(), None).unwrap();
    let (mut a, mut b, g) = ([1.0], [5.0], [1.0]);
    for t in 0..3 {
        let late = if t < 2 { Gradient::Missing } else { (&g).into() };
        let of_a = Segment { name: "a", shape: &[1], parameters: &mut a, gradient: (&g).into() };
        let of_b = Segment { name: "b", shape: &[1], parameters: &mut b, gradient: late };
        optimizer.step(&mut [of_a, of_b]).unwrap();
        b[0] += f64::from(t < 1);
    }
    let slots = optimizer.slots();
    let start = slots.iter().find(|slot| slot.name == "b.prodigy.θ₀").unwrap();
    assert_eq!(start.values.of::<f64>(), Some(&[6.0][..]));
}

#[test]
fn noise_has_its_variance_and_each_tensor_its_own() {
    let mut optimizer =
        optimizer::<f64>(&"sgd(lr=1, noise=0.25, noise_decay=1)".parse().unwrap(), None).unwrap();
    let n = 100_000;
    let (mut a, mut b, g) = (vec![0.0; n], vec![0.0; n], vec![0.0; n]);
    let mut before = a.clone();
    for t in 1..=3 {
        let names = ["a", "b"].map(|name| (name, vec![n]));
        let [(a_name, a_shape), (b_name, b_shape)] = &names;
        let of_a =
            Segment { name: a_name, shape: a_shape, parameters: &mut a, gradient: (&g).into() };
        let of_b =
            Segment { name: b_name, shape: b_shape, parameters: &mut b, gradient: (&g).into() };
        optimizer.step(&mut [of_a, of_b]).unwrap();
        let variance =
            a.iter().zip(&before).map(|(a, before)| (a - before).powi(2)).sum::<f64>() / n as f64;
        let expected = 0.25 / f64::from(t);
        // Five standard errors of a variance, √(2/n).
        assert!((variance / expected - 1.0).abs() < 5.0 * (2.0 / n as f64).sqrt(), "{variance}");
        before.clone_from(&a);
    }
    let together: f64 = a.iter().zip(&b).map(|(a, b)| a * b).sum::<f64>() / n as f64;
    assert!(together.abs() < 5.0 * 0.25 * (11.0 / 6.0) / (n as f64).sqrt(), "{together}");
}

#[test]
fn the_formulas_are_those_of_the_papers() {
    let formula = |call: &str| made(call).formula();
    assert_eq!(
        formula("schedule_free_sgd(lr=0.1)"),
        "d′ ← (1−c)·(d − ε·β·g)\nθ ← θ − (ε·(1−β·(1−c))·g − c·d)"
    );
    assert_eq!(
        formula("prodigy()"),
        "q ← ρ₃·q + d·γ·Σg·(θ₀ − θ)/d₀\n\
         s ← ρ₃·s + d·γ·g/d₀\n\
         d ← max(d, c·q/Σ|s|)\n\
         m ← ρ₁·m + (1−ρ₁)·d·u\n\
         v ← ρ₂·v + (1−ρ₂)·d²·u·u\n\
         θ ← θ − γ·m/(√v + d′·δ)"
    );
    assert_eq!(made("adam(centralize=true)").chain(), "Centralize → Adam → Scale");
    assert_eq!(made("adam()").chain(), "Adam → Scale");
    assert_eq!(
        made("adam(noise=1, clip_adaptive=0.1, centralize=true)").chain(),
        "ClipAdaptive → Centralize → GradientNoise → Adam → Scale"
    );
}

/// What one step with these numbers takes off the parameters.
fn moved(call: &str, shape: &[usize], p: &[f64], g: &[f64]) -> Vec<f64> {
    let mut optimizer = optimizer::<f64>(&call.parse().unwrap(), None).unwrap();
    let mut after = p.to_vec();
    let w = Segment { name: "w", shape, parameters: &mut after, gradient: g.into() };
    optimizer.step(&mut [w]).unwrap();
    p.iter().zip(after).map(|(before, after)| before - after).collect()
}

fn waves(n: usize) -> (Vec<f64>, Vec<f64>) {
    (0..n).map(|i| ((i as f64 * 0.37).sin(), (i as f64 * 1.3).cos())).unzip()
}

fn close(found: &[f64], expected: &[f64]) -> bool {
    found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12)
}

#[test]
fn units_are_the_columns_of_tensors_of_any_number_of_axes() {
    // The shape, and how many units there are: those of optax.
    let shapes: [(&[usize], usize); 6] = [
        (&[3, 5000], 5000),
        (&[3, 2, 4], 8),
        (&[3, 2, 4, 5], 5),
        (&[2, 3, 2, 4, 5], 5),
        (&[1, 7, 1], 1),
        (&[6], 1),
    ];
    for (shape, units) in shapes {
        let (p, g) = waves(shape.iter().product());
        let norm = |x: &[f64], unit: usize| {
            x.iter().skip(unit).step_by(units).map(|x| x * x).sum::<f64>().sqrt()
        };
        let clipped: Vec<f64> = (0..g.len())
            .map(|i| {
                let most = 0.3 * norm(&p, i % units).max(1e-3);
                g[i] * (most / norm(&g, i % units)).min(1.0)
            })
            .collect();
        assert!(
            close(&moved("sgd(lr=1, clip_adaptive=0.3)", shape, &p, &g), &clipped),
            "{shape:?}"
        );

        let last = shape[shape.len() - 1];
        let mean =
            |unit: usize| g.iter().skip(unit).step_by(last).sum::<f64>() / (g.len() / last) as f64;
        let centralized: Vec<f64> = (0..g.len())
            .map(|i| if shape.len() < 2 { g[i] } else { g[i] - mean(i % last) })
            .collect();
        assert!(
            close(&moved("sgd(lr=1, centralize=true)", shape, &p, &g), &centralized),
            "{shape:?}"
        );
    }
}

#[test]
fn adafactor_takes_a_stack_matrix_by_matrix() {
    let (rows, columns) = (3, 2500);
    let shape = [2, rows, columns];
    let (p, g) = waves(2 * rows * columns);
    // At the first step the means are those of its own squares.
    let mut u = Vec::new();
    for g in g.chunks(rows * columns) {
        let row = |i: usize| {
            g[i * columns..][..columns].iter().map(|g| g * g).sum::<f64>() / columns as f64
        };
        let column =
            |j: usize| g.iter().skip(j).step_by(columns).map(|g| g * g).sum::<f64>() / rows as f64;
        let mean = (0..rows).map(row).sum::<f64>() / rows as f64;
        u.extend((0..g.len()).map(|i| {
            let v = row(i / columns) * column(i % columns) / mean;
            g[i] / v.max(1e-6).sqrt()
        }));
    }
    let root_mean_square =
        |x: &[f64]| (x.iter().map(|x| x * x).sum::<f64>() / x.len() as f64).sqrt();
    let scale = 0.1 * root_mean_square(&p) / root_mean_square(&u).max(1.0);
    let expected: Vec<f64> = u.iter().map(|u| scale * u).collect();
    assert!(close(&moved("adafactor(lr=0.1, eps1=1e-3)", &shape, &p, &g), &expected));
}

#[test]
fn calls_that_contradict_themselves_say_so() {
    let message = |call: &str| {
        optimizer::<f32>(&call.parse().unwrap(), None).err().map(|error| error.to_string())
    };
    assert_eq!(
        message("adam(clip_norm=1, clip_adaptive=0.1)").unwrap(),
        "adam: clip_norm and clip_adaptive exclude each other; give one of them"
    );
    assert!(message("schedule_free_sgd(beta=0)").unwrap().contains("beta must be above 0"));
    assert!(message("prodigy(cautious=true)").unwrap().contains("cautious is not for prodigy"));
}

fn read<T: DeserializeOwned>(name: &str) -> T {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}
