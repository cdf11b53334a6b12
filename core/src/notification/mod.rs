//! (being written)
pub(crate) mod entity;
