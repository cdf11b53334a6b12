//! Who has a session open.

use sea_orm_migration::prelude::{DbErr, DeriveMigrationName, MigrationTrait, SchemaManager, async_trait};

use crate::table::Spec;
use crate::table::Type::{Flag, Id, Text, Time};

/// See the module.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        SESSION_VIEWER.create(manager).await
    }
}

const SESSION_VIEWER: Spec = Spec {
    name: "session_viewer",
    columns: &[("session_id", Id), ("user_id", Id), ("client_id", Text(64)), ("shown", Flag), ("view_until", Time)],
    indexes: &[
        (true, &["session_id", "user_id", "client_id"]),
        (false, &["user_id", "view_until"]),
        (false, &["shown", "view_until"]),
    ],
};
