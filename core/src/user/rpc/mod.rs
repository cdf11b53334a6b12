//! The three services of this folder.

pub(super) mod auth;
pub(super) mod role;
pub(super) mod user;
