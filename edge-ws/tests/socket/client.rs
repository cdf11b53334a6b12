//! A node on a real port, and a client that speaks the protocol by hand.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use kefu_edge_ws::{Edge, Options, Rate};
use kefu_proto::realtime::v1::Typing;
use kefu_proto::realtime::v1::frame::Frame as Pushed;
use serde_json::{Value as Json, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

use super::core::{AGENT, FakeCore, SECRET, token};

/// Longer than anything takes that works.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// One node.
pub(crate) struct Node {
    pub core: FakeCore,
    pub edge: Edge,
    pub address: SocketAddr,
}

pub(crate) fn options() -> Options {
    Options {
        node_secret: SECRET.to_owned(),
        // Most tests send more than a person would.
        frame_rate: Rate { per_second: 1000.0, burst: 1000.0 },
        ..Options::default()
    }
}

impl Node {
    pub(crate) async fn start() -> Self {
        Self::with(options()).await
    }

    pub(crate) async fn with(options: Options) -> Self {
        Self::on(FakeCore::new(), options).await
    }

    pub(crate) async fn on(core: FakeCore, options: Options) -> Self {
        let edge = Edge::start(core.clone(), None, options);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let service = edge.service();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let service = TowerToHyperService::new(service.clone());
                let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
                tokio::spawn(connection.with_upgrades());
            }
        });
        core.watched().await;
        Self { core, edge, address }
    }

    pub(crate) async fn connect(&self) -> Client {
        let stream = TcpStream::connect(self.address).await.unwrap();
        let request = format!("ws://{}/ws", self.address).into_client_request().unwrap();
        let (socket, _) = tokio_tungstenite::client_async(request, stream).await.unwrap();
        Client { socket }
    }

    /// A client that has said who it is.
    pub(crate) async fn sign_in(&self, token: &str) -> Client {
        self.resume(token, Json::Null).await.0
    }

    /// The same, from where it stopped; with the answer.
    pub(crate) async fn resume(&self, token: &str, resume: Json) -> (Client, Json) {
        let mut client = self.connect().await;
        client.send(json!({ "type": "auth", "data": { "token": token, "resume": resume } })).await;
        let answer = client.expect("auth_ok").await;
        (client, answer)
    }

    /// Waits until the node has handed on all that was pushed before.
    pub(crate) async fn settled(&self) {
        let mut marker = self.sign_in(&token(1, AGENT, 99, 1)).await;
        self.core.push_to(1, &[(AGENT, 99)], Pushed::Typing(Typing::default()));
        marker.expect("typing").await;
    }

    /// The status and the body of a plain request.
    pub(crate) async fn http(&self, head: &str) -> (u16, Json, String) {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(format!("{head}\r\n\r\n").as_bytes()).await.unwrap();
        let mut text = String::new();
        let mut buffer = [0; 4096];
        while !text.contains("\r\n\r\n") || !text.trim_end().ends_with('}') {
            let read = timeout(PATIENCE, stream.read(&mut buffer)).await.unwrap().unwrap();
            if read == 0 {
                break;
            }
            text.push_str(&String::from_utf8_lossy(&buffer[..read]));
        }
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, serde_json::from_str(body).unwrap_or_default(), head.to_ascii_lowercase())
    }
}

/// One client.
pub(crate) struct Client {
    pub socket: WebSocketStream<TcpStream>,
}

impl Client {
    pub(crate) async fn send(&mut self, frame: Json) {
        self.send_text(&frame.to_string()).await;
    }

    pub(crate) async fn send_text(&mut self, text: &str) {
        self.socket.send(Message::text(text)).await.unwrap();
    }

    pub(crate) async fn message(&mut self, session: i64, id: &str, content: &str) {
        let data = json!({ "sessionId": session.to_string(), "clientMsgId": id, "content": content });
        self.send(json!({ "type": "message", "data": data })).await;
    }

    /// The next frame.
    pub(crate) async fn next(&mut self) -> Json {
        loop {
            let message = timeout(PATIENCE, self.socket.next()).await.expect("a frame is missing");
            match message.expect("the connection has ended").unwrap() {
                Message::Text(text) => return serde_json::from_str(&text).unwrap(),
                Message::Close(close) => panic!("closed: {close:?}"),
                _ => {}
            }
        }
    }

    /// The data of the next frame, which must be of a type.
    pub(crate) async fn expect(&mut self, kind: &str) -> Json {
        let mut frame = self.next().await;
        assert_eq!(frame["type"], kind, "{frame}");
        frame["data"].take()
    }

    /// The next messages of a session, as sequences.
    pub(crate) async fn expect_seqs(&mut self, session: i64, seqs: impl IntoIterator<Item = i64>) {
        for seq in seqs {
            let data = self.expect("message").await;
            assert_eq!((&data["sessionId"], &data["seq"]), (&json!(session.to_string()), &json!(seq)), "{data}");
        }
    }

    /// Nothing has come before this: asks for an answer, which must be next.
    pub(crate) async fn expect_nothing(&mut self) {
        self.send(json!({ "type": "ping", "data": { "t": "nothing?" } })).await;
        assert_eq!(self.expect("pong").await["t"], "nothing?");
    }

    /// The close code, and the frames before it.
    pub(crate) async fn closed(&mut self) -> (u16, Vec<Json>) {
        let mut frames = Vec::new();
        loop {
            match timeout(PATIENCE, self.socket.next()).await.expect("the connection was not closed") {
                Some(Ok(Message::Text(text))) => frames.push(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Close(Some(close)))) => return (close.code.into(), frames),
                Some(Ok(_)) => {}
                other => panic!("no close code: {other:?}"),
            }
        }
    }

    /// The connection is closed with a code, and says why before.
    pub(crate) async fn expect_close(&mut self, code: u16) -> Json {
        let (closed, frames) = self.closed().await;
        assert_eq!(closed, code, "{frames:?}");
        let last = frames.last().cloned().unwrap_or_default();
        assert_eq!((&last["type"], &last["data"]["fatal"]), (&json!("error"), &json!(true)), "{frames:?}");
        assert_eq!(last["data"]["code"], code);
        last["data"].clone()
    }
}
