//! Whether the newest tokens of a login have arrived.

use sea_orm_migration::prelude::{DbErr, DeriveMigrationName, MigrationTrait, SchemaManager, async_trait};

use crate::table::Type::{Flag, Int};
use crate::table::add_columns;

/// See the module.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        add_columns(manager, "login_session", &[("rotation", Int), ("confirmed", Flag)]).await
    }
}
