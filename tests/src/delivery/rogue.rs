//! Somebody in each tenant who tries what is forbidden, and somebody who leaves: nothing may come of it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use rand::Rng as _;
use rand::seq::{IndexedRandom as _, SliceRandom as _};
use serde_json::json;
use tokio::sync::watch;

use super::client::{Client, Draft, Site, ask};
use super::history::{Action, Outcome};
use super::wire::{Shared, Wire};
use super::world::Board;
use crate::tenant::PASSWORD;
use crate::{Rest, Staff};

/// Types that only the server sends.
const SERVER_ONLY: [&str; 9] = [
    "auth_ok",
    "message_accepted",
    "sync_done",
    "resync",
    "status_update",
    "session_update",
    "notification",
    "error",
    "bye",
];

/// How many things are tried.
const KINDS: u32 = 8;
/// More characters than a message may have.
const TOO_LONG: usize = 4001;

/// A customer of bad intentions, and a user who logs out or is disabled.
pub(super) struct Rogue {
    pub(super) client: Client,
    pub(super) tenant: usize,
    pub(super) session: i64,
    pub(super) leaver: Staff,
    /// Who may do everything, in this tenant.
    pub(super) admin: Client,
}

impl Rogue {
    /// Tries one thing after the other until it is told to stop.
    pub(super) async fn work(mut self, site: Site, board: Arc<Board>, stop: watch::Receiver<bool>) -> Self {
        let mut kinds: Vec<u32> = (0..KINDS).collect();
        kinds.shuffle(&mut self.client.rng);
        for kind in kinds.into_iter().cycle() {
            if *stop.borrow() {
                break;
            }
            // Whatever fails here fails because the server is gone.
            drop(self.attempt(kind, &site, &board).await);
            let pause = Duration::from_millis(self.client.rng.random_range(5..40));
            tokio::time::sleep(pause).await;
        }
        self
    }

    /// Tries each thing once, on a server that nobody kills.
    pub(super) async fn try_all(mut self, site: Site, board: Arc<Board>) -> Result<()> {
        for kind in 0..KINDS {
            self.attempt(kind, &site, &board).await?;
        }
        Ok(())
    }

    async fn attempt(&mut self, kind: u32, site: &Site, board: &Board) -> Result<()> {
        match kind {
            0 => self.without_login(site).await,
            1 => self.without_token(site).await,
            2 => self.elsewhere(site, board).await,
            3 => self.as_administrator(site, board).await,
            4 => self.as_the_server(site).await,
            5 => self.logout(site).await,
            6 => self.too_long(site).await,
            _ => self.disable(site).await,
        }
    }

    fn trespass(&mut self, what: &str, session: i64) -> (Draft, Action) {
        let draft = self.client.draft(session);
        let action = Action::Trespass { what: what.to_owned(), session, content: draft.content.clone() };
        (draft, action)
    }

    /// A frame before the login.
    async fn without_login(&mut self, site: &Site) -> Result<()> {
        let (draft, action) = self.trespass("a frame without a login", self.session);
        let data = json!({"sessionId": draft.session.to_string(), "clientMsgId": draft.id, "content": draft.content});
        self.frame(site, false, "message", data, action).await
    }

    /// A frame that only the server sends.
    async fn as_the_server(&mut self, site: &Site) -> Result<()> {
        let kind = *SERVER_ONLY.choose(&mut self.client.rng).unwrap_or(&"bye");
        let draft = self.client.draft(self.session);
        let data = json!({"sessionId": draft.session.to_string(), "clientMsgId": draft.id, "content": draft.content,
                          "seq": 1_000_000, "messageId": "1"});
        let action = Action::ServerOnly { kind: kind.to_owned(), content: draft.content };
        self.frame(site, true, kind, data, action).await
    }

    /// Sends one frame on a connection of its own, and waits for the close.
    async fn frame(
        &self,
        site: &Site,
        logged_in: bool,
        kind: &str,
        data: serde_json::Value,
        action: Action,
    ) -> Result<()> {
        let client = &self.client;
        let mut wire = Wire::connect(&site.http, &client.name, &client.history, &Shared::default()).await?;
        if logged_in {
            wire.log_in(&client.token, "", &BTreeMap::new()).await?;
        }
        let call = client.history.invoke(&client.name, &wire.name, action);
        let sent = wire.send(kind, data).await;
        let outcome = match (sent, wire.closed().await) {
            (Ok(()), Ok(code @ 4000..)) => Outcome::Refused { status: code, text: String::new() },
            (_, closed) => Outcome::Unknown { why: format!("{closed:?}") },
        };
        client.history.answer(&client.name, &wire.name, call, outcome);
        wire.cut();
        Ok(())
    }

