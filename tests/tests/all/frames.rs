//! Frames that break the protocol: each closes its own connection with the exact code, while two people go on
//! talking to each other.

use anyhow::{Result, ensure};
use kefu_tests::{Customer, Database, Options, Server, Socket, Staff, Tenant, on_each_database};
use serde_json::{Value as Json, json};
use tokio_tungstenite::tungstenite::Message;

use kefu_tests::objects::Findings;

on_each_database!(broken_frames_close_only_their_own_connection);

/// Types that only the server sends.
const SERVER_ONLY: [&str; 10] = [
    "auth_ok",
    "message_accepted",
    "sync_done",
    "resync",
    "status_update",
    "session_update",
    "ticket_update",
    "notification",
    "error",
    "bye",
];

/// An agent and a customer in a session, both connected.
struct Talk {
    session: String,
    agent: Socket,
    customer: Socket,
    said: u32,
}

impl Talk {
    async fn begin(server: &Server, tenant: &Tenant<'_>) -> Result<(Self, Staff, Customer)> {
        let staff = tenant.agent().await?;
        let team = tenant.team(&[&staff]).await?;
        let (mut agent, _) = Socket::open(server, staff.rest.token.as_deref()).await?;
        staff.set_status("ONLINE").await?;
        let person = tenant.customer(&team).await?;
        agent.expect_where("session_update", |session| session["id"] == person.session.as_str()).await?;
        let (customer, _) = Socket::open(server, person.rest.token.as_deref()).await?;
        Ok((Self { session: person.session.clone(), agent, customer, said: 0 }, staff, person))
    }

    /// One message each way, accepted and delivered.
    async fn exchange(&mut self) -> Result<()> {
        self.said += 1;
        let said = self.said;
        for from_agent in [true, false] {
            let text = format!("消息 {said} {from_agent}");
            let id = format!("m{said}-{from_agent}");
            let (from, to) = match from_agent {
                true => (&mut self.agent, &mut self.customer),
                false => (&mut self.customer, &mut self.agent),
            };
            from.send("message", json!({"sessionId": self.session, "clientMsgId": id, "content": text})).await?;
            from.expect_where("message_accepted", |data| data["clientMsgId"] == id.as_str()).await?;
            to.expect_where("message", |data| data["content"] == text.as_str()).await?;
        }
        Ok(())
    }
}

fn text(json: &Json) -> Message {
    Message::text(json.to_string())
}

/// Each broken frame of a client that is logged in, with the code that it earns.
fn broken(session: &str) -> Vec<(String, Message, u16)> {
    let mut found = vec![
        ("binary".to_owned(), Message::binary(vec![1, 2, 3]), 1003),
        ("too big".to_owned(), Message::text("x".repeat(70_000)), 1009),
    ];
    let deep = format!("{{\"type\":\"ping\",\"data\":{}{}}}", "[".repeat(10_000), "]".repeat(10_000));
    let texts =
        ["", "x", "{", "[]", "1", "null", "\"ping\"", "{\"type\":\"ping\"", "{\"type\":\"ping\"}{}", deep.as_str()];
    for broken in texts {
        found.push((format!("`{}`", broken.get(..20).unwrap_or(broken)), Message::text(broken.to_owned()), 4400));
    }
    let message = |field: &str, value: Json| {
        let mut data = json!({"sessionId": session, "clientMsgId": "c1", "content": "x"});
        data[field] = value;
        json!({"type": "message", "data": data})
    };
    let frames = [
        json!({}),
        json!({"data": {}}),
        json!({"type": null, "data": {}}),
        json!({"type": 1, "data": {}}),
        json!({"type": "", "data": {}}),
        json!({"type": "no_such_type", "data": {}}),
        json!({"type": "Ping", "data": {}}),
        json!({"type": "ping", "data": []}),
        json!({"type": "ping", "data": "x"}),
        json!({"type": "ping", "data": {"t": {}}}),
        json!({"type": "typing", "data": {"sessionId": {}}}),
        json!({"type": "typing", "data": {"sessionId": "x"}}),
        json!({"type": "sync", "data": {"sessionId": session, "since": "x"}}),
        json!({"type": "sync", "data": {"sessionId": session, "since": -1}}),
        json!({"type": "message_ack", "data": {"sessionId": session, "seq": "x"}}),
        json!({"type": "message_ack", "data": {"sessionId": session, "seq": 1, "kind": "eaten"}}),
        json!({"type": "auth", "data": {"token": 1}}),
        json!({"type": "auth", "data": {"token": "x", "resume": 1}}),
        message("content", json!(1)),
        message("content", json!({})),
        message("clientMsgId", json!(1)),
        message("contentType", json!("NO_SUCH")),
        message("sessionId", json!([])),
    ];
    found.extend(frames.iter().map(|frame| (frame.to_string(), text(frame), 4400)));
    for kind in SERVER_ONLY {
        let frame = json!({"type": kind, "data": {"sessionId": session, "userId": "1"}});
        found.push((kind.to_owned(), text(&frame), 4400));
    }
    found
}

