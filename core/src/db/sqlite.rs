//! SQLite: how it is opened, and the log in front of the database kept short.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use kefu_planted::{Bug, planted};
use sea_orm::sqlx::Connection as _;
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, DbBackend, DbErr, Statement};
use tokio::time::MissedTickBehavior;

use super::Db;
use crate::Core;

/// Memory for pages of SQLite's one writing connection, in the notation of `PRAGMA cache_size`: a group of messages
/// touches some hundred pages, nearly the same ones as the group before.
const WRITER_CACHE: &str = "-16000";
/// The same for each reading connection.
const READER_CACHE: &str = "-2000";
/// Pages that SQLite's log may grow to. A page that has changed many times is copied into the database once, so the
/// more the better; but a start reads the whole log, 128 MiB in some 200 ms.
const LOG_PAGES: i64 = 32_000;
/// Where the log grows in spite of that, whoever commits copies it.
const LOG_PAGES_MOST: &str = "64000";
/// How often the log is copied while there is much to do.
const BUSY: Duration = Duration::from_secs(1);
/// So many transactions in that time are much.
const MUCH: u64 = 100;
/// How often the log is copied otherwise, if anything was written.
const CALM: u32 = 10;

/// Rows that SQLite's thread may be ahead of whoever takes them: it does not stop and go on again every few rows.
const READ_AHEAD: usize = 1000;

/// The one connection that writes.
pub(super) async fn writer(url: &str) -> Result<DatabaseConnection, DbErr> {
    connect(url, 1, WRITER_CACHE).await
}

/// Connections that read.
pub(super) async fn readers(url: &str, connections: u32) -> Result<DatabaseConnection, DbErr> {
    connect(url, connections, READER_CACHE).await
}

async fn connect(url: &str, connections: u32, cache: &'static str) -> Result<DatabaseConnection, DbErr> {
    let separator = if url.contains('?') { '&' } else { '?' };
    let mut options = super::options(&format!("{url}{separator}mode=rwc"), connections);
    options.map_sqlx_sqlite_opts(move |sqlite| {
        sqlite
            .pragma("journal_mode", "WAL")
            .pragma("synchronous", if planted(Bug::UnsafeDurability) { "NORMAL" } else { "FULL" })
            .pragma("busy_timeout", "5000")
            .pragma("foreign_keys", "ON")
            .pragma("cache_size", cache)
            .pragma("wal_autocheckpoint", LOG_PAGES_MOST)
            .pragma("temp_store", "MEMORY")
            .row_buffer_size(READ_AHEAD)
    });
    // There is no line to it that could be cut.
    options.test_before_acquire(false);
    // SQLite ends a transaction by itself when the disk is full, and the driver goes on in the belief that there is
    // one: what comes later would be nested in it and, though it seems committed, be lost. The connection is replaced.
    options.map_sqlx_sqlite_pool_opts(|pool| {
        pool.after_release(|connection, _| {
            Box::pin(async move {
                if connection.is_in_transaction() {
                    // A rollback that was asked for is done before the answer.
                    connection.ping().await?;
                }
                Ok(!connection.is_in_transaction())
            })
        })
    });
    Database::connect(options).await
}

/// Copies SQLite's log into the database until the core stops, beside those who commit: whoever had to copy it in a
/// commit would keep all others waiting for tens of milliseconds.
pub(crate) async fn keep_log_short(core: Arc<Core>) {
    let db = &core.db;
    if db.backend() != DbBackend::Sqlite {
        return;
    }
    let mut turns = tokio::time::interval(BUSY);
    turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // The first time at once: a start after a crash has read all of the log.
    let (mut copied, mut calm) = (0, CALM);
    while core.stop.run_until_cancelled(turns.tick()).await.is_some() {
        let begun = db.begun.load(Ordering::Relaxed);
        calm += 1;
        if begun == copied || (begun - copied < MUCH && calm < CALM) {
            continue;
        }
        (copied, calm) = (begun, 0);
        if let Err(error) = copy_log(db).await {
            tracing::warn!(%error, "the log of the database could not be copied");
        }
    }
}

async fn copy_log(db: &Db) -> Result<(), DbErr> {
    if checkpoint(&db.read, "PASSIVE").await? > LOG_PAGES {
        // While others write, the log always ends with what is not copied yet, and is never begun anew. This lets
        // nobody write for as long as it takes to copy the rest.
        checkpoint(&db.read, "RESTART").await?;
    }
    Ok(())
}

/// Gives the pages in the log.
async fn checkpoint(read: &DatabaseConnection, mode: &str) -> Result<i64, DbErr> {
    let statement = Statement::from_string(DbBackend::Sqlite, format!("PRAGMA wal_checkpoint({mode})"));
    let row = read.query_one_raw(statement).await?;
    row.map_or(Ok(0), |row| row.try_get_by_index(1))
}

#[cfg(test)]
mod tests {
    use sea_orm::{ConnectionTrait, DbBackend, Statement};

    use super::{checkpoint, readers};

    #[tokio::test]
    async fn sqlite_keeps_the_plan_of_a_statement_whatever_its_limit() {
        let file = std::env::temp_dir().join(format!("kefu-plan-{}.db", std::process::id()));
        let db = readers(&format!("sqlite:{}", file.display()), 1).await.unwrap();
        let question = "SELECT sqlite_compileoption_used('ENABLE_QPSG')";
        let answer = db.query_one_raw(Statement::from_string(DbBackend::Sqlite, question)).await.unwrap().unwrap();
        assert_eq!(answer.try_get_by_index::<i64>(0), Ok(1), "the option stands in .cargo/config.toml");
        db.close().await.unwrap();
        std::fs::remove_file(file).unwrap();
    }

    #[tokio::test]
    async fn the_log_is_copied_and_begun_anew() {
        let file = std::env::temp_dir().join(format!("kefu-log-{}.db", std::process::id()));
        let db = readers(&format!("sqlite:{}", file.display()), 1).await.unwrap();
        for statement in ["CREATE TABLE a (b)", "INSERT INTO a VALUES (zeroblob(100000))"] {
            db.execute_unprepared(statement).await.unwrap();
        }
        let length = || std::fs::metadata(&file).unwrap().len();
        let before = length();
        assert!(checkpoint(&db, "PASSIVE").await.unwrap() > 20, "nothing is in the log");
        assert!(length() > before + 100_000, "nothing was copied");
        checkpoint(&db, "RESTART").await.unwrap();
        db.execute_unprepared("INSERT INTO a VALUES (1)").await.unwrap();
        assert!(checkpoint(&db, "PASSIVE").await.unwrap() < 5, "the log goes on");
        db.close().await.unwrap();
        std::fs::remove_file(file).unwrap();
    }
}
