//! The StatsService.

use std::sync::Arc;

use kefu_proto::stats::v1::realtime_sessions::Hour;
use kefu_proto::stats::v1::stats_service_server::StatsService;
use kefu_proto::stats::v1::{GetRealtimeSessionsRequest, RealtimeSessions};
use tonic::{Request, Response, Status, async_trait};

use crate::Core;
use crate::access::{Ctx, enter};
use crate::clock::{start_of_day, timestamp};
use crate::error::Result;
use crate::stats::{query, sample, trend};

/// See the module.
pub(super) struct Rpc(pub(super) Arc<Core>);

#[async_trait]
impl StatsService for Rpc {
    async fn get_realtime_sessions(
        &self,
        request: Request<GetRealtimeSessionsRequest>,
    ) -> Result<Response<RealtimeSessions>, Status> {
        let (ctx, req) = enter(request)?;
        Ok(Response::new(realtime_sessions(&self.0, &ctx, req.team_id).await?))
    }
}

async fn realtime_sessions(core: &Core, ctx: &Ctx, team_id: i64) -> Result<RealtimeSessions> {
    let (db, time) = (core.db.read(), core.clock.now());
    if team_id != 0 {
        crate::team::find(db, ctx.tenant, team_id).await?;
    }
    let zone = crate::settings::zone(&crate::settings::general(db, ctx.tenant).await?);
    let (midnight, hours) = (start_of_day(time, zone), trend::hours(time, zone));
    let since = hours.first().copied().unwrap_or(time);
    let now = query::now(db, ctx, team_id, time).await?;
    let responses = query::first_responses(db, ctx, team_id, since.min(midnight)).await?;
    let ratings = query::ratings(db, ctx, team_id, since.min(midnight)).await?;
    let samples = query::samples(db, ctx, team_id, sample::slot(since)).await?;
    let end = time + chrono::Duration::seconds(1);
    let (first_response, first_responses) = trend::mean(&responses, midnight, end);
    let (rating, rating_count) = trend::mean(&ratings, midnight, end);
    let mut hours: Vec<Hour> = hours.iter().map(|from| trend::hour(*from, &samples, &responses, &ratings)).collect();
    if let Some(current) = hours.last_mut() {
        current.queued = Some(now.queued);
        current.longest_wait_seconds = Some(now.longest_waiting_since.map_or(0, |since| sample::seconds(time - since)));
        current.active = Some(now.active);
        current.agents_online = Some(now.agents_online);
    }
    Ok(RealtimeSessions {
        queued: now.queued,
        longest_waiting_since: now.longest_waiting_since.map(timestamp),
        active: now.active,
        agents_online: now.agents_online,
        first_response_seconds: first_response.map(trend::seconds),
        first_responses,
        rating_score: rating.map(trend::score),
        ratings: rating_count,
        hours,
        time: Some(timestamp(time)),
    })
}
