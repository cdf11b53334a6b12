//! What an edge needs of the core, and the long poll for clients without a socket (realtime.md).

mod cursor;
pub(crate) mod heads;
mod poll;
mod rpc;

use std::sync::Arc;

use kefu_proto::realtime::v1::event_service_server::EventServiceServer;
use kefu_proto::realtime::v1::realtime_service_server::RealtimeServiceServer;
use tonic::service::RoutesBuilder;

use crate::Core;

/// Puts the services into the router.
pub(crate) fn register(core: &Arc<Core>, routes: &mut RoutesBuilder) {
    routes.add_service(EventServiceServer::new(poll::Rpc(core.clone())));
    routes.add_service(RealtimeServiceServer::new(rpc(core)));
}

/// The service itself, for the access layer.
pub(crate) fn rpc(core: &Arc<Core>) -> rpc::Rpc {
    rpc::Rpc(core.clone())
}
