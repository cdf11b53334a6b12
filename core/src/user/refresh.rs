//! Refresh tokens. Each works once and is replaced by the next, which is a keyed digest of it: so a repetition, after
//! a lost reply or beside a parallel call, gives the very same next token, while the database holds digests only.
//! Each carries a mark that only we can make: a token with the mark that is not the newest was replaced long ago,
//! however often since, and its coming back means that two people have the login.
//!
//! A client whose answer was lost comes back with the token before the newest, perhaps after a long outage. As long as
//! nobody has used what the answer held, it was lost: the client gets another next token, and the lost one counts as
//! old from then on. So of two who have a login, never more than one goes on (docs/decisions/0008).

use chrono::Duration;
use kefu_planted::{Bug, planted};
use kefu_proto::common::v1::ErrorReason;
use kefu_proto::user::v1::LoginResponse;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, QueryFilter};

use crate::Core;
use crate::access::secret::{digest, equal, keyed, random_token};
use crate::access::{Ctx, Principal};
use crate::clock::Time;
use crate::db::{Scoped, TenantId};
use crate::error::{Error, Result, refuse};
use crate::user::entity::login_session;
use crate::user::{login, query};

/// How long the token before the newest may be repeated, whether or not the answer has arrived.
const GRACE: Duration = Duration::seconds(10);

/// What is done with a token that was presented.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    /// It is the newest: it is replaced.
    Rotate,
    /// It was replaced just now: the same answer again.
    Repeat,
    /// It was replaced long ago, but the answer has never arrived: another one.
    Recover,
    /// It was replaced long ago, so two people have it: the login ends.
    Reuse,
    /// It is worth nothing.
    Refuse,
}

/// A refresh token: `family.secret.mark`.
pub(super) struct RefreshToken {
    /// The login it belongs to.
    pub(super) family: String,
    secret: String,
}

impl RefreshToken {
    /// The first of a new login.
    pub(super) fn first() -> Result<Self> {
        Ok(Self { family: random_token()?, secret: random_token()? })
    }

    /// The one that replaces this one, as the login's token of this number.
    fn next(&self, key: &[u8], rotation: i32) -> Self {
        let words = format!("next {rotation} {}.{}", self.family, self.secret);
        Self { family: self.family.clone(), secret: keyed(key, &words) }
    }

    /// As the client gets it.
    pub(super) fn text(&self, key: &[u8]) -> String {
        format!("{}.{}.{}", self.family, self.secret, self.mark(key))
    }

    fn mark(&self, key: &[u8]) -> String {
        keyed(key, &format!("refresh {}.{}", self.family, self.secret))
    }

    /// Reads a token; none if it was not made by us.
    fn parse(text: &str, key: &[u8]) -> Option<Self> {
        let mut parts = text.splitn(3, '.').map(str::to_owned);
        let token = Self { family: parts.next()?, secret: parts.next()? };
        equal(&parts.next()?, &token.mark(key)).then_some(token)
    }
}

fn judge(session: &login_session::Model, hash: &str, now: Time) -> Verdict {
    if session.revoked || session.expire_time <= now {
        Verdict::Refuse
    } else if session.refresh_hash == hash {
        Verdict::Rotate
    } else if (session.previous_hash == hash || planted(Bug::RefreshGrace)) && now - session.rotate_time <= GRACE {
        Verdict::Repeat
    } else if session.previous_hash == hash && !session.confirmed {
        Verdict::Recover
    } else {
        Verdict::Reuse
    }
}

/// Exchanges a refresh token for the next pair.
pub(super) async fn refresh(core: &Core, ctx: &Ctx, token: &str) -> Result<LoginResponse> {
    let presented = RefreshToken::parse(token, &core.digest_key).ok_or_else(unauthenticated)?;
    let hash = digest(token);
    let next = |rotation| presented.next(&core.digest_key, rotation).text(&core.digest_key);
    // Whoever loses the race for the rotation finds the token replaced the second time.
    for _ in 0..2 {
        let session = find(core, &presented.family).await?.ok_or_else(unauthenticated)?;
        let (rotation, replaced) = match judge(&session, &hash, core.clock.now()) {
            Verdict::Rotate | Verdict::Recover => {
                let rotation = session.rotation + 1;
                (rotation, rotate(core, &session, &hash, &next(rotation)).await?)
            }
            Verdict::Repeat => (session.rotation, true),
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
            return login::answer(core, tenant, session.id, next(rotation), user);
        }
    }
    Err(unauthenticated())
}

fn unauthenticated() -> Error {
    refuse(ErrorReason::Unauthenticated)
}

/// The login session of a family.
async fn find(core: &Core, family: &str) -> Result<Option<login_session::Model>> {
    let of_family = login_session::Entity::of_all_tenants().filter(login_session::Column::Family.eq(family));
    Ok(of_family.one(core.db.read()).await?)
}

