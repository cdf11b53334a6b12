//! When a team is on duty.

use chrono::{Datelike, Timelike};
use chrono_tz::Tz;
use kefu_proto::common::v1::WorkingSpan;

use crate::clock::Time;
use crate::error::{Result, invalid};

/// Whether a team with these working hours is on duty; without any it always is.
pub(crate) fn on_duty(hours: &[WorkingSpan], zone: Tz, now: Time) -> bool {
    let local = now.with_timezone(&zone);
    let weekday = i32::try_from(local.weekday().number_from_monday()).unwrap_or(0);
    let minute = i32::try_from(local.hour() * 60 + local.minute()).unwrap_or(0);
    hours.is_empty()
        || hours.iter().any(|span| span.weekday == weekday && (span.start_minute..span.end_minute).contains(&minute))
}

/// Each span must end after it starts.
pub(super) fn check(hours: &[WorkingSpan]) -> Result<()> {
    match hours.iter().position(|span| span.end_minute <= span.start_minute) {
        Some(i) => Err(invalid(&format!("working_hours[{i}].end_minute"), "gt")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use chrono::{TimeZone, Utc};
    use chrono_tz::Tz;
    use kefu_proto::common::v1::WorkingSpan;

    use super::{check, on_duty};

    fn span(weekday: i32, start_minute: i32, end_minute: i32) -> WorkingSpan {
        WorkingSpan { weekday, start_minute, end_minute }
    }

    #[test]
    fn duty_is_counted_in_the_zone_of_the_tenant() {
        // Monday 09:00–12:00 and 13:00–24:00, Sunday 00:00–01:00.
        let hours = [span(1, 540, 720), span(1, 780, 1440), span(7, 0, 60)];
        // 2026-11-23 is a Monday; Shanghai is eight hours ahead of UTC.
        for (zone, (day, hour, minute), wanted) in [
            (Tz::Asia__Shanghai, (23, 0, 59), false),
            (Tz::Asia__Shanghai, (23, 1, 0), true),
            (Tz::Asia__Shanghai, (23, 3, 59), true),
            (Tz::Asia__Shanghai, (23, 4, 0), false),
            (Tz::Asia__Shanghai, (23, 5, 0), true),
            (Tz::Asia__Shanghai, (23, 15, 59), true),
            (Tz::Asia__Shanghai, (23, 16, 0), false),
            (Tz::Asia__Shanghai, (21, 16, 0), true),
            (Tz::Asia__Shanghai, (21, 17, 0), false),
            (Tz::UTC, (23, 9, 0), true),
            (Tz::UTC, (23, 1, 0), false),
        ] {
            let now = Utc.with_ymd_and_hms(2026, 11, day, hour, minute, 0).unwrap();
            assert_eq!(on_duty(&hours, zone, now), wanted, "{zone} {now}");
            assert!(on_duty(&[], zone, now));
        }
    }

    #[test]
    fn a_span_ends_after_it_starts() {
        assert!(check(&[span(1, 540, 541), span(2, 0, 1440)]).is_ok());
        for end in [540, 1] {
            let error = check(&[span(1, 0, 60), span(1, 540, end)]).unwrap_err();
            assert_eq!(error.problem().unwrap().violations[0].field, "workingHours[1].endMinute");
        }
    }
}
