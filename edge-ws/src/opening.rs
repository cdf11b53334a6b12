//! The beginning of a connection: the first frame, who it is, and where the client stopped.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use kefu_proto::common::v1::ErrorReason;
use kefu_proto::error::{Lang, Problem, reason_of};
use kefu_proto::realtime::v1::{MessageFrame, OpenConnectionResponse};
use serde_json::{Map, Value as Json, json};
use tokio::time::{Instant, sleep_until};
use tokio_tungstenite::tungstenite::Utf8Bytes;
use tonic::{Code, Status};

use crate::Shared;
use crate::core::Caller;
use crate::frame::{self, Auth, Close, Inbound, close};
use crate::hub::Peer;
use crate::limits::Bucket;
use crate::mailbox::{Ending, Mailbox, Who, resync};
use crate::wire::{Event, Wire};

/// A client that is known.
pub(crate) struct Opened {
    pub peer: Arc<Peer>,
    pub caller: Caller,
    pub expires: Instant,
}

/// Waits for the first frame, which must be `auth`. None: the client has gone.
pub(crate) async fn first_frame(shared: &Shared, wire: &mut Wire) -> Result<Auth, Option<Ending>> {
    let deadline = Instant::now() + shared.options.auth_timeout;
    let mut frames = Bucket::new(shared.options.frame_rate, Instant::now());
    loop {
        let event = tokio::select! {
            event = wire.event(true, || None) => event,
            () = sleep_until(deadline) => return Err(Some(Ending::Close(Close::new(close::NO_AUTH, "no auth")))),
            () = shared.drain.cancelled() => return Err(Some(Ending::Drain)),
        };
        let bad = |why| Err(Some(Ending::Close(Close::new(close::BAD_FRAME, why))));
        return match event {
            Event::Text(text) => match frame::parse(&text) {
                Ok((Inbound::Auth(auth), _)) => Ok(auth),
                Ok(_) => bad("the first frame must be auth"),
                Err(frame::BadFrame(why)) => bad(why),
            },
            Event::Gone => Err(None),
            Event::Broken(close) => Err(Some(Ending::Close(close))),
            Event::Alive => match frames.take(Instant::now()) {
                Ok(()) => continue,
                Err(wait) => {
                    let close = Close::new(close::TOO_MANY, "too many frames");
                    Err(Some(Ending::Close(Close { retry_after: Some(wait), ..close })))
                }
            },
            Event::Room => continue,
        };
    }
}

/// Asks the core who it is, and registers the connection. Pushes from before the asking on reach it.
pub(crate) async fn open(shared: &Shared, caller: &Caller, auth: Auth) -> Result<Opened, Close> {
    let caller = caller.with_token(&auth.token).ok_or(Close::new(close::UNAUTHENTICATED, "token"))?;
    let resume = auth.resume.unwrap_or_default();
    let opening = shared.hub.opening();
    let after = Some(resume.notification).filter(|id| *id > 0);
    let read = resume.cursors.keys().copied().filter(|session| *session > 0).collect();
    let answer = shared.core.open(&caller, after, read).await.map_err(|status| refused(&status))?;
    let who = who(&answer).ok_or(Close::new(close::FAILED, "core"))?;
    let id = shared.next_id.fetch_add(1, Ordering::Relaxed);

    // A client without a cursor has read the list. One past the newest is from before a restore.
    let newest = answer.newest_notification_id;
    let mut mailbox = Mailbox::new(who, after.map_or(newest, |after| after.min(newest)));
    for head in &answer.heads {
        mailbox.cursors.follow(head.session_id, head.seq);
    }
    let mut cursors = resume.cursors;
    let (resumed, refusals) = if resume.epoch.is_empty() || resume.epoch == answer.epoch {
        start_replays(caller.lang, &mut mailbox, &cursors)
    } else {
        cursors.clear();
        (Map::new(), vec![resync(0, 0, "epoch")])
    };
    mailbox.outbox.reply(auth_ok(shared, &answer, id, &resumed));
    for text in refusals {
        mailbox.outbox.reply(text);
    }
    let (login, expires) = (answer.login_session_id, expiry(&answer));
    let now = Instant::now();
    let has = |recall: &MessageFrame| cursors.get(&recall.session_id).is_some_and(|from| recall.seq <= *from);
    mailbox.recalls(answer.recalls, now, has);
    mailbox.finish_replays();
    mailbox.notifications(answer.notifications, newest, now);

    let peer = Arc::new(Peer::new(id, auth.device, login, mailbox));
    shared.hub.register(&opening, &peer);
    if shared.drain.is_cancelled() {
        peer.end(Ending::Drain);
    }
    Ok(Opened { peer, caller, expires })
}

/// Moves the cursors to where the client stopped: what is going to be replayed, and the frames that say what is not.
fn start_replays(
    lang: Lang,
    mailbox: &mut Mailbox,
    cursors: &BTreeMap<i64, i32>,
) -> (Map<String, Json>, Vec<Utf8Bytes>) {
    let (mut resumed, mut refusals) = (Map::new(), Vec::new());
    for (&session, &from) in cursors {
        let name = session.to_string();
        let Some(head) = mailbox.cursors.head(session) else {
            refusals.push(frame::refusal(&not_followed(), lang, Some(&name)));
            continue;
        };
        match mailbox.cursors.resume(session, from, head) {
            Ok(()) => drop(resumed.insert(name, json!({ "from": from, "head": head }))),
            Err(reason) => refusals.push(resync(session, head, reason)),
        }
    }
    (resumed, refusals)
}

/// The answer to `auth`: who it is, what holds for the connection, and what is going to be replayed.
pub(crate) fn auth_ok(
    shared: &Shared,
    answer: &OpenConnectionResponse,
    id: u64,
    resumed: &Map<String, Json>,
) -> Utf8Bytes {
    let user = answer.principal.as_ref().map_or(0, |principal| principal.id);
    let data = json!({
        "userId": user.to_string(),
        "connectionId": format!("{}-{id}", shared.node_id),
        "epoch": answer.epoch,
        "heartbeatMs": shared.options.heartbeat.as_millis(),
        "maxFrameBytes": shared.options.max_frame_bytes,
        "serverTime": frame::now_millis(),
        "resumed": resumed,
    });
    frame::text("auth_ok", &data)
}

/// Who the core says it is.
pub(crate) fn who(answer: &OpenConnectionResponse) -> Option<Who> {
    let principal = answer.principal.as_ref()?;
    Some(Who { tenant: answer.tenant_id, kind: principal.kind, id: principal.id })
}

/// When the token expires.
pub(crate) fn expiry(answer: &OpenConnectionResponse) -> Instant {
    let left = answer.expire_time.saturating_mul(1000).saturating_sub(frame::now_millis());
    // A token lives for hours; a year keeps the clock's arithmetic within its range.
    Instant::now() + Duration::from_millis(u64::try_from(left).unwrap_or(0)).min(Duration::from_secs(31_536_000))
}

/// How a connection ends whose principal the core does not accept.
pub(crate) fn refused(status: &Status) -> Close {
    match status.code() {
        Code::Unauthenticated => Close::new(close::UNAUTHENTICATED, reason_of(status).as_str_name()),
        Code::PermissionDenied => Close::new(close::FORBIDDEN, reason_of(status).as_str_name()),
        code => {
            tracing::warn!(?code, message = status.message(), "the core did not open a connection");
            Close::new(close::FAILED, "core")
        }
    }
}

/// The session is not the client's any more; what the core would say if it were not visible at all.
pub(crate) fn not_followed() -> Problem {
    Problem::new(ErrorReason::NotFound).with("object", "session")
}
