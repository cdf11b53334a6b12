//! Who gets a session: the strategies, the limits, and races for the same session or place.

use anyhow::{Result, ensure};
use futures_util::future::{join_all, try_join_all};
use kefu_tests::{Database, Server, on_each_database};
use serde_json::{Value as Json, json};

use crate::stage::{Stage, form, list, socket};

on_each_database!(
    strategies_choose_as_documented,
    only_who_is_there_and_free_gets_a_session,
    a_rush_overfills_nobody,
    of_many_who_want_a_session_one_gets_it,
    whoever_is_gone_loses_the_sessions,
);

async fn strategies_choose_as_documented(server: &Server) -> Result<()> {
    let stage = Stage::make(server, 2).await?;
    stage.rules(json!({"strategy": "ROUND_ROBIN"})).await?;
    for agent in &stage.agents {
        agent.set_status("ONLINE").await?;
    }
    let (a, b) = (&stage.agents[0].id, &stage.agents[1].id);
    let mut sessions = Vec::new();
    for expected in [a, b, a, b] {
        let session = stage.session().await?;
        ensure!(stage.look(&session).await?["agentId"] == expected.as_str(), "not in turn: {session}");
        sessions.push(session);
    }
    // Both sessions of A are closed; B, who was last, would not be next in turn, but A has the fewest.
    stage.close(&sessions[0]).await?;
    stage.close(&sessions[2]).await?;
    stage.rules(json!({"strategy": "LEAST_ACTIVE"})).await?;
    for expected in [a, a, b] {
        let session = stage.session().await?;
        ensure!(stage.look(&session).await?["agentId"] == expected.as_str(), "not the one with the fewest");
        let decisions = stage.decisions(&session).await?;
        ensure!(decisions.len() == 1 && decisions[0]["method"] == "AUTO", "{decisions:?}");
        let why = decisions[0]["reason"].as_str().unwrap_or_default();
        ensure!(why.contains("最少会话数"), "{decisions:?}");
        ensure!(decisions[0]["toAgentId"] == expected.as_str(), "{decisions:?}");
        ensure!(decisions[0]["decidedBy"]["kind"] == "SYSTEM", "{decisions:?}");
    }
    let first = stage.decisions(&sessions[0]).await?;
    ensure!(first[0]["reason"].as_str().unwrap_or_default().contains("轮询"), "{first:?}");
    stage.demand_true_loads().await
}

async fn only_who_is_there_and_free_gets_a_session(server: &Server) -> Result<()> {
    let stage = Stage::make(server, 1).await?;
    let agent = &stage.agents[0];
    stage.limit(agent, 1).await?;
    let mut waiting = Vec::new();
    for status in ["OFFLINE", "AWAY", "BUSY"] {
        agent.set_status(status).await?;
        let session = stage.session().await?;
        let found = stage.look(&session).await?;
        ensure!(found["status"] == "QUEUED" && found["queue"]["waitReason"] == "NOBODY_ONLINE", "{status}: {found}");
        let asked = stage.admin().post(&format!("/sessions/{session}/assign"), json!({"agentId": agent.id})).await?;
        if status == "BUSY" {
            ensure!(asked.data()?["status"] == "ACTIVE", "{:?}", asked.envelope);
        } else {
            asked.refused(409, "AGENT_UNAVAILABLE")?;
            waiting.push(session);
        }
    }
    agent.set_status("ONLINE").await?;
    let assign = format!("/sessions/{}/assign", waiting[1]);
    stage.admin().post(&assign, json!({"agentId": agent.id})).await?.refused(409, "AGENT_FULL")?;
    for session in &waiting {
        let found = stage.look(session).await?;
        ensure!(found["status"] == "QUEUED" && found["queue"]["waitReason"] == "ALL_FULL", "{found}");
    }
    // The first in the queue gets the place that appears.
    stage.limit(agent, 2).await?;
    stage.until(&waiting[0], |session| session["agentId"] == agent.id.as_str()).await?;
    ensure!(stage.look(&waiting[1]).await?["status"] == "QUEUED", "two for one place");
    stage.close(&waiting[0]).await?;
    ensure!(stage.look(&waiting[1]).await?["agentId"] == agent.id.as_str(), "a close frees a place at once");
    stage.demand_true_loads().await
}

