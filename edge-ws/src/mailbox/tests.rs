//! The mailbox against a history, a bus that loses and doubles, and clients that are slow.

use kefu_proto::session::v1::Message;
use proptest::prelude::*;
use serde_json::Value as Json;

use super::*;

const SESSION: i64 = 100;

fn notifications(ids: std::ops::RangeInclusive<i64>) -> Vec<Notification> {
    ids.map(|id| Notification { id, ..Notification::default() }).collect()
}

#[derive(Debug, Clone)]
enum Step {
    /// A message is stored; its push comes so often, the last time after so many other steps.
    Store { pushes: usize, late: usize },
    /// A message is recalled, and that is pushed or lost.
    Recall { which: prop::sample::Index, pushed: bool },
    /// The core is asked where things stand.
    Recheck,
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
        1 => any::<(prop::sample::Index, bool)>().prop_map(|(which, pushed)| Step::Recall { which, pushed }),
        1 => Just(Step::Recheck),
        1 => Just(Step::Heads),
        2 => Just(Step::Ask),
        2 => Just(Step::Read),
        2 => any::<bool>().prop_map(|fails| Step::Arrive { fails }),
        2 => (0..8_usize).prop_map(Step::Take),
        1 => Just(Step::Sync),
    ]
}

fn pushed(message: &Message) -> MessageFrame {
    MessageFrame {
        session_id: SESSION,
        message_id: message.id,
        seq: message.seq,
        recalled: message.recalled,
        ..MessageFrame::default()
    }
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
        self.mailbox.put(&Item::new(Pushed::Message(pushed(message))).unwrap(), Instant::now());
    }

    fn recheck(&mut self) {
        let recalls = self.history.iter().filter(|message| message.recalled).map(pushed).collect();
        self.mailbox.recalls(recalls, Instant::now(), |_| true);
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
            Step::Recall { which, pushed } if !self.history.is_empty() => {
                let message = which.get(&self.history).seq as usize - 1;
                self.history[message].recalled = true;
                let message = self.history[message].clone();
                if *pushed {
                    self.push(&message);
                }
            }
            Step::Recall { .. } => {}
            Step::Recheck => self.recheck(),
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
        self.recheck();
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
    mailbox.notifications(notifications(4..=4), 4, now);
    while mailbox.outbox.durable("x".into(), now) {}
    mailbox.notifications(notifications(5..=7), 7, now);
    assert!(!mailbox.wants_recheck(), "not while there is no room");
    while mailbox.outbox.pop().is_some() {}
    assert!(mailbox.wants_recheck());
    assert_eq!(mailbox.ask_notifications(), 4);
    assert!(!mailbox.wants_recheck());
    mailbox.notifications(notifications(5..=7), 7, now);
    mailbox.notifications(notifications(7..=7), 7, now);
    assert_eq!(std::iter::from_fn(|| mailbox.outbox.pop()).count(), 3);
    assert_eq!(mailbox.ask_notifications(), 7);
}

#[test]
fn a_push_after_a_gap_does_not_hide_it() {
    let now = Instant::now();
    let mut mailbox = Mailbox::new(Who { tenant: 1, kind: Kind::User.into(), id: 1 }, 3);
    mailbox.gap();
    mailbox.notifications(notifications(6..=6), 6, now);
    assert!(mailbox.wants_recheck());
    assert_eq!(mailbox.ask_notifications(), 3);
    // Nor does an answer that had room for some only.
    mailbox.notifications(notifications(4..=5), 6, now);
    assert_eq!(mailbox.ask_notifications(), 5);
    mailbox.notifications(notifications(6..=6), 6, now);
    assert_eq!(mailbox.ask_notifications(), 6);
    assert_eq!(std::iter::from_fn(|| mailbox.outbox.pop()).count(), 3, "each came once");
}

#[test]
fn recalls_wait_for_room() {
    let now = Instant::now();
    let mut mailbox = Mailbox::new(Who { tenant: 1, kind: Kind::Customer.into(), id: 7 }, 0);
    mailbox.cursors.follow(SESSION, 3000);
    let recall = |seq| pushed(&Message { session_id: SESSION, seq, recalled: true, ..Message::default() });
    mailbox.recalls((1..=3000).map(recall).collect(), now, |_| true);
    assert!(!mailbox.outbox.overflowed());
    let mut got = 0;
    while mailbox.outbox.pop().is_some() {
        got += 1;
        mailbox.send_recalls(now);
    }
    assert_eq!(got, 3000);
}
