//! Parses the command line and runs it.

use std::process::ExitCode;

/// Requests make many small allocations on many threads, which this allocator handles much faster than the system's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    ks_pay::cli::main()
}
