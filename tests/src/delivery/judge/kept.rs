//! What is about the rows: kept, once, in its place, in order.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::Finding;
use super::case::{Attempt, Case, How};
use crate::delivery::history::Outcome;

/// P1: what was acknowledged has a row.
pub(super) fn nothing_is_lost(case: &Case<'_>) -> Finding {
    let (mut finding, rows) = (Finding::default(), case.rows_by_key());
    for (key, attempts) in &case.attempts {
        for attempt in attempts.iter().filter(|attempt| attempt.call.done()) {
            let lines = [attempt.call.line, attempt.call.end()];
            finding.demand(rows.contains_key(key), || format!("acknowledged, but not there: {key:?}"), lines);
            finding.demand(attempt.stored.is_some(), || format!("an answer without a place: {key:?}"), lines);
        }
    }
    finding
}

/// P2: one row for one message, one answer for one message, and no list with one twice.
pub(super) fn nothing_is_doubled(case: &Case<'_>) -> Finding {
    let mut finding = Finding::default();
    for (key, rows) in case.rows_by_key() {
        let places: Vec<_> = rows.iter().map(|row| row.seq).collect();
        finding.demand(rows.len() == 1, || format!("{key:?} has the rows {places:?}"), []);
    }
    for (key, attempts) in &case.attempts {
        if attempts.len() > 1 && !overlap(attempts) {
            let places: HashSet<_> = attempts.iter().filter_map(places).collect();
            let lines = attempts.iter().map(|attempt| attempt.call.end());
            finding.demand(places.len() <= 1, || format!("{key:?} was answered with {places:?}"), lines);
        }
    }
    let mut pages: HashMap<u64, HashSet<i64>> = HashMap::new();
    for heard in case.heard.iter().filter(|heard| heard.how == How::Paged) {
        let new = pages.entry(heard.line).or_default().insert(heard.id);
        finding.demand(new, || format!("message {} is twice on a page", heard.id), [heard.line]);
    }
    finding
}

/// P4: the places are 1..n, and everybody who was told of a place was told the same.
pub(super) fn places_are_final(case: &Case<'_>) -> Finding {
    let mut finding = Finding::default();
    let mut of_session: BTreeMap<i64, Vec<i32>> = BTreeMap::new();
    let mut holder: HashMap<(i64, u64), (i64, u64)> = HashMap::new();
    let mut place: HashMap<i64, (i64, u64, u64)> = HashMap::new();
    for row in &case.rows.messages {
        of_session.entry(row.session).or_default().push(row.seq);
        let seq = u64::try_from(row.seq).unwrap_or_default();
        holder.insert((row.session, seq), (row.id, 0));
        place.insert(row.id, (row.session, seq, 0));
    }
    for session in &case.rows.sessions {
        let places = of_session.remove(&session.id).unwrap_or_default();
        let wanted: Vec<i32> = (1..=session.last_seq).collect();
        let id = session.id;
        finding.demand(places == wanted, || format!("session {id} up to {}: {places:?}", session.last_seq), []);
    }
    let told = case.heard.iter().map(|heard| (heard.line, heard.session, heard.seq, heard.id));
    let attempts = case.attempts.iter().flat_map(|(key, attempts)| {
        attempts.iter().filter_map(|attempt| {
            let (id, seq, _) = attempt.stored?;
            Some((attempt.call.end(), key.0, seq, id))
        })
    });
    for (line, session, seq, id) in told.chain(attempts) {
        let (held, first) = *holder.entry((session, seq)).or_insert((id, line));
        finding.demand(held == id, || format!("{session}/{seq} is {held} and {id}"), [first, line]);
        let (other, at, first) = *place.entry(id).or_insert((session, seq, line));
        let same = (other, at) == (session, seq);
        finding.demand(same, || format!("message {id} is at {other}/{at} and {session}/{seq}"), [first, line]);
    }
    finding
}

