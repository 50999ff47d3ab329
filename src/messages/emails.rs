//! The emails to users. They are rendered in the language of their reader, and contain nothing that a request without proof has said.

use super::text::emails as t;
use crate::{
    accounts::User,
    i18n::{Locale, Text},
    notifications::{Action, Content},
    urls,
};

/// The parts of an email that differ.
struct Email {
    subject: Text,
    paragraphs: Vec<Text>,
    action: Option<(Text, String)>,
}

/// `base` is that of the console's URLs.
fn content(email: &Email, base: &str, language: Locale) -> Content {
    let plain = |text: &Text| text.to_plain(language);
    Content {
        subject: plain(&email.subject),
        paragraphs: email.paragraphs.iter().map(plain).collect(),
        body: Vec::new(),
        facts: Vec::new(),
        action: email.action.as_ref().map(|(label, url)| Action { label: plain(label), url: url.clone() }),
        footer: Some(plain(&t::footer(base))),
        language,
        sender: None,
    }
}

/// The link with which a user chooses a new password.
pub(crate) fn password_reset(user: &User, token: &str, base: &str, language: Locale) -> Content {
    let email = Email {
        subject: t::reset_subject(),
        paragraphs: vec![t::reset_intro(user.email.as_str()), t::reset_ignore()],
        action: Some((t::reset_action(), urls::reset_link(base, token))),
    };
    content(&email, base, language)
}

/// Tells a user that their password was changed.
pub(crate) fn password_changed(user: &User, base: &str, language: Locale) -> Content {
    let email = Email {
        subject: t::changed_subject(),
        paragraphs: vec![t::changed_intro(user.email.as_str()), t::changed_advice()],
        action: Some((t::changed_action(), format!("{base}{}", urls::FORGOTTEN))),
    };
    content(&email, base, language)
}

/// A test that a user sends to themselves.
pub(crate) fn test(company: &str, base: &str, language: Locale) -> Content {
    let email = Email {
        subject: t::test_subject(),
        paragraphs: vec![t::test_intro(company)],
        action: Some((t::test_action(), format!("{base}{}", urls::SETTINGS))),
    };
    content(&email, base, language)
}
