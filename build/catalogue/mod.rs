//! Generates one function for each message of the catalogue, for `src/i18n/`.
//!
//! A file holds the messages of a feature in one language: `src/messages/LANGUAGE/FEATURE.ftl`, and those of a gateway
//! `src/gateways/GATEWAY/LANGUAGE.ftl`; `src/gateways/LANGUAGE.ftl` has what holds for any gateway. The arguments of a function are the variables of its message, so a message or an
//! argument that is missing or unknown does not compile; neither does a message that one of the languages lacks.
//!
//! Of Fluent's syntax a message may have text, variables, plural forms and string literals. An attribute of a message is a
//! *part*: text within the sentence that the page wraps in a link or in emphasis, where the message has the variable of that
//! name.

mod emit;
mod model;
mod read;

use std::path::{Path, PathBuf};
use std::{env, fs};

use model::{Entry, LANGUAGES};

use crate::Result;

const FEATURES: &str = "src/messages";
const GATEWAYS: &str = "src/gateways";

/// Writes `OUT_DIR/messages.rs`, with a module for each feature, `OUT_DIR/messages_GATEWAY.rs`, and `OUT_DIR/messages_gateways.rs`
/// for any gateway.
pub(crate) fn generate() -> Result<()> {
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo did not set OUT_DIR.")?);
    let mut features = String::new();
    let folder = |language| Path::new(FEATURES).join(language);
    for name in names_in(&folder(LANGUAGES[0]))? {
        let entries = entries(&name, &LANGUAGES.map(|language| folder(language).join(format!("{name}.ftl"))))?;
        features += &emit::module(&name, &entries);
    }
    for language in LANGUAGES {
        if names_in(&folder(language))? != names_in(&folder(LANGUAGES[0]))? {
            return Err(format!("{FEATURES}/{language} and {FEATURES}/{} must have files of the same names.", LANGUAGES[0]));
        }
    }
    write(&out.join("messages.rs"), &features)?;
    for (name, folder) in gateways()? {
        let entries = entries(&name, &LANGUAGES.map(|language| folder.join(format!("{language}.ftl"))))?;
        write(&out.join(format!("messages_{name}.rs")), &emit::functions(&name, &entries))?;
    }
    Ok(())
}

/// Reads the same messages in all languages.
fn entries(name: &str, files: &[PathBuf; LANGUAGES.len()]) -> Result<Vec<Entry>> {
    let mut by_language = Vec::new();
    for file in files {
        println!("cargo::rerun-if-changed={}", file.display());
        let source = fs::read_to_string(file).map_err(|error| format!("{} cannot be read: {error}.", file.display()))?;
        by_language.push(read::messages(&source).map_err(|error| format!("{}: {error}", file.display()))?);
    }
    model::combine(name, by_language)
}

/// Returns the names of the files of a folder, sorted, without their extension.
fn names_in(folder: &Path) -> Result<Vec<String>> {
    println!("cargo::rerun-if-changed={}", folder.display());
    let names = list(folder)?.into_iter().filter(|path| path.extension().is_some_and(|extension| extension == "ftl"));
    Ok(names.filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned())).collect())
}

/// Returns the folders with messages of any gateway and of single ones, each with its name.
fn gateways() -> Result<Vec<(String, PathBuf)>> {
    println!("cargo::rerun-if-changed={GATEWAYS}");
    let folders = list(Path::new(GATEWAYS))?.into_iter().chain([GATEWAYS.into()]);
    let folders = folders.filter(|path| path.join(format!("{}.ftl", LANGUAGES[0])).is_file());
    Ok(folders.filter_map(|path| Some((path.file_name()?.to_str()?.to_owned(), path))).collect())
}

fn list(folder: &Path) -> Result<Vec<PathBuf>> {
    let failed = |error| format!("{} cannot be read: {error}.", folder.display());
    let paths: std::io::Result<Vec<_>> =
        fs::read_dir(folder).map_err(failed)?.map(|entry| entry.map(|entry| entry.path())).collect();
    let mut paths = paths.map_err(failed)?;
    paths.sort();
    Ok(paths)
}

fn write(path: &Path, code: &str) -> Result<()> {
    fs::write(path, code).map_err(|error| format!("{} cannot be written: {error}.", path.display()))
}
