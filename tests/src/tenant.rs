//! A tenant to work in, and the people a test needs.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde_json::{Value as Json, json};

use crate::rest::Rest;
use crate::server::Server;

/// The password everybody has after the first login.
pub const PASSWORD: &str = "correct horse 电池";
/// The first password of users made by tests.
const FIRST_PASSWORD: &str = "first password 1";

/// A tenant made for one test.
#[derive(Debug)]
pub struct Tenant<'s> {
    /// Where it lives.
    pub server: &'s Server,
    /// Its code.
    pub code: String,
    /// Its id.
    pub id: String,
    /// The administrator.
    pub admin: Staff,
    /// The ids of the roles by their codes.
    pub roles: BTreeMap<String, String>,
}

/// A staff user, logged in.
#[derive(Debug, Clone)]
pub struct Staff {
    /// The id.
    pub id: String,
    /// The login name.
    pub username: String,
    /// The caller.
    pub rest: Rest,
}

/// A customer, registered and in the queue.
#[derive(Debug, Clone)]
pub struct Customer {
    /// The id.
    pub id: String,
    /// The phone.
    pub phone: String,
    /// The session that the registration opened.
    pub session: String,
    /// The caller.
    pub rest: Rest,
}

impl Server {
    /// A new tenant, with its administrator logged in.
    ///
    /// # Errors
    /// It cannot be made.
    pub async fn tenant(&self) -> Result<Tenant<'_>> {
        let (code, username, password) = self.create_tenant()?;
        let admin = first_login(&self.rest()?, &code, &username, &password).await?;
        let id = self.inspect().await?.tenant_id(&code).await?;
        let roles = admin.rest.get("/roles?size=100").await?;
        let roles = roles.data()?["list"].as_array().into_iter().flatten();
        let pair = |role: &Json| Some((role["code"].as_str()?.to_owned(), role["id"].as_str()?.to_owned()));
        Ok(Tenant { server: self, code, id, admin, roles: roles.filter_map(pair).collect() })
    }
}

impl Tenant<'_> {
    /// The id of a preset role.
    ///
    /// # Errors
    /// There is no such role.
    pub fn role(&self, code: &str) -> Result<&str> {
        let id = self.roles.get(code).with_context(|| format!("no role {code} in {:?}", self.roles))?;
        Ok(id)
    }

    /// A new staff user with these roles, logged in, the first password changed.
    ///
    /// # Errors
    /// It cannot be made.
    pub async fn staff(&self, roles: &[&str]) -> Result<Staff> {
        let role_ids = roles.iter().map(|code| self.role(code)).collect::<Result<Vec<_>>>()?;
        let username = format!("u{:010x}", rand::random::<u64>() >> 24);
        let body = json!({
            "username": username, "name": format!("员工 {username}"), "password": FIRST_PASSWORD,
            "roleIds": role_ids, "maxSessions": 5,
        });
        self.admin.rest.post("/users", body).await?.data()?;
        first_login(&self.admin.rest, &self.code, &username, FIRST_PASSWORD).await
    }

    /// An agent: a staff user with the role for it.
    ///
    /// # Errors
    /// It cannot be made.
    pub async fn agent(&self) -> Result<Staff> {
        self.staff(&["agent"]).await
    }

    /// A new team with these members; gives its id.
    ///
    /// # Errors
    /// It cannot be made.
    pub async fn team(&self, members: &[&Staff]) -> Result<String> {
        let name = format!("团队 {:08x}", rand::random::<u32>());
        let team = self.admin.rest.post("/teams", json!({"name": name})).await?.text("id")?;
        if !members.is_empty() {
            let ids: Vec<_> = members.iter().map(|staff| &staff.id).collect();
            self.admin.rest.post(&format!("/teams/{team}/members"), json!({"userIds": ids})).await?.data()?;
        }
        Ok(team)
    }

    /// A registration link for a team; gives its token.
    ///
    /// # Errors
    /// It cannot be made.
    pub async fn link(&self, team: &str) -> Result<String> {
        self.admin.rest.post("/customers/quick-register", json!({"teamId": team})).await?.text("list.0.token")
    }

    /// Asks for a code, and reads it where the administrator sees what was sent.
    ///
    /// # Errors
    /// None was sent.
    pub async fn code(&self, phone: &str, purpose: &str, link: &str) -> Result<String> {
        let mut body = json!({"phone": phone, "purpose": purpose, "linkToken": link});
        if link.is_empty() {
            body = json!({"phone": phone, "purpose": purpose, "tenantCode": self.code});
        }
        self.admin.rest.anonymous().post("/auth/code", body).await?.data()?;
        let text = self.admin.rest.get(&format!("/sent-messages?target={phone}")).await?.text("list.0.content")?;
        let code = text.split(|c: char| !c.is_ascii_digit()).find(|digits| digits.len() == 6);
        Ok(code.with_context(|| format!("no code in {text}"))?.to_owned())
    }

    /// A new customer who has registered with a link of the team and waits in its queue.
    ///
    /// # Errors
    /// It cannot be made.
    pub async fn customer(&self, team: &str) -> Result<Customer> {
        let link = self.link(team).await?;
        let phone = format!("139{:08}", rand::random::<u32>() % 100_000_000);
        let code = self.code(&phone, "REGISTER", &link).await?;
        let body = json!({
            "linkToken": link, "name": "张医生", "phone": phone, "code": code, "institution": "朝阳区疾控中心",
            "position": "科员", "emergencyPhone": "010-12345678", "question": "系统登录不上了",
        });
        let answer = self.admin.rest.anonymous().post("/customers/register", body).await?;
        let mut rest = self.admin.rest.anonymous();
        rest.sign_in(&answer.data()?["login"])?;
        Ok(Customer { id: answer.text("login.user.id")?, session: answer.text("session.id")?, phone, rest })
    }
}

impl Staff {
    /// Sets the state of an agent.
    ///
    /// # Errors
    /// It cannot be set.
    pub async fn set_status(&self, status: &str) -> Result<()> {
        self.rest.put("/agents/me/status", json!({"status": status})).await?.data()?;
        Ok(())
    }
}

/// Logs in with the first password and changes it, as everybody must.
async fn first_login(rest: &Rest, tenant: &str, username: &str, password: &str) -> Result<Staff> {
    let mut rest = rest.anonymous();
    let login = rest.login(tenant, username, password).await?;
    rest.put("/user/password", json!({"oldPassword": password, "newPassword": PASSWORD})).await?.data()?;
    Ok(Staff { id: login.text("user.id")?, username: username.to_owned(), rest })
}
