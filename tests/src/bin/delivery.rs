//! `kefu-delivery`: proves that acknowledged messages are kept. See `docs/delivery.md`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand, ValueEnum};
use kefu_planted::Bug;
use kefu_tests::Database;
use kefu_tests::delivery::chaos::{self, Run, Size};
use kefu_tests::delivery::{judge, planted, power};

#[derive(Parser)]
#[command(name = "kefu-delivery", about = "Kills Kefu under load, and judges what became of the messages")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs the workload, kills the server, writes down everything, and judges it.
    Run {
        /// Every decision comes from it.
        #[arg(long)]
        seed: u64,
        /// How often the server is killed, on each kind of database.
        #[arg(long, default_value_t = 20)]
        cycles: u32,
        /// The kind of database; may be given several times.
        #[arg(long, value_enum, default_values = ["sqlite"])]
        database: Vec<Kind>,
        /// Where the history and the rows are written.
        #[arg(long)]
        dir: PathBuf,
        /// Sessions at a time.
        #[arg(long, default_value_t = 24)]
        sessions: usize,
        /// Tenants.
        #[arg(long, default_value_t = 3)]
        tenants: usize,
        /// Agents of each tenant.
        #[arg(long, default_value_t = 2)]
        agents: usize,
    },
    /// Judges again what was written down.
    Judge {
        /// Where it is.
        dir: PathBuf,
    },
    /// Runs a Kefu with each planted bug; every one has to be found. `KEFU_TEST_BIN` names a Kefu that has them.
    Planted {
        /// Every decision comes from it.
        #[arg(long)]
        seed: u64,
        /// Where the histories are written.
        #[arg(long)]
        dir: PathBuf,
        /// Only this one; may be given several times.
        #[arg(long)]
        bug: Vec<String>,
    },
    /// Fails the power at many moments; nothing acknowledged may be lost, unless SQLite does not wait for the disk.
    /// `KEFU_TEST_BIN` names a Kefu with planted bugs.
    Power {
        /// Every decision comes from it.
        #[arg(long)]
        seed: u64,
        /// How often the power fails.
        #[arg(long, default_value_t = 1000)]
        cuts: usize,
        /// Messages that are sent.
        #[arg(long, default_value_t = 300)]
        messages: usize,
        /// Where the records are written.
        #[arg(long)]
        dir: PathBuf,
    },
}

#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    Sqlite,
    Mariadb,
    Postgres,
}

impl From<Kind> for Database {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Sqlite => Self::Sqlite,
            Kind::Mariadb => Self::Mariadb,
            Kind::Postgres => Self::Postgres,
        }
    }
}

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let right = match Arguments::parse().command {
        Command::Run { seed, cycles, database, dir, sessions, tenants, agents } => {
            let size = Size { tenants, agents, sessions };
            prove(seed, cycles, &database, size, &dir).await?
        }
        Command::Judge { dir } => tell(&dir)?,
        Command::Planted { seed, dir, bug } => {
            let chosen = |one: &Bug| bug.is_empty() || bug.iter().any(|name| name == one.name());
            let bugs: Vec<Bug> = Bug::ALL.into_iter().filter(chosen).collect();
            println!("planted bugs, seed {seed}");
            let (table, right) = planted::run(seed, &bugs, &dir).await?;
            println!("{table}");
            right
        }
        Command::Power { seed, cuts, messages, dir } => {
            println!("power failures, seed {seed}");
            let full = power::run(seed, messages, cuts, None, &dir).await?;
            let normal = power::run(seed, messages, cuts, Some(Bug::UnsafeDurability), &dir).await?;
            for (name, losses) in [("FULL", &full), ("NORMAL", &normal)] {
                println!("{name}: {losses}");
            }
            full.is_none() && !normal.lost.is_empty()
        }
    };
    Ok(if right { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Runs on each kind of database, and judges.
async fn prove(seed: u64, cycles: u32, kinds: &[Kind], size: Size, dir: &Path) -> Result<bool> {
    let mut right = true;
    for kind in kinds {
        let database = Database::from(*kind);
        let dir = if kinds.len() == 1 { dir.to_owned() } else { dir.join(database.name()) };
        println!("{}, seed {seed}", database.name());
        chaos::run(&Run { seed, cycles, database, size, bug: None }, &dir).await?;
        right &= tell(&dir)?;
    }
    Ok(right)
}

fn tell(dir: &Path) -> Result<bool> {
    let verdict = judge::judge_folder(dir)?;
    println!("{verdict}");
    Ok(verdict.holds())
}
