//! What one connection has been given and has not written yet, shared between the connection's task and whoever
//! delivers to it. Everything here is decided at once, without waiting for anything.

use std::collections::{HashMap, VecDeque};

use kefu_planted::{Bug, planted};
use kefu_proto::common::v1::principal::Kind;
use kefu_proto::notification::v1::Notification;
use kefu_proto::realtime::v1::frame::Frame as Pushed;
use kefu_proto::realtime::v1::{MessageFrame, NotificationFrame};
use kefu_proto::session::v1::session::Status as SessionStatus;
use kefu_proto::session::v1::{ListMessagesResponse, Session};
use serde_json::json;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Utf8Bytes;

use crate::cursor::{Cursors, Decision, PageDecision, Standing};
use crate::frame::{self, Close};
use crate::outbox::{Key, Outbox};

/// So many messages, recalls and notifications are remembered after they were sent.
const MAX_RECENT: usize = 128;

/// A principal of a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Who {
    pub tenant: i64,
    pub kind: i32,
    pub id: i64,
}

impl Who {
    /// Whether the session is this principal's to serve or to be served in.
    pub(crate) fn owns(self, session: &Session) -> bool {
        match Kind::try_from(self.kind) {
            Ok(Kind::User) => session.agent_id == self.id,
            Ok(Kind::Customer) => session.customer_id == self.id,
            _ => false,
        }
    }
}

/// A frame on its way to all who get it: what it is about, and its text, written once.
#[derive(Debug)]
pub(crate) struct Item {
    pub about: Pushed,
    pub text: Utf8Bytes,
}

impl Item {
    /// Writes a frame of the core.
    pub(crate) fn new(about: Pushed) -> Option<Self> {
        let text = frame::pushed(&about)?;
        Some(Self { about, text })
    }

    /// Whether it is a message of this principal's own.
    pub(crate) fn is_from(&self, who: Who) -> bool {
        let Pushed::Message(message) = &self.about else { return false };
        message.sender.as_ref().is_some_and(|sender| (sender.kind, sender.id) == (who.kind, who.id))
    }
}

/// Why a connection ends.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Ending {
    Close(Close),
    /// The node stops.
    Drain,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Mailbox {
    pub who: Who,
    pub cursors: Cursors,
    pub outbox: Outbox,
    notices: Notices,
    /// Which session a message belongs to: an acknowledgement may name the message alone.
    recent: VecDeque<(i64, i64)>,
    /// The recalls that the client has been told of, or has read, as session and sequence.
    recalled: VecDeque<(i64, i32)>,
    /// Recalls that wait for room in the outbox.
    recalls: VecDeque<Utf8Bytes>,
    /// Something may have been missed that no cursor shows.
    pub recheck: bool,
    pub ending: Option<Ending>,
}

/// The notifications: their ids rise but have holes, so only the core knows what is missing.
#[derive(Debug, Default)]
struct Notices {
    newest: i64,
    recent: VecDeque<i64>,
    /// What came after this one may be missing.
    missed: Option<i64>,
}

impl Mailbox {
    /// The mailbox of a connection that has just been accepted.
    pub(crate) fn new(who: Who, notification: i64) -> Self {
        Self {
            who,
            cursors: Cursors::default(),
            outbox: Outbox::default(),
            notices: Notices { newest: notification, ..Notices::default() },
            recent: VecDeque::new(),
            recalled: VecDeque::new(),
            recalls: VecDeque::new(),
            recheck: false,
            ending: None,
        }
    }

