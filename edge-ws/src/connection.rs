//! One connection from its first frame to its close: a single task that never waits for one thing only.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use kefu_proto::direct::Place;
use kefu_proto::error::Lang;
use kefu_proto::realtime::v1::OpenConnectionResponse;
use kefu_proto::session::v1::{AckMessagesRequest, ListMessagesResponse, SendMessageRequest};
use rand::Rng;
use serde_json::{Map, Value as Json, json};
use tokio::sync::oneshot::{self, error::TryRecvError};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::tungstenite::Utf8Bytes;
use tonic::{Code, Status};

use crate::Shared;
use crate::call::{self, Call, Done, Standing, Turn};
use crate::core::Caller;
use crate::frame::{self, Auth, BadFrame, Close, Inbound, close};
use crate::hub::Peer;
use crate::limits::Bucket;
use crate::mailbox::Ending;
use crate::opening::{self, Opened};
use crate::wire::{Event, Wire};

/// Calls under way for one client, those that wait for their turn included; with more, its frames wait in the socket.
const MAX_CALLS: usize = 16;
/// At most one typing in this time for each session.
const TYPING: Duration = Duration::from_secs(1);
/// How long to wait before the core is asked again after it failed.
const RETRY: Duration = Duration::from_secs(1);
/// How long it may take to find out who a client is and where it stopped.
const OPENING: Duration = Duration::from_secs(20);
/// How long messages that are being stored may take after the connection has ended.
const LAST_SENDS: Duration = Duration::from_secs(5);
/// Clients of a stopping node come back spread over this time.
const MAX_RECONNECT_MS: u64 = 5000;

/// Serves one client until it is gone. What is needed only at the beginning and at the end is boxed, so that an idle
/// connection does not hold the memory for it.
pub(crate) async fn run(shared: Arc<Shared>, mut wire: Wire, caller: Caller) {
    let opened = Box::pin(begin(&shared, &mut wire, &caller)).await;
    match opened {
        Ok(opened) => Connection::new(shared, wire, opened).run().await,
        Err(ending) => Box::pin(end(wire, ending, caller.lang)).await,
    }
}

/// Waits for the client to say who it is. None: it has gone.
async fn begin(shared: &Shared, wire: &mut Wire, caller: &Caller) -> Result<Opened, Option<Ending>> {
    let auth = opening::first_frame(shared, wire).await?;
    match timeout(OPENING, opening::open(shared, caller, auth)).await {
        Ok(opened) => opened.map_err(|close| Some(Ending::Close(close))),
        Err(_) => Err(Some(Ending::Close(Close::new(close::FAILED, "core")))),
    }
}

/// Ends a connection that was not opened.
async fn end(wire: Wire, ending: Option<Ending>, lang: Lang) {
    match ending {
        Some(Ending::Close(close)) => finish(wire, Vec::new(), &close, lang).await,
        Some(Ending::Drain) => {
            count_close("1012");
            wire.close(vec![bye()], close::RESTART, "restart").await;
        }
        None => {
            count_close("gone");
            wire.gone().await;
        }
    }
}

/// Says why, and closes.
async fn finish(wire: Wire, mut last: Vec<Utf8Bytes>, close: &Close, lang: Lang) {
    count_close(&close.code.to_string());
    if close.code != close::RESTART {
        last.push(frame::fatal(close, lang));
    }
    wire.close(last, close.code, close.why).await;
}

fn bye() -> Utf8Bytes {
    let wait = rand::rng().random_range(0..=MAX_RECONNECT_MS);
    frame::text("bye", &json!({ "reason": "restart", "reconnectAfterMs": wait }))
}

fn count_close(code: &str) {
    metrics::counter!("kefu_ws_closes_total", "code" => code.to_owned()).increment(1);
}

/// A client that is known.
struct Connection {
    shared: Arc<Shared>,
    wire: Wire,
    peer: Arc<Peer>,
    caller: Arc<Caller>,
    expires: Instant,
    /// When something came from the client.
    heard: Instant,
    /// When we asked whether it is still there.
    pinged: Instant,
    frames: Bucket,
    /// The end of each session's line of messages: closed when the last one cannot be overtaken any more.
    lines: HashMap<i64, oneshot::Receiver<()>>,
    typed: HashMap<i64, Instant>,
    calls: FuturesUnordered<Call>,
    rechecking: bool,
    /// The core has failed: nothing is asked of our own accord before this.
    retry_at: Option<Instant>,
    /// The node stops: the client has been told, and nothing is read from it any more.
    leave_by: Option<Instant>,
}

