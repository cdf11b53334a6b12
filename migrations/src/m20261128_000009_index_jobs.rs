//! The search index follows the messages by itself: jobs that would put them there are of no use.

use sea_orm_migration::prelude::{
    Alias, DbErr, DeriveMigrationName, Expr, ExprTrait, MigrationTrait, Query, SchemaManager, async_trait,
};

/// See the module.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let of_index = Expr::col(Alias::new("kind")).eq("index");
        manager.execute(Query::delete().from_table(Alias::new("job")).and_where(of_index).to_owned()).await
    }
}
