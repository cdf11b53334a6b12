//! One-time codes: whom they let in, how often they can be tried, and what they tell nobody.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use futures_util::future::try_join_all;
use kefu_tests::tenant::PASSWORD;
use kefu_tests::{Answer, Server, Socket, Tenant, on_each_database};
use serde_json::{Value as Json, json};

use crate::login::{again, dead, revoked};

on_each_database!(
    a_code_lets_in_whoever_has_the_phone,
    five_wrong_tries_burn_a_code,
    of_parallel_right_guesses_one_wins,
    codes_are_not_sent_in_bursts,
    asking_for_a_reset_tells_nothing,
    a_reset_ends_every_login,
);

/// A phone that nobody has.
pub(crate) fn new_phone() -> String {
    format!("138{:08}", rand::random::<u32>() % 100_000_000)
}

/// The phone of a new customer, to whom no code was sent yet.
async fn customer_phone(tenant: &Tenant<'_>) -> Result<String> {
    let phone = new_phone();
    tenant.admin.rest.post("/customers", json!({"name": "李医生", "phone": phone})).await?.data()?;
    Ok(phone)
}

async fn log_in(tenant: &Tenant<'_>, phone: &str, code: &str) -> Result<Answer> {
    let body = json!({"phone": phone, "code": code, "tenantCode": tenant.code});
    tenant.server.rest()?.post("/auth/login/phone", body).await
}

async fn ask(tenant: &Tenant<'_>, phone: &str, purpose: &str) -> Result<Answer> {
    let body = json!({"phone": phone, "purpose": purpose, "tenantCode": tenant.code});
    tenant.server.rest()?.post("/auth/code", body).await
}

/// Texts sent to a phone.
async fn texts(tenant: &Tenant<'_>, phone: &str) -> Result<u64> {
    let sent = tenant.admin.rest.get(&format!("/sent-messages?target={phone}")).await?;
    Ok(sent.data()?["total"].as_u64().unwrap_or_default())
}

/// A code that is not this one.
fn another(code: &str, n: u32) -> String {
    format!("{:06}", (code.parse::<u32>().unwrap_or_default() + n) % 1_000_000)
}

async fn a_code_lets_in_whoever_has_the_phone(server: &Server) -> Result<()> {
    let tenant = server.tenant().await?;
    let (staff, staff_phone) = (tenant.agent().await?, new_phone());
    let path = format!("/users/{}", staff.id);
    tenant.admin.rest.call("PATCH", &path, Some(json!({"phone": staff_phone}))).await?.data()?;
    let phone = customer_phone(&tenant).await?;
    let foreign = server.create_tenant()?.0;
    for (phone, kind) in [(&staff_phone, "USER"), (&phone, "CUSTOMER")] {
        let code = tenant.code(phone, "LOGIN", "").await?;
        // A code is for one tenant and one purpose.
        let body = json!({"phone": phone, "code": code, "tenantCode": foreign});
        server.rest()?.post("/auth/login/phone", body).await?.refused(400, "CODE_INVALID")?;
        let body = json!({"phone": phone, "code": code, "tenantCode": tenant.code, "newPassword": PASSWORD});
        server.rest()?.post("/user/password/reset", body).await?.refused(400, "CODE_INVALID")?;
        let mut rest = server.rest()?;
        rest.sign_in(log_in(&tenant, phone, &code).await?.data()?)?;
        let info = rest.get("/user/info").await?;
        ensure!(info.data()?["kind"] == kind && info.data()?["phone"] == phone.as_str(), "{}", info.envelope);
        Socket::open(server, rest.token.as_deref()).await?.0.cut();
        log_in(&tenant, phone, &code).await?.refused(400, "CODE_INVALID")?;
    }
    Ok(())
}

async fn five_wrong_tries_burn_a_code(server: &Server) -> Result<()> {
    let tenant = server.tenant().await?;
    for (wrong, opens) in [(4, true), (5, false)] {
        let phone = customer_phone(&tenant).await?;
        let code = tenant.code(&phone, "LOGIN", "").await?;
        for n in 1..=wrong {
            log_in(&tenant, &phone, &another(&code, n)).await?.refused(400, "CODE_INVALID")?;
        }
        let right = log_in(&tenant, &phone, &code).await?;
        match opens {
            true => drop(right.data()?),
            false => drop(right.refused(400, "CODE_INVALID")?),
        }
    }
    // The tries count one by one though they come all at once.
    let phone = customer_phone(&tenant).await?;
    let code = tenant.code(&phone, "LOGIN", "").await?;
    let guesses: Vec<String> = (1..=20).map(|n| another(&code, n)).collect();
    for guess in try_join_all(guesses.iter().map(|guess| log_in(&tenant, &phone, guess))).await? {
        guess.refused(400, "CODE_INVALID")?;
    }
    log_in(&tenant, &phone, &code).await?.refused(400, "CODE_INVALID")?;
    Ok(())
}

