//! Changes of accounts, and the guard that keeps an administrator.

use kefu_proto::common::v1::ErrorReason;
use kefu_proto::common::v1::principal::Kind;
use kefu_proto::user::v1::user::Status;
use kefu_proto::user::v1::{CreateUserRequest, UpdateUserRequest};
use sea_orm::sea_query::{Expr, SimpleExpr};
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, IntoActiveModel, QueryFilter};

use crate::clock::Time;
use crate::db::{Scoped, TenantId, Tx, given_up, insert_row, taken_back};
use crate::error::{Error, Result, invalid, not_found, refuse, taken};
use crate::mask::Mask;
use crate::session;
use crate::text::clean;
use crate::user::entity::{role, user_info, user_role};
use crate::user::grant::demand_charge_of;
use crate::user::{DISABLED, ENABLED, end_logins, password, query, role as roles};

/// Most sessions at once of a user for whom nothing else is said.
const MAX_SESSIONS: i32 = 5;
pub(super) const LANGUAGE: &str = "zh-CN";
/// Without it a user serves no customers.
pub(super) const SERVE: &str = "agent:serve";

/// The first administrator of a new tenant.
pub(crate) async fn first(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    now: Time,
    username: &str,
    password_hash: String,
) -> Result<()> {
    let row = new_row(username.to_owned(), "系统管理员".to_owned(), password_hash, MAX_SESSIONS);
    let user = insert_row(db, tenant, 0, now, row).await?;
    insert_row(db, tenant, 0, now, session::agent::new_row(user.id, user.max_sessions, now)).await?;
    let role = role::Entity::of(tenant).filter(role::Column::Code.eq(roles::ADMINISTRATOR)).one(db).await?;
    let role_id = role.ok_or_else(|| not_found("role"))?.id;
    let link = user_role::ActiveModel { user_id: Set(user.id), role_id: Set(role_id), ..Default::default() };
    insert_row(db, tenant, 0, now, link).await?;
    Ok(())
}

fn new_row(username: String, name: String, password_hash: String, max_sessions: i32) -> user_info::ActiveModel {
    user_info::ActiveModel {
        username: Set(username),
        password_hash: Set(password_hash),
        name: Set(name),
        phone: Set(None),
        email: Set(String::new()),
        status: Set(ENABLED),
        max_sessions: Set(max_sessions),
        skills: Set(serde_json::Value::Array(Vec::new())),
        must_change_password: Set(true),
        language: Set(LANGUAGE.to_owned()),
        avatar_file_id: Set(0),
        last_login_time: Set(None),
        deleted_phone: Set(String::new()),
        ..Default::default()
    }
}

/// Makes a user.
pub(crate) async fn create(tx: &Tx<'_>, request: CreateUserRequest, password_hash: String) -> Result<user_info::Model> {
    let name = required(&request.name)?;
    if query::by_username(&**tx, tx.ctx().tenant, &request.username).await?.is_some() {
        return Err(taken("username"));
    }
    let phone = free_phone(tx, &request.phone, 0).await?;
    let max_sessions = if request.max_sessions == 0 { MAX_SESSIONS } else { request.max_sessions };
    let row = user_info::ActiveModel {
        phone: Set(phone),
        email: Set(request.email),
        skills: Set(request.skills.into()),
        ..new_row(request.username, name, password_hash, max_sessions)
    };
    let user = tx.insert(row).await.map_err(|error| error.or_taken(&["username", "phone"]))?;
    roles::assign(tx, user.id, &request.role_ids).await?;
    session::agent::ensure(tx, user.id, user.max_sessions).await?;
    Ok(user)
}

/// A user after a change.
pub(super) struct Changed {
    /// The user.
    pub(super) user: user_info::Model,
    /// Customers are not served by this user any more.
    pub(super) stops_serving: bool,
}

/// Changes a user, as PUT or PATCH.
pub(super) async fn change(
    tx: &mut Tx<'_>,
    request: &UpdateUserRequest,
    password_hash: Option<String>,
) -> Result<Changed> {
    let mask = Mask::of(&request.update_mask);
    roles::lock_administrators(tx).await?;
    let user = lock(tx, request.id).await?;
    demand_charge_of(tx, user.id).await?;
    let served = serves(tx, &user).await?;
    let row = changed_row(tx, user, request, password_hash).await?;
    let new_password = row.password_hash.is_set();
    let user = tx.update(row).await.map_err(|error| error.or_taken(&["phone"]))?;
    if mask.has("role_ids") {
        roles::assign(tx, user.id, &request.role_ids).await?;
    }
    if mask.has("max_sessions") {
        session::agent::ensure(tx, user.id, user.max_sessions).await?;
    }
    demand_administrator(tx).await?;
    if user.status == DISABLED || new_password {
        let me = &tx.ctx().principal;
        let own = if me.id == user.id { me.login_session_id } else { 0 };
        end_logins(tx, Kind::User, user.id, own).await?;
    }
    let stops_serving = served && !serves(tx, &user).await?;
    Ok(Changed { user, stops_serving })
}