    /// Takes a frame of the core.
    pub(crate) fn put(&mut self, item: &Item, now: Instant) {
        match &item.about {
            Pushed::Message(message) => {
                let (session, seq) = (message.session_id, message.seq);
                match self.cursors.message(session, seq, message.recalled) {
                    Decision::Send if self.outbox.durable(item.text.clone(), now) => {
                        self.cursors.sent(session, seq);
                        self.remember(message.message_id, session);
                    }
                    Decision::Send if planted(Bug::CursorOnSend) => self.cursors.sent(session, seq),
                    Decision::SendAgain => {
                        self.outbox.state(Key::Recall { session, seq }, 0, item.text.clone());
                        push_bounded(&mut self.recalled, (session, seq));
                    }
                    Decision::Send | Decision::Skip => {}
                }
            }
            Pushed::SessionUpdate(session) => self.session(session, item.text.clone()),
            Pushed::StatusUpdate(status) => {
                let principal = status.principal.clone().unwrap_or_default();
                let key = Key::Status { kind: principal.kind, id: principal.id, session: status.session_id };
                self.outbox.state(key, status.version, item.text.clone());
            }
            Pushed::Viewers(viewers) => {
                self.outbox.state(Key::Viewers(viewers.session_id), viewers.version, item.text.clone());
            }
            Pushed::Notification(notice) => self.notice(notice.notification_id, item.text.clone(), now),
            Pushed::Typing(_) => self.outbox.ephemeral(item.text.clone()),
            Pushed::Resync(_) => self.outbox.reply(item.text.clone()),
        }
        self.finish_replays();
    }

    /// Takes the state of a session.
    fn session(&mut self, session: &Session, text: Utf8Bytes) {
        if self.learn(session) {
            self.outbox.state(Key::Session(session.id), session.version, text);
        }
    }

    /// Learns how a session stands; false if a newer state of it was known.
    fn learn(&mut self, session: &Session) -> bool {
        self.cursors.session(Standing {
            session: session.id,
            version: session.version,
            last_seq: session.last_seq,
            mine: self.who.owns(session),
            closed: session.status() == SessionStatus::Closed,
        })
    }

    /// Takes a session as it was read from the core, which may be older than what was pushed meanwhile.
    pub(crate) fn looked_up(&mut self, session: Session, now: Instant) {
        let head = HashMap::from([(session.id, session.last_seq)]);
        if let Some(item) = Item::new(Pushed::SessionUpdate(session)) {
            self.put(&item, now);
            self.cursors.heads(&head);
        }
    }

    /// Replays a session from where the client says it is. False: the session is not the principal's.
    pub(crate) fn catch_up(&mut self, session: &Session, since: i32) -> bool {
        let newest = self.learn(session);
        if !self.who.owns(session) || !(newest || self.cursors.head(session.id).is_some()) {
            return false;
        }
        if let Err(reason) = self.cursors.resume(session.id, since, session.last_seq) {
            let head = self.cursors.head(session.id).unwrap_or(session.last_seq);
            self.outbox.reply(resync(session.id, head, reason));
        }
        self.finish_replays();
        true
    }

    fn notice(&mut self, id: i64, text: Utf8Bytes, now: Instant) {
        if self.notices.recent.contains(&id) {
            return;
        }
        if self.outbox.durable(text, now) {
            self.notices.newest = self.notices.newest.max(id);
            push_bounded(&mut self.notices.recent, id);
        } else {
            self.missed_after(id - 1);
        }
    }

    /// Takes the notifications that the core says were missed, of which it may have more.
    pub(crate) fn notifications(&mut self, notifications: Vec<Notification>, newest: i64, now: Instant) {
        if let Some(last) = notifications.last().filter(|last| last.id < newest) {
            self.missed_after(last.id);
        }
        for notification in notifications {
            let id = notification.id;
            let frame = NotificationFrame { notification_id: id, notification: Some(notification) };
            if let Some(text) = frame::pushed(&Pushed::Notification(frame)) {
                self.notice(id, text, now);
            }
        }
    }

    /// Pushes may have been lost before this point.
    pub(crate) fn gap(&mut self) {
        self.recheck = true;
        self.missed_after(self.notices.newest);
    }

    /// Notifications after this one may have been missed.
    pub(crate) fn missed_after(&mut self, id: i64) {
        self.notices.missed = Some(self.notices.missed.map_or(id, |missed| missed.min(id)));
    }

