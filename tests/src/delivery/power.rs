//! Power failures: everything that a running Kefu does to its SQLite files is written down; then the disk is drawn as
//! it is found when the power fails at some moment, and every message that was acknowledged before has to be there,
//! once. The same with SQLite's `NORMAL`, a planted bug, has to lose some, or this would prove nothing.

mod disk;

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use futures_util::StreamExt as _;
use kefu_planted::Bug;
use rand::Rng as _;
use rand::seq::SliceRandom as _;
use serde_json::json;

use super::world::decisions;
use crate::database::Inspector;
use crate::{Database, Options, Rest, Server};
use disk::{Disk, Unsynced};

/// The source of what is loaded into Kefu.
const RECORDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/delivery/power/disk.c");
/// Sends under way at a time, now and then.
const AT_ONCE: usize = 6;

/// A message that was acknowledged when the record had this length.
#[derive(Debug)]
struct Acknowledged {
    id: String,
    at: u64,
}

/// What came of some power failures.
#[derive(Debug, Default)]
pub struct Losses {
    /// How many there were.
    pub cuts: usize,
    /// Messages that should have been there, of all of them together.
    pub acknowledged: usize,
    /// Databases, whole ones, in which some of those were not there exactly once.
    pub lost: Vec<String>,
    /// Databases that cannot be read, or are not whole.
    pub broken: Vec<String>,
}

/// How many of a kind are told one by one.
const TOLD: usize = 3;

impl Losses {
    /// Whether nothing is wrong.
    pub fn is_none(&self) -> bool {
        self.lost.is_empty() && self.broken.is_empty()
    }
}

impl fmt::Display for Losses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { cuts, acknowledged, lost, broken } = self;
        write!(f, "{cuts} failures, {acknowledged} messages wanted: ")?;
        write!(f, "messages lost {} times, the database broken {} times", lost.len(), broken.len())?;
        for what in lost.iter().take(TOLD).chain(broken.iter().take(TOLD)) {
            write!(f, "\n    {what}")?;
        }
        Ok(())
    }
}

/// What is wrong with a database.
enum Wrong {
    Lost(String),
    Broken(String),
}

/// Lets Kefu store messages, and fails the power at so many moments.
///
/// # Errors
/// It does not run.
pub async fn run(seed: u64, messages: usize, cuts: usize, bug: Option<Bug>, folder: &Path) -> Result<Losses> {
    let folder = folder.join(bug.map_or("full", |_| "normal"));
    std::fs::create_dir_all(&folder)?;
    let record = folder.join("record");
    drop(std::fs::remove_file(&record));
    let mut settings = vec![
        ("LD_PRELOAD", recorder(&folder)?.display().to_string()),
        ("KEFU_TEST_DISK", record.display().to_string()),
        ("KEFU_REALTIME_SENDS_PER_SECOND", "1000000".to_owned()),
    ];
    settings.extend(bug.map(|bug| (kefu_planted::VARIABLE, bug.name().to_owned())));
    let mut server = Server::start(Options { database: Database::Sqlite, settings }).await?;
    let tenant = server.tenant().await?;
    let customer = tenant.customer(&tenant.team(&[]).await?).await?;
    // Who stops in an orderly way leaves all of that in the database itself: what is lost from here on are messages.
    server.stop().await?;
    server.start_again().await?;
    let rest = server.rest()?.with_token(customer.rest.token.as_deref().context("no token")?);
    let acknowledged = talk(&rest, &customer.session, (messages, seed), &record).await?;
    server.crash();
    drop(server);
    let record = std::fs::read(&record)?;
    fail(&record, &acknowledged, &customer.session, (seed, cuts), &folder).await
}

/// Compiles what writes down.
fn recorder(folder: &Path) -> Result<PathBuf> {
    let library = folder.join("disk.so");
    let built =
        Command::new("cc").args(["-shared", "-fPIC", "-O1", "-Wall", "-o"]).arg(&library).arg(RECORDER).status();
    ensure!(built.context("cc (tests/install build)")?.success(), "{RECORDER} cannot be compiled");
    Ok(library)
}

