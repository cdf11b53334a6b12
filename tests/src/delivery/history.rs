//! The history: one JSON line for each call, each answer, and each thing received, in the order of their times.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::view::id;

/// A line.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Line {
    /// Its number, from 1.
    pub n: u64,
    /// Microseconds since the beginning.
    pub at: u64,
    /// Whose doing it is.
    pub actor: String,
    /// The connection: `ws:7` and `poll:7`, or `rest` and `grpc`, which keep nothing from call to call.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub connection: String,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

/// What a line tells.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The first line.
    Begun {
        /// What every decision was made from.
        seed: u64,
        /// How often the server is killed.
        cycles: u32,
        /// The kind of database.
        database: String,
    },
    /// A tenant was made. Its code stands in every text of its people.
    Tenant {
        /// The code.
        code: String,
        /// The id.
        id: i64,
    },
    /// The actor is somebody.
    Person {
        /// The code of the tenant.
        tenant: String,
        /// As in the rows.
        kind: i16,
        /// The id.
        id: i64,
    },
    /// A session of the actor, a customer, was opened with a question.
    Session {
        /// The id.
        session: i64,
        /// The words, which became the first message.
        question: String,
    },
    /// A call begins.
    Invoke {
        /// Its number.
        call: u64,
        /// What is asked for.
        action: Action,
    },
    /// A call is answered, or given up.
    Answer {
        /// Its number.
        call: u64,
        /// What came of it.
        outcome: Outcome,
    },
    /// A socket is logged in.
    Opened {
        /// The sessions that it resumes, each with where it stopped.
        cursors: Vec<(i64, u64)>,
    },
    /// A frame has come.
    Received {
        /// The frame.
        text: String,
    },
    /// The other side has ended the connection.
    Closed {
        /// The close code; none if it was cut.
        code: Option<u16>,
    },
    /// The client itself has cut the connection.
    Cut,
    /// The server is killed now.
    Killed,
    /// The server is up.
    Ready {
        /// Since it was started.
        micros: u64,
    },
    /// Every send has been answered; nothing is sent any more.
    Quiet,
    /// Clients that do not read were sent more than they may cost.
    Memory {
        /// How many there are.
        connections: u64,
        /// Bytes sent to each.
        sent: u64,
        /// The server's memory before, bytes.
        before: u64,
        /// The server's memory after.
        after: u64,
    },
}

/// What a call asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum Action {
    /// To store a message.
    Send {
        /// Where.
        session: i64,
        /// The sender's own id.
        client_msg_id: String,
        /// The text.
        content: String,
    },
    /// Something that may change nothing: a frame without a login, a call about somebody else's session.
    Trespass {
        /// What it is.
        what: String,
        /// The session it would change.
        session: i64,
        /// A text that may be nowhere.
        content: String,
    },
    /// A frame that only the server sends.
    ServerOnly {
        /// Its type.
        kind: String,
        /// A text that may be nowhere.
        content: String,
    },
    /// To move a mark.
    Ack {
        /// Where.
        session: i64,
        /// Up to here.
        seq: u64,
        /// Read, and not only delivered.
        read: bool,
    },
    /// To take the words of a message back.
    Recall {
        /// Where it stands.
        session: i64,
        /// Its id.
        message: i64,
    },
    /// To close a session.
    Close {
        /// Which.
        session: i64,
    },
    /// To open a session.
    Open {
        /// Its first message.
        question: String,
    },
    /// To ask another agent to take a session over.
    Transfer {
        /// Which.
        session: i64,
    },
    /// To take it over.
    Accept {
        /// Which.
        session: i64,
    },
    /// The long poll.
    Poll,
    /// A page of messages.
    Page {
        /// Of this session.
        session: i64,
        /// After this one.
        after: u64,
    },
    /// A session as it stands.
    Look {
        /// Which.
        session: i64,
    },
    /// The sessions that somebody takes part in.
    List,
    /// A new token, or a new login; the socket is told of it.
    Renew,
    /// The end of a login, or of a user.
    Leave {
        /// `logout` or `disable`.
        how: String,
        /// The sockets that have to end with it.
        connections: Vec<String>,
    },
}

