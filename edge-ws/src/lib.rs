//! The WebSocket protocol: frames towards clients, RPCs towards the core, and no business of its own.
//!
//! An [`Edge`] listens to the core (`Watch`), tells it who is connected (`Heartbeat`), and serves one task per
//! connection. Pushes are hints: each connection keeps a cursor for each session it follows and reads what is missing
//! from the history, with its client's own token.

mod call;
mod connection;
mod core;
mod cursor;
mod frame;
mod hub;
mod limits;
mod mailbox;
mod opening;
mod outbox;
mod upgrade;
mod watch;
mod wire;

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize};
use std::time::Duration;

use kefu_proto::direct::Direct;
use tokio::sync::Semaphore;
use tokio::task::unconstrained;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::{BoxError, Service};

pub use limits::Rate;
pub use upgrade::Upgrade;

use crate::core::Core;
use crate::hub::Hub;

/// After an outage so many connections at a time ask the core where things stand.
const RECHECKS: usize = 32;
/// The longest wait for connections to end when the node stops.
const DRAIN: Duration = Duration::from_secs(10);

/// What holds for all connections.
#[derive(Clone)]
pub struct Options {
    /// The secret that edges and core share.
    pub node_secret: String,
    /// Origins of pages that may connect besides those of this host, as `https://shop.example`; `*` for any.
    pub allowed_origins: Vec<String>,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpAddr>,
    /// How often a client should ping; who is silent for so long is pinged.
    pub heartbeat: Duration,
    /// Silence after which a connection is closed.
    pub silence: Duration,
    /// How long the first frame may take.
    pub auth_timeout: Duration,
    /// How long a client may take nothing, or be too far behind.
    pub slow_timeout: Duration,
    /// The largest frame of a client.
    pub max_frame_bytes: usize,
    /// Connections at once.
    pub max_connections: usize,
    /// Frames of one connection.
    pub frame_rate: Rate,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            node_secret: String::new(),
            allowed_origins: Vec::new(),
            trusted_proxies: Vec::new(),
            heartbeat: Duration::from_secs(25),
            silence: Duration::from_secs(60),
            auth_timeout: Duration::from_secs(10),
            slow_timeout: Duration::from_secs(30),
            max_frame_bytes: 64 << 10,
            max_connections: 20_000,
            frame_rate: Rate::per_minute(120),
        }
    }
}

/// What all connections of a node share.
struct Shared {
    options: Options,
    core: Core,
    hub: Arc<Hub>,
    node_id: String,
    next_id: AtomicU64,
    connections: AtomicUsize,
    rechecks: Semaphore,
    drain: CancellationToken,
    drained: CancellationToken,
    tasks: TaskTracker,
}

/// A node that serves WebSockets.
#[derive(Clone)]
pub struct Edge(Arc<Shared>);

impl Edge {
    /// Starts to listen to the core, which is reached through `core`: a channel, or the services themselves. One that
    /// is in this process is given as `direct` besides.
    pub fn start<S>(core: S, direct: Option<Arc<dyn Direct>>, options: Options) -> Self
    where
        S: Service<http::Request<tonic::body::Body>, Response = http::Response<tonic::body::Body>>
            + Clone
            + Send
            + Sync
            + 'static,
        S::Error: Into<BoxError>,
        S::Future: Send + 'static,
    {
        let shared = Arc::new(Shared {
            core: Core::new(core, direct, &options.node_secret),
            hub: Arc::default(),
            node_id: format!("{:016x}", rand::random::<u64>()),
            next_id: AtomicU64::new(1),
            connections: AtomicUsize::new(0),
            rechecks: Semaphore::new(RECHECKS),
            drain: CancellationToken::new(),
            drained: CancellationToken::new(),
            tasks: TaskTracker::new(),
            options,
        });
        let (core, hub, node) = (shared.core.clone(), Arc::clone(&shared.hub), shared.node_id.clone());
        // All connections live by it: it does not give way to them after every few pushes, or would fall behind.
        let watch = unconstrained(watch::watch(core.clone(), Arc::clone(&hub), node.clone()));
        let heartbeat = watch::heartbeat(core, hub, node);
        tokio::spawn(shared.drained.clone().run_until_cancelled_owned(watch));
        tokio::spawn(shared.drained.clone().run_until_cancelled_owned(heartbeat));
        Self(shared)
    }

    /// The HTTP side, to be mounted at `/ws`.
    pub fn service(&self) -> Upgrade {
        Upgrade(Arc::clone(&self.0))
    }

    /// Stops: no new connections, and every client is told to come back, to whichever node answers then. Messages
    /// that are being stored get their answers first.
    pub async fn drain(&self) {
        self.0.drain.cancel();
        self.0.hub.drain();
        self.0.tasks.close();
        if timeout(DRAIN, self.0.tasks.wait()).await.is_err() {
            tracing::warn!("connections were still open when the node stopped");
        }
        self.0.drained.cancel();
    }
}
