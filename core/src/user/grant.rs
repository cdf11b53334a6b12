//! Nobody gives what they do not hold, and nobody takes charge of whoever can do more: otherwise the right to manage
//! users or roles would be every right.

use std::collections::BTreeSet;

use kefu_proto::common::v1::ErrorReason;
use kefu_proto::error::Problem;

use crate::access::Ctx;
use crate::db::Tx;
use crate::error::Result;
use crate::user::entity::role;
use crate::user::role as roles;

/// The caller holds these permissions, and a data scope as wide as this one.
pub(super) fn demand_held(ctx: &Ctx, permissions: impl IntoIterator<Item = String>, data_scope: i16) -> Result<()> {
    if !ctx.is_staff() {
        // Kefu itself makes tenants and demonstrations.
        return Ok(());
    }
    let beyond: BTreeSet<String> = permissions.into_iter().filter(|code| !ctx.may(code)).collect();
    if !beyond.is_empty() {
        return Err(exceeds(&beyond.into_iter().collect::<Vec<_>>().join(", ")));
    }
    // The codes rise from wide to narrow.
    let wider = data_scope != 0 && data_scope < crate::db::code(ctx.principal.scope);
    if wider { Err(exceeds("data scope")) } else { Ok(()) }
}

/// The caller holds whatever these roles give.
pub(super) fn demand_roles_held(ctx: &Ctx, held: &[role::Model]) -> Result<()> {
    held.iter().try_for_each(|role| demand_held(ctx, roles::permissions(&role.permissions), role.data_scope))
}

/// The user can do no more than the caller.
pub(super) async fn demand_charge_of(tx: &Tx<'_>, user_id: i64) -> Result<()> {
    let held = roles::of_user(&**tx, tx.ctx().tenant, user_id).await?;
    demand_roles_held(tx.ctx(), &held)
}

fn exceeds(what: &str) -> crate::error::Error {
    Problem::new(ErrorReason::ExceedsOwnRights).with("what", what).into()
}
