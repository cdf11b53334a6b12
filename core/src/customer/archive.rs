//! Archiving (PRD 2.2.5, 3.3): a temporary customer whose record is complete becomes a formal one, at once or after a
//! review. Each way there is a row of `archive_record`.

use kefu_proto::common::v1::ErrorReason;
use kefu_proto::customer::v1::archive_record::Status;
use kefu_proto::customer::v1::customer::ArchiveStatus;
use kefu_proto::error::{Problem, Violation};
use kefu_proto::json;
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue::Set, ColumnTrait, QueryFilter};

use crate::customer::entity::{archive_record, customer};
use crate::customer::{convert, query};
use crate::db::{Scoped, Tx, code};
use crate::error::{Result, not_found, refuse};
use crate::event::Event;
use crate::settings;
use crate::text::clean_lines;

/// Those who are to be archived.
const DUE: [ArchiveStatus; 2] = [ArchiveStatus::Temporary, ArchiveStatus::Pending];

/// The customer is still to be archived.
pub(crate) fn archive_due(archive_status: i16) -> bool {
    DUE.iter().any(|status| code(*status) == archive_status)
}

/// Hands a customer in; where no review is asked for, that is all there is to do.
pub(super) async fn submit(tx: &mut Tx<'_>, customer_id: i64, comment: &str) -> Result<archive_record::Model> {
    let review = settings::general(&**tx, tx.ctx().tenant).await?.archive_review;
    let (next, status) =
        if review { (ArchiveStatus::Submitted, Status::Submitted) } else { (ArchiveStatus::Formal, Status::Approved) };
    let row = query::find(&**tx, tx.ctx().tenant, customer_id).await?;
    demand_complete(&row)?;
    step(tx, customer_id, &DUE, next).await?;
    let me = &tx.ctx().principal;
    let record = archive_record::ActiveModel {
        customer_id: Set(customer_id),
        status: Set(code(status)),
        snapshot: Set(json::to_json(&convert::view(&row))),
        comment: Set(clean_lines(comment)),
        submitter_name: Set(me.name.clone()),
        reviewer_id: Set(0),
        reviewer_name: Set(String::new()),
        review_comment: Set(String::new()),
        review_time: Set((!review).then_some(tx.now())),
        ..Default::default()
    };
    let record = tx.insert(record).await?;
    if review {
        tx.emit(&Event::ArchiveSubmitted { record_id: record.id }).await?;
    }
    Ok(record)
}

/// Decides about a record that waits for the review.
pub(super) async fn review(tx: &mut Tx<'_>, id: i64, verdict: Status, comment: &str) -> Result<archive_record::Model> {
    use archive_record::Column;
    let (tenant, me) = (tx.ctx().tenant, tx.ctx().principal.clone());
    let record = archive_record::Entity::one(tenant, id).one(&**tx).await?;
    let record = record.ok_or_else(|| not_found("archive record"))?;
    let decided = archive_record::Entity::change(tenant)
        .col_expr(Column::Status, Expr::value(code(verdict)))
        .col_expr(Column::ReviewerId, Expr::value(me.id))
        .col_expr(Column::ReviewerName, Expr::value(me.name.clone()))
        .col_expr(Column::ReviewComment, Expr::value(clean_lines(comment)))
        .col_expr(Column::ReviewTime, Expr::value(tx.now()))
        .col_expr(Column::UpdateTime, Expr::value(tx.now()))
        .col_expr(Column::UpdateBy, Expr::value(me.id))
        .filter(Column::Id.eq(id))
        .filter(Column::Status.eq(code(Status::Submitted)))
        .exec(&**tx)
        .await?;
    if decided.rows_affected == 0 {
        return Err(refuse(ErrorReason::ArchiveState));
    }
    let next = if verdict == Status::Approved { ArchiveStatus::Formal } else { ArchiveStatus::Pending };
    step(tx, record.customer_id, &[ArchiveStatus::Submitted], next).await?;
    tx.emit(&Event::ArchiveReviewed { record_id: id }).await?;
    archive_record::Entity::one(tenant, id).one(&**tx).await?.ok_or_else(|| not_found("archive record"))
}

/// Moves a customer on; of two who try, one succeeds.
async fn step(tx: &Tx<'_>, customer_id: i64, from: &[ArchiveStatus], to: ArchiveStatus) -> Result<()> {
    use customer::Column;
    let moved = customer::Entity::change(tx.ctx().tenant)
        .col_expr(Column::ArchiveStatus, Expr::value(code(to)))
        .col_expr(Column::PendingTime, Expr::value(tx.now()))
        .col_expr(Column::UpdateTime, Expr::value(tx.now()))
        .col_expr(Column::UpdateBy, Expr::value(tx.ctx().principal.id))
        .filter(Column::Id.eq(customer_id))
        .filter(Column::ArchiveStatus.is_in(from.iter().map(|status| code(*status))))
        .exec(&**tx)
        .await?;
    if moved.rows_affected == 1 { Ok(()) } else { Err(refuse(ErrorReason::ArchiveState)) }
}

/// What a formal customer's record must have.
fn demand_complete(row: &customer::Model) -> Result<()> {
    let phone = row.phone.as_deref().unwrap_or_default();
    let must = [("name", &*row.name), ("phone", phone), ("institution", &*row.institution)];
    let missing = must.iter().filter(|(_, value)| value.is_empty());
    let missing: Vec<_> = missing.map(|(field, _)| Violation::new(field, "required", "")).collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(Problem::new(ErrorReason::InvalidArgument).violations(missing).into())
}
