//! Steps of Burn's optimizers, on its Flex backend in f32, over random parameters with a fixed gradient.
//!
//! Flex is the backend that Burn recommends for a CPU without a JIT compiler. The number of threads is
//! the environment's `RAYON_NUM_THREADS`.

use std::error::Error;

use burn::module::Param;
use burn::optim::{
    AdamWConfig, GradientsParams, LionConfig, ModuleOptimizer, MuonConfig, RmsPropConfig,
};
use burn::tensor::{Device, Distribution, Tensor};

fn main() -> Result<(), Box<dyn Error>> {
    let task = turns::task()?;
    let optimizer = match task.optimizer.as_str() {
        "adamw" => AdamWConfig::new().init(),
        "lion" => LionConfig::new().init(),
        "muon" => MuonConfig::new().init(),
        // Without momentum, as the others.
        "rmsprop" => RmsPropConfig::new().with_momentum(0.0).init(),
        other => return Err(format!("no {other} here for Burn").into()),
    };
    match *task.shape.as_slice() {
        [n] => serve([n], task.tensors, optimizer),
        [rows, columns] => serve([rows, columns], task.tensors, optimizer),
        _ => Err("a tensor has one or two dimensions".into()),
    }
}

fn serve<const D: usize>(
    shape: [usize; D],
    tensors: usize,
    mut optimizer: ModuleOptimizer,
) -> Result<(), Box<dyn Error>> {
    let device = Device::flex();
    let normal =
        |device: &Device| Tensor::<D>::random(shape, Distribution::Normal(0.0, 1.0), device);
    let training = device.clone().autodiff();
    let mut parameters: Vec<_> =
        (0..tensors).map(|_| Param::from_tensor(normal(&training))).collect();
    let gradients: Vec<_> = parameters.iter().map(|p| (p.id, normal(&device))).collect();
    turns::serve(|| {
        // A step consumes the gradients; a clone shares the data.
        let mut given = GradientsParams::new();
        for (id, gradient) in &gradients {
            given.register(*id, gradient.clone());
        }
        parameters = optimizer.step(1e-3, std::mem::take(&mut parameters), given);
        training.sync().map_err(|error| format!("{error:?}").into())
    })
}
