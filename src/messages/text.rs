//! The catalogue of messages, as `build/catalogue/` generates it: a module for each feature, a function for each message.

include!(concat!(env!("OUT_DIR"), "/messages.rs"));
