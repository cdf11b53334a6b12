//! What the core pushes arrives once and in order, whatever happens to the pushes.

use kefu_proto::common::v1::Principal;
use kefu_proto::realtime::v1::frame::Frame as Pushed;
use kefu_proto::realtime::v1::{StatusUpdate, Typing};
use kefu_proto::session::v1::session;
use rand::Rng;
use rand::seq::SliceRandom;
use serde_json::json;

use super::client::Node;
use super::core::{AGENT, CUSTOMER, message_frame, token};

#[tokio::test]
async fn pushes_come_as_frames() {
    let node = Node::start().await;
    node.core.add_session(100, 0);
    let mut client = node.sign_in(&token(1, AGENT, 1, 1)).await;
    node.core.say(100, "hello");
    let data = client.expect("message").await;
    assert_eq!((&data["content"], &data["full"]["content"]), (&json!("hello"), &json!("hello")));
    node.core.push_session(100, &[(AGENT, 1)], |session| session.unread = 1);
    assert_eq!(client.expect("session_update").await["unread"], 1);
    let principal = Some(Principal { kind: CUSTOMER.into(), id: 7, name: "c".into() });
    node.core.push_to(
        1,
        &[(AGENT, 1)],
        Pushed::StatusUpdate(StatusUpdate { principal: principal.clone(), online: true, ..StatusUpdate::default() }),
    );
    assert_eq!(client.expect("status_update").await["online"], true);
    node.core.push_to(1, &[(AGENT, 1)], Pushed::Typing(Typing { session_id: 100, sender: principal }));
    assert_eq!(client.expect("typing").await["sessionId"], "100");
    let notification = node.core.notify(1, 5);
    node.core.push_to(1, &[(AGENT, 1)], notification);
    assert_eq!(client.expect("notification").await["notificationId"], "5");
}

#[tokio::test]
async fn nobody_else_gets_it() {
    let node = Node::start().await;
    node.core.add_session(100, 0);
    let mut agent = node.sign_in(&token(1, AGENT, 1, 1)).await;
    let mut others = Vec::new();
    for other in [token(1, AGENT, 7, 1), token(1, CUSTOMER, 1, 1), token(2, AGENT, 1, 1), token(2, CUSTOMER, 7, 1)] {
        others.push(node.sign_in(&other).await);
    }
    node.core.say(100, "secret");
    node.core.push_heads(1);
    node.core.push_heads(2);
    node.settled().await;
    agent.expect_seqs(100, 1..=1).await;
    for other in &mut others {
        other.expect_nothing().await;
    }
}

#[tokio::test]
async fn doubled_late_and_lost_pushes_do_not_show() {
    let node = Node::start().await;
    node.core.add_session(100, 3);
    let mut client = node.sign_in(&token(1, AGENT, 1, 1)).await;
    let four = node.core.say(100, "four");
    node.core.push_message(&four);
    client.expect_seqs(100, 4..=4).await;
    let five = node.core.store(100, "five");
    node.core.say(100, "six");
    client.expect_seqs(100, 5..=6).await;
    node.core.push_message(&five);
    node.settled().await;
    client.expect_nothing().await;
    assert_eq!(node.core.calls("ListMessages"), 1);
    node.core.store(100, "seven");
    node.core.push_heads(1);
    client.expect_seqs(100, 7..=7).await;
    node.core.push_heads(1);
    node.settled().await;
    client.expect_nothing().await;
    assert_eq!(node.core.calls("ListMessages"), 2, "nothing is missing, so nothing is read");
}

#[tokio::test]
async fn a_recall_comes_again_with_its_sequence() {
    let node = Node::start().await;
    node.core.add_session(100, 0);
    let mut client = node.sign_in(&token(1, AGENT, 1, 1)).await;
    node.core.say(100, "wrong window");
    node.core.say(100, "two");
    client.expect_seqs(100, 1..=2).await;
    let recalled = node.core.recall(100, 1);
    node.core.push_message(&recalled);
    let data = client.expect("message").await;
    assert_eq!((&data["seq"], &data["recalled"], &data["content"]), (&json!(1), &json!(true), &json!("")));
    node.core.say(100, "three");
    client.expect_seqs(100, 3..=3).await;
}

