//! Every initialiser against what its formula says of it.

use std::iter::zip;

use thalweg_calls::Call;
use thalweg_optim::init::{Fans, INITIALIZERS, Initializer, Lsuv, Uniform, fans, initializer};
use thalweg_random::Stream;

/// One call of every word.
const EVERY: [&str; 15] = [
    "zeros",
    "constant(value=0.1)",
    "normal",
    "truncated_normal(std=0.5, mean=3)",
    "uniform(limit=0.05)",
    "xavier_uniform",
    "xavier_normal(gain=1.5)",
    "he_uniform",
    "he_normal",
    "lecun_uniform",
    "lecun_normal",
    "sparse(k=3)",
    "orthogonal(gain=1.4142)",
    "identity(gain=-1)",
    "lsuv(tolerance=0.02)",
];

#[test]
fn means_and_variances_are_those_of_the_formulas() {
    let shape = [400, 100];
    // φ(2) and Φ(2) − Φ(−2) of the standard normal, and the moments of what is left of it in [−2, 2].
    let (density, mass) = ((-2.0f64).exp() / std::f64::consts::TAU.sqrt(), 0.954499736103642);
    let cut_2 = 1.0 - 4.0 * density / mass;
    let cut_4 = 3.0 * cut_2 - 16.0 * density / mass;
    assert!((cut_2.sqrt() - 0.8796256610342398).abs() < 1e-15);
    // The kurtosis: the fourth moment over the square of the second.
    let (normal, uniform, cut) = (3.0, 9.0 / 5.0, cut_4 / (cut_2 * cut_2));
    for (call, mean, variance, kurtosis) in [
        ("normal", 0.0, 1e-4, normal),
        ("normal(std=2, mean=-1)", -1.0, 4.0, normal),
        ("truncated_normal", 0.0, 1e-4 * cut_2, cut),
        ("truncated_normal(std=0.5, mean=3)", 3.0, 0.25 * cut_2, cut),
        ("uniform(limit=0.3)", 0.0, 0.03, uniform),
        ("xavier_uniform", 0.0, 2.0 / 500.0, uniform),
        ("xavier_uniform(gain=2)", 0.0, 8.0 / 500.0, uniform),
        ("xavier_normal", 0.0, 2.0 / 500.0, normal),
        ("he_uniform", 0.0, 2.0 / 400.0, uniform),
        ("he_normal", 0.0, 2.0 / 400.0, normal),
        ("lecun_uniform", 0.0, 1.0 / 400.0, uniform),
        ("lecun_normal", 0.0, 1.0 / 400.0, normal),
    ] {
        let weights = draw(call, &shape, 1);
        let n = weights.len() as f64;
        let got_mean = weights.iter().sum::<f64>() / n;
        let got_variance = weights.iter().map(|w| (w - mean).powi(2)).sum::<f64>() / n;
        // Five standard errors of each.
        let mean_error = 5.0 * (variance / n).sqrt();
        let variance_error = 5.0 * variance * ((kurtosis - 1.0) / n).sqrt();
        assert!((got_mean - mean).abs() < mean_error, "{call}: mean {got_mean}");
        assert!(
            (got_variance - variance).abs() < variance_error,
            "{call}: variance {got_variance}, not {variance}"
        );
    }
}

#[test]
fn bounds_are_kept_and_reached() {
    let shape = [300, 100];
    for (call, mean, limit) in [
        ("uniform(limit=0.3)", 0.0, 0.3),
        ("xavier_uniform", 0.0, (6.0f64 / 400.0).sqrt()),
        ("he_uniform", 0.0, (6.0f64 / 300.0).sqrt()),
        ("lecun_uniform", 0.0, (3.0f64 / 300.0).sqrt()),
        ("truncated_normal(std=2, mean=1)", 1.0, 4.0),
    ] {
        let extremes = draw(call, &shape, 2).into_iter().map(|w| (w - mean) / limit);
        let [least, most] = extremes.fold([0.0f64; 2], |[a, b], w| [a.min(w), b.max(w)]);
        assert!((-1.0..-0.99).contains(&least), "{call}: {least}");
        assert!((0.99..1.0 + 1e-15).contains(&most), "{call}: {most}");
    }
}

#[test]
fn weights_do_not_depend_on_their_neighbours() {
    // Independent weights have sample correlations of deviation 1/√n.
    for call in ["normal", "truncated_normal", "uniform(limit=1)"] {
        let weights = draw(call, &[100_000], 3);
        let variance: f64 = weights.iter().map(|w| w * w).sum();
        for lag in [1, 2, 3, 64] {
            let covariance: f64 = zip(&weights, &weights[lag..]).map(|(a, b)| a * b).sum();
            let correlation = covariance / variance;
            assert!(correlation.abs() < 5.0 / 100_000f64.sqrt(), "{call}, {lag}: {correlation}");
        }
    }
}

