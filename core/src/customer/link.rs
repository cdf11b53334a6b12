//! Registration links.

use kefu_proto::common::v1::ErrorReason;
use kefu_proto::customer::v1::{CreateRegisterLinksRequest, RegisterLink};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ActiveValue::Set, ColumnTrait, Condition, QueryFilter};

use crate::Core;
use crate::access::secret::{digest, random_token};
use crate::clock::Time;
use crate::customer::convert;
use crate::customer::entity::register_link;
use crate::db::{Scoped, Tx};
use crate::error::{Error, Result, refuse};
use crate::text::clean;

/// How long a link lives when nobody says.
const DEFAULT_HOURS: i32 = 7 * 24;

/// The link with this token, if it can be used now.
pub(crate) async fn find(core: &Core, token: &str) -> Result<register_link::Model> {
    let by_token = register_link::Entity::of_all_tenants().filter(register_link::Column::TokenHash.eq(digest(token)));
    let link = by_token.one(core.db.read()).await?.ok_or_else(|| refuse(ErrorReason::LinkInvalid))?;
    check(&link, core.clock.now())?;
    Ok(link)
}

/// A link that was revoked or is used up is invalid, whether or not it has expired too.
fn check(link: &register_link::Model, now: Time) -> Result<()> {
    if link.revoked || (link.max_uses > 0 && link.used_count >= link.max_uses) {
        return Err(refuse(ErrorReason::LinkInvalid));
    }
    if link.expire_time <= now { Err(refuse(ErrorReason::LinkExpired)) } else { Ok(()) }
}

/// As [`find`] checks it, for rows that have not been read.
pub(super) fn usable(now: Time) -> Condition {
    use register_link::Column;
    let free =
        Condition::any().add(Column::MaxUses.eq(0)).add(Expr::col(Column::UsedCount).lt(Expr::col(Column::MaxUses)));
    Condition::all().add(Column::Revoked.eq(false)).add(Column::ExpireTime.gt(now)).add(free)
}

/// Counts one more use. The conditions stand in the update itself: of two who race for the last use, one wins.
pub(super) async fn claim(tx: &Tx<'_>, link: &register_link::Model) -> Result<()> {
    use register_link::Column;
    let claimed = register_link::Entity::change(tx.ctx().tenant)
        .col_expr(Column::UsedCount, Expr::col(Column::UsedCount).add(1))
        .col_expr(Column::UpdateTime, Expr::value(tx.now()))
        .filter(Column::Id.eq(link.id))
        .filter(usable(tx.now()))
        .exec(&**tx)
        .await?;
    if claimed.rows_affected == 1 { Ok(()) } else { Err(refuse(ErrorReason::LinkInvalid)) }
}

/// Makes the links asked for; only this answer has their tokens.
pub(super) async fn create(
    tx: &Tx<'_>,
    team_name: &str,
    req: &CreateRegisterLinksRequest,
) -> Result<Vec<RegisterLink>> {
    let hours = if req.expire_hours == 0 { DEFAULT_HOURS } else { req.expire_hours };
    let mut links = Vec::new();
    for _ in 0..Ord::max(req.count, 1) {
        let token = random_token()?;
        let row = register_link::ActiveModel {
            team_id: Set(req.team_id),
            token_hash: Set(digest(&token)),
            label: Set(clean(&req.label)),
            problem_type: Set(clean(&req.problem_type)),
            expire_time: Set(tx.now() + chrono::Duration::hours(hours.into())),
            max_uses: Set(req.max_uses),
            used_count: Set(0),
            revoked: Set(false),
            ..Default::default()
        };
        let row = tx.insert(row).await?;
        let url = format!("{}/chat/?link={token}", tx.core().config.http.public_url.trim_end_matches('/'));
        links.push(RegisterLink { token, url, ..convert::link(&row, team_name.to_owned()) });
    }
    Ok(links)
}

/// Revokes a link at once, or takes that back; whether there is one is the answer.
pub(super) async fn set_revoked(tx: &Tx<'_>, id: i64, revoked: bool) -> Result<(), Error> {
    let changed = register_link::Entity::change(tx.ctx().tenant)
        .col_expr(register_link::Column::Revoked, Expr::value(revoked))
        .col_expr(register_link::Column::UpdateTime, Expr::value(tx.now()))
        .col_expr(register_link::Column::UpdateBy, Expr::value(tx.ctx().principal.id))
        .filter(register_link::Column::Id.eq(id))
        .exec(&**tx)
        .await?;
    if changed.rows_affected == 1 { Ok(()) } else { Err(crate::error::not_found("link")) }
}

#[cfg(test)]
mod tests {
    use chrono::{Duration, TimeZone, Utc};
    use kefu_proto::common::v1::ErrorReason;

    use super::check;
    use crate::customer::entity::register_link;

    #[test]
    fn a_link_works_until_it_is_revoked_used_up_or_expired() {
        let now = Utc.with_ymd_and_hms(2026, 11, 23, 1, 0, 0).unwrap();
        for (revoked, max_uses, used_count, lives_for, wanted) in [
            (false, 0, 999, 1, None),
            (false, 2, 1, 1, None),
            (false, 2, 2, 1, Some(ErrorReason::LinkInvalid)),
            (true, 0, 0, 1, Some(ErrorReason::LinkInvalid)),
            (false, 0, 0, 0, Some(ErrorReason::LinkExpired)),
            (false, 0, 0, -1, Some(ErrorReason::LinkExpired)),
            (true, 0, 0, -1, Some(ErrorReason::LinkInvalid)),
        ] {
            let link = register_link::Model {
                id: 1,
                team_id: 1,
                token_hash: String::new(),
                label: String::new(),
                problem_type: String::new(),
                expire_time: now + Duration::milliseconds(lives_for),
                max_uses,
                used_count,
                revoked,
                tenant_id: 1,
                create_time: now,
                update_time: now,
                create_by: 1,
                update_by: 1,
                deleted: 0,
            };
            let reason = check(&link, now).err().map(|error| error.problem().unwrap().reason);
            assert_eq!(reason, wanted, "{link:?}");
        }
    }
}
