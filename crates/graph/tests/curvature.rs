//! Products with the Hessian, the Gauss-Newton matrix and the empirical Fisher matrix of a network, beside
//! the matrices themselves, made from gradients.

use std::iter::zip;

use thalweg_graph::{
    Activation, Graph, GraphError, Parameters, Plan, Problem, Role, RunOptions, Tensor,
};
use thalweg_random::Stream;

const EXAMPLES: usize = 6;
const CLASSES: usize = 3;

/// A network with two smooth hidden layers, and the products with its matrices.
struct Network {
    graph: Graph,
    x: Tensor,
    labels: Tensor,
    parameters: Vec<Tensor>,
    scores: Tensor,
    losses: Tensor,
    loss: Tensor,
    gradients: Vec<Tensor>,
    /// A vector over the outputs, and Jᵀ times it.
    upstream: Tensor,
    pulled: Vec<Tensor>,
    /// A vector over the parameters, J times it, and the matrices times it.
    vector: Vec<Tensor>,
    moved: Tensor,
    hessian: Vec<Tensor>,
    gauss_newton: Vec<Tensor>,
    fisher: Vec<Tensor>,
}

/// What the network says of the examples.
#[derive(Clone, Copy)]
enum Loss {
    CrossEntropy,
    SquaredError,
}

fn network(loss: Loss) -> Network {
    build(loss).unwrap()
}

fn build(loss: Loss) -> Result<Network, GraphError> {
    let mut graph = Graph::new();
    let x = graph.input("x", [EXAMPLES, 4]);
    let labels = graph.input("labels", [EXAMPLES]);
    let h1 = graph.scope("layer1", |g| g.dense(x, 5, Activation::Tanh))?;
    let h2 = graph.scope("layer2", |g| g.dense(h1, 3, Activation::Sigmoid))?;
    let scores = graph.scope("layer3", |g| g.dense(h2, CLASSES, Activation::Identity))?;
    let losses = match loss {
        Loss::CrossEntropy => graph.cross_entropy(scores, labels)?,
        Loss::SquaredError => {
            let targets = graph.one_hot(labels, CLASSES)?;
            let errors = graph.squared_error(scores, targets)?;
            graph.sum_axes(errors, &[1])?
        }
    };
    let loss = graph.mean(losses);
    let parameters: Vec<Tensor> = graph.parameters().collect();
    let gradients = graph.gradients(loss, &parameters)?;
    let upstream = graph.inputs_like("u", &[scores])[0];
    let pulled = graph.vector_jacobian_product(&[scores], &[upstream], &parameters)?;
    let vector = graph.inputs_like("v", &parameters);
    let moved = graph.jacobian_vector_product(scores, &parameters, &vector)?;
    let hessian = graph.hessian_vector_product(loss, &parameters, &vector)?;
    let gauss_newton = graph.gauss_newton_vector_product(loss, scores, &parameters, &vector)?;
    let fisher = graph.empirical_fisher_vector_product(losses, &parameters, &vector)?;
    Ok(Network {
        graph,
        x,
        labels,
        parameters,
        scores,
        losses,
        loss,
        gradients,
        upstream,
        pulled,
        vector,
        moved,
        hessian,
        gauss_newton,
        fisher,
    })
}

impl Network {
    fn start(&self) -> Parameters<f64> {
        let mut parameters = Parameters::zeros(&self.graph);
        for (i, value) in (0..).zip(parameters.values_mut()) {
            *value = Stream::new(1, "start").normal(i);
        }
        parameters
    }

    fn random(&self, name: &str) -> Vec<f64> {
        (0..self.start().values().len() as u64).map(|i| Stream::new(2, name).normal(i)).collect()
    }

    /// What is `wanted`, for vectors over the outputs and over the parameters.
    fn values(
        &self,
        wanted: &[Tensor],
        parameters: &Parameters<f64>,
        upstream: &[f64],
        vector: &[f64],
    ) -> Vec<f64> {
        let mut plan = Plan::compile(&self.graph, wanted, None);
        let x: Vec<f64> = (0..EXAMPLES * 4).map(|i| (1.7 * i as f64).sin()).collect();
        plan.write(&[self.x], &x);
        plan.write(&[self.labels], &[0.0, 1.0, 2.0, 0.0, 1.0, 2.0]);
        plan.write(&[self.upstream], upstream);
        plan.write(&self.vector, vector);
        plan.run(parameters, RunOptions::default()).unwrap();
        let count = wanted.iter().map(|&tensor| self.graph.shape(tensor).elements()).sum();
        let mut values = vec![0.0; count];
        plan.read(wanted, &mut values);
        values
    }

    /// What is `wanted` at the start, for a vector over the parameters.
    fn times(&self, wanted: &[Tensor], vector: &[f64]) -> Vec<f64> {
        self.values(wanted, &self.start(), &[0.0; EXAMPLES * CLASSES], vector)
    }

