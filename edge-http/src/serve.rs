//! The listener: connections with limits and deadlines, and an orderly end.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use crate::Options;
use crate::pace::{Pace, Turn};
use crate::watched::Watched;

/// The longest wait for calls under way at the end.
const DRAIN: Duration = Duration::from_secs(4);
/// Pings that find dead HTTP/2 connections.
const PING_EVERY: Duration = Duration::from_secs(30);
/// The head of a request, what is read ahead of a body, and what waits of an answer.
const READ_BUFFER_BYTES: usize = 64 << 10;
const HTTP2_WINDOW_BYTES: u32 = 64 << 10;
const HTTP2_HEADER_BYTES: u32 = 32 << 10;
const HTTP2_STREAMS: u32 = 100;
/// The pause after a failed accept, which mostly means that file descriptors ran out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves HTTP/1.1 and HTTP/2 with upgrades until `shutdown`, then lets calls under way end.
///
/// # Errors
/// The listener cannot be used.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    options: &Options,
    shutdown: CancellationToken,
) -> io::Result<()> {
    listener.local_addr()?;
    let http = Arc::new(builder(options));
    let capacity = Arc::new(Semaphore::new(options.max_connections.min(Semaphore::MAX_PERMITS)));
    let graceful = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    loop {
        let next = async { (capacity.clone().acquire_owned().await, listener.accept().await) };
        let (place, accepted) = tokio::select! {
            () = shutdown.cancelled() => break,
            next = next => next,
        };
        match accepted {
            Ok((stream, peer)) => {
                let served =
                    connection(http.clone(), router.clone(), stream, peer, options.header_timeout, graceful.watcher());
                connections.spawn(async move {
                    served.await;
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "accept failed");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
        while connections.try_join_next().is_some() {}
    }
    drop(listener);
    if tokio::time::timeout(DRAIN, graceful.shutdown()).await.is_err() {
        tracing::warn!("calls under way did not end in time and are cut off");
    }
    Ok(())
}

fn builder(options: &Options) -> Builder<TokioExecutor> {
    let mut http = Builder::new(TokioExecutor::new());
    // Without a timer hyper ignores its deadlines. This one counts from the last answer; see `pace`.
    http.http1().timer(TokioTimer::new()).header_read_timeout(options.idle_timeout).max_buf_size(READ_BUFFER_BYTES);
    http.http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(PING_EVERY)
        .keep_alive_timeout(options.header_timeout)
        .max_header_list_size(HTTP2_HEADER_BYTES)
        .initial_stream_window_size(HTTP2_WINDOW_BYTES)
        .initial_connection_window_size(HTTP2_WINDOW_BYTES)
        .max_send_buf_size(READ_BUFFER_BYTES)
        .max_concurrent_streams(HTTP2_STREAMS);
    http
}

async fn connection(
    http: Arc<Builder<TokioExecutor>>,
    router: Router,
    stream: TcpStream,
    peer: SocketAddr,
    header_timeout: Duration,
    watcher: Watcher,
) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "no TCP_NODELAY");
    }
    let turn = Arc::new(Turn::default());
    let paced = Watched::new(stream, Pace::new(turn.clone(), header_timeout));
    let service = hyper::service::service_fn(move |mut request: http::Request<Incoming>| {
        let answering = turn.ours(&request);
        request.extensions_mut().insert(ConnectInfo(peer));
        let answer = router.clone().oneshot(request);
        async move { answer.await.map(|response| answering.with(response)) }
    });
    let served = watcher.watch(http.serve_connection_with_upgrades(TokioIo::new(paced), service).into_owned());
    if let Err(error) = served.await {
        tracing::debug!(error, %peer, "connection ended");
    }
}
