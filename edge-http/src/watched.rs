//! A connection whose reading somebody watches, and may end.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tonic::transport::server::{Connected, TcpConnectInfo};

/// Watches what a client says.
pub trait Watch: Unpin {
    /// Somebody wants to read; the task is to be woken when the answer may change.
    ///
    /// # Errors
    /// The client has had its time: the connection fails.
    fn before_read(&mut self, cx: &mut Context<'_>) -> io::Result<()>;

    /// So many bytes have come.
    fn after_read(&mut self, bytes: usize);
}

/// A connection with its watch.
#[derive(Debug)]
pub struct Watched<W> {
    stream: TcpStream,
    watch: W,
}

impl<W> Watched<W> {
    /// Watches a connection from now on.
    pub fn new(stream: TcpStream, watch: W) -> Self {
        Self { stream, watch }
    }
}

impl<W> Connected for Watched<W> {
    type ConnectInfo = TcpConnectInfo;

    fn connect_info(&self) -> TcpConnectInfo {
        self.stream.connect_info()
    }
}

impl<W: Watch> AsyncRead for Watched<W> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.watch.before_read(cx)?;
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        self.watch.after_read(buffer.filled().len() - before);
        Poll::Ready(Ok(()))
    }
}

impl<W: Unpin> AsyncWrite for Watched<W> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
