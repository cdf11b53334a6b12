//! Queries about users that more than one method needs.

use std::collections::HashMap;

use kefu_proto::common::v1::principal::Kind;
use kefu_proto::user::v1::UserInfo;
use sea_orm::sea_query::{Expr, ExprTrait, Func};
use sea_orm::{ColumnTrait, ConnectionTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::Core;
use crate::access::Principal;
use crate::customer::entity::customer;
use crate::db::{Scoped, TenantId};
use crate::error::{Result, not_found};
use crate::user::entity::{user_info, user_role};
use crate::user::{ENABLED, convert, role};

/// Somebody who can be reached by a phone.
pub(super) enum Owner {
    /// A staff user who may log in.
    User(user_info::Model),
    /// A customer.
    Customer(customer::Model),
}

/// A user.
pub(super) async fn user(db: &impl ConnectionTrait, tenant: TenantId, id: i64) -> Result<user_info::Model> {
    user_info::Entity::one(tenant, id).one(db).await?.ok_or_else(|| not_found("user"))
}

/// The user with a login name, however its letters are written.
pub(super) async fn by_username(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    username: &str,
) -> Result<Option<user_info::Model>> {
    let name = Expr::expr(Func::lower(Expr::col(user_info::Column::Username)));
    Ok(user_info::Entity::of(tenant).filter(name.eq(username.to_lowercase())).one(db).await?)
}

/// The user with a phone.
pub(super) async fn by_phone(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    phone: &str,
) -> Result<Option<user_info::Model>> {
    Ok(user_info::Entity::of(tenant).filter(user_info::Column::Phone.eq(phone)).one(db).await?)
}

/// Who logs in with a phone: the staff user who has it, else the customer.
pub(super) async fn owner(db: &impl ConnectionTrait, tenant: TenantId, phone: &str) -> Result<Option<Owner>> {
    if let Some(user) = by_phone(db, tenant, phone).await?.filter(|user| user.status == ENABLED) {
        return Ok(Some(Owner::User(user)));
    }
    let customer = customer::Entity::of(tenant).filter(customer::Column::Phone.eq(phone)).one(db).await?;
    Ok(customer.map(Owner::Customer))
}

/// A user's own account.
pub(super) async fn info(core: &Core, user: &user_info::Model) -> Result<UserInfo> {
    let tenant = TenantId(user.tenant_id);
    let roles = role::of_user(core.db.read(), tenant, user.id).await?;
    Ok(convert::info(user, &roles, crate::tenant::name_of(core, tenant).await?))
}

/// The account of somebody who is logged in.
pub(super) async fn info_of(core: &Core, who: &Principal) -> Result<UserInfo> {
    let db = core.db.read();
    match who.kind {
        Kind::User => info(core, &user(db, who.tenant, who.id).await?).await,
        Kind::Customer => {
            let row = customer::Entity::one(who.tenant, who.id).one(db).await?;
            customer_info(core, &row.ok_or_else(|| not_found("customer"))?).await
        }
        _ => Err(not_found("user")),
    }
}

/// A customer's own account.
pub(super) async fn customer_info(core: &Core, customer: &customer::Model) -> Result<UserInfo> {
    let tenant = TenantId(customer.tenant_id);
    let permissions = role::of_customers(core.db.read(), tenant).await?;
    Ok(crate::customer::info(customer, crate::tenant::name_of(core, tenant).await?, permissions))
}

/// The roles' ids of each user.
pub(super) async fn role_ids(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    user_ids: &[i64],
) -> Result<HashMap<i64, Vec<i64>>> {
    let links = user_role::Entity::of(tenant)
        .filter(user_role::Column::UserId.is_in(user_ids.iter().copied()))
        .order_by_asc(user_role::Column::RoleId)
        .all(db)
        .await?;
    let mut roles: HashMap<i64, Vec<i64>> = HashMap::new();
    for link in links {
        roles.entry(link.user_id).or_default().push(link.role_id);
    }
    Ok(roles)
}

/// The names of users.
pub(crate) async fn names(db: &impl ConnectionTrait, tenant: TenantId, ids: &[i64]) -> Result<HashMap<i64, String>> {
    let rows = user_info::Entity::of(tenant)
        .filter(user_info::Column::Id.is_in(ids.iter().copied()))
        .select_only()
        .column(user_info::Column::Id)
        .column(user_info::Column::Name)
        .into_tuple::<(i64, String)>()
        .all(db)
        .await?;
    Ok(rows.into_iter().collect())
}

/// Whether a file is a user's avatar.
pub(crate) async fn is_avatar(db: &impl ConnectionTrait, tenant: TenantId, file_id: i64) -> Result<bool> {
    let user = user_info::Entity::of(tenant).filter(user_info::Column::AvatarFileId.eq(file_id)).limit(1);
    Ok(user.one(db).await?.is_some())
}
