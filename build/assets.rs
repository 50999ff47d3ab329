//! Bundles `static/` into the binary: one `app.css`, one `app.js`, fonts and pictures.
//!
//! The address of every file contains twelve hex digits of its SHA-256, so browsers may cache it indefinitely; references in
//! the style sheet (`url("../fonts/NAME")`) are rewritten to these addresses. Text is also stored gzipped. The result is
//! `OUT_DIR/assets.rs`, a list sorted by name that `src/console/http/assets.rs` includes. No tool besides cargo is required.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use flate2::{Compression, GzBuilder};
use sha2::{Digest, Sha256};

use crate::Result;

/// Style sheets around the components; the components are inserted between the two lists, by name.
const CSS_BEFORE: [&str; 5] = ["tokens", "fonts", "reset", "base", "layout"];
const CSS_AFTER: [&str; 1] = ["utilities"];

/// Contents of the files, by their name in templates.
type Files = BTreeMap<String, Vec<u8>>;

pub(crate) fn bundle() -> Result<()> {
    println!("cargo::rerun-if-changed=static");
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo did not set OUT_DIR.")?);
    let mut files = Files::new();
    for path in list("static/fonts")?.into_iter().chain(["static/icons.svg".into(), "static/mark.svg".into()]) {
        files.insert(name(&path)?, read(&path)?);
    }
    let css = urls(&style_sheet()?, &files)?;
    files.insert("app.css".into(), css.into_bytes());
    files.insert("app.js".into(), script()?.into_bytes());

    let mut code = String::from("static ASSETS: &[Asset] = &[\n");
    for (name, body) in &files {
        let (kind, is_text) = content_type(name)?;
        let path = address(name, body)?;
        write(&out.join(name), body)?;
        let gzip = if is_text {
            write(&out.join(format!("{name}.gz")), &pack(body)?)?;
            format!("Some({})", include(&format!("{name}.gz")))
        } else {
            "None".into()
        };
        let body = include(name);
        let _ =
            writeln!(code, "    Asset {{ name: {name:?}, path: {path:?}, content_type: {kind:?}, body: {body}, gzip: {gzip} }},");
    }
    code.push_str("];\n");
    write(&out.join("assets.rs"), code.as_bytes())
}

