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

/// The longest joined paragraph of a chat message, in characters.
const MAX_PARAGRAPH_CHARS: usize = 1_400;

/// Who reads a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Audience {
    /// The customer, who sees the app's name as the sender and replies to its address.
    Customer,
    /// A user, in place of the customer: in Test mode nothing is sent to customers.
    InsteadOfCustomer,
    /// A user or a channel of the company.
    Company,
    /// The user who sends a test.
    Test,
}

/// The payment's page in the console: the base URL and the path.
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
        sender: (!is_of_company).then(|| Sender { name: sender_name(&app.name), reply_to: app.email.clone() }),
    }
}

/// Returns an app's name as the name of a sender, without what would look like another address.
fn sender_name(app: &str) -> String {
    app.chars().map(|character| if matches!(character, '@' | '<' | '>' | '"') { ' ' } else { character }).collect()
}

/// Returns the message as chat services receive it: without markup, and with short paragraphs joined, because a service limits their
/// number and their length.
pub(crate) fn without_markup(content: Content) -> Content {
    let all = content.paragraphs.iter().cloned().chain(content.body.iter().map(Block::plain));
    let mut paragraphs: Vec<String> = Vec::new();
    for paragraph in all {
        match paragraphs.last_mut() {
            Some(last) if last.chars().count() + paragraph.chars().count() < MAX_PARAGRAPH_CHARS => {
                last.push_str("\n\n");
                last.push_str(&paragraph);
            }
            _ => paragraphs.push(paragraph),
        }
    }
    Content { paragraphs, body: Vec::new(), sender: None, ..content }
}
