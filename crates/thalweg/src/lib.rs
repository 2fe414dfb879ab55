#![doc = include_str!("../../../README.md")]

pub use thalweg_data as data;
pub use thalweg_graph as graph;
pub use thalweg_minimize as minimize;
pub use thalweg_online as online;
pub use thalweg_optim as optim;
pub use thalweg_report as report;
pub use thalweg_sets as sets;
pub use thalweg_study as study;
pub use thalweg_surfaces as surfaces;
pub use thalweg_train as train;
