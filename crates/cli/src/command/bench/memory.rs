//! How much memory this process takes.

use std::fs;

/// How far the resident memory has grown from some moment to its highest. Linux alone tells.
pub struct Memory {
    before: Option<u64>,
}

impl Memory {
    /// From now on.
    pub fn new() -> Memory {
        // The highest so far goes back to what there is now. Where that is refused, memory that was given
        // back before now counts as being there before.
        let _ = fs::write("/proc/self/clear_refs", "5");
        Memory { before: highest() }
    }

    /// Bytes from then to the highest since; `None` where it cannot be told.
    pub fn grown(&self) -> Option<u64> {
        Some(highest()? - self.before?)
    }
}

/// The highest resident memory, in bytes.
fn highest() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn what_was_taken_and_given_back_counts() {
        let memory = Memory::new();
        let taken = 64 << 20;
        drop(std::hint::black_box(vec![1u8; taken]));
        let grown = memory.grown().unwrap();
        assert!(grown >= taken as u64 * 9 / 10, "{grown}");
    }
}
