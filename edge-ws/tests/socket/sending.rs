//! What clients send, and the answers.

use bytes::Bytes;
use kefu_edge_ws::{Options, Rate};
use kefu_proto::common::v1::ErrorReason;
use kefu_proto::session::v1::ack_messages_request::Kind as AckKind;
use kefu_proto::session::v1::{AckMessagesRequest, SendMessageRequest, session};
use prost::Message;
use serde_json::{Value as Json, json};

use super::client::{Client, Node, options};
use super::core::{AGENT, CUSTOMER, FakeCore, token};

fn requests<M: Message + Default>(core: &FakeCore, method: &str) -> Vec<M> {
    let bytes: Vec<Bytes> = core
        .with(|state| state.calls.iter().filter(|(name, _)| *name == method).map(|(_, bytes)| bytes.clone()).collect());
    bytes.into_iter().map(|bytes| M::decode(bytes).unwrap()).collect()
}

/// The next frame that is no message.
async fn answer(client: &mut Client) -> Json {
    loop {
        let frame = client.next().await;
        if frame["type"] != "message" {
            return frame;
        }
    }
}

#[tokio::test]
async fn a_message_is_accepted_when_it_is_stored() {
    let node = Node::start().await;
    node.core.add_session(100, 2);
    let mut customer = node.sign_in(&token(1, CUSTOMER, 7, 1)).await;
    let mut agent = node.sign_in(&token(1, AGENT, 1, 1)).await;
    customer.message(100, "a-1", "打印机连不上").await;
    let accepted = answer(&mut customer).await;
    assert_eq!(accepted["type"], "message_accepted");
    assert_eq!(
        accepted["data"],
        json!({"sessionId": "100", "clientMsgId": "a-1", "messageId": "100000003", "seq": 3, "timestamp": 0, "duplicate": false})
    );
    let got = agent.expect("message").await;
    assert_eq!((&got["content"], &got["seq"], &got["clientMsgId"]), (&json!("打印机连不上"), &json!(3), &json!("a-1")));
    customer.message(100, "a-1", "another body").await;
    let again = answer(&mut customer).await;
    assert_eq!((&again["data"]["seq"], &again["data"]["duplicate"]), (&json!(3), &json!(true)));
    agent.expect_nothing().await;
}

#[tokio::test]
async fn what_the_core_refuses_does_not_end_it() {
    let node = Node::start().await;
    node.core.add_session(100, 0);
    node.core.with(|state| state.sessions.get_mut(&100).unwrap().status = session::Status::Closed.into());
    let mut client = node.sign_in(&token(1, CUSTOMER, 7, 1)).await;
    client.message(100, "a", "x").await;
    let error = client.expect("error").await;
    assert_eq!(error["ref"], "a");
    assert_eq!(
        (&error["code"], &error["reason"], &error["fatal"]),
        (&json!(409), &json!("SESSION_CLOSED"), &json!(false))
    );
    client.message(404, "b", "x").await;
    let error = client.expect("error").await;
    assert_eq!((&error["code"], &error["ref"]), (&json!(404), &json!("b")));
    client.send(json!({"type": "typing", "id": "t1", "data": {"sessionId": "404"}})).await;
    assert_eq!(client.expect("error").await["ref"], "t1");
    node.core.with(|state| state.fail.insert("SendMessage", ErrorReason::PasswordChangeRequired));
    client.message(100, "c", "x").await;
    assert_eq!(client.expect("error").await["reason"], "PASSWORD_CHANGE_REQUIRED");
    client.expect_nothing().await;
}

#[tokio::test]
async fn a_token_that_is_no_longer_good_ends_it() {
    let node = Node::start().await;
    node.core.add_session(100, 0);
    let mut client = node.sign_in(&token(1, CUSTOMER, 7, 1)).await;
    node.core.with(|state| state.fail.insert("SendMessage", ErrorReason::Unauthenticated));
    client.message(100, "a", "x").await;
    client.expect_close(4401).await;
}

