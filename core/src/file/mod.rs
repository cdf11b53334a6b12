//! A file is a row with its data and a blob with its content.
//!
//! Whoever uploaded it sees it, and whoever sees the session or the quick reply it belongs to. What a file is, its content decides; its
//! name must not say otherwise. Name and place of the blob are made by the server.

mod convert;
pub(crate) mod entity;
mod kind;
mod name;
mod query;
mod rpc;
mod upload;

pub(crate) use convert::view;
pub(crate) use query::{attach, for_message, for_sending, join, of_quick_replies};

use std::sync::Arc;

use kefu_proto::file::v1::file_service_server::FileServiceServer;
use tonic::service::RoutesBuilder;

use crate::Core;

/// Puts the service into the router.
pub(crate) fn register(core: &Arc<Core>, routes: &mut RoutesBuilder) {
    routes.add_service(FileServiceServer::new(rpc::Rpc(core.clone())));
}
