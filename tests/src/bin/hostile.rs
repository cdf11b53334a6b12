//! `kefu-hostile`: attacks a Kefu of its own. See `docs/hostile.md`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use kefu_tests::hostile::{self, Only, Plan};

#[derive(Parser)]
#[command(name = "kefu-hostile", about = "Starts Kefu and attacks it, on the loopback interface only")]
struct Arguments {
    /// Everything that is chosen comes from it.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Frames of the WebSocket.
    #[arg(long, default_value_t = 100_000)]
    frames: u64,
    /// Requests of HTTP.
    #[arg(long, default_value_t = 30_000)]
    requests: u64,
    /// Calls of gRPC.
    #[arg(long, default_value_t = 10_000)]
    calls: u64,
    /// Connections at once of an attack.
    #[arg(long, default_value_t = 500)]
    connections: usize,
    /// Send only this again, as request:17, visit:17 or call:17.
    #[arg(long)]
    only: Option<Only>,
    /// Where what fails is written.
    #[arg(long, default_value = "hostile-findings")]
    dir: PathBuf,
    /// All attacks together: quicker, without a figure for each.
    #[arg(long)]
    at_once: bool,
    /// Fail too if the control client's p99 under attack is twice its quiet one or more; for a quiet machine.
    #[arg(long)]
    judge_speed: bool,
}

fn main() -> Result<ExitCode> {
    let Arguments { seed, frames, requests, calls, connections, only, dir: folder, at_once, judge_speed } =
        Arguments::parse();
    let plan = Plan { seed, frames, requests, calls, connections, only, folder, at_once, judges_speed: judge_speed };
    let report = hostile::run(&plan)?;
    println!("seed {seed}\n{report}");
    Ok(if report.holds().is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
