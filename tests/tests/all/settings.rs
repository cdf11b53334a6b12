//! Settings, and what is written down of their changes.

use anyhow::{Context, Result, ensure};
use kefu_tests::{Server, on_each_database};
use serde_json::{Value as Json, json};

on_each_database!(the_operation_log_tells_who_did_what);

async fn the_operation_log_tells_who_did_what(server: &Server) -> Result<()> {
    let tenant = server.tenant().await?;
    let admin = &tenant.admin;
    admin.rest.post("/teams", json!({"name": "接种组"})).await?.data()?;
    admin.rest.post("/teams", json!({"name": "接种组"})).await?.refused(409, "ALREADY_EXISTS")?;
    let log = "/operation-logs?method=kefu.team.v1.TeamService%2FCreateTeam";
    let answer = admin.rest.get(log).await?;
    let data = answer.data()?;
    ensure!(data["total"] == 1, "one change, one row: {data}");
    let row = &data["list"][0];
    ensure!(row["principal"]["id"] == admin.id.as_str() && row["principal"]["kind"] == "USER", "{row}");
    let request: Json = serde_json::from_str(row["request"].as_str().context("the request")?)?;
    ensure!(request["name"] == "接种组", "{request}");

    let all = admin.rest.get("/operation-logs?size=100").await?;
    let text = all.data()?.to_string();
    ensure!(text.contains("ChangePassword") && !text.contains(kefu_tests::tenant::PASSWORD), "{text}");
    let nobody = admin.rest.get(&format!("{log}&userId=999999999")).await?;
    ensure!(nobody.data()?["total"] == 0, "{}", nobody.envelope);
    Ok(())
}
