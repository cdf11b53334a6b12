//! Jobs: work with a due time, enqueued in the transaction that wants it done, and claimed by compare-and-set with a
//! lease and a fencing token, so that any number of cores can run them (SKIP LOCKED is ignored by SQLite).

mod run;

pub(crate) use run::{Runner, sweep};

use sea_orm::{ActiveValue::Set, ConnectionTrait};
use serde::{Deserialize, Serialize};

use crate::clock::Time;
use crate::db::entity::entity;
use crate::db::{TenantId, insert_row};
use crate::error::Result;
use crate::event::Event;

entity! {
    /// A job.
    job = "job" {
        kind: String,
        payload: Json,
        status: i16,
        due_time: DateTimeUtc,
        attempts: i32,
        lease_until: Option<DateTimeUtc>,
        fence: i64,
        error: String,
    }
}

/// Waits for its due time, or for another try.
pub(crate) const WAITING: i16 = 1;
/// Done.
pub(crate) const DONE: i16 = 2;
/// Given up after too many tries; stays visible.
pub(crate) const DEAD: i16 = 3;

/// Something to be done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Job {
    /// Write the notifications that an event calls for.
    Notify {
        /// The event's id.
        event_id: i64,
        /// The event.
        event: Event,
    },
    /// Take a recalled message out of the search index.
    Unindex {
        /// Its id.
        message_id: i64,
    },
    /// A transfer that nobody has answered runs out.
    ExpireTransfer {
        /// The session.
        session_id: i64,
    },
    /// Look whether customer or agent of a session have been silent for too long.
    CheckSilence {
        /// The session.
        session_id: i64,
    },
}

/// Enqueues a job.
pub(crate) async fn enqueue(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    now: Time,
    due: Time,
    job: &Job,
) -> Result<()> {
    let payload = serde_json::to_value(job)?;
    let row = job::ActiveModel {
        kind: Set(payload["kind"].as_str().unwrap_or_default().to_owned()),
        payload: Set(payload),
        status: Set(WAITING),
        due_time: Set(due),
        attempts: Set(0),
        lease_until: Set(None),
        fence: Set(0),
        error: Set(String::new()),
        ..Default::default()
    };
    insert_row(db, tenant, 0, now, row).await?;
    Ok(())
}
