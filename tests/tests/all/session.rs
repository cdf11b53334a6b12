//! The end of a session and what follows: the rating, the record of services, the list of those to be archived.

use anyhow::{Result, ensure};
use kefu_tests::{Database, Server, on_each_database};
use serde_json::json;

use crate::stage::{Stage, list, send};

on_each_database!(a_served_session_is_rated_once_and_recorded);

async fn a_served_session_is_rated_once_and_recorded(server: &Server) -> Result<()> {
    let stage = Stage::make(server, 1).await?;
    let agent = &stage.agents[0];
    let customer = stage.tenant.customer(&stage.team).await?;
    let rate = |session: &str| format!("/sessions/{session}/rating");
    let close = |session: &str| format!("/sessions/{session}/close");
    let stars = json!({"score": 5, "tags": ["耐心"], "comment": "谢谢"});
    let pending = async || list(stage.admin(), "/customers/pending-archive").await;

    // One who left the queue was not served.
    let first = customer.session.as_str();
    customer.rest.post(&rate(first), stars.clone()).await?.refused(409, "SESSION_STATE")?;
    ensure!(pending().await?.is_empty(), "the service is not over");
    let closed = customer.rest.put(&close(first), json!({})).await?;
    ensure!(closed.text("closeReason")? == "BY_CUSTOMER", "{}", closed.envelope);
    customer.rest.post(&rate(first), stars.clone()).await?.refused(409, "SESSION_STATE")?;

    agent.set_status("ONLINE").await?;
    let second = customer.rest.post("/sessions", json!({"question": "再问一次"})).await?.text("id")?;
    ensure!(second != customer.session, "a closed session goes on");
    send(&agent.rest, &second, "a1", "好了").await?.data()?;
    customer.rest.post(&rate(&second), stars.clone()).await?.refused(409, "SESSION_STATE")?;
    let end = json!({"summary": "教会了登录", "problemType": "登录问题"});
    customer.rest.put(&close(&second), end.clone()).await?.refused(403, "PERMISSION_DENIED")?;
    let closed = agent.rest.put(&close(&second), end).await?;
    ensure!(
        closed.text("closeReason")? == "BY_STAFF" && closed.text("summary")? == "教会了登录",
        "{}",
        closed.envelope
    );
    let version = closed.data()?["version"].clone();
    let twice = agent.rest.put(&close(&second), json!({"summary": "又一次"})).await?;
    ensure!(twice.data()?["version"] == version && twice.text("summary")? == "教会了登录", "{}", twice.envelope);

    for (score, field) in [(0, "score"), (6, "score")] {
        let answer = customer.rest.post(&rate(&second), json!({"score": score})).await?;
        ensure!(answer.status == 400 && answer.fields() == [field], "{}", answer.envelope);
    }
    let rated = customer.rest.post(&rate(&second), stars.clone()).await?;
    ensure!(rated.data()?["rating"]["score"] == 5 && rated.text("summary")?.is_empty(), "{}", rated.envelope);
    customer.rest.post(&rate(&second), json!({"score": 1})).await?.refused(409, "ALREADY_RATED")?;
    agent.rest.post(&rate(&second), stars).await?.refused(403, "PERMISSION_DENIED")?;
    let seen = stage.look(&second).await?;
    ensure!(seen["rating"]["score"] == 5 && seen["rating"]["comment"] == "谢谢", "{seen}");

    // The figures of the board open their rows: each filter finds it, and not from tomorrow on.
    let asked = |filter: &str, time: &str| format!("/sessions?customerId={}&{filter}={time}", customer.id);
    for filter in ["closeTimeFrom", "firstReplyTimeFrom", "ratingTimeFrom"] {
        let found = list(stage.admin(), &asked(filter, "2020-01-01T00:00:00Z")).await?;
        ensure!(found.iter().any(|s| s["id"] == second.as_str()), "{filter}: {found:?}");
        ensure!(list(stage.admin(), &asked(filter, "2099-01-01T00:00:00Z")).await?.is_empty(), "{filter}");
    }
    ensure!(list(stage.admin(), &asked("ratingTimeFrom", "2020-01-01T00:00:00Z")).await?.len() == 1, "unrated ones");
    ensure!(list(stage.admin(), &asked("closeTimeTo", "2020-01-01T00:00:00Z")).await?.is_empty(), "closeTimeTo");

    // A second customer ends later, and waits after the first in the archive list.
    let other = stage.tenant.customer(&stage.team).await?;
    stage.close(&other.session).await?;
    let waiting = pending().await?;
    let ids: Vec<_> = waiting.iter().filter_map(|c| c["id"].as_str()).collect();
    ensure!(ids == [customer.id.as_str(), other.id.as_str()], "{waiting:?}");
    ensure!(waiting[0]["sessionCount"] == 2 && waiting[0]["archiveStatus"] == "PENDING", "{waiting:?}");

    let services = format!("/customers/{}/services", customer.id);
    let record = list(stage.admin(), &services).await?;
    let ids: Vec<_> = record.iter().filter_map(|s| s["id"].as_str()).collect();
    ensure!(ids == [second.as_str(), customer.session.as_str()], "newest first: {record:?}");
    ensure!(list(&agent.rest, &services).await?.len() == 1, "an agent sees the own ones");
    customer.rest.get(&services).await?.refused(403, "PERMISSION_DENIED")?;
    stage.admin().get("/customers/999999999/services").await?.refused(404, "NOT_FOUND")?;
    Ok(())
}

#[tokio::test]
async fn rules_of_assignment_have_bounds() -> Result<()> {
    let stage = Stage::make(Server::shared(Database::Sqlite).await?, 0).await?;
    let before = stage.admin().get("/settings/assignment").await?.data()?.clone();
    for (field, values) in [
        ("graceSeconds", [0, -1, 3601]),
        ("transferSeconds", [0, -1, 3601]),
        ("queueLimit", [-1, 100_001, i32::MAX]),
        ("customerIdleMinutes", [-1, 10_081, i32::MIN]),
        ("replyReminderMinutes", [-1, 1_441, i32::MAX]),
        ("replyReassignMinutes", [-1, 1_441, i32::MAX]),
        ("strategy", [0, -1, 99]),
    ] {
        for value in values {
            let answer = stage.admin().call("PATCH", "/settings/assignment", Some(json!({(field): value}))).await?;
            ensure!(answer.status == 400 && answer.fields() == [field], "{field} = {value}: {}", answer.envelope);
        }
    }
    let after = stage.admin().get("/settings/assignment").await?.data()?.clone();
    ensure!(after == before, "{after} instead of {before}");
    for field in ["customerIdleMinutes", "replyReminderMinutes", "replyReassignMinutes", "queueLimit"] {
        stage.rules(json!({(field): 0})).await?;
    }
    Ok(())
}
