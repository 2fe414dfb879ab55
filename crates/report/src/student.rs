//! The factor of a 95 % confidence interval of a mean, from Student's t distribution.
//!
//! With ν degrees of freedom, θ = arctan(t/√ν) and c = cos θ, the probability A = P(|T| ≤ t) is a finite
//! sum (Abramowitz & Stegun 1964, 26.7.3 and 26.7.4):
//!
//! ```text
//! ν = 1:        A = 2θ/π
//! ν = 3, 5, …:  A = 2/π · (θ + sin θ · (c + 2/3 c³ + … + 2·4⋯(ν−3)/(1·3⋯(ν−2)) c^(ν−2)))
//! ν = 2, 4, …:  A = sin θ · (1 + 1/2 c² + … + 1·3⋯(ν−3)/(2·4⋯(ν−2)) c^(ν−2))
//! ```
//!
//! A grows with θ, so that bisection finds the θ of A = 0.95, and t = √ν · tan θ.

use std::f64::consts::{FRAC_2_PI, FRAC_PI_2};

/// t with P(|T| ≤ t) = 0.95, for `degrees` of freedom from 1.
pub(crate) fn t95(degrees: u64) -> f64 {
    let (mut low, mut high) = (0.0, FRAC_PI_2);
    // Each step halves the interval; after 60 its ends are neighbours in f64.
    for _ in 0..60 {
        let theta = 0.5 * (low + high);
        if probability(degrees, theta) < 0.95 { low = theta } else { high = theta }
    }
    (degrees as f64).sqrt() * low.tan()
}

fn probability(degrees: u64, theta: f64) -> f64 {
    let (sin, cos) = theta.sin_cos();
    match degrees {
        1 => FRAC_2_PI * theta,
        _ if degrees % 2 == 1 => FRAC_2_PI * (theta + sin * series(cos, 2, degrees, cos)),
        _ => sin * series(1.0, 1, degrees, cos),
    }
}

/// The sum whose terms start with `term` and have the ratios c²·k/(k + 1) for k, k + 2, …, ν − 3.
fn series(mut term: f64, first: u64, degrees: u64, cos: f64) -> f64 {
    let mut sum = term;
    for k in (first..degrees.saturating_sub(2)).step_by(2) {
        term *= cos * cos * k as f64 / (k + 1) as f64;
        sum += term;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `scipy.stats.t.ppf(0.975, nu)`, SciPy 1.17.1.
    #[test]
    fn quantiles_agree_with_scipy() {
        for (degrees, expected) in [
            (1, 12.706204736174694),
            (2, 4.302652729749462),
            (3, 3.1824463052837078),
            (4, 2.7764451051977934),
            (5, 2.5705818356363146),
            (6, 2.4469118511449786),
            (7, 2.364624251592784),
            (8, 2.306004135204166),
            (9, 2.262157162798205),
            (10, 2.228138851986274),
            (14, 2.144786687917804),
            (19, 2.0930240544083087),
            (29, 2.045229642132703),
            (30, 2.0422724563012378),
            (99, 1.9842169515864174),
            (100, 1.9839715185235518),
            (1000, 1.9623390808264083),
        ] {
            assert!((t95(degrees) / expected - 1.0).abs() < 1e-10, "{degrees}: {}", t95(degrees));
        }
    }

    #[test]
    fn many_degrees_of_freedom_give_the_normal_quantile() {
        assert!((t95(10_000_000) - 1.959_963_984_540_054).abs() < 1e-6);
    }
}
