//! Queues are read in the order of an index: the urgent ones first, then who came first.

use sea_orm_migration::prelude::{
    Alias, DbErr, DeriveMigrationName, Index, IndexOrder, MigrationTrait, SchemaManager, async_trait,
};

/// See the module.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Alias::new("chat_session");
        let old = "idx_chat_session_tenant_id_status_team_id_queue_time";
        let mut index = Index::create();
        index.name("idx_chat_session_queue").table(table.clone());
        for column in ["tenant_id", "status", "team_id"] {
            index.col(Alias::new(column));
        }
        index.col((Alias::new("urgent"), IndexOrder::Desc)).col(Alias::new("queue_time"));
        manager.create_index(index).await?;
        manager.drop_index(Index::drop().name(old).table(table).to_owned()).await
    }
}
