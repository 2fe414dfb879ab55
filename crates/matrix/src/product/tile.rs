//! The innermost loops: a tile of Y, a few rows by a few vectors of columns, kept in registers while the
//! inner index runs. They are those of the `gemm-f32` and `gemm-f64` crates.
//!
//! Each value of a tile is the sum over the inner index in order, by fused multiply-adds, whatever the size
//! of the tile.

use gemm_common::microkernel::MicroKernelFn;

/// The tiles that this processor is best at.
#[derive(Clone, Copy)]
pub struct Tiles<T> {
    /// The columns of a vector.
    pub lanes: usize,
    /// The most vectors beside each other.
    pub vectors: usize,
    /// The most rows.
    pub rows: usize,
    /// The tile of so many vectors and rows, each at least 1.
    pub of: fn(vectors: usize, rows: usize) -> MicroKernelFn<T>,
}

impl<T> Tiles<T> {
    /// The columns of the widest tile.
    pub(crate) fn columns(&self) -> usize {
        self.lanes * self.vectors
    }
}

macro_rules! tiles {
    ($name:ident, $float:ident, $kernels:path, $lanes_512:literal, $lanes_fma:literal, $lanes_neon:literal) => {
        pub(crate) fn $name() -> Tiles<$float> {
            use $kernels as kernels;
            macro_rules! level {
                ($level:ident, $lanes:literal) => {{
                    use kernels::$level::$float::{MR_DIV_N, NR, UKR};
                    let of = |vectors: usize, rows: usize| UKR[vectors - 1][rows - 1];
                    Tiles { lanes: $lanes, vectors: MR_DIV_N, rows: NR, of }
                }};
            }
            #[cfg(target_arch = "x86_64")]
            {
                if std::arch::is_x86_feature_detected!("avx512f") {
                    return level!(avx512f, $lanes_512);
                }
                if std::arch::is_x86_feature_detected!("fma") {
                    return level!(fma, $lanes_fma);
                }
            }
            #[cfg(target_arch = "aarch64")]
            if std::arch::is_aarch64_feature_detected!("neon") {
                return level!(neon, $lanes_neon);
            }
            level!(scalar, 1)
        }
    };
}

tiles!(of_f32, f32, gemm_f32::microkernel, 16, 8, 4);
tiles!(of_f64, f64, gemm_f64::microkernel, 8, 4, 2);
