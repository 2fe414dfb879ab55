//! How many weights go into a unit and come out of one, by the shape of the tensor.
//!
//! ```text
//! shape                fan_in = m     fan_out = n
//! [m, n]               m              n
//! [kh, kw, in, out]    kh·kw·in       kh·kw·out      any number of k's
//! [n]                  n              n              a bias, or scales
//! []                   1              1
//! ```
//!
//! Keras has the same table. PyTorch stores [out, in, kh, kw], with the same fans, and refuses one
//! dimension.

/// The number of weights into and out of a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fans {
    /// m: incoming weights of one unit.
    pub fan_in: usize,
    /// n: outgoing weights of one input.
    pub fan_out: usize,
}

/// The fans of a tensor of weights with this shape, slowest dimension first.
pub fn fans(shape: &[usize]) -> Fans {
    match *shape {
        [] => Fans { fan_in: 1, fan_out: 1 },
        [n] => Fans { fan_in: n, fan_out: n },
        [ref kernel @ .., inputs, outputs] => {
            let taps: usize = kernel.iter().product();
            Fans { fan_in: taps * inputs, fan_out: taps * outputs }
        }
    }
}

/// Rows and columns of the weights as a matrix: one column for each unit, with its `fan_in` incoming
/// weights. One dimension is one unit.
pub(super) fn matrix(shape: &[usize]) -> (usize, usize) {
    let units = if shape.len() < 2 { 1 } else { shape[shape.len() - 1] };
    (fans(shape).fan_in, units)
}
