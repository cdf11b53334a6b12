//! Bare WebSocket servers: an echo, and one that stores messages in SQLite as durably as Kefu does.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result, bail};
use futures_util::{SinkExt as _, StreamExt as _};
use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sea_orm::sqlx::{self, ConnectOptions as _, Connection as _, QueryBuilder, SqliteConnection};
use serde::Deserialize;
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{self, UnboundedSender};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};
use tokio_tungstenite::{WebSocketStream, accept_async_with_config};

/// Messages in one transaction, as in Kefu.
const GROUP: usize = 256;
/// Messages that may wait.
const WAITING: usize = 16_384;
/// The buffers of a connection, as in Kefu.
const BUFFER: usize = 4 << 10;

#[derive(Deserialize)]
struct Frame {
    #[serde(rename = "type")]
    kind: String,
    data: Data,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Data {
    token: String,
    session_id: String,
    client_msg_id: String,
    content: String,
}

async fn accept(stream: TcpStream) -> Result<WebSocketStream<TcpStream>> {
    stream.set_nodelay(true)?;
    let config = WebSocketConfig::default().read_buffer_size(BUFFER).write_buffer_size(BUFFER);
    Ok(accept_async_with_config(stream, Some(config)).await?)
}

/// The first frame, which is answered: the index of the user.
async fn greet(socket: &mut WebSocketStream<TcpStream>) -> Result<usize> {
    let first = socket.next().await.context("nothing came")??;
    let frame: Frame = serde_json::from_str(first.to_text()?)?;
    let user = frame.data.token.parse()?;
    socket.send(Message::text(json!({"type": "auth_ok", "data": {"userId": frame.data.token}}).to_string())).await?;
    Ok(user)
}

/// Sends back whatever comes.
///
/// # Errors
/// It cannot listen.
pub async fn echo() -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    super::ready(listener.local_addr()?)?;
    loop {
        let (stream, _) = listener.accept().await?;
        tokio::spawn(async move {
            let mut socket = accept(stream).await?;
            greet(&mut socket).await?;
            while let Some(message) = socket.next().await {
                socket.send(message?).await?;
            }
            anyhow::Ok(())
        });
    }
}

/// Those who are connected: users 0 and 1 are a pair, 2 and 3, and so on.
type People = Arc<Mutex<HashMap<usize, UnboundedSender<Utf8Bytes>>>>;

/// A message to store.
struct Item {
    user: usize,
    session: i64,
    id: String,
    content: String,
}

/// How large frames are made, in bytes: as large as Kefu's.
#[derive(Debug, Clone, Copy)]
pub struct Sizes {
    /// The answer to the sender.
    pub ack: usize,
    /// What the peer gets.
    pub push: usize,
}

/// Stores messages: one writer, one transaction for all that wait, then an answer to the sender and a push to its
/// peer.
///
/// # Errors
/// It cannot listen, or the database cannot be made.
pub async fn store(folder: &Path, sizes: Sizes) -> Result<()> {
    let database = database(folder).await?;
    let people = People::default();
    let (sender, receiver) = mpsc::channel(WAITING);
    let writing = tokio::spawn(write(database, receiver, people.clone(), sizes));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    super::ready(listener.local_addr()?)?;
    let accepting = async {
        loop {
            let (stream, _) = listener.accept().await?;
            tokio::spawn(serve(stream, sender.clone(), people.clone()));
        }
    };
    tokio::select! {
        ended = writing => ended?,
        failed = accepting => failed,
    }
}

async fn database(folder: &Path) -> Result<SqliteConnection> {
    let mut database = SqliteConnectOptions::new()
        .filename(folder.join("reference.db"))
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .statement_cache_capacity(GROUP + 8)
        .connect()
        .await?;
    for sql in [
        "CREATE TABLE message (id INTEGER PRIMARY KEY, session_id INTEGER, seq INTEGER, sender_id INTEGER, \
         client_msg_id TEXT, content TEXT, create_time INTEGER)",
        "CREATE UNIQUE INDEX by_seq ON message (session_id, seq)",
        "CREATE UNIQUE INDEX by_id ON message (session_id, sender_id, client_msg_id)",
    ] {
        sqlx::query(sql).execute(&mut database).await?;
    }
    Ok(database)
}

