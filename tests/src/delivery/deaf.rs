//! Clients that log in and do not read: what the server keeps for each of them is bounded. One of them reads in the
//! end, and nothing may be missing.

use std::time::Duration;

use anyhow::{Result, ensure};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::json;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;

use super::client::{Client, Draft, Site};
use super::history::Event;
use super::view::id;
use super::wire::{Stream, dial};
use crate::Server;

/// Connections that do not read.
const CONNECTIONS: usize = 16;
/// Long messages, and the characters of each.
const MESSAGES: usize = 250;
const CHARACTERS: usize = 3900;
/// A frame has the text twice, and each character is three bytes.
const BYTES: usize = MESSAGES * CHARACTERS * 6;
/// After such a pause nothing more is on its way to somebody who reads.
const PAUSE: Duration = Duration::from_secs(2);
/// Messages that are sent to show somebody who has got less than all that something is missing.
const REMINDERS: usize = 3;
/// What the system may keep for a client; the rest has to stay with the server.
const ROOM: u32 = 4096;

/// Opens such connections for somebody, sends much into the session, and looks at the server's memory.
pub(super) async fn listen_not(client: &mut Client, session: i64, server: &Server, site: &Site) -> Result<()> {
    let mut deaf = Vec::new();
    for _ in 0..CONNECTIONS {
        let mut socket = dial(&site.http, Some(ROOM)).await?;
        let auth = json!({"type": "auth", "data": {"token": client.token}});
        socket.send(Message::text(auth.to_string())).await?;
        let answer = socket.next().await.transpose()?;
        ensure!(answer.is_some_and(|answer| answer.to_string().contains("auth_ok")), "not logged in");
        deaf.push(socket);
    }
    let late = deaf.pop();
    let before = server.memory()?;
    let drafts: Vec<Draft> = (0..MESSAGES)
        .map(|_| {
            let mut draft = client.draft(session);
            draft.content.extend(std::iter::repeat_n('长', CHARACTERS));
            draft.content = draft.content.chars().take(CHARACTERS).collect();
            draft
        })
        .collect();
    let quick = &*client;
    let outcomes: Vec<_> = futures_util::stream::iter(drafts.iter().map(|draft| quick.send_by_rest(site, draft)))
        .buffered(8)
        .collect()
        .await;
    let after = server.memory()?;
    let told = Event::Memory { connections: deaf.len() as u64 + 1, sent: BYTES as u64, before, after };
    client.history.note("server", "", told);
    for (draft, outcome) in drafts.into_iter().zip(outcomes) {
        client.keep(draft, &outcome);
    }
    if let Some(late) = late {
        read_late(client, session, site, late).await;
    }
    drop(deaf);
    Ok(())
}

/// Reads what has waited, until the newest message comes.
async fn read_late(client: &mut Client, session: i64, site: &Site, mut socket: Stream) {
    let connection = client.history.connection("ws");
    client.history.note(&client.name, &connection, Event::Opened { cursors: Vec::new() });
    let mut newest = client.said.last().map_or(0, |(_, message)| *message);
    let mut reminders = 0;
    loop {
        match timeout(PAUSE, socket.next()).await {
            Ok(Some(Ok(Message::Text(text)))) => {
                client.history.note(&client.name, &connection, Event::Received { text: text.to_string() });
                let frame: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
                if id(&frame["data"]["messageId"]).is_some_and(|message| message >= newest) {
                    break;
                }
            }
            Ok(Some(Ok(_))) => {}
            // The server gives up who has not read for too long.
            Ok(_) => return,
            Err(_) if reminders < REMINDERS => {
                reminders += 1;
                let draft = client.draft(session);
                let outcome = client.send_by_rest(site, &draft).await;
                client.keep(draft, &outcome);
                newest = newest.max(client.said.last().map_or(0, |(_, message)| *message));
            }
            Err(_) => break,
        }
    }
    client.history.note(&client.name, &connection, Event::Cut);
}
