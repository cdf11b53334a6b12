//! Roles. The preset ones are made with a tenant and brought up to date at each start, so that they hold what later
//! versions add.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use kefu_proto::common::v1::access::Audience;
use kefu_proto::contract;
use kefu_proto::user::v1::Permission;
use kefu_proto::user::v1::role::DataScope;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, QueryFilter, QueryOrder, QuerySelect};
use serde_json::Value as Json;

use crate::clock::{Clock, Time};
use crate::db::{Db, Scoped, TenantId, Tx, insert_row};
use crate::error::{Result, invalid};
use crate::user::entity::{role, user_role};
use crate::user::grant;

/// Manages the installation.
pub(crate) const ADMINISTRATOR: &str = "administrator";
/// Leads agents.
pub(crate) const SUPERVISOR: &str = "supervisor";
/// Serves customers.
pub(crate) const AGENT: &str = "agent";
/// What customers may do; no user has it.
pub(crate) const CUSTOMER: &str = "customer";

/// What supervisors may not do of what administrators may.
const NOT_SUPERVISOR: [&str; 5] =
    ["user:write", "role:write", "settings:write", "sent-message:read", "operation-log:read"];
const OF_AGENT: [&str; 20] = [
    "agent:read",
    "agent:serve",
    "customer:read",
    "customer:write",
    "dictionary:read",
    "file:read",
    "file:write",
    "link:read",
    "link:write",
    "quick-reply:read",
    "quick-reply:write",
    "session:close",
    "session:create",
    "session:note",
    "session:read",
    "session:read-assignment",
    "session:send",
    "session:transfer",
    "settings:read",
    "team:read",
];
const OF_CUSTOMER: [&str; 8] = [
    "file:read",
    "file:write",
    "session:close",
    "session:create",
    "session:leave-message",
    "session:rate",
    "session:read",
    "session:send",
];

struct Preset {
    code: &'static str,
    name: &'static str,
    scope: DataScope,
    permissions: Vec<&'static str>,
}

fn presets() -> [Preset; 4] {
    let staff: Vec<_> = of_staff().into_iter().collect();
    let supervisor = staff.iter().copied().filter(|code| !NOT_SUPERVISOR.contains(code)).collect();
    [
        Preset { code: ADMINISTRATOR, name: "系统管理员", scope: DataScope::All, permissions: staff },
        Preset { code: SUPERVISOR, name: "客服主管", scope: DataScope::All, permissions: supervisor },
        Preset { code: AGENT, name: "客服专员", scope: DataScope::Self_, permissions: OF_AGENT.to_vec() },
        Preset { code: CUSTOMER, name: "客户", scope: DataScope::Self_, permissions: OF_CUSTOMER.to_vec() },
    ]
}

/// The permissions of methods that staff can call.
fn of_staff() -> BTreeSet<&'static str> {
    let methods = contract::methods().values().filter(|m| m.access.audience().any(|a| a == Audience::Staff));
    methods.flat_map(|m| &m.access.permission).map(String::as_str).collect()
}

/// The permission codes in a role's column.
pub(crate) fn permissions(column: &Json) -> Vec<String> {
    crate::user::convert::strings(column)
}

/// Every permission with the methods that it opens, by code.
pub(super) fn all_permissions() -> Vec<Permission> {
    let mut methods: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for method in contract::methods().values() {
        for code in &method.access.permission {
            methods.entry(code).or_default().push(method.path.trim_start_matches('/').to_owned());
        }
    }
    let permission = |(code, methods): (&str, Vec<String>)| Permission {
        code: code.to_owned(),
        group: code.split(':').next().unwrap_or_default().to_owned(),
        methods,
    };
    methods.into_iter().map(permission).collect()
}

/// Makes the preset roles of a new tenant.
pub(crate) async fn seed(db: &impl ConnectionTrait, tenant: TenantId, now: Time) -> Result<()> {
    for preset in presets() {
        let row = role::ActiveModel {
            code: Set(preset.code.to_owned()),
            name: Set(preset.name.to_owned()),
            preset: Set(true),
            data_scope: Set(crate::db::code(preset.scope)),
            permissions: Set(preset.permissions.into()),
            description: Set(String::new()),
            ..Default::default()
        };
        insert_row(db, tenant, 0, now, row).await?;
    }
    Ok(())
}

