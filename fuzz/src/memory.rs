//! Memory that is counted: a file that makes the readers take far more than its limits allow is a finding, whatever takes it.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

/// The largest piece.
const PIECE: usize = 1 << 26;

/// All that is taken at a time: 256 times the values that a file may hold.
const TOTAL: usize = 1 << 28;

/// What is taken now.
static TAKEN: AtomicUsize = AtomicUsize::new(0);

struct Counted;

#[global_allocator]
static COUNTED: Counted = Counted;

fn take(bytes: usize) {
    let taken = TAKEN.fetch_add(bytes, Ordering::Relaxed) + bytes;
    if bytes > PIECE || taken > TOTAL {
        // What is said takes memory itself.
        TAKEN.store(0, Ordering::Relaxed);
        panic!("a piece of {bytes} bytes of memory, {taken} in all");
    }
}

fn give(bytes: usize) {
    let _ = TAKEN.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |taken| Some(taken.saturating_sub(bytes)));
}

// SAFETY: every call goes to the allocator of the system as it is.
unsafe impl GlobalAlloc for Counted {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        take(layout.size());
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        take(layout.size());
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        give(layout.size());
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        take(size);
        give(layout.size());
        unsafe { System.realloc(pointer, layout, size) }
    }
}
