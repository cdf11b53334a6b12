//! Hostile clients: a short round of `kefu-hostile`, and the bound of what large bodies hold together.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use futures_util::future::try_join_all;
use kefu_tests::hostile::{self, Plan};
use kefu_tests::{Database, Options, Server};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const MIB: usize = 1 << 20;
/// Large bodies that are read at once, by default: see `docs/operations.md`.
const PLACES: usize = 64;

/// Everything is asserted but the speed of the healthy client, which depends on what else the machine does.
#[test]
fn a_short_round() -> Result<()> {
    let folder = std::env::temp_dir().join(format!("kefu-hostile-{:016x}", rand::random::<u64>()));
    let report = hostile::run(&Plan {
        seed: 7,
        frames: 3000,
        requests: 1000,
        calls: 300,
        connections: 40,
        only: None,
        folder,
        at_once: true,
        judges_speed: false,
    })?;
    println!("{report}");
    report.holds()
}

/// Begins a request with a large body: the connection, and the status of the answer, 100 if the body is wanted.
async fn begin(server: &Server, framing: &str) -> Result<(TcpStream, String)> {
    let mut stream = TcpStream::connect(&server.http).await?;
    let head = format!(
        "POST /api/v1/auth/login HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
         expect: 100-continue\r\n{framing}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await?;
    let answer = answer(&mut stream).await?;
    Ok((stream, answer))
}

/// The head of the next answer.
async fn answer(stream: &mut TcpStream) -> Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.context("closed without an answer")?);
    }
    Ok(String::from_utf8(head)?)
}

#[tokio::test]
async fn large_bodies_under_way_hold_a_bounded_memory() -> Result<()> {
    let server = Server::start(Options { database: Database::Sqlite, settings: Vec::new() }).await?;
    let login = async || server.rest()?.post("/auth/login", json!({"username": "nobody", "password": "guess"})).await;
    login().await?.refused(401, "BAD_CREDENTIALS")?;
    let quiet = server.memory()?;

    let length = format!("content-length: {MIB}");
    let begun = try_join_all((0..4 * PLACES).map(|_| begin(&server, &length))).await?;
    let mut counts = BTreeMap::new();
    for (_, answer) in &begun {
        *counts.entry(answer.split(' ').nth(1).unwrap_or_default()).or_insert(0) += 1;
        ensure!(answer.starts_with("HTTP/1.1 100") || answer.contains("\r\nretry-after: 1\r\n"), "{answer}");
    }
    ensure!(counts == BTreeMap::from([("100", PLACES), ("503", 3 * PLACES)]), "{counts:?}");
    let mut taken: Vec<TcpStream> =
        begun.into_iter().filter(|(_, answer)| answer.starts_with("HTTP/1.1 100")).map(|(stream, _)| stream).collect();
    // All but the last byte.
    let content = vec![b' '; MIB - 1];
    try_join_all(taken.iter_mut().map(|stream| stream.write_all(&content))).await?;
    for framing in [&length, "transfer-encoding: chunked"] {
        let (_, answer) = begin(&server, framing).await?;
        ensure!(answer.starts_with("HTTP/1.1 503"), "{framing}: {answer}");
    }
    let (_, answer) = begin(&server, &format!("content-length: {}", MIB + 1)).await?;
    ensure!(answer.starts_with("HTTP/1.1 413"), "one that is too large at any time: {answer}");
    login().await?.refused(401, "BAD_CREDENTIALS")?;
    let grown = server.peak_memory()?.saturating_sub(quiet) / MIB as u64;
    ensure!(grown < 2 * PLACES as u64, "{PLACES} bodies of 1 MiB hold {grown} MiB");

    // Who has got an answer makes room, and so does who hangs up.
    let mut first = taken.pop().context("nobody has a place")?;
    first.write_all(b" ").await?;
    ensure!(self::answer(&mut first).await?.starts_with("HTTP/1.1 400"));
    let (_second, answer) = begin(&server, &length).await?;
    ensure!(answer.starts_with("HTTP/1.1 100"), "no room after an answer: {answer}");
    drop(taken);
    for _ in 0..500 {
        if begin(&server, &length).await?.1.starts_with("HTTP/1.1 100") {
            return Ok(());
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    anyhow::bail!("no room although everybody has gone")
}

/// A tree of values takes some ninety times the memory of its text.
#[tokio::test]
async fn a_body_of_very_many_values_is_not_read() -> Result<()> {
    let server = Server::start(Options { database: Database::Sqlite, settings: Vec::new() }).await?;
    let login = async || server.rest()?.post("/auth/login", json!({"username": "nobody", "password": "guess"})).await;
    login().await?.refused(401, "BAD_CREDENTIALS")?;
    let quiet = server.memory()?;
    for separator in [r#"{"":0},"#, "[],", "0,"] {
        let values = separator.repeat((MIB - 100) / separator.len());
        let body = format!(r#"{{"username":["\"\\",{}]}}"#, values.trim_end_matches(','));
        let (mut stream, _) = begin(&server, &format!("content-length: {}", body.len())).await?;
        stream.write_all(body.as_bytes()).await?;
        let refusal = answer(&mut stream).await?;
        ensure!(refusal.starts_with("HTTP/1.1 400"), "{separator}: {refusal}");
    }
    // Brackets and commas in a text are no values.
    let text = json!({"username": ",[{\",".repeat(10_000), "password": "guess"});
    let refused = server.rest()?.post("/auth/login", text).await?;
    ensure!(!refused.envelope.to_string().contains("20000"), "{}", refused.envelope);
    let grown = server.peak_memory()?.saturating_sub(quiet) / MIB as u64;
    ensure!(grown < 24, "bodies of 1 MiB took {grown} MiB");
    Ok(())
}
