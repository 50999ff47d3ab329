//! Parses the command line and runs it.

use std::process::ExitCode;

/// Requests make many small allocations on many threads, which this allocator handles much faster than the system's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    disable_huge_pages();
    ks_pay::cli::main()
}

/// Disables transparent huge pages, which some kernels use for all memory: a small server uses only a part of each page of 2 MB.
#[cfg(target_os = "linux")]
fn disable_huge_pages() {
    // A system that refuses this only takes more memory.
    let _ = rustix::thread::disable_transparent_huge_pages(true);
}

#[cfg(not(target_os = "linux"))]
const fn disable_huge_pages() {}
