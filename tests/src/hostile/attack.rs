//! Attacks by weight and by patience rather than by content. Each is bounded in count and time, and says what the
//! server has to do about it.

use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use futures_util::future::join_all;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{Instant, sleep, timeout};

use super::frames::{head, text_frame};
use super::line::{Heard, Line};
use super::reply::exchange;
use crate::Server;
use crate::objects::Objects;

/// The server waits ten seconds for the head of a request and for the first frame; the rest is for a busy machine.
const HEAD_TIME: Duration = Duration::from_secs(20);
/// How long the patient ones hold out.
const HOLD: Duration = Duration::from_secs(6);
const MIB: usize = 1 << 20;

/// An attack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Attack {
    /// Heads of requests that never end, and connections that say nothing, on both ports.
    SlowHeads,
    /// Clients that ask and never read, on the WebSocket, HTTP/1.1 and HTTP/2.
    Deaf,
    /// Bodies that are too large, and bodies that stop before their end.
    HugeBodies,
    /// Bodies within the limit that are costly to read: deep, or with a hundred thousand mistakes.
    CostlyBodies,
    /// Frames of 64 MiB, at once and in pieces.
    HugeFrames,
    /// Connections that are opened and left alone.
    Flood,
    /// Wrong passwords by the hundred.
    Logins,
    /// Long polls that are begun and dropped.
    Polls,
    /// Streams that are reset as soon as they are opened, heads without an end, and noise.
    Http2,
}

impl Attack {
    /// All of them.
    pub(super) const ALL: [Self; 9] = [
        Self::SlowHeads,
        Self::Deaf,
        Self::HugeBodies,
        Self::CostlyBodies,
        Self::HugeFrames,
        Self::Flood,
        Self::Logins,
        Self::Polls,
        Self::Http2,
    ];

    /// Attacks with so many connections at once.
    pub(super) async fn run(self, server: &Server, ground: &Objects<'_>, size: usize) -> Result<()> {
        match self {
            Self::SlowHeads => slow_heads(server, size).await,
            Self::Deaf => deaf(server, ground, size / 10).await,
            Self::HugeBodies => huge_bodies(server, size / 5).await,
            Self::CostlyBodies => costly_bodies(server, size / 5).await,
            Self::HugeFrames => huge_frames(server, ground, size / 10).await,
            Self::Flood => flood(server, size).await,
            Self::Logins => logins(server, size / 10).await,
            Self::Polls => polls(server, ground, size).await,
            Self::Http2 => http2(server, size / 10).await,
        }
    }
}

/// Runs so many at once, and gives the first failure.
async fn crowd<T>(count: usize, one: impl AsyncFn(usize) -> Result<T>) -> Result<Vec<T>> {
    join_all((0..count.max(1)).map(|n| one(n))).await.into_iter().collect()
}

/// Waits until the server closes a connection, whatever it says before.
async fn closed(stream: &mut TcpStream, within: Duration, what: &str) -> Result<()> {
    let mut buffer = vec![0; 4096];
    let wait = async { while matches!(stream.read(&mut buffer).await, Ok(1..)) {} };
    timeout(within, wait).await.with_context(|| format!("{what}: still open after {within:?}"))
}

async fn slow_heads(server: &Server, size: usize) -> Result<()> {
    const START: &[u8] = b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nx-slow: ";
    crowd(size, async |n| {
        let (address, what) = match n % 5 {
            0 => (&server.grpc, "silence on the gRPC port"),
            1 => (&server.http, "silence on the HTTP port"),
            _ => (&server.http, "the head of a request, a byte at a time"),
        };
        let mut stream = TcpStream::connect(address).await?;
        if n % 5 < 2 {
            return closed(&mut stream, HEAD_TIME, what).await;
        }
        // Some are well-behaved at first.
        if n % 5 == 2 {
            stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n").await?;
            let mut answer = [0; 512];
            ensure!(stream.read(&mut answer).await? > 0, "no answer to a whole request");
        }
        let begin = Instant::now();
        for byte in START.iter().chain(std::iter::repeat(&b'x')) {
            if stream.write_all(&[*byte]).await.is_err() {
                return Ok(());
            }
            if timeout(Duration::from_millis(500), closed(&mut stream, HEAD_TIME, what)).await.is_ok() {
                return Ok(());
            }
            ensure!(begin.elapsed() < HEAD_TIME, "{what}: still read after {HEAD_TIME:?}");
        }
        Ok(())
    })
    .await
    .map(drop)
}

