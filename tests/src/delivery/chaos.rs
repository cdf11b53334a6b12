//! The run: load, kill -9 at a random moment, start again on the same data, many times; then the database is read.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use kefu_planted::Bug;
use rand::Rng as _;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use super::client::Site;
use super::deaf;
use super::history::{Event, History};
use super::rows::Rows;
use super::workload::{Actor, Role};
use super::world::{Board, World, decisions};
use crate::{Database, Options, Server};

pub use super::world::Size;

/// The name of the history in its folder.
pub const HISTORY: &str = "history.jsonl";
/// The name of the rows.
pub const ROWS: &str = "rows.json";

/// How long everybody has to connect before the load counts.
const CONNECT: Duration = Duration::from_secs(3);

/// After such a time nobody hears of a session who has handed it over.
const SETTLED: Duration = Duration::from_secs(2);

/// What a run is made from.
#[derive(Debug, Clone)]
pub struct Run {
    /// Every decision comes from it.
    pub seed: u64,
    /// How often the server is killed.
    pub cycles: u32,
    /// The kind of database.
    pub database: Database,
    /// How large the workload is.
    pub size: Size,
    /// A bug on purpose.
    pub bug: Option<Bug>,
}

/// Runs; leaves the history and the rows in a folder.
///
/// # Errors
/// The server does not start, or the people cannot be made. What goes wrong with messages is not an error of the run:
/// the judge finds it.
pub async fn run(run: &Run, folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder)?;
    let history = Arc::new(History::create(&folder.join(HISTORY))?);
    let begun = Event::Begun { seed: run.seed, cycles: run.cycles, database: run.database.name().to_owned() };
    history.note("run", "", begun);
    let unlimited = "1000000".to_owned();
    let mut settings = vec![
        ("KEFU_REALTIME_SENDS_PER_SECOND", unlimited.clone()),
        ("KEFU_AUTH_CODES_PER_ADDRESS", unlimited.clone()),
        ("KEFU_AUTH_LOGIN_TRIES", "10000".to_owned()),
        // Not everybody renews, and a run may be long.
        ("KEFU_AUTH_ACCESS_MINUTES", "10000".to_owned()),
    ];
    settings.extend(run.bug.map(|bug| (kefu_planted::VARIABLE, bug.name().to_owned())));
    let mut server = Server::start(Options { database: run.database, settings }).await?;
    let mut world = World::make(&server, run.seed, run.size, &history).await?;
    let mut moments = decisions(run.seed, "moments");
    for _ in 0..run.cycles {
        let load = Duration::from_millis(moments.random_range(300..1000));
        // One server in four dies while its clients connect.
        let connected = moments.random_ratio(3, 4);
        world = cycle(world, &mut server, &history, (load, connected)).await?;
    }
    settle(world, &server, &history).await?;
    history.finish()?;
    Rows::read(&server.inspect().await?).await?.save(&folder.join(ROWS))
}

async fn site(server: &Server) -> Result<Site> {
    Ok(Site { http: server.http.clone(), rest: server.rest()?, grpc: server.grpc().await? })
}

/// Everybody works; the server dies, so long after the beginning or after everybody has connected; everybody stops;
/// the server comes back.
async fn cycle(
    world: World,
    server: &mut Server,
    history: &Arc<History>,
    (load, connected): (Duration, bool),
) -> Result<World> {
    let site = site(server).await?;
    let (stopping, stop) = watch::channel(false);
    let World { actors, rogues, board } = world;
    let (up, mut ups) = mpsc::channel(1);
    let mut working = JoinSet::new();
    for actor in actors {
        working.spawn(actor.work(site.clone(), board.clone(), stop.clone(), up.clone()));
    }
    drop(up);
    let mut trying = JoinSet::new();
    for rogue in rogues {
        trying.spawn(rogue.work(site.clone(), board.clone(), stop.clone()));
    }
    if connected {
        // Who has not connected by then will not soon.
        drop(tokio::time::timeout(CONNECT, ups.recv()).await);
    }
    tokio::time::sleep(load).await;
    history.note("run", "", Event::Killed);
    server.crash();
    stopping.send_replace(true);
    let world = World { actors: working.join_all().await, rogues: trying.join_all().await, board };
    let started = Instant::now();
    server.start_again().await?;
    let micros = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
    history.note("run", "", Event::Ready { micros });
    Ok(world)
}

/// What was not acknowledged is sent once more; then everybody only listens, until all have what there is.
async fn settle(world: World, server: &Server, history: &Arc<History>) -> Result<()> {
    let site = site(server).await?;
    let World { mut actors, rogues, board } = world;
    for rogue in rogues {
        rogue.try_all(site.clone(), board.clone()).await?;
    }
    hand_over_and_talk(&mut actors, server, &site, &board).await?;
    let (stopping, stop) = watch::channel(false);
    let mut finishing = JoinSet::new();
    for actor in actors {
        finishing.spawn(Actor::finish(actor, site.clone(), board.clone(), stop.clone()));
    }
    let listening = finishing.join_all().await;
    history.note("run", "", Event::Quiet);
    let mut catching_up = JoinSet::new();
    for one in listening {
        catching_up.spawn(one.catch_up());
    }
    let done = catching_up.join_all().await;
    stopping.send_replace(true);
    for one in done {
        one.end().await;
    }
    Ok(())
}

/// A session is handed over, and much is said in it while some do not read. Two seconds later the one who had it may
/// hear no more of it.
async fn hand_over_and_talk(actors: &mut [Actor], server: &Server, site: &Site, board: &Board) -> Result<()> {
    let can_listen = |actor: &Actor| matches!(actor.role, Role::Customer { poller: None, .. });
    let talker = actors.iter().position(can_listen).context("nobody to talk")?;
    let session = actors[talker].open(site, board).await.context("no session to talk in")?;
    let mut of_it = actors.iter_mut().filter_map(|actor| match actor.role {
        Role::Agent { id } if board.of_agent(id).contains(&session) => Some((actor, id)),
        _ => None,
    });
    let (agent, id) = of_it.next().context("nobody serves the session")?;
    agent.hand_over(site, board, session, id).await;
    let handed_over = Instant::now();
    deaf::listen_not(&mut actors[talker].client, session, server, site).await?;
    tokio::time::sleep_until((handed_over + SETTLED).into()).await;
    Ok(())
}
