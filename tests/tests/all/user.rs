//! Accounts: what PUT and PATCH set, which names are free, who cannot be removed, and that changes act at once.

use anyhow::{Result, ensure};
use futures_util::future::try_join_all;
use kefu_tests::{Answer, Rest, Server, Socket, Staff, Tenant, on_each_database};
use serde_json::{Value as Json, json};

use crate::code::new_phone;
use crate::login::{dead, revoked};

on_each_database!(
    put_replaces_and_patch_sets_what_it_names,
    names_and_phones_are_unique_also_at_once,
    an_administrator_always_remains,
    disabling_acts_at_once,
    deleting_acts_at_once_and_frees_the_name,
    a_change_of_roles_acts_on_the_next_call,
    an_avatar_is_seen_by_whoever_sees_the_name,
);

const FIRST: &str = "first password 1";

fn new_name() -> String {
    format!("u{:010x}", rand::random::<u64>() >> 24)
}

/// Makes a user who never logs in.
async fn make(admin: &Rest, username: &str, phone: &str, role: &str) -> Result<Answer> {
    let body = json!({"username": username, "name": "员工", "password": FIRST, "phone": phone, "roleIds": [role],
        "email": "a@example.com", "maxSessions": 7, "skills": ["打印"]});
    admin.post("/users", body).await
}

async fn patch(admin: &Rest, id: &str, body: Json) -> Result<Answer> {
    admin.call("PATCH", &format!("/users/{id}"), Some(body)).await
}

/// A user without what every change touches.
fn plain(user: &Json) -> Json {
    let mut user = user.clone();
    user["updateTime"] = Json::Null;
    user
}

async fn put_replaces_and_patch_sets_what_it_names(server: &Server) -> Result<()> {
    let tenant = server.tenant().await?;
    let admin = &tenant.admin.rest;
    let phone = new_phone();
    let made = make(admin, &new_name(), &phone, tenant.role("agent")?).await?;
    let (id, made) = (made.text("id")?, plain(made.data()?));
    ensure!(made["status"] == "ENABLED" && made["maxSessions"] == 7 && made["mustChangePassword"] == true, "{made}");

    for nothing in [json!({}), json!({"name": "员工"})] {
        let same = patch(admin, &id, nothing).await?;
        ensure!(plain(same.data()?) == made, "{} became {}", made, same.envelope);
    }
    let mut wanted = made.clone();
    for (field, value) in
        [("name", json!("王工")), ("phone", json!("")), ("skills", json!([])), ("maxSessions", json!(0))]
    {
        wanted[field] = value.clone();
        let changed = patch(admin, &id, json!({field: value})).await?;
        ensure!(plain(changed.data()?) == wanted, "PATCH {field}: {}", changed.envelope);
    }
    // What PUT leaves out is as if the user were new.
    let path = format!("/users/{id}");
    let put = admin.put(&path, json!({"name": "王工", "status": "ENABLED", "phone": phone})).await?;
    let put = put.data()?;
    ensure!(put["email"] == "" && put["roleIds"] == json!([]) && put["maxSessions"] == 5, "{put}");
    ensure!(put["phone"] == phone.as_str() && put["username"] == made["username"], "{put}");
    for (wrong, field) in [(json!({"status": "ENABLED"}), "name"), (json!({"name": "王工"}), "status")] {
        let refused = admin.put(&path, wrong).await?;
        ensure!(refused.refused(400, "INVALID_ARGUMENT")?.fields() == [field], "{}", refused.envelope);
    }
    let read = admin.get(&path).await?;
    ensure!(plain(read.data()?) == plain(put), "{}", read.envelope);
    Ok(())
}

/// One answer is the object, the rest say that the field is taken.
fn one_has_it(answers: &[Answer], field: &str) -> Result<()> {
    ensure!(answers.iter().filter(|answer| answer.status == 200).count() == 1, "{answers:#?}");
    for answer in answers.iter().filter(|answer| answer.status != 200) {
        ensure!(answer.refused(409, "ALREADY_EXISTS")?.fields() == [field], "{}", answer.envelope);
    }
    Ok(())
}

