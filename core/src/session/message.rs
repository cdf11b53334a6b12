//! Messages: who may send, and how they get their sequence.

use kefu_proto::common::v1::ErrorReason;
use kefu_proto::common::v1::principal::Kind;
use kefu_proto::session::v1::message::ContentType;
use kefu_proto::session::v1::session::Status;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, QueryFilter};

use crate::access::Principal;
use crate::clock::Time;
use crate::db::{Scoped, TenantId, Tx, code, stamp};
use crate::error::{Error, Result, forbidden, not_found, refuse};
use crate::event::Event;
use crate::session::audience;
use crate::session::entity::{chat_message, chat_session};
use crate::session::state::status;

/// Characters of the newest message that stand in a list.
const PREVIEW: usize = 80;

/// A message on its way into a session.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub(crate) sender_kind: Kind,
    pub(crate) sender_id: i64,
    pub(crate) sender_name: String,
    pub(crate) client_msg_id: String,
    pub(crate) content_type: ContentType,
    pub(crate) content: String,
    pub(crate) file_id: i64,
    pub(crate) quote_message_id: i64,
}

impl Draft {
    /// A line written by Kefu. `what` names the occasion, so that one occasion writes one line.
    pub(crate) fn event(what: String, content: impl Into<String>) -> Self {
        Self {
            sender_kind: Kind::System,
            sender_id: 0,
            sender_name: "Kefu".to_owned(),
            client_msg_id: what,
            content_type: ContentType::Event,
            content: content.into(),
            file_id: 0,
            quote_message_id: 0,
        }
    }

    /// Words that came with another request than a send. `what` names the occasion.
    pub(crate) fn words((kind, id, name): (Kind, i64, &str), what: String, content: &str) -> Self {
        Self {
            sender_kind: kind,
            sender_id: id,
            sender_name: name.to_owned(),
            client_msg_id: what,
            content_type: ContentType::Text,
            content: content.to_owned(),
            file_id: 0,
            quote_message_id: 0,
        }
    }

    /// What stands in a list for the message.
    fn preview(&self) -> String {
        match self.content_type {
            ContentType::Image => "[图片]".to_owned(),
            ContentType::File => "[文件]".to_owned(),
            _ => self.content.chars().take(PREVIEW).collect(),
        }
    }
}

/// May this principal send into this session now? Decided in the transaction that stores the message, so that a
/// close or a transfer a moment before counts.
pub(crate) fn may_send(session: &chat_session::Model, principal: &Principal) -> Result<(), Error> {
    let is_participant = match principal.kind {
        Kind::Customer => session.customer_id == principal.id,
        _ => session.agent_id == principal.id,
    };
    if !is_participant {
        let asked = principal.kind == Kind::User && session.transfer_to == principal.id;
        let sees = asked || principal.sees(session.customer_id, session.agent_id, session.team_id);
        return Err(if sees { forbidden() } else { not_found("session") });
    }
    match status(session) {
        Status::Closed => Err(refuse(ErrorReason::SessionClosed)),
        _ => Ok(()),
    }
}

/// Adds messages to a session whose row this transaction has locked. `session` is brought up to date.
pub(crate) async fn append(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    now: Time,
    session: &mut chat_session::Model,
    drafts: Vec<Draft>,
) -> Result<Vec<chat_message::Model>> {
    if drafts.is_empty() {
        return Ok(Vec::new());
    }
    let before = session.last_seq;
    note_senders(session, &drafts, now);
    session.last_seq += i32::try_from(drafts.len()).unwrap_or(i32::MAX);
    // A line of Kefu's own says nothing of what it is about.
    if let Some(words) = drafts.iter().rfind(|draft| draft.content_type != ContentType::Event) {
        session.last_message = words.preview();
    }
    session.last_message_time = Some(now);
    session.version += 1;
    advance(db, tenant, now, before, session).await?;
    let rows = (before + 1..).zip(drafts).map(|(seq, draft)| row(tenant, now, session.id, seq, draft)).collect();
    insert_all(db, rows).await
}

/// Moves the marks that follow from who has spoken.
fn note_senders(session: &mut chat_session::Model, drafts: &[Draft], now: Time) {
    for (seq, draft) in (session.last_seq + 1..).zip(drafts) {
        match draft.sender_kind {
            Kind::Customer => {
                session.customer_time = now;
                session.unanswered_since.get_or_insert(now);
                session.customer_delivered_seq = seq;
                session.customer_read_seq = seq;
            }
            Kind::User => {
                session.unanswered_since = None;
                session.reminded = false;
                session.first_reply_time.get_or_insert(now);
                session.agent_delivered_seq = seq;
                session.agent_read_seq = seq;
                session.marked_unread = false;
            }
            _ => {}
        }
    }
}

