//! The fuzzers: each request, visit and call is made from the seed and its number alone, so that it can be made again.

use std::ops::Range;

use anyhow::{Context as _, Result, bail, ensure};
use futures_util::StreamExt as _;
use futures_util::stream;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http2::{self, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo};
use kefu_proto::contract::methods;
use prost::bytes::Bytes;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use serde_json::{Value as Json, json};
use tokio::net::TcpStream;

use super::Lane;
use super::frames::{self, DOCUMENTED, Fate, Talk};
use super::http::{self, Targets};
use super::line::{Heard, Line, error_code};
use super::reply::{Reply, exchange};
use super::tally::Tally;
use crate::Server;
use crate::objects::Objects;

/// Connections at once.
const AT_ONCE: usize = 16;
/// After so many the logins are looked at: what is sent may have ended them.
const ROUND: u64 = 400;
/// Frames of one visit; fewer than the burst that a connection may send.
const VISIT: usize = 45;

/// Who calls by gRPC.
type Caller = SendRequest<Full<Bytes>>;

/// What is fuzzed.
pub(super) struct Fuzzer<'s> {
    pub(super) server: &'s Server,
    pub(super) ground: Objects<'s>,
    pub(super) victim: Objects<'s>,
    pub(super) seed: u64,
}

/// The generator of one request.
fn generator(seed: u64, lane: Lane, number: u64) -> StdRng {
    StdRng::seed_from_u64(seed ^ (number << 8) ^ lane as u64)
}

