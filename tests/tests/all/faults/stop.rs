//! A server that is asked to stop: everybody is told, what has begun is finished, and nothing is lost.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use kefu_tests::{Database, Options, Server, Socket};
use reqwest::multipart::{Form, Part};
use reqwest::{Body, Response};
use serde_json::Value as Json;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use super::{Talk, until};

/// An orderly end takes no longer (realtime.md, P16).
const END: Duration = Duration::from_secs(15);

#[tokio::test]
async fn sqlite_stops_in_order() -> Result<()> {
    stops_in_order(Database::Sqlite).await
}

#[tokio::test]
async fn mariadb_stops_in_order() -> Result<()> {
    stops_in_order(Database::Mariadb).await
}

#[tokio::test]
async fn postgres_stops_in_order() -> Result<()> {
    stops_in_order(Database::Postgres).await
}

/// An upload whose content comes piece by piece.
fn upload(talk: &Talk, content: mpsc::Receiver<Result<Vec<u8>, std::io::Error>>) -> tokio::task::JoinHandle<Answered> {
    let part = Part::stream(Body::wrap_stream(ReceiverStream::new(content))).file_name("later.txt");
    let form = Form::new().text("sessionId", talk.customer.session.clone()).part("file", part);
    let request = talk.customer.rest.request("POST", "/files").multipart(form);
    tokio::spawn(request.send())
}

type Answered = Result<Response, reqwest::Error>;

async fn stops_in_order(database: Database) -> Result<()> {
    let settings = vec![("KEFU_REALTIME_SENDS_PER_SECOND", "1000".to_owned())];
    let mut server = Server::start(Options { database, settings }).await?;
    let mut talk = begin(&server).await?;

    // At work: a socket, a long poll, an upload that has come half way, and somebody who sends without a pause.
    let (mut socket, _) = Socket::open(&server, talk.agent.rest.token.as_deref()).await?;
    let cursor = talk.customer.rest.get("/events").await?.text("next")?;
    let waiting = talk.customer.rest.clone();
    let poll = tokio::spawn(async move { waiting.get(&format!("/events?since={cursor}&wait=25")).await });
    let (pieces, content) = mpsc::channel(1);
    let upload = upload(&talk, content);
    pieces.send(Ok(b"half ".to_vec())).await?;
    // The second piece finds room only when the first one is on its way.
    pieces.send(Ok(b"of it, ".to_vec())).await?;
    let poll = in_time(poll, Duration::from_millis(300)).await;
    let poll = poll.err().context("the poll does not wait")?;

    let sending = talk_on(&mut talk);
    let stopping = async {
        let rest = async {
            socket.expect("bye").await?;
            let code = socket.closed().await?;
            ensure!(code == 1012, "the socket closes with {code}");
            poll.await??.data().context("the poll")?;
            pieces.send(Ok(b"and the rest".to_vec())).await?;
            drop(pieces);
            Ok::<Json, anyhow::Error>(upload.await??.error_for_status().context("the upload")?.json().await?)
        };
        let (stopped, rest) = tokio::join!(server.stop(), rest);
        Ok::<_, anyhow::Error>((stopped?, rest?))
    };
    let (unsent, stopped) = tokio::join!(sending, stopping);
    let (((status, took), uploaded), unsent) = (stopped?, unsent?);
    ensure!(status.code() == Some(0) && took < END, "ended with {status} after {took:?}");
    ensure!(talk.acknowledged.len() > 1, "nothing was sent meanwhile");

    server.start_again().await?;
    talk.at(&server)?;
    until(END, async || server.rest()?.probe("/readyz").await?.data().map(drop)).await?;
    talk.is_whole().await?;
    // What was cut off is sent once more, and is there once.
    let answer = talk.post(&unsent, &unsent).await?;
    talk.accepted(&answer, unsent)?;
    talk.is_whole().await?;
    let file = uploaded["data"]["id"].as_str().with_context(|| format!("no file: {uploaded}"))?;
    let path = format!("/files/{file}/content");
    let content = talk.customer.rest.get(&path).await?;
    ensure!(content.envelope == "half of it, and the rest", "{}", content.envelope);
    Ok(())
}

async fn begin(server: &Server) -> Result<Talk> {
    let mut talk = Talk::begin(&server.tenant().await?).await?;
    talk.say("before").await?;
    Ok(talk)
}

/// Waits a little for a task; gives it back if it is not done.
async fn in_time<T>(mut task: tokio::task::JoinHandle<T>, time: Duration) -> Result<(), tokio::task::JoinHandle<T>> {
    match tokio::time::timeout(time, &mut task).await {
        Ok(_) => Ok(()),
        Err(_) => Err(task),
    }
}

/// Sends until nobody listens any more; gives the message that got no answer.
async fn talk_on(talk: &mut Talk) -> Result<String> {
    for n in 0.. {
        let id = format!("meanwhile-{n}");
        match talk.post(&id, &id).await {
            Ok(answer) if answer.status == 200 => talk.accepted(&answer, id)?,
            Ok(answer) => {
                super::unavailable(&answer)?;
                return Ok(id);
            }
            Err(_) => return Ok(id),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(String::new())
}
