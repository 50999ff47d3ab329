//! Values that must not be seen: they have no `Debug` and no `Display`, and are wiped when dropped.

use secrecy::{ExposeSecret as _, SecretString};
use subtle::ConstantTimeEq as _;

use super::base62;

/// Characters of a webhook SECRET of our making: 44 base62 characters carry 262 bits.
const LENGTH: usize = 44;
/// The shortest SECRET a merchant may bring, in characters; our own have more.
pub(crate) const SHORTEST: usize = 16;
/// The longest, in bytes.
pub(crate) const LONGEST: usize = 256;

/// A webhook SECRET. Never empty: the type refuses it, so no connection can be verified with nothing.
#[derive(Clone)]
pub(crate) struct Secret(SecretString);

impl Secret {
    /// A new one from the system's random source.
    pub(crate) fn generate() -> Self {
        Self(base62::random(LENGTH).into())
    }

    /// The secret that `text` is; `None` when it is too short to keep anybody out.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        (text.len() >= SHORTEST && text.len() <= LONGEST).then(|| Self(text.to_owned().into()))
    }

    /// Whether it is the same one.
    pub(crate) fn is(&self, other: &Self) -> bool {
        self.expose().as_bytes().ct_eq(other.expose().as_bytes()).into()
    }

    /// The value, for sealing, signing, verifying and the one page that shows it.
    pub(crate) fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_has_44_characters_and_never_comes_twice() {
        let (one, other) = (Secret::generate(), Secret::generate());
        assert_eq!(one.expose().len(), 44);
        assert_ne!(one.expose(), other.expose());
    }

    #[test]
    fn an_empty_or_short_secret_cannot_exist() {
        assert!(Secret::parse("").is_none() && Secret::parse("fifteen-letters").is_none());
        assert!(Secret::parse("sixteen-letters!").is_some());
    }
}
