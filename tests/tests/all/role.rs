//! Roles that a tenant makes for itself, and that nobody gives more than they hold.

use anyhow::{Result, ensure};
use kefu_tests::tenant::PASSWORD;
use kefu_tests::{Rest, Server, Staff, Tenant, on_each_database};
use serde_json::{Value as Json, json};

use crate::stage::{Stage, eventually};

on_each_database!(
    a_role_is_made_changed_and_deleted,
    preset_roles_stay_as_they_are,
    nobody_gives_more_than_they_hold,
    a_role_in_use_is_not_deleted,
    a_change_of_a_role_acts_at_once,
    whoever_locks_themselves_out_can_be_unlocked,
);

/// Makes a role; gives its id.
async fn make(admin: &Rest, name: &str, permissions: Json) -> Result<String> {
    let role = json!({"name": name, "dataScope": "ALL", "permissions": permissions});
    admin.post("/roles", role).await?.text("id")
}

/// A user with a role of the tenant's own.
async fn with_role(tenant: &Tenant<'_>, role: &str) -> Result<Staff> {
    let staff = tenant.staff(&[]).await?;
    give(&tenant.admin.rest, &staff, &[role]).await?;
    Ok(staff)
}

async fn give(admin: &Rest, staff: &Staff, roles: &[&str]) -> Result<()> {
    admin.call("PATCH", &format!("/users/{}", staff.id), Some(json!({"roleIds": roles}))).await?.data()?;
    Ok(())
}

async fn a_role_is_made_changed_and_deleted(server: &Server) -> Result<()> {
    let tenant = server.tenant().await?;
    let admin = &tenant.admin.rest;
    let role = json!({"name": " 质检员 ", "description": "只看不说", "dataScope": "TEAM",
        "permissions": ["session:read", "customer:read"]});
    let made = admin.post("/roles", role.clone()).await?;
    let (id, data) = (made.text("id")?, made.data()?);
    ensure!(data["name"] == "质检员" && data["preset"] == false && data["dataScope"] == "TEAM", "{data}");
    ensure!(data["permissions"] == json!(["session:read", "customer:read"]) && data["userCount"] == 0, "{data}");
    ensure!(data["description"] == "只看不说" && data["code"].as_str().is_some_and(|c| c.len() > 20), "{data}");
    admin.post("/roles", role).await?.refused(409, "ALREADY_EXISTS")?;
    let unknown = json!({"name": "错", "permissions": ["session:read", "session:fly"]});
    let unknown = admin.post("/roles", unknown).await?;
    ensure!(unknown.status == 400 && unknown.fields() == ["permissions[1]"], "{}", unknown.envelope);

    let path = format!("/roles/{id}");
    let renamed = admin.call("PATCH", &path, Some(json!({"name": "质检"}))).await?;
    ensure!(renamed.data()?["description"] == "只看不说", "{}", renamed.envelope);
    let put = admin.put(&path, json!({"name": "质检", "permissions": ["session:read"]})).await?;
    ensure!(put.data()?["dataScope"] == "SELF" && put.data()?["description"] == "", "{}", put.envelope);
    let granted = admin.post(&format!("{path}/permissions"), json!({"permissions": ["team:read"]})).await?;
    ensure!(granted.data()?["permissions"] == json!(["team:read"]), "{}", granted.envelope);
    ensure!(granted.data()?["name"] == "质检" && admin.get(&path).await?.data()? == granted.data()?);

    admin.call("DELETE", &path, None).await?.data()?;
    admin.get(&path).await?.refused(404, "NOT_FOUND")?;
    make(admin, "质检", json!([])).await?;
    let log = admin.get("/operation-logs?method=kefu.user.v1.RoleService%2FSetRolePermissions").await?;
    ensure!(log.data()?["total"] == 1, "{}", log.envelope);
    Ok(())
}

