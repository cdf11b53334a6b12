//! How long a client may take over the head of a request, however long it keeps an idle connection.
//!
//! hyper has one deadline for both: from the end of an answer to the end of the next head. A proxy keeps idle
//! connections for a minute and more, and expects the same of us; a head that is on its way has to come soon.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http::{Request, Response, StatusCode, Version};
use http_body::{Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep};

use crate::watched::Watch;

/// Whose turn it is on a connection: the client's while it is even. HTTP/2, and what is upgraded, stays ours: there the
/// pings of the protocol find dead clients.
#[derive(Debug, Default)]
pub(crate) struct Turn(AtomicU32);

impl Turn {
    fn now(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }

    /// A request has come. What is given back has to live as long as its answer.
    pub(crate) fn ours<B>(self: &Arc<Self>, request: &Request<B>) -> Answering {
        let turn = self.0.fetch_or(1, Ordering::Relaxed) | 1;
        let ends = request.version() != Version::HTTP_2;
        Answering { turn: self.clone(), next: ends.then_some(turn.wrapping_add(1)) }
    }
}

/// An answer that is under way.
pub(crate) struct Answering {
    turn: Arc<Turn>,
    next: Option<u32>,
}

impl Answering {
    /// The answer, which ends our turn with its last byte.
    pub(crate) fn with(mut self, response: Response<Body>) -> Response<Answer> {
        if response.status() == StatusCode::SWITCHING_PROTOCOLS {
            self.next = None;
        }
        response.map(|body| Answer { body, _answering: self })
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        if let Some(next) = self.next {
            self.turn.0.store(next, Ordering::Relaxed);
        }
    }
}

/// The body of an answer.
pub(crate) struct Answer {
    body: Body,
    _answering: Answering,
}

impl http_body::Body for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Lets a connection fail when a head takes too long.
pub(crate) struct Pace {
    turn: Arc<Turn>,
    /// Whose turn it was when the reading began.
    seen: u32,
    /// The turn in which a head has begun. The first one has from the start: who connects has something to say.
    head: Option<u32>,
    patience: Duration,
    deadline: Pin<Box<Sleep>>,
}

impl Pace {
    pub(crate) fn new(turn: Arc<Turn>, patience: Duration) -> Self {
        let seen = turn.now();
        Self { turn, seen, head: Some(seen), patience, deadline: Box::pin(sleep(patience)) }
    }
}

impl Watch for Pace {
    fn before_read(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        self.seen = self.turn.now();
        if self.head == Some(self.seen) && self.deadline.as_mut().poll(cx).is_ready() {
            return Err(io::Error::new(io::ErrorKind::TimedOut, "the head of a request took too long"));
        }
        Ok(())
    }

    fn after_read(&mut self, _: usize) {
        if self.seen.is_multiple_of(2) && self.head != Some(self.seen) {
            self.head = Some(self.seen);
            let deadline = Instant::now() + self.patience;
            self.deadline.as_mut().reset(deadline);
        }
    }
}
