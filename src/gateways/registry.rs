//! The list of gateways, and lookups by slug.

#[cfg(feature = "fictitious-gateway")]
use super::fictitious;
use super::{profile::Profile, razorpay, standard_webhooks};

/// The gateways, in the order in which pages list them. The first is the default.
static PROFILES: &[&Profile] = &[
    &razorpay::PROFILE,
    &standard_webhooks::PROFILE,
    #[cfg(feature = "fictitious-gateway")]
    &fictitious::PROFILE,
];

/// Returns the gateways in the order of pages.
pub(super) fn all() -> impl DoubleEndedIterator<Item = &'static Profile> + ExactSizeIterator {
    PROFILES.iter().copied()
}

/// Returns the gateway with that slug.
pub(super) fn find(slug: &str) -> Option<&'static Profile> {
    all().find(|profile| profile.slug == slug)
}

/// Returns the gateway that forms and commands propose.
pub(super) fn default() -> &'static Profile {
    PROFILES[0]
}
