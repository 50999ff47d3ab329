//! Connections without product knowledge: the HTTP clients, the SMTP client, which addresses are public, and the server's handling
//! of accepted connections, from the limits per address to one request at a time.

pub(crate) mod byte_budget;
pub(crate) mod client_ip;
pub(crate) mod framing;
pub(crate) mod http_client;
pub(crate) mod listener;
pub(crate) mod open_requests;
pub(crate) mod outbound;
pub(crate) mod pipelining;
pub(crate) mod public_address;
pub(crate) mod smtp;
pub(crate) mod tls;
pub(crate) mod unread_body;
