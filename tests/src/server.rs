//! Servers: those that `tests/with-databases` has started, and private ones.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value as Json;
use tokio::sync::OnceCell;

use crate::database::{Database, Inspector};
use crate::grpc::Grpc;
use crate::rest::Rest;

/// What a private server is started with.
#[derive(Debug, Clone)]
pub struct Options {
    /// The kind of its database, which is made anew.
    pub database: Database,
    /// Settings, as `("KEFU_AUTH_ACCESS_MINUTES", "1")`.
    pub settings: Vec<(&'static str, String)>,
}

/// A running server.
#[derive(Debug)]
pub struct Server {
    /// The kind of database.
    pub database: Database,
    /// Host and port of REST and the WebSocket.
    pub http: String,
    /// Host and port of gRPC.
    pub grpc: String,
    /// The database's address.
    pub url: String,
    folder: PathBuf,
    settings: Vec<(&'static str, String)>,
    /// The process, of a private server.
    process: Option<Child>,
    /// Its log is shown at the end, as the output of the test that used it.
    shows_log: bool,
}

impl Server {
    /// The server that all tests of a kind of database share.
    ///
    /// # Errors
    /// There is none. Only on SQLite the tests can start one by themselves.
    pub async fn shared(database: Database) -> Result<&'static Self> {
        static SERVERS: [OnceCell<Server>; 3] = [OnceCell::const_new(), OnceCell::const_new(), OnceCell::const_new()];
        let start = async || match std::env::var(format!("KEFU_TEST_SERVER_{}", database.name().to_uppercase())) {
            Ok(text) => Self::found(database, &text),
            Err(_) if database == Database::Sqlite => Self::start(Options { database, settings: Vec::new() }).await,
            Err(_) => bail!("no {} server: run through make test", database.name()),
        };
        SERVERS[database as usize].get_or_try_init(start).await
    }

    /// Reads `http=…;grpc=…;data=…;url=…`.
    fn found(database: Database, text: &str) -> Result<Self> {
        let part = |name: &str| {
            let parts = text.split(';').filter_map(|part| part.split_once('='));
            let value = parts.filter(|(key, _)| *key == name).map(|(_, value)| value.to_owned()).next();
            value.with_context(|| format!("no {name} in {text}"))
        };
        Ok(Self {
            database,
            http: part("http")?,
            grpc: part("grpc")?,
            url: part("url")?,
            folder: part("data")?.into(),
            settings: Vec::new(),
            process: None,
            shows_log: false,
        })
    }

    /// Starts a private server, which ends with the value, or with the test's process.
    ///
    /// # Errors
    /// It does not come up; its log is in the error.
    pub async fn start(options: Options) -> Result<Self> {
        let folder = folder()?;
        let url = options.database.create(&folder).await?;
        Self::launched(options, url, folder).await
    }

    /// Starts a private server on a database that is there already.
    ///
    /// # Errors
    /// It does not come up; its log is in the error.
    pub async fn start_on(url: String, options: Options) -> Result<Self> {
        Self::launched(options, url, folder()?).await
    }

    async fn launched(options: Options, url: String, folder: PathBuf) -> Result<Self> {
        let Options { database, settings } = options;
        let (http, grpc) = (String::new(), String::new());
        let mut server = Self { database, http, grpc, url, folder, settings, process: None, shows_log: true };
        server.launch().await?;
        Ok(server)
    }

    /// Asks a private server to stop, as the system does, and waits until it has: how it ended, and after how long.
    ///
    /// # Errors
    /// It does not end within half a minute.
    pub async fn stop(&mut self) -> Result<(ExitStatus, Duration)> {
        let pid = self.pid()?.to_string();
        let asked = Instant::now();
        ensure!(Command::new("kill").args(["-TERM", &pid]).status()?.success(), "no process {pid}");
        let process = self.process.as_mut().context("a shared server is not to be stopped")?;
        let status = ended(process, Duration::from_secs(30)).await?;
        let took = asked.elapsed();
        self.kill();
        Ok((status, took))
    }

