//! What customers and agents do: each a task, each decision from the seed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rand::Rng as _;
use rand::seq::IndexedRandom as _;
use serde_json::{Value as Json, json};
use tokio::sync::{mpsc, watch};

use super::client::{Client, Draft, Site, Surface, ask, session_of};
use super::history::{Action, Event, History, Outcome};
use super::view::id;
use super::wire::{Shared, Wire, lock};
use super::world::{Board, items};

/// Somebody with a role.
pub(super) struct Actor {
    pub(super) client: Client,
    pub(super) role: Role,
    pub(super) tenant: usize,
    /// The answer to what opened or took a session was lost.
    pub(super) unsure: bool,
}

/// What somebody is.
pub(super) enum Role {
    Customer {
        session: i64,
        /// Of those without a socket.
        poller: Option<Poller>,
    },
    Agent {
        id: i64,
    },
}

/// The long poll of a client: a chain of calls, each beginning where the one before ended.
#[derive(Debug, Clone)]
pub(super) struct Poller {
    connection: String,
    since: String,
}

impl Poller {
    pub(super) fn new(history: &History) -> Self {
        Self { connection: history.connection("poll"), since: String::new() }
    }

    /// Polls until it is told to stop, or the server is gone.
    async fn run(
        mut self,
        site: Site,
        (actor, token): (String, String),
        history: Arc<History>,
        view: Shared,
        stop: watch::Receiver<bool>,
    ) -> Self {
        let rest = site.rest.with_token(&token);
        while !*stop.borrow() {
            let call = history.invoke(&actor, &self.connection, Action::Poll);
            let outcome = ask(&rest, "GET", &format!("/events?since={}&wait=1", self.since), None).await;
            history.answer(&actor, &self.connection, call, outcome.clone());
            let Outcome::Done { text } = outcome else { break };
            let answer: Json = serde_json::from_str(&text).unwrap_or_default();
            let mut view = lock(&view);
            items(&answer).for_each(|(kind, data)| view.take_in(kind, data));
            self.since = answer["data"]["next"].as_str().unwrap_or_default().to_owned();
        }
        self
    }
}

impl Actor {
    /// Works until it is told to stop, which it is after the server has died.
    pub(super) async fn work(
        mut self,
        site: Site,
        board: Arc<Board>,
        stop: watch::Receiver<bool>,
        up: mpsc::Sender<()>,
    ) -> Self {
        if self.unsure {
            self.look_around(&site, &board).await;
        }
        let polling = self.begin(&site, &board, &stop).await;
        // Everybody has connected when all of these are gone.
        drop(up);
        for draft in std::mem::take(&mut self.client.unsent) {
            let surface = self.client.surface();
            self.deliver(&site, draft, surface).await;
        }
        // The rare and slow first, now and then, or no cycle would be long enough for them.
        match self.client.rng.random_range(0..4) {
            0 => self.move_on(&site, &board).await,
            1 => self.renew(&site).await,
            _ => {}
        }
        while !*stop.borrow() {
            if let Some(behind) = self.behind() {
                self.client.page(&site, behind).await;
            }
            self.step(&site, &board).await;
            let pause = Duration::from_millis(self.client.rng.random_range(1..25));
            tokio::time::sleep(pause).await;
        }
        if let Some(wire) = self.client.wire.take() {
            wire.cut();
        }
        self.end(polling).await;
        self
    }

    fn behind(&self) -> Option<i64> {
        lock(&self.client.view).behind()
    }

    /// The sessions somebody takes part in.
    fn sessions(&self, board: &Board) -> Vec<i64> {
        match &self.role {
            Role::Customer { session, .. } => vec![*session],
            Role::Agent { id } => board.of_agent(*id),
        }
    }