impl Connection {
    fn new(shared: Arc<Shared>, wire: Wire, opened: Opened) -> Self {
        let now = Instant::now();
        Self {
            frames: Bucket::new(shared.options.frame_rate, now),
            shared,
            wire,
            peer: opened.peer,
            caller: Arc::new(opened.caller),
            expires: opened.expires,
            heard: now,
            pinged: now,
            lines: HashMap::new(),
            typed: HashMap::new(),
            calls: FuturesUnordered::new(),
            rechecking: false,
            retry_at: None,
            leave_by: None,
        }
    }

    async fn run(mut self) {
        let close = self.serve().await.err();
        self.shared.hub.unregister(&self.peer);
        let Self { shared, wire, peer, caller, mut calls, .. } = self;
        if peer.storing.load(Ordering::Relaxed) > 0 {
            // The client has handed these over: they are stored even if it does not hear of it.
            shared.tasks.spawn(timeout(LAST_SENDS, async move { while calls.next().await.is_some() {} }));
        }
        let mut outbox = std::mem::take(&mut peer.mailbox().outbox);
        drop(peer);
        match close {
            Some(Some(close)) => {
                if matches!(close.code, close::REVOKED | close::FORBIDDEN | close::TOO_SLOW) {
                    outbox.clear();
                }
                let last = std::iter::from_fn(|| outbox.pop()).collect();
                Box::pin(finish(wire, last, &close, caller.lang)).await;
            }
            Some(None) | None => {
                count_close("gone");
                Box::pin(wire.gone()).await;
            }
        }
    }

    /// Serves until the connection ends: with a close code, or without one because the client has gone.
    async fn serve(&mut self) -> Result<(), Option<Close>> {
        let mut timer = std::pin::pin!(sleep_until(self.deadline()));
        loop {
            self.settle()?;
            let reads = self.calls.len() < MAX_CALLS && self.leave_by.is_none();
            // The deadline moves with each frame. One that has moved on is noticed when the timer rings too early.
            let deadline = self.deadline();
            if deadline < timer.deadline() {
                timer.as_mut().reset(deadline);
            }
            let peer = &self.peer;
            let next = || {
                let outbox = &mut peer.mailbox().outbox;
                let paused = outbox.paused_since().is_some();
                outbox.pop().map(|text| (text, paused && outbox.paused_since().is_none()))
            };
            tokio::select! {
                event = self.wire.event(reads, next) => self.on_event(event)?,
                Some(done) = self.calls.next(), if !self.calls.is_empty() => self.on_done(done)?,
                () = self.peer.wake.notified() => {}
                () = &mut timer => {
                    self.on_time()?;
                    timer.as_mut().reset(self.deadline());
                }
            }
        }
    }

    /// Looks at what others have put into the mailbox, and starts what follows from it.
    fn settle(&mut self) -> Result<(), Close> {
        let mut mailbox = self.peer.mailbox();
        if mailbox.outbox.overflowed() {
            return Err(Close::new(close::TOO_SLOW, "too slow"));
        }
        match &mailbox.ending {
            Some(Ending::Close(close)) => return Err(close.clone()),
            Some(Ending::Drain) if self.leave_by.is_none() => {
                self.leave_by = Some(Instant::now() + LAST_SENDS);
                mailbox.outbox.reply(bye());
            }
            Some(Ending::Drain) | None => {}
        }
        mailbox.send_recalls(Instant::now());
        if self.leave_by.is_some() {
            return if self.peer.storing.load(Ordering::Relaxed) > 0 {
                Ok(())
            } else {
                Err(Close::new(close::RESTART, "restart"))
            };
        }
        if self.retry_at.is_some() {
            return Ok(());
        }
        if mailbox.wants_recheck() && !self.rechecking {
            self.rechecking = true;
            mailbox.recheck = false;
            let (after, followed) = (mailbox.ask_notifications(), mailbox.cursors.followed());
            self.calls.push(call::recheck(self.shared.clone(), self.caller.clone(), after, followed));
        }
        if let Some((session, after)) = mailbox.next_read() {
            self.calls.push(call::page(self.shared.clone(), self.caller.clone(), session, after));
        }
        Ok(())
    }

    /// When to look at the clock next.
    fn deadline(&self) -> Instant {
        let options = &self.shared.options;
        let slow = [self.wire.blocked_since(), self.peer.mailbox().outbox.paused_since()];
        let slow = slow.into_iter().flatten().map(|since| since + options.slow_timeout);
        let silence = self.heard + options.silence;
        let ping = self.heard.max(self.pinged) + options.heartbeat;
        let fixed = [silence, ping, self.expires].into_iter();
        fixed.chain(slow).chain(self.retry_at).chain(self.leave_by).min().unwrap_or(silence)
    }

