//! `kefu-bench`: measures Kefu beside bare servers. See `docs/bench.md`.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use clap::{Parser, Subcommand, ValueEnum};
use kefu_tests::bench::reference::calls;
use kefu_tests::bench::reference::sockets::{self, Sizes};
use kefu_tests::bench::{self, Effort, Plan, Subject, Table};
use kefu_tests::{Database, server};
use tokio::runtime::Builder;

#[derive(Parser)]
#[command(name = "kefu-bench", about = "Measures Kefu beside bare servers that do the same work")]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// The Kefu to measure, instead of the one beside this program.
    #[arg(long)]
    kefu: Option<PathBuf>,
    /// What to measure; everything if left out.
    #[arg(long, value_enum)]
    only: Vec<Subject>,
    /// The database of Kefu; for the servers run through tests/with-databases --durable.
    #[arg(long, value_enum, default_value = "sqlite")]
    database: Kind,
    /// How often each figure is measured.
    #[arg(long, default_value_t = 3)]
    runs: usize,
    /// Seconds of each measurement.
    #[arg(long, default_value_t = 10)]
    seconds: u32,
    /// Seconds of load before each measurement.
    #[arg(long, default_value_t = 2)]
    warm_up: u32,
    /// Connected users, an even number: each customer has an agent of its own.
    #[arg(long, default_value_t = 1000)]
    users: usize,
    /// Messages that each user has on the way at saturation.
    #[arg(long, default_value_t = 4)]
    window: usize,
    /// Messages a second of the steady load.
    #[arg(long, default_value_t = 500)]
    rate: u32,
    /// Numbers of idle connections, rising.
    #[arg(long, value_delimiter = ',', default_values_t = [1000, 10_000])]
    connections: Vec<usize>,
    /// Sessions that wait in the queue.
    #[arg(long, default_value_t = 1000)]
    waiting: usize,
    /// Messages to store, to measure how long a start takes with them; 0: not measured, as storing takes its time.
    #[arg(long, default_value_t = 0)]
    stored: u64,
    /// Where the figures are written as JSON; target/bench-DATABASE.json if left out.
    #[arg(long)]
    json: Option<PathBuf>,
}

#[derive(Subcommand)]
enum Command {
    /// Serves as one of the bare servers.
    #[command(hide = true)]
    Reference {
        #[command(subcommand)]
        which: Which,
    },
}

#[derive(Subcommand)]
enum Which {
    Echo,
    Axum {
        #[arg(long)]
        dir: PathBuf,
    },
    Tonic {
        #[arg(long)]
        dir: PathBuf,
    },
    Store {
        #[arg(long)]
        dir: PathBuf,
        #[arg(long)]
        ack_bytes: usize,
        #[arg(long)]
        push_bytes: usize,
    },
}

#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    Sqlite,
    Mariadb,
    Postgres,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    match arguments.command {
        Some(Command::Reference { which }) => Builder::new_multi_thread().enable_all().build()?.block_on(serve(which)),
        None => {
            let runtime = Builder::new_current_thread().enable_all().build()?;
            tokio::task::LocalSet::new().block_on(&runtime, measure(arguments))
        }
    }
}

async fn serve(which: Which) -> Result<()> {
    match which {
        Which::Echo => sockets::echo().await,
        Which::Axum { dir } => calls::axum(&dir).await,
        Which::Tonic { dir } => calls::tonic(&dir).await,
        Which::Store { dir, ack_bytes, push_bytes } => {
            sockets::store(&dir, Sizes { ack: ack_bytes, push: push_bytes }).await
        }
    }
}

async fn measure(arguments: Arguments) -> Result<()> {
    let Arguments { kefu, only, database, runs, seconds, warm_up, users, window, rate, json, .. } = arguments;
    ensure!(users >= 2 && users.is_multiple_of(2), "--users must be even, and 2 at least");
    ensure!(
        runs > 0 && seconds > 0 && window > 0 && rate > 0,
        "--runs, --seconds, --window and --rate must be positive"
    );
    if let Some(path) = kefu {
        server::use_binary(path.canonicalize().with_context(|| format!("no {}", path.display()))?)?;
    }
    let folder = std::env::temp_dir().join(format!("kefu-bench-{:016x}", rand::random::<u64>()));
    let plan = Plan {
        subjects: if only.is_empty() { Subject::value_variants().to_vec() } else { only },
        database: match database {
            Kind::Sqlite => Database::Sqlite,
            Kind::Mariadb => Database::Mariadb,
            Kind::Postgres => Database::Postgres,
        },
        runs,
        users,
        effort: Effort { window, warm_up, seconds, rate },
        connections: arguments.connections,
        waiting: arguments.waiting,
        stored: arguments.stored,
        folder,
    };
    let mut table = Table::new(&plan);
    let measured = bench::run(&plan, &mut table).await;
    // There is no folder where no bare server needed one.
    drop(std::fs::remove_dir_all(&plan.folder));
    // An error at the end of an hour leaves what was measured until then.
    print!("{table}");
    measured?;
    let json = json.unwrap_or_else(|| format!("target/bench-{}.json", plan.database.name()).into());
    if let Some(folder) = json.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(&json, format!("{:#}\n", table.json()))?;
    Ok(())
}
