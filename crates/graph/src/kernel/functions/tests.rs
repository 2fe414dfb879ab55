//! In `f32`, against libm in `f64`, at millions of numbers; in `f64`, against mpmath.

use serde::Deserialize;

use super::*;

/// A function by name, in `f32` and `f64`, with libm's and with the error allowed, in units in the last
/// place.
struct Function {
    name: &'static str,
    single: fn(f32) -> f32,
    double: fn(f64) -> f64,
    libm: Option<fn(f64) -> f64>,
    ulps: f64,
}

const FUNCTIONS: &[Function] = &[
    Function { name: "exp", single: exp, double: exp, libm: Some(f64::exp), ulps: 1.0 },
    Function { name: "exp_m1", single: exp_m1, double: exp_m1, libm: Some(f64::exp_m1), ulps: 2.0 },
    Function { name: "tanh", single: tanh, double: tanh, libm: Some(f64::tanh), ulps: 2.5 },
    Function {
        name: "sigmoid",
        single: sigmoid,
        double: sigmoid,
        libm: Some(|x| 1.0 / (1.0 + (-x).exp())),
        ulps: 2.5,
    },
    Function { name: "ln", single: ln, double: ln, libm: Some(f64::ln), ulps: 1.0 },
    Function { name: "ln_1p", single: ln_1p, double: ln_1p, libm: Some(f64::ln_1p), ulps: 1.0 },
    Function {
        name: "softplus",
        single: softplus,
        double: softplus,
        libm: Some(|x| x.max(0.0) + (-x.abs()).exp().ln_1p()),
        ulps: 2.0,
    },
    // The standard library has no erf.
    Function { name: "erf", single: erf, double: erf, libm: None, ulps: 2.5 },
];

#[test]
fn functions_of_f32_are_those_of_libm_in_f64() {
    for function in FUNCTIONS {
        let exact = function.libm.unwrap_or(function.double);
        let mut worst = (0.0, 0.0);
        // All exponents and signs, and digits that are spread.
        for bits in (0..=u32::MAX).step_by(1021) {
            let x = f32::from_bits(bits);
            let error = ulps_f32((function.single)(x), exact(f64::from(x)));
            if error > worst.0 {
                worst = (error, x);
            }
        }
        assert!(worst.0 <= function.ulps, "{}: {} units at {}", function.name, worst.0, worst.1);
    }
}

#[test]
fn functions_of_f64_are_those_of_mpmath() {
    #[derive(Deserialize)]
    struct Case {
        f: String,
        x: u64,
        y: u64,
    }
    let cases = include_str!("../../../tests/functions/fixtures.json");
    let cases: Vec<Case> = serde_json::from_str(cases).unwrap();
    for function in FUNCTIONS {
        let mut worst = (0.0, 0.0);
        let mut count = 0;
        for case in cases.iter().filter(|case| case.f == function.name) {
            let [x, y] = [case.x, case.y].map(f64::from_bits);
            let error = ulps_f64((function.double)(x), y);
            if error > worst.0 {
                worst = (error, x);
            }
            count += 1;
        }
        assert!(count > 150, "{} cases of {} are too few", count, function.name);
        // What is expected is rounded itself, by up to half a unit.
        assert!(worst.0 <= function.ulps, "{}: {} units at {}", function.name, worst.0, worst.1);
    }
}

/// How far `got` is from `exact`, in units in the last place of `f32`. Where one of the two is not finite,
/// or a zero of `got` has the wrong sign, that is infinitely far.
fn ulps_f32(got: f32, exact: f64) -> f64 {
    let rounded = exact as f32;
    if got.to_bits() == rounded.to_bits() || (got.is_nan() && exact.is_nan()) {
        return 0.0;
    }
    if !(got.is_finite() && rounded.is_finite())
        || got.is_sign_negative() != exact.is_sign_negative()
    {
        return f64::INFINITY;
    }
    let exponent = rounded.abs().max(f32::MIN_POSITIVE).to_bits() >> 23;
    (f64::from(got) - exact).abs() / 2f64.powi(exponent as i32 - 150)
}

fn ulps_f64(got: f64, exact: f64) -> f64 {
    if got.to_bits() == exact.to_bits() {
        return 0.0;
    }
    if !(got.is_finite() && exact.is_finite()) || got.is_sign_negative() != exact.is_sign_negative()
    {
        return f64::INFINITY;
    }
    got.to_bits().abs_diff(exact.to_bits()) as f64
}