async fn a_rush_overfills_nobody(server: &Server) -> Result<()> {
    let stage = Stage::make(server, 2).await?;
    for agent in &stage.agents {
        stage.limit(agent, 3).await?;
        agent.set_status("ONLINE").await?;
    }
    let link = stage.tenant.link(&stage.team).await?;
    let mut forms = Vec::new();
    for _ in 0..20 {
        forms.push(form(&stage.tenant, &link, "大家一起来").await?);
    }
    let anybody = stage.admin().anonymous();
    for answer in join_all(forms.into_iter().map(|form| anybody.post("/customers/register", form))).await {
        answer?.data()?;
    }
    let loads = async || {
        let agents = list(stage.admin(), &format!("/agents?teamId={}", stage.team)).await?;
        anyhow::Ok(agents.iter().map(|agent| agent["activeSessions"].as_i64().unwrap_or(99)).collect::<Vec<_>>())
    };
    ensure!(loads().await? == [3, 3], "{:?}", loads().await?);
    let waiting = list(stage.admin(), &format!("/sessions/unassigned?size=100&teamId={}", stage.team)).await?;
    let places: Vec<_> = waiting.iter().map(|session| session["queue"]["position"].as_i64().unwrap_or(0)).collect();
    ensure!(places == (1..=14).collect::<Vec<_>>(), "{places:?}");

    for round in 1..=4 {
        let active = stage.in_state("ACTIVE").await?;
        let ids: Vec<_> = active.iter().filter_map(|session| session["id"].as_str()).collect();
        try_join_all(ids.iter().map(|id| stage.close(id))).await?;
        ensure!(loads().await?.iter().all(|load| *load <= 3), "round {round}: {:?}", loads().await?);
        stage.demand_true_loads().await?;
    }
    ensure!(stage.in_state("CLOSED").await?.len() == 20, "not everybody was served");
    ensure!(loads().await? == [0, 0], "{:?}", loads().await?);
    Ok(())
}

async fn of_many_who_want_a_session_one_gets_it(server: &Server) -> Result<()> {
    let stage = Stage::make(server, 2).await?;
    for agent in &stage.agents {
        // Nothing comes by itself.
        agent.set_status("BUSY").await?;
    }
    let (a, b) = (&stage.agents[0], &stage.agents[1]);
    for round in 0..3 {
        let session = stage.session().await?;
        let assign = format!("/sessions/{session}/assign");
        let tries = (0..10).map(|n| {
            let agent = &stage.agents[n % 2];
            stage.admin().post(&assign, json!({"agentId": agent.id, "reason": "试试"}))
        });
        let mut won = 0;
        for answer in join_all(tries).await {
            let answer = answer?;
            match answer.status {
                200 => won += 1,
                _ => drop(answer.refused(409, "SESSION_STATE")?),
            }
        }
        ensure!(won == 1, "round {round}: {won} have got the session");
        ensure!(stage.decisions(&session).await?.len() == 1, "round {round}");
        stage.demand_true_loads().await?;

        let owner = stage.look(&session).await?["agentId"].clone();
        let (owner, other) = if owner == a.id.as_str() { (a, b) } else { (b, a) };
        let path = |verb: &str| format!("/sessions/{session}/{verb}");
        let ask = json!({"agentId": other.id, "reason": "换人"});
        owner.rest.post(&path("transfer"), ask).await?.data()?;
        let (accept, take, reassign, close) =
            (path("transfer/accept"), path("take-over"), path("reassign"), path("close"));
        let mut calls = Vec::new();
        for _ in 0..3 {
            calls.push(other.rest.call("POST", &accept, Some(json!({}))));
            calls.push(stage.admin().call("POST", &take, Some(json!({}))));
            calls.push(stage.admin().call("POST", &reassign, Some(json!({"agentId": other.id}))));
        }
        calls.push(owner.rest.call("PUT", &close, Some(json!({}))));
        for answer in join_all(calls).await {
            let answer = answer?;
            ensure!([200, 400, 403, 404, 409].contains(&answer.status), "{}", answer.envelope);
        }
        stage.demand_true_loads().await?;
        demand_own_load(&stage).await?;
        stage.close(&session).await?;
        stage.demand_true_loads().await?;
        demand_own_load(&stage).await?;
    }
    Ok(())
}

