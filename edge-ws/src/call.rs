//! The calls that run beside a connection, and what they come back with.

use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use kefu_proto::direct::Place;
use kefu_proto::realtime::v1::OpenConnectionResponse;
use kefu_proto::session::v1::{
    AckMessagesRequest, ListMessagesResponse, SendMessageRequest, SendMessageResponse, Session,
};
use tokio::sync::oneshot;
use tonic::Status;

use crate::Shared;
use crate::core::Caller;
use crate::frame::MAX_CURSORS;

/// A call that has ended.
pub(crate) enum Done {
    /// A message was stored, or not.
    Sent { reference: Option<String>, answer: Result<SendMessageResponse, Status> },
    /// Something with nothing to tell but its failure.
    Noted { reference: Option<String>, answer: Result<(), Status> },
    /// A page of the history, for a gap.
    Page { session: i64, answer: Result<ListMessagesResponse, Status> },
    /// The session that a client wants to catch up with.
    Found { since: i32, reference: Option<String>, answer: Result<Box<Session>, Status> },
    /// A fresh token was shown.
    Renewed { caller: Caller, reference: Option<String>, answer: Result<OpenConnectionResponse, Status> },
    /// Where things stand, after something may have been missed.
    Rechecked { after: i64, answer: Result<Standing, Status> },
}

/// Where things stand for a principal.
pub(crate) struct Standing {
    pub opened: OpenConnectionResponse,
    pub sessions: Vec<(i64, Result<Session, Status>)>,
}

/// One call for one client.
pub(crate) type Call = BoxFuture<'static, Done>;

/// When a message of a session may go to the core.
pub(crate) struct Turn {
    /// Closed when the message before cannot be overtaken any more.
    pub before: Option<oneshot::Receiver<()>>,
    /// The message's own place.
    pub place: Place,
}

pub(crate) fn send(
    shared: Arc<Shared>,
    caller: Arc<Caller>,
    request: SendMessageRequest,
    reference: Option<String>,
    turn: Turn,
) -> Call {
    async move {
        if let Some(before) = turn.before {
            before.await.ok();
        }
        let answer = shared.core.send(&caller, request, turn.place).await;
        Done::Sent { reference, answer }
    }
    .boxed()
}

pub(crate) fn ack(
    shared: Arc<Shared>,
    caller: Arc<Caller>,
    request: AckMessagesRequest,
    reference: Option<String>,
) -> Call {
    async move { Done::Noted { answer: shared.core.ack(&caller, request).await, reference } }.boxed()
}

pub(crate) fn typing(shared: Arc<Shared>, caller: Arc<Caller>, session: i64, reference: Option<String>) -> Call {
    async move { Done::Noted { answer: shared.core.typing(&caller, session).await, reference } }.boxed()
}

pub(crate) fn page(shared: Arc<Shared>, caller: Arc<Caller>, session: i64, after: i32) -> Call {
    async move { Done::Page { session, answer: shared.core.page(&caller, session, after).await } }.boxed()
}

pub(crate) fn find(
    shared: Arc<Shared>,
    caller: Arc<Caller>,
    session: i64,
    since: i32,
    reference: Option<String>,
) -> Call {
    async move { Done::Found { since, answer: shared.core.session(&caller, session).await.map(Box::new), reference } }
        .boxed()
}

pub(crate) fn renew(shared: Arc<Shared>, caller: Caller, reference: Option<String>) -> Call {
    async move {
        let answer = shared.core.open(&caller, None, Vec::new()).await;
        Done::Renewed { caller, reference, answer }
    }
    .boxed()
}

/// Asks anew who this is, what they follow, and how those sessions and the ones followed so far stand.
pub(crate) fn recheck(shared: Arc<Shared>, caller: Arc<Caller>, after: i64, followed: Vec<i64>) -> Call {
    async move {
        // After an outage everybody asks at once.
        let _turn = shared.rechecks.acquire().await;
        let read = followed.iter().rev().copied().take(MAX_CURSORS).collect();
        let answer = match shared.core.open(&caller, Some(after), read).await {
            Ok(opened) => {
                let mut wanted = followed;
                wanted.extend(opened.heads.iter().map(|head| head.session_id));
                wanted.sort_unstable();
                wanted.dedup();
                let mut sessions = Vec::with_capacity(wanted.len());
                for id in wanted {
                    sessions.push((id, shared.core.session(&caller, id).await));
                }
                Ok(Standing { opened, sessions })
            }
            Err(status) => Err(status),
        };
        Done::Rechecked { after, answer }
    }
    .boxed()
}
