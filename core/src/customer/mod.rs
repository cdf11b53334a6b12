//! A customer is somebody at an institution who asks (PRD 2.2); the phone number tells customers apart.
//!
//! Who registers by a link is TEMPORARY; when the first service ends the customer is PENDING and waits to be archived;
//! archived it is FORMAL, where a review is asked for by way of SUBMITTED; one made by staff is FORMAL from the start. Coming back changes none of this, and never overwrites what staff have
//! written. A link belongs to a team, lives for a time, and works for as many customers as it says: each use is
//! counted by a conditional update. Its token is known to whoever holds the address, and to nobody else.

mod archive;
mod convert;
pub(crate) mod entity;
mod institution;
pub(crate) mod link;
mod query;
mod register;
mod rpc;

pub(crate) use archive::archive_due;
pub(crate) use convert::info;
pub(crate) use query::service_ended;

use std::sync::Arc;

use kefu_proto::customer::v1::customer_service_server::CustomerServiceServer;
use tonic::service::RoutesBuilder;

use crate::Core;

/// Puts the service into the router.
pub(crate) fn register(core: &Arc<Core>, routes: &mut RoutesBuilder) {
    routes.add_service(CustomerServiceServer::new(rpc::Rpc(core.clone())));
}
