//! Transfers (PRD 3.4.3): an agent asks another to take a session over; it stays where it is until that one accepts.

use chrono::Duration;
use kefu_proto::common::v1::ErrorReason;
use kefu_proto::error::Problem;
use kefu_proto::session::v1::TransferSessionRequest;
use kefu_proto::session::v1::agent::Status as AgentStatus;
use kefu_proto::session::v1::assignment::Method;
use kefu_proto::session::v1::session::Status;
use sea_orm::{ActiveValue::Set, IntoActiveModel};

use crate::Core;
use crate::access::Ctx;
use crate::clock::Time;
use crate::db::{Tx, code};
use crate::error::{Result, forbidden, invalid, not_found, refuse};
use crate::event::Event;
use crate::job::Job;
use crate::session::assign::{self, Claim, hand_over};
use crate::session::entity::chat_session;
use crate::session::state::{clear_transfer, demand_status, is_agent, lock, lock_visible, record, save};
use crate::session::{agent, audience};

/// A transfer waits for an answer.
fn is_pending(session: &chat_session::Model, now: Time) -> bool {
    session.transfer_expire_time.is_some_and(|until| until > now)
}

/// Asks for a transfer.
pub(crate) async fn request(tx: &mut Tx<'_>, req: &TransferSessionRequest) -> Result<chat_session::Model> {
    let session = lock_visible(tx, req.id).await?;
    demand_status(&session, &[Status::Active])?;
    if !is_agent(tx.ctx(), &session) {
        tx.ctx().demand("session:assign")?;
    }
    if is_pending(&session, tx.now()) {
        return Err(refuse(ErrorReason::SessionState));
    }
    let team_id = if req.team_id == 0 { session.team_id } else { req.team_id };
    let to = choose_target(tx, &session, team_id, req.agent_id).await?;
    demand_available(tx, to, team_id).await?;
    record(tx, &session, to, Method::TransferRequested, &req.reason).await?;
    let settings = crate::settings::assignment(&**tx, tx.ctx().tenant).await?;
    let due = tx.now() + Duration::seconds(settings.transfer_seconds.into());
    let (version, from) = (session.version, session.agent_id);
    let mut row = session.into_active_model();
    row.transfer_from = Set(from);
    row.transfer_to = Set(to);
    row.transfer_team = Set(if req.team_id == 0 { 0 } else { team_id });
    row.transfer_reason = Set(req.reason.clone());
    row.transfer_expire_time = Set(Some(due));
    let session = save(tx, row, version).await?;
    tx.emit(&Event::TransferRequested { session_id: session.id, from_agent_id: from, to_agent_id: to }).await?;
    tx.enqueue(due, &Job::ExpireTransfer { session_id: session.id }).await?;
    Ok(session)
}

/// The agent named, or the one the strategy chooses in the team.
async fn choose_target(tx: &Tx<'_>, session: &chat_session::Model, team_id: i64, agent_id: i64) -> Result<i64> {
    let tenant = tx.ctx().tenant;
    let team = crate::team::find(&**tx, tenant, team_id).await?;
    if agent_id != 0 {
        if agent_id == session.agent_id {
            return Err(invalid("agent_id", "same"));
        }
        return Ok(agent_id);
    }
    let settings = crate::settings::assignment(&**tx, tenant).await?;
    let mut candidates = assign::candidates(&**tx, tenant, &team).await?;
    candidates.retain(|c| c.user_id != session.agent_id);
    let choice = assign::choose(settings.strategy(), &candidates, tx.now());
    choice.map(|c| c.user_id).ok_or_else(|| Problem::new(ErrorReason::AgentUnavailable).with("agent", "agent").into())
}

/// The one asked must be there and have room now; whether that still holds is decided again when it is accepted.
async fn demand_available(tx: &Tx<'_>, agent_id: i64, team_id: i64) -> Result<()> {
    let tenant = tx.ctx().tenant;
    let serves = agent::states(&**tx, tenant, &[agent_id]).await?.remove(&agent_id);
    let state = serves.ok_or_else(|| not_found("agent"))?;
    let here = [AgentStatus::Online, AgentStatus::Busy].iter().any(|s| code(*s) == state.status);
    let reason = if !here || state.present_until <= tx.now() {
        ErrorReason::AgentUnavailable
    } else if state.active_count >= state.max_sessions.min(assign::team_limit(tx, team_id).await?) {
        ErrorReason::AgentFull
    } else {
        return Ok(());
    };
    let name = crate::user::names(&**tx, tenant, &[agent_id]).await?.remove(&agent_id).unwrap_or_default();
    Err(Problem::new(reason).with("agent", name).into())
}

/// The one asked accepts; gives the session and whose it was.
pub(crate) async fn accept(tx: &mut Tx<'_>, id: i64) -> Result<(chat_session::Model, i64)> {
    let session = lock_visible(tx, id).await?;
    demand_status(&session, &[Status::Active])?;
    if !is_pending(&session, tx.now()) {
        return Err(refuse(ErrorReason::SessionState));
    }
    let me = tx.ctx().principal.id;
    if session.transfer_to != me {
        return Err(forbidden());
    }
    let (from, reason) = (session.agent_id, session.transfer_reason.clone());
    let session = hand_over(tx, session, me, Claim::Asked, Method::Transfer, &reason).await?;
    tx.emit(&Event::TransferAccepted { session_id: id, from_agent_id: from, to_agent_id: me }).await?;
    Ok((session, from))
}

/// The one asked declines, or the one who asked withdraws.
pub(crate) async fn decline(tx: &mut Tx<'_>, id: i64, reason: &str) -> Result<(chat_session::Model, i64)> {
    let session = lock_visible(tx, id).await?;
    demand_status(&session, &[Status::Active])?;
    if session.transfer_expire_time.is_none() {
        return Err(refuse(ErrorReason::SessionState));
    }
    let me = tx.ctx().principal.id;
    if me != session.transfer_to && me != session.transfer_from && !tx.ctx().may("session:assign") {
        return Err(forbidden());
    }
    let asked = session.transfer_to;
    Ok((end(tx, session, reason).await?, asked))
}

async fn end(tx: &mut Tx<'_>, session: chat_session::Model, reason: &str) -> Result<chat_session::Model> {
    record(tx, &session, session.agent_id, Method::TransferDeclined, reason).await?;
    let event = Event::TransferDeclined {
        session_id: session.id,
        from_agent_id: session.transfer_from,
        to_agent_id: session.transfer_to,
    };
    tx.emit(&event).await?;
    let version = session.version;
    let mut row = session.into_active_model();
    clear_transfer(&mut row);
    save(tx, row, version).await
}

/// The time to answer is over.
pub(crate) async fn expire(core: &Core, ctx: &Ctx, session_id: i64) -> Result<()> {
    let mut tx = core.begin(ctx).await?;
    let session = lock(&tx, session_id).await?;
    // It may have been answered, and another one asked for since.
    if session.transfer_expire_time.is_none_or(|until| until > tx.now()) {
        return Ok(());
    }
    let asked = session.transfer_to;
    let session = end(&mut tx, session, "超时未接受").await?;
    tx.commit().await?;
    audience::announce(core, ctx.tenant, &session, &[asked]).await;
    Ok(())
}