/// Gives the preset roles of every tenant what this version gives them.
pub(crate) async fn refresh(db: &Db, clock: &Clock) -> Result<()> {
    let presets = presets();
    let rows = role::Entity::of_all_tenants().filter(role::Column::Preset.eq(true)).all(db.read()).await?;
    for row in rows {
        let Some(preset) = presets.iter().find(|preset| preset.code == row.code) else { continue };
        if permissions(&row.permissions) == preset.permissions {
            continue;
        }
        let txn = db.begin().await?;
        role::Entity::change(TenantId(row.tenant_id))
            .col_expr(role::Column::Permissions, Expr::value(Json::from(preset.permissions.clone())))
            .col_expr(role::Column::UpdateTime, Expr::value(clock.now()))
            .filter(role::Column::Id.eq(row.id))
            .exec(&txn)
            .await?;
        txn.commit().await?;
    }
    Ok(())
}

/// The roles of a user.
pub(super) async fn of_user(db: &impl ConnectionTrait, tenant: TenantId, user_id: i64) -> Result<Vec<role::Model>> {
    let ids = user_role::Entity::of(tenant).filter(user_role::Column::UserId.eq(user_id));
    let ids = ids.select_only().column(user_role::Column::RoleId).into_tuple::<i64>().all(db).await?;
    Ok(role::Entity::of(tenant).filter(role::Column::Id.is_in(ids)).all(db).await?)
}

/// The users who have a role.
pub(super) async fn holders(db: &impl ConnectionTrait, tenant: TenantId, role_id: i64) -> Result<Vec<i64>> {
    let links = user_role::Entity::of(tenant).filter(user_role::Column::RoleId.eq(role_id));
    let ids = links.select_only().column(user_role::Column::UserId).order_by_asc(user_role::Column::UserId);
    Ok(ids.into_tuple::<i64>().all(db).await?)
}

/// The users who hold a permission, by whichever of their roles.
pub(crate) async fn who_may(db: &impl ConnectionTrait, tenant: TenantId, permission: &str) -> Result<BTreeSet<i64>> {
    let mut users = BTreeSet::new();
    for role in role::Entity::of(tenant).all(db).await? {
        if hold(std::slice::from_ref(&role), permission) {
            users.extend(holders(db, tenant, role.id).await?);
        }
    }
    Ok(users)
}

/// How many users have each role.
pub(super) async fn user_counts(db: &impl ConnectionTrait, tenant: TenantId) -> Result<HashMap<i64, i32>> {
    let counts = user_role::Entity::of(tenant)
        .select_only()
        .column(user_role::Column::RoleId)
        .column_as(user_role::Column::Id.count(), "users")
        .group_by(user_role::Column::RoleId)
        .into_tuple::<(i64, i64)>()
        .all(db)
        .await?;
    Ok(counts.into_iter().map(|(role_id, users)| (role_id, i32::try_from(users).unwrap_or(i32::MAX))).collect())
}

/// The permissions of customers.
pub(crate) async fn of_customers(db: &impl ConnectionTrait, tenant: TenantId) -> Result<Vec<String>> {
    let row = role::Entity::of(tenant).filter(role::Column::Code.eq(CUSTOMER)).one(db).await?;
    Ok(row.map(|row| permissions(&row.permissions)).unwrap_or_default())
}

/// Whether one of the roles holds a permission.
pub(super) fn hold(roles: &[role::Model], permission: &str) -> bool {
    roles.iter().any(|role| permissions(&role.permissions).iter().any(|code| code == permission))
}

/// Gives a user these roles and no others.
pub(super) async fn assign(tx: &Tx<'_>, user_id: i64, role_ids: &[i64]) -> Result<()> {
    let tenant = tx.ctx().tenant;
    let wanted: BTreeSet<i64> = role_ids.iter().copied().collect();
    let found = role::Entity::of(tenant)
        .filter(role::Column::Id.is_in(wanted.iter().copied()))
        .filter(role::Column::Code.ne(CUSTOMER))
        // A role that is given is not deleted meanwhile.
        .lock_exclusive()
        .all(&**tx)
        .await?;
    if found.len() != wanted.len() {
        return Err(invalid("roleIds", "not_found"));
    }
    let held: BTreeSet<i64> = of_user(&**tx, tenant, user_id).await?.into_iter().map(|role| role.id).collect();
    let new: Vec<_> = found.into_iter().filter(|role| !held.contains(&role.id)).collect();
    grant::demand_roles_held(tx.ctx(), &new)?;
    remove(tx, user_id, held.difference(&wanted).copied().collect()).await?;
    for role in new {
        let link = user_role::ActiveModel { user_id: Set(user_id), role_id: Set(role.id), ..Default::default() };
        tx.insert(link).await?;
    }
    Ok(())
}

