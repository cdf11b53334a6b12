//! What is about limits: marks that only rise, calls that may change nothing, logins that end, memory that is bounded.

use std::collections::{BTreeMap, HashMap};

use super::Finding;
use super::case::{Call, Case};
use crate::delivery::history::{Action, Event};
use crate::delivery::rows::MARKS;
use crate::delivery::world::CUSTOMER;

/// How long the end of a login may take to end its sockets, in microseconds.
const LEAVING: u64 = 2_000_000;
/// What the end of a login closes its sockets with.
const REVOKED: u16 = 4410;
/// What a frame earns that breaks the protocol.
const BAD_FRAME: u16 = 4400;
/// The queue of a connection (1 MiB) and its buffer of writing (1 MiB), with what the allocator adds.
const PER_CONNECTION: u64 = 5 << 19;
/// What the sends themselves may leave behind.
const BASE: u64 = 16 << 20;

/// P9: the marks rise with the versions of a session, and an acknowledged mark is kept.
pub(super) fn marks_only_rise(case: &Case<'_>) -> Finding {
    let mut finding = Finding::default();
    // By session and mark: version, value, line.
    let mut seen: BTreeMap<_, Vec<(u64, u64, u64)>> = BTreeMap::new();
    for look in &case.looks {
        let version = look.data["version"].as_u64().unwrap_or_default();
        for (at, name) in MARKS.iter().enumerate() {
            if let Some(mark) = look.data[*name].as_u64() {
                seen.entry((look.session, at)).or_default().push((version, mark, look.line));
            }
        }
    }
    let kept: HashMap<_, _> = case.rows.sessions.iter().map(|row| (row.id, row)).collect();
    for ((session, at), mut marks) in seen {
        let Some(row) = kept.get(&session) else { continue };
        marks.sort_unstable();
        marks.push((u64::MAX, u64::try_from(row.marks[at]).unwrap_or_default(), 0));
        for pair in marks.windows(2) {
            let [(version, one, first), (_, two, second)] = pair else { continue };
            let words = || format!("{} of {session} after version {version}: {one}, then {two}", MARKS[at]);
            finding.demand(one <= two, words, [*first, *second]);
        }
    }
    for call in case.calls.iter().filter(|call| call.done()) {
        let Action::Ack { session, seq, read } = call.action else { continue };
        let (Some(row), Some(person)) = (kept.get(session), case.people.get(call.actor)) else { continue };
        let side = if person.who.0 == CUSTOMER { 0 } else { 2 };
        let mark = u64::try_from(row.marks[side + usize::from(*read)]).unwrap_or_default();
        let wanted = (*seq).min(u64::try_from(row.last_seq).unwrap_or_default());
        let words = || format!("{} acknowledged {seq} of {session}, but {mark} is kept", call.actor);
        finding.demand(mark >= wanted, words, [call.line, call.end()]);
    }
    finding
}

/// P10: frames without a login, calls without a token, into other people's sessions, and into closed ones are
/// refused, and leave nothing.
pub(super) fn trespassing_is_idle(case: &Case<'_>) -> Finding {
    let (mut finding, rows, closed) = (Finding::default(), case.rows_by_key(), case.closed());
    for call in &case.calls {
        let lines = [call.line, call.end()];
        match call.action {
            Action::Trespass { what, content, .. } => {
                finding.demand(!call.done(), || format!("{what} was accepted"), lines);
                finding.demand(!is_anywhere(case, content), || format!("{what} has left a message: {content}"), lines);
            }
            Action::Ack { session, .. } | Action::Look { session } | Action::Page { session, .. }
                if case.is_foreign(call.actor, *session) =>
            {
                finding.demand(!call.done(), || format!("{} reached session {session}", call.actor), lines);
            }
            _ => {}
        }
    }
    for (key, attempts) in &case.attempts {
        let Some(first) = attempts.first() else { continue };
        let after_close = closed.get(&key.0).is_some_and(|line| *line < first.call.line);
        if after_close || case.is_foreign(first.call.actor, key.0) {
            let idle = !rows.contains_key(key) && attempts.iter().all(|attempt| !attempt.call.done());
            let lines = attempts.iter().map(|attempt| attempt.call.end());
            finding.demand(idle, || format!("stored in a closed or foreign session: {key:?}"), lines);
        }
    }
    finding
}

fn is_anywhere(case: &Case<'_>, content: &str) -> bool {
    case.rows.messages.iter().any(|row| row.content == content) || case.heard.iter().any(|h| h.content == content)
}

/// P12: whoever logs out or is disabled is cut off in time, and hears nothing after it.
pub(super) fn leaving_is_final(case: &Case<'_>) -> Finding {
    let mut finding = Finding::default();
    for call in &case.calls {
        let (Action::Leave { how, connections }, Some((line, at, _))) = (call.action, call.text()) else { continue };
        let limit = at + LEAVING;
        if case.killed_between(call.at, limit) {
            continue;
        }
        for connection in connections {
            let of_it = || case.lines.iter().filter(|line| line.connection == *connection);
            let closed = of_it().find_map(|line| match line.event {
                Event::Closed { code } => Some((line.n, line.at, code)),
                _ => None,
            });
            let words = || format!("{how}: {connection} was not closed so: {closed:?}");
            let right = closed.is_some_and(|(_, at, code)| at <= limit && code == Some(REVOKED));
            finding.demand(right, words, [call.line, line, closed.map_or(0, |(line, ..)| line)]);
            let late = of_it().find(|line| line.at > limit && matches!(line.event, Event::Received { .. }));
            let words = || format!("{how}: {connection} has received a frame after it");
            finding.demand(late.is_none(), words, [line, late.map_or(0, |line| line.n)]);
        }
    }
    finding
}

/// P14: whoever sends what only the server sends is closed with 4400, and leaves nothing.
pub(super) fn nobody_speaks_as_the_server(case: &Case<'_>) -> Finding {
    let mut finding = Finding::default();
    for call in &case.calls {
        let Action::ServerOnly { kind, content } = call.action else { continue };
        let lines = [call.line, call.end()];
        let cut_short = case.killed_between(call.at, call.answer.map_or(u64::MAX, |(_, at, _)| at));
        if !cut_short {
            let closed = closed_with(case, call);
            finding.demand(closed == Some(BAD_FRAME), || format!("{kind} was answered with {closed:?}"), lines);
        }
        finding.demand(!is_anywhere(case, content), || format!("{kind} has left a message: {content}"), lines);
    }
    finding
}

fn closed_with(case: &Case<'_>, call: &Call<'_>) -> Option<u16> {
    case.lines.iter().filter(|line| line.connection == call.connection).find_map(|line| match line.event {
        Event::Closed { code } => code,
        _ => None,
    })
}

/// P15: what is sent to clients that do not read does not pile up in memory.
pub(super) fn memory_is_bounded(case: &Case<'_>) -> Finding {
    let mut finding = Finding::default();
    for line in case.lines {
        let Event::Memory { connections, sent, before, after } = line.event else { continue };
        let (grown, allowed) = (after.saturating_sub(before), connections * PER_CONNECTION + BASE);
        // Less than that would prove nothing.
        if sent * connections > allowed {
            let words = || format!("{connections} connections that do not read took {grown} bytes, not {allowed}");
            finding.demand(grown <= allowed, words, [line.n]);
        }
    }
    finding
}
