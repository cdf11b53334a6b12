//! What was delivered and what was read: marks that only ever rise, and that the other side is told of.

use anyhow::{Result, ensure};
use kefu_tests::{Rest, Server, on_each_database};
use serde_json::{Value as Json, json};

use crate::stage::{Stage, send, socket};

on_each_database!(marks_rise_and_are_told, what_was_looked_at_can_be_marked_unread);

async fn look(rest: &Rest, session: &str) -> Result<Json> {
    Ok(rest.get(&format!("/sessions/{session}")).await?.data()?.clone())
}

async fn marks_rise_and_are_told(server: &Server) -> Result<()> {
    let stage = Stage::make(server, 1).await?;
    let agent = &stage.agents[0];
    agent.set_status("ONLINE").await?;
    let customer = stage.tenant.customer(&stage.team).await?;
    let stranger = stage.tenant.customer(&stage.team).await?;
    let session = customer.session.as_str();
    let mut hers = socket(server, &customer.rest).await?;
    let mut ours = socket(server, &agent.rest).await?;
    let mut ids = Vec::new();
    for n in 0..3 {
        ids.push(send(&agent.rest, session, &format!("m{n}"), "请看").await?.text("message.id")?);
    }
    let last = hers.expect_where("message", |m| m["clientMsgId"] == "m2").await?["seq"].as_i64().unwrap_or(0);
    let seen = look(&customer.rest, session).await?;
    // Her own question is read, the three messages are not; the line of who serves her does not count.
    ensure!(last - seen["customerReadSeq"].as_i64().unwrap_or(0) == 4 && seen["unread"] == 3, "{seen}");
    ensure!(look(&agent.rest, session).await?["unread"] == 0, "whoever answers has read");

    // By the socket: delivered up to the first, by its id; then read up to the second, by its sequence.
    hers.send("message_ack", json!({"sessionId": session, "messageId": ids[0]})).await?;
    ours.expect_where("session_update", |s| s["customerDeliveredSeq"] == last - 2).await?;
    let kept = look(&agent.rest, session).await?;
    ensure!(kept["customerReadSeq"] == 2, "delivered is not read: {kept}");
    hers.send("message_ack", json!({"sessionId": session, "seq": last - 1, "kind": "read"})).await?;
    let told = ours.expect_where("session_update", |s| s["customerReadSeq"] == last - 1).await?;
    ensure!(told["customerDeliveredSeq"] == last - 1, "what is read was delivered: {told}");
    ensure!(look(&customer.rest, session).await?["unread"] == 1, "one is left");

    // Never back, never beyond the end, and not by others.
    let ack = format!("/sessions/{session}/ack");
    for (body, delivered, read) in [
        (json!({"seq": 1, "kind": "READ"}), last - 1, last - 1),
        (json!({"messageId": ids[0], "kind": "DELIVERED"}), last - 1, last - 1),
        (json!({"messageId": ids[2], "kind": "DELIVERED"}), last, last - 1),
        (json!({"seq": 1_000_000, "kind": "READ"}), last, last),
        (json!({"seq": 0}), last, last),
    ] {
        customer.rest.post(&ack, body.clone()).await?.data()?;
        let now = look(&customer.rest, session).await?;
        let marks = (now["customerDeliveredSeq"].as_i64(), now["customerReadSeq"].as_i64());
        ensure!(marks == (Some(delivered), Some(read)), "after {body}: {now}");
    }
    stranger.rest.post(&ack, json!({"seq": 1})).await?.refused(404, "NOT_FOUND")?;
    stage.admin().post(&ack, json!({"seq": 1})).await?.refused(404, "NOT_FOUND")?;
    customer.rest.post(&ack, json!({"messageId": "999999999"})).await?.refused(404, "NOT_FOUND")?;

    // The other direction.
    let sent = send(&customer.rest, session, "c1", "看到了").await?.data()?["message"]["seq"].as_i64().unwrap_or(0);
    ensure!(look(&agent.rest, session).await?["unread"] == 1, "hers");
    agent.rest.post(&ack, json!({"seq": sent, "kind": "READ"})).await?.data()?;
    let told = hers.expect_where("session_update", |s| s["agentReadSeq"] == sent).await?;
    ensure!(told["agentDeliveredSeq"] == sent, "{told}");
    ensure!(look(&agent.rest, session).await?["unread"] == 0, "read");
    Ok(())
}

