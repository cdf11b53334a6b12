//! Quick replies: those for everybody, and one's own.

use anyhow::{Result, ensure};
use kefu_tests::{Answer, Rest, Server, on_each_database};
use serde_json::{Map, json};

use crate::stage::{Stage, list};

on_each_database!(a_quick_reply_is_for_everybody_or_for_its_owner, files_go_with_a_quick_reply);

async fn a_quick_reply_is_for_everybody_or_for_its_owner(server: &Server) -> Result<()> {
    let stage = Stage::make(server, 2).await?;
    let (a, b) = (&stage.agents[0], &stage.agents[1]);
    let reply =
        |title: &str, shared: bool| json!({"title": title, "content": "您好", "shortcut": title, "shared": shared});
    a.rest.post("/quick-replies", reply("越权", true)).await?.refused(403, "PERMISSION_DENIED")?;
    let shared = stage.admin().post("/quick-replies", reply("公用", true)).await?.text("id")?;
    let own = a.rest.post("/quick-replies", reply("自用", false)).await?.text("id")?;
    let titles = async |rest: &Rest, filter: &str| {
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

async fn files_go_with_a_quick_reply(server: &Server) -> Result<()> {
    let stage = Stage::make(server, 2).await?;
    let (a, b) = (&stage.agents[0], &stage.agents[1]);
    a.set_status("ONLINE").await?;
    let customer = stage.tenant.customer(&stage.team).await?;
    let upload = async |rest: &Rest, name: &str| {
        rest.upload("/files", &Map::new(), name, name.as_bytes().to_vec()).await?.text("id")
    };
    let see = async |rest: &Rest, file: &str, wanted: bool| {
        let answer = rest.get(&format!("/files/{file}")).await?;
        let download = rest.get(&format!("/files/{file}/content")).await?;
        ensure!((answer.status == 200) == wanted && (download.status == 200) == wanted, "{file}: {}", answer.envelope);
        anyhow::Ok(())
    };
    let files = |answer: &Answer| -> Result<Vec<String>> {
        let list = answer.data()?["files"].as_array().cloned().unwrap_or_default();
        Ok(list.iter().filter_map(|file| file["id"].as_str().map(str::to_owned)).collect())
    };
    let (one, two) = (upload(&a.rest, "one.txt").await?, upload(&a.rest, "two.txt").await?);
    let reply = json!({"title": "手册", "content": "请看附件", "fileIds": [two, one]});
    let own = a.rest.post("/quick-replies", reply.clone()).await?;
    let [first, second] = files(&own)?.try_into().map_err(|files| anyhow::anyhow!("{files:?}"))?;
    ensure!(own.data()?["files"][0]["name"] == "two.txt" && own.data()?["files"][1]["name"] == "one.txt");
    b.rest.post("/quick-replies", reply).await?.refused(404, "NOT_FOUND")?;
    for (rest, wanted) in [(&a.rest, true), (&b.rest, false), (stage.admin(), false), (&customer.rest, false)] {
        see(rest, &first, wanted).await?;
    }

    // Each message has its file for itself; the reply keeps its own.
    let path = format!("/sessions/{}/messages", customer.session);
    let message = json!({"clientMsgId": "f", "contentType": "FILE", "content": "", "fileId": first});
    customer.rest.post(&path, message.clone()).await?.refused(404, "NOT_FOUND")?;
    let sent = a.rest.post(&path, message.clone()).await?;
    let copy = sent.text("message.file.id")?;
    ensure!(copy != first && sent.data()?["message"]["file"]["name"] == "two.txt", "{}", sent.envelope);
    see(&customer.rest, &copy, true).await?;
    see(&customer.rest, &first, false).await?;
    let again = a.rest.post(&path, message).await?;
    ensure!(again.data()?["duplicate"] == true && again.text("message.file.id")? == copy, "{}", again.envelope);
    let other = json!({"clientMsgId": "g", "contentType": "FILE", "content": "", "fileId": first});
    ensure!(a.rest.post(&path, other).await?.text("message.file.id")? != copy);

    // One for everybody is seen by all who serve, and by no customer before it is sent.
    let shared = upload(stage.admin(), "shared.txt").await?;
    let reply = json!({"shared": true, "title": "公用", "content": "您好", "fileIds": [shared]});
    let shared = stage.admin().post("/quick-replies", reply).await?;
    let (id, file) = (shared.text("id")?, shared.text("files.0.id")?);
    see(&b.rest, &file, true).await?;
    see(&customer.rest, &file, false).await?;
    let listed = list(&b.rest, "/quick-replies").await?;
    ensure!(listed[0]["files"][0]["id"] == file.as_str(), "{listed:?}");

    // Files stay, go and change their order as the change says.
    let path = format!("/quick-replies/{}", own.text("id")?);
    let same = a.rest.call("PATCH", &path, Some(json!({"title": "说明书"}))).await?;
    ensure!(files(&same)? == [first.clone(), second.clone()], "{}", same.envelope);
    let turned = a.rest.call("PATCH", &path, Some(json!({"fileIds": [second, first]}))).await?;
    ensure!(files(&turned)? == [second.clone(), first.clone()], "{}", turned.envelope);
    let fewer = a.rest.call("PATCH", &path, Some(json!({"fileIds": [second]}))).await?;
    ensure!(files(&fewer)? == [second.clone()], "{}", fewer.envelope);
    see(&a.rest, &first, false).await?;
    let six = json!({"fileIds": ["1", "2", "3", "4", "5", "6"]});
    ensure!(a.rest.call("PATCH", &path, Some(six)).await?.status == 400);
    stage.admin().call("DELETE", &format!("/quick-replies/{id}"), None).await?.data()?;
    see(stage.admin(), &file, false).await?;
    see(&customer.rest, &copy, true).await?;
    Ok(())
}
