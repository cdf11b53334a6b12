//! The mark of unread: an agent has looked at a session, but not dealt with it. What the customer sees as read stays
//! read, so this is a mark of its own.

use kefu_proto::session::v1::session::Status;
use sea_orm::{ActiveValue::Set, IntoActiveModel};

use crate::db::Tx;
use crate::error::{Result, forbidden};
use crate::session::entity::chat_session;
use crate::session::state::{demand_status, is_agent, lock_visible, save};

/// Marks a session of the caller's as unread, who has read it up to a sequence.
pub(crate) async fn unread(tx: &Tx<'_>, id: i64, read_seq: i32) -> Result<chat_session::Model> {
    let session = own(tx, id).await?;
    // Nobody has read what was not sent yet.
    let read_seq = read_seq.min(session.last_seq);
    let (delivered, read) = (session.agent_delivered_seq.max(read_seq), session.agent_read_seq.max(read_seq));
    let version = session.version;
    let mut row = session.into_active_model();
    row.agent_delivered_seq = Set(delivered);
    row.agent_read_seq = Set(read);
    row.marked_unread = Set(true);
    save(tx, row, version).await
}

/// Takes the mark back.
pub(crate) async fn take_back(tx: &Tx<'_>, id: i64) -> Result<chat_session::Model> {
    let session = own(tx, id).await?;
    if !session.marked_unread {
        return Ok(session);
    }
    let version = session.version;
    let mut row = session.into_active_model();
    row.marked_unread = Set(false);
    save(tx, row, version).await
}

/// A session that the caller serves, locked.
async fn own(tx: &Tx<'_>, id: i64) -> Result<chat_session::Model> {
    let session = lock_visible(tx, id).await?;
    demand_status(&session, &[Status::Active])?;
    if !is_agent(tx.ctx(), &session) {
        return Err(forbidden());
    }
    Ok(session)
}