/// What came of a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// It worked.
    Done {
        /// The answer.
        text: String,
    },
    /// It was definitely refused: 4xx.
    Refused {
        /// The HTTP status, or that which fits.
        status: u16,
        /// The answer.
        text: String,
    },
    /// Nobody knows: no answer, or 5xx.
    Unknown {
        /// Why.
        why: String,
    },
}

impl Outcome {
    /// What the answer to a send says was stored, be it of REST, gRPC or the socket: id, seq, duplicate.
    pub(super) fn stored(&self) -> Option<(i64, u64, bool)> {
        let Self::Done { text } = self else { return None };
        let answer: Json = serde_json::from_str(text).ok()?;
        let data = if answer["data"].is_object() { &answer["data"] } else { &answer };
        let message = if data["message"].is_object() { &data["message"] } else { data };
        let found = id(&message["messageId"]).or_else(|| id(&message["id"]))?;
        Some((found, message["seq"].as_u64()?, data["duplicate"] == true))
    }
}

/// The history while it is written.
#[derive(Debug)]
pub struct History {
    begun: Instant,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    file: BufWriter<File>,
    lines: u64,
    calls: u64,
    connections: u64,
    failed: Option<std::io::Error>,
}

impl History {
    /// Begins a file.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn create(path: &Path) -> Result<Self> {
        let file = BufWriter::new(File::create(path).with_context(|| path.display().to_string())?);
        let inner = Inner { file, lines: 0, calls: 0, connections: 0, failed: None };
        Ok(Self { begun: Instant::now(), inner: Mutex::new(inner) })
    }

    /// Writes a line. The time is taken under the lock: the order of lines is the order of times.
    pub fn note(&self, actor: &str, connection: &str, event: Event) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.write(self.begun, actor, connection, event);
    }

    /// Writes that a call begins; gives its number.
    pub fn invoke(&self, actor: &str, connection: &str, action: Action) -> u64 {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.calls += 1;
        let call = inner.calls;
        inner.write(self.begun, actor, connection, Event::Invoke { call, action });
        call
    }

    /// Writes what came of a call.
    pub fn answer(&self, actor: &str, connection: &str, call: u64, outcome: Outcome) {
        self.note(actor, connection, Event::Answer { call, outcome });
    }

    /// A name for a new connection.
    pub fn connection(&self, kind: &str) -> String {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.connections += 1;
        format!("{kind}:{}", inner.connections)
    }

    /// Ends the file.
    ///
    /// # Errors
    /// Not everything could be written.
    pub fn finish(&self) -> Result<u64> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.file.flush()?;
        match inner.failed.take() {
            Some(error) => Err(error.into()),
            None => Ok(inner.lines),
        }
    }
}

impl Inner {
    fn write(&mut self, begun: Instant, actor: &str, connection: &str, event: Event) {
        self.lines += 1;
        let at = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
        let line = Line { n: self.lines, at, actor: actor.to_owned(), connection: connection.to_owned(), event };
        let written = serde_json::to_string(&line).map_err(Into::into).and_then(|text| writeln!(self.file, "{text}"));
        if let Err(error) = written {
            self.failed.get_or_insert(error);
        }
    }
}

/// Reads a history.
///
/// # Errors
/// It is not one.
pub fn read(path: &Path) -> Result<Vec<Line>> {
    let file = BufReader::new(File::open(path).with_context(|| path.display().to_string())?);
    let line = |(at, line): (usize, std::io::Result<String>)| {
        serde_json::from_str(&line?).with_context(|| format!("line {}", at + 1))
    };
    file.lines().enumerate().map(line).collect()
}
