//! The judge is proved: a correct history passes, and each way to break a promise is caught under exactly its name.

use serde_json::json;

use super::judge;
use crate::delivery::history::{Action, Event, Line, Outcome};
use crate::delivery::rows::{Message, Rows, Session};
use crate::delivery::world::{CUSTOMER, USER};

/// The customer of the tenant t-one, her agent, and a customer of t-two.
const HER: &str = "t0/customer0";
const AGENT: &str = "t0/agent0";
const STRANGER: &str = "t1/customer0";
/// Another agent of t-one.
const PEER: &str = "t0/agent1";
/// Her session, and the stranger's.
const HERS: i64 = 1;
const THEIRS: i64 = 2;
/// The session that she has closed.
const OVER: i64 = 3;

/// A history with its rows, which a test breaks.
#[derive(Clone, Default)]
struct Story {
    lines: Vec<Line>,
    rows: Rows,
    calls: u64,
}

impl Story {
    fn note(&mut self, actor: &str, connection: &str, event: Event) -> u64 {
        let n = self.lines.len() as u64 + 1;
        let at = self.lines.last().map_or(0, |line| line.at) + 1000;
        self.lines.push(Line { n, at, actor: actor.to_owned(), connection: connection.to_owned(), event });
        n
    }

    fn begin(&mut self, actor: &str, connection: &str, action: Action) -> u64 {
        self.calls += 1;
        let call = self.calls;
        self.note(actor, connection, Event::Invoke { call, action });
        call
    }

    fn end(&mut self, actor: &str, connection: &str, call: u64, outcome: Outcome) {
        self.note(actor, connection, Event::Answer { call, outcome });
    }

    fn call(&mut self, actor: &str, connection: &str, action: Action, outcome: Outcome) {
        let call = self.begin(actor, connection, action);
        self.end(actor, connection, call, outcome);
    }

    fn frame(&mut self, actor: &str, connection: &str, kind: &str, data: &serde_json::Value) -> u64 {
        let text = json!({"type": kind, "data": data}).to_string();
        self.note(actor, connection, Event::Received { text })
    }

    /// Longer passes than anything may take.
    fn wait(&mut self) {
        let n = self.note("run", "", Event::Cut);
        self.lines.iter_mut().filter(|line| line.n == n).for_each(|line| line.at += 3_000_000);
    }

    /// A message is pushed to somebody.
    fn push(&mut self, actor: &str, connection: &str, row: &Message) -> u64 {
        self.frame(actor, connection, "message", &message(row))
    }

    fn marks(&mut self, version: u64, read: u64) {
        let data = json!({"id": HERS.to_string(), "version": version, "customerReadSeq": read});
        self.frame(AGENT, "ws:2", "session_update", &data);
    }

    fn store(&mut self, row: Message) {
        let session = self.rows.sessions.iter_mut().find(|session| session.id == row.session);
        if let Some(session) = session {
            session.last_seq = session.last_seq.max(row.seq);
        }
        self.rows.messages.push(row);
    }

    fn rows_of(&mut self, session: i64) -> impl Iterator<Item = &mut Message> {
        self.rows.messages.iter_mut().filter(move |row| row.session == session)
    }

    /// Demands that exactly this promise is broken; none, if there is no name.
    fn breaks(&self, wanted: &[&str]) {
        let verdict = judge(&self.lines, &self.rows);
        assert_eq!(verdict.broken(), wanted, "{verdict}");
    }
}

fn message(row: &Message) -> serde_json::Value {
    let kind = if row.sender_kind == USER { "USER" } else { "CUSTOMER" };
    json!({
        "sessionId": row.session.to_string(), "messageId": row.id.to_string(), "seq": row.seq,
        "sender": {"kind": kind, "id": row.sender.to_string()}, "clientMsgId": row.client_msg_id,
        "content": row.content, "recalled": row.recalled,
    })
}

fn row(session: i64, seq: i32, client_msg_id: &str) -> Message {
    Message {
        id: session * 1000 + i64::from(seq),
        tenant: if session == THEIRS { 2 } else { 1 },
        session,
        seq,
        sender_kind: CUSTOMER,
        sender: 10,
        client_msg_id: client_msg_id.to_owned(),
        content: format!("words of {client_msg_id}"),
        recalled: false,
    }
}

