//! A WebSocket without a library between: what is written goes out as it is.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value as Json, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use super::frames::text_frame;

/// Longer than anything takes that the server has to do by itself.
const PATIENCE: Duration = Duration::from_secs(60);

/// What the server says.
#[derive(Debug, PartialEq)]
pub(super) enum Heard {
    /// A frame.
    Text(String),
    /// The end, with a code if there was one.
    End(Option<u16>),
}

/// A connection.
pub(super) struct Line {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Line {
    /// Opens a connection; `room` bounds what the system keeps of what is not read.
    pub(super) async fn open(address: &str, room: Option<u32>) -> Result<Self> {
        let socket = TcpSocket::new_v4()?;
        if let Some(room) = room {
            socket.set_recv_buffer_size(room)?;
        }
        let mut stream =
            timeout(PATIENCE, socket.connect(address.parse()?)).await.context("no connection in time")??;
        stream.set_nodelay(true)?;
        let hello = "GET /ws HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
                     sec-websocket-version: 13\r\nsec-websocket-key: a2VmdS1ob3N0aWxlLWtleQ==\r\n\r\n";
        stream.write_all(hello.as_bytes()).await?;
        let mut line = Self { stream, buffer: Vec::new() };
        loop {
            if let Some(end) = line.buffer.windows(4).position(|window| window == b"\r\n\r\n") {
                let head = String::from_utf8_lossy(&line.buffer[..end]).into_owned();
                ensure!(head.starts_with("HTTP/1.1 101"), "no upgrade: {head}");
                line.buffer.drain(..end + 4);
                return Ok(line);
            }
            ensure!(line.more().await?, "closed instead of an upgrade");
        }
    }

    /// Opens a connection and logs in. None: this client was too slow to, as it may be on a busy machine.
    pub(super) async fn log_in(address: &str, token: &str, room: Option<u32>) -> Result<Option<Self>> {
        let mut line = Self::open(address, room).await?;
        let auth = json!({"type": "auth", "data": {"token": token}});
        line.write(&text_frame(auth.to_string().as_bytes())).await;
        match line.next().await? {
            Heard::Text(text) if text.contains("auth_ok") => Ok(Some(line)),
            Heard::Text(text) if error_code(&text) == Some(4408) => Ok(None),
            other => bail!("not logged in: {other:?}"),
        }
    }

    /// Writes; the server may have closed already, which reading shows.
    pub(super) async fn write(&mut self, bytes: &[u8]) -> bool {
        matches!(timeout(PATIENCE, self.stream.write_all(bytes)).await, Ok(Ok(())))
    }

    /// Says that nothing more will come.
    pub(super) async fn hang_up(&mut self) {
        self.stream.shutdown().await.ok();
    }

    /// The next frame or the end. Pings of the protocol are passed over.
    pub(super) async fn next(&mut self) -> Result<Heard> {
        loop {
            if let Some((opcode, payload)) = self.take() {
                match opcode {
                    1 => return Ok(Heard::Text(String::from_utf8(payload)?)),
                    8 => {
                        let code = payload.first_chunk::<2>().map(|code| u16::from_be_bytes(*code));
                        return Ok(Heard::End(code));
                    }
                    9 | 10 => continue,
                    other => bail!("the server sent opcode {other}"),
                }
            }
            if !self.more().await? {
                return Ok(Heard::End(None));
            }
        }
    }

    /// The frame in the buffer, if it is whole.
    fn take(&mut self) -> Option<(u8, Vec<u8>)> {
        let (first, short) = (*self.buffer.first()?, *self.buffer.get(1)?);
        let (at, length) = match short {
            126 => (4, u64::from(u16::from_be_bytes(*self.buffer.get(2..)?.first_chunk()?))),
            127 => (10, u64::from_be_bytes(*self.buffer.get(2..)?.first_chunk()?)),
            short => (2, u64::from(short)),
        };
        let end = at + usize::try_from(length).ok()?;
        let payload = self.buffer.get(at..end)?.to_vec();
        self.buffer.drain(..end);
        Some((first & 15, payload))
    }

    async fn more(&mut self) -> Result<bool> {
        let read = timeout(PATIENCE, self.stream.read_buf(&mut self.buffer)).await;
        Ok(matches!(read.context("silence: neither a frame nor an end")?, Ok(1..)))
    }
}

/// The code of an `error` frame, if a frame is one.
pub(super) fn error_code(text: &str) -> Option<u64> {
    let frame: Json = serde_json::from_str(text).ok()?;
    (frame["type"] == "error").then(|| frame["data"]["code"].as_u64().unwrap_or_default())
}
