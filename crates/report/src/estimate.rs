//! The mean of a few values and how sure it is.
//!
//! ```text
//! x̄ ± t · s/√n        s² = Σ (x − x̄)² / (n − 1),  t: P(|T| ≤ t) = 0.95 with n − 1 degrees of freedom
//! ```

use serde::Serialize;

use crate::student::t95;

/// A mean over n values with its 95 % confidence interval, for values that are independent and about
/// normally distributed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Estimate {
    /// The mean.
    pub mean: f64,
    /// Half the width of the interval. One value has none.
    pub half_width: Option<f64>,
    /// How many values; at least 1.
    pub n: u64,
}

impl Estimate {
    /// The mean of `values` and its interval; nothing when there are no values.
    ///
    /// ```
    /// use thalweg_report::Estimate;
    ///
    /// let estimate = Estimate::of([1.0, 2.0, 3.0]).unwrap();
    /// assert_eq!(estimate.mean, 2.0);
    /// assert!((estimate.half_width.unwrap() - 4.303 / 3f64.sqrt()).abs() < 1e-3);
    /// assert_eq!(Estimate::of([]), None);
    /// ```
    pub fn of(values: impl IntoIterator<Item = f64>) -> Option<Estimate> {
        let values: Vec<f64> = values.into_iter().collect();
        let n = values.len() as f64;
        // Of equal values the sum may be rounded, and a spread would be made up.
        let equal = values.iter().all(|x| *x == values[0]);
        let mean = if equal && n > 0.0 { values[0] } else { values.iter().sum::<f64>() / n };
        let squares: f64 = values.iter().map(|x| (x - mean).powi(2)).sum();
        let half_width = |degrees| t95(degrees) * (squares / degrees as f64 / n).sqrt();
        let count = values.len() as u64;
        match count {
            0 => None,
            1 => Some(Estimate { mean, half_width: None, n: 1 }),
            n => Some(Estimate { mean, half_width: Some(half_width(n - 1)), n }),
        }
    }
}
