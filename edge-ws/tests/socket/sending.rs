//! What clients send, and the answers.

use std::time::Duration;

use bytes::Bytes;
use kefu_proto::common::v1::{ErrorReason, Principal};
use kefu_proto::error::Problem;
use kefu_proto::session::v1::ack_messages_request::Kind as AckKind;
use kefu_proto::session::v1::{AckMessagesRequest, SendMessageRequest, session};
use prost::Message;
use serde_json::{Value as Json, json};

use super::client::{Client, Node};
use super::core::{AGENT, CUSTOMER, FakeCore, State, token};

fn requests<M: Message + Default>(core: &FakeCore, method: &str) -> Vec<M> {
    let bytes: Vec<Bytes> = core
        .with(|state| state.calls.iter().filter(|(name, _)| *name == method).map(|(_, bytes)| bytes.clone()).collect());
    bytes.into_iter().map(|bytes| M::decode(bytes).unwrap()).collect()
}

/// The ids of the messages in the order in which they reached the core.
fn begun(core: &FakeCore) -> Vec<String> {
    requests::<SendMessageRequest>(core, "SendMessage").into_iter().map(|message| message.client_msg_id).collect()
}

fn called(state: &State, method: &str) -> usize {
    state.calls.iter().filter(|(name, _)| *name == method).count()
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
    node.core.with(|state| state.fail.insert("SendMessage", Problem::new(ErrorReason::PasswordChangeRequired)));
    client.message(100, "c", "x").await;
    assert_eq!(client.expect("error").await["reason"], "PASSWORD_CHANGE_REQUIRED");
    client.expect_nothing().await;
}

#[tokio::test]
async fn a_token_that_is_no_longer_good_ends_it() {
    let node = Node::start().await;
    node.core.add_session(100, 0);
    let mut client = node.sign_in(&token(1, CUSTOMER, 7, 1)).await;
    node.core.with(|state| state.fail.insert("SendMessage", Problem::new(ErrorReason::Unauthenticated)));
    client.message(100, "a", "x").await;
    client.expect_close(4401).await;
}

#[tokio::test]
async fn the_messages_of_a_session_are_stored_one_after_the_other() {
    let node = Node::start().await;
    node.core.add_session(100, 1);
    node.core.add_session(101, 0);
    let mut client = node.sign_in(&token(1, CUSTOMER, 7, 1)).await;
    let gate = node.core.hold("SendMessage");
    for n in 0..10 {
        client.message(100, &format!("m{n}"), "x").await;
    }
    // Another session, the acknowledgement and the typing pass what waits.
    client.message(101, "other", "x").await;
    client.send(json!({"type": "message_ack", "data": {"sessionId": "100", "seq": 1}})).await;
    client.send(json!({"type": "typing", "data": {"sessionId": "100"}})).await;
    node.core.until(|state| ["AckMessages", "SendTyping"].iter().all(|name| called(state, name) == 1)).await;
    assert_eq!(begun(&node.core), ["m0", "other"]);
    client.expect_nothing().await;
    for n in 1..=9 {
        gate.add_permits(1);
        node.core.until(|state| called(state, "SendMessage") > n).await;
    }
    gate.add_permits(2);
    let mut accepted = Vec::new();
    while accepted.len() < 11 {
        let frame = answer(&mut client).await;
        assert_eq!(frame["type"], "message_accepted");
        accepted.push((frame["data"]["clientMsgId"].clone(), frame["data"]["seq"].clone()));
    }
    accepted.retain(|(id, _)| id != "other");
    let expected: Vec<_> = (0..10).map(|n| (json!(format!("m{n}")), json!(n + 2))).collect();
    assert_eq!(accepted, expected);
}

/// A push of one's own words wakes nobody who is about to get an answer; others have it at once.
#[tokio::test]
async fn ones_own_words_come_with_the_answer_at_the_latest() {
    let node = Node::start().await;
    node.core.add_session(100, 1);
    let mut phone = node.sign_in(&token(1, CUSTOMER, 7, 1)).await;
    let mut desk = node.sign_in(&token(1, CUSTOMER, 7, 1)).await;
    let gate = node.core.hold("SendMessage");
    phone.message(100, "m", "x").await;
    node.core.until(|state| called(state, "SendMessage") == 1).await;
    // By another way, meanwhile.
    let mut message = node.core.store(100, "y");
    message.sender = Some(Principal { kind: CUSTOMER.into(), id: 7, name: String::new() });
    node.core.push_message(&message);
    desk.expect_seqs(100, [2]).await;
    gate.add_permits(1);
    phone.expect_seqs(100, [2]).await;
    assert_eq!(answer(&mut phone).await["data"]["seq"], 3);
}

#[tokio::test]
async fn a_message_that_is_refused_does_not_hold_up_the_next() {
    let node = Node::start().await;
    node.core.add_session(100, 0);
    let mut client = node.sign_in(&token(1, CUSTOMER, 7, 1)).await;
    for n in 0..3 {
        client.message(404, &format!("m{n}"), "x").await;
    }
    for n in 0..3 {
        assert_eq!(client.expect("error").await["ref"], format!("m{n}"));
    }
}

#[tokio::test]
async fn with_too_much_waiting_no_more_is_read() {
    let node = Node::start().await;
    node.core.add_session(100, 0);
    node.core.add_session(101, 0);
    let mut client = node.sign_in(&token(1, CUSTOMER, 7, 1)).await;
    let gate = node.core.hold("SendMessage");
    for n in 0..40 {
        client.message(100, &format!("m{n}"), "x").await;
    }
    client.message(101, "other", "x").await;
    gate.add_permits(100);
    for _ in 0..41 {
        assert_eq!(answer(&mut client).await["type"], "message_accepted");
    }
    let begun = begun(&node.core);
    let place = begun.iter().position(|id| id == "other").unwrap();
    assert!(place >= 24, "it was read when all but 16 were done, not {place}");
    let rest: Vec<_> = begun.into_iter().filter(|id| id != "other").collect();
    assert_eq!(rest, (0..40).map(|n| format!("m{n}")).collect::<Vec<_>>());
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
async fn a_client_that_sends_too_much_is_told_when_to_go_on() {
    let node = Node::start().await;
    node.core.add_session(100, 0);
    let mut client = node.sign_in(&token(1, CUSTOMER, 7, 1)).await;
    let wait = Duration::from_millis(1500);
    let problem = Problem::new(ErrorReason::TooManyRequests).with("seconds", 2).retry_after(wait);
    node.core.with(|state| state.fail.insert("SendMessage", problem));
    client.message(100, "a", "x").await;
    let data = client.expect("error").await;
    assert_eq!((&data["code"], &data["reason"], &data["ref"]), (&json!(429), &json!("TOO_MANY_REQUESTS"), &json!("a")));
    assert_eq!((&data["retryAfterMs"], &data["fatal"]), (&json!(1500), &json!(false)));
    node.core.with(|state| state.fail.clear());
    client.message(100, "a", "x").await;
    assert_eq!(answer(&mut client).await["data"]["duplicate"], false);
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
