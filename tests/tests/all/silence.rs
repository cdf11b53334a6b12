//! Silence: an agent who does not answer is reminded, then relieved; a customer who has gone is not waited for. The
//! limits are minutes: the tests move the times in the database into the past instead of waiting.

use anyhow::{Result, ensure};
use kefu_tests::database::Inspector;
use kefu_tests::{Server, on_each_database};
use serde_json::json;

use crate::stage::{Stage, eventually, list, send};

on_each_database!(silence_has_its_consequences);

/// Moves a time of the session to minutes ago, and makes the looks at its silence due that are planned so far: once,
/// for what follows from the first look plans others. Rows are named by their ids, which locks no others.
async fn passed(inspector: &Inspector, tenant: &str, session: &str, column: &str, minutes: u32) -> Result<()> {
    let then = inspector.ago(minutes);
    let which = format!("tenant_id = {tenant} AND kind = 'check_silence' AND status = 1");
    let planned = inspector.ids("job", &which).await?;
    inspector.run(&format!("UPDATE chat_session SET {column} = {then} WHERE id = {session}")).await?;
    for job in planned {
        inspector.run(&format!("UPDATE job SET due_time = {then} WHERE id = {job}")).await?;
    }
    Ok(())
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
    let passed = async |column, minutes| passed(&inspector, &tenant, session, column, minutes).await;
    passed("unanswered_since", 3).await?;
    let reminders = eventually(async || {
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
    passed("unanswered_since", 6).await?;
    stage.until(session, |s| s["agentId"] == quick.id.as_str()).await?;
    let methods: Vec<_> = stage.decisions(session).await?.iter().map(|d| d["method"].clone()).collect();
    ensure!(methods == ["AUTO", "NO_REPLY", "AUTO"], "{methods:?}");

    send(&quick.rest, session, "a1", "您好，在的").await?.data()?;
    passed("last_message_time", 10).await?;
    let closed = stage.until(session, |s| s["status"] == "CLOSED").await?;
    ensure!(closed["closeReason"] == "CUSTOMER_IDLE", "{closed}");
    stage.demand_true_loads().await?;
    Ok(())
}
