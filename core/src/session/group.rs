//! One transaction of the writer: messages and marks of many sessions, stored together. However many there are, it
//! takes a handful of statements.

use std::collections::{HashMap, HashSet};

use kefu_planted::{Bug, planted};
use kefu_proto::common::v1::ErrorReason;
use kefu_proto::common::v1::principal::Kind;
use kefu_proto::session::v1::SendMessageResponse;
use kefu_proto::session::v1::ack_messages_request::Kind as AckKind;
use sea_orm::{ColumnTrait, Condition, DatabaseTransaction, QueryFilter, QueryOrder, QuerySelect};

use crate::Core;
use crate::access::Principal;
use crate::clock::Time;
use crate::db::{Push, Scoped, TenantId, code, portions};
use crate::error::{Error, Result, not_found, refuse};
use crate::session::advance::{self, Moved};
use crate::session::entity::{chat_message, chat_session};
use crate::session::message::{insert, may_send, place};
use crate::session::writer::{Ack, Send};
use crate::session::{audience, view};

/// What became of a group: an answer for each item, in the order of the items.
#[derive(Default)]
pub(super) struct Outcome {
    pub(super) sends: Vec<Result<SendMessageResponse>>,
    pub(super) acks: Vec<Result<()>>,
    pub(super) pushes: Vec<Push>,
    /// Sessions whose marks have moved.
    pub(super) marked: Vec<chat_session::Model>,
}

/// A session as this transaction has locked it, or as the writer remembers it.
struct Held {
    /// The sequence and the version as they were read.
    last_seq: i32,
    version: i64,
    session: chat_session::Model,
    marked: bool,
}

impl Held {
    fn new(session: chat_session::Model) -> (i64, Self) {
        (session.id, Self { last_seq: session.last_seq, version: session.version, session, marked: false })
    }
}

/// Sessions as the writer left them. A message changes little of its session, so the next one need not read it again:
/// that the version is still the one remembered is a condition of the update. Likewise nobody asks first whether a
/// message is a repeated one: the unique index knows. Where either turns out wrong, the group is stored once more in
/// the slow way, which reads everything.
#[derive(Debug, Default)]
pub(super) struct Memory {
    sessions: HashMap<i64, chat_session::Model>,
    /// So many groups are to be stored in the slow way: others write to the same sessions.
    doubts: u32,
}

/// Sessions that are remembered.
const REMEMBERED: usize = 4096;
/// Groups that are stored in the slow way after the quick one was wrong.
const DOUBTS: u32 = 16;

impl Memory {
    /// Takes out of the memory what a group is about; nothing if the quick way is not to be gone. A mark that moves
    /// nothing does not update its session, so the update would not tell that the memory of it is old.
    fn recall(&mut self, sends: &[Box<Send>], acks: &[Ack]) -> HashMap<i64, Held> {
        // Without the keys of messages the quick way would show other bugs than the planted one.
        if self.doubts > 0 || planted(Bug::DedupeByToken) || planted(Bug::MaxSeq) {
            self.doubts = self.doubts.saturating_sub(1);
            self.sessions.clear();
        }
        acks.iter().for_each(|ack| drop(self.sessions.remove(&ack.session_id)));
        sends.iter().filter_map(|send| self.sessions.remove(&send.session_id)).map(Held::new).collect()
    }

    fn keep(&mut self, sessions: HashMap<i64, Held>) {
        if self.sessions.len() > REMEMBERED {
            self.sessions.clear();
        }
        self.sessions.extend(sessions.into_iter().map(|(id, held)| (id, held.session)));
    }
}

/// Tells a message of a sender apart: session, kind and id of the sender, the sender's own id for it.
type Key<'a> = (i64, i16, i64, &'a str);

fn key(send: &Send) -> Key<'_> {
    (send.session_id, code(send.draft.sender_kind), send.draft.sender_id, &send.draft.client_msg_id)
}

fn row_key(row: &chat_message::Model) -> Key<'_> {
    (row.session_id, row.sender_kind, row.sender_id, &row.client_msg_id)
}

/// Stores a group: from memory first, and if that is not how things stand, after having read everything.
pub(super) async fn commit(core: &Core, memory: &mut Memory, sends: &[Box<Send>], acks: &[Ack]) -> Result<Outcome> {
    let remembered = memory.recall(sends, acks);
    if !remembered.is_empty() {
        match store(core, memory, remembered, sends, acks).await {
            Ok(Some(outcome)) => return Ok(outcome),
            Ok(None) => {}
            Err(error) if error.is_duplicate() => {}
            Err(error) => return Err(error),
        }
        memory.doubts = DOUBTS;
    }
    let stored = store(core, memory, HashMap::new(), sends, acks).await?;
    stored.ok_or_else(|| refuse(ErrorReason::Conflict))
}

