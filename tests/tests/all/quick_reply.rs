//! Quick replies: those for everybody, and one's own.

use anyhow::{Result, ensure};
use kefu_tests::{Server, on_each_database};
use serde_json::json;

use crate::stage::{Stage, list};

on_each_database!(a_quick_reply_is_for_everybody_or_for_its_owner);

async fn a_quick_reply_is_for_everybody_or_for_its_owner(server: &Server) -> Result<()> {
    let stage = Stage::make(server, 2).await?;
    let (a, b) = (&stage.agents[0], &stage.agents[1]);
    let reply =
        |title: &str, shared: bool| json!({"title": title, "content": "您好", "shortcut": title, "shared": shared});
    a.rest.post("/quick-replies", reply("越权", true)).await?.refused(403, "PERMISSION_DENIED")?;
    let shared = stage.admin().post("/quick-replies", reply("公用", true)).await?.text("id")?;
    let own = a.rest.post("/quick-replies", reply("自用", false)).await?.text("id")?;
    let titles = async |rest: &kefu_tests::Rest, filter: &str| {
        let mut titles = Vec::new();
        for reply in list(rest, &format!("/quick-replies?{filter}")).await? {
            titles.push(reply["title"].as_str().unwrap_or_default().to_owned());
        }
        titles.sort_unstable();
        anyhow::Ok(titles)
    };
    ensure!(titles(&a.rest, "").await? == ["公用", "自用"]);
    ensure!(titles(&b.rest, "").await? == ["公用"]);
    ensure!(titles(stage.admin(), "").await? == ["公用"], "not even an administrator sees what is one's own");
    ensure!(titles(&a.rest, "keyword=%E8%87%AA").await? == ["自用"]);

    let (shared, own) = (format!("/quick-replies/{shared}"), format!("/quick-replies/{own}"));
    let change = json!({"content": "再见"});
    for (rest, path, status, reason) in [
        (&a.rest, &shared, 403, "PERMISSION_DENIED"),
        (&b.rest, &own, 404, "NOT_FOUND"),
        (stage.admin(), &own, 404, "NOT_FOUND"),
    ] {
        rest.call("PATCH", path, Some(change.clone())).await?.refused(status, reason)?;
        rest.call("DELETE", path, None).await?.refused(status, reason)?;
    }
    for (rest, path, title) in [(&a.rest, &own, "自用"), (stage.admin(), &shared, "公用")] {
        let changed = rest.call("PATCH", path, Some(change.clone())).await?;
        ensure!(changed.text("content")? == "再见" && changed.text("title")? == title, "{}", changed.envelope);
        rest.call("DELETE", path, None).await?.data()?;
        rest.call("DELETE", path, None).await?.refused(404, "NOT_FOUND")?;
    }
    ensure!(titles(&a.rest, "").await?.is_empty());
    Ok(())
}
