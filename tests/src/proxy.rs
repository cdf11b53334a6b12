//! A line between a server and its database that a test can break and mend.

use anyhow::{Context, Result};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// The state of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line {
    /// Bytes pass.
    Whole,
    /// Connections are closed, and new ones as soon as they are made: the database has died.
    Cut,
    /// Nothing passes, and nobody is told: a cable was pulled.
    Silent,
}

/// The proxy, as long as it lives.
#[derive(Debug)]
pub struct Proxy {
    /// The address of the database by way of the proxy.
    pub url: String,
    line: watch::Sender<Line>,
}

impl Proxy {
    /// Puts a proxy in front of the database at `url`.
    ///
    /// # Errors
    /// The address names no host and port.
    pub async fn before(url: &str) -> Result<Self> {
        let (_, rest) = url.split_once("://").context("an address without a scheme")?;
        let (server, _) = rest.split_once('/').context("an address without a database")?;
        let target = server.rsplit_once('@').map_or(server, |(_, host)| host).to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = url.replace(&target, &listener.local_addr()?.to_string());
        let (line, state) = watch::channel(Line::Whole);
        tokio::spawn(accept(listener, target, state));
        Ok(Self { url, line })
    }

    /// Breaks or mends the line.
    pub fn set(&self, line: Line) {
        self.line.send_replace(line);
    }
}

async fn accept(listener: TcpListener, target: String, state: watch::Receiver<Line>) {
    while let Ok((client, _)) = listener.accept().await {
        if *state.borrow() == Line::Cut {
            continue;
        }
        tokio::spawn(carry(client, target.clone(), state.clone()));
    }
}

/// Carries bytes both ways until one side ends, or the line is cut.
async fn carry(client: TcpStream, target: String, mut state: watch::Receiver<Line>) -> Result<()> {
    let server = TcpStream::connect(target).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    tokio::select! {
        ended = copy(from_client, to_server, state.clone()) => ended,
        ended = copy(from_server, to_client, state.clone()) => ended,
        cut = state.wait_for(|line| *line == Line::Cut) => {
            drop(cut);
            Ok(())
        }
    }
}

async fn copy(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut state: watch::Receiver<Line>) -> Result<()> {
    let mut buffer = vec![0; 16 << 10];
    loop {
        let read = from.read(&mut buffer).await?;
        if read == 0 {
            return Ok(());
        }
        state.wait_for(|line| *line == Line::Whole).await?;
        to.write_all(&buffer[..read]).await?;
    }
}
