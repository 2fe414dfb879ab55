//! scratch
use std::time::Instant;
use thalweg_graph::*;
fn time(name: &str, g: &Graph, f: Tensor) {
    let mut p = Parameters::<f32>::zeros(g);
    for (i, v) in p.values_mut().iter_mut().enumerate() {
        *v = ((i * 7919 % 1000) as f32 / 1000.0 - 0.5) * 0.1;
    }
    let mut plan = Plan::<f32>::compile(g, &[f], None);
    let o = RunOptions::default();
    for _ in 0..200 {
        plan.run(&p, o).unwrap();
    }
    let mut best = f64::MAX;
    for _ in 0..30 {
        let t = Instant::now();
        for _ in 0..100 {
            plan.run(&p, o).unwrap();
        }
        best = best.min(t.elapsed().as_secs_f64() / 100.0);
    }
    println!("{name}: {:.2} us", best * 1e6);
}
fn main() {
    use Transposed::*;
    for (name, a, ta, b, tb) in [
        ("fwd1", [64, 784], No, [784, 128], No),
        ("dW1", [64, 784], Yes, [64, 128], No),
        ("dX1-like", [64, 128], No, [784, 128], Yes),
        ("fwd2", [64, 128], No, [128, 10], No),
        ("dH", [64, 10], No, [128, 10], Yes),
        ("dW2", [64, 128], Yes, [64, 10], No),
    ] {
        let mut g = Graph::new();
        let x = g.parameter("a", a, Role::Weight);
        let y = g.parameter("b", b, Role::Weight);
        let z = g.matmul_transposed(x, ta, y, tb).unwrap();
        let s = g.shape(z);
        let k = if ta == No { a[1] } else { a[0] };
        print!("{:.1} MFLOP ", 2e-6 * (s.elements() * k) as f64);
        time(name, &g, z);
    }
    let mut g = Graph::new();
    let x = g.parameter("a", [64, 128], Role::Weight);
    let y = g.parameter("b", [128], Role::Weight);
    let z = g.add(x, y).unwrap();
    time("add", &g, z);
    let z = g.relu(x);
    time("relu", &g, z);
    let z = g.sum_to(x, [128]).unwrap();
    time("sum_to", &g, z);
    let mut g = Graph::new();
    let x = g.parameter("a", [64, 10], Role::Weight);
    let y = g.constant(3.0, [64]);
    let z = g.cross_entropy(x, y).unwrap();
    let z = g.sum(z);
    time("ce", &g, z);
    let z = g.gradients(z, &[x]).unwrap()[0];
    time("ce gradient", &g, z);
}
