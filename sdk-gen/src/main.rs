//! `sdk-gen openapi` and `sdk-gen typescript`: write what is derived from the contract, or with `--check` say whether
//! the written files are current.

use std::path::{Path, PathBuf};

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
    /// The generated part of the TypeScript SDK.
    Typescript {
        /// The folder to write into.
        #[arg(long, default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/typescript/src/generated"))]
        folder: PathBuf,
        /// Compare instead of writing.
        #[arg(long)]
        check: bool,
    },
}

fn main() -> Result<()> {
    match Arguments::parse().command {
        Command::Openapi { file, check } => put(&file, &kefu_sdk_gen::openapi_text(), check, "openapi"),
        Command::Typescript { folder, check } => {
            for (name, text) in kefu_sdk_gen::typescript::files() {
                put(&folder.join(name), &text, check, "typescript")?;
            }
            Ok(())
        }
    }
}

/// Writes a file, or compares it.
fn put(file: &Path, text: &str, check: bool, command: &str) -> Result<()> {
    if !check {
        return std::fs::write(file, text).with_context(|| format!("{} cannot be written", file.display()));
    }
    let written = std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
    if written != text {
        bail!("{} is not current: run `cargo run -p kefu-sdk-gen -- {command}`", file.display());
    }
    Ok(())
}