    /// Learns which sessions there are.
    async fn look_around(&mut self, site: &Site, board: &Board) {
        let path = "/sessions?mine=true&status=QUEUED&status=ACTIVE&size=100";
        let Outcome::Done { text } = self.client.call(site, ("GET", path, None), Action::List).await else { return };
        self.unsure = false;
        let answer: Json = serde_json::from_str(&text).unwrap_or_default();
        for found in answer["data"]["list"].as_array().into_iter().flatten() {
            let (Some(open), Some(agent)) = (id(&found["id"]), id(&found["agentId"])) else { continue };
            board.put(open, self.tenant, agent);
            match &mut self.role {
                Role::Customer { session, .. } if *session != open => {
                    *session = open;
                    lock(&self.client.view).must_read(open);
                }
                _ => {}
            }
        }
    }

    /// Listens, by socket or by poll.
    async fn begin(
        &mut self,
        site: &Site,
        board: &Board,
        stop: &watch::Receiver<bool>,
    ) -> Option<tokio::task::JoinHandle<Poller>> {
        if let Role::Customer { poller: Some(poller), .. } = &self.role {
            let who = (self.client.name.clone(), self.client.token.clone());
            let (history, view) = (self.client.history.clone(), self.client.view.clone());
            return Some(tokio::spawn(poller.clone().run(site.clone(), who, history, view, stop.clone())));
        }
        self.connect(site, board).await;
        None
    }

    async fn connect(&mut self, site: &Site, board: &Board) {
        let sessions = self.sessions(board);
        let resumes = !lock(&self.client.view).epoch.is_empty();
        // A server that is gone again is tried in the next cycle.
        let connected = self.client.connect(site, &sessions).await;
        if connected.is_ok() && !resumes {
            sessions.into_iter().for_each(|session| lock(&self.client.view).must_read(session));
        }
    }

    async fn end(&mut self, polling: Option<tokio::task::JoinHandle<Poller>>) {
        if let (Some(polling), Role::Customer { poller, .. }) = (polling, &mut self.role)
            && let Ok(ended) = polling.await
        {
            *poller = Some(ended);
        }
    }

    async fn deliver(&mut self, site: &Site, draft: Draft, surface: Surface) -> Outcome {
        let outcome = self.client.send(site, &draft, surface).await;
        self.client.keep(draft, &outcome);
        outcome
    }

    /// A customer asks something else; an agent hands a session over.
    async fn move_on(&mut self, site: &Site, board: &Board) {
        let sessions = self.sessions(board);
        let Some(session) = sessions.choose(&mut self.client.rng).copied() else { return };
        match self.role {
            Role::Customer { .. } => self.ask_anew(site, board, session).await,
            Role::Agent { id } => self.hand_over(site, board, session, id).await,
        }
    }

    async fn step(&mut self, site: &Site, board: &Board) {
        let sessions = self.sessions(board);
        let Some(session) = sessions.choose(&mut self.client.rng).copied() else { return };
        let chance = self.client.rng.random_range(0..100);
        match (chance, &self.role) {
            (32..40, Role::Agent { .. }) => self.move_on(site, board).await,
            (0..40, _) => self.say(site, board, session).await,
            (40..52, _) => self.burst(site, session).await,
            (52..61, _) => self.twins(site, session).await,
            (61..70, _) => self.repeat(site).await,
            (70..78, _) => self.ack(site, session).await,
            (78..81, _) => drop(self.client.look(site, session).await),
            (81..84, _) => self.client.page(site, session).await,
            (84..88, _) => self.renew(site).await,
            (88..91, _) => self.recall(site).await,
            (91..95, _) if self.client.wire.is_some() => self.connect(site, board).await,
            _ => self.move_on(site, board).await,
        }
    }

    async fn say(&mut self, site: &Site, board: &Board, session: i64) {
        let (draft, surface) = (self.client.draft(session), self.client.surface());
        let outcome = self.deliver(site, draft, surface).await;
        if let (Outcome::Refused { status: 409, .. }, Role::Customer { .. }) = (outcome, &self.role) {
            self.open(site, board).await;
        }
    }

    /// Several messages, one right behind the other.
    async fn burst(&mut self, site: &Site, session: i64) {
        let drafts: Vec<Draft> = (0..3).map(|_| self.client.draft(session)).collect();
        if self.client.wire.as_ref().is_none_or(Wire::is_closed) {
            for draft in drafts {
                self.deliver(site, draft, Surface::Rest).await;
            }
            return;
        }
        let outcomes = self.client.send_by_socket(&drafts).await;
        for (draft, outcome) in drafts.into_iter().zip(outcomes) {
            self.client.keep(draft, &outcome);
        }
    }

