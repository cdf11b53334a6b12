//! `kefu serve`: the core, the edges on one HTTP port, and gRPC on another, until a signal.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use axum::Router;
use kefu_core::config::Config;
use kefu_core::{Clock, Core, demo};
use kefu_edge_http::Probes;
use kefu_edge_ws::Edge;
use kefu_proto::contract;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;
use tonic::transport::Server;
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;

use crate::shutdown::Signals;
use crate::{observe, port, say, tenant};

/// The longest a long poll waits (`PollEvents`).
const LONG_POLL: Duration = Duration::from_secs(25);
/// How often the database is asked whether it is there.
const CHECK_EVERY: Duration = Duration::from_secs(2);
/// The parts of an orderly end; together they are less than the 15 seconds it may take.
const CONNECTIONS_END: Duration = Duration::from_secs(5);
const CALLS_END: Duration = Duration::from_secs(5);
const CORE_ENDS: Duration = Duration::from_secs(4);

const GRPC_CALLS_PER_CONNECTION: usize = 256;
const GRPC_STREAMS: u32 = 1024;
const GRPC_FRAME_BYTES: u32 = 64 << 10;
const GRPC_PING_EVERY: Duration = Duration::from_secs(30);
const GRPC_PONG_WITHIN: Duration = Duration::from_secs(10);

/// `kefu serve`
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Start although the database may lose committed messages in a power failure
    #[arg(long)]
    allow_unsafe_durability: bool,
    /// Fill a tenant that has no teams and no customers with a day of a small service team, to look around in
    #[arg(long)]
    demo: bool,
}

/// Runs the server until a signal.
pub(crate) async fn serve(mut config: Config, arguments: Arguments) -> Result<()> {
    config.database.allow_unsafe_durability |= arguments.allow_unsafe_durability;
    let mut signals = Signals::listen()?;
    let metrics = observe::metrics()?;
    let http = listen("http.listen", config.http.listen).await?;
    let grpc = listen("grpc.listen", config.grpc.listen).await?;
    if arguments.demo {
        demonstrate(&config).await?;
    }
    let core = Core::start(config.clone(), Clock::System).await?;
    core.first_start().await?.iter().try_for_each(tenant::introduce)?;
    let ready = format!(r#"{{"ready":true,"http":"{}","grpc":"{}"}}"#, http.local_addr()?, grpc.local_addr()?);
    let node = Node::start(&config, core, http, grpc, metrics).await?;
    say(&ready)?;
    let ended = tokio::select! {
        () = signals.received() => Ok(()),
        ended = node.failed() => ended,
    };
    tracing::info!("stopping");
    node.stop().await;
    tracing::info!("stopped");
    ended
}

/// Makes the demonstration, and prints how to log in to it, once.
async fn demonstrate(config: &Config) -> Result<()> {
    let made = demo::fill(config).await.context("cannot fill in the demonstration")?;
    made.tenant.iter().try_for_each(tenant::introduce)?;
    match made.password {
        Some(password) => {
            say(&serde_json::json!({"demoPassword": password, "demoUsers": demo::usernames()}).to_string())?;
        }
        None => tracing::info!("there are teams or customers already: nothing was made for the demonstration"),
    }
    Ok(())
}

async fn listen(key: &str, address: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address} ({key})"))
}

/// Everything that runs.
struct Node {
    core: Arc<Core>,
    sockets: Edge,
    health: HealthReporter,
    /// No new work, please: ask another node.
    leaving: CancellationToken,
    /// No new connections; calls under way are finished.
    closing: CancellationToken,
    http: JoinHandle<Result<()>>,
    grpc: JoinHandle<Result<()>>,
}

impl Node {
    async fn start(
        config: &Config,
        core: Arc<Core>,
        http: TcpListener,
        grpc: TcpListener,
        metrics: PrometheusHandle,
    ) -> Result<Self> {
        let (leaving, closing) = (CancellationToken::new(), CancellationToken::new());
        let sockets = Edge::start(core.service(), Some(Arc::new(core.service())), socket_options(config, &core));
        let router = router(config, &core, &sockets, &leaving, metrics.clone());
        let options = http_options(config);
        let stop = closing.clone();
        let http = tokio::spawn(async move { Ok(kefu_edge_http::serve(http, router, &options, stop).await?) });
        let (health, health_service) = tonic_health::server::health_reporter();
        let routes = grpc_routes(&core, health_service)?;
        let timeout = Duration::from_secs(config.http.request_seconds) + LONG_POLL;
        let stop = closing.clone();
        let incoming = ReceiverStream::new(port::connections(grpc, config.http.max_connections, closing.clone()));
        let grpc = tokio::spawn(async move {
            let server = grpc_server(timeout).add_routes(routes);
            Ok(server.serve_with_incoming_shutdown(incoming, stop.cancelled_owned()).await?)
        });
        tokio::spawn(leaving.clone().run_until_cancelled_owned(watch(core.clone(), health.clone(), metrics)));
        Ok(Self { core, sockets, health, leaving, closing, http, grpc })
    }

    /// Waits until one of the servers ends by itself.
    async fn failed(&self) -> Result<()> {
        while !self.http.is_finished() && !self.grpc.is_finished() {
            tokio::time::sleep(CHECK_EVERY).await;
        }
        anyhow::bail!("a server has stopped listening")
    }

