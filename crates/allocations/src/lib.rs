//! Counts allocations, for tests of what allocates nothing. No program links it.
//!
//! ```
//! use std::hint::black_box;
//!
//! use thalweg_allocations::of_this_thread;
//!
//! let before = of_this_thread();
//! let numbers = black_box(vec![1, 2, 3]);
//! assert_eq!(of_this_thread() - before, 1);
//!
//! let before = of_this_thread();
//! assert_eq!(numbers.iter().sum::<i32>(), 6);
//! assert_eq!(of_this_thread() - before, 0);
//! ```

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How often this thread has asked for memory, or for more of it.
pub fn of_this_thread() -> usize {
    HERE.get()
}

/// How often all threads have asked for memory, or for more of it.
pub fn of_all_threads() -> usize {
    EVERYWHERE.load(Ordering::Relaxed)
}

thread_local! {
    static HERE: Cell<usize> = const { Cell::new(0) };
}

static EVERYWHERE: AtomicUsize = AtomicUsize::new(0);

/// The allocator of every test that uses this crate.
#[global_allocator]
static ALLOCATOR: Counting = Counting;

struct Counting;

// SAFETY: every call goes to the system's allocator as it is. What is not here calls these two.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        HERE.set(HERE.get() + 1);
        EVERYWHERE.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller keeps the same promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the same promises.
        unsafe { System.dealloc(pointer, layout) }
    }
}
