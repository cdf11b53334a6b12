//! Archiving: from a temporary customer to a formal one, and the institutions that come of it.

use anyhow::{Result, ensure};
use kefu_tests::{Rest, Server, Staff, on_each_database};
use serde_json::{Value as Json, json};

use crate::stage::{eventually, form, list, phone};

on_each_database!(
    a_temporary_customer_becomes_a_formal_one,
    where_a_review_is_asked_for_a_supervisor_decides,
    a_review_is_asked_for_and_its_outcome_told,
    institutions_are_those_of_formal_customers,
    the_form_suggests_names_and_nothing_else,
);

async fn settings(admin: &Rest, change: Json) -> Result<()> {
    admin.call("PATCH", "/settings", Some(change)).await?.data()?;
    Ok(())
}

async fn a_temporary_customer_becomes_a_formal_one(server: &Server) -> Result<()> {
    let tenant = server.tenant().await?;
    let agent = tenant.agent().await?;
    let team = tenant.team(&[&agent]).await?;
    agent.set_status("ONLINE").await?;
    let customer = tenant.customer(&team).await?;
    let (path, session) = (format!("/customers/{}", customer.id), format!("/sessions/{}", customer.session));
    ensure!(agent.rest.get(&session).await?.data()?["archiveDue"] == true);
    ensure!(customer.rest.get(&session).await?.data()?["archiveDue"] == false, "customers are not told");
    agent.rest.put(&format!("{session}/close"), json!({})).await?.data()?;
    ensure!(agent.rest.get(&path).await?.data()?["archiveStatus"] == "PENDING");

    // What is missing is named.
    agent.rest.call("PATCH", &path, Some(json!({"institution": ""}))).await?.data()?;
    let archive = format!("{path}/archive");
    let missing = agent.rest.post(&archive, json!({})).await?;
    ensure!(missing.status == 400 && missing.fields() == ["institution"], "{}", missing.envelope);
    let complete = json!({"institution": "朝阳区疾控中心", "gender": "FEMALE", "landline": "010-87654321",
        "department": "免疫规划科", "businessModules": "疫苗接种", "creditCode": "12110105400000001A",
        "institutionPhone": "010-11112222", "region": "北京市朝阳区", "address": "潘家园", "teamId": team});
    let completed = agent.rest.call("PATCH", &path, Some(complete.clone())).await?;
    for (field, value) in complete.as_object().into_iter().flatten() {
        ensure!(completed.data()?[field] == *value, "{field}: {}", completed.envelope);
    }
    let record = agent.rest.post(&archive, json!({"comment": "资料齐全"})).await?;
    let data = record.data()?;
    ensure!(data["status"] == "APPROVED" && data["reviewer"].is_null() && data["reviewTime"].is_string(), "{data}");
    ensure!(data["submitter"]["id"] == agent.id.as_str() && data["comment"] == "资料齐全", "{data}");
    ensure!(data["customer"]["department"] == "免疫规划科", "the record as it was handed in: {data}");
    ensure!(agent.rest.get(&path).await?.data()?["archiveStatus"] == "FORMAL");
    ensure!(agent.rest.get(&session).await?.data()?["archiveDue"] == false);
    agent.rest.post(&archive, json!({})).await?.refused(409, "ARCHIVE_STATE")?;
    let pending = agent.rest.get("/customers/pending-archive").await?;
    ensure!(pending.data()?["total"] == 0, "{}", pending.envelope);
    let history = agent.rest.get(&format!("/archive-records?customerId={}", customer.id)).await?;
    ensure!(history.data()?["total"] == 1 && history.data()?["list"][0] == *data, "{}", history.envelope);
    agent.rest.get(&format!("/archive-records/{}", record.text("id")?)).await?.data()?;
    Ok(())
}

