//! The operation log: one row for each change that was made, none for one that was refused, and no secret in any.

use anyhow::{Context, Result, ensure};
use kefu_proto::contract::methods;
use kefu_tests::database::Inspector;
use kefu_tests::tenant::PASSWORD;
use kefu_tests::{Answer, Database, Options, Server, Tenant, on_each_database};
use serde_json::{Value as Json, json};

use crate::code::new_phone;

on_each_database!(each_change_leaves_one_row_and_a_refused_one_none);

/// Passwords that go through the log's methods.
const SECRETS: [&str; 4] = [PASSWORD, "first password 1", "canary password 金丝雀", "canary password 2"];

/// The rows of a tenant, as they come: method, who, request.
struct Log<'s> {
    tenant: &'s Tenant<'s>,
    inspector: Inspector,
    seen: usize,
}

impl Log<'_> {
    async fn rows(&self) -> Result<Vec<String>> {
        let columns = ["method", "principal_id", "principal_name", "client_ip", "request_id", "request"];
        let kind = if self.tenant.server.database == Database::Mariadb { "CHAR" } else { "TEXT" };
        let texts = columns.map(|column| format!("CAST({column} AS {kind})"));
        let text = match kind {
            "CHAR" => format!("CONCAT_WS('|', {})", texts.join(", ")),
            _ => texts.join(" || '|' || "),
        };
        let id = &self.tenant.id;
        self.inspector.column(&format!("SELECT {text} FROM operation_log WHERE tenant_id = {id} ORDER BY id")).await
    }

    /// The one row that has come since the last look.
    async fn one(&mut self, method: &str, who: &str, answer: &Answer) -> Result<Json> {
        answer.data()?;
        let rows = self.rows().await?;
        ensure!(rows.len() == self.seen + 1, "{method}: {} rows more", rows.len() - self.seen);
        self.seen = rows.len();
        let row = rows.last().context("no row")?;
        let parts: Vec<&str> = row.splitn(6, '|').collect();
        ensure!(parts[0] == method && methods().contains_key(&format!("/{method}")), "{method}: {row}");
        ensure!(parts[1] == who && !parts[2].is_empty() && parts[3] == "127.0.0.1", "{method}: {row}");
        ensure!(answer.envelope["requestId"] == parts[4] && !parts[4].is_empty(), "{method}: {row}");
        Ok(serde_json::from_str(parts[5])?)
    }

    /// Nothing has come since the last look.
    async fn none(&self, answer: &Answer) -> Result<()> {
        ensure!(answer.status >= 400, "not refused: {}", answer.envelope);
        let rows = self.rows().await?;
        ensure!(rows.len() == self.seen, "a refused call left {:?}", rows.last());
        Ok(())
    }

    /// No request holds a password, or this code.
    async fn holds_no_secret(&self, code: &str) -> Result<()> {
        for row in self.rows().await? {
            let request = row.splitn(6, '|').last().unwrap_or_default();
            let mut secrets = SECRETS.into_iter().chain([code]);
            ensure!(!secrets.any(|secret| request.contains(&format!("\"{secret}"))), "a secret in the log: {row}");
            ensure!(!row.contains("canary"), "a secret in the log: {row}");
        }
        Ok(())
    }
}

