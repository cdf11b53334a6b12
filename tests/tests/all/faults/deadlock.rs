//! A transaction that the database gives up for the sake of another.

use std::time::Duration;

use anyhow::{Result, ensure};
use kefu_tests::database::Inspector;
use kefu_tests::{Database, Server};
use serde_json::json;

use super::{Talk, until};

/// The other transaction waits so long before it asks who should give up: Kefu, who asks sooner, is to be the one.
const LAST_TO_ASK: &str = "SET deadlock_timeout = '30s'";

#[tokio::test(flavor = "multi_thread")]
async fn what_mariadb_gives_up_is_done_again() -> Result<()> {
    // Of two, MariaDB gives up the one that has changed less.
    let change = "UPDATE role SET update_time = UTC_TIMESTAMP(3) WHERE tenant_id = ";
    let waiting = "SELECT CAST(COUNT(*) AS CHAR) FROM information_schema.innodb_lock_waits w \
        JOIN information_schema.innodb_trx t ON t.trx_id = w.blocking_trx_id \
        WHERE t.trx_mysql_thread_id = CONNECTION_ID()";
    is_done_again(Database::Mariadb, change, waiting).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_postgres_gives_up_is_done_again() -> Result<()> {
    let change = "UPDATE role SET update_time = now() WHERE tenant_id = ";
    let waiting = "SELECT CAST(COUNT(*) AS TEXT) FROM pg_locks \
        WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))";
    is_done_again(Database::Postgres, change, waiting).await
}

/// A customer opens a session: Kefu locks the customer, and then the team. Another locks them the other way round.
async fn is_done_again(database: Database, change: &str, waiting: &str) -> Result<()> {
    let server = Server::shared(database).await?;
    let tenant = server.tenant().await?;
    let talk = Talk::begin(&tenant).await?;
    talk.admin.put(&format!("/sessions/{}/close", talk.customer.session), json!({})).await?.data()?;
    let other = server.inspect().await?;
    if database == Database::Postgres {
        other.run(LAST_TO_ASK).await?;
    }
    let team = other.ids("team", &format!("tenant_id = {}", tenant.id)).await?.join(", ");
    other.run("BEGIN").await?;
    other.run(&format!("{change}{}", tenant.id)).await?;
    lock(&other, "team", &team).await?;
    let cross = async {
        until(Duration::from_secs(10), async || {
            let waiting = other.column(waiting).await?;
            ensure!(waiting != ["0"], "nobody waits for the team");
            Ok(())
        })
        .await?;
        lock(&other, "customer", &talk.customer.id).await?;
        other.run("COMMIT").await
    };
    let (opened, crossed) = tokio::join!(talk.customer.rest.post("/sessions", json!({})), cross);
    crossed?;
    let session = opened?.text("id")?;
    ensure!(session != talk.customer.session, "the closed session goes on");
    let open = other.ids("chat_session", &format!("customer_id = {} AND close_time IS NULL", talk.customer.id)).await?;
    ensure!(open == [session], "open sessions: {open:?}");
    Ok(())
}

async fn lock(other: &Inspector, table: &str, id: &str) -> Result<()> {
    let locked = other.ids(table, &format!("id = {id} FOR UPDATE")).await?;
    ensure!(locked == [id], "{table} {id}: {locked:?}");
    Ok(())
}
