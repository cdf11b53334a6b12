//! Changes of the roles that a tenant has made for itself.

use kefu_proto::common::v1::ErrorReason;
use kefu_proto::error::Problem;
use kefu_proto::user::v1::role::DataScope;
use kefu_proto::user::v1::{CreateRoleRequest, UpdateRoleRequest};
use sea_orm::{ActiveValue::Set, ColumnTrait, IntoActiveModel, QueryFilter};
use serde_json::Value as Json;

use crate::access::secret::random_token;
use crate::db::{Scoped, Tx, code, given_up, taken_back};
use crate::error::{Result, invalid, not_found, refuse, taken};
use crate::mask::Mask;
use crate::text::clean;
use crate::user::account::{SERVE, required};
use crate::user::entity::{role, user_info};
use crate::user::grant::demand_held;
use crate::user::role::{hold, holders, of_user, permissions};

/// So many holders are named.
const NAMED: usize = 5;

/// A role after a change.
pub(super) struct Changed {
    /// The role.
    pub(super) role: role::Model,
    /// Users who served customers by this role alone.
    pub(super) stop_serving: Vec<i64>,
}

/// Makes a role.
pub(super) async fn create(tx: &Tx<'_>, request: CreateRoleRequest) -> Result<role::Model> {
    let name = required(&request.name)?;
    demand_free_name(tx, 0, &name).await?;
    let scope = scope(request.data_scope());
    let permissions = known(request.permissions)?;
    demand_held(tx.ctx(), permissions.clone(), scope)?;
    let row = role::ActiveModel {
        // A name for machines, that no preset role of a later version has.
        code: Set(format!("role-{}", random_token()?)),
        name: Set(name),
        preset: Set(false),
        data_scope: Set(scope),
        permissions: Set(permissions.into()),
        description: Set(clean(&request.description)),
        ..Default::default()
    };
    tx.insert(row).await.map_err(|error| error.or_taken(&["name"]))
}

/// Changes a role, as PUT or PATCH.
pub(super) async fn change(tx: &Tx<'_>, request: UpdateRoleRequest) -> Result<Changed> {
    let mask = Mask::of(&request.update_mask);
    let before = lock(tx, request.id).await?;
    let mut row = before.clone().into_active_model();
    if mask.has("name") {
        let name = required(&request.name)?;
        demand_free_name(tx, request.id, &name).await?;
        row.name = Set(name);
    }
    if mask.has("description") {
        row.description = Set(clean(&request.description));
    }
    if mask.has("data_scope") && scope(request.data_scope()) != before.data_scope {
        let scope = scope(request.data_scope());
        demand_held(tx.ctx(), [], scope)?;
        row.data_scope = Set(scope);
    }
    if mask.has("permissions") {
        let (held, wanted) = (permissions(&before.permissions), known(request.permissions.clone())?);
        demand_held(tx.ctx(), wanted.iter().filter(|code| !held.contains(code)).cloned(), 0)?;
        row.permissions = Set(Json::from(wanted));
    }
    let role = tx.update(row).await.map_err(|error| error.or_taken(&["name"]))?;
    let stop_serving = who_stops_serving(tx, &before, &role).await?;
    Ok(Changed { role, stop_serving })
}

/// Deletes a role that nobody has; the name is free again.
pub(super) async fn delete(tx: &Tx<'_>, id: i64) -> Result<()> {
    let role = lock(tx, id).await?;
    let users = holders(&**tx, tx.ctx().tenant, id).await?;
    if !users.is_empty() {
        let why = names(tx, &users).await?;
        return Err(Problem::new(ErrorReason::InUse).with("object", "role").with("why", why).into());
    }
    let name = given_up(&role.name, id);
    let mut row = role.into_active_model();
    row.name = Set(name);
    tx.delete(row).await
}

/// Takes back a deletion.
pub(super) async fn restore(tx: &Tx<'_>, id: i64) -> Result<role::Model> {
    let role = tx.deleted::<role::Entity>(id, "role").await?;
    demand_held(tx.ctx(), permissions(&role.permissions), role.data_scope)?;
    let name = taken_back(&role.name, id);
    demand_free_name(tx, id, &name).await?;
    let mut row = role.into_active_model();
    row.name = Set(name);
    tx.restore(row).await.map_err(|error| error.or_taken(&["name"]))
}

/// A role that may be changed, locked until the transaction ends.
async fn lock(tx: &Tx<'_>, id: i64) -> Result<role::Model> {
    let row = role::Entity::one(tx.ctx().tenant, id).lock_exclusive().one(&**tx).await?;
    let row = row.ok_or_else(|| not_found("role"))?;
    if row.preset { Err(refuse(ErrorReason::PresetRole)) } else { Ok(row) }
}

/// SELF if left out.
fn scope(given: DataScope) -> i16 {
    code(if given == DataScope::Unspecified { DataScope::Self_ } else { given })
}

/// Codes that the contract knows.
fn known(codes: Vec<String>) -> Result<Vec<String>> {
    let known = kefu_proto::contract::permissions();
    match codes.iter().position(|code| !known.contains(code.as_str())) {
        Some(at) => Err(invalid(&format!("permissions[{at}]"), "not_found")),
        None => Ok(codes),
    }
}

/// No other role than `except` has the name.
async fn demand_free_name(tx: &Tx<'_>, except: i64, name: &str) -> Result<()> {
    let other =
        role::Entity::of(tx.ctx().tenant).filter(role::Column::Name.eq(name)).filter(role::Column::Id.ne(except));
    if other.one(&**tx).await?.is_some() { Err(taken("name")) } else { Ok(()) }
}

async fn who_stops_serving(tx: &Tx<'_>, before: &role::Model, after: &role::Model) -> Result<Vec<i64>> {
    let serve = |role: &role::Model| hold(std::slice::from_ref(role), SERVE);
    let mut stop = Vec::new();
    if serve(before) && !serve(after) {
        for user_id in holders(&**tx, tx.ctx().tenant, after.id).await? {
            if !hold(&of_user(&**tx, tx.ctx().tenant, user_id).await?, SERVE) {
                stop.push(user_id);
            }
        }
    }
    Ok(stop)
}

/// The first names, and how many more there are.
async fn names(tx: &Tx<'_>, user_ids: &[i64]) -> Result<String> {
    let first = user_ids.iter().copied().take(NAMED);
    let rows = user_info::Entity::of(tx.ctx().tenant).filter(user_info::Column::Id.is_in(first)).all(&**tx).await?;
    let mut names: Vec<String> = rows.into_iter().map(|user| user.name).collect();
    if user_ids.len() > NAMED {
        names.push(format!("+{}", user_ids.len() - NAMED));
    }
    Ok(names.join(", "))
}
