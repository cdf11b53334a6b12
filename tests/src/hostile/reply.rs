//! A request as bytes on a connection of its own, and what comes back.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Longer than any answer may take; a long poll is asked to wait less.
const PATIENCE: Duration = Duration::from_secs(60);
/// No answer is larger.
const LONGEST: usize = 16 << 20;

/// An HTTP answer.
#[derive(Debug)]
pub(super) struct Reply {
    /// The status.
    pub(super) status: u16,
    head: String,
    /// The body, as far as it came.
    pub(super) body: Vec<u8>,
}

impl Reply {
    /// The value of a header.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

/// Sends bytes and reads one answer. None: the connection was closed without one.
pub(super) async fn exchange(address: &str, bytes: &[u8], half_close: bool) -> Result<Option<Reply>> {
    let talk = async {
        let mut stream = TcpStream::connect(address).await.context("cannot connect")?;
        // The server may answer and close before it has everything.
        if stream.write_all(bytes).await.is_ok() && half_close {
            stream.shutdown().await.ok();
        }
        read(&mut stream, bytes.starts_with(b"HEAD ")).await
    };
    timeout(PATIENCE, talk).await.context("no answer in time, and no end")?
}

async fn read(stream: &mut TcpStream, without_body: bool) -> Result<Option<Reply>> {
    let mut buffer = Vec::new();
    loop {
        match find(&buffer, b"\r\n\r\n") {
            // 100 Continue comes before the answer.
            Some(at) if buffer.starts_with(b"HTTP/1.1 1") && !buffer.starts_with(b"HTTP/1.1 101") => {
                buffer.drain(..at + 4);
            }
            Some(at) => {
                let head = String::from_utf8_lossy(&buffer[..at]).into_owned();
                let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
                let status = status.with_context(|| format!("no answer of HTTP: {head}"))?;
                let mut reply = Reply { status, head, body: buffer.split_off(at + 4) };
                if !without_body && status != 101 {
                    rest(stream, &mut reply).await?;
                }
                return Ok(Some(reply));
            }
            None => {
                if !more(stream, &mut buffer).await? {
                    return Ok(None);
                }
            }
        }
    }
}

async fn rest(stream: &mut TcpStream, reply: &mut Reply) -> Result<()> {
    let length: Option<usize> = reply.header("content-length").and_then(|length| length.parse().ok());
    let chunked = reply.header("transfer-encoding").is_some();
    loop {
        let whole = match length {
            Some(length) => reply.body.len() >= length,
            None => chunked && reply.body.ends_with(b"\r\n0\r\n\r\n") || matches!(reply.status, 204 | 304),
        };
        if whole || !more(stream, &mut reply.body).await? {
            return Ok(());
        }
    }
}

/// Reads on; false at the end, which a reset is too.
async fn more(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Result<bool> {
    if buffer.len() > LONGEST {
        bail!("an answer without an end");
    }
    Ok(matches!(stream.read_buf(buffer).await, Ok(1..)))
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}
