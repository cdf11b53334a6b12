//! Somebody of the workload: the calls of a customer or an agent, each written down.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use kefu_proto::contract::methods;
use rand::Rng as _;
use rand::rngs::StdRng;
use serde_json::{Value as Json, json};
use tokio::sync::oneshot;
use tokio::time::timeout;
use tonic::Code;

use super::history::{Action, History, Outcome};
use super::view::id;
use super::wire::{PATIENCE, Shared, Wire, lock};
use crate::Rest;
use crate::grpc::{Grpc, bearer};
use crate::tenant::PASSWORD;

/// Sessions that may be named with a resume (realtime.md).
const MAX_CURSORS: usize = 200;

/// Where the server listens in this cycle.
#[derive(Debug, Clone)]
pub(super) struct Site {
    pub(super) http: String,
    pub(super) rest: Rest,
    pub(super) grpc: Grpc,
}

/// By which way a message goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Surface {
    Rest,
    Grpc,
    Socket,
}

/// A message of a client, kept until it is accepted.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    pub(super) session: i64,
    pub(super) id: String,
    pub(super) content: String,
}

/// A frame that waits for its answer.
pub(super) struct Waiting {
    call: u64,
    connection: String,
    answered: Option<oneshot::Receiver<Outcome>>,
}

/// Somebody.
pub(super) struct Client {
    pub(super) name: String,
    pub(super) history: Arc<History>,
    pub(super) rng: StdRng,
    pub(super) token: String,
    pub(super) refresh: Option<String>,
    pub(super) view: Shared,
    pub(super) wire: Option<Wire>,
    /// What was not acknowledged.
    pub(super) unsent: Vec<Draft>,
    /// What was, with its id, for repetitions and recalls.
    pub(super) said: Vec<(Draft, i64)>,
    /// The name with which a staff user logs in.
    pub(super) username: Option<String>,
    /// Stands in every text.
    pub(super) tenant: String,
    count: u64,
}

impl Client {
    pub(super) fn new(name: &str, tenant: &str, rest: &Rest, rng: StdRng, history: &Arc<History>) -> Self {
        Self {
            name: name.to_owned(),
            history: history.clone(),
            rng,
            token: rest.token.clone().unwrap_or_default(),
            refresh: rest.refresh_token.clone(),
            view: Shared::default(),
            wire: None,
            unsent: Vec::new(),
            said: Vec::new(),
            username: None,
            tenant: tenant.to_owned(),
            count: 0,
        }
    }

    /// A new text.
    pub(super) fn text(&mut self) -> String {
        self.count += 1;
        let tail: String = (0..self.rng.random_range(0..30)).map(|_| self.rng.random_range('一'..='龥')).collect();
        format!("{} {} 第{}句 \"{tail}\"\\ 😀", self.tenant, self.name, self.count)
    }

    /// A new message.
    pub(super) fn draft(&mut self, session: i64) -> Draft {
        let content = self.text();
        Draft { session, id: format!("{}-{}", self.name.replace('/', "_"), self.count), content }
    }

    /// Which way this time.
    pub(super) fn surface(&mut self) -> Surface {
        let surfaces = [Surface::Rest, Surface::Grpc, Surface::Socket, Surface::Socket];
        let chosen = surfaces[self.rng.random_range(0..surfaces.len())];
        if self.wire.as_ref().is_none_or(Wire::is_closed) && chosen == Surface::Socket { Surface::Rest } else { chosen }
    }

    /// A REST call, written down.
    pub(super) async fn call(
        &self,
        site: &Site,
        (verb, path, body): (&str, &str, Option<Json>),
        action: Action,
    ) -> Outcome {
        let call = self.history.invoke(&self.name, "rest", action);
        let outcome = ask(&site.rest.with_token(&self.token), verb, path, body).await;
        self.history.answer(&self.name, "rest", call, outcome.clone());
        outcome
    }

    /// Sends a message by some way.
    pub(super) async fn send(&mut self, site: &Site, draft: &Draft, surface: Surface) -> Outcome {
        match surface {
            Surface::Rest => self.send_by_rest(site, draft).await,
            Surface::Grpc => self.send_by_grpc(site, draft).await,
            Surface::Socket => {
                let mut answers = self.send_by_socket(std::slice::from_ref(draft)).await;
                answers.pop().unwrap_or(Outcome::Unknown { why: "no socket".into() })
            }
        }
    }