    /// Starts a private server again, on the same data.
    ///
    /// # Errors
    /// It does not come up.
    pub async fn start_again(&mut self) -> Result<()> {
        self.launch().await
    }

    /// Ends a private server at once, as a power failure would, and starts it again on the same data.
    ///
    /// # Errors
    /// It does not come up.
    pub async fn crash_and_restart(&mut self) -> Result<()> {
        self.crash();
        self.launch().await
    }

    /// Ends a private server at once: kill -9.
    pub fn crash(&mut self) {
        self.kill();
    }

    /// The process of a private server.
    ///
    /// # Errors
    /// It was never started.
    pub fn pid(&self) -> Result<u32> {
        Ok(std::fs::read_to_string(self.folder.join("kefu.pid"))?.trim().parse()?)
    }

    /// Keeps the log of a private server to itself.
    pub fn hide_log(&mut self) {
        self.shows_log = false;
    }

    /// The memory that the process of a private server holds, in bytes.
    ///
    /// # Errors
    /// It does not run.
    pub fn memory(&self) -> Result<u64> {
        self.status("VmRSS:")
    }

    /// The most memory that the process of a private server has ever held, in bytes.
    ///
    /// # Errors
    /// It does not run.
    pub fn peak_memory(&self) -> Result<u64> {
        self.status("VmHWM:")
    }

    /// A size that the system knows of the process, in bytes.
    fn status(&self, name: &str) -> Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid()?))?;
        let line = status.lines().find_map(|line| line.strip_prefix(name)).with_context(|| format!("no {name}"))?;
        let kib: u64 = line.trim().trim_end_matches(" kB").trim().parse()?;
        Ok(kib * 1024)
    }

    async fn launch(&mut self) -> Result<()> {
        let log = std::fs::File::create(self.log_path())?;
        // The shell ends as the server does. It ends the server when this process ends, however that happens: its
        // standard input closes.
        let script = r#"exec 3<&0; pid=$1; shift; "$@" </dev/null 3<&- & server=$!; echo $server >"$pid"
            { cat <&3; kill -9 $server; } >/dev/null 2>&1 & exec 3<&-; wait $server"#;
        let mut command = Command::new("sh");
        command.args(["-c", script, "sh"]).arg(self.folder.join("kefu.pid")).arg(binary()?).arg("serve");
        command.env("KEFU_HTTP_LISTEN", "127.0.0.1:0").env("KEFU_GRPC_LISTEN", "127.0.0.1:0");
        self.configure(&mut command).stdin(Stdio::piped()).stdout(log.try_clone()?).stderr(log);
        self.process = Some(command.spawn()?);
        let ready = self.ready_line().await?;
        (self.http, self.grpc) = (address(&ready, "http")?, address(&ready, "grpc")?);
        Ok(())
    }

    async fn ready_line(&mut self) -> Result<Json> {
        for _ in 0..6000 {
            let text = std::fs::read_to_string(self.log_path())?;
            let line = text.lines().filter(|line| line.contains(r#""ready":true"#)).find_map(json);
            if let Some(line) = line {
                return Ok(line);
            }
            if let Some(process) = &mut self.process
                && process.try_wait()?.is_some()
            {
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        bail!("kefu does not start:\n{}", std::fs::read_to_string(self.log_path())?)
    }

    /// Where the server keeps its files.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where a private server writes what it says.
    pub fn log_path(&self) -> PathBuf {
        self.folder.join("kefu.log")
    }

    fn configure<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        command
            .env("KEFU_DATA_DIR", &self.folder)
            .env("KEFU_DATABASE_URL", &self.url)
            .envs(self.settings.iter().map(|(name, value)| (name, value)))
    }

    fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            drop(process.stdin.take());
            // It may have ended by itself.
            drop(process.wait());
        }
    }

    /// Makes a tenant with its administrator: code, user name and first password.
    ///
    /// # Errors
    /// The command fails.
    pub fn create_tenant(&self) -> Result<(String, String, String)> {
        let code = format!("t{:012x}", rand::random::<u64>() >> 16);
        let mut command = Command::new(binary()?);
        command.args(["tenant", "create", "--code", &code, "--name", &format!("测试 {code}")]);
        let output = self.configure(&mut command).stdin(Stdio::null()).output()?;
        let text = String::from_utf8_lossy(&output.stdout);
        let words = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "kefu tenant create: {}\n{text}\n{words}", output.status);
        let line = text.lines().filter_map(json).find(|line| line["password"].is_string());
        let line = line.with_context(|| format!("kefu tenant create names no password: {text}"))?;
        let word = |name: &str| line[name].as_str().map(str::to_owned).with_context(|| format!("no {name} in {line}"));
        Ok((word("tenantCode")?, word("username")?, word("password")?))
    }

    /// A REST caller without a token.
    ///
    /// # Errors
    /// The client cannot be made.
    pub fn rest(&self) -> Result<Rest> {
        Rest::new(&self.http)
    }

    /// A gRPC caller.
    ///
    /// # Errors
    /// The server cannot be reached.
    pub async fn grpc(&self) -> Result<Grpc> {
        Grpc::connect(&self.grpc).await
    }

    /// A look into the database.
    ///
    /// # Errors
    /// It cannot be reached.
    pub async fn inspect(&self) -> Result<Inspector> {
        Inspector::open(&self.url).await
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.process.is_none() {
            return;
        }
        self.kill();
        if self.shows_log
            && let Ok(log) = std::fs::read_to_string(self.log_path())
        {
            // The test's own output: nextest shows it if the test fails.
            drop(writeln!(std::io::stdout(), "--- the server's log\n{log}"));
        }
        drop(std::fs::remove_dir_all(&self.folder));
    }
}

