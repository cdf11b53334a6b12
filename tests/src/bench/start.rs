//! Starting: how long until a server is ready, with nothing and with much stored, and what it holds when idle.

use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::time::sleep;

use super::crowd::{Crowd, Due};
use super::load;
use super::process::Process;
use super::reference::Reference;
use super::table::{Side, Table, Unit};
use super::{Plan, note, world};
use crate::Server;

/// How long a server has to come to rest before its memory is looked at.
const REST: Duration = Duration::from_secs(3);
/// Pairs who fill the database.
const PAIRS: usize = 50;

/// Measures Kefu, and a bare server of HTTP.
pub(super) async fn measure(plan: &Plan, table: &mut Table) -> Result<()> {
    for number in 1..=plan.runs {
        note(&format!("start: run {number} of {}", plan.runs));
        let started = Instant::now();
        let mut server = Server::start(world::options(plan.database)).await?;
        server.hide_log();
        let mut took = |name: &str, started: Instant, side| {
            table.add(name, Unit::Millis, side, started.elapsed().as_secs_f64() * 1e3);
        };
        took("start: first, the database is made", started, Side::Kefu);
        server.stop().await?;
        let started = Instant::now();
        server.start_again().await?;
        took("start: nothing stored", started, Side::Kefu);
        let folder = plan.folder(&format!("start-{number}"))?;
        let started = Instant::now();
        let hello = Reference::start(&["axum", "--dir", &folder.display().to_string()].map(str::to_owned))?;
        took("start: nothing stored", started, Side::Transport);
        sleep(REST).await;
        for (side, process) in [(Side::Kefu, Process(server.pid()?)), (Side::Transport, hello.process())] {
            let memory = process.memory()? as f64 / f64::from(1 << 20);
            table.add("start: idle memory", Unit::Mebibytes, side, memory);
        }
    }
    if plan.stored > 0 { with_messages(plan, table).await } else { Ok(()) }
}

/// The same with many messages, which were sent as any others are.
async fn with_messages(plan: &Plan, table: &mut Table) -> Result<()> {
    let mut server = Server::start(world::options(plan.database)).await?;
    server.hide_log();
    note(&format!("start: storing {} messages", plan.stored));
    let pairs = world::pairs(&server, PAIRS.min(plan.users / 2)).await?;
    let crowd =
        Crowd::connect(server.http.parse()?, &world::users(&pairs)?, super::messages::CONTENT, Due::Delivery).await?;
    load::fill(&crowd, plan.effort, plan.stored).await?;
    drop(crowd);
    for number in 1..=plan.runs {
        note(&format!("start: with messages, run {number} of {}", plan.runs));
        server.stop().await?;
        let started = Instant::now();
        server.start_again().await?;
        let name = format!("start: {} messages stored", plan.stored);
        table.add(&name, Unit::Millis, Side::Kefu, started.elapsed().as_secs_f64() * 1e3);
        let started = Instant::now();
        server.crash_and_restart().await?;
        let name = format!("start: {} messages stored, after kill -9", plan.stored);
        table.add(&name, Unit::Millis, Side::Kefu, started.elapsed().as_secs_f64() * 1e3);
    }
    sleep(REST).await;
    let memory = Process(server.pid()?).memory()? as f64 / f64::from(1 << 20);
    let name = format!("start: idle memory, {} messages stored", plan.stored);
    table.add(&name, Unit::Mebibytes, Side::Kefu, memory);
    Ok(())
}
