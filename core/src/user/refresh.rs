//! Refresh tokens. Each works once and is replaced by the next, which is a keyed digest of it: so a repetition, after
//! a lost reply or beside a parallel call, gives the very same next token, while the database holds digests only.

use chrono::Duration;
use kefu_proto::common::v1::ErrorReason;
use kefu_proto::user::v1::LoginResponse;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, QueryFilter};

use crate::Core;
use crate::access::Ctx;
use crate::access::secret::{digest, keyed};
use crate::clock::Time;
use crate::db::{Scoped, TenantId};
use crate::error::{Error, Result, refuse};
use crate::user::entity::login_session;
use crate::user::{login, query};

/// How long the token before the newest may be repeated.
const GRACE: Duration = Duration::seconds(10);

/// What is done with a token that was presented.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    /// It is the newest: it is replaced.
    Rotate,
    /// It was replaced just now: the same answer again.
    Repeat,
    /// It was replaced long ago, so two people have it: the login ends.
    Reuse,
    /// It is worth nothing.
    Refuse,
}

fn judge(session: &login_session::Model, hash: &str, now: Time) -> Verdict {
    if session.revoked || session.expire_time <= now {
        Verdict::Refuse
    } else if session.refresh_hash == hash {
        Verdict::Rotate
    } else if now - session.rotate_time <= GRACE {
        Verdict::Repeat
    } else {
        Verdict::Reuse
    }
}

/// Exchanges a refresh token for the next pair.
pub(super) async fn refresh(core: &Core, ctx: &Ctx, token: &str) -> Result<LoginResponse> {
    let hash = digest(token);
    let next = keyed(&core.digest_key, token);
    // Whoever loses the race for the rotation finds the token replaced the second time.
    for _ in 0..2 {
        let session = find(core, &hash).await?.ok_or_else(unauthenticated)?;
        let replaced = match judge(&session, &hash, core.clock.now()) {
            Verdict::Rotate => rotate(core, &session, &next).await?,
            Verdict::Repeat => true,
            Verdict::Reuse => {
                end_family(core, ctx, &session).await?;
                return Err(unauthenticated());
            }
            Verdict::Refuse => return Err(unauthenticated()),
        };
        if replaced {
            let tenant = TenantId(session.tenant_id);
            // It also says no for somebody disabled or deleted.
            let principal = core.directory.get(tenant, session.id).await?;
            let user = query::info_of(core, &principal).await?;
            return login::answer(core, tenant, session.id, next, user);
        }
    }
    Err(unauthenticated())
}

fn unauthenticated() -> Error {
    refuse(ErrorReason::Unauthenticated)
}

/// The login session of which the token is the newest, or the one before.
async fn find(core: &Core, hash: &str) -> Result<Option<login_session::Model>> {
    let either = Condition::any()
        .add(login_session::Column::RefreshHash.eq(hash))
        .add(login_session::Column::PreviousHash.eq(hash));
    Ok(login_session::Entity::of_all_tenants().filter(either).one(core.db.read()).await?)
}

/// Replaces the newest token, unless somebody was quicker.
async fn rotate(core: &Core, session: &login_session::Model, next: &str) -> Result<bool> {
    let now = core.clock.now();
    let txn = core.db.begin().await?;
    let rotated = login_session::Entity::change(TenantId(session.tenant_id))
        .col_expr(login_session::Column::RefreshHash, Expr::value(digest(next)))
        .col_expr(login_session::Column::PreviousHash, Expr::value(session.refresh_hash.clone()))
        .col_expr(login_session::Column::RotateTime, Expr::value(now))
        .col_expr(login_session::Column::ExpireTime, Expr::value(login::expiry(core, now)))
        .col_expr(login_session::Column::UpdateTime, Expr::value(now))
        .filter(login_session::Column::Id.eq(session.id))
        .filter(login_session::Column::RefreshHash.eq(&*session.refresh_hash))
        .filter(login_session::Column::Revoked.eq(false))
        .exec(&txn)
        .await?;
    txn.commit().await?;
    Ok(rotated.rows_affected == 1)
}

/// Ends a login whose token was stolen, sockets included.
async fn end_family(core: &Core, ctx: &Ctx, session: &login_session::Model) -> Result<()> {
    let ctx = ctx.in_tenant(TenantId(session.tenant_id));
    let kind = i32::from(session.principal_kind).try_into().unwrap_or_default();
    tracing::warn!(login_session = session.id, "an old refresh token was used again; the login ends");
    let mut tx = core.begin(&ctx).await?;
    login::end(&mut tx, kind, session.principal_id, vec![session.id]).await?;
    tx.commit().await?;
    core.directory.forget(kind, session.principal_id);
    Ok(())
}

#[cfg(test)]
mod tests {
    use chrono::{Duration, TimeZone, Utc};

    use super::{Verdict, judge};
    use crate::user::entity::login_session;

    #[test]
    fn a_token_works_once_and_repeats_for_a_moment() {
        let rotated = Utc.timestamp_opt(1_800_000_000, 0).unwrap();
        let session = |revoked: bool| login_session::Model {
            id: 1,
            principal_kind: 1,
            principal_id: 1,
            refresh_hash: "new".into(),
            previous_hash: "old".into(),
            rotate_time: rotated,
            expire_time: rotated + Duration::days(7),
            revoked,
            client_ip: String::new(),
            user_agent: String::new(),
            tenant_id: 1,
            create_time: rotated,
            update_time: rotated,
            create_by: 0,
            update_by: 0,
            deleted: 0,
        };
        for (hash, after, revoked, verdict) in [
            ("new", 0, false, Verdict::Rotate),
            ("new", 6 * 86_400, false, Verdict::Rotate),
            ("new", 7 * 86_400, false, Verdict::Refuse),
            ("new", 0, true, Verdict::Refuse),
            ("old", 0, false, Verdict::Repeat),
            ("old", 10, false, Verdict::Repeat),
            ("old", 11, false, Verdict::Reuse),
            ("old", 11, true, Verdict::Refuse),
            ("old", 7 * 86_400, false, Verdict::Refuse),
        ] {
            let now = rotated + Duration::seconds(after);
            assert_eq!(judge(&session(revoked), hash, now), verdict, "{hash} after {after} s, revoked {revoked}");
        }
    }
}
