//! What came of everything: counts, and findings with what is needed to send them again.

use std::collections::BTreeMap;
use std::fmt::{Display, Formatter, Result as Written};
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Lane;

/// Findings that are kept whole; the others are counted.
const KEPT: usize = 20;
/// Bytes of a request that are shown; all of them are in a file.
const SHOWN: usize = 600;
/// Lines of the server's log that a finding shows.
const LINES: usize = 6;

/// Shared by all who attack.
#[derive(Debug)]
pub struct Tally {
    folder: PathBuf,
    log: PathBuf,
    seed: u64,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    counts: BTreeMap<String, u64>,
    findings: Vec<String>,
    unshown: u64,
}

impl Tally {
    /// Nothing yet. What fails is written into `folder`, and the server's log is read from `log`.
    pub(super) fn new(seed: u64, folder: PathBuf, log: PathBuf) -> Self {
        Self { folder, log, seed, inner: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something went as it may.
    pub(super) fn count(&self, what: &str) {
        *self.lock().counts.entry(what.to_owned()).or_default() += 1;
    }

    /// Something numbered went wrong.
    pub(super) fn finding(&self, lane: Lane, number: u64, name: &str, error: &anyhow::Error, bytes: &[u8]) {
        let file = self.folder.join(format!("{lane}-{number}.bin"));
        let written = std::fs::create_dir_all(&self.folder).and_then(|()| std::fs::write(&file, bytes));
        let file = written.map_or_else(|error| error.to_string(), |()| file.display().to_string());
        let shown = bytes.get(..SHOWN).unwrap_or(bytes).escape_ascii();
        self.note(&format!(
            "{name}: {error:#}\n    again: kefu-hostile --seed {} --only {lane}:{number}\n    bytes: {file}\n    {shown}\n    log: {}",
            self.seed,
            self.said().join("\n         ")
        ));
    }

    /// Something else went wrong.
    pub(super) fn note(&self, what: &str) {
        let mut inner = self.lock();
        match inner.findings.len() {
            ..KEPT => inner.findings.push(what.to_owned()),
            _ => inner.unshown += 1,
        }
    }

    /// The last lines of the server's log that are more than news.
    fn said(&self) -> Vec<String> {
        let mut lines = self.alarms();
        lines.split_off(lines.len().saturating_sub(LINES))
    }

    /// Every line of the server's log that tells of a panic or an error.
    pub(super) fn alarms(&self) -> Vec<String> {
        let log = std::fs::read(&self.log).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        let alarms = log.lines().filter(|line| line.contains("panicked") || line.contains("ERROR"));
        alarms.map(str::to_owned).collect()
    }

    /// Nothing was found.
    pub fn is_clean(&self) -> bool {
        self.lock().findings.is_empty()
    }
}

impl Display for Tally {
    fn fmt(&self, f: &mut Formatter<'_>) -> Written {
        let inner = self.lock();
        for (what, count) in &inner.counts {
            writeln!(f, "  {what}: {count}")?;
        }
        for finding in &inner.findings {
            writeln!(f, "FOUND {finding}")?;
        }
        if inner.unshown > 0 {
            writeln!(f, "… and {} more", inner.unshown)?;
        }
        Ok(())
    }
}