/// P5: a message that was begun after another of the same sender was acknowledged stands behind it; so does one that
/// was written behind another on the same socket.
pub(super) fn order_holds(case: &Case<'_>) -> Finding {
    let mut finding = Finding::default();
    // By session and sender: place, first line, line of the first acknowledgement.
    let mut sent: BTreeMap<_, Vec<(u64, u64, u64)>> = BTreeMap::new();
    let mut piped: BTreeMap<_, Vec<(u64, u64)>> = BTreeMap::new();
    for (&(session, who, _), attempts) in &case.attempts {
        let Some(place) = attempts.iter().find_map(places) else { continue };
        let begun = attempts.iter().map(|attempt| attempt.call.line).min().unwrap_or_default();
        let done = attempts.iter().filter(|a| a.call.done()).map(|a| a.call.end()).min().unwrap_or(u64::MAX);
        sent.entry((session, who)).or_default().push((place.1, begun, done));
        if let [only] = attempts.as_slice()
            && only.call.connection.starts_with("ws:")
        {
            piped.entry((session, who, only.call.connection)).or_default().push((only.call.line, place.1));
        }
    }
    for ((session, who), mut sent) in sent {
        sent.sort_unstable_by_key(|(seq, ..)| std::cmp::Reverse(*seq));
        // Of all that stand behind: the one that was acknowledged first.
        let mut first: Option<(u64, u64)> = None;
        for (seq, begun, done) in sent {
            let behind = first.filter(|(place, acknowledged)| *place != seq && *acknowledged < begun);
            let words = || format!("{who:?} in {session}: {seq} was begun after {behind:?} was acknowledged");
            finding.demand(behind.is_none(), words, [begun, behind.map_or(0, |(_, line)| line)]);
            if first.is_none_or(|(_, acknowledged)| done < acknowledged) {
                first = Some((seq, done));
            }
        }
    }
    for ((session, who, connection), mut frames) in piped {
        frames.sort_unstable();
        for pair in frames.windows(2) {
            let [(one, first), (two, second)] = pair else { continue };
            let words = || format!("{who:?} in {session} on {connection}: {first} was written before {second}");
            finding.demand(first < second, words, [*one, *two]);
        }
    }
    finding
}

/// P7: what was only ever refused is nowhere; what nobody knows of is there once at most.
pub(super) fn refused_is_refused(case: &Case<'_>) -> Finding {
    let (mut finding, rows, closed) = (Finding::default(), case.rows_by_key(), case.closed());
    let heard: HashSet<_> =
        case.heard.iter().map(|heard| (heard.session, heard.who, heard.client_msg_id.as_str())).collect();
    for (key, attempts) in &case.attempts {
        let Some(first) = attempts.first() else { continue };
        // Those are P10's.
        let after_close = closed.get(&key.0).is_some_and(|line| *line < first.call.line);
        if after_close || case.is_foreign(first.call.actor, key.0) {
            continue;
        }
        let lines = || attempts.iter().map(|attempt| attempt.call.end());
        if attempts.iter().all(|attempt| attempt.call.refused()) {
            let appears = rows.contains_key(key) || heard.contains(key);
            finding.demand(!appears, || format!("refused, but there: {key:?}"), lines());
        } else if !attempts.iter().any(|attempt| attempt.call.done()) {
            let count = rows.get(key).map_or(0, Vec::len);
            finding.demand(count <= 1, || format!("never answered, and there {count} times: {key:?}"), lines());
        }
    }
    finding
}

/// P17: identical sends at once are one message, for everybody the same, and new only once.
pub(super) fn twins_are_one(case: &Case<'_>) -> Finding {
    let mut finding = Finding::default();
    for (key, attempts) in case.attempts.iter().filter(|(_, attempts)| overlap(attempts)) {
        let answers: Vec<_> = attempts.iter().filter_map(|attempt| attempt.stored).collect();
        if answers.is_empty() {
            continue;
        }
        let places: HashSet<_> = attempts.iter().filter_map(places).collect();
        let new = answers.iter().filter(|(_, _, duplicate)| !duplicate).count();
        let certain = attempts.iter().all(|attempt| attempt.call.done());
        let right = places.len() == 1 && (new == 1 || (new == 0 && !certain));
        let lines = attempts.iter().map(|attempt| attempt.call.end());
        finding.demand(right, || format!("{key:?} was answered with {answers:?}"), lines);
    }
    finding
}

/// Where an attempt was told that the message stands.
fn places(attempt: &Attempt<'_>) -> Option<(i64, u64)> {
    attempt.stored.map(|(id, seq, _)| (id, seq))
}

/// Whether two of the attempts were under way at the same time. What nobody answered was so until the end.
fn overlap(attempts: &[Attempt<'_>]) -> bool {
    let end = |attempt: &Attempt<'_>| match attempt.call.answer {
        None | Some((_, _, Outcome::Unknown { .. })) => u64::MAX,
        Some((line, ..)) => line,
    };
    attempts.windows(2).any(|pair| matches!(pair, [one, two] if two.call.line < end(one)))
}
