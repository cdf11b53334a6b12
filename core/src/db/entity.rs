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
        }
    };
}
pub(crate) use entity;

entity! {
    /// Values of the installation: secrets, the database's incarnation. Belongs to tenant 0.
    system_value = "system_value" { name: String, value: String }
}
