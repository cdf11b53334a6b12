//! What the database holds in the end.

use std::path::Path;

use anyhow::Result;
use sea_orm::QueryResult;
use serde::{Deserialize, Serialize};

use crate::database::Inspector;

/// The tables the promise is about.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Rows {
    /// `chat_message`, by session and seq.
    pub messages: Vec<Message>,
    /// `chat_session`.
    pub sessions: Vec<Session>,
}

/// A row of `chat_message`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the columns, by their names")]
pub struct Message {
    pub id: i64,
    pub tenant: i64,
    pub session: i64,
    pub seq: i32,
    pub sender_kind: i16,
    pub sender: i64,
    pub client_msg_id: String,
    pub content: String,
    pub recalled: bool,
}

/// A row of `chat_session`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the columns, by their names")]
pub struct Session {
    pub id: i64,
    pub tenant: i64,
    pub customer: i64,
    pub agent: i64,
    pub status: i16,
    pub last_seq: i32,
    /// Delivered and read of the customer, then of the agent.
    pub marks: [i32; 4],
}

/// The columns that hold the marks, here and, in their JSON form, in a `Session` of the API.
pub const MARKS: [&str; 4] = ["customerDeliveredSeq", "customerReadSeq", "agentDeliveredSeq", "agentReadSeq"];

impl Rows {
    /// Reads the tables.
    ///
    /// # Errors
    /// They cannot be read.
    pub async fn read(inspector: &Inspector) -> Result<Self> {
        let messages = "SELECT id, tenant_id, session_id, seq, sender_kind, sender_id, client_msg_id, content, recalled \
                        FROM chat_message ORDER BY session_id, seq, id";
        let sessions = "SELECT id, tenant_id, customer_id, agent_id, status, last_seq, customer_delivered_seq, \
                        customer_read_seq, agent_delivered_seq, agent_read_seq FROM chat_session ORDER BY id";
        let messages = inspector.query(messages).await?;
        let sessions = inspector.query(sessions).await?;
        Ok(Self {
            messages: messages.iter().map(message).collect::<Result<_>>()?,
            sessions: sessions.iter().map(session).collect::<Result<_>>()?,
        })
    }

    /// Writes them for the judge.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn save(&self, path: &Path) -> Result<()> {
        Ok(std::fs::write(path, serde_json::to_vec(self)?)?)
    }

    /// Reads what was saved.
    ///
    /// # Errors
    /// There is nothing.
    pub fn load(path: &Path) -> Result<Self> {
        Ok(serde_json::from_slice(&std::fs::read(path)?)?)
    }
}

fn message(row: &QueryResult) -> Result<Message> {
    Ok(Message {
        id: row.try_get_by_index(0)?,
        tenant: row.try_get_by_index(1)?,
        session: row.try_get_by_index(2)?,
        seq: row.try_get_by_index(3)?,
        sender_kind: row.try_get_by_index(4)?,
        sender: row.try_get_by_index(5)?,
        client_msg_id: row.try_get_by_index(6)?,
        content: row.try_get_by_index(7)?,
        recalled: row.try_get_by_index(8)?,
    })
}

fn session(row: &QueryResult) -> Result<Session> {
    let mut marks = [0; 4];
    for (at, mark) in marks.iter_mut().enumerate() {
        *mark = row.try_get_by_index(6 + at)?;
    }
    Ok(Session {
        id: row.try_get_by_index(0)?,
        tenant: row.try_get_by_index(1)?,
        customer: row.try_get_by_index(2)?,
        agent: row.try_get_by_index(3)?,
        status: row.try_get_by_index(4)?,
        last_seq: row.try_get_by_index(5)?,
        marks,
    })
}
