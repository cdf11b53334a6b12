//! A history in the form in which it can be judged: sends with their answers, messages with their receivers.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value as Json;

use crate::delivery::history::{Action, Event, Line, Outcome};
use crate::delivery::rows::{Message, Rows};
use crate::delivery::view::id;
use crate::delivery::world::{CUSTOMER, USER, items};

/// A principal: kind and id.
pub(super) type Who = (i16, i64);
/// What makes a message one message: session, sender, and the sender's own id.
pub(super) type Key<'a> = (i64, Who, &'a str);

/// Who an actor is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Person<'a> {
    pub(super) tenant: &'a str,
    pub(super) who: Who,
}

/// A call with its answer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Call<'a> {
    pub(super) line: u64,
    pub(super) at: u64,
    pub(super) actor: &'a str,
    pub(super) connection: &'a str,
    pub(super) action: &'a Action,
    /// Line, time, and what came of it.
    pub(super) answer: Option<(u64, u64, &'a Outcome)>,
}

impl<'a> Call<'a> {
    /// Whether it worked.
    pub(super) fn done(&self) -> bool {
        matches!(self.answer, Some((_, _, Outcome::Done { .. })))
    }

    /// Whether it was definitely refused.
    pub(super) fn refused(&self) -> bool {
        matches!(self.answer, Some((_, _, Outcome::Refused { .. })))
    }

    /// The line of the answer; of the call, if there is none.
    pub(super) fn end(&self) -> u64 {
        self.answer.map_or(self.line, |(line, ..)| line)
    }

    /// The answer that worked.
    pub(super) fn text(&self) -> Option<(u64, u64, &'a str)> {
        match self.answer {
            Some((line, at, Outcome::Done { text })) => Some((line, at, text)),
            _ => None,
        }
    }
}

/// An attempt to send a message.
#[derive(Debug)]
pub(super) struct Attempt<'a> {
    pub(super) call: Call<'a>,
    pub(super) content: &'a str,
    /// The answer, if it worked: id, seq, duplicate.
    pub(super) stored: Option<(i64, u64, bool)>,
}

/// How a message was received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    Pushed,
    Paged,
    Answered,
}

/// A message that somebody received.
#[derive(Debug)]
pub(super) struct Heard<'a> {
    pub(super) line: u64,
    pub(super) at: u64,
    pub(super) actor: &'a str,
    pub(super) connection: &'a str,
    pub(super) how: How,
    pub(super) session: i64,
    pub(super) seq: u64,
    pub(super) id: i64,
    pub(super) who: Who,
    pub(super) client_msg_id: String,
    pub(super) content: String,
    /// Its words were taken back.
    pub(super) recalled: bool,
}

/// A session as somebody saw it.
#[derive(Debug)]
pub(super) struct Look {
    pub(super) line: u64,
    pub(super) session: i64,
    pub(super) data: Json,
}

/// A client was told to read the history itself.
#[derive(Debug)]
pub(super) struct Resync<'a> {
    pub(super) line: u64,
    pub(super) connection: &'a str,
    /// 0 for all.
    pub(super) session: i64,
}

/// All of it.
#[derive(Debug)]
pub(super) struct Case<'a> {
    pub(super) lines: &'a [Line],
    pub(super) rows: &'a Rows,
    pub(super) people: HashMap<&'a str, Person<'a>>,
    /// Codes of tenants by their ids.
    pub(super) tenants: BTreeMap<i64, &'a str>,
    pub(super) calls: Vec<Call<'a>>,
    pub(super) attempts: BTreeMap<Key<'a>, Vec<Attempt<'a>>>,
    pub(super) heard: Vec<Heard<'a>>,
    pub(super) looks: Vec<Look>,
    pub(super) resyncs: Vec<Resync<'a>>,
    /// From each kill to the time the server was up again.
    pub(super) kills: Vec<(u64, u64)>,
    /// When each connection was opened.
    opened: HashMap<&'a str, u64>,
}

impl<'a> Case<'a> {
    pub(super) fn read(lines: &'a [Line], rows: &'a Rows) -> Self {
        let mut case = Self {
            lines,
            rows,
            people: HashMap::new(),
            tenants: BTreeMap::new(),
            calls: Vec::new(),
            attempts: BTreeMap::new(),
            heard: Vec::new(),
            looks: Vec::new(),
            resyncs: Vec::new(),
            kills: Vec::new(),
            opened: HashMap::new(),
        };
        let mut by_number: HashMap<u64, usize> = HashMap::new();
        for line in lines {
            match &line.event {
                Event::Tenant { code, id } => drop(case.tenants.insert(*id, code)),
                Event::Person { tenant, kind, id } => {
                    case.people.insert(&line.actor, Person { tenant, who: (*kind, *id) });
                }
                Event::Invoke { call, action } => {
                    let Line { n, at, actor, connection, .. } = line;
                    by_number.insert(*call, case.calls.len());
                    case.calls.push(Call { line: *n, at: *at, actor, connection, action, answer: None });
                }
                Event::Answer { call, outcome } => {
                    if let Some(found) = by_number.get(call).and_then(|at| case.calls.get_mut(*at)) {
                        found.answer = Some((line.n, line.at, outcome));
                    }
                }
                Event::Received { text } => case.read_frame(line, text),
                Event::Opened { .. } => drop(case.opened.insert(&line.connection, line.at)),
                Event::Killed => case.kills.push((line.at, u64::MAX)),
                Event::Ready { .. } => case.kills.iter_mut().rev().take(1).for_each(|(_, until)| *until = line.at),
                _ => {}
            }
        }
        for call in case.calls.clone() {
            case.read_call(call);
        }
        case.heard.sort_by_key(|heard| heard.line);
        case
    }

