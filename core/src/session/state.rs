//! A change of a session within a transaction: the row is locked, changed, and its new version told to whoever sees
//! it after the commit.

use kefu_planted::{Bug, planted};
use kefu_proto::common::v1::ErrorReason;
use kefu_proto::common::v1::principal::Kind;
use kefu_proto::session::v1::assignment::Method;
use kefu_proto::session::v1::session::Status;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ActiveValue::Set, ColumnTrait, IntoActiveModel, QueryFilter};

use crate::access::Ctx;
use crate::db::{Scoped, TenantId, Tx, code};
use crate::error::{Result, not_found, refuse};
use crate::session::entity::{agent_state, chat_session, session_assignment};
use crate::session::query;

/// The status of a row.
pub(crate) fn status(session: &chat_session::Model) -> Status {
    Status::try_from(i32::from(session.status)).unwrap_or_default()
}

/// Locks a session that the caller sees, until the transaction ends.
pub(crate) async fn lock_visible(tx: &Tx<'_>, id: i64) -> Result<chat_session::Model> {
    let session = lock(tx, id).await?;
    if query::sees(tx.ctx(), &session) { Ok(session) } else { Err(not_found("session")) }
}

/// Locks a session until the transaction ends. (SQLite knows no row locks: there the transaction is alone.)
pub(crate) async fn lock(tx: &Tx<'_>, id: i64) -> Result<chat_session::Model> {
    let tenant = tx.ctx().tenant;
    chat_session::Entity::one(tenant, id).lock_exclusive().one(&**tx).await?.ok_or_else(|| not_found("session"))
}

/// The session must be in one of these states.
pub(crate) fn demand_status(session: &chat_session::Model, allowed: &[Status]) -> Result<()> {
    match status(session) {
        status if allowed.contains(&status) => Ok(()),
        Status::Closed => Err(refuse(ErrorReason::SessionClosed)),
        _ => Err(refuse(ErrorReason::SessionState)),
    }
}

/// Saves a changed row of a locked session under a new version.
pub(crate) async fn save(tx: &Tx<'_>, mut row: chat_session::ActiveModel, version: i64) -> Result<chat_session::Model> {
    row.version = Set(version + 1);
    tx.update(row).await
}

/// Writes down a decision about who serves a session.
pub(crate) async fn record(
    tx: &Tx<'_>,
    session: &chat_session::Model,
    to: i64,
    method: Method,
    reason: &str,
) -> Result<()> {
    let by = &tx.ctx().principal;
    let row = session_assignment::ActiveModel {
        session_id: Set(session.id),
        from_agent_id: Set(session.agent_id),
        to_agent_id: Set(to),
        method: Set(code(method)),
        reason: Set(reason.chars().take(500).collect()),
        decided_by_kind: Set(code(by.kind)),
        decided_by_id: Set(by.id),
        decided_by_name: Set(by.name.clone()),
        ..Default::default()
    };
    tx.insert(row).await?;
    Ok(())
}

/// Takes one session off an agent's load.
pub(crate) async fn relieve(tx: &Tx<'_>, agent_id: i64) -> Result<()> {
    agent_state::Entity::change(tx.ctx().tenant)
        .col_expr(agent_state::Column::ActiveCount, Expr::col(agent_state::Column::ActiveCount).sub(1))
        .filter(agent_state::Column::UserId.eq(agent_id))
        .filter(agent_state::Column::ActiveCount.gt(0))
        .exec(&**tx)
        .await?;
    Ok(())
}

/// Takes a locked session from its agent and puts it back into the queue, at its old place.
pub(crate) async fn requeue(
    tx: &mut Tx<'_>,
    session: chat_session::Model,
    method: Method,
    reason: &str,
) -> Result<chat_session::Model> {
    record(tx, &session, 0, method, reason).await?;
    let (from, version) = (session.agent_id, session.version);
    if from != 0 {
        relieve(tx, from).await?;
    }
    let mut row = session.into_active_model();
    row.status = Set(code(Status::Queued));
    row.agent_id = Set(0);
    clear_transfer(&mut row);
    let session = save(tx, row, version).await?;
    tx.emit(&crate::event::Event::SessionRequeued { session_id: session.id, from_agent_id: from }).await?;
    Ok(session)
}

/// Forgets a transfer that was asked for.
pub(crate) fn clear_transfer(row: &mut chat_session::ActiveModel) {
    if !planted(Bug::OldAgent) {
        row.transfer_from = Set(0);
    }
    row.transfer_to = Set(0);
    row.transfer_team = Set(0);
    row.transfer_reason = Set(String::new());
    row.transfer_expire_time = Set(None);
}

/// Whether the caller serves this session as its agent.
pub(crate) fn is_agent(ctx: &Ctx, session: &chat_session::Model) -> bool {
    ctx.principal.kind == Kind::User && session.agent_id == ctx.principal.id
}

/// Sessions of an agent that are under way.
pub(crate) async fn active_of(
    db: &impl sea_orm::ConnectionTrait,
    tenant: TenantId,
    agent_id: i64,
) -> Result<Vec<chat_session::Model>> {
    let rows = chat_session::Entity::of(tenant)
        .filter(chat_session::Column::AgentId.eq(agent_id))
        .filter(chat_session::Column::Status.eq(code(Status::Active)))
        .all(db)
        .await?;
    Ok(rows)
}
