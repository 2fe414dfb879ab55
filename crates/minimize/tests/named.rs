//! Every word makes a method that solves a valley, and every mistake is answered with what to do.

use thalweg_minimize::{
    Gradient, Hessian, METHODS, Objective, Offer, Options, Products, Residuals, SEARCHES, method,
};

/// Rosenbrock's valley, with all that can be asked for.
struct Valley;

impl Objective for Valley {
    fn dimension(&self) -> usize {
        2
    }
}

impl Gradient<f64> for Valley {
    fn value_and_gradient(&mut self, x: &[f64], g: &mut [f64]) -> f64 {
        let (a, b) = (1.0 - x[0], x[1] - x[0] * x[0]);
        g.copy_from_slice(&[-2.0 * a - 400.0 * x[0] * b, 200.0 * b]);
        a * a + 100.0 * b * b
    }
}

impl Hessian<f64> for Valley {
    fn hessian(&mut self, x: &[f64], h: &mut [f64]) {
        let beside = -400.0 * x[0];
        let first = 2.0 - 400.0 * (x[1] - 3.0 * x[0] * x[0]);
        h.copy_from_slice(&[first, beside, beside, 200.0]);
    }
}

impl Products<f64> for Valley {
    fn product(&mut self, x: &[f64], v: &[f64], hv: &mut [f64]) {
        let mut h = [0.0; 4];
        self.hessian(x, &mut h);
        hv.copy_from_slice(&[h[0] * v[0] + h[1] * v[1], h[2] * v[0] + h[3] * v[1]]);
    }
}

impl Residuals<f64> for Valley {
    fn residual_count(&self) -> usize {
        2
    }

    fn residuals(&mut self, x: &[f64], r: &mut [f64]) {
        r.copy_from_slice(&[10.0 * (x[1] - x[0] * x[0]), 1.0 - x[0]]);
    }

    fn jacobian(&mut self, x: &[f64], j: &mut [f64]) {
        j.copy_from_slice(&[-20.0 * x[0], 10.0, -1.0, 0.0]);
    }
}

impl Offer<f64> for Valley {
    fn as_products(&mut self) -> Option<&mut dyn Products<f64>> {
        Some(self)
    }

    fn as_hessian(&mut self) -> Option<&mut dyn Hessian<f64>> {
        Some(self)
    }

    fn as_residuals(&mut self) -> Option<&mut dyn Residuals<f64>> {
        Some(self)
    }
}

fn solves(call: &str) {
    let mut method = method::<f64>(&call.parse().unwrap()).unwrap();
    let stop = thalweg_minimize::Stop { evaluations: 50_000, ..Default::default() };
    let solution = method.minimize(&mut Valley, &[-1.2, 1.0], Options::from(stop)).unwrap();
    assert!(solution.is_solved(), "{call}: {}", solution.verdict);
    assert!(solution.value < 1e-9, "{call}: {}", solution.value);
}

#[test]
fn every_word_solves_the_valley_with_every_search() {
    for word in METHODS.words {
        let needed = if word.name == "lbfgs-b" { "lower=-2, upper=2" } else { "" };
        solves(&format!("{}({needed})", word.name));
        if METHODS.shared_by(word).is_empty() {
            continue;
        }
        for search in SEARCHES.words.iter().filter(|search| search.name != "fixed") {
            let comma = if needed.is_empty() { "" } else { ", " };
            solves(&format!("{}({needed}{comma}search={})", word.name, search.name));
        }
    }
    solves("gradient_descent(search=fixed(step=1e-3))");
    solves("newton(search=fixed)");
    solves("saddle_free_newton(search=backtracking(interpolation=halving), c1=0.01)");
    solves("lbfgs(memory=3, search=strong_wolfe(growth=4), c1=1e-3, c2=0.5)");
    solves("bfgs(damped=true, search=backtracking)");
    solves("conjugate_gradient(beta=polak_ribiere, search=more_thuente, c2=0.2)");
}

#[test]
fn a_method_says_how_it_was_called() {
    let named = |call: &str| method::<f32>(&call.parse().unwrap()).unwrap().call().to_string();
    assert_eq!(named("lbfgs"), "lbfgs(memory=10)");
    assert_eq!(
        named("lbfgs(5, search=hager_zhang, c2=0.9)"),
        "lbfgs(memory=5, search=hager-zhang, c2=0.9)"
    );
}

#[test]
fn mistakes_are_answered_with_what_to_do() {
    for (call, message) in [
        ("lbgfs", "unknown method 'lbgfs': did you mean 'lbfgs'?"),
        ("lbfgs(memory=0)", "lbfgs(memory=0): memory must be a whole number from 1"),
        (
            "lbfgs(c1=0.9, c2=0.1)",
            "lbfgs: c1 = 0.9 must be below c2 = 0.1, or no step may have both conditions",
        ),
        ("bfgs(search=fixd)", "unknown search 'fixd': did you mean 'fixed'?"),
        ("lbfgs(search=hager-zhang, c1=0.6)", "lbfgs: c1 = 0.6 must be below 0.5 for hager-zhang"),
        (
            "lbfgs(search=hager-zhang(rho=1))",
            "hager-zhang(rho=1): rho must be above 1, or nothing is bracketed",
        ),
        (
            "bfgs(search=strong-wolfe(growth=0.5))",
            "strong-wolfe(growth=0.5): growth must be at least 1",
        ),
        ("lbfgs-b(lower=1, upper=0)", "lbfgs-b: lower = 1 is above upper = 0"),
        (
            "lbfgs-b(lower=1)",
            "lbfgs-b needs 'upper' (greatest value of each coordinate): write lbfgs-b(upper=…)",
        ),
        ("trust-region(radius=10, largest=1)", "trust-region: radius = 10 is above largest = 1"),
        (
            "trust-region(eta=0.3)",
            "trust-region(eta=0.3): eta must be below 0.25, where the radius shrinks",
        ),
        (
            "levenberg-marquardt(c1=0.1)",
            "levenberg-marquardt has no argument 'c1': known are damping",
        ),
    ] {
        let error = method::<f64>(&call.parse().unwrap()).err().unwrap();
        assert_eq!(error.to_string(), message, "{call}");
    }
}
