//! The long poll: what a socket would get, read from the database by a cursor. The bus only says when to look.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use kefu_proto::realtime::v1::event_service_server::EventService;
use kefu_proto::realtime::v1::{
    Frame, NotificationFrame, PollEventsRequest, PollEventsResponse, Push, Resync, frame, push,
};
use kefu_proto::session::v1::session::Status;
use sea_orm::{ColumnTrait, Condition, QueryFilter, QueryOrder, QuerySelect};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tonic::{Request, Response, Status as RpcStatus, async_trait};

use super::cursor::Cursor;
use crate::Core;
use crate::access::{Ctx, enter};
use crate::db::Scoped;
use crate::error::Result;
use crate::session::audience::{message_frame, recipient};
use crate::session::entity::{chat_message, chat_session};
use crate::session::{agent, view, viewer};

/// Messages in one answer.
const MOST: u64 = 300;
/// The bus may lose a push: look by oneself so often.
const LOOK: Duration = Duration::from_secs(1);

/// See the module.
pub(crate) struct Rpc(pub(crate) Arc<Core>);

#[async_trait]
impl EventService for Rpc {
    async fn poll_events(
        &self,
        request: Request<PollEventsRequest>,
    ) -> Result<Response<PollEventsResponse>, RpcStatus> {
        let (ctx, req) = enter(request)?;
        let core = &self.0;
        let wait = Duration::from_secs(u64::try_from(req.wait).unwrap_or(0));
        stay_present(core, &ctx, wait).await?;
        // Listen before looking: what comes in between is not missed.
        let mut pushes = core.bus.subscribe();
        if req.since.is_empty() {
            return Ok(Response::new(start(core, &ctx).await?));
        }
        let mut cursor = Cursor::parse(&req.since, &core.digest_key, &ctx.principal)?;
        if cursor.epoch != core.epoch {
            return Ok(Response::new(resync(core, &ctx, "epoch").await?));
        }
        let deadline = tokio::time::Instant::now() + wait;
        let mut ephemeral = Vec::new();
        loop {
            let (mut list, more) = changes(core, &ctx, &mut cursor).await?;
            list.append(&mut ephemeral);
            let over = tokio::time::Instant::now() >= deadline || core.leaving.is_cancelled();
            if !list.is_empty() || over {
                return Ok(Response::new(PollEventsResponse {
                    list,
                    next: cursor.text(&core.digest_key, &ctx.principal)?,
                    more,
                }));
            }
            let until = deadline.min(tokio::time::Instant::now() + LOOK);
            tokio::select! {
                () = core.leaving.cancelled() => {}
                () = tokio::time::sleep_until(until) => {}
                frame = next_for(&mut pushes, &ctx) => ephemeral.extend(frame),
            }
        }
    }
}

/// Waits for a push to the caller. What cannot be read again, typing and states of people, is given; anything else
/// only says that it is time to look.
async fn next_for(pushes: &mut Receiver<Push>, ctx: &Ctx) -> Option<Frame> {
    let me = recipient(ctx.principal.kind, ctx.principal.id);
    loop {
        let push = match pushes.recv().await {
            Ok(push) => push,
            Err(RecvError::Lagged(_)) => return None,
            Err(RecvError::Closed) => std::future::pending().await,
        };
        if push.tenant_id != ctx.tenant.0 || !push.recipients.contains(&me) {
            continue;
        }
        let Some(push::What::Frame(frame)) = push.what else { return None };
        return match &frame.frame {
            Some(frame::Frame::Typing(_) | frame::Frame::StatusUpdate(_)) => Some(frame),
            _ => None,
        };
    }
}

/// A staff user who polls is there.
async fn stay_present(core: &Core, ctx: &Ctx, wait: Duration) -> Result<()> {
    if !ctx.is_staff() {
        return Ok(());
    }
    let settings = crate::settings::assignment(core.db.read(), ctx.tenant).await?;
    let until = core.clock.now() + wait + Duration::from_secs(u64::try_from(settings.grace_seconds).unwrap_or(0));
    agent::renew(core, ctx.tenant, &[ctx.principal.id], until).await
}

