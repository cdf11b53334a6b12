//! What goes wrong around a server: its database, its disk, its configuration, its end.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use kefu_tests::{Answer, Customer, Rest, Server, Staff, Tenant};
use serde_json::{Value as Json, json};

mod database;
mod deadlock;
mod disk;
mod start;
mod stop;

/// A customer who talks, and an agent who listens: what was acknowledged has to be there, once, in its order.
struct Talk {
    /// The administrator, who needs no session to work.
    admin: Rest,
    agent: Staff,
    customer: Customer,
    /// What was acknowledged: its place and its text.
    acknowledged: Vec<(u64, String)>,
}

impl Talk {
    async fn begin(tenant: &Tenant<'_>) -> Result<Self> {
        let admin = tenant.admin.rest.clone();
        // Nobody holds a socket here: being online has to last.
        admin.call("PATCH", "/settings/assignment", Some(json!({"graceSeconds": 3600}))).await?.data()?;
        let agent = tenant.agent().await?;
        let team = tenant.team(&[&agent]).await?;
        agent.set_status("ONLINE").await?;
        let customer = tenant.customer(&team).await?;
        Ok(Self { admin, agent, customer, acknowledged: Vec::new() })
    }

    /// The same people at a server that listens elsewhere now.
    fn at(&mut self, server: &Server) -> Result<()> {
        let moved = |rest: &Rest| -> Result<Rest> {
            let token = rest.token.as_deref().context("not logged in")?;
            Ok(server.rest()?.with_token(token))
        };
        self.admin = moved(&self.admin)?;
        self.agent.rest = moved(&self.agent.rest)?;
        self.customer.rest = moved(&self.customer.rest)?;
        Ok(())
    }

    fn path(&self) -> String {
        format!("/sessions/{}/messages", self.customer.session)
    }

    async fn post(&self, id: &str, content: &str) -> Result<Answer> {
        self.customer.rest.post(&self.path(), json!({"clientMsgId": id, "content": content})).await
    }

    /// Sends a message that has to be accepted.
    async fn say(&mut self, id: &str) -> Result<Answer> {
        let content = format!("消息 {id}");
        let answer = self.post(id, &content).await?;
        self.accepted(&answer, content)?;
        Ok(answer)
    }

    /// Notes an acknowledged message.
    fn accepted(&mut self, answer: &Answer, content: String) -> Result<()> {
        let seq = answer.data()?["message"]["seq"].as_u64().with_context(|| format!("no seq: {}", answer.envelope))?;
        self.acknowledged.push((seq, content));
        Ok(())
    }

    /// The history as the agent reads it.
    async fn history(&self) -> Result<Vec<Json>> {
        let mut found: Vec<Json> = Vec::new();
        loop {
            let after = found.last().map_or(0, |message| message["seq"].as_u64().unwrap_or_default());
            let page = self.agent.rest.get(&format!("{}?afterSeq={after}&size=100", self.path())).await?;
            let list = page.data()?["list"].as_array().cloned().unwrap_or_default();
            if list.is_empty() {
                return Ok(found);
            }
            found.extend(list);
        }
    }

    /// P1, P2, P4: the history is without holes and holds every acknowledged message at its place, once.
    async fn is_whole(&self) -> Result<()> {
        let history = self.history().await?;
        let places: Vec<u64> = history.iter().filter_map(|message| message["seq"].as_u64()).collect();
        let wanted: Vec<u64> = (1..=places.len() as u64).collect();
        ensure!(places == wanted, "holes in the sequence: {places:?}");
        for (seq, content) in &self.acknowledged {
            let copies: Vec<&Json> = history.iter().filter(|message| message["content"] == content.as_str()).collect();
            ensure!(
                copies.len() == 1 && copies[0]["seq"] == *seq,
                "`{}` at {seq}: {copies:?}",
                content.get(..20).unwrap_or(content)
            );
        }
        Ok(())
    }
}

/// An answer that says to come back later.
fn unavailable(answer: &Answer) -> Result<()> {
    answer.refused(503, "UNAVAILABLE")?;
    let wait = answer.headers.get("retry-after").and_then(|wait| wait.to_str().ok()?.parse::<u64>().ok());
    ensure!(wait.is_some_and(|wait| (1..=60).contains(&wait)), "Retry-After: {wait:?}");
    ensure!(answer.envelope["requestId"].is_string() && answer.envelope["data"].is_null(), "{}", answer.envelope);
    Ok(())
}

/// Tries until it works.
async fn until<T>(limit: Duration, attempt: impl AsyncFn() -> Result<T>) -> Result<T> {
    let deadline = Instant::now() + limit;
    loop {
        match attempt().await {
            Ok(done) => return Ok(done),
            Err(error) if Instant::now() > deadline => bail!("not within {limit:?}: {error:#}"),
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}