async fn each_change_leaves_one_row_and_a_refused_one_none(server: &Server) -> Result<()> {
    let tenant = server.tenant().await?;
    let (me, admin) = (tenant.admin.id.as_str(), &tenant.admin.rest);
    let mut log = Log { tenant: &tenant, inspector: server.inspect().await?, seen: 0 };
    let begun = log.rows().await?;
    // The first login, and the change of the first password.
    ensure!(begun.len() == 2, "{begun:?}");
    log.seen = begun.len();

    let (name, phone) = (format!("u{:010x}", rand::random::<u32>()), new_phone());
    let body = |name: &str, password: &str| {
        json!({"username": name, "name": "员工", "password": password, "phone": phone,
            "roleIds": [tenant.roles["agent"]]})
    };
    let made = admin.post("/users", body(&name, SECRETS[2])).await?;
    let row = log.one("kefu.user.v1.UserService/CreateUser", me, &made).await?;
    ensure!(row["username"] == name.as_str() && row["password"] == "***" && row["phone"] == phone.as_str(), "{row}");
    let id = made.text("id")?;
    let path = format!("/users/{id}");
    for refused in [
        admin.post("/users", body(&name, SECRETS[2])).await?,
        admin.post("/users", body("", SECRETS[2])).await?,
        admin.call("PATCH", &path, Some(json!({"name": ""}))).await?,
        admin.call("PATCH", &format!("/users/{me}"), Some(json!({"status": "DISABLED"}))).await?,
        admin.anonymous().call("DELETE", &path, None).await?,
        admin.call("DELETE", "/users/999999999", None).await?,
    ] {
        log.none(&refused).await?;
    }
    let patch = json!({"name": "新名", "password": SECRETS[3]});
    let row =
        log.one("kefu.user.v1.UserService/UpdateUser", me, &admin.call("PATCH", &path, Some(patch)).await?).await?;
    ensure!(row["name"] == "新名" && row["password"] == "***" && row["updateMask"].is_string(), "{row}");

    let login = |password: &str| json!({"tenantCode": tenant.code, "username": name, "password": password});
    log.none(&server.rest()?.post("/auth/login", login(SECRETS[2])).await?).await?;
    let mut rest = server.rest()?;
    let answer = rest.post("/auth/login", login(SECRETS[3])).await?;
    let row = log.one("kefu.user.v1.AuthService/Login", &id, &answer).await?;
    ensure!(row["username"] == name.as_str() && row["password"] == "***", "{row}");
    rest.sign_in(answer.data()?)?;
    let change = |old: &str, new: &str| json!({"oldPassword": old, "newPassword": new});
    log.none(&rest.put("/user/password", change(SECRETS[3], SECRETS[3])).await?).await?;
    let answer = rest.put("/user/password", change(SECRETS[3], PASSWORD)).await?;
    let row = log.one("kefu.user.v1.UserService/ChangePassword", &id, &answer).await?;
    ensure!(row["oldPassword"] == "***" && row["newPassword"] == "***", "{row}");
    log.one("kefu.user.v1.AuthService/Logout", &id, &rest.post("/auth/logout", json!({})).await?).await?;

    let code = tenant.code(&phone, "RESET_PASSWORD", "").await?;
    let reset = |code: &str| json!({"tenantCode": tenant.code, "phone": phone, "code": code, "newPassword": PASSWORD});
    let wrong = if code == "000000" { "000001" } else { "000000" };
    log.none(&rest.anonymous().post("/user/password/reset", reset(wrong)).await?).await?;
    let answer = rest.anonymous().post("/user/password/reset", reset(&code)).await?;
    let row = log.one("kefu.user.v1.AuthService/ResetPassword", &id, &answer).await?;
    ensure!(row["code"] == "***" && row["newPassword"] == "***", "{row}");
    log.one("kefu.user.v1.UserService/DeleteUser", me, &admin.call("DELETE", &path, None).await?).await?;

    // The page of the log finds rows by their times.
    for (filter, found) in [
        ("createTimeFrom=2020-01-01T00:00:00Z", true),
        ("createTimeFrom=2099-01-01T00:00:00Z", false),
        ("createTimeTo=2020-01-01T00:00:00Z", false),
    ] {
        let page = admin.get(&format!("/operation-logs?{filter}")).await?;
        ensure!((page.data()?["total"] != 0) == found, "{filter}: {}", page.envelope);
    }
    log.holds_no_secret(&code).await
}

/// The row and the change are one: without the one there is not the other.
async fn a_change_that_cannot_be_logged_is_not_made(database: Database) -> Result<()> {
    let server = Server::start(Options { database, settings: Vec::new() }).await?;
    let tenant = server.tenant().await?;
    let inspector = server.inspect().await?;
    inspector.run("ALTER TABLE operation_log RENAME TO elsewhere").await?;
    let team = json!({"name": "没有记录的团队"});
    let answer = tenant.admin.rest.post("/teams", team.clone()).await?;
    ensure!(answer.status >= 500, "done without a row of the log: {}", answer.envelope);
    inspector.run("ALTER TABLE elsewhere RENAME TO operation_log").await?;
    let teams = inspector.ids("team", &format!("tenant_id = {}", tenant.id)).await?;
    ensure!(teams.is_empty(), "the change was made: {teams:?}");
    // And it is made as soon as it can be.
    tenant.admin.rest.post("/teams", team).await?.data()?;
    Ok(())
}

#[tokio::test]
async fn a_change_that_cannot_be_logged_is_not_made_on_sqlite() -> Result<()> {
    a_change_that_cannot_be_logged_is_not_made(Database::Sqlite).await
}

#[tokio::test]
async fn a_change_that_cannot_be_logged_is_not_made_on_mariadb() -> Result<()> {
    a_change_that_cannot_be_logged_is_not_made(Database::Mariadb).await
}

#[tokio::test]
async fn a_change_that_cannot_be_logged_is_not_made_on_postgres() -> Result<()> {
    a_change_that_cannot_be_logged_is_not_made(Database::Postgres).await
}