/// Where things stand: every session followed, and nothing before it.
async fn start(core: &Core, ctx: &Ctx) -> Result<PollEventsResponse> {
    let mut cursor = Cursor { epoch: core.epoch.clone(), ..Cursor::default() };
    cursor.notification_id = crate::notification::newest(core.db.read(), ctx).await?;
    let sessions = followed(core, ctx, &cursor).await?;
    cursor.sessions = sessions.iter().map(|s| (s.id, (s.last_seq, s.version))).collect();
    let list = views(core, ctx, sessions).await?;
    Ok(PollEventsResponse { list, next: cursor.text(&core.digest_key, &ctx.principal)?, more: false })
}

/// The cursor is of no use: say so, and give the state anew.
async fn resync(core: &Core, ctx: &Ctx, reason: &str) -> Result<PollEventsResponse> {
    let mut answer = start(core, ctx).await?;
    let resync = Resync { session_id: 0, head: 0, reason: reason.to_owned() };
    answer.list.insert(0, Frame { frame: Some(frame::Frame::Resync(resync)) });
    Ok(answer)
}

/// The sessions the caller takes part in or is asked to take over, and those the caller was given before: what has
/// become of a session that was closed or handed on is told once more.
async fn followed(core: &Core, ctx: &Ctx, cursor: &Cursor) -> Result<Vec<chat_session::Model>> {
    use chat_session::Column as C;
    let own = if ctx.is_customer() {
        Condition::all().add(C::CustomerId.eq(ctx.principal.id)).add(C::Status.ne(Status::Closed as i16))
    } else {
        Condition::any()
            .add(Condition::all().add(C::AgentId.eq(ctx.principal.id)).add(C::Status.eq(Status::Active as i16)))
            .add(C::TransferTo.eq(ctx.principal.id))
    };
    let rows = chat_session::Entity::of(ctx.tenant)
        .filter(Condition::any().add(own).add(C::Id.is_in(cursor.sessions.keys().copied())))
        .order_by_asc(C::Id)
        .all(core.db.read())
        .await?;
    Ok(rows)
}

/// The caller takes part in the session: only then are its messages given.
fn takes_part(ctx: &Ctx, session: &chat_session::Model) -> bool {
    let participant = if ctx.is_customer() { session.customer_id } else { session.agent_id };
    participant == ctx.principal.id
}

async fn views(core: &Core, ctx: &Ctx, sessions: Vec<chat_session::Model>) -> Result<Vec<Frame>> {
    let views = view::many(core, ctx, sessions).await?;
    Ok(views.into_iter().map(|s| Frame { frame: Some(frame::Frame::SessionUpdate(s)) }).collect())
}

/// What is new since the cursor, which is moved: sessions, their messages, notifications.
async fn changes(core: &Core, ctx: &Ctx, cursor: &mut Cursor) -> Result<(Vec<Frame>, bool)> {
    let sessions = followed(core, ctx, cursor).await?;
    let mut list = Vec::new();
    let mut more = false;
    let mut changed = Vec::new();
    let mut room = MOST;
    for session in &sessions {
        // A session that is new to the caller begins where it stands; its history is read by the caller.
        let (seq, version) = cursor.sessions.get(&session.id).copied().unwrap_or((session.last_seq, -1));
        if session.version > version {
            changed.push(session.clone());
        }
        if !takes_part(ctx, session) {
            let asked = session.transfer_to == ctx.principal.id && ctx.is_staff();
            keep(cursor, session, seq, asked);
            continue;
        }
        if seq > session.last_seq {
            let resync = Resync { session_id: session.id, head: session.last_seq, reason: "ahead".to_owned() };
            list.push(Frame { frame: Some(frame::Frame::Resync(resync)) });
            keep(cursor, session, session.last_seq, true);
            continue;
        }
        let messages = messages_after(core, ctx, session, (seq, version), room).await?;
        room = room.saturating_sub(u64::try_from(messages.len()).unwrap_or(u64::MAX));
        let reached = messages.last().map_or(seq, |m| m.seq.max(seq));
        more |= reached < session.last_seq;
        let files = view::files_of(core, ctx.tenant, &messages).await?;
        let frames = messages.iter().map(|m| frame::Frame::Message(message_frame(m, files.get(&m.file_id))));
        list.extend(frames.map(|f| Frame { frame: Some(f) }));
        keep(cursor, session, reached, session.status != Status::Closed as i16 || reached < session.last_seq);
    }
    cursor.sessions.retain(|id, _| sessions.iter().any(|s| s.id == *id));
    list.extend(views(core, ctx, changed).await?);
    list.extend(notifications_after(core, ctx, cursor).await?);
    list.extend(viewers(core, ctx, &sessions, cursor).await?);
    Ok((list, more))
}

