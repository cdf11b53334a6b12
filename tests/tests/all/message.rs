//! Messages: stored once, in order, seen by whom they are for, and recalled without a trace of what they said.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use futures_util::future::{join_all, try_join_all};
use kefu_proto::contract::methods;
use kefu_tests::grpc::bearer;
use kefu_tests::{Customer, Database, Options, Server, Socket, Staff, on_each_database};
use serde_json::{Map, Value as Json, json};

use crate::stage::{Stage, eventually, history, list, send, socket};

on_each_database!(what_may_not_be_said_is_refused, a_recalled_message_leaves_its_place_only, notes_stay_with_staff,);

/// The rule that a message is stored once, on servers that let one person send often.
mod sends_at_once {
    use super::{Database, Result, sends_at_once};

    #[tokio::test]
    async fn sqlite() -> Result<()> {
        sends_at_once(Database::Sqlite).await
    }

    #[tokio::test]
    async fn mariadb() -> Result<()> {
        sends_at_once(Database::Mariadb).await
    }

    #[tokio::test]
    async fn postgres() -> Result<()> {
        sends_at_once(Database::Postgres).await
    }
}

/// An agent and a customer in a session.
async fn talk(stage: &Stage<'_>) -> Result<Customer> {
    stage.agents[0].set_status("ONLINE").await?;
    let customer = stage.tenant.customer(&stage.team).await?;
    let served = stage.look(&customer.session).await?;
    ensure!(served["agentId"] == stage.agents[0].id.as_str(), "not served: {served}");
    Ok(customer)
}

async fn sends_at_once(database: Database) -> Result<()> {
    let settings = vec![("KEFU_REALTIME_SENDS_PER_SECOND", "100000".to_owned())];
    let server = Server::start(Options { database, settings }).await?;
    let stage = Stage::make(&server, 1).await?;
    let customer = talk(&stage).await?;
    twenty_identical_sends_give_one_message(&server, &customer).await?;
    one_sender_s_order_holds(&server, &customer, &stage.agents[0]).await
}

async fn twenty_identical_sends_give_one_message(server: &Server, customer: &Customer) -> Result<()> {
    let (rest, session) = (&customer.rest, customer.session.as_str());
    let grpc = server.grpc().await?;
    let method = methods().get("/kefu.session.v1.SessionService/SendMessage").context("no SendMessage")?;
    let request = json!({"id": session, "clientMsgId": "once", "content": "只有一次"});
    let mut sockets = Vec::new();
    for _ in 0..6 {
        sockets.push(socket(server, rest).await?);
    }
    let by_rest = async || {
        let answer = send(rest, session, "once", "只有一次").await?;
        let data = answer.data()?;
        anyhow::Ok((data["message"]["id"].clone(), data["message"]["seq"].clone(), data["duplicate"].clone()))
    };
    let by_grpc = async || {
        let answer = grpc.call(method, &request, bearer(rest.token.as_deref())?).await?;
        let data = answer.map_err(|status| anyhow::anyhow!("{status:?}"))?;
        anyhow::Ok((data["message"]["id"].clone(), data["message"]["seq"].clone(), data["duplicate"].clone()))
    };
    let by_socket = async |socket: &mut Socket| {
        let data = json!({"sessionId": session, "clientMsgId": "once", "content": "只有一次"});
        socket.send("message", data).await?;
        let data = socket.expect("message_accepted").await?;
        anyhow::Ok((data["messageId"].clone(), data["seq"].clone(), data["duplicate"].clone()))
    };
    let rests = try_join_all((0..7).map(|_| by_rest()));
    let grpcs = try_join_all((0..7).map(|_| by_grpc()));
    let frames = try_join_all(sockets.iter_mut().map(by_socket));
    let (rests, grpcs, frames) = tokio::try_join!(rests, grpcs, frames)?;
    let answers: Vec<_> = rests.into_iter().chain(grpcs).chain(frames).collect();
    ensure!(answers.len() == 20, "{answers:?}");
    ensure!(answers.iter().all(|a| (&a.0, &a.1) == (&answers[0].0, &answers[0].1)), "{answers:?}");
    ensure!(answers.iter().filter(|a| a.2 == true).count() == 19, "{answers:?}");

    let other = send(rest, session, "once", "另一句话").await?;
    ensure!(other.text("message.content")? == "只有一次" && other.data()?["duplicate"] == true, "{}", other.envelope);
    let stored = history(rest, session).await?;
    ensure!(stored.iter().filter(|m| m["clientMsgId"] == "once").count() == 1, "{stored:?}");
    ensure!(stored.iter().all(|m| m["content"] != "另一句话"), "{stored:?}");
    Ok(())
}

