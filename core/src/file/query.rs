//! Who may have a file.

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, QueryFilter};

use crate::access::Ctx;
use crate::db::{Scoped, TenantId};
use crate::error::{Result, not_found};
use crate::file::entity::file_info;
use crate::session::query::visible_session;

/// A file that the caller may see.
pub(super) async fn visible(db: &impl ConnectionTrait, ctx: &Ctx, id: i64) -> Result<file_info::Model> {
    let row = find(db, ctx, id).await?;
    if owns(ctx, &row) {
        return Ok(row);
    }
    if row.session_id == 0 {
        // A face belongs to whoever sees the name.
        let face = crate::user::is_avatar(db, ctx.tenant, id).await?;
        return if face { Ok(row) } else { Err(not_found("file")) };
    }
    // That there is such a session is not told either.
    let session = visible_session(db, ctx, row.session_id).await;
    session.map_err(|error| if error.problem().is_some() { not_found("file") } else { error })?;
    Ok(row)
}

/// A file that the caller may use: one of the session, or an upload of the caller's own that belongs to none. The
/// latter is given as a file of the session, which [`join`] makes it.
pub(crate) async fn for_message(
    db: &impl ConnectionTrait,
    ctx: &Ctx,
    file_id: i64,
    session_id: i64,
) -> Result<file_info::Model> {
    let row = find(db, ctx, file_id).await?;
    let of_session = session_id != 0 && row.session_id == session_id;
    let free = row.session_id == 0 && owns(ctx, &row);
    if of_session || free { Ok(file_info::Model { session_id, ..row }) } else { Err(not_found("file")) }
}

/// A file that belonged to no session belongs to one from now on, so that the others there see it too. To be called
/// in the transaction that stores the message.
pub(crate) async fn join(db: &impl ConnectionTrait, tenant: TenantId, file_id: i64, session_id: i64) -> Result<()> {
    file_info::Entity::change(tenant)
        .col_expr(file_info::Column::SessionId, Expr::value(session_id))
        .filter(file_info::Column::Id.eq(file_id))
        .filter(file_info::Column::SessionId.eq(0))
        .exec(db)
        .await?;
    Ok(())
}

async fn find(db: &impl ConnectionTrait, ctx: &Ctx, id: i64) -> Result<file_info::Model> {
    file_info::Entity::one(ctx.tenant, id).one(db).await?.ok_or_else(|| not_found("file"))
}

fn owns(ctx: &Ctx, row: &file_info::Model) -> bool {
    i32::from(row.owner_kind) == i32::from(ctx.principal.kind) && row.owner_id == ctx.principal.id
}
