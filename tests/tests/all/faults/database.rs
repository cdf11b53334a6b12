//! A database that dies or cannot be reached, and comes back.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use futures_util::future::join_all;
use kefu_tests::proxy::{Line, Proxy};
use kefu_tests::{Database, Options, Server};
use serde_json::json;

use super::{Talk, unavailable, until};

// The proxy has to run while a test waits for a command: these tests have threads.

/// An answer takes no longer, whatever the database does.
const PATIENCE: Duration = Duration::from_secs(20);
/// The time in which everything works again.
const RECOVERY: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread")]
async fn mariadb_dies_and_comes_back() -> Result<()> {
    breaks_and_heals(Database::Mariadb, Line::Cut).await
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_dies_and_comes_back() -> Result<()> {
    breaks_and_heals(Database::Postgres, Line::Cut).await
}

#[tokio::test(flavor = "multi_thread")]
async fn mariadb_falls_silent_and_speaks_again() -> Result<()> {
    breaks_and_heals(Database::Mariadb, Line::Silent).await
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_falls_silent_and_speaks_again() -> Result<()> {
    breaks_and_heals(Database::Postgres, Line::Silent).await
}

async fn breaks_and_heals(database: Database, fault: Line) -> Result<()> {
    let url = database.create(&std::env::temp_dir()).await?;
    let proxy = Proxy::before(&url).await?;
    let settings = vec![
        ("KEFU_REALTIME_SENDS_PER_SECOND", "1000".to_owned()),
        // A call that the database never answers is given up after this and the time of a long poll.
        ("KEFU_HTTP_REQUEST_SECONDS", "3".to_owned()),
    ];
    let server = Server::start_on(proxy.url.clone(), Options { database, settings }).await?;
    let tenant = server.tenant().await?;
    let mut talk = Talk::begin(&tenant).await?;
    for n in 0..5 {
        talk.say(&format!("before-{n}")).await?;
    }

    // Sends are under way as the line breaks: each is stored once or not at all.
    let texts: Vec<String> = (0..40).map(|n| format!("during-{n}")).collect();
    let sends = join_all(texts.iter().enumerate().map(async |(n, text)| {
        tokio::time::sleep(Duration::from_millis(5 * n as u64)).await;
        talk.post(text, text).await
    }));
    let cut = async {
        tokio::time::sleep(Duration::from_millis(60)).await;
        proxy.set(fault);
    };
    let (answers, ()) = tokio::join!(sends, cut);
    for (answer, text) in answers.into_iter().zip(&texts) {
        let answer = answer?;
        match answer.status {
            200 => talk.accepted(&answer, text.clone())?,
            _ => unavailable(&answer)?,
        }
    }
    ensure!(talk.acknowledged.len() < 45, "the line did not break in time");
    refuses_everything(&server, &talk).await?;

    proxy.set(Line::Whole);
    until(RECOVERY, async || Ok(server.rest()?.probe("/readyz").await?.data().map(drop)?)).await?;
    until(RECOVERY, async || talk.post("first-after", "first-after").await?.data().map(drop)).await?;
    // Clients send again what was not acknowledged: nothing is twice in the history.
    for text in &texts {
        let answer = talk.post(text, text).await?;
        let known = talk.acknowledged.iter().any(|(_, content)| content == text);
        ensure!(!known || answer.data()?["duplicate"] == true, "stored again: {}", answer.envelope);
        if !known {
            talk.accepted(&answer, text.clone())?;
        }
    }
    talk.say("after").await?;
    talk.admin.call("PATCH", "/settings/assignment", Some(json!({"graceSeconds": 3599}))).await?.data()?;
    talk.is_whole().await
}

/// Reads and writes are answered in bounded time, and tell to come back; the process itself lives.
async fn refuses_everything(server: &Server, talk: &Talk) -> Result<()> {
    let rest = server.rest()?;
    let begun = Instant::now();
    let answers = join_all([
        talk.agent.rest.call("GET", "/sessions", None),
        talk.customer.rest.call("GET", "/user/info", None),
        talk.admin.call("POST", "/teams", Some(json!({"name": "不会有的团队"}))),
        rest.call("POST", "/auth/login", Some(json!({"username": "a", "password": "b"}))),
    ])
    .await;
    for answer in answers {
        unavailable(&answer?)?;
    }
    unavailable(&talk.post("while-dead", "while-dead").await?)?;
    ensure!(begun.elapsed() < 2 * PATIENCE, "the answers took {:?}", begun.elapsed());
    let begun = Instant::now();
    ensure!(rest.probe("/readyz").await?.status == 503, "ready without a database");
    rest.probe("/healthz").await?.data()?;
    ensure!(begun.elapsed() < Duration::from_secs(5), "the probes took {:?}", begun.elapsed());
    Ok(())
}
