//! A step allocates nothing after the first, whatever the optimizer, except where eigenvectors or orthogonal
//! factors are refreshed.

#[path = "every_call/run.rs"]
#[allow(dead_code, reason = "shared with the table of properties, which uses more of it")]
mod run;
#[path = "every_call/table.rs"]
#[allow(dead_code, unused_imports, unused_macros, reason = "as above")]
mod table;

use half::bf16;
use rayon::ThreadPoolBuilder;
use thalweg_allocations::of_all_threads;
use thalweg_optim::{Gradient, Observe, Segment, Stored};

use crate::run::{Run, Tensor};
use crate::table::{Line, all, ensure, for_each};

/// Words whose rule refreshes eigenvectors or orthogonal factors.
const REFRESH: [&str; 2] = ["shampoo", "soap"];

/// Steps on tensors of which one is split among threads.
fn allocates_nothing<T: Stored>(line: &Line, observe: Observe) -> Result<(), String> {
    let Some(mut run) = Run::<T>::new(line) else { return Ok(()) };
    run.tensors.push(Tensor::new("layer1/long", &[20_000]));
    run.optimizer.observe(observe);
    let Run { optimizer, tensors, .. } = &mut run;
    for tensor in &mut *tensors {
        for (i, g) in tensor.g.iter_mut().enumerate() {
            *g = T::from_f64((i as f64).sin());
        }
    }
    let [a, b, c, d, e] = &mut tensors[..] else { unreachable!("five tensors") };
    let mut segments = [a, b, c, d, e].map(|Tensor { name, shape, p, g, .. }| Segment {
        name,
        shape,
        parameters: p,
        gradient: Gradient::Dense(g),
    });
    let mut counts = [0; 8];
    for count in &mut counts {
        let before = of_all_threads();
        optimizer.probe(&mut segments).unwrap();
        optimizer.step(&mut segments).unwrap();
        *count = of_all_threads() - before;
    }
    // What is around takes its room when it begins: the first of several gradients, the first average.
    let first = if line.is_alone() { 1 } else { 5 };
    ensure!(counts[first..].iter().all(|count| *count == 0), "allocations: {counts:?}");
    Ok(())
}

#[test]
fn a_step_after_the_first_allocates_nothing() {
    let pool = ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    pool.install(|| {
        let lines = all().into_iter().filter(|line| !REFRESH.iter().any(|word| line.is(word)));
        for_each(lines.collect(), |line| {
            allocates_nothing::<f32>(line, Observe::Nothing)?;
            allocates_nothing::<f32>(line, Observe::Norms)?;
            allocates_nothing::<bf16>(line, Observe::Nothing)?;
            allocates_nothing::<bf16>(&line.with("rounding", "stochastic"), Observe::Rates)
        });
    });
}
