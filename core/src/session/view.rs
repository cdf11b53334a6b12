//! Rows as the contract shows them. What a customer must not see is left out here, and only here.

use std::collections::{BTreeSet, HashMap};

use kefu_proto::common::v1::Principal;
use kefu_proto::session::v1::message::ContentType;
use kefu_proto::session::v1::session::{Queue, Rating, Status, Transfer};
use kefu_proto::session::v1::{Assignment, Message, Note, Session};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, JoinType, QueryFilter, QuerySelect};

use crate::Core;
use crate::access::Ctx;
use crate::clock::timestamp;
use crate::customer::entity::customer;
use crate::db::{Scoped, TenantId, code, portions};
use crate::error::Result;
use crate::file::entity::file_info;
use crate::session::entity::{chat_message, chat_session, session_assignment, session_note};
use crate::session::queue::{self, Place};

/// Whose eyes see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// A customer.
    Customer,
    /// Staff.
    Staff,
}

impl Side {
    /// The caller's side.
    pub(crate) fn of(ctx: &Ctx) -> Self {
        if ctx.is_customer() { Self::Customer } else { Self::Staff }
    }
}

/// One session as the caller sees it.
pub(crate) async fn one(core: &Core, ctx: &Ctx, row: chat_session::Model) -> Result<Session> {
    let mut list = many(core, ctx, vec![row]).await?;
    list.pop().ok_or_else(|| crate::error::not_found("session"))
}

/// Sessions as the caller sees them.
pub(crate) async fn many(core: &Core, ctx: &Ctx, rows: Vec<chat_session::Model>) -> Result<Vec<Session>> {
    build(core, ctx.tenant, rows, Side::of(ctx)).await
}

/// Sessions as a side sees them.
pub(crate) async fn build(
    core: &Core,
    tenant: TenantId,
    rows: Vec<chat_session::Model>,
    side: Side,
) -> Result<Vec<Session>> {
    let about = About::read(core, tenant, &rows).await?;
    let unread = unread(core.db.read(), tenant, &rows, side).await?;
    Ok(rows.into_iter().map(|row| session(row, side, &about, &unread)).collect())
}

/// A session as the customer sees it, and as staff do.
pub(crate) async fn for_both(core: &Core, tenant: TenantId, row: &chat_session::Model) -> Result<[(Side, Session); 2]> {
    let rows = std::slice::from_ref(row);
    let about = About::read(core, tenant, rows).await?;
    let unread = async |side| unread(core.db.read(), tenant, rows, side).await;
    let (of_customer, of_staff) = (unread(Side::Customer).await?, unread(Side::Staff).await?);
    let seen = |side, unread| (side, session(row.clone(), side, &about, unread));
    Ok([seen(Side::Customer, &of_customer), seen(Side::Staff, &of_staff)])
}

/// How many messages a side has not read; a line of Kefu's own is no message to be read.
async fn unread(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    rows: &[chat_session::Model],
    side: Side,
) -> Result<HashMap<i64, i64>> {
    use chat_message::Column as C;
    let read = |row: &chat_session::Model| match side {
        Side::Customer => row.customer_read_seq,
        Side::Staff => row.agent_read_seq,
    };
    let mark = match side {
        Side::Customer => chat_session::Column::CustomerReadSeq,
        Side::Staff => chat_session::Column::AgentReadSeq,
    };
    let behind: Vec<_> = rows.iter().filter(|row| row.last_seq > read(row)).map(|row| row.id).collect();
    let mut counts = HashMap::new();
    for ids in portions(&behind) {
        let of_session =
            chat_message::Entity::belongs_to(chat_session::Entity).from(C::SessionId).to(chat_session::Column::Id);
        let counted: Vec<(i64, i64)> = chat_message::Entity::of(tenant)
            .join(JoinType::InnerJoin, of_session.into())
            .filter(chat_session::Column::Id.is_in(ids.iter().copied()))
            .filter(Expr::col((chat_message::Entity, C::Seq)).gt(Expr::col((chat_session::Entity, mark))))
            .filter(C::ContentType.ne(code(ContentType::Event)))
            .select_only()
            .column(C::SessionId)
            .column_as(C::Id.count(), "count")
            .group_by(C::SessionId)
            .into_tuple()
            .all(db)
            .await?;
        counts.extend(counted);
    }
    Ok(counts)
}

