//! The one way to query a table: within a tenant, and without what is deleted.

use sea_orm::sea_query::{Alias, Expr, ExprTrait, SimpleExpr};
use sea_orm::{EntityTrait, QueryFilter, Select, UpdateMany};

/// A tenant. Every query takes one, so that none can forget it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct TenantId(pub(crate) i64);

/// Queries of an entity that stay within a tenant.
pub(crate) trait Scoped: EntityTrait {
    /// All rows of the tenant.
    #[expect(clippy::disallowed_methods, reason = "this is the scoped helper")]
    fn of(tenant: TenantId) -> Select<Self> {
        Self::find().filter(column::<Self>("tenant_id").eq(tenant.0)).filter(column::<Self>("deleted").eq(0))
    }

    /// One row of the tenant.
    fn one(tenant: TenantId, id: i64) -> Select<Self> {
        Self::of(tenant).filter(column::<Self>("id").eq(id))
    }

    /// An update of rows of the tenant. `rows_affected` tells whether the filter found any: that, never a read
    /// before it, decides who wins.
    #[expect(clippy::disallowed_methods, reason = "this is the scoped helper")]
    fn change(tenant: TenantId) -> UpdateMany<Self> {
        Self::update_many().filter(column::<Self>("tenant_id").eq(tenant.0)).filter(column::<Self>("deleted").eq(0))
    }

    /// One row of the tenant that was deleted.
    #[expect(clippy::disallowed_methods, reason = "this is the scoped helper")]
    fn deleted_of(tenant: TenantId, id: i64) -> Select<Self> {
        let rows = Self::find().filter(column::<Self>("tenant_id").eq(tenant.0));
        rows.filter(column::<Self>("deleted").ne(0)).filter(column::<Self>("id").eq(id))
    }

    /// An update of rows of the tenant that were deleted.
    #[expect(clippy::disallowed_methods, reason = "this is the scoped helper")]
    fn change_deleted(tenant: TenantId) -> UpdateMany<Self> {
        Self::update_many().filter(column::<Self>("tenant_id").eq(tenant.0)).filter(column::<Self>("deleted").ne(0))
    }

    /// All rows of every tenant: for jobs and for looking up secrets that name the tenant themselves.
    #[expect(clippy::disallowed_methods, reason = "this is the scoped helper")]
    fn of_all_tenants() -> Select<Self> {
        Self::find().filter(column::<Self>("deleted").eq(0))
    }
}

impl<E: EntityTrait> Scoped for E {}

fn column<E: EntityTrait>(name: &str) -> SimpleExpr {
    Expr::col((E::default(), Alias::new(name)))
}
