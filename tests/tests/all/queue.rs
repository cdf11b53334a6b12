//! The queue: numbers, places, expected waits, and what happens when it takes nobody.

use anyhow::{Result, ensure};
use futures_util::future::join_all;
use kefu_tests::{Rest, Server, on_each_database};
use serde_json::{Value as Json, json};

use crate::stage::{Stage, eventually, form, history, list, socket};

on_each_database!(
    everybody_knows_the_place,
    a_full_queue_takes_messages_only,
    a_left_message_waits_for_staff_or_for_its_customer,
    a_queue_that_is_switched_off_takes_whoever_can_be_served,
);

/// The session as its customer sees it.
async fn own(rest: &Rest, session: &str) -> Result<Json> {
    Ok(rest.get(&format!("/sessions/{session}")).await?.data()?.clone())
}

async fn everybody_knows_the_place(server: &Server) -> Result<()> {
    let stage = Stage::make(server, 1).await?;
    let agent = &stage.agents[0];
    stage.limit(agent, 1).await?;
    let mut supervising = socket(server, stage.admin()).await?;
    let me = async || Ok(stage.admin().get("/agents/me").await?.data()?.clone());
    eventually(async || me().await.map(|me: Json| if me["present"] == true { Ok(()) } else { Err(me) })).await?;
    let mut people = Vec::new();
    for place in 1..=3 {
        let customer = stage.tenant.customer(&stage.team).await?;
        let new = |s: &Json| s["id"] == customer.session.as_str() && s["status"] == "QUEUED";
        let seen = supervising.expect_where("session_update", new).await?;
        ensure!(seen["queue"]["position"] == place && seen["queue"]["waitReason"] == "NOBODY_ONLINE", "{seen}");
        let session = own(&customer.rest, &customer.session).await?;
        let queue = &session["queue"];
        ensure!(queue["position"] == place && queue["waitMinSeconds"] == -1, "{session}");
        ensure!(queue["waitReason"] == "WAIT_REASON_UNSPECIFIED", "why is for staff: {session}");
        let number = queue["number"].as_str().unwrap_or_default();
        ensure!(number.len() == 4 && number.ends_with(&format!("00{place}")), "{session}");
        people.push(customer);
    }
    // A list of more than a few is told its places in another way.
    let fourth = stage.tenant.customer(&stage.team).await?;
    let prioritize = format!("/sessions/{}/prioritize", fourth.session);
    for urgent in [true, false] {
        stage.admin().post(&prioritize, json!({"urgent": urgent, "reason": "领导催办"})).await?.data()?;
        let mut order: Vec<_> = people.iter().chain([&fourth]).map(|customer| customer.session.clone()).collect();
        if urgent {
            order.rotate_right(1);
        }
        let waiting = list(stage.admin(), &format!("/sessions/unassigned?teamId={}", stage.team)).await?;
        let place =
            |id: &String| waiting.iter().find(|s| s["id"] == id.as_str()).map(|s| s["queue"]["position"].clone());
        let places: Vec<_> = order.iter().map(place).collect();
        ensure!(places == (1..=4).map(|place| Some(json!(place))).collect::<Vec<_>>(), "{waiting:?}");
    }
    fourth.rest.put(&format!("/sessions/{}/close", fourth.session), json!({})).await?.data()?;
    let last = &people[2];
    let mut watching = socket(server, &last.rest).await?;
    let prioritize = format!("/sessions/{}/prioritize", last.session);
    for (urgent, place) in [(true, 1), (false, 3), (true, 1), (false, 3)] {
        stage.admin().post(&prioritize, json!({"urgent": urgent, "reason": "领导催办"})).await?.data()?;
        let moved = |s: &Json| s["urgent"] == urgent && s["queue"]["position"] == place;
        watching.expect_where("session_update", moved).await?;
        let first = own(&people[0].rest, &people[0].session).await?;
        ensure!(first["queue"]["position"] == if urgent { 2 } else { 1 }, "{first}");
        watching.drain().await?;
    }
    let waiting = list(stage.admin(), &format!("/sessions/unassigned?teamId={}", stage.team)).await?;
    let ids: Vec<_> = waiting.iter().map(|session| session["id"].as_str()).collect();
    ensure!(ids == people.iter().map(|c| Some(c.session.as_str())).collect::<Vec<_>>(), "{ids:?}");

    // Whoever is served by hand makes room, and comes back to the old place.
    let second = format!("/sessions/{}", people[1].session);
    for (verb, place) in [("take-over", 2), ("reassign", 3)] {
        stage.admin().post(&format!("{second}/{verb}"), json!({})).await?.data()?;
        watching.expect_where("session_update", |s| s["queue"]["position"] == place).await?;
        watching.drain().await?;
    }

    people[0].rest.put(&format!("/sessions/{}/close", people[0].session), json!({})).await?.data()?;
    watching.expect_where("session_update", |s| s["queue"]["position"] == 2).await?;
    agent.set_status("ONLINE").await?;
    let next = watching.expect_where("session_update", |s| s["queue"]["position"] == 1).await?;
    ensure!(next["queue"]["waitMinSeconds"] == -1, "nobody has been served yet: {next}");
    agent.rest.put(&format!("/sessions/{}/close", people[1].session), json!({})).await?.data()?;
    let mine = watching.expect_where("session_update", |s| s["status"] == "ACTIVE").await?;
    ensure!(mine["agentId"] == agent.id.as_str() && mine["queue"].is_null(), "{mine}");
    let after = stage.tenant.customer(&stage.team).await?;
    let queue = own(&after.rest, &after.session).await?["queue"].clone();
    ensure!(queue["position"] == 1 && queue["waitMinSeconds"] == 60, "somebody has been served now: {queue}");
    Ok(())
}

