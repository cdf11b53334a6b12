//! Who has a session open: a lease in the database for each client that says so. The others who have it open, and its
//! agent, are told when somebody comes or goes; customers never are.

use std::collections::{BTreeMap, BTreeSet};

use chrono::Duration;
use kefu_proto::common::v1::Principal;
use kefu_proto::common::v1::principal::Kind;
use kefu_proto::realtime::v1::frame::Frame;
use kefu_proto::session::v1::{ViewSessionRequest, ViewSessionResponse, Viewers};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, UpdateMany};

use crate::Core;
use crate::access::Ctx;
use crate::db::{Scoped, TenantId, Tx};
use crate::error::{Error, Result, not_found};
use crate::session::audience;
use crate::session::entity::{chat_session, session_viewer};
use crate::session::query::{sees, visible_session};

use session_viewer::Column;

/// How long a client that does not say so again counts as looking.
const LEASE_SECONDS: i32 = 45;
/// How long rows that are over are kept.
const KEPT_HOURS: i64 = 24;

/// Notes that the caller has a session open, or has it no more.
pub(crate) async fn view(core: &Core, ctx: &Ctx, req: &ViewSessionRequest) -> Result<ViewSessionResponse> {
    let db = core.db.read();
    let session = if req.leave {
        // Whoever has lost the session leaves it all the same.
        chat_session::Entity::one(ctx.tenant, req.id).one(db).await?.ok_or_else(|| not_found("session"))?
    } else {
        visible_session(db, ctx, req.id).await?
    };
    let before = ids(core, ctx.tenant, &[session.id]).await?;
    let tx = core.begin(ctx).await?;
    if req.leave {
        leave(&tx, req).await?;
    } else {
        hold(&tx, req).await?;
    }
    tx.commit().await?;
    let after = ids(core, ctx.tenant, &[session.id]).await?;
    if before != after {
        announce(core, ctx.tenant, &session).await?;
    }
    let shown = if sees(ctx, &session) { after.get(&session.id).cloned().unwrap_or_default() } else { BTreeSet::new() };
    let viewers = message(core, ctx.tenant, session.id, &shown).await?;
    Ok(ViewSessionResponse { viewers: Some(viewers), expires_in: LEASE_SECONDS })
}

/// The users who have each of these sessions open; nothing for a session that nobody has.
pub(crate) async fn ids(core: &Core, tenant: TenantId, session_ids: &[i64]) -> Result<BTreeMap<i64, BTreeSet<i64>>> {
    if session_ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rows = session_viewer::Entity::of(tenant)
        .filter(Column::SessionId.is_in(session_ids.iter().copied()))
        .filter(Column::Shown.eq(true))
        .filter(Column::ViewUntil.gt(core.clock.now()))
        .all(core.db.read())
        .await?;
    let mut ids: BTreeMap<i64, BTreeSet<i64>> = BTreeMap::new();
    for row in rows {
        ids.entry(row.session_id).or_default().insert(row.user_id);
    }
    Ok(ids)
}

/// The sessions that the caller has open.
pub(crate) async fn open_by(core: &Core, ctx: &Ctx) -> Result<Vec<i64>> {
    let rows = session_viewer::Entity::of(ctx.tenant)
        .filter(Column::UserId.eq(ctx.principal.id))
        .filter(Column::Shown.eq(true))
        .filter(Column::ViewUntil.gt(core.clock.now()))
        .all(core.db.read())
        .await?;
    Ok(rows.into_iter().map(|row| row.session_id).collect())
}

/// Those users, with their names.
pub(crate) async fn message(
    core: &Core,
    tenant: TenantId,
    session_id: i64,
    user_ids: &BTreeSet<i64>,
) -> Result<Viewers> {
    let version = core.clock.now().timestamp_millis();
    let ids: Vec<i64> = user_ids.iter().copied().collect();
    let mut names = crate::user::names(core.db.read(), tenant, &ids).await?;
    let viewer = |id| Some(Principal { kind: Kind::User.into(), id, name: names.remove(&id)? });
    let list = ids.iter().copied().filter_map(viewer).collect();
    Ok(Viewers { session_id, list, version })
}

