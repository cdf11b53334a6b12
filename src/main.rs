//! Kefu in one binary: the command line, and what each command does.

mod observe;
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
            let line = format!("{error:#}").replace('\n', " ");
            // With standard error gone there is nobody to tell.
            drop(writeln!(std::io::stderr(), "kefu: {line}"));
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

/// Writes a line for people and scripts.
fn say(line: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    Ok(out.flush()?)
}
