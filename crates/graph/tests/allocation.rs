//! A run allocates nothing, except what the `gemm` crate takes within a matrix product.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use thalweg_graph::{Activation, Graph, Parameters, Plan, Role, RunOptions};

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

struct Counting;

// SAFETY: every call goes to the system's allocator as it is.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller keeps the same promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the same promises.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn allocations(plan: &mut Plan<f32>, parameters: &Parameters<f32>) -> usize {
    let mut run = || plan.run(parameters, RunOptions::default()).unwrap();
    run();
    let before = ALLOCATIONS.get();
    for _ in 0..10 {
        run();
    }
    ALLOCATIONS.get() - before
}

#[test]
fn without_products_a_run_allocates_nothing() {
    let mut graph = Graph::new();
    let x = graph.input("x", [64, 30]);
    let labels = graph.input("labels", [64]);
    let scale = graph.parameter("scale", [30], Role::Weight);
    let scaled = graph.mul(x, scale).unwrap();
    let kept = graph.dropout(scaled, 0.5).unwrap();
    let smooth = graph.tanh(kept);
    let wide = graph.reshape(smooth, [64, 30]).unwrap();
    let losses = graph.cross_entropy(wide, labels).unwrap();
    let loss = graph.mean(losses);
    let train = graph.minimize(loss, "sgd").unwrap();
    let mut plan = Plan::compile(&graph, &[loss, scale], Some(&train));
    assert_eq!(allocations(&mut plan, &Parameters::zeros(&graph)), 0);
}

#[test]
fn with_products_only_they_allocate() {
    let mut graph = Graph::new();
    let x = graph.input("x", [64, 100]);
    let labels = graph.input("labels", [64]);
    let hidden = graph.scope("layer1", |g| g.dense(x, 50, Activation::Relu)).unwrap();
    let scores = graph.scope("layer2", |g| g.dense(hidden, 10, Activation::Identity)).unwrap();
    let losses = graph.cross_entropy(scores, labels).unwrap();
    let loss = graph.mean(losses);
    let train = graph.minimize(loss, "sgd").unwrap();
    let mut plan = Plan::compile(&graph, &[loss], Some(&train));
    // Five products, each with at most two blocks of memory: rearranged factors, and a list of them.
    assert!(allocations(&mut plan, &Parameters::zeros(&graph)) <= 10 * 5 * 2);
}
