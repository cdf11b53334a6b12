//! Who may call what: every method of the contract against callers who may not.

use anyhow::{Context, Result, ensure};
use kefu_proto::common::v1::access::Audience;
use kefu_proto::contract::{Method, methods};
use kefu_tests::contract::{call, is_for, request, routes};
use kefu_tests::grpc::{Grpc, bearer};
use kefu_tests::{Rest, Server, on_each_database};
use serde_json::Value as Json;
use tonic::Code;

use kefu_tests::objects::Findings;

on_each_database!(nothing_is_open_without_a_token, every_method_demands_its_permission_and_its_audience);

/// Calls every route and every method that `chosen` picks, and notes which are not refused in this way.
async fn all_refused(
    server: &Server,
    rest: &Rest,
    chosen: impl Fn(&Method) -> bool,
    (status, code, reason): (u16, Code, &str),
    findings: &mut Findings,
) -> Result<usize> {
    let grpc = server.grpc().await?;
    let mut calls = 0;
    for (method, route) in routes().filter(|(method, _)| chosen(method)) {
        findings.check(call(rest, method, route, request(method)).await?.refused(status, reason));
        calls += 1;
    }
    for method in methods().values().filter(|method| chosen(method)) {
        findings.check(refused(&grpc, method, rest, code).await);
        calls += 1;
    }
    Ok(calls)
}

async fn refused(grpc: &Grpc, method: &Method, rest: &Rest, code: Code) -> Result<()> {
    let metadata = bearer(rest.token.as_deref())?;
    let answer = grpc.call(method, &Json::Object(request(method)), metadata).await?;
    let status = answer.err().with_context(|| format!("{} answers", method.path))?;
    ensure!(status.code() == code, "{}: expected {code:?}, got {status:?}", method.path);
    Ok(())
}

const UNAUTHENTICATED: (u16, Code, &str) = (401, Code::Unauthenticated, "UNAUTHENTICATED");
const FORBIDDEN: (u16, Code, &str) = (403, Code::PermissionDenied, "PERMISSION_DENIED");

async fn nothing_is_open_without_a_token(server: &Server) -> Result<()> {
    let mut findings = Findings::default();
    let closed = |method: &Method| !is_for(method, Audience::Public);
    let calls = all_refused(server, &server.rest()?, closed, UNAUTHENTICATED, &mut findings).await?;
    ensure!(calls > 100, "only {calls} calls");
    findings.none()
}

async fn every_method_demands_its_permission_and_its_audience(server: &Server) -> Result<()> {
    let tenant = server.tenant().await?;
    let nobody = tenant.staff(&[]).await?.rest;
    let customer = tenant.customer(&tenant.team(&[]).await?).await?.rest;
    let mut findings = Findings::default();

    let permitted = |m: &Method| is_for(m, Audience::Staff) && !m.access.permission.is_empty();
    let calls = all_refused(server, &nobody, permitted, FORBIDDEN, &mut findings).await?;
    ensure!(calls > 80, "only {calls} calls");

    let for_staff = |m: &Method| is_for(m, Audience::Staff) && !is_for(m, Audience::Customer);
    let calls = all_refused(server, &customer, for_staff, FORBIDDEN, &mut findings).await?;
    ensure!(calls > 60, "only {calls} calls");

    let for_customers = |m: &Method| is_for(m, Audience::Customer) && !is_for(m, Audience::Staff);
    let calls = all_refused(server, &tenant.admin.rest, for_customers, FORBIDDEN, &mut findings).await?;
    ensure!(calls > 2, "only {calls} calls");

    let for_nodes = |m: &Method| is_for(m, Audience::Internal);
    let calls = all_refused(server, &tenant.admin.rest, for_nodes, UNAUTHENTICATED, &mut findings).await?;
    ensure!(calls > 0, "no internal methods");

    // What is one's own needs no role.
    let own = |m: &Method| m.access.own && is_for(m, Audience::Staff);
    for (method, route) in routes().filter(|(method, route)| own(method) && route.verb == "GET") {
        findings.check(call(&nobody, method, route, request(method)).await?.data());
    }
    findings.none()
}
