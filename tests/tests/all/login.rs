//! Logins: the first password, refused tries, the rotation of refresh tokens, and how a login ends.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use futures_util::future::try_join_all;
use kefu_proto::common::v1::access::Audience;
use kefu_proto::contract::{Method, methods};
use kefu_tests::contract::{call, is_for, request, routes};
use kefu_tests::grpc::bearer;
use kefu_tests::tenant::PASSWORD;
use kefu_tests::{Database, Options, Rest, Server, Socket, Staff, Tenant, on_each_database};
use serde_json::{Value as Json, json};
use tonic::Code;

use kefu_tests::objects::Findings;

on_each_database!(
    the_first_password_opens_nothing_but_its_change,
    a_failed_login_tells_nothing,
    a_refresh_token_works_once_for_all_who_hurry,
    a_stolen_refresh_token_ends_the_login,
    a_client_whose_answer_was_lost_goes_on,
    logging_out_ends_one_login_or_all,
);

/// The time within which the end of a login reaches its sockets.
const SOON: Duration = Duration::from_secs(2);

/// The server must close the socket of an ended login, soon.
pub(crate) async fn revoked(mut socket: Socket) -> Result<()> {
    let ended = Instant::now();
    let code = socket.closed().await?;
    ensure!(code == 4410 && ended.elapsed() < SOON, "closed with {code} after {:?}", ended.elapsed());
    Ok(())
}

/// Neither of the tokens works any more.
pub(crate) async fn dead(rest: &Rest) -> Result<()> {
    rest.get("/user/info").await?.refused(401, "UNAUTHENTICATED")?;
    exchange(rest, rest.refresh_token.as_deref()).await?.refused(401, "UNAUTHENTICATED")?;
    Ok(())
}

async fn exchange(rest: &Rest, refresh_token: Option<&str>) -> Result<kefu_tests::Answer> {
    rest.anonymous().post("/auth/refresh", json!({"refreshToken": refresh_token})).await
}

/// Another login of somebody.
pub(crate) async fn again(tenant: &Tenant<'_>, staff: &Staff) -> Result<Rest> {
    let mut rest = staff.rest.anonymous();
    rest.login(&tenant.code, &staff.username, PASSWORD).await?;
    Ok(rest)
}

async fn the_first_password_opens_nothing_but_its_change(server: &Server) -> Result<()> {
    let tenant = server.tenant().await?;
    // An administrator, so that nothing else is in the way.
    let (username, first) = (format!("u{:010x}", rand::random::<u32>()), "the first password");
    let body = json!({"username": username, "name": "新员工", "password": first,
        "roleIds": [tenant.role("administrator")?]});
    tenant.admin.rest.post("/users", body).await?.data()?;
    let (mut rest, mut other) = (server.rest()?, server.rest()?);
    let login = rest.login(&tenant.code, &username, first).await?;
    ensure!(login.data()?["user"]["mustChangePassword"] == true, "{}", login.envelope);
    other.login(&tenant.code, &username, first).await?;

    let closed = |method: &Method| is_for(method, Audience::Staff) && !method.access.before_password_change;
    let grpc = server.grpc().await?;
    let mut findings = Findings::default();
    for (method, route) in routes().filter(|(method, _)| closed(method)) {
        findings.check(call(&rest, method, route, request(method)).await?.refused(403, "PASSWORD_CHANGE_REQUIRED"));
    }
    for method in methods().values().filter(|method| closed(method)) {
        let metadata = bearer(rest.token.as_deref())?;
        let answer = grpc.call(method, &Json::Object(request(method)), metadata).await?;
        let refused = answer.as_ref().is_err_and(|status| {
            status.code() == Code::PermissionDenied
                && kefu_proto::error::reason_of(status).as_str_name() == "PASSWORD_CHANGE_REQUIRED"
        });
        if !refused {
            findings.note(format!("{}: {answer:?}", method.path));
        }
    }
    let mut socket = Socket::connect(server).await?;
    socket.send("auth", json!({"token": rest.token})).await?;
    ensure!(socket.closed().await? == 4403, "the socket closes with another code");
    findings.none()?;

    let info = rest.get("/user/info").await?;
    ensure!(info.data()?["mustChangePassword"] == true, "{}", info.envelope);
    change(&rest, "not the first one", PASSWORD).await?.refused(401, "BAD_CREDENTIALS")?;
    let same = change(&rest, first, first).await?;
    ensure!(same.refused(400, "INVALID_ARGUMENT")?.fields() == ["newPassword"], "{}", same.envelope);
    change(&rest, first, "short").await?.refused(400, "INVALID_ARGUMENT")?;
    change(&rest, first, PASSWORD).await?.data()?;
    rest.get("/users").await?.data()?;
    Socket::open(server, rest.token.as_deref()).await?.0.cut();
    // Whoever knew the first password is out.
    dead(&other).await
}

