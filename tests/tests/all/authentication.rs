//! Tokens that must not work, on REST, gRPC and the WebSocket alike: one table, one answer.

use anyhow::{Context, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderValue;
use kefu_proto::contract::methods;
use kefu_tests::grpc::{Grpc, bearer};
use kefu_tests::{Rest, Server, Socket, Tenant, on_each_database};
use serde_json::{Value as Json, json};
use tonic::Code;
use tonic::metadata::{MetadataMap, MetadataValue};

use kefu_tests::objects::Findings;

mod forged;

on_each_database!(no_forged_token_works_anywhere, no_ended_token_works_anywhere);

/// A method that everybody who is logged in may call.
const PROBE: &str = "/kefu.user.v1.UserService/GetUserInfo";

/// A token that must be refused, or whole `Authorization` headers.
struct Bad {
    name: String,
    token: String,
    /// Instead of `Bearer` and the token; a WebSocket has no such thing.
    headers: Option<Vec<String>>,
}

impl Bad {
    fn token(name: &str, token: impl Into<String>) -> Self {
        Self { name: name.to_owned(), token: token.into(), headers: None }
    }

    fn headers(name: &str, headers: &[String]) -> Self {
        Self { name: name.to_owned(), token: String::new(), headers: Some(headers.to_vec()) }
    }

    fn values(&self) -> Vec<Vec<u8>> {
        let bearer = || vec![format!("Bearer {}", self.token)];
        self.headers.clone().unwrap_or_else(bearer).into_iter().map(String::into_bytes).collect()
    }
}

/// The three doors, and what they say to somebody without a token.
struct Doors<'s> {
    server: &'s Server,
    rest: Rest,
    grpc: Grpc,
    body: Json,
    message: String,
}

impl<'s> Doors<'s> {
    async fn find(server: &'s Server) -> Result<Self> {
        let (rest, grpc) = (server.rest()?, server.grpc().await?);
        let mut doors = Self { server, rest, grpc, body: Json::Null, message: String::new() };
        let answer = doors.rest.get("/user/info").await?;
        answer.refused(401, "UNAUTHENTICATED")?;
        doors.body = generic(&answer.envelope);
        let status = doors.call_grpc(MetadataMap::new()).await?.err().context("gRPC answers without a token")?;
        doors.message = status.message().to_owned();
        Ok(doors)
    }

    async fn call_grpc(&self, metadata: MetadataMap) -> Result<Result<Json, tonic::Status>> {
        self.grpc.call(methods().get(PROBE).context("no probe")?, &json!({}), metadata).await
    }

    /// The token opens all three: what is refused is refused for what is wrong with it.
    async fn open_to(&self, token: &str) -> Result<()> {
        self.rest.with_token(token).get("/user/info").await?.data()?;
        self.call_grpc(bearer(Some(token))?).await??;
        let (socket, _) = Socket::open(self.server, Some(token)).await?;
        socket.cut();
        Ok(())
    }

    async fn closed_to(&self, bad: &Bad, findings: &mut Findings) {
        let name = &bad.name;
        findings.check(self.rest_refuses(bad).await.with_context(|| format!("REST: {name}")));
        findings.check(self.grpc_refuses(bad).await.with_context(|| format!("gRPC: {name}")));
        if bad.headers.is_none() {
            findings.check(self.socket_refuses(bad).await.with_context(|| format!("WebSocket: {name}")));
        }
    }

    async fn rest_refuses(&self, bad: &Bad) -> Result<()> {
        let mut request = self.rest.anonymous().request("GET", "/user/info");
        for value in bad.values() {
            request = request.header("authorization", HeaderValue::from_bytes(&value)?);
        }
        let answer = self.rest.send(request).await?;
        answer.refused(401, "UNAUTHENTICATED")?;
        ensure!(generic(&answer.envelope) == self.body, "tells more than others: {}", answer.envelope);
        Ok(())
    }

    async fn grpc_refuses(&self, bad: &Bad) -> Result<()> {
        let mut metadata = MetadataMap::new();
        for value in bad.values() {
            metadata.append("authorization", MetadataValue::try_from(value.as_slice())?);
        }
        let status = self.call_grpc(metadata).await?.err().context("answers")?;
        // What HTTP/2 itself refuses for its size does not come as far as an answer of ours.
        if bad.token.len() > 16_000 && status.code() != Code::Unauthenticated {
            return Ok(());
        }
        ensure!(status.code() == Code::Unauthenticated && status.message() == self.message, "{status:?}");
        Ok(())
    }