async fn broken_frames_close_only_their_own_connection(server: &Server) -> Result<()> {
    let tenant = server.tenant().await?;
    let (mut talk, _, customer) = Talk::begin(server, &tenant).await?;
    talk.exchange().await?;
    let before = history(&customer).await?;
    let mut findings = Findings::default();
    for (name, frame, expected) in broken(&talk.session) {
        let (mut socket, _) = Socket::open(server, customer.rest.token.as_deref()).await?;
        socket.send_raw(frame).await?;
        match socket.closed().await {
            Ok(code) if code == expected => {}
            other => findings.note(format!("{name}: expected {expected}, got {other:?}")),
        }
    }
    // A frame before the login is as wrong as one that cannot be read.
    for first in [json!({"type": "ping", "data": {}}), json!({"type": "message", "data": {}}), json!([])] {
        let mut socket = Socket::connect(server).await?;
        socket.send_raw(text(&first)).await?;
        let code = socket.closed().await?;
        if code != 4400 {
            findings.note(format!("{first} before the login: {code}"));
        }
    }
    ensure!(history(&customer).await? == before, "a broken frame has changed the history");
    talk.exchange().await?;
    findings.none()
}

async fn history(customer: &Customer) -> Result<Json> {
    let answer = customer.rest.get(&format!("/sessions/{}/messages?fromStart=true", customer.session)).await?;
    Ok(answer.data()?["list"].clone())
}

#[tokio::test]
async fn what_the_server_refuses_leaves_the_connection_open() -> Result<()> {
    let server = Server::shared(Database::Sqlite).await?;
    let tenant = server.tenant().await?;
    let (mut talk, _, customer) = Talk::begin(server, &tenant).await?;
    let elsewhere = tenant.customer(&tenant.team(&[]).await?).await?.session;
    let sends = [
        (json!({"sessionId": elsewhere, "clientMsgId": "a1", "content": "x"}), "a1"),
        (json!({"sessionId": "999999999", "clientMsgId": "a2", "content": "x"}), "a2"),
        (json!({"sessionId": talk.session, "clientMsgId": "not an id!", "content": "x"}), "not an id!"),
        (json!({"sessionId": talk.session, "clientMsgId": "a4", "content": "x".repeat(4001)}), "a4"),
    ];
    for (data, reference) in sends {
        talk.customer.send("message", data).await?;
        let error = talk.customer.expect_where("error", |error| error["ref"] == reference).await?;
        ensure!(error["fatal"] == false && error["message"].is_string(), "{error}");
    }
    talk.exchange().await?;
    customer.rest.put(&format!("/sessions/{}/close", talk.session), json!({})).await?.data()?;
    let late = json!({"sessionId": talk.session, "clientMsgId": "late", "content": "x"});
    talk.customer.send("message", late).await?;
    let error = talk.customer.expect_where("error", |error| error["ref"] == "late").await?;
    ensure!(error["reason"] == "SESSION_CLOSED", "{error}");
    Ok(())
}

#[tokio::test]
async fn floods_logouts_and_twins_are_told_apart() -> Result<()> {
    let server = Server::shared(Database::Sqlite).await?;
    let tenant = server.tenant().await?;
    let (mut talk, staff, customer) = Talk::begin(server, &tenant).await?;

    let (mut flood, _) = Socket::open(server, customer.rest.token.as_deref()).await?;
    for n in 0..300 {
        if flood.send("ping", json!({"t": n})).await.is_err() {
            break;
        }
    }
    ensure!(flood.closed().await? == 4429, "a flood");
    talk.exchange().await?;

    let twin = async || {
        let mut socket = Socket::connect(server).await?;
        socket.send("auth", json!({"token": staff.rest.token, "deviceId": "phone"})).await?;
        socket.expect("auth_ok").await?;
        anyhow::Ok(socket)
    };
    let (mut older, mut newer) = (twin().await?, twin().await?);
    ensure!(older.closed().await? == 4409, "the same device");
    newer.drain().await?;

    // The token of another person cannot take over a connection.
    let (mut renewed, _) = Socket::open(server, staff.rest.token.as_deref()).await?;
    renewed.send("auth", json!({"token": customer.rest.token})).await?;
    ensure!(renewed.closed().await? == 4403, "another person's token");

    let mut second = staff.rest.clone();
    second.login(&tenant.code, &staff.username, kefu_tests::tenant::PASSWORD).await?;
    let (mut leaving, _) = Socket::open(server, second.token.as_deref()).await?;
    second.post("/auth/logout", json!({})).await?.data()?;
    ensure!(leaving.closed().await? == 4410, "logged out");
    talk.exchange().await?;

    let disabled = json!({"status": "DISABLED"});
    tenant.admin.rest.call("PATCH", &format!("/users/{}", staff.id), Some(disabled)).await?.data()?;
    ensure!(talk.agent.closed().await? == 4410, "disabled");
    Ok(())
}

#[tokio::test]
async fn silence_is_not_waited_for_for_ever() -> Result<()> {
    let settings =
        vec![("KEFU_REALTIME_AUTH_SECONDS", "1".to_owned()), ("KEFU_REALTIME_SILENCE_SECONDS", "2".to_owned())];
    let server = Server::start(Options { database: Database::Sqlite, settings }).await?;
    let mut mute = Socket::connect(&server).await?;
    ensure!(mute.closed().await? == 4408, "no login");
    let tenant = server.tenant().await?;
    let (mut silent, _) = Socket::open(&server, tenant.admin.rest.token.as_deref()).await?;
    ensure!(silent.closed().await? == 4440, "no heartbeat");
    Ok(())
}