impl Fuzzer<'_> {
    /// Sends the numbered ones of a lane; gives how many frames they were.
    pub(super) async fn run(&mut self, lane: Lane, numbers: Range<u64>, tally: &Tally) -> Result<u64> {
        let mut frames = 0;
        let mut next = numbers.start;
        while next < numbers.end {
            let round = next..numbers.end.min(next + ROUND);
            next = round.end;
            self.revive().await?;
            frames += self.round(lane, round, tally).await?;
            ensure!(self.server.memory().is_ok(), "the server is gone");
        }
        Ok(frames)
    }

    /// Sends visits of the WebSocket until there were so many frames.
    pub(super) async fn frames(&mut self, wanted: u64, tally: &Tally) -> Result<u64> {
        let (mut sent, mut visits) = (0, 0);
        while sent < wanted {
            sent += self.run(Lane::Frames, visits..visits + ROUND / 8, tally).await?;
            visits += ROUND / 8;
        }
        Ok(sent)
    }

    async fn round(&self, lane: Lane, numbers: Range<u64>, tally: &Tally) -> Result<u64> {
        // Not tonic's own client, which would act on the headers itself.
        let stream = TcpStream::connect(&self.server.grpc).await?;
        let (caller, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await?;
        let connection = tokio::spawn(connection);
        let caller = &caller;
        let one = |number| async move {
            match lane {
                Lane::Requests => self.request(number, tally).await.map(|()| 1),
                Lane::Frames => self.visit(number, tally).await,
                Lane::Calls => self.call(caller.clone(), number, tally).await.map(|()| 1),
            }
        };
        let work = stream::iter(numbers).map(one).buffer_unordered(AT_ONCE);
        let counts: Vec<Result<u64>> = work.collect().await;
        connection.abort();
        counts.into_iter().sum()
    }

    /// Logs in again whom the last requests have logged out, or makes new people.
    async fn revive(&mut self) -> Result<()> {
        let lives = async |rest: &crate::Rest, path: &str| anyhow::Ok(rest.get(path).await?.status == 200);
        let Objects { tenant, agent, customer, .. } = &self.ground;
        let admin = lives(&tenant.admin.rest, "/user/info").await? && lives(&tenant.admin.rest, "/teams").await?;
        let session = customer.rest.get(&format!("/sessions/{}", customer.session)).await?;
        let talks = session.envelope["data"]["status"] == "ACTIVE" && lives(&agent.rest, "/user/info").await?;
        if !admin || !talks {
            self.ground = Objects::make(self.server).await?;
        }
        Ok(())
    }

    async fn request(&self, number: u64, tally: &Tally) -> Result<()> {
        let rng = &mut generator(self.seed, Lane::Requests, number);
        let shot = http::shot(rng, &Targets { ground: &self.ground, victim: &self.victim })?;
        let mut bytes = shot.bytes;
        let is_cut = rng.random_bool(0.05);
        if is_cut {
            bytes.truncate(rng.random_range(0..bytes.len()));
        }
        let must_answer = shot.is_whole && !is_cut;
        // Who hangs up is not answered; but the server would wait for the rest of what is not whole.
        let reply = exchange(&self.server.http, &bytes, !must_answer).await;
        match judge(reply, must_answer, bytes.len()) {
            Ok(status) => tally.count(&status),
            Err(error) => tally.finding(Lane::Requests, number, &shot.name, &error, &bytes),
        }
        Ok(())
    }

    async fn visit(&self, number: u64, tally: &Tally) -> Result<u64> {
        let rng = &mut generator(self.seed, Lane::Frames, number);
        let is_nobody = rng.random_bool(0.2);
        let objects = if is_nobody { &self.victim } else { &self.ground };
        let rest = if rng.random() { &objects.customer.rest } else { &objects.agent.rest };
        let talk = Talk {
            session: &objects.customer.session,
            message: objects.message(),
            token: rest.token.as_deref().unwrap_or_default(),
        };
        let blows: Vec<_> = match is_nobody {
            true => vec![frames::first(rng, &talk)],
            false => {
                let mut blows = Vec::new();
                let most = if rng.random() { 1 } else { VISIT };
                for _ in 0..most {
                    let blow = frames::blow(rng, &talk);
                    let is_last = blow.fate != Fate::Any;
                    blows.push(blow);
                    if is_last || blows.iter().map(|blow| blow.frames).sum::<u64>() >= VISIT as u64 {
                        break;
                    }
                }
                blows
            }
        };
        let bytes: Vec<u8> = blows.iter().flat_map(|blow| blow.bytes.clone()).collect();
        let fate = match (blows.as_slice(), blows.last().map(|blow| blow.fate)) {
            ([_], Some(fate)) => fate,
            // What came before it may have ended the connection already.
            (_, Some(Fate::Code(_))) => Fate::Documented,
            (_, fate) => fate.unwrap_or(Fate::Any),
        };
        match self.battle(is_nobody, talk.token, &bytes, fate, tally).await {
            Ok(outcome) => tally.count(&outcome),
            Err(error) => tally.finding(Lane::Frames, number, &format!("frames, {fate:?}"), &error, &bytes),
        }
        Ok(blows.iter().map(|blow| blow.frames).sum())
    }

    /// Sends frames and hears what comes of them.
    async fn battle(&self, is_nobody: bool, token: &str, bytes: &[u8], fate: Fate, tally: &Tally) -> Result<String> {
        let line = match is_nobody {
            true => Some(Line::open(&self.server.http, None).await?),
            false => Line::log_in(&self.server.http, token, None).await?,
        };
        let Some(mut line) = line else { return Ok("ws: 4408".to_owned()) };
        line.write(bytes).await;
        let mark = json!({"type": "ping", "data": {"t": "the end of it"}});
        match fate {
            Fate::Any => drop(line.write(&frames::text_frame(mark.to_string().as_bytes())).await),
            Fate::End => line.hang_up().await,
            Fate::Code(_) | Fate::Documented => {}
        }
        loop {
            match line.next().await? {
                Heard::Text(text) if text.contains("the end of it") && fate == Fate::Any => {
                    return Ok("went on".to_owned());
                }
                Heard::Text(text) => match error_code(&text) {
                    // Told to come back later, on purpose.
                    Some(503) if !text.contains("\"retryAfterMs\":null") => tally.count("ws: error 503"),
                    Some(500..=599) => bail!("an error of the server's own: {text}"),
                    _ => ensure!(!is_nobody || text.contains("\"fatal\":true"), "told to nobody: {text}"),
                },
                Heard::End(code) => return ended(code, fate),
            }
        }
    }

    async fn call(&self, mut caller: Caller, number: u64, tally: &Tally) -> Result<()> {
        let rng = &mut generator(self.seed, Lane::Calls, number);
        let all: Vec<_> = methods().values().collect();
        let method = all[rng.random_range(0..all.len())];
        let mut body = http::framed(rng, method);
        if rng.random_bool(0.1) {
            body.extend(http::framed(rng, method));
        }
        let framing = body.len() < 5
            || body.first().is_some_and(|flag| *flag != 0)
            || body
                .get(1..5)
                .and_then(|length| length.first_chunk())
                .map(|length| u32::from_be_bytes(*length) as usize)
                != body.len().checked_sub(5);
        let mut request = ::http::Request::post(format!("http://{}{}", self.server.grpc, method.path))
            .header("te", "trailers")
            .header("content-type", if rng.random_bool(0.95) { "application/grpc" } else { "application/json" });
        let token = self.ground.tenant.admin.rest.token.as_deref().filter(|_| rng.random_bool(0.8));
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        if rng.random_bool(0.1) {
            let odd = [
                ("grpc-encoding", "gzip"),
                ("grpc-timeout", "0n"),
                ("grpc-timeout", "9H9"),
                ("x-kefu-node-secret", "x"),
            ];
            let (name, value) = odd[rng.random_range(0..odd.len())];
            request = request.header(name, value);
        }
        let request = request.body(Full::new(Bytes::from(body.clone())))?;
        let answer = tokio::time::timeout(std::time::Duration::from_secs(40), status(&mut caller, request)).await;
        match answer {
            // The one method that never ends.
            Err(_) if method.descriptor.is_server_streaming() => tally.count("grpc: a stream"),
            Err(_) if method.descriptor.is_client_streaming() => tally.count("grpc: a stream"),
            Err(_) => tally.finding(Lane::Calls, number, &method.path, &anyhow::anyhow!("no answer in time"), &body),
            Ok(Err(error)) => tally.finding(Lane::Calls, number, &method.path, &error, &body),
            // gRPC itself calls a broken frame an internal error.
            Ok(Ok(code)) if matches!(code, 2 | 13 | 15) && !framing => {
                tally.finding(
                    Lane::Calls,
                    number,
                    &method.path,
                    &anyhow::anyhow!("the answer is grpc-status {code}"),
                    &body,
                );
            }
            Ok(Ok(code)) => tally.count(&format!("grpc: {code}")),
        }
        Ok(())
    }
}

