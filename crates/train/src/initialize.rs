//! How the parameters of a task start.

use thalweg_graph::{Element, Graph, Mode, Parameters, Plan, Role, RunOptions, Tensor};
use thalweg_optim::init::{Initializer, Lsuv};
use thalweg_random::Stream;

use crate::{Options, Set, Start, Task, TrainError};

/// Examples that a data-driven initialiser looks at.
const LOOKED_AT: usize = 500;

/// The parameters of `task` at the start: a pure function of the seed and of each parameter's name.
pub(crate) fn initialize<T: Element>(
    task: &dyn Task<T>,
    options: &Options,
) -> Result<Parameters<T>, TrainError> {
    let model = task.model(1)?;
    let mut parameters = Parameters::zeros(&model.graph);
    // Where the role says how a parameter starts, it does so already.
    let open = parameters.iter_mut().filter(|(info, _)| info.role.start().is_none());
    if let Start::Fixed(value) = task.description().start {
        open.for_each(|(_, values)| values.fill(T::from_f64(value)));
        return Ok(parameters);
    }
    for (info, values) in open {
        let init = if info.role == Role::Bias { options.bias } else { options.init };
        let stream = Stream::new(options.seed, &format!("init/{}", info.name));
        init.fill(info.shape.sizes(), values, stream);
    }
    if let Initializer::Lsuv(lsuv) = &options.init {
        scale_to_unit_variance(task, *lsuv, options.seed, &mut parameters)?;
    }
    Ok(parameters)
}

/// Scales the weights of one layer after the other until its sums have variance 1 on a batch.
fn scale_to_unit_variance<T: Element>(
    task: &dyn Task<T>,
    lsuv: Lsuv,
    seed: u64,
    parameters: &mut Parameters<T>,
) -> Result<(), TrainError> {
    let examples = task.examples(Set::Train);
    let mut batch = Stream::new(seed, "init/lsuv").permutation(examples);
    batch.truncate(LOOKED_AT);
    let model = task.model(batch.len())?;
    let sums = weighted_sums(&model.graph);
    let fetch: Vec<Tensor> = sums.iter().map(|(_, sum)| *sum).collect();
    let mut plan = Plan::compile(&model.graph, &fetch, None);
    task.prepare(&model, &mut plan);
    task.fill(Set::Train, &batch, &model, &mut plan);
    let run = RunOptions { mode: Mode::Evaluation, ..RunOptions::default() };
    for (name, sum) in &sums {
        for _ in 0..lsuv.iterations {
            plan.run(parameters, run)?;
            let Some(scale) = lsuv.correction(variance(plan.value(*sum))) else { break };
            for (_, values) in parameters.iter_mut().filter(|(info, _)| info.name == *name) {
                values.iter_mut().for_each(|w| *w = *w * T::from_f64(scale));
            }
        }
    }
    Ok(())
}

/// Every weight, by name, with the product that it goes into, in the order of the layers.
fn weighted_sums(graph: &Graph) -> Vec<(String, Tensor)> {
    let weight = |tensor: &Tensor| graph.node(*tensor).role() == Some(Role::Weight);
    graph
        .nodes()
        .filter_map(|(sum, node)| {
            let weight = node.inputs().iter().find(|input| weight(input))?;
            Some((graph.node(*weight).name().to_owned(), sum))
        })
        .collect()
}

fn variance<T: Element>(values: &[T]) -> f64 {
    let n = values.len() as f64;
    let mean = values.iter().map(|x| x.to_f64()).sum::<f64>() / n;
    values.iter().map(|x| (x.to_f64() - mean).powi(2)).sum::<f64>() / n
}

#[cfg(test)]
mod tests {
    use thalweg_data::Source;

    use super::*;
    use crate::{Model, task};

    /// The variances of the two layers' sums on the whole training set, of which the initialiser saw a
    /// tenth.
    fn variances(init: &str) -> Vec<f64> {
        let task =
            task::<f32>(&"fashion-mlp(dropout=0.5)".parse().unwrap(), &Source::Embedded).unwrap();
        let init = thalweg_optim::init::initializer(&init.parse().unwrap()).unwrap();
        let parameters = initialize(&*task, &Options { init, ..Options::of(&*task) }).unwrap();
        let examples: Vec<usize> = (0..task.examples(Set::Train)).collect();
        let model: Model = task.model(examples.len()).unwrap();
        let sums: Vec<Tensor> = weighted_sums(&model.graph).iter().map(|(_, sum)| *sum).collect();
        let mut plan = Plan::compile(&model.graph, &sums, None);
        task.fill(Set::Train, &examples, &model, &mut plan);
        let run = RunOptions { mode: Mode::Evaluation, ..RunOptions::default() };
        plan.run(&parameters, run).unwrap();
        sums.iter().map(|sum| variance(plan.value(*sum))).collect()
    }

    #[test]
    fn lsuv_gives_every_layer_sums_of_variance_1() {
        let orthogonal = variances("orthogonal");
        assert!(orthogonal.iter().all(|v| (v - 1.0).abs() > 0.3), "{orthogonal:?}");
        let lsuv = variances("lsuv(tolerance=0.01)");
        assert_eq!(lsuv.len(), 2);
        // The variance over 500 of 5000 examples is that over all to about a tenth.
        assert!(lsuv.iter().all(|v| (v - 1.0).abs() < 0.15), "{lsuv:?}");
    }
}
