//! The build script: bundles `static/`, and generates the functions of the catalogue of messages.

#![expect(clippy::print_stdout, reason = "a build script prints its instructions to cargo")]

mod assets;
mod catalogue;

use std::process;

/// An error is the sentence that cargo shows.
type Result<T> = std::result::Result<T, String>;

fn main() {
    println!("cargo::rerun-if-changed=build");
    if let Err(error) = assets::bundle().and_then(|()| catalogue::generate()) {
        for line in error.lines() {
            println!("cargo::error={line}");
        }
        process::exit(1);
    }
}