async fn a_full_queue_takes_messages_only(server: &Server) -> Result<()> {
    let stage = Stage::make(server, 0).await?;
    stage.rules(json!({"queueLimit": 2})).await?;
    let link = stage.tenant.link(&stage.team).await?;
    let mut forms = Vec::new();
    for _ in 0..6 {
        forms.push(form(&stage.tenant, &link, "请回电").await?);
    }
    let anybody = stage.admin().anonymous();
    let mut states = Vec::new();
    for answer in join_all(forms.into_iter().map(|form| anybody.post("/customers/register", form))).await {
        states.push(answer?.text("session.status")?);
    }
    states.sort_unstable();
    // Not even six at once get into a queue for two.
    let expected = [vec!["MESSAGE_LEFT"; 4], vec!["QUEUED"; 2]].concat();
    ensure!(states == expected, "{states:?}");
    let mute = form(&stage.tenant, &link, "").await?;
    anybody.post("/customers/register", mute.clone()).await?.refused(429, "QUEUE_FULL")?;
    let found = list(stage.admin(), &format!("/customers?keyword={}", mute["phone"].as_str().unwrap_or("?"))).await?;
    ensure!(found.is_empty(), "a registration that failed has left a customer: {found:?}");
    let links = list(stage.admin(), "/register-links").await?;
    ensure!(links[0]["usedCount"] == 6, "a registration that failed has used the link: {links:?}");
    // What was refused for the queue alone is tried again with the same code, which works once.
    let mut again = mute;
    again["question"] = json!("请回电");
    let left = anybody.post("/customers/register", again.clone()).await?;
    ensure!(left.text("session.status")? == "MESSAGE_LEFT", "{}", left.envelope);
    anybody.post("/customers/register", again).await?.refused(400, "CODE_INVALID")?;
    Ok(())
}

async fn a_left_message_waits_for_staff_or_for_its_customer(server: &Server) -> Result<()> {
    let stage = Stage::make(server, 1).await?;
    let customer = stage.tenant.customer(&stage.team).await?;
    let path = |verb: &str| format!("/sessions/{}/{verb}", customer.session);
    for text in ["明天再联系我", "下午也可以"] {
        let left = customer.rest.post(&path("leave-message"), json!({"content": text})).await?;
        ensure!(left.data()?["status"] == "MESSAGE_LEFT" && left.data()?["queue"].is_null(), "{}", left.envelope);
    }
    let said = history(&customer.rest, &customer.session).await?;
    let said: Vec<_> = said.iter().filter_map(|message| message["content"].as_str()).collect();
    ensure!(said.ends_with(&["明天再联系我", "下午也可以"]), "{said:?}");

    // An agent who comes is not given what nobody waits for, but a supervisor can give it.
    let agent = &stage.agents[0];
    agent.set_status("ONLINE").await?;
    ensure!(stage.look(&customer.session).await?["status"] == "MESSAGE_LEFT", "assigned by itself");
    agent.set_status("BUSY").await?;

    // The customer asks again, and waits again, in the very same session.
    let again = customer.rest.post("/sessions", json!({"question": "我回来了"})).await?;
    ensure!(again.text("id")? == customer.session && again.text("status")? == "QUEUED", "{}", again.envelope);
    customer.rest.post(&path("leave-message"), json!({"content": "算了"})).await?.data()?;
    // Unless the queue takes nobody: then the new words are left too.
    stage.rules(json!({"queueEnabled": false})).await?;
    customer.rest.post("/sessions", json!({})).await?.refused(429, "QUEUE_FULL")?;
    let kept = customer.rest.post("/sessions", json!({"question": "还在吗"})).await?;
    ensure!(kept.text("id")? == customer.session && kept.text("status")? == "MESSAGE_LEFT", "{}", kept.envelope);

    let given = stage.admin().post(&path("assign"), json!({"agentId": agent.id})).await?;
    ensure!(given.text("status")? == "ACTIVE", "{}", given.envelope);
    customer.rest.post(&path("leave-message"), json!({"content": "x"})).await?.refused(409, "SESSION_STATE")?;
    stage.close(&customer.session).await?;
    customer.rest.post(&path("leave-message"), json!({"content": "x"})).await?.refused(409, "SESSION_CLOSED")?;
    Ok(())
}

async fn a_queue_that_is_switched_off_takes_whoever_can_be_served(server: &Server) -> Result<()> {
    let stage = Stage::make(server, 1).await?;
    stage.rules(json!({"queueEnabled": false})).await?;
    let agent = &stage.agents[0];
    stage.limit(agent, 1).await?;
    let state = async || anyhow::Ok(stage.look(&stage.session().await?).await?["status"].clone());
    ensure!(state().await? == "MESSAGE_LEFT", "nobody is there");
    agent.set_status("ONLINE").await?;
    ensure!(state().await? == "ACTIVE", "somebody is there");
    ensure!(state().await? == "MESSAGE_LEFT", "the one who is there is full");
    stage.demand_true_loads().await
}