fn send(session: i64, client_msg_id: &str) -> Action {
    let content = format!("words of {client_msg_id}");
    Action::Send { session, client_msg_id: client_msg_id.to_owned(), content }
}

fn stored(row: &Message, duplicate: bool) -> Outcome {
    let message = json!({"id": row.id.to_string(), "seq": row.seq, "sessionId": row.session.to_string(),
        "sender": {"kind": "CUSTOMER", "id": row.sender.to_string()}, "clientMsgId": row.client_msg_id,
        "content": row.content});
    done(&json!({"data": {"message": message, "duplicate": duplicate}}))
}

fn done(answer: &serde_json::Value) -> Outcome {
    Outcome::Done { text: answer.to_string() }
}

fn refused(status: u16) -> Outcome {
    Outcome::Refused { status, text: "no".to_owned() }
}

fn session(id: i64, tenant: i64, customer: i64) -> Session {
    let agent = if tenant == 1 { 20 } else { 0 };
    Session { id, tenant, customer, agent, status: 2, last_seq: 0, marks: [0, 2, 0, 0] }
}

fn page(rows: &[&Message]) -> Outcome {
    let list: Vec<_> = rows.iter().map(|row| message(row)).collect();
    done(&json!({"data": {"list": list}}))
}

/// Everything is right in it, and every promise is tried. Her messages are `a` to `e`, at 1 to 5.
fn right() -> Story {
    let mut story = Story::default();
    people(&mut story);
    let rows: Vec<Message> = ["a", "b", "c", "d", "e"].iter().zip(1..).map(|(id, seq)| row(HERS, seq, id)).collect();
    let [a, b, c, d, e] = rows.as_slice() else { return story };
    rows.iter().for_each(|row| story.store(row.clone()));
    story.note(AGENT, "ws:2", Event::Opened { cursors: vec![(HERS, 0)] });
    story.note(HER, "ws:1", Event::Opened { cursors: vec![(HERS, 0)] });
    // One after the other; a repetition; one that was lost and sent again.
    story.call(HER, "rest", send(HERS, "a"), stored(a, false));
    story.call(HER, "rest", send(HERS, "a"), stored(a, true));
    story.call(HER, "grpc", send(HERS, "b"), stored(b, false));
    story.call(HER, "rest", send(HERS, "c"), Outcome::Unknown { why: "killed".into() });
    story.note("run", "", Event::Killed);
    story.note("run", "", Event::Ready { micros: 1000 });
    story.call(HER, "rest", send(HERS, "c"), stored(c, true));
    // Two at once.
    let (one, two) = (story.begin(HER, "rest", send(HERS, "d")), story.begin(HER, "grpc", send(HERS, "d")));
    story.end(HER, "rest", one, stored(d, false));
    story.end(HER, "grpc", two, stored(d, true));
    story.call(HER, "rest", send(HERS, "e"), stored(e, false));
    story.call(HER, "rest", send(HERS, "bad"), refused(400));
    for row in &rows {
        story.push(AGENT, "ws:2", row);
        story.push(HER, "ws:1", row);
    }
    forbidden(&mut story);
    // The peer has had the session, and gives it to the agent.
    story.call(PEER, "rest", Action::Accept { session: HERS }, done(&json!({})));
    story.push(PEER, "ws:4", d);
    story.call(AGENT, "rest", Action::Accept { session: HERS }, done(&json!({})));
    // That one was under way.
    story.push(PEER, "ws:4", e);
    story.wait();
    taken_back(&mut story);
    story.marks(3, 1);
    story.marks(4, 2);
    story.call(HER, "rest", Action::Ack { session: HERS, seq: 2, read: true }, done(&json!({})));
    story.note("server", "", Event::Memory { connections: 100, sent: 10 << 20, before: 50 << 20, after: 60 << 20 });
    story.note("run", "", Event::Quiet);
    for actor in [HER, AGENT] {
        let action = Action::Page { session: HERS, after: 0 };
        let rows = story.rows.messages.clone();
        let hers: Vec<_> = rows.iter().filter(|row| row.session == HERS).collect();
        story.call(actor, "rest", action, page(&hers));
    }
    story
}

