//! What the rows tell.

use std::collections::{BTreeSet, HashMap};

use chrono::Duration;
use kefu_proto::session::v1::session::Status;
use kefu_proto::user::v1::role::DataScope;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, ConnectionTrait, QueryFilter, QueryOrder, QuerySelect, Select};

use crate::access::Ctx;
use crate::clock::Time;
use crate::db::{Scoped, code};
use crate::error::Result;
use crate::session::entity::chat_session;
use crate::session::query::visible;
use crate::stats::entity::stats_sample;
use crate::stats::sample::seconds;
use crate::stats::trend::{Event, Sample};
use crate::team::entity::team;

use chat_session::Column;

/// How long after its end a session's rating is still looked for.
const RATED_WITHIN_DAYS: i64 = 30;

/// How things stand now.
#[derive(Debug)]
pub(super) struct Now {
    pub(super) queued: i32,
    pub(super) longest_waiting_since: Option<Time>,
    pub(super) active: i32,
    pub(super) agents_online: i32,
}

/// The sessions that the caller sees, of one team or of all.
fn seen(ctx: &Ctx, team_id: i64) -> Select<chat_session::Entity> {
    let select = chat_session::Entity::of(ctx.tenant).filter(visible(ctx));
    if team_id == 0 { select } else { select.filter(Column::TeamId.eq(team_id)) }
}

/// How things stand.
pub(super) async fn now(db: &impl ConnectionTrait, ctx: &Ctx, team_id: i64, now: Time) -> Result<Now> {
    let counts: HashMap<i16, i64> = seen(ctx, team_id)
        .filter(Column::Status.is_in([code(Status::Queued), code(Status::Active)]))
        .select_only()
        .column(Column::Status)
        .column_as(Expr::col(Column::Id).count(), "count")
        .group_by(Column::Status)
        .into_tuple::<(i16, i64)>()
        .all(db)
        .await?
        .into_iter()
        .collect();
    let first = seen(ctx, team_id).filter(Column::Status.eq(code(Status::Queued))).order_by_asc(Column::QueueTime);
    let count = |status| counts.get(&code(status)).map_or(0, |n| i32::try_from(*n).unwrap_or(i32::MAX));
    Ok(Now {
        queued: count(Status::Queued),
        longest_waiting_since: first.limit(1).one(db).await?.map(|session| session.queue_time),
        active: count(Status::Active),
        agents_online: agents_online(db, ctx, team_id, now).await?,
    })
}

/// Agents online and present: of the team, or of all teams that the caller's data scope reaches.
async fn agents_online(db: &impl ConnectionTrait, ctx: &Ctx, team_id: i64, now: Time) -> Result<i32> {
    let mut online = crate::session::query::online(db, Some(ctx.tenant), now).await?;
    online.retain(|agent| if team_id == 0 { sees_team(ctx, agent.team_id) } else { agent.team_id == team_id });
    let people: BTreeSet<i64> = online.into_iter().map(|agent| agent.user_id).collect();
    Ok(i32::try_from(people.len()).unwrap_or(i32::MAX))
}

/// The first responses since a time: when each was given, and after how many seconds of waiting. A response is no
/// later than the last message, which has an index.
pub(super) async fn first_responses(
    db: &impl ConnectionTrait,
    ctx: &Ctx,
    team_id: i64,
    since: Time,
) -> Result<Vec<Event>> {
    let times: Vec<(Time, Option<Time>)> = seen(ctx, team_id)
        .filter(Column::LastMessageTime.gte(since))
        .filter(Column::FirstReplyTime.gte(since))
        .select_only()
        .column(Column::QueueTime)
        .column(Column::FirstReplyTime)
        .into_tuple()
        .all(db)
        .await?;
    let response = |(from, at): (Time, Option<Time>)| {
        let at = at?;
        let waited = seconds(at - from);
        Some(Event { at, value: f64::from(waited) })
    };
    Ok(times.into_iter().filter_map(response).collect())
}

/// The ratings since a time: when each was given, and its score.
pub(super) async fn ratings(db: &impl ConnectionTrait, ctx: &Ctx, team_id: i64, since: Time) -> Result<Vec<Event>> {
    let mut teams = vec![team_id];
    if team_id == 0 {
        // With the teams named, the index on their closed sessions serves.
        teams = team::Entity::of(ctx.tenant).select_only().column(team::Column::Id).into_tuple().all(db).await?;
    }
    let scores: Vec<(Option<Time>, i32)> = seen(ctx, team_id)
        .filter(Column::TeamId.is_in(teams))
        .filter(Column::CloseTime.gte(since - Duration::days(RATED_WITHIN_DAYS)))
        .filter(Column::RatingTime.gte(since))
        .select_only()
        .column(Column::RatingTime)
        .column(Column::RatingScore)
        .into_tuple()
        .all(db)
        .await?;
    Ok(scores.into_iter().filter_map(|(at, score)| Some(Event { at: at?, value: f64::from(score) })).collect())
}

/// The samples from a slot on. Who sees one team only is given that team's; who sees several but not all cannot be
/// given any, for whoever serves in two of them would count twice.
pub(super) async fn samples(db: &impl ConnectionTrait, ctx: &Ctx, team_id: i64, from_slot: i64) -> Result<Vec<Sample>> {
    let team = match (team_id, ctx.principal.scope, ctx.principal.team_ids.as_slice()) {
        (0, DataScope::All, _) => 0,
        (0, DataScope::Team, [team]) => *team,
        (team, ..) if team != 0 && sees_team(ctx, team) => team,
        _ => return Ok(Vec::new()),
    };
    let rows = stats_sample::Entity::of(ctx.tenant)
        .filter(stats_sample::Column::TeamId.is_in([0, team]))
        .filter(stats_sample::Column::Slot.gte(from_slot))
        .all(db)
        .await?;
    let of_team: HashMap<i64, &stats_sample::Model> =
        rows.iter().filter(|row| row.team_id == team).map(|row| (row.slot, row)).collect();
    let taken = rows.iter().filter(|row| row.team_id == 0);
    Ok(taken.map(|row| Sample::of(row.slot, of_team.get(&row.slot).copied())).collect())
}

/// Whether all sessions of a team are within the caller's data scope.
fn sees_team(ctx: &Ctx, team_id: i64) -> bool {
    match ctx.principal.scope {
        DataScope::All => true,
        DataScope::Team => ctx.principal.team_ids.contains(&team_id),
        _ => false,
    }
}