/// Tells the others when clients have gone without a word. Of several cores, one does it for each.
pub(crate) async fn dismiss(core: &Core) -> Result<()> {
    let now = core.clock.now();
    let over = session_viewer::Entity::of_all_tenants()
        .filter(Column::Shown.eq(true))
        .filter(Column::ViewUntil.lte(now))
        .all(core.db.read())
        .await?;
    let mut sessions = BTreeSet::new();
    for row in over {
        let tenant = TenantId(row.tenant_id);
        let txn = core.db.begin().await?;
        let hidden = hidden(tenant).filter(Column::Id.eq(row.id)).filter(Column::ViewUntil.lte(now)).exec(&txn).await?;
        txn.commit().await?;
        if hidden.rows_affected == 1 {
            sessions.insert((tenant, row.session_id));
        }
    }
    for (tenant, session_id) in sessions {
        if let Some(session) = chat_session::Entity::one(tenant, session_id).one(core.db.read()).await? {
            announce(core, tenant, &session).await?;
        }
    }
    Ok(())
}

/// Removes rows that are long over.
pub(crate) async fn sweep(core: &Core) -> Result<()> {
    let before = core.clock.now() - Duration::hours(KEPT_HOURS);
    let txn = core.db.begin().await?;
    #[expect(clippy::disallowed_methods, reason = "the sweep is for all tenants")]
    session_viewer::Entity::delete_many().filter(Column::ViewUntil.lt(before)).exec(&txn).await?;
    txn.commit().await.map_err(Error::from)
}

async fn hold(tx: &Tx<'_>, req: &ViewSessionRequest) -> Result<()> {
    if renew(&**tx, tx, req).await? {
        return Ok(());
    }
    let row = session_viewer::ActiveModel {
        session_id: Set(req.id),
        user_id: Set(tx.ctx().principal.id),
        client_id: Set(req.client_id.clone()),
        shown: Set(true),
        view_until: Set(tx.now() + Duration::seconds(LEASE_SECONDS.into())),
        ..Default::default()
    };
    match tx.insert(row).await {
        // The same client has said so twice at once.
        Err(error) if error.is_duplicate() => Ok(()),
        result => result.map(drop),
    }
}

async fn renew(db: &impl ConnectionTrait, tx: &Tx<'_>, req: &ViewSessionRequest) -> Result<bool> {
    let renewed = session_viewer::Entity::change(tx.ctx().tenant)
        .col_expr(Column::Shown, Expr::value(true))
        .col_expr(Column::ViewUntil, Expr::value(tx.now() + Duration::seconds(LEASE_SECONDS.into())))
        .col_expr(Column::UpdateTime, Expr::value(tx.now()))
        .filter(of_client(tx, req))
        .exec(db)
        .await?;
    Ok(renewed.rows_affected > 0)
}

async fn leave(tx: &Tx<'_>, req: &ViewSessionRequest) -> Result<()> {
    hidden(tx.ctx().tenant).filter(of_client(tx, req)).exec(&**tx).await?;
    Ok(())
}

fn hidden(tenant: TenantId) -> UpdateMany<session_viewer::Entity> {
    session_viewer::Entity::change(tenant).col_expr(Column::Shown, Expr::value(false)).filter(Column::Shown.eq(true))
}

fn of_client(tx: &Tx<'_>, req: &ViewSessionRequest) -> Condition {
    Condition::all()
        .add(Column::SessionId.eq(req.id))
        .add(Column::UserId.eq(tx.ctx().principal.id))
        .add(Column::ClientId.eq(&*req.client_id))
}

/// Tells whoever has a session open, and its agent, who has it open now.
async fn announce(core: &Core, tenant: TenantId, session: &chat_session::Model) -> Result<()> {
    let shown = ids(core, tenant, &[session.id]).await?.remove(&session.id).unwrap_or_default();
    let viewers = message(core, tenant, session.id, &shown).await?;
    let concerned = shown.iter().copied().chain([session.agent_id]).collect();
    let told = audience::who_sees(core, tenant, session, concerned).await?;
    if !told.is_empty() {
        let staff = told.into_iter().map(|id| audience::recipient(Kind::User, id)).collect();
        core.bus.publish(audience::to(tenant, staff, Frame::Viewers(viewers)));
    }
    Ok(())
}