async fn where_a_review_is_asked_for_a_supervisor_decides(server: &Server) -> Result<()> {
    let tenant = server.tenant().await?;
    let (agent, supervisor) = (tenant.agent().await?, tenant.staff(&["supervisor"]).await?);
    settings(&tenant.admin.rest, json!({"archiveReview": true})).await?;
    let customer = tenant.customer(&tenant.team(&[&agent]).await?).await?;
    let path = format!("/customers/{}", customer.id);
    let hand_in = async || agent.rest.post(&format!("{path}/archive"), json!({})).await?.text("id");
    let status = async || agent.rest.get(&path).await?.text("archiveStatus");
    let first = hand_in().await?;
    ensure!(status().await? == "SUBMITTED");
    agent.rest.post(&format!("{path}/archive"), json!({})).await?.refused(409, "ARCHIVE_STATE")?;
    let waiting = supervisor.rest.get("/archive-records?status=SUBMITTED").await?;
    ensure!(waiting.text("list.0.id")? == first, "{}", waiting.envelope);

    let decide = async |rest: &Rest, id: &str, verb: &str, comment: &str| {
        rest.post(&format!("/archive-records/{id}/{verb}"), json!({"comment": comment})).await
    };
    decide(&agent.rest, &first, "approve", "").await?.refused(403, "PERMISSION_DENIED")?;
    let silent = decide(&supervisor.rest, &first, "reject", " ").await?;
    ensure!(silent.status == 400 && silent.fields() == ["comment"], "{}", silent.envelope);
    let rejected = decide(&supervisor.rest, &first, "reject", "请补充地区").await?;
    ensure!(rejected.data()?["status"] == "REJECTED" && rejected.data()?["reviewComment"] == "请补充地区");
    ensure!(rejected.data()?["reviewer"]["id"] == supervisor.id.as_str(), "{}", rejected.envelope);
    ensure!(status().await? == "PENDING");
    decide(&supervisor.rest, &first, "approve", "").await?.refused(409, "ARCHIVE_STATE")?;

    let second = hand_in().await?;
    let (one, other) = tokio::try_join!(
        decide(&supervisor.rest, &second, "approve", "好"),
        decide(&tenant.admin.rest, &second, "reject", "不好")
    )?;
    ensure!((one.status == 200) != (other.status == 200), "{} {}", one.envelope, other.envelope);
    let wanted = if one.status == 200 { "FORMAL" } else { "PENDING" };
    ensure!(status().await? == wanted);
    let history = supervisor.rest.get(&format!("/archive-records?customerId={}", customer.id)).await?;
    ensure!(history.data()?["total"] == 2, "{}", history.envelope);
    Ok(())
}

/// The notifications of somebody, once there are so many; newest first.
async fn told(who: &Staff, count: usize) -> Result<Vec<Json>> {
    eventually(async || {
        let all = list(&who.rest, "/notifications?size=100").await?;
        Ok(if all.len() >= count { Ok(all) } else { Err(all) })
    })
    .await
}

async fn a_review_is_asked_for_and_its_outcome_told(server: &Server) -> Result<()> {
    let tenant = server.tenant().await?;
    let (agent, bystander) = (tenant.agent().await?, tenant.agent().await?);
    let (supervisor, other) = (tenant.staff(&["supervisor"]).await?, tenant.staff(&["supervisor"]).await?);
    settings(&tenant.admin.rest, json!({"archiveReview": true})).await?;
    let customer = tenant.customer(&tenant.team(&[&agent]).await?).await?;
    let archive = format!("/customers/{}/archive", customer.id);
    let first = agent.rest.post(&archive, json!({"comment": "请看地区"})).await?.text("id")?;
    for reviewer in [&supervisor, &other, &tenant.admin] {
        let news = told(reviewer, 1).await?;
        ensure!(news.len() == 1 && news[0]["type"] == "ARCHIVE_SUBMITTED", "{news:?}");
        ensure!(news[0]["archiveRecordId"] == first.as_str() && news[0]["sessionId"] == "0", "{news:?}");
        ensure!(news[0]["body"] == "请看地区" && news[0]["title"].as_str().is_some_and(|t| t.contains("张医生")));
    }
    let rejection = json!({"comment": "请补充地区"});
    supervisor.rest.post(&format!("/archive-records/{first}/reject"), rejection).await?.data()?;
    let news = told(&agent, 1).await?;
    ensure!(news[0]["type"] == "ARCHIVE_REJECTED" && news[0]["body"] == "请补充地区", "{news:?}");

    let second = agent.rest.post(&archive, json!({})).await?.text("id")?;
    other.rest.post(&format!("/archive-records/{second}/approve"), json!({})).await?.data()?;
    let news = told(&agent, 2).await?;
    ensure!(news[0]["type"] == "ARCHIVE_APPROVED" && news[0]["archiveRecordId"] == second.as_str(), "{news:?}");
    told(&supervisor, 2).await?;

    // Whoever reviews what they have handed in themselves knows. What is told of the next one is told after that.
    let hand_in = async |who: &Staff| {
        let customer = tenant.customer(&tenant.team(&[]).await?).await?;
        who.rest.post(&format!("/customers/{}/archive", customer.id), json!({})).await?.text("id")
    };
    let own = hand_in(&supervisor).await?;
    supervisor.rest.post(&format!("/archive-records/{own}/approve"), json!({})).await?.data()?;
    hand_in(&agent).await?;
    let news = told(&supervisor, 3).await?;
    ensure!(news.len() == 3 && news.iter().all(|one| one["type"] == "ARCHIVE_SUBMITTED"), "{news:?}");
    ensure!(news.iter().all(|one| one["archiveRecordId"] != own.as_str()), "{news:?}");
    ensure!(list(&bystander.rest, "/notifications").await?.is_empty());
    Ok(())
}

