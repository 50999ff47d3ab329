//! Seals values at rest with XChaCha20-Poly1305 under the master key.
//!
//! A sealed value is a format byte, the 8-byte key id, a random 24-byte nonce and the ciphertext. It is bound to its table,
//! column and row, so that a value moved to another row does not open.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use chacha20poly1305::{
    KeyInit as _, XChaCha20Poly1305, XNonce,
    aead::{Aead as _, Payload},
};
use hmac::{Hmac, Mac as _};
use rand::{TryRng as _, rngs::SysRng};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

const FORMAT: u8 = 1;
const NONCE: usize = 24;
const HEAD: usize = 1 + KeyId::LENGTH + NONCE;

/// Why a sealed value cannot be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// Sealed under another master key.
    #[error("a sealed value belongs to another master key")]
    WrongKey,
    /// Modified, or not sealed for this row.
    #[error("a sealed value was changed or does not belong to this row")]
    Damaged,
}

/// Identifies a master key without revealing it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct KeyId([u8; Self::LENGTH]);

impl KeyId {
    const LENGTH: usize = 8;

    /// Returns the bytes, as stored.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// The 32-byte key under which all values are sealed.
#[derive(Clone)]
pub struct MasterKey(Zeroizing<[u8; 32]>);

impl MasterKey {
    /// Generates a key from the system's random source.
    ///
    /// # Panics
    /// If the system has no random source: then no secret may be generated at all.
    #[must_use]
    pub fn generate() -> Self {
        let mut bytes = Zeroizing::new([0; 32]);
        SysRng.try_fill_bytes(&mut bytes[..]).expect("the system's random source answers");
        Self(bytes)
    }

    /// Parses the base64 of 32 bytes; `None` for anything else, and for 32 equal bytes, which are an example value.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let decoded = Zeroizing::new(STANDARD.decode(text.trim()).ok()?);
        let bytes: [u8; 32] = decoded.as_slice().try_into().ok()?;
        let is_example = bytes.iter().all(|&byte| byte == bytes[0]);
        (!is_example).then(|| Self(Zeroizing::new(bytes)))
    }

    /// Returns the base64 that [`MasterKey::parse`] accepts.
    #[must_use]
    pub fn to_base64(&self) -> Zeroizing<String> {
        Zeroizing::new(STANDARD.encode(*self.0))
    }
}

/// Seals and opens under one master key. Cheap to clone.
#[derive(Clone)]
pub struct Vault {
    cipher: XChaCha20Poly1305,
    id: KeyId,
    key: MasterKey,
}

impl Vault {
    /// Returns a vault under `key`.
    ///
    /// # Panics
    /// Never: the key has the length that the cipher requires.
    #[must_use]
    pub fn new(key: MasterKey) -> Self {
        let digest = Sha256::new().chain_update(b"ks-pay master key id").chain_update(*key.0).finalize();
        let id = KeyId(std::array::from_fn(|index| digest[index]));
        let cipher = XChaCha20Poly1305::new_from_slice(&*key.0).expect("32 bytes");
        Self { cipher, id, key }
    }

    /// Returns the id of the key.
    #[must_use]
    pub const fn key_id(&self) -> KeyId {
        self.id
    }

    /// Seals `plain` for the row `row` of `place` (`table.column`).
    ///
    /// # Panics
    /// When the system has no random source.
    #[must_use]
    pub fn seal(&self, place: &str, row: &[u8], plain: &[u8]) -> Vec<u8> {
        let mut nonce = [0; NONCE];
        SysRng.try_fill_bytes(&mut nonce).expect("the system's random source answers");
        let payload = Payload { msg: plain, aad: &bound(place, row) };
        let ciphertext = self.cipher.encrypt(&XNonce::from(nonce), payload).expect("a column's value fits the cipher");
        [&[FORMAT], self.id.as_bytes(), &nonce, &ciphertext].concat()
    }

    /// Opens a value that [`Vault::seal`] sealed for the same place and row.
    ///
    /// # Errors
    /// If it was sealed under another key or for another row, or was modified.
    pub fn open(&self, place: &str, row: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let (head, ciphertext) = sealed.split_at_checked(HEAD).ok_or(VaultError::Damaged)?;
        if head[0] != FORMAT {
            return Err(VaultError::Damaged);
        }
        if head[1..=KeyId::LENGTH] != self.id.0 {
            return Err(VaultError::WrongKey);
        }
        let nonce: [u8; NONCE] = head[1 + KeyId::LENGTH..].try_into().map_err(|_| VaultError::Damaged)?;
        let payload = Payload { msg: ciphertext, aad: &bound(place, row) };
        self.cipher.decrypt(&XNonce::from(nonce), payload).map(Zeroizing::new).map_err(|_| VaultError::Damaged)
    }

    /// Derives a key for another purpose, such as signing cookies, that does not reveal the master key.
    ///
    /// # Panics
    /// Never: HMAC accepts a key of any length.
    #[must_use]
    pub fn derive(&self, purpose: &str) -> [u8; 32] {
        let mut mac = Hmac::<Sha256>::new_from_slice(&*self.key.0).expect("any length");
        mac.update(purpose.as_bytes());
        mac.finalize().into_bytes().into()
    }
}

/// Returns the associated data of a value. The separator cannot occur in a place, so different pairs never collide.
fn bound(place: &str, row: &[u8]) -> Vec<u8> {
    [place.as_bytes(), b"/", row].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_only_where_it_belongs() {
        let vault = Vault::new(MasterKey::generate());
        let sealed = vault.seal("secrets.sealed", b"row", b"value");
        assert_eq!(vault.open("secrets.sealed", b"row", &sealed).unwrap().as_slice(), b"value");
        assert_eq!(vault.open("secrets.sealed", b"raw", &sealed), Err(VaultError::Damaged));
        assert_eq!(vault.open("secrets.other", b"row", &sealed), Err(VaultError::Damaged));
        let other = Vault::new(MasterKey::generate());
        assert_eq!(other.open("secrets.sealed", b"row", &sealed), Err(VaultError::WrongKey));
    }

    #[test]
    fn a_changed_or_cut_value_stays_shut() {
        let vault = Vault::new(MasterKey::generate());
        let sealed = vault.seal("p", b"r", b"value");
        for index in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[index] ^= 1;
            assert!(vault.open("p", b"r", &changed).is_err(), "byte {index}");
            assert!(vault.open("p", b"r", &sealed[..index]).is_err(), "cut at {index}");
        }
    }

    #[test]
    fn only_32_bytes_that_are_no_example_are_a_key() {
        assert!(MasterKey::parse(&MasterKey::generate().to_base64()).is_some());
        assert!(MasterKey::parse("").is_none() && MasterKey::parse("c2hvcnQ=").is_none());
        assert!(MasterKey::parse(&STANDARD.encode([7u8; 32])).is_none());
    }

    #[test]
    fn nonces_differ() {
        let vault = Vault::new(MasterKey::generate());
        assert_ne!(vault.seal("p", b"r", b"v"), vault.seal("p", b"r", b"v"));
    }
}
