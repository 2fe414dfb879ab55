//! Values, gradients, products and Jacobians allocate nothing.

use std::hint::black_box;

use thalweg_allocations::of_this_thread;
use thalweg_surfaces::{PROBLEMS, problem};

#[test]
fn evaluations_allocate_nothing() {
    let before = of_this_thread();
    black_box(vec![0.0; 10]);
    assert!(of_this_thread() > before, "allocations are counted");

    for word in PROBLEMS.words {
        let problem = problem(&word.name.parse().unwrap()).unwrap();
        let n = problem.dimension();
        let (x, v) = (problem.start(), vec![1.0; n]);
        let (mut vector, mut matrix) = (vec![0.0; n], vec![0.0; n * n]);
        let squares = problem.least_squares();
        let m = squares.map_or(0, |squares| squares.residual_count());
        let (mut residuals, mut jacobian) = (vec![0.0; m], vec![0.0; m * n]);

        let before = of_this_thread();
        problem.value(&x);
        problem.value_and_gradient(&x, &mut vector);
        problem.hessian_product(&x, &v, &mut vector);
        problem.hessian(&x, &mut matrix);
        if let Some(squares) = squares {
            squares.residuals(&x, &mut residuals);
            squares.jacobian(&x, &mut jacobian);
        }
        assert_eq!(of_this_thread() - before, 0, "{}", word.name);
    }
}