/// Two hundred sends, fifty at once on a connection: more frames would be a flood.
async fn one_sender_s_order_holds(server: &Server, customer: &Customer, agent: &Staff) -> Result<()> {
    let mut hearing = socket(server, &agent.rest).await?;
    for round in 0..4 {
        let mut sending = socket(server, &customer.rest).await?;
        for n in 0..50 {
            let text = format!("第 {} 句", round * 50 + n);
            let id = format!("order-{}", round * 50 + n);
            let data = json!({"sessionId": customer.session, "clientMsgId": id, "content": text});
            sending.send("message", data).await?;
        }
        for n in 0..50 {
            let id = format!("order-{}", round * 50 + n);
            sending.expect_where("message_accepted", |data| data["clientMsgId"] == id.as_str()).await?;
        }
    }
    let mut last = 0;
    for n in 0..200 {
        let text = format!("第 {n} 句");
        let heard = hearing.expect("message").await?;
        let seq = heard["seq"].as_i64().unwrap_or(0);
        ensure!(heard["content"] == text.as_str() && seq > last, "expected {text}, heard {heard}");
        last = seq;
    }
    let stored = history(&customer.rest, &customer.session).await?;
    for (place, message) in stored.iter().enumerate() {
        ensure!(message["seq"] == place + 1, "a hole before {message}");
    }
    let order: Vec<_> = stored.iter().filter_map(|m| m["clientMsgId"].as_str()?.strip_prefix("order-")).collect();
    ensure!(order == (0..200).map(|n| n.to_string()).collect::<Vec<_>>(), "{order:?}");
    Ok(())
}