async fn change(rest: &Rest, old: &str, new: &str) -> Result<kefu_tests::Answer> {
    rest.put("/user/password", json!({"oldPassword": old, "newPassword": new})).await
}

async fn a_failed_login_tells_nothing(server: &Server) -> Result<()> {
    let tenant = server.tenant().await?;
    let (disabled, deleted) = (tenant.agent().await?, tenant.agent().await?);
    let admin = &tenant.admin.rest;
    let path = format!("/users/{}", disabled.id);
    admin.call("PATCH", &path, Some(json!({"status": "DISABLED"}))).await?.data()?;
    admin.call("DELETE", &format!("/users/{}", deleted.id), None).await?.data()?;
    let mut bodies = Vec::new();
    for (username, password) in [
        ("nobody", PASSWORD),
        (tenant.admin.username.as_str(), "not the password"),
        (disabled.username.as_str(), PASSWORD),
        (disabled.username.as_str(), "not the password"),
        (deleted.username.as_str(), PASSWORD),
        ("' OR 1=1 --", "' OR 1=1 --"),
    ] {
        let body = json!({"tenantCode": tenant.code, "username": username, "password": password});
        let mut answer = server.rest()?.post("/auth/login", body).await?;
        answer.refused(401, "BAD_CREDENTIALS").context(username.to_owned())?;
        for differs in ["requestId", "timestamp"] {
            answer.envelope[differs] = Json::Null;
        }
        bodies.push(answer.envelope);
    }
    ensure!(bodies.iter().all(|body| *body == bodies[0]), "{bodies:#?}");
    Ok(())
}

#[tokio::test]
async fn too_many_tries_have_to_wait() -> Result<()> {
    let settings = vec![("KEFU_AUTH_LOGIN_TRIES", "3".to_owned())];
    let server = Server::start(Options { database: Database::Sqlite, settings }).await?;
    let tenant = server.tenant().await?;
    let staff = tenant.agent().await?;
    let rest = server.rest()?;
    for username in [staff.username.as_str(), "nobody"] {
        let login = |password: &str| {
            let body = json!({"tenantCode": tenant.code, "username": username, "password": password});
            let rest = rest.clone();
            async move { rest.post("/auth/login", body).await }
        };
        for _ in 0..3 {
            login("not the password").await?.refused(401, "BAD_CREDENTIALS")?;
        }
        // Now the right one does not help either.
        for password in ["not the password", PASSWORD] {
            let answer = login(password).await?;
            answer.refused(429, "TOO_MANY_REQUESTS")?;
            let wait: u64 = answer.headers.get("retry-after").context("no Retry-After")?.to_str()?.parse()?;
            ensure!((1..=600).contains(&wait), "wait {wait} s");
        }
    }
    // Others, and whoever is logged in, do not notice.
    again(&tenant, &tenant.admin).await?;
    staff.rest.get("/user/info").await?.data()?;
    Ok(())
}

async fn a_refresh_token_works_once_for_all_who_hurry(server: &Server) -> Result<()> {
    let tenant = server.tenant().await?;
    let mut rest = tenant.admin.rest.clone();
    let (mut socket, _) = Socket::open(server, rest.token.as_deref()).await?;
    for _ in 0..2 {
        let answers = try_join_all((0..50).map(|_| exchange(&rest, rest.refresh_token.as_deref()))).await?;
        let pairs = answers.iter().map(kefu_tests::Answer::data).collect::<Result<Vec<_>>>()?;
        let next = &pairs[0]["refreshToken"];
        ensure!(pairs.iter().all(|pair| pair["refreshToken"] == *next), "not all got the same token");
        ensure!(*next != json!(rest.refresh_token), "the token is not replaced");
        for pair in &pairs[..3] {
            rest.with_token(pair["accessToken"].as_str().context("no token")?).get("/user/info").await?.data()?;
        }
        let newest = pairs[0].clone();
        rest.sign_in(&newest)?;
    }
    // Nobody has taken the crowd for thieves.
    socket.drain().await?;
    rest.refresh().await
}

