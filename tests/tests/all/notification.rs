//! Notifications: one of each event for each person it concerns, listed, pushed, and read.

use anyhow::{Context, Result, ensure};
use kefu_tests::{Server, Socket, Staff, on_each_database};
use serde_json::{Value as Json, json};

use crate::stage::{Stage, eventually, list, socket};

on_each_database!(everybody_is_told_once_of_what_concerns_them);

/// Waits until somebody has as many notifications, newest first, and demands their types.
async fn told(agent: &Staff, expected: &[&str]) -> Result<Vec<Json>> {
    let all = eventually(async || {
        let all = list(&agent.rest, "/notifications?size=100").await?;
        Ok(if all.len() >= expected.len() { Ok(all) } else { Err(all) })
    })
    .await?;
    let mut types: Vec<_> = all.iter().filter_map(|n| n["type"].as_str()).collect();
    let mut expected = expected.to_vec();
    types.sort_unstable();
    expected.sort_unstable();
    ensure!(types == expected, "{types:?} instead of {expected:?}");
    Ok(all)
}

async fn everybody_is_told_once_of_what_concerns_them(server: &Server) -> Result<()> {
    let stage = Stage::make(server, 2).await?;
    let (a, b) = (&stage.agents[0], &stage.agents[1]);
    let mut hearing = socket(server, &b.rest).await?;
    a.set_status("ONLINE").await?;
    b.set_status("BUSY").await?;
    let customer = stage.tenant.customer(&stage.team).await?;
    let path = |verb: &str| format!("/sessions/{}/{verb}", customer.session);
    let mut his = vec!["SESSION_ASSIGNED"];
    let first = told(a, &his).await?;
    ensure!(first[0]["sessionId"] == customer.session.as_str() && first[0]["read"] == false, "{first:?}");
    ensure!(first[0]["title"].as_str().unwrap_or_default().contains("张医生"), "{first:?}");

    let ask = json!({"agentId": b.id, "reason": "请帮忙"});
    a.rest.post(&path("transfer"), ask.clone()).await?.data()?;
    let mut hers = vec!["TRANSFER_REQUESTED"];
    let asked = told(b, &hers).await?;
    ensure!(asked[0]["body"] == "请帮忙", "{asked:?}");
    b.rest.post(&path("transfer/decline"), json!({})).await?.data()?;
    his.push("TRANSFER_DECLINED");
    told(a, &his).await?;
    a.rest.post(&path("transfer"), ask).await?.data()?;
    b.rest.post(&path("transfer/accept"), json!({})).await?.data()?;
    his.push("TRANSFER_ACCEPTED");
    hers.extend(["TRANSFER_REQUESTED", "SESSION_ASSIGNED"]);
    told(a, &his).await?;
    told(b, &hers).await?;

    stage.admin().post(&path("reassign"), json!({"agentId": a.id})).await?.data()?;
    his.push("SESSION_ASSIGNED");
    hers.push("SESSION_REMOVED");
    told(a, &his).await?;
    told(b, &hers).await?;

    a.set_status("AWAY").await?;
    stage.close(&customer.session).await?;
    let again = customer.rest.post("/sessions", json!({})).await?.text("id")?;
    let left = json!({"content": "请回电"});
    customer.rest.post(&format!("/sessions/{again}/leave-message"), left).await?.data()?;
    his.push("MESSAGE_LEFT");
    hers.push("MESSAGE_LEFT");
    told(a, &his).await?;
    let all = told(b, &hers).await?;
    ensure!(all[0]["body"].as_str().unwrap_or_default().contains("请回电"), "{all:?}");

    pushed_as_listed(&mut hearing, &all).await?;
    marked_as_read(a, b, &all).await
}

/// The socket has brought all that stands in the list, oldest first.
async fn pushed_as_listed(hearing: &mut Socket, all: &[Json]) -> Result<()> {
    for notification in all.iter().rev() {
        let heard = hearing.expect("notification").await?;
        ensure!(heard["notificationId"] == notification["id"], "{heard} instead of {notification}");
        ensure!(heard["notification"]["title"] == notification["title"], "{heard}");
    }
    let more = hearing.drain().await?;
    ensure!(more.iter().all(|frame| frame["type"] != "notification"), "{more:?}");
    Ok(())
}

async fn marked_as_read(a: &Staff, b: &Staff, all: &[Json]) -> Result<()> {
    let unread = async |who: &Staff| {
        let answer = who.rest.get("/notifications?unread=true").await?;
        let data = answer.data()?;
        ensure!(data["unread"] == data["total"], "{data}");
        data["total"].as_u64().context("no total")
    };
    let ids: Vec<_> = all.iter().rev().filter_map(|n| n["id"].as_str()).collect();
    ensure!((unread(a).await?, unread(b).await?) == (5, 5));
    let after = list(&b.rest, &format!("/notifications?afterId={}", ids[1])).await?;
    ensure!(after.iter().filter_map(|n| n["id"].as_str()).eq(ids[2..].iter().copied()), "{after:?}");
    b.rest.post("/notifications/read", json!({"upToId": ids[2]})).await?.data()?;
    ensure!((unread(a).await?, unread(b).await?) == (5, 2), "up to the third, of one person");
    b.rest.post("/notifications/read", json!({})).await?.data()?;
    ensure!((unread(a).await?, unread(b).await?) == (5, 0));
    let all = list(&b.rest, "/notifications").await?;
    ensure!(all.len() == 5 && all.iter().all(|n| n["read"] == true), "{all:?}");
    Ok(())
}
