//! Clients that do not read.

use std::time::Duration;

use kefu_edge_ws::Options;
use kefu_proto::realtime::v1::Typing;
use kefu_proto::realtime::v1::frame::Frame as Pushed;
use serde_json::json;

use super::client::{Node, options};
use super::core::{AGENT, token};

/// More than the sockets' buffers hold, many times over.
const MANY: i64 = 3000;

/// A node that gives nobody up, however long a busy machine takes.
async fn patient() -> Node {
    Node::with(Options { slow_timeout: Duration::from_secs(600), ..options() }).await
}

fn big() -> String {
    "字".repeat(3000)
}

#[tokio::test]
async fn who_reads_late_gets_all_in_order_and_the_node_keeps_little() {
    let node = patient().await;
    node.core.add_session(100, 0);
    let mut client = node.sign_in(&token(1, AGENT, 1, 1)).await;
    client.expect_nothing().await;
    for _ in 0..MANY {
        node.core.say(100, &big());
    }
    node.settled().await;
    // The sockets' buffers have taken some; what there is no room for is not read yet.
    let read = node.core.calls("ListMessages");
    assert!(read < 15, "{read} pages of 30");
    client.expect_seqs(100, 1..=MANY).await;
    client.expect_nothing().await;
    assert!(node.core.calls("ListMessages") > read);
}

#[tokio::test]
async fn who_never_reads_is_closed() {
    let node = Node::with(Options { slow_timeout: Duration::from_millis(200), ..options() }).await;
    node.core.add_session(100, 0);
    let mut client = node.sign_in(&token(1, AGENT, 1, 1)).await;
    client.expect_nothing().await;
    for _ in 0..MANY {
        node.core.say(100, &big());
    }
    // The node gives the client up, and says so to the core; the client finds out when it reads.
    node.core
        .until(|state| state.heartbeats.iter().flat_map(|beat| &beat.presences).any(|presence| !presence.connected))
        .await;
    let mut got = 0;
    while let Some(Ok(_)) = futures_util::StreamExt::next(&mut client.socket).await {
        got += 1;
    }
    assert!(got < MANY, "what waited was let go");
}

#[tokio::test]
async fn states_are_put_together_and_typing_is_dropped() {
    let node = patient().await;
    node.core.add_session(100, 0);
    let mut client = node.sign_in(&token(1, AGENT, 1, 1)).await;
    client.expect_nothing().await;
    for _ in 0..MANY {
        node.core.say(100, &big());
    }
    node.settled().await;
    for n in 0..5000 {
        node.core.push_session(100, &[(AGENT, 1)], |session| session.unread = n);
        node.core.push_to(1, &[(AGENT, 1)], Pushed::Typing(Typing { session_id: 100, sender: None }));
    }
    node.settled().await;
    let (mut messages, mut updates, mut typing) = (0, Vec::new(), 0);
    while messages < MANY {
        let frame = client.next().await;
        match frame["type"].as_str().unwrap() {
            "message" => messages += 1,
            "session_update" => updates.push(frame["data"]["unread"].clone()),
            "typing" => typing += 1,
            other => panic!("{other}: {frame}"),
        }
    }
    assert_eq!((updates, typing), (vec![json!(4999)], 0));
}
