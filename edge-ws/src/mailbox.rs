//! What one connection has been given and has not written yet, shared between the connection's task and whoever
//! delivers to it. Everything here is decided at once, without waiting for anything.

use std::collections::{HashMap, VecDeque};

use kefu_proto::common::v1::principal::Kind;
use kefu_proto::notification::v1::Notification;
use kefu_proto::realtime::v1::NotificationFrame;
use kefu_proto::realtime::v1::frame::Frame as Pushed;
use kefu_proto::session::v1::session::Status as SessionStatus;
use kefu_proto::session::v1::{ListMessagesResponse, Session};
use serde_json::json;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Utf8Bytes;

use crate::cursor::{Cursors, Decision, PageDecision, Standing};
use crate::frame::{self, Close};
use crate::outbox::{Key, Outbox};

/// So many messages and notifications are remembered after they were sent.
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
        let text = frame::pushed(about.clone())?;
        Some(Self { about, text })
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
    /// Something may have been missed that no cursor shows.
    pub recheck: bool,
    pub ending: Option<Ending>,
}

/// The notifications: their ids rise but have holes, so only the core knows what is missing.
#[derive(Debug, Default)]
struct Notices {
    newest: i64,
    recent: VecDeque<i64>,
    /// The first one that could not be taken.
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
                    Decision::SendAgain => self.outbox.state(Key::Recall { session, seq }, 0, item.text.clone()),
                    Decision::Send | Decision::Skip => {}
                }
            }
            Pushed::SessionUpdate(session) => self.session(session, item.text.clone()),
            Pushed::StatusUpdate(status) => {
                let principal = status.principal.clone().unwrap_or_default();
                let key = Key::Status { kind: principal.kind, id: principal.id, session: status.session_id };
                self.outbox.state(key, status.version, item.text.clone());
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
            self.notices.missed = Some(self.notices.missed.map_or(id, |missed| missed.min(id)));
        }
    }

    /// Takes the notifications that the core says were missed.
    pub(crate) fn notifications(&mut self, notifications: Vec<Notification>, now: Instant) {
        for notification in notifications {
            let id = notification.id;
            let frame = NotificationFrame { notification_id: id, notification: Some(notification) };
            if let Some(text) = frame::pushed(Pushed::Notification(frame)) {
                self.notice(id, text, now);
            }
        }
    }

    /// After which notification to ask for more. What is missed from now on counts as missed anew.
    pub(crate) fn ask_notifications(&mut self) -> i64 {
        self.recheck = false;
        self.notices.missed.take().map_or(self.notices.newest, |missed| missed - 1)
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
            let Some(text) = frame::message(message) else { continue };
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
mod tests {
    use kefu_proto::realtime::v1::MessageFrame;
    use kefu_proto::session::v1::Message;
    use proptest::prelude::*;
    use serde_json::Value as Json;

    use super::*;

    const SESSION: i64 = 100;

    #[derive(Debug, Clone)]
    enum Step {
        /// A message is stored; its push comes so often, the last time after so many other steps.
        Store { pushes: usize, late: usize },
        /// A message is recalled, and that is pushed.
        Recall(prop::sample::Index),
        /// The core tells the newest sequence.
        Heads,
        /// The next gap begins to be read.
        Ask,
        /// The page under way is taken from the history now, to arrive later.
        Read,
        /// The page arrives, or the reading fails.
        Arrive { fails: bool },
        /// The client takes some frames.
        Take(usize),
        /// The client asks to start again from where it is.
        Sync,
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            6 => (0..3_usize, 0..4_usize).prop_map(|(pushes, late)| Step::Store { pushes, late }),
            1 => any::<prop::sample::Index>().prop_map(Step::Recall),
            1 => Just(Step::Heads),
            2 => Just(Step::Ask),
            2 => Just(Step::Read),
            2 => any::<bool>().prop_map(|fails| Step::Arrive { fails }),
            2 => (0..8_usize).prop_map(Step::Take),
            1 => Just(Step::Sync),
        ]
    }

    /// A history, a bus that loses and doubles, and a client that checks each frame.
    struct World {
        mailbox: Mailbox,
        history: Vec<Message>,
        late: Vec<(usize, Message)>,
        asked: Option<(i64, i32)>,
        page: Option<ListMessagesResponse>,
        /// What the client has: whether each message is recalled.
        list: Vec<bool>,
        synced: bool,
    }

    impl World {
        fn new() -> Self {
            let who = Who { tenant: 1, kind: Kind::Customer.into(), id: 7 };
            let mut mailbox = Mailbox::new(who, 0);
            mailbox.cursors.follow(SESSION, 0);
            Self {
                mailbox,
                history: Vec::new(),
                late: Vec::new(),
                asked: None,
                page: None,
                list: Vec::new(),
                synced: false,
            }
        }

        fn head(&self) -> i32 {
            i32::try_from(self.history.len()).unwrap()
        }

        fn push(&mut self, message: &Message) {
            let frame = MessageFrame {
                session_id: SESSION,
                message_id: message.id,
                seq: message.seq,
                recalled: message.recalled,
                ..MessageFrame::default()
            };
            self.mailbox.put(&Item::new(Pushed::Message(frame)).unwrap(), Instant::now());
        }

        fn step(&mut self, step: &Step) {
            for (wait, _) in &mut self.late {
                *wait = wait.saturating_sub(1);
            }
            for (_, message) in self.late.extract_if(.., |(wait, _)| *wait == 0).collect::<Vec<_>>() {
                // A push that comes late shows the message as it was.
                if !self.history[message.seq as usize - 1].recalled {
                    self.push(&message);
                }
            }
            match step {
                Step::Store { pushes, late } => {
                    let seq = self.head() + 1;
                    let message = Message { id: seq.into(), session_id: SESSION, seq, ..Message::default() };
                    self.history.push(message.clone());
                    for _ in 1..*pushes {
                        self.push(&message);
                    }
                    if *pushes > 0 {
                        self.late.push((late + 1, message));
                    }
                }
                Step::Recall(which) if !self.history.is_empty() => {
                    let message = which.get(&self.history).seq as usize - 1;
                    self.history[message].recalled = true;
                    let message = self.history[message].clone();
                    self.push(&message);
                }
                Step::Recall(_) => {}
                Step::Heads => drop(self.mailbox.cursors.heads(&HashMap::from([(SESSION, self.head())]))),
                Step::Ask => {
                    if let Some(asked) = self.mailbox.next_read() {
                        self.asked = Some(asked);
                    }
                }
                Step::Read => self.read(),
                Step::Arrive { fails } => self.arrive(*fails),
                Step::Take(frames) => (0..*frames).for_each(|_| self.take()),
                Step::Sync => {
                    // What waits is on its way to the client, which asks only when it has got it.
                    while !self.mailbox.outbox.is_empty() {
                        self.take();
                    }
                    let session = Session { id: SESSION, customer_id: 7, last_seq: self.head(), ..Session::default() };
                    let since = i32::try_from(self.list.len()).unwrap();
                    assert!(self.mailbox.catch_up(&session, since));
                }
            }
        }

        fn read(&mut self) {
            let Some((_, after)) = self.asked.filter(|_| self.page.is_none()) else { return };
            let list: Vec<_> = self.history.iter().filter(|message| message.seq > after).take(5).cloned().collect();
            let more = list.last().is_some_and(|last| last.seq < self.head());
            self.page = Some(ListMessagesResponse { list, head: self.head(), more, total: 0 });
        }

        fn arrive(&mut self, fails: bool) {
            let Some(page) = self.page.take() else { return };
            self.asked = None;
            if fails {
                self.mailbox.cursors.read(SESSION);
            } else {
                self.mailbox.page(SESSION, page, Instant::now());
            }
        }

        fn take(&mut self) {
            let Some(text) = self.mailbox.outbox.pop() else { return };
            let frame: Json = serde_json::from_str(&text).unwrap();
            if frame["type"] == "sync_done" {
                self.synced = true;
                return;
            }
            assert_eq!(frame["type"], "message");
            let (seq, recalled) = (frame["data"]["seq"].as_u64().unwrap() as usize, frame["data"]["recalled"] == true);
            if seq <= self.list.len() {
                assert!(recalled, "{seq} came twice");
                self.list[seq - 1] = true;
            } else {
                assert_eq!(seq, self.list.len() + 1, "strictly rising, without holes");
                self.list.push(recalled);
            }
        }

        fn come_to_rest(&mut self) {
            self.step(&Step::Heads);
            for _ in 0..10_000 {
                self.read();
                self.arrive(false);
                if let Some(asked) = self.mailbox.next_read() {
                    self.asked = Some(asked);
                }
                self.take();
                if self.mailbox.outbox.is_empty() && self.asked.is_none() {
                    return;
                }
            }
            panic!("it never comes to rest");
        }
    }

    proptest! {
        #[test]
        fn the_client_has_what_the_history_has(steps in prop::collection::vec(step(), 0..120)) {
            let mut world = World::new();
            let asked_again = steps.iter().any(|step| matches!(step, Step::Sync));
            for step in &steps {
                world.step(step);
            }
            world.come_to_rest();
            let recalled: Vec<bool> = world.history.iter().map(|message| message.recalled).collect();
            prop_assert_eq!(&world.list, &recalled);
            prop_assert!(world.synced || !asked_again, "a replay has an end");
        }
    }

    #[test]
    fn a_message_that_cannot_be_read_is_not_asked_for_without_end() {
        let mut world = World::new();
        world.mailbox.cursors.heads(&HashMap::from([(SESSION, 3)]));
        let asked = world.mailbox.next_read();
        assert_eq!(asked, Some((SESSION, 0)));
        world.mailbox.page(SESSION, ListMessagesResponse::default(), Instant::now());
        assert_eq!(world.mailbox.next_read(), None);
        world.mailbox.cursors.heads(&HashMap::from([(SESSION, 3)]));
        assert_eq!(world.mailbox.next_read(), asked, "it is asked for again when it is told of again");
    }

    #[test]
    fn notifications_that_found_no_room_are_asked_for() {
        let now = Instant::now();
        let mut mailbox = Mailbox::new(Who { tenant: 1, kind: Kind::User.into(), id: 1 }, 3);
        let list =
            |ids: std::ops::RangeInclusive<i64>| ids.map(|id| Notification { id, ..Notification::default() }).collect();
        mailbox.notifications(list(4..=4), now);
        while mailbox.outbox.durable("x".into(), now) {}
        mailbox.notifications(list(5..=7), now);
        assert!(!mailbox.wants_recheck(), "not while there is no room");
        while mailbox.outbox.pop().is_some() {}
        assert!(mailbox.wants_recheck());
        assert_eq!(mailbox.ask_notifications(), 4);
        assert!(!mailbox.wants_recheck());
        mailbox.notifications(list(5..=7), now);
        mailbox.notifications(list(7..=7), now);
        assert_eq!(std::iter::from_fn(|| mailbox.outbox.pop()).count(), 3);
        assert_eq!(mailbox.ask_notifications(), 7);
    }
}
