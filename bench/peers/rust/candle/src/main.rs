//! Steps of Candle's AdamW, on its CPU backend in f32, over random parameters with a fixed gradient.
//!
//! The number of threads is the environment's `RAYON_NUM_THREADS`.

use std::error::Error;

use candle_core::{Device, Tensor, Var};
use candle_nn::{AdamW, Optimizer, ParamsAdamW};

fn main() -> Result<(), Box<dyn Error>> {
    let task = turns::task()?;
    if task.optimizer != "adamw" {
        return Err(format!("Candle has no {}", task.optimizer).into());
    }
    let normal = || Tensor::randn(0f32, 1f32, task.shape.as_slice(), &Device::Cpu);
    let variables =
        (0..task.tensors).map(|_| Var::from_tensor(&normal()?)).collect::<Result<Vec<_>, _>>()?;
    // A gradient store has no public constructor. The first loss makes one; what the optimizer reads
    // is then put in its place.
    let mut gradients = variables[0].sum_all()?.backward()?;
    for variable in &variables {
        gradients.insert(variable, normal()?);
    }
    let parameters = ParamsAdamW { lr: 1e-3, ..ParamsAdamW::default() };
    let mut optimizer = AdamW::new(variables, parameters)?;
    turns::serve(|| Ok(optimizer.step(&gradients)?))
}
