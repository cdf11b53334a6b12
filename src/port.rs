//! The gRPC port: connections are counted, and have to begin with HTTP/2 soon. tonic has neither limit.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Context;
use std::time::Duration;

use kefu_edge_http::{Watch, Watched};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{Receiver, channel};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Sleep, sleep};
use tokio_util::sync::CancellationToken;

/// What a client of HTTP/2 says first.
const PREFACE_BYTES: usize = 24;
/// How long it may take to say it.
const PATIENCE: Duration = Duration::from_secs(10);
/// The pause after a failed accept, which mostly means that file descriptors ran out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The connections of a port, at most so many at once, until it is closed.
pub(crate) fn connections(
    listener: TcpListener,
    most: usize,
    closed: CancellationToken,
) -> Receiver<io::Result<Connection>> {
    let places = Arc::new(Semaphore::new(most.min(Semaphore::MAX_PERMITS)));
    let (sender, receiver) = channel(1);
    tokio::spawn(closed.run_until_cancelled_owned(async move {
        // The semaphore is never closed.
        while let Ok(place) = places.clone().acquire_owned().await {
            match listener.accept().await {
                Ok((stream, _)) => {
                    if let Err(error) = stream.set_nodelay(true) {
                        tracing::debug!(%error, "no TCP_NODELAY");
                    }
                    if sender.send(Ok(Watched::new(stream, Preface::new(place)))).await.is_err() {
                        break;
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "accept failed");
                    sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }));
    receiver
}

/// A connection that has to begin with HTTP/2 soon, with its place among those that may be open.
pub(crate) type Connection = Watched<Preface>;

/// Waits for the first words of HTTP/2.
pub(crate) struct Preface {
    missing: usize,
    deadline: Option<Pin<Box<Sleep>>>,
    _place: OwnedSemaphorePermit,
}

impl Preface {
    fn new(place: OwnedSemaphorePermit) -> Self {
        Self { missing: PREFACE_BYTES, deadline: Some(Box::pin(sleep(PATIENCE))), _place: place }
    }
}

impl Watch for Preface {
    fn before_read(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        if self.deadline.as_mut().is_some_and(|deadline| deadline.as_mut().poll(cx).is_ready()) {
            return Err(io::Error::new(io::ErrorKind::TimedOut, "no HTTP/2 in time"));
        }
        Ok(())
    }

    fn after_read(&mut self, bytes: usize) {
        self.missing = self.missing.saturating_sub(bytes);
        if self.missing == 0 {
            self.deadline = None;
        }
    }
}