/// Replaces the newest token in answer to the one that was presented, unless somebody was quicker.
async fn rotate(core: &Core, session: &login_session::Model, presented: &str, next: &str) -> Result<bool> {
    let now = core.clock.now();
    let same_token = login_session::Column::RefreshHash.eq(presented);
    let txn = core.db.begin().await?;
    let rotated = login_session::Entity::change(TenantId(session.tenant_id))
        .col_expr(login_session::Column::RefreshHash, Expr::value(digest(next)))
        .col_expr(login_session::Column::PreviousHash, Expr::value(presented))
        .col_expr(login_session::Column::Rotation, Expr::value(session.rotation + 1))
        .col_expr(login_session::Column::Confirmed, Expr::value(false))
        .col_expr(login_session::Column::RotateTime, Expr::value(now))
        .col_expr(login_session::Column::ExpireTime, Expr::value(login::expiry(core, now)))
        .col_expr(login_session::Column::UpdateTime, Expr::value(now))
        .filter(login_session::Column::Id.eq(session.id))
        .filter(login_session::Column::RefreshHash.eq(&*session.refresh_hash))
        // Whoever recovers loses to whoever shows at the same time that the answer has arrived.
        .filter(Condition::any().add(same_token).add(login_session::Column::Confirmed.eq(false)))
        .filter(login_session::Column::Revoked.eq(false))
        .exec(&txn)
        .await?;
    txn.commit().await?;
    if let Ok(kind) = i32::from(session.principal_kind).try_into() {
        // What is remembered of the principal speaks of the old tokens.
        core.directory.forget(kind, session.principal_id);
    }
    Ok(rotated.rows_affected == 1)
}

/// The tokens of this number have arrived: one of them was used.
pub(crate) async fn confirm_tokens(core: &Core, principal: &Principal, rotation: i32) -> Result<()> {
    let txn = core.db.begin().await?;
    login_session::Entity::change(principal.tenant)
        .col_expr(login_session::Column::Confirmed, Expr::value(true))
        .filter(login_session::Column::Id.eq(principal.login_session_id))
        .filter(login_session::Column::Rotation.eq(rotation))
        .exec(&txn)
        .await?;
    txn.commit().await?;
    Ok(())
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

    use super::{RefreshToken, Verdict, judge};
    use crate::user::entity::login_session;

    #[test]
    fn a_token_is_ours_or_nothing_and_has_one_successor() {
        let token = RefreshToken::first().unwrap();
        let text = token.text(b"key");
        let read = RefreshToken::parse(&text, b"key").unwrap();
        assert_eq!(read.next(b"key", 1).text(b"key"), token.next(b"key", 1).text(b"key"));
        assert_ne!(read.next(b"key", 1).text(b"key"), text);
        assert_ne!(read.next(b"key", 1).text(b"key"), read.next(b"key", 2).text(b"key"));
        let forged = format!("{}.{}", &text[..text.rfind('.').unwrap()], "x".repeat(43));
        for wrong in [forged.as_str(), "", "a.b", "a.b.c", &text[1..]] {
            assert!(RefreshToken::parse(wrong, b"key").is_none(), "{wrong}");
        }
        assert!(RefreshToken::parse(&text, b"other").is_none());
    }

    #[test]
    fn a_token_works_once_and_repeats_for_a_moment_or_until_its_answer_has_arrived() {
        let rotated = Utc.timestamp_opt(1_800_000_000, 0).unwrap();
        let session = |revoked: bool, confirmed: bool| login_session::Model {
            id: 1,
            principal_kind: 1,
            principal_id: 1,
            family: "f".into(),
            refresh_hash: "new".into(),
            previous_hash: "old".into(),
            rotate_time: rotated,
            rotation: 1,
            confirmed,
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
            ("older", 0, false, Verdict::Reuse),
            ("older", 86_400, false, Verdict::Reuse),
            ("old", 11, true, Verdict::Refuse),
            ("old", 7 * 86_400, false, Verdict::Refuse),
        ] {
            let now = rotated + Duration::seconds(after);
            let found = judge(&session(revoked, true), hash, now);
            assert_eq!(found, verdict, "{hash} after {after} s, revoked {revoked}");
        }
        for (hash, after, verdict) in [
            ("new", 11, Verdict::Rotate),
            ("old", 10, Verdict::Repeat),
            ("old", 11, Verdict::Recover),
            ("old", 6 * 86_400, Verdict::Recover),
            ("old", 7 * 86_400, Verdict::Refuse),
            ("older", 0, Verdict::Reuse),
        ] {
            let now = rotated + Duration::seconds(after);
            assert_eq!(judge(&session(false, false), hash, now), verdict, "{hash} after {after} s, unconfirmed");
        }
    }
}
