//! The texts of a gateway: what messages say differently for each.
//!
//! The constants say it for any sender; a gateway replaces what it can say more exactly, with [`with_texts`].

use super::text as t;
use crate::i18n::Text;

/// Returns a text with the name of a webhook.
pub(crate) type WithName = fn(&Text) -> Text;
/// Returns sentences that follow each other.
pub(crate) type Sentences = fn() -> Vec<Text>;

/// The texts of a gateway. None of them contains values of a request.
pub(crate) struct Texts {
    pub(crate) setup: SetupTexts,
    pub(crate) secrets: SecretTexts,
    pub(crate) requests: RequestTexts,
}

/// Texts of the set-up steps and of a webhook's activity.
pub(crate) struct SetupTexts {
    /// The heading of the Webhook step.
    pub(crate) webhook_heading: Text,
    /// The heading of the Integration step.
    pub(crate) integration_heading: Text,
    /// What to do after the gateway was added.
    pub(crate) next_step: Text,
    /// When to enter the secret of a webhook that exists already.
    pub(crate) import_intro: Text,
    /// Followed by the reasons why the URL cannot be reached.
    pub(crate) unreachable: Text,
    /// The first line of a URL check if the gateway's own rules allow the URL, if it has such rules.
    pub(crate) url_allowed: Option<Text>,
    /// What to do before the first request, in Test and in Live mode.
    pub(crate) waiting: [Text; 2],
    /// What to do about a silence.
    pub(crate) silent: Text,
    /// What happens to events while the connection is disabled.
    pub(crate) disabled: Text,
}

/// Texts on secrets.
pub(crate) struct SecretTexts {
    /// Why to choose an overlap: of a day, of three days, of a week, the longest.
    pub(crate) overlaps: [Text; 4],
    /// What a rotation does.
    pub(crate) rotating: [Text; 2],
    /// Which secret signs what is sent after a rotation, if that is documented.
    pub(crate) after_rotation: Option<Text>,
    /// How to hand over a new secret.
    pub(crate) hand_over: Text,
    /// What happens to requests if a secret cannot be read, and what to do.
    pub(crate) unreadable: Text,
    /// How to replace a secret by a new one.
    pub(crate) new_secret: Text,
    /// The consequence of requests that are rejected, if documented.
    pub(crate) after_rejections: Option<Text>,
    /// Where to find the secret that is in use.
    pub(crate) where_it_is: Text,
    /// A URL was entered as the secret.
    pub(crate) is_url: Text,
    /// Use this webhook's secret at the gateway.
    pub(crate) use_ours: Text,
    /// The same, and replace the API keys, one of which was entered.
    pub(crate) use_ours_and_new_keys: Text,
    /// The secret is not in the gateway's form.
    pub(crate) wrong_form: Text,
}

/// Texts on rejected requests and on events.
pub(crate) struct RequestTexts {
    /// How to enter the secret at the gateway.
    pub(crate) paste: Text,
    /// How to replace the secret by a new one, if the gateway sent the request.
    pub(crate) paste_new: Sentences,
    /// What to do about a missing signature.
    pub(crate) unsigned: Sentences,
    /// What to do about a malformed signature.
    pub(crate) malformed: Sentences,
    /// What to do about a wrong signature.
    pub(crate) mismatch: Sentences,
    /// What to check if a secret may have been entered by hand.
    pub(crate) compare: Text,
    /// What to check first if another webhook's secret was used.
    pub(crate) first_check: Text,
    /// How to correct the URL there; the name is that of the other webhook.
    pub(crate) change_url: WithName,
    /// Where to find the payments of requests that cannot be recovered.
    pub(crate) look_up: Text,
    /// How to have events of so many days sent again, if the gateway offers that; precedes `look_up`.
    pub(crate) replay: Option<fn(u64) -> Text>,
    /// Why retries of requests with a wrong signature keep failing after the fix.
    pub(crate) keep_failing: Text,
    /// The same as a condition.
    pub(crate) keep_failing_if_sent: Text,
    /// Where to look up an event that could not be parsed.
    pub(crate) look_up_event: Text,
    /// What to do about the signature of a checkout, if the gateway has checkouts.
    pub(crate) checkout: Option<Text>,
}

/// Returns texts with some of them replaced. A constant cannot use `..`: the compiler would have to drop what is replaced.
macro_rules! with_texts {
    ($base:expr, $($field:ident: $text:expr),+ $(,)?) => {{
        let mut texts = $base;
        $(let _ = ::std::mem::ManuallyDrop::new(::std::mem::replace(&mut texts.$field, $text));)+
        texts
    }};
}
pub(in crate::gateways) use with_texts;

/// The texts of the set-up for any sender.
pub(crate) const SETUP: SetupTexts = SetupTexts {
    webhook_heading: t::webhook_heading(),
    integration_heading: t::integration_heading(),
    next_step: t::next_step(),
    import_intro: t::import_intro(),
    unreachable: t::unreachable(),
    url_allowed: None,
    waiting: [t::waiting(), t::waiting()],
    silent: t::silent(),
    disabled: t::disabled(),
};

/// The texts on secrets for any sender.
pub(crate) const SECRETS: SecretTexts = SecretTexts {
    overlaps: [t::overlap_day(), t::overlap_days(), t::overlap_week(), t::overlap_longest()],
    rotating: [t::rotating_new(), t::rotating_overlap()],
    after_rotation: None,
    hand_over: t::hand_over(),
    unreadable: t::unreadable(),
    new_secret: t::new_secret(),
    after_rejections: None,
    where_it_is: t::where_it_is(),
    is_url: t::is_url(),
    use_ours: t::use_ours(),
    use_ours_and_new_keys: t::use_ours_and_new_keys(),
    wrong_form: t::wrong_form(),
};

/// The texts on requests for any sender.
pub(crate) const REQUESTS: RequestTexts = RequestTexts {
    paste: t::paste(),
    paste_new: || vec![t::paste_new(), t::paste_new_then()],
    unsigned: || vec![t::unsigned(), t::paste(), t::unsigned_if_set(), t::check_in_front()],
    malformed: || vec![t::malformed()],
    mismatch: || vec![t::mismatch(), t::copy_again()],
    compare: t::compare(),
    first_check: t::first_check(),
    change_url: |webhook| t::change_url(webhook),
    look_up: t::look_up(),
    replay: None,
    keep_failing: t::keep_failing(),
    keep_failing_if_sent: t::keep_failing_if_sent(),
    look_up_event: t::look_up_event(),
    checkout: None,
};
