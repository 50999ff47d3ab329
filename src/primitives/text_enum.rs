//! Closed lists whose members are stored and exchanged as text.
//!
//! Invariant: a member's text is declared once, next to the member, and identifies it in the database and in URLs. It is not what
//! a gateway sends, which the gateway's folder maps to a member, nor the label on a page, which `messages` has.

/// Declares an enum with the text of each member: `ALL`, `as_str`, `Display`, and `FromStr`, whose error names the members.
/// `PartialOrd` and `Ord` follow the order of the declaration.
macro_rules! text_enum {
    (
        $(#[$meta:meta])*
        $vis:vis enum $name:ident, $what:literal {
            $($(#[$doc:meta])* $member:ident = $text:literal),+ $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        $vis enum $name { $($(#[$doc])* $member),+ }

        impl $name {
            /// Every member, in the order of the declaration.
            pub(crate) const ALL: &'static [Self] = &[$(Self::$member),+];

            /// Returns the text that is stored.
            pub(crate) const fn as_str(self) -> &'static str {
                match self { $(Self::$member => $text),+ }
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = &'static str;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::ALL.iter().copied().find(|member| member.as_str() == text).ok_or(concat!($what, " must be one of:" $(, " ", $text)+))
            }
        }
    };
}
pub(crate) use text_enum;

/// Makes a type with `as_str` and `FromStr` the type of a text column, on both databases. A text that is none of its values is
/// an error of decoding.
macro_rules! text_column {
    ($name:ty, $as_str:expr) => {
        impl<D: ::sqlx::Database> ::sqlx::Type<D> for $name
        where
            String: ::sqlx::Type<D>,
        {
            fn type_info() -> D::TypeInfo {
                <String as ::sqlx::Type<D>>::type_info()
            }

            fn compatible(info: &D::TypeInfo) -> bool {
                <String as ::sqlx::Type<D>>::compatible(info)
            }
        }

        impl<'q, D: ::sqlx::Database> ::sqlx::Encode<'q, D> for $name
        where
            &'static str: ::sqlx::Encode<'q, D>,
        {
            fn encode_by_ref(
                &self,
                buffer: &mut <D as ::sqlx::Database>::ArgumentBuffer,
            ) -> Result<::sqlx::encode::IsNull, ::sqlx::error::BoxDynError> {
                let text: &'static str = $as_str(*self);
                <&'static str as ::sqlx::Encode<'q, D>>::encode(text, buffer)
            }
        }

        impl<'r, D: ::sqlx::Database> ::sqlx::Decode<'r, D> for $name
        where
            String: ::sqlx::Decode<'r, D>,
        {
            fn decode(value: <D as ::sqlx::Database>::ValueRef<'r>) -> Result<Self, ::sqlx::error::BoxDynError> {
                let text = <String as ::sqlx::Decode<'r, D>>::decode(value)?;
                text.parse().map_err(|error| format!("{text:?}: {error}").into())
            }
        }
    };
}
pub(crate) use text_column;

#[cfg(test)]
mod tests {
    text_enum! {
        /// A list with two members.
        enum Coin, "a side of a coin" {
            Heads = "heads",
            Tails = "tails",
        }
    }
    #[test]
    fn every_member_is_parsed_back_and_nothing_else_is() {
        assert_eq!(Coin::ALL, [Coin::Heads, Coin::Tails]);
        for coin in Coin::ALL {
            assert_eq!(coin.to_string().parse(), Ok(*coin));
        }
        for other in ["", "Heads", "heads ", "edge"] {
            assert_eq!(other.parse::<Coin>(), Err("a side of a coin must be one of: heads tails"));
        }
    }
}
