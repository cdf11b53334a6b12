//! Who is calling, may they, and what is recorded of it: one layer in front of all services.
//!
//! Default deny: a method is reachable only as its `access` option in the contract says. The layer leaves a [`Ctx`]
//! for the handler, which scopes every query.

pub(crate) mod audit;
mod layer;
pub(crate) mod limit;
mod principal;
pub(crate) mod secret;
pub(crate) mod token;

pub use layer::Guarded;
pub(crate) use layer::guard;
pub(crate) use principal::{Directory, Principal};

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use bytes::Bytes;
use kefu_proto::common::v1::principal::Kind;
use kefu_proto::contract::Method;
use kefu_proto::user::v1::role::DataScope;
use sea_orm::sea_query::SimpleExpr;
use sea_orm::{ColumnTrait, Condition};
use tonic::{Request, Status};

use crate::db::TenantId;
use crate::error::{self, Result};

/// The call under way.
#[derive(Debug)]
pub(crate) struct Call {
    /// The method of the contract; none for what Kefu does by itself.
    pub(crate) method: Option<&'static Method>,
    /// The request as it came, kept for methods that are recorded.
    pub(crate) body: Bytes,
    /// Finds the call in the log.
    pub(crate) request_id: String,
    /// Where the caller is.
    pub(crate) client_ip: String,
    /// What the caller uses.
    pub(crate) user_agent: String,
    /// When the caller's token expires, seconds since 1970; 0 without one.
    pub(crate) token_expires: i64,
    /// Something of it is committed: it cannot be made again as if nothing had happened.
    pub(crate) committed: AtomicBool,
}

/// Who acts, in which tenant, by which call. The first argument of everything.
#[derive(Clone, Debug)]
pub(crate) struct Ctx {
    /// The tenant. For a public call it is 0 until the handler has found it out.
    pub(crate) tenant: TenantId,
    /// Who acts.
    pub(crate) principal: Arc<Principal>,
    /// The call.
    pub(crate) call: Arc<Call>,
}

impl Ctx {
    /// Kefu itself, for jobs and timers.
    pub(crate) fn system(tenant: TenantId) -> Self {
        let call = Call {
            method: None,
            body: Bytes::new(),
            request_id: String::new(),
            client_ip: String::new(),
            user_agent: String::new(),
            token_expires: 0,
            committed: AtomicBool::new(false),
        };
        Self { tenant, principal: Arc::new(Principal::system(tenant)), call: Arc::new(call) }
    }

    /// The same call on behalf of somebody whom the handler has identified: a login, a registration.
    pub(crate) fn acting_as(&self, principal: Arc<Principal>) -> Self {
        Self { tenant: principal.tenant, principal, call: self.call.clone() }
    }

    /// The same public call in a tenant that the handler has found out.
    pub(crate) fn in_tenant(&self, tenant: TenantId) -> Self {
        self.acting_as(Arc::new(Principal::system(tenant)))
    }

    /// A customer calls.
    pub(crate) fn is_customer(&self) -> bool {
        self.principal.kind == Kind::Customer
    }

    /// A staff user calls.
    pub(crate) fn is_staff(&self) -> bool {
        self.principal.kind == Kind::User
    }

    /// The caller holds a permission besides the one the method asks for.
    pub(crate) fn may(&self, permission: &str) -> bool {
        self.principal.permissions.contains(permission)
    }

    /// As [`Ctx::may`], as an error.
    pub(crate) fn demand(&self, permission: &str) -> Result<()> {
        if self.may(permission) { Ok(()) } else { Err(error::forbidden()) }
    }

    /// The rows the caller may see, of a table with a customer, an agent and a team: the one helper for lists,
    /// details, search hits and live updates.
    pub(crate) fn visible<C: ColumnTrait>(&self, customer: C, agent: C, team: C) -> Condition {
        let me = self.principal.id;
        match self.principal.kind {
            Kind::Customer => Condition::all().add(customer.eq(me)),
            Kind::System => Condition::all(),
            _ => match self.principal.scope {
                DataScope::All => Condition::all(),
                DataScope::Team => {
                    Condition::any().add(agent.eq(me)).add(team.is_in(self.principal.team_ids.iter().copied()))
                }
                _ => Condition::any().add(agent.eq(me)),
            },
        }
    }

    /// As [`Ctx::visible`], for a row that has been read.
    pub(crate) fn sees(&self, customer: i64, agent: i64, team: i64) -> bool {
        self.principal.sees(customer, agent, team)
    }
}

/// Takes a request apart: who calls, and what is asked.
pub(crate) fn enter<T>(request: Request<T>) -> Result<(Ctx, T), Status> {
    let (_, extensions, message) = request.into_parts();
    let ctx = extensions.get::<Ctx>().cloned().ok_or_else(|| Status::from(error::refuse(UNAUTHENTICATED)))?;
    Ok((ctx, message))
}

const UNAUTHENTICATED: kefu_proto::common::v1::ErrorReason = kefu_proto::common::v1::ErrorReason::Unauthenticated;

/// `lower(column) LIKE '%text%'` for any of the columns, alike on every database, with the wildcards in the text
/// taken as characters.
pub(crate) fn contains<C: ColumnTrait>(columns: &[C], text: &str) -> Condition {
    use sea_orm::sea_query::{Expr, ExprTrait, Func, LikeExpr};
    let escaped = text.to_lowercase().replace('!', "!!").replace('%', "!%").replace('_', "!_");
    columns.iter().fold(Condition::any(), |any, column| {
        let lower: SimpleExpr = Func::lower(Expr::col(column.as_column_ref())).into();
        any.add(lower.like(LikeExpr::new(format!("%{escaped}%")).escape('!')))
    })
}