async fn what_was_looked_at_can_be_marked_unread(server: &Server) -> Result<()> {
    let stage = Stage::make(server, 2).await?;
    let (agent, colleague) = (&stage.agents[0], &stage.agents[1]);
    agent.set_status("ONLINE").await?;
    let customer = stage.tenant.customer(&stage.team).await?;
    let session = customer.session.as_str();
    let (mark, ack) = (format!("/sessions/{session}/unread"), format!("/sessions/{session}/ack"));
    let seq = look(&agent.rest, session).await?["lastSeq"].clone();
    agent.rest.post(&ack, json!({"seq": seq, "kind": "READ"})).await?.data()?;
    let mut ours = socket(server, &agent.rest).await?;
    let marked = agent.rest.post(&mark, json!({})).await?;
    ensure!(marked.data()?["markedUnread"] == true && marked.data()?["unread"] == 0, "{}", marked.envelope);
    ours.expect_where("session_update", |s| s["markedUnread"] == true).await?;
    // The customer reads "read" as before, and learns nothing of the mark.
    let hers = look(&customer.rest, session).await?;
    ensure!(hers["markedUnread"] == false && hers["agentReadSeq"] == seq, "{hers}");
    // A mark that was under way does not take it away, nor does another message; reading that does.
    agent.rest.post(&ack, json!({"seq": seq, "kind": "READ"})).await?.data()?;
    let more = send(&customer.rest, session, "c1", "还有").await?.data()?["message"]["seq"].clone();
    agent.rest.post(&ack, json!({"seq": more, "kind": "DELIVERED"})).await?.data()?;
    ensure!(look(&agent.rest, session).await?["markedUnread"] == true, "taken away unseen");
    agent.rest.post(&ack, json!({"seq": more, "kind": "READ"})).await?.data()?;
    ours.expect_where("session_update", |s| s["markedUnread"] == false).await?;
    // What was read before it was put aside may be told with it, or later.
    let last = send(&customer.rest, session, "c2", "最后").await?.data()?["message"]["seq"].clone();
    let marked = agent.rest.post(&mark, json!({"readSeq": last})).await?;
    ensure!(marked.data()?["agentReadSeq"] == last && marked.data()?["unread"] == 0, "{}", marked.envelope);
    agent.rest.post(&ack, json!({"seq": last, "kind": "READ"})).await?.data()?;
    ensure!(look(&agent.rest, session).await?["markedUnread"] == true, "taken away by an old mark");
    let far = agent.rest.post(&mark, json!({"readSeq": 2_000_000_000})).await?;
    ensure!(far.data()?["agentReadSeq"] == last, "read what was never sent: {}", far.envelope);
    // It can be taken back, more than once.
    for _ in 0..2 {
        let back = agent.rest.call("DELETE", &mark, None).await?;
        ensure!(back.data()?["markedUnread"] == false && back.data()?["agentReadSeq"] == last, "{}", back.envelope);
    }
    ours.expect_where("session_update", |s| s["markedUnread"] == false).await?;
    // An answer ends it, and handing the session on.
    agent.rest.post(&mark, json!({})).await?.data()?;
    send(&agent.rest, session, "a1", "您好").await?.data()?;
    ensure!(look(&agent.rest, session).await?["markedUnread"] == false, "answered");
    agent.rest.post(&mark, json!({})).await?.data()?;
    colleague.set_status("ONLINE").await?;
    let hand = json!({"agentId": colleague.id, "reason": "换人"});
    stage.admin().post(&format!("/sessions/{session}/reassign"), hand).await?.data()?;
    ensure!(look(&colleague.rest, session).await?["markedUnread"] == false, "somebody else's mark");
    // Only whoever serves it marks it, and only while it is open.
    stage.admin().post(&mark, json!({})).await?.refused(403, "PERMISSION_DENIED")?;
    stage.admin().call("DELETE", &mark, None).await?.refused(403, "PERMISSION_DENIED")?;
    agent.rest.post(&mark, json!({})).await?.refused(404, "NOT_FOUND")?;
    colleague.rest.post(&mark, json!({})).await?.data()?;
    stage.close(session).await?;
    ensure!(stage.look(session).await?["markedUnread"] == false, "it is over");
    colleague.rest.post(&mark, json!({})).await?.refused(409, "SESSION_CLOSED")?;
    Ok(())
}