    fn on_time(&mut self) -> Result<(), Close> {
        let now = Instant::now();
        let options = &self.shared.options;
        let passed = |since: Option<Instant>, time: Duration| since.is_some_and(|since| now >= since + time);
        if self.leave_by.is_some_and(|time| now >= time) {
            return Err(Close::new(close::RESTART, "restart"));
        }
        if now >= self.expires {
            return Err(Close::new(close::UNAUTHENTICATED, "expired"));
        }
        if passed(Some(self.heard), options.silence) {
            return Err(Close::new(close::SILENT, "silence"));
        }
        let mut mailbox = self.peer.mailbox();
        let blocked = passed(self.wire.blocked_since(), options.slow_timeout);
        if blocked || passed(mailbox.outbox.paused_since(), options.slow_timeout) {
            return Err(Close::new(close::TOO_SLOW, "too slow"));
        }
        if self.retry_at.is_some_and(|time| now >= time) {
            self.retry_at = None;
        }
        if passed(Some(self.heard.max(self.pinged)), options.heartbeat) {
            self.pinged = now;
            mailbox.outbox.ephemeral(frame::text("ping", &json!({ "t": frame::now_millis() })));
        }
        Ok(())
    }

    fn on_event(&mut self, event: Event) -> Result<(), Option<Close>> {
        match event {
            Event::Room => return Ok(()),
            Event::Gone => return Err(None),
            Event::Broken(close) => return Err(Some(close)),
            Event::Text(_) | Event::Alive => {}
        }
        self.heard = Instant::now();
        if let Err(wait) = self.frames.take(self.heard) {
            let retry_after = Some(wait);
            return Err(Some(Close { retry_after, ..Close::new(close::TOO_MANY, "too many frames") }));
        }
        let Event::Text(text) = event else { return Ok(()) };
        metrics::counter!("kefu_ws_frames_total", "direction" => "in").increment(1);
        let (inbound, reference) = frame::parse(&text).map_err(|BadFrame(why)| Close::new(close::BAD_FRAME, why))?;
        self.on_frame(inbound, reference)?;
        Ok(())
    }

    fn on_frame(&mut self, inbound: Inbound, reference: Option<String>) -> Result<(), Close> {
        match inbound {
            Inbound::Auth(auth) => return self.renew(&auth, reference),
            Inbound::Ping(t) => self.reply("pong", &json!({ "t": t })),
            Inbound::Pong => {}
            Inbound::Message(request) => self.send(request, reference),
            Inbound::Ack(request) => self.ack(request, reference),
            Inbound::Sync { session, since } => {
                self.calls.push(call::find(self.shared.clone(), self.caller.clone(), session, since, reference));
            }
            Inbound::Typing { session } => self.typing(session, reference),
        }
        Ok(())
    }

    /// A fresh token for the same principal.
    fn renew(&mut self, auth: &Auth, reference: Option<String>) -> Result<(), Close> {
        let caller = self.caller.with_token(&auth.token).ok_or(Close::new(close::UNAUTHENTICATED, "token"))?;
        self.calls.push(call::renew(self.shared.clone(), caller, reference));
        Ok(())
    }

    fn send(&mut self, request: SendMessageRequest, reference: Option<String>) {
        let own = Some(request.client_msg_id.clone()).filter(|id| !id.is_empty());
        let reference = own.or(reference);
        self.lines.retain(|_, last| last.try_recv() == Err(TryRecvError::Empty));
        let (place, last) = Place::new();
        let turn = Turn { before: self.lines.insert(request.id, last), place };
        self.peer.storing.fetch_add(1, Ordering::Relaxed);
        self.calls.push(call::send(self.shared.clone(), self.caller.clone(), request, reference, turn));
    }

    fn ack(&mut self, mut request: AckMessagesRequest, reference: Option<String>) {
        if request.id == 0 && request.message_id > 0 {
            // PRD 8.15 names the message alone.
            match self.peer.mailbox().session_of(request.message_id) {
                Some(session) => request.id = session,
                None => return,
            }
        }
        self.calls.push(call::ack(self.shared.clone(), self.caller.clone(), request, reference));
    }

    fn typing(&mut self, session: i64, reference: Option<String>) {
        let now = Instant::now();
        self.typed.retain(|_, at| now < *at + TYPING);
        if let Entry::Vacant(first) = self.typed.entry(session) {
            first.insert(now);
            self.calls.push(call::typing(self.shared.clone(), self.caller.clone(), session, reference));
        }
    }