fn people(story: &mut Story) {
    story.note("t0", "", Event::Tenant { code: "t-one".into(), id: 1 });
    story.note("t1", "", Event::Tenant { code: "t-two".into(), id: 2 });
    let person = |tenant: &str, kind, id| Event::Person { tenant: tenant.into(), kind, id };
    story.note(HER, "", person("t-one", CUSTOMER, 10));
    story.note(AGENT, "", person("t-one", USER, 20));
    story.note(PEER, "", person("t-one", USER, 21));
    story.note(STRANGER, "", person("t-two", CUSTOMER, 30));
    story.rows.sessions = vec![session(HERS, 1, 10), session(THEIRS, 2, 30), session(OVER, 1, 10)];
    if let Some(over) = story.rows.sessions.last_mut() {
        (over.status, over.agent) = (3, 0);
    }
}

/// She says something more, which her agent hears and his peer does not, and takes it back.
fn taken_back(story: &mut Story) {
    let said = row(HERS, 6, "f");
    let tombstone = Message { content: String::new(), recalled: true, ..said.clone() };
    story.store(tombstone.clone());
    story.call(HER, "rest", send(HERS, "f"), stored(&said, false));
    for (actor, connection) in [(AGENT, "ws:2"), (HER, "ws:1")] {
        story.push(actor, connection, &said);
    }
    story.call(HER, "rest", Action::Recall { session: HERS, message: said.id }, done(&json!({})));
    // On its way when it was taken back.
    story.push(AGENT, "ws:3", &said);
    for (actor, connection) in [(AGENT, "ws:2"), (HER, "ws:1")] {
        story.push(actor, connection, &tombstone);
    }
    story.wait();
}

/// What nobody may do, as it should end.
fn forbidden(story: &mut Story) {
    let content = "secret words".to_owned();
    let trespass = Action::Trespass { what: "no login".into(), session: HERS, content: content.clone() };
    story.call(STRANGER, "rest", trespass, refused(401));
    story.call(STRANGER, "rest", send(HERS, "foreign"), refused(404));
    story.call(HER, "rest", Action::Close { session: OVER }, done(&json!({})));
    story.call(HER, "rest", send(OVER, "late"), refused(409));
    let as_server = story.begin(STRANGER, "ws:5", Action::ServerOnly { kind: "bye".into(), content });
    story.note(STRANGER, "ws:5", Event::Closed { code: Some(4400) });
    story.end(STRANGER, "ws:5", as_server, refused(4400));
    let action = Action::Leave { how: "logout".into(), connections: vec!["ws:7".into()] };
    story.call(AGENT, "rest", action, done(&json!({})));
    story.note(AGENT, "ws:7", Event::Closed { code: Some(4410) });
}

/// The right story with a change in it.
fn story<T>(change: impl FnOnce(&mut Story) -> T) -> Story {
    let mut story = right();
    change(&mut story);
    story
}

/// The answer of the n-th call, from 1, becomes another.
fn answer(story: &mut Story, wanted: u64, other: &Outcome) {
    for line in &mut story.lines {
        match &mut line.event {
            Event::Answer { call, outcome } if *call == wanted => *outcome = other.clone(),
            _ => {}
        }
    }
}

/// The close code of a connection becomes another.
fn close_with(story: &mut Story, connection: &str, other: Option<u16>) {
    for line in story.lines.iter_mut().filter(|line| line.connection == connection) {
        if let Event::Closed { code } = &mut line.event {
            *code = other;
        }
    }
}

#[test]
fn what_is_right_passes() {
    let verdict = judge(&right().lines, &right().rows);
    assert!(verdict.holds(), "{verdict}");
    assert_eq!((verdict.kills, verdict.findings.len()), (1, 16));
}

#[test]
fn what_was_not_tried_does_not_pass() {
    let verdict = judge(&[], &Rows::default());
    assert!(!verdict.holds() && verdict.broken().is_empty());
    assert!(verdict.to_string().contains("P17  not exercised"), "{verdict}");
}

#[test]
fn p1_a_lost_row() {
    story(|story| story.call(HER, "rest", send(OVER, "gone"), Outcome::Unknown { why: String::new() })).breaks(&[]);
    let lost = row(THEIRS, 1, "gone");
    let theirs = |story: &mut Story| {
        let answer = done(&json!({"messageId": lost.id.to_string(), "seq": 1, "duplicate": false}));
        story.call(STRANGER, "ws:8", send(THEIRS, "gone"), answer);
    };
    story(theirs).breaks(&["P1"]);
}

