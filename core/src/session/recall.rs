//! Recalling a message: its words go, its place in the sequence stays.

use kefu_proto::common::v1::ErrorReason;
use kefu_proto::error::Problem;
use kefu_proto::session::v1::RecallMessageRequest;
use kefu_proto::session::v1::message::ContentType;
use sea_orm::{ActiveValue::Set, ColumnTrait, IntoActiveModel, QueryFilter};

use crate::db::{Scoped, Tx, code};
use crate::error::{Result, forbidden, not_found};
use crate::job::Job;
use crate::session::audience;
use crate::session::entity::{chat_message, chat_session};
use crate::session::state::{lock_visible, save};

/// What stands in a list for a message that was recalled.
const RECALLED: &str = "[已撤回]";

/// Empties a message of the caller; its place stays. Gives the session too, unless the message was empty already.
pub(crate) async fn recall(
    tx: &mut Tx<'_>,
    req: &RecallMessageRequest,
) -> Result<(chat_message::Model, Option<chat_session::Model>)> {
    let ctx = tx.ctx();
    let session = lock_visible(tx, req.id).await?;
    let row = chat_message::Entity::one(ctx.tenant, req.message_id).one(&**tx).await?;
    let row = row.filter(|m| m.session_id == session.id).ok_or_else(|| not_found("message"))?;
    if row.sender_id != ctx.principal.id || row.sender_kind != code(ctx.principal.kind) {
        return Err(forbidden());
    }
    if row.recalled {
        return Ok((row, None));
    }
    let limit = crate::settings::general(&**tx, ctx.tenant).await?.recall_seconds;
    if (tx.now() - row.create_time).num_seconds() >= i64::from(limit) {
        return Err(Problem::new(ErrorReason::RecallExpired).with("seconds", limit).into());
    }
    let in_the_list = !is_followed(tx, &row).await?;
    let version = session.version;
    let mut change = session.into_active_model();
    if in_the_list {
        change.last_message = Set(RECALLED.to_owned());
    }
    let session = save(tx, change, version).await?;
    let mut change = row.into_active_model();
    change.content = Set(String::new());
    change.file_id = Set(0);
    change.recalled = Set(true);
    change.recall_version = Set(session.version);
    let row = tx.update(change).await?;
    tx.enqueue(tx.now(), &Job::Unindex { message_id: row.id }).await?;
    tx.push(audience::message_push(&session, &row, None));
    Ok((row, Some(session)))
}

/// Whether somebody has said something since: then that is what lists show.
async fn is_followed(tx: &Tx<'_>, message: &chat_message::Model) -> Result<bool> {
    let later = chat_message::Entity::of(tx.ctx().tenant)
        .filter(chat_message::Column::SessionId.eq(message.session_id))
        .filter(chat_message::Column::Seq.gt(message.seq))
        .filter(chat_message::Column::ContentType.ne(code(ContentType::Event)));
    Ok(later.one(&**tx).await?.is_some())
}
