//! Who could take a session: what is said is what assigning does.

use anyhow::{Context, Result, ensure};
use kefu_tests::{Server, on_each_database};
use serde_json::{Value as Json, json};

use crate::stage::{Stage, list};

on_each_database!(whoever_is_eligible_can_be_given_it, whoever_assigns_or_transfers_sees_the_candidates);

async fn whoever_assigns_or_transfers_sees_the_candidates(server: &Server) -> Result<()> {
    let stage = Stage::make(server, 1).await?;
    let path = format!("/sessions/{}/candidates", stage.session().await?);
    for (permission, may) in [("session:assign", true), ("session:transfer", true), ("session:read", false)] {
        let role = json!({"name": permission, "dataScope": "ALL", "permissions": [permission]});
        let role = stage.admin().post("/roles", role).await?.text("id")?;
        let staff = stage.tenant.staff(&[]).await?;
        let roles = json!({"roleIds": [role]});
        stage.admin().call("PATCH", &format!("/users/{}", staff.id), Some(roles)).await?.data()?;
        let answer = staff.rest.get(&path).await?;
        if may {
            ensure!(answer.data()?["list"].as_array().is_some_and(|list| list.len() == 1), "{}", answer.envelope);
        } else {
            answer.refused(403, "PERMISSION_DENIED")?;
        }
    }
    Ok(())
}

async fn whoever_is_eligible_can_be_given_it(server: &Server) -> Result<()> {
    let stage = Stage::make(server, 5).await?;
    let [free, later, full, busy, away] = [0, 1, 2, 3, 4].map(|n| &stage.agents[n]);
    // The one who is full is online first and gets the first session; the next goes to whoever comes then.
    stage.limit(full, 1).await?;
    full.set_status("ONLINE").await?;
    let taken = stage.session().await?;
    stage.until(&taken, |session| session["agentId"] == full.id.as_str()).await?;
    later.set_status("ONLINE").await?;
    let second = stage.session().await?;
    stage.until(&second, |session| session["agentId"] == later.id.as_str()).await?;
    busy.set_status("BUSY").await?;
    away.set_status("AWAY").await?;
    later.set_status("BUSY").await?;
    let session = stage.session().await?;
    free.set_status("BUSY").await?;
    let path = format!("/sessions/{session}/candidates");
    let all = list(stage.admin(), &path).await?;
    let fits: Vec<_> = all.iter().map(|c| (c["agent"]["userId"].as_str(), c["fit"].as_str())).collect();
    ensure!(
        fits.len() == 5 && fits[3..] == [(Some(&*full.id), Some("FULL")), (Some(&*away.id), Some("AWAY"))],
        "{fits:?}"
    );
    ensure!(fits[2] == (Some(&*later.id), Some("BUSY")), "whoever was given one last comes last: {fits:?}");
    ensure!(all[3]["message"] == "会话数已满：1/1", "{}", all[3]);

    // Each gives the answer that was announced; the full one and the one who is away first, for they take nothing.
    for candidate in all.iter().rev() {
        let agent = candidate["agent"]["userId"].as_str().context("no id")?;
        let body = json!({"agentId": agent, "reason": "试"});
        let path = format!("/sessions/{}/assign", stage.session().await?);
        let answer = stage.admin().post(&path, body).await?;
        ensure!((answer.status == 200) == (candidate["eligible"] == true), "{candidate}: {}", answer.envelope);
    }
    // Whoever serves it is no candidate for it, and an agent of another team is not asked.
    let body = json!({"agentId": free.id, "reason": "给你"});
    stage.admin().post(&format!("/sessions/{session}/assign"), body).await?.data()?;
    let last = list(&free.rest, &path).await?.pop().context("nobody")?;
    ensure!(last["agent"]["userId"] == free.id.as_str() && last["fit"] == "SERVING", "{last}");
    let other = stage.tenant.team(&[]).await?;
    ensure!(list(stage.admin(), &format!("{path}?teamId={other}")).await? == Vec::<Json>::new(), "of no team");
    later.rest.get(&path).await?.refused(404, "NOT_FOUND")?;
    Ok(())
}
