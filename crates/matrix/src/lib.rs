//! Dense matrices, in row-major order and in `f32` or `f64`: products, and what matrix optimizers need.
//!
//! ```text
//! product            Y ← A·B, Y ← α·A·B + β·Y
//! gram, symmetric_product   half of a product, where the result is symmetric
//! newton_schulz      X ← U·Vᵀ, nearly, for X = U·Σ·Vᵀ    (Muon)
//! eigen, inverse_root    A = Q·Λ·Qᵀ, A^(−1/p)                (Shampoo, SOAP)
//! orthogonal_factor      Q of A = Q·R                        (SOAP)
//! ```
//!
//! ```
//! use thalweg_matrix::{Matrix, Threads, product};
//!
//! let a = Matrix::new(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 2, 3);
//! let mut y = [0.0; 4];
//! product(a, a.transposed(), &mut y, Threads::One);
//! assert_eq!(y, [14.0, 32.0, 32.0, 77.0]);
//! ```
//!
//! Matrices of sizes that do not fit each other are errors of the caller, and panic. Bits do not depend
//! on the number of threads.

// The formulas are written in the letters of their sources.
#![allow(mixed_script_confusables, reason = "Greek letters stand in formulas only")]
#![allow(confusable_idents, reason = "Greek letters stand in formulas only")]

mod aligned;
mod eigen;
mod newton_schulz;
mod orthogonal_factor;
mod product;
mod scalar;
mod symmetric;

pub use aligned::Aligned;
pub use eigen::{NotConverged, eigen, inverse_root};
pub use newton_schulz::{MUON, Workspace, newton_schulz};
pub use orthogonal_factor::orthogonal_factor;
pub use product::{
    Matrix, Rearranged, Threads, product, product_into, product_rearranged, product_scaled,
    shares_inner,
};
pub use scalar::Scalar;
pub use symmetric::{gram, gram_scaled, symmetric_product};
