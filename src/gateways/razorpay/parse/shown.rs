//! Values for display and search.
//!
//! Invariant: none of them can invalidate an event.

use std::{borrow::Cow, fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer},
};

use crate::primitives::invisible_chars::{self, Piece};

/// Maximum length of a stored reference, in characters.
const MAX_REFERENCE_CHARS: usize = 128;

/// A string, an integer, a flag, or any other value.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) enum Shown<'a> {
    Text(Cow<'a, str>),
    Number(i64),
    Flag(bool),
    #[default]
    Other,
}

impl Shown<'_> {
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Number(_) | Self::Flag(_) | Self::Other => None,
        }
    }

    pub(super) fn number(&self) -> Option<i64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Text(_) | Self::Flag(_) | Self::Other => None,
        }
    }

    /// Returns the value as a flag; some samples write it as `"1"`.
    pub(super) fn flag(&self) -> Option<bool> {
        match self {
            Self::Flag(flag) => Some(*flag),
            Self::Number(number) => Some(*number != 0),
            Self::Text(text) => Some(!matches!(text.as_ref(), "" | "0" | "false")),
            Self::Other => None,
        }
    }

    /// Returns the value as a searchable reference; references are sometimes sent as numbers.
    pub(super) fn reference(&self) -> Option<String> {
        let text = match self {
            Self::Text(text) => text.trim().to_owned(),
            Self::Number(number) => number.to_string(),
            Self::Flag(_) | Self::Other => return None,
        };
        let is_short = text.chars().count() <= MAX_REFERENCE_CHARS;
        (!text.is_empty() && is_short && is_plain_to_see(&text)).then_some(text)
    }
}

/// True if the text has no invisible characters, so that it is displayed exactly as sent.
fn is_plain_to_see(text: &str) -> bool {
    invisible_chars::pieces(text).iter().all(|piece| matches!(piece, Piece::Seen(_)))
}

/// An object of display values. Any other value is treated as an empty object: samples have `[]` for it.
#[derive(Debug, Default)]
pub(super) struct Lenient<T>(pub(super) T);

/// Skips any value that is not a string, number or object.
macro_rules! dropped {
    ($value:expr) => {
        fn visit_f64<E: Error>(self, _: f64) -> Result<Self::Value, E> {
            Ok($value)
        }
        fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
            Ok($value)
        }
        fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
            while seq.next_element::<IgnoredAny>()?.is_some() {}
            Ok($value)
        }
    };
}

impl<'de: 'a, 'a> Deserialize<'de> for Shown<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Shown<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("any value")
            }
            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Shown<'de>, E> {
                Ok(Shown::Text(Cow::Borrowed(text)))
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Shown<'de>, E> {
                Ok(Shown::Text(Cow::Owned(text.to_owned())))
            }
            fn visit_bool<E: Error>(self, flag: bool) -> Result<Shown<'de>, E> {
                Ok(Shown::Flag(flag))
            }
            fn visit_i64<E: Error>(self, number: i64) -> Result<Shown<'de>, E> {
                Ok(Shown::Number(number))
            }
            fn visit_u64<E: Error>(self, number: u64) -> Result<Shown<'de>, E> {
                Ok(i64::try_from(number).map_or(Shown::Other, Shown::Number))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Shown<'de>, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Shown::Other)
            }
            dropped!(Shown::Other);
        }
        deserializer.deserialize_any(Any)
    }
}

impl<'de, T: Deserialize<'de> + Default> Deserialize<'de> for Lenient<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de> + Default> Visitor<'de> for Any<T> {
            type Value = T;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("any value")
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map))
            }
            fn visit_str<E: Error>(self, _: &str) -> Result<T, E> {
                Ok(T::default())
            }
            fn visit_bool<E: Error>(self, _: bool) -> Result<T, E> {
                Ok(T::default())
            }
            fn visit_i64<E: Error>(self, _: i64) -> Result<T, E> {
                Ok(T::default())
            }
            fn visit_u64<E: Error>(self, _: u64) -> Result<T, E> {
                Ok(T::default())
            }
            dropped!(T::default());
        }
        deserializer.deserialize_any(Any(PhantomData)).map(Self)
    }
}