    pub(super) async fn send_by_rest(&self, site: &Site, draft: &Draft) -> Outcome {
        let path = format!("/sessions/{}/messages", draft.session);
        let body = json!({"clientMsgId": draft.id, "content": draft.content});
        self.call(site, ("POST", &path, Some(body)), draft.action()).await
    }

    pub(super) async fn send_by_grpc(&self, site: &Site, draft: &Draft) -> Outcome {
        let call = self.history.invoke(&self.name, "grpc", draft.action());
        let outcome = match timeout(PATIENCE, ask_grpc(site, &self.token, draft)).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(error)) => Outcome::Unknown { why: format!("{error:#}") },
            Err(_) => Outcome::Unknown { why: "no answer in time".into() },
        };
        self.history.answer(&self.name, "grpc", call, outcome.clone());
        outcome
    }

    /// Sends messages one behind the other, without waiting for answers in between.
    pub(super) async fn send_by_socket(&mut self, drafts: &[Draft]) -> Vec<Outcome> {
        let waiting = self.begin_by_socket(drafts).await;
        self.await_socket(waiting).await
    }

    /// Writes the frames.
    pub(super) async fn begin_by_socket(&mut self, drafts: &[Draft]) -> Vec<Waiting> {
        let Some(wire) = &mut self.wire else { return Vec::new() };
        let mut waiting = Vec::new();
        for draft in drafts {
            let call = self.history.invoke(&self.name, &wire.name, draft.action());
            let answered = lock(&self.view).expect(&draft.id, call);
            let data = json!({"sessionId": draft.session.to_string(), "clientMsgId": draft.id,
                              "content": draft.content});
            let sent = !wire.is_closed() && wire.send("message", data).await.is_ok();
            waiting.push(Waiting { call, connection: wire.name.clone(), answered: sent.then_some(answered) });
        }
        waiting
    }

    /// Waits for the answers to frames.
    pub(super) async fn await_socket(&self, waiting: Vec<Waiting>) -> Vec<Outcome> {
        let mut outcomes = Vec::new();
        for Waiting { call, connection, answered } in waiting {
            let answer = match answered {
                Some(answered) => timeout(PATIENCE, answered).await.ok().and_then(Result::ok),
                None => None,
            };
            outcomes.push(answer.unwrap_or_else(|| {
                let outcome = Outcome::Unknown { why: "the socket ended".into() };
                self.history.answer(&self.name, &connection, call, outcome.clone());
                outcome
            }));
        }
        outcomes
    }

    /// Keeps what has to be sent again, and what was accepted.
    pub(super) fn keep(&mut self, draft: Draft, outcome: &Outcome) {
        match outcome {
            Outcome::Done { .. } => {
                let message = outcome.stored().map_or(0, |(id, ..)| id);
                self.said.push((draft, message));
            }
            // To be sent again later: too many at once.
            Outcome::Refused { status, .. } if *status != 429 => {}
            _ => self.unsent.push(draft),
        }
    }

    /// Connects and resumes where the view ends.
    pub(super) async fn connect(&mut self, site: &Site, sessions: &[i64]) -> Result<()> {
        if let Some(wire) = self.wire.take() {
            wire.cut();
        }
        let mut wire = Wire::connect(&site.http, &self.name, &self.history, &self.view).await?;
        let (epoch, cursors) = {
            let view = lock(&self.view);
            let mut cursors: BTreeMap<i64, u64> = sessions.iter().map(|id| (*id, view.upto(*id))).collect();
            // The oldest are over.
            while cursors.len() > MAX_CURSORS {
                cursors.pop_first();
            }
            (view.epoch.clone(), cursors)
        };
        wire.log_in(&self.token, &epoch, &cursors).await?;
        self.wire = Some(wire);
        Ok(())
    }

    /// Reads the history of a session from where the view ends.
    pub(super) async fn page(&self, site: &Site, session: i64) {
        for _ in 0..100 {
            let after = lock(&self.view).upto(session);
            let path = format!("/sessions/{session}/messages?afterSeq={after}&fromStart=true&size=100");
            let outcome = self.call(site, ("GET", &path, None), Action::Page { session, after }).await;
            let Outcome::Done { text } = outcome else {
                if matches!(outcome, Outcome::Refused { .. }) {
                    lock(&self.view).caught_up(session);
                }
                return;
            };
            let page: Json = serde_json::from_str(&text).unwrap_or_default();
            let mut view = lock(&self.view);
            for message in page["data"]["list"].as_array().into_iter().flatten() {
                view.add(session, message["seq"].as_u64().unwrap_or_default());
            }
            if page["data"]["more"] != true {
                view.caught_up(session);
                return;
            }
        }
    }

    /// A session as it stands.
    pub(super) async fn look(&self, site: &Site, session: i64) -> Option<Json> {
        let path = format!("/sessions/{session}");
        match self.call(site, ("GET", &path, None), Action::Look { session }).await {
            Outcome::Done { text } => serde_json::from_str::<Json>(&text).ok().map(|mut answer| answer["data"].take()),
            _ => None,
        }
    }

    /// A new token, of which the socket is told too: customers have a refresh token, agents log in anew.
    pub(super) async fn renew(&mut self, site: &Site) {
        let (path, body) = match (&self.username, &self.refresh) {
            (Some(name), _) => {
                ("/auth/login", json!({"tenantCode": self.tenant, "username": name, "password": PASSWORD}))
            }
            (None, Some(refresh)) => ("/auth/refresh", json!({"refreshToken": refresh})),
            (None, None) => return,
        };
        let call = self.history.invoke(&self.name, "rest", Action::Renew);
        let outcome = ask(&site.rest.anonymous(), "POST", path, Some(body)).await;
        // Tokens do not go into a file.
        let told = match &outcome {
            Outcome::Done { .. } => Outcome::Done { text: String::new() },
            other => other.clone(),
        };
        self.history.answer(&self.name, "rest", call, told);
        match outcome {
            Outcome::Done { text } => {
                let answer: Json = serde_json::from_str(&text).unwrap_or_default();
                let token = |name: &str| answer["data"][name].as_str().map(str::to_owned);
                self.token = token("accessToken").unwrap_or_default();
                self.refresh = token("refreshToken");
            }
            // A refresh token whose answer was lost may be repeated for ten seconds only; later it would end the login.
            Outcome::Refused { .. } | Outcome::Unknown { .. } => self.refresh = None,
        }
        if let Some(wire) = self.wire.as_mut().filter(|wire| !wire.is_closed()) {
            // A socket that ends meanwhile is opened again with the new token.
            drop(wire.renew(&self.token).await);
        }
    }
}

