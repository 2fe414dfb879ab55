//! Asking for values before they are read.
//!
//! What one stage leaves for another one is not in the cache any more. A processor that meets such a line waits for
//! it, once it can look no further ahead: where much is calculated for each line, that is some ten lines. Asked for
//! earlier, lines come while others are calculated with. Where they are in the cache anyhow, that costs one
//! instruction a line.

/// How many values a loop works through before it asks for more: long vectors, and few lines at once.
pub(super) const PIECE: usize = 256;

/// Asks for as many values as these, two pieces behind them, which need not be there.
#[inline(always)]
pub(crate) fn ask_ahead<T>(values: &[T]) {
    /// The bytes of a line of a cache.
    const LINE: usize = 64;
    #[cfg(target_arch = "x86_64")]
    if let Some(sse) = pulp::core_arch::x86::Sse::try_new() {
        let first = values.as_ptr().wrapping_add(2 * PIECE).cast::<i8>();
        for byte in (0..size_of_val(values)).step_by(LINE) {
            sse._mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T0 }>(first.wrapping_add(byte));
        }
    }
}
