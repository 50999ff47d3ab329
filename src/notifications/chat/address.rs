//! Webhook URLs of the services that have them.

use url::Url;
use zeroize::Zeroizing;

use super::{Credential, Invalid, Service};

/// The maximum length of a URL, in bytes.
const MAX_URL_BYTES: usize = 2048;

/// Parses a URL of a service: `https` to one of its own hosts, on the usual port, without user info or fragment. Returns it as parsed,
/// with what is sealed: the text as it was pasted, since a signature may be in it.
pub(super) fn parse(service: Service, pasted: &str) -> Result<(Url, Credential), Invalid> {
    let text = pasted.trim();
    if text.is_empty() {
        return Err(Invalid::Empty);
    }
    if text.len() > MAX_URL_BYTES {
        return Err(Invalid::TooLong);
    }
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Invalid::NotAUrl);
    }
    let url = Url::parse(text).map_err(|_| Invalid::NotAUrl)?;
    let host = url.host_str().ok_or(Invalid::NotAUrl)?;
    if url.scheme() != "https" {
        return Err(Invalid::NotHttps);
    }
    if !service.has_host(host) {
        let other = Service::ALL.iter().find(|other| other.has_host(host));
        return Err(other.map_or(Invalid::OtherHost, |other| Invalid::OtherService(*other)));
    }
    let is_plain = url.port().is_none() && url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    if !is_plain {
        return Err(Invalid::NotAUrl);
    }
    Ok((url, Credential(Zeroizing::new(text.to_owned()))))
}

/// Returns the segments of the path; `None` if one is empty.
pub(super) fn segments(url: &Url) -> Option<Vec<&str>> {
    let segments: Vec<&str> = url.path_segments()?.collect();
    segments.iter().all(|segment| !segment.is_empty()).then_some(segments)
}

/// True if it consists of ASCII letters, digits, `_` and `-`.
pub(super) fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}