async fn preset_roles_stay_as_they_are(server: &Server) -> Result<()> {
    let tenant = server.tenant().await?;
    let admin = &tenant.admin.rest;
    for code in ["administrator", "supervisor", "agent", "customer"] {
        let path = format!("/roles/{}", tenant.role(code)?);
        let before = admin.get(&path).await?;
        ensure!(before.data()?["preset"] == true, "{}", before.envelope);
        admin.call("PATCH", &path, Some(json!({"name": "别名"}))).await?.refused(409, "PRESET_ROLE")?;
        admin.post(&format!("{path}/permissions"), json!({"permissions": []})).await?.refused(409, "PRESET_ROLE")?;
        admin.call("DELETE", &path, None).await?.refused(409, "PRESET_ROLE")?;
        ensure!(admin.get(&path).await?.data()? == before.data()?);
    }
    let agent = admin.get(&format!("/roles/{}", tenant.role("agent")?)).await?;
    make(admin, "客服专员（夜班）", agent.data()?["permissions"].clone()).await?;
    Ok(())
}

async fn nobody_gives_more_than_they_hold(server: &Server) -> Result<()> {
    const BEYOND: (u16, &str) = (403, "EXCEEDS_OWN_RIGHTS");
    let tenant = server.tenant().await?;
    let admin = &tenant.admin.rest;
    let rights = json!(["user:read", "user:write", "role:read", "role:write", "session:read"]);
    let role = make(admin, "人事", rights).await?;
    let clerk = with_role(&tenant, &role).await?;
    let small = make(&clerk.rest, "看客", json!(["session:read"])).await?;

    let refused = clerk.rest.post("/roles", json!({"name": "大", "permissions": ["settings:write"]})).await?;
    let message = refused.refused(BEYOND.0, BEYOND.1)?.envelope["message"].to_string();
    ensure!(message.contains("settings:write"), "the error names what is beyond: {message}");
    for path in [&small, &role] {
        let more = json!({"permissions": ["session:read", "settings:write"]});
        clerk.rest.post(&format!("/roles/{path}/permissions"), more).await?.refused(BEYOND.0, BEYOND.1)?;
    }
    // Neither a role, nor a password of somebody who can do more.
    let own = format!("/users/{}", clerk.id);
    let administrator = tenant.role("administrator")?;
    let patch = async |path: &str, body: Json| clerk.rest.call("PATCH", path, Some(body)).await;
    patch(&own, json!({"roleIds": [role, administrator]})).await?.refused(BEYOND.0, BEYOND.1)?;
    let user = json!({"username": "shadow", "name": "影", "password": PASSWORD, "roleIds": [administrator]});
    clerk.rest.post("/users", user).await?.refused(BEYOND.0, BEYOND.1)?;
    let above = format!("/users/{}", tenant.admin.id);
    patch(&above, json!({"password": "another pass 1"})).await?.refused(BEYOND.0, BEYOND.1)?;
    patch(&above, json!({"phone": "13800000001"})).await?.refused(BEYOND.0, BEYOND.1)?;
    clerk.rest.call("DELETE", &above, None).await?.refused(BEYOND.0, BEYOND.1)?;
    // What the clerk holds, the clerk gives.
    let colleague = tenant.staff(&[]).await?;
    give(&clerk.rest, &colleague, &[&small]).await?;

    // The data scope goes no wider either.
    admin.call("PATCH", &format!("/roles/{role}"), Some(json!({"dataScope": "TEAM"}))).await?.data()?;
    let wide = json!({"name": "广", "dataScope": "ALL", "permissions": []});
    clerk.rest.post("/roles", wide).await?.refused(BEYOND.0, BEYOND.1)?;
    clerk.rest.post("/roles", json!({"name": "窄", "dataScope": "TEAM", "permissions": []})).await?.data()?;
    Ok(())
}

