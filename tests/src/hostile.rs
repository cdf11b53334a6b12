//! Hostile clients: what they send, and what a server has to make of it. `docs/hostile.md` says what is asserted.

mod attack;
mod control;
mod frames;
mod fuzz;
mod http;
mod line;
mod odd;
mod reply;
pub mod tally;

use std::fmt::{Display, Formatter, Result as Written, Write as _};
use std::path::PathBuf;
use std::process::Command;
use std::str::FromStr;
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail, ensure};
use futures_util::future::join_all;
use tokio::runtime::{Builder, Runtime};

use self::attack::Attack;
use self::control::{Control, percentile};
use self::fuzz::Fuzzer;
use self::tally::Tally;
use crate::objects::Objects;
use crate::{Database, Options, Server, database};

/// How much slower the control client may become.
const MOST_SLOWER: f64 = 2.0;
/// How long the control client is measured alone; a tenth of it when the attacks come all at once.
const QUIET: Duration = Duration::from_secs(30);

/// A kind of fuzzing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// HTTP.
    Requests,
    /// The WebSocket.
    Frames,
    /// gRPC.
    Calls,
}

impl Display for Lane {
    fn fmt(&self, f: &mut Formatter<'_>) -> Written {
        f.write_str(match self {
            Self::Requests => "request",
            Self::Frames => "visit",
            Self::Calls => "call",
        })
    }
}

/// One thing to send again, as `request:17`.
#[derive(Debug, Clone, Copy)]
pub struct Only {
    lane: Lane,
    number: u64,
}

impl FromStr for Only {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let (lane, number) = text.split_once(':').context("write it as request:17, visit:17 or call:17")?;
        let known = [Lane::Requests, Lane::Frames, Lane::Calls].into_iter().find(|known| known.to_string() == lane);
        Ok(Self { lane: known.with_context(|| format!("no lane {lane}"))?, number: number.parse()? })
    }
}

/// What is sent.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Everything that is chosen comes from it.
    pub seed: u64,
    /// Frames of the WebSocket.
    pub frames: u64,
    /// Requests of HTTP.
    pub requests: u64,
    /// Calls of gRPC.
    pub calls: u64,
    /// Connections at once of an attack.
    pub connections: usize,
    /// Only this one, instead of everything else.
    pub only: Option<Only>,
    /// Where what fails is written.
    pub folder: PathBuf,
    /// Whether the attacks come all at once rather than one after the other, with a figure for each.
    pub at_once: bool,
    /// Whether a slower control client is a failure.
    pub judges_speed: bool,
}

/// What came of it.
#[derive(Debug)]
pub struct Report {
    /// Counts and findings.
    pub tally: Tally,
    figures: String,
}

impl Report {
    /// Fails if anything was found.
    ///
    /// # Errors
    /// Something was.
    pub fn holds(&self) -> Result<()> {
        if self.tally.is_clean() { Ok(()) } else { bail!("{self}") }
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut Formatter<'_>) -> Written {
        write!(f, "{}{}", self.figures, self.tally)
    }
}

/// Starts a server, attacks it as planned, and looks at what has become of it and of its other clients.
///
/// # Errors
/// The server does not start, or is gone; everything else is in the report.
pub fn run(plan: &Plan) -> Result<Report> {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let settings = vec![
        ("KEFU_HTTP_TRUSTED_PROXIES", "127.0.0.1".to_owned()),
        ("KEFU_REALTIME_SENDS_PER_SECOND", "1000".to_owned()),
        ("KEFU_AUTH_CODES_PER_ADDRESS", "1000000".to_owned()),
    ];
    let server = runtime.block_on(Server::start(Options { database: Database::Sqlite, settings }))?;
    let tally = Tally::new(plan.seed, plan.folder.clone(), server.log_path());
    let figures = Round::run(&runtime, &server, plan, &tally).with_context(|| tally.to_string())?;
    Ok(Report { tally, figures })
}

