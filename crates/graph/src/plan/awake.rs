//! Threads that stay awake while a plan runs.
//!
//! A thread of the pool that finds nothing to do falls asleep, and takes longer to wake than most stages of a
//! plan take to run. So all threads look for work, without sleeping, from the first stage to the last.

use std::sync::atomic::{AtomicBool, Ordering};

use rayon::Yield;

/// Calls `work` while all other threads of the pool look for parts of it.
pub(super) fn awake<R: Send>(work: impl FnOnce() -> R + Send) -> R {
    let done = AtomicBool::new(false);
    with_helpers(rayon::current_num_threads() - 1, &done, work)
}

/// A helper waits in the queue of the calling thread before anything that `work` adds to it, and others take
/// from there what came first. So when they come to what `work` added, no helper is left that the calling
/// thread could take up itself while it waits, and never come back from.
fn with_helpers<R: Send>(helpers: usize, done: &AtomicBool, work: impl FnOnce() -> R + Send) -> R {
    match helpers {
        0 => {
            let _done = Done(done);
            work()
        }
        _ => rayon::join(|| with_helpers(helpers - 1, done, work), || help(done)).0,
    }
}

fn help(done: &AtomicBool) {
    while !done.load(Ordering::Acquire) {
        if rayon::yield_now() != Some(Yield::Executed) {
            std::hint::spin_loop();
        }
    }
}

/// Says so when it goes, also if the work panics.
struct Done<'a>(&'a AtomicBool);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fibonacci(n: u64) -> u64 {
        match n {
            0 | 1 => n,
            n => {
                let (a, b) = rayon::join(|| fibonacci(n - 1), || fibonacci(n - 2));
                a + b
            }
        }
    }

    #[test]
    fn work_ends_at_any_number_of_threads() {
        for threads in [1, 2, 3, 5] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            for _ in 0..200 {
                assert_eq!(pool.install(|| awake(|| fibonacci(12))), 144);
            }
        }
    }

    #[test]
    fn a_panic_of_the_work_comes_back() {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
        let run = || pool.install(|| awake(|| panic!("as it should")));
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run));
        assert!(outcome.is_err());
    }
}
