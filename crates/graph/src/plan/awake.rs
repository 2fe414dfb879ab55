//! Threads that stay awake while a plan runs, and for a moment after it.
//!
//! A thread of the pool that finds nothing to do falls asleep, and takes longer to wake than most stages of a
//! plan take to run. So all threads look for work, without sleeping, from the first stage to the last. The
//! batch of the next step is put together in less time than they take to wake, too, so that they look for
//! some time after the last stage.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rayon::Yield;

/// How long threads look for work that does not come: several times as long as they take to wake.
const AFTERWARDS: Duration = Duration::from_micros(200);

/// The threads that help to run a plan.
#[derive(Clone, Debug)]
pub(super) struct Helpers {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    begin: Instant,
    /// How many look for work, or will as soon as they find that they are to.
    count: AtomicUsize,
    /// The time since `begin` until which they look, in nanoseconds.
    until: AtomicU64,
}

impl Helpers {
    pub(super) fn new() -> Helpers {
        let (count, until) = (AtomicUsize::new(0), AtomicU64::new(0));
        Helpers { shared: Arc::new(Shared { begin: Instant::now(), count, until }) }
    }

    /// Calls `work` while all other threads of the pool look for parts of it.
    pub(super) fn awake<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        match rayon::current_thread_index() {
            Some(caller) => {
                self.shared.until.store(u64::MAX, Ordering::Release);
                let _working = Working(&self.shared);
                self.call(caller);
                work()
            }
            // To hand all of it to a thread of the pool is to wait once.
            None => rayon::join(|| self.awake(work), || ()).0,
        }
    }

    /// Asks for those who do not look for work yet.
    ///
    /// They wait in the queue of the calling thread before anything that its work adds to it, and others take
    /// from there what came first. So when they come to what the work added, no helper is left that the
    /// calling thread could take up itself while it waits.
    fn call(&self, caller: usize) {
        let wanted = rayon::current_num_threads() - 1;
        for _ in self.shared.count.load(Ordering::Relaxed)..wanted {
            self.shared.count.fetch_add(1, Ordering::Relaxed);
            let shared = Arc::clone(&self.shared);
            rayon::spawn(move || shared.help(caller));
        }
    }
}

impl Shared {
    fn help(&self, caller: usize) {
        // One that nobody took before the work was done is of no use to the caller.
        let is_caller = rayon::current_thread_index() == Some(caller);
        while !is_caller && self.now() < self.until.load(Ordering::Acquire) {
            if rayon::yield_now() != Some(Yield::Executed) {
                std::hint::spin_loop();
            }
        }
        self.count.fetch_sub(1, Ordering::Relaxed);
    }

    fn now(&self) -> u64 {
        self.begin.elapsed().as_nanos() as u64
    }
}

/// Says that the work is done when it goes, also if the work panics.
struct Working<'a>(&'a Shared);

impl Drop for Working<'_> {
    fn drop(&mut self) {
        let until = self.0.now() + AFTERWARDS.as_nanos() as u64;
        self.0.until.store(until, Ordering::Release);
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
            let helpers = Helpers::new();
            for _ in 0..200 {
                assert_eq!(pool.install(|| helpers.awake(|| fibonacci(12))), 144);
            }
        }
    }

    #[test]
    fn work_ends_where_it_is_called_from_outside_of_a_pool_or_from_another_one() {
        let pool = || rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
        let helpers = Helpers::new();
        for _ in 0..20 {
            assert_eq!(helpers.awake(|| fibonacci(12)), 144);
            assert_eq!(pool().install(|| helpers.awake(|| fibonacci(12))), 144);
        }
    }

    #[test]
    fn helpers_go_when_no_work_comes() {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
        let helpers = Helpers::new();
        pool.install(|| helpers.awake(|| fibonacci(12)));
        let begin = Instant::now();
        while helpers.shared.count.load(Ordering::Relaxed) > 0 {
            assert!(begin.elapsed() < Duration::from_secs(60), "they still look for work");
            std::thread::yield_now();
        }
    }

    #[test]
    fn a_panic_of_the_work_comes_back() {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
        let helpers = Helpers::new();
        let run = || pool.install(|| helpers.awake(|| panic!("as it should")));
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run));
        assert!(outcome.is_err());
    }
}