async fn what_may_not_be_said_is_refused(server: &Server) -> Result<()> {
    let stage = Stage::make(server, 1).await?;
    let customer = talk(&stage).await?;
    let stranger = stage.tenant.customer(&stage.team).await?;
    let (rest, session) = (&customer.rest, customer.session.as_str());
    let messages = format!("/sessions/{session}/messages");
    let said = send(rest, session, "said", "第一句").await?.text("message.id")?;
    let elsewhere = send(&stranger.rest, &stranger.session, "elsewhere", "别处").await?.text("message.id")?;

    // Somebody else's session does not exist.
    send(&stranger.rest, session, "x", "x").await?.refused(404, "NOT_FOUND")?;
    for path in [format!("/sessions/{session}"), messages.clone()] {
        stranger.rest.get(&path).await?.refused(404, "NOT_FOUND")?;
    }
    for verb in [format!("messages/{said}/recall"), "ack".to_owned(), "typing".to_owned()] {
        stranger.rest.post(&format!("/sessions/{session}/{verb}"), json!({})).await?.refused(404, "NOT_FOUND")?;
    }
    stranger.rest.put(&format!("/sessions/{session}/close"), json!({})).await?.refused(404, "NOT_FOUND")?;
    // Whoever sees a session does not yet speak in it.
    send(stage.admin(), session, "x", "x").await?.refused(403, "PERMISSION_DENIED")?;

    let upload = async |caller: &Customer, name: &str, content: Vec<u8>| {
        let meta = json!({"sessionId": caller.session}).as_object().cloned().unwrap_or_else(Map::new);
        caller.rest.upload("/files", &meta, name, content).await?.text("id")
    };
    let text = upload(&customer, "a.txt", b"plain words".to_vec()).await?;
    let foreign = upload(&stranger, "b.txt", b"other words".to_vec()).await?;
    let with = |field: &str, value: Json| {
        let mut body = json!({"clientMsgId": "refused", "content": "x"});
        body[field] = value;
        body
    };
    let mut image = with("contentType", json!("IMAGE"));
    image["fileId"] = json!(text);
    let mut theirs = with("contentType", json!("FILE"));
    theirs["fileId"] = json!(foreign);
    for (body, status, field) in [
        (with("content", json!("  ")), 400, "content"),
        (with("contentType", json!("FILE")), 400, "fileId"),
        (with("contentType", json!("EVENT")), 400, "contentType"),
        (with("fileId", json!(text)), 400, "fileId"),
        (with("clientMsgId", json!("")), 400, "clientMsgId"),
        (image, 400, "contentType"),
        (theirs, 404, ""),
        (with("quoteMessageId", json!(elsewhere)), 404, ""),
    ] {
        let answer = rest.post(&messages, body.clone()).await?;
        let named = field.is_empty() || answer.fields() == [field];
        ensure!(answer.status == status && named, "{body}: {}", answer.envelope);
    }
    let mut file = with("contentType", json!("FILE"));
    (file["fileId"], file["quoteMessageId"], file["clientMsgId"]) = (json!(text), json!(said), json!("file"));
    let stored = rest.post(&messages, file).await?;
    ensure!(stored.text("message.file.id")? == text && stored.text("message.quoteMessageId")? == said);

    stage.close(session).await?;
    send(rest, session, "late", "太晚").await?.refused(409, "SESSION_CLOSED")?;
    let confirmed = send(rest, session, "said", "第一句").await?;
    ensure!(confirmed.text("message.id")? == said && confirmed.data()?["duplicate"] == true, "{}", confirmed.envelope);
    let all = history(rest, session).await?;
    ensure!(all.iter().all(|m| m["clientMsgId"] != "refused" && m["clientMsgId"] != "late"), "{all:?}");
    Ok(())
}

async fn a_recalled_message_leaves_its_place_only(server: &Server) -> Result<()> {
    let stage = Stage::make(server, 1).await?;
    let customer = talk(&stage).await?;
    let (agent, session) = (&stage.agents[0], customer.session.as_str());
    let mut hearing = socket(server, &agent.rest).await?;
    let sent = send(&customer.rest, session, "slip", "我的密码是犀牛八号").await?;
    let (id, seq) = (sent.text("message.id")?, sent.data()?["message"]["seq"].clone());
    let search = async || list(stage.admin(), "/sessions?keyword=%E7%8A%80%E7%89%9B").await;
    eventually(async || Ok(if search().await?.len() == 1 { Ok(()) } else { Err("not indexed") })).await?;

    let recall = format!("/sessions/{session}/messages/{id}/recall");
    agent.rest.post(&recall, json!({})).await?.refused(403, "PERMISSION_DENIED")?;
    for _ in 0..2 {
        let done = customer.rest.post(&recall, json!({})).await?;
        ensure!(done.data()?["recalled"] == true && done.text("content")?.is_empty(), "{}", done.envelope);
    }
    let told = hearing.expect_where("message", |m| m["recalled"] == true).await?;
    ensure!(told["messageId"] == id.as_str() && told["seq"] == seq && told["content"] == "", "{told}");
    hearing.expect_where("session_update", |s| s["lastMessage"] == "[已撤回]").await?;
    for rest in [&customer.rest, &agent.rest, stage.admin()] {
        let all = history(rest, session).await?;
        let place = all.iter().find(|m| m["id"] == id.as_str()).context("the tombstone is gone")?;
        ensure!(place["seq"] == seq && place["recalled"] == true, "{place}");
        let list = rest.get("/sessions").await?;
        let seen = format!("{all:?} {}", list.data()?);
        ensure!(!seen.contains("犀牛") && seen.contains("已撤回"), "{seen}");
    }
    eventually(async || Ok(if search().await?.is_empty() { Ok(()) } else { Err("still found") })).await?;
    // Sending it again does not bring it back.
    let again = send(&customer.rest, session, "slip", "我的密码是犀牛八号").await?;
    ensure!(again.data()?["message"]["recalled"] == true && again.data()?["duplicate"] == true, "{}", again.envelope);

    let late = send(&customer.rest, session, "late", "来不及了").await?.text("message.id")?;
    stage.admin().call("PATCH", "/settings", Some(json!({"recallSeconds": 0}))).await?.data()?;
    let recall = format!("/sessions/{session}/messages/{late}/recall");
    customer.rest.post(&recall, json!({})).await?.refused(409, "RECALL_EXPIRED")?;
    stage.close(session).await?;
    let closed = stage.look(session).await?;
    ensure!(closed["lastMessage"] == "来不及了", "the end has taken the place of the last words: {closed}");
    Ok(())
}

