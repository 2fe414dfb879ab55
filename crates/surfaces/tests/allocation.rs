//! Values, gradients, products and Jacobians allocate nothing.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use thalweg_surfaces::{PROBLEMS, problem};

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

#[test]
fn evaluations_allocate_nothing() {
    let before = ALLOCATIONS.get();
    drop(vec![0.0; 10]);
    assert!(ALLOCATIONS.get() > before, "allocations are counted");

    for word in PROBLEMS.words {
        let problem = problem(&word.name.parse().unwrap()).unwrap();
        let n = problem.dimension();
        let (x, v) = (problem.start(), vec![1.0; n]);
        let (mut vector, mut matrix) = (vec![0.0; n], vec![0.0; n * n]);
        let squares = problem.least_squares();
        let m = squares.map_or(0, |squares| squares.residual_count());
        let (mut residuals, mut jacobian) = (vec![0.0; m], vec![0.0; m * n]);

        let before = ALLOCATIONS.get();
        problem.value(&x);
        problem.value_and_gradient(&x, &mut vector);
        problem.hessian_product(&x, &v, &mut vector);
        problem.hessian(&x, &mut matrix);
        if let Some(squares) = squares {
            squares.residuals(&x, &mut residuals);
            squares.jacobian(&x, &mut jacobian);
        }
        assert_eq!(ALLOCATIONS.get() - before, 0, "{}", word.name);
    }
}
