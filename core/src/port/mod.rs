//! What the outside world is to Kefu: one trait a file, the embedded implementation beside it.

pub(crate) mod blob;
pub(crate) mod bus;
pub(crate) mod search;
pub(crate) mod sms;