async fn notes_stay_with_staff(server: &Server) -> Result<()> {
    const CANARY: &str = "金丝雀备注7F3A";
    let stage = Stage::make(server, 1).await?;
    let customer = talk(&stage).await?;
    let (agent, session) = (&stage.agents[0], customer.session.as_str());
    let mut hearing = socket(server, &customer.rest).await?;
    let since = customer.rest.get("/events").await?.text("next")?;
    let notes = format!("/sessions/{session}/notes");
    let note = json!({"clientNoteId": "n1", "content": CANARY});
    let first = agent.rest.post(&notes, note.clone()).await?.text("id")?;
    ensure!(agent.rest.post(&notes, note).await?.text("id")? == first, "one note was stored twice");
    let stored = list(stage.admin(), &notes).await?;
    ensure!(stored.len() == 1 && stored[0]["content"] == CANARY, "{stored:?}");
    ensure!(stage.look(session).await?["noteCount"] == 1);

    // A message after the note: whatever is told of the note has been told before it.
    send(&agent.rest, session, "after", "您好").await?.data()?;
    hearing.expect_where("message", |m| m["clientMsgId"] == "after").await?;
    let mut seen = vec![json!(hearing.drain().await?)];
    let since = since.as_str();
    for path in [
        "/sessions".to_owned(),
        format!("/sessions/{session}"),
        format!("/sessions/{session}/messages?fromStart=true"),
        format!("/events?since={since}&wait=0"),
    ] {
        seen.push(customer.rest.get(&path).await?.data()?.clone());
    }
    customer.rest.get(&notes).await?.refused(403, "PERMISSION_DENIED")?;
    customer.rest.put(&format!("/sessions/{session}/close"), json!({})).await?.data()?;
    hearing.expect_where("session_update", |s| s["status"] == "CLOSED").await?;
    seen.push(json!(hearing.drain().await?));
    let seen = json!(seen).to_string();
    ensure!(seen.contains("您好"), "nothing was looked at");
    ensure!(!seen.contains(CANARY) && !seen.contains(r#""noteCount":1"#), "{seen}");
    Ok(())
}

#[tokio::test]
async fn words_find_sessions_of_the_own_tenant() -> Result<()> {
    let server = Server::shared(Database::Sqlite).await?;
    let (ours, theirs) = (Stage::make(server, 0).await?, Stage::make(server, 0).await?);
    let mut sessions = Vec::new();
    for stage in [&ours, &theirs] {
        let customer = stage.tenant.customer(&stage.team).await?;
        send(&customer.rest, &customer.session, "hello", "请问客服在吗").await?.data()?;
        sessions.push(customer.session);
    }
    for word in ["登录", "客服"] {
        for (stage, session) in [&ours, &theirs].into_iter().zip(&sessions) {
            let found = eventually(async || {
                let answer = stage.admin().query("GET", "/sessions", &[("keyword".into(), word.into())]).await?;
                let found = answer.data()?["list"].as_array().cloned().unwrap_or_default();
                Ok(if found.is_empty() { Err(word) } else { Ok(found) })
            })
            .await?;
            ensure!(found.len() == 1 && found[0]["id"] == session.as_str(), "{word}: {found:?}");
        }
    }
    let none = ours.admin().query("GET", "/sessions", &[("keyword".into(), "长颈鹿".into())]).await?;
    ensure!(none.data()?["total"] == 0, "{}", none.envelope);
    Ok(())
}

#[tokio::test]
async fn too_many_sends_are_put_off_and_not_lost() -> Result<()> {
    let server = Server::shared(Database::Sqlite).await?;
    let stage = Stage::make(server, 1).await?;
    let customer = talk(&stage).await?;
    let (rest, session) = (&customer.rest, customer.session.as_str());
    let ids: Vec<_> = (0..25).map(|n| format!("rush-{n}")).collect();
    let mut left = Vec::new();
    for (id, answer) in ids.iter().zip(join_all(ids.iter().map(|id| send(rest, session, id, "快"))).await) {
        let answer = answer?;
        if answer.status != 200 {
            answer.refused(429, "TOO_MANY_REQUESTS")?;
            ensure!(answer.headers.contains_key("retry-after"), "when to come back: {:?}", answer.headers);
            left.push(id.clone());
        }
    }
    ensure!(!left.is_empty() && left.len() <= 15, "{} of 25 were put off", left.len());
    let stored = history(rest, session).await?;
    ensure!(stored.iter().all(|m| left.iter().all(|id| m["clientMsgId"] != id.as_str())), "refused, and stored");

    // The same limit holds on a socket; what it puts off is sent again when it says so.
    let mut socket = socket(server, rest).await?;
    left.extend((0..10).map(|n| format!("more-{n}")));
    let ids: Vec<_> = ids.into_iter().chain((0..10).map(|n| format!("more-{n}"))).collect();
    let (mut put_off, mut at_once) = (0, left.len());
    while !left.is_empty() {
        let mut wait = 0;
        let batch: Vec<_> = left.drain(..at_once.min(left.len())).collect();
        for id in &batch {
            let data = json!({"sessionId": session, "clientMsgId": id, "content": "快"});
            socket.send("message", data).await?;
        }
        for id in batch {
            if let Some(milliseconds) = answer_to(&mut socket, &id).await? {
                wait = wait.max(milliseconds);
                put_off += 1;
                left.push(id);
            }
        }
        tokio::time::sleep(Duration::from_millis(wait)).await;
        // Once is enough: more would be a flood of frames.
        at_once = 8;
    }
    ensure!(put_off > 0, "nothing was put off");
    let stored = history(rest, session).await?;
    for id in ids {
        ensure!(stored.iter().filter(|m| m["clientMsgId"] == id.as_str()).count() == 1, "{id}");
    }
    Ok(())
}

/// What a send came to: nothing if it was accepted, or how many milliseconds to wait.
async fn answer_to(socket: &mut Socket, id: &str) -> Result<Option<u64>> {
    let about = |frame: &Json| match frame["type"].as_str() {
        Some("message_accepted") => frame["data"]["clientMsgId"] == id,
        Some("error") => frame["data"]["ref"] == id,
        _ => false,
    };
    let frame = socket.expect_frame(id, about).await?;
    if frame["type"] == "message_accepted" {
        return Ok(None);
    }
    let error = &frame["data"];
    ensure!(error["reason"] == "TOO_MANY_REQUESTS" && error["fatal"] == false, "{error}");
    Ok(Some(error["retryAfterMs"].as_u64().context("no retryAfterMs")?))
}
