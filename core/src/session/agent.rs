//! Agents: what they have set, whether they are there, and what becomes of their sessions when they are not.

use std::collections::HashMap;

use chrono::Duration;
use kefu_proto::common::v1::principal::Kind;
use kefu_proto::realtime::v1::{StatusUpdate, frame};
use kefu_proto::session::v1::agent::Status as AgentStatus;
use kefu_proto::session::v1::assignment::Method;
use kefu_proto::session::v1::session::Status;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, IntoActiveModel, QueryFilter, QuerySelect};

use crate::Core;
use crate::access::Ctx;
use crate::clock::Time;
use crate::db::{Scoped, TenantId, Tx, code};
use crate::error::Result;
use crate::session::entity::{agent_state, chat_session};
use crate::session::state::{active_of, lock, requeue, status};
use crate::session::{assign, audience};
use crate::team::entity::team_member;

use agent_state::Column;

/// How long a heartbeat of an edge keeps somebody present. Edges renew it several times within.
pub(crate) const LEASE_SECONDS: i64 = 45;

/// Makes a user's row, or sets its maximum.
pub(crate) async fn ensure(tx: &Tx<'_>, user_id: i64, max_sessions: i32) -> Result<()> {
    let tenant = tx.ctx().tenant;
    if let Some(state) = agent_state::Entity::of(tenant).filter(Column::UserId.eq(user_id)).one(&**tx).await? {
        let mut row = state.into_active_model();
        row.max_sessions = Set(max_sessions);
        tx.update(row).await?;
        return Ok(());
    }
    tx.insert(new_row(user_id, max_sessions, tx.now())).await?;
    Ok(())
}

/// The row of a new user.
pub(crate) fn new_row(user_id: i64, max_sessions: i32, now: Time) -> agent_state::ActiveModel {
    agent_state::ActiveModel {
        user_id: Set(user_id),
        status: Set(code(AgentStatus::Offline)),
        status_time: Set(now),
        present_until: Set(now),
        active_count: Set(0),
        max_sessions: Set(max_sessions),
        last_assign_time: Set(now),
        ..Default::default()
    }
}

/// The states of users, by user.
pub(crate) async fn states(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    user_ids: &[i64],
) -> Result<HashMap<i64, agent_state::Model>> {
    let rows = agent_state::Entity::of(tenant).filter(Column::UserId.is_in(user_ids.iter().copied())).all(db).await?;
    Ok(rows.into_iter().map(|row| (row.user_id, row)).collect())
}

/// Says that staff users are there until a time; never shortens what another node has said.
pub(crate) async fn renew(core: &Core, tenant: TenantId, user_ids: &[i64], until: Time) -> Result<()> {
    let txn = core.db.begin().await?;
    agent_state::Entity::change(tenant)
        .col_expr(Column::PresentUntil, Expr::value(until))
        .filter(Column::UserId.is_in(user_ids.iter().copied()))
        .filter(Column::PresentUntil.lt(until))
        .exec(&txn)
        .await?;
    txn.commit().await?;
    Ok(())
}

/// A user's last connection to a node is gone: from now on the grace time runs. A connection to another node renews
/// the presence within it.
pub(crate) async fn left(core: &Core, tenant: TenantId, user_id: i64) -> Result<()> {
    let settings = crate::settings::assignment(core.db.read(), tenant).await?;
    let until = core.clock.now() + Duration::seconds(settings.grace_seconds.into());
    let txn = core.db.begin().await?;
    agent_state::Entity::change(tenant)
        .col_expr(Column::PresentUntil, Expr::value(until))
        .filter(Column::UserId.eq(user_id))
        .filter(Column::PresentUntil.gt(until))
        .exec(&txn)
        .await?;
    txn.commit().await?;
    Ok(())
}

/// Agents of every tenant who are gone for good: not present any more, but not marked as offline or still with
/// sessions.
pub(crate) async fn gone(core: &Core) -> Result<Vec<agent_state::Model>> {
    let stale = Expr::col(Column::Status).ne(code(AgentStatus::Offline)).or(Expr::col(Column::ActiveCount).gt(0));
    let rows = agent_state::Entity::of_all_tenants()
        .filter(Column::PresentUntil.lt(core.clock.now()))
        .filter(stale)
        .all(core.db.read())
        .await?;
    Ok(rows)
}

/// Marks an agent who is gone as offline and puts the sessions back into their queues. Whoever has come back in the
/// meantime keeps everything.
pub(crate) async fn dismiss(core: &Core, agent: &agent_state::Model) -> Result<()> {
    let ctx = Ctx::system(TenantId(agent.tenant_id));
    let now = core.clock.now();
    let txn = core.db.begin().await?;
    let done = agent_state::Entity::change(ctx.tenant)
        .col_expr(Column::Status, Expr::value(code(AgentStatus::Offline)))
        .col_expr(Column::StatusTime, Expr::value(now))
        .filter(Column::UserId.eq(agent.user_id))
        .filter(Column::PresentUntil.lt(now))
        .exec(&txn)
        .await?;
    txn.commit().await?;
    if done.rows_affected == 1 {
        announce(core, ctx.tenant, agent.user_id, AgentStatus::Offline, false).await?;
        take_sessions(core, &ctx, agent.user_id, "客服断线超过宽限时间").await?;
    }
    Ok(())
}

