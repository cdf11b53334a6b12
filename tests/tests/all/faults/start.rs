//! Starts that must not succeed: each ends at once, with one line that says what is wrong.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use kefu_tests::database::Inspector;
use kefu_tests::server::run;
use kefu_tests::{Database, Options, Server};

use kefu_tests::objects::Findings;

/// A refused start ends within this time.
const AT_ONCE: Duration = Duration::from_secs(5);
/// A database that does not answer is waited for a little.
const WITH_DATABASE: Duration = Duration::from_secs(15);

/// A folder that goes with the value.
struct Folder(PathBuf);

impl Folder {
    fn make() -> Result<Self> {
        let folder = std::env::temp_dir().join(format!("kefu-start-{:016x}", rand::random::<u64>()));
        std::fs::create_dir_all(&folder)?;
        Ok(Self(folder))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

/// Starts with a file and settings; demands that it fails with one line that has these words.
async fn refused(
    folder: &Folder,
    file: &str,
    settings: &[(&str, &str)],
    words: &[&str],
    limit: Duration,
) -> Result<()> {
    let (config, data) = (folder.0.join("kefu.toml"), folder.0.join("data"));
    std::fs::write(&config, file)?;
    let mut all = vec![("KEFU_GRPC_LISTEN", "127.0.0.1:0"), ("KEFU_DATA_DIR", data.to_str().context("a path")?)];
    if !file.contains("listen") {
        all.push(("KEFU_HTTP_LISTEN", "127.0.0.1:0"));
    }
    all.extend(settings);
    let output = run(&["--config", config.to_str().context("a path")?, "serve"], &all, limit).await?;
    let (said, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    ensure!(output.status.code() == Some(1) && said.is_empty(), "{}: {said}{errors}", output.status);
    ensure!(errors.lines().count() == 1 && errors.starts_with("kefu: "), "not one line: {errors}");
    ensure!(words.iter().all(|word| errors.contains(word)), "{words:?} is not in: {errors}");
    ensure!(!errors.contains("tiger"), "a password: {errors}");
    Ok(())
}

#[tokio::test]
async fn wrong_files_are_refused() -> Result<()> {
    let folder = Folder::make()?;
    let mut findings = Findings::default();
    for (file, key) in [
        ("[http]\nlisten = \"nowhere\"", "http.listen"),
        ("[http]\nlisten = 8080", "http.listen"),
        ("[http]\nport = 1", "http.port"),
        ("[nonsense]\na = 1", "nonsense"),
        ("http = 1", "http"),
        ("this is no configuration", "kefu.toml"),
        ("[http", "kefu.toml"),
        ("[http]\nallowed_origins = \"*\"", "http.allowed_origins"),
        ("[http]\nallowed_origins = [\"help.example.com\"]", "http.allowed_origins"),
        ("[http]\ntrusted_proxies = [\"proxy\"]", "http.trusted_proxies"),
        ("[http]\nmax_body_bytes = 0", "http.max_body_bytes"),
        ("[auth]\nlogin_tries = -1", "auth.login_tries"),
        ("[auth]\nlogin_tries = \"ten\"", "auth.login_tries"),
        ("[auth]\naccess_minutes = 1.5", "auth.access_minutes"),
        ("[database]\nurl = \"oracle://scott:tiger@db\"", "database.url"),
        ("[database]\nallow_unsafe_durability = \"no\"", "database.allow_unsafe_durability"),
    ] {
        let checked = refused(&folder, file, &[], &[key], AT_ONCE).await;
        findings.check(checked.with_context(|| file.to_owned()));
    }
    let missing = run(&["--config", "/nowhere/kefu.toml", "serve"], &[], AT_ONCE).await?;
    let errors = String::from_utf8_lossy(&missing.stderr).into_owned();
    ensure!(missing.status.code() == Some(1) && errors.contains("/nowhere/kefu.toml"), "{errors}");
    findings.none()
}

#[tokio::test]
async fn wrong_variables_are_refused() -> Result<()> {
    let folder = Folder::make()?;
    let occupied = std::net::TcpListener::bind("127.0.0.1:0")?;
    let taken = occupied.local_addr()?.to_string();
    let mut findings = Findings::default();
    for (name, value, key) in [
        ("KEFU_HTTP_LISTEN", "nowhere", "http.listen"),
        ("KEFU_HTTP_LISTEN", taken.as_str(), "http.listen"),
        ("KEFU_GRPC_LISTEN", taken.as_str(), "grpc.listen"),
        ("KEFU_HTTP_PUBLIC_URL", "ftp://example.com", "http.public_url"),
        ("KEFU_HTTP_ALLOWED_ORIGINS", "https://a.example, b.example", "http.allowed_origins"),
        ("KEFU_HTTP_MAX_CONNECTIONS", "0", "http.max_connections"),
        ("KEFU_HTTP_REQUEST_SECONDS", "0", "http.request_seconds"),
        ("KEFU_NONSENSE", "1", "KEFU_NONSENSE"),
        ("KEFU_HTTP_NONSENSE", "1", "KEFU_HTTP_NONSENSE"),
        ("KEFU_DATA_DIR", "", "data.dir"),
        ("KEFU_DATA_DIR", "/dev/null/kefu", "data.dir"),
        ("KEFU_DATABASE_URL", "db.example.com", "database.url"),
        ("KEFU_DATABASE_URL", "sqlite:///nowhere/at/all.db", "database.url"),
        ("KEFU_DATABASE_CONNECTIONS", "0", "database.connections"),
        ("KEFU_DATABASE_ALLOW_UNSAFE_DURABILITY", "maybe", "KEFU_DATABASE_ALLOW_UNSAFE_DURABILITY"),
        ("KEFU_SEARCH_URL", "http://127.0.0.1:7700", "search.url"),
        ("KEFU_BLOB_URL", "s3://bucket", "blob.url"),
        ("KEFU_BLOB_MAX_FILE_BYTES", "-1", "blob.max_file_bytes"),
        ("KEFU_SCANNER_URL", "", "scanner.url"),
        ("KEFU_SMS_URL", "http://sms.example.com", "sms.url"),
        ("KEFU_AUTH_ACCESS_MINUTES", "0", "auth.access_minutes"),
        ("KEFU_AUTH_ACCESS_MINUTES", "9223372036854775807", "auth.access_minutes"),
        ("KEFU_AUTH_ACCESS_MINUTES", "99999999999999999999", "KEFU_AUTH_ACCESS_MINUTES"),
        ("KEFU_AUTH_REFRESH_DAYS", "9223372036854775807", "auth.refresh_days"),
        ("KEFU_AUTH_LOGIN_TRIES", "ten", "KEFU_AUTH_LOGIN_TRIES"),
        ("KEFU_REALTIME_SILENCE_SECONDS", "0", "realtime.silence_seconds"),
        ("KEFU_REALTIME_SENDS_PER_SECOND", "0", "realtime.sends_per_second"),
        ("KEFU_REALTIME_FRAMES_PER_MINUTE", "0", "realtime.frames_per_minute"),
        ("KEFU_LOG_FORMAT", "xml", "log.format"),
        ("KEFU_LOG_FILTER", "a=b=c", "log.filter"),
    ] {
        let checked = refused(&folder, "", &[(name, value)], &[key], AT_ONCE).await;
        findings.check(checked.with_context(|| format!("{name}={value}")));
    }
    drop(occupied);
    findings.none()
}

#[tokio::test]
async fn a_database_that_is_not_there_is_named_without_its_password() -> Result<()> {
    let folder = Folder::make()?;
    for scheme in ["postgres", "mysql"] {
        let url = format!("{scheme}://scott:tiger@127.0.0.1:1/kefu");
        let words = ["database.url", &format!("{scheme}://127.0.0.1:1/kefu")];
        refused(&folder, "", &[("KEFU_DATABASE_URL", &url)], &words, WITH_DATABASE).await.context(url)?;
    }
    Ok(())
}

#[tokio::test]
async fn a_data_directory_has_one_owner() -> Result<()> {
    let server = Server::start(Options { database: Database::Sqlite, settings: Vec::new() }).await?;
    let folder = Folder::make()?;
    let data = server.folder().to_str().context("a path")?;
    let settings = [("KEFU_DATA_DIR", data), ("KEFU_DATABASE_URL", server.url.as_str())];
    refused(&folder, "", &settings, &["is in use by another Kefu", data], AT_ONCE).await?;
    server.rest()?.probe("/readyz").await?.data()?;
    Ok(())
}

#[tokio::test]
async fn a_database_that_forgets_is_refused() -> Result<()> {
    let folder = Folder::make()?;
    let url = Database::Postgres.create(&folder.0).await?;
    let name = url.rsplit_once('/').context("no name")?.1;
    Inspector::open(&url).await?.run(&format!("ALTER DATABASE {name} SET synchronous_commit = off")).await?;
    let words = ["synchronous_commit", "--allow-unsafe-durability", "database.url"];
    refused(&folder, "", &[("KEFU_DATABASE_URL", &url)], &words, WITH_DATABASE).await?;
    // Whoever says that it is meant gets it.
    let settings = vec![("KEFU_DATABASE_ALLOW_UNSAFE_DURABILITY", "true".to_owned())];
    let server = Server::start_on(url, Options { database: Database::Postgres, settings }).await?;
    server.rest()?.probe("/readyz").await?.data()?;
    Ok(())
}