/// What stands elsewhere about sessions.
struct About {
    customers: HashMap<i64, Customer>,
    teams: HashMap<i64, String>,
    agents: HashMap<i64, String>,
    places: HashMap<i64, Place>,
}

/// What is shown of a customer.
#[derive(Debug, FromQueryResult)]
struct Customer {
    id: i64,
    name: String,
    institution: String,
    level: i16,
    archive_status: i16,
}

impl About {
    async fn read(core: &Core, tenant: TenantId, rows: &[chat_session::Model]) -> Result<Self> {
        let db = core.db.read();
        let ids = |of: fn(&chat_session::Model) -> Vec<i64>| -> Vec<i64> {
            let ids: BTreeSet<i64> = rows.iter().flat_map(of).filter(|id| *id != 0).collect();
            ids.into_iter().collect()
        };
        Ok(Self {
            customers: customers(db, tenant, &ids(|row| vec![row.customer_id])).await?,
            teams: crate::team::names(db, tenant, &ids(|row| vec![row.team_id])).await?,
            agents: crate::user::names(db, tenant, &ids(|row| vec![row.agent_id, row.transfer_to])).await?,
            places: queue::places(core, tenant, rows).await?,
        })
    }

    fn agent(&self, id: i64) -> String {
        self.agents.get(&id).cloned().unwrap_or_default()
    }
}

async fn customers(db: &impl ConnectionTrait, tenant: TenantId, ids: &[i64]) -> Result<HashMap<i64, Customer>> {
    use customer::Column as C;
    let mut customers = HashMap::new();
    for ids in portions(ids) {
        let rows: Vec<Customer> = customer::Entity::of(tenant)
            .filter(C::Id.is_in(ids.iter().copied()))
            .select_only()
            .columns([C::Id, C::Name, C::Institution, C::Level, C::ArchiveStatus])
            .into_model()
            .all(db)
            .await?;
        customers.extend(rows.into_iter().map(|row| (row.id, row)));
    }
    Ok(customers)
}

fn session(row: chat_session::Model, side: Side, about: &About, unread: &HashMap<i64, i64>) -> Session {
    let customer = about.customers.get(&row.customer_id);
    let unread = unread.get(&row.id).copied().unwrap_or(0);
    let mut session = Session {
        id: row.id,
        status: row.status.into(),
        channel: row.channel.into(),
        customer_id: row.customer_id,
        customer_name: customer.map(|c| c.name.clone()).unwrap_or_default(),
        institution: customer.map(|c| c.institution.clone()).unwrap_or_default(),
        vip: customer.is_some_and(|c| c.level == 2),
        team_id: row.team_id,
        team_name: about.teams.get(&row.team_id).cloned().unwrap_or_default(),
        agent_id: row.agent_id,
        agent_name: about.agent(row.agent_id),
        problem_type: row.problem_type.clone(),
        urgent: row.urgent,
        queue: about.places.get(&row.id).map(|place| queue_message(&row, *place)),
        transfer: transfer(&row, about),
        last_seq: row.last_seq,
        last_message: row.last_message,
        last_message_time: row.last_message_time.map(timestamp),
        customer_delivered_seq: row.customer_delivered_seq,
        customer_read_seq: row.customer_read_seq,
        agent_delivered_seq: row.agent_delivered_seq,
        agent_read_seq: row.agent_read_seq,
        unread: i32::try_from(unread).unwrap_or(i32::MAX),
        unanswered_since: row.unanswered_since.map(timestamp),
        customer_online: row.customer_online,
        note_count: row.note_count,
        close_reason: row.close_reason.into(),
        summary: row.summary,
        rating: row.rating_time.map(|time| Rating {
            score: row.rating_score,
            tags: serde_json::from_value(row.rating_tags).unwrap_or_default(),
            comment: row.rating_comment,
            create_time: Some(timestamp(time)),
        }),
        version: row.version,
        create_time: Some(timestamp(row.create_time)),
        assign_time: row.assign_time.map(timestamp),
        close_time: row.close_time.map(timestamp),
        marked_unread: row.marked_unread && row.status == code(Status::Active),
        archive_due: customer.is_some_and(|c| crate::customer::archive_due(c.archive_status)),
    };
    if side == Side::Customer {
        hide_internals(&mut session);
    }
    session
}