    /// Leaves in order: clients are sent elsewhere, calls under way are finished, the core ends last.
    async fn stop(self) {
        self.leaving.cancel();
        self.core.leave();
        report(&self.health, ServingStatus::NotServing).await;
        if timeout(CONNECTIONS_END, self.sockets.drain()).await.is_err() {
            tracing::warn!("some sockets did not close in time");
        }
        self.closing.cancel();
        let servers = async { (self.http.await, self.grpc.await) };
        match timeout(CALLS_END, servers).await {
            Ok((http, grpc)) => {
                for error in [http, grpc].into_iter().filter_map(|end| end.map_err(Into::into).flatten().err()) {
                    tracing::warn!("a server ended badly: {error:#}");
                }
            }
            Err(_) => tracing::warn!("some calls did not end in time"),
        }
        if timeout(CORE_ENDS, self.core.shutdown()).await.is_err() {
            tracing::warn!("the core did not end in time");
        }
    }
}

/// What is on the HTTP port.
fn router(
    config: &Config,
    core: &Arc<Core>,
    sockets: &Edge,
    leaving: &CancellationToken,
    metrics: PrometheusHandle,
) -> Router {
    let (core_probe, leaving) = (core.clone(), leaving.clone());
    let probes = Probes {
        ready: Arc::new(move || {
            let (core, leaving) = (core_probe.clone(), leaving.clone());
            Box::pin(async move {
                if leaving.is_cancelled() {
                    return Err("this node is stopping".to_owned());
                }
                is_ready(&core).await.map_err(|error| format!("{error:#}"))
            })
        }),
        metrics: Arc::new(move || metrics.render()),
    };
    kefu_edge_http::router(core.service(), &http_options(config), probes).route_service("/ws", sockets.service())
}

fn http_options(config: &Config) -> kefu_edge_http::Options {
    kefu_edge_http::Options {
        max_body_bytes: config.http.max_body_bytes,
        max_upload_bytes: config.blob.max_file_bytes,
        request_timeout: Duration::from_secs(config.http.request_seconds) + LONG_POLL,
        allowed_origins: config.http.allowed_origins.clone(),
        trusted_proxies: config.http.trusted_proxies.clone(),
        max_connections: config.http.max_connections,
        ..kefu_edge_http::Options::default()
    }
}

fn socket_options(config: &Config, core: &Core) -> kefu_edge_ws::Options {
    kefu_edge_ws::Options {
        node_secret: core.node_secret().to_owned(),
        allowed_origins: config.http.allowed_origins.clone(),
        trusted_proxies: config.http.trusted_proxies.clone(),
        silence: Duration::from_secs(config.realtime.silence_seconds),
        auth_timeout: Duration::from_secs(config.realtime.auth_seconds),
        max_connections: config.http.max_connections,
        max_frame_bytes: config.realtime.max_frame_bytes,
        frame_rate: kefu_edge_ws::Rate::per_minute(config.realtime.frames_per_minute),
        ..kefu_edge_ws::Options::default()
    }
}

/// What is on the gRPC port: health, reflection, and every service behind the access layer.
fn grpc_routes(
    core: &Arc<Core>,
    health: tonic_health::pb::health_server::HealthServer<impl tonic_health::pb::health_server::Health>,
) -> Result<Routes> {
    let reflection = || {
        tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(contract::DESCRIPTOR_SET)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
    };
    let routes = Routes::new(health).add_service(reflection().build_v1()?).add_service(reflection().build_v1alpha()?);
    Ok(routes.into_axum_router().fallback_service(core.service()).into())
}

fn grpc_server(timeout: Duration) -> Server {
    Server::builder()
        .timeout(timeout)
        .concurrency_limit_per_connection(GRPC_CALLS_PER_CONNECTION)
        .max_concurrent_streams(GRPC_STREAMS)
        .max_frame_size(GRPC_FRAME_BYTES)
        .http2_keepalive_interval(Some(GRPC_PING_EVERY))
        .http2_keepalive_timeout(Some(GRPC_PONG_WITHIN))
}

/// Tells gRPC clients whether the database is there, and keeps the metrics small.
async fn watch(core: Arc<Core>, health: HealthReporter, metrics: PrometheusHandle) {
    loop {
        let status = match is_ready(&core).await {
            Ok(()) => ServingStatus::Serving,
            Err(error) => {
                tracing::warn!("not ready: {error:#}");
                ServingStatus::NotServing
            }
        };
        report(&health, status).await;
        metrics.run_upkeep();
        tokio::time::sleep(CHECK_EVERY).await;
    }
}

async fn is_ready(core: &Core) -> Result<()> {
    timeout(CHECK_EVERY, core.ready()).await.context("the database does not answer")?
}

/// Sets the health of the server as a whole, and of each service.
async fn report(health: &HealthReporter, status: ServingStatus) {
    let methods = contract::methods().keys();
    let services: BTreeSet<&str> = methods.filter_map(|path| path.trim_start_matches('/').split('/').next()).collect();
    for service in services.into_iter().chain([""]) {
        health.set_service_status(service, status).await;
    }
}
