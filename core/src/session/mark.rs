//! The mark of unread: an agent has looked at a session, but not dealt with it. What the customer sees as read stays
//! read, so this is a mark of its own.

use kefu_proto::session::v1::session::Status;
use sea_orm::{ActiveValue::Set, IntoActiveModel};

use crate::db::Tx;
use crate::error::{Result, forbidden};
use crate::session::entity::chat_session;
use crate::session::state::{demand_status, is_agent, lock_visible, save};

/// Marks a session of the caller's as unread.
pub(crate) async fn unread(tx: &Tx<'_>, id: i64) -> Result<chat_session::Model> {
    let session = lock_visible(tx, id).await?;
    demand_status(&session, &[Status::Active])?;
    if !is_agent(tx.ctx(), &session) {
        return Err(forbidden());
    }
    let version = session.version;
    let mut row = session.into_active_model();
    row.marked_unread = Set(true);
    save(tx, row, version).await
}
