//! The AgentService.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::Duration;
use kefu_proto::session::v1::agent::Status as AgentStatus;
use kefu_proto::session::v1::agent_service_server::AgentService;
use kefu_proto::session::v1::session::Status;
use kefu_proto::session::v1::{
    Agent, GetMyAgentRequest, ListAgentsRequest, ListAgentsResponse, ListCandidatesRequest, ListCandidatesResponse,
    SetMyAgentStatusRequest,
};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ActiveValue::Set, ColumnTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect};
use tonic::{Request, Response, Status as RpcStatus, async_trait};

use crate::Core;
use crate::access::{Ctx, enter};
use crate::clock::{Time, start_of_day, timestamp};
use crate::db::{Page, Scoped, code};
use crate::error::{Result, not_found};
use crate::session::entity::chat_session;
use crate::session::{agent, candidate};
use crate::team::entity::team_member;
use crate::user::entity::user_info;

/// See the module.
pub(crate) struct Rpc(pub(crate) Arc<Core>);

#[async_trait]
impl AgentService for Rpc {
    async fn list_agents(
        &self,
        request: Request<ListAgentsRequest>,
    ) -> Result<Response<ListAgentsResponse>, RpcStatus> {
        let (ctx, req) = enter(request)?;
        let agents = wanted(&self.0, &ctx, &req).await?;
        let page = Page::new(req.page, req.size);
        let total = i32::try_from(agents.len()).unwrap_or(i32::MAX);
        let shown = agents
            .into_iter()
            .skip(usize::try_from(page.offset()).unwrap_or(0))
            .take(usize::try_from(page.limit()).unwrap_or(0));
        let list = views(&self.0, &ctx, shown.collect()).await?;
        Ok(Response::new(ListAgentsResponse {
            list,
            total,
            page: page.page,
            size: page.size,
            pages: page.pages(total),
        }))
    }

    async fn list_candidates(
        &self,
        request: Request<ListCandidatesRequest>,
    ) -> Result<Response<ListCandidatesResponse>, RpcStatus> {
        let (ctx, req) = enter(request)?;
        Ok(Response::new(ListCandidatesResponse { list: candidate::list(&self.0, &ctx, &req).await? }))
    }

    async fn get_my_agent(&self, request: Request<GetMyAgentRequest>) -> Result<Response<Agent>, RpcStatus> {
        let (ctx, _) = enter(request)?;
        Ok(Response::new(mine(&self.0, &ctx).await?))
    }

    async fn set_my_agent_status(
        &self,
        request: Request<SetMyAgentStatusRequest>,
    ) -> Result<Response<Agent>, RpcStatus> {
        let (ctx, req) = enter(request)?;
        let (core, me, wanted) = (&self.0, ctx.principal.id, req.status());
        let settings = crate::settings::assignment(core.db.read(), ctx.tenant).await?;
        let tx = core.begin(&ctx).await?;
        let state = agent::states(&*tx, ctx.tenant, &[me]).await?.remove(&me).ok_or_else(|| not_found("agent"))?;
        let until = tx.now() + Duration::seconds(settings.grace_seconds.into());
        let (changed, present_until) = (state.status != code(wanted), std::cmp::max(state.present_until, until));
        let mut row = state.into_active_model();
        row.present_until = Set(present_until);
        if changed {
            row.status = Set(code(wanted));
            row.status_time = Set(tx.now());
        }
        tx.update(row).await?;
        tx.commit().await?;
        if changed {
            agent::announce(core, ctx.tenant, me, wanted, true).await?;
        }
        if wanted == AgentStatus::Online {
            agent::drain_teams_of(core, ctx.tenant, me).await?;
        }
        Ok(Response::new(mine(core, &ctx).await?))
    }
}

async fn mine(core: &Core, ctx: &Ctx) -> Result<Agent> {
    let me = user_info::Entity::one(ctx.tenant, ctx.principal.id).one(core.db.read()).await?;
    let me = me.ok_or_else(|| not_found("user"))?;
    views(core, ctx, vec![me]).await?.pop().ok_or_else(|| not_found("agent"))
}

