//! Who else has a session open.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use kefu_tests::{Rest, Server, on_each_database};
use serde_json::{Value as Json, json};
use tokio::time::Instant;

use crate::stage::{Stage, eventually, socket};

on_each_database!(those_who_have_a_session_open_know_of_each_other, a_poll_tells_who_looks_without_a_socket);

async fn view(rest: &Rest, session: &str, client: &str, leave: bool) -> Result<Json> {
    let body = json!({"clientId": client, "leave": leave});
    Ok(rest.post(&format!("/sessions/{session}/view"), body).await?.data()?.clone())
}

fn ids(viewers: &Json) -> BTreeSet<String> {
    let list = viewers["list"].as_array().into_iter().flatten();
    list.filter_map(|one| one["id"].as_str().map(str::to_owned)).collect()
}

async fn those_who_have_a_session_open_know_of_each_other(server: &Server) -> Result<()> {
    let stage = Stage::make(server, 2).await?;
    let (agent, stranger) = (&stage.agents[0], &stage.agents[1]);
    let supervisor = stage.tenant.staff(&["supervisor"]).await?;
    agent.set_status("ONLINE").await?;
    let customer = stage.tenant.customer(&stage.team).await?;
    let session = customer.session.as_str();
    let set = |people: &[&kefu_tests::Staff]| people.iter().map(|one| one.id.clone()).collect::<BTreeSet<_>>();

    let mut his = socket(server, &agent.rest).await?;
    let mut hers = socket(server, &supervisor.rest).await?;
    let mut customers = socket(server, &customer.rest).await?;
    // The session's agent is told without having it open; the caller gets all in the answer.
    let begin = Instant::now();
    let seen = view(&supervisor.rest, session, "a", false).await?;
    ensure!(ids(&seen["viewers"]) == set(&[&supervisor]) && seen["expiresIn"] == 45, "{seen}");
    ensure!(seen["viewers"]["list"][0]["name"].as_str().is_some_and(|name| name.starts_with("员工")), "{seen}");
    let told = his.expect_where("viewers", |frame| frame["sessionId"] == session).await?;
    ensure!(ids(&told) == set(&[&supervisor]) && begin.elapsed() < Duration::from_secs(1), "{told}");
    let own = hers.expect("viewers").await?;
    ensure!(ids(&own) == set(&[&supervisor]), "{own}");
    let seen = view(&agent.rest, session, "b", false).await?;
    ensure!(ids(&seen["viewers"]) == set(&[&supervisor, agent]), "{seen}");
    let both = hers.expect("viewers").await?;
    ensure!(ids(&both) == set(&[&supervisor, agent]), "{both}");
    // Saying it again is no news; another tab neither comes nor goes.
    for (client, leave) in [("b", false), ("c", false), ("c", true)] {
        view(&agent.rest, session, client, leave).await?;
    }
    view(&agent.rest, session, "b", true).await?;
    let next = hers.expect("viewers").await?;
    ensure!(ids(&next) == set(&[&supervisor]), "the next news is that the agent has left: {next}");

    // Whoever may not see the session neither looks nor learns; customers never do.
    stranger.rest.post(&format!("/sessions/{session}/view"), json!({})).await?.refused(404, "NOT_FOUND")?;
    customer.rest.post(&format!("/sessions/{session}/view"), json!({})).await?.refused(403, "PERMISSION_DENIED")?;
    let message = json!({"clientMsgId": "last", "content": "您好"});
    agent.rest.post(&format!("/sessions/{session}/messages"), message).await?.data()?;
    let frame =
        customers.expect_frame("viewers or message", |frame| frame["type"] == "viewers" || frame["type"] == "message");
    ensure!(frame.await?["type"] == "message", "a customer has learnt who looks");
    Ok(())
}

async fn a_poll_tells_who_looks_without_a_socket(server: &Server) -> Result<()> {
    let stage = Stage::make(server, 1).await?;
    let (agent, supervisor) = (&stage.agents[0], stage.tenant.staff(&["supervisor"]).await?);
    agent.set_status("ONLINE").await?;
    let session = stage.tenant.customer(&stage.team).await?.session;
    let poll = async |since: &str, wait: u32| {
        let pairs = [("since".into(), since.into()), ("wait".into(), wait.to_string())];
        let answer = agent.rest.query("GET", "/events", &pairs).await?;
        let list = answer.data()?["list"].as_array().context("no list")?.clone();
        let viewers = list.into_iter().map(|frame| frame["viewers"].clone()).find(|viewers| !viewers.is_null());
        anyhow::Ok((viewers, answer.text("next")?))
    };
    let mut since = poll("", 0).await?.1;
    for (leave, wanted) in [(false, BTreeSet::from([supervisor.id.clone()])), (true, BTreeSet::new())] {
        // Also what happens between two polls is told.
        view(&supervisor.rest, &session, "", leave).await?;
        let viewers = eventually(async || {
            let (viewers, next) = poll(&since, 5).await?;
            since = next;
            Ok(viewers.ok_or("nothing was told"))
        })
        .await?;
        ensure!(viewers["sessionId"] == session.as_str() && ids(&viewers) == wanted, "{viewers}");
    }
    let (nothing, _) = poll(&since, 0).await?;
    ensure!(nothing.is_none(), "told twice: {nothing:?}");
    Ok(())
}