async fn a_stolen_refresh_token_ends_the_login(server: &Server) -> Result<()> {
    let tenant = server.tenant().await?;
    let staff = tenant.agent().await?;
    let untouched = again(&tenant, &staff).await?;
    let first = staff.rest.refresh_token.clone();
    let mut rest = staff.rest.clone();
    rest.refresh().await?;
    rest.refresh().await?;
    let (socket, _) = Socket::open(server, rest.token.as_deref()).await?;
    for foreign in ["x".to_owned(), format!("{}x", first.as_deref().unwrap_or_default())] {
        exchange(&rest, Some(&foreign)).await?.refused(401, "UNAUTHENTICATED")?;
    }
    rest.get("/user/info").await?.data().context("a token that is not ours ends nothing")?;

    exchange(&rest, first.as_deref()).await?.refused(401, "UNAUTHENTICATED")?;
    revoked(socket).await?;
    dead(&rest).await?;
    dead(&staff.rest).await?;
    untouched.get("/user/info").await?.data().context("the other login goes on")?;
    Ok(())
}

async fn a_client_whose_answer_was_lost_goes_on(server: &Server) -> Result<()> {
    /// A little more than a token may be repeated for whatever has become of the answer.
    const GRACE: Duration = Duration::from_millis(10_500);
    let tenant = server.tenant().await?;
    let staff = tenant.agent().await?;
    let mut lost = staff.rest.clone();
    let [mut used, mut refreshed] = [again(&tenant, &staff).await?, again(&tenant, &staff).await?];
    let before = [&lost, &used, &refreshed].map(|rest| rest.refresh_token.clone());

    // The answer of the first is lost, that of the others arrives: they show it by using a token out of it.
    let missing = exchange(&lost, before[0].as_deref()).await?.text("refreshToken")?;
    used.refresh().await?;
    used.get("/user/info").await?.data()?;
    refreshed.refresh().await?;
    refreshed.refresh().await?;
    tokio::time::sleep(GRACE).await;

    let recovered = exchange(&lost, before[0].as_deref()).await?;
    ensure!(recovered.text("refreshToken")? != missing, "the lost token is given out twice");
    lost.sign_in(recovered.data()?)?;
    lost.get("/user/info").await?.data()?;
    for (rest, old) in [(&used, &before[1]), (&refreshed, &before[2])] {
        exchange(rest, old.as_deref()).await?.refused(401, "UNAUTHENTICATED")?;
        dead(rest).await?;
    }
    // Should somebody have the lost one after all, two people have the login.
    exchange(&lost, Some(&missing)).await?.refused(401, "UNAUTHENTICATED")?;
    dead(&lost).await
}

async fn logging_out_ends_one_login_or_all(server: &Server) -> Result<()> {
    let tenant = server.tenant().await?;
    let staff = tenant.agent().await?;
    let (second, third) = (again(&tenant, &staff).await?, again(&tenant, &staff).await?);
    let mut sockets = Vec::new();
    for rest in [&staff.rest, &second, &third] {
        sockets.push(Socket::open(server, rest.token.as_deref()).await?.0);
    }
    staff.rest.post("/auth/logout", json!({})).await?.data()?;
    dead(&staff.rest).await?;
    revoked(sockets.remove(0)).await?;
    for socket in &mut sockets {
        socket.drain().await?;
    }
    second.get("/user/info").await?.data()?;

    second.post("/auth/logout", json!({"everywhere": true})).await?.data()?;
    for rest in [&second, &third] {
        dead(rest).await?;
    }
    for socket in sockets {
        revoked(socket).await?;
    }
    // The account itself is as it was.
    again(&tenant, &staff).await?.get("/user/info").await?.data()?;
    Ok(())
}