async fn status(caller: &mut Caller, request: ::http::Request<Full<Bytes>>) -> Result<i32> {
    let answer = caller.send_request(request).await?;
    let (parts, body) = answer.into_parts();
    let body = body.collect().await?;
    let found =
        |headers: &::http::HeaderMap| headers.get("grpc-status").and_then(|code| code.to_str().ok()?.parse().ok());
    let code = found(&parts.headers).or_else(|| body.trailers().and_then(found));
    ensure!(parts.status.as_u16() < 500, "HTTP {}", parts.status);
    Ok(code.unwrap_or(-i32::from(parts.status.as_u16())))
}

/// Whether a connection has ended as it had to.
fn ended(code: Option<u16>, fate: Fate) -> Result<String> {
    let named = code.map_or("no code".to_owned(), |code| code.to_string());
    match (fate, code) {
        (Fate::Code(expected), Some(code)) => {
            // 4408: on a busy machine this client may have been too slow.
            ensure!(code == expected || matches!(code, 4408 | 4429), "closed with {code}, not {expected}");
        }
        (Fate::Any | Fate::Documented, Some(code)) => {
            ensure!(DOCUMENTED.contains(&code), "closed with {code}, which no document names");
        }
        (Fate::End, Some(1011 | 1012)) => bail!("closed with {named}: an error of the server's own"),
        (Fate::End, _) => {}
        (_, None) => bail!("cut off without a code"),
    }
    Ok(format!("ws: {named}"))
}

/// Whether an answer is one that a server may give to whatever comes.
fn judge(reply: Result<Option<Reply>>, must_answer: bool, sent: usize) -> Result<String> {
    /// A server that answers a large request early may have to reset the connection.
    const LARGE: usize = 60_000;
    let Some(reply) = reply? else {
        ensure!(!must_answer || sent > LARGE, "no answer to a whole request");
        return Ok("http: none".to_owned());
    };
    let status = reply.status;
    let waits =
        reply.header("retry-after").is_some_and(|wait| wait.parse().is_ok_and(|wait: u64| (1..=3600).contains(&wait)));
    ensure!(status < 500 || status == 503 && waits, "{status}: {}", String::from_utf8_lossy(&reply.body));
    ensure!(status != 429 || waits, "429 without Retry-After");
    ensure!((100..600).contains(&status), "a status of {status}");
    let is_json = reply.header("content-type").is_some_and(|kind| kind.starts_with("application/json"));
    if is_json && reply.header("content-encoding").is_none() && !reply.body.is_empty() && status != 200 {
        let envelope: Json = serde_json::from_slice(&reply.body).context("an envelope that is no JSON")?;
        ensure!(envelope["code"] == status, "{status} with another code inside: {envelope}");
        ensure!(reply.body.len() < 64 << 10, "{} bytes to say {status} to {sent} bytes", reply.body.len());
    }
    Ok(format!("http: {status}"))
}
