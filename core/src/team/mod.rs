//! A team serves the sessions of its queue while it is on duty (PRD 2.1.4).
//!
//! A team without working hours is always on duty. Somebody is a member once; who leaves keeps the sessions that
//! are open. A team with sessions that are not over cannot be deleted.

mod convert;
pub(crate) mod entity;
mod hours;
mod query;
mod rpc;

pub(crate) use convert::{problem_types, working_hours};
pub(crate) use hours::on_duty;
pub(crate) use query::{find, leave_all, member_ids, names, rejoin_all};

use std::sync::Arc;

use kefu_proto::team::v1::team_service_server::TeamServiceServer;
use tonic::service::RoutesBuilder;

use crate::Core;

/// Puts the service into the router.
pub(crate) fn register(core: &Arc<Core>, routes: &mut RoutesBuilder) {
    routes.add_service(TeamServiceServer::new(rpc::Rpc(core.clone())));
}
