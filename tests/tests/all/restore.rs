//! A deletion is taken back.

use anyhow::{Result, ensure};
use kefu_tests::{Rest, Server, on_each_database};
use serde_json::{Value as Json, json};

use crate::login::again;
use crate::stage::{Stage, list, phone};

on_each_database!(what_was_deleted_comes_back_as_it_was, what_is_taken_by_another_stays_theirs);

async fn delete(admin: &Rest, path: &str) -> Result<()> {
    admin.call("DELETE", path, None).await?.data()?;
    Ok(())
}

/// Deletes an object and takes that back: it must be as before.
async fn there_and_back(admin: &Rest, path: &str) -> Result<()> {
    let plain = |object: &Json| {
        let mut object = object.clone();
        object["updateTime"] = Json::Null;
        object
    };
    let before = plain(admin.get(path).await?.data()?);
    admin.post(&format!("{path}/restore"), json!({})).await?.refused(404, "NOT_FOUND")?;
    delete(admin, path).await?;
    admin.get(path).await?.refused(404, "NOT_FOUND")?;
    let restored = admin.post(&format!("{path}/restore"), json!({})).await?;
    ensure!(plain(restored.data()?) == before, "{before} came back as {}", restored.envelope);
    ensure!(plain(admin.get(path).await?.data()?) == before);
    admin.post(&format!("{path}/restore"), json!({})).await?.refused(404, "NOT_FOUND")?;
    Ok(())
}

async fn what_was_deleted_comes_back_as_it_was(server: &Server) -> Result<()> {
    let stage = Stage::make(server, 2).await?;
    let (admin, agent) = (stage.admin(), &stage.agents[0]);
    let role = admin.post("/roles", json!({"name": "值班", "permissions": ["team:read"]})).await?.text("id")?;
    there_and_back(admin, &format!("/roles/{role}")).await?;
    let customer = admin.post("/customers", json!({"name": "李医生", "phone": phone()})).await?.text("id")?;
    there_and_back(admin, &format!("/customers/{customer}")).await?;
    let user = format!("/users/{}", agent.id);
    let both = json!({"phone": phone(), "roleIds": [role, stage.tenant.role("agent")?]});
    admin.call("PATCH", &user, Some(both)).await?.data()?;
    there_and_back(admin, &user).await?;
    ensure!(again(&stage.tenant, agent).await?.get("/teams").await?.status == 200, "the roles are back");
    let team = format!("/teams/{}", stage.team);
    there_and_back(admin, &team).await?;
    ensure!(list(admin, &format!("{team}/members")).await?.len() == 2, "the members are back");

    // Of two that belong together, one is back only when the other is.
    delete(admin, &user).await?;
    delete(admin, &team).await?;
    admin.post(&format!("{team}/restore"), json!({})).await?.data()?;
    ensure!(list(admin, &format!("{team}/members")).await?.len() == 1, "a member who is deleted");
    admin.post(&format!("{user}/restore"), json!({})).await?.data()?;
    ensure!(list(admin, &format!("{team}/members")).await?.len() == 2);

    let reply = json!({"shared": true, "title": "公用", "content": "您好"});
    let reply = format!("/quick-replies/{}", admin.post("/quick-replies", reply).await?.text("id")?);
    delete(admin, &reply).await?;
    let colleague = &stage.agents[1].rest;
    colleague.post(&format!("{reply}/restore"), json!({})).await?.refused(403, "PERMISSION_DENIED")?;
    let restored = admin.post(&format!("{reply}/restore"), json!({})).await?;
    ensure!(restored.data()?["title"] == "公用" && list(colleague, "/quick-replies").await?.len() == 1);
    let own = json!({"title": "自用", "content": "您好"});
    let own = format!("/quick-replies/{}", colleague.post("/quick-replies", own).await?.text("id")?);
    delete(colleague, &own).await?;
    admin.post(&format!("{own}/restore"), json!({})).await?.refused(404, "NOT_FOUND")?;
    colleague.post(&format!("{own}/restore"), json!({})).await?.data()?;

    let link = admin.post("/customers/quick-register", json!({"teamId": stage.team})).await?;
    let (path, token) = (format!("/register-links/{}", link.text("list.0.id")?), link.text("list.0.token")?);
    let verify = format!("/customers/verify-link?token={token}");
    delete(admin, &path).await?;
    admin.get(&verify).await?.refused(404, "LINK_INVALID")?;
    let restored = admin.post(&format!("{path}/restore"), json!({})).await?;
    ensure!(restored.data()?["revoked"] == false, "{}", restored.envelope);
    admin.get(&verify).await?.data()?;
    let log = admin.get("/operation-logs?method=kefu.team.v1.TeamService%2FRestoreTeam").await?;
    ensure!(log.data()?["total"] == 2, "{}", log.envelope);
    Ok(())
}

async fn what_is_taken_by_another_stays_theirs(server: &Server) -> Result<()> {
    let stage = Stage::make(server, 0).await?;
    let admin = stage.admin();
    let number = phone();
    let user = |name: &str, phone: &str| json!({"username": name, "name": "员工", "password": "first password 1", "phone": phone});
    let name = format!("u{:08x}", rand::random::<u32>());
    let made = async |path: &str, body: Json| admin.post(path, body).await?.text("id");
    let taken = async |path: String, field: &str| {
        let answer = admin.post(&format!("{path}/restore"), json!({})).await?;
        ensure!(answer.refused(409, "ALREADY_EXISTS")?.fields() == [field], "{}", answer.envelope);
        anyhow::Ok(())
    };
    let old = format!("/users/{}", made("/users", user(&name, &number)).await?);
    delete(admin, &old).await?;
    let new = made("/users", user(&name.to_uppercase(), "")).await?;
    taken(old.clone(), "username").await?;
    delete(admin, &format!("/users/{new}")).await?;
    let other = made("/users", user(&format!("{name}x"), &number)).await?;
    taken(old.clone(), "phone").await?;
    delete(admin, &format!("/users/{other}")).await?;
    let back = admin.post(&format!("{old}/restore"), json!({})).await?;
    ensure!(back.data()?["username"] == name.as_str() && back.data()?["phone"] == number.as_str());

    for (path, body, field) in [
        ("/teams", json!({"name": "夜班"}), "name"),
        ("/roles", json!({"name": "夜班"}), "name"),
        ("/customers", json!({"name": "李医生", "phone": phone()}), "phone"),
    ] {
        let old = format!("{path}/{}", made(path, body.clone()).await?);
        delete(admin, &old).await?;
        made(path, body).await?;
        taken(old, field).await?;
    }
    Ok(())
}
