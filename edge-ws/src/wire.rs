//! The socket: reading and writing in one task, never waiting for a client that does not read.

use std::future::poll_fn;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};

use crate::frame::{Close, close};

/// Small buffers, as most connections are idle: the defaults would take 128 KiB each, and frames are a few hundred bytes.
const BUFFER: usize = 2 << 10;
/// More than the largest frame of ours; what waits beyond the buffer waits in the outbox.
const MAX_WRITE: usize = 1 << 20;
/// So long a client may take to say goodbye.
const GOODBYE: Duration = Duration::from_secs(2);

/// What happened on the socket.
#[derive(Debug)]
pub(crate) enum Event {
    /// A frame came.
    Text(Utf8Bytes),
    /// A ping or pong of the WebSocket protocol came; it has been answered.
    Alive,
    /// There is room in the outbox again.
    Room,
    /// The client has closed, or is gone.
    Gone,
    /// The client breaks the rules.
    Broken(Close),
}

/// The next frame to write, and whether taking it made room for durable ones.
pub(crate) type Next = Option<(Utf8Bytes, bool)>;

/// A WebSocket.
pub(crate) struct Wire {
    socket: WebSocketStream<TokioIo<Upgraded>>,
    unflushed: bool,
    /// The socket takes no more frames until it has flushed.
    full: bool,
    blocked_since: Option<Instant>,
}

impl Wire {
    pub(crate) async fn new(upgraded: Upgraded, max_frame_bytes: usize) -> Self {
        let config = WebSocketConfig::default()
            .read_buffer_size(BUFFER)
            .write_buffer_size(BUFFER)
            .max_write_buffer_size(MAX_WRITE)
            .max_message_size(Some(max_frame_bytes))
            .max_frame_size(Some(max_frame_bytes));
        let socket = WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, Some(config)).await;
        Self { socket, unflushed: false, full: false, blocked_since: None }
    }

    /// Since when the client takes nothing.
    pub(crate) fn blocked_since(&self) -> Option<Instant> {
        self.blocked_since
    }

    /// Writes what `next` gives for as long as the client takes it, until something happens. Can be dropped at any
    /// moment and loses nothing.
    pub(crate) async fn event(&mut self, reads: bool, mut next: impl FnMut() -> Next) -> Event {
        poll_fn(|cx| {
            let written = self.poll_write(cx, &mut next);
            if written.is_ready() || !reads {
                return written;
            }
            self.socket.poll_next_unpin(cx).map(|read| match read {
                Some(Ok(Message::Text(text))) => Event::Text(text),
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => Event::Alive,
                Some(Ok(Message::Binary(_))) => Event::Broken(Close::new(close::NOT_TEXT, "binary")),
                Some(Ok(Message::Close(_))) | None => Event::Gone,
                Some(Err(error)) => broken(&error),
            })
        })
        .await
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, next: &mut impl FnMut() -> Next) -> Poll<Event> {
        loop {
            match self.socket.poll_ready_unpin(cx) {
                Poll::Ready(Ok(())) if self.full => {
                    self.full = false;
                    self.blocked_since = None;
                }
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(_)) => return Poll::Ready(Event::Gone),
                Poll::Pending => {
                    self.full = true;
                    return self.blocked();
                }
            }
            let Some((text, room)) = next() else { break };
            if self.socket.start_send_unpin(Message::Text(text)).is_err() {
                return Poll::Ready(Event::Gone);
            }
            metrics::counter!("kefu_ws_frames_total", "direction" => "out").increment(1);
            self.unflushed = true;
            if room {
                return Poll::Ready(Event::Room);
            }
        }
        if self.unflushed {
            match self.socket.poll_flush_unpin(cx) {
                Poll::Ready(Ok(())) => self.unflushed = false,
                Poll::Ready(Err(_)) => return Poll::Ready(Event::Gone),
                Poll::Pending => return self.blocked(),
            }
        }
        self.blocked_since = None;
        Poll::Pending
    }

    fn blocked(&mut self) -> Poll<Event> {
        self.blocked_since.get_or_insert_with(Instant::now);
        Poll::Pending
    }

    /// Answers the client's goodbye, if that is how it went.
    pub(crate) async fn gone(mut self) {
        let answered = async { while let Some(Ok(_)) = self.socket.next().await {} };
        if timeout(GOODBYE, answered).await.is_err() {
            tracing::debug!("the client did not take the answer to its goodbye");
        }
    }

    /// Writes the last frames and the close code, and waits a moment for the client to take note.
    pub(crate) async fn close(mut self, last: Vec<Utf8Bytes>, code: u16, why: &'static str) {
        let goodbye = async {
            for text in last {
                self.socket.feed(Message::Text(text)).await?;
            }
            let frame = CloseFrame { code: CloseCode::from(code), reason: Utf8Bytes::from_static(why) };
            self.socket.send(Message::Close(Some(frame))).await?;
            while let Some(Ok(_)) = self.socket.next().await {}
            // Where reading has failed there may be more to come; closing on it would reset the connection, and the
            // client would lose the close code.
            let raw = self.socket.get_mut();
            raw.shutdown().await?;
            let mut rest = [0; 1024];
            while raw.read(&mut rest).await? > 0 {}
            Ok::<(), Error>(())
        };
        if timeout(GOODBYE, goodbye).await.is_err() {
            tracing::debug!(code, "the client did not say goodbye");
        }
    }
}

fn broken(error: &Error) -> Event {
    match error {
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => Event::Gone,
        Error::Capacity(_) => Event::Broken(Close::new(close::TOO_BIG, "too big")),
        Error::Utf8(_) | Error::Protocol(_) => Event::Broken(Close::new(close::BAD_FRAME, "protocol")),
        _ => Event::Gone,
    }
}
