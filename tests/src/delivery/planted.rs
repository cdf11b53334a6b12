//! The proof of the proof: each bug on purpose has to be found, under its name, and a Kefu without one passes.

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use kefu_planted::Bug;

use super::chaos::{self, Run, Size};
use super::judge::judge_folder;
use crate::Database;

/// What finds a bug.
#[derive(Debug, Clone, Copy)]
enum Finder {
    /// The judge, under the name of a promise, after a run of so many cycles.
    Promise(&'static str, u32),
    /// A test, by its full name.
    Test(&'static str),
}

/// What has to find each.
fn finder(bug: Bug) -> Finder {
    match bug {
        Bug::AckBeforeCommit => Finder::Promise("P1", 6),
        Bug::MaxSeq => Finder::Promise("P4", 3),
        Bug::NoDedupe => Finder::Promise("P2", 3),
        Bug::DedupeByToken => Finder::Promise("P2", 8),
        Bug::ReplayOffByOne | Bug::HintDropped | Bug::CursorOnSend => Finder::Promise("P8", 2),
        Bug::TenantFilter => Finder::Promise("P13", 1),
        Bug::OldAgent => Finder::Promise("P11", 6),
        Bug::RefreshGrace => Finder::Test("login::a_stolen_refresh_token_ends_the_login::sqlite"),
        Bug::AuditOutside => Finder::Test("operation_log::a_change_that_cannot_be_logged_is_not_made_on_sqlite"),
        Bug::UnsafeDurability => Finder::Test("faults::start::a_database_that_forgets_is_refused"),
    }
}

/// What the tests say when they have run and one has failed.
const TEST_FAILED: i32 = 100;

/// Runs a Kefu without a bug, and one with each of `bugs`; gives a table, and whether everything came as it must.
///
/// # Errors
/// Something could not be run at all.
pub async fn run(seed: u64, bugs: &[Bug], folder: &Path) -> Result<(String, bool)> {
    ensure!(std::env::var_os("KEFU_TEST_BIN").is_some(), "KEFU_TEST_BIN has to name a Kefu with bugs (make proof)");
    let mut table = String::new();
    let mut right = true;
    let healthy = broken(seed, None, 6, folder).await?;
    let mut tell = |name: &str, right: bool, by: &str| {
        let verdict = if right { "ok" } else { "MISSED" };
        writeln!(table, "{name:20} {verdict:8} {by}")
    };
    tell("(none)", healthy.is_empty(), &list(&healthy, "everything held"))?;
    right &= healthy.is_empty();
    for bug in bugs {
        let (found, by) = match finder(*bug) {
            Finder::Promise(name, cycles) => {
                let broken = broken(seed, Some(*bug), cycles, folder).await?;
                (broken.contains(&name.to_owned()), list(&broken, "nothing was found"))
            }
            Finder::Test(name) => {
                let well = test(name, None)?;
                ensure!(well == 0, "{name} does not pass without a bug: {well}");
                (test(name, Some(*bug))? == TEST_FAILED, name.to_owned())
            }
        };
        tell(bug.name(), found, &by)?;
        right &= found;
    }
    Ok((table, right))
}

fn list(names: &[String], none: &str) -> String {
    if names.is_empty() { none.to_owned() } else { names.join(" ") }
}

/// The promises that a run breaks, or has not tried.
async fn broken(seed: u64, bug: Option<Bug>, cycles: u32, folder: &Path) -> Result<Vec<String>> {
    let name = bug.map_or("none", Bug::name);
    let folder = folder.join(name);
    let size = Size { tenants: 2, agents: 2, sessions: 6 };
    chaos::run(&Run { seed, cycles, database: Database::Sqlite, size, bug }, &folder).await.context(name)?;
    let verdict = judge_folder(&folder)?;
    std::fs::write(folder.join("verdict.txt"), verdict.to_string())?;
    Ok(verdict.broken().into_iter().map(str::to_owned).chain(verdict.untried()).collect())
}

/// Runs one test on servers of its own; gives how it ended.
fn test(name: &str, bug: Option<Bug>) -> Result<i32> {
    let mut command = Command::new("cargo");
    command.args(["--locked", "nextest", "run", "--workspace", "-E", &format!("test(={name})")]);
    command.env_remove("KEFU_TEST_SERVER_SQLITE").stdout(Stdio::null()).stderr(Stdio::null());
    if let Some(bug) = bug {
        command.env(kefu_planted::VARIABLE, bug.name());
    }
    command.status()?.code().with_context(|| format!("{name} was ended"))
}
