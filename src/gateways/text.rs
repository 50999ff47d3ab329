//! The messages of any gateway, as `build/catalogue/` generates them from `en.ftl` and `hi.ftl`.

use crate::i18n::{Message, Piece, Text, ToArg};

include!(concat!(env!("OUT_DIR"), "/messages_gateways.rs"));
