//! What messages say of Razorpay.

use super::text as t;
use crate::gateways::{
    text::check_in_front,
    texts::{RequestTexts, SecretTexts, SetupTexts, Texts},
};

pub(super) const TEXTS: Texts = Texts { setup: SETUP, secrets: SECRETS, requests: REQUESTS };

const SETUP: SetupTexts = SetupTexts {
    webhook_heading: t::webhook_heading(),
    integration_heading: t::integration_heading(),
    next_step: t::next_step(),
    import_intro: t::import_intro(),
    unreachable: t::unreachable(),
    url_allowed: Some(t::url_allowed()),
    waiting: [t::waiting_test(), t::waiting_live()],
    silent: t::silent(),
    disabled: t::disabled(),
};

const SECRETS: SecretTexts = SecretTexts {
    overlaps: [t::overlap_day(), t::overlap_days(), t::overlap_week(), t::overlap_longest()],
    rotating: [t::rotating_new(), t::rotating_overlap()],
    after_rotation: Some(t::after_rotation()),
    hand_over: t::hand_over(),
    unreadable: t::unreadable(),
    new_secret: t::new_secret(),
    after_rejections: Some(t::after_rejections()),
    where_it_is: t::where_it_is(),
    is_url: t::is_url(),
    use_ours: t::use_ours(),
    use_ours_and_new_keys: t::use_ours_and_new_keys(),
    wrong_form: t::wrong_form(),
};

const REQUESTS: RequestTexts = RequestTexts {
    paste: t::paste(),
    paste_new: || vec![t::paste_new(), t::paste_new_then()],
    unsigned: || vec![t::unsigned(), t::paste(), t::unsigned_if_set(), check_in_front()],
    malformed: || vec![t::malformed(), t::malformed_then(), check_in_front()],
    mismatch: || vec![t::mismatch(), t::copy_again()],
    compare: t::compare(),
    first_check: t::first_check(),
    change_url: |webhook| t::change_url(webhook),
    look_up: t::look_up(),
    replay: Some(t::replay),
    keep_failing: t::keep_failing(),
    keep_failing_if_sent: t::keep_failing_if_sent(),
    look_up_event: t::look_up_event(),
    checkout: Some(t::checkout()),
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        gateways::razorpay::windows::{AUTO_DISABLE_AFTER, RETRY_WINDOW, SUPPORT_DAYS},
        i18n::Locale,
    };

    #[test]
    fn hours_and_days_are_those_of_the_profile() {
        let hours = |window: std::time::Duration| format!("{} ", window.as_secs() / 3600);
        let days = format!("{SUPPORT_DAYS} ");
        for locale in Locale::ALL {
            for (text, number) in [
                (t::disabled(), hours(AUTO_DISABLE_AFTER)),
                (t::overlap_day(), hours(RETRY_WINDOW)),
                (t::overlap_longest(), days.clone()),
                (t::rotating_overlap(), hours(RETRY_WINDOW)),
                (t::after_rotation(), hours(RETRY_WINDOW)),
                (t::after_rotation(), days.clone()),
                (t::unreadable(), hours(RETRY_WINDOW)),
                (t::after_rejections(), hours(RETRY_WINDOW)),
            ] {
                assert!(text.to_plain(*locale).contains(&number), "{}: {number}", text.to_plain(*locale));
            }
        }
    }
}
