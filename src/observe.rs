//! Logs and metrics.

use std::io::IsTerminal as _;

use anyhow::{Context, Result};
use kefu_core::config::LogConfig;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;

/// Libraries that would tell of their own daily business.
const QUIET: &str = "sea_orm_migration=warn,sqlx::postgres::notice=warn,tantivy=warn";
/// Durations, in seconds.
const BUCKETS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

/// Begins to write logs, to standard error.
pub(crate) fn log(config: &LogConfig) -> Result<()> {
    let filter = EnvFilter::try_new(format!("{QUIET},{}", config.filter)).context("configuration: log.filter")?;
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let begun = match config.format.as_str() {
        "json" => log.json().try_init(),
        _ => log.with_ansi(std::io::stderr().is_terminal()).try_init(),
    };
    begun.map_err(|error| anyhow::anyhow!("cannot write logs: {error}"))
}

/// Begins to count. The handle renders what was counted.
pub(crate) fn metrics() -> Result<PrometheusHandle> {
    let builder = PrometheusBuilder::new().set_buckets_for_metric(Matcher::Suffix("seconds".to_owned()), &BUCKETS)?;
    Ok(builder.install_recorder()?)
}
