//! A network that is trained with slots in few bits, beside the same with slots in full.
//!
//! ```text
//! h = tanh(W₁x + b₁),  p = softmax(W₂h + b₂)          24 inputs, 48 hidden units, 5 classes
//! ```
//!
//! The labels are those of a random network with one layer, of noisy inputs.

use thalweg_random::Stream;

use crate::run::{Run, Tensor};
use crate::table::{bare, ensure, for_each};

const INPUTS: usize = 24;
const HIDDEN: usize = 48;
const CLASSES: usize = 5;
const EXAMPLES: usize = 512;
const BATCH: usize = 64;
const STEPS: usize = 160;

struct Data {
    x: Vec<[f32; INPUTS]>,
    labels: Vec<usize>,
}

fn data() -> Data {
    let teacher = Stream::new(7, "teacher");
    let (inputs, noise) = (Stream::new(7, "inputs"), Stream::new(7, "noise"));
    let (mut x, mut labels) = (Vec::new(), Vec::new());
    for k in 0..EXAMPLES {
        let input: [f32; INPUTS] =
            std::array::from_fn(|i| inputs.normal((k * INPUTS + i) as u64) as f32);
        let score = |class: usize| {
            let weighed = input
                .iter()
                .enumerate()
                .map(|(i, x)| f64::from(*x) * teacher.normal((class * INPUTS + i) as u64));
            weighed.sum::<f64>() + noise.normal((k * CLASSES + class) as u64)
        };
        let label = (0..CLASSES).max_by(|a, b| score(*a).total_cmp(&score(*b))).unwrap();
        x.push(input);
        labels.push(label);
    }
    Data { x, labels }
}

fn network() -> Vec<Tensor<f32>> {
    let shapes: [(&str, &[usize]); 4] = [
        ("layer1/weights", &[INPUTS, HIDDEN]),
        ("layer1/biases", &[HIDDEN]),
        ("layer2/weights", &[HIDDEN, CLASSES]),
        ("layer2/biases", &[CLASSES]),
    ];
    let mut tensors = shapes.map(|(name, shape)| Tensor::new(name, shape));
    for tensor in &mut tensors {
        let size =
            if tensor.shape.len() == 2 { (tensor.shape[0] as f32).sqrt().recip() } else { 0.0 };
        tensor.p.iter_mut().for_each(|p| *p *= size);
    }
    tensors.into()
}

/// The mean cost of some examples; the gradient is left in the tensors.
fn cost(tensors: &mut [Tensor<f32>], data: &Data, examples: impl Iterator<Item = usize>) -> f64 {
    let [w1, b1, w2, b2] = tensors else { unreachable!("four tensors") };
    for tensor in [&mut *w1, &mut *b1, &mut *w2, &mut *b2] {
        tensor.g.fill(0.0);
    }
    let (mut total, mut count) = (0.0, 0);
    for k in examples {
        let (x, label) = (&data.x[k], data.labels[k]);
        let mut h = b1.p.clone();
        for (x, row) in std::iter::zip(x, w1.p.chunks(HIDDEN)) {
            std::iter::zip(&mut h, row).for_each(|(h, w)| *h += x * w);
        }
        h.iter_mut().for_each(|h| *h = h.tanh());
        let mut scores = b2.p.clone();
        for (h, row) in std::iter::zip(&h, w2.p.chunks(CLASSES)) {
            std::iter::zip(&mut scores, row).for_each(|(score, w)| *score += h * w);
        }
        let most = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let sum: f32 = scores.iter().map(|score| (score - most).exp()).sum();
        total += f64::from(sum.ln() + most - scores[label]);
        count += 1;
        let mut d = scores.clone();
        for (class, (d, score)) in std::iter::zip(&mut d, &scores).enumerate() {
            let p = (score - most).exp() / sum;
            *d = (p - f32::from(u8::from(class == label))) / BATCH as f32;
        }
        std::iter::zip(&mut b2.g, &d).for_each(|(g, d)| *g += d);
        for (i, h) in h.iter().enumerate() {
            let range = i * CLASSES..(i + 1) * CLASSES;
            std::iter::zip(&mut w2.g[range.clone()], &d).for_each(|(g, d)| *g += h * d);
            let back: f32 = std::iter::zip(&w2.p[range], &d).map(|(w, d)| w * d).sum();
            let back = back * (1.0 - h * h);
            b1.g[i] += back;
            for (j, x) in x.iter().enumerate() {
                w1.g[j * HIDDEN + i] += back * x;
            }
        }
    }
    total / f64::from(count)
}

/// The mean cost over all examples after training.
fn trained(mut run: Run<f32>, data: &Data) -> f64 {
    for step in 0..STEPS {
        let begin = step * BATCH % EXAMPLES;
        cost(&mut run.tensors, data, begin..begin + BATCH);
        run.step_as_is().unwrap();
    }
    cost(&mut run.tensors, data, 0..EXAMPLES)
}

#[test]
fn training_with_slots_in_few_bits_ends_where_it_does_in_full() {
    let data = data();
    let start = cost(&mut network(), &data, 0..EXAMPLES);
    let lines = bare().into_iter().filter(|line| line.takes("slots"));
    for_each(lines.collect(), |line| {
        let rate = match line.to_string().split_once('(').unwrap().0 {
            "sgd" | "lars" => "0.5",
            "momentum" | "nesterov" | "heavy_ball" => "0.1",
            "adadelta" | "prodigy" | "schedule_free_sgd" => "1",
            "lion" | "signum" | "rprop" => "0.001",
            _ => "0.01",
        };
        let line = line.with("lr", rate);
        let final_cost = |slots: &str| {
            let line = line.with("slots", slots);
            trained(Run::on(&line, network()).unwrap(), &data)
        };
        let [full, half, coded] = ["full", "bf16", "int8"].map(final_cost);
        println!("{line}: {start:.4} to {full:.4}, bf16 {half:.4}, int8 {coded:.4}");
        ensure!(half.is_finite() && coded.is_finite(), "{half} {coded}");
        // As a share of what training has gained.
        let gained = start - full;
        ensure!((half - full).abs() < 0.05 * gained, "{full} in full, {half} in bf16");
        ensure!((coded - full).abs() < 0.1 * gained, "{full} in full, {coded} in int8");
        Ok(())
    });
}
