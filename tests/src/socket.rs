//! The WebSocket client: frames as `realtime.md` has them, read strictly in order.

use std::collections::VecDeque;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value as Json, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use crate::server::Server;

/// How long a frame may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// A connection to `/ws`.
#[derive(Debug)]
pub struct Socket {
    stream: WebSocketStream<TcpStream>,
    /// Frames that came while another was expected.
    passed: VecDeque<Json>,
}

impl Socket {
    /// Connects without a first frame.
    ///
    /// # Errors
    /// The server refuses the upgrade.
    pub async fn connect(server: &Server) -> Result<Self> {
        let request = format!("ws://{}/ws", server.http).into_client_request()?;
        let stream = TcpStream::connect(&server.http).await?;
        stream.set_nodelay(true)?;
        let (stream, _) = client_async_with_config(request, stream, Some(WebSocketConfig::default())).await?;
        Ok(Self { stream, passed: VecDeque::new() })
    }

    /// Connects and authenticates; gives the data of `auth_ok` too.
    ///
    /// # Errors
    /// The server refuses.
    pub async fn open(server: &Server, token: Option<&str>) -> Result<(Self, Json)> {
        Self::resume(server, token, Json::Null).await
    }

    /// Connects, authenticates, and asks for what came after the cursors.
    ///
    /// # Errors
    /// The server refuses.
    pub async fn resume(server: &Server, token: Option<&str>, resume: Json) -> Result<(Self, Json)> {
        let mut socket = Self::connect(server).await?;
        let mut data = json!({"token": token});
        if !resume.is_null() {
            data["resume"] = resume;
        }
        socket.send("auth", data).await?;
        let ok = socket.expect("auth_ok").await?;
        Ok((socket, ok))
    }

    /// Sends a frame.
    ///
    /// # Errors
    /// The connection is gone.
    pub async fn send(&mut self, kind: &str, data: Json) -> Result<()> {
        self.send_raw(Message::text(json!({"type": kind, "data": data}).to_string())).await
    }

    /// Sends whatever it is.
    ///
    /// # Errors
    /// The connection is gone.
    pub async fn send_raw(&mut self, message: Message) -> Result<()> {
        Ok(self.stream.send(message).await?)
    }

    /// The next frame of this type, its data. Frames of other types that come before it are kept.
    ///
    /// # Errors
    /// It does not come in time, or the connection closes.
    pub async fn expect(&mut self, kind: &str) -> Result<Json> {
        self.expect_where(kind, |_| true).await
    }

    /// The next frame of this type that fits, its data.
    ///
    /// # Errors
    /// It does not come in time, or the connection closes.
    pub async fn expect_where(&mut self, kind: &str, fits: impl Fn(&Json) -> bool) -> Result<Json> {
        let mut frame = self.expect_frame(kind, |frame| frame["type"] == kind && fits(&frame["data"])).await?;
        Ok(frame["data"].take())
    }

    /// The next frame that fits, of whatever type; `what` names it in errors.
    ///
    /// # Errors
    /// It does not come in time, or the connection closes.
    pub async fn expect_frame(&mut self, what: &str, fits: impl Fn(&Json) -> bool) -> Result<Json> {
        if let Some(at) = self.passed.iter().position(&fits) {
            return Ok(self.passed.remove(at).unwrap_or_default());
        }
        let wait = async {
            loop {
                let frame = self.next_frame().await?;
                if fits(&frame) {
                    return Ok(frame);
                }
                self.passed.push_back(frame);
            }
        };
        let found: Result<Result<Json>, _> = tokio::time::timeout(PATIENCE, wait).await;
        match found {
            Ok(found) => found.with_context(|| format!("waiting for {what}")),
            Err(_) => bail!("no {what} in time; instead: {:?}", self.passed),
        }
    }

    /// Waits until the server closes the connection; gives its code.
    ///
    /// # Errors
    /// It does not, in time.
    pub async fn closed(&mut self) -> Result<u16> {
        let wait = async {
            loop {
                match self.stream.next().await {
                    Some(Ok(Message::Close(Some(frame)))) => return Ok(u16::from(frame.code)),
                    Some(Ok(Message::Text(text))) => self.passed.push_back(serde_json::from_str(&text)?),
                    Some(Ok(Message::Close(None))) | None => bail!("closed without a code"),
                    Some(Err(error)) => bail!("cut off: {error}"),
                    Some(Ok(_)) => {}
                }
            }
        };
        match tokio::time::timeout(PATIENCE, wait).await {
            Ok(code) => code,
            Err(_) => bail!("not closed in time; instead: {:?}", self.passed),
        }
    }

    /// Everything that has come before the answer to a ping.
    ///
    /// # Errors
    /// The connection closes.
    pub async fn drain(&mut self) -> Result<Vec<Json>> {
        let mark = rand::random::<u32>();
        self.send("ping", json!({"t": mark})).await?;
        let pong = self.expect_where("pong", |data| data["t"] == mark).await?;
        ensure!(pong["t"] == mark, "another pong: {pong}");
        Ok(self.passed.drain(..).collect())
    }

    /// Forgets the frames that came while another was expected.
    pub fn forget(&mut self) {
        self.passed.clear();
    }

    /// Ends the connection as a broken line does: without a word.
    pub fn cut(self) {
        drop(self.stream);
    }

    async fn next_frame(&mut self) -> Result<Json> {
        loop {
            match self.stream.next().await.context("the connection ended")?? {
                Message::Text(text) => {
                    let frame: Json = serde_json::from_str(&text)?;
                    if frame["type"] == "ping" {
                        self.send("pong", frame["data"].clone()).await?;
                        continue;
                    }
                    return Ok(frame);
                }
                Message::Close(close) => bail!("closed: {close:?}"),
                _ => {}
            }
        }
    }
}
