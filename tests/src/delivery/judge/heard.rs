//! What is about the receivers: nothing invented, nothing backwards, nothing missing, nothing of others.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::Finding;
use super::case::{Case, Heard, How};
use crate::delivery::history::{Action, Event, Outcome};
use crate::delivery::rows::Session;
use crate::delivery::world::{CUSTOMER, USER};

/// How long clients have after the last fault, in microseconds.
const CATCH_UP: u64 = 5_000_000;
/// The state of a session that is over.
const CLOSED: i16 = 3;

/// P3: what is received, and what is kept, was sent, byte for byte.
pub(super) fn nothing_is_invented(case: &Case<'_>) -> Finding {
    let mut finding = Finding::default();
    let questions = questions(case);
    let words_of = |row: &crate::delivery::rows::Message| {
        let sender = (row.sender_kind, row.sender);
        let attempts = case.attempts.get(&(row.session, sender, row.client_msg_id.as_str()));
        attempts.map(|attempts| {
            // What came after the first acknowledgement cannot be it any more.
            let limit = attempts.iter().filter(|a| a.call.done()).map(|a| a.call.end()).min().unwrap_or(u64::MAX);
            attempts.iter().filter(|a| a.call.line < limit).map(|a| a.content).collect::<Vec<_>>()
        })
    };
    for row in case.rows.messages.iter().filter(|row| [USER, CUSTOMER].contains(&row.sender_kind)) {
        let sent = match words_of(row) {
            Some(sent) => sent.contains(&row.content.as_str()),
            None => questions.contains(&((row.sender_kind, row.sender), row.content.as_str())),
        };
        let place = (row.session, row.seq);
        finding.demand(sent, || format!("the row at {place:?} was not sent: {}", row.content), []);
    }
    let rows: HashMap<_, _> = case.rows.messages.iter().map(|row| (row.id, row)).collect();
    for heard in &case.heard {
        let same = rows.get(&heard.id).is_some_and(|row| {
            (row.sender_kind, row.sender) == heard.who
                && row.content == heard.content
                && row.client_msg_id == heard.client_msg_id
        });
        let words = || format!("{} received what is not kept so: {heard:?}", heard.actor);
        finding.demand(same, words, [heard.line]);
    }
    finding
}

/// The words that came with the opening of sessions.
fn questions<'a>(case: &Case<'a>) -> HashSet<((i16, i64), &'a str)> {
    let asked = case.calls.iter().filter_map(|call| match call.action {
        Action::Open { question } => Some((call.actor, question.as_str())),
        _ => None,
    });
    let told = case.lines.iter().filter_map(|line| match &line.event {
        Event::Session { question, .. } => Some((line.actor.as_str(), question.as_str())),
        _ => None,
    });
    asked.chain(told).filter_map(|(actor, question)| Some((case.people.get(actor)?.who, question))).collect()
}

/// P6: on a connection, and in a chain of polls, each session only goes up; after a resume from where it stopped.
pub(super) fn receivers_go_upwards(case: &Case<'_>) -> Finding {
    let mut finding = Finding::default();
    let mut last = cursors(case);
    for heard in pushed(case) {
        let before = last.insert((heard.connection, heard.session), heard.seq);
        if let Some(before) = before {
            let words = || format!("{} got {} after {before} of session {}", heard.actor, heard.seq, heard.session);
            finding.demand(heard.seq > before, words, [heard.line]);
        }
    }
    finding
}

/// Where each connection began to resume.
fn cursors<'a>(case: &Case<'a>) -> HashMap<(&'a str, i64), u64> {
    let mut found = HashMap::new();
    for line in case.lines {
        if let Event::Opened { cursors } = &line.event {
            found.extend(cursors.iter().map(|(session, seq)| ((line.connection.as_str(), *session), *seq)));
        }
    }
    found
}

fn pushed<'c, 'a>(case: &'c Case<'a>) -> impl Iterator<Item = &'c Heard<'a>> {
    case.heard.iter().filter(|heard| heard.how == How::Pushed)
}

