//! The long poll: what a socket would bring, for clients that cannot have one.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use kefu_tests::{Database, Options, Rest, Server, on_each_database, server};
use serde_json::{Value as Json, json};
use tokio::time::Instant;

use crate::stage::{Stage, eventually, send};

on_each_database!(a_poll_brings_what_a_socket_would);

/// One poll: its frames, and the cursor for the next.
async fn poll(rest: &Rest, since: &str, wait: u32) -> Result<(Vec<Json>, String)> {
    let pairs = [("since".into(), since.into()), ("wait".into(), wait.to_string())];
    let answer = rest.query("GET", "/events", &pairs).await?;
    let list = answer.data()?["list"].as_array().context("no list")?.clone();
    Ok((list, answer.text("next")?))
}

/// Polls until a frame comes that fits, and gives all that came; the cursor is moved.
async fn until(rest: &Rest, since: &mut String, fits: impl Fn(&Json) -> bool) -> Result<Vec<Json>> {
    let mut all = Vec::new();
    eventually(async || {
        let (list, next) = poll(rest, since, 5).await?;
        *since = next;
        let found = list.iter().any(&fits);
        all.extend(list);
        Ok(if found { Ok(()) } else { Err(all.clone()) })
    })
    .await?;
    Ok(all)
}

async fn a_poll_brings_what_a_socket_would(server: &Server) -> Result<()> {
    let stage = Stage::make(server, 2).await?;
    let (a, b) = (&stage.agents[0], &stage.agents[1]);
    a.set_status("ONLINE").await?;
    b.set_status("BUSY").await?;
    let customer = stage.tenant.customer(&stage.team).await?;
    let session = customer.session.as_str();
    let first = send(&a.rest, session, "before", "先前的话").await?.text("message.id")?;

    // The first call says where things stand, and nothing of what was said before.
    let (list, mut hers) = poll(&customer.rest, "", 25).await?;
    ensure!(list.len() == 1 && list[0]["sessionUpdate"]["id"] == session, "{list:?}");
    let (_, mut his) = poll(&a.rest, "", 25).await?;

    // A message ends the wait, and comes once.
    let begin = Instant::now();
    let (heard, sent) = tokio::join!(
        until(&customer.rest, &mut hers, |f| f["message"]["clientMsgId"] == "m1"),
        send(&a.rest, session, "m1", "您好")
    );
    let (heard, sent) = (heard?, sent?.text("message.id")?);
    ensure!(heard.iter().filter(|f| f["message"]["messageId"] == sent.as_str()).count() == 1, "{heard:?}");
    ensure!(heard.iter().all(|f| f["message"]["clientMsgId"] != "before"), "{heard:?}");
    ensure!(begin.elapsed() < Duration::from_secs(20), "not woken: {:?}", begin.elapsed());
    let (rest, next) = poll(&customer.rest, &hers, 0).await?;
    ensure!(rest.iter().all(|f| f["message"].is_null()), "told twice: {rest:?}");
    hers = next;

    // A recall of what was said before the cursor.
    a.rest.post(&format!("/sessions/{session}/messages/{first}/recall"), json!({})).await?.data()?;
    let heard = until(&customer.rest, &mut hers, |f| f["message"]["messageId"] == first.as_str()).await?;
    let gone = heard.iter().find(|f| f["message"]["messageId"] == first.as_str()).context("no recall")?;
    ensure!(gone["message"]["recalled"] == true && gone["message"]["content"] == "", "{gone}");

    somebody_types(&a.rest, &customer.rest, session, &hers).await?;
    foreign_cursors_are_refused(&stage, &customer.rest, &hers).await?;

    // Whoever loses a session is told once, and of nothing after it.
    let reassign = format!("/sessions/{session}/reassign");
    stage.admin().post(&reassign, json!({"agentId": b.id})).await?.data()?;
    until(&a.rest, &mut his, |f| f["sessionUpdate"]["agentId"] == b.id.as_str()).await?;
    send(&b.rest, session, "m2", "换我了").await?.data()?;
    until(&customer.rest, &mut hers, |f| f["message"]["clientMsgId"] == "m2").await?;
    let (list, _) = poll(&a.rest, &his, 0).await?;
    let heard = |f: &Json| f["message"]["sessionId"] == session || f["sessionUpdate"]["id"] == session;
    ensure!(!list.iter().any(heard), "told of what is not his any more: {list:?}");
    Ok(())
}

