//! The writer: one task takes all messages and marks that wait, commits them as one transaction, and then answers
//! each (realtime.md, "The promise"). That makes a durable commit affordable, and orders what one sender sends.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use kefu_proto::common::v1::ErrorReason;
use kefu_proto::common::v1::principal::Kind;
use kefu_proto::session::v1::SendMessageResponse;
use kefu_proto::session::v1::ack_messages_request::Kind as AckKind;
use kefu_proto::session::v1::message::ContentType;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, Condition, DatabaseTransaction, QueryFilter, QueryOrder, QuerySelect};
use tokio::sync::{mpsc, oneshot};

use crate::Core;
use crate::access::Principal;
use crate::clock::Time;
use crate::db::{Scoped, TenantId, code};
use crate::error::{Error, Result, not_found, refuse};
use crate::event::Event;
use crate::file::entity::file_info;
use crate::session::entity::{chat_message, chat_session};
use crate::session::message::{Draft, append, may_send, raised};
use crate::session::{audience, view};

/// Most items in one transaction.
const GROUP: usize = 256;
/// Tries to commit a group.
const TRIES: u32 = 5;
/// Items that may wait; more are told to come back.
const WAITING: usize = 16_384;

/// A message to store.
pub(crate) struct Send {
    pub(crate) principal: Arc<Principal>,
    pub(crate) session_id: i64,
    pub(crate) draft: Draft,
    /// The file of the draft, for the answer.
    pub(crate) file: Option<file_info::Model>,
}

/// A mark to move.
pub(crate) struct Ack {
    pub(crate) principal: Arc<Principal>,
    pub(crate) session_id: i64,
    pub(crate) seq: i32,
    pub(crate) kind: AckKind,
}

enum Item {
    Send(Box<Send>, oneshot::Sender<Result<SendMessageResponse>>),
    Ack(Ack, oneshot::Sender<Result<()>>),
}

/// The way to the writer.
#[derive(Debug)]
pub(crate) struct Writer(mpsc::Sender<Item>);

/// What waits for the writer.
pub(crate) struct Queue(mpsc::Receiver<Item>);

impl Writer {
    /// The way in, and what the task that writes reads from.
    pub(crate) fn new() -> (Self, Queue) {
        let (sender, receiver) = mpsc::channel(WAITING);
        (Self(sender), Queue(receiver))
    }

    /// Stores a message; the answer means that it is committed. The place in the order is taken before the first
    /// await, so that whoever calls first is stored first.
    pub(crate) async fn send(&self, send: Send) -> Result<SendMessageResponse> {
        let (answer, answered) = oneshot::channel();
        self.submit(Item::Send(Box::new(send), answer))?;
        answered.await.map_err(|_| refuse(ErrorReason::Unavailable))?
    }

    /// Moves a mark; a lower one than before changes nothing.
    pub(crate) async fn ack(&self, ack: Ack) -> Result<()> {
        let (answer, answered) = oneshot::channel();
        self.submit(Item::Ack(ack, answer))?;
        answered.await.map_err(|_| refuse(ErrorReason::Unavailable))?
    }

    fn submit(&self, item: Item) -> Result<()> {
        self.0.try_send(item).map_err(|_| {
            let wait = std::time::Duration::from_secs(1);
            kefu_proto::error::Problem::new(ErrorReason::Unavailable).retry_after(wait).into()
        })
    }
}

/// Writes until the core stops; what was taken in before that is still written.
pub(crate) async fn run(core: Arc<Core>, mut queue: Queue) {
    let mut group = Vec::with_capacity(GROUP);
    loop {
        tokio::select! {
            biased;
            taken = queue.0.recv_many(&mut group, GROUP) => if taken == 0 { return },
            () = core.stop.cancelled(), if !queue.0.is_closed() => queue.0.close(),
        }
        if !group.is_empty() {
            write(&core, std::mem::take(&mut group)).await;
        }
    }
}

