//! A socket of the workload: every frame goes to the history, and answers to whoever waits for them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value as Json, json};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use super::history::{Event, History, Outcome};
use super::view::View;

/// How long an answer may take before the client gives up.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// A WebSocket.
pub(super) type Stream = WebSocketStream<TcpStream>;

/// A view that the reader shares with its client.
pub(super) type Shared = Arc<Mutex<View>>;

/// Locks a view.
pub(super) fn lock(view: &Shared) -> MutexGuard<'_, View> {
    view.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A connection and the task that reads it.
pub(super) struct Wire {
    /// Its name in the history.
    pub(super) name: String,
    actor: String,
    history: Arc<History>,
    sink: SplitSink<Stream, Message>,
    reader: JoinHandle<()>,
    logins: watch::Receiver<u32>,
    ended: watch::Receiver<Option<u16>>,
}

impl Wire {
    /// Connects without a first frame.
    pub(super) async fn connect(address: &str, actor: &str, history: &Arc<History>, view: &Shared) -> Result<Self> {
        let stream = tokio::time::timeout(PATIENCE, dial(address, None)).await??;
        let (sink, source) = stream.split();
        let name = history.connection("ws");
        let (logged_in, logins) = watch::channel(0);
        let (ending, ended) = watch::channel(None);
        let reading = Reading {
            actor: actor.to_owned(),
            connection: name.clone(),
            history: history.clone(),
            view: view.clone(),
            logged_in,
        };
        let reader = tokio::spawn(async move {
            let code = reading.run(source).await;
            ending.send_replace(Some(code));
        });
        Ok(Self { name, actor: actor.to_owned(), history: history.clone(), sink, reader, logins, ended })
    }

    /// Logs in, and asks for what came after the cursors.
    pub(super) async fn log_in(&mut self, token: &str, epoch: &str, cursors: &BTreeMap<i64, u64>) -> Result<()> {
        let mut data = json!({"token": token});
        if !epoch.is_empty() {
            let cursors: BTreeMap<String, u64> = cursors.iter().map(|(id, seq)| (id.to_string(), *seq)).collect();
            data["resume"] = json!({"epoch": epoch, "cursors": cursors});
        }
        // Without an epoch the cursors are not told.
        let told = cursors.iter().filter(|_| !epoch.is_empty()).map(|(session, seq)| (*session, *seq)).collect();
        self.history.note(&self.actor, &self.name, Event::Opened { cursors: told });
        self.authenticate(data).await
    }

    /// Logs in again on the same connection.
    pub(super) async fn renew(&mut self, token: &str) -> Result<()> {
        self.authenticate(json!({"token": token})).await
    }

    async fn authenticate(&mut self, data: Json) -> Result<()> {
        let before = *self.logins.borrow();
        self.send("auth", data).await?;
        tokio::time::timeout(PATIENCE, self.logins.wait_for(|count| *count > before)).await??;
        Ok(())
    }

    /// Sends a frame.
    pub(super) async fn send(&mut self, kind: &str, data: Json) -> Result<()> {
        let text = json!({"type": kind, "data": data}).to_string();
        Ok(tokio::time::timeout(PATIENCE, self.sink.send(Message::text(text))).await??)
    }

    /// Waits until the server has ended the connection; 0 without a code.
    pub(super) async fn closed(&mut self) -> Result<u16> {
        let ended = tokio::time::timeout(PATIENCE, self.ended.wait_for(Option::is_some)).await??;
        Ok(ended.unwrap_or_default())
    }

    /// Whether the connection has ended.
    pub(super) fn is_closed(&self) -> bool {
        self.ended.borrow().is_some()
    }

    /// Ends the connection as a broken line does.
    pub(super) fn cut(self) {
        if !self.is_closed() {
            self.history.note(&self.actor, &self.name, Event::Cut);
        }
        self.reader.abort();
    }
}

/// Opens a WebSocket; `room` bounds what the system keeps of what is not read.
pub(super) async fn dial(address: &str, room: Option<u32>) -> Result<Stream> {
    let socket = TcpSocket::new_v4()?;
    if let Some(room) = room {
        socket.set_recv_buffer_size(room)?;
    }
    let stream = socket.connect(address.parse().context("an address")?).await?;
    stream.set_nodelay(true)?;
    let request = format!("ws://{address}/ws").into_client_request()?;
    Ok(client_async_with_config(request, stream, None).await?.0)
}

/// The reader's side.
struct Reading {
    actor: String,
    connection: String,
    history: Arc<History>,
    view: Shared,
    logged_in: watch::Sender<u32>,
}

impl Reading {
    async fn run(self, mut source: SplitStream<Stream>) -> u16 {
        let code = loop {
            match source.next().await {
                Some(Ok(Message::Text(text))) => {
                    self.history.note(&self.actor, &self.connection, Event::Received { text: text.to_string() });
                    if self.take(&text).is_err() {
                        break None;
                    }
                }
                Some(Ok(Message::Close(frame))) => break frame.map(|frame| u16::from(frame.code)),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => break None,
            }
        };
        self.history.note(&self.actor, &self.connection, Event::Closed { code });
        lock(&self.view).forget_pending();
        code.unwrap_or_default()
    }

    fn take(&self, text: &str) -> Result<()> {
        let frame: Json = serde_json::from_str(text)?;
        let data = &frame["data"];
        let Some(kind) = frame["type"].as_str() else { bail!("a frame without a type") };
        match kind {
            "auth_ok" => {
                lock(&self.view).epoch = data["epoch"].as_str().unwrap_or_default().to_owned();
                self.logged_in.send_modify(|count| *count += 1);
            }
            "message_accepted" => {
                self.answer(&data["clientMsgId"], Outcome::Done { text: data.to_string() });
            }
            "error" if data["fatal"] != true => self.answer(&data["ref"], refusal(data)),
            kind => lock(&self.view).take_in(kind, data),
        }
        Ok(())
    }

    fn answer(&self, reference: &Json, outcome: Outcome) {
        let waiting = reference.as_str().and_then(|id| lock(&self.view).answered(id));
        if let Some((call, answer)) = waiting {
            self.history.answer(&self.actor, &self.connection, call, outcome.clone());
            // Whoever asked may have given up.
            drop(answer.send(outcome));
        }
    }
}

fn refusal(data: &Json) -> Outcome {
    match data["code"].as_u64().and_then(|code| u16::try_from(code).ok()) {
        Some(status @ 400..=499) => Outcome::Refused { status, text: data.to_string() },
        _ => Outcome::Unknown { why: data.to_string() },
    }
}