async fn formal(admin: &Rest, institution: &str, region: &str) -> Result<()> {
    let body = json!({"name": "李医生", "phone": phone(), "institution": institution, "region": region});
    admin.post("/customers", body).await?.data()?;
    Ok(())
}

async fn institutions_are_those_of_formal_customers(server: &Server) -> Result<()> {
    let tenant = server.tenant().await?;
    let admin = &tenant.admin.rest;
    for region in ["北京市", "北京市朝阳区"] {
        formal(admin, "朝阳医院", region).await?;
    }
    formal(admin, "海淀医院", "北京市海淀区").await?;
    tenant.customer(&tenant.team(&[]).await?).await?;
    let all = admin.get("/institutions").await?;
    ensure!(all.data()?["total"] == 2, "whoever is temporary does not count: {}", all.envelope);
    let found = admin.get("/institutions?keyword=%E6%9C%9D%E9%98%B3").await?;
    let one = &found.data()?["list"][0];
    ensure!(found.data()?["total"] == 1 && one["name"] == "朝阳医院", "{}", found.envelope);
    ensure!(one["customerCount"] == 2 && one["region"] == "北京市朝阳区", "{one}");
    Ok(())
}

async fn the_form_suggests_names_and_nothing_else(server: &Server) -> Result<()> {
    let tenant = server.tenant().await?;
    let (admin, anybody) = (&tenant.admin.rest, tenant.admin.rest.anonymous());
    for number in 0..10 {
        formal(admin, &format!("东城第{number}医院"), "").await?;
    }
    formal(&server.tenant().await?.admin.rest, "东城别家医院", "").await?;
    let team = tenant.team(&[]).await?;
    let link = tenant.link(&team).await?;
    // A temporary customer's word is not passed on.
    let mut wrong = form(&tenant, &link, "").await?;
    wrong["institution"] = json!("东城假医院");
    anybody.post("/customers/register", wrong).await?.data()?;
    let ask = async |token: &str, keyword: &str| {
        anybody.get(&format!("/customers/institutions?token={token}&keyword={keyword}")).await
    };
    let found = ask(&link, "%E4%B8%9C%E5%9F%8E").await?;
    let data = found.data()?;
    ensure!(data.as_object().is_some_and(|fields| fields.len() == 1), "{data}");
    let names: Vec<&str> = data["names"].as_array().into_iter().flatten().filter_map(Json::as_str).collect();
    let wanted: Vec<String> = (0..8).map(|number| format!("东城第{number}医院")).collect();
    ensure!(names == wanted, "{names:?}");
    let none = ask(&link, "%25%25").await?;
    ensure!(none.data()?["names"] == json!([]), "a wildcard is a character: {}", none.envelope);
    let short = ask(&link, "%E4%B8%9C").await?;
    ensure!(short.status == 400 && short.fields() == ["keyword"], "{}", short.envelope);
    ensure!(ask(&link, "%E4%B8%9C%20").await?.data()?["names"] == json!([]), "a space is no letter");
    ask("nonsense", "%E4%B8%9C%E5%9F%8E").await?.refused(404, "LINK_INVALID")?;
    settings(admin, json!({"institutionSuggestions": false})).await?;
    ensure!(ask(&link, "%E4%B8%9C%E5%9F%8E").await?.data()?["names"] == json!([]));
    let mut refused = 0;
    for _ in 0..140 {
        refused += u32::from(ask(&link, "%E4%B8%9C%E5%9F%8E").await?.status == 429);
    }
    ensure!(refused > 0, "a link gives as much as it is asked for");
    Ok(())
}
