//! Projections against what defines them.

use proptest::prelude::*;
use thalweg_sets::Set;

const SETS: [Set; 4] = [
    Set::Box { low: -1.0, high: 0.5 },
    Set::Ball { radius: 2.0 },
    Set::Simplex { total: 1.0 },
    Set::Simplex { total: 3.0 },
];

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn projected(set: Set, x: &[f64]) -> Vec<f64> {
    let mut y = x.to_vec();
    set.project(&mut y);
    y
}

fn is_in(set: Set, x: &[f64]) -> bool {
    match set {
        Set::Box { low, high } => x.iter().all(|x| (low..=high).contains(x)),
        Set::Ball { radius } => dot(x, x).sqrt() <= radius * (1.0 + 1e-14),
        Set::Simplex { total } => {
            x.iter().all(|x| *x >= 0.0) && (x.iter().sum::<f64>() - total).abs() < 1e-12
        }
    }
}

/// The projection by sorting: Duchi et al. 2008, figure 1.
fn simplex_by_sorting(x: &[f64], total: f64) -> Vec<f64> {
    let mut sorted = x.to_vec();
    sorted.sort_by(|a, b| b.total_cmp(a));
    let (mut sum, mut τ) = (0.0, 0.0);
    for (j, μ) in sorted.iter().enumerate() {
        sum += μ;
        let here = (sum - total) / (j + 1) as f64;
        if μ - here > 0.0 {
            τ = here;
        }
    }
    x.iter().map(|x| (x - τ).max(0.0)).collect()
}

proptest! {
    /// y = Π(x) exactly if y is in the set and (x − y)·(z − y) ≤ 0 for every z of it; the largest such product
    /// is that of the z which is lowest along y − x.
    #[test]
    fn nothing_in_the_set_is_nearer(x in prop::collection::vec(-5.0..5.0, 1..40)) {
        for set in SETS {
            let y = projected(set, &x);
            prop_assert!(is_in(set, &y), "{set:?}: {y:?}");
            let back: Vec<f64> = y.iter().zip(&x).map(|(y, x)| y - x).collect();
            let mut z = vec![0.0; x.len()];
            let lowest = set.lowest(&back, &mut z);
            prop_assert!(is_in(set, &z), "{set:?}: {z:?}");
            prop_assert!(dot(&back, &y) - lowest <= 1e-11, "{set:?}: {}", dot(&back, &y) - lowest);
        }
    }

    #[test]
    fn what_is_in_the_set_stays(x in prop::collection::vec(-5.0..5.0, 1..40)) {
        for set in SETS {
            let once = projected(set, &x);
            let twice = projected(set, &once);
            let moved = once.iter().zip(&twice).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            prop_assert!(moved <= 1e-15 * 3.0, "{set:?}: {moved}");
        }
    }

    #[test]
    fn a_threshold_is_that_of_sorting(x in prop::collection::vec(-5.0..5.0, 1..200)) {
        for total in [0.01, 1.0, 30.0] {
            let (y, sorted) = (projected(Set::Simplex { total }, &x), simplex_by_sorting(&x, total));
            let off = y.iter().zip(&sorted).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            prop_assert!(off < 1e-13, "{off}");
        }
    }

    #[test]
    fn no_two_points_are_further_apart_than_the_diameter(
        pair in prop::collection::vec((-5.0..5.0, -5.0..5.0), 1..20)
    ) {
        let (a, b): (Vec<f64>, Vec<f64>) = pair.into_iter().unzip();
        for set in SETS {
            let (a, b) = (projected(set, &a), projected(set, &b));
            let apart: Vec<f64> = a.iter().zip(&b).map(|(a, b)| a - b).collect();
            prop_assert!(dot(&apart, &apart).sqrt() <= set.diameter(a.len()) + 1e-12);
            prop_assert!(apart.iter().all(|x| x.abs() <= set.width(a.len()) + 1e-12));
            prop_assert!(dot(&a, &a).sqrt() <= set.reach(a.len()) + 1e-12);
        }
    }
}

/// The two points that are furthest apart, the furthest from 0.
#[test]
fn diameters_are_reached() {
    let square = Set::Box { low: -1.0, high: 3.0 };
    assert_eq!((square.diameter(4), square.width(4), square.reach(4)), (8.0, 4.0, 6.0));
    let simplex = Set::Simplex { total: 2.0 };
    let corners = [[2.0, 0.0], [0.0, 2.0]];
    let apart: f64 =
        corners[0].iter().zip(&corners[1]).map(|(a, b): (&f64, &f64)| (a - b).powi(2)).sum();
    assert!((simplex.diameter(2) - apart.sqrt()).abs() < 1e-15);
    assert_eq!((simplex.width(2), simplex.diameter(1)), (2.0, 0.0));
}

#[test]
fn equal_coordinates_share_the_total() {
    for n in [1, 2, 3, 7, 1000] {
        let y = projected(Set::Simplex { total: 1.0 }, &vec![0.1; n]);
        assert!(y.iter().all(|y| (y - 1.0 / n as f64).abs() < 1e-14), "{n}: {:?}", &y[..1]);
    }
}
