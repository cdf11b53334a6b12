//! Reading changes nothing: not one row, by any GET of any caller.

use anyhow::{Result, ensure};
use kefu_tests::contract::{call, routes};
use kefu_tests::database::changes;
use kefu_tests::{Server, on_each_database};

use kefu_tests::objects::{Findings, Objects, Who};

on_each_database!(no_get_changes_a_row);

/// The long poll is a connection: it says that the caller is there, as a socket does.
const CONNECTION: &str = "/api/v1/events";

async fn no_get_changes_a_row(server: &Server) -> Result<()> {
    let objects = Objects::make(server).await?;
    let inspector = server.inspect().await?;
    let before = inspector.settled(&objects.tenant.id).await?;
    let mut findings = Findings::default();
    let mut calls = 0;
    for (method, route) in routes().filter(|(_, route)| route.verb == "GET" && route.path != CONNECTION) {
        let open = Who::of(method).next().is_none();
        let callers = Who::of(method).map(|who| objects.caller(who).clone());
        let agent = Who::of(method).any(|who| who == Who::Staff).then(|| objects.agent.rest.clone());
        let anybody = open.then(|| objects.tenant.admin.rest.anonymous());
        for (index, caller) in callers.chain(anybody).chain(agent).enumerate() {
            let answer = call(&caller, method, route, objects.request(method, route)?).await?;
            // The agent, who comes last, may lack the right; everybody else has to get an answer.
            if !(index > 0 && answer.status == 403) {
                ensure!(answer.status == 200, "{} {}: {} {}", route.verb, route.path, answer.status, answer.envelope);
            }
            calls += 1;
        }
        let after = inspector.snapshot(&objects.tenant.id).await?;
        let changed = changes(&before, &after);
        if !changed.is_empty() {
            findings.note(format!("{}: {changed:#?}", route.path));
            break;
        }
    }
    ensure!(calls > 50 || !findings.is_empty(), "only {calls} calls");
    findings.none()
}
