//! Messages: who may send, and how they get their sequence.

use kefu_proto::common::v1::ErrorReason;
use kefu_proto::common::v1::principal::Kind;
use kefu_proto::session::v1::message::ContentType;
use kefu_proto::session::v1::session::Status;
use sea_orm::sea_query::{Expr, InsertStatement, Query};
use sea_orm::{ConnectionTrait, DbBackend, Iterable, ModelTrait};

use crate::access::Principal;
use crate::clock::Time;
use crate::db::{Texts, Tx, code, portions_mut};
use crate::error::{Error, Result, forbidden, not_found, refuse};
use crate::session::advance::{self, Moved};
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

/// Gives messages their places in a session whose row this transaction has locked, and moves the marks that follow.
/// What comes back is to be stored with [`insert`], the session with [`advance::store`].
pub(crate) fn place(session: &mut chat_session::Model, drafts: Vec<Draft>, now: Time) -> Vec<chat_message::Model> {
    let mut rows = Vec::with_capacity(drafts.len());
    for draft in drafts {
        session.last_seq += 1;
        note_sender(session, draft.sender_kind, now);
        // A line of Kefu's own says nothing of what it is about.
        if draft.content_type != ContentType::Event {
            session.last_message = draft.preview();
        }
        rows.push(row(session, draft, now));
    }
    if !rows.is_empty() {
        session.last_message_time = Some(now);
    }
    rows
}

/// Moves the marks that follow from who has spoken.
fn note_sender(session: &mut chat_session::Model, sender: Kind, now: Time) {
    match sender {
        Kind::Customer => {
            session.customer_time = now;
            session.unanswered_since.get_or_insert(now);
            session.customer_delivered_seq = session.last_seq;
            session.customer_read_seq = session.last_seq;
        }
        Kind::User => {
            session.unanswered_since = None;
            session.reminded = false;
            session.first_reply_time.get_or_insert(now);
            session.agent_delivered_seq = session.last_seq;
            session.agent_read_seq = session.last_seq;
            session.marked_unread = false;
        }
        _ => {}
    }
}

fn row(session: &chat_session::Model, draft: Draft, now: Time) -> chat_message::Model {
    chat_message::Model {
        // The database gives it.
        id: 0,
        session_id: session.id,
        seq: session.last_seq,
        sender_kind: code(draft.sender_kind),
        sender_id: draft.sender_id,
        sender_name: draft.sender_name,
        client_msg_id: draft.client_msg_id,
        content_type: code(draft.content_type),
        content: draft.content,
        file_id: draft.file_id,
        quote_message_id: draft.quote_message_id,
        recalled: false,
        recall_version: 0,
        tenant_id: session.tenant_id,
        create_time: now,
        update_time: now,
        create_by: draft.sender_id,
        update_by: draft.sender_id,
        deleted: 0,
    }
}

/// Stores messages, and gives each the id that the database has given it.
pub(crate) async fn insert(db: &impl ConnectionTrait, rows: &mut [chat_message::Model]) -> Result<()> {
    for rows in portions_mut(rows) {
        let ids = insert_portion(db, rows).await?;
        for (row, id) in rows.iter_mut().zip(ids) {
            row.id = id;
        }
    }
    Ok(())
}

/// Stores messages in one statement; their ids come back in the same order.
async fn insert_portion(db: &impl ConnectionTrait, rows: &[chat_message::Model]) -> Result<Vec<i64>> {
    static TEXTS: Texts = Texts::new();
    let backend = db.get_database_backend();
    let values = rows.iter().flat_map(|row| columns().map(|column| row.get(column))).collect();
    let statement = TEXTS.statement(backend, rows.len(), values, || backend.build(&insertion(backend, rows)));
    let count = i64::try_from(rows.len()).unwrap_or(i64::MAX);
    let id = |result: sea_orm::ExecResult| i64::try_from(result.last_insert_id()).unwrap_or(i64::MAX);
    Ok(match backend {
        // Nobody else writes meanwhile, so the rows of a statement follow one another; what comes back is the last.
        DbBackend::Sqlite => {
            let last = id(db.execute_raw(statement).await?);
            (last - count + 1..=last).collect()
        }
        // One statement's rows follow one another; what comes back is the first.
        DbBackend::MySql => {
            let first = id(db.execute_raw(statement).await?);
            (first..first + count).collect()
        }
        _ => {
            let rows = db.query_all_raw(statement).await?;
            rows.iter().map(|row| row.try_get_by_index(0)).collect::<Result<_, _>>()?
        }
    })
}

fn columns() -> impl Iterator<Item = chat_message::Column> {
    chat_message::Column::iter().filter(|column| !matches!(column, chat_message::Column::Id))
}

fn insertion(backend: DbBackend, rows: &[chat_message::Model]) -> InsertStatement {
    let mut insert = Query::insert();
    insert.into_table(chat_message::Entity).columns(columns());
    for row in rows {
        insert.values_panic(columns().map(|column| Expr::value(row.get(column))));
    }
    if backend == DbBackend::Postgres {
        insert.returning_col(chat_message::Column::Id);
    }
    insert
}

/// Adds a line written by Kefu to a session that `tx` has locked, and pushes it.
pub(crate) async fn say(tx: &mut Tx<'_>, session: &mut chat_session::Model, what: String, text: &str) -> Result<()> {
    if text.is_empty() {
        return Ok(());
    }
    post(tx, session, Draft::event(what, text)).await
}

/// Adds somebody's words to a session that `tx` has locked, and pushes them.
pub(crate) async fn post(tx: &mut Tx<'_>, session: &mut chat_session::Model, draft: Draft) -> Result<()> {
    let (last_seq, version) = (session.last_seq, session.version);
    let mut messages = place(session, vec![draft], tx.now());
    session.version += 1;
    if !advance::store(&**tx, &[Moved::new(last_seq, version, session)], tx.now()).await? {
        return Err(refuse(ErrorReason::Conflict));
    }
    insert(&**tx, &mut messages).await?;
    for message in &messages {
        tx.push(audience::message_push(session, message, None));
    }
    Ok(())
}
