//! Settings of a tenant, quick replies and dictionaries (PRD 2.10).
//!
//! A group of settings is one row that holds the contract's message as JSON. A key that a row lacks, because the row
//! is older than the key, has its default. A quick reply belongs to everybody or to one user, who alone sees it.

mod convert;
pub(crate) mod entity;
mod query;
mod rpc;

pub(crate) use query::{assignment, dictionary_values, general, seed, sees_quick_reply, zone};

use std::sync::Arc;

use kefu_proto::settings::v1::settings_service_server::SettingsServiceServer;
use tonic::service::RoutesBuilder;

use crate::Core;

/// Puts the service into the router.
pub(crate) fn register(core: &Arc<Core>, routes: &mut RoutesBuilder) {
    routes.add_service(SettingsServiceServer::new(rpc::Rpc(core.clone())));
}
