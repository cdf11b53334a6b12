//! Clients that log in and never read: what the server keeps for each of them is bounded.

use anyhow::{Result, ensure};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use super::client::{Client, Draft, Site};
use super::history::Event;
use super::wire::dial;
use crate::Server;

/// Connections that do not read.
const CONNECTIONS: usize = 16;
/// Long messages, and the characters of each.
const MESSAGES: usize = 250;
const CHARACTERS: usize = 3900;
/// A frame has the text twice, and each character is three bytes.
const BYTES: usize = MESSAGES * CHARACTERS * 6;
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
    let told = Event::Memory { connections: CONNECTIONS as u64, sent: BYTES as u64, before, after };
    client.history.note("server", "", told);
    for (draft, outcome) in drafts.into_iter().zip(outcomes) {
        client.keep(draft, &outcome);
    }
    drop(deaf);
    Ok(())
}