/// The administrator is in no team: the load is told to the administrator alone.
async fn demand_own_load(stage: &Stage<'_>) -> Result<()> {
    let me = stage.admin().get("/agents/me").await?;
    let active = stage.in_state("ACTIVE").await?;
    let real = active.iter().filter(|session| session["agentId"] == stage.tenant.admin.id.as_str()).count();
    ensure!(me.data()?["activeSessions"] == real, "{real} sessions, but {}", me.envelope);
    Ok(())
}

async fn whoever_is_gone_loses_the_sessions(server: &Server) -> Result<()> {
    let stage = Stage::make(server, 2).await?;
    let (a, b) = (&stage.agents[0], &stage.agents[1]);
    let leaving = socket(server, &a.rest).await?;
    let mut staying = socket(server, &b.rest).await?;
    a.set_status("ONLINE").await?;
    let session = stage.session().await?;
    ensure!(stage.look(&session).await?["agentId"] == a.id.as_str(), "not with the only one online");
    b.set_status("ONLINE").await?;
    // Presence that was said while the grace time was an hour ends with the last socket.
    stage.rules(json!({"graceSeconds": 1})).await?;
    leaving.cut();
    let mine = |update: &Json| update["id"] == session.as_str() && update["agentId"] == b.id.as_str();
    staying.expect_where("session_update", mine).await?;
    let decisions = stage.decisions(&session).await?;
    let told: Vec<_> = decisions.iter().map(|d| (d["method"].as_str(), d["toAgentId"].as_str())).collect();
    let expected =
        [(Some("AUTO"), Some(a.id.as_str())), (Some("AGENT_GONE"), Some("0")), (Some("AUTO"), Some(b.id.as_str()))];
    ensure!(told == expected, "{told:?}");
    let gone = stage.agent(&a.id).await?;
    ensure!(gone["status"] == "OFFLINE" && gone["present"] == false, "{gone}");
    stage.demand_true_loads().await
}

#[tokio::test]
async fn whoever_comes_back_in_time_keeps_the_sessions() -> Result<()> {
    let server = Server::shared(Database::Sqlite).await?;
    let stage = Stage::make(server, 2).await?;
    let (a, b) = (&stage.agents[0], &stage.agents[1]);
    let cut = socket(server, &a.rest).await?;
    let gone = socket(server, &b.rest).await?;
    for agent in [a, b] {
        agent.set_status("ONLINE").await?;
    }
    let (kept, lost) = (stage.session().await?, stage.session().await?);
    stage.rules(json!({"graceSeconds": 3})).await?;
    let before = stage.look(&kept).await?["agentId"].clone();
    ensure!(before == a.id.as_str() && stage.look(&lost).await?["agentId"] == b.id.as_str(), "not in turn");
    cut.cut();
    gone.cut();
    let _back = socket(server, &a.rest).await?;
    // When the grace time of the one who stays away has passed, that of the other would have passed too.
    stage.until(&lost, |session| session["agentId"] == a.id.as_str()).await?;
    ensure!(stage.look(&kept).await?["agentId"] == a.id.as_str(), "taken away from one who had come back");
    ensure!(stage.decisions(&kept).await?.len() == 1, "{:?}", stage.decisions(&kept).await?);
    ensure!(stage.agent(&a.id).await?["status"] == "ONLINE", "set offline");
    Ok(())
}
