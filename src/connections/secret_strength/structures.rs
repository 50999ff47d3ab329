//! What is the same in every value of a public format: tokens, keys, compressed files, and ids that documentation shows. Pure.

use std::{collections::HashSet, ops::Range, sync::LazyLock};

use super::remainder::folded;

/// The shortest piece of a structure that is taken out, in characters.
const PIECE_CHARS: usize = 8;

/// As they are written, without separators.
const STRUCTURES: &[&str] = &[
    // Heads of JSON Web Tokens, encoded and plain.
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9",
    "eyJhbGciOiJIUzM4NCIsInR5cCI6IkpXVCJ9",
    "eyJhbGciOiJIUzUxMiIsInR5cCI6IkpXVCJ9",
    "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9",
    "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6I",
    "eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCJ9",
    "eyJhbGciOiJFZERTQSIsInR5cCI6IkpXVCJ9",
    "eyJhbGciOiJub25lIn0",
    "eyJhbGciOiJIUzI1NiJ9",
    "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9",
    "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9",
    r#"{"alg""HS256""typ""JWT"}"#,
    r#"{"alg""HS384""typ""JWT"}"#,
    r#"{"alg""HS512""typ""JWT"}"#,
    r#"{"alg""RS256""typ""JWT""kid""#,
    r#"{"alg""ES256""typ""JWT""kid""#,
    r#"{"alg""EdDSA""typ""JWT"}"#,
    r#"{"typ""JWT""alg""HS256"}"#,
    r#"{"typ""JWT""alg""RS256"}"#,
    // Private keys: PKCS#8 and PKCS#1 of RSA with 1024, 2048 and 4096 bits, of elliptic curves, Ed25519 and OpenSSH.
    "MIICdgIBADANBgkqhkiG9w0BAQEFAASCAmAwggJcAgEAAoGBA",
    "MIICdwIBADANBgkqhkiG9w0BAQEFAASCAmEwggJdAgEAAoGBA",
    "MIIEvAIBADANBgkqhkiG9w0BAQEFAASCBKYwggSiAgEAAoIBAQ",
    "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQ",
    "MIIEvgIBADANBgkqhkiG9w0BAQEFAASCBKgwggSkAgEAAoIBAQ",
    "MIIEvwIBADANBgkqhkiG9w0BAQEFAASCBKkwggSlAgEAAoIBAQ",
    "MIIJQQIBADANBgkqhkiG9w0BAQEFAASCCSswggknAgEAAoICAQ",
    "MIIJQgIBADANBgkqhkiG9w0BAQEFAASCCSwwggkoAgEAAoICAQ",
    "MIIJQwIBADANBgkqhkiG9w0BAQEFAASCCS0wggkpAgEAAoICAQ",
    "MIICXAIBAAKBgQ",
    "MIICXQIBAAKBgQ",
    "MIIEogIBAAKCAQEA",
    "MIIEowIBAAKCAQEA",
    "MIIEpAIBAAKCAQEA",
    "MIIEpQIBAAKCAQEA",
    "MIIJKAIBAAKCAgEA",
    "MIIJKQIBAAKCAgEA",
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg",
    "MHcCAQEEI",
    "MC4CAQAwBQYDK2VwBCIEI",
    "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZWQyNTUxOQAAACA",
    "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAABlwAAAAdzc2gtcnNhAAAAAwEAAQAAAYEA",
    "308204bd020100300d06092a864886f70d0101010500048204a7308204a30201000282010100",
    "308204be020100300d06092a864886f70d0101010500048204a8308204a40201000282010100",
    "308204a30201000282010100",
    // Public keys and certificates.
    "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQ",
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA",
    "MIICIjANBgkqhkiG9w0BAQEFAAOCAg8AMIICCgKCAgEA",
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE",
    "MCowBQYDK2VwAyEA",
    "30820122300d06092a864886f70d01010105000382010f003082010a0282010100",
    "AAAAB3NzaC1yc2EAAAADAQABAAABAQ",
    "AAAAB3NzaC1yc2EAAAADAQABAAABgQ",
    "AAAAC3NzaC1lZDI1NTE5AAAAI",
    "AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBB",
    // Files: gzip, PNG, JPEG, PDF, ZIP.
    "H4sIAAAAAAAAA",
    "iVBORw0KGgoAAAANSUhEUgAA",
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDA",
    "JVBERi0xLj",
    "UEsDBBQAAAAIA",
    // Ids of RFC 4122 and RFC 9562, and those that documentation of libraries shows.
    "6ba7b8109dad11d180b400c04fd430c8",
    "6ba7b8119dad11d180b400c04fd430c8",
    "6ba7b8129dad11d180b400c04fd430c8",
    "6ba7b8149dad11d180b400c04fd430c8",
    "f81d4fae7dec11d0a76500a0c91e6bf6",
    "c232ab00941411ecb3c89f6bdeced846",
    "5df418813aed351588a72f4a814cf09e",
    "919108f752d133205bacf847db4148a8",
    "017f22e279b07cc398c4dc0c0c07398f",
    "1ec9414c232a6b00b3c89f6bdeced846",
    "550e8400e29b41d4a716446655440000",
    "123e4567e89b12d3a456426614174000",
    "123e4567e89b12d3a456426655440000",
    "f47ac10b58cc4372a5670e02b2c3d479",
    "9b1deb4d3b7d4bad9bdd2b0d7b3dcb6d",
    "1b9d6bcdbbfd4b2d9b5dab8dfbbd4bed",
    "2c5ea4c0406711e98bad9b1deb4d3b7d",
    "6c84fb9012c411e1840d7b25c5ee775a",
    "110ec58aa0f24ac48393c866d813b8d1",
    "109156bec4fb41eab1b4efe1671c5836",
    "16fd27068baf433b82eb8c7fada847da",
    "886313e13b8a53729b900c9aee199e5d",
    "6fa459eaee8a3ca4894edb77e160355e",
    "a8098c1af86e11dabd1a00112444be1e",
    "67e5504410b1426f9247bb680e5fe0c8",
    "a1a2a3a4b1b2c1c2d1d2d3d4d5d6d7d8",
    "936da01f9abd4d9d80c702af85c822a8",
    "7d4448409dc011d1b2455ffdce74fad2",
    "3f2504e04f8911d39a0c0305e82c3301",
    "384000008cf011bdb23e10b96e4ef00d",
    "de305d5475b4431badb2eb6b9e546014",
    "21ec20203aea4069a2dd08002b30309d",
    "00112233445566778899aabbccddeeff",
    "0123456789abcdeffedcba9876543210",
    "deadbeefdeadbeefcafebabecafebabe",
];

/// Every piece of so many characters, as letters of a text are compared.
static PIECES: LazyLock<HashSet<Vec<char>>> = LazyLock::new(|| {
    let fold = |text: &&str| text.chars().map(folded).collect::<Vec<char>>();
    let pieces = |text: Vec<char>| text.windows(PIECE_CHARS).map(<[char]>::to_vec).collect::<Vec<_>>();
    STRUCTURES.iter().map(fold).flat_map(pieces).collect()
});

/// The places of each piece in letters that are compared like that.
pub(super) fn found(joined: &[char]) -> impl Iterator<Item = Range<usize>> {
    let pieces = joined.windows(PIECE_CHARS).enumerate().filter(|(_, piece)| PIECES.contains(*piece));
    pieces.map(|(from, _)| from..from + PIECE_CHARS)
}