async fn a_role_in_use_is_not_deleted(server: &Server) -> Result<()> {
    let tenant = server.tenant().await?;
    let admin = &tenant.admin.rest;
    let role = make(admin, "值班", json!(["session:read"])).await?;
    let staff = with_role(&tenant, &role).await?;
    let path = format!("/roles/{role}");
    ensure!(admin.get(&path).await?.data()?["userCount"] == 1);
    let refused = admin.call("DELETE", &path, None).await?;
    let message = refused.refused(409, "IN_USE")?.envelope["message"].to_string();
    ensure!(message.contains(&staff.username), "the error says who has it: {message}");
    // Of one who gives it and one who deletes it, one comes first, and nobody is left with a role that is gone.
    give(admin, &staff, &[]).await?;
    let change = format!("/users/{}", staff.id);
    let (given, deleted) = tokio::try_join!(
        admin.call("PATCH", &change, Some(json!({"roleIds": [role]}))),
        admin.call("DELETE", &path, None)
    )?;
    ensure!((given.status == 200) != (deleted.status == 200), "{} {}", given.envelope, deleted.envelope);
    Ok(())
}

async fn a_change_of_a_role_acts_at_once(server: &Server) -> Result<()> {
    let stage = Stage::make(server, 0).await?;
    let rights = json!(["agent:read", "agent:serve", "session:read", "session:send"]);
    let role = make(stage.admin(), "临时客服", rights).await?;
    let agent = with_role(&stage.tenant, &role).await?;
    let members = json!({"userIds": [agent.id]});
    stage.admin().post(&format!("/teams/{}/members", stage.team), members).await?.data()?;
    agent.set_status("ONLINE").await?;
    let session = stage.session().await?;
    stage.until(&session, |session| session["status"] == "ACTIVE").await?;

    let less = json!({"permissions": ["agent:read", "session:read"]});
    stage.admin().post(&format!("/roles/{role}/permissions"), less).await?.data()?;
    let message = json!({"clientMsgId": "late", "content": "还在吗"});
    let path = format!("/sessions/{session}/messages");
    agent.rest.post(&path, message).await?.refused(403, "PERMISSION_DENIED")?;
    stage.until(&session, |session| session["status"] == "QUEUED").await?;
    // With the whole tenant's data the session is still seen, with one's own it is not.
    agent.rest.get(&format!("/sessions/{session}")).await?.data()?;
    stage.admin().call("PATCH", &format!("/roles/{role}"), Some(json!({"dataScope": "SELF"}))).await?.data()?;
    agent.rest.get(&format!("/sessions/{session}")).await?.refused(404, "NOT_FOUND")?;
    Ok(())
}

async fn whoever_locks_themselves_out_can_be_unlocked(server: &Server) -> Result<()> {
    let tenant = server.tenant().await?;
    let admin = &tenant.admin.rest;
    let staff = tenant.agent().await?;
    let path = format!("/users/{}", staff.id);
    ensure!(admin.get(&path).await?.data()?["lockedUntil"].is_null());
    let login = async |password: &str| {
        let body = json!({"tenantCode": tenant.code, "username": staff.username, "password": password});
        admin.anonymous().post("/auth/login", body).await
    };
    eventually(async || {
        let answer = login("wrong password").await?;
        Ok(if answer.status == 429 { Ok(()) } else { Err(answer.envelope) })
    })
    .await?;
    login(PASSWORD).await?.refused(429, "TOO_MANY_REQUESTS")?;
    let locked = admin.get(&path).await?;
    ensure!(locked.data()?["lockedUntil"].is_string(), "{}", locked.envelope);
    let listed = admin.get(&format!("/users?keyword={}", staff.username)).await?;
    ensure!(listed.data()?["list"][0]["lockedUntil"].is_string(), "{}", listed.envelope);

    staff.rest.post(&format!("{path}/unlock"), json!({})).await?.refused(403, "PERMISSION_DENIED")?;
    let unlocked = admin.post(&format!("{path}/unlock"), json!({})).await?;
    ensure!(unlocked.data()?["lockedUntil"].is_null(), "{}", unlocked.envelope);
    login(PASSWORD).await?.data()?;
    let log = admin.get("/operation-logs?method=kefu.user.v1.UserService%2FUnlockUser").await?;
    ensure!(log.data()?["total"] == 1, "{}", log.envelope);
    Ok(())
}
