//! A client that does nothing wrong: it has to be served whatever others do.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value as Json, json};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::{Instant, interval, sleep, sleep_until, timeout};

use super::frames::text_frame;
use super::line::{Heard, Line};
use crate::{Customer, Server, Staff};

/// How long a message may take before it counts as lost.
const PATIENCE: Duration = Duration::from_secs(20);
/// The time from one message to the next.
const PACE: Duration = Duration::from_millis(15);

/// A customer who writes by REST, and an agent who hears it on a socket.
pub(super) struct Control {
    customer: Customer,
    _agent: Staff,
    heard: UnboundedReceiver<String>,
    sent: u64,
    /// How often it was told to come back later.
    pub(super) refused: u64,
}

impl Control {
    pub(super) async fn begin(server: &Server) -> Result<Self> {
        let tenant = server.tenant().await?;
        let agent = tenant.agent().await?;
        let team = tenant.team(&[&agent]).await?;
        let line = Line::log_in(&server.http, agent.rest.token.as_deref().context("no token")?, None).await?;
        let line = line.context("the control client was too slow to log in")?;
        agent.set_status("ONLINE").await?;
        let (tell, heard) = unbounded_channel();
        // It ends with the runtime, or when nobody wants to hear it.
        drop(tokio::spawn(listen(line, tell)));
        let customer = tenant.customer(&team).await?;
        Ok(Self { customer, _agent: agent, heard, sent: 0, refused: 0 })
    }

    /// Writes at a steady pace until `done`: the time from each message to its arrival.
    pub(super) async fn measure(&mut self, done: impl Fn() -> bool) -> Result<Vec<Duration>> {
        let mut times = Vec::new();
        while !done() {
            let due = Instant::now() + PACE;
            times.push(self.exchange().await?);
            sleep_until(due).await;
        }
        times.sort_unstable();
        Ok(times)
    }

    /// One message: accepted, and heard once, in its turn.
    pub(super) async fn exchange(&mut self) -> Result<Duration> {
        let begin = Instant::now();
        let id = format!("control-{}", self.sent);
        self.sent += 1;
        timeout(PATIENCE, self.send(&id)).await.context("no answer to the control client")??;
        let heard = timeout(PATIENCE, self.heard.recv()).await.context("the control client hears nothing")?;
        ensure!(heard.as_deref() == Some(id.as_str()), "the control client sent {id} and heard {heard:?}");
        Ok(begin.elapsed())
    }

    /// Sends a message, again if it is told to.
    async fn send(&mut self, id: &str) -> Result<()> {
        let path = format!("/sessions/{}/messages", self.customer.session);
        loop {
            let answer = self.customer.rest.post(&path, json!({"clientMsgId": id, "content": id})).await?;
            let wait = answer.headers.get("retry-after").and_then(|wait| wait.to_str().ok()?.parse().ok());
            let Some(wait) = wait.filter(|_| answer.status == 503) else { return answer.data().map(drop) };
            self.refused += 1;
            sleep(Duration::from_secs(wait)).await;
        }
    }

    /// Everything that was accepted is in the history, once, in its order.
    pub(super) async fn is_whole(&self) -> Result<()> {
        let (mut after, mut ids) = (0, Vec::new());
        loop {
            let path = format!("/sessions/{}/messages?fromStart=true&afterSeq={after}&size=100", self.customer.session);
            let page = self.customer.rest.get(&path).await?;
            let list = page.data()?["list"].as_array().cloned().unwrap_or_default();
            let Some(last) = list.last() else { break };
            after = last["seq"].as_u64().context("no seq")?;
            ids.extend(list.iter().filter_map(id_of));
        }
        let expected: Vec<String> = (0..self.sent).map(|n| format!("control-{n}")).collect();
        ensure!(ids == expected, "the control client's history holds {} of {} messages", ids.len(), expected.len());
        Ok(())
    }
}

fn id_of(message: &Json) -> Option<String> {
    message["clientMsgId"].as_str().filter(|id| id.starts_with("control-")).map(str::to_owned)
}

/// Passes on what is heard, and pings as a client has to.
async fn listen(mut line: Line, tell: UnboundedSender<String>) -> Result<()> {
    let mut beat = interval(Duration::from_secs(20));
    loop {
        tokio::select! {
            heard = line.next() => {
                let Heard::Text(text) = heard? else { return Ok(()) };
                let frame: Json = serde_json::from_str(&text)?;
                if let Some(id) = Some(&frame["data"]).filter(|_| frame["type"] == "message").and_then(id_of) {
                    tell.send(id)?;
                }
            }
            _ = beat.tick() => drop(line.write(&text_frame(br#"{"type":"ping"}"#)).await),
        }
    }
}

/// The time that so many of a hundred stay below; the times are sorted.
pub(super) fn percentile(times: &[Duration], percent: usize) -> Duration {
    let at = (times.len() * percent / 100).min(times.len().saturating_sub(1));
    times.get(at).copied().unwrap_or_default()
}
