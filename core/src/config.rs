//! The configuration: the embedded default file, which documents every key, under a file, under the environment.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use toml::{Table, Value};

/// The default file.
pub const DEFAULT: &str = include_str!("kefu.toml");

/// What stands before each environment variable.
const PREFIX: &str = "KEFU_";
/// Variables with the prefix that belong to tests and tools, not to the configuration.
const FOREIGN: &str = "KEFU_TEST_";

/// The first frame of a client has to fit: a token, and where it stopped in two hundred sessions.
const LEAST_FRAME: i64 = 16 << 10;

macro_rules! section {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $name { $($(#[$field_doc])* pub $field: $type,)* }
    };
}

section! {
    /// All settings; `kefu.toml` explains each key.
    Config {
        /// The HTTP port.
        http: HttpConfig,
        /// The gRPC port.
        grpc: GrpcConfig,
        /// Files of embedded engines.
        data: DataConfig,
        /// The database.
        database: DatabaseConfig,
        /// Full-text search.
        search: EngineConfig,
        /// File contents.
        blob: BlobConfig,
        /// Virus scans.
        scanner: EngineConfig,
        /// SMS.
        sms: EngineConfig,
        /// Tokens and limits of logins.
        auth: AuthConfig,
        /// Sockets.
        realtime: RealtimeConfig,
        /// Nodes that run apart.
        cluster: ClusterConfig,
        /// Logs.
        log: LogConfig,
    }
}
section! {
    /// `[http]`
    HttpConfig {
        /// The address to listen on.
        listen: SocketAddr,
        /// The address customers reach.
        public_url: String,
        /// Origins that may call from a browser.
        allowed_origins: Vec<String>,
        /// Proxies whose X-Forwarded-For is believed.
        trusted_proxies: Vec<IpAddr>,
        /// Largest JSON body.
        max_body_bytes: usize,
        /// Connections at once.
        max_connections: usize,
        /// Seconds for a call.
        request_seconds: u64,
    }
}
section! {
    /// `[grpc]`
    GrpcConfig {
        /// The address to listen on.
        listen: SocketAddr,
    }
}
section! {
    /// `[data]`
    DataConfig {
        /// The folder.
        dir: PathBuf,
    }
}
section! {
    /// `[database]`
    DatabaseConfig {
        /// The address.
        url: String,
        /// Connections in the pool.
        connections: u32,
        /// Start on settings that may lose messages.
        allow_unsafe_durability: bool,
    }
}
section! {
    /// An engine that is chosen by its address alone.
    EngineConfig {
        /// The address.
        url: String,
    }
}
section! {
    /// `[blob]`
    BlobConfig {
        /// The address.
        url: String,
        /// Largest file.
        max_file_bytes: u64,
    }
}
section! {
    /// `[auth]`
    AuthConfig {
        /// Minutes an access token lives.
        access_minutes: i64,
        /// Days a refresh token lives.
        refresh_days: i64,
        /// Failed logins before an account has to wait.
        login_tries: u32,
        /// Codes to one phone a day.
        codes_per_phone: u64,
        /// Codes from one address an hour.
        codes_per_address: u64,
    }
}
section! {
    /// `[realtime]`
    RealtimeConfig {
        /// Seconds of silence that close a socket.
        silence_seconds: u64,
        /// Seconds for the first frame.
        auth_seconds: u64,
        /// Messages a second of one sender.
        sends_per_second: u64,
        /// Frames a minute of one connection.
        frames_per_minute: u32,
        /// Largest frame of a client.
        max_frame_bytes: usize,
    }
}
section! {
    /// `[cluster]`
    ClusterConfig {
        /// Shared by core and edges.
        node_secret: String,
    }
}
section! {
    /// `[log]`
    LogConfig {
        /// As in RUST_LOG.
        filter: String,
        /// text or json.
        format: String,
    }
}

impl Config {
    /// Reads the default file, then `file`, then the environment.
    ///
    /// # Errors
    /// One line that names the key and says what is wrong with it.
    pub fn load(file: Option<&Path>, environment: impl Iterator<Item = (String, String)>) -> Result<Self> {
        let mut table: Table = DEFAULT.parse().context("the embedded defaults")?;
        if let Some(file) = file {
            let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
            let given: Table = text.parse().with_context(|| format!("{} is not valid TOML", file.display()))?;
            merge(&mut table, given, "")?;
        }
        for (name, text) in environment.filter(|(name, _)| name.starts_with(PREFIX) && !name.starts_with(FOREIGN)) {
            set_from_environment(&mut table, &name, &text)?;
        }
        let config: Self = Value::Table(table).try_into().map_err(|e: toml::de::Error| {
            anyhow::anyhow!("configuration: {}", e.to_string().trim().replace('\n', " "))
        })?;
        config.finish()
    }

    /// Makes the folder of the embedded engines, where there is none. What it holds is for Kefu alone to read.
    pub(crate) fn make_data_dir(&self) -> Result<()> {
        let folder = &self.data.dir;
        let what = || format!("cannot make the data directory {} (data.dir)", folder.display());
        if folder.is_dir() {
            return Ok(());
        }
        let mut builder = std::fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.recursive(true).create(folder).with_context(what)
    }

    fn finish(mut self) -> Result<Self> {
        if self.database.url.is_empty() {
            self.database.url = format!("sqlite://{}", self.data.dir.join("kefu.db").display());
        }
        only("database.url", &self.database.url, &["sqlite:", "mysql:", "postgres:", "postgresql:"])?;
        only("search.url", &self.search.url, &["embedded"])?;
        only("blob.url", &self.blob.url, &["embedded"])?;
        only("scanner.url", &self.scanner.url, &["none"])?;
        only("sms.url", &self.sms.url, &["recorder"])?;
        only("log.format", &self.log.format, &["text", "json"])?;
        only("http.public_url", &self.http.public_url, &["http://", "https://"])?;
        let origins = &self.http.allowed_origins;
        origins.iter().try_for_each(|origin| only("http.allowed_origins", origin, &["http://", "https://", "*"]))?;
        anyhow::ensure!(!self.data.dir.as_os_str().is_empty(), "configuration: data.dir is empty");
        for (key, value, most) in self.numbers() {
            let least = if key == "realtime.max_frame_bytes" { LEAST_FRAME } else { 1 };
            let right = (least..=most).contains(&value);
            anyhow::ensure!(right, "configuration: {key} is {value}, but must be between {least} and {most}");
        }
        Ok(self)
    }

    /// Every number, with the most that makes sense: beyond it, times and sizes overflow.
    fn numbers(&self) -> [(&'static str, i64, i64); 15] {
        [
            ("http.max_body_bytes", number(self.http.max_body_bytes), 4 << 20),
            ("http.max_connections", number(self.http.max_connections), 1_000_000),
            ("http.request_seconds", number(self.http.request_seconds), 3600),
            ("database.connections", number(self.database.connections), 10_000),
            ("blob.max_file_bytes", number(self.blob.max_file_bytes), 1 << 40),
            ("auth.access_minutes", self.auth.access_minutes, 525_600),
            ("auth.refresh_days", self.auth.refresh_days, 3650),
            ("auth.login_tries", number(self.auth.login_tries), 1_000_000),
            ("auth.codes_per_phone", number(self.auth.codes_per_phone), 1_000_000),
            ("auth.codes_per_address", number(self.auth.codes_per_address), 1_000_000),
            ("realtime.silence_seconds", number(self.realtime.silence_seconds), 86_400),
            ("realtime.auth_seconds", number(self.realtime.auth_seconds), 3600),
            ("realtime.sends_per_second", number(self.realtime.sends_per_second), 1_000_000),
            ("realtime.frames_per_minute", number(self.realtime.frames_per_minute), 100_000_000),
            ("realtime.max_frame_bytes", number(self.realtime.max_frame_bytes), 1 << 20),
        ]
    }
}

fn number(value: impl TryInto<i64>) -> i64 {
    value.try_into().unwrap_or(i64::MAX)
}

fn only(key: &str, value: &str, starts: &[&str]) -> Result<()> {
    if starts.iter().any(|start| value.starts_with(start)) {
        return Ok(());
    }
    // An address may carry a password: name the scheme only.
    let shown = value.split_once("://").map_or(value, |(scheme, _)| scheme);
    bail!("configuration: {key} is `{shown}`, but must start with {}", starts.join(" or "))
}

fn merge(base: &mut Table, given: Table, path: &str) -> Result<()> {
    for (key, value) in given {
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        match (base.get_mut(&key), value) {
            (Some(Value::Table(base)), Value::Table(given)) => merge(base, given, &path)?,
            (Some(slot), value) if !slot.is_table() && !value.is_table() => *slot = value,
            (Some(_), _) => bail!("configuration: {path} has the wrong shape"),
            (None, _) => bail!("configuration: there is no key {path}"),
        }
    }
    Ok(())
}

/// `KEFU_HTTP_PUBLIC_URL` is `http.public_url`: the section ends at the first underscore.
fn set_from_environment(table: &mut Table, name: &str, text: &str) -> Result<()> {
    let path = name[PREFIX.len()..].to_ascii_lowercase();
    let slot = path
        .split_once('_')
        .and_then(|(section, key)| table.get_mut(section)?.as_table_mut()?.get_mut(key))
        .with_context(|| format!("configuration: {name} belongs to no key"))?;
    let parsed = match slot {
        Value::String(_) => Some(Value::String(text.to_owned())),
        Value::Integer(_) => text.parse().ok().map(Value::Integer),
        Value::Boolean(_) => text.parse().ok().map(Value::Boolean),
        Value::Array(_) => {
            let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
            Some(Value::Array(items.map(|item| Value::String(item.to_owned())).collect()))
        }
        _ => None,
    };
    *slot = parsed.with_context(|| format!("configuration: {name} is `{text}`, which is no {}", slot.type_str()))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::Config;

    fn load(file: &str, environment: &[(&str, &str)]) -> Result<Config, String> {
        let path = std::env::temp_dir().join(format!("kefu-config-{}-{}.toml", std::process::id(), file.len()));
        std::fs::write(&path, file).unwrap();
        let environment = environment.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        let config = Config::load(Some(&path), environment).map_err(|e| format!("{e:#}"));
        std::fs::remove_file(path).unwrap();
        config
    }

    #[test]
    fn environment_wins_over_file_wins_over_default() {
        let config = load("[auth]\nlogin_tries = 3\nrefresh_days = 1\n", &[("KEFU_AUTH_LOGIN_TRIES", "4")]).unwrap();
        assert_eq!((config.auth.login_tries, config.auth.refresh_days, config.auth.access_minutes), (4, 1, 120));
        assert_eq!(config.database.url, "sqlite://./data/kefu.db");
    }

    #[test]
    #[cfg(unix)]
    fn the_data_directory_is_for_its_owner() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = std::env::temp_dir().join(format!("kefu-data-{}", std::process::id()));
        let mut config = load("", &[]).unwrap();
        config.data.dir = folder.join("deep");
        config.make_data_dir().unwrap();
        assert_eq!(config.data.dir.metadata().unwrap().permissions().mode() & 0o777, 0o700);
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn lists_come_from_the_environment() {
        let config = load("", &[("KEFU_HTTP_ALLOWED_ORIGINS", "https://a.example, https://b.example")]).unwrap();
        assert_eq!(config.http.allowed_origins, ["https://a.example", "https://b.example"]);
    }

    #[test]
    fn wrong_values_name_their_key() {
        for (file, environment, key) in [
            ("[http]\nlisten = \"nowhere\"", vec![], "invalid socket address"),
            ("[nonsense]\na = 1", vec![], "nonsense"),
            ("[http]\nport = 1", vec![], "http.port"),
            ("http = 1", vec![], "http"),
            ("", vec![("KEFU_AUTH_LOGIN_TRIES", "many")], "KEFU_AUTH_LOGIN_TRIES"),
            ("", vec![("KEFU_NONSENSE", "1")], "KEFU_NONSENSE"),
            ("", vec![("KEFU_DATABASE_URL", "oracle://scott:tiger@db")], "database.url"),
            ("[auth]\nlogin_tries = 0", vec![], "auth.login_tries"),
            ("[sms]\nurl = \"\"", vec![], "sms.url"),
            ("", vec![("KEFU_REALTIME_MAX_FRAME_BYTES", "1024")], "realtime.max_frame_bytes"),
            ("", vec![("KEFU_REALTIME_MAX_FRAME_BYTES", "1048577")], "realtime.max_frame_bytes"),
            ("", vec![("KEFU_AUTH_ACCESS_MINUTES", "9223372036854775807")], "auth.access_minutes"),
            ("[http]\nallowed_origins = [\"help.example.com\"]", vec![], "http.allowed_origins"),
        ] {
            let error = load(file, &environment).unwrap_err();
            assert!(error.contains(key), "{error}");
            assert!(!error.contains('\n') && !error.contains("tiger"), "{error}");
        }
    }
}
