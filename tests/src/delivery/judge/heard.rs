//! What is about the receivers: nothing invented, nothing backwards, nothing missing, nothing of others.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::Finding;
use super::case::{Call, Case, Heard, How};
use crate::delivery::history::{Action, Event, Outcome};
use crate::delivery::rows::{Message as Row, Session};
use crate::delivery::world::{CUSTOMER, USER};

/// How long clients have after the last fault, in microseconds.
const CATCH_UP: u64 = 5_000_000;
/// How long what was under way when something changed may still arrive, in microseconds.
const SETTLED: u64 = 2_000_000;
/// The state of a session that is over.
const CLOSED: i16 = 3;

/// P3: what is received, and what is kept, was sent, byte for byte.
pub(super) fn nothing_is_invented(case: &Case<'_>) -> Finding {
    let mut finding = Finding::default();
    let questions = questions(case);
    let words_of = |row: &Row| {
        let sender = (row.sender_kind, row.sender);
        let attempts = case.attempts.get(&(row.session, sender, row.client_msg_id.as_str()));
        attempts.map(|attempts| {
            // What came after the first acknowledgement cannot be it any more.
            let limit = attempts.iter().filter(|a| a.call.done()).map(|a| a.call.end()).min().unwrap_or(u64::MAX);
            attempts.iter().filter(|a| a.call.line < limit).map(|a| a.content).collect::<Vec<_>>()
        })
    };
    words_come_back_never(case, &mut finding);
    let people = |row: &&Row| [USER, CUSTOMER].contains(&row.sender_kind) && !row.recalled;
    for row in case.rows.messages.iter().filter(people) {
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
                && row.client_msg_id == heard.client_msg_id
                && match (row.recalled, heard.recalled) {
                    (false, false) => row.content == heard.content,
                    (true, false) => words_of(row).is_some_and(|sent| sent.contains(&heard.content.as_str())),
                    (recalled, true) => recalled && heard.content.is_empty(),
                }
        });
        let words = || format!("{} received what is not kept so: {heard:?}", heard.actor);
        finding.demand(same, words, [heard.line]);
    }
    finding
}

/// What was taken back has lost its words: in the rows, on every page that is asked for later, and, two seconds later,
/// in everything that is pushed.
fn words_come_back_never(case: &Case<'_>, finding: &mut Finding) {
    let rows: HashMap<_, _> = case.rows.messages.iter().map(|row| (row.id, row)).collect();
    // By message: line and time of the first acknowledgement.
    let mut recalled: HashMap<i64, (u64, u64)> = HashMap::new();
    for call in &case.calls {
        let (Action::Recall { message, .. }, Some((line, at, _))) = (call.action, call.text()) else { continue };
        recalled.entry(*message).or_insert((line, at));
        let empty = rows.get(message).is_some_and(|row| row.recalled && row.content.is_empty());
        finding.demand(empty, || format!("message {message} was taken back, but is kept"), [call.line, line]);
    }
    let asked: HashMap<u64, u64> = case.calls.iter().map(|call| (call.end(), call.line)).collect();
    for heard in &case.heard {
        let Some((line, at)) = recalled.get(&heard.id) else { continue };
        let late = match heard.how {
            How::Paged => asked.get(&heard.line).is_some_and(|begun| begun > line),
            How::Pushed => case.sent_by(heard) > at + SETTLED,
            How::Answered => false,
        };
        if late {
            let words = || format!("{} received the words of {}, which was taken back", heard.actor, heard.id);
            finding.demand(heard.recalled, words, [*line, heard.line]);
        }
    }
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
        if is_tombstone_of_old(heard, &last) {
            continue;
        }
        let before = last.insert((heard.connection, heard.session), heard.seq);
        if let Some(before) = before {
            let words = || format!("{} got {} after {before} of session {}", heard.actor, heard.seq, heard.session);
            finding.demand(heard.seq > before, words, [heard.line]);
        }
    }
    finding
}

/// What was taken back is told once more, whenever that happens; it is the next message only if that is its turn.
fn is_tombstone_of_old(heard: &Heard<'_>, last: &Last<'_>) -> bool {
    let before = last.get(&(heard.connection, heard.session));
    heard.recalled && before.is_none_or(|before| heard.seq <= *before)
}

/// By connection and session: the newest message.
type Last<'a> = HashMap<(&'a str, i64), u64>;

/// Where each connection began to resume.
fn cursors<'a>(case: &Case<'a>) -> Last<'a> {
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

/// P11: two seconds after somebody has taken a session over, nobody else of the staff is told of its messages, until
/// they take it over themselves.
pub(super) fn who_hands_over_hears_no_more(case: &Case<'_>) -> Finding {
    let mut finding = Finding::default();
    let mut pushes: HashMap<i64, Vec<&Heard<'_>>> = HashMap::new();
    for heard in pushed(case) {
        pushes.entry(heard.session).or_default().push(heard);
    }
    let accepts: Vec<(i64, &Call<'_>)> = case
        .calls
        .iter()
        .filter_map(|call| match call.action {
            Action::Accept { session } if !call.refused() => Some((*session, call)),
            _ => None,
        })
        .collect();
    for (session, taken) in &accepts {
        let (Some((line, at, _)), Some(taker)) = (taken.text(), case.people.get(taken.actor)) else { continue };
        let others = case.people.iter().filter(|(_, one)| one.who.0 == USER && one.tenant == taker.tenant);
        for (other, _) in others.filter(|(name, one)| **name != taken.actor && one.who != taker.who) {
            // Whoever takes it next hears of it from then on.
            let again =
                accepts.iter().filter(|(of, call)| of == session && call.actor == *other && call.line > taken.line);
            let until = again.map(|(_, call)| call.at).min().unwrap_or(u64::MAX);
            let from = at + SETTLED;
            let Some(later) = pushes.get(session) else { continue };
            for heard in later.iter().filter(|heard| (from..until).contains(&case.sent_by(heard))) {
                let words = || format!("{other} was told of session {session} after {} took it over", taken.actor);
                finding.demand(heard.actor != *other, words, [line, heard.line]);
            }
        }
    }
    finding
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
        if is_tombstone_of_old(heard, &last) {
            continue;
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
