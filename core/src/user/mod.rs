//! Staff users, their roles, and how staff and customers log in (PRD 2.1, 7.2).
//!
//! A user is enabled or disabled; only an enabled one logs in, and a tenant always keeps one enabled administrator.
//! A login is a row of `login_session`: a family of refresh tokens of which the newest alone works, ended by logout,
//! by a change of password, by disabling, and by the reuse of an old token. What a login may do is not in its token:
//! it is read from the roles at each call.

pub(crate) mod account;
pub(crate) mod code;
mod convert;
pub(crate) mod entity;
mod grant;
mod list;
pub(crate) mod login;
mod password;
mod query;
mod refresh;
pub(crate) mod role;
mod role_change;
mod rpc;

pub(crate) use login::end_logins;
pub(crate) use query::{is_avatar, names};

use std::sync::Arc;

use kefu_proto::user::v1::auth_service_server::AuthServiceServer;
use kefu_proto::user::v1::role_service_server::RoleServiceServer;
use kefu_proto::user::v1::user_service_server::UserServiceServer;
use tonic::service::RoutesBuilder;

use crate::Core;

/// The status of a user who may log in (`User.Status.ENABLED`).
pub(crate) const ENABLED: i16 = 1;
/// The status of one who may not.
pub(crate) const DISABLED: i16 = 2;

/// Puts the services into the router.
pub(crate) fn register(core: &Arc<Core>, routes: &mut RoutesBuilder) {
    routes.add_service(AuthServiceServer::new(rpc::auth::Rpc(core.clone())));
    routes.add_service(UserServiceServer::new(rpc::user::Rpc(core.clone())));
    routes.add_service(RoleServiceServer::new(rpc::role::Rpc(core.clone())));
}
