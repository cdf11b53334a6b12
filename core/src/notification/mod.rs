//! A notification tells a staff user of something that has happened (PRD 2.8): a row, written once for each event and
//! user by a job, and pushed to the user's connections. A sent message is what went out by SMS.

mod archive;
mod convert;
pub(crate) mod entity;
mod event;
mod news;
mod query;
mod rpc;
mod session;
mod sms;

pub(crate) use convert::view;
pub(crate) use event::on_event;
pub(crate) use query::{after, newest};
pub(crate) use sms::send_sms;

use std::sync::Arc;

use kefu_proto::notification::v1::notification_service_server::NotificationServiceServer;
use tonic::service::RoutesBuilder;

use crate::Core;

/// Puts the service into the router.
pub(crate) fn register(core: &Arc<Core>, routes: &mut RoutesBuilder) {
    routes.add_service(NotificationServiceServer::new(rpc::Rpc(core.clone())));
}
