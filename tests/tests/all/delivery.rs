//! The promise, proved on servers that are killed: what is acknowledged is kept, once, in its place.

use anyhow::{Result, ensure};
use kefu_tests::Database;
use kefu_tests::delivery::chaos::{self, Run, Size};
use kefu_tests::delivery::judge::judge_folder;

/// How often the server is killed; any number with `kefu-delivery run --cycles`.
const CYCLES: u32 = 30;

/// Runs and judges; what was written down stays if it is needed.
async fn what_is_acknowledged_is_kept(database: Database, seed: u64) -> Result<()> {
    let folder = std::env::temp_dir().join(format!("kefu-delivery-{}-{:08x}", database.name(), rand::random::<u32>()));
    let size = Size { tenants: 2, agents: 2, sessions: 12 };
    chaos::run(&Run { seed, cycles: CYCLES, database, size }, &folder).await?;
    let verdict = judge_folder(&folder)?;
    println!("seed {seed} on {}\n{verdict}", database.name());
    ensure!(verdict.kills == u64::from(CYCLES), "killed {} times only", verdict.kills);
    ensure!(verdict.holds(), "see {} and the verdict above", folder.display());
    Ok(std::fs::remove_dir_all(folder)?)
}

// The clients go on while the test waits for the server: these tests have threads.

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_keeps_what_is_acknowledged() -> Result<()> {
    what_is_acknowledged_is_kept(Database::Sqlite, 20_261_123).await
}

#[tokio::test(flavor = "multi_thread")]
async fn mariadb_keeps_what_is_acknowledged() -> Result<()> {
    what_is_acknowledged_is_kept(Database::Mariadb, 20_261_124).await
}
