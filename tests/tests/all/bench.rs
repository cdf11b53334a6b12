//! The bench itself: that it counts right, on a small load. How fast anything is does not matter here.

use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value as Json;

/// Everything once, as small as it goes.
const SMALL: &str = "--users 4 --runs 1 --seconds 1 --warm-up 0 --rate 20 --connections 2,4 --waiting 5 --stored 40";

#[tokio::test]
async fn every_figure_is_measured() -> Result<()> {
    // It fails by itself if a message is not acknowledged, or not pushed, exactly once.
    let (table, written) = measure(SMALL).await?;
    for part in ["cpu", "cores", "kernel"] {
        ensure!(!written["head"]["machine"][part].is_null(), "the head does not name the {part}: {written}");
    }
    let figures = written["figures"].as_array().context("no figures")?;
    for (figure, sides) in [
        ("saturation: messages", &["kefu", "sameWork", "noWork"][..]),
        ("20/s: acknowledged, p99", &["kefu", "sameWork", "noWork"]),
        ("20/s: pushed, p50", &["kefu", "sameWork"]),
        ("4 idle connections: memory each", &["kefu", "noWork"]),
        ("4 connections: opened and known", &["kefu", "noWork"]),
        ("REST, read a customer: calls", &["kefu", "sameWork"]),
        ("REST, store a message: calls", &["kefu", "sameWork"]),
        ("gRPC, read a customer: calls", &["kefu", "sameWork"]),
        ("gRPC, read a session: calls", &["kefu", "noWork"]),
        ("queue, 5 waiting: place free to pushed, p99", &["kefu"]),
        ("start: nothing stored", &["kefu", "noWork"]),
        ("start: 40 messages stored, after kill -9", &["kefu"]),
    ] {
        let found = figures.iter().find(|found| found["name"] == figure);
        let found = found.with_context(|| format!("no `{figure}` in\n{table}"))?;
        for side in sides {
            let median = found[side]["median"].as_f64();
            ensure!(median.is_some_and(|median| median >= 0.0), "{figure}, {side}: {found}");
        }
        ensure!(table.contains(figure), "`{figure}` is not in the table:\n{table}");
    }
    Ok(())
}

#[tokio::test]
async fn each_round_begins_on_a_clean_ground() -> Result<()> {
    let (table, written) = measure("--only start --runs 2").await?;
    ensure!(written["figures"].as_array().is_some_and(|figures| figures.len() == 3), "{table}");
    Ok(())
}

/// Runs the bench: its table, and the copy of it in JSON.
async fn measure(arguments: &str) -> Result<(String, Json)> {
    let file = std::env::temp_dir().join(format!("kefu-bench-{:016x}.json", rand::random::<u64>()));
    let mut command = Command::new(env!("CARGO_BIN_EXE_kefu-bench"));
    command.args(arguments.split(' ')).arg("--json").arg(&file);
    let running = tokio::task::spawn_blocking(move || command.output());
    let output = tokio::time::timeout(Duration::from_secs(240), running).await.context("it does not end")???;
    let (table, notes) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    ensure!(output.status.success(), "{}\n{table}\n{notes}", output.status);
    let written = serde_json::from_slice(&std::fs::read(&file)?)?;
    std::fs::remove_file(&file)?;
    Ok((table.into_owned(), written))
}
