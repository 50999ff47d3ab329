//! Renders the message of an automation for its recipient.

use crate::{
    apps::App,
    automations::{
        Wording,
        template::{self, Values},
    },
    gateways::Mode,
    i18n::{Locale, Text, isolate},
    messages::text::automations as t,
    notifications::{Action, Content, Sender, markup::Block},
};

/// Who reads a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Audience {
    /// The customer, who sees the app's name as the sender and replies to its address.
    Customer,
    /// A user, in place of the customer: in Test mode nothing is sent to customers.
    InsteadOfCustomer,
    /// A user or a channel of the company.
    Company,
    /// The user who tries it.
    Test,
}

/// Where the company sees more, below the console's base.
pub(crate) struct Place<'a> {
    pub(crate) base: &'a str,
    pub(crate) path: String,
}

/// Renders a message.
pub(crate) fn render(
    (app, mode): (&App, Mode),
    (wording, language): (&Wording, Locale),
    values: &Values,
    (audience, place): (Audience, &Place<'_>),
) -> Content {
    let plain = |text: Text| text.to_plain(language);
    let (subject, body) = template::render(wording, values);
    let is_of_company = audience == Audience::Company;
    let intro = match audience {
        Audience::InsteadOfCustomer => Some(t::instead_of_customer()),
        Audience::Test => Some(t::test_intro()),
        Audience::Customer | Audience::Company => None,
    };
    let footer =
        if is_of_company { t::footer_company(isolate(&app.name), mode.label()) } else { t::footer_customer(isolate(&app.name)) };
    Content {
        subject: if audience == Audience::Test { plain(t::test_subject(isolate(&subject))) } else { subject },
        paragraphs: intro.into_iter().map(plain).collect(),
        body,
        facts: Vec::new(),
        action: is_of_company.then(|| Action { label: plain(t::see_payment()), url: format!("{}{}", place.base, place.path) }),
        footer: Some(plain(footer)),
        language,
        sender: (!is_of_company).then(|| Sender { name: app.name.clone(), reply_to: app.email.clone() }),
    }
}

/// Returns the message as chat services receive it, without markup.
pub(crate) fn without_markup(content: Content) -> Content {
    let paragraphs = content.paragraphs.iter().cloned().chain(content.body.iter().map(Block::plain)).collect();
    Content { paragraphs, body: Vec::new(), sender: None, ..content }
}