    fn on_done(&mut self, done: Done) -> Result<(), Close> {
        match done {
            Done::Sent { reference, answer } => {
                self.peer.storing.fetch_sub(1, Ordering::Relaxed);
                match answer {
                    // A core that answers without the message has stored it all the same; the client sees it pushed.
                    Ok(stored) => frame::accepted(&stored).into_iter().for_each(|text| self.put(text)),
                    Err(status) => return self.failed(&status, reference.as_deref()),
                }
            }
            Done::Noted { reference, answer } => {
                if let Err(status) = answer {
                    return self.failed(&status, reference.as_deref());
                }
            }
            Done::Page { session, answer } => return self.page(session, answer),
            Done::Found { since, reference, answer } => {
                let caught_up = answer.map(|found| self.peer.mailbox().catch_up(&found, since));
                match caught_up {
                    Ok(true) => {}
                    Ok(false) => {
                        self.put(frame::refusal(&opening::not_followed(), self.caller.lang, reference.as_deref()));
                    }
                    Err(status) => return self.failed(&status, reference.as_deref()),
                }
            }
            Done::Renewed { caller, reference, answer } => return self.renewed(caller, answer, reference.as_deref()),
            Done::Rechecked { after, answer } => {
                self.rechecking = false;
                return self.rechecked(after, answer);
            }
        }
        Ok(())
    }

    /// A call of the client has failed: it is told, unless its token is the reason.
    fn failed(&mut self, status: &Status, reference: Option<&str>) -> Result<(), Close> {
        if status.code() == Code::Unauthenticated {
            return Err(opening::refused(status));
        }
        self.put(frame::failure(status, self.caller.lang, reference));
        Ok(())
    }

    fn page(&mut self, session: i64, answer: Result<ListMessagesResponse, Status>) -> Result<(), Close> {
        let mut mailbox = self.peer.mailbox();
        match answer {
            Ok(page) => mailbox.page(session, page, Instant::now()),
            Err(status) => {
                mailbox.cursors.read(session);
                match status.code() {
                    Code::Unauthenticated => return Err(opening::refused(&status)),
                    Code::NotFound | Code::PermissionDenied => mailbox.cursors.forget(session),
                    _ => self.retry_at = Some(Instant::now() + RETRY),
                }
            }
        }
        Ok(())
    }

    fn renewed(
        &mut self,
        caller: Caller,
        answer: Result<OpenConnectionResponse, Status>,
        reference: Option<&str>,
    ) -> Result<(), Close> {
        let answer = match answer {
            Ok(answer) => answer,
            Err(status) if matches!(status.code(), Code::Unauthenticated | Code::PermissionDenied) => {
                return Err(opening::refused(&status));
            }
            // The old token may still be good for a while; the client tries again.
            Err(status) => return self.failed(&status, reference),
        };
        if opening::who(&answer) != Some(self.peer.who) {
            return Err(Close::new(close::FORBIDDEN, "another principal"));
        }
        self.expires = opening::expiry(&answer);
        self.caller = Arc::new(caller);
        self.peer.login.store(answer.login_session_id, Ordering::Relaxed);
        self.put(opening::auth_ok(&self.shared, &answer, self.peer.id, &Map::new()));
        Ok(())
    }

    fn rechecked(&mut self, after: i64, answer: Result<Standing, Status>) -> Result<(), Close> {
        let now = Instant::now();
        let mut mailbox = self.peer.mailbox();
        let standing = match answer {
            Ok(standing) => standing,
            Err(status) if matches!(status.code(), Code::Unauthenticated | Code::PermissionDenied) => {
                return Err(opening::refused(&status));
            }
            Err(_) => {
                mailbox.recheck = true;
                mailbox.missed_after(after);
                self.retry_at = Some(now + RETRY);
                return Ok(());
            }
        };
        let opened = standing.opened;
        mailbox.notifications(opened.notifications, opened.newest_notification_id, now);
        mailbox.recalls(opened.recalls, now, |_| true);
        for (session, answer) in standing.sessions {
            match answer {
                Ok(found) => mailbox.looked_up(found, now),
                Err(status) if matches!(status.code(), Code::NotFound | Code::PermissionDenied) => {
                    mailbox.cursors.forget(session);
                }
                Err(_) => mailbox.recheck = true,
            }
        }
        Ok(())
    }

    fn reply(&self, kind: &str, data: &Json) {
        self.put(frame::text(kind, data));
    }

    fn put(&self, text: Utf8Bytes) {
        self.peer.mailbox().outbox.reply(text);
    }
}
