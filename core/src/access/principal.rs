//! Somebody who acts: identity, permissions and data scope, read from the database and kept for a moment.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kefu_proto::common::v1::principal::Kind;
use kefu_proto::common::v1::{ErrorReason, Principal as PrincipalMessage};
use kefu_proto::user::v1::role::DataScope;
use sea_orm::{ColumnTrait, DbBackend, QueryFilter};

use crate::clock::{Clock, Time};
use crate::customer::entity::customer;
use crate::db::{Db, Scoped, TenantId};
use crate::error::{Result, refuse};
use crate::team::entity::team_member;
use crate::user::entity::{login_session, role, user_info, user_role};

/// How long a principal is believed without asking the database again, where other nodes may have changed it. Within
/// one process every change drops the entry at once; this bounds what a change on another node can be late by.
const BELIEVED: Duration = Duration::from_secs(1);
/// The same on SQLite, which has one process: long, but no reason to hold somebody who is gone.
const BELIEVED_ALONE: Duration = Duration::from_secs(60);

/// Somebody who acts.
#[derive(Debug)]
pub(crate) struct Principal {
    /// Staff user, customer, or Kefu itself.
    pub(crate) kind: Kind,
    /// The id within the kind; 0 for Kefu itself.
    pub(crate) id: i64,
    /// The name to show.
    pub(crate) name: String,
    /// The tenant.
    pub(crate) tenant: TenantId,
    /// The login session; 0 for Kefu itself.
    pub(crate) login_session_id: i64,
    /// Permission codes of all roles.
    pub(crate) permissions: Arc<BTreeSet<String>>,
    /// The widest data scope of all roles.
    pub(crate) scope: DataScope,
    /// The teams of a staff user.
    pub(crate) team_ids: Vec<i64>,
    /// Nothing is allowed until the first password is changed.
    pub(crate) must_change_password: bool,
    /// The newest refresh token's number and when it was given out, as long as nobody has used what came with it.
    pub(crate) unconfirmed: Option<(i32, Time)>,
}

impl Principal {
    /// Kefu itself.
    pub(crate) fn system(tenant: TenantId) -> Self {
        Self {
            kind: Kind::System,
            id: 0,
            name: "Kefu".to_owned(),
            tenant,
            login_session_id: 0,
            permissions: Arc::default(),
            scope: DataScope::All,
            team_ids: Vec::new(),
            must_change_password: false,
            unconfirmed: None,
        }
    }

    /// Whether a row of this customer, agent and team is within the data scope.
    pub(crate) fn sees(&self, customer: i64, agent: i64, team: i64) -> bool {
        match self.kind {
            Kind::Customer => customer == self.id,
            Kind::System => true,
            _ => match self.scope {
                DataScope::All => true,
                DataScope::Team => agent == self.id || self.team_ids.contains(&team),
                _ => agent == self.id,
            },
        }
    }

    /// As the contract has it.
    pub(crate) fn message(&self) -> PrincipalMessage {
        PrincipalMessage { kind: self.kind.into(), id: self.id, name: self.name.clone() }
    }
}

/// The principals of live login sessions.
#[derive(Debug)]
pub(crate) struct Directory {
    db: Db,
    clock: Clock,
    believed: Duration,
    known: Mutex<Known>,
}

/// What was read of late.
#[derive(Debug, Default)]
struct Known {
    /// By login session.
    principals: HashMap<i64, Read<Principal>>,
    /// What customers may do, by tenant.
    customers: HashMap<TenantId, Read<BTreeSet<String>>>,
    /// Goes up with each change: what was read before one and comes after it is not kept.
    changes: u64,
}

/// When something was read, and what.
type Read<T> = (Time, Arc<T>);

impl Directory {
    pub(crate) fn new(db: Db, clock: Clock) -> Self {
        let believed = if db.backend() == DbBackend::Sqlite { BELIEVED_ALONE } else { BELIEVED };
        Self { db, clock, believed, known: Mutex::default() }
    }

    /// The principal of a login session that is neither ended nor belongs to somebody disabled or deleted.
    pub(crate) async fn get(&self, tenant: TenantId, login_session_id: i64) -> Result<Arc<Principal>> {
        let now = self.clock.now();
        let changes = {
            let known = self.known();
            if let Some((read, principal)) = known.principals.get(&login_session_id)
                && principal.tenant == tenant
                && self.believes(*read, now)
            {
                return Ok(principal.clone());
            }
            known.changes
        };
        let principal = Arc::new(self.read(tenant, login_session_id, now).await?);
        let mut known = self.known();
        if known.changes == changes {
            // The map holds one entry a live login; sweep what nobody has asked for of late.
            if known.principals.len() > 20_000 {
                known.principals.retain(|_, (read, _)| now.signed_duration_since(*read).num_seconds() < 60);
            }
            known.principals.insert(login_session_id, (now, principal.clone()));
        }
        Ok(principal)
    }

