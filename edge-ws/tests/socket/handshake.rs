//! The HTTP side.

use kefu_edge_ws::Options;
use serde_json::json;

use super::client::{Node, options};
use super::core::{AGENT, token};

const UPGRADE: &str = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";

#[tokio::test]
async fn what_is_no_handshake_gets_an_envelope() {
    let node = Node::start().await;
    let (status, body, head) = node.http("GET /ws HTTP/1.1\r\nHost: a\r\nAccept-Language: en").await;
    assert_eq!(status, 426);
    assert_eq!((&body["code"], &body["data"]), (&json!(426), &json!(null)));
    assert!(body["requestId"].as_str().is_some_and(|id| !id.is_empty()) && body["message"].is_string());
    assert!(head.contains("upgrade: websocket"), "{head}");
    let (status, _, head) = node.http(&format!("POST /ws HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n{UPGRADE}")).await;
    assert_eq!((status, head.contains("allow: get")), (405, true));
    let no_key = UPGRADE.replace("dGhlIHNhbXBsZSBub25jZQ==", "short");
    assert_eq!(node.http(&format!("GET /ws HTTP/1.1\r\nHost: a\r\n{no_key}")).await.0, 400);
    let old = UPGRADE.replace("13", "8");
    let (status, _, head) = node.http(&format!("GET /ws HTTP/1.1\r\nHost: a\r\n{old}")).await;
    assert_eq!((status, head.contains("sec-websocket-version: 13")), (426, true));
}

#[tokio::test]
async fn no_compression_is_agreed() {
    let node = Node::start().await;
    let offer = "Sec-WebSocket-Extensions: permessage-deflate";
    let mut stream = tokio::net::TcpStream::connect(node.address).await.unwrap();
    let request = format!("GET /ws HTTP/1.1\r\nHost: a\r\n{UPGRADE}\r\n{offer}\r\n\r\n");
    tokio::io::AsyncWriteExt::write_all(&mut stream, request.as_bytes()).await.unwrap();
    let mut buffer = [0; 1024];
    let read = tokio::io::AsyncReadExt::read(&mut stream, &mut buffer).await.unwrap();
    let answer = String::from_utf8_lossy(&buffer[..read]).to_ascii_lowercase();
    assert!(answer.starts_with("http/1.1 101") && !answer.contains("extensions"), "{answer}");
}

#[tokio::test]
async fn a_foreign_page_cannot_connect() {
    let node = Node::start().await;
    let foreign = format!("GET /ws HTTP/1.1\r\nHost: kefu.example\r\nOrigin: https://evil.example\r\n{UPGRADE}");
    let (status, body, _) = node.http(&foreign).await;
    assert_eq!((status, &body["reason"]), (403, &json!("PERMISSION_DENIED")));
}

#[tokio::test]
async fn a_full_node_says_when_to_come_back() {
    let node = Node::with(Options { max_connections: 1, ..options() }).await;
    let mut first = node.sign_in(&token(1, AGENT, 1, 1)).await;
    let (status, body, head) = node.http(&format!("GET /ws HTTP/1.1\r\nHost: a\r\n{UPGRADE}")).await;
    assert_eq!((status, &body["reason"]), (503, &json!("UNAVAILABLE")));
    assert!(head.contains("retry-after: "), "{head}");
    first.expect_nothing().await;
    first.socket.close(None).await.unwrap();
    while futures_util::StreamExt::next(&mut first.socket).await.is_some() {}
    // The seat is free as soon as the node has noticed.
    let mut again = loop {
        let stream = tokio::net::TcpStream::connect(node.address).await.unwrap();
        if let Ok((socket, _)) = tokio_tungstenite::client_async(format!("ws://{}/ws", node.address), stream).await {
            break super::client::Client { socket };
        }
    };
    again.send(json!({"type": "auth", "data": {"token": token(1, AGENT, 1, 1)}})).await;
    again.expect("auth_ok").await;
}
