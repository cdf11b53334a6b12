//! Connections that are open and say nothing: what each costs in memory, and what it costs to open them.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::Result;
use serde_json::json;
use tokio::time::sleep;

use super::crowd::{Crowd, Due, User};
use super::process::Process;
use super::reference::Reference;
use super::table::{Side, Table, Unit};
use super::{Plan, note, world};
use crate::{Customer, Server};

/// Customers who connect; with more connections than that, each has several.
const CUSTOMERS: usize = 1000;
/// How long a server has to come to rest before its memory is looked at.
const REST: Duration = Duration::from_secs(2);

/// Measures Kefu and a bare echo in turn, each time in a new process.
pub(super) async fn measure(plan: &Plan, table: &mut Table) -> Result<()> {
    let most = plan.connections.iter().copied().max().unwrap_or(0);
    let mut server = Server::start(world::options(plan.database)).await?;
    server.hide_log();
    note("connections: making customers");
    let customers = world::served(&server, most.min(CUSTOMERS)).await?;
    let known: Vec<User> = customers.iter().cycle().take(most).map(user).collect();
    let strangers = world::strangers(most);
    for number in 1..=plan.runs {
        note(&format!("connections: run {number} of {}, Kefu", plan.runs));
        server.stop().await?;
        server.start_again().await?;
        let address = server.http.parse()?;
        one_run(plan, table, Side::Kefu, address, Process(server.pid()?), &known).await?;
        note(&format!("connections: run {number} of {}, bare", plan.runs));
        let echo = Reference::start(&["echo".to_owned()])?;
        one_run(plan, table, Side::Transport, echo.address, echo.process(), &strangers).await?;
    }
    Ok(())
}

fn user(customer: &Customer) -> User {
    let auth = json!({"type": "auth", "data": {"token": customer.rest.token}}).to_string();
    User { auth, session: customer.session.clone(), peer: 0 }
}

async fn one_run(
    plan: &Plan,
    table: &mut Table,
    side: Side,
    address: SocketAddr,
    server: Process,
    users: &[User],
) -> Result<()> {
    sleep(REST).await;
    let empty = server.memory()?;
    table.add("idle: memory without connections", Unit::Mebibytes, side, empty as f64 / f64::from(1 << 20));
    let (mut crowds, mut open) = (Vec::new(), 0);
    for wanted in plan.connections.iter().copied() {
        let (cpu, started) = (server.cpu()?, Instant::now());
        crowds.push(Crowd::connect(address, &users[open..wanted], "", Due::Echo).await?);
        let (took, cpu) = (started.elapsed().as_secs_f64(), server.cpu()? - cpu);
        let more = (wanted - open) as f64;
        open = wanted;
        sleep(REST).await;
        let each = server.memory()?.saturating_sub(empty) as f64 / 1024.0 / wanted as f64;
        table.add(&format!("{wanted} idle connections: memory each"), Unit::Kibibytes, side, each);
        table.add(&format!("{wanted} connections: opened and known"), Unit::PerSecond, side, more / took);
        table.add(&format!("{wanted} connections: CPU each"), Unit::Millis, side, cpu.as_secs_f64() * 1e3 / more);
    }
    let cpu = server.cpu()?;
    sleep(REST).await;
    let idle = (server.cpu()? - cpu).as_secs_f64() * 1e3 / REST.as_secs_f64();
    table.add(&format!("{open} idle connections: CPU a second"), Unit::Millis, side, idle);
    crowds.iter().try_for_each(Crowd::sound)
}
