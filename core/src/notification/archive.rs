//! What becomes of archive records, as notifications.

use std::collections::BTreeSet;

use kefu_proto::customer::v1::archive_record::Status;
use kefu_proto::notification::v1::notification::Type;
use sea_orm::ConnectionTrait;

use crate::access::Ctx;
use crate::customer::entity::archive_record;
use crate::db::{Scoped, code};
use crate::error::{Result, not_found};
use crate::notification::event::Notice;
use crate::notification::news::News;
use crate::user::role::who_may;

/// Reviewing archive records.
const REVIEW: &str = "archive-record:review";

/// A record waits: whoever may review it is told, but for the one who has handed it in.
pub(super) async fn submitted(db: &impl ConnectionTrait, ctx: &Ctx, record_id: i64) -> Result<Notice> {
    let record = find(db, ctx, record_id).await?;
    let reviewers = who_may(db, ctx.tenant, REVIEW).await?.into_iter().filter(|id| *id != record.create_by);
    let told = reviewers.map(|id| (id, Type::ArchiveSubmitted)).collect();
    let (agent, reason) = (record.submitter_name.clone(), record.comment.clone());
    Ok(Notice { told, ..about(&record, agent, reason) })
}

/// A review is over: whoever has handed the record in is told, unless it was their own review.
pub(super) async fn reviewed(db: &impl ConnectionTrait, ctx: &Ctx, record_id: i64) -> Result<Notice> {
    let record = find(db, ctx, record_id).await?;
    let approved = record.status == code(Status::Approved);
    let kind = if approved { Type::ArchiveApproved } else { Type::ArchiveRejected };
    let told = (record.create_by != record.reviewer_id).then_some((record.create_by, kind)).into_iter().collect();
    let (agent, reason) = (record.reviewer_name.clone(), record.review_comment.clone());
    Ok(Notice { told, ..about(&record, agent, reason) })
}

async fn find(db: &impl ConnectionTrait, ctx: &Ctx, id: i64) -> Result<archive_record::Model> {
    archive_record::Entity::one(ctx.tenant, id).one(db).await?.ok_or_else(|| not_found("archive record"))
}

/// What a notification says of a record: the customer as handed in, and who has done something, and why.
fn about(record: &archive_record::Model, agent: String, reason: String) -> Notice {
    let text = |field: &str| record.snapshot[field].as_str().unwrap_or_default().to_owned();
    let news = News { customer: text("name"), institution: text("institution"), agent, reason, ..News::default() };
    Notice { told: BTreeSet::new(), news, session_id: 0, archive_record_id: record.id }
}
