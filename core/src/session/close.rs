//! The end of a session: it is closed, and rated.

use kefu_proto::common::v1::ErrorReason;
use kefu_proto::session::v1::RateSessionRequest;
use kefu_proto::session::v1::session::{CloseReason, Status};
use sea_orm::{ActiveValue::Set, IntoActiveModel};

use crate::db::{Tx, code};
use crate::error::{Result, refuse};
use crate::event::Event;
use crate::session::entity::chat_session;
use crate::session::message::say;
use crate::session::state::{clear_transfer, lock_visible, relieve, save, status};

/// Ends a locked session, whoever serves it, and all that hangs on it.
pub(crate) async fn close(
    tx: &mut Tx<'_>,
    session: chat_session::Model,
    reason: CloseReason,
) -> Result<chat_session::Model> {
    let mut session = session;
    let (summary, problem_type) = (session.summary.clone(), session.problem_type.clone());
    say(tx, &mut session, "closed".to_owned(), "会话已结束").await?;
    if session.agent_id != 0 && status(&session) == Status::Active {
        relieve(tx, session.agent_id).await?;
    }
    let (version, customer_id) = (session.version, session.customer_id);
    let mut row = session.into_active_model();
    row.summary = Set(summary);
    row.problem_type = Set(problem_type);
    row.status = Set(code(Status::Closed));
    row.close_time = Set(Some(tx.now()));
    row.close_reason = Set(code(reason));
    row.unanswered_since = Set(None);
    clear_transfer(&mut row);
    let session = save(tx, row, version).await?;
    crate::customer::service_ended(tx, customer_id).await?;
    tx.emit(&Event::SessionClosed { session_id: session.id }).await?;
    Ok(session)
}

/// The customer says how it was, once.
pub(crate) async fn rate(tx: &Tx<'_>, req: RateSessionRequest) -> Result<chat_session::Model> {
    let session = lock_visible(tx, req.id).await?;
    if status(&session) != Status::Closed || session.assign_time.is_none() {
        return Err(refuse(ErrorReason::SessionState));
    }
    if session.rating_time.is_some() {
        return Err(refuse(ErrorReason::AlreadyRated));
    }
    let version = session.version;
    let mut row = session.into_active_model();
    row.rating_score = Set(req.score);
    row.rating_tags = Set(serde_json::json!(req.tags));
    row.rating_comment = Set(req.comment);
    row.rating_time = Set(Some(tx.now()));
    save(tx, row, version).await
}
