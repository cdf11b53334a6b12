//! The business of Kefu: access, services, and the ports to the outside world. It knows nothing of the edges.

mod access;
mod clock;
pub mod config;
mod customer;
mod db;
pub mod demo;
mod error;
mod event;
mod file;
mod job;
mod mask;
mod notification;
mod port;
mod realtime;
mod session;
mod settings;
mod stats;
mod team;
mod tenant;
mod text;
mod user;

pub use access::Guarded;
pub use clock::{Clock, Time};
pub use tenant::{NewTenant, create_tenant, renew_epoch};

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tonic::service::Routes;

use access::limit::Limits;
use access::secret::{Passwords, random_token};
use access::token::Tokens;
use access::{Ctx, Directory};
use config::Config;
use db::{Db, Tx};
use job::Runner;
use port::blob::Blobs;
use port::bus::{Bus, LocalBus};
use port::search::Search;
use port::sms::Sms;
use realtime::heads::Heads;
use session::writer::Writer;

/// The core: what every service works with.
#[derive(Debug)]
pub struct Core {
    config: Config,
    clock: Clock,
    db: Db,
    bus: Box<dyn Bus>,
    blobs: Box<dyn Blobs>,
    search: Box<dyn Search>,
    follower: session::Follower,
    sms: Box<dyn Sms>,
    tokens: Tokens,
    passwords: Passwords,
    directory: Directory,
    limits: Limits,
    audience: session::Audience,
    /// Held while a queue is drained.
    assigning: tokio::sync::Mutex<()>,
    moves: session::Moves,
    jobs: Runner,
    writer: Writer,
    heads: Heads,
    /// Keys digests of codes and refresh tokens.
    digest_key: Vec<u8>,
    /// The secret by which edges show themselves.
    node_secret: String,
    /// The database's incarnation (realtime.md, "Resume").
    epoch: String,
    /// Long polls are answered at once: another node is better.
    leaving: CancellationToken,
    /// The background work ends.
    stop: CancellationToken,
    tasks: TaskTracker,
    /// Held as long as the embedded engines are open.
    _data_lock: File,
}

impl Core {
    /// Opens the engines, brings the schema up to date, and starts the background work.
    ///
    /// # Errors
    /// An engine cannot be opened, or its settings are unsafe.
    pub async fn start(config: Config, clock: Clock) -> Result<Arc<Self>> {
        config.make_data_dir()?;
        let data_lock = lock(&config.data.dir)?;
        let db = Db::open(&config.database).await?;
        let installation = tenant::installation(&db, &clock).await?;
        user::role::refresh(&db, &clock).await?;
        let (writer, sends) = Writer::new();
        let (heads, asks) = Heads::new();
        let core = Arc::new(Self {
            bus: Box::<LocalBus>::default(),
            blobs: Box::new(port::blob::Directory::open(&config.data.dir.join("blobs"))?),
            search: Box::new(port::search::Embedded::open(&config.data.dir.join("search"), &installation.epoch)?),
            follower: session::Follower::default(),
            sms: Box::new(port::sms::Recorder),
            tokens: Tokens::new(installation.token_key.as_bytes(), config.auth.access_minutes, clock.clone()),
            passwords: Passwords::new(),
            directory: Directory::new(db.clone(), clock.clone()),
            limits: Limits::new(clock.clone()),
            audience: session::Audience::default(),
            assigning: tokio::sync::Mutex::new(()),
            moves: session::Moves::default(),
            jobs: Runner::default(),
            writer,
            heads,
            digest_key: installation.digest_key.into_bytes(),
            node_secret: match config.cluster.node_secret.as_str() {
                "" => random_token()?,
                secret => secret.to_owned(),
            },
            epoch: installation.epoch,
            leaving: CancellationToken::new(),
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
            _data_lock: data_lock,
            clock,
            db,
            config,
        });
        core.spawn_background(sends, asks);
        Ok(core)
    }

    fn spawn_background(self: &Arc<Self>, sends: session::writer::Queue, asks: mpsc::Receiver<realtime::heads::Ask>) {
        let core = self.clone();
        self.tasks.spawn(async move { core.jobs.run(core.clone(), core.stop.clone()).await });
        let core = self.clone();
        self.tasks.spawn(session::writer::run(core, sends));
        let core = self.clone();
        self.tasks.spawn(realtime::heads::run(core, asks));
        let core = self.clone();
        self.tasks.spawn(session::keeper::run(core));
        let core = self.clone();
        self.tasks.spawn(session::queue::tell(core));
        let core = self.clone();
        self.tasks.spawn(session::search::follow(core));
        let core = self.clone();
        self.tasks.spawn(db::keep_log_short(core));
    }

    /// The services behind the access layer: for the gRPC port, and as the transport of the edges in this process.
    pub fn service(self: &Arc<Self>) -> Guarded {
        let mut routes = Routes::builder();
        user::register(self, &mut routes);
        team::register(self, &mut routes);
        customer::register(self, &mut routes);
        session::register(self, &mut routes);
        file::register(self, &mut routes);
        notification::register(self, &mut routes);
        settings::register(self, &mut routes);
        stats::register(self, &mut routes);
        realtime::register(self, &mut routes);
        access::guard(self.clone(), routes.routes())
    }

    /// Makes the first tenant with its administrator, if there is none yet.
    ///
    /// # Errors
    /// The database fails.
    pub async fn first_start(&self) -> Result<Option<NewTenant>> {
        Ok(tenant::first_start(self).await?)
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// It does not.
    pub async fn ready(&self) -> Result<()> {
        Ok(self.db.ping().await?)
    }

    /// The secret by which an edge in this process shows itself.
    pub fn node_secret(&self) -> &str {
        &self.node_secret
    }

    /// Answers the long polls that wait, for this node is about to stop.
    pub fn leave(&self) {
        self.leaving.cancel();
    }

    /// Ends the background work: what has begun is finished, and every acknowledged message is committed.
    pub async fn shutdown(&self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        if let Err(error) = self.db.clone().close().await {
            tracing::warn!(%error, "the database did not close well");
        }
    }

    /// Begins the transaction of a method.
    pub(crate) async fn begin<'a>(&'a self, ctx: &'a Ctx) -> error::Result<Tx<'a>> {
        Tx::begin(self, ctx).await
    }
}

/// One process at a time: the embedded engines are not made for two.
fn lock(folder: &Path) -> Result<File> {
    let path = folder.join("lock");
    let file = File::create(&path).with_context(|| format!("cannot make {}", path.display()))?;
    file.try_lock()
        .map_err(|_| anyhow::anyhow!("the data directory {} is in use by another Kefu", folder.display()))?;
    Ok(file)
}