#[test]
fn shares_of_the_normal_distribution_are_those_of_erf() {
    let (mut share_error, mut bell_error) = ([0f64; 2], [0f64; 2]);
    for i in -16_000..=16_000 {
        let x = f64::from(i) / 1024.0;
        let exact = [0.5 * (1.0 + erf(x * std::f64::consts::FRAC_1_SQRT_2)), (-x * x / 2.0).exp()];
        let ((single, single_bell), (share, bell)) = (normal(x as f32), normal(x));
        let errors = [f64::from(single) - exact[0], share - exact[0]];
        let bells = [f64::from(single_bell) - exact[1], bell - exact[1]];
        for (i, unit) in [f64::from(f32::EPSILON), f64::EPSILON].into_iter().enumerate() {
            share_error[i] = share_error[i].max(errors[i].abs() / unit);
            let allowed = exact[1] * unit * (2.0 + x * x / 2.0);
            bell_error[i] = bell_error[i].max((bells[i].abs() - 1e-36) / allowed);
        }
    }
    assert!(share_error.iter().all(|error| *error < 2.0), "{share_error:?}");
    assert!(bell_error.iter().all(|error| *error < 1.0), "{bell_error:?}");
    assert_eq!([f64::NEG_INFINITY, -0.0, f64::INFINITY].map(|x| normal(x).0), [0.0, 0.5, 1.0]);
    assert_eq!([f32::MIN, 0.0, f32::MAX].map(normal), [(0.0, 0.0), (0.5, 1.0), (1.0, 0.0)]);
    assert!(normal(f64::NAN).0.is_nan() && normal(f32::NAN).1.is_nan());
}

#[test]
fn ends_are_those_of_the_standard() {
    const INFINITY: f64 = f64::INFINITY;
    let table: &[(&str, f64, f64)] = &[
        ("exp", -0.0, 1.0),
        ("exp", INFINITY, INFINITY),
        ("exp", -INFINITY, 0.0),
        ("exp_m1", 0.0, 0.0),
        ("exp_m1", -0.0, -0.0),
        ("exp_m1", INFINITY, INFINITY),
        ("exp_m1", -INFINITY, -1.0),
        ("tanh", 0.0, 0.0),
        ("tanh", -0.0, -0.0),
        ("tanh", INFINITY, 1.0),
        ("tanh", -INFINITY, -1.0),
        ("sigmoid", 0.0, 0.5),
        ("sigmoid", INFINITY, 1.0),
        ("sigmoid", -INFINITY, 0.0),
        ("ln", 0.0, -INFINITY),
        ("ln", -0.0, -INFINITY),
        ("ln", 1.0, 0.0),
        ("ln", INFINITY, INFINITY),
        ("ln", -1.0, f64::NAN),
        ("ln", -INFINITY, f64::NAN),
        ("ln_1p", 0.0, 0.0),
        ("ln_1p", -0.0, -0.0),
        ("ln_1p", -1.0, -INFINITY),
        ("ln_1p", -2.0, f64::NAN),
        ("ln_1p", INFINITY, INFINITY),
        ("softplus", INFINITY, INFINITY),
        ("softplus", -INFINITY, 0.0),
        ("erf", 0.0, 0.0),
        ("erf", -0.0, -0.0),
        ("erf", INFINITY, 1.0),
        ("erf", -INFINITY, -1.0),
    ];
    let function = |name| FUNCTIONS.iter().find(|function| function.name == name).unwrap();
    let nans = FUNCTIONS.iter().map(|function| (function.name, f64::NAN, f64::NAN));
    for (name, x, y) in table.iter().copied().chain(nans) {
        let double = (function(name).double)(x);
        let single = (function(name).single)(x as f32);
        for got in [double, f64::from(single)] {
            let same = got.to_bits() == y.to_bits() || (got.is_nan() && y.is_nan());
            assert!(same, "{name} {x} is {y}, not {got}");
        }
    }
}

#[test]
fn bits_do_not_depend_on_the_width_of_vectors() {
    let xs: Vec<f32> = (0..10_000).map(|i| (i as f32 * 0.37).sin() * 30.0).collect();
    for function in FUNCTIONS {
        let mut ys = vec![0.0; xs.len()];
        let one_by_one: Vec<f32> = xs.iter().map(|&x| (function.single)(x)).collect();
        match function.name {
            "exp" => vectors(&xs, &mut ys, exp),
            "exp_m1" => vectors(&xs, &mut ys, exp_m1),
            "tanh" => vectors(&xs, &mut ys, tanh),
            "sigmoid" => vectors(&xs, &mut ys, sigmoid),
            "ln" => vectors(&xs, &mut ys, ln),
            "ln_1p" => vectors(&xs, &mut ys, ln_1p),
            "softplus" => vectors(&xs, &mut ys, softplus),
            _ => vectors(&xs, &mut ys, erf),
        }
        for (x, y) in ys.iter().zip(&one_by_one) {
            assert!(x.to_bits() == y.to_bits() || (x.is_nan() && y.is_nan()), "{}", function.name);
        }
    }
}

/// y ← f(x), in the widest vectors there are.
fn vectors(x: &[f32], y: &mut [f32], f: impl Fn(f32) -> f32 + Copy) {
    crate::kernel::map(crate::op::Values::Each(x), y, f);
}
