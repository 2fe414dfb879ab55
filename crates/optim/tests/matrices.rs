//! Rules of matrices: beside their references, and in the corners.

use std::path::Path;

use serde::Deserialize;
use thalweg_optim::{Optimizer, Segment, Stored, optimizer};

#[derive(Clone, Deserialize)]
struct Problem {
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
}

const CALLS: [&str; 3] = [
    "muon(lr=0.02, weight_decay=0.1)",
    "shampoo(lr=0.05, eps=0.01, every=3, momentum=0.5, beta2=0.9)",
    "soap(lr=0.02, every=3, weight_decay=0.1)",
];

/// A tensor and its gradient, which are as good as random.
struct Tensor<T> {
    name: String,
    shape: Vec<usize>,
    parameters: Vec<T>,
    gradient: Vec<T>,
}

impl<T: Stored> Tensor<T> {
    fn new(name: &str, shape: &[usize]) -> Tensor<T> {
        let count = shape.iter().product();
        let zeros = vec![T::from_f64(0.0); count];
        let (name, shape) = (name.to_owned(), shape.to_vec());
        let mut tensor = Tensor { name, shape, parameters: zeros.clone(), gradient: zeros };
        tensor.parameters = tensor.numbers(0);
        tensor
    }

    fn numbers(&self, k: usize) -> Vec<T> {
        let number = |i: usize| ((i + 7919 * k) as f64 * 12.9898 + 1.0).sin() * 43758.5453;
        let numbers = (0..self.parameters.len()).map(number);
        numbers.map(|x| T::from_f64(x - x.floor() - 0.5)).collect()
    }

    fn segment(&mut self) -> Segment<'_, T> {
        Segment {
            name: &self.name,
            shape: &self.shape,
            parameters: &mut self.parameters,
            gradient: (&self.gradient).into(),
        }
    }
}

fn step<T: Stored>(optimizer: &mut dyn Optimizer<T>, tensors: &mut [Tensor<T>], k: usize) {
    for tensor in &mut *tensors {
        tensor.gradient = tensor.numbers(k + 1);
    }
    let mut segments: Vec<_> = tensors.iter_mut().map(Tensor::segment).collect();
    optimizer.step(&mut segments).unwrap();
}

fn bits<T: Stored>(tensors: &[Tensor<T>]) -> Vec<u64> {
    let of = |tensor: &Tensor<T>| tensor.parameters.iter().map(|p| p.to_f64().to_bits()).collect();
    tensors.iter().flat_map(|tensor| -> Vec<u64> { of(tensor) }).collect()
}

fn made<T: Stored>(call: &str) -> Box<dyn Optimizer<T>> {
    optimizer(&call.parse().unwrap(), None).unwrap_or_else(|error| panic!("{call}: {error}"))
}

#[test]
fn a_hundred_steps_agree_with_the_references() {
    for file in ["muon", "shampoo", "soap"] {
        let problem: Vec<Problem> = read("problem");
        for Case { call, steps } in read::<Vec<Case>>(file) {
            let mut optimizer = made::<f64>(&call);
            let mut parameters: Vec<_> =
                problem.iter().map(|tensor| tensor.start.clone()).collect();
            let largest: Vec<f64> = (0..steps[0].len())
                .map(|i| steps.iter().map(|p| p[i].abs()).fold(0.0, f64::max))
                .collect();
            let mut far = 0.0f64;
            for expected in &steps {
                let gradients: Vec<Vec<f64>> = std::iter::zip(&problem, &parameters)
                    .map(|(Problem { h, c, q, .. }, p)| {
                        let of = |(i, p): (usize, &f64)| h[i] * (p - c[i]) + q[i] * p * p * p;
                        p.iter().enumerate().map(of).collect()
                    })
                    .collect();
                let parts = problem.iter().zip(&mut parameters).zip(&gradients);
                let mut segments: Vec<_> = parts
                    .map(|((Problem { name, shape, .. }, parameters), gradient)| Segment {
                        name,
                        shape,
                        parameters,
                        gradient: gradient.into(),
                    })
                    .collect();
                optimizer.step(&mut segments).unwrap();
                for (i, (found, expected)) in
                    std::iter::zip(parameters.iter().flatten(), expected).enumerate()
                {
                    let size = expected.abs().max(0.1 * largest[i]);
                    let distance = (found - expected).abs() / size;
                    assert!(distance < 1e-12, "{call}: {distance:e} at coordinate {i}");
                    far = far.max(distance);
                }
            }
            println!("{far:.1e} {call}");
        }
    }
}

