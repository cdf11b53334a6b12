//! Transfers: asked for, answered, withdrawn, timed out; the customer sees nothing of it but a new name.

use anyhow::{Result, ensure};
use kefu_tests::{Server, on_each_database};
use serde_json::{Value as Json, json};

use crate::stage::{Stage, send, socket};

on_each_database!(a_transfer_needs_both, a_transfer_times_out);

async fn a_transfer_needs_both(server: &Server) -> Result<()> {
    let stage = Stage::make(server, 3).await?;
    let (a, b, absent) = (&stage.agents[0], &stage.agents[1], &stage.agents[2]);
    a.set_status("ONLINE").await?;
    let customer = stage.tenant.customer(&stage.team).await?;
    let session = customer.session.as_str();
    let mut asked = socket(server, &b.rest).await?;
    let mut hers = socket(server, &customer.rest).await?;
    let (ask, accept) = (format!("/sessions/{session}/transfer"), format!("/sessions/{session}/transfer/accept"));
    let decline = format!("/sessions/{session}/transfer/decline");
    let to = |agent: &str| json!({"agentId": agent, "reason": "数据问题"});

    a.rest.post(&ask, to(&absent.id)).await?.refused(409, "AGENT_UNAVAILABLE")?;
    a.rest.post(&ask, to(&a.id)).await?.refused(400, "INVALID_ARGUMENT")?;
    a.rest.post(&ask, to("999999999")).await?.refused(404, "NOT_FOUND")?;
    b.set_status("BUSY").await?;
    stage.limit(b, 0).await?;
    a.rest.post(&ask, to(&b.id)).await?.refused(409, "AGENT_FULL")?;
    stage.limit(b, 5).await?;
    // What a team allows one of its agents binds as well.
    let team = format!("/teams/{}", stage.team);
    stage.admin().call("PATCH", &team, Some(json!({"maxSessions": 1}))).await?.data()?;
    let other = stage.session().await?;
    let by_hand = json!({"agentId": b.id, "reason": "空闲"});
    stage.admin().post(&format!("/sessions/{other}/assign"), by_hand.clone()).await?.data()?;
    a.rest.post(&ask, to(&b.id)).await?.refused(409, "AGENT_FULL")?;
    let waiting = stage.session().await?;
    stage.admin().post(&format!("/sessions/{waiting}/assign"), by_hand).await?.refused(409, "AGENT_FULL")?;
    stage.close(&waiting).await?;
    stage.close(&other).await?;
    stage.admin().call("PATCH", &team, Some(json!({"maxSessions": 0}))).await?.data()?;
    stage.limit(b, 1).await?;
    b.rest.get(&format!("/sessions/{session}")).await?.refused(404, "NOT_FOUND")?;
    for path in [&accept, &decline] {
        b.rest.post(path, json!({})).await?.refused(404, "NOT_FOUND")?;
        a.rest.post(path, json!({})).await?.refused(409, "SESSION_STATE")?;
    }

    // Declined by the one asked, then withdrawn by the one who asked.
    for answering in [b, a] {
        let pending = a.rest.post(&ask, to(&b.id)).await?;
        ensure!(pending.text("transfer.toAgentId")? == b.id && pending.text("agentId")? == a.id);
        let seen = asked.expect_where("session_update", |s| s["transfer"]["toAgentId"] == b.id.as_str()).await?;
        ensure!(seen["transfer"]["reason"] == "数据问题" && seen["agentId"] == a.id.as_str(), "{seen}");
        a.rest.post(&ask, to(&b.id)).await?.refused(409, "SESSION_STATE")?;
        a.rest.post(&accept, json!({})).await?.refused(403, "PERMISSION_DENIED")?;
        send(&b.rest, session, "too-early", "我先说").await?.refused(403, "PERMISSION_DENIED")?;
        answering.rest.post(&decline, json!({"reason": "不合适"})).await?.data()?;
        ensure!(stage.look(session).await?["transfer"].is_null(), "still pending");
        // Whoever answers, the one asked sees the question gone.
        asked.expect_where("session_update", |s| s["transfer"].is_null()).await?;
        asked.drain().await?;
    }
    a.rest.post(&ask, to(&b.id)).await?.data()?;
    // Filled up between question and answer.
    stage.limit(b, 0).await?;
    b.rest.post(&accept, json!({})).await?.refused(409, "AGENT_FULL")?;
    stage.limit(b, 1).await?;
    b.rest.post(&accept, json!({})).await?.data()?;
    b.rest.post(&accept, json!({})).await?.refused(409, "SESSION_STATE")?;
    let now = stage.look(session).await?;
    ensure!(now["agentId"] == b.id.as_str() && now["transfer"].is_null(), "{now}");
    a.rest.get(&format!("/sessions/{session}")).await?.refused(404, "NOT_FOUND")?;
    send(&a.rest, session, "too-late", "等等").await?.refused(404, "NOT_FOUND")?;
    stage.demand_true_loads().await?;
    let methods: Vec<_> = stage.decisions(session).await?.iter().map(|d| d["method"].clone()).collect();
    let [requested, declined] = ["TRANSFER_REQUESTED", "TRANSFER_DECLINED"];
    ensure!(methods == ["AUTO", requested, declined, requested, declined, requested, "TRANSFER"], "{methods:?}");

    // All that the customer was told, up to a message of the new agent.
    send(&b.rest, session, "hello", "我来处理").await?.data()?;
    hers.expect_where("message", |m| m["clientMsgId"] == "hello").await?;
    let mut seen = hers.drain().await?;
    seen.push(customer.rest.get(&format!("/sessions/{session}")).await?.data()?.clone());
    let seen = json!(seen).to_string();
    ensure!(seen.contains(&b.id), "nothing was looked at");
    ensure!(!seen.contains("数据问题") && !seen.contains("toAgentId"), "{seen}");
    Ok(())
}

async fn a_transfer_times_out(server: &Server) -> Result<()> {
    let stage = Stage::make(server, 2).await?;
    let (a, b) = (&stage.agents[0], &stage.agents[1]);
    a.set_status("ONLINE").await?;
    let session = stage.session().await?;
    b.set_status("ONLINE").await?;
    stage.rules(json!({"transferSeconds": 1})).await?;
    let path = |verb: &str| format!("/sessions/{session}/transfer{verb}");
    // No agent named: the strategy chooses whoever else is there.
    let asked = a.rest.post(&path(""), json!({"reason": "换班"})).await?;
    ensure!(asked.text("transfer.toAgentId")? == b.id, "{}", asked.envelope);
    let over = stage.until(&session, |s: &Json| s["transfer"].is_null()).await?;
    ensure!(over["agentId"] == a.id.as_str(), "{over}");
    let accepted = b.rest.post(&path("/accept"), json!({})).await?;
    ensure!([404, 409].contains(&accepted.status), "{}", accepted.envelope);
    let last = stage.decisions(&session).await?.pop().unwrap_or_default();
    ensure!(last["method"] == "TRANSFER_DECLINED" && last["decidedBy"]["kind"] == "SYSTEM", "{last}");
    // And it can be asked for again.
    stage.rules(json!({"transferSeconds": 60})).await?;
    a.rest.post(&path(""), json!({"reason": "换班"})).await?.data()?;
    b.rest.post(&path("/accept"), json!({})).await?.data()?;
    stage.demand_true_loads().await
}