/// Typing is not kept: only who waits at that moment hears of it.
async fn somebody_types(from: &Rest, to: &Rest, session: &str, since: &str) -> Result<()> {
    let mut since = since.to_owned();
    let typing = format!("/sessions/{session}/typing");
    let typed = async {
        // More than one a second is dropped.
        let mut again = tokio::time::interval(Duration::from_millis(1100));
        loop {
            again.tick().await;
            if let Err(error) = from.post(&typing, json!({})).await.and_then(|answer| answer.data().map(drop)) {
                return anyhow::Ok(error);
            }
        }
    };
    tokio::select! {
        error = typed => Err(error?),
        heard = until(to, &mut since, |f| f["typing"]["sessionId"] == session) => heard.map(drop),
    }
}

async fn foreign_cursors_are_refused(stage: &Stage<'_>, rest: &Rest, cursor: &str) -> Result<()> {
    let (body, signature) = cursor.split_once('.').context("a cursor without a signature")?;
    let other: String = signature.chars().rev().collect();
    for forged in
        [body.to_owned(), format!("{body}."), format!("{body}.{other}"), format!("e30.{signature}"), "x".into()]
    {
        let answer = rest.query("GET", "/events", &[("since".into(), forged)]).await?;
        ensure!(answer.status == 400 && answer.fields() == ["since"], "{}", answer.envelope);
    }
    let answer = stage.admin().query("GET", "/events", &[("since".into(), cursor.into())]).await?;
    ensure!(answer.status == 400 && answer.fields() == ["since"], "{}", answer.envelope);
    Ok(())
}

#[tokio::test]
async fn whoever_polls_is_there() -> Result<()> {
    let server = Server::shared(Database::Sqlite).await?;
    let stage = Stage::make(server, 1).await?;
    let agent = &stage.agents[0];
    stage.rules(json!({"graceSeconds": 3})).await?;
    agent.set_status("ONLINE").await?;
    let (_, mut since) = poll(&agent.rest, "", 0).await?;
    let begin = Instant::now();
    // Three times as long as the status alone would last.
    while begin.elapsed() < Duration::from_secs(9) {
        since = poll(&agent.rest, &since, 2).await?.1;
        let seen = stage.agent(&agent.id).await?;
        ensure!(seen["status"] == "ONLINE" && seen["present"] == true, "after {:?}: {seen}", begin.elapsed());
    }
    eventually(async || {
        let seen = stage.agent(&agent.id).await?;
        Ok(if seen["status"] == "OFFLINE" && seen["present"] == false { Ok(()) } else { Err(seen) })
    })
    .await
}

#[tokio::test]
async fn after_a_restore_everything_is_read_anew() -> Result<()> {
    let mut private = Server::start(Options { database: Database::Sqlite, settings: Vec::new() }).await?;
    let (customer, since) = {
        let stage = Stage::make(&private, 0).await?;
        let customer = stage.tenant.customer(&stage.team).await?;
        let since = poll(&customer.rest, "", 0).await?.1;
        (customer, since)
    };
    private.stop().await?;
    let folder = private.folder().display().to_string();
    let settings = [("KEFU_DATA_DIR", folder.as_str()), ("KEFU_DATABASE_URL", private.url.as_str())];
    let renewed = server::run(&["epoch", "renew"], &settings, Duration::from_secs(30)).await?;
    ensure!(renewed.status.success(), "{renewed:?}");
    private.start_again().await?;
    let rest = private.rest()?.with_token(customer.rest.token.as_deref().unwrap_or_default());
    let (list, next) = poll(&rest, &since, 25).await?;
    ensure!(list[0]["resync"]["reason"] == "epoch", "{list:?}");
    ensure!(list[1]["sessionUpdate"]["id"] == customer.session.as_str(), "{list:?}");
    ensure!(poll(&rest, &next, 0).await?.0.is_empty(), "the new cursor fits");
    Ok(())
}