#[test]
fn fans_follow_the_shape() {
    for (shape, fan_in, fan_out) in [
        (&[784, 128][..], 784, 128),
        (&[3, 5, 16, 32], 240, 480),
        (&[7, 2, 4], 14, 28),
        (&[10], 10, 10),
        (&[], 1, 1),
    ] {
        assert_eq!(fans(shape), Fans { fan_in, fan_out }, "{shape:?}");
    }
    // A kernel of 240 inputs and 480 outputs is drawn as a matrix of that shape is.
    let kernel = draw("xavier_normal", &[3, 5, 16, 32], 4);
    let matrix = draw("xavier_normal", &[240, 480], 4);
    assert_eq!(kernel, matrix[..kernel.len()]);
}

#[test]
fn sparse_gives_every_unit_k_weights() {
    let mut inputs_used = [0; 200];
    for (shape, k) in [([200, 70], 15), ([10, 70], 10), ([1, 5], 1)] {
        let weights = draw("sparse", &shape, 5);
        for unit in 0..shape[1] {
            let incoming: Vec<usize> =
                (0..shape[0]).filter(|i| weights[i * shape[1] + unit] != 0.0).collect();
            assert_eq!(incoming.len(), k, "unit {unit} of {shape:?}");
            incoming.iter().for_each(|&i| inputs_used[i] += 1);
        }
    }
    // Each of the last 190 inputs is used by Binomial(70, 15/200) units: 5.25 ± 5·2.2.
    assert!(inputs_used[10..].iter().all(|&used| used <= 16), "{inputs_used:?}");
    let mean = inputs_used[10..].iter().sum::<usize>() as f64 / 190.0;
    assert!((mean - 5.25).abs() < 5.0 * 2.2 / 190f64.sqrt(), "{mean}");

    // The weights that are there are standard normal.
    let weights: Vec<f64> =
        draw("sparse", &[200, 1000], 6).into_iter().filter(|w| *w != 0.0).collect();
    let n = weights.len() as f64;
    assert_eq!(n, 15_000.0);
    assert!((weights.iter().sum::<f64>() / n).abs() < 5.0 / n.sqrt());
    let variance = weights.iter().map(|w| w * w).sum::<f64>() / n;
    assert!((variance - 1.0).abs() < 5.0 * (2.0 / n).sqrt(), "{variance}");
}

#[test]
fn orthogonal_matrices_are_orthogonal() {
    for (rows, columns) in
        [(784, 128), (128, 784), (64, 64), (1, 1), (2, 2), (1, 9), (9, 1), (17, 16)]
    {
        let weights = draw("orthogonal(gain=1.5)", &[rows, columns], 7);
        // The shorter side: columns of a tall matrix, rows of a wide one.
        let vectors: Vec<Vec<f64>> = if rows >= columns {
            (0..columns)
                .map(|j| weights.iter().skip(j).step_by(columns).copied().collect())
                .collect()
        } else {
            weights.chunks(columns).map(<[f64]>::to_vec).collect()
        };
        for (i, a) in vectors.iter().enumerate() {
            for (j, b) in vectors.iter().enumerate() {
                let product: f64 = zip(a, b).map(|(a, b)| a * b).sum();
                let expected = if i == j { 2.25 } else { 0.0 };
                assert!(
                    (product - expected).abs() < 1e-12,
                    "{rows} × {columns}: {i}, {j}: {product}"
                );
            }
        }
    }
    let kernel = draw("orthogonal", &[3, 3, 4, 8], 7);
    assert_eq!(kernel, draw("orthogonal", &[36, 8], 7));
    assert_eq!(draw("lsuv", &[36, 8], 7), draw("orthogonal", &[36, 8], 7));
}

#[test]
fn orthogonal_matrices_are_uniform() {
    // Under Haar's measure an entry of an n × n matrix is a coordinate of a uniform point on the sphere:
    // E q = 0, E q² = 1/n, E q⁴ = 3/(n(n + 2)), E q⁸ = 105/(n(n + 2)(n + 4)(n + 6)).
    let n = 3.0;
    let [m2, m4, m8] =
        [1.0 / n, 3.0 / (n * (n + 2.0)), 105.0 / (n * (n + 2.0) * (n + 4.0) * (n + 6.0))];
    let trials = 20_000;
    let mut sums = [[0.0; 3]; 9];
    let mut determinants = 0.0;
    for trial in 0..trials {
        let q = draw("orthogonal", &[3, 3], 1000 + trial);
        for (sums, q) in zip(&mut sums, &q) {
            for (sum, power) in zip(sums, [1, 2, 4]) {
                *sum += q.powi(power);
            }
        }
        let minor = |a: usize, b: usize| q[3 + a] * q[6 + b] - q[3 + b] * q[6 + a];
        determinants += q[0] * minor(1, 2) - q[1] * minor(0, 2) + q[2] * minor(0, 1);
    }
    let close = |sum: f64, expected: f64, variance: f64, what: &str| {
        let mean = sum / trials as f64;
        let error = 5.0 * (variance / trials as f64).sqrt();
        assert!((mean - expected).abs() < error, "{what}: {mean}, not {expected} ± {error}");
    };
    for (entry, sums) in sums.iter().enumerate() {
        close(sums[0], 0.0, m2, &format!("q of entry {entry}"));
        close(sums[1], m2, m4 - m2 * m2, &format!("q² of entry {entry}"));
        close(sums[2], m4, m8 - m4 * m4, &format!("q⁴ of entry {entry}"));
    }
    // Rotations and reflections are equally likely.
    close(determinants, 0.0, 1.0, "determinant");
}

