//! Hessian-vector products of a whole network: the gradient of (gradient · v).

use thalweg_graph::{Activation, Graph, GraphError, Parameters, Plan, RunOptions, Tensor};
use thalweg_random::Stream;

struct Network {
    graph: Graph,
    parameters: Vec<Tensor>,
    gradients: Vec<Tensor>,
    /// The vector, in the shapes of the parameters.
    vector: Vec<Tensor>,
    /// The Hessian times the vector.
    product: Vec<Tensor>,
}

/// A network with two smooth hidden layers, and cross-entropy.
fn network() -> Result<Network, GraphError> {
    let mut graph = Graph::new();
    let x = graph.input("x", [6, 4]);
    let labels = graph.input("labels", [6]);
    let h1 = graph.scope("layer1", |g| g.dense(x, 5, Activation::Tanh))?;
    let h2 = graph.scope("layer2", |g| g.dense(h1, 3, Activation::Sigmoid))?;
    let scores = graph.scope("layer3", |g| g.dense(h2, 3, Activation::Identity))?;
    let losses = graph.cross_entropy(scores, labels)?;
    let loss = graph.mean(losses);
    let parameters: Vec<Tensor> = graph.parameters().collect();
    let gradients = graph.gradients(loss, &parameters)?;
    let vector: Vec<Tensor> =
        parameters.iter().map(|&p| graph.input("v", graph.shape(p))).collect();
    let mut dot = graph.constant(0.0, []);
    for (&gradient, &v) in gradients.iter().zip(&vector) {
        let product = graph.mul(gradient, v)?;
        let sum = graph.sum(product);
        dot = graph.add(dot, sum)?;
    }
    let product = graph.gradients(dot, &parameters)?;
    Ok(Network { graph, parameters, gradients, vector, product })
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

    fn values(&self, fetch: &[Tensor], parameters: &Parameters<f64>, vector: &[f64]) -> Vec<f64> {
        let mut plan = Plan::compile(&self.graph, fetch, None);
        let mut rest = vector;
        for (tensor, node) in self.graph.nodes().filter(|(_, node)| node.operation() == "input") {
            let input = plan.input_mut(tensor);
            if self.vector.contains(&tensor) {
                let (values, after) = rest.split_at(input.len());
                input.copy_from_slice(values);
                rest = after;
            } else {
                let classes = node.name() == "labels";
                for (i, x) in input.iter_mut().enumerate() {
                    *x = if classes { (i % 3) as f64 } else { (1.7 * i as f64).sin() };
                }
            }
        }
        plan.run(parameters, RunOptions::default()).unwrap();
        fetch.iter().flat_map(|&tensor| plan.value(tensor).to_vec()).collect()
    }

    fn hessian_times(&self, vector: &[f64]) -> Vec<f64> {
        self.values(&self.product, &self.start(), vector)
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[test]
fn a_hessian_vector_product_agrees_with_central_differences_of_the_gradient() {
    let network = network().unwrap();
    assert_eq!(network.parameters.len(), 6);
    let v = network.random("v");
    let exact = network.hessian_times(&v);
    let h = 1e-5;
    let [above, below] = [h, -h].map(|h| {
        let mut moved = network.start();
        moved.values_mut().iter_mut().zip(&v).for_each(|(x, v)| *x += h * v);
        network.values(&network.gradients, &moved, &v)
    });
    assert!(exact.iter().any(|x| x.abs() > 0.01));
    for ((exact, above), below) in exact.iter().zip(above).zip(below) {
        let difference = (above - below) / (2.0 * h);
        assert!((exact - difference).abs() < 1e-8, "{exact} {difference}");
    }
}

#[test]
fn the_hessian_is_symmetric() {
    let network = network().unwrap();
    for trial in 0..5 {
        let [v, w] = ["v", "w"].map(|name| network.random(&format!("{name}{trial}")));
        let (hv, hw) = (network.hessian_times(&v), network.hessian_times(&w));
        let (wv, vw) = (dot(&w, &hv), dot(&v, &hw));
        assert!((wv - vw).abs() < 1e-13 * (1.0 + wv.abs()), "{wv} {vw}");
    }
}
