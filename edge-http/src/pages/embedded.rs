//! Embedded files as a file system that `ServeDir` can read.

use std::borrow::Cow;
use std::future::{Ready, ready};
use std::io::{self, Cursor, ErrorKind, SeekFrom};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};

use rust_embed::{EmbeddedFile, RustEmbed};
use tokio::io::{AsyncRead, AsyncSeek, ReadBuf};
use tower_http::services::fs::{Backend, File, Metadata};

/// What npm has built.
#[derive(RustEmbed)]
#[folder = "web/dist"]
pub(crate) struct Built;

/// Files of one embedded folder.
#[derive(Clone, Copy)]
pub(crate) struct Files(fn(&str) -> Option<EmbeddedFile>);

impl Files {
    /// The files of an embedded folder.
    pub(crate) fn of<E: RustEmbed>() -> Self {
        Self(E::get)
    }

    /// Whether there is a file.
    pub(crate) fn contains(self, path: &str) -> bool {
        (self.0)(path).is_some()
    }

    fn content(self, path: &Path) -> io::Result<Content> {
        let path = path.strip_prefix(".").unwrap_or(path);
        let file = path.to_str().and_then(self.0).ok_or(ErrorKind::NotFound)?;
        let about = About { is_dir: false, bytes: file.data.len() as u64, changed: changed(&file) };
        Ok(Content { bytes: Cursor::new(file.data), about })
    }
}

/// When a file was changed. The ETag is made of this and of the length; the fraction of the second is a digest of the
/// content, since builds may give every file the same time.
fn changed(file: &EmbeddedFile) -> Duration {
    let [a, b, c, d, ..] = file.metadata.sha256_hash();
    let fraction = u32::from_le_bytes([a, b, c, d]) % 1_000_000_000;
    Duration::new(file.metadata.last_modified().unwrap_or_default(), fraction)
}

impl Backend for Files {
    type File = Content;
    type Metadata = About;
    type OpenFuture = Ready<io::Result<Content>>;
    type MetadataFuture = Ready<io::Result<About>>;

    fn open(&self, path: PathBuf) -> Self::OpenFuture {
        ready(self.content(&path))
    }

    fn metadata(&self, path: PathBuf) -> Self::MetadataFuture {
        // Folders are not embedded; those with an index are the ones that can be asked for.
        let folder = || About { is_dir: true, ..About::default() };
        let about = self.content(&path).map(|content| content.about);
        ready(about.or_else(|error| self.content(&path.join("index.html")).map(|_| folder()).map_err(|_| error)))
    }
}

/// The content of a file.
pub(crate) struct Content {
    bytes: Cursor<Cow<'static, [u8]>>,
    about: About,
}

impl File for Content {
    type Metadata = About;
    type MetadataFuture<'a> = Ready<io::Result<About>>;

    fn metadata(&self) -> Self::MetadataFuture<'_> {
        ready(Ok(self.about))
    }
}

impl AsyncRead for Content {
    fn poll_read(self: Pin<&mut Self>, task: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().bytes).poll_read(task, buffer)
    }
}

impl AsyncSeek for Content {
    fn start_seek(self: Pin<&mut Self>, position: SeekFrom) -> io::Result<()> {
        Pin::new(&mut self.get_mut().bytes).start_seek(position)
    }

    fn poll_complete(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<u64>> {
        Pin::new(&mut self.get_mut().bytes).poll_complete(task)
    }
}

/// What `ServeDir` asks of a file. The time and the length make its ETag.
#[derive(Clone, Copy, Default)]
pub(crate) struct About {
    is_dir: bool,
    bytes: u64,
    changed: Duration,
}

impl Metadata for About {
    fn is_dir(&self) -> bool {
        self.is_dir
    }

    fn modified(&self) -> io::Result<SystemTime> {
        Ok(SystemTime::UNIX_EPOCH + self.changed)
    }

    fn len(&self) -> u64 {
        self.bytes
    }
}