    fn believes(&self, read: Time, now: Time) -> bool {
        now.signed_duration_since(read).to_std().is_ok_and(|age| age < self.believed)
    }

    /// Forgets somebody after a change of rights, a logout or a deletion: the next call asks the database.
    pub(crate) fn forget(&self, kind: Kind, id: i64) {
        let mut known = self.known();
        known.changes += 1;
        known.principals.retain(|_, (_, p)| !(p.kind == kind && p.id == id));
    }

    /// Forgets everybody of a tenant after a change of roles or teams.
    pub(crate) fn forget_tenant(&self, tenant: TenantId) {
        let mut known = self.known();
        known.changes += 1;
        known.principals.retain(|_, (_, p)| p.tenant != tenant);
        known.customers.remove(&tenant);
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn read(&self, tenant: TenantId, login_session_id: i64, now: Time) -> Result<Principal> {
        let session = login_session::Entity::one(tenant, login_session_id)
            .one(self.db.read())
            .await?
            .filter(|s| !s.revoked && s.expire_time > now)
            .ok_or_else(|| refuse(ErrorReason::Unauthenticated))?;
        let principal = match Kind::try_from(i32::from(session.principal_kind)) {
            Ok(Kind::User) => self.user(tenant, session.principal_id, login_session_id).await?,
            Ok(Kind::Customer) => self.customer(tenant, session.principal_id, login_session_id).await?,
            _ => return Err(refuse(ErrorReason::Unauthenticated)),
        };
        let unconfirmed = (!session.confirmed).then_some((session.rotation, session.rotate_time));
        Ok(Principal { unconfirmed, ..principal })
    }

    async fn user(&self, tenant: TenantId, id: i64, login_session_id: i64) -> Result<Principal> {
        let db = self.db.read();
        let user = user_info::Entity::one(tenant, id)
            .one(db)
            .await?
            .filter(|u| u.status == crate::user::ENABLED)
            .ok_or_else(|| refuse(ErrorReason::Unauthenticated))?;
        let links = user_role::Entity::of(tenant).filter(user_role::Column::UserId.eq(id)).all(db).await?;
        let roles =
            role::Entity::of(tenant).filter(role::Column::Id.is_in(links.iter().map(|l| l.role_id))).all(db).await?;
        let members = team_member::Entity::of(tenant).filter(team_member::Column::UserId.eq(id)).all(db).await?;
        Ok(Principal {
            kind: Kind::User,
            id,
            name: user.name,
            tenant,
            login_session_id,
            permissions: permissions(&roles),
            // The codes rise from wide to narrow.
            scope: roles
                .iter()
                .filter_map(|r| DataScope::try_from(i32::from(r.data_scope)).ok())
                .filter(|s| *s != DataScope::Unspecified)
                .min()
                .unwrap_or(DataScope::Self_),
            team_ids: members.into_iter().map(|m| m.team_id).collect(),
            must_change_password: user.must_change_password,
            unconfirmed: None,
        })
    }

    async fn customer(&self, tenant: TenantId, id: i64, login_session_id: i64) -> Result<Principal> {
        let db = self.db.read();
        let customer =
            customer::Entity::one(tenant, id).one(db).await?.ok_or_else(|| refuse(ErrorReason::Unauthenticated))?;
        Ok(Principal {
            kind: Kind::Customer,
            id,
            name: customer.name,
            tenant,
            login_session_id,
            permissions: self.of_customers(tenant).await?,
            scope: DataScope::Self_,
            team_ids: Vec::new(),
            must_change_password: false,
            unconfirmed: None,
        })
    }

    /// What the customers of a tenant may do.
    async fn of_customers(&self, tenant: TenantId) -> Result<Arc<BTreeSet<String>>> {
        let now = self.clock.now();
        let changes = {
            let known = self.known();
            if let Some((read, permissions)) = known.customers.get(&tenant)
                && self.believes(*read, now)
            {
                return Ok(permissions.clone());
            }
            known.changes
        };
        let role = role::Entity::of(tenant).filter(role::Column::Code.eq(crate::user::role::CUSTOMER));
        let permissions = permissions(&role.all(self.db.read()).await?);
        let mut known = self.known();
        if known.changes == changes {
            known.customers.insert(tenant, (now, permissions.clone()));
        }
        Ok(permissions)
    }
}

/// All that roles allow.
fn permissions(roles: &[role::Model]) -> Arc<BTreeSet<String>> {
    Arc::new(roles.iter().flat_map(|role| crate::user::role::permissions(&role.permissions)).collect())
}
