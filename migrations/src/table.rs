//! A short notation for tables, so that a migration reads like a schema.

use sea_orm_migration::prelude::{
    Alias, ColumnDef, DbErr, Expr, Index, IndexCreateStatement, SchemaManager, Table, TableCreateStatement,
};
use sea_orm_migration::sea_orm::DbBackend;

/// The type of a column.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Type {
    /// BIGINT.
    Id,
    /// INT.
    Int,
    /// BIGINT that is no reference.
    Long,
    /// TINYINT (SMALLINT on PostgreSQL): states.
    State,
    /// TINYINT(1), BOOLEAN on PostgreSQL.
    Flag,
    /// VARCHAR of a length.
    Text(u32),
    /// TEXT.
    LongText,
    /// JSON.
    Json,
    /// A time in UTC with milliseconds.
    Time,
    /// A time that may be absent.
    MaybeTime,
    /// VARCHAR of a length that may be absent: for unique columns that not everybody has.
    MaybeText(u32),
}

/// A table: its columns besides the common ones, and its indexes.
pub(crate) struct Spec {
    pub(crate) name: &'static str,
    pub(crate) columns: &'static [(&'static str, Type)],
    /// At most five (PRD 6.3.4); `true` for unique.
    pub(crate) indexes: &'static [(bool, &'static [&'static str])],
}

impl Spec {
    /// Creates the table and its indexes.
    pub(crate) async fn create(&self, manager: &SchemaManager<'_>) -> Result<(), DbErr> {
        manager.create_table(self.table(manager.get_database_backend())).await?;
        for (unique, columns) in self.indexes {
            manager.create_index(self.index(*unique, columns)).await?;
        }
        Ok(())
    }

    fn table(&self, backend: DbBackend) -> TableCreateStatement {
        let mut table = Table::create();
        table.table(Alias::new(self.name)).if_not_exists();
        table.col(ColumnDef::new(Alias::new("id")).big_integer().not_null().auto_increment().primary_key());
        for (name, kind) in self.columns {
            table.col(column(backend, name, *kind));
        }
        // The common fields of PRD 6.3.2, and the tenant.
        table.col(ColumnDef::new(Alias::new("tenant_id")).big_integer().not_null());
        table.col(column(backend, "create_time", Type::Time));
        table.col(column(backend, "update_time", Type::Time));
        table.col(column(backend, "create_by", Type::Id));
        table.col(column(backend, "update_by", Type::Id));
        table.col(ColumnDef::new(Alias::new("deleted")).tiny_integer().not_null().default(Expr::value(0)));
        table.to_owned()
    }

    fn index(&self, unique: bool, columns: &[&str]) -> IndexCreateStatement {
        let prefix = if unique { "uk" } else { "idx" };
        let mut index = Index::create();
        index
            .name(format!("{prefix}_{}_{}", self.name, columns.join("_")))
            .table(Alias::new(self.name))
            .if_not_exists();
        for column in columns {
            index.col(Alias::new(*column));
        }
        if unique {
            index.unique();
        }
        index.to_owned()
    }
}

fn column(backend: DbBackend, name: &str, kind: Type) -> ColumnDef {
    let mut column = ColumnDef::new(Alias::new(name));
    match kind {
        Type::Id | Type::Long => column.big_integer().not_null(),
        Type::Int => column.integer().not_null(),
        Type::State => column.tiny_integer().not_null(),
        Type::Flag => column.boolean().not_null(),
        Type::Text(length) => column.string_len(length).not_null(),
        Type::MaybeText(length) => column.string_len(length).null(),
        Type::LongText => column.text().not_null(),
        Type::Json => column.json().not_null(),
        Type::Time => time(backend, &mut column).not_null(),
        Type::MaybeTime => time(backend, &mut column).null(),
    };
    column
}

/// MySQL's own types end in 2038 or know no milliseconds.
fn time(backend: DbBackend, column: &mut ColumnDef) -> &mut ColumnDef {
    if backend == DbBackend::MySql {
        column.custom(Alias::new("DATETIME(3)"))
    } else {
        column.timestamp_with_time_zone()
    }
}
