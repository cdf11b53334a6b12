//! Queries and changes that more than one method needs.

use std::collections::HashMap;

use sea_orm::sea_query::{Expr, ExprTrait, SimpleExpr};
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, QueryFilter, QuerySelect};

use crate::clock::Time;
use crate::db::{Scoped, TenantId, Tx};
use crate::error::{Result, not_found};
use crate::team::convert::Counts;
use crate::team::entity::{team, team_member};
use crate::user::entity::user_info;

/// A team.
pub(crate) async fn find(db: &impl ConnectionTrait, tenant: TenantId, id: i64) -> Result<team::Model> {
    team::Entity::one(tenant, id).one(db).await?.ok_or_else(|| not_found("team"))
}

/// The names of teams; of those that have gone there is none.
pub(crate) async fn names(db: &impl ConnectionTrait, tenant: TenantId, ids: &[i64]) -> Result<HashMap<i64, String>> {
    let rows = team::Entity::of(tenant).filter(team::Column::Id.is_in(ids.iter().copied())).all(db).await?;
    Ok(rows.into_iter().map(|row| (row.id, row.name)).collect())
}

/// The users who are members of a team.
pub(crate) async fn member_ids(db: &impl ConnectionTrait, tenant: TenantId, team_id: i64) -> Result<Vec<i64>> {
    let members = team_member::Entity::of(tenant).filter(team_member::Column::TeamId.eq(team_id));
    Ok(members.select_only().column(team_member::Column::UserId).into_tuple::<i64>().all(db).await?)
}

/// Takes a user who is being deleted out of every team, and out of the lead of any.
pub(crate) async fn leave_all(tx: &Tx<'_>, user_id: i64) -> Result<()> {
    suspend_memberships(tx, team_member::Column::UserId.eq(user_id)).await?;
    team::Entity::change(tx.ctx().tenant)
        .col_expr(team::Column::LeaderId, Expr::value(0i64))
        .col_expr(team::Column::UpdateTime, Expr::value(tx.now()))
        .filter(team::Column::LeaderId.eq(user_id))
        .exec(&**tx)
        .await?;
    Ok(())
}

/// Puts a user who is back into those teams again that are still there.
pub(crate) async fn rejoin_all(tx: &Tx<'_>, user_id: i64) -> Result<()> {
    let there = team::Entity::of(tx.ctx().tenant).select_only().column(team::Column::Id);
    let there: Vec<i64> = there.into_tuple().all(&**tx).await?;
    let which = team_member::Column::UserId.eq(user_id).and(team_member::Column::TeamId.is_in(there));
    resume_memberships(tx, which).await
}

/// Puts those users again into a team that is back who are still there.
pub(super) async fn refill(tx: &Tx<'_>, team_id: i64) -> Result<()> {
    let there = user_info::Entity::of(tx.ctx().tenant).select_only().column(user_info::Column::Id);
    let there: Vec<i64> = there.into_tuple().all(&**tx).await?;
    let which = team_member::Column::TeamId.eq(team_id).and(team_member::Column::UserId.is_in(there));
    resume_memberships(tx, which).await
}

/// Ends the memberships of a team or a user that is being deleted. Nobody joins it any more: both ends stay.
pub(super) async fn suspend_memberships(tx: &Tx<'_>, which: SimpleExpr) -> Result<()> {
    let members = team_member::Entity::change(tx.ctx().tenant);
    members.col_expr(team_member::Column::Deleted, Expr::value(1i16)).filter(which).exec(&**tx).await?;
    Ok(())
}

async fn resume_memberships(tx: &Tx<'_>, which: SimpleExpr) -> Result<()> {
    let members = team_member::Entity::change_deleted(tx.ctx().tenant);
    members.col_expr(team_member::Column::Deleted, Expr::value(0i16)).filter(which).exec(&**tx).await?;
    Ok(())
}

/// Ends memberships, and tells how many. The row's own number stands in for the user, which frees the unique pair.
pub(super) async fn end_memberships(tx: &Tx<'_>, which: SimpleExpr) -> Result<u64> {
    let ended = team_member::Entity::change(tx.ctx().tenant)
        .col_expr(team_member::Column::Deleted, Expr::value(1i16))
        .col_expr(team_member::Column::UserId, Expr::value(0i64).sub(Expr::col(team_member::Column::Id)))
        .col_expr(team_member::Column::UpdateTime, Expr::value(tx.now()))
        .col_expr(team_member::Column::UpdateBy, Expr::value(tx.ctx().principal.id))
        .filter(which)
        .exec(&**tx)
        .await?;
    Ok(ended.rows_affected)
}

/// Makes users members; those who are already stay so. The team's row is locked, so that two who add the same user
/// do it one after another.
pub(super) async fn add_members(tx: &Tx<'_>, team_id: i64, user_ids: &[i64]) -> Result<()> {
    let tenant = tx.ctx().tenant;
    team::Entity::one(tenant, team_id).lock_exclusive().one(&**tx).await?.ok_or_else(|| not_found("team"))?;
    if users(&**tx, tenant, user_ids).await?.len() < user_ids.len() {
        return Err(not_found("user"));
    }
    let present = member_ids(&**tx, tenant, team_id).await?;
    for user_id in user_ids.iter().filter(|id| !present.contains(id)) {
        let member = team_member::ActiveModel { team_id: Set(team_id), user_id: Set(*user_id), ..Default::default() };
        tx.insert(member).await?;
    }
    Ok(())
}

/// Users by their ids.
pub(super) async fn users(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    ids: &[i64],
) -> Result<HashMap<i64, user_info::Model>> {
    let users = user_info::Entity::of(tenant).filter(user_info::Column::Id.is_in(ids.iter().copied()));
    Ok(users.all(db).await?.into_iter().map(|user| (user.id, user)).collect())
}

/// How many members each team has, how many of them are there, and how many sessions wait.
pub(super) async fn counts(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    now: Time,
    team_ids: &[i64],
) -> Result<HashMap<i64, Counts>> {
    let members: HashMap<i64, i64> = team_member::Entity::of(tenant)
        .filter(team_member::Column::TeamId.is_in(team_ids.iter().copied()))
        .select_only()
        .column(team_member::Column::TeamId)
        .column_as(team_member::Column::Id.count(), "members")
        .group_by(team_member::Column::TeamId)
        .into_tuple::<(i64, i64)>()
        .all(db)
        .await?
        .into_iter()
        .collect();
    let load = crate::session::query::team_load(db, tenant, now, team_ids).await?;
    let counts = |id: &i64| {
        let members = members.get(id).map_or(0, |n| i32::try_from(*n).unwrap_or(i32::MAX));
        let (online, queued) = load.get(id).copied().unwrap_or_default();
        (*id, Counts { members, online, queued })
    };
    Ok(team_ids.iter().map(counts).collect())
}
