//! `kefu tenant`.

use anyhow::Result;
use clap::Subcommand;
use kefu_core::config::Config;
use kefu_core::{Clock, NewTenant, create_tenant};

use crate::say;

/// What can be done with tenants.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make a tenant with an administrator; the server may be running. Prints the first password, once
    Create {
        /// The code by which people name the tenant when they log in: small letters, digits, dashes
        #[arg(long)]
        code: String,
        /// The company's name
        #[arg(long)]
        name: String,
    },
}

/// Runs the command.
pub(crate) async fn run(config: &Config, command: Command) -> Result<()> {
    let Command::Create { code, name } = command;
    print(&create_tenant(config, &Clock::System, &code, &name).await?)
}

/// Prints how the administrator of the first tenant logs in.
pub(crate) fn introduce(new: &NewTenant) -> Result<()> {
    print(new)?;
    tracing::info!("first start: log in as `{}` with the password above; it is shown only this once", new.username);
    Ok(())
}

fn print(new: &NewTenant) -> Result<()> {
    say(&serde_json::to_string(new)?)
}
