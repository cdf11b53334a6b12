//! The queue: many wait, an agent's place becomes free, and the next one is assigned and pushed to the agent.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde_json::json;
use tokio::time::timeout;

use super::crowd::{Crowd, Due, User};
use super::load::Percentiles;
use super::table::{Side, Table, Unit};
use super::{Plan, note, world};
use crate::{Server, Socket, Staff, Tenant};

/// Agents who have a place for one session each.
const AGENTS: usize = 10;
/// Of those who wait, so many look at their place in the queue. More cannot register within a minute.
const WATCHING: usize = 250;
/// How long an agent talks before it closes the session.
const TALK: Duration = Duration::from_millis(250);

/// An agent at work.
struct Desk {
    agent: Staff,
    socket: Socket,
    /// The session it serves, and whose it is.
    serves: (String, String),
    /// All sessions it has had.
    had: HashSet<String>,
}

/// Measures Kefu; nothing bare has a queue.
pub(super) async fn measure(plan: &Plan, table: &mut Table) -> Result<()> {
    let mut server = Server::start(world::options(plan.database)).await?;
    server.hide_log();
    note(&format!("queue: making {} customers who wait", plan.waiting));
    let tenant = world::tenant(&server).await?;
    let agents = world::agents(&tenant, AGENTS.min(plan.waiting), 1).await?;
    let team = tenant.team(&agents.iter().collect::<Vec<_>>()).await?;
    let watching = world::all((0..plan.waiting.min(WATCHING)).map(async |_| tenant.customer(&team).await)).await?;
    world::all((watching.len()..plan.waiting + agents.len()).map(async |number| {
        let phone = format!("138{number:08}");
        let body = json!({"name": "王医生", "phone": phone, "institution": "朝阳区疾控中心"});
        let customer = tenant.admin.rest.post("/customers", body).await?.text("id")?;
        wait_again(&tenant, &team, &customer).await
    }))
    .await?;
    let token =
        |customer: &crate::Customer| json!({"type": "auth", "data": {"token": customer.rest.token}}).to_string();
    let user = |customer| User { auth: token(customer), session: String::new(), peer: 0 };
    let users: Vec<User> = watching.iter().map(user).collect();
    let crowd = Crowd::connect(server.http.parse()?, &users, "", Due::Echo).await?;
    let mut desks = Vec::new();
    for agent in agents {
        desks.push(Desk::open(&server, agent).await?);
    }
    for number in 1..=plan.runs {
        note(&format!("queue: run {number} of {}", plan.runs));
        let until = Instant::now() + Duration::from_secs(plan.effort.seconds.into());
        let (tenant, team) = (&tenant, &team);
        let working = desks.iter_mut().map(async |desk| desk.work(tenant, team, until).await);
        let times: Vec<Vec<u64>> = futures_util::future::try_join_all(working).await?;
        let times: Vec<u64> = times.into_iter().flatten().collect();
        let name = |what: &str| format!("queue, {} waiting: {what}", plan.waiting);
        table.add(&name("assigned"), Unit::PerSecond, Side::Kefu, times.len() as f64 / f64::from(plan.effort.seconds));
        let percentiles = Percentiles::of(times);
        table.add(&name("place free to pushed, p50"), Unit::Millis, Side::Kefu, percentiles.p50);
        table.add(&name("place free to pushed, p99"), Unit::Millis, Side::Kefu, percentiles.p99);
        crowd.sound()?;
    }
    Ok(())
}

/// A customer comes (back) into the queue.
async fn wait_again(tenant: &Tenant<'_>, team: &str, customer: &str) -> Result<()> {
    let body = json!({"teamId": team, "customerId": customer});
    tenant.admin.rest.post("/sessions", body).await?.data()?;
    Ok(())
}

impl Desk {
    async fn open(server: &Server, agent: Staff) -> Result<Self> {
        let (mut socket, _) = Socket::open(server, agent.rest.token.as_deref()).await?;
        agent.set_status("ONLINE").await?;
        let serves = given(&mut socket, &agent.id, &HashSet::new()).await?;
        Ok(Self { agent, socket, had: HashSet::from([serves.0.clone()]), serves })
    }

    /// Closes one session after another; gives how long it took each time until the next was there.
    async fn work(&mut self, tenant: &Tenant<'_>, team: &str, until: Instant) -> Result<Vec<u64>> {
        let mut times = Vec::new();
        // Not all at the same time.
        self.talk(TALK.mul_f64(rand::random())).await?;
        while Instant::now() < until {
            let (session, customer) = self.serves.clone();
            let asked = Instant::now();
            let path = format!("/sessions/{session}/close");
            let closing = self.agent.rest.put(&path, json!({}));
            let (closed, next) = tokio::join!(closing, async {
                let next = given(&mut self.socket, &self.agent.id, &self.had).await?;
                anyhow::Ok((next, asked.elapsed()))
            });
            closed?.data()?;
            let (next, took) = next?;
            self.had.insert(next.0.clone());
            self.serves = next;
            times.push(u64::try_from(took.as_nanos())?);
            wait_again(tenant, team, &customer).await?;
            self.talk(TALK).await?;
        }
        Ok(times)
    }

    /// Lets time pass, and reads what comes meanwhile, as any client does.
    async fn talk(&mut self, time: Duration) -> Result<()> {
        if let Ok(ended) = timeout(time, self.socket.expect_frame("nothing", |_| false)).await {
            ended?;
        }
        self.socket.forget();
        Ok(())
    }
}

/// Waits until the agent is told of a session that it serves, another than it has had.
async fn given(socket: &mut Socket, agent: &str, had: &HashSet<String>) -> Result<(String, String)> {
    let mine = |data: &serde_json::Value| {
        let is_new = data["id"].as_str().is_some_and(|id| !had.contains(id));
        is_new && data["agentId"] == agent && data["status"] == "ACTIVE"
    };
    let session = socket.expect_where("session_update", mine).await?;
    let text = |name: &str| session[name].as_str().map(str::to_owned).with_context(|| format!("no {name}: {session}"));
    Ok((text("id")?, text("customerId")?))
}
