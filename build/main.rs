//! The build script: bundles `static/`, and generates the functions of the catalogue of messages.

mod assets;
mod catalogue;

use std::process;

/// An error is the sentence that cargo shows.
type Result<T> = std::result::Result<T, String>;

fn main() {
    println!("cargo::rerun-if-changed=build");
    for error in [assets::bundle(), catalogue::generate()].into_iter().filter_map(Result::err) {
        for line in error.lines() {
            println!("cargo::error={line}");
        }
        process::exit(1);
    }
}