/// Sends messages, one by one and several at once.
async fn talk(rest: &Rest, session: &str, (messages, seed): (usize, u64), record: &Path) -> Result<Vec<Acknowledged>> {
    let mut rng = decisions(seed, "power");
    let path = format!("/sessions/{session}/messages");
    let mut acknowledged = Vec::new();
    while acknowledged.len() < messages {
        let sends = if rng.random_bool(0.5) { 1 } else { AT_ONCE };
        let ids: Vec<String> = (0..sends).map(|n| format!("m-{}", acknowledged.len() + n)).collect();
        let sending = ids.into_iter().map(async |id| {
            let body = json!({"clientMsgId": id, "content": format!("消息 {id} {}", "。".repeat(100))});
            rest.post(&path, body).await?.data()?;
            anyhow::Ok(Acknowledged { id, at: std::fs::metadata(record)?.len() })
        });
        let answers: Vec<_> = futures_util::stream::iter(sending).buffer_unordered(AT_ONCE).collect().await;
        acknowledged.extend(answers.into_iter().collect::<Result<Vec<_>>>()?);
    }
    Ok(acknowledged)
}

/// Fails the power at moments after the first acknowledgement, and looks at what is left.
async fn fail(
    record: &[u8],
    acknowledged: &[Acknowledged],
    session: &str,
    (seed, cuts): (u64, usize),
    folder: &Path,
) -> Result<Losses> {
    let entries = disk::read(record)?;
    let begin = acknowledged.iter().map(|message| message.at).min().context("nothing was sent")?;
    let mut rng = decisions(seed, "cuts");
    let mut moments: Vec<usize> = (0..entries.len()).filter(|at| entries[*at].end >= begin).collect();
    ensure!(moments.len() >= cuts, "only {} moments to fail at: send more messages", moments.len());
    moments.shuffle(&mut rng);
    moments.truncate(cuts);
    moments.sort_unstable();
    let (mut disk, mut done, mut losses) = (Disk::default(), 0, Losses::default());
    for moment in moments {
        for entry in &entries[done..=moment] {
            disk.take(entry)?;
        }
        done = moment + 1;
        let unsynced = [Unsynced::Lost, Unsynced::Torn, Unsynced::Torn, Unsynced::Kept][losses.cuts % 4];
        let found = folder.join("found");
        disk.save(&found, unsynced, &mut rng)?;
        let wanted = acknowledged.iter().filter(|message| message.at <= entries[moment].end);
        let wanted: Vec<&str> = wanted.map(|message| message.id.as_str()).collect();
        losses.cuts += 1;
        losses.acknowledged += wanted.len();
        let when = format!("power failed after entry {moment} of {}, unsynced writes {unsynced:?}", entries.len());
        match look(&found, session, &wanted).await.unwrap_or_else(|error| Some(Wrong::Broken(format!("{error:#}")))) {
            Some(Wrong::Lost(what)) => losses.lost.push(format!("{when}: {what}")),
            Some(Wrong::Broken(what)) => losses.broken.push(format!("{when}: {what}")),
            None => {}
        }
        std::fs::remove_dir_all(&found)?;
    }
    Ok(losses)
}

/// Opens the database as it was found: what is wrong with it.
async fn look(found: &Path, session: &str, wanted: &[&str]) -> Result<Option<Wrong>> {
    let inspector = Inspector::open(&format!("sqlite://{}/kefu.db", found.display())).await?;
    let whole = inspector.column("PRAGMA quick_check").await?;
    let sql = format!("SELECT client_msg_id FROM chat_message WHERE session_id = {session}");
    let rows = inspector.column(&sql).await;
    inspector.close().await?;
    let mut times: HashMap<String, usize> = HashMap::new();
    for id in rows? {
        *times.entry(id).or_default() += 1;
    }
    if whole != ["ok"] {
        return Ok(Some(Wrong::Broken(format!("{whole:?}"))));
    }
    let wrong: Vec<_> = wanted.iter().filter(|id| times.get(**id) != Some(&1)).collect();
    let words = format!("{} of {} acknowledged messages are not there once: {wrong:?}", wrong.len(), wanted.len());
    Ok((!wrong.is_empty()).then_some(Wrong::Lost(words)))
}