#[test]
fn p2_a_doubled_row() {
    let theirs = |seq| Message { sender: 30, ..row(THEIRS, seq, "x") };
    let twice = |story: &mut Story| {
        story.call(STRANGER, "rest", send(THEIRS, "x"), stored(&theirs(1), false));
        story.store(theirs(1));
        story.store(theirs(2));
    };
    story(twice).breaks(&["P2"]);
    // Sent again later, and stored again: two places for one message.
    let again = |story: &mut Story| {
        twice(story);
        story.call(STRANGER, "rest", send(THEIRS, "x"), stored(&theirs(2), false));
    };
    story(again).breaks(&["P2"]);
    let (one, two) = (row(HERS, 1, "a"), row(HERS, 2, "b"));
    let list = page(&[&one, &one, &two]);
    story(|story| story.call(HER, "rest", Action::Page { session: HERS, after: 0 }, list)).breaks(&["P2"]);
}

#[test]
fn p3_changed_bytes() {
    // Kept otherwise than sent, and received so by all: nothing but the bytes is wrong.
    let changed = |story: &mut Story| {
        story.store(Message { content: "word of x".into(), sender: 30, ..row(THEIRS, 1, "x") });
        story.call(STRANGER, "rest", send(THEIRS, "x"), Outcome::Unknown { why: String::new() });
    };
    story(changed).breaks(&["P3"]);
    let delivered = Message { content: "other words".into(), ..row(HERS, 5, "e") };
    story(|story| story.push(HER, "ws:9", &delivered)).breaks(&["P3"]);
    // The words of a repetition may not replace what was acknowledged.
    let replaced = |story: &mut Story| {
        let action = Action::Send { session: HERS, client_msg_id: "a".into(), content: "later words".into() };
        story.call(HER, "rest", action, stored(&row(HERS, 1, "a"), true));
        story.rows_of(HERS).take(1).for_each(|row| row.content = "later words".into());
    };
    story(replaced).breaks(&["P3"]);
}

#[test]
fn p4_a_hole_or_another_place() {
    story(|story| story.rows.sessions[1].last_seq = 1).breaks(&["P4"]);
    let elsewhere = Message { seq: 4, ..row(HERS, 3, "c") };
    story(|story| story.push(HER, "ws:9", &elsewhere)).breaks(&["P4"]);
}

#[test]
fn p5_swapped_order() {
    let swapped = |story: &mut Story| {
        for (id, seq) in [("first", 2), ("second", 1)] {
            let row = Message { sender: 30, ..row(THEIRS, seq, id) };
            story.call(STRANGER, "rest", send(THEIRS, id), stored(&row, false));
            story.store(row);
        }
        story.rows.messages.sort_by_key(|row| (row.session, row.seq));
    };
    story(swapped).breaks(&["P5"]);
    let piped = |story: &mut Story| {
        let calls = ["first", "second"].map(|id| story.begin(STRANGER, "ws:8", send(THEIRS, id)));
        for ((id, seq), call) in [("first", 2), ("second", 1)].into_iter().zip(calls) {
            let row = Message { sender: 30, ..row(THEIRS, seq, id) };
            story.end(STRANGER, "ws:8", call, stored(&row, false));
            story.store(row);
        }
        story.rows.messages.sort_by_key(|row| (row.session, row.seq));
    };
    story(piped).breaks(&["P5"]);
}

#[test]
fn p6_a_receiver_going_backwards() {
    story(|story| story.push(AGENT, "ws:2", &row(HERS, 4, "d"))).breaks(&["P6"]);
    story(|story| story.push(HER, "ws:1", &row(HERS, 5, "e"))).breaks(&["P6"]);
    let before_the_cursor = |story: &mut Story| {
        story.note(HER, "ws:9", Event::Opened { cursors: vec![(HERS, 3)] });
        story.push(HER, "ws:9", &row(HERS, 3, "c"));
    };
    story(before_the_cursor).breaks(&["P6"]);
}

#[test]
fn p7_a_refused_message_appears() {
    let appears = |story: &mut Story| {
        story.call(STRANGER, "rest", send(THEIRS, "x"), refused(429));
        story.store(Message { sender: 30, ..row(THEIRS, 1, "x") });
    };
    story(appears).breaks(&["P7"]);
}