    /// After which notification to ask for more. What is missed from now on counts as missed anew.
    pub(crate) fn ask_notifications(&mut self) -> i64 {
        self.notices.missed.take().unwrap_or(self.notices.newest)
    }

    /// Takes the recalls of late: those that are news, of messages the client has.
    pub(crate) fn recalls(&mut self, recalls: Vec<MessageFrame>, now: Instant, has: impl Fn(&MessageFrame) -> bool) {
        for recall in recalls {
            let (session, seq) = (recall.session_id, recall.seq);
            if self.recalled.contains(&(session, seq)) {
                continue;
            }
            push_bounded(&mut self.recalled, (session, seq));
            // What was not sent yet is going to be read as it is now.
            let followed = self.cursors.head(session).is_some();
            let sent = followed && self.cursors.message(session, seq, true) == Decision::SendAgain;
            if sent && has(&recall) {
                self.recalls.extend(frame::pushed(&Pushed::Message(recall)));
            }
        }
        self.send_recalls(now);
    }

    /// Sends the recalls that there is room for.
    pub(crate) fn send_recalls(&mut self, now: Instant) {
        while let Some(text) = self.recalls.front() {
            if !self.outbox.durable(text.clone(), now) {
                return;
            }
            self.recalls.pop_front();
        }
    }

    /// What is to be asked of the core now: everything, if something was missed that no cursor shows.
    pub(crate) fn wants_recheck(&self) -> bool {
        self.recheck || (self.notices.missed.is_some() && self.outbox.paused_since().is_none())
    }

    /// The next gap to read, if there is room for what it brings.
    pub(crate) fn next_read(&mut self) -> Option<(i64, i32)> {
        if self.outbox.paused_since().is_some() { None } else { self.cursors.next_read() }
    }

    /// Takes a page of the history.
    pub(crate) fn page(&mut self, session: i64, page: ListMessagesResponse, now: Instant) {
        let Some(cursor) = self.cursors.read(session) else { return };
        if !page.list.is_empty() {
            cursor.heard(page.head);
        }
        let mut news = false;
        for message in page.list {
            let (id, seq) = (message.id, message.seq);
            let Some(text) = frame::stored(message) else { continue };
            let bytes = text.len();
            match cursor.on_page(seq, bytes) {
                PageDecision::Skip => continue,
                PageDecision::TooFar(head) => {
                    self.outbox.reply(resync(session, head, "too_far"));
                    news = true;
                    break;
                }
                PageDecision::Send => {}
            }
            news = true;
            if !self.outbox.durable(text, now) {
                break;
            }
            cursor.sent_from_page(seq, bytes);
            push_bounded(&mut self.recent, (id, session));
        }
        if !news && !page.more {
            cursor.nothing_more();
        }
        self.finish_replays();
    }

    /// Says that the replays which have come to their end have done so.
    pub(crate) fn finish_replays(&mut self) {
        for (session, head) in self.cursors.replayed() {
            let data = json!({ "sessionId": session.to_string(), "head": head });
            self.outbox.reply(frame::text("sync_done", &data));
        }
    }

    /// The session of a message that was sent of late.
    pub(crate) fn session_of(&self, message: i64) -> Option<i64> {
        self.recent.iter().rev().find(|(id, _)| *id == message).map(|(_, session)| *session)
    }

    /// Ends the connection, unless it ends already.
    pub(crate) fn end(&mut self, ending: Ending) {
        self.ending.get_or_insert(ending);
    }

    fn remember(&mut self, message: i64, session: i64) {
        push_bounded(&mut self.recent, (message, session));
    }
}

/// Tells the client to read the history.
pub(crate) fn resync(session: i64, head: i32, reason: &str) -> Utf8Bytes {
    frame::text("resync", &json!({ "sessionId": session.to_string(), "head": head, "reason": reason }))
}

fn push_bounded<T>(recent: &mut VecDeque<T>, item: T) {
    if recent.len() == MAX_RECENT {
        recent.pop_front();
    }
    recent.push_back(item);
}

#[cfg(test)]
mod tests;
