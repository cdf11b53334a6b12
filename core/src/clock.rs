//! The one source of time, which tests can move.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use chrono::{DateTime, TimeZone, Utc};

/// A time in UTC, in whole milliseconds: what every database can store.
pub type Time = DateTime<Utc>;

/// Tells the time.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The machine's clock.
    System,
    /// A clock that stands still until it is moved; milliseconds since 1970.
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// Now, in whole milliseconds.
    pub fn now(&self) -> Time {
        let millis = match self {
            Self::System => {
                #[expect(clippy::disallowed_methods, reason = "this is the Clock")]
                let now = Utc::now();
                now.timestamp_millis()
            }
            Self::Manual(millis) => millis.load(Ordering::SeqCst),
        };
        Utc.timestamp_millis_opt(millis).single().unwrap_or_default()
    }

    /// Moves a manual clock forward; the machine's clock does not move.
    pub fn advance(&self, by: Duration) {
        if let Self::Manual(millis) = self {
            millis.fetch_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX), Ordering::SeqCst);
        }
    }
}

/// A time as the contract has it.
pub(crate) fn timestamp(time: Time) -> prost_types::Timestamp {
    prost_types::Timestamp {
        seconds: time.timestamp(),
        nanos: i32::try_from(time.timestamp_subsec_nanos()).unwrap_or(0),
    }
}

/// A time from the contract; none if it is out of range.
pub(crate) fn time(timestamp: &prost_types::Timestamp) -> Option<Time> {
    Utc.timestamp_opt(timestamp.seconds, u32::try_from(timestamp.nanos).ok()?).single()
}
