//! What the tests of conversations stand on: a team with its agents, sessions to serve, and conditions to wait for.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use kefu_tests::{Answer, Rest, Server, Socket, Staff, Tenant};
use serde_json::{Value as Json, json};
use tokio::time::Instant;

/// How long a condition may take to come true.
const PATIENCE: Duration = Duration::from_secs(20);

/// A team of agents who are offline, in a tenant of its own.
pub(crate) struct Stage<'s> {
    pub(crate) tenant: Tenant<'s>,
    pub(crate) team: String,
    pub(crate) agents: Vec<Staff>,
}

impl<'s> Stage<'s> {
    /// Makes it; whoever goes online stays there without a socket.
    pub(crate) async fn make(server: &'s Server, agents: usize) -> Result<Self> {
        let tenant = server.tenant().await?;
        let mut people = Vec::new();
        for _ in 0..agents {
            people.push(tenant.agent().await?);
        }
        let team = tenant.team(&people.iter().collect::<Vec<_>>()).await?;
        let stage = Self { tenant, team, agents: people };
        stage.rules(json!({"graceSeconds": 3600})).await?;
        Ok(stage)
    }

    /// The administrator's calls.
    pub(crate) fn admin(&self) -> &Rest {
        &self.tenant.admin.rest
    }

    /// Changes how sessions are assigned.
    pub(crate) async fn rules(&self, change: Json) -> Result<()> {
        self.admin().call("PATCH", "/settings/assignment", Some(change)).await?.data()?;
        Ok(())
    }

    /// Changes how many sessions an agent serves at most.
    pub(crate) async fn limit(&self, agent: &Staff, sessions: u32) -> Result<()> {
        let change = json!({"maxSessions": sessions});
        self.admin().call("PATCH", &format!("/users/{}", agent.id), Some(change)).await?.data()?;
        Ok(())
    }

    /// A session that staff have opened for a new customer; its id.
    pub(crate) async fn session(&self) -> Result<String> {
        let customer = json!({"name": "李医生", "phone": phone()});
        let customer = self.admin().post("/customers", customer).await?.text("id")?;
        let session = json!({"customerId": customer, "teamId": self.team, "question": "打印机连不上"});
        self.admin().post("/sessions", session).await?.text("id")
    }

    /// A session as the administrator sees it.
    pub(crate) async fn look(&self, session: &str) -> Result<Json> {
        Ok(self.admin().get(&format!("/sessions/{session}")).await?.data()?.clone())
    }

    /// Waits until a session is as wanted.
    pub(crate) async fn until(&self, session: &str, wanted: impl Fn(&Json) -> bool) -> Result<Json> {
        eventually(async || {
            let found = self.look(session).await?;
            Ok(if wanted(&found) { Ok(found) } else { Err(found) })
        })
        .await
    }

    /// Closes a session.
    pub(crate) async fn close(&self, session: &str) -> Result<()> {
        self.admin().put(&format!("/sessions/{session}/close"), json!({})).await?.data()?;
        Ok(())
    }

    /// The decisions about a session, oldest first.
    pub(crate) async fn decisions(&self, session: &str) -> Result<Vec<Json>> {
        list(self.admin(), &format!("/sessions/{session}/assignments?size=100")).await
    }

    /// The sessions of a state.
    pub(crate) async fn in_state(&self, status: &str) -> Result<Vec<Json>> {
        list(self.admin(), &format!("/sessions?size=100&status={status}")).await
    }

    /// An agent as the administrator sees it.
    pub(crate) async fn agent(&self, id: &str) -> Result<Json> {
        let agents = list(self.admin(), &format!("/agents?size=100&teamId={}", self.team)).await?;
        agents.into_iter().find(|agent| agent["userId"] == id).with_context(|| format!("no agent {id}"))
    }

    /// Demands that the load of each agent of the team is the number of sessions that are served.
    pub(crate) async fn demand_true_loads(&self) -> Result<()> {
        let active = self.in_state("ACTIVE").await?;
        for agent in list(self.admin(), &format!("/agents?size=100&teamId={}", self.team)).await? {
            let real = active.iter().filter(|session| session["agentId"] == agent["userId"]).count();
            anyhow::ensure!(agent["activeSessions"] == real, "{real} sessions, but {agent}");
        }
        Ok(())
    }
}

/// The `list` of an answer.
pub(crate) async fn list(rest: &Rest, path: &str) -> Result<Vec<Json>> {
    let answer = rest.get(path).await?;
    Ok(answer.data()?["list"].as_array().with_context(|| format!("no list at {path}"))?.clone())
}

/// All messages of a session.
pub(crate) async fn history(rest: &Rest, session: &str) -> Result<Vec<Json>> {
    let mut all = Vec::new();
    loop {
        let after = all.last().map_or(0, |message: &Json| message["seq"].as_i64().unwrap_or_default());
        let path = format!("/sessions/{session}/messages?size=100&fromStart=true&afterSeq={after}");
        let page = list(rest, &path).await?;
        if page.is_empty() {
            return Ok(all);
        }
        all.extend(page);
    }
}

/// Sends a text.
pub(crate) async fn send(rest: &Rest, session: &str, id: &str, content: &str) -> Result<Answer> {
    rest.post(&format!("/sessions/{session}/messages"), json!({"clientMsgId": id, "content": content})).await
}

/// A socket of somebody.
pub(crate) async fn socket(server: &Server, rest: &Rest) -> Result<Socket> {
    Ok(Socket::open(server, rest.token.as_deref()).await?.0)
}

/// A phone number.
pub(crate) fn phone() -> String {
    format!("137{:08}", rand::random::<u32>() % 100_000_000)
}

/// Asks again and again until the answer is `Ok`; the error of the last one is told if it never is.
pub(crate) async fn eventually<T, E: std::fmt::Debug>(mut ask: impl AsyncFnMut() -> Result<Result<T, E>>) -> Result<T> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match ask().await? {
            Ok(found) => return Ok(found),
            Err(other) if Instant::now() >= deadline => bail!("it never became true; in the end: {other:?}"),
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

/// A filled-in form of a new customer, with a code for the phone.
pub(crate) async fn form(tenant: &Tenant<'_>, link: &str, question: &str) -> Result<Json> {
    let phone = phone();
    let code = tenant.code(&phone, "REGISTER", link).await?;
    Ok(json!({"linkToken": link, "name": "王医生", "phone": phone, "code": code, "question": question}))
}
