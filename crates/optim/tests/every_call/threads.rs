//! Tensors of all sizes around the edges of vectors, blocks and grains, on one thread and on more.

use half::bf16;
use rayon::{ThreadPool, ThreadPoolBuilder};
use thalweg_optim::Stored;

use crate::run::{Run, Tensor, bits};
use crate::table::{Line, all, ensure, for_each, varied};

const SIZES: [usize; 15] =
    [1, 15, 16, 17, 255, 256, 257, 4095, 4096, 4097, 16383, 16384, 16385, 70001, 0];

fn tensors<T: Stored>() -> Vec<Tensor<T>> {
    let vectors = SIZES.map(|n| Tensor::new(&format!("layer1/{n}"), &[n]));
    let others: [(&str, &[usize]); 3] =
        [("matrix", &[65, 63]), ("stack", &[3, 2, 4, 5]), ("scale", &[])];
    let others = others.map(|(name, shape)| Tensor::new(name, shape));
    vectors.into_iter().chain(others).collect()
}

fn has_the_same_bits<T: Stored>(
    line: &Line,
    start: &[Tensor<T>],
    pools: &[ThreadPool],
) -> Result<(), String> {
    let mut runs = Vec::new();
    for pool in pools {
        let Some(mut run) = Run::on(line, start.to_vec()) else { return Ok(()) };
        pool.install(|| run.steps(3));
        runs.push((pool.current_num_threads(), run.bits(), run.state()));
    }
    let (_, bits, state) = &runs[0];
    for (threads, other_bits, other_state) in &runs[1..] {
        ensure!(bits == other_bits && state == other_state, "other bits on {threads} threads");
    }
    Ok(())
}

fn pools() -> [ThreadPool; 3] {
    [1, 2, 3].map(|threads| ThreadPoolBuilder::new().num_threads(threads).build().unwrap())
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let (pools, start) = (pools(), tensors());
    for_each(all(), |line| has_the_same_bits::<f32>(line, &start, &pools));
}

#[test]
fn any_number_of_threads_gives_the_same_bits_of_other_numbers() {
    let pools = pools();
    let (double, half) = (tensors(), tensors());
    let few = varied().into_iter().filter(|line| !line.has("lr") || line.has("slots"));
    for_each(few.collect(), |line| {
        has_the_same_bits::<f64>(line, &double, &pools)?;
        has_the_same_bits::<bf16>(line, &half, &pools)?;
        has_the_same_bits::<bf16>(&line.with("rounding", "stochastic"), &half, &pools)
    });
}

/// Coordinates on their own give what they give within a large tensor.
fn goes_by_coordinate<T: Stored>(line: &Line, start: &[Tensor<T>]) -> Result<(), String> {
    let norms = ["clip_norm", "clip_global_norm", "slots"];
    if norms.iter().any(|name| line.has(name)) || !crate::rows::takes_rows::<T>(line) {
        return Ok(());
    }
    // A way through a few places of each: the ends, and what lies between by chance.
    let places = |n: usize| [0, n / 3, n / 2, n - 1];
    let mut large = Run::on(line, start.to_vec()).unwrap();
    let ones = start.iter().filter(|tensor| !tensor.p.is_empty()).flat_map(|tensor| {
        places(tensor.p.len()).into_iter().enumerate().map(|(k, i)| tensor.coordinate(k, i))
    });
    let mut small = Run::on(line, ones.collect()).unwrap();
    for _ in 0..3 {
        large.calls += 1;
        large.differentiate();
        let dense = large.tensors.iter().filter(|tensor| !tensor.p.is_empty());
        let each: Vec<T> =
            dense.flat_map(|tensor| places(tensor.g.len()).map(|i| tensor.g[i])).collect();
        std::iter::zip(&mut small.tensors, each).for_each(|(one, g)| one.g = vec![g]);
        large.calls -= 1;
        large.step_as_is().unwrap();
        small.step_as_is().unwrap();
    }
    let mut ones = small.tensors.iter();
    for tensor in large.tensors.iter().filter(|tensor| !tensor.p.is_empty()) {
        for i in places(tensor.p.len()) {
            let one = ones.next().unwrap();
            let same = bits(&one.p) == bits(&tensor.p[i..=i]);
            ensure!(same, "{:?} on its own, {:?} at {i} of {}", one.p[0], tensor.p[i], tensor.name);
        }
    }
    Ok(())
}

#[test]
fn what_becomes_of_a_coordinate_does_not_depend_on_the_size_of_its_tensor() {
    let (single, double, half) = (tensors(), tensors(), tensors());
    for_each(varied(), |line| {
        goes_by_coordinate::<f32>(line, &single)?;
        goes_by_coordinate::<f64>(line, &double)?;
        goes_by_coordinate::<bf16>(line, &half)
    });
}