    /// When something was sent at the latest: a client may read it when the server that sent it has long been killed.
    pub(super) fn sent_by(&self, heard: &Heard<'_>) -> u64 {
        let opened = self.opened.get(heard.connection).copied().unwrap_or(u64::MAX);
        let killed = self.kills.iter().map(|(killed, _)| *killed).filter(|killed| *killed > opened).min();
        killed.unwrap_or(u64::MAX).min(heard.at)
    }

    /// The rows by what makes a message one.
    pub(super) fn rows_by_key(&self) -> BTreeMap<Key<'a>, Vec<&'a Message>> {
        let mut found: BTreeMap<Key<'a>, Vec<&'a Message>> = BTreeMap::new();
        for row in &self.rows.messages {
            found.entry(key(row)).or_default().push(row);
        }
        found
    }

    /// Whether the server was dead at some moment of this time.
    pub(super) fn killed_between(&self, from: u64, to: u64) -> bool {
        self.kills.iter().any(|(died, up)| *died <= to && from <= *up)
    }

    /// Whether somebody may take part in a session: their own, or one of the tenant's that an agent may be given.
    pub(super) fn is_foreign(&self, actor: &str, session: i64) -> bool {
        let (Some(person), Some(session)) =
            (self.people.get(actor), self.rows.sessions.iter().find(|row| row.id == session))
        else {
            return false;
        };
        let other_tenant = self.tenants.get(&session.tenant).is_some_and(|code| *code != person.tenant);
        other_tenant || (person.who.0 == CUSTOMER && person.who.1 != session.customer)
    }

    /// When each session was known to be closed: the line of the answer.
    pub(super) fn closed(&self) -> HashMap<i64, u64> {
        let closed = self.calls.iter().filter(|call| call.done()).filter_map(|call| match call.action {
            Action::Close { session } => Some((*session, call.end())),
            _ => None,
        });
        closed.collect()
    }

    fn read_frame(&mut self, line: &'a Line, text: &str) {
        let frame: Json = serde_json::from_str(text).unwrap_or_default();
        let kind = frame["type"].as_str().unwrap_or_default().to_owned();
        self.take(line.n, line.at, (&line.actor, &line.connection), &kind, &frame["data"]);
    }

    fn take(&mut self, line: u64, at: u64, (actor, connection): (&'a str, &'a str), kind: &str, data: &Json) {
        match kind {
            "message" => self.hear((line, at), (actor, connection), How::Pushed, data),
            "session_update" => self.see(line, data),
            "resync" => {
                self.resyncs.push(Resync { line, connection, session: id(&data["sessionId"]).unwrap_or_default() });
            }
            _ => {}
        }
    }

    fn read_call(&mut self, call: Call<'a>) {
        let from = (call.actor, call.connection);
        if let Action::Send { session, client_msg_id, content } = call.action {
            let who = self.people.get(call.actor).map_or((0, 0), |person| person.who);
            let stored = call.answer.and_then(|(_, _, outcome)| outcome.stored());
            let attempt = Attempt { call, content, stored };
            self.attempts.entry((*session, who, client_msg_id)).or_default().push(attempt);
        }
        let Some((line, at, text)) = call.text() else { return };
        let answer: Json = serde_json::from_str(text).unwrap_or_default();
        match call.action {
            Action::Send { .. } => {
                let message = if answer["data"].is_object() { &answer["data"]["message"] } else { &answer["message"] };
                if message.is_object() {
                    self.hear((line, at), from, How::Answered, message);
                }
            }
            Action::Page { .. } => {
                for message in answer["data"]["list"].as_array().into_iter().flatten() {
                    self.hear((line, at), from, How::Paged, message);
                }
            }
            Action::Poll => items(&answer).for_each(|(kind, data)| self.take(line, at, from, kind, data)),
            Action::Look { .. } => self.see(line, &answer["data"]),
            _ => {}
        }
    }

    fn see(&mut self, line: u64, data: &Json) {
        if let Some(session) = id(&data["id"]) {
            self.looks.push(Look { line, session, data: data.clone() });
        }
    }

    fn hear(&mut self, (line, at): (u64, u64), (actor, connection): (&'a str, &'a str), how: How, message: &Json) {
        let text = |field: &str| message[field].as_str().unwrap_or_default().to_owned();
        let kind = match message["sender"]["kind"].as_str() {
            Some("USER") => USER,
            Some("CUSTOMER") => CUSTOMER,
            Some("SYSTEM") => 3,
            _ => 0,
        };
        self.heard.push(Heard {
            line,
            at,
            actor,
            connection,
            how,
            session: id(&message["sessionId"]).unwrap_or_default(),
            seq: message["seq"].as_u64().unwrap_or_default(),
            id: id(&message["messageId"]).or_else(|| id(&message["id"])).unwrap_or_default(),
            who: (kind, id(&message["sender"]["id"]).unwrap_or_default()),
            client_msg_id: text("clientMsgId"),
            content: text("content"),
            recalled: message["recalled"] == true,
        });
    }
}

/// What makes a row one message.
pub(super) fn key(row: &Message) -> Key<'_> {
    (row.session, (row.sender_kind, row.sender), &row.client_msg_id)
}
