//! What a role is for, and its name unique in the tenant.

use sea_orm_migration::prelude::{DbErr, DeriveMigrationName, MigrationTrait, SchemaManager, async_trait};

use crate::table::Type::Text;
use crate::table::{add_columns, add_index};

/// See the module.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        add_columns(manager, "role", &[("description", Text(200))]).await?;
        add_index(manager, "role", true, &["tenant_id", "name"]).await
    }
}