/// Security row 22: what is for staff alone.
fn hide_internals(session: &mut Session) {
    session.vip = false;
    session.marked_unread = false;
    session.archive_due = false;
    session.transfer = None;
    session.customer_online = false;
    session.note_count = 0;
    session.summary = String::new();
    if let Some(queue) = &mut session.queue {
        queue.wait_reason = 0;
    }
}

fn queue_message(row: &chat_session::Model, place: Place) -> Queue {
    let (min, max) = place.wait.unwrap_or((-1, -1));
    Queue {
        number: queue::number(row.team_id, row.queue_no),
        position: place.position,
        wait_min_seconds: min,
        wait_max_seconds: max,
        wait_reason: place.reason.into(),
    }
}

fn transfer(row: &chat_session::Model, about: &About) -> Option<Transfer> {
    let expire_time = row.transfer_expire_time?;
    Some(Transfer {
        from_agent_id: row.transfer_from,
        to_agent_id: row.transfer_to,
        to_agent_name: about.agent(row.transfer_to),
        reason: row.transfer_reason.clone(),
        expire_time: Some(timestamp(expire_time)),
    })
}

/// A message.
pub(crate) fn message(row: &chat_message::Model, file: Option<&file_info::Model>) -> Message {
    Message {
        id: row.id,
        session_id: row.session_id,
        seq: row.seq,
        sender: Some(Principal { kind: row.sender_kind.into(), id: row.sender_id, name: row.sender_name.clone() }),
        client_msg_id: row.client_msg_id.clone(),
        content_type: row.content_type.into(),
        content: row.content.clone(),
        file: file.map(crate::file::view),
        quote_message_id: row.quote_message_id,
        recalled: row.recalled,
        create_time: Some(timestamp(row.create_time)),
    }
}

/// Messages with their files.
pub(crate) async fn messages(core: &Core, tenant: TenantId, rows: &[chat_message::Model]) -> Result<Vec<Message>> {
    let files = files_of(core, tenant, rows).await?;
    Ok(rows.iter().map(|row| message(row, files.get(&row.file_id))).collect())
}

/// The files of messages, by id.
pub(crate) async fn files_of(
    core: &Core,
    tenant: TenantId,
    rows: &[chat_message::Model],
) -> Result<HashMap<i64, file_info::Model>> {
    let ids: Vec<i64> = rows.iter().map(|m| m.file_id).filter(|id| *id != 0).collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let files = file_info::Entity::of(tenant).filter(file_info::Column::Id.is_in(ids)).all(core.db.read()).await?;
    Ok(files.into_iter().map(|f| (f.id, f)).collect())
}

/// A private note.
pub(crate) fn note(row: session_note::Model) -> Note {
    Note {
        id: row.id,
        session_id: row.session_id,
        author_id: row.author_id,
        author_name: row.author_name,
        content: row.content,
        create_time: Some(timestamp(row.create_time)),
    }
}

/// A decision, with the agents' names.
pub(crate) fn assignment(row: session_assignment::Model, names: &HashMap<i64, String>) -> Assignment {
    let name = |id: i64| names.get(&id).cloned().unwrap_or_default();
    Assignment {
        id: row.id,
        session_id: row.session_id,
        from_agent_id: row.from_agent_id,
        from_agent_name: name(row.from_agent_id),
        to_agent_id: row.to_agent_id,
        to_agent_name: name(row.to_agent_id),
        method: row.method.into(),
        reason: row.reason,
        decided_by: Some(Principal {
            kind: row.decided_by_kind.into(),
            id: row.decided_by_id,
            name: row.decided_by_name,
        }),
        create_time: Some(timestamp(row.create_time)),
    }
}