#[test]
fn p8_a_client_lacks_a_message() {
    let row = Message { sender_kind: 3, sender: 0, ..row(HERS, 7, "assigned-1") };
    story(|story| story.store(row)).breaks(&["P8"]);
    // Late is as good as never.
    let late = |story: &mut Story| {
        let begun = story.lines.iter().position(|line| matches!(line.event, Event::Quiet)).unwrap_or_default();
        story.lines[begun + 1..].iter_mut().for_each(|line| line.at += 6_000_000);
        story.lines.retain(|line| line.n > begun as u64 || line.connection != "ws:2");
        for (line, n) in story.lines.iter_mut().zip(1..) {
            line.n = n;
        }
    };
    story(late).breaks(&["P8"]);
    // A hole in what one connection delivers.
    let hole = |story: &mut Story| {
        story.note(HER, "ws:9", Event::Opened { cursors: vec![(HERS, 2)] });
        story.push(HER, "ws:9", &self::row(HERS, 4, "d"));
    };
    story(hole).breaks(&["P8"]);
    let told = |story: &mut Story| {
        story.note(HER, "ws:9", Event::Opened { cursors: vec![(HERS, 2)] });
        story.frame(HER, "ws:9", "resync", &json!({"sessionId": HERS.to_string(), "head": 3}));
        story.push(HER, "ws:9", &self::row(HERS, 4, "d"));
    };
    story(told).breaks(&[]);
}

#[test]
fn p9_a_mark_going_back() {
    story(|story| story.marks(5, 1)).breaks(&["P9"]);
    story(|story| story.rows.sessions[0].marks[1] = 1).breaks(&["P9"]);
    let forgotten = Action::Ack { session: HERS, seq: 4, read: true };
    story(|story| story.call(HER, "rest", forgotten, done(&json!({})))).breaks(&["P9"]);
}

#[test]
fn p10_a_trespass_that_works() {
    let stays = Message { content: "secret words".into(), sender_kind: 3, sender: 0, ..row(THEIRS, 1, "s") };
    let verdict = |story: &Story| judge(&story.lines, &story.rows).broken();
    // The same words were those of who spoke as the server.
    assert_eq!(verdict(&story(|story| story.store(stays))), ["P10", "P14"]);
    let accepted = Action::Trespass { what: "no login".into(), session: HERS, content: "x".into() };
    story(|story| story.call(STRANGER, "rest", accepted, done(&json!({})))).breaks(&["P10"]);
    let closed = |story: &mut Story| story.store(row(OVER, 1, "late"));
    story(closed).breaks(&["P10"]);
    let foreign = |story: &mut Story| {
        story.call(STRANGER, "rest", Action::Ack { session: HERS, seq: 1, read: true }, done(&json!({})));
    };
    story(foreign).breaks(&["P10"]);
    let reached = |story: &mut Story| {
        story.store(Message { sender: 30, ..row(OVER, 1, "foreign") });
        story.call(STRANGER, "rest", send(OVER, "foreign"), refused(404));
    };
    story(reached).breaks(&["P10"]);
}

#[test]
fn p11_a_message_after_a_transfer() {
    let late = |actor, connection| {
        story(|story| {
            story.wait();
            story.push(actor, connection, &row(HERS, 5, "e"));
        })
    };
    late(PEER, "ws:9").breaks(&["P11"]);
    late(AGENT, "ws:9").breaks(&[]);
    late(HER, "ws:9").breaks(&[]);
    // Whoever takes it over again is told again, and then the other is not.
    let again = |actor, connection| {
        story(|story| {
            story.call(PEER, "rest", Action::Accept { session: HERS }, done(&json!({})));
            story.wait();
            story.push(actor, connection, &row(HERS, 5, "e"));
        })
    };
    again(PEER, "ws:9").breaks(&[]);
    again(AGENT, "ws:9").breaks(&["P11"]);
    // Nobody knows whether that has worked.
    let perhaps = |story: &mut Story| {
        story.call(PEER, "rest", Action::Accept { session: HERS }, Outcome::Unknown { why: "killed".into() });
        story.wait();
        story.push(PEER, "ws:9", &row(HERS, 5, "e"));
    };
    story(perhaps).breaks(&[]);
}

