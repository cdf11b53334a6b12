//! Who may have a file.

use std::collections::HashMap;

use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, IntoActiveModel, QueryFilter, QueryOrder};

use crate::Core;
use crate::access::Ctx;
use crate::db::{Scoped, TenantId, Tx, code, insert_row};
use crate::error::{Result, not_found};
use crate::file::entity::file_info;
use crate::session::query::visible_session;

/// A file that the caller may see.
pub(super) async fn visible(db: &impl ConnectionTrait, ctx: &Ctx, id: i64) -> Result<file_info::Model> {
    let row = find(db, ctx, id).await?;
    if row.quick_reply_id != 0 {
        // Also for whoever has uploaded it: a reply that is gone gives nothing more.
        let seen = crate::settings::sees_quick_reply(db, ctx, row.quick_reply_id).await?;
        return if seen { Ok(row) } else { Err(not_found("file")) };
    }
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
    let free = row.session_id == 0 && row.quick_reply_id == 0 && owns(ctx, &row);
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

/// The file that a message may have for this one. A file of a quick reply stays where it is, so that it can be sent
/// again: the message gets a copy, which belongs to the caller until it is sent.
pub(crate) async fn for_sending(core: &Core, ctx: &Ctx, file_id: i64, session_id: i64) -> Result<file_info::Model> {
    let row = find(core.db.read(), ctx, file_id).await?;
    if row.quick_reply_id == 0 {
        return for_message(core.db.read(), ctx, file_id, session_id).await;
    }
    let row = visible(core.db.read(), ctx, file_id).await?;
    // A transaction that is not the caller's: the message is stored by the writer, and recorded by itself.
    let txn = core.db.begin().await?;
    let row = insert_row(&txn, ctx.tenant, ctx.principal.id, core.clock.now(), copy(ctx, row)).await?;
    txn.commit().await?;
    Ok(file_info::Model { session_id, ..row })
}

/// The files of quick replies, in order.
pub(crate) async fn of_quick_replies(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    quick_reply_ids: Vec<i64>,
) -> Result<HashMap<i64, Vec<file_info::Model>>> {
    use file_info::Column;
    let rows = file_info::Entity::of(tenant)
        .filter(Column::QuickReplyId.is_in(quick_reply_ids.into_iter().filter(|id| *id != 0)))
        .order_by_asc(Column::Position)
        .order_by_asc(Column::Id)
        .all(db)
        .await?;
    let mut files: HashMap<i64, Vec<file_info::Model>> = HashMap::new();
    for row in rows {
        files.entry(row.quick_reply_id).or_default().push(row);
    }
    Ok(files)
}

/// Gives a quick reply these files and no others.
pub(crate) async fn attach(tx: &Tx<'_>, quick_reply_id: i64, file_ids: &[i64]) -> Result<Vec<file_info::Model>> {
    let (ctx, tenant) = (tx.ctx(), tx.ctx().tenant);
    let before = of_quick_replies(&**tx, tenant, vec![quick_reply_id]).await?.remove(&quick_reply_id);
    for row in before.unwrap_or_default().into_iter().filter(|row| !file_ids.contains(&row.id)) {
        tx.delete(row.into_active_model()).await?;
    }
    let mut files = Vec::new();
    for (position, file_id) in (0..).zip(file_ids) {
        let row = visible(&**tx, ctx, *file_id).await?;
        let file = if row.quick_reply_id == quick_reply_id {
            let mut row = row.into_active_model();
            row.position = Set(position);
            tx.update(row).await?
        } else {
            let mut row = copy(ctx, row);
            row.quick_reply_id = Set(quick_reply_id);
            row.position = Set(position);
            tx.insert(row).await?
        };
        files.push(file);
    }
    Ok(files)
}

/// Another file with the same content, the caller's own and nobody else's.
fn copy(ctx: &Ctx, row: file_info::Model) -> file_info::ActiveModel {
    file_info::ActiveModel {
        name: Set(row.name),
        content_type: Set(row.content_type),
        size: Set(row.size),
        sha256: Set(row.sha256),
        blob_key: Set(row.blob_key),
        scan_status: Set(row.scan_status),
        session_id: Set(0),
        owner_kind: Set(code(ctx.principal.kind)),
        owner_id: Set(ctx.principal.id),
        quick_reply_id: Set(0),
        position: Set(0),
        ..Default::default()
    }
}

async fn find(db: &impl ConnectionTrait, ctx: &Ctx, id: i64) -> Result<file_info::Model> {
    file_info::Entity::one(ctx.tenant, id).one(db).await?.ok_or_else(|| not_found("file"))
}

fn owns(ctx: &Ctx, row: &file_info::Model) -> bool {
    i32::from(row.owner_kind) == i32::from(ctx.principal.kind) && row.owner_id == ctx.principal.id
}
