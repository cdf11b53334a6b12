//! A short notation for tables, so that a migration reads like a schema.

use sea_orm_migration::prelude::{Alias, ColumnDef, DbErr, Expr, Index, SchemaManager, Table, TableCreateStatement};
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
            add_index(manager, self.name, *unique, columns).await?;
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
}

/// Adds columns to a table; what is there already gets "", 0, or false.
pub(crate) async fn add_columns(
    manager: &SchemaManager<'_>,
    table: &str,
    columns: &[(&str, Type)],
) -> Result<(), DbErr> {
    // SQLite adds one column a statement.
    for (name, kind) in columns {
        let mut column = column(manager.get_database_backend(), name, *kind);
        match kind {
            Type::Id | Type::Int | Type::Long | Type::State => column.default(0),
            Type::Flag => column.default(false),
            Type::Text(_) => column.default(""),
            _ => &mut column,
        };
        manager.alter_table(Table::alter().table(Alias::new(table)).add_column(column).to_owned()).await?;
    }
    Ok(())
}

/// Adds an index.
pub(crate) async fn add_index(
    manager: &SchemaManager<'_>,
    table: &str,
    unique: bool,
    columns: &[&str],
) -> Result<(), DbErr> {
    let prefix = if unique { "uk" } else { "idx" };
    let mut index = Index::create();
    index.name(format!("{prefix}_{table}_{}", columns.join("_"))).table(Alias::new(table)).if_not_exists();
    for column in columns {
        index.col(Alias::new(*column));
    }
    if unique {
        index.unique();
    }
    manager.create_index(index.to_owned()).await
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