#[test]
fn orthogonal_layers_keep_every_length_at_any_depth() {
    let n = 64;
    // All columns of the product of 50 matrices: the images of the unit vectors.
    let mut product: Vec<f64> =
        (0..n * n).map(|i| if i % (n + 1) == 0 { 1.0 } else { 0.0 }).collect();
    for layer in 0..50 {
        product = times(&product, &draw("orthogonal", &[n, n], 100 + layer), n);
    }
    for trial in 0..100 {
        let x = draw("normal(std=1)", &[n], 200 + trial);
        let ratio = length(&times(&x, &product, n)) / length(&x);
        assert!((ratio - 1.0).abs() < 1e-12, "{ratio}");
    }
}

#[test]
fn xavier_keeps_the_variance_of_a_linear_net_where_the_old_rule_shrinks_it() {
    // Glorot & Bengio's comparison: n Var W = 1, and n Var W = 1/3 under U(−1/√n, 1/√n).
    let (n, batch) = (1000, 50);
    let old = Initializer::from(Uniform { limit: 1.0 / (n as f64).sqrt() }).to_string();
    for (call, per_layer) in [
        ("xavier_uniform", 1.0f64),
        ("xavier_normal", 1.0),
        ("lecun_normal", 1.0),
        (&old, 1.0 / 3.0),
        ("lecun_uniform(gain=0.5773502691896258)", 1.0 / 3.0),
    ] {
        let mut activations = draw("normal(std=1)", &[batch, n], 8);
        let mean_square = |x: &[f64]| x.iter().map(|x| x * x).sum::<f64>() / x.len() as f64;
        let at_input = mean_square(&activations);
        for layer in 1..=5 {
            activations = times(&activations, &draw(call, &[n, n], 300 + layer as u64), n);
            let ratio = mean_square(&activations) / at_input / per_layer.powi(layer);
            assert!((ratio - 1.0).abs() < 0.1, "{call}, layer {layer}: {ratio}");
        }
    }
}

#[test]
fn he_keeps_the_mean_square_behind_rectifiers() {
    let (n, batch) = (500, 50);
    for call in ["he_uniform", "he_normal"] {
        let mut inputs = draw("normal(std=1)", &[batch, n], 9);
        for layer in 0..5 {
            inputs = times(&inputs, &draw(call, &[n, n], 400 + layer), n);
            let mean_square = inputs.iter().map(|x| x * x).sum::<f64>() / inputs.len() as f64;
            // The first layer has no rectifier before it.
            assert!((mean_square / 2.0 - 1.0).abs() < 0.2, "{call}, layer {layer}: {mean_square}");
            inputs.iter_mut().for_each(|x| *x = x.max(0.0));
        }
    }
}

#[test]
fn the_identity_passes_its_input_on() {
    assert_eq!(draw("identity", &[2, 2], 0), [1.0, 0.0, 0.0, 1.0]);
    assert_eq!(draw("identity(gain=0.5)", &[2, 3], 0), [0.5, 0.0, 0.0, 0.0, 0.5, 0.0]);
    assert_eq!(draw("identity", &[3, 1], 0), [1.0, 0.0, 0.0]);
    assert_eq!(draw("identity", &[3], 0), [1.0, 0.0, 0.0]);
    // The centre of three taps, and of 3 × 3.
    assert_eq!(draw("identity", &[3, 1, 1], 0), [0.0, 1.0, 0.0]);
    let kernel = draw("identity", &[3, 3, 2, 2], 0);
    let ones: Vec<usize> = (0..36).filter(|&i| kernel[i] != 0.0).collect();
    assert_eq!(ones, [16, 19]);
}

#[test]
fn constants_are_constant() {
    assert_eq!(draw("zeros", &[2, 3], 0), [0.0; 6]);
    assert_eq!(draw("constant(0.1)", &[5], 0), [0.1; 5]);
    let mut bias = [7.0f32; 2];
    read("zeros").fill(&[2], &mut bias, Stream::new(0, "bias"));
    assert_eq!(bias, [0.0; 2]);
}