/// One try; nothing if some session is not as it was remembered.
async fn store(
    core: &Core,
    memory: &mut Memory,
    mut sessions: HashMap<i64, Held>,
    sends: &[Box<Send>],
    acks: &[Ack],
) -> Result<Option<Outcome>> {
    let now = core.clock.now();
    let txn = core.db.begin().await?;
    let from_memory = !sessions.is_empty();
    lock_sessions(&txn, &mut sessions, sends, acks).await?;
    let old = if from_memory { Vec::new() } else { stored_before(&txn, sends).await? };
    let Placed { mut fresh, refused } = place_all(&mut sessions, sends, &old, now);
    if from_memory && !refused.is_empty() {
        return Ok(None);
    }
    let acked = acks.iter().map(|ack| mark(&mut sessions, ack)).collect();
    if !store_sessions(&txn, &sessions, now).await? {
        return Ok(None);
    }
    insert(&txn, &mut fresh).await?;
    // Their files belong to the session.
    for row in fresh.iter().filter(|row| row.file_id != 0) {
        crate::file::join(&txn, TenantId(row.tenant_id), row.file_id, row.session_id).await?;
    }
    if planted(Bug::AckBeforeCommit) {
        core.tasks.spawn(commit_later(txn));
    } else {
        txn.commit().await?;
    }
    let pushes = pushes(&sessions, sends, &fresh);
    let marked = sessions.values().filter(|held| held.marked).map(|held| held.session.clone()).collect();
    memory.keep(sessions);
    Ok(Some(Outcome { sends: answers(sends, &old, &fresh, refused), acks: acked, pushes, marked }))
}

/// What a planted bug does.
async fn commit_later(txn: DatabaseTransaction) {
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    if let Err(error) = txn.commit().await {
        tracing::error!(%error, "acknowledged, and not committed");
    }
}

/// Locks at once all sessions of the group that are not at hand, in the order of their ids.
async fn lock_sessions(
    txn: &DatabaseTransaction,
    sessions: &mut HashMap<i64, Held>,
    sends: &[Box<Send>],
    acks: &[Ack],
) -> Result<()> {
    let mut ids: Vec<i64> = sends.iter().map(|s| s.session_id).chain(acks.iter().map(|a| a.session_id)).collect();
    ids.retain(|id| !sessions.contains_key(id));
    ids.sort_unstable();
    ids.dedup();
    for ids in portions(&ids) {
        let rows = chat_session::Entity::of_all_tenants()
            .filter(chat_session::Column::Id.is_in(ids.iter().copied()))
            .order_by_asc(chat_session::Column::Id)
            .lock_exclusive()
            .all(txn)
            .await?;
        sessions.extend(rows.into_iter().map(Held::new));
    }
    if planted(Bug::MaxSeq) {
        for held in sessions.values_mut() {
            held.session.last_seq = highest(txn, held.session.id).await?;
        }
    }
    Ok(())
}

/// What a planted bug takes for the last place.
async fn highest(txn: &DatabaseTransaction, session: i64) -> Result<i32> {
    use chat_message::Column as C;
    let seen = chat_message::Entity::of_all_tenants().filter(C::SessionId.eq(session)).filter(C::Recalled.eq(false));
    Ok(seen.order_by_desc(C::Seq).one(txn).await?.map_or(0, |message| message.seq))
}

/// Messages of the group that were stored before: by this node or another, under this token or an older one.
async fn stored_before(txn: &DatabaseTransaction, sends: &[Box<Send>]) -> Result<Vec<chat_message::Model>> {
    use chat_message::Column as C;
    let mut stored = Vec::new();
    if planted(Bug::NoDedupe) {
        return Ok(stored);
    }
    for sends in portions(sends) {
        let any = sends.iter().map(|send| key(send)).fold(Condition::any(), |any, (session, kind, id, own)| {
            let this = Condition::all().add(C::SessionId.eq(session)).add(C::SenderKind.eq(kind));
            any.add(this.add(C::SenderId.eq(id)).add(C::ClientMsgId.eq(own)))
        });
        stored.extend(chat_message::Entity::of_all_tenants().filter(any).all(txn).await?);
    }
    if planted(Bug::DedupeByToken) {
        stored.retain(|row| {
            sends.iter().any(|s| key(s) == row_key(row) && s.principal.login_session_id == row.update_by)
        });
    }
    Ok(stored)
}

/// The new messages of a group, and which items are refused.
struct Placed {
    fresh: Vec<chat_message::Model>,
    refused: HashMap<usize, Error>,
}

