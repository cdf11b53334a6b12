//! The judge: pure functions over a history and the rows, each of which proves one promise or names what breaks it.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use anyhow::Result;

use super::chaos::{HISTORY, ROWS};
use super::history::{self, Line};
use super::rows::Rows;
use case::Case;

mod case;
mod heard;
mod kept;
mod limits;
#[cfg(test)]
mod tests;

/// A promise and how it is proved.
type Promise = (&'static str, &'static str, fn(&Case<'_>) -> Finding);

/// The promises of `docs/realtime.md` that can be seen from outside on one node.
const PROMISES: [Promise; 16] = [
    ("P1", "no acknowledged message is lost", kept::nothing_is_lost),
    ("P2", "no row and no list holds a message twice", kept::nothing_is_doubled),
    ("P3", "what is delivered was sent, byte for byte, and nothing that was taken back", heard::nothing_is_invented),
    ("P4", "seq is 1..n in each session and never changes", kept::places_are_final),
    ("P5", "one sender's order holds", kept::order_holds),
    ("P6", "each receiver goes strictly upwards", heard::receivers_go_upwards),
    ("P7", "what was refused never appears, what timed out once at most", kept::refused_is_refused),
    ("P8", "5 s after the last fault every client equals the database", heard::clients_catch_up),
    ("P9", "marks never go back", limits::marks_only_rise),
    ("P10", "what may not be changes nothing", limits::trespassing_is_idle),
    ("P11", "who has handed a session over hears no more of it within 2 s", heard::who_hands_over_hears_no_more),
    ("P12", "the end of a login closes its sockets with 4410 within 2 s", limits::leaving_is_final),
    ("P13", "no byte of a tenant reaches another", heard::tenants_are_apart),
    ("P14", "who speaks as the server gets 4400 and changes nothing", limits::nobody_speaks_as_the_server),
    ("P15", "who does not read costs a bounded memory", limits::memory_is_bounded),
    ("P17", "identical sends at once give one row and equal answers", kept::twins_are_one),
];

/// What breaks a promise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// What is wrong.
    pub what: String,
    /// The lines of the history that show it.
    pub lines: Vec<u64>,
}

/// What was found about a promise.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How often it could have been broken.
    pub checked: u64,
    /// Where it was.
    pub violations: Vec<Violation>,
}

impl Finding {
    /// One more thing was looked at.
    fn look(&mut self) {
        self.checked += 1;
    }

    /// It is wrong.
    fn wrong(&mut self, what: String, lines: impl IntoIterator<Item = u64>) {
        self.violations.push(Violation { what, lines: lines.into_iter().collect() });
    }

    /// One more thing was looked at, and has to be so.
    fn demand(&mut self, right: bool, what: impl FnOnce() -> String, lines: impl IntoIterator<Item = u64>) {
        self.look();
        if !right {
            self.wrong(what(), lines);
        }
    }
}

/// What was found about each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// By the name of the promise.
    pub findings: BTreeMap<&'static str, Finding>,
    /// Calls, and how often the server was killed.
    pub calls: u64,
    /// See [`Verdict::calls`].
    pub kills: u64,
    /// The longest time from the start to ready, in microseconds.
    pub slowest_start: u64,
}

impl Verdict {
    /// Whether every promise was tried, and holds.
    pub fn holds(&self) -> bool {
        self.findings.values().all(|finding| finding.checked > 0 && finding.violations.is_empty())
    }

    /// The promises that nothing could have broken.
    pub fn untried(&self) -> impl Iterator<Item = String> {
        let untried = self.findings.iter().filter(|(_, finding)| finding.checked == 0);
        untried.map(|(name, _)| format!("{name}(not exercised)"))
    }

    /// The promises that are broken.
    pub fn broken(&self) -> Vec<&'static str> {
        self.findings.iter().filter(|(_, finding)| !finding.violations.is_empty()).map(|(name, _)| *name).collect()
    }
}

/// Most violations of one promise that are told one by one.
const TOLD: usize = 10;

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let milliseconds = self.slowest_start / 1000;
        writeln!(f, "{} calls, {} kills, slowest start {milliseconds} ms", self.calls, self.kills)?;
        for (name, words, _) in PROMISES {
            let Some(Finding { checked, violations }) = self.findings.get(name) else { continue };
            let said = match (*checked, violations.len()) {
                (0, 0) => "not exercised".to_owned(),
                (checked, 0) => format!("held ({checked} checked)"),
                (checked, broken) => format!("VIOLATED {broken} times ({checked} checked)"),
            };
            writeln!(f, "{name:4} {said}: {words}")?;
            for Violation { what, lines } in violations.iter().take(TOLD) {
                writeln!(f, "       {what} (lines {lines:?})")?;
            }
        }
        Ok(())
    }
}

/// Judges.
pub fn judge(lines: &[Line], rows: &Rows) -> Verdict {
    let case = Case::read(lines, rows);
    let findings = PROMISES.iter().map(|(name, _, prove)| (*name, prove(&case))).collect();
    let slowest_start = lines.iter().filter_map(|line| match line.event {
        history::Event::Ready { micros } => Some(micros),
        _ => None,
    });
    let calls = lines.iter().filter(|line| matches!(line.event, history::Event::Invoke { .. })).count();
    Verdict {
        findings,
        calls: calls as u64,
        kills: case.kills.len() as u64,
        slowest_start: slowest_start.max().unwrap_or_default(),
    }
}

/// Judges what a run has left in a folder.
///
/// # Errors
/// It is not there.
pub fn judge_folder(folder: &Path) -> Result<Verdict> {
    Ok(judge(&history::read(&folder.join(HISTORY))?, &Rows::load(&folder.join(ROWS))?))
}
