//! Domain events: recorded in the transaction that caused them, handed to durable subscribers as jobs.
//!
//! A subscriber is a job kind. It runs at least once and must not mind running again; the event's id tells it apart.

use chrono::Duration;
use sea_orm::{ActiveValue::Set, ConnectionTrait};
use serde::{Deserialize, Serialize};

use crate::clock::Time;
use crate::db::entity::entity;
use crate::db::{TenantId, insert_row};
use crate::error::Result;
use crate::job::{self, Job};

entity! {
    /// What has happened.
    event = "event" { kind: String, payload: Json }
}

/// Something that has happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Event {
    /// Messages were committed together, or one was recalled. A group of the writer is an event of the installation, as
    /// its messages may be of several tenants.
    MessagesSent {
        /// Their ids.
        message_ids: Vec<i64>,
    },
    /// A session has a new agent.
    SessionAssigned {
        /// The session.
        session_id: i64,
        /// Whose it was; 0 for nobody's.
        from_agent_id: i64,
        /// Whose it is.
        to_agent_id: i64,
    },
    /// A session has lost its agent and waits again.
    SessionRequeued {
        /// The session.
        session_id: i64,
        /// Whose it was.
        from_agent_id: i64,
    },
    /// An agent asks another to take a session over.
    TransferRequested {
        /// The session.
        session_id: i64,
        /// Who asks.
        from_agent_id: i64,
        /// Who is asked.
        to_agent_id: i64,
    },
    /// The one asked has accepted.
    TransferAccepted {
        /// The session.
        session_id: i64,
        /// Who asked.
        from_agent_id: i64,
        /// Who has accepted.
        to_agent_id: i64,
    },
    /// The one asked has declined, or did not answer in time.
    TransferDeclined {
        /// The session.
        session_id: i64,
        /// Who asked.
        from_agent_id: i64,
        /// Who was asked.
        to_agent_id: i64,
    },
    /// A session is over.
    SessionClosed {
        /// The session.
        session_id: i64,
    },
    /// A customer has left a message for a team.
    MessageLeft {
        /// The session.
        session_id: i64,
        /// The team.
        team_id: i64,
    },
    /// A customer waits too long for an answer.
    ReplyOverdue {
        /// The session.
        session_id: i64,
        /// Whose session it is.
        agent_id: i64,
    },
    /// A customer's record was handed in and waits for a review.
    ArchiveSubmitted {
        /// The archive record.
        record_id: i64,
    },
    /// A review is over, either way.
    ArchiveReviewed {
        /// The archive record.
        record_id: i64,
    },
}

impl Event {
    /// The durable subscribers.
    fn subscribers(&self) -> &'static [Subscriber] {
        match self {
            Self::MessagesSent { .. } => &[Subscriber::Index],
            Self::SessionClosed { .. } => &[],
            _ => &[Subscriber::Notify],
        }
    }
}

/// Who wants to know of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Subscriber {
    /// Writes notifications.
    Notify,
    /// Puts messages into the search index.
    Index,
}

impl Subscriber {
    /// When it is its turn. Indexing waits for the second to be over, and takes together what has come in it: a commit
    /// of the index costs much more than the messages in it.
    fn due(self, now: Time) -> Time {
        match self {
            Self::Notify => now,
            Self::Index => now + Duration::milliseconds(1000 - i64::from(now.timestamp_subsec_millis() % 1000)),
        }
    }
}

/// Writes the event and a job for each subscriber; returns the event's id.
pub(crate) async fn record(db: &impl ConnectionTrait, tenant: TenantId, now: Time, event: &Event) -> Result<i64> {
    let payload = serde_json::to_value(event)?;
    let kind = payload["kind"].as_str().unwrap_or_default().to_owned();
    let row = event::ActiveModel { kind: Set(kind), payload: Set(payload), ..Default::default() };
    let id = insert_row(db, tenant, 0, now, row).await?.id;
    for subscriber in event.subscribers() {
        let job = match subscriber {
            Subscriber::Notify => Job::Notify { event_id: id, event: event.clone() },
            Subscriber::Index => Job::Index { event: event.clone() },
        };
        job::enqueue(db, tenant, now, subscriber.due(now), &job).await?;
    }
    Ok(id)
}
