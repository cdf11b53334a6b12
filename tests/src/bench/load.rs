//! The two loads: as much as goes (closed loop), and so many messages a second (open loop).

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tokio::time::{Instant, sleep};

use super::crowd::Crowd;
use super::process::Process;

/// How long what is under way may take in the end.
const PATIENCE: Duration = Duration::from_secs(30);

/// How a load is made.
#[derive(Debug, Clone, Copy)]
pub struct Effort {
    /// Messages that each user has on the way, in the closed loop.
    pub window: usize,
    /// Seconds before measuring begins.
    pub warm_up: u32,
    /// Seconds that are measured.
    pub seconds: u32,
    /// Messages a second of all users, in the open loop.
    pub rate: u32,
}

/// What was measured: times in milliseconds, processor time in milliseconds for 1,000 messages.
#[derive(Debug, Clone, Default)]
pub(super) struct Measured {
    pub(super) per_second: f64,
    pub(super) server_cpu: f64,
    pub(super) client_cpu: f64,
    pub(super) database_cpu: Option<f64>,
    pub(super) ack: Percentiles,
    pub(super) push: Percentiles,
    /// How late the client itself was.
    pub(super) late: Percentiles,
    /// The mean size of the frames, in bytes.
    pub(super) ack_bytes: u64,
    pub(super) push_bytes: u64,
}

/// The middle, and what one of a hundred is beyond.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Percentiles {
    pub(super) p50: f64,
    pub(super) p99: f64,
}

impl Percentiles {
    /// Of times in nanoseconds, in milliseconds.
    pub(super) fn of(mut nanos: Vec<u64>) -> Self {
        nanos.sort_unstable();
        let at = |part: f64| {
            // The nearest rank.
            let rank = (part * nanos.len() as f64).ceil() as usize;
            nanos.get(rank.saturating_sub(1)).map_or(f64::NAN, |nanos| *nanos as f64 / 1e6)
        };
        Self { p50: at(0.50), p99: at(0.99) }
    }
}

/// Whose processor time a load costs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Parties {
    pub(super) server: Process,
    pub(super) database: Option<Process>,
}

/// What had been used and done at some moment.
struct Mark {
    at: Instant,
    clock: u64,
    done: u64,
    server: Duration,
    client: Duration,
    database: Option<Duration>,
}

impl Mark {
    fn now(crowd: &Crowd, parties: Parties) -> Result<Self> {
        Ok(Self {
            at: Instant::now(),
            clock: crowd.now(),
            done: crowd.delivered(),
            server: parties.server.cpu()?,
            client: Process::own().cpu()?,
            database: parties.database.map(Process::cpu_of_all).transpose()?,
        })
    }
}

/// As much as goes.
pub(super) async fn saturate(crowd: &Crowd, parties: Parties, effort: Effort) -> Result<Measured> {
    crowd.begin();
    crowd.talk(effort.window)?;
    sleep(seconds(effort.warm_up)).await;
    let from = Mark::now(crowd, parties)?;
    sleep(seconds(effort.seconds)).await;
    let to = Mark::now(crowd, parties)?;
    crowd.hush();
    settle(crowd).await?;
    measured(crowd, &from, &to, Vec::new())
}

/// So many messages, as fast as it goes.
pub(super) async fn fill(crowd: &Crowd, effort: Effort, messages: u64) -> Result<()> {
    crowd.begin();
    crowd.talk(effort.window)?;
    while crowd.count().sent < messages {
        crowd.sound()?;
        sleep(Duration::from_millis(5)).await;
    }
    crowd.hush();
    settle(crowd).await
}

/// So many messages a second, whether or not the server keeps up.
pub(super) async fn pace(crowd: &Crowd, parties: Parties, effort: Effort) -> Result<Measured> {
    crowd.begin();
    let schedule = crowd.schedule(effort.rate, effort.warm_up + effort.seconds)?;
    let player = std::thread::spawn(move || schedule.play());
    sleep(seconds(effort.warm_up)).await;
    let from = Mark::now(crowd, parties)?;
    sleep(seconds(effort.seconds)).await;
    let to = Mark::now(crowd, parties)?;
    while !player.is_finished() {
        sleep(Duration::from_millis(20)).await;
    }
    let late = player.join().ok().context("the thread that sends has stopped")??;
    settle(crowd).await?;
    measured(crowd, &from, &to, late)
}

/// Waits until all is answered and delivered, and looks whether it is right.
async fn settle(crowd: &Crowd) -> Result<()> {
    let deadline = Instant::now() + PATIENCE;
    while !crowd.settled() {
        crowd.sound()?;
        ensure!(Instant::now() < deadline, "not all is delivered: {:?}", crowd.count());
        sleep(Duration::from_millis(20)).await;
    }
    // Whatever comes twice comes soon after.
    sleep(Duration::from_millis(200)).await;
    crowd.verify()
}

fn measured(crowd: &Crowd, from: &Mark, to: &Mark, late: Vec<u64>) -> Result<Measured> {
    let done = to.done - from.done;
    ensure!(done > 0, "nothing was delivered");
    let per_thousand = |cpu: Duration| cpu.as_secs_f64() * 1e6 / done as f64;
    let (count, times) = (crowd.count(), crowd.times());
    let within = |times: Vec<(u64, u64)>| {
        let inside = times.into_iter().filter(|(done, _)| (from.clock..to.clock).contains(done));
        Percentiles::of(inside.map(|(_, took)| took).collect())
    };
    Ok(Measured {
        per_second: done as f64 / (to.at - from.at).as_secs_f64(),
        server_cpu: per_thousand(to.server - from.server),
        client_cpu: per_thousand(to.client - from.client),
        database_cpu: to.database.zip(from.database).map(|(to, from)| per_thousand(to - from)),
        ack: within(times.acks),
        push: within(times.pushes),
        late: Percentiles::of(late),
        ack_bytes: count.ack_bytes / count.acked.max(1),
        push_bytes: count.push_bytes / count.pushed.max(1),
    })
}

fn seconds(number: u32) -> Duration {
    Duration::from_secs(number.into())
}

#[cfg(test)]
mod tests {
    use super::Percentiles;

    #[test]
    fn percentiles_are_times_that_were_measured() {
        let percentiles = Percentiles::of((1..=200).rev().map(|ms| ms * 1_000_000).collect());
        assert_eq!((percentiles.p50, percentiles.p99), (100.0, 198.0));
    }
}
