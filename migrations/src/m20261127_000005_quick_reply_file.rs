//! Files of quick replies.

use sea_orm_migration::prelude::{DbErr, DeriveMigrationName, MigrationTrait, SchemaManager, async_trait};

use crate::table::Type::{Id, Int};
use crate::table::{add_columns, add_index};

/// See the module.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        add_columns(manager, "file_info", &[("quick_reply_id", Id), ("position", Int)]).await?;
        add_index(manager, "file_info", false, &["quick_reply_id"]).await
    }
}
