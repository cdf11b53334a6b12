//! The trend: samples and events put into hours. Pure functions of values and a time.

use chrono::{Duration, Timelike};
use chrono_tz::Tz;
use kefu_proto::stats::v1::realtime_sessions::Hour;

use crate::clock::{Time, timestamp};
use crate::stats::entity::stats_sample;
use crate::stats::sample::SLOT_SECONDS;

/// Hours of the trend.
const HOURS: i64 = 12;

/// Something that happened at a time, and what it weighs: seconds, or a score.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Event {
    pub(super) at: Time,
    pub(super) value: f64,
}

/// How things stood in a slot.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Sample {
    pub(super) slot: i64,
    pub(super) queued: i32,
    pub(super) longest_wait: i32,
    pub(super) active: i32,
    pub(super) agents_online: i32,
}

impl Sample {
    /// A sample that was taken: without a row nothing was going on.
    pub(super) fn of(slot: i64, row: Option<&stats_sample::Model>) -> Self {
        row.map_or(Self { slot, ..Self::default() }, |row| Self {
            slot,
            queued: row.queued,
            longest_wait: row.longest_wait,
            active: row.active,
            agents_online: row.agents_online,
        })
    }
}

/// When the hours of the trend began, oldest first; they are whole hours on the clocks of a time zone.
pub(super) fn hours(now: Time, zone: Tz) -> Vec<Time> {
    let local = now.with_timezone(&zone);
    let past = Duration::seconds((local.minute() * 60 + local.second()).into())
        + Duration::nanoseconds(local.nanosecond().into());
    (0..HOURS).rev().map(|ago| now - past - Duration::hours(ago)).collect()
}

/// The mean of what happened in a span of time, and how much of it there was.
pub(super) fn mean(events: &[Event], from: Time, to: Time) -> (Option<f64>, i32) {
    let values: Vec<f64> = events.iter().filter(|e| (from..to).contains(&e.at)).map(|e| e.value).collect();
    let count = i32::try_from(values.len()).unwrap_or(i32::MAX);
    ((count > 0).then(|| values.iter().sum::<f64>() / f64::from(count)), count)
}

/// A mean score as it is shown, with two decimals.
pub(super) fn score(mean: f64) -> f64 {
    (mean * 100.0).round() / 100.0
}

/// Mean seconds as they are shown.
#[expect(clippy::cast_possible_truncation, reason = "a mean of values that are i32 each")]
pub(super) fn seconds(mean: f64) -> i32 {
    mean.round() as i32
}

/// One hour: the state as it was sampled last, and the means of what happened.
pub(super) fn hour(from: Time, samples: &[Sample], responses: &[Event], ratings: &[Event]) -> Hour {
    let to = from + Duration::hours(1);
    let taken = |sample: &&Sample| (from.timestamp()..to.timestamp()).contains(&(sample.slot * SLOT_SECONDS));
    let last = samples.iter().filter(taken).max_by_key(|sample| sample.slot);
    Hour {
        time: Some(timestamp(from)),
        queued: last.map(|s| s.queued),
        longest_wait_seconds: last.map(|s| s.longest_wait),
        active: last.map(|s| s.active),
        agents_online: last.map(|s| s.agents_online),
        first_response_seconds: mean(responses, from, to).0.map(seconds),
        rating_score: mean(ratings, from, to).0.map(score),
    }
}

#[cfg(test)]
mod tests {
    use chrono::{Duration, TimeZone, Utc};
    use chrono_tz::Tz;

    use super::{Event, SLOT_SECONDS, Sample, hour, hours, mean};
    use crate::clock::Time;

    fn at(day: u32, hour: u32, minute: u32) -> Time {
        Utc.with_ymd_and_hms(2026, 11, day, hour, minute, 7).unwrap()
    }

    #[test]
    fn twelve_whole_hours_end_with_the_one_under_way() {
        for zone in [Tz::Asia__Shanghai, Tz::Asia__Kolkata] {
            let hours = hours(at(23, 1, 40), zone);
            assert_eq!(hours.len(), 12);
            assert!(hours.windows(2).all(|pair| pair[1] - pair[0] == Duration::hours(1)));
            let last = hours[11];
            assert!(last <= at(23, 1, 40) && at(23, 1, 40) < last + Duration::hours(1), "{last}");
        }
        assert_eq!(hours(at(23, 1, 40), Tz::Asia__Kolkata)[11], Utc.with_ymd_and_hms(2026, 11, 23, 1, 30, 0).unwrap());
    }

    #[test]
    fn an_hour_shows_its_last_sample_and_what_is_unknown_is_absent() {
        let from = Utc.with_ymd_and_hms(2026, 11, 23, 8, 0, 0).unwrap();
        let slot = from.timestamp() / SLOT_SECONDS;
        let sample = |slot, queued| Sample { slot, queued, ..Sample::default() };
        let samples = [sample(slot - 1, 1), sample(slot + 3, 3), sample(slot + 11, 11), sample(slot + 12, 12)];
        let ratings = [Event { at: from, value: 5.0 }, Event { at: from + Duration::minutes(59), value: 4.0 }];
        let shown = hour(from, &samples, &[], &ratings);
        assert_eq!((shown.queued, shown.active, shown.first_response_seconds), (Some(11), Some(0), None));
        assert_eq!(shown.rating_score, Some(4.5));
        let unknown = hour(from + Duration::hours(2), &samples, &[], &ratings);
        assert_eq!((unknown.queued, unknown.agents_online, unknown.rating_score), (None, None, None));
    }

    #[test]
    fn a_mean_of_nothing_is_unknown() {
        assert_eq!(mean(&[], at(1, 0, 0), at(2, 0, 0)), (None, 0));
    }
}
