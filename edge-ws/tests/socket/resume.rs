//! Coming back.

use kefu_proto::session::v1::session;
use serde_json::{Value as Json, json};

use super::client::Node;
use super::core::{AGENT, CUSTOMER, token};

fn from(cursors: &Json) -> Json {
    json!({"epoch": "first", "cursors": cursors})
}

#[tokio::test]
async fn what_was_missed_is_replayed() {
    let node = Node::start().await;
    node.core.add_session(100, 250);
    node.core.add_session(101, 4);
    node.core.add_session(102, 9);
    let (mut client, answer) = node.resume(&token(1, AGENT, 1, 1), from(&json!({"100": 10, "101": 4}))).await;
    assert_eq!(answer["resumed"], json!({"100": {"from": 10, "head": 250}, "101": {"from": 4, "head": 4}}));
    assert_eq!(client.expect("sync_done").await, json!({"sessionId": "101", "head": 4}));
    client.expect_seqs(100, 11..=250).await;
    assert_eq!(client.expect("sync_done").await, json!({"sessionId": "100", "head": 250}));
    // The session that was not named goes on from its head.
    node.core.say(102, "ten");
    client.expect_seqs(102, 10..=10).await;
}

#[tokio::test]
async fn what_comes_during_a_replay_follows_it() {
    let node = Node::start().await;
    node.core.add_session(100, 120);
    let gate = node.core.hold("ListMessages");
    let (mut client, _) = node.resume(&token(1, AGENT, 1, 1), from(&json!({"100": 1}))).await;
    node.core.until(|state| state.calls.iter().any(|(name, _)| *name == "ListMessages")).await;
    for n in 121..=130 {
        node.core.say(100, &format!("m{n}"));
    }
    gate.add_permits(1000);
    client.expect_seqs(100, 2..=130).await;
    assert_eq!(client.expect("sync_done").await["head"], 130);
    node.core.say(100, "m131");
    client.expect_seqs(100, 131..=131).await;
    client.expect_nothing().await;
}

#[tokio::test]
async fn a_cursor_that_does_not_fit_gives_resync() {
    let node = Node::start().await;
    node.core.add_session(100, 302);
    node.core.add_session(101, 5);
    let (mut client, answer) = node.resume(&token(1, AGENT, 1, 1), from(&json!({"100": 1, "101": 6}))).await;
    assert_eq!(answer["resumed"], json!({}));
    assert_eq!(client.expect("resync").await, json!({"sessionId": "100", "head": 302, "reason": "too_far"}));
    assert_eq!(client.expect("resync").await, json!({"sessionId": "101", "head": 5, "reason": "ahead"}));
    node.core.say(100, "m303");
    client.expect_seqs(100, 303..=303).await;
    client.expect_nothing().await;
}

#[tokio::test]
async fn a_replay_has_a_largest_size() {
    let node = Node::start().await;
    node.core.add_session(100, 0);
    for _ in 0..100 {
        node.core.store(100, &"字".repeat(3000));
    }
    let (mut client, _) = node.resume(&token(1, AGENT, 1, 1), from(&json!({"100": 0}))).await;
    let mut seq = 0;
    let resync = loop {
        let frame = client.next().await;
        if frame["type"] == "resync" {
            break frame;
        }
        seq += 1;
        assert_eq!((&frame["type"], &frame["data"]["seq"]), (&json!("message"), &json!(seq)));
    };
    assert_eq!(resync["data"], json!({"sessionId": "100", "head": 100, "reason": "too_far"}));
    assert!((40..70).contains(&seq), "1 MiB are about 57 of these, not {seq}");
    node.core.say(100, "m101");
    client.expect_seqs(100, 101..=101).await;
}

#[tokio::test]
async fn another_epoch_means_reading_all_again() {
    let node = Node::start().await;
    node.core.add_session(100, 5);
    let resume = json!({"epoch": "before the restore", "cursors": {"100": 9}});
    let (mut client, answer) = node.resume(&token(1, AGENT, 1, 1), resume).await;
    assert_eq!((&answer["epoch"], &answer["resumed"]), (&json!("first"), &json!({})));
    assert_eq!(client.expect("resync").await, json!({"sessionId": "0", "head": 0, "reason": "epoch"}));
    node.core.say(100, "six");
    client.expect_seqs(100, 6..=6).await;
}

