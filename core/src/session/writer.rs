//! The writer: one task takes all messages and marks that wait, commits them as one transaction, and then answers
//! each (realtime.md, "The promise"). That makes a durable commit affordable, and orders what one sender sends.

use std::sync::Arc;
use std::time::Duration;

use kefu_proto::common::v1::ErrorReason;
use kefu_proto::direct::Place;
use kefu_proto::error::Problem;
use kefu_proto::session::v1::SendMessageResponse;
use kefu_proto::session::v1::ack_messages_request::Kind as AckKind;
use tokio::sync::{mpsc, oneshot};

use crate::Core;
use crate::access::Principal;
use crate::db::{TRIES, TenantId};
use crate::error::{Error, Result, refuse};
use crate::file::entity::file_info;
use crate::session::audience;
use crate::session::entity::chat_session;
use crate::session::group::{self, Memory, Outcome};
use crate::session::message::Draft;

/// Most items in one transaction.
const GROUP: usize = 1024;
/// Items that may wait; more are told to come back.
const WAITING: usize = 65_536;
/// When somebody whose message could not be stored should try again.
const RETRY_AFTER: Duration = Duration::from_secs(2);

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

    /// Stores a message; the answer means that it is committed. Once it waits here, nothing that comes later is stored
    /// before it, and its place in the line of its session is given up.
    pub(crate) async fn send(&self, send: Send, place: Option<Place>) -> Result<SendMessageResponse> {
        let (answer, answered) = oneshot::channel();
        self.submit(Item::Send(Box::new(send), answer))?;
        drop(place);
        answered.await.map_err(|_| refuse(ErrorReason::Unavailable))?
    }

    /// Moves a mark; a lower one than before changes nothing.
    pub(crate) async fn ack(&self, ack: Ack) -> Result<()> {
        let (answer, answered) = oneshot::channel();
        self.submit(Item::Ack(ack, answer))?;
        answered.await.map_err(|_| refuse(ErrorReason::Unavailable))?
    }

    fn submit(&self, item: Item) -> Result<()> {
        self.0.try_send(item).map_err(|_| Problem::new(ErrorReason::Unavailable).retry_after(RETRY_AFTER).into())
    }
}

/// Writes until the core stops; what was taken in before that is still written.
pub(crate) async fn run(core: Arc<Core>, mut queue: Queue) {
    let mut group = Vec::with_capacity(GROUP);
    let mut memory = Memory::default();
    loop {
        tokio::select! {
            biased;
            taken = queue.0.recv_many(&mut group, GROUP) => if taken == 0 { return },
            () = core.stop.cancelled(), if !queue.0.is_closed() => queue.0.close(),
        }
        if !group.is_empty() {
            write(&core, &mut memory, std::mem::take(&mut group)).await;
        }
    }
}

async fn write(core: &Arc<Core>, memory: &mut Memory, group: Vec<Item>) {
    metrics::histogram!("kefu_writer_group_size").record(f64::from(u32::try_from(group.len()).unwrap_or(u32::MAX)));
    let (mut sends, mut acks) = (Vec::new(), Vec::new());
    for item in group {
        match item {
            Item::Send(send, answer) => sends.push((send, answer)),
            Item::Ack(ack, answer) => acks.push((ack, answer)),
        }
    }
    let (sends, send_answers): (Vec<_>, Vec<_>) = sends.into_iter().unzip();
    let (acks, ack_answers): (Vec<_>, Vec<_>) = acks.into_iter().unzip();
    match commit_at_last(core, memory, &sends, &acks).await {
        Ok(outcome) => {
            // First to the others: then the sender's own frame of it is written together with the answer.
            for push in outcome.pushes {
                core.bus.publish(push);
            }
            // Whoever is gone meanwhile finds the message in the history.
            for (answer, result) in send_answers.into_iter().zip(outcome.sends) {
                let _ = answer.send(result);
            }
            for (answer, result) in ack_answers.into_iter().zip(outcome.acks) {
                let _ = answer.send(result);
            }
            if !outcome.marked.is_empty() {
                core.tasks.spawn(announce(core.clone(), outcome.marked));
            }
        }
        Err(error) => {
            tracing::error!(%error, sends = sends.len(), acks = acks.len(), "a group could not be committed");
            let told = || -> Error { Problem::new(ErrorReason::Unavailable).retry_after(RETRY_AFTER).into() };
            send_answers.into_iter().for_each(|answer| drop(answer.send(Err(told()))));
            ack_answers.into_iter().for_each(|answer| drop(answer.send(Err(told()))));
        }
    }
}

/// Commits a group that the database may give up for the sake of another transaction: here it is tried again, because
/// whoever is told to send again would be overtaken by what was sent later.
async fn commit_at_last(core: &Core, memory: &mut Memory, sends: &[Box<Send>], acks: &[Ack]) -> Result<Outcome> {
    for _ in 1..TRIES {
        match group::commit(core, memory, sends, acks).await {
            Err(error) if error.is_deadlock() => tracing::info!(%error, "a group is committed once more"),
            outcome => return outcome,
        }
    }
    group::commit(core, memory, sends, acks).await
}

/// Tells of moved marks, beside the writer: the next group need not wait for it.
async fn announce(core: Arc<Core>, marked: Vec<chat_session::Model>) {
    for session in marked {
        audience::announce(&core, TenantId(session.tenant_id), &session, &[]).await;
    }
}