/// A folder for a private server.
fn folder() -> Result<PathBuf> {
    let folder = std::env::temp_dir().join(format!("kefu-test-{:016x}", rand::random::<u64>()));
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// Waits until a process ends; kills it if it does not.
async fn ended(process: &mut Child, limit: Duration) -> Result<ExitStatus> {
    let deadline = Instant::now() + limit;
    loop {
        if let Some(status) = process.try_wait()? {
            return Ok(status);
        }
        if Instant::now() > deadline {
            process.kill()?;
            bail!("the process has not ended after {limit:?}");
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Runs `kefu` to its end, which has to come within `limit`.
///
/// # Errors
/// It does not end.
pub async fn run(arguments: &[&str], settings: &[(&str, &str)], limit: Duration) -> Result<Output> {
    let mut command = Command::new(binary()?);
    command.args(arguments).envs(settings.iter().copied());
    let mut process = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    ended(&mut process, limit).await?;
    Ok(process.wait_with_output()?)
}

static BINARY: OnceLock<PathBuf> = OnceLock::new();

/// Starts this binary from now on, and no other.
///
/// # Errors
/// Another was chosen before.
pub fn use_binary(path: PathBuf) -> Result<()> {
    BINARY.set(path).map_err(|path| anyhow::anyhow!("another binary than {} was chosen before", path.display()))
}

/// The binary that was built with the tests, unless another was chosen.
fn binary() -> Result<PathBuf> {
    if let Some(path) = BINARY.get() {
        return Ok(path.clone());
    }
    if let Some(path) = std::env::var_os("KEFU_TEST_BIN") {
        return Ok(path.into());
    }
    let caller = std::env::current_exe()?;
    // A program lies beside it, a test one folder below.
    let found = caller.ancestors().skip(1).take(2).map(|folder| folder.join("kefu")).find(|path| path.is_file());
    found.with_context(|| format!("no kefu beside {}: run through make test", caller.display()))
}

fn json(line: &str) -> Option<Json> {
    serde_json::from_str::<Json>(line).ok().filter(Json::is_object)
}

fn address(ready: &Json, name: &str) -> Result<String> {
    Ok(ready[name].as_str().with_context(|| format!("no {name} in {ready}"))?.to_owned())
}