#[test]
fn p3_words_that_come_back() {
    let said = row(HERS, 6, "f");
    story(|story| story.push(HER, "ws:9", &said)).breaks(&["P3"]);
    // The server of this connection was killed before: what is still read from it had been sent before.
    story(|story| story.push(AGENT, "ws:2", &said)).breaks(&["P6"]);
    let read = |story: &mut Story| {
        story.call(AGENT, "rest", Action::Page { session: HERS, after: 5 }, page(&[&said]));
    };
    story(read).breaks(&["P3"]);
    let kept = |story: &mut Story| {
        story.rows_of(HERS).last().into_iter().for_each(|row| *row = said.clone());
    };
    // What was told of it and what is kept are not the same any more.
    story(kept).breaks(&["P3"]);
    // Nobody has taken that one back.
    let emptied = |story: &mut Story| {
        let tombstone = Message { content: String::new(), recalled: true, ..row(HERS, 5, "e") };
        story.push(HER, "ws:9", &tombstone);
    };
    story(emptied).breaks(&["P3"]);
    let moved = Message { content: String::new(), recalled: true, seq: 7, ..row(HERS, 6, "f") };
    story(|story| story.push(HER, "ws:9", &moved)).breaks(&["P4"]);
}

#[test]
fn p4_the_place_of_a_tombstone_given_again() {
    let again = |story: &mut Story| {
        story.store(Message { id: 9999, ..row(HERS, 6, "g") });
        story.call(HER, "rest", send(HERS, "g"), stored(&Message { id: 9999, ..row(HERS, 6, "g") }, false));
    };
    story(again).breaks(&["P4"]);
}

#[test]
fn p12_a_frame_after_logout() {
    let late = |story: &mut Story| {
        let n = story.frame(AGENT, "ws:7", "pong", &json!({}));
        story.lines.iter_mut().filter(|line| line.n == n).for_each(|line| line.at += 3_000_000);
    };
    story(late).breaks(&["P12"]);
    for code in [None, Some(1000)] {
        story(|story| close_with(story, "ws:7", code)).breaks(&["P12"]);
    }
    // Nobody can be told who was cut off by the death of the server.
    let died = |story: &mut Story| {
        let action = Action::Leave { how: "logout".into(), connections: vec!["ws:99".into()] };
        story.call(AGENT, "rest", action, done(&json!({})));
        story.note("run", "", Event::Killed);
    };
    story(died).breaks(&[]);
}

#[test]
fn p13_a_byte_of_another_tenant() {
    story(|story| story.frame(HER, "ws:1", "status_update", &json!({"x": "of t-two"}))).breaks(&["P13"]);
    story(|story| answer(story, 1, &done(&json!({"messageId": "1001", "seq": 1, "x": "t-two"})))).breaks(&["P13"]);
    let told = json!({"id": THEIRS.to_string(), "version": 1});
    story(|story| story.frame(HER, "ws:1", "session_update", &told)).breaks(&["P13"]);
}

#[test]
fn p14_a_client_speaks_as_the_server() {
    story(|story| close_with(story, "ws:5", Some(1000))).breaks(&["P14"]);
    let spoken = |story: &mut Story| {
        let action = Action::ServerOnly { kind: "message_accepted".into(), content: "words of e".into() };
        let call = story.begin(STRANGER, "ws:6", action);
        story.note(STRANGER, "ws:6", Event::Closed { code: Some(4400) });
        story.end(STRANGER, "ws:6", call, refused(4400));
    };
    story(spoken).breaks(&["P14"]);
}

#[test]
fn p15_memory_without_a_bound() {
    let grown = Event::Memory { connections: 100, sent: 10 << 20, before: 50 << 20, after: 900 << 20 };
    story(|story| story.note("server", "", grown)).breaks(&["P15"]);
}

#[test]
fn p17_twins_that_differ() {
    let twins = |outcomes: [(i32, bool); 2]| {
        story(|story| {
            let row = |seq| Message { sender: 30, ..row(THEIRS, seq, "twin") };
            let calls = [(); 2].map(|()| story.begin(STRANGER, "rest", send(THEIRS, "twin")));
            for ((seq, duplicate), call) in outcomes.into_iter().zip(calls) {
                let answer = done(&json!({"messageId": row(seq).id.to_string(), "seq": seq, "duplicate": duplicate}));
                story.end(STRANGER, "rest", call, answer);
            }
            story.store(row(1));
        })
    };
    twins([(1, true), (1, false)]).breaks(&[]);
    twins([(1, false), (1, false)]).breaks(&["P17"]);
    twins([(1, true), (1, true)]).breaks(&["P17"]);
    twins([(1, false), (2, true)]).breaks(&["P17"]);
}
