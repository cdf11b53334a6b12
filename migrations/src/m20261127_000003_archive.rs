//! What a formal customer's record holds, and the history of archiving.

use sea_orm_migration::prelude::{DbErr, DeriveMigrationName, MigrationTrait, SchemaManager, async_trait};

use crate::table::Type::{Id, Json, MaybeTime, State, Text};
use crate::table::{Spec, add_columns};

/// See the module.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let record = [
            ("gender", State),
            ("landline", Text(24)),
            ("department", Text(64)),
            ("business_modules", Text(200)),
            ("credit_code", Text(18)),
            ("institution_phone", Text(24)),
        ];
        add_columns(manager, "customer", &record).await?;
        ARCHIVE_RECORD.create(manager).await
    }
}

const ARCHIVE_RECORD: Spec = Spec {
    name: "archive_record",
    columns: &[
        ("customer_id", Id),
        ("status", State),
        ("snapshot", Json),
        ("comment", Text(500)),
        ("submitter_name", Text(64)),
        ("reviewer_id", Id),
        ("reviewer_name", Text(64)),
        ("review_comment", Text(500)),
        ("review_time", MaybeTime),
    ],
    indexes: &[(false, &["tenant_id", "status"]), (false, &["customer_id"])],
};