/// Takes roles from a user. The number of the link stands in for the role, which frees the unique pair.
async fn remove(tx: &Tx<'_>, user_id: i64, role_ids: Vec<i64>) -> Result<()> {
    user_role::Entity::change(tx.ctx().tenant)
        .col_expr(user_role::Column::Deleted, Expr::value(1))
        .col_expr(user_role::Column::RoleId, Expr::value(0).sub(Expr::col(user_role::Column::Id)))
        .col_expr(user_role::Column::UpdateTime, Expr::value(tx.now()))
        .col_expr(user_role::Column::UpdateBy, Expr::value(tx.ctx().principal.id))
        .filter(user_role::Column::UserId.eq(user_id))
        .filter(user_role::Column::RoleId.is_in(role_ids))
        .exec(&**tx)
        .await?;
    Ok(())
}

/// Ends the roles of a user who is being deleted. Nobody gives that user any: both ends stay as they are.
pub(super) async fn end_links(tx: &Tx<'_>, user_id: i64) -> Result<()> {
    let links = user_role::Entity::change(tx.ctx().tenant).col_expr(user_role::Column::Deleted, Expr::value(1));
    links.filter(user_role::Column::UserId.eq(user_id)).exec(&**tx).await?;
    Ok(())
}

/// Gives a user who is back those roles again that are still there.
pub(super) async fn restore_links(tx: &Tx<'_>, user_id: i64) -> Result<()> {
    let there = role::Entity::of(tx.ctx().tenant).select_only().column(role::Column::Id);
    let there: Vec<i64> = there.lock_exclusive().into_tuple().all(&**tx).await?;
    user_role::Entity::change_deleted(tx.ctx().tenant)
        .col_expr(user_role::Column::Deleted, Expr::value(0))
        .filter(user_role::Column::UserId.eq(user_id))
        .filter(user_role::Column::RoleId.is_in(there))
        .exec(&**tx)
        .await?;
    Ok(())
}

/// Makes the transactions that could take the last administrator run one after another: each locks this row first.
pub(super) async fn lock_administrators(tx: &Tx<'_>) -> Result<()> {
    let row = role::Entity::of(tx.ctx().tenant).filter(role::Column::Code.eq(ADMINISTRATOR));
    row.lock_exclusive().one(&**tx).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use kefu_proto::contract;

    use super::{ADMINISTRATOR, AGENT, CUSTOMER, SUPERVISOR, presets};

    #[test]
    fn presets_hold_what_the_contract_knows() {
        let known = contract::permissions();
        for preset in presets() {
            let unknown: Vec<_> = preset.permissions.iter().filter(|code| !known.contains(*code)).collect();
            assert!(unknown.is_empty(), "{}: {unknown:?}", preset.code);
            let set: BTreeSet<_> = preset.permissions.iter().collect();
            assert_eq!(set.len(), preset.permissions.len(), "{}", preset.code);
        }
    }

    #[test]
    fn every_permission_is_somebodys() {
        let held: BTreeSet<_> = presets().into_iter().flat_map(|preset| preset.permissions).collect();
        assert_eq!(held, contract::permissions());
    }

    #[test]
    fn rights_rise_from_agent_to_administrator() {
        let [administrator, supervisor, agent, customer] = presets();
        assert_eq!(
            [administrator.code, supervisor.code, agent.code, customer.code],
            [ADMINISTRATOR, SUPERVISOR, AGENT, CUSTOMER]
        );
        assert!(agent.permissions.iter().all(|code| supervisor.permissions.contains(code)));
        assert!(supervisor.permissions.iter().all(|code| administrator.permissions.contains(code)));
        assert!(!supervisor.permissions.contains(&"user:write") && supervisor.permissions.contains(&"team:write"));
        assert!(!administrator.permissions.contains(&"session:rate"));
    }
}
