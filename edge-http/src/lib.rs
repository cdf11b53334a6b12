//! REST, gRPC-web, files and the pages over HTTP. Every method of the contract goes through the same pipeline: the route
//! is looked up in a table made from the descriptors, the request becomes a protobuf message, the core is called
//! over whatever transport it is given, and the answer becomes JSON in the envelope. There is no line per method.

mod call;
mod caller;
mod download;
mod envelope;
mod frame;
mod grpc_web;
mod headers;
mod pace;
mod pages;
mod probe;
mod range;
mod request;
mod rest;
mod route;
mod serve;
#[cfg(test)]
mod tests;
mod upload;
mod watched;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn_with_state, map_response};
use axum::routing::{any, get, post};
use futures_util::future::BoxFuture;
use kefu_proto::common::v1::ErrorReason;
use kefu_proto::common::v1::access::Audience;
use kefu_proto::contract;
use kefu_proto::error::Problem;
use tokio::sync::{Semaphore, SemaphorePermit};
use tonic::Status;
use tower::util::BoxCloneSyncService;
use tower::{BoxError, Service, ServiceExt};

pub use serve::serve;
pub use watched::{Watch, Watched};

/// What the edge is told by the configuration.
#[derive(Debug, Clone)]
pub struct Options {
    /// The largest JSON body.
    pub max_body_bytes: usize,
    /// The largest file.
    pub max_upload_bytes: u64,
    /// The longest a call may take; for a file, the longest wait for its next bytes. Longer than the long poll.
    pub request_timeout: Duration,
    /// Origins whose pages may call (CORS); `*` for all.
    pub allowed_origins: Vec<String>,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpAddr>,
    /// Most connections, and most calls under way.
    pub max_connections: usize,
    /// The longest wait for the head of a request.
    pub header_timeout: Duration,
    /// How long a connection may rest between two requests: longer than the proxies before it let theirs.
    pub idle_timeout: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            max_body_bytes: 1 << 20,
            max_upload_bytes: 100 << 20,
            request_timeout: Duration::from_secs(30),
            allowed_origins: Vec::new(),
            trusted_proxies: Vec::new(),
            max_connections: 20_000,
            header_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(90),
        }
    }
}

/// Bodies up to this size are always read: no more than is read ahead of any body. The larger ones need a place.
const SMALL_BODY_BYTES: usize = 64 << 10;
/// The larger ones hold no more than this together.
const LARGE_BODIES_BYTES: usize = 64 << 20;

/// What `/readyz` and `/metrics` ask.
#[derive(Clone)]
pub struct Probes {
    /// Whether calls can be served; the reason goes to the log only.
    pub ready: Arc<dyn Fn() -> BoxFuture<'static, Result<(), String>> + Send + Sync>,
    /// The metrics in the text format of Prometheus.
    pub metrics: Arc<dyn Fn() -> String + Send + Sync>,
}

/// The core over any transport.
type Core = BoxCloneSyncService<http::Request<tonic::body::Body>, http::Response<tonic::body::Body>, Status>;

/// What all handlers share.
struct Edge {
    core: Core,
    routes: route::Routes,
    options: Options,
    capacity: Semaphore,
    large_bodies: Semaphore,
    probes: Probes,
}

impl Edge {
    /// A place among the calls under way, or the answer that there is none: under overload the rest must stay fast.
    fn admit(&self) -> Result<SemaphorePermit<'_>, Status> {
        self.capacity.try_acquire().map_err(|_| overload())
    }

    /// A place among the large bodies for one that is to be read into memory, if it is not known to be small.
    fn room(&self, body: &Body) -> Result<Option<SemaphorePermit<'_>>, Status> {
        let most = http_body::Body::size_hint(body).upper();
        if most.is_some_and(|most| most <= SMALL_BODY_BYTES as u64) {
            return Ok(None);
        }
        self.large_bodies.try_acquire().map(Some).map_err(|_| overload())
    }

    /// Runs what must not take longer than a request may.
    async fn in_time<T>(&self, work: impl Future<Output = Result<T, Status>>) -> Result<T, Status> {
        tokio::time::timeout(self.options.request_timeout, work).await.unwrap_or_else(|_| Err(overload()))
    }
}

/// There is too much to do; later there may be less.
fn overload() -> Status {
    Problem::new(ErrorReason::Unavailable).retry_after(Duration::from_secs(1)).into_status()
}

/// The REST routes of the contract, gRPC-web, the pages, and the probes.
///
/// Routes that the caller adds beside them (`/ws`) are outside the limits, headers and logs of this edge.
pub fn router<S>(core: S, options: &Options, probes: Probes) -> Router
where
    S: Service<http::Request<tonic::body::Body>, Response = http::Response<tonic::body::Body>>,
    S: Clone + Send + Sync + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send,
{
    router_with(pages::Files::of::<pages::Built>(), core, options, probes)
}

fn router_with<S>(files: pages::Files, core: S, options: &Options, probes: Probes) -> Router
where
    S: Service<http::Request<tonic::body::Body>, Response = http::Response<tonic::body::Body>>,
    S: Clone + Send + Sync + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send,
{
    let edge = Arc::new(Edge {
        core: BoxCloneSyncService::new(core.map_err(|error| Status::from_error(error.into()))),
        routes: route::Routes::from_contract(),
        options: options.clone(),
        capacity: Semaphore::new(options.max_connections.min(Semaphore::MAX_PERMITS)),
        large_bodies: Semaphore::new((LARGE_BODIES_BYTES / options.max_body_bytes.max(1)).max(1)),
        probes,
    });
    let mut router = Router::new()
        .route("/healthz", get(probe::health))
        .route("/readyz", get(probe::ready))
        .route("/metrics", get(probe::metrics))
        .route("/openapi.json", get(probe::openapi))
        .route("/api/{*path}", any(rest::handle))
        .merge(pages::router(files));
    for method in contract::methods().values() {
        // What is for other parts of Kefu alone is not on the public port.
        if method.access.audience().any(|audience| audience != Audience::Internal) {
            router = router.route(&method.path, post(grpc_web::handle));
        }
    }
    router
        .fallback(rest::not_found)
        .method_not_allowed_fallback(rest::not_allowed)
        .layer(DefaultBodyLimit::disable())
        .layer(from_fn_with_state(edge.clone(), frame::frame))
        .layer(headers::cors(&options.allowed_origins))
        .layer(headers::compression())
        .layer(map_response(headers::secure))
        .with_state(edge)
}
