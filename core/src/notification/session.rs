//! What happens to sessions, as notifications: who is told what.

use std::collections::BTreeSet;

use kefu_proto::notification::v1::notification::Type;
use kefu_proto::session::v1::assignment::Method;
use kefu_proto::user::v1::role::DataScope;
use sea_orm::{ColumnTrait, ConnectionTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::access::Ctx;
use crate::customer::entity::customer;
use crate::db::{Scoped, code};
use crate::error::Result;
use crate::event::Event;
use crate::notification::event::Notice;
use crate::notification::news::News;
use crate::session::entity::{chat_session, session_assignment};
use crate::session::query::visible_session;
use crate::user::entity::{role, user_role};

/// What an event of a session calls for.
pub(super) async fn notice(
    db: &impl ConnectionTrait,
    ctx: &Ctx,
    event: &Event,
    session_id: i64,
) -> Result<Option<Notice>> {
    let session = visible_session(db, ctx, session_id).await?;
    let told = recipients(db, ctx, event, &session).await?;
    // A customer who is gone has no open session: there is nothing left to tell.
    let news = gather(db, ctx, event, &session).await?;
    Ok(news.map(|news| Notice { told, news, session_id, archive_record_id: 0 }))
}

/// Who is told what; nobody is told the same twice.
async fn recipients(
    db: &impl ConnectionTrait,
    ctx: &Ctx,
    event: &Event,
    session: &chat_session::Model,
) -> Result<BTreeSet<(i64, Type)>> {
    let told = match event {
        Event::SessionAssigned { from_agent_id, to_agent_id, .. } => {
            let mut told = vec![(*to_agent_id, Type::SessionAssigned)];
            // Whoever has asked for the transfer is told that it was accepted.
            if from_agent_id != to_agent_id && !was_transfer(db, ctx, session.id, *from_agent_id, *to_agent_id).await? {
                told.push((*from_agent_id, Type::SessionRemoved));
            }
            told
        }
        Event::SessionRequeued { from_agent_id, .. } => vec![(*from_agent_id, Type::SessionRemoved)],
        Event::TransferRequested { to_agent_id, .. } => vec![(*to_agent_id, Type::TransferRequested)],
        Event::TransferAccepted { from_agent_id, .. } => vec![(*from_agent_id, Type::TransferAccepted)],
        Event::TransferDeclined { from_agent_id, .. } => vec![(*from_agent_id, Type::TransferDeclined)],
        Event::MessageLeft { team_id, .. } => {
            let members = crate::team::member_ids(db, ctx.tenant, *team_id).await?;
            members.into_iter().map(|id| (id, Type::MessageLeft)).collect()
        }
        Event::ReplyOverdue { agent_id, .. } => {
            let supervisors = supervisors(db, ctx, session.team_id).await?;
            supervisors.into_iter().chain([*agent_id]).map(|id| (id, Type::ReplyOverdue)).collect()
        }
        _ => Vec::new(),
    };
    Ok(told.into_iter().filter(|(user_id, _)| *user_id != 0).collect())
}

/// Whether a session went from one agent to the other by a transfer.
async fn was_transfer(db: &impl ConnectionTrait, ctx: &Ctx, session_id: i64, from: i64, to: i64) -> Result<bool> {
    use session_assignment::Column;
    let decision = session_assignment::Entity::of(ctx.tenant)
        .filter(Column::SessionId.eq(session_id))
        .filter(Column::FromAgentId.eq(from))
        .filter(Column::ToAgentId.eq(to))
        .filter(Column::Method.ne(code(Method::TransferRequested)))
        .order_by_desc(Column::Id)
        .one(db)
        .await?;
    Ok(decision.is_some_and(|decision| decision.method == code(Method::Transfer)))
}

/// The supervisors whose data scope holds the sessions of a team.
async fn supervisors(db: &impl ConnectionTrait, ctx: &Ctx, team_id: i64) -> Result<Vec<i64>> {
    let supervisor = role::Entity::of(ctx.tenant).filter(role::Column::Code.eq(crate::user::role::SUPERVISOR));
    let Some(supervisor) = supervisor.one(db).await? else {
        return Ok(Vec::new());
    };
    let holders = user_role::Entity::of(ctx.tenant).filter(user_role::Column::RoleId.eq(supervisor.id));
    let mut ids: Vec<i64> = holders.select_only().column(user_role::Column::UserId).into_tuple::<i64>().all(db).await?;
    if supervisor.data_scope != code(DataScope::All) {
        let members = crate::team::member_ids(db, ctx.tenant, team_id).await?;
        ids.retain(|id| members.contains(id));
    }
    Ok(ids)
}

async fn gather(
    db: &impl ConnectionTrait,
    ctx: &Ctx,
    event: &Event,
    session: &chat_session::Model,
) -> Result<Option<News>> {
    let Some(customer) = customer::Entity::one(ctx.tenant, session.customer_id).one(db).await? else {
        return Ok(None);
    };
    let other = match event {
        Event::TransferRequested { from_agent_id, .. } => *from_agent_id,
        Event::TransferAccepted { to_agent_id, .. } | Event::TransferDeclined { to_agent_id, .. } => *to_agent_id,
        _ => 0,
    };
    let agent = crate::user::names(db, ctx.tenant, &[other]).await?.remove(&other).unwrap_or_default();
    Ok(Some(News {
        customer: customer.name,
        institution: customer.institution,
        problem_type: session.problem_type.clone(),
        last_message: session.last_message.clone(),
        agent,
        reason: session.transfer_reason.clone(),
    }))
}