async fn names_and_phones_are_unique_also_at_once(server: &Server) -> Result<()> {
    let tenant = server.tenant().await?;
    let (admin, role) = (&tenant.admin.rest, tenant.role("agent")?);
    let (name, phone) = (new_name(), new_phone());
    one_has_it(&try_join_all((0..4).map(|_| make(admin, &name, "", role))).await?, "username")?;
    let upper = make(admin, &name.to_uppercase(), "", role).await?;
    ensure!(upper.refused(409, "ALREADY_EXISTS")?.fields() == ["username"], "{}", upper.envelope);

    let names: Vec<_> = (0..4).map(|_| new_name()).collect();
    let made = try_join_all(names.iter().map(|name| make(admin, name, &phone, role))).await?;
    one_has_it(&made, "phone")?;

    // Two users who want one phone at once.
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(make(admin, &new_name(), "", role).await?.text("id")?);
    }
    let free = new_phone();
    one_has_it(&try_join_all(ids.iter().map(|id| patch(admin, id, json!({"phone": free})))).await?, "phone")?;

    // Another tenant is another world.
    let other = server.tenant().await?;
    make(&other.admin.rest, &name, &phone, other.role("agent")?).await?.data()?;
    Ok(())
}

async fn an_administrator_always_remains(server: &Server) -> Result<()> {
    let tenant = server.tenant().await?;
    let (own, admin) = (&tenant.admin.id, &tenant.admin.rest);
    let second = tenant.staff(&["administrator"]).await?;
    let refused = |answer: Answer| answer.refused(409, "LAST_ADMINISTRATOR").map(drop);
    // Nobody removes themselves, however many others there are.
    refused(patch(admin, own, json!({"status": "DISABLED"})).await?)?;
    refused(admin.call("DELETE", &format!("/users/{own}"), None).await?)?;
    // Two who remove each other at once: one remains.
    let both = tokio::try_join!(
        patch(admin, &second.id, json!({"status": "DISABLED"})),
        patch(&second.rest, own, json!({"status": "DISABLED"})),
    )?;
    let done = [both.0.status, both.1.status];
    ensure!(done.iter().filter(|status| **status == 200).count() == 1, "{done:?}");
    let (last, id) = if both.0.status == 200 { (admin, own) } else { (&second.rest, &second.id) };
    last.get("/users").await?.data()?;
    refused(patch(last, id, json!({"roleIds": [tenant.role("agent")?]})).await?)?;
    refused(patch(last, id, json!({"roleIds": []})).await?)?;
    let put = json!({"name": "管理员", "status": "ENABLED"});
    refused(last.put(&format!("/users/{id}"), put).await?)?;
    last.get("/users").await?.data()?;
    Ok(())
}

/// An agent with a session and a socket.
struct Busy<'s> {
    agent: Staff,
    socket: Socket,
    session: String,
    tenant: Tenant<'s>,
}

impl<'s> Busy<'s> {
    async fn make(server: &'s Server) -> Result<Self> {
        let tenant = server.tenant().await?;
        let agent = tenant.agent().await?;
        let team = tenant.team(&[&agent]).await?;
        let (mut socket, _) = Socket::open(server, agent.rest.token.as_deref()).await?;
        agent.set_status("ONLINE").await?;
        let session = tenant.customer(&team).await?.session;
        socket.expect_where("session_update", |update| update["id"] == session.as_str()).await?;
        let busy = Self { agent, socket, session, tenant };
        ensure!(busy.status().await? == ("ACTIVE".to_owned(), busy.agent.id.clone()), "not served");
        Ok(busy)
    }

    /// The session's status and agent.
    async fn status(&self) -> Result<(String, String)> {
        let session = self.tenant.admin.rest.get(&format!("/sessions/{}", self.session)).await?;
        Ok((session.text("status")?, session.text("agentId")?))
    }

    /// The agent is out, and the customer waits again.
    async fn demand_out(self) -> Result<()> {
        dead(&self.agent.rest).await?;
        ensure!(self.status().await? == ("QUEUED".to_owned(), "0".to_owned()), "{:?}", self.status().await?);
        revoked(self.socket).await
    }
}

