//! BFGS and L-BFGS of argmin, with its searches of Moré & Thuente and of Hager & Zhang, as they are by default.
//!
//! Neither ends by itself before the judge says so: their tests on the gradient and on the change of f are off.

use std::cell::RefCell;
use std::error::Error;

use argmin::core::{
    CostFunction, Error as ArgminError, Executor, Gradient, IterState, Solver, State,
};
use argmin::solver::linesearch::{HagerZhangLineSearch, MoreThuenteLineSearch};
use argmin::solver::quasinewton::{BFGS, LBFGS};
use argmin_math::ArgminEye;

use crate::judge::{Judge, LIMIT};

/// L-BFGS and BFGS without tests of their own. Their types are long, and only this says them.
macro_rules! lbfgs {
    ($search:expr, $memory:expr) => {
        LBFGS::new($search, $memory).with_tolerance_grad(0.0)?.with_tolerance_cost(0.0)?
    };
}
macro_rules! bfgs {
    ($search:expr) => {
        BFGS::new($search).with_tolerance_grad(0.0)?.with_tolerance_cost(0.0)?
    };
}

/// A judge as argmin asks it.
struct Asked<'a>(&'a RefCell<&'a mut Judge>);

impl Asked<'_> {
    fn at<R>(&self, x: &[f64], take: impl FnOnce(f64, &[f64]) -> R) -> Result<R, ArgminError> {
        let mut judge = self.0.borrow_mut();
        if judge.is_over() {
            return Err(ArgminError::msg("it is over"));
        }
        let (value, gradient) = judge.at(x);
        Ok(take(value, gradient))
    }
}

impl CostFunction for Asked<'_> {
    type Param = Vec<f64>;
    type Output = f64;

    fn cost(&self, x: &Vec<f64>) -> Result<f64, ArgminError> {
        self.at(x, |value, _| value)
    }
}

impl Gradient for Asked<'_> {
    type Param = Vec<f64>;
    type Gradient = Vec<f64>;

    fn gradient(&self, x: &Vec<f64>) -> Result<Vec<f64>, ArgminError> {
        self.at(x, |_, gradient| gradient.to_vec())
    }
}

/// Minimizes from the start of the problem, and says why it ended.
pub fn run(
    direction: &str,
    search: &str,
    memory: usize,
    judge: &mut Judge,
) -> Result<String, Box<dyn Error>> {
    let start = judge.start().to_vec();
    let identity = vec![vec![0.0; start.len()]; start.len()].eye_like();
    let judge = &RefCell::new(judge);
    let (more_thuente, hager_zhang) = (MoreThuenteLineSearch::new(), HagerZhangLineSearch::new());
    Ok(match (direction, search) {
        ("lbfgs", "more-thuente") => go(lbfgs!(more_thuente, memory), judge, start, None::<()>),
        ("lbfgs", "hager-zhang") => go(lbfgs!(hager_zhang, memory), judge, start, None::<()>),
        ("bfgs", "more-thuente") => go(bfgs!(more_thuente), judge, start, Some(identity)),
        ("bfgs", "hager-zhang") => go(bfgs!(hager_zhang), judge, start, Some(identity)),
        _ => return Err(format!("argmin has no {direction} with {search} here").into()),
    })
}

/// A run of a solver, whose state may need an inverse Hessian to begin with.
fn go<'a, S, H>(
    solver: S,
    judge: &'a RefCell<&'a mut Judge>,
    start: Vec<f64>,
    inverse: Option<H>,
) -> String
where
    S: Solver<Asked<'a>, IterState<Vec<f64>, Vec<f64>, (), H, (), f64>>,
{
    let executor = Executor::new(Asked(judge), solver).configure(|state| {
        let state = state.param(start).max_iters(10 * LIMIT as u64);
        match inverse {
            Some(inverse) => state.inv_hessian(inverse),
            None => state,
        }
    });
    match executor.timer(false).run() {
        Ok(result) => result.state.get_termination_status().to_string(),
        Err(error) => error.to_string(),
    }
}
