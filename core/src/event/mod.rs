//! Domain events: recorded in the transaction that caused them, handed as a job to what writes notifications. That runs
//! at least once and must not mind running again; the event's id tells it apart.

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

/// Writes the event, and a job for the notifications that it calls for; returns the event's id.
pub(crate) async fn record(db: &impl ConnectionTrait, tenant: TenantId, now: Time, event: &Event) -> Result<i64> {
    let payload = serde_json::to_value(event)?;
    let kind = payload["kind"].as_str().unwrap_or_default().to_owned();
    let row = event::ActiveModel { kind: Set(kind), payload: Set(payload), ..Default::default() };
    let id = insert_row(db, tenant, 0, now, row).await?.id;
    if !matches!(event, Event::SessionClosed { .. }) {
        job::enqueue(db, tenant, now, now, &Job::Notify { event_id: id, event: event.clone() }).await?;
    }
    Ok(id)
}