/// P8: five seconds after quiet every client that listens has all of its sessions; and what a customer is pushed on
/// one connection has no holes.
pub(super) fn clients_catch_up(case: &Case<'_>) -> Finding {
    let mut finding = Finding::default();
    no_holes(case, &mut finding);
    let Some(quiet) = case.lines.iter().find(|line| matches!(line.event, Event::Quiet)) else { return finding };
    let reads = |action: &Action| matches!(action, Action::Look { .. } | Action::Page { .. });
    let reading = case.calls.iter().filter(|call| call.line > quiet.n && reads(call.action));
    let listening: BTreeSet<&str> = reading.map(|call| call.actor).collect();
    let mut got: BTreeMap<(&str, i64), BTreeSet<u64>> = BTreeMap::new();
    for heard in case.heard.iter().filter(|heard| heard.at <= quiet.at + CATCH_UP) {
        got.entry((heard.actor, heard.session)).or_default().insert(heard.seq);
    }
    for session in case.rows.sessions.iter().filter(|session| session.status != CLOSED) {
        let sides = [(CUSTOMER, session.customer), (USER, session.agent)];
        let actors = case.people.iter().filter(|(name, one)| sides.contains(&one.who) && listening.contains(*name));
        for (actor, _) in actors {
            let missing = missing(session, got.get(&(*actor, session.id)));
            let words = || format!("{actor} lacks {missing:?} of session {}", session.id);
            finding.demand(missing.is_empty(), words, [quiet.n]);
        }
    }
    finding
}

fn missing(session: &Session, got: Option<&BTreeSet<u64>>) -> Vec<u64> {
    let all = 1..=u64::try_from(session.last_seq).unwrap_or_default();
    all.filter(|seq| got.is_none_or(|got| !got.contains(seq))).collect()
}

fn no_holes(case: &Case<'_>, finding: &mut Finding) {
    let mut last = cursors(case);
    let mut resyncs = case.resyncs.iter().peekable();
    for heard in pushed(case) {
        while let Some(resync) = resyncs.next_if(|resync| resync.line < heard.line) {
            last.retain(|(connection, session), _| {
                *connection != resync.connection || (resync.session != 0 && *session != resync.session)
            });
        }
        let is_customer = case.people.get(heard.actor).is_some_and(|person| person.who.0 == CUSTOMER);
        let before = last.insert((heard.connection, heard.session), heard.seq);
        if let Some(before) = before.filter(|before| is_customer && heard.seq > *before) {
            let words =
                || format!("{} got {} right after {before} of session {}", heard.actor, heard.seq, heard.session);
            finding.demand(heard.seq == before + 1, words, [heard.line]);
        }
    }
}

/// P13: nothing that somebody receives names another tenant, or a session of one.
pub(super) fn tenants_are_apart(case: &Case<'_>) -> Finding {
    let mut finding = Finding::default();
    for line in case.lines {
        let (Event::Received { text }
        | Event::Answer { outcome: Outcome::Done { text } | Outcome::Refused { text, .. }, .. }) = &line.event
        else {
            continue;
        };
        let Some(person) = case.people.get(line.actor.as_str()) else { continue };
        let other = case.tenants.values().find(|code| **code != person.tenant && text.contains(**code));
        finding.demand(other.is_none(), || format!("{} received a text of {other:?}: {text}", line.actor), [line.n]);
    }
    let of_session: HashMap<_, _> = case.rows.sessions.iter().map(|row| (row.id, row.tenant)).collect();
    let seen = case.heard.iter().map(|heard| (heard.line, heard.session));
    for (line, session) in seen.chain(case.looks.iter().map(|look| (look.line, look.session))) {
        let actor = usize::try_from(line - 1).ok().and_then(|at| case.lines.get(at)).map(|line| line.actor.as_str());
        let Some(person) = actor.and_then(|actor| case.people.get(actor)) else { continue };
        let code = of_session.get(&session).and_then(|tenant| case.tenants.get(tenant));
        let own = code.is_none_or(|code| *code == person.tenant);
        finding.demand(own, || format!("{actor:?} was told of session {session} of {code:?}"), [line]);
    }
    finding
}
