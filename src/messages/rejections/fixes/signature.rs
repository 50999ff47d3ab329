//! Fixes of a signature that is missing, renamed, in another notation, or made in another way.

use super::{author, host, paste, sender};
use crate::{
    gateways::{
        Gateway,
        profile::{KeyForm, Notation, Signature, SignedMessage},
    },
    messages::{lower, rejections::causes::Context},
};

pub(super) fn unsigned(gateway: Gateway) -> String {
    let texts = &gateway.profile().texts.requests;
    format!("{} {} {} {}", texts.unsigned, paste(gateway), texts.if_has_secret, lower(&host(texts.pass_on)))
}

pub(super) fn incomplete(scheme: &Signature) -> String {
    format!(
        "If your sender sent this, {} If it already does, {}",
        lower(&author(&format!("send {}", scheme.header_list()))),
        lower(&host("pass on all three"))
    )
}

pub(super) fn renamed(scheme: &Signature) -> String {
    match scheme.message {
        SignedMessage::Body => host(&format!("pass on the header {} under its own name", scheme.display_header)),
        SignedMessage::IdTimeBody => {
            let names = format!("send {} under these names", scheme.header_list());
            format!("{} If something renames them on the way, {}", author(&names), lower(&host("keep their names")))
        }
    }
}

pub(super) fn other_gateway(Context { gateway, detail, .. }: Context<'_>) -> String {
    format!(
        "If you use {detail}, remove this URL from its settings: this webhook is for {}. If you don’t, and {} did not send this, there is nothing to do. {}",
        gateway.label(),
        sender(gateway),
        unsigned(gateway)
    )
}

pub(super) fn scanner(gateway: Gateway) -> String {
    let unknown = "If you don’t recognise it, there is nothing to do: it was rejected and has no effect.";
    format!("{unknown} {}", unsigned(gateway))
}

pub(super) fn base64(gateway: Gateway) -> String {
    let scheme = &gateway.profile().signature;
    match scheme.notation {
        Notation::Hex => author(&format!("encode {} in hex, as {} does", scheme.display_header, gateway.label())),
        Notation::Base64 | Notation::VersionedBase64 => author("encode the signature in standard base64, with padding"),
    }
}

pub(super) fn hex(scheme: &Signature) -> String {
    match scheme.notation {
        Notation::Base64 => author("encode the signature in base64"),
        Notation::Hex | Notation::VersionedBase64 => author("encode the signature in base64, after v1 and a comma"),
    }
}

pub(super) fn hashed_with_secret(scheme: &Signature) -> String {
    let (id, time) = (scheme.id_header, scheme.time_header);
    match scheme.message {
        SignedMessage::Body => author("use HMAC-SHA256 with the secret as the key, over the body alone"),
        SignedMessage::IdTimeBody => {
            author(&format!("use HMAC-SHA256 with the decoded secret as the key, over {id}.{time}.body"))
        }
    }
}

/// Signed over anything but what the gateway signs.
pub(super) fn other_message(scheme: &Signature) -> String {
    let (id, time) = (scheme.id_header, scheme.time_header);
    match scheme.message {
        SignedMessage::Body => author("sign the whole body, unchanged, and nothing else"),
        SignedMessage::IdTimeBody => author(&format!("sign {id}.{time}.body: all three, in this order, separated by full stops")),
    }
}

/// Signed with the secret after another program encoded, escaped, hashed or decoded it.
pub(super) fn encoded(gateway: Gateway) -> String {
    let scheme = &gateway.profile().signature;
    match scheme.key {
        KeyForm::Text => format!(
            "{} If a program of yours signs these requests, ask the developer of that program to use the secret exactly as it is.",
            paste(gateway)
        ),
        KeyForm::Base64 => {
            author(&format!("remove {} from the secret and decode the rest from base64, once", scheme.secret_prefix))
        }
    }
}
