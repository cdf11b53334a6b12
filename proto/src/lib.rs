//! The contract of Kefu: messages and services generated from `kefu/<service>/v1/*.proto`, the descriptor set
//! with our options, the JSON form of messages, and the rendering of errors.
//!
//! Everything outside `kefu/` derives from here: REST routes, OpenAPI, permissions, audit, SDKs and tests.

pub mod codec;
pub mod contract;
pub mod direct;
pub mod error;
pub mod json;

#[allow(
    missing_docs,
    clippy::all,
    clippy::allow_attributes,
    unreachable_pub,
    unused_qualifications,
    reason = "generated"
)]
mod generated {
    include!(concat!(env!("OUT_DIR"), "/kefu.rs"));
    include!(concat!(env!("OUT_DIR"), "/validate_impl.rs"));
}
pub use generated::kefu::{common, customer, file, notification, realtime, session, settings, stats, team, user};
