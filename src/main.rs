//! Kefu in one binary: the command line, and what each command does.

// The layouts of futures within futures are computed in one go; an optimised build comes to more than the usual 128.
#![recursion_limit = "256"]

mod observe;
mod port;
mod serve;
mod shutdown;
mod tenant;

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use kefu_core::config::{Config, DEFAULT};
use kefu_core::{Clock, renew_epoch};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// 客服: a customer-service platform.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// A file with the settings that differ from the defaults; `kefu config` prints them all
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server
    Serve(serve::Arguments),
    /// Manage tenants
    #[command(subcommand)]
    Tenant(tenant::Command),
    /// Manage the database's incarnation
    #[command(subcommand)]
    Epoch(Epoch),
    /// Print all settings with their defaults
    Config,
}

#[derive(Debug, Subcommand)]
enum Epoch {
    /// Tell clients to read everything anew: to be run after a restore, before the server starts
    Renew,
}

fn main() -> ExitCode {
    // Before anything makes a TLS client. It fails only if it was done before.
    drop(rustls::crypto::ring::default_provider().install_default());
    match run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // With standard error gone there is nobody to tell.
            drop(writeln!(std::io::stderr(), "kefu: {}", in_a_line(&error)));
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> Result<()> {
    if let Command::Config = arguments.command {
        return say(DEFAULT.trim_end());
    }
    let config = Config::load(arguments.config.as_deref(), std::env::vars())?;
    observe::log(&config.log)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start threads")?;
    runtime.block_on(async {
        match arguments.command {
            Command::Serve(arguments) => serve::serve(config, arguments).await,
            Command::Tenant(command) => tenant::run(&config, command).await,
            Command::Epoch(Epoch::Renew) => {
                let epoch = renew_epoch(&config, &Clock::System).await?;
                say(&serde_json::json!({"epoch": epoch}).to_string())
            }
            Command::Config => Ok(()),
        }
    })
}

/// The error and its causes. Some causes are in the text of what they caused already.
fn in_a_line(error: &anyhow::Error) -> String {
    let mut line = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if !line.contains(&cause) {
            line = if line.is_empty() { cause } else { format!("{line}: {cause}") };
        }
    }
    line.replace('\n', " ")
}

/// Writes a line for people and scripts.
fn say(line: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    Ok(out.flush()?)
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;

    #[test]
    fn a_cause_is_told_once_in_one_line() {
        let error = anyhow!("refused").context("Connection Error: refused").context("cannot open\nthe database");
        assert_eq!(super::in_a_line(&error), "cannot open the database: Connection Error: refused");
    }
}
