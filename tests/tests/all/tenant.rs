//! Tenants: made by a command beside the running server, each with a code of its own.

use std::process::Output;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use futures_util::future::try_join_all;
use kefu_tests::server::run;
use kefu_tests::{Server, on_each_database};
use serde_json::{Value as Json, json};

on_each_database!(a_code_belongs_to_one_tenant);

async fn create(server: &Server, code: &str, name: &str) -> Result<Output> {
    let data = server.folder().to_str().context("a path")?;
    let settings = [("KEFU_DATA_DIR", data), ("KEFU_DATABASE_URL", server.url.as_str())];
    run(&["tenant", "create", "--code", code, "--name", name], &settings, Duration::from_secs(30)).await
}

/// A refusal is one line that has this word, and no password.
fn refused(output: &Output, word: &str) -> Result<()> {
    let error = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.code() == Some(1) && output.stdout.is_empty(), "{output:?}");
    ensure!(error.lines().count() == 1 && error.contains(word), "{error}");
    Ok(())
}

async fn a_code_belongs_to_one_tenant(server: &Server) -> Result<()> {
    for (code, name, word) in [("Not A Code", "名", "code"), ("x", "名", "code"), ("good-code", " \u{200b}", "name")]
    {
        refused(&create(server, code, name).await?, word)?;
    }
    let code = format!("t{:012x}", rand::random::<u64>() >> 16);
    let made = try_join_all((0..3).map(|_| create(server, &code, "同一个代码"))).await?;
    let (winners, losers): (Vec<_>, Vec<_>) = made.iter().partition(|output| output.status.success());
    ensure!(winners.len() == 1, "{made:?}");
    losers.into_iter().try_for_each(|output| refused(output, "code"))?;

    let told: Json = serde_json::from_slice(&winners[0].stdout)?;
    let (username, password) = (told["username"].as_str(), told["password"].as_str());
    let (username, password) = (username.context("no name")?, password.context("no password")?);
    ensure!(told["tenantCode"] == code.as_str() && password.len() >= 20, "{told}");
    let log_in = |code: &str| {
        let body = json!({"tenantCode": code, "username": username, "password": password});
        let rest = server.rest();
        async move { rest?.post("/auth/login", body).await }
    };
    let login = log_in(&code.to_uppercase()).await?;
    let user = &login.data()?["user"];
    ensure!(user["tenantCode"] == code.as_str() && user["tenantName"] == "同一个代码", "{user}");
    ensure!(user["mustChangePassword"] == true, "{user}");
    // Of several tenants, no code means the one of the first start, where this password is worth nothing.
    log_in("").await?.refused(401, "BAD_CREDENTIALS")?;
    let unknown = log_in("no-such-tenant").await?;
    ensure!(unknown.refused(400, "INVALID_ARGUMENT")?.fields() == ["tenantCode"], "{}", unknown.envelope);
    Ok(())
}
