//! Parses the command line and runs it.

use std::process::ExitCode;

/// A request is many small allocations on many threads; this allocator is markedly faster at them than the system's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    ks_pay::cli::main()
}
