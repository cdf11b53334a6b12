//! `sdk-gen openapi`: writes the OpenAPI document, or with `--check` says whether the written one is current.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::{Parser, Subcommand};

/// Generates what is derived from the contract.
#[derive(Debug, Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// The OpenAPI document.
    Openapi {
        /// The file to write.
        #[arg(long, default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json"))]
        file: PathBuf,
        /// Compare instead of writing.
        #[arg(long)]
        check: bool,
    },
}

fn main() -> Result<()> {
    let Command::Openapi { file, check } = Arguments::parse().command;
    let text = kefu_sdk_gen::openapi_text();
    if !check {
        return std::fs::write(&file, text).with_context(|| format!("{} cannot be written", file.display()));
    }
    let written = std::fs::read_to_string(&file).with_context(|| format!("{} cannot be read", file.display()))?;
    if written != text {
        bail!("{} is not current: run `cargo run -p kefu-sdk-gen -- openapi`", file.display());
    }
    Ok(())
}