    /// The same message by several ways at once.
    async fn twins(&mut self, site: &Site, session: i64) {
        let draft = self.client.draft(session);
        let frames = self.client.begin_by_socket(&[draft.clone(), draft.clone()]).await;
        let by_rest = self.client.send_by_rest(site, &draft);
        let by_grpc = self.client.send_by_grpc(site, &draft);
        let again = self.client.send_by_rest(site, &draft);
        let (frames, one, two, three) = tokio::join!(self.client.await_socket(frames), by_rest, by_grpc, again);
        let outcomes = frames.into_iter().chain([one, two, three]);
        let accepted = outcomes.reduce(|a, b| if is_done(&a) { a } else { b });
        self.client.keep(draft, &accepted.unwrap_or(Outcome::Unknown { why: String::new() }));
    }

    /// What was accepted once more, perhaps by another way, perhaps with other words.
    async fn repeat(&mut self, site: &Site) {
        let said = self.client.said.choose(&mut self.client.rng);
        if let Some(draft) = said.map(|(draft, _)| draft.clone()) {
            self.say_again(site, draft).await;
        }
    }

    async fn say_again(&mut self, site: &Site, mut draft: Draft) {
        if self.client.rng.random_bool(0.5) {
            draft.content = self.client.text();
        }
        let surface = self.client.surface();
        self.client.send(site, &draft, surface).await;
    }

    /// Takes back what was said last, and says something else: it gets a place of its own.
    async fn recall(&mut self, site: &Site) {
        let said = self.client.said.last();
        let Some((session, message)) = said.map(|(draft, message)| (draft.session, *message)) else { return };
        let path = format!("/sessions/{session}/messages/{message}/recall");
        let action = Action::Recall { session, message };
        self.client.call(site, ("POST", &path, Some(json!({}))), action).await;
        let (draft, surface) = (self.client.draft(session), self.client.surface());
        self.deliver(site, draft, surface).await;
    }

    /// A new token or login, under which a message that is known stays known: the newest, as its session is open.
    async fn renew(&mut self, site: &Site) {
        self.client.renew(site).await;
        if let Some(draft) = self.client.said.last().map(|(draft, _)| draft.clone()) {
            self.say_again(site, draft).await;
        }
    }

    async fn ack(&mut self, site: &Site, session: i64) {
        let upto = lock(&self.client.view).upto(session);
        let seq = self.client.rng.random_range(0..=upto);
        let read = self.client.rng.random_bool(0.5);
        let action = Action::Ack { session, seq, read };
        let kind = if read { "read" } else { "delivered" };
        if let Some(wire) = self.client.wire.as_mut().filter(|wire| !wire.is_closed())
            && self.client.rng.random_bool(0.6)
        {
            self.client.history.invoke(&self.client.name, &wire.name, action);
            let data = json!({"sessionId": session.to_string(), "seq": seq, "kind": kind});
            // It has no answer; a lost one costs nothing.
            drop(wire.send("message_ack", data).await);
            return;
        }
        let body = json!({"seq": seq, "kind": kind.to_uppercase()});
        self.client.call(site, ("POST", &format!("/sessions/{session}/ack"), Some(body)), action).await;
    }

    /// A customer ends the session, speaks into it all the same, and asks something else.
    async fn ask_anew(&mut self, site: &Site, board: &Board, session: i64) {
        let path = format!("/sessions/{session}/close");
        let closed = self.client.call(site, ("PUT", &path, Some(json!({}))), Action::Close { session }).await;
        if !is_done(&closed) {
            self.unsure = true;
            return;
        }
        board.remove(session);
        let (late, surface) = (self.client.draft(session), self.client.surface());
        self.client.send(site, &late, surface).await;
        self.open(site, board).await;
    }

