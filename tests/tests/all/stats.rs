//! The figures of the supervision board: true, and absent where nothing is known.

use anyhow::{Context, Result, ensure};
use kefu_tests::{Rest, Server, on_each_database};
use sea_orm::prelude::DateTimeUtc;
use serde_json::{Value as Json, json};

use crate::stage::{Stage, send};

on_each_database!(the_board_shows_what_is, what_nobody_recorded_is_absent);

async fn board(rest: &Rest, filter: &str) -> Result<Json> {
    Ok(rest.get(&format!("/stats/realtime/sessions{filter}")).await?.data()?.clone())
}

/// The newest hour of the trend.
fn this_hour(board: &Json) -> &Json {
    &board["hours"][11]
}

async fn the_board_shows_what_is(server: &Server) -> Result<()> {
    let stage = Stage::make(server, 1).await?;
    let (agent, quiet) = (&stage.agents[0], stage.tenant.team(&[]).await?);
    let customer = stage.tenant.customer(&stage.team).await?;
    for filter in [String::new(), format!("?teamId={}", stage.team)] {
        let waiting = board(stage.admin(), &filter).await?;
        ensure!(waiting["queued"] == 1 && waiting["active"] == 0 && waiting["agentsOnline"] == 0, "{waiting}");
        let since = stage.look(&customer.session).await?["createTime"].clone();
        ensure!(waiting["longestWaitingSince"] == since, "{since}: {waiting}");
        ensure!(this_hour(&waiting)["queued"] == 1, "{waiting}");
    }
    agent.set_status("ONLINE").await?;
    stage.until(&customer.session, |session| session["status"] == "ACTIVE").await?;
    send(&agent.rest, &customer.session, "first", "您好").await?.data()?;
    send(&agent.rest, &customer.session, "second", "请稍等").await?.data()?;
    let served = board(stage.admin(), "").await?;
    ensure!(served["queued"] == 0 && served["longestWaitingSince"].is_null(), "{served}");
    ensure!(served["active"] == 1 && served["agentsOnline"] == 1 && served["firstResponses"] == 1, "{served}");
    let seconds = served["firstResponseSeconds"].as_i64().context("no first response")?;
    ensure!((0..60).contains(&seconds) && this_hour(&served)["firstResponseSeconds"] == seconds, "{served}");
    ensure!(served.get("ratingScore").is_none_or(Json::is_null) && served["ratings"] == 0, "{served}");

    stage.close(&customer.session).await?;
    let rating = json!({"score": 4, "comment": "很快"});
    customer.rest.post(&format!("/sessions/{}/rating", customer.session), rating).await?.data()?;
    let rated = board(stage.admin(), &format!("?teamId={}", stage.team)).await?;
    ensure!(rated["active"] == 0 && rated["ratingScore"] == 4.0 && rated["ratings"] == 1, "{rated}");
    let elsewhere = board(stage.admin(), &format!("?teamId={quiet}")).await?;
    ensure!(elsewhere["ratings"] == 0 && elsewhere["agentsOnline"] == 0, "{elsewhere}");
    ensure!(elsewhere.get("firstResponseSeconds").is_none_or(Json::is_null), "{elsewhere}");

    // The board is for whoever leads; the agent has figures of one's own.
    ensure!(agent.rest.get("/stats/realtime/sessions").await?.status == 403, "shown to an agent");
    let supervisor = stage.tenant.staff(&["supervisor"]).await?;
    ensure!(board(&supervisor.rest, "").await?["ratings"] == 1, "hidden from a supervisor");
    Ok(())
}

async fn what_nobody_recorded_is_absent(server: &Server) -> Result<()> {
    let stage = Stage::make(server, 0).await?;
    let empty = board(stage.admin(), "").await?;
    ensure!(empty["hours"].as_array().is_some_and(|hours| hours.len() == 12), "{empty}");
    for figure in ["queued", "longestWaitSeconds", "active", "agentsOnline", "firstResponseSeconds", "ratingScore"] {
        ensure!(empty["hours"][0].get(figure).is_none_or(Json::is_null), "{figure} in {}", empty["hours"][0]);
    }
    let inspector = server.inspect().await?;
    let began = empty["hours"][4]["time"].as_str().context("no time")?;
    let slot = began.parse::<DateTimeUtc>()?.timestamp() / 300 + 2;
    // How things stood once: the whole tenant, and one of its teams.
    for (team, queued) in [("0", 7), (&*stage.team, 5)] {
        let row = format!("{slot}, {team}, {queued}, 90, 3, 2, {}, '{began}', '{began}', 0, 0, 0", stage.tenant.id);
        let row = row.replace('T', " ").replace(".000Z", "");
        let columns = "slot, team_id, queued, longest_wait, active, agents_online, tenant_id, create_time, \
                       update_time, create_by, update_by, deleted";
        inspector.run(&format!("INSERT INTO stats_sample ({columns}) VALUES ({row})")).await?;
    }
    let quiet = stage.tenant.team(&[]).await?;
    for (filter, queued) in
        [(String::new(), 7), (format!("?teamId={}", stage.team), 5), (format!("?teamId={quiet}"), 0)]
    {
        let shown = board(stage.admin(), &filter).await?;
        ensure!(shown["hours"][4]["queued"] == queued, "{filter}: {shown}");
        ensure!(shown["hours"][3].get("queued").is_none_or(Json::is_null), "{filter}: {shown}");
    }
    Ok(())
}
