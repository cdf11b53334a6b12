//! `kefu-delivery`: proves that acknowledged messages are kept. See `docs/delivery.md`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand, ValueEnum};
use kefu_tests::Database;
use kefu_tests::delivery::chaos::{self, Run, Size};
use kefu_tests::delivery::judge;

#[derive(Parser)]
#[command(name = "kefu-delivery", about = "Kills Kefu under load, and judges what became of the messages")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs the workload, kills the server, and writes down everything.
    Run {
        /// Every decision comes from it.
        #[arg(long)]
        seed: u64,
        /// How often the server is killed.
        #[arg(long, default_value_t = 30)]
        cycles: u32,
        /// The kind of database.
        #[arg(long, value_enum, default_value = "sqlite")]
        database: Kind,
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
    /// Judges what was written down.
    Judge {
        /// Where it is.
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
    match Arguments::parse().command {
        Command::Run { seed, cycles, database, dir, sessions, tenants, agents } => {
            let size = Size { tenants, agents, sessions };
            chaos::run(&Run { seed, cycles, database: database.into(), size }, &dir).await?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Judge { dir } => {
            let verdict = judge::judge_folder(&dir)?;
            println!("{verdict}");
            Ok(if verdict.holds() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
    }
}
