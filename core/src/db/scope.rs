//! The one way to query a table: within a tenant, and without what is deleted.

use std::any::TypeId;
use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::sync::{Mutex, PoisonError};

use sea_orm::sea_query::{Alias, Expr, ExprTrait, SimpleExpr};
use sea_orm::{
    ConnectionTrait, DbBackend, DbErr, EntityTrait, QueryFilter, QuerySelect, QueryTrait, Select, Statement, UpdateMany,
};

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
    fn one(tenant: TenantId, id: i64) -> One<Self> {
        One { tenant, id, locked: false, entity: PhantomData }
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

/// One row of a tenant, to be read.
#[derive(Debug)]
pub(crate) struct One<E> {
    tenant: TenantId,
    id: i64,
    locked: bool,
    entity: PhantomData<E>,
}

impl<E: EntityTrait> One<E> {
    /// Locks the row until the transaction ends, where the database has such locks.
    pub(crate) fn lock_exclusive(self) -> Self {
        Self { locked: true, ..self }
    }

    /// Reads it.
    pub(crate) async fn one(self, db: &impl ConnectionTrait) -> Result<Option<E::Model>, DbErr> {
        let (backend, locked) = (db.get_database_backend(), self.locked);
        // In the order of the conditions: the tenant, what is not deleted, the row.
        let values = [self.tenant.0.into(), 0.into(), self.id.into()];
        let statement = Statement::from_sql_and_values(backend, text::<E>(backend, locked), values);
        #[expect(clippy::disallowed_methods, reason = "the text is of the scoped helper")]
        E::find().from_raw_sql(statement).one(db).await
    }
}

/// The text of the statement that reads one row. Building it would take longer than reading the row, so each is built
/// once.
fn text<E: EntityTrait>(backend: DbBackend, locked: bool) -> String {
    static TEXTS: Mutex<BTreeMap<(TypeId, u8, bool), String>> = Mutex::new(BTreeMap::new());
    let mut texts = TEXTS.lock().unwrap_or_else(PoisonError::into_inner);
    let build = || {
        let select = one_of::<E>(TenantId(0), 0);
        if locked { select.lock_exclusive().build(backend).sql } else { select.build(backend).sql }
    };
    texts.entry((TypeId::of::<E>(), backend as u8, locked)).or_insert_with(build).clone()
}

fn one_of<E: EntityTrait>(tenant: TenantId, id: i64) -> Select<E> {
    E::of(tenant).filter(column::<E>("id").eq(id))
}

fn column<E: EntityTrait>(name: &str) -> SimpleExpr {
    Expr::col((E::default(), Alias::new(name)))
}

#[cfg(test)]
mod tests {
    use sea_orm::{DbBackend, QueryTrait, Value};

    use super::{TenantId, one_of, text};
    use crate::session::entity::chat_session::Entity;

    #[test]
    fn one_row_is_of_the_tenant_and_takes_the_values_in_their_order() {
        for (backend, lock) in
            [(DbBackend::Sqlite, ""), (DbBackend::MySql, " FOR UPDATE"), (DbBackend::Postgres, " FOR UPDATE")]
        {
            let built = one_of::<Entity>(TenantId(7), 9).build(backend);
            let values: Vec<Value> = vec![7i64.into(), 0i32.into(), 9i64.into()];
            assert_eq!(built.values.map(|values| values.0), Some(values));
            assert_eq!(text::<Entity>(backend, false), built.sql);
            assert_eq!(text::<Entity>(backend, true).trim_end(), built.sql + lock);
        }
    }
}
