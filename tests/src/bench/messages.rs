//! Messages between users in pairs: Kefu, the same with nothing but WebSocket, JSON and SQLite, and a bare echo.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Result;
use tokio::time::sleep;

use super::crowd::{Crowd, Due, User};
use super::load::{self, Effort, Measured, Parties};
use super::process::Process;
use super::reference::Reference;
use super::table::{Side, Table, Unit};
use super::{Plan, note, world};
use crate::Server;

/// What everybody says: as long as a sentence of a talk with a customer.
pub(super) const CONTENT: &str =
    "您好，我们单位的系统从今天早上开始登录不上，提示网络超时，请帮忙看一下是什么原因，谢谢。";

/// A server that uses less than this in a second has nothing left to do.
const CALM: Duration = Duration::from_millis(50);
/// Seconds to wait for it.
const PATIENCE: u32 = 60;

/// A server with everybody connected.
struct Stage {
    side: Side,
    crowd: Crowd,
    parties: Parties,
}

/// Measures both loads on all three servers, turn by turn: what disturbs the machine disturbs all alike.
pub(super) async fn measure(plan: &Plan, table: &mut Table) -> Result<()> {
    let mut server = Server::start(world::options(plan.database)).await?;
    server.hide_log();
    note(&format!("making {} users", plan.users));
    let pairs = world::pairs(&server, plan.users / 2).await?;
    let kefu = Parties { server: Process(server.pid()?), database: plan.database_process() };
    let kefu = stage(Side::Kefu, server.http.parse()?, &world::users(&pairs)?, Due::Delivery, kefu).await?;
    let size = try_out(&kefu, plan).await?;

    let folder = plan.folder("store")?.display().to_string();
    let (ack, push) = (size.ack_bytes.to_string(), size.push_bytes.to_string());
    let store = ["store", "--dir", &folder, "--ack-bytes", &ack, "--push-bytes", &push].map(str::to_owned);
    let store = Reference::start(&store)?;
    let echo = Reference::start(&["echo".to_owned()])?;
    let strangers = world::strangers(plan.users);
    let alone = |reference: &Reference| Parties { server: reference.process(), database: None };
    let stages = [
        kefu,
        stage(Side::SameWork, store.address, &strangers, Due::Delivery, alone(&store)).await?,
        stage(Side::Transport, echo.address, &strangers, Due::Echo, alone(&echo)).await?,
    ];
    for number in 1..=plan.runs {
        for stage in &stages {
            note(&format!("messages: as much as goes, run {number} of {}, {}", plan.runs, stage.side.name()));
            let measured = load::saturate(&stage.crowd, stage.parties, plan.effort).await?;
            saturation(table, stage.side, &measured);
        }
        for stage in &stages {
            note(&format!("messages: steady, run {number} of {}, {}", plan.runs, stage.side.name()));
            calm(stage.parties.server).await?;
            let measured = load::pace(&stage.crowd, stage.parties, plan.effort).await?;
            steady(table, stage.side, plan.effort, &measured);
        }
    }
    Ok(())
}

/// Waits until a server has done what the load before has left to it: messages are indexed behind.
async fn calm(server: Process) -> Result<()> {
    for _ in 0..PATIENCE {
        let before = server.cpu()?;
        sleep(Duration::from_secs(1)).await;
        if server.cpu()? - before < CALM {
            return Ok(());
        }
    }
    note("the server still works after a minute; the steady load is measured all the same");
    Ok(())
}

async fn stage(side: Side, address: SocketAddr, users: &[User], due: Due, parties: Parties) -> Result<Stage> {
    let crowd = Crowd::connect(address, users, CONTENT, due).await?;
    Ok(Stage { side, crowd, parties })
}

/// A short load to see how large Kefu's frames are; it also warms everything up.
async fn try_out(kefu: &Stage, plan: &Plan) -> Result<Measured> {
    let effort = Effort { warm_up: 0, seconds: 1, ..plan.effort };
    load::saturate(&kefu.crowd, kefu.parties, effort).await
}

fn saturation(table: &mut Table, side: Side, measured: &Measured) {
    let mut add = |name: &str, unit: Unit, value: f64| table.add(&format!("saturation: {name}"), unit, side, value);
    add("messages", Unit::PerSecond, measured.per_second);
    add("server CPU per 1,000 messages", Unit::Millis, measured.server_cpu);
    if let Some(database) = measured.database_cpu {
        add("database CPU per 1,000 messages", Unit::Millis, database);
    }
    add("load client's CPU per 1,000 messages", Unit::Millis, measured.client_cpu);
    add("acknowledged, p50", Unit::Millis, measured.ack.p50);
    add("acknowledged, p99", Unit::Millis, measured.ack.p99);
    add("frame of a push", Unit::Bytes, measured.push_bytes as f64);
}

fn steady(table: &mut Table, side: Side, effort: Effort, measured: &Measured) {
    let mut add = |name: &str, value: f64| table.add(&format!("{}/s: {name}", effort.rate), Unit::Millis, side, value);
    add("acknowledged, p50", measured.ack.p50);
    add("acknowledged, p99", measured.ack.p99);
    if side != Side::Transport {
        add("pushed, p50", measured.push.p50);
        add("pushed, p99", measured.push.p99);
    }
    add("server CPU per 1,000 messages", measured.server_cpu);
    if let Some(database) = measured.database_cpu {
        add("database CPU per 1,000 messages", database);
    }
    add("load client's CPU per 1,000 messages", measured.client_cpu);
    add("load client late, p99", measured.late.p99);
}