async fn write(core: &Arc<Core>, group: Vec<Item>) {
    metrics::histogram!("kefu_writer_group_size").record(f64::from(u32::try_from(group.len()).unwrap_or(u32::MAX)));
    let (mut sends, mut acks) = (Vec::new(), Vec::new());
    for item in group {
        match item {
            Item::Send(send, answer) => sends.push((send, answer)),
            Item::Ack(ack, answer) => acks.push((ack, answer)),
        }
    }
    match commit_at_last(core, &sends, &acks).await {
        Ok(outcome) => {
            // Whoever is gone meanwhile finds the message in the history.
            for ((_, answer), result) in sends.into_iter().zip(outcome.sends) {
                let _ = answer.send(result);
            }
            for ((_, answer), result) in acks.into_iter().zip(outcome.acks) {
                let _ = answer.send(result);
            }
            for push in outcome.pushes {
                core.bus.publish(push);
            }
            if !outcome.moved.is_empty() {
                core.tasks.spawn(announce(core.clone(), outcome.moved));
            }
            core.jobs.wake();
        }
        Err(error) => {
            tracing::error!(%error, sends = sends.len(), acks = acks.len(), "a group could not be committed");
            let wait = std::time::Duration::from_secs(2);
            let told =
                || -> Error { kefu_proto::error::Problem::new(ErrorReason::Unavailable).retry_after(wait).into() };
            sends.into_iter().for_each(|(_, answer)| drop(answer.send(Err(told()))));
            acks.into_iter().for_each(|(_, answer)| drop(answer.send(Err(told()))));
        }
    }
}

/// Tells of moved marks, beside the writer: the next group need not wait for it.
async fn announce(core: Arc<Core>, moved: BTreeMap<i64, chat_session::Model>) {
    for session in moved.into_values() {
        audience::announce(&core, TenantId(session.tenant_id), &session, &[]).await;
    }
}

/// What became of a group.
#[derive(Default)]
struct Outcome {
    sends: Vec<Result<SendMessageResponse>>,
    acks: Vec<Result<()>>,
    pushes: Vec<crate::db::Push>,
    /// Sessions whose marks have moved.
    moved: BTreeMap<i64, chat_session::Model>,
}

type Waiting<T, A> = [(T, oneshot::Sender<Result<A>>)];

/// Commits a group that the database may give up for the sake of another transaction: here it is tried again, because
/// whoever is told to send again would be overtaken by what was sent later.
async fn commit_at_last(
    core: &Core,
    sends: &Waiting<Box<Send>, SendMessageResponse>,
    acks: &Waiting<Ack, ()>,
) -> Result<Outcome> {
    for _ in 1..TRIES {
        match commit(core, sends, acks).await {
            Err(error) if error.is_deadlock() => tracing::info!(%error, "a group is committed once more"),
            outcome => return outcome,
        }
    }
    commit(core, sends, acks).await
}

async fn commit(
    core: &Core,
    sends: &Waiting<Box<Send>, SendMessageResponse>,
    acks: &Waiting<Ack, ()>,
) -> Result<Outcome> {
    let now = core.clock.now();
    let txn = core.db.begin().await?;
    let mut sessions = lock_sessions(&txn, sends, acks).await?;
    let stored = stored_before(&txn, sends).await?;
    let mut outcome = Outcome::default();
    store(&txn, now, sends, &mut sessions, stored, &mut outcome).await?;
    for (ack, _) in acks {
        let moved = apply_ack(&txn, now, ack, &mut sessions).await?;
        outcome.acks.push(moved.map(|session| outcome.moved.extend(session.map(|s| (s.id, s)))));
    }
    txn.commit().await?;
    Ok(outcome)
}

