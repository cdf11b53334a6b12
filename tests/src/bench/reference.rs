//! The bare servers that Kefu is compared with: the same libraries, the same work, and nothing else. Each is a process
//! of its own, of this same program.

pub mod calls;
pub mod sockets;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};

use super::process::Process;

/// A bare server that runs.
#[derive(Debug)]
pub(super) struct Reference {
    process: Child,
    /// Where it listens.
    pub(super) address: SocketAddr,
}

impl Reference {
    /// Starts `kefu-bench reference ARGUMENTS`; it ends with the value, or with this process.
    pub(super) fn start(arguments: &[String]) -> Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("reference").args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn()?;
        let mut line = String::new();
        BufReader::new(process.stdout.as_mut().context("no output")?).read_line(&mut line)?;
        let address = line.trim().parse().with_context(|| format!("{arguments:?} does not start: {line}"))?;
        Ok(Self { process, address })
    }

    /// Its process.
    pub(super) fn process(&self) -> Process {
        Process(self.process.id())
    }
}

impl Drop for Reference {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        // It may have ended by itself.
        drop(self.process.wait());
    }
}

/// Tells the parent where this server listens; from then on the process ends when the parent closes its input.
fn ready(address: SocketAddr) -> Result<()> {
    let mut out = std::io::stdout();
    writeln!(out, "{address}")?;
    out.flush()?;
    std::thread::spawn(|| {
        // Whatever it is that ends the input, the parent is gone.
        drop(std::io::stdin().read_to_end(&mut Vec::new()));
        std::process::exit(0);
    });
    Ok(())
}
