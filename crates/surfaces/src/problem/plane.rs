//! A surface of two variables as a problem, with the derivatives that it has.

use super::{Minimum, MinimumKind, Problem};
use crate::{CriticalKind, Surface};

/// A surface as a problem with n = 2.
#[derive(Debug)]
pub(crate) struct Plane(pub Box<dyn Surface>);

impl Problem for Plane {
    fn formula(&self) -> &'static str {
        self.0.formula()
    }

    fn dimension(&self) -> usize {
        2
    }

    fn start(&self) -> Vec<f64> {
        self.0.start().to_vec()
    }

    fn minima(&self) -> Vec<Minimum> {
        let mut minima: Vec<Minimum> = self
            .0
            .critical_points()
            .into_iter()
            .filter_map(|point| match point.kind {
                CriticalKind::Minimum { global } => Some(Minimum {
                    at: Some(point.at.to_vec()),
                    value: point.value,
                    global,
                    kind: MinimumKind::Regular,
                }),
                _ => None,
            })
            .collect();
        minima.sort_by_key(|minimum| !minimum.global);
        minima
    }

    fn value(&self, x: &[f64]) -> f64 {
        self.0.value(pair(x))
    }

    fn value_and_gradient(&self, x: &[f64], gradient: &mut [f64]) -> f64 {
        gradient.copy_from_slice(&self.0.gradient(pair(x)));
        self.0.value(pair(x))
    }

    fn hessian_product(&self, x: &[f64], v: &[f64], product: &mut [f64]) {
        let v = pair(v);
        let rows = self.0.hessian(pair(x)).map(|[a, b]| a * v[0] + b * v[1]);
        product.copy_from_slice(&rows);
    }

    fn hessian(&self, x: &[f64], hessian: &mut [f64]) {
        hessian.copy_from_slice(self.0.hessian(pair(x)).as_flattened());
    }
}

fn pair(x: &[f64]) -> [f64; 2] {
    x.try_into().expect("a surface has 2 variables")
}