    /// The rows of the Jacobian of the outputs by the parameters.
    fn jacobian(&self) -> Vec<Vec<f64>> {
        let zeros = self.random("any").iter().map(|_| 0.0).collect::<Vec<f64>>();
        let row = |i: usize| {
            let mut unit = [0.0; EXAMPLES * CLASSES];
            unit[i] = 1.0;
            self.values(&self.pulled, &self.start(), &unit, &zeros)
        };
        (0..EXAMPLES * CLASSES).map(row).collect()
    }

    /// Central differences of the gradients, when one parameter moves: a column of the Hessian.
    fn column(&self, i: usize) -> Vec<f64> {
        let h = 1e-5;
        let [above, below] = [h, -h].map(|h| {
            let mut moved = self.start();
            moved.values_mut()[i] += h;
            let zeros = vec![0.0; moved.values().len()];
            self.values(&self.gradients, &moved, &[0.0; EXAMPLES * CLASSES], &zeros)
        });
        zip(above, below).map(|(above, below)| (above - below) / (2.0 * h)).collect()
    }

    /// softmax of the outputs, one row for each example.
    fn likelihoods(&self) -> Vec<Vec<f64>> {
        let scores = self.times(&[self.scores], &self.random("any"));
        let softmax = |z: &[f64]| {
            let sum: f64 = z.iter().map(|z| z.exp()).sum();
            z.iter().map(|z| z.exp() / sum).collect()
        };
        scores.chunks(CLASSES).map(softmax).collect()
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    zip(a, b).map(|(a, b)| a * b).sum()
}

fn unit(length: usize, i: usize) -> Vec<f64> {
    (0..length).map(|j| f64::from(u8::from(i == j))).collect()
}

fn assert_close(found: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len());
    assert!(expected.iter().any(|x| x.abs() > 0.01), "only noise to compare with");
    for (found, expected) in zip(found, expected) {
        assert!((found - expected).abs() < tolerance, "{found}, not {expected}");
    }
}

#[test]
fn every_column_of_the_hessian_agrees_with_central_differences_of_the_gradient() {
    for loss in [Loss::CrossEntropy, Loss::SquaredError] {
        let network = network(loss);
        let n = network.start().values().len();
        let columns = (0..n).map(|i| network.times(&network.hessian, &unit(n, i)));
        let differences = (0..n).flat_map(|i| network.column(i));
        assert_close(
            &columns.flatten().collect::<Vec<_>>(),
            &differences.collect::<Vec<_>>(),
            1e-8,
        );
    }
}

#[test]
fn a_product_with_a_vector_is_that_of_the_columns() {
    let network = network(Loss::CrossEntropy);
    let v = network.random("v");
    for product in [&network.hessian, &network.gauss_newton, &network.fisher] {
        let mut sum = vec![0.0; v.len()];
        for (i, v) in v.iter().enumerate() {
            let column = network.times(product, &unit(sum.len(), i));
            zip(&mut sum, column).for_each(|(sum, x)| *sum += v * x);
        }
        assert_close(&network.times(product, &v), &sum, 1e-13);
    }
}

#[test]
fn the_matrices_are_symmetric() {
    let network = network(Loss::CrossEntropy);
    for trial in 0..5 {
        let [v, w] = ["v", "w"].map(|name| network.random(&format!("{name}{trial}")));
        for product in [&network.hessian, &network.gauss_newton, &network.fisher] {
            let (av, aw) = (network.times(product, &v), network.times(product, &w));
            let (wv, vw) = (dot(&w, &av), dot(&v, &aw));
            assert!((wv - vw).abs() < 1e-13 * (1.0 + wv.abs()), "{wv} {vw}");
        }
    }
}

#[test]
fn the_jacobian_times_a_vector_is_that_of_its_rows() {
    let network = network(Loss::CrossEntropy);
    let v = network.random("v");
    let rows = network.jacobian();
    let expected: Vec<f64> = rows.iter().map(|row| dot(row, &v)).collect();
    assert_close(&network.times(&[network.moved], &v), &expected, 1e-13);
}

#[test]
fn the_gauss_newton_matrix_of_the_cross_entropy_is_the_fisher_matrix_of_the_model() {
    let network = network(Loss::CrossEntropy);
    let v = network.random("v");
    // The mean over examples and over classes, as likely as the model says, of ∇ℓ ∇ℓᵀ v.
    let mut expected = vec![0.0; v.len()];
    for (rows, p) in zip(network.jacobian().chunks(CLASSES), network.likelihoods()) {
        for class in 0..CLASSES {
            let by_score = |k: usize| p[k] - f64::from(u8::from(k == class));
            let gradient: Vec<f64> = (0..v.len())
                .map(|i| (0..CLASSES).map(|k| by_score(k) * rows[k][i]).sum())
                .collect();
            let share = p[class] * dot(&gradient, &v) / EXAMPLES as f64;
            zip(&mut expected, gradient).for_each(|(sum, x)| *sum += share * x);
        }
    }
    assert_close(&network.times(&network.gauss_newton, &v), &expected, 1e-13);
}