async fn serve(stream: TcpStream, writer: mpsc::Sender<Item>, people: People) -> Result<()> {
    let mut socket = accept(stream).await?;
    let user = greet(&mut socket).await?;
    let (sender, mut outgoing) = mpsc::unbounded_channel();
    people.lock().unwrap_or_else(PoisonError::into_inner).insert(user, sender);
    loop {
        tokio::select! {
            message = socket.next() => {
                let message = message.context("gone")??;
                let Message::Text(text) = message else { continue };
                let Frame { kind, data } = serde_json::from_str(&text)?;
                if kind != "message" {
                    bail!("no {kind} here");
                }
                let session = data.session_id.parse()?;
                writer.send(Item { user, session, id: data.client_msg_id, content: data.content }).await?;
            }
            Some(text) = outgoing.recv() => {
                socket.feed(Message::Text(text)).await?;
                while let Ok(text) = outgoing.try_recv() {
                    socket.feed(Message::Text(text)).await?;
                }
                socket.flush().await?;
            }
        }
    }
}

async fn write(
    mut database: SqliteConnection,
    mut waiting: mpsc::Receiver<Item>,
    people: People,
    sizes: Sizes,
) -> Result<()> {
    let mut heads: HashMap<i64, i64> = HashMap::new();
    let mut group = Vec::with_capacity(GROUP);
    while waiting.recv_many(&mut group, GROUP).await > 0 {
        let time = now();
        let numbered: Vec<(i64, Item)> = group
            .drain(..)
            .map(|item| {
                let head = heads.entry(item.session).or_default();
                *head += 1;
                (*head, item)
            })
            .collect();
        let mut insert =
            QueryBuilder::new("INSERT INTO message (session_id, seq, sender_id, client_msg_id, content, create_time) ");
        insert.push_values(&numbered, |mut row, (seq, item)| {
            row.push_bind(item.session).push_bind(*seq).push_bind(item.user as i64);
            row.push_bind(&item.id).push_bind(&item.content).push_bind(time);
        });
        let mut transaction = database.begin().await?;
        insert.build().execute(&mut *transaction).await?;
        transaction.commit().await?;
        let people = people.lock().unwrap_or_else(PoisonError::into_inner);
        for (seq, item) in numbered {
            let (ack, push) = answers(&item, seq, time, sizes);
            // Whoever is gone meanwhile gets nothing.
            let tell = |user: usize, text: String| people.get(&user).map(|person| person.send(text.into()).is_ok());
            tell(item.user, ack);
            tell(item.user ^ 1, push);
        }
    }
    Ok(())
}

fn answers(item: &Item, seq: i64, time: i64, sizes: Sizes) -> (String, String) {
    let session = item.session.to_string();
    let ack = json!({"type": "message_accepted", "data": {
        "sessionId": session, "clientMsgId": item.id, "seq": seq, "timestamp": time,
    }});
    let push = json!({"type": "message", "data": {
        "sessionId": session, "clientMsgId": item.id, "seq": seq, "timestamp": time,
        "content": item.content, "sender": item.user,
    }});
    (padded(ack, sizes.ack), padded(push, sizes.push))
}

/// A frame with as much padding as makes it as large as Kefu's.
fn padded(mut frame: serde_json::Value, size: usize) -> String {
    let text = frame.to_string();
    // The field's own name and marks.
    let Some(missing) = size.checked_sub(text.len() + 9) else { return text };
    frame["data"]["pad"] = "x".repeat(missing).into();
    frame.to_string()
}

fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