    /// A customer asks, in the session that is open or a new one.
    pub(super) async fn open(&mut self, site: &Site, board: &Board) -> Option<i64> {
        let question = self.client.text();
        let body = json!({"question": question});
        let action = Action::Open { question: question.clone() };
        let opened = session_of(&self.client.call(site, ("POST", "/sessions", Some(body)), action).await);
        self.unsure = opened.is_none();
        let opened = opened?;
        let Role::Customer { session, .. } = &mut self.role else { return None };
        *session = opened;
        self.client.history.note(&self.client.name, "", Event::Session { session: opened, question });
        lock(&self.client.view).must_read(opened);
        let seen = self.client.look(site, opened).await.unwrap_or_default();
        board.put(opened, self.tenant, id(&seen["agentId"]).unwrap_or_default());
        Some(opened)
    }

    /// An agent hands a session to another, who takes it.
    pub(super) async fn hand_over(&mut self, site: &Site, board: &Board, session: i64, me: i64) {
        let peers = board.peers(self.tenant, me);
        let Some(peer) = peers.choose(&mut self.client.rng) else { return };
        let body = json!({"agentId": peer.id.to_string(), "reason": "换班"});
        let path = format!("/sessions/{session}/transfer");
        let asked = self.client.call(site, ("POST", &path, Some(body)), Action::Transfer { session }).await;
        // Refused: it may have been asked for before the server died.
        if matches!(asked, Outcome::Unknown { .. }) {
            self.unsure = true;
            return;
        }
        let history = &self.client.history;
        let call = history.invoke(&peer.name, "rest", Action::Accept { session });
        let rest = site.rest.with_token(&peer.token);
        let accepted = ask(&rest, "POST", &format!("{path}/accept"), Some(json!({}))).await;
        history.answer(&peer.name, "rest", call, accepted.clone());
        self.unsure = !is_done(&accepted);
        if is_done(&accepted) {
            board.put(session, self.tenant, peer.id);
        }
    }

    /// Sends what is left until all of it is answered, and goes on listening.
    pub(super) async fn finish(mut self, site: Site, board: Arc<Board>, stop: watch::Receiver<bool>) -> Listening {
        self.look_around(&site, &board).await;
        let polling = self.begin(&site, &board, &stop).await;
        if let Role::Customer { session, .. } = self.role {
            self.say(&site, &board, session).await;
        }
        // Here nobody dies in the middle of it.
        if self.client.rng.random_bool(0.5) {
            self.move_on(&site, &board).await;
        }
        let deadline = Instant::now() + Duration::from_secs(30);
        while let Some(draft) = self.client.unsent.pop() {
            self.deliver(&site, draft, Surface::Rest).await;
            if Instant::now() > deadline {
                break;
            }
        }
        Listening { actor: self, polling, site, board }
    }
}

/// Somebody who only listens any more.
pub(super) struct Listening {
    actor: Actor,
    polling: Option<tokio::task::JoinHandle<Poller>>,
    site: Site,
    board: Arc<Board>,
}

impl Listening {
    /// Listens until everything that is known to exist has come, for five seconds at most; what has not come then
    /// is the judge's to find.
    pub(super) async fn catch_up(mut self) -> Self {
        let deadline = Instant::now() + Duration::from_secs(5);
        let client = &self.actor.client;
        for session in self.actor.sessions(&self.board) {
            while Instant::now() < deadline {
                if let Some(behind) = self.actor.behind() {
                    client.page(&self.site, behind).await;
                }
                let last = client.look(&self.site, session).await.and_then(|seen| seen["lastSeq"].as_u64());
                if last.is_some_and(|last| lock(&client.view).upto(session) >= last) {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
        while let Some(behind) = self.actor.behind().filter(|_| Instant::now() < deadline) {
            client.page(&self.site, behind).await;
        }
        if let Some(wire) = self.actor.client.wire.take() {
            wire.cut();
        }
        self
    }

    /// Ends the poll, which has been told to stop.
    pub(super) async fn end(mut self) {
        self.actor.end(self.polling.take()).await;
    }
}

/// Whether it worked.
pub(super) fn is_done(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Done { .. })
}