/// Sets a user who was disabled or deleted offline, and puts the sessions back into their queues.
pub(crate) async fn release(core: &Core, ctx: &Ctx, user_id: i64) -> Result<()> {
    let ctx = Ctx::system(ctx.tenant);
    let tx = core.begin(&ctx).await?;
    agent_state::Entity::change(ctx.tenant)
        .col_expr(Column::Status, Expr::value(code(AgentStatus::Offline)))
        .col_expr(Column::StatusTime, Expr::value(tx.now()))
        .col_expr(Column::PresentUntil, Expr::value(tx.now()))
        .filter(Column::UserId.eq(user_id))
        .exec(&*tx)
        .await?;
    tx.commit().await?;
    take_sessions(core, &ctx, user_id, "客服账号已停用").await
}

async fn take_sessions(core: &Core, ctx: &Ctx, user_id: i64, why: &str) -> Result<()> {
    let mut teams = Vec::new();
    for session in active_of(core.db.read(), ctx.tenant, user_id).await? {
        let mut tx = core.begin(ctx).await?;
        let session = lock(&tx, session.id).await?;
        if session.agent_id != user_id || status(&session) != Status::Active {
            continue;
        }
        let session = requeue(&mut tx, session, Method::AgentGone, why).await?;
        tx.commit().await?;
        audience::announce(core, ctx.tenant, &session, &[user_id]).await;
        teams.push(session.team_id);
    }
    teams.sort_unstable();
    teams.dedup();
    for team_id in teams {
        assign::drain(core, ctx.tenant, team_id).await;
        core.moves.note(ctx.tenant, team_id);
    }
    Ok(())
}

/// Drains the queues of all teams of an agent who has capacity now.
pub(crate) async fn drain_teams_of(core: &Core, tenant: TenantId, user_id: i64) -> Result<()> {
    let teams =
        team_member::Entity::of(tenant).filter(team_member::Column::UserId.eq(user_id)).all(core.db.read()).await?;
    for team in teams {
        assign::drain(core, tenant, team.team_id).await;
    }
    Ok(())
}

/// Tells an agent's state to those the agent serves, and to all staff who are there.
pub(crate) async fn announce(
    core: &Core,
    tenant: TenantId,
    user_id: i64,
    status: AgentStatus,
    online: bool,
) -> Result<()> {
    let name = crate::user::names(core.db.read(), tenant, &[user_id]).await?.remove(&user_id).unwrap_or_default();
    let principal = kefu_proto::common::v1::Principal { kind: Kind::User.into(), id: user_id, name };
    let version = core.clock.now().timestamp_millis();
    let present =
        agent_state::Entity::of(tenant).filter(Column::PresentUntil.gt(core.clock.now())).all(core.db.read()).await?;
    let update = |session_id| {
        let update =
            StatusUpdate { principal: Some(principal.clone()), status: status.into(), online, session_id, version };
        frame::Frame::StatusUpdate(update)
    };
    let staff = present.iter().map(|a| audience::recipient(Kind::User, a.user_id)).collect();
    core.bus.publish(audience::to(tenant, staff, update(0)));
    for session in active_of(core.db.read(), tenant, user_id).await? {
        let customer = vec![audience::recipient(Kind::Customer, session.customer_id)];
        core.bus.publish(audience::to(tenant, customer, update(session.id)));
    }
    Ok(())
}

/// A customer has come or gone: the sessions that are not over show it to their agents.
pub(crate) async fn customer_seen(core: &Core, tenant: TenantId, customer_ids: &[i64], online: bool) -> Result<()> {
    use chat_session::Column as C;
    let changed = chat_session::Entity::of(tenant)
        .filter(C::CustomerId.is_in(customer_ids.iter().copied()))
        .filter(C::Status.ne(code(Status::Closed)))
        .filter(C::CustomerOnline.ne(online))
        .select_only()
        .columns([C::Id, C::CustomerId, C::AgentId])
        .into_tuple::<(i64, i64, i64)>()
        .all(core.db.read())
        .await?;
    if changed.is_empty() {
        return Ok(());
    }
    let txn = core.db.begin().await?;
    chat_session::Entity::change(tenant)
        .col_expr(C::CustomerOnline, Expr::value(online))
        .filter(C::Id.is_in(changed.iter().map(|(id, ..)| *id)))
        .exec(&txn)
        .await?;
    txn.commit().await?;
    for (session_id, customer_id, agent_id) in changed.into_iter().filter(|(.., agent_id)| *agent_id != 0) {
        let update = StatusUpdate {
            principal: Some(kefu_proto::common::v1::Principal {
                kind: Kind::Customer.into(),
                id: customer_id,
                name: String::new(),
            }),
            status: 0,
            online,
            session_id,
            version: core.clock.now().timestamp_millis(),
        };
        let agent = vec![audience::recipient(Kind::User, agent_id)];
        core.bus.publish(audience::to(tenant, agent, frame::Frame::StatusUpdate(update)));
    }
    Ok(())
}
