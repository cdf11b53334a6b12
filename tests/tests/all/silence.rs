//! Silence: an agent who does not answer is reminded, then relieved; a customer who has gone is not waited for. The
//! limits are minutes: the tests move the times in the database into the past instead of waiting.

use anyhow::{Result, ensure};
use kefu_tests::database::Inspector;
use kefu_tests::{Server, on_each_database};
use serde_json::json;

use crate::stage::{Stage, eventually, list, send};

on_each_database!(silence_has_its_consequences);

/// Moves a time of the tenant's sessions to minutes ago, and makes the next look at their silence due.
async fn passed(inspector: &Inspector, tenant: &str, column: &str, minutes: u32) -> Result<()> {
    let then = inspector.ago(minutes);
    let session = format!("UPDATE chat_session SET {column} = {then} WHERE tenant_id = {tenant}");
    inspector.run(&format!("{session} AND {column} IS NOT NULL")).await?;
    let job = format!("UPDATE job SET due_time = {then} WHERE tenant_id = {tenant}");
    inspector.run(&format!("{job} AND kind = 'check_silence' AND status = 1")).await
}

async fn silence_has_its_consequences(server: &Server) -> Result<()> {
    let stage = Stage::make(server, 2).await?;
    let (slow, quick) = (&stage.agents[0], &stage.agents[1]);
    stage.rules(json!({"replyReminderMinutes": 2, "replyReassignMinutes": 5, "customerIdleMinutes": 9})).await?;
    slow.set_status("ONLINE").await?;
    let customer = stage.tenant.customer(&stage.team).await?;
    let session = customer.session.as_str();
    let inspector = Inspector::open(&server.url).await?;
    let tenant = inspector.tenant_id(&stage.tenant.code).await?;

    send(&customer.rest, session, "q1", "在吗").await?.data()?;
    let passed = async |column, minutes| passed(&inspector, &tenant, column, minutes).await;
    let reminders = eventually(async || {
        passed("unanswered_since", 3).await?;
        let all = list(&slow.rest, "/notifications?size=100").await?;
        let due: Vec<_> = all.into_iter().filter(|n| n["type"] == "REPLY_OVERDUE").collect();
        Ok(if due.is_empty() { Err(due) } else { Ok(due) })
    })
    .await?;
    ensure!(reminders.len() == 1 && reminders[0]["sessionId"] == session, "{reminders:?}");
    let reminded = stage.look(session).await?;
    ensure!(reminded["agentId"] == slow.id.as_str() && reminded["status"] == "ACTIVE", "{reminded}");

    slow.set_status("BUSY").await?;
    quick.set_status("ONLINE").await?;
    eventually(async || {
        passed("unanswered_since", 6).await?;
        let now = stage.look(session).await?;
        Ok(if now["agentId"] == quick.id.as_str() { Ok(()) } else { Err(now) })
    })
    .await?;
    let methods: Vec<_> = stage.decisions(session).await?.iter().map(|d| d["method"].clone()).collect();
    ensure!(methods == ["AUTO", "NO_REPLY", "AUTO"], "{methods:?}");

    send(&quick.rest, session, "a1", "您好，在的").await?.data()?;
    let closed = eventually(async || {
        passed("last_message_time", 10).await?;
        let now = stage.look(session).await?;
        Ok(if now["status"] == "CLOSED" { Ok(now) } else { Err(now) })
    })
    .await?;
    ensure!(closed["closeReason"] == "CUSTOMER_IDLE", "{closed}");
    stage.demand_true_loads().await?;
    Ok(())
}