#[tokio::test]
async fn messages_begin_in_order_and_others_do_not_wait_for_them() {
    let node = Node::start().await;
    node.core.add_session(100, 1);
    let mut client = node.sign_in(&token(1, CUSTOMER, 7, 1)).await;
    let gate = node.core.hold("SendMessage");
    for n in 0..10 {
        client.message(100, &format!("m{n}"), "x").await;
    }
    node.core.until(|state| state.calls.iter().filter(|(name, _)| *name == "SendMessage").count() == 10).await;
    // All ten are under way; the acknowledgement and the typing pass them.
    client.send(json!({"type": "message_ack", "data": {"sessionId": "100", "seq": 1}})).await;
    client.send(json!({"type": "typing", "data": {"sessionId": "100"}})).await;
    node.core
        .until(|state| {
            let called = |method| state.calls.iter().any(|(name, _)| *name == method);
            called("AckMessages") && called("SendTyping")
        })
        .await;
    client.expect_nothing().await;
    gate.add_permits(10);
    let mut accepted = Vec::new();
    while accepted.len() < 10 {
        let frame = answer(&mut client).await;
        accepted.push((frame["data"]["clientMsgId"].clone(), frame["data"]["seq"].as_i64().unwrap()));
    }
    let begun = requests::<SendMessageRequest>(&node.core, "SendMessage");
    assert_eq!(
        begun.iter().map(|m| m.client_msg_id.clone()).collect::<Vec<_>>(),
        (0..10).map(|n| format!("m{n}")).collect::<Vec<_>>()
    );
    for (n, (id, seq)) in accepted.iter().enumerate() {
        assert_eq!((id, *seq), (&json!(format!("m{n}")), i64::try_from(n).unwrap() + 2));
    }
}

#[tokio::test]
async fn a_message_handed_over_is_stored_even_if_the_client_leaves() {
    let node = Node::start().await;
    node.core.add_session(100, 0);
    let mut client = node.sign_in(&token(1, CUSTOMER, 7, 1)).await;
    let gate = node.core.hold("SendMessage");
    client.message(100, "a", "last words").await;
    node.core.until(|state| state.calls.iter().any(|(name, _)| *name == "SendMessage")).await;
    drop(client);
    // The node has noticed when it says that nobody is there.
    node.core
        .until(|state| state.heartbeats.iter().flat_map(|beat| &beat.presences).any(|presence| !presence.connected))
        .await;
    gate.add_permits(1);
    node.core.until(|state| state.messages.get(&100).is_some_and(|messages| messages.len() == 1)).await;
}

#[tokio::test]
async fn a_person_sends_so_many_over_all_connections() {
    let node = Node::with(Options { send_rate: Rate { per_second: 0.1, burst: 3.0 }, ..options() }).await;
    node.core.add_session(100, 0);
    let mut one = node.sign_in(&token(1, CUSTOMER, 7, 1)).await;
    let mut two = node.sign_in(&token(1, CUSTOMER, 7, 1)).await;
    for n in 0..2 {
        one.message(100, &format!("a{n}"), "x").await;
        assert_eq!(answer(&mut one).await["type"], "message_accepted");
    }
    two.message(100, "b0", "x").await;
    assert_eq!(answer(&mut two).await["type"], "message_accepted");
    two.message(100, "b1", "x").await;
    let error = answer(&mut two).await;
    let data = &error["data"];
    assert_eq!(
        (&data["code"], &data["reason"], &data["ref"]),
        (&json!(429), &json!("TOO_MANY_REQUESTS"), &json!("b1"))
    );
    assert!(data["retryAfterMs"].as_u64().is_some_and(|wait| wait > 1000), "{error}");
    assert_eq!(node.core.calls("SendMessage"), 3);
}

#[tokio::test]
async fn typing_is_told_once_a_second() {
    let node = Node::start().await;
    node.core.add_session(100, 0);
    node.core.add_session(101, 0);
    let mut client = node.sign_in(&token(1, CUSTOMER, 7, 1)).await;
    for session in ["100", "100", "101", "100", "101"] {
        client.send(json!({"type": "typing", "data": {"sessionId": session}})).await;
    }
    client.expect_nothing().await;
    assert_eq!(node.core.calls("SendTyping"), 2);
}

#[tokio::test]
async fn an_acknowledgement_names_a_message_or_a_sequence() {
    let node = Node::start().await;
    node.core.add_session(100, 0);
    let mut client = node.sign_in(&token(1, AGENT, 1, 1)).await;
    let message = node.core.say(100, "hello");
    client.expect("message").await;
    client.send(json!({"type": "message_ack", "data": {"messageId": message.id.to_string()}})).await;
    client.send(json!({"type": "message_ack", "data": {"sessionId": "100", "seq": 1, "kind": "read"}})).await;
    client.expect_nothing().await;
    let acks = requests::<AckMessagesRequest>(&node.core, "AckMessages");
    assert_eq!((acks[0].id, acks[0].message_id, acks[0].kind()), (100, message.id, AckKind::Delivered));
    assert_eq!((acks[1].id, acks[1].seq, acks[1].kind()), (100, 1, AckKind::Read));
}
