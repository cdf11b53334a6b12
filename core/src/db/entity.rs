//! The notation for tables: every table has the common fields of PRD 6.3.2 and a tenant.

/// Declares a sea-orm entity in a module of its own, with the common fields added.
macro_rules! entity {
    ($(#[$doc:meta])* $module:ident = $table:literal { $($(#[$meta:meta])* $field:ident : $type:ty),* $(,)? }) => {
        $(#[$doc])*
        pub(crate) mod $module {
            #[allow(unused_imports, clippy::allow_attributes, reason = "not every table has every type")]
            use sea_orm::entity::prelude::{
                ActiveModelBehavior, DateTimeUtc, DeriveEntityModel, DerivePrimaryKey, DeriveRelation, EntityTrait,
                EnumIter, Json, PrimaryKeyTrait,
            };

            #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
            #[sea_orm(table_name = $table)]
            pub(crate) struct Model {
                #[sea_orm(primary_key)]
                pub id: i64,
                $($(#[$meta])* pub $field: $type,)*
                pub tenant_id: i64,
                pub create_time: DateTimeUtc,
                pub update_time: DateTimeUtc,
                pub create_by: i64,
                pub update_by: i64,
                pub deleted: i16,
            }

            #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
            pub(crate) enum Relation {}

            impl ActiveModelBehavior for ActiveModel {}

            #[cfg(test)]
            #[tokio::test]
            async fn is_as_migrated() {
                crate::db::entity::tests::demand_as_migrated(Entity).await;
            }
        }
    };
}
pub(crate) use entity;

/// An enum's number as a column holds it.
pub(crate) fn code(value: impl Into<i32>) -> i16 {
    i16::try_from(value.into()).unwrap_or(0)
}

entity! {
    /// Values of the installation: secrets, the database's incarnation. Belongs to tenant 0.
    system_value = "system_value" { name: String, value: String }
}

#[cfg(test)]
pub(crate) mod tests {
    use kefu_migrations::{Migrator, MigratorTrait};
    use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, EntityTrait, Schema};

    /// A column: its name, its type without the length, and whether it must have a value.
    type Column = (String, String, bool);

    /// Demands that a table, as the migrations make it, has the columns of its entity and no others. They are compared
    /// on SQLite: the migrations are the same everywhere.
    pub(crate) async fn demand_as_migrated(entity: impl EntityTrait) {
        let migrated = memory().await;
        Migrator::up(&migrated, None).await.unwrap();
        let made = memory().await;
        made.execute(&Schema::new(DbBackend::Sqlite).create_table_from_entity(entity)).await.unwrap();
        let table = entity.table_name();
        assert_eq!(columns(&migrated, table).await, columns(&made, table).await, "{table}");
    }

    async fn memory() -> DatabaseConnection {
        let mut options = ConnectOptions::new("sqlite::memory:");
        options.max_connections(1);
        Database::connect(options).await.unwrap()
    }

    async fn columns(db: &DatabaseConnection, table: &str) -> Vec<Column> {
        let sql = format!("SELECT name, lower(type), \"notnull\" FROM pragma_table_info('{table}') ORDER BY name");
        let rows = db.query_all_raw(sea_orm::Statement::from_string(DbBackend::Sqlite, sql)).await.unwrap();
        let column = |row: &sea_orm::QueryResult| {
            let declared: String = row.try_get_by_index(1).unwrap();
            // An entity knows neither lengths nor the smallest numbers.
            let kind = match declared.split('(').next().unwrap() {
                "text" => "varchar",
                "tinyint" => "smallint",
                other => other,
            };
            let must: i32 = row.try_get_by_index(2).unwrap();
            (row.try_get_by_index(0).unwrap(), kind.to_owned(), must == 1)
        };
        rows.iter().map(column).collect()
    }
}
