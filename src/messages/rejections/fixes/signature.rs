//! Fixes of a signature that is missing, renamed, in another notation, or made in another way.

use super::{on_the_way, paste, sender, texts};
use crate::{
    gateways::{
        Gateway,
        profile::{KeyForm, Notation, Signature, SignedMessage},
        text::check_in_front,
    },
    i18n::{Arg, Text, code},
    messages::{parts::list, rejections::causes::Context, text::fixes as t},
};

/// The names of the signed headers.
fn headers(scheme: &Signature) -> Text {
    list(scheme.signed_headers.iter().map(|name| Text::verbatim(code(name))))
}

/// The signed message of id, time and body, as the sender's documentation writes it.
fn parts(scheme: &Signature) -> Arg {
    code(format!("{}.{}.body", scheme.id_header, scheme.time_header))
}

pub(super) fn incomplete(scheme: &Signature) -> Vec<Text> {
    vec![t::send_headers(headers(scheme)), t::pass_on_all(), check_in_front()]
}

pub(super) fn renamed(scheme: &Signature) -> Vec<Text> {
    match scheme.message {
        SignedMessage::Body => on_the_way(t::header_name(code(scheme.display_header))),
        SignedMessage::IdTimeBody => vec![t::names_of_headers(headers(scheme)), t::keep_names(), check_in_front()],
    }
}

pub(super) fn other_gateway(Context { gateway, detail, .. }: Context<'_>) -> Vec<Text> {
    let conditions = vec![t::other_gateway(detail, gateway.label()), t::other_gateway_not_used(detail, sender(gateway))];
    [conditions, (texts(gateway).unsigned)()].concat()
}

pub(super) fn base64(gateway: Gateway) -> Text {
    let scheme = &gateway.profile().signature;
    match scheme.notation {
        Notation::Hex => t::encode_hex(code(scheme.display_header), gateway.label()),
        Notation::Base64 | Notation::VersionedBase64 => t::encode_standard_base64(),
    }
}

pub(super) const fn hex(scheme: &Signature) -> Text {
    match scheme.notation {
        Notation::Base64 => t::encode_base64(),
        Notation::Hex | Notation::VersionedBase64 => t::encode_base64_after_version(),
    }
}

pub(super) fn hashed_with_secret(scheme: &Signature) -> Text {
    match scheme.message {
        SignedMessage::Body => t::hmac_over_body(),
        SignedMessage::IdTimeBody => t::hmac_over_parts(parts(scheme)),
    }
}

/// Signed over anything but what the gateway signs.
pub(super) fn other_message(scheme: &Signature) -> Text {
    match scheme.message {
        SignedMessage::Body => t::sign_body(),
        SignedMessage::IdTimeBody => t::sign_parts(parts(scheme)),
    }
}

/// Signed with the secret after another program encoded, escaped, hashed or decoded it.
pub(super) fn encoded(gateway: Gateway) -> Vec<Text> {
    let scheme = &gateway.profile().signature;
    match (scheme.key, scheme.secret_prefix) {
        (KeyForm::Text, _) => vec![paste(gateway), t::use_secret_as_it_is()],
        (KeyForm::Base64, "") => vec![t::decode_once()],
        (KeyForm::Base64, prefix) => vec![t::remove_prefix_and_decode_once(code(prefix))],
    }
}
