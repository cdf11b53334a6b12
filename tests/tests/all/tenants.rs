//! Two tenants with objects of every kind: no method reaches across, neither by the path nor by a reference in it,
//! and no customer reaches another customer's objects.

use anyhow::{Result, ensure};
use kefu_proto::contract::{Method, Route};
use kefu_tests::contract::{call, routes, variables};
use kefu_tests::database::changes;
use kefu_tests::{Answer, Server, on_each_database};

use crate::objects::{Findings, Objects, Reference, Who, references, set};

on_each_database!(no_method_reaches_into_another_tenant, no_customer_reaches_another_customer);

/// Rows that come and go by themselves while nobody calls.
const RESTLESS: [&str; 2] = ["event", "job"];

async fn no_method_reaches_into_another_tenant(server: &Server) -> Result<()> {
    let (ours, theirs) = (Objects::make(server).await?, Objects::make(server).await?);
    let inspector = server.inspect().await?;
    let before = inspector.snapshot(&theirs.tenant.id).await?;
    let mut findings = Findings::default();
    let mut calls = 0;
    for (method, route) in routes() {
        for who in Who::of(method) {
            for reference in references(method, route) {
                let mut request = ours.request(method, route)?;
                set(&mut request, &reference, theirs.id(&reference)?);
                let answer = call(ours.caller(who), method, route, request).await?;
                findings.check(nothing_there(method, route, &reference, &answer));
                calls += 1;
            }
        }
    }
    ensure!(calls > 80, "only {calls} calls");
    let mut changed = changes(&before, &inspector.snapshot(&theirs.tenant.id).await?);
    changed.retain(|table, _| !RESTLESS.contains(&table.as_str()));
    ensure!(before.values().map(Vec::len).sum::<usize>() > 50, "the snapshot is empty");
    if !changed.is_empty() {
        findings.note(format!("rows of the other tenant have changed: {changed:#?}"));
    }
    findings.none()
}

/// The answer must be that of an object that does not exist.
fn nothing_there(method: &Method, route: &Route, reference: &Reference, answer: &Answer) -> Result<()> {
    let what = format!("{} {} with a foreign {}", route.verb, route.path, reference.path);
    let data = &answer.envelope["data"];
    ensure!(!answer.envelope.to_string().contains("canary"), "{what} tells: {}", answer.envelope);
    if answer.status == 404 {
        return Ok(());
    }
    let in_path = variables(route).contains(&reference.path);
    // A filter finds nothing.
    if route.verb == "GET" && !in_path {
        ensure!(answer.status == 200 && data["total"] == 0, "{what}: {} {}", answer.status, answer.envelope);
        return Ok(());
    }
    // A batch says of each item what became of it.
    if method.descriptor.output().get_field_by_name("results").is_some() {
        let refused = data["results"].as_array().is_some_and(|all| all.iter().all(|one| one["reason"] == "NOT_FOUND"));
        ensure!(refused, "{what}: {} {}", answer.status, answer.envelope);
        return Ok(());
    }
    // A reference in the body may be named as a wrong field.
    let named = answer.status == 400 && answer.fields().iter().any(|field| reference.path.starts_with(field));
    ensure!(named && !in_path, "{what}: {} {}", answer.status, answer.envelope);
    Ok(())
}

async fn no_customer_reaches_another_customer(server: &Server) -> Result<()> {
    let objects = Objects::make(server).await?;
    let team = objects.tenant.team(&[]).await?;
    let stranger = objects.tenant.customer(&team).await?;
    let mut findings = Findings::default();
    let mut calls = 0;
    for (method, route) in routes().filter(|(method, _)| Who::of(method).any(|who| who == Who::Customer)) {
        if !variables(route).is_empty() {
            let request = objects.request(method, route)?;
            let answer = call(&stranger.rest, method, route, request).await?;
            findings.check(answer.refused(404, "NOT_FOUND"));
            calls += 1;
        }
    }
    ensure!(calls > 8, "only {calls} calls");
    let theirs = stranger.rest.get("/sessions").await?;
    let list = theirs.data()?["list"].as_array().cloned().unwrap_or_default();
    ensure!(list.len() == 1 && list[0]["id"] == stranger.session.as_str(), "{list:?}");
    // The private note, the agent's words about the customer, and the queue's reasons stay with the staff.
    let own = objects.customer.rest.get(&format!("/sessions/{}", objects.customer.session)).await?;
    let session = own.data()?;
    ensure!(session["noteCount"] == 0 && session["vip"] == false && session["summary"] == "", "{session}");
    findings.none()
}