impl Draft {
    /// As it stands in the history.
    pub(super) fn action(&self) -> Action {
        Action::Send { session: self.session, client_msg_id: self.id.clone(), content: self.content.clone() }
    }
}

/// A REST call and what came of it.
pub(super) async fn ask(rest: &Rest, verb: &str, path: &str, body: Option<Json>) -> Outcome {
    match timeout(PATIENCE, rest.call(verb, path, body)).await {
        Ok(Ok(answer)) => match answer.status {
            200 => Outcome::Done { text: answer.envelope.to_string() },
            status @ 400..=499 => Outcome::Refused { status, text: answer.envelope.to_string() },
            status => Outcome::Unknown { why: format!("{status} {}", answer.envelope) },
        },
        Ok(Err(error)) => Outcome::Unknown { why: format!("{error:#}") },
        Err(_) => Outcome::Unknown { why: "no answer in time".into() },
    }
}

async fn ask_grpc(site: &Site, token: &str, draft: &Draft) -> Result<Outcome> {
    let method = methods().get("/kefu.session.v1.SessionService/SendMessage").context("no SendMessage")?;
    let request = json!({"id": draft.session.to_string(), "clientMsgId": draft.id, "content": draft.content});
    Ok(match site.grpc.call(method, &request, bearer(Some(token))?).await? {
        Ok(answer) => Outcome::Done { text: answer.to_string() },
        Err(status) => {
            let text = format!("{:?} {}", status.code(), status.message());
            match status.code() {
                Code::InvalidArgument | Code::FailedPrecondition | Code::Aborted | Code::AlreadyExists => {
                    Outcome::Refused { status: 409, text }
                }
                Code::Unauthenticated => Outcome::Refused { status: 401, text },
                Code::PermissionDenied => Outcome::Refused { status: 403, text },
                Code::NotFound => Outcome::Refused { status: 404, text },
                Code::ResourceExhausted => Outcome::Refused { status: 429, text },
                _ => Outcome::Unknown { why: text },
            }
        }
    })
}

/// The id of a session in an answer.
pub(super) fn session_of(outcome: &Outcome) -> Option<i64> {
    let Outcome::Done { text } = outcome else { return None };
    id(&serde_json::from_str::<Json>(text).ok()?["data"]["id"])
}
