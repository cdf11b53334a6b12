//! Statistics (PRD 2.7): what is going on, and how it was.
//!
//! What rows tell is computed from them when it is asked for: responses and ratings bear their times. How many
//! waited, were served and were there at a time in the past no row tells: every five minutes the keeper takes a
//! sample. A time at which no sample was taken is unknown, and said to be so.

pub(crate) mod entity;
mod query;
mod rpc;
mod sample;
mod trend;

pub(crate) use sample::{Sampler, sweep};

use std::sync::Arc;

use kefu_proto::stats::v1::stats_service_server::StatsServiceServer;
use tonic::service::RoutesBuilder;

use crate::Core;

/// Puts the service into the router.
pub(crate) fn register(core: &Arc<Core>, routes: &mut RoutesBuilder) {
    routes.add_service(StatsServiceServer::new(rpc::Rpc(core.clone())));
}
