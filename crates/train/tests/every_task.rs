//! What holds for every task: its training step allocates nothing, and has the same bits on any number of
//! threads; a product with its Hessian costs at most three gradients, in floating-point operations.

use rayon::ThreadPoolBuilder;
use thalweg_allocations::of_this_thread;
use thalweg_data::Source;
use thalweg_graph::{Parameters, Plan, RunOptions, Tensor, Threads};
use thalweg_minimize::{Ending, Objective, Products, steps};
use thalweg_optim::{Optimizer, optimizer};
use thalweg_train::{Curvature, Loss, Options, Set, Task, Training, task};

/// Every task, with a batch, some of them smaller than they are by default but large enough to be shared out.
const TASKS: &[(&str, usize)] = &[
    ("digits-softmax", 32),
    ("fashion-softmax", 128),
    ("fashion-mlp(hidden=128,layers=2)", 64),
    ("fashion-2c2d", 4),
    ("fashion-autoencoder(width=40)", 32),
    ("fashion-vae(hidden=40,code=8)", 32),
    ("deep-linear(depth=5,width=40)", 32),
    ("deep-tanh(depth=5,width=40)", 32),
    ("agaricus-logistic", 64),
    ("breast-cancer-logistic", 64),
    ("quadratic-deep", 128),
    ("tiny-rnn", 1),
    ("char-lstm(hidden=32,time=12)", 36),
    ("char-gpt(layers=2,width=32,heads=2,time=16)", 8),
];

/// A task at its start, ready to take steps on one batch.
struct Ready {
    plan: Plan<f32>,
    parameters: Parameters<f32>,
    optimizer: Box<dyn Optimizer<f32>>,
}

impl Ready {
    fn new(call: &str, batch: usize) -> Ready {
        let task: Box<dyn Task<f32>> = task(&call.parse().unwrap(), &Source::Embedded).unwrap();
        let adam = "adam(lr=0.001)".parse().unwrap();
        let training = Training::new(&*task, &adam, Options::of(&*task)).unwrap();
        let parameters = training.parameters().clone();
        let batch: Vec<usize> = (0..batch.min(task.examples(Set::Train))).collect();
        let mut model = task.model(batch.len()).unwrap();
        let train = model.graph.minimize(model.cost, "adam").unwrap();
        let mut plan = Plan::compile(&model.graph, &[model.cost], Some(&train));
        task.prepare(&model, &mut plan);
        task.fill(Set::Train, &batch, &model, &mut plan);
        Ready { plan, parameters, optimizer: optimizer(&adam, None).unwrap() }
    }

    fn step(&mut self, step: u64, threads: Threads) {
        let options = RunOptions { step, threads, ..RunOptions::default() };
        self.plan.train(&mut self.parameters, &mut *self.optimizer, options).unwrap();
    }
}

#[test]
fn steps_allocate_nothing_and_have_the_same_bits_on_any_number_of_threads() {
    for &(call, batch) in TASKS {
        let mut alone = Ready::new(call, batch);
        (0..3).for_each(|step| alone.step(step, Threads::One));
        let bits = |ready: &Ready| -> Vec<u32> {
            ready.parameters.values().iter().map(|x| x.to_bits()).collect()
        };
        for threads in [2, 3] {
            let pool = ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let mut shared = Ready::new(call, batch);
            pool.install(|| (0..3).for_each(|step| shared.step(step, Threads::Pool)));
            assert!(bits(&shared) == bits(&alone), "{call} on {threads} threads");
        }
        // Each thread keeps the memory that it needs for the work that comes to it: on one thread, all of it
        // comes in the first step.
        let before = of_this_thread();
        (3..6).for_each(|step| alone.step(step, Threads::One));
        let found = of_this_thread() - before;
        assert_eq!(found, 0, "{call} allocates");
    }
}

/// J over the whole training set, products, and searches on batches that change.
#[test]
fn searches_and_products_allocate_nothing_and_have_the_same_bits_on_any_number_of_threads() {
    for call in ["digits-softmax", "fashion-mlp(hidden=16)", "breast-cancer-logistic"] {
        let task: Box<dyn Task<f32>> = task(&call.parse().unwrap(), &Source::Embedded).unwrap();
        let run = |threads| {
            let options = Options { threads, seed: 1, ..Options::of(&*task) };
            let mut loss = Loss::new(&*task, &options, Curvature::Hessian).unwrap();
            let mut lbfgs = steps(&"lbfgs(memory=3)".parse().unwrap(), loss.start()).unwrap();
            let mut hv = vec![0.0; loss.dimension()];
            let mut before = 0;
            for step in 0..8 {
                // Six steps fill the memory; the first product makes the plan for it.
                if step == 6 {
                    before = of_this_thread();
                }
                let is_new = step % 2 == 0;
                assert_eq!(lbfgs.step(&mut loss, is_new).ending, Ending::Taken, "{call} {step}");
                loss.product(lbfgs.x(), lbfgs.x(), &mut hv);
            }
            let allocations = of_this_thread() - before;
            let bits = lbfgs.x().iter().chain(&hv).map(|x| x.to_bits()).collect::<Vec<_>>();
            (bits, allocations)
        };
        let (alone, allocations) = run(Threads::One);
        assert_eq!(allocations, 0, "{call} allocates");
        for threads in [2, 3] {
            let pool = ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let (shared, _) = pool.install(|| run(Threads::Pool));
            assert!(shared == alone, "{call} on {threads} threads");
        }
    }
}

#[test]
fn a_product_with_the_hessian_costs_at_most_three_gradients() {
    for &(call, batch) in TASKS {
        let task: Box<dyn Task<f32>> = task(&call.parse().unwrap(), &Source::Embedded).unwrap();
        let mut model = task.model(batch).unwrap();
        let parameters: Vec<Tensor> = model.graph.parameters().collect();
        let gradients = model.graph.gradients(model.cost, &parameters).unwrap();
        let vector = model.graph.inputs_like("v", &parameters);
        let product = model.graph.hessian_vector_product(model.cost, &parameters, &vector).unwrap();
        let [gradient, product] = [gradients, product]
            .map(|wanted| Plan::<f32>::compile(&model.graph, &wanted, None).describe().flops());
        let gradients = product as f64 / gradient as f64;
        assert!(gradients <= 3.0, "{call}: {gradients:.2} gradients");
    }
}