fn include(file: &str) -> String {
    format!(r#"include_bytes!(concat!(env!("OUT_DIR"), "/{file}"))"#)
}

/// Concatenates all style sheets in a fixed order. A sheet that is in no list fails the build.
fn style_sheet() -> Result<String> {
    let sheet = |name: &&str| PathBuf::from(format!("static/css/{name}.css"));
    let before: Vec<_> = CSS_BEFORE.iter().map(sheet).collect();
    let after: Vec<_> = CSS_AFTER.iter().map(sheet).collect();
    for path in list("static/css")? {
        if path.is_file() && !before.contains(&path) && !after.contains(&path) {
            return Err(format!(
                "build/assets.rs does not know where {} belongs: add it to CSS_BEFORE or CSS_AFTER.",
                path.display()
            ));
        }
    }
    before.into_iter().chain(list("static/css/components")?).chain(after).map(|path| text(&path)).collect()
}

/// Concatenates all behaviours into one module, each in its own block, so that their names cannot collide.
fn script() -> Result<String> {
    let wrap = |path: PathBuf| Ok(format!("{{\n{}}}\n", text(&path)?));
    list("static/js/behaviours")?.into_iter().map(wrap).collect()
}

/// Replaces each `url("…/NAME")` by the address of the file NAME, and each `url("icon:NAME")` by a picture of that icon.
fn urls(css: &str, files: &Files) -> Result<String> {
    let mut parts = css.split("url(\"");
    let mut done = String::from(parts.next().unwrap_or_default());
    for part in parts {
        let (url, rest) = part.split_once("\")").ok_or("A style sheet has a url(\" without its end.")?;
        if let Some(icon) = url.strip_prefix("icon:") {
            let _ = write!(done, "url('{}'){rest}", picture(icon, files)?);
            continue;
        }
        let name = url.rsplit('/').next().unwrap_or(url);
        let body = files.get(name).ok_or_else(|| format!("A style sheet wants {url}, which is not in static/."))?;
        let _ = write!(done, "url(\"{}\"){rest}", address(name, body)?);
    }
    Ok(done)
}

/// Returns an icon as a picture, for masks: a style sheet can't refer to a part of `icons.svg`.
fn picture(icon: &str, files: &Files) -> Result<String> {
    let sprite = String::from_utf8_lossy(files.get("icons.svg").ok_or("static/icons.svg is missing.")?);
    let missing = || format!("A style sheet wants the icon {icon}, which is not in static/icons.svg.");
    let (_, after) = sprite.split_once(&format!("<symbol id=\"{icon}\" ")).ok_or_else(missing)?;
    let (symbol, _) = after.split_once("</symbol>").ok_or_else(missing)?;
    let svg = format!("<svg xmlns=\"http://www.w3.org/2000/svg\" {symbol}</svg>");
    let encode = |text: String, (from, to): (char, &str)| text.replace(from, to);
    let code = [('%', "%25"), ('"', "%22"), ('<', "%3C"), ('>', "%3E"), ('#', "%23"), ('\'', "%27")];
    Ok(format!("data:image/svg+xml,{}", code.into_iter().fold(svg, encode)))
}

/// Adds the hash to a name: `app.css` becomes `/static/app.01234567.css`. The name of the icons is short, because a page has about fifty.
fn address(name: &str, body: &[u8]) -> Result<String> {
    let (stem, extension) = name.rsplit_once('.').ok_or_else(|| format!("static/…/{name} has no extension."))?;
    let mut hash = String::new();
    for byte in &Sha256::digest(body)[..4] {
        let _ = write!(hash, "{byte:02x}");
    }
    let stem = if name == "icons.svg" { "i" } else { stem };
    Ok(format!("/static/{stem}.{hash}.{extension}"))
}

/// Returns the media type of a file, and whether it is text and therefore compressed.
fn content_type(name: &str) -> Result<(&'static str, bool)> {
    match name.rsplit('.').next() {
        Some("css") => Ok(("text/css; charset=utf-8", true)),
        Some("js") => Ok(("text/javascript; charset=utf-8", true)),
        Some("svg") => Ok(("image/svg+xml", true)),
        Some("woff2") => Ok(("font/woff2", false)),
        _ => Err(format!("build/assets.rs knows no content type for {name}: add one, or move the file out of static/.")),
    }
}

fn pack(body: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = GzBuilder::new().write(Vec::new(), Compression::best());
    encoder.write_all(body).and_then(|()| encoder.finish()).map_err(|error| format!("Packing a file failed: {error}."))
}

/// Lists a folder, sorted, so that builds are reproducible.
fn list(folder: &str) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).map_err(|error| format!("{folder} cannot be read: {error}."))?;
    let paths: std::io::Result<Vec<_>> = entries.map(|entry| entry.map(|entry| entry.path())).collect();
    let mut paths = paths.map_err(|error| format!("{folder} cannot be read: {error}."))?;
    paths.sort();
    Ok(paths)
}

fn name(path: &Path) -> Result<String> {
    let name = path.file_name().and_then(|name| name.to_str());
    name.map(Into::into).ok_or_else(|| format!("{} has no name that can be an address.", path.display()))
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).map_err(|error| format!("{} cannot be read: {error}.", path.display()))
}

fn text(path: &Path) -> Result<String> {
    String::from_utf8(read(path)?).map_err(|_| format!("{} is not UTF-8.", path.display()))
}

fn write(path: &Path, body: &[u8]) -> Result<()> {
    fs::write(path, body).map_err(|error| format!("{} cannot be written: {error}.", path.display()))
}