    async fn socket_refuses(&self, bad: &Bad) -> Result<()> {
        let mut socket = Socket::connect(self.server).await?;
        socket.send("auth", json!({"token": bad.token})).await?;
        let code = socket.closed().await?;
        let too_big = bad.token.len() > 65_000 && code == 1009;
        ensure!(code == 4401 || too_big, "closes with {code}");
        Ok(())
    }
}

/// A body without what differs from call to call.
fn generic(envelope: &Json) -> Json {
    let mut body = envelope.clone();
    if let Some(object) = body.as_object_mut() {
        object.remove("requestId");
        object.remove("timestamp");
    }
    body
}

async fn no_forged_token_works_anywhere(server: &Server) -> Result<()> {
    let tenant = server.tenant().await?;
    let other = server.create_tenant()?.0;
    let inspector = server.inspect().await?;
    let key = inspector.column("SELECT value FROM system_value WHERE name = 'token_key'").await?;
    let key = key.first().context("no key in the database")?;
    let valid = tenant.admin.rest.token.clone().context("no token")?;

    let doors = Doors::find(server).await?;
    doors.open_to(&valid).await?;
    // Signed as Kefu signs, the same claims work: what follows is not refused for another reason.
    doors.open_to(&forged::signed(&forged::claims(&valid)?, key)?).await?;

    let other_id = inspector.tenant_id(&other).await?.parse()?;
    let mut bad = forged::tokens(&valid, key, other_id)?;
    bad.extend(forged::headers(&valid));
    ensure!(bad.len() >= 60, "only {} tokens", bad.len());
    let mut findings = Findings::default();
    let owner = doors.rest.with_token(&valid);
    for bad in &bad {
        // Whoever the token pretends to be is at work at this moment.
        owner.get("/user/info").await?.data()?;
        doors.closed_to(bad, &mut findings).await;
    }
    doors.open_to(&valid).await?;
    println!("{} tokens", bad.len());
    findings.none()
}

async fn no_ended_token_works_anywhere(server: &Server) -> Result<()> {
    let tenant = server.tenant().await?;
    let doors = Doors::find(server).await?;
    let ended = ended_tokens(&tenant, &doors).await?;
    ensure!(ended.len() >= 6, "only {} tokens", ended.len());
    let mut findings = Findings::default();
    for bad in &ended {
        doors.closed_to(bad, &mut findings).await;
    }
    findings.none()
}

/// Tokens that were good until something happened to their owners.
async fn ended_tokens(tenant: &Tenant<'_>, doors: &Doors<'_>) -> Result<Vec<Bad>> {
    let mut ended = Vec::new();
    let mut end = |name: &str, token: Option<String>| ended.push(Bad::token(name, token.unwrap_or_default()));
    let admin = &tenant.admin.rest;
    end("a refresh token", admin.refresh_token.clone());

    let staff = tenant.agent().await?;
    doors.open_to(staff.rest.token.as_deref().context("no token")?).await?;
    staff.rest.post("/auth/logout", json!({})).await?.data()?;
    end("logged out", staff.rest.token.clone());

    let mut again = staff.rest.clone();
    again.login(&tenant.code, &staff.username, kefu_tests::tenant::PASSWORD).await?;
    let mut thief = again.clone();
    again.refresh().await?;
    again.refresh().await?;
    // The first refresh token comes back after its successor was used: somebody has stolen one of them.
    let answer = thief.anonymous().post("/auth/refresh", json!({"refreshToken": thief.refresh_token})).await?;
    answer.refused(401, "UNAUTHENTICATED")?;
    end("ended by a stolen refresh token", again.token.clone());
    end("of the thief", thief.token.take());

    let path = format!("/users/{}", staff.id);
    again.login(&tenant.code, &staff.username, kefu_tests::tenant::PASSWORD).await?;
    doors.open_to(again.token.as_deref().context("no token")?).await?;
    admin.call("PATCH", &path, Some(json!({"status": "DISABLED"}))).await?.data()?;
    end("of a disabled user", again.token.clone());
    let refresh = json!({"refreshToken": again.refresh_token});
    again.anonymous().post("/auth/refresh", refresh).await?.refused(401, "UNAUTHENTICATED")?;

    let leaver = tenant.agent().await?;
    admin.call("DELETE", &format!("/users/{}", leaver.id), None).await?.data()?;
    end("of a deleted user", leaver.rest.token.clone());
    Ok(ended)
}

/// The text form of a part of a token.
fn part(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
