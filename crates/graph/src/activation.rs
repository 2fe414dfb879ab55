//! Functions that layers apply to their sums, made of other operations. Each one is a file.
//!
//! Some are operations of their own: [`Graph::relu`], [`Graph::tanh`], [`Graph::sigmoid`],
//! [`Graph::softplus`].

mod elu;
mod gelu_tanh;
mod leaky_relu;
mod silu;
mod softsign;

use crate::{Graph, GraphError, Tensor};

/// The function that a layer applies to each of its sums.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Activation {
    /// None: the sums themselves.
    Identity,
    /// max(x, 0)
    Relu,
    /// x where x > 0, else `slope` · x
    LeakyRelu {
        /// The slope below 0; 0.01 is usual.
        slope: f64,
    },
    /// x where x > 0, else `alpha` (eˣ − 1)
    Elu {
        /// Minus the least value; 1 is usual.
        alpha: f64,
    },
    /// x Φ(x), with Φ the distribution function of the standard normal distribution.
    Gelu,
    /// The same, with an approximation of Φ by tanh.
    GeluTanh,
    /// x sigmoid(x)
    Silu,
    /// tanh x
    Tanh,
    /// 1 / (1 + e⁻ˣ)
    Sigmoid,
    /// ln(1 + eˣ)
    Softplus,
    /// x / (1 + |x|)
    Softsign,
}

impl Graph {
    /// The activation function of each value.
    pub fn activation(&mut self, x: Tensor, activation: Activation) -> Tensor {
        match activation {
            Activation::Identity => x,
            Activation::Relu => self.relu(x),
            Activation::LeakyRelu { slope } => self.leaky_relu(x, slope),
            Activation::Elu { alpha } => self.elu(x, alpha),
            Activation::Gelu => self.gelu(x),
            Activation::GeluTanh => self.gelu_tanh(x),
            Activation::Silu => self.silu(x),
            Activation::Tanh => self.tanh(x),
            Activation::Sigmoid => self.sigmoid(x),
            Activation::Softplus => self.softplus(x),
            Activation::Softsign => self.softsign(x),
        }
    }

    /// The function called `name`, built in a scope of its own of numbers and of tensors that all have the
    /// same shape, so that all fit each other.
    fn function(
        &mut self,
        name: &str,
        build: impl FnOnce(&mut Graph) -> Result<Tensor, GraphError>,
    ) -> Tensor {
        self.scope(name, build).expect("a shape fits itself and that of a number")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Parameters, Plan, RunOptions};

    #[test]
    fn at_infinity_a_function_has_its_limit_where_it_has_one() {
        let (negative, positive) = (f64::NEG_INFINITY, f64::INFINITY);
        for (activation, limits) in [
            (Activation::Identity, [negative, positive]),
            (Activation::Relu, [0.0, positive]),
            (Activation::LeakyRelu { slope: 0.1 }, [negative, positive]),
            (Activation::Elu { alpha: 2.0 }, [-2.0, positive]),
            (Activation::Tanh, [-1.0, 1.0]),
            (Activation::Sigmoid, [0.0, 1.0]),
            (Activation::Softplus, [0.0, positive]),
        ] {
            let mut graph = Graph::new();
            let x = graph.input("x", [2]);
            let y = graph.activation(x, activation);
            let mut plan = Plan::<f64>::compile(&graph, &[y], None);
            plan.input_mut(x).copy_from_slice(&[negative, positive]);
            plan.run(&Parameters::zeros(&graph), RunOptions::default()).unwrap();
            assert_eq!(plan.value(y), limits, "{activation:?}");
        }
    }
}