/// Writes the session's row. That the sequence is still the one that was read is a condition of the update: a
/// sequence is never given twice, even if a lock were not one.
async fn advance(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    now: Time,
    before: i32,
    session: &chat_session::Model,
) -> Result<()> {
    use chat_session::Column as C;
    let moved = chat_session::Entity::change(tenant)
        .col_expr(C::LastSeq, Expr::value(session.last_seq))
        .col_expr(C::LastMessage, Expr::value(session.last_message.clone()))
        .col_expr(C::LastMessageTime, Expr::value(session.last_message_time))
        .col_expr(C::CustomerTime, Expr::value(session.customer_time))
        .col_expr(C::UnansweredSince, Expr::value(session.unanswered_since))
        .col_expr(C::FirstReplyTime, Expr::value(session.first_reply_time))
        .col_expr(C::Reminded, Expr::value(session.reminded))
        .col_expr(C::CustomerDeliveredSeq, Expr::value(session.customer_delivered_seq))
        .col_expr(C::CustomerReadSeq, Expr::value(session.customer_read_seq))
        .col_expr(C::AgentDeliveredSeq, Expr::value(session.agent_delivered_seq))
        .col_expr(C::AgentReadSeq, Expr::value(session.agent_read_seq))
        .col_expr(C::MarkedUnread, Expr::value(session.marked_unread))
        .col_expr(C::Version, Expr::col(C::Version).add(1))
        .col_expr(C::UpdateTime, Expr::value(now))
        .filter(C::Id.eq(session.id))
        .filter(C::LastSeq.eq(before))
        .exec(db)
        .await?;
    if moved.rows_affected == 1 { Ok(()) } else { Err(refuse(ErrorReason::Conflict)) }
}

fn row(tenant: TenantId, now: Time, session_id: i64, seq: i32, draft: Draft) -> chat_message::ActiveModel {
    let mut row = chat_message::ActiveModel {
        session_id: Set(session_id),
        seq: Set(seq),
        sender_kind: Set(code(draft.sender_kind)),
        sender_id: Set(draft.sender_id),
        sender_name: Set(draft.sender_name),
        client_msg_id: Set(draft.client_msg_id),
        content_type: Set(code(draft.content_type)),
        content: Set(draft.content),
        file_id: Set(draft.file_id),
        quote_message_id: Set(draft.quote_message_id),
        recalled: Set(false),
        recall_version: Set(0),
        ..Default::default()
    };
    stamp(&mut row, tenant, draft.sender_id, now);
    row
}

/// Inserts messages in one statement.
pub(crate) async fn insert_all(
    db: &impl ConnectionTrait,
    rows: Vec<chat_message::ActiveModel>,
) -> Result<Vec<chat_message::Model>> {
    if db.get_database_backend() != DbBackend::MySql {
        return Ok(chat_message::Entity::insert_many(rows).exec_with_returning(db).await?);
    }
    // MySQL cannot return rows, but gives one statement's rows consecutive ids, and answers with the first.
    let first = chat_message::Entity::insert_many(rows.clone()).exec(db).await?.last_insert_id.unwrap_or_default();
    let with_id = (first..).zip(rows).map(|(id, mut row)| {
        row.id = Set(id);
        chat_message::Model::try_from(row)
    });
    Ok(with_id.collect::<Result<Vec<_>, _>>()?)
}

/// Adds a line written by Kefu to a session that `tx` has locked, and pushes it.
pub(crate) async fn say(tx: &mut Tx<'_>, session: &mut chat_session::Model, what: String, text: &str) -> Result<()> {
    if text.is_empty() {
        return Ok(());
    }
    put(tx, session, Draft::event(what, text)).await.map(drop)
}

/// Adds somebody's words to a session that `tx` has locked, pushes them, and lets them be found.
pub(crate) async fn post(tx: &mut Tx<'_>, session: &mut chat_session::Model, draft: Draft) -> Result<()> {
    let message_ids = put(tx, session, draft).await?;
    tx.emit(&Event::MessagesSent { message_ids }).await?;
    Ok(())
}

async fn put(tx: &mut Tx<'_>, session: &mut chat_session::Model, draft: Draft) -> Result<Vec<i64>> {
    let (tenant, now) = (tx.ctx().tenant, tx.now());
    let messages = append(&**tx, tenant, now, session, vec![draft]).await?;
    for message in &messages {
        tx.push(audience::message_push(tenant, session, message, None));
    }
    Ok(messages.into_iter().map(|message| message.id).collect())
}

/// Raises a mark, never lowers it.
pub(crate) fn raised(column: chat_session::Column, to: i32) -> sea_orm::sea_query::SimpleExpr {
    use sea_orm::sea_query::CaseStatement;
    CaseStatement::new().case(Expr::col(column).lt(to), Expr::value(to)).finally(Expr::col(column)).into()
}