#[tokio::test]
async fn a_new_session_is_followed_at_once() {
    let node = Node::start().await;
    let mut client = node.sign_in(&token(1, AGENT, 1, 1)).await;
    node.core.add_session(100, 2);
    node.core.push_session(100, &[(AGENT, 1)], |_| {});
    assert_eq!(client.expect("session_update").await["lastSeq"], 2);
    node.core.store(100, "three");
    node.core.push_heads(1);
    client.expect_seqs(100, 3..=3).await;
    // A message of a session that was never heard of is enough, too.
    node.core.add_session(101, 4);
    node.core.say(101, "five");
    client.expect_seqs(101, 5..=5).await;
}

#[tokio::test]
async fn what_was_taken_away_is_not_heard_of_any_more() {
    let node = Node::start().await;
    node.core.add_session(100, 1);
    let mut client = node.sign_in(&token(1, AGENT, 1, 1)).await;
    node.core.push_session(100, &[(AGENT, 1), (AGENT, 2)], |session| session.agent_id = 2);
    assert_eq!(client.expect("session_update").await["agentId"], "2");
    // The old agent may still see it, as all staff here, but gets no frame of it.
    node.core.store(100, "for the new agent");
    node.core.push_heads(1);
    node.settled().await;
    client.expect_nothing().await;
    assert_eq!(node.core.calls("ListMessages"), 0);
    client.send(json!({"type": "sync", "id": "s", "data": {"sessionId": "100", "since": 0}})).await;
    let error = client.expect("error").await;
    assert_eq!((&error["reason"], &error["ref"]), (&json!("NOT_FOUND"), &json!("s")));
}

#[tokio::test]
async fn the_last_words_of_a_closed_session_arrive() {
    let node = Node::start().await;
    node.core.add_session(100, 1);
    let mut client = node.sign_in(&token(1, CUSTOMER, 7, 1)).await;
    node.core.store(100, "goodbye");
    node.core.push_session(100, &[(CUSTOMER, 7)], |session| session.status = session::Status::Closed.into());
    assert_eq!(client.expect("session_update").await["status"], "CLOSED");
    client.expect_seqs(100, 2..=2).await;
}

#[tokio::test]
async fn a_lost_right_ends_the_reading() {
    let node = Node::start().await;
    node.core.add_session(100, 1);
    let mut client = node.sign_in(&token(1, CUSTOMER, 7, 1)).await;
    node.core.with(|state| state.sessions.get_mut(&100).unwrap().customer_id = 8);
    node.core.store(100, "not for you");
    node.core.push_heads(1);
    node.core.until(|state| state.calls.iter().any(|(name, _)| *name == "ListMessages")).await;
    client.expect_nothing().await;
    node.core.push_heads(1);
    node.settled().await;
    client.expect_nothing().await;
    assert_eq!(node.core.calls("ListMessages"), 1);
}

#[tokio::test]
async fn what_is_pushed_while_somebody_signs_in_arrives() {
    let node = Node::start().await;
    node.core.add_session(100, 1);
    let gate = node.core.hold_answer("OpenConnection");
    let mut client = node.connect().await;
    let resume = json!({"epoch": "first", "cursors": {"404": 1}});
    client.send(json!({"type": "auth", "data": {"token": token(1, AGENT, 1, 1), "resume": resume}})).await;
    // What comes after the heads were read, and before the answer is here, is in neither.
    node.core.until(|state| state.calls.iter().any(|(name, _)| *name == "OpenConnection")).await;
    node.core.with(|state| state.hold_answers.clear());
    node.core.say(100, "two");
    let notification = node.core.notify(1, 5);
    node.core.push_to(1, &[(AGENT, 1)], notification);
    node.settled().await;
    gate.add_permits(1);
    client.expect("auth_ok").await;
    assert_eq!(client.expect("error").await["ref"], "404");
    client.expect_seqs(100, 2..=2).await;
    assert_eq!(client.expect("notification").await["notificationId"], "5");
}