/// One run.
struct Round<'a> {
    server: &'a Server,
    plan: &'a Plan,
    tally: &'a Tally,
    fuzzer: Fuzzer<'a>,
    control: Control,
    untouched: database::Snapshot,
    memory: u64,
    figures: String,
}

impl<'a> Round<'a> {
    /// Runs it; gives the figures.
    fn run(runtime: &Runtime, server: &'a Server, plan: &'a Plan, tally: &'a Tally) -> Result<String> {
        let mut round = runtime.block_on(Self::begin(server, plan, tally))?;
        match plan.only {
            Some(Only { lane, number }) => {
                runtime.block_on(round.fuzzer.run(lane, number..number + 1, tally))?;
            }
            None => round.fight(runtime).with_context(|| round.figures.clone())?,
        }
        runtime.block_on(round.end())?;
        Ok(round.figures)
    }

    async fn begin(server: &'a Server, plan: &'a Plan, tally: &'a Tally) -> Result<Self> {
        let (ground, victim) = (Objects::make(server).await?, Objects::make(server).await?);
        let control = Control::begin(server).await?;
        let untouched = server.inspect().await?.settled(&victim.tenant.id).await?;
        let fuzzer = Fuzzer { server, ground, victim, seed: plan.seed };
        Ok(Self { server, plan, tally, fuzzer, control, untouched, memory: server.memory()?, figures: String::new() })
    }

    /// The control client alone, then under each attack, then under the fuzzers.
    fn fight(&mut self, runtime: &Runtime) -> Result<()> {
        let begin = Instant::now();
        let (quiet, attacks) = match self.plan.at_once {
            true => (QUIET / 10, vec![Attack::ALL.to_vec()]),
            false => (QUIET, Attack::ALL.iter().map(|attack| vec![*attack]).collect()),
        };
        let quiet = runtime.block_on(self.control.measure(|| begin.elapsed() > quiet))?;
        self.memory = self.server.memory()?;
        self.tell("quiet", &quiet)?;
        let mut attacked = Vec::new();
        for attacks in attacks {
            let times = self.attack(runtime, &attacks)?;
            if let [attack] = attacks.as_slice() {
                self.tell(&format!("{attack:?}"), &times)?;
            }
            attacked.extend(times);
        }
        attacked.sort_unstable();
        self.tell("all attacks", &attacked)?;
        let slower = percentile(&attacked, 99).as_secs_f64() / percentile(&quiet, 99).as_secs_f64();
        writeln!(self.figures, "the control client's p99 under attack is {slower:.2} times its quiet one")?;
        if self.plan.judges_speed && slower >= MOST_SLOWER {
            self.tally.note(&format!("the control client's p99 is {slower:.2} times its quiet one"));
        }
        self.fuzz(runtime)
    }

    /// Some attacks together: how the control client fares meanwhile.
    fn attack(&mut self, runtime: &Runtime, attacks: &[Attack]) -> Result<Vec<Duration>> {
        let (server, ground, size) = (self.server, &self.fuzzer.ground, self.plan.connections);
        let work = async || Ok(join_all(attacks.iter().map(|attack| attack.run(server, ground, size))).await);
        let (came, times) = beside(runtime, &mut self.control, work)?;
        for (attack, came) in attacks.iter().zip(came?) {
            if let Err(error) = came {
                self.tally.note(&format!("{attack:?}: {error:#}"));
            }
        }
        Ok(times)
    }

    fn fuzz(&mut self, runtime: &Runtime) -> Result<()> {
        let Plan { frames, requests, calls, .. } = *self.plan;
        let (fuzzer, tally) = (&mut self.fuzzer, self.tally);
        let begin = Instant::now();
        let work = async || {
            fuzzer.run(Lane::Requests, 0..requests, tally).await?;
            fuzzer.run(Lane::Calls, 0..calls, tally).await?;
            fuzzer.frames(frames, tally).await
        };
        let (came, times) = beside(runtime, &mut self.control, work)?;
        let sent = came?;
        let took = begin.elapsed().as_secs();
        writeln!(self.figures, "sent {requests} requests, {calls} calls and {sent} frames in {took} s")?;
        self.tell("fuzzers", &times)
    }