async fn of_parallel_right_guesses_one_wins(server: &Server) -> Result<()> {
    let tenant = server.tenant().await?;
    let phone = customer_phone(&tenant).await?;
    let code = tenant.code(&phone, "LOGIN", "").await?;
    let answers = try_join_all((0..12).map(|_| log_in(&tenant, &phone, &code))).await?;
    let (winners, losers): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
    ensure!(winners.len() == 1, "{} got in", winners.len());
    for loser in losers {
        loser.refused(400, "CODE_INVALID")?;
    }
    Ok(())
}

async fn codes_are_not_sent_in_bursts(server: &Server) -> Result<()> {
    let tenant = server.tenant().await?;
    let phone = customer_phone(&tenant).await?;
    let asked = try_join_all((0..5).map(|_| ask(&tenant, &phone, "LOGIN"))).await?;
    ensure!(asked.iter().filter(|answer| answer.status == 200).count() == 1, "{asked:?}");
    for purpose in ["LOGIN", "RESET_PASSWORD"] {
        let again = ask(&tenant, &phone, purpose).await?;
        again.refused(429, "TOO_MANY_REQUESTS")?;
        let wait = again.headers.get("retry-after").and_then(|wait| wait.to_str().ok()?.parse::<u64>().ok());
        ensure!(wait.is_some_and(|wait| (1..=60).contains(&wait)), "Retry-After: {wait:?}");
    }
    ensure!(texts(&tenant, &phone).await? == 1, "more than one text");
    Ok(())
}

async fn asking_for_a_reset_tells_nothing(server: &Server) -> Result<()> {
    let tenant = server.tenant().await?;
    let (staff, known, unknown) = (tenant.agent().await?, new_phone(), new_phone());
    let path = format!("/users/{}", staff.id);
    tenant.admin.rest.call("PATCH", &path, Some(json!({"phone": known}))).await?.data()?;
    let customer = customer_phone(&tenant).await?;
    let mut told: Vec<(Json, Duration)> = Vec::new();
    for (phone, sent) in [(&known, 1), (&unknown, 0), (&customer, 0)] {
        let asked = Instant::now();
        let answer = ask(&tenant, phone, "RESET_PASSWORD").await?;
        told.push((answer.data()?.clone(), asked.elapsed()));
        ensure!(texts(&tenant, phone).await? == sent, "not {sent} texts to {phone}");
    }
    ensure!(told.iter().all(|(answer, _)| *answer == told[0].0), "{told:?}");
    // What is quicker by itself waits.
    ensure!(told.iter().all(|(_, took)| *took >= Duration::from_millis(490)), "{told:?}");
    for phone in [&unknown, &customer] {
        let body = json!({"phone": phone, "code": "123456", "tenantCode": tenant.code, "newPassword": PASSWORD});
        server.rest()?.post("/user/password/reset", body).await?.refused(400, "CODE_INVALID")?;
    }
    Ok(())
}

async fn a_reset_ends_every_login(server: &Server) -> Result<()> {
    const NEW: &str = "another horse 马";
    let tenant = server.tenant().await?;
    let (staff, phone) = (tenant.agent().await?, new_phone());
    let path = format!("/users/{}", staff.id);
    tenant.admin.rest.call("PATCH", &path, Some(json!({"phone": phone}))).await?.data()?;
    let second = again(&tenant, &staff).await?;
    let mut sockets = Vec::new();
    for rest in [&staff.rest, &second] {
        sockets.push(Socket::open(server, rest.token.as_deref()).await?.0);
    }
    let code = tenant.code(&phone, "RESET_PASSWORD", "").await?;
    let reset = |code: &str, password: &str| {
        let body = json!({"phone": phone, "code": code, "tenantCode": tenant.code, "newPassword": password});
        let rest = staff.rest.anonymous();
        async move { rest.post("/user/password/reset", body).await }
    };
    reset(&another(&code, 1), NEW).await?.refused(400, "CODE_INVALID")?;
    second.get("/user/info").await?.data()?;
    reset(&code, NEW).await?.data()?;
    for socket in sockets {
        revoked(socket).await?;
    }
    for rest in [&staff.rest, &second] {
        dead(rest).await?;
    }
    reset(&code, PASSWORD).await?.refused(400, "CODE_INVALID")?;
    let old = json!({"tenantCode": tenant.code, "username": staff.username, "password": PASSWORD});
    server.rest()?.post("/auth/login", old).await?.refused(401, "BAD_CREDENTIALS")?;
    let mut rest = server.rest()?;
    let login = rest.login(&tenant.code, &staff.username, NEW).await?;
    ensure!(login.data()?["user"]["mustChangePassword"] == false, "{}", login.envelope);
    Ok(())
}
