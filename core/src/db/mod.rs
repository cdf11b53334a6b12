//! The database: connections, scoped queries, and the transaction in which a method does its work.

pub(crate) mod entity;
mod page;
mod portion;
mod scope;
mod sqlite;
mod tx;
mod undo;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Context;
use kefu_migrations::{Migrator, MigratorTrait};
use kefu_planted::{Bug, planted};
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr,
    IsolationLevel, SqliteTransactionMode, Statement, TransactionOptions, TransactionTrait,
};

pub(crate) use entity::code;
pub(crate) use page::Page;
pub(crate) use portion::{Texts, portions, portions_mut};
pub(crate) use scope::{Scoped, TenantId};
pub(crate) use sqlite::keep_log_short;
pub(crate) use tx::{Push, Tx, insert_row, stamp};
pub(crate) use undo::{given_up, taken_back};

use crate::config::DatabaseConfig;

/// Tries of work that the database may give up for the sake of another transaction.
pub(crate) const TRIES: u32 = 5;

/// The database. SQLite has one writing connection and a pool of readers, so that writers queue up in front of the
/// database and not within it; the servers have one pool for both.
#[derive(Debug, Clone)]
pub(crate) struct Db {
    write: DatabaseConnection,
    read: DatabaseConnection,
    /// Transactions begun.
    begun: Arc<AtomicU64>,
}

impl Db {
    /// Connects, checks the durability settings, and brings the schema up to date.
    pub(crate) async fn open(config: &DatabaseConfig) -> anyhow::Result<Self> {
        Self::connect(config)
            .await
            .with_context(|| format!("cannot open the database {} (database.url)", without_password(&config.url)))
    }

    async fn connect(config: &DatabaseConfig) -> anyhow::Result<Self> {
        let db = if config.url.starts_with("sqlite:") {
            let readers = config.connections.max(2);
            Self {
                write: sqlite::writer(&config.url).await?,
                read: sqlite::readers(&config.url, readers).await?,
                begun: Arc::default(),
            }
        } else {
            let pool = Database::connect(options(&config.url, config.connections)).await?;
            Self { write: pool.clone(), read: pool, begun: Arc::default() }
        };
        db.migrate().await?;
        if [Bug::MaxSeq, Bug::NoDedupe, Bug::DedupeByToken].into_iter().any(planted) {
            db.without_keys().await?;
        }
        db.check_durability(config.allow_unsafe_durability).await?;
        Ok(db)
    }

    /// Brings the schema up to date; of nodes that start at once, one does it. On SQLite the transaction is alone; the
    /// servers have a lock for it, as MySQL ends a transaction at each change of a table.
    async fn migrate(&self) -> Result<(), DbErr> {
        let (lock, unlock) = match self.backend() {
            DbBackend::Sqlite => ("SELECT 1", "SELECT 1"),
            DbBackend::MySql => ("SELECT GET_LOCK('kefu-schema', 60)", "SELECT RELEASE_LOCK('kefu-schema')"),
            _ => ("SELECT pg_advisory_xact_lock(5338)", "SELECT 1"),
        };
        let statement = |sql: &str| Statement::from_string(self.backend(), sql);
        let txn = self.begin().await?;
        txn.query_one_raw(statement(lock)).await?;
        Migrator::up(&txn, None).await?;
        txn.query_one_raw(statement(unlock)).await?;
        txn.commit().await
    }

    /// Takes away the keys of messages, for planted bugs that would get no further than to them.
    async fn without_keys(&self) -> Result<(), DbErr> {
        for columns in ["session_id_seq", "session_id_sender_kind_sender_id_client_msg_id"] {
            self.write.execute_unprepared(&format!("DROP INDEX IF EXISTS uk_chat_message_{columns}")).await?;
        }
        Ok(())
    }

    /// The connection for reading.
    pub(crate) fn read(&self) -> &DatabaseConnection {
        &self.read
    }

    /// Begins a transaction that may write.
    pub(crate) async fn begin(&self) -> Result<DatabaseTransaction, DbErr> {
        self.begun.fetch_add(1, Ordering::Relaxed);
        let sqlite = self.backend() == DbBackend::Sqlite;
        let options = TransactionOptions {
            // On MySQL's own default a transaction does not see what others have committed since its first read, not
            // even below a lock it has just waited for.
            isolation_level: (!sqlite).then_some(IsolationLevel::ReadCommitted),
            access_mode: None,
            sqlite_transaction_mode: sqlite.then_some(SqliteTransactionMode::Immediate),
        };
        self.write.begin_with_options(options).await
    }

    /// Which kind of database it is.
    pub(crate) fn backend(&self) -> DbBackend {
        self.write.get_database_backend()
    }

    /// Waits until the database answers.
    pub(crate) async fn ping(&self) -> Result<(), DbErr> {
        self.read.ping().await
    }

    /// Closes all connections.
    pub(crate) async fn close(self) -> Result<(), DbErr> {
        self.write.close_by_ref().await?;
        self.read.close_by_ref().await
    }

    /// Refuses settings under which a committed message could be lost (realtime.md, "The promise").
    async fn check_durability(&self, allow_unsafe: bool) -> anyhow::Result<()> {
        let (question, safe): (&str, &[&str]) = match self.backend() {
            DbBackend::Sqlite => ("PRAGMA synchronous", &["2", "3"]),
            DbBackend::MySql => ("SELECT CAST(@@innodb_flush_log_at_trx_commit AS CHAR)", &["1"]),
            _ => ("SHOW synchronous_commit", &["on", "local", "remote_write", "remote_apply"]),
        };
        let row = self.write.query_one_raw(Statement::from_string(self.backend(), question)).await?;
        let value = row.map(|row| {
            row.try_get_by_index::<String>(0).or_else(|_| row.try_get_by_index::<i32>(0).map(|n| n.to_string()))
        });
        let value = value.transpose()?.unwrap_or_default();
        if safe.contains(&value.as_str()) || planted(Bug::UnsafeDurability) {
            return Ok(());
        }
        let problem = format!("`{question}` answers `{value}`: a committed message could be lost in a power failure");
        anyhow::ensure!(allow_unsafe, "{problem}; correct it, or start with --allow-unsafe-durability");
        tracing::warn!("{problem}");
        Ok(())
    }
}

/// An address without user and password.
fn without_password(url: &str) -> String {
    match url.split_once("://") {
        Some((scheme, rest)) => format!("{scheme}://{}", rest.rsplit_once('@').map_or(rest, |(_, host)| host)),
        None => url.to_owned(),
    }
}

fn options(url: &str, connections: u32) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(connections)
        .min_connections(1)
        .acquire_timeout(Duration::from_secs(5))
        .connect_timeout(Duration::from_secs(5))
        .sqlx_logging(false);
    options
}