#[test]
fn lsuv_reaches_unit_variance() {
    let lsuv = Lsuv { tolerance: 0.1, iterations: 10 };
    assert!(Initializer::from(lsuv).is_data_driven());
    assert_eq!(EVERY.iter().filter(|call| read(call).is_data_driven()).count(), 1);
    for unusable in [0.0, f64::INFINITY, f64::NAN, 0.95, 1.05] {
        assert_eq!(lsuv.correction(unusable), None, "{unusable}");
    }
    // A layer whose output is not proportional to its weights needs more than one correction.
    let x = draw("normal(std=3)", &[1000], 10);
    let variance = |w: f64| x.iter().map(|x| (w * x).tanh().powi(2)).sum::<f64>() / 1000.0 / 0.5;
    let (mut w, mut corrections) = (0.05, 0);
    while let Some(factor) = lsuv.correction(variance(w)) {
        w *= factor;
        corrections += 1;
    }
    assert!((variance(w) - 1.0).abs() < 0.1);
    assert!((2..=lsuv.iterations).contains(&corrections), "{corrections}");
}

#[test]
fn the_start_is_a_function_of_seed_name_and_shape() {
    for call in EVERY {
        let [again, once] = [draw(call, &[30, 20], 11), draw(call, &[30, 20], 11)];
        assert_eq!(once, again, "{call}");
        let random = !["zeros", "constant", "identity"].iter().any(|word| call.starts_with(word));
        assert_eq!(once != draw(call, &[30, 20], 12), random, "{call}");

        // What was there before does not matter, and f32 is the same start, rounded.
        let mut single = [f32::NAN; 600];
        read(call).fill(&[30, 20], &mut single, stream(11));
        assert_eq!(single.to_vec(), once.iter().map(|w| *w as f32).collect::<Vec<_>>(), "{call}");
    }
}

#[test]
fn tensors_without_elements_are_fine() {
    for call in EVERY {
        for shape in [&[0][..], &[0, 5], &[5, 0], &[0, 0], &[3, 3, 0, 2]] {
            read(call).fill::<f64>(shape, &mut [], stream(0));
        }
        assert_eq!(draw(call, &[], 0).len(), 1, "{call}");
    }
}

#[test]
fn every_word_prints_as_the_call_that_makes_it() {
    let called: Vec<String> = EVERY.iter().map(|call| parse(call).name).collect();
    assert_eq!(called, INITIALIZERS.words.iter().map(|word| word.name).collect::<Vec<_>>());
    for call in EVERY {
        assert_eq!(read(&read(call).to_string()), read(call), "{call}");
    }
    assert_eq!(read("normal").to_string(), "normal(std=0.01, mean=0)");
    assert_eq!(read("he_normal").to_string(), format!("he_normal(gain={})", 2f64.sqrt()));
}

#[test]
fn every_error_says_what_to_do() {
    for (call, message) in [
        ("xavier", "unknown initializer 'xavier': known are "),
        ("ortogonal", "unknown initializer 'ortogonal': did you mean 'orthogonal'?"),
        ("sparse(k=1.5)", "sparse(k=1.5): k must be a whole number from 1"),
        ("sparse(k=0)", "sparse(k=0): k must be a whole number from 1"),
        ("normal(std=-1)", "normal(std=-1): std must be a number from 0"),
        ("uniform", "uniform needs 'limit' (largest magnitude): write uniform(limit=…)"),
        ("lsuv(tolerance=0)", "lsuv(tolerance=0): tolerance must be a number above 0"),
    ] {
        let error = initializer(&parse(call)).unwrap_err().to_string();
        assert!(error.starts_with(message), "{error}");
    }
}

/// x·W, where the rows of x have n numbers and W is n × n.
fn times(x: &[f64], w: &[f64], n: usize) -> Vec<f64> {
    let mut y = vec![0.0; x.len()];
    for (x, y) in zip(x.chunks(n), y.chunks_mut(n)) {
        for (x, w) in zip(x, w.chunks(n)) {
            zip(&mut *y, w).for_each(|(y, w)| *y += x * w);
        }
    }
    y
}

fn length(x: &[f64]) -> f64 {
    x.iter().map(|x| x * x).sum::<f64>().sqrt()
}

fn draw(call: &str, shape: &[usize], seed: u64) -> Vec<f64> {
    let mut weights = vec![f64::NAN; shape.iter().product()];
    read(call).fill(shape, &mut weights, stream(seed));
    weights
}

fn stream(seed: u64) -> Stream {
    Stream::new(seed, "init/layer1/weights")
}

fn read(call: &str) -> Initializer {
    initializer(&parse(call)).unwrap_or_else(|error| panic!("{error}"))
}

fn parse(call: &str) -> Call {
    call.parse().unwrap_or_else(|error| panic!("{error}"))
}
