//! The node stops.

use futures_util::SinkExt;
use serde_json::json;

use super::client::Node;
use super::core::{AGENT, CUSTOMER, token};

#[tokio::test]
async fn everybody_is_told_to_come_back() {
    let node = Node::start().await;
    let mut agent = node.sign_in(&token(1, AGENT, 1, 1)).await;
    let mut nobody = node.connect().await;
    let drained = tokio::spawn({
        let edge = node.edge.clone();
        async move { edge.drain().await }
    });
    for client in [&mut agent, &mut nobody] {
        let (code, frames) = client.closed().await;
        assert_eq!(code, 1012);
        let [bye] = &frames[..] else { panic!("{frames:?}") };
        assert_eq!(bye["type"], "bye");
        assert!(bye["data"]["reconnectAfterMs"].as_u64().is_some_and(|wait| wait <= 5000), "{bye}");
        // The goodbye is answered; the node need not wait for it to time out.
        while let Some(Ok(_)) = futures_util::StreamExt::next(&mut client.socket).await {}
    }
    drained.await.unwrap();
    let upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
    assert_eq!(node.http(&format!("GET /ws HTTP/1.1\r\nHost: a\r\n{upgrade}")).await.0, 503);
}

#[tokio::test]
async fn a_message_being_stored_gets_its_answer_first() {
    let node = Node::start().await;
    node.core.add_session(100, 0);
    let mut client = node.sign_in(&token(1, CUSTOMER, 7, 1)).await;
    let gate = node.core.hold("SendMessage");
    client.message(100, "a", "x").await;
    node.core.until(|state| state.calls.iter().any(|(name, _)| *name == "SendMessage")).await;
    let drained = tokio::spawn({
        let edge = node.edge.clone();
        async move { edge.drain().await }
    });
    client.expect("bye").await;
    // Sent after the bye: never read, so the client sends it again elsewhere.
    client.message(100, "b", "x").await;
    gate.add_permits(1);
    let (code, frames) = client.closed().await;
    assert_eq!(code, 1012);
    let accepted = frames.iter().find(|frame| frame["type"] == "message_accepted").expect("an answer");
    assert_eq!(accepted["data"]["clientMsgId"], json!("a"));
    client.socket.flush().await.unwrap_or_default();
    while let Some(Ok(_)) = futures_util::StreamExt::next(&mut client.socket).await {}
    drained.await.unwrap();
    assert_eq!(node.core.calls("SendMessage"), 1);
}
