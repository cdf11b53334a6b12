//! Who may be connected, for how long, and what ends it.

use std::time::Duration;

use futures_util::SinkExt;
use kefu_edge_ws::{Options, Rate};
use kefu_proto::common::v1::ErrorReason;
use kefu_proto::error::Problem;
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use super::client::{Node, options};
use super::core::{AGENT, CUSTOMER, token, token_for};

const SHORT: Duration = Duration::from_millis(150);

fn auth(token: &str) -> serde_json::Value {
    json!({"type": "auth", "data": {"token": token}})
}

#[tokio::test]
async fn auth_is_answered_with_what_holds() {
    let node = Node::start().await;
    let (_, answer) = node.resume(&token(1, AGENT, 1, 5), json!(null)).await;
    assert_eq!(answer["userId"], "1");
    assert_eq!(answer["epoch"], "first");
    assert_eq!((&answer["heartbeatMs"], &answer["maxFrameBytes"]), (&json!(25_000), &json!(65_536)));
    assert_eq!(answer["resumed"], json!({}));
    assert!(answer["connectionId"].is_string() && answer["serverTime"].as_i64().unwrap() > 1_700_000_000_000);
}

#[tokio::test]
async fn anything_but_auth_comes_first_in_vain() {
    let node = Node::start().await;
    let wrong = [
        r#"{"type":"ping"}"#,
        r#"{"type":"message","data":{"sessionId":"1","clientMsgId":"a","content":"x"}}"#,
        r#"{"type":"auth_ok"}"#,
        r#"{"type":"auth","data":{"token":7}}"#,
        r#"[]"#,
        "not json",
    ];
    for text in wrong {
        let mut client = node.connect().await;
        client.send_text(text).await;
        client.expect_close(4400).await;
    }
    assert_eq!(node.core.with(|state| state.calls.len()), 0, "the core was not asked");
}

#[tokio::test]
async fn who_does_not_say_who_it_is_is_closed() {
    let node = Node::with(Options { auth_timeout: SHORT, ..options() }).await;
    node.connect().await.expect_close(4408).await;
}

#[tokio::test]
async fn the_core_decides_who_it_is() {
    let node = Node::start().await;
    for (token, code) in [("", 4401), ("nonsense", 4401), ("bad\nheader", 4401), ("9.1.1.1.1", 4403)] {
        let mut client = node.connect().await;
        client.send(auth(token)).await;
        client.expect_close(code).await;
    }
    node.core.with(|state| state.fail.insert("OpenConnection", Problem::new(ErrorReason::Unavailable)));
    let mut client = node.connect().await;
    client.send(auth(&token(1, AGENT, 1, 1))).await;
    client.expect_close(1011).await;
}

#[tokio::test]
async fn wrong_frames_end_it() {
    let node = Node::start().await;
    let wrong = [
        r#"{"type":"message_accepted","data":{}}"#,
        r#"{"type":"session_update","data":{"id":"1"}}"#,
        r#"{"type":"status_update","data":{}}"#,
        r#"{"type":"ticket_update","data":{}}"#,
        r#"{"type":"notification","data":{}}"#,
        r#"{"type":"nothing"}"#,
        r#"{"data":{}}"#,
        r#"{"type":"message","data":{"sessionId":{}}}"#,
        "{",
    ];
    for text in wrong {
        let mut client = node.sign_in(&token(1, AGENT, 1, 1)).await;
        client.send_text(text).await;
        client.expect_close(4400).await;
    }
    let mut client = node.sign_in(&token(1, AGENT, 1, 1)).await;
    client.socket.send(Message::binary(vec![1, 2, 3])).await.unwrap();
    client.expect_close(1003).await;
    assert_eq!(node.core.with(|state| state.calls.iter().filter(|(name, _)| *name != "OpenConnection").count()), 0);
}

