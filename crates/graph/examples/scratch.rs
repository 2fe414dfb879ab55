//! scratch
use std::time::Instant;
use thalweg_graph::*;
fn main() {
    for (batch, threads) in [(16, Threads::One), (64, Threads::One), (64, Threads::Pool), (256, Threads::One), (256, Threads::Pool), (1024, Threads::One), (1024, Threads::Pool)] {
    let mut g = Graph::new();
    let x = g.input("x", [batch, 784]);
    let y = g.input("y", [batch]);
    let h = g.scope("layer1", |g| g.dense(x, 128, Activation::Relu)).unwrap();
    let z = g.scope("layer2", |g| g.dense(h, 10, Activation::Identity)).unwrap();
    let l = g.scope("cross_entropy", |g| g.cross_entropy(z, y)).unwrap();
    let loss = g.mean(l);
    let train = g.minimize(loss, "sgd").unwrap();
    let mut p = Parameters::<f32>::zeros(&g);
    for (i, v) in p.values_mut().iter_mut().enumerate() { *v = ((i * 7919 % 1000) as f32 / 1000.0 - 0.5) * 0.1; }
    let mut plan = Plan::<f32>::compile(&g, &[loss], Some(&train));
    for (i, v) in plan.input_mut(x).iter_mut().enumerate() { *v = (i * 31 % 256) as f32 / 256.0; }
    for (i, v) in plan.input_mut(y).iter_mut().enumerate() { *v = (i % 10) as f32; }
    let o = RunOptions { threads, ..RunOptions::default() };
    for _ in 0..50 { plan.run(&p, o).unwrap(); }
    let mut all = vec![];
    for _ in 0..20 {
        let t = Instant::now();
        for _ in 0..30 { plan.run(&p, o).unwrap(); }
        all.push(t.elapsed().as_secs_f64() / 30.0);
    }
    all.sort_by(f64::total_cmp);
    println!("batch {batch} {threads:?} best {:.1} us median {:.1} us", all[0] * 1e6, all[10] * 1e6);
    }
}