/// Gives what is new its place, in the order it came in.
fn place_all(sessions: &mut HashMap<i64, Held>, sends: &[Box<Send>], old: &[chat_message::Model], now: Time) -> Placed {
    let mut known: HashSet<Key<'_>> = old.iter().map(row_key).collect();
    let mut placed = Placed { fresh: Vec::with_capacity(sends.len()), refused: HashMap::new() };
    for (at, send) in sends.iter().enumerate() {
        let held = sessions.get_mut(&send.session_id).filter(|h| h.session.tenant_id == send.principal.tenant.0);
        let is_known = known.contains(&key(send));
        match (held, is_known) {
            (None, _) => drop(placed.refused.insert(at, not_found("session"))),
            // What is stored already is confirmed to its sender even after the session has been closed or handed on:
            // the first answer may have been lost.
            (Some(_), true) => {}
            (Some(held), false) => match may_send(&held.session, &send.principal) {
                Ok(()) => {
                    known.insert(key(send));
                    placed.fresh.extend(place(&mut held.session, vec![send.draft.clone()], now));
                    if planted(Bug::DedupeByToken) {
                        let last = placed.fresh.last_mut();
                        last.into_iter().for_each(|row| row.update_by = send.principal.login_session_id);
                    }
                    held.session.version = held.version + 1;
                }
                Err(error) => drop(placed.refused.insert(at, error)),
            },
        }
    }
    placed
}

/// Writes the sessions; false if one is not as it was read.
async fn store_sessions(txn: &DatabaseTransaction, sessions: &HashMap<i64, Held>, now: Time) -> Result<bool> {
    let changed = sessions.values().filter(|held| held.session.version != held.version);
    let mut moved: Vec<_> = changed.map(|held| Moved::new(held.last_seq, held.version, &held.session)).collect();
    moved.sort_unstable_by_key(|moved| moved.session.id);
    advance::store(txn, &moved, now).await
}

fn pushes(sessions: &HashMap<i64, Held>, sends: &[Box<Send>], fresh: &[chat_message::Model]) -> Vec<Push> {
    let with_file = sends.iter().filter_map(|send| Some((key(send), send.file.as_ref()?)));
    let files: HashMap<Key<'_>, _> = with_file.collect();
    let push = |row: &chat_message::Model| {
        let session = &sessions.get(&row.session_id)?.session;
        Some(audience::message_push(
            session,
            row,
            files.get(&row_key(row)).copied().filter(|file| file.id == row.file_id),
        ))
    };
    fresh.iter().filter_map(push).collect()
}

/// The answer to each message of the group.
fn answers(
    sends: &[Box<Send>],
    old: &[chat_message::Model],
    fresh: &[chat_message::Model],
    mut refused: HashMap<usize, Error>,
) -> Vec<Result<SendMessageResponse>> {
    let old: HashMap<Key<'_>, _> = old.iter().map(|row| (row_key(row), row)).collect();
    let new: HashMap<Key<'_>, _> = fresh.iter().map(|row| (row_key(row), row)).collect();
    let mut told = HashSet::new();
    let answer = |(at, send): (usize, &Send)| {
        if let Some(error) = refused.remove(&at) {
            return Err(error);
        }
        let (row, duplicate) = match (old.get(&key(send)), new.get(&key(send))) {
            (Some(row), _) => (*row, true),
            // The first of equal ones in a group is the one that was stored.
            (None, Some(row)) => (*row, !told.insert(row.id)),
            (None, None) => return Err(refuse(ErrorReason::Internal)),
        };
        let file = send.file.as_ref().filter(|file| file.id == row.file_id);
        Ok(SendMessageResponse { message: Some(view::message(row, file)), duplicate })
    };
    sends.iter().map(AsRef::as_ref).enumerate().map(answer).collect()
}

/// Moves a mark; a lower one than before changes nothing.
fn mark(sessions: &mut HashMap<i64, Held>, ack: &Ack) -> Result<()> {
    let Principal { tenant, kind, id, .. } = *ack.principal;
    let is_customer = kind == Kind::Customer;
    let own = |held: &&mut Held| {
        let participant = if is_customer { held.session.customer_id } else { held.session.agent_id };
        held.session.tenant_id == tenant.0 && participant == id
    };
    let held = sessions.get_mut(&ack.session_id).filter(own).ok_or_else(|| not_found("session"))?;
    let session = &mut held.session;
    // Nobody has read what was not sent yet.
    let seq = ack.seq.min(session.last_seq);
    let (delivered, read) = if is_customer {
        (&mut session.customer_delivered_seq, &mut session.customer_read_seq)
    } else {
        (&mut session.agent_delivered_seq, &mut session.agent_read_seq)
    };
    let reads_on = ack.kind == AckKind::Read && *read < seq;
    if *delivered >= seq && !reads_on {
        return Ok(());
    }
    *delivered = seq.max(*delivered);
    if reads_on {
        *read = seq;
        // Only who reads on has looked again: a read mark may come later than the mark of unread it was before.
        session.marked_unread &= is_customer;
    }
    session.version = held.version + 1;
    held.marked = true;
    Ok(())
}