    /// A call without a token.
    async fn without_token(&mut self, site: &Site) -> Result<()> {
        let (draft, action) = self.trespass("a call without a token", self.session);
        let client = &self.client;
        let call = client.history.invoke(&client.name, "rest", action);
        let body = json!({"clientMsgId": draft.id, "content": draft.content});
        let path = format!("/sessions/{}/messages", draft.session);
        let outcome = ask(&site.rest.anonymous(), "POST", &path, Some(body)).await;
        client.history.answer(&client.name, "rest", call, outcome);
        Ok(())
    }

    /// Calls about the session of another tenant, by every way.
    async fn elsewhere(&mut self, site: &Site, board: &Board) -> Result<()> {
        let Some(session) = board.foreign(self.tenant).choose(&mut self.client.rng).copied() else { return Ok(()) };
        let draft = self.client.draft(session);
        match self.client.rng.random_range(0..4) {
            0 => drop(self.client.send_by_rest(site, &draft).await),
            1 => drop(self.client.send_by_grpc(site, &draft).await),
            2 => {
                self.client.connect(site, &[session]).await?;
                self.client.send_by_socket(&[draft]).await;
                if let Some(wire) = self.client.wire.take() {
                    wire.cut();
                }
            }
            _ => {
                let body = json!({"seq": 1, "kind": "READ"});
                let path = format!("/sessions/{session}/ack");
                let action = Action::Ack { session, seq: 1, read: true };
                self.client.call(site, ("POST", &path, Some(body)), action).await;
                self.client.look(site, session).await;
                self.client.page(site, session).await;
            }
        }
        Ok(())
    }

    /// Whoever may see everything in one tenant may see nothing of another.
    async fn as_administrator(&mut self, site: &Site, board: &Board) -> Result<()> {
        let Some(session) = board.foreign(self.tenant).choose(&mut self.client.rng).copied() else { return Ok(()) };
        self.admin.look(site, session).await;
        self.admin.page(site, session).await;
        Ok(())
    }

    /// A message that no way takes.
    async fn too_long(&mut self, site: &Site) -> Result<()> {
        let mut draft = self.client.draft(self.session);
        draft.content.extend(std::iter::repeat_n('长', TOO_LONG));
        match self.client.rng.random_range(0..2) {
            0 => drop(self.client.send_by_rest(site, &draft).await),
            _ => drop(self.client.send_by_grpc(site, &draft).await),
        }
        Ok(())
    }

    /// A second login of the one who leaves, with a socket. The server may have died while this one was disabled.
    async fn second_login(&self, site: &Site) -> Result<(Rest, Wire)> {
        let client = &self.client;
        let admin = site.rest.with_token(&self.admin.token);
        ask(&admin, "PATCH", &self.leaver_path(), Some(json!({"status": "ENABLED"}))).await;
        let mut rest = site.rest.anonymous();
        rest.login(&client.tenant, &self.leaver.username, PASSWORD).await?;
        let name = format!("{}/leaver", client.name);
        let mut wire = Wire::connect(&site.http, &name, &client.history, &Shared::default()).await?;
        wire.log_in(rest.token.as_deref().unwrap_or_default(), "", &BTreeMap::new()).await?;
        Ok((rest, wire))
    }

    fn leaver_path(&self) -> String {
        format!("/users/{}", self.leaver.id)
    }

    async fn leave(&self, how: &str, mut wire: Wire, call: (&Rest, &str, &str, serde_json::Value)) {
        let client = &self.client;
        let action = Action::Leave { how: how.to_owned(), connections: vec![wire.name.clone()] };
        let number = client.history.invoke(&client.name, "rest", action);
        let (rest, verb, path, body) = call;
        let outcome = ask(rest, verb, path, Some(body)).await;
        client.history.answer(&client.name, "rest", number, outcome);
        // The reader notes the close.
        drop(wire.closed().await);
        wire.cut();
    }

    async fn logout(&self, site: &Site) -> Result<()> {
        let (rest, wire) = self.second_login(site).await?;
        self.leave("logout", wire, (&rest, "POST", "/auth/logout", json!({}))).await;
        Ok(())
    }

    async fn disable(&self, site: &Site) -> Result<()> {
        let admin = site.rest.with_token(&self.admin.token);
        let (_, wire) = self.second_login(site).await?;
        self.leave("disable", wire, (&admin, "PATCH", &self.leaver_path(), json!({"status": "DISABLED"}))).await;
        Ok(())
    }
}
