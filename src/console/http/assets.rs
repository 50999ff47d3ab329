//! Static files: style sheet, script, fonts, icons.
//!
//! `build/assets.rs` embeds them into the binary under paths that contain a hash of their content. The content of a path never
//! changes, so browsers cache the file without revalidation; a new release has new paths. Templates look a path up by file
//! name: `asset("app.css")`.

use actix_web::http::header::{
    ACCEPT_ENCODING, AcceptEncoding, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ContentEncoding, Encoding, Header as _, VARY,
};
use actix_web::{HttpRequest, HttpResponse};

/// A static file embedded by `build/assets.rs`.
pub(crate) struct Asset {
    /// File name used in templates, such as `app.css`.
    name: &'static str,
    /// Path with content hash, such as `/static/app.01234567.css`.
    path: &'static str,
    content_type: &'static str,
    body: &'static [u8],
    /// The body compressed with gzip; text files only.
    gzip: Option<&'static [u8]>,
}

include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// Returns the path of a file. The names are known at build time, so an unknown one is a programming error; a test below
/// checks the names in every template.
///
/// # Panics
/// If `static/` has no such file.
pub(crate) fn asset(name: &str) -> &'static str {
    let asset = ASSETS.binary_search_by(|asset| asset.name.cmp(name)).map(|n| &ASSETS[n]);
    asset.map_or_else(|_| panic!("there is no static file {name}: see static/ and build/assets.rs"), |asset| asset.path)
}

/// `GET` and `HEAD /static/{name}`. The error middleware adds the body of a 404.
pub(crate) async fn serve(request: HttpRequest) -> HttpResponse {
    let Some(asset) = ASSETS.iter().find(|asset| asset.path == request.path()) else {
        return HttpResponse::NotFound().finish();
    };
    let mut response = HttpResponse::Ok();
    response.insert_header((CONTENT_TYPE, asset.content_type));
    response.insert_header((CACHE_CONTROL, "public, max-age=31536000, immutable"));
    let Some(gzip) = asset.gzip else {
        // Fonts are already compressed. The explicit encoding prevents the compression middleware from compressing them on
        // every request.
        return response.insert_header(ContentEncoding::Identity).body(asset.body);
    };
    response.insert_header((VARY, ACCEPT_ENCODING.as_str()));
    if accepts_gzip(&request) {
        return response.insert_header((CONTENT_ENCODING, "gzip")).body(gzip);
    }
    response.body(asset.body)
}

fn accepts_gzip(request: &HttpRequest) -> bool {
    if !request.headers().contains_key(ACCEPT_ENCODING) {
        return false;
    }
    let best = AcceptEncoding::parse(request).ok().and_then(|accept| {
        let ours = [Encoding::gzip(), Encoding::identity()];
        accept.negotiate(ours.iter())
    });
    best == Some(Encoding::gzip())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use actix_web::http::StatusCode;
    use actix_web::test::{TestRequest, call_service, init_service};
    use actix_web::{App, web};

    use super::*;

    /// Collects the names in `asset("…")` of every template below `folder`.
    fn names(folder: &Path, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                names(&path, found);
                continue;
            }
            let template = std::fs::read_to_string(&path).unwrap();
            found.extend(template.split("asset(\"").skip(1).filter_map(|rest| rest.split('"').next()).map(String::from));
        }
    }

    #[test]
    fn every_file_a_template_names_exists() {
        let mut found = Vec::new();
        names(&Path::new(env!("CARGO_MANIFEST_DIR")).join("templates"), &mut found);
        assert!(!found.is_empty(), "no template names a static file, so this test reads the wrong place");
        for name in found {
            assert!(asset(&name).starts_with("/static/"));
        }
    }

    #[test]
    fn a_style_sheet_names_fonts_by_their_hashed_address() {
        let css = ASSETS.iter().find(|asset| asset.name == "app.css").unwrap();
        let css = std::str::from_utf8(css.body).unwrap();
        assert!(css.contains(asset("source-sans-3-latin-wght-normal.woff2")));
        assert!(!css.contains("../"), "an address was left as it stands in static/css");
    }

    #[test]
    #[should_panic(expected = "there is no static file nothing.css")]
    fn an_unknown_name_is_a_mistake() {
        asset("nothing.css");
    }

    #[actix_web::test]
    async fn a_file_comes_packed_only_to_those_who_take_it() {
        let app = init_service(App::new().route("/static/{name}", web::get().to(serve))).await;
        for (accept, packed) in
            [("gzip, deflate, br, zstd", true), ("gzip;q=0", false), ("br", false), ("identity;q=1, gzip;q=0.5", false)]
        {
            let request = TestRequest::with_uri(asset("app.css")).insert_header((ACCEPT_ENCODING, accept));
            let answer = call_service(&app, request.to_request()).await;
            assert_eq!(answer.status(), StatusCode::OK);
            assert_eq!(answer.headers().get(VARY).unwrap(), "accept-encoding");
            assert_eq!(answer.headers().contains_key(CONTENT_ENCODING), packed, "{accept}");
        }
        let plain = call_service(&app, TestRequest::with_uri(asset("app.css")).to_request()).await;
        assert!(!plain.headers().contains_key(CONTENT_ENCODING));
    }

    #[actix_web::test]
    async fn only_the_exact_address_answers() {
        let app = init_service(App::new().route("/static/{name}", web::get().to(serve))).await;
        for path in ["/static/app.css", "/static/app.000000000000.css", "/static/NOTICE.md"] {
            let answer = call_service(&app, TestRequest::with_uri(path).to_request()).await;
            assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{path}");
        }
    }
}
