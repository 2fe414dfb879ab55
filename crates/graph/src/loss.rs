//! Losses that are made of other operations. Each one is a file; each gives one loss per example.
//!
//! Two losses are operations of their own: [`Graph::cross_entropy`](crate::Graph::cross_entropy) and
//! [`Graph::zero_one`](crate::Graph::zero_one).

mod exponential;
mod hinge;
mod huber;
mod logistic;
mod multi_margin;
mod squared_error;
mod squared_hinge;