#[test]
fn the_gauss_newton_matrix_of_the_squared_error_is_that_of_gauss() {
    let network = network(Loss::SquaredError);
    let v = network.random("v");
    // L = Σ r² / n, and so G = 2 Jᵀ J / n.
    let mut expected = vec![0.0; v.len()];
    for row in network.jacobian() {
        let share = 2.0 * dot(&row, &v) / EXAMPLES as f64;
        zip(&mut expected, &row).for_each(|(sum, x)| *sum += share * x);
    }
    assert_close(&network.times(&network.gauss_newton, &v), &expected, 1e-12);
}

#[test]
fn the_empirical_fisher_matrix_is_the_mean_of_the_gradients_of_the_examples_squared() {
    let network = network(Loss::CrossEntropy);
    let v = network.random("v");
    let mut expected = vec![0.0; v.len()];
    let examples = zip(
        network.jacobian().chunks(CLASSES).map(<[_]>::to_vec).collect::<Vec<_>>(),
        network.likelihoods(),
    );
    for (i, (rows, p)) in examples.enumerate() {
        let by_score = |k: usize| p[k] - f64::from(u8::from(k == i % CLASSES));
        let gradient: Vec<f64> =
            (0..v.len()).map(|j| (0..CLASSES).map(|k| by_score(k) * rows[k][j]).sum()).collect();
        let share = dot(&gradient, &v) / EXAMPLES as f64;
        zip(&mut expected, gradient).for_each(|(sum, x)| *sum += share * x);
    }
    assert_close(&network.times(&network.fisher, &v), &expected, 1e-13);
    assert_eq!(network.graph.shape(network.losses).elements(), EXAMPLES);
}

#[test]
fn a_product_costs_at_most_three_gradients() {
    let network = network(Loss::CrossEntropy);
    let flops = |wanted: &[Tensor]| {
        Plan::<f64>::compile(&network.graph, wanted, None).describe().flops() as f64
    };
    let gradient = flops(&network.gradients);
    assert!(gradient > 0.0);
    for product in [&network.hessian, &network.gauss_newton, &network.fisher] {
        let gradients = flops(product) / gradient;
        assert!((1.0..=3.0).contains(&gradients), "{gradients}");
    }
}

#[test]
fn a_product_through_a_recurrence_costs_at_most_three_gradients() {
    type Layer = fn(&mut Graph, Tensor, usize) -> Result<Tensor, GraphError>;
    for (name, layer) in [("lstm", Graph::lstm as Layer), ("gru", Graph::gru)] {
        let mut graph = Graph::new();
        let mut states = graph.input("x", [8, 12, 32]);
        for number in ["1", "2"] {
            states = graph.scope(number, |g| layer(g, states, 32)).unwrap();
        }
        let squares = graph.square(states);
        let loss = graph.mean(squares);
        let parameters: Vec<Tensor> = graph.parameters().collect();
        let vector = graph.inputs_like("v", &parameters);
        let gradient = graph.gradients(loss, &parameters).unwrap();
        let hessian = graph.hessian_vector_product(loss, &parameters, &vector).unwrap();
        let gauss_newton =
            graph.gauss_newton_vector_product(loss, states, &parameters, &vector).unwrap();
        let [gradient, hessian, gauss_newton] = [gradient, hessian, gauss_newton]
            .map(|wanted| Plan::<f64>::compile(&graph, &wanted, None).describe().flops() as f64);
        for product in [hessian, gauss_newton] {
            let gradients = product / gradient;
            assert!((1.0..=3.0).contains(&gradients), "{name}: {gradients:.2} gradients");
        }
    }
}

#[test]
fn a_vector_that_depends_on_the_parameters_is_held_fixed() {
    // L = x³ and v = x: H v = 6 x · x, though the gradient of ∇L · x would be 9 x².
    let mut graph = Graph::new();
    let x = graph.parameter("x", [], Role::Other);
    let square = graph.square(x);
    let loss = graph.mul(square, x).unwrap();
    let product = graph.hessian_vector_product(loss, &[x], &[x]).unwrap();
    let mut parameters = Parameters::<f64>::zeros(&graph);
    parameters.values_mut()[0] = 5.0;
    let mut plan = Plan::compile(&graph, &product, None);
    plan.run(&parameters, RunOptions::default()).unwrap();
    assert_eq!(plan.value(product[0]), [150.0]);
}

#[test]
fn a_vector_of_other_shapes_is_refused() {
    let mut network = network(Loss::CrossEntropy);
    let (loss, parameters, vector) = (network.loss, network.parameters, network.vector);
    let graph = &mut network.graph;
    let error = graph.hessian_vector_product(loss, &parameters, &vector[1..]).unwrap_err();
    assert_eq!(error.problem, Problem::Count { expected: 6, given: 5 });
    let mut turned = vector.clone();
    turned.reverse();
    let error = graph.hessian_vector_product(loss, &parameters, &turned).unwrap_err();
    assert!(error.to_string().starts_with("hessian_vector_product/vector: "), "{error}");
    assert!(
        error.to_string().contains("has shape [4, 5], but its vector has shape [3]"),
        "{error}"
    );
}
