//! Blobs: the contents of files, under names made by the server.

use std::fmt::Debug;
use std::io::SeekFrom;
use std::path::{Path, PathBuf};
use std::pin::Pin;

use anyhow::Context;
use async_trait::async_trait;
use tokio::fs::File;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncSeekExt, AsyncWriteExt};

use crate::error::Result;

/// Bytes to read.
pub(crate) type Reader = Pin<Box<dyn AsyncRead + Send>>;

/// A blob being written. Dropped without [`Upload::finish`], it leaves nothing behind.
#[async_trait]
pub(crate) trait Upload: Debug + Send {
    /// Adds bytes.
    async fn write(&mut self, chunk: &[u8]) -> Result<()>;
    /// Makes the blob durable and visible.
    async fn finish(self: Box<Self>) -> Result<()>;
}

/// Stores blobs.
#[async_trait]
pub(crate) trait Blobs: Debug + Send + Sync {
    /// Begins a blob.
    async fn create(&self, key: &str) -> Result<Box<dyn Upload>>;
    /// Reads `limit` bytes from `offset`.
    async fn read(&self, key: &str, offset: u64, limit: u64) -> Result<Reader>;
    /// Removes a blob; one that is not there is no fault.
    async fn remove(&self, key: &str) -> Result<()>;
}

/// Blobs in a directory, spread over 256 folders.
#[derive(Debug)]
pub(crate) struct Directory(PathBuf);

impl Directory {
    /// Uses a folder, which is made if it is not there.
    pub(crate) fn open(folder: &Path) -> anyhow::Result<Self> {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        Ok(Self(folder.to_path_buf()))
    }

    /// Keys are made by the server from letters, digits, `-` and `_`.
    fn path(&self, key: &str) -> Result<PathBuf> {
        let plain = key.len() >= 2 && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        let folder = key.get(..2).filter(|_| plain).context("not a key of ours")?;
        Ok(self.0.join(folder.to_ascii_lowercase()).join(key))
    }
}

#[async_trait]
impl Blobs for Directory {
    async fn create(&self, key: &str) -> Result<Box<dyn Upload>> {
        let path = self.path(key)?;
        if let Some(folder) = path.parent() {
            tokio::fs::create_dir_all(folder).await?;
        }
        let part = path.with_extension("part");
        let file = File::create(&part).await?;
        Ok(Box::new(FileUpload { file: Some(file), part, path }))
    }

    async fn read(&self, key: &str, offset: u64, limit: u64) -> Result<Reader> {
        let mut file = File::open(self.path(key)?).await?;
        file.seek(SeekFrom::Start(offset)).await?;
        Ok(Box::pin(file.take(limit)))
    }

    async fn remove(&self, key: &str) -> Result<()> {
        match tokio::fs::remove_file(self.path(key)?).await {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(e.into()),
            _ => Ok(()),
        }
    }
}

#[derive(Debug)]
struct FileUpload {
    file: Option<File>,
    part: PathBuf,
    path: PathBuf,
}

#[async_trait]
impl Upload for FileUpload {
    async fn write(&mut self, chunk: &[u8]) -> Result<()> {
        if let Some(file) = &mut self.file {
            file.write_all(chunk).await?;
        }
        Ok(())
    }

    async fn finish(mut self: Box<Self>) -> Result<()> {
        if let Some(mut file) = self.file.take() {
            file.flush().await?;
            file.sync_all().await?;
            tokio::fs::rename(&self.part, &self.path).await?;
        }
        Ok(())
    }
}

impl Drop for FileUpload {
    fn drop(&mut self) {
        if self.file.is_some() {
            // An upload that was broken off; if this fails, a stray part file is all that remains.
            let _ = std::fs::remove_file(&self.part);
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;

    use super::{Blobs, Directory};

    #[tokio::test]
    async fn a_blob_appears_whole_or_not_at_all() {
        let folder = std::env::temp_dir().join(format!("kefu-blob-{}", std::process::id()));
        let blobs = Directory::open(&folder).unwrap();
        let mut upload = blobs.create("ab12").await.unwrap();
        upload.write(b"hello ").await.unwrap();
        assert!(blobs.read("ab12", 0, 99).await.is_err());
        upload.write(b"world").await.unwrap();
        upload.finish().await.unwrap();
        let mut text = String::new();
        blobs.read("ab12", 6, 3).await.unwrap().read_to_string(&mut text).await.unwrap();
        assert_eq!(text, "wor");
        drop(blobs.create("cd34").await.unwrap());
        assert!(blobs.read("cd34", 0, 1).await.is_err());
        assert!(blobs.create("../../etc/passwd").await.is_err());
        std::fs::remove_dir_all(folder).unwrap();
    }
}