/// The users who serve, after the filters. Skills stand in a JSON column, whose functions differ between databases:
/// they are compared here.
async fn wanted(core: &Core, ctx: &Ctx, req: &ListAgentsRequest) -> Result<Vec<user_info::Model>> {
    let db = core.db.read();
    let mut users = user_info::Entity::of(ctx.tenant)
        .filter(user_info::Column::Status.eq(crate::user::ENABLED))
        .order_by_asc(user_info::Column::Id);
    let mut members = team_member::Entity::of(ctx.tenant);
    if req.team_id > 0 {
        members = members.filter(team_member::Column::TeamId.eq(req.team_id));
    }
    let ids: Vec<i64> = members.select_only().column(team_member::Column::UserId).into_tuple().all(db).await?;
    users = users.filter(user_info::Column::Id.is_in(ids));
    let mut users = users.all(db).await?;
    if !req.skill.is_empty() {
        users.retain(|u| skills(u).contains(&req.skill));
    }
    if req.status() != AgentStatus::Unspecified {
        let ids: Vec<i64> = users.iter().map(|u| u.id).collect();
        let states = agent::states(db, ctx.tenant, &ids).await?;
        users.retain(|u| states.get(&u.id).is_some_and(|s| s.status == code(req.status())));
    }
    Ok(users)
}

fn skills(user: &user_info::Model) -> Vec<String> {
    serde_json::from_value(user.skills.clone()).unwrap_or_default()
}

/// Users as agents.
pub(super) async fn views(core: &Core, ctx: &Ctx, users: Vec<user_info::Model>) -> Result<Vec<Agent>> {
    let db = core.db.read();
    let now = core.clock.now();
    let ids: Vec<i64> = users.iter().map(|u| u.id).collect();
    let states = agent::states(db, ctx.tenant, &ids).await?;
    let members =
        team_member::Entity::of(ctx.tenant).filter(team_member::Column::UserId.is_in(ids.clone())).all(db).await?;
    let zone = crate::settings::zone(&crate::settings::general(db, ctx.tenant).await?);
    let today = closed_since(core, ctx, &ids, start_of_day(now, zone)).await?;
    let unanswered = longest_unanswered(core, ctx, &ids).await?;
    let view = |user: user_info::Model| {
        let state = states.get(&user.id);
        Agent {
            user_id: user.id,
            status: state.map_or(AgentStatus::Offline.into(), |s| s.status.into()),
            present: state.is_some_and(|s| s.present_until > now),
            status_time: state.map(|s| timestamp(s.status_time)),
            active_sessions: state.map_or(0, |s| s.active_count),
            max_sessions: user.max_sessions,
            closed_today: today.get(&user.id).copied().unwrap_or(0),
            longest_unanswered: unanswered.get(&user.id).map(|t| timestamp(*t)),
            skills: skills(&user),
            team_ids: members.iter().filter(|m| m.user_id == user.id).map(|m| m.team_id).collect(),
            name: user.name,
        }
    };
    Ok(users.into_iter().map(view).collect())
}

async fn closed_since(core: &Core, ctx: &Ctx, ids: &[i64], since: Time) -> Result<HashMap<i64, i32>> {
    use chat_session::Column as C;
    let counts: Vec<(i64, i64)> = chat_session::Entity::of(ctx.tenant)
        .filter(C::AgentId.is_in(ids.iter().copied()))
        .filter(C::Status.eq(code(Status::Closed)))
        .filter(C::CloseTime.gte(since))
        .select_only()
        .column(C::AgentId)
        .column_as(Expr::col(C::Id).count(), "count")
        .group_by(C::AgentId)
        .into_tuple()
        .all(core.db.read())
        .await?;
    Ok(counts.into_iter().map(|(id, count)| (id, i32::try_from(count).unwrap_or(i32::MAX))).collect())
}

async fn longest_unanswered(core: &Core, ctx: &Ctx, ids: &[i64]) -> Result<HashMap<i64, Time>> {
    use chat_session::Column as C;
    let waiting: Vec<(i64, Option<Time>)> = chat_session::Entity::of(ctx.tenant)
        .filter(C::AgentId.is_in(ids.iter().copied()))
        .filter(C::Status.eq(code(Status::Active)))
        .filter(C::UnansweredSince.is_not_null())
        .select_only()
        .column(C::AgentId)
        .column(C::UnansweredSince)
        .into_tuple()
        .all(core.db.read())
        .await?;
    let mut longest = HashMap::new();
    for (agent, since) in waiting {
        let Some(since) = since else { continue };
        longest.entry(agent).and_modify(|t: &mut Time| *t = std::cmp::min(*t, since)).or_insert(since);
    }
    Ok(longest)
}