/// Who has the caller's own sessions open, and those that the caller has open: where that has changed.
async fn viewers(core: &Core, ctx: &Ctx, followed: &[chat_session::Model], cursor: &mut Cursor) -> Result<Vec<Frame>> {
    if !ctx.is_staff() {
        return Ok(Vec::new());
    }
    let mut about = viewer::open_by(core, ctx).await?;
    about.extend(followed.iter().filter(|session| takes_part(ctx, session)).map(|session| session.id));
    let now = viewer::ids(core, ctx.tenant, &about).await?;
    // Of what the caller has closed, or has lost, nothing more is told.
    cursor.viewers.retain(|session_id, _| about.contains(session_id));
    let mut frames = Vec::new();
    for session_id in about.into_iter().collect::<BTreeSet<_>>() {
        let here = now.get(&session_id).cloned().unwrap_or_default();
        if cursor.viewers.get(&session_id).cloned().unwrap_or_default() != here {
            let viewers = viewer::message(core, ctx.tenant, session_id, &here).await?;
            frames.push(Frame { frame: Some(frame::Frame::Viewers(viewers)) });
        }
        if here.is_empty() {
            cursor.viewers.remove(&session_id);
        } else {
            cursor.viewers.insert(session_id, here);
        }
    }
    Ok(frames)
}

/// Remembers how far the caller has got in a session, or that it is none of the caller's any more.
fn keep(cursor: &mut Cursor, session: &chat_session::Model, seq: i32, follows: bool) {
    if follows {
        cursor.sessions.insert(session.id, (seq, session.version));
    } else {
        cursor.sessions.remove(&session.id);
    }
}

/// Messages after a sequence, and those recalled after a version, in their order.
async fn messages_after(
    core: &Core,
    ctx: &Ctx,
    session: &chat_session::Model,
    (seq, version): (i32, i64),
    room: u64,
) -> Result<Vec<chat_message::Model>> {
    use chat_message::Column as C;
    if session.version == version || room == 0 {
        return Ok(Vec::new());
    }
    let recalled = Condition::all().add(C::RecallVersion.gt(version.max(0))).add(C::Seq.lte(seq));
    let rows = chat_message::Entity::of(ctx.tenant)
        .filter(C::SessionId.eq(session.id))
        .filter(Condition::any().add(C::Seq.gt(seq)).add(recalled))
        .order_by_asc(C::Seq)
        .limit(room)
        .all(core.db.read())
        .await?;
    Ok(rows)
}

async fn notifications_after(core: &Core, ctx: &Ctx, cursor: &mut Cursor) -> Result<Vec<Frame>> {
    if !ctx.is_staff() {
        return Ok(Vec::new());
    }
    let found = crate::notification::after(core.db.read(), ctx, cursor.notification_id).await?;
    cursor.notification_id = found.last().map_or(cursor.notification_id, |n| n.id);
    let frame = |n: kefu_proto::notification::v1::Notification| {
        frame::Frame::Notification(NotificationFrame { notification_id: n.id, notification: Some(n) })
    };
    Ok(found.into_iter().map(|n| Frame { frame: Some(frame(n)) }).collect())
}