#[tokio::test]
async fn a_frame_has_a_largest_size() {
    let node = Node::start().await;
    let mut client = node.sign_in(&token(1, AGENT, 1, 1)).await;
    let fill = |bytes: usize| {
        let frame = json!({"type": "ping", "data": {"t": ""}}).to_string();
        frame.replace(r#""t":"""#, &format!(r#""t":"{}""#, "x".repeat(bytes - frame.len())))
    };
    client.send_text(&fill(65_536)).await;
    client.expect("pong").await;
    client.send_text(&fill(65_537)).await;
    client.expect_close(1009).await;
}

#[tokio::test]
async fn silence_ends_it_and_a_pong_does_not() {
    let node = Node::with(Options { heartbeat: SHORT, silence: SHORT * 4, ..options() }).await;
    let mut client = node.sign_in(&token(1, AGENT, 1, 1)).await;
    for _ in 0..6 {
        // Longer in all than the silence allowed.
        let asked = client.expect("ping").await;
        client.send(json!({"type": "pong", "data": asked})).await;
    }
    client.expect_close(4440).await;
}

#[tokio::test]
async fn a_token_expires_unless_it_is_renewed() {
    let node = Node::start().await;
    let mut client = node.sign_in(&token_for(1, AGENT, 1, 1, 1)).await;
    client.expect_close(4401).await;
    let mut client = node.sign_in(&token_for(1, AGENT, 1, 1, 2)).await;
    client.send(auth(&token_for(1, AGENT, 1, 2, 3600))).await;
    client.expect("auth_ok").await;
    // The fresh token is the one in use: its login session is the one that counts.
    node.core.revoke(&[(AGENT, 1)], 1);
    node.settled().await;
    client.expect_nothing().await;
    node.core.revoke(&[(AGENT, 1)], 2);
    client.expect_close(4410).await;
}

#[tokio::test]
async fn a_renewal_is_for_the_same_principal() {
    let node = Node::start().await;
    for other in [token(1, AGENT, 2, 1), token(1, CUSTOMER, 1, 1), token(2, AGENT, 1, 1)] {
        let mut client = node.sign_in(&token(1, AGENT, 1, 1)).await;
        client.send(auth(&other)).await;
        client.expect_close(4403).await;
    }
    let mut client = node.sign_in(&token(1, AGENT, 1, 1)).await;
    client.send(auth("nonsense")).await;
    client.expect_close(4401).await;
    // A core that cannot be asked now may be asked again.
    let mut client = node.sign_in(&token(1, AGENT, 1, 1)).await;
    node.core.with(|state| state.fail.insert("OpenConnection", Problem::new(ErrorReason::Unavailable)));
    client.send(auth(&token(1, AGENT, 1, 1))).await;
    assert_eq!(client.expect("error").await["reason"], "UNAVAILABLE");
    client.expect_nothing().await;
}

#[tokio::test]
async fn a_device_has_one_connection() {
    let node = Node::start().await;
    let connect = async |who: i64, device: &str| {
        let mut client = node.connect().await;
        client.send(json!({"type": "auth", "data": {"token": token(1, AGENT, who, 1), "deviceId": device}})).await;
        client.expect("auth_ok").await;
        client
    };
    let mut first = connect(1, "phone").await;
    let mut desk = connect(1, "desk").await;
    let mut colleague = connect(2, "phone").await;
    let mut second = connect(1, "phone").await;
    first.expect_close(4409).await;
    for client in [&mut desk, &mut colleague, &mut second] {
        client.expect_nothing().await;
    }
}

#[tokio::test]
async fn a_revoked_login_is_gone() {
    let node = Node::start().await;
    let mut one = node.sign_in(&token(1, AGENT, 1, 11)).await;
    let mut two = node.sign_in(&token(1, AGENT, 1, 12)).await;
    let mut colleague = node.sign_in(&token(1, AGENT, 2, 21)).await;
    let mut elsewhere = node.sign_in(&token(2, AGENT, 1, 11)).await;
    node.core.revoke(&[(AGENT, 1)], 11);
    one.expect_close(4410).await;
    node.settled().await;
    two.expect_nothing().await;
    node.core.revoke(&[(AGENT, 1)], 0);
    two.expect_close(4410).await;
    node.settled().await;
    colleague.expect_nothing().await;
    elsewhere.expect_nothing().await;
}

#[tokio::test]
async fn too_many_frames_end_it() {
    let node = Node::with(Options { frame_rate: Rate { per_second: 0.5, burst: 5.0 }, ..options() }).await;
    let mut client = node.sign_in(&token(1, AGENT, 1, 1)).await;
    for _ in 0..6 {
        client.send(json!({"type": "ping"})).await;
    }
    let why = client.expect_close(4429).await;
    assert!(why["retryAfterMs"].as_u64().is_some_and(|wait| (1..=2000).contains(&wait)), "{why}");

    // Pings of the protocol count too, also before the login.
    let mut nobody = node.connect().await;
    for _ in 0..6 {
        nobody.socket.send(Message::Ping("x".into())).await.unwrap();
    }
    nobody.expect_close(4429).await;
}

#[tokio::test]
async fn the_core_hears_who_is_there() {
    let node = Node::start().await;
    let told = |connected| {
        move |state: &super::core::State| {
            state.heartbeats.iter().flat_map(|beat| &beat.presences).any(|presence| {
                let who = presence.who.unwrap();
                (presence.tenant_id, who.kind(), who.id, presence.connected) == (1, AGENT, 1, connected)
            })
        }
    };
    let mut first = node.sign_in(&token(1, AGENT, 1, 1)).await;
    node.core.until(told(true)).await;
    let mut second = node.sign_in(&token(1, AGENT, 1, 1)).await;
    first.socket.close(None).await.unwrap();
    second.expect_nothing().await;
    assert!(!node.core.with(|state| told(false)(state)), "somebody is still there");
    drop(second);
    node.core.until(told(false)).await;
}
