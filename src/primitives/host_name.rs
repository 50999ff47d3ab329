//! Host names: the ASCII form that is stored, compared and sent, and the form that people read.

/// Returns the ASCII form in lower case; `None` if it is no host name.
pub(crate) fn to_ascii(text: &str) -> Option<String> {
    idna::domain_to_ascii(text).ok().filter(|name| is_ascii_host_name(name))
}

/// Returns the form that people read, if it differs from the ASCII form.
pub(crate) fn to_unicode(ascii: &str) -> Option<String> {
    let (unicode, read) = idna::domain_to_unicode(ascii);
    (read.is_ok() && unicode != ascii).then_some(unicode)
}

/// True for labels of letters, digits and hyphens, as browsers accept them.
pub(crate) fn is_ascii_host_name(name: &str) -> bool {
    name.split('.').all(|label| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    })
}
