//! What a restore needs of whoever was deleted: the phone, which is free for others meanwhile.

use sea_orm_migration::prelude::{DbErr, DeriveMigrationName, MigrationTrait, SchemaManager, async_trait};

use crate::table::Type::Text;
use crate::table::add_columns;

/// See the module.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["user_info", "customer"] {
            add_columns(manager, table, &[("deleted_phone", Text(16))]).await?;
        }
        Ok(())
    }
}