#[tokio::test]
async fn a_broken_watch_loses_nothing() {
    let node = Node::start().await;
    node.core.add_session(100, 1);
    node.core.add_session(101, 1);
    let mut client = node.sign_in(&token(1, AGENT, 1, 1)).await;
    client.expect_nothing().await;
    node.core.break_watches();
    node.core.store(100, "two");
    node.core.push_session(101, &[], |session| session.status = session::Status::Closed.into());
    node.core.add_session(102, 3);
    node.core.notify(1, 5);
    node.core.watched().await;
    let (mut messages, mut updates, mut notifications) = (Vec::new(), Vec::new(), Vec::new());
    while messages.is_empty() || updates.len() < 3 || notifications.is_empty() {
        let frame = client.next().await;
        let data = &frame["data"];
        match frame["type"].as_str().unwrap() {
            "message" => messages.push((data["sessionId"].clone(), data["seq"].clone())),
            "session_update" => updates.push((data["id"].clone(), data["status"].clone())),
            "notification" => notifications.push(data["notificationId"].clone()),
            other => panic!("{other}"),
        }
    }
    updates.sort_by_key(|(id, _)| id.to_string());
    assert_eq!(messages, [(json!("100"), json!(2))]);
    assert_eq!(notifications, [json!("5")]);
    let expected = [("100", "ACTIVE"), ("101", "CLOSED"), ("102", "ACTIVE")];
    assert_eq!(updates, expected.map(|(id, status)| (json!(id), json!(status))));
    node.core.say(102, "four");
    client.expect_seqs(102, 4..=4).await;
    client.expect_nothing().await;
}

#[tokio::test]
async fn a_recall_that_fell_into_a_broken_watch_is_told_once() {
    let node = Node::start().await;
    node.core.add_session(100, 5);
    node.core.recall(100, 1);
    let mut client = node.sign_in(&token(1, AGENT, 1, 1)).await;
    // What was recalled before is in the history that the client reads.
    client.expect_nothing().await;
    let two = node.core.recall(100, 2);
    node.core.push_message(&two);
    client.expect_seqs(100, 2..=2).await;
    node.core.break_watches();
    node.core.recall(100, 3);
    node.core.watched().await;
    // Nobody knows whether it had read the first one before or after.
    for seq in [1, 3] {
        let data = client.expect("message").await;
        assert_eq!((&data["seq"], &data["recalled"]), (&json!(seq), &json!(true)));
    }
    client.expect("session_update").await;
    node.core.break_watches();
    node.core.watched().await;
    client.expect("session_update").await;
    client.expect_nothing().await;
}

#[tokio::test]
async fn a_missed_notification_comes_after_those_there_were() {
    let node = Node::start().await;
    for there_were in [false, true] {
        let first = if there_were { 7 } else { 1 };
        let mut client = node.sign_in(&token(1, AGENT, 1, 1)).await;
        client.expect_nothing().await;
        node.core.break_watches();
        node.core.notify(1, first);
        node.core.notify(1, first + 1);
        node.core.watched().await;
        for id in [first, first + 1] {
            assert_eq!(client.expect("notification").await["notificationId"], id.to_string());
        }
        client.expect_nothing().await;
    }
}

#[tokio::test]
async fn whatever_the_bus_does_the_list_is_whole() {
    let node = Node::start().await;
    node.core.add_session(100, 0);
    let mut client = node.sign_in(&token(1, AGENT, 1, 1)).await;
    let mut late = Vec::new();
    for n in 1..=500 {
        let message = node.core.store(100, &format!("m{n}"));
        let dice = rand::rng().random_range(0..10);
        match dice {
            0 | 1 => {}
            2 => late.push(message),
            3 => {
                node.core.push_message(&message);
                node.core.push_message(&message);
            }
            _ => node.core.push_to(1, &[(AGENT, 1)], message_frame(&message)),
        }
        if dice == 4 && !late.is_empty() {
            late.shuffle(&mut rand::rng());
            late.drain(..).for_each(|message| node.core.push_message(&message));
        }
        if n == 250 {
            node.core.break_watches();
        }
    }
    node.core.watched().await;
    node.core.push_heads(1);
    let mut seq = 0;
    while seq < 500 {
        let frame = client.next().await;
        // The broken watch makes the node tell how the session stands.
        if frame["type"] != "session_update" {
            seq += 1;
            let data = &frame["data"];
            assert_eq!(
                (&frame["type"], &data["seq"], &data["content"]),
                (&json!("message"), &json!(seq), &json!(format!("m{seq}")))
            );
        }
    }
    client.send(json!({"type": "ping"})).await;
    while client.next().await["type"] != "pong" {}
    assert_eq!(node.core.with(|state| state.sessions[&100].last_seq), 500);
}
