//! A disk that is full: what is there can be read, and with room again everything goes on.

use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use kefu_tests::{Database, Options, Server};

use super::{Talk, unavailable, until};

/// A small disk in memory, as long as the value lives.
struct Disk(PathBuf);

impl Disk {
    fn mount() -> Result<Self> {
        let folder = std::env::temp_dir().join(format!("kefu-disk-{:016x}", rand::random::<u64>()));
        std::fs::create_dir_all(&folder)?;
        let path = folder.to_str().context("a path")?;
        as_root(&["mount", "-t", "tmpfs", "-o", "size=16m,mode=777", "kefu-test", path])?;
        Ok(Self(folder))
    }

    fn ballast(&self) -> PathBuf {
        self.0.join("ballast")
    }

    /// Fills the disk to the last byte.
    fn fill(&self) -> Result<()> {
        let mut file = File::options().create(true).append(true).open(self.ballast())?;
        for size in [1 << 20, 4096, 1] {
            while file.write_all(&vec![b'x'; size]).is_ok() {}
        }
        Ok(())
    }

    fn free(&self) -> Result<()> {
        Ok(std::fs::remove_file(self.ballast())?)
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // The server on it may still be ending.
        drop(as_root(&["umount", "--lazy", &self.0.to_string_lossy()]));
        drop(std::fs::remove_dir(&self.0));
    }
}

/// Runs a command that takes root, as `sudo` where the tests are not.
fn as_root(command: &[&str]) -> Result<()> {
    // The folder of a process belongs to whoever runs it.
    let root = std::fs::metadata("/proc/self")?.uid() == 0;
    let command = if root { command.to_vec() } else { [&["sudo", "-n"], command].concat() };
    let output = Command::new(command[0]).args(&command[1..]).output()?;
    ensure!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}

#[tokio::test]
async fn a_full_disk_refuses_writes_until_there_is_room() -> Result<()> {
    let disk = Disk::mount()?;
    let data = disk.0.join("data");
    let url = format!("sqlite://{}/kefu.db", data.display());
    std::fs::create_dir(&data)?;
    let settings =
        vec![("KEFU_DATA_DIR", data.display().to_string()), ("KEFU_REALTIME_SENDS_PER_SECOND", "1000".to_owned())];
    let server = Server::start_on(url, Options { database: Database::Sqlite, settings }).await?;
    let tenant = server.tenant().await?;
    let mut talk = Talk::begin(&tenant).await?;
    talk.say("before").await?;
    for round in 0..2 {
        disk.fill()?;
        let (id, text) = fill_up(&mut talk, round).await?;
        // On a connection of its own, which does not outlive a body that nobody has read to its end.
        let rest = server.rest()?.with_token(talk.agent.rest.token.as_deref().context("not logged in")?);
        unavailable(&rest.upload("/files", &serde_json::Map::new(), "a.txt", vec![b'a'; 1 << 20]).await?)?;
        talk.is_whole().await.context("while the disk is full")?;
        server.rest()?.probe("/healthz").await?.data()?;

        disk.free()?;
        let answer = until(Duration::from_secs(10), async || {
            let answer = talk.post(&id, &text).await?;
            answer.data()?;
            Ok(answer)
        })
        .await?;
        ensure!(answer.data()?["duplicate"] == false, "a refused message was stored: {}", answer.envelope);
        talk.accepted(&answer, text)?;
        talk.say(&format!("after-{round}")).await?;
        talk.is_whole().await?;
    }
    // The database is sound, not only readable.
    ensure!(server.inspect().await?.column("PRAGMA integrity_check").await? == ["ok"], "the database is damaged");
    Ok(())
}

/// Sends until there is no room left in the journal either; gives the message that was refused.
async fn fill_up(talk: &mut Talk, round: u32) -> Result<(String, String)> {
    for n in 0..3000 {
        let text = format!("{round}-{n}-{}", "x".repeat(1500));
        let id = format!("full-{round}-{n}");
        let answer = talk.post(&id, &text).await?;
        if answer.status != 200 {
            unavailable(&answer)?;
            return Ok((id, text));
        }
        talk.accepted(&answer, text)?;
    }
    bail!("the disk never filled up")
}
