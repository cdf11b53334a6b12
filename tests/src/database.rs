//! The databases: which, where, and what stands in them.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement};

/// A kind of database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Database {
    /// A file.
    Sqlite,
    /// MariaDB, for MySQL too.
    Mariadb,
    /// PostgreSQL.
    Postgres,
}

impl Database {
    /// The name in tests and in the variables of `tests/with-databases`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Mariadb => "mariadb",
            Self::Postgres => "postgres",
        }
    }

    /// The address of a new, empty database; SQLite's is a file in `folder`.
    ///
    /// # Errors
    /// The server is not there.
    pub async fn create(self, folder: &std::path::Path) -> Result<String> {
        let variable = match self {
            Self::Sqlite => return Ok(format!("sqlite://{}/kefu.db", folder.display())),
            Self::Mariadb => "KEFU_TEST_MYSQL_URL",
            Self::Postgres => "KEFU_TEST_POSTGRES_URL",
        };
        let admin = std::env::var(variable).with_context(|| format!("no {variable}: run through make test"))?;
        let name = format!("kefu_{:016x}", rand::random::<u64>());
        let connection = sea_orm::Database::connect(&admin).await?;
        connection.execute_unprepared(&format!("CREATE DATABASE {name}")).await?;
        let (server, _) = admin.rsplit_once('/').context("an address without a database")?;
        Ok(format!("{server}/{name}"))
    }
}

/// The rows of a tenant, table by table, each row as text.
pub type Snapshot = BTreeMap<String, Vec<String>>;

/// What Kefu writes by the clock, whatever is called.
const BY_THE_CLOCK: [&str; 1] = ["stats_sample"];

/// A look behind the server, for what must not have changed.
#[derive(Debug)]
pub struct Inspector(DatabaseConnection);

impl Inspector {
    /// Opens the database of a server.
    ///
    /// # Errors
    /// It cannot be reached.
    pub async fn open(url: &str) -> Result<Self> {
        let mut options = sea_orm::ConnectOptions::new(url);
        options.max_connections(1);
        Ok(Self(sea_orm::Database::connect(options).await?))
    }

    /// Closes it.
    ///
    /// # Errors
    /// It does not close well.
    pub async fn close(self) -> Result<()> {
        Ok(self.0.close().await?)
    }

    /// The first column of each row, as text.
    ///
    /// # Errors
    /// The database refuses the query.
    pub async fn column(&self, sql: &str) -> Result<Vec<String>> {
        let statement = Statement::from_string(self.0.get_database_backend(), sql);
        let rows = self.0.query_all_raw(statement).await?;
        rows.iter().map(|row| Ok(row.try_get_by_index::<Option<String>>(0)?.unwrap_or_default())).collect()
    }

    /// The rows of a query.
    ///
    /// # Errors
    /// The database refuses the query.
    pub async fn query(&self, sql: &str) -> Result<Vec<sea_orm::QueryResult>> {
        let statement = Statement::from_string(self.0.get_database_backend(), sql);
        Ok(self.0.query_all_raw(statement).await?)
    }

    /// Runs a statement.
    ///
    /// # Errors
    /// The database refuses it.
    pub async fn run(&self, sql: &str) -> Result<()> {
        self.0.execute_unprepared(sql).await?;
        Ok(())
    }

    /// An SQL expression for a time some minutes ago.
    pub fn ago(&self, minutes: u32) -> String {
        match self.0.get_database_backend() {
            DbBackend::Sqlite => format!("strftime('%Y-%m-%d %H:%M:%f+00:00', 'now', '-{minutes} minutes')"),
            DbBackend::MySql => format!("UTC_TIMESTAMP(3) - INTERVAL {minutes} MINUTE"),
            _ => format!("now() - INTERVAL '{minutes} minutes'"),
        }
    }

    /// The id of a tenant.
    ///
    /// # Errors
    /// There is no such tenant.
    pub async fn tenant_id(&self, code: &str) -> Result<String> {
        let found = self.ids("tenant", &format!("code = '{code}'")).await?;
        found.into_iter().next().with_context(|| format!("no tenant {code}"))
    }

    /// The ids of the rows of a table that fulfil a condition.
    ///
    /// # Errors
    /// The database refuses the query.
    pub async fn ids(&self, table: &str, condition: &str) -> Result<Vec<String>> {
        let kind = if self.0.get_database_backend() == DbBackend::MySql { "CHAR" } else { "TEXT" };
        self.column(&format!("SELECT CAST(id AS {kind}) FROM {table} WHERE {condition}")).await
    }

