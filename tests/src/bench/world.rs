//! The people of the bench, made through the public API: pairs of a customer and an agent, each with one session.

use std::collections::HashMap;

use anyhow::{Context, Result, ensure};
use futures_util::{StreamExt as _, TryStreamExt as _};
use serde_json::json;

use super::crowd::User;
use crate::{Customer, Options, Server, Staff, Tenant};

/// Pairs in one tenant, and one team.
const PAIRS_PER_TENANT: usize = 100;
/// Calls at a time.
const CALLS: usize = 16;

/// The settings under which a server is measured: durable, everything on, and no limit of how much one person sends.
pub(super) fn options(database: crate::Database) -> Options {
    let settings = [
        ("KEFU_AUTH_CODES_PER_ADDRESS", "1000000"),
        ("KEFU_AUTH_ACCESS_MINUTES", "10080"),
        ("KEFU_REALTIME_SENDS_PER_SECOND", "1000000"),
        ("KEFU_REALTIME_FRAMES_PER_MINUTE", "100000000"),
        ("KEFU_LOG_FILTER", "warn"),
    ];
    Options { database, settings: settings.map(|(name, value)| (name, value.to_owned())).to_vec() }
}

/// A customer, and the agent who serves it.
#[derive(Debug)]
pub(super) struct Pair {
    pub(super) customer: Customer,
    pub(super) agent: Staff,
}

/// Makes so many pairs.
pub(super) async fn pairs(server: &Server, count: usize) -> Result<Vec<Pair>> {
    let mut pairs = Vec::new();
    while pairs.len() < count {
        let here = PAIRS_PER_TENANT.min(count - pairs.len());
        pairs.extend(pairs_of_tenant(server, here).await?);
    }
    Ok(pairs)
}

async fn pairs_of_tenant(server: &Server, count: usize) -> Result<Vec<Pair>> {
    let tenant = tenant(server).await?;
    let agents = agents(&tenant, count, 1).await?;
    let team = tenant.team(&agents.iter().collect::<Vec<_>>()).await?;
    all(agents.iter().map(async |agent| agent.set_status("ONLINE").await)).await?;
    let customers = all((0..count).map(async |_| tenant.customer(&team).await)).await?;
    let mut agents: HashMap<String, Staff> = agents.into_iter().map(|agent| (agent.id.clone(), agent)).collect();
    let mut pairs = Vec::new();
    for customer in customers {
        let session = customer.rest.get(&format!("/sessions/{}", customer.session)).await?;
        let agent = session.text("agentId")?;
        let agent = agents.remove(&agent).with_context(|| format!("agent {agent} serves two, or nobody"))?;
        pairs.push(Pair { customer, agent });
    }
    ensure!(agents.is_empty(), "agents without a customer");
    Ok(pairs)
}

/// Makes so many customers who are served, by agents who are not connected.
pub(super) async fn served(server: &Server, count: usize) -> Result<Vec<Customer>> {
    let mut served = Vec::new();
    while served.len() < count {
        let here = PAIRS_PER_TENANT.min(count - served.len());
        let tenant = tenant(server).await?;
        let agents = agents(&tenant, 1, 100).await?;
        let team = tenant.team(&agents.iter().collect::<Vec<_>>()).await?;
        all(agents.iter().map(async |agent| agent.set_status("ONLINE").await)).await?;
        served.extend(all((0..here).map(async |_| tenant.customer(&team).await)).await?);
    }
    Ok(served)
}

/// A tenant in which nothing happens because of the time alone.
pub(super) async fn tenant(server: &Server) -> Result<Tenant<'_>> {
    let tenant = server.tenant().await?;
    let rules = json!({
        "graceSeconds": 3600, "customerIdleMinutes": 0, "replyReminderMinutes": 0, "replyReassignMinutes": 0,
        "queueLimit": 0,
    });
    tenant.admin.rest.call("PATCH", "/settings/assignment", Some(rules)).await?.data()?;
    Ok(tenant)
}

/// Agents who take so many sessions each.
pub(super) async fn agents(tenant: &Tenant<'_>, count: usize, sessions: u32) -> Result<Vec<Staff>> {
    all((0..count).map(async |_| {
        let agent = tenant.agent().await?;
        let limit = json!({"maxSessions": sessions});
        tenant.admin.rest.call("PATCH", &format!("/users/{}", agent.id), Some(limit)).await?.data()?;
        anyhow::Ok(agent)
    }))
    .await
}

/// Runs all, some at a time, in order.
pub(super) async fn all<T>(calls: impl Iterator<Item = impl Future<Output = Result<T>>>) -> Result<Vec<T>> {
    futures_util::stream::iter(calls).buffered(CALLS).try_collect().await
}

/// The users of Kefu: customer, agent, customer, agent, and so on.
pub(super) fn users(pairs: &[Pair]) -> Result<Vec<User>> {
    let mut users = Vec::new();
    for Pair { customer, agent } in pairs {
        for token in [&customer.rest.token, &agent.rest.token] {
            let auth = json!({"type": "auth", "data": {"token": token.as_ref().context("no token")?}}).to_string();
            users.push(User { auth, session: customer.session.clone(), peer: users.len() ^ 1 });
        }
    }
    Ok(users)
}

/// The same number of users of a bare server, which knows them by their numbers.
pub(super) fn strangers(count: usize) -> Vec<User> {
    let user = |index: usize| User {
        auth: json!({"type": "auth", "data": {"token": index.to_string()}}).to_string(),
        session: (index / 2 + 1).to_string(),
        peer: index ^ 1,
    };
    (0..count).map(user).collect()
}
