//! Which vector instructions a loop is compiled for, chosen when the program runs.
//!
//! The loops are plain Rust. Each is compiled once for every level and picked by what the processor has.
//! All levels give the same bits, since every operation is rounded exactly and none is contracted.

use std::sync::LazyLock;

/// A set of vector instructions that this processor has.
#[derive(Clone, Copy, Debug)]
pub struct Level(Width);

#[derive(Clone, Copy, Debug)]
enum Width {
    /// What every processor of the target has: SSE2 on x86-64, NEON on AArch64.
    Baseline,
    /// AVX2.
    #[cfg(target_arch = "x86_64")]
    V3(pulp::x86::V3),
    /// AVX-512.
    #[cfg(target_arch = "x86_64")]
    V4(pulp::x86::V4),
}

impl Level {
    /// The levels of this processor, the widest last.
    pub fn available() -> Vec<Level> {
        #[cfg(target_arch = "x86_64")]
        let wider =
            [pulp::x86::V3::try_new().map(Width::V3), pulp::x86::V4::try_new().map(Width::V4)];
        #[cfg(not(target_arch = "x86_64"))]
        let wider: [Option<Width>; 0] = [];
        std::iter::once(Width::Baseline).chain(wider.into_iter().flatten()).map(Level).collect()
    }

    /// The widest level of this processor.
    pub fn widest() -> Level {
        // Asked for within steps, which allocate nothing.
        static WIDEST: LazyLock<Level> =
            LazyLock::new(|| Level::available().pop().unwrap_or(Level(Width::Baseline)));
        *WIDEST
    }

    /// Runs `f`, compiled for this level. `f` and all it calls must be `#[inline(always)]`.
    #[inline(always)]
    pub fn run<R>(self, f: impl FnOnce() -> R) -> R {
        match self.0 {
            Width::Baseline => f(),
            #[cfg(target_arch = "x86_64")]
            Width::V3(v3) => v3.vectorize(f),
            #[cfg(target_arch = "x86_64")]
            Width::V4(v4) => v4.vectorize(f),
        }
    }
}