async fn disabling_acts_at_once(server: &Server) -> Result<()> {
    let busy = Busy::make(server).await?;
    patch(&busy.tenant.admin.rest, &busy.agent.id, json!({"status": "DISABLED"})).await?.data()?;
    busy.demand_out().await
}

async fn deleting_acts_at_once_and_frees_the_name(server: &Server) -> Result<()> {
    let busy = Busy::make(server).await?;
    let (admin, id, name) = (busy.tenant.admin.rest.clone(), busy.agent.id.clone(), busy.agent.username.clone());
    let (phone, role) = (new_phone(), busy.tenant.role("agent")?.to_owned());
    patch(&admin, &id, json!({"phone": phone})).await?.data()?;
    let path = format!("/users/{id}");
    admin.call("DELETE", &path, None).await?.data()?;
    busy.demand_out().await?;
    admin.get(&path).await?.refused(404, "NOT_FOUND")?;
    admin.call("DELETE", &path, None).await?.refused(404, "NOT_FOUND")?;
    patch(&admin, &id, json!({"name": "还在"})).await?.refused(404, "NOT_FOUND")?;
    let listed = admin.get(&format!("/users?keyword={name}")).await?;
    ensure!(listed.data()?["total"] == 0, "{}", listed.envelope);
    // Whoever comes next gets name and phone, and an id of their own; and may leave too.
    let next = make(&admin, &name, &phone, &role).await?.text("id")?;
    ensure!(next != id, "the id came back");
    admin.call("DELETE", &format!("/users/{next}"), None).await?.data()?;
    make(&admin, &name, &phone, &role).await?.data()?;
    Ok(())
}

async fn a_change_of_roles_acts_on_the_next_call(server: &Server) -> Result<()> {
    let busy = Busy::make(server).await?;
    let (admin, agent) = (&busy.tenant.admin.rest, &busy.agent);
    agent.rest.get("/users").await?.refused(403, "PERMISSION_DENIED")?;
    let roles = |codes: &[&str]| -> Result<Json> {
        Ok(json!({"roleIds": codes.iter().map(|code| busy.tenant.role(code)).collect::<Result<Vec<_>>>()?}))
    };
    patch(admin, &agent.id, roles(&["agent", "administrator"])?).await?.data()?;
    agent.rest.get("/users").await?.data()?;
    ensure!(busy.status().await?.0 == "ACTIVE", "the session was taken away");
    patch(admin, &agent.id, roles(&["agent"])?).await?.data()?;
    agent.rest.get("/users").await?.refused(403, "PERMISSION_DENIED")?;
    // Without the right to serve there is nothing to serve; the login goes on.
    patch(admin, &agent.id, roles(&[])?).await?.data()?;
    ensure!(busy.status().await?.0 == "QUEUED", "{:?}", busy.status().await?);
    let send = json!({"clientMsgId": "late", "content": "还在吗"});
    let path = format!("/sessions/{}/messages", busy.session);
    agent.rest.post(&path, send).await?.refused(403, "PERMISSION_DENIED")?;
    agent.rest.get("/user/info").await?.data()?;
    Ok(())
}

async fn an_avatar_is_seen_by_whoever_sees_the_name(server: &Server) -> Result<()> {
    let tenant = server.tenant().await?;
    let (agent, colleague) = (tenant.agent().await?, tenant.agent().await?);
    let customer = tenant.customer(&tenant.team(&[&agent]).await?).await?;
    let upload = agent.rest.upload("/files", &serde_json::Map::new(), "face.txt", b"face".to_vec()).await?;
    let path = format!("/files/{}", upload.text("id")?);
    colleague.rest.get(&path).await?.refused(404, "NOT_FOUND")?;
    let face = json!({"avatarFileId": upload.text("id")?});
    agent.rest.call("PATCH", "/user/info", Some(face)).await?.data()?;
    for somebody in [&colleague.rest, &customer.rest] {
        somebody.get(&path).await?.data()?;
    }
    server.tenant().await?.admin.rest.get(&path).await?.refused(404, "NOT_FOUND")?;
    agent.rest.call("PATCH", "/user/info", Some(json!({"avatarFileId": "0"}))).await?.data()?;
    colleague.rest.get(&path).await?.refused(404, "NOT_FOUND")?;
    Ok(())
}
