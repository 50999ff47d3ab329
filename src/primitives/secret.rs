//! Secret values: without `Debug` and `Display`, and wiped on drop.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use rand::{TryRng as _, rngs::SysRng};
use secrecy::{ExposeSecret as _, SecretString};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::base62;

/// Characters of a generated secret: 44 base62 characters carry 262 bits.
const LENGTH: usize = 44;
/// Minimum length of an imported secret, in characters; generated ones are longer.
pub(crate) const MIN_SECRET_CHARS: usize = 16;
/// Maximum length of a secret, in bytes.
pub(crate) const MAX_SECRET_BYTES: usize = 256;

/// A webhook secret. Cannot be empty, so that nothing is ever verified with an empty key.
#[derive(Clone)]
pub(crate) struct Secret(SecretString);

impl Secret {
    /// Generates a secret from the system's random source.
    pub(crate) fn generate() -> Self {
        Self(base62::random(LENGTH).into())
    }

    /// Generates a key from the system's random source: 32 bytes in base64, after a prefix.
    pub(crate) fn generate_key(prefix: &str) -> Self {
        let mut key = Zeroizing::new([0; 32]);
        // Without the system's random source no secret may be generated: there is no safe fallback.
        SysRng.try_fill_bytes(&mut key[..]).expect("the system's random source answers");
        Self(format!("{prefix}{}", *Zeroizing::new(STANDARD.encode(&key[..]))).into())
    }

    /// Parses a secret; `None` if `text` is too short or too long.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        (text.len() >= MIN_SECRET_CHARS && text.len() <= MAX_SECRET_BYTES).then(|| Self(text.to_owned().into()))
    }

    /// True if the secrets are equal. Compares in constant time.
    pub(crate) fn is(&self, other: &Self) -> bool {
        self.expose().as_bytes().ct_eq(other.expose().as_bytes()).into()
    }

    /// Returns the value, for sealing, signing, verifying and the one page that shows it.
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