/// The row with what the request sets.
async fn changed_row(
    tx: &Tx<'_>,
    user: user_info::Model,
    request: &UpdateUserRequest,
    password_hash: Option<String>,
) -> Result<user_info::ActiveModel> {
    let mask = Mask::of(&request.update_mask);
    let (id, username) = (user.id, user.username.clone());
    let mut row = user.into_active_model();
    if mask.has("name") {
        row.name = Set(required(&request.name)?);
    }
    if mask.has("phone") {
        row.phone = Set(free_phone(tx, &request.phone, id).await?);
    }
    if mask.has("email") {
        row.email = Set(request.email.clone());
    }
    if mask.has("status") {
        row.status = Set(match request.status() {
            Status::Enabled => ENABLED,
            Status::Disabled if id == tx.ctx().principal.id => return Err(last_administrator()),
            Status::Disabled => DISABLED,
            Status::Unspecified => return Err(invalid("status", "required")),
        });
    }
    if mask.has("max_sessions") {
        // PUT with nothing said is as a new user with nothing said; PATCH can say that it is 0.
        let left_out = request.update_mask.is_none() && request.max_sessions == 0;
        row.max_sessions = Set(if left_out { MAX_SESSIONS } else { request.max_sessions });
    }
    if mask.has("skills") {
        row.skills = Set(request.skills.clone().into());
    }
    if let Some(hash) = password_hash {
        password::check("password", &request.password, &username, None)?;
        row.password_hash = Set(hash);
        row.must_change_password = Set(true);
    }
    Ok(row)
}

/// Sets the password its owner has chosen, if the row is as the owner's proof found it.
pub(super) async fn set_password(tx: &Tx<'_>, id: i64, password_hash: String, same: SimpleExpr) -> Result<bool> {
    use user_info::Column;
    let changed = user_info::Entity::change(tx.ctx().tenant)
        .col_expr(Column::PasswordHash, Expr::value(password_hash))
        .col_expr(Column::MustChangePassword, Expr::value(false))
        .col_expr(Column::UpdateTime, Expr::value(tx.now()))
        .col_expr(Column::UpdateBy, Expr::value(id))
        .filter(Column::Id.eq(id))
        .filter(same)
        .exec(&**tx)
        .await?;
    Ok(changed.rows_affected == 1)
}

/// Deletes a user, who leaves roles and teams; the login name and the phone are free again.
pub(super) async fn delete(tx: &mut Tx<'_>, id: i64) -> Result<()> {
    if id == tx.ctx().principal.id {
        return Err(last_administrator());
    }
    roles::lock_administrators(tx).await?;
    let user = lock(tx, id).await?;
    demand_charge_of(tx, id).await?;
    let (name, phone) = (given_up(&user.username, id), user.phone.clone().unwrap_or_default());
    let mut row = user.into_active_model();
    row.username = Set(name);
    row.phone = Set(None);
    row.deleted_phone = Set(phone);
    tx.delete(row).await?;
    roles::end_links(tx, id).await?;
    crate::team::leave_all(tx, id).await?;
    demand_administrator(tx).await?;
    end_logins(tx, Kind::User, id, 0).await
}

/// Takes back a deletion: the user has name, phone, roles and teams again.
pub(super) async fn restore(tx: &Tx<'_>, id: i64) -> Result<user_info::Model> {
    let user = tx.deleted::<user_info::Entity>(id, "user").await?;
    let username = taken_back(&user.username, id);
    if query::by_username(&**tx, tx.ctx().tenant, &username).await?.is_some() {
        return Err(taken("username"));
    }
    let phone = free_phone(tx, &user.deleted_phone, id).await?;
    let mut row = user.into_active_model();
    row.username = Set(username);
    row.phone = Set(phone);
    row.deleted_phone = Set(String::new());
    let user = tx.restore(row).await.map_err(|error| error.or_taken(&["username", "phone"]))?;
    roles::restore_links(tx, id).await?;
    demand_charge_of(tx, id).await?;
    crate::team::rejoin_all(tx, id).await?;
    Ok(user)
}

/// A user, locked until the transaction ends.
async fn lock(tx: &Tx<'_>, id: i64) -> Result<user_info::Model> {
    let row = user_info::Entity::one(tx.ctx().tenant, id).lock_exclusive().one(&**tx).await?;
    row.ok_or_else(|| not_found("user"))
}

async fn serves(tx: &Tx<'_>, user: &user_info::Model) -> Result<bool> {
    Ok(user.status == ENABLED && roles::hold(&roles::of_user(&**tx, tx.ctx().tenant, user.id).await?, SERVE))
}

/// Fails if the transaction leaves no administrator who may log in; the administrators are locked.
async fn demand_administrator(tx: &Tx<'_>) -> Result<()> {
    let tenant = tx.ctx().tenant;
    let role = role::Entity::of(tenant).filter(role::Column::Code.eq(roles::ADMINISTRATOR)).one(&**tx).await?;
    let links = user_role::Entity::of(tenant).filter(user_role::Column::RoleId.eq(role.map_or(0, |role| role.id)));
    let holders = links.all(&**tx).await?.into_iter().map(|link| link.user_id);
    let enabled = user_info::Entity::of(tenant)
        .filter(user_info::Column::Id.is_in(holders))
        .filter(user_info::Column::Status.eq(ENABLED))
        .one(&**tx)
        .await?;
    if enabled.is_some() { Ok(()) } else { Err(last_administrator()) }
}

fn last_administrator() -> Error {
    refuse(ErrorReason::LastAdministrator)
}

/// A phone that nobody but the user with this id has; none if it is empty.
async fn free_phone(tx: &Tx<'_>, phone: &str, id: i64) -> Result<Option<String>> {
    if phone.is_empty() {
        return Ok(None);
    }
    match query::by_phone(&**tx, tx.ctx().tenant, phone).await? {
        Some(other) if other.id != id => Err(taken("phone")),
        _ => Ok(Some(phone.to_owned())),
    }
}

/// A name without what cannot be seen.
pub(super) fn required(name: &str) -> Result<String> {
    let name = clean(name);
    if name.is_empty() { Err(invalid("name", "required")) } else { Ok(name) }
}
