//! Registration links: how long they live, how often they serve, and how they end.

use anyhow::{Result, ensure};
use futures_util::future::join_all;
use kefu_tests::{Server, on_each_database};
use serde_json::json;

use crate::stage::{Stage, form, list};

on_each_database!(a_link_serves_as_often_as_it_says);

async fn a_link_serves_as_often_as_it_says(server: &Server) -> Result<()> {
    let stage = Stage::make(server, 0).await?;
    let anybody = stage.admin().anonymous();
    let make = |body| stage.admin().post("/customers/quick-register", body);
    for (field, value) in [("expireHours", -1), ("expireHours", 8761), ("maxUses", -1), ("count", 501)] {
        let answer = make(json!({"teamId": stage.team, (field): value})).await?;
        ensure!(answer.status == 400 && answer.fields() == [field], "{field} = {value}: {}", answer.envelope);
    }
    make(json!({"teamId": "999999999"})).await?.refused(404, "NOT_FOUND")?;
    ensure!(list(stage.admin(), "/register-links").await?.is_empty(), "a refused link was made");

    let made = make(json!({"teamId": stage.team, "maxUses": 3, "label": "义诊"})).await?;
    let (id, token) = (made.text("list.0.id")?, made.text("list.0.token")?);
    ensure!(made.text("list.0.url")?.ends_with(&token), "{}", made.envelope);
    let verify = format!("/customers/verify-link?token={token}");
    let form_of = anybody.get(&verify).await?;
    ensure!(form_of.text("teamId")? == stage.team && form_of.data()?["recallSeconds"] == 120, "{}", form_of.envelope);
    ensure!(list(stage.admin(), "/register-links?usable=true").await?.len() == 1, "it can be used");
    let mut forms = Vec::new();
    for _ in 0..8 {
        forms.push(form(&stage.tenant, &token, "您好").await?);
    }
    let mut won = 0;
    for answer in join_all(forms.into_iter().map(|form| anybody.post("/customers/register", form))).await {
        let answer = answer?;
        match answer.status {
            200 => won += 1,
            _ => drop(answer.refused(404, "LINK_INVALID")?),
        }
    }
    ensure!(won == 3, "{won} have registered with a link for three");
    ensure!(list(stage.admin(), "/register-links?usable=true").await?.is_empty(), "it is used up");
    ensure!(list(stage.admin(), "/register-links").await?.len() == 1, "it is still listed");
    let customers = list(stage.admin(), "/customers").await?;
    ensure!(customers.len() == 3, "{customers:?}");
    anybody.get(&verify).await?.refused(404, "LINK_INVALID")?;
    let links = list(stage.admin(), &format!("/register-links?teamId={}", stage.team)).await?;
    ensure!(links.len() == 1 && links[0]["usedCount"] == 3 && links[0]["label"] == "义诊", "{links:?}");
    ensure!(links[0]["id"] == id.as_str() && links[0]["token"] == "" && links[0]["url"] == "", "{links:?}");

    let made = make(json!({"teamId": stage.team})).await?;
    let (id, token) = (made.text("list.0.id")?, made.text("list.0.token")?);
    let filled = form(&stage.tenant, &token, "您好").await?;
    stage.admin().call("DELETE", &format!("/register-links/{id}"), None).await?.data()?;
    anybody.get(&format!("/customers/verify-link?token={token}")).await?.refused(404, "LINK_INVALID")?;
    anybody.post("/customers/register", filled).await?.refused(404, "LINK_INVALID")?;
    let revoked = list(stage.admin(), "/register-links").await?;
    ensure!(revoked[0]["revoked"] == true && revoked[0]["usedCount"] == 0, "{revoked:?}");
    anybody.get("/customers/verify-link?token=nonsense").await?.refused(404, "LINK_INVALID")?;
    stage.admin().call("DELETE", "/register-links/999999999", None).await?.refused(404, "NOT_FOUND")?;
    Ok(())
}
