//! Queries about sessions that more than one method needs.

use std::collections::HashMap;

use kefu_planted::{Bug, planted};
use kefu_proto::session::v1::ListSessionsResponse;
use kefu_proto::session::v1::agent::Status as AgentStatus;
use kefu_proto::session::v1::session::Status;
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::Core;
use crate::access::Ctx;
use crate::clock::Time;
use crate::db::{Page, Scoped, TenantId, code};
use crate::error::{Result, not_found};
use crate::session::entity::{agent_state, chat_session};
use crate::session::view;
use crate::team::entity::team_member;

use chat_session::Column;

/// The sessions the caller may see: by the data scope, and those one is asked to take over.
pub(crate) fn visible(ctx: &Ctx) -> Condition {
    let scope = ctx.visible(Column::CustomerId, Column::AgentId, Column::TeamId);
    if ctx.is_staff() { Condition::any().add(scope).add(Column::TransferTo.eq(ctx.principal.id)) } else { scope }
}

/// As [`visible`], for a row that has been read.
pub(crate) fn sees(ctx: &Ctx, session: &chat_session::Model) -> bool {
    ctx.sees(session.customer_id, session.agent_id, session.team_id)
        || (ctx.is_staff() && session.transfer_to == ctx.principal.id)
}

/// A session that the caller may see.
pub(crate) async fn visible_session(db: &impl ConnectionTrait, ctx: &Ctx, id: i64) -> Result<chat_session::Model> {
    let row = if planted(Bug::TenantFilter) {
        chat_session::Entity::of_all_tenants().filter(Column::Id.eq(id)).one(db).await?
    } else {
        chat_session::Entity::one(ctx.tenant, id).one(db).await?
    };
    row.filter(|session| sees(ctx, session)).ok_or_else(|| not_found("session"))
}

/// A customer's sessions that the caller may see, newest first.
pub(crate) async fn list_of_customer(
    core: &Core,
    ctx: &Ctx,
    customer_id: i64,
    page: Page,
) -> Result<ListSessionsResponse> {
    let select = chat_session::Entity::of(ctx.tenant)
        .filter(visible(ctx))
        .filter(Column::CustomerId.eq(customer_id))
        .order_by_desc(Column::Id);
    let (rows, total) = page.read(select, core.db.read()).await?;
    let list = view::many(core, ctx, rows).await?;
    Ok(ListSessionsResponse { list, total, page: page.page, size: page.size, pages: page.pages(total) })
}

/// A team has sessions that are not over.
pub(crate) async fn has_open_of_team(db: &impl ConnectionTrait, tenant: TenantId, team_id: i64) -> Result<bool> {
    has_open(db, tenant, Column::TeamId.eq(team_id)).await
}

/// A customer has a session that is not over.
pub(crate) async fn has_open_of_customer(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    customer_id: i64,
) -> Result<bool> {
    has_open(db, tenant, Column::CustomerId.eq(customer_id)).await
}

async fn has_open(db: &impl ConnectionTrait, tenant: TenantId, of: sea_orm::sea_query::SimpleExpr) -> Result<bool> {
    let open = chat_session::Entity::of(tenant).filter(Column::Status.ne(code(Status::Closed))).filter(of).limit(1);
    Ok(open.one(db).await?.is_some())
}

/// A member of a team who is online and present.
#[derive(Debug)]
pub(crate) struct Online {
    pub(crate) tenant_id: i64,
    pub(crate) team_id: i64,
    pub(crate) user_id: i64,
}

/// The members of teams who are online and present, of one tenant or of all. Whoever serves in two teams is there
/// twice.
pub(crate) async fn online(db: &impl ConnectionTrait, tenant: Option<TenantId>, now: Time) -> Result<Vec<Online>> {
    let states = tenant.map_or_else(agent_state::Entity::of_all_tenants, agent_state::Entity::of);
    let here: Vec<i64> = states
        .filter(agent_state::Column::Status.eq(code(AgentStatus::Online)))
        .filter(agent_state::Column::PresentUntil.gt(now))
        .select_only()
        .column(agent_state::Column::UserId)
        .into_tuple()
        .all(db)
        .await?;
    let members = tenant.map_or_else(team_member::Entity::of_all_tenants, team_member::Entity::of);
    let members = members.filter(team_member::Column::UserId.is_in(here)).all(db).await?;
    let online = |m: team_member::Model| Online { tenant_id: m.tenant_id, team_id: m.team_id, user_id: m.user_id };
    Ok(members.into_iter().map(online).collect())
}

/// For each team: members who are online and present, and sessions that wait.
pub(crate) async fn team_load(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    now: Time,
    team_ids: &[i64],
) -> Result<HashMap<i64, (i32, i32)>> {
    let mut load: HashMap<i64, (i32, i32)> = team_ids.iter().map(|id| (*id, (0, 0))).collect();
    for agent in online(db, Some(tenant), now).await?.iter().filter(|agent| team_ids.contains(&agent.team_id)) {
        load.entry(agent.team_id).or_default().0 += 1;
    }
    for team_id in team_ids {
        let queued = waiting(tenant, *team_id).count(db).await?;
        load.entry(*team_id).or_default().1 = i32::try_from(queued).unwrap_or(i32::MAX);
    }
    Ok(load)
}

/// The sessions that wait for a team, in no order.
pub(crate) fn waiting(tenant: TenantId, team_id: i64) -> sea_orm::Select<chat_session::Entity> {
    chat_session::Entity::of(tenant).filter(Column::Status.eq(code(Status::Queued))).filter(Column::TeamId.eq(team_id))
}

/// The same in the order in which they are served: the urgent ones first, then who came first.
pub(crate) fn in_queue_order(select: sea_orm::Select<chat_session::Entity>) -> sea_orm::Select<chat_session::Entity> {
    select.order_by_desc(Column::Urgent).order_by_asc(Column::QueueTime).order_by_asc(Column::Id)
}

/// Those that are served before a session that waits.
pub(crate) fn before(session: &chat_session::Model) -> Condition {
    let earlier = Condition::all().add(Column::QueueTime.eq(session.queue_time)).add(Column::Id.lt(session.id));
    let earlier = Condition::any().add(Column::QueueTime.lt(session.queue_time)).add(earlier);
    let alike = Condition::all().add(Column::Urgent.eq(session.urgent)).add(earlier);
    if session.urgent { alike } else { Condition::any().add(Column::Urgent.eq(true)).add(alike) }
}
