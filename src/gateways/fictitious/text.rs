//! The gateway's messages, as `build/catalogue/` generates them from `en.ftl` and `hi.ftl`.

use crate::i18n::{Arg, Message, Piece, Text, ToArg, ToPart};

include!(concat!(env!("OUT_DIR"), "/messages_fictitious.rs"));
