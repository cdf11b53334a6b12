//! A session is a customer's question from arrival to rating (PRD 2.4).
//!
//! It waits (`QUEUED`), is served (`ACTIVE`), and ends (`CLOSED`); when nobody is there the customer leaves a message
//! (`MESSAGE_LEFT`), from which staff may take it up again. Invariants:
//! - an agent's `active_count` is the number of that agent's ACTIVE sessions, and never grows past `max_sessions`
//!   but by the agent's own hand;
//! - messages have the sequence 1..n without holes, in the order of commits;
//! - whoever serves a session, or no longer does, is a row of `session_assignment` that says why.

mod advance;
pub(crate) mod agent;
mod agent_rpc;
pub(crate) mod assign;
pub(crate) mod audience;
mod candidate;
mod close;
pub(crate) mod entity;
mod group;
pub(crate) mod keeper;
mod list;
mod mark;
pub(crate) mod message;
mod note;
mod open;
pub(crate) mod query;
pub(crate) mod queue;
mod recall;
mod rpc;
pub(crate) mod search;
pub(crate) mod silence;
mod state;
pub(crate) mod transfer;
pub(crate) mod view;
pub(crate) mod viewer;
pub(crate) mod writer;

pub(crate) use assign::drain;
pub(crate) use audience::Audience;
pub(crate) use open::Opening;
pub(crate) use queue::Moves;
pub(crate) use search::Follower;

use std::sync::Arc;

use kefu_proto::session::v1::agent_service_server::AgentServiceServer;
use kefu_proto::session::v1::session_service_server::SessionServiceServer;
use tonic::service::RoutesBuilder;

use crate::Core;

/// Puts the services into the router.
pub(crate) fn register(core: &Arc<Core>, routes: &mut RoutesBuilder) {
    routes.add_service(SessionServiceServer::new(rpc(core)));
    routes.add_service(AgentServiceServer::new(agent_rpc::Rpc(core.clone())));
}

/// The service of sessions itself, for the access layer.
pub(crate) fn rpc(core: &Arc<Core>) -> rpc::Rpc {
    rpc::Rpc(core.clone())
}
