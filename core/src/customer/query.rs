//! Queries and changes that more than one method needs.

use kefu_proto::customer::v1::customer::ArchiveStatus;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, QueryFilter};

use crate::access::contains;
use crate::customer::entity::customer;
use crate::db::{Scoped, TenantId, Tx, code};
use crate::error::{Result, not_found, taken};

/// A customer.
pub(super) async fn find(db: &impl ConnectionTrait, tenant: TenantId, id: i64) -> Result<customer::Model> {
    customer::Entity::one(tenant, id).one(db).await?.ok_or_else(|| not_found("customer"))
}

/// The customer with a phone.
pub(super) async fn by_phone(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    phone: &str,
) -> Result<Option<customer::Model>> {
    Ok(customer::Entity::of(tenant).filter(customer::Column::Phone.eq(phone)).one(db).await?)
}

/// Customers whose name, phone or institution holds the keyword; all for none.
pub(super) fn matching(keyword: &str) -> Condition {
    use customer::Column;
    if keyword.is_empty() {
        Condition::all()
    } else {
        contains(&[Column::Name, Column::Phone, Column::Institution], keyword)
    }
}

/// No other customer than `except` has the phone.
pub(super) async fn demand_free_phone(tx: &Tx<'_>, except: i64, phone: &str) -> Result<()> {
    match by_phone(&**tx, tx.ctx().tenant, phone).await? {
        Some(other) if other.id != except => Err(taken("phone")),
        _ => Ok(()),
    }
}

/// A customer's session is over: a temporary customer waits to be archived from now on.
pub(crate) async fn service_ended(tx: &Tx<'_>, customer_id: i64) -> Result<()> {
    use customer::Column;
    customer::Entity::change(tx.ctx().tenant)
        .col_expr(Column::ArchiveStatus, Expr::value(code(ArchiveStatus::Pending)))
        .col_expr(Column::PendingTime, Expr::value(tx.now()))
        .col_expr(Column::UpdateTime, Expr::value(tx.now()))
        .filter(Column::Id.eq(customer_id))
        .filter(Expr::col(Column::ArchiveStatus).eq(code(ArchiveStatus::Temporary)))
        .exec(&**tx)
        .await?;
    Ok(())
}
