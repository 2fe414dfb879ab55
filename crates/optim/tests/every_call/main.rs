//! One table: every optimizer there is × every property that all must have.

mod extremes;
mod non_finite;
mod observe;
mod resume;
mod rounding;
mod rows;
mod run;
mod still;
mod table;
mod threads;
mod training;
