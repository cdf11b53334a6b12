//! Queries about notifications that more than one place needs.

use kefu_proto::notification::v1::Notification;
use sea_orm::{ColumnTrait, ConnectionTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::access::Ctx;
use crate::db::Scoped;
use crate::error::Result;
use crate::notification::entity::notification;
use crate::notification::view;

/// Most that one look brings.
const MOST: u64 = 100;

/// The caller's notifications after one, oldest first: for catching up.
pub(crate) async fn after(db: &impl ConnectionTrait, ctx: &Ctx, id: i64) -> Result<Vec<Notification>> {
    let rows = notification::Entity::of(ctx.tenant)
        .filter(notification::Column::UserId.eq(ctx.principal.id))
        .filter(notification::Column::Id.gt(id))
        .order_by_asc(notification::Column::Id)
        .limit(MOST)
        .all(db)
        .await?;
    Ok(rows.iter().map(view).collect())
}

/// The id of the caller's newest notification; 0 for none.
pub(crate) async fn newest(db: &impl ConnectionTrait, ctx: &Ctx) -> Result<i64> {
    if !ctx.is_staff() {
        return Ok(0);
    }
    let newest = notification::Entity::of(ctx.tenant)
        .filter(notification::Column::UserId.eq(ctx.principal.id))
        .order_by_desc(notification::Column::Id)
        .select_only()
        .column(notification::Column::Id)
        .into_tuple::<i64>()
        .one(db)
        .await?;
    Ok(newest.unwrap_or(0))
}