fn read<T: serde::de::DeserializeOwned>(name: &str) -> T {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let text = std::fs::read_to_string(folder.join(format!("{name}.json"))).unwrap();
    serde_json::from_str(&text).unwrap()
}

#[test]
fn the_bits_do_not_depend_on_threads() {
    for call in CALLS {
        let after = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| {
                let shapes: [&[usize]; 4] = [&[260, 150], &[90, 170], &[300], &[2, 3, 5]];
                let mut tensors: Vec<_> =
                    shapes.iter().map(|shape| Tensor::<f32>::new("t", shape)).collect();
                for (i, tensor) in tensors.iter_mut().enumerate() {
                    tensor.name = format!("t{i}");
                }
                let mut optimizer = made(call);
                (0..5).for_each(|k| step(&mut *optimizer, &mut tensors, k));
                bits(&tensors)
            })
        };
        let one = after(1);
        assert!(one == after(2) && one == after(3), "{call}");
    }
}

#[test]
fn every_shape_moves_and_stays_finite() {
    let shapes: [&[usize]; 8] =
        [&[1, 1], &[1, 7], &[7, 1], &[3, 40], &[40, 3], &[2, 3, 4], &[], &[0, 3]];
    for call in CALLS {
        let mut optimizer = made(call);
        let mut tensors: Vec<_> =
            shapes.iter().map(|shape| Tensor::<f32>::new(&format!("t{shape:?}"), shape)).collect();
        let start: Vec<_> = tensors.iter().map(|tensor| tensor.parameters.clone()).collect();
        (0..8).for_each(|k| step(&mut *optimizer, &mut tensors, k));
        for (tensor, start) in tensors.iter().zip(start) {
            for (p, start) in tensor.parameters.iter().zip(start) {
                assert!(p.is_finite() && *p != start, "{call}: {} is {p}", tensor.name);
            }
        }
    }
}

#[test]
fn gradients_of_zero_keep_everything_finite_and_in_place() {
    for call in ["muon()", "shampoo(beta2=0.5)", "shampoo()", "soap(every=2)"] {
        let mut optimizer = made(call);
        let mut tensors = [Tensor::<f32>::new("a", &[5, 4]), Tensor::new("b", &[3])];
        let start = bits(&tensors);
        for _ in 0..300 {
            let mut segments: Vec<_> = tensors.iter_mut().map(Tensor::segment).collect();
            optimizer.step(&mut segments).unwrap();
        }
        assert_eq!(bits(&tensors), start, "{call}");
        step(&mut *optimizer, &mut tensors, 0);
        step(&mut *optimizer, &mut tensors, 1);
        assert!(tensors.iter().all(|t| t.parameters.iter().all(|p| p.is_finite())), "{call}");
        assert!(bits(&tensors) != start, "{call}");
    }
}