/// Locks all sessions of the group at once, in the order of their ids.
async fn lock_sessions(
    txn: &DatabaseTransaction,
    sends: &Waiting<Box<Send>, SendMessageResponse>,
    acks: &Waiting<Ack, ()>,
) -> Result<HashMap<i64, chat_session::Model>> {
    let ids = sends.iter().map(|(s, _)| s.session_id).chain(acks.iter().map(|(a, _)| a.session_id));
    let rows = chat_session::Entity::of_all_tenants()
        .filter(chat_session::Column::Id.is_in(ids))
        .order_by_asc(chat_session::Column::Id)
        .lock_exclusive()
        .all(txn)
        .await?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

/// Tells a message of a sender apart: session, kind and id of the sender, the sender's own id for it.
type Key = (i64, i16, i64, String);

fn key(send: &Send) -> Key {
    (send.session_id, code(send.draft.sender_kind), send.draft.sender_id, send.draft.client_msg_id.clone())
}

/// Messages of the group that were stored before: by this node or another, under this token or an older one.
async fn stored_before(
    txn: &DatabaseTransaction,
    sends: &Waiting<Box<Send>, SendMessageResponse>,
) -> Result<HashMap<Key, chat_message::Model>> {
    use chat_message::Column as C;
    if sends.is_empty() {
        return Ok(HashMap::new());
    }
    let mut of_sender: BTreeMap<(i64, i16, i64), Vec<&str>> = BTreeMap::new();
    for (send, _) in sends {
        let sender = (send.session_id, code(send.draft.sender_kind), send.draft.sender_id);
        of_sender.entry(sender).or_default().push(&send.draft.client_msg_id);
    }
    let any = of_sender.into_iter().fold(Condition::any(), |any, ((session, kind, id), messages)| {
        any.add(
            Condition::all()
                .add(C::SessionId.eq(session))
                .add(C::SenderKind.eq(kind))
                .add(C::SenderId.eq(id))
                .add(C::ClientMsgId.is_in(messages)),
        )
    });
    let rows = chat_message::Entity::of_all_tenants().filter(any).all(txn).await?;
    let keyed =
        |row: chat_message::Model| ((row.session_id, row.sender_kind, row.sender_id, row.client_msg_id.clone()), row);
    Ok(rows.into_iter().map(keyed).collect())
}

/// Stores what is new, in the order it came in; answers what is old with what is stored.
async fn store(
    txn: &DatabaseTransaction,
    now: Time,
    sends: &Waiting<Box<Send>, SendMessageResponse>,
    sessions: &mut HashMap<i64, chat_session::Model>,
    mut stored: HashMap<Key, chat_message::Model>,
    outcome: &mut Outcome,
) -> Result<()> {
    let mut fresh: BTreeMap<i64, Vec<Draft>> = BTreeMap::new();
    let mut refused: HashMap<usize, Error> = HashMap::new();
    let mut first: HashMap<Key, usize> = HashMap::new();
    for (at, (send, _)) in sends.iter().enumerate() {
        let known = stored.contains_key(&key(send)) || first.contains_key(&key(send));
        match permitted(sessions.get(&send.session_id), &send.principal, known) {
            Ok(()) if known => {}
            Ok(()) => {
                first.insert(key(send), at);
                fresh.entry(send.session_id).or_default().push(send.draft.clone());
            }
            Err(error) => drop(refused.insert(at, error)),
        }
    }
    let mut by_tenant: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
    for (session_id, drafts) in fresh {
        let Some(session) = sessions.get_mut(&session_id) else { continue };
        for row in append(txn, TenantId(session.tenant_id), now, session, drafts).await? {
            let key = (row.session_id, row.sender_kind, row.sender_id, row.client_msg_id.clone());
            if let Some((send, _)) = first.get(&key).and_then(|at| sends.get(*at)) {
                outcome.pushes.push(audience::message_push(
                    TenantId(session.tenant_id),
                    session,
                    &row,
                    send.file.as_ref(),
                ));
            }
            if row.file_id != 0 {
                crate::file::join(txn, TenantId(session.tenant_id), row.file_id, row.session_id).await?;
            }
            if row.content_type == code(ContentType::Text) {
                by_tenant.entry(session.tenant_id).or_default().push(row.id);
            }
            stored.insert(key, row);
        }
    }
    for (tenant, message_ids) in by_tenant {
        crate::event::record(txn, TenantId(tenant), now, &Event::MessagesSent { message_ids }).await?;
    }
    for (at, (send, _)) in sends.iter().enumerate() {
        let answer = match refused.remove(&at) {
            Some(error) => Err(error),
            None => answer(send, &stored, first.get(&key(send)) != Some(&at)),
        };
        outcome.sends.push(answer);
    }
    Ok(())
}

/// A message that is stored already is confirmed to its sender even after the session has been closed or handed on:
/// the first answer may have been lost.
fn permitted(session: Option<&chat_session::Model>, principal: &Principal, known: bool) -> Result<()> {
    let session = session.filter(|s| s.tenant_id == principal.tenant.0).ok_or_else(|| not_found("session"))?;
    if known { Ok(()) } else { may_send(session, principal) }
}

fn answer(send: &Send, stored: &HashMap<Key, chat_message::Model>, duplicate: bool) -> Result<SendMessageResponse> {
    let row = stored.get(&key(send)).ok_or_else(|| refuse(ErrorReason::Internal))?;
    let file = send.file.as_ref().filter(|f| f.id == row.file_id);
    Ok(SendMessageResponse { message: Some(view::message(row, file)), duplicate })
}

/// Moves a mark; gives the session if it has really moved.
async fn apply_ack(
    txn: &DatabaseTransaction,
    now: Time,
    ack: &Ack,
    sessions: &mut HashMap<i64, chat_session::Model>,
) -> Result<Result<Option<chat_session::Model>>> {
    use chat_session::Column as C;
    let own = |s: &&mut chat_session::Model| s.tenant_id == ack.principal.tenant.0;
    let Some(session) = sessions.get_mut(&ack.session_id).filter(own) else {
        return Ok(Err(not_found("session")));
    };
    let is_customer = ack.principal.kind == Kind::Customer;
    let mine = if is_customer { session.customer_id } else { session.agent_id };
    if mine != ack.principal.id {
        return Ok(Err(not_found("session")));
    }
    // Nobody has read what was not sent yet.
    let seq = std::cmp::min(ack.seq, session.last_seq);
    let (delivered, read) = if is_customer {
        (&mut session.customer_delivered_seq, &mut session.customer_read_seq)
    } else {
        (&mut session.agent_delivered_seq, &mut session.agent_read_seq)
    };
    let reads = ack.kind == AckKind::Read;
    // Whoever looks again has seen the mark of unread, though nothing new is read.
    let unmarks = reads && !is_customer && session.marked_unread;
    if !unmarks && *delivered >= seq && (!reads || *read >= seq) {
        return Ok(Ok(None));
    }
    *delivered = std::cmp::max(*delivered, seq);
    if reads {
        *read = std::cmp::max(*read, seq);
    }
    if unmarks {
        session.marked_unread = false;
    }
    session.version += 1;
    let (delivered_column, read_column) = if is_customer {
        (C::CustomerDeliveredSeq, C::CustomerReadSeq)
    } else {
        (C::AgentDeliveredSeq, C::AgentReadSeq)
    };
    let mut update = chat_session::Entity::change(TenantId(session.tenant_id))
        .col_expr(delivered_column, raised(delivered_column, seq))
        .col_expr(C::Version, Expr::col(C::Version).add(1))
        .col_expr(C::MarkedUnread, Expr::value(session.marked_unread))
        .col_expr(C::UpdateTime, Expr::value(now));
    if reads {
        update = update.col_expr(read_column, raised(read_column, seq));
    }
    update.filter(C::Id.eq(session.id)).exec(txn).await?;
    Ok(Ok(Some(session.clone())))
}
