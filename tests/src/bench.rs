//! `kefu-bench`: measures a Kefu beside bare servers that do the same work with the same libraries. See
//! `docs/bench.md`.

mod calls;
mod connections;
mod crowd;
mod drain;
mod load;
mod messages;
mod process;
pub mod reference;
mod start;
mod table;
mod wire;
mod world;

use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use clap::ValueEnum;

pub use load::Effort;
pub use table::Table;

use crate::Database;

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Subject {
    /// Messages: as much as goes, and a steady load.
    Messages,
    /// Connections that say nothing, and the opening of them.
    Connections,
    /// Single calls by REST and gRPC.
    Calls,
    /// Many waiting, and agents who become free.
    Queue,
    /// Starting, and memory when idle.
    Start,
}

/// What a bench is to do.
#[derive(Debug, Clone)]
pub struct Plan {
    /// What is measured.
    pub subjects: Vec<Subject>,
    /// The database that Kefu uses.
    pub database: Database,
    /// How often each figure is measured.
    pub runs: usize,
    /// Connected users; every two are a pair.
    pub users: usize,
    /// How the loads are made.
    pub effort: Effort,
    /// Numbers of idle connections, rising.
    pub connections: Vec<usize>,
    /// Sessions that wait.
    pub waiting: usize,
    /// Messages that are stored before it is measured how long a start takes; none: it is not measured.
    pub stored: u64,
    /// Where files are put while it runs.
    pub folder: PathBuf,
}

impl Plan {
    /// The process of the database server, if there is one and it is known.
    fn database_process(&self) -> Option<process::Process> {
        let variable = match self.database {
            Database::Sqlite => return None,
            Database::Mariadb => "KEFU_TEST_MYSQL_PID",
            Database::Postgres => "KEFU_TEST_POSTGRES_PID",
        };
        std::env::var(variable).ok()?.parse().ok().map(process::Process)
    }

    /// Each connection is an open file.
    fn demand_files(&self) -> Result<()> {
        // Of the messages there are three crowds, one of which is there twice.
        let most = self.connections.iter().copied().max().unwrap_or(0).max(self.users * 4) as u64 + 200;
        let may = process::open_files()?;
        ensure!(may >= most, "{may} open files are too few for so many connections: ulimit -n {most}");
        Ok(())
    }

    /// A folder for one server.
    fn folder(&self, name: &str) -> Result<PathBuf> {
        let folder: &Path = &self.folder;
        let folder = folder.join(name);
        std::fs::create_dir_all(&folder)?;
        Ok(folder)
    }
}

/// Measures; to be called on a local set of a runtime with one thread. What was measured before an error stands in the
/// table.
///
/// # Errors
/// A server does not start, or does something wrong.
pub async fn run(plan: &Plan, table: &mut Table) -> Result<()> {
    plan.demand_files()?;
    for subject in &plan.subjects {
        match subject {
            Subject::Messages => messages::measure(plan, table).await?,
            Subject::Connections => connections::measure(plan, table).await?,
            Subject::Calls => calls::measure(plan, table).await?,
            Subject::Queue => drain::measure(plan, table).await?,
            Subject::Start => start::measure(plan, table).await?,
        }
    }
    Ok(())
}

/// Says what is going on, to whoever waits for the table.
fn note(text: &str) {
    use std::io::Write as _;
    // Nobody may be listening.
    drop(writeln!(std::io::stderr(), "kefu-bench: {text}"));
}
