//! Two tenants with objects of every kind: no method reaches across, neither by the path nor by a reference in it,
//! and no customer reaches another customer's objects.

use anyhow::{Result, ensure};
use kefu_proto::contract::{Method, Route};
use kefu_tests::contract::{call, routes, variables};
use kefu_tests::database::changes;
use kefu_tests::{Answer, Server, on_each_database};

use kefu_tests::objects::{Findings, Objects, Reference, Who, references};

on_each_database!(no_method_reaches_into_another_tenant, no_customer_reaches_another_customer);

async fn no_method_reaches_into_another_tenant(server: &Server) -> Result<()> {
    let (ours, theirs) = (Objects::make(server).await?, Objects::make(server).await?);
    let inspector = server.inspect().await?;
    let before = inspector.settled(&theirs.tenant.id).await?;
    ensure!(before.values().map(Vec::len).sum::<usize>() > 50, "the snapshot is empty");
    let mut findings = Findings::default();
    let mut cases = 0;
    for (method, route) in routes() {
        for who in Who::of(method) {
            for reference in references(method, route) {
                let mut answers = Vec::new();
                for request in ours.requests_about(method, route, &reference, theirs.id(&reference)?)? {
                    answers.push(call(ours.caller(who), method, route, request).await?);
                }
                findings.check(nothing_there(method, route, &reference, &answers));
                cases += 1;
            }
        }
    }
    ensure!(cases > 80, "only {cases} cases");
    let changed = changes(&before, &inspector.settled(&theirs.tenant.id).await?);
    if !changed.is_empty() {
        findings.note(format!("rows of the other tenant have changed: {changed:#?}"));
    }
    findings.none()
}

/// One answer must be that of an object that does not exist, and none may tell or do anything.
fn nothing_there(method: &Method, route: &Route, reference: &Reference, answers: &[Answer]) -> Result<()> {
    let what = format!("{} {} with a foreign {}", route.verb, route.path, reference.path);
    let all = || answers.iter().map(|a| a.envelope.to_string()).collect::<Vec<_>>().join("\n    ");
    ensure!(!all().contains("canary"), "{what} tells: {}", all());
    let in_path = variables(route).contains(&reference.path);
    let fits = |answer: &Answer| {
        let data = &answer.envelope["data"];
        // A filter finds nothing.
        let empty = route.verb == "GET" && !in_path && data["total"] == 0;
        // A batch says of each item what became of it.
        let batch = method.descriptor.output().get_field_by_name("results").is_some();
        let results = data["results"].as_array().filter(|_| batch);
        let refused = results.is_some_and(|all| all.iter().all(|one| one["reason"] == "NOT_FOUND"));
        // A reference in the body may be named as a wrong field.
        let named = answer.status == 400 && answer.fields().iter().any(|field| reference.path.starts_with(field));
        answer.status == 404 || empty || refused || (named && !in_path)
    };
    let done = answers.iter().any(|answer| answer.status == 200 && !fits(answer));
    ensure!(answers.iter().any(fits) && !done, "{what}: {}", all());
    Ok(())
}

async fn no_customer_reaches_another_customer(server: &Server) -> Result<()> {
    let objects = Objects::make(server).await?;
    let team = objects.tenant.team(&[]).await?;
    let stranger = objects.tenant.customer(&team).await?;
    let mut findings = Findings::default();
    let mut calls = 0;
    for (method, route) in routes().filter(|(method, _)| Who::of(method).any(|who| who == Who::Customer)) {
        for reference in references(method, route).into_iter().filter(|r| variables(route).contains(&r.path)) {
            let mut answers = Vec::new();
            for request in objects.requests_about(method, route, &reference, objects.id(&reference)?)? {
                answers.push(call(&stranger.rest, method, route, request).await?);
            }
            findings.check(nothing_there(method, route, &reference, &answers));
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