/// Gradients like those of pixels: most rows are always 0, some have values once in a while, and those differ
/// by factors whose squares are 0 in `f32`.
#[test]
fn gradients_of_low_rank_keep_everything_finite_and_go_down() {
    let calls = [
        "soap(lr=0.01, every=3)",
        "soap(lr=0.01)",
        "shampoo(lr=0.05)",
        "shampoo(lr=0.05, every=10)",
        "shampoo(lr=0.05, beta2=0.9, every=3)",
        "muon(lr=0.01)",
    ];
    let (rows, columns) = (50, 10);
    let size = |row: usize| match row % 4 {
        0 => 1.0f32,
        1 => 10f32.powi(-(row as i32) / 2),
        _ => 0.0,
    };
    for call in calls {
        let mut tensor = Tensor::<f32>::new("a", &[rows, columns]);
        let mut optimizer = made(call);
        // Σ (size·θ)²/2, of which only some rows are seen at a step.
        let loss = |tensor: &Tensor<f32>| -> f64 {
            let of = |(i, p): (usize, &f32)| f64::from(size(i / columns) * p).powi(2) / 2.0;
            tensor.parameters.iter().enumerate().map(of).sum()
        };
        let before = loss(&tensor);
        for k in 0..30 {
            for (i, g) in tensor.gradient.iter_mut().enumerate() {
                let (row, p) = (i / columns, tensor.parameters[i]);
                let seen = row % 8 != 1 || (row + k) % 3 == 0;
                *g = if seen { size(row).powi(2) * p } else { 0.0 };
            }
            optimizer.step(&mut [tensor.segment()]).unwrap_or_else(|e| panic!("{call}: {e}"));
            assert!(tensor.parameters.iter().all(|p| p.is_finite()), "{call} at step {k}");
        }
        let after = loss(&tensor);
        println!("{before} {after} {call}");
        assert!(after < 0.9 * before, "{call}: {before} to {after}");
    }
}

#[test]
fn muon_moves_matrices_along_all_directions_alike() {
    let mut optimizer = made("muon(lr=1)");
    let mut tensors = [Tensor::<f64>::new("a", &[4, 9])];
    let before = tensors[0].parameters.clone();
    step(&mut *optimizer, &mut tensors, 0);
    let change: Vec<f64> =
        before.iter().zip(&tensors[0].parameters).map(|(before, after)| before - after).collect();
    // The sum of the squares of four singular values about 1, times out/in.
    let squares: f64 = change.iter().map(|x| x * x).sum::<f64>() * 4.0 / 9.0;
    assert!((4.0 * 0.68 * 0.68..4.0 * 1.21 * 1.21).contains(&squares), "{squares}");
}

#[test]
fn soap_takes_no_first_step_not_even_of_decay() {
    let mut optimizer = made("soap(lr=0.1, weight_decay=0.5)");
    let mut tensors = [Tensor::<f64>::new("a", &[4, 9]), Tensor::new("b", &[3])];
    let start = bits(&tensors);
    step(&mut *optimizer, &mut tensors, 0);
    assert_eq!(bits(&tensors), start);
    step(&mut *optimizer, &mut tensors, 1);
    assert!(bits(&tensors).iter().zip(&start).all(|(after, before)| after != before));
}

#[test]
fn a_run_resumed_at_any_step_has_the_same_bits() {
    for call in CALLS {
        let tensors = || [Tensor::<f32>::new("a", &[6, 9]), Tensor::new("b", &[5])];
        let mut whole = made(call);
        let mut at_end = tensors();
        (0..24).for_each(|k| step(&mut *whole, &mut at_end, k));
        for k in 1..=20 {
            let (mut first, mut now) = (made(call), tensors());
            (0..k).for_each(|k| step(&mut *first, &mut now, k));
            let bytes = thalweg_optim::saved::to_bytes(&*first, call);
            let saved = thalweg_optim::saved::from_bytes(&bytes).unwrap();
            let mut second = made(call);
            let mut segments: Vec<_> = now.iter_mut().map(Tensor::segment).collect();
            second.restore(&mut segments, saved.slots).unwrap();
            drop(segments);
            (k..24).for_each(|k| step(&mut *second, &mut now, k));
            assert!(bits(&now) == bits(&at_end), "{call}: resumed after {k}");
        }
    }
}

#[test]
fn chains_and_formulas_show_the_rules() {
    let soap = made::<f32>("soap(weight_decay=0.1)");
    assert_eq!(soap.chain(), "Soap → Decay → Scale → AfterFirst");
    assert!(soap.formula().contains("θ ← θ − ε·(u + λ·θ)"), "{}", soap.formula());
    let shampoo = made::<f32>("shampoo(momentum=0.5, clip_norm=1)");
    assert_eq!(shampoo.chain(), "ClipNorm → Shampoo → HeavyBall → Scale");
    let message = optimizer::<f32>(&"soap(cautious=true)".parse().unwrap(), None).err().unwrap();
    assert!(message.to_string().contains("cautious is not for soap"), "{message}");
}
