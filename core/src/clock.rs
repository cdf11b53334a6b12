//! The one source of time, which tests can move.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use chrono::{DateTime, TimeZone, Utc};
use chrono_tz::Tz;

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

/// Midnight in a time zone.
pub(crate) fn start_of_day(now: Time, zone: Tz) -> Time {
    let local = now.with_timezone(&zone);
    let midnight = local.date_naive().and_hms_opt(0, 0, 0).and_then(|t| t.and_local_timezone(zone).earliest());
    midnight.map_or(now, |midnight| midnight.to_utc())
}

#[cfg(test)]
mod tests {
    use chrono::{TimeZone, Utc};
    use chrono_tz::Tz;

    use super::{Time, start_of_day};

    fn at(day: u32, hour: u32, minute: u32) -> Time {
        Utc.with_ymd_and_hms(2026, 11, day, hour, minute, 7).unwrap()
    }

    #[test]
    fn a_day_begins_at_midnight_where_the_tenant_is() {
        for (now, zone, midnight) in [
            (at(23, 1, 0), Tz::Asia__Shanghai, Utc.with_ymd_and_hms(2026, 11, 22, 16, 0, 0)),
            (at(23, 17, 0), Tz::Asia__Shanghai, Utc.with_ymd_and_hms(2026, 11, 23, 16, 0, 0)),
            (at(23, 1, 0), Tz::UTC, Utc.with_ymd_and_hms(2026, 11, 23, 0, 0, 0)),
        ] {
            assert_eq!(start_of_day(now, zone), midnight.unwrap());
        }
    }
}