#[tokio::test]
async fn a_foreign_session_is_not_replayed() {
    let node = Node::start().await;
    node.core.add_session(100, 5);
    node.core.add_session(101, 5);
    // 100 is another customer's; 101 went to another agent.
    node.core.with(|state| state.sessions.get_mut(&100).unwrap().customer_id = 8);
    node.core.with(|state| state.sessions.get_mut(&101).unwrap().agent_id = 2);
    for (token, session) in [
        (token(1, CUSTOMER, 7, 1), "100"),
        (token(1, AGENT, 1, 1), "101"),
        (token(2, AGENT, 2, 1), "101"),
        (token(1, AGENT, 1, 1), "-1"),
    ] {
        let (mut client, answer) = node.resume(&token, from(&json!({session: 0}))).await;
        assert_eq!(answer["resumed"], json!({}));
        let error = client.expect("error").await;
        assert_eq!(
            (&error["reason"], &error["ref"], &error["fatal"]),
            (&json!("NOT_FOUND"), &json!(session), &json!(false))
        );
        client.expect_nothing().await;
    }
    assert_eq!(node.core.calls("ListMessages"), 0);
}

#[tokio::test]
async fn a_session_that_was_closed_meanwhile_is_replayed() {
    let node = Node::start().await;
    node.core.add_session(100, 5);
    node.core.with(|state| state.sessions.get_mut(&100).unwrap().status = session::Status::Closed.into());
    let (mut client, answer) = node.resume(&token(1, CUSTOMER, 7, 1), from(&json!({"100": 3}))).await;
    assert_eq!(answer["resumed"], json!({"100": {"from": 3, "head": 5}}));
    client.expect_seqs(100, 4..=5).await;
    client.expect("sync_done").await;
    // However many there are, nothing is asked for each.
    assert_eq!(node.core.calls("GetSession"), 0);
}

#[tokio::test]
async fn what_was_recalled_meanwhile_is_told() {
    let node = Node::start().await;
    node.core.add_session(100, 5);
    node.core.add_session(101, 5);
    for (session, seq) in [(100, 2), (100, 3), (100, 4), (101, 1)] {
        node.core.recall(session, seq);
    }
    let (mut client, _) = node.resume(&token(1, AGENT, 1, 1), from(&json!({"100": 3}))).await;
    for seq in [2, 3] {
        let data = client.expect("message").await;
        assert_eq!((&data["sessionId"], &data["seq"]), (&json!("100"), &json!(seq)));
        assert_eq!((&data["recalled"], &data["content"]), (&json!(true), &json!("")));
    }
    // What the client does not have comes as it is now; the session it did not name says nothing.
    for (seq, recalled) in [(4, true), (5, false)] {
        let data = client.expect("message").await;
        assert_eq!((&data["seq"], &data["recalled"]), (&json!(seq), &json!(recalled)));
    }
    assert_eq!(client.expect("sync_done").await["head"], 5);
    client.expect_nothing().await;
    // Nor does anything after a restore, or without cursors.
    let restored = json!({"epoch": "before the restore", "cursors": {"100": 3}});
    let (mut client, _) = node.resume(&token(1, AGENT, 1, 1), restored).await;
    client.expect("resync").await;
    client.expect_nothing().await;
    node.sign_in(&token(1, AGENT, 1, 1)).await.expect_nothing().await;
}

#[tokio::test]
async fn notifications_go_on_after_the_last_one() {
    let node = Node::start().await;
    for id in [3, 5, 9] {
        node.core.notify(1, id);
    }
    let resume = json!({"epoch": "first", "notificationId": "3"});
    let (mut client, _) = node.resume(&token(1, AGENT, 1, 1), resume).await;
    for id in ["5", "9"] {
        assert_eq!(client.expect("notification").await["notificationId"], id);
    }
    // The push of one that was read from the list does not show it twice.
    let again = node.core.notify(1, 9);
    node.core.push_to(1, &[(AGENT, 1)], again);
    let late = node.core.notify(1, 8);
    node.core.push_to(1, &[(AGENT, 1)], late);
    assert_eq!(client.expect("notification").await["notificationId"], "8");
    client.expect_nothing().await;
}

#[tokio::test]
async fn a_client_can_ask_again_at_any_time() {
    let node = Node::start().await;
    node.core.add_session(100, 5);
    let mut client = node.sign_in(&token(1, AGENT, 1, 1)).await;
    client.send(json!({"type": "sync", "data": {"sessionId": "100", "since": 2}})).await;
    client.expect_seqs(100, 3..=5).await;
    assert_eq!(client.expect("sync_done").await, json!({"sessionId": "100", "head": 5}));
    client.send(json!({"type": "sync", "data": {"sessionId": "100", "since": 5}})).await;
    client.expect("sync_done").await;
    client.send(json!({"type": "sync", "data": {"sessionId": "100", "since": 6}})).await;
    assert_eq!(client.expect("resync").await["reason"], "ahead");
    client.send(json!({"type": "sync", "id": "x", "data": {"sessionId": "404", "since": 0}})).await;
    assert_eq!(client.expect("error").await["ref"], "x");
}