    fn tell(&mut self, when: &str, times: &[Duration]) -> Result<()> {
        let (p50, p99) = (percentile(times, 50), percentile(times, 99));
        let (now, peak) = (self.server.memory()? >> 20, self.server.peak_memory()? >> 20);
        let count = times.len();
        let line =
            format!("{when:>12}: {count:>6} messages, p50 {p50:>8.1?}, p99 {p99:>8.1?}; {now} MiB, peak {peak} MiB");
        Ok(writeln!(self.figures, "{line}")?)
    }

    /// What has become of the server, of those who were not to be touched, and of the control client.
    async fn end(&mut self) -> Result<()> {
        let Self { server, tally, .. } = self;
        let grown = server.peak_memory().context("the server is gone")?.saturating_sub(self.memory);
        let most = most_memory(self.plan.connections as u64)?;
        writeln!(self.figures, "the server's memory grew by {} MiB at most; {} are allowed", grown >> 20, most >> 20)?;
        if grown > most {
            tally.note(&format!("memory grew by {} MiB, more than {}", grown >> 20, most >> 20));
        }
        if self.control.refused > 0 {
            tally.note(&format!("the control client was told {} times to come back later", self.control.refused));
        }
        for alarm in tally.alarms() {
            tally.note(&format!("the server's log: {alarm}"));
        }
        let now = server.inspect().await?.settled(&self.fuzzer.victim.tenant.id).await?;
        let changed = database::changes(&self.untouched, &now);
        if !changed.is_empty() {
            tally.note(&format!("rows were changed by nobody: {changed:#?}"));
        }
        self.control.exchange().await?;
        self.control.is_whole().await?;
        let ready = server.rest()?.probe("/readyz").await?;
        ensure!(ready.status == 200, "not ready afterwards: {}", ready.envelope);
        Ok(())
    }
}

/// The most that an attack with so many connections can add to the memory of a server that has been used already, by the
/// server's limits: `docs/hostile.md` says where each comes from.
fn most_memory(connections: u64) -> Result<u64> {
    const KIB: u64 = 1 << 10;
    const MIB: u64 = 1 << 20;
    let trees = available_parallelism()?.get() as u64 * 16 * MIB;
    let each = connections * 128 * KIB;
    let outboxes = connections.div_ceil(20) * 2 * MIB;
    let streams = connections.div_ceil(40) * 100 * 64 * KIB;
    Ok(64 * MIB + trees + each + outboxes + streams + 32 * MIB)
}

/// Runs an attack on a thread of its own, behind everybody else, while the control client goes on.
fn beside<T: Send>(
    runtime: &Runtime,
    control: &mut Control,
    work: impl AsyncFnOnce() -> Result<T> + Send,
) -> Result<(Result<T>, Vec<Duration>)> {
    std::thread::scope(|scope| {
        let attackers = scope.spawn(|| {
            step_back()?;
            Builder::new_current_thread().enable_all().build()?.block_on(work())
        });
        let times = runtime.block_on(control.measure(|| attackers.is_finished()));
        let came = attackers.join().map_err(|_| anyhow!("an attacker panicked"))?;
        Ok((came, times?))
    })
}

/// Lets everybody else go first: the attackers' own work is not to be what slows the control client.
fn step_back() -> Result<()> {
    let thread = std::fs::read_link("/proc/thread-self")?;
    let thread = thread.file_name().and_then(|name| name.to_str()).context("no thread")?.to_owned();
    let done = Command::new("renice").args(["-n", "5", "-p", &thread]).output()?;
    ensure!(done.status.success(), "renice: {}", String::from_utf8_lossy(&done.stderr));
    Ok(())
}