    /// Every row of a tenant, in every table that has tenants.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn snapshot(&self, tenant_id: &str) -> Result<Snapshot> {
        let mut snapshot = Snapshot::new();
        for table in self.tables().await?.into_iter().filter(|table| !BY_THE_CLOCK.contains(&table.as_str())) {
            let row = self.row_expression(&table).await?;
            let quoted = self.quote(&table);
            let sql = format!("SELECT {row} FROM {quoted} WHERE tenant_id = {tenant_id} ORDER BY 1");
            snapshot.insert(table.clone(), self.column(&sql).await.with_context(|| table)?);
        }
        Ok(snapshot)
    }

    /// What stands once the work behind the last call is done: two looks that agree.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn settled(&self, tenant_id: &str) -> Result<Snapshot> {
        let mut last = self.snapshot(tenant_id).await?;
        for _ in 0..50 {
            tokio::time::sleep(Duration::from_millis(300)).await;
            let now = self.snapshot(tenant_id).await?;
            if now == last {
                break;
            }
            last = now;
        }
        Ok(last)
    }

    async fn tables(&self) -> Result<Vec<String>> {
        self.column(match self.0.get_database_backend() {
            DbBackend::Sqlite => {
                "SELECT m.name FROM sqlite_master m JOIN pragma_table_info(m.name) c \
                 WHERE m.type = 'table' AND c.name = 'tenant_id' ORDER BY 1"
            }
            DbBackend::MySql => {
                "SELECT CONVERT(table_name USING utf8mb4) FROM information_schema.columns \
                 WHERE table_schema = DATABASE() AND column_name = 'tenant_id' ORDER BY 1"
            }
            _ => {
                "SELECT table_name::text FROM information_schema.columns \
                 WHERE table_schema = 'public' AND column_name = 'tenant_id' ORDER BY 1"
            }
        })
        .await
    }

    /// An expression that writes a whole row as text.
    async fn row_expression(&self, table: &str) -> Result<String> {
        Ok(match self.0.get_database_backend() {
            DbBackend::Sqlite => {
                let sql = format!("SELECT 'quote(' || quote(name) || ')' FROM pragma_table_info('{table}')");
                self.column(&sql).await?.join(" || '|' || ").replace('\'', "\"").replace("\"|\"", "'|'")
            }
            DbBackend::MySql => {
                let sql = format!(
                    "SELECT CONVERT(CONCAT('QUOTE(`', column_name, '`)') USING utf8mb4) FROM information_schema.columns \
                     WHERE table_schema = DATABASE() AND table_name = '{table}' ORDER BY ordinal_position"
                );
                format!("CONVERT(CONCAT_WS('|', {}) USING utf8mb4)", self.column(&sql).await?.join(", "))
            }
            _ => format!("CAST(\"{table}\" AS text)"),
        })
    }

    fn quote(&self, name: &str) -> String {
        let mark = if self.0.get_database_backend() == DbBackend::MySql { '`' } else { '"' };
        format!("{mark}{name}{mark}")
    }
}

/// The tables whose rows differ, with the rows that came or went.
pub fn changes(before: &Snapshot, after: &Snapshot) -> BTreeMap<String, Vec<String>> {
    let tables = before.keys().chain(after.keys()).cloned().collect::<std::collections::BTreeSet<_>>();
    let none = Vec::new();
    let mut found = BTreeMap::new();
    for table in tables {
        let (old, new) = (before.get(&table).unwrap_or(&none), after.get(&table).unwrap_or(&none));
        let gone = old.iter().filter(|row| !new.contains(row)).map(|row| format!("- {row}"));
        let come = new.iter().filter(|row| !old.contains(row)).map(|row| format!("+ {row}"));
        let rows: Vec<_> = gone.chain(come).collect();
        if !rows.is_empty() {
            found.insert(table, rows);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{Database, Inspector, changes};
    use anyhow::Result;
    use sea_orm::ConnectionTrait;

    async fn a_change_is_seen(database: Database) -> Result<()> {
        let folder = std::env::temp_dir().join(format!("kefu-inspector-{:016x}", rand::random::<u64>()));
        std::fs::create_dir_all(&folder)?;
        let url = database.create(&folder).await?;
        let url = if database == Database::Sqlite { format!("{url}?mode=rwc") } else { url };
        let inspector = Inspector::open(&url).await?;
        let table = "CREATE TABLE thing (id BIGINT PRIMARY KEY, tenant_id BIGINT, name VARCHAR(32), at TIMESTAMP NULL)";
        inspector.0.execute_unprepared(table).await?;
        inspector.0.execute_unprepared("CREATE TABLE other (id BIGINT PRIMARY KEY)").await?;
        inspector.0.execute_unprepared("INSERT INTO thing VALUES (1, 7, '它', NULL), (2, 8, 'b', NULL)").await?;
        let before = inspector.snapshot("7").await?;
        assert_eq!(before.keys().collect::<Vec<_>>(), ["thing"]);
        assert_eq!(before["thing"].len(), 1);

        inspector.0.execute_unprepared("UPDATE thing SET name = 'c' WHERE id = 2").await?;
        assert!(changes(&before, &inspector.snapshot("7").await?).is_empty(), "another tenant's row");
        inspector.0.execute_unprepared("UPDATE thing SET at = '2026-01-01 00:00:00' WHERE id = 1").await?;
        assert_eq!(changes(&before, &inspector.snapshot("7").await?)["thing"].len(), 2);
        std::fs::remove_dir_all(folder)?;
        Ok(())
    }

    #[tokio::test]
    async fn sqlite_shows_its_rows() -> Result<()> {
        a_change_is_seen(Database::Sqlite).await
    }

    #[tokio::test]
    async fn mariadb_shows_its_rows() -> Result<()> {
        a_change_is_seen(Database::Mariadb).await
    }

    #[tokio::test]
    async fn postgres_shows_its_rows() -> Result<()> {
        a_change_is_seen(Database::Postgres).await
    }
}