async fn deaf(server: &Server, ground: &Objects<'_>, size: usize) -> Result<()> {
    const ASKS: &[u8] = b"GET /openapi.json HTTP/1.1\r\nhost: localhost\r\n\r\n";
    let token = ground.customer.rest.token.as_deref().context("no token")?;
    crowd(size, async |n| {
        if n % 2 == 0 {
            let Some(mut line) = Line::log_in(&server.http, token, Some(4096)).await? else { return Ok(()) };
            let ping = json!({"type": "ping", "data": {"t": "x".repeat(60_000)}}).to_string();
            for _ in 0..40 {
                if !matches!(timeout(HOLD / 40, line.write(&text_frame(ping.as_bytes()))).await, Ok(true)) {
                    break;
                }
            }
            sleep(HOLD).await;
            return Ok(());
        }
        let socket = TcpSocket::new_v4()?;
        socket.set_recv_buffer_size(4096)?;
        let mut stream = socket.connect(server.http.parse()?).await?;
        let asks = if n % 4 == 1 { ASKS.repeat(50) } else { asks2() };
        drop(timeout(HOLD, stream.write_all(&asks)).await);
        sleep(HOLD).await;
        Ok(())
    })
    .await
    .map(drop)
}

/// The start of HTTP/2, without the client's settings.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// A frame of HTTP/2.
fn frame2(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap_or_default().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// As many requests of HTTP/2 as may be under way, of a client that takes whatever may come, compressed.
fn asks2() -> Vec<u8> {
    /// `GET http://x/openapi.json` with `accept-encoding: gzip, deflate`, as HPACK writes it.
    const REQUEST: &[u8] = b"\x82\x86\x04\x0d/openapi.json\x01\x01x\x90";
    let settings = frame2(4, 0, 0, b"\x00\x04\x7f\xff\xff\xff");
    let window = frame2(8, 0, 0, b"\x7f\xff\x00\x00");
    let requests = (0..100).flat_map(|n| frame2(1, 5, 2 * n + 1, REQUEST)).collect();
    [PREFACE.to_vec(), settings, window, requests].concat()
}

/// The head of a request with a body of JSON.
fn post(framing: &str) -> Vec<u8> {
    format!(
        "POST /api/v1/auth/login HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/json\r\n\
         {framing}\r\n\r\n"
    )
    .into_bytes()
}

async fn huge_bodies(server: &Server, size: usize) -> Result<()> {
    crowd(size, async |n| match n % 3 {
        0 => {
            let bytes = post(&format!("content-length: {}", 64 * MIB));
            let reply = exchange(&server.http, &bytes, false).await?.context("no answer to a huge body")?;
            ensure!(reply.status == 413, "{} to a body of 64 MiB", reply.status);
            Ok(())
        }
        1 => {
            let mut stream = TcpStream::connect(&server.http).await?;
            stream.write_all(&post("transfer-encoding: chunked")).await?;
            let chunk = [b"10000\r\n".as_slice(), &[b' '; 0x1_0000], b"\r\n"].concat();
            for sent in 0..1024 {
                match timeout(HEAD_TIME, stream.write_all(&chunk)).await {
                    Ok(Ok(())) if sent == 1023 => bail!("64 MiB in chunks were read"),
                    Ok(Ok(())) => {}
                    Ok(Err(_)) => return Ok(()),
                    Err(_) => bail!("a body in chunks is neither read nor refused"),
                }
            }
            Ok(())
        }
        _ => {
            let mut stream = TcpStream::connect(&server.http).await?;
            stream.write_all(&post(&format!("content-length: {}", MIB - 1))).await?;
            stream.write_all(&vec![b' '; MIB - 1000]).await?;
            sleep(HOLD).await;
            Ok(())
        }
    })
    .await
    .map(drop)
}

async fn costly_bodies(server: &Server, size: usize) -> Result<()> {
    let bodies: [String; 4] = [
        "[".repeat(MIB - 1),
        format!("{{{}\"z\":0}}", (0..90_000).map(|n| format!("\"{n:x}\":0,")).collect::<String>()),
        format!("{{\"username\":[{}{{}}]}}", "{\"\":0},".repeat(140_000)),
        format!("{{\"{}\":1}}", "\\u0041".repeat(170_000)),
    ];
    crowd(size, async |n| {
        let body = &bodies[n % bodies.len()];
        let bytes = [post(&format!("content-length: {}", body.len())), body.clone().into_bytes()].concat();
        let reply = exchange(&server.http, &bytes, false).await?.context("no answer to a costly body")?;
        let is_late = reply.status == 503 && reply.header("retry-after").is_some();
        ensure!(reply.status == 400 || is_late, "{} to a costly body", reply.status);
        ensure!(reply.body.len() < 64 << 10, "{} bytes in answer to a costly body", reply.body.len());
        Ok(())
    })
    .await
    .map(drop)
}

async fn huge_frames(server: &Server, ground: &Objects<'_>, size: usize) -> Result<()> {
    let token = ground.customer.rest.token.as_deref().context("no token")?;
    crowd(size, async |n| {
        let line = match n % 2 {
            0 => Line::log_in(&server.http, token, None).await?,
            _ => Some(Line::open(&server.http, None).await?),
        };
        let Some(mut line) = line else { return Ok(()) };
        line.write(&head(1, 64 << 20)).await;
        let mebibyte = vec![0; MIB];
        for _ in 0..64 {
            if !matches!(timeout(HOLD, line.write(&mebibyte)).await, Ok(true)) {
                break;
            }
        }
        loop {
            match line.next().await? {
                Heard::Text(_) => {}
                // What was still on its way resets the connection, perhaps before the code is read.
                Heard::End(Some(1009 | 4408) | None) => return Ok(()),
                Heard::End(Some(code)) => bail!("{code} to a frame of 64 MiB"),
            }
        }
    })
    .await
    .map(drop)
}

async fn flood(server: &Server, size: usize) -> Result<()> {
    crowd(size, async |_| {
        let mut line = Line::open(&server.http, None).await?;
        loop {
            match timeout(HEAD_TIME, line.next()).await.context("a socket without a login stays open")?? {
                Heard::Text(_) => {}
                Heard::End(Some(4408)) => return Ok(()),
                Heard::End(code) => bail!("{code:?} to a socket without a login"),
            }
        }
    })
    .await
    .map(drop)
}

async fn logins(server: &Server, size: usize) -> Result<()> {
    crowd(size, async |n| {
        let body = json!({"username": format!("nobody{}", n % 20), "password": "guess"}).to_string();
        let framing = format!("x-forwarded-for: 203.0.113.8\r\ncontent-length: {}", body.len());
        let bytes = [post(&framing), body.into_bytes()].concat();
        let reply = exchange(&server.http, &bytes, false).await?.context("no answer to a login")?;
        ensure!(matches!(reply.status, 401 | 429 | 503), "{} to a wrong password", reply.status);
        ensure!(reply.status == 401 || reply.header("retry-after").is_some(), "{} without Retry-After", reply.status);
        Ok(())
    })
    .await
    .map(drop)
}

async fn polls(server: &Server, ground: &Objects<'_>, size: usize) -> Result<()> {
    let token = ground.customer.rest.token.as_deref().context("no token")?;
    let first = ground.customer.rest.get("/events").await?.text("next")?;
    crowd(size, async |n| {
        let since = if n % 4 == 0 { "forged" } else { &first };
        let bytes = format!(
            "GET /api/v1/events?since={since}&wait=25 HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
             authorization: Bearer {token}\r\n\r\n"
        );
        match timeout(HOLD, exchange(&server.http, bytes.as_bytes(), false)).await {
            Ok(reply) => {
                let status = reply?.context("no answer to a long poll")?.status;
                ensure!(matches!(status, 200 | 400 | 429), "{status} to a long poll");
            }
            Err(_) => ensure!(n % 4 != 0, "a forged cursor is waited for"),
        }
        Ok(())
    })
    .await
    .map(drop)
}

async fn http2(server: &Server, size: usize) -> Result<()> {
    /// `POST http://x/`, as HPACK writes it.
    const REQUEST: &[u8] = b"\x83\x86\x84\x41\x01x";
    const STREAMS: u32 = 4000;
    let resets: Vec<u8> = (0..STREAMS)
        .flat_map(|n| [frame2(1, 4, 2 * n + 1, REQUEST), frame2(3, 0, 2 * n + 1, &[0, 0, 0, 8])].concat())
        .collect();
    let endless: Vec<u8> = std::iter::once(frame2(1, 0, 1, REQUEST))
        .chain((0..STREAMS).map(|_| frame2(9, 0, 1, &[b"\x00\x01a\x7f\x81\x00".as_slice(), &[b'x'; 256]].concat())))
        .flatten()
        .collect();
    let settings: Vec<u8> = (0..STREAMS).flat_map(|_| frame2(4, 0, 0, &[])).collect();
    let noise: Vec<u8> = (0..STREAMS).flat_map(|n| frame2(n as u8, (n >> 3) as u8, n % 7, &n.to_le_bytes())).collect();
    crowd(size, async |n| {
        let address = if n % 2 == 0 { &server.http } else { &server.grpc };
        let mut stream = TcpStream::connect(address).await?;
        let bytes = [&resets, &endless, &settings, &noise][n / 2 % 4];
        // Nothing is read: what the server answers has to stay bounded too.
        drop(timeout(HOLD, stream.write_all(&[PREFACE, &frame2(4, 0, 0, &[]), bytes].concat())).await);
        sleep(HOLD / 3).await;
        Ok(())
    })
    .await
    .map(drop)
}
