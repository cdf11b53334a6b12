//! Runs jobs as they fall due.

use std::sync::Arc;
use std::time::Duration;

use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::{DEAD, DONE, Job, WAITING, job};
use crate::Core;
use crate::access::Ctx;
use crate::db::{Scoped, TenantId};
use crate::error::Result;

/// How long a job may run before another core takes it over.
const LEASE: Duration = Duration::from_secs(60);
/// How often the table is looked at without being woken.
const IDLE: Duration = Duration::from_secs(1);
/// Jobs taken in one look.
const BATCH: u64 = 64;
/// Tries until a job is given up: about two hours of back-off.
const TRIES: i32 = 12;
/// How long jobs that are done are kept.
const KEPT_HOURS: i64 = 24;

/// Wakes the runner when a job has been enqueued.
#[derive(Debug, Default)]
pub(crate) struct Runner {
    woken: Notify,
}

impl Runner {
    /// There may be something to do.
    pub(crate) fn wake(&self) {
        self.woken.notify_one();
    }

    /// Runs jobs until the core stops. The job under way is finished first.
    pub(crate) async fn run(&self, core: Arc<Core>, stop: CancellationToken) {
        while !stop.is_cancelled() {
            let found = round(&core).await.unwrap_or_else(|error| {
                tracing::warn!(%error, "cannot look for jobs");
                0
            });
            if found == BATCH {
                continue;
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = self.woken.notified() => {}
                () = tokio::time::sleep(IDLE) => {}
            }
        }
    }
}

/// Claims and runs what is due; returns how many rows were due.
async fn round(core: &Arc<Core>) -> Result<u64> {
    let now = core.clock.now();
    let free = Condition::any().add(job::Column::LeaseUntil.is_null()).add(job::Column::LeaseUntil.lt(now));
    let due = job::Entity::of_all_tenants()
        .filter(job::Column::Status.eq(WAITING))
        .filter(job::Column::DueTime.lte(now))
        .filter(free)
        .order_by_asc(job::Column::DueTime)
        .order_by_asc(job::Column::Id)
        .limit(BATCH)
        .all(core.db.read())
        .await?;
    let found = due.len();
    for row in due {
        if let Some(fence) = claim(core, &row).await? {
            finish(core, &row, fence, work(core, &row).await).await?;
        }
    }
    Ok(u64::try_from(found).unwrap_or(0))
}

/// Takes a job, unless another core was quicker. The fence is the number of this claim: a core whose lease has run
/// out cannot finish what somebody else has taken over.
async fn claim(core: &Core, row: &job::Model) -> Result<Option<i64>> {
    let fence = row.fence + 1;
    let txn = core.db.begin().await?;
    let taken = job::Entity::change(TenantId(row.tenant_id))
        .col_expr(job::Column::Fence, Expr::value(fence))
        .col_expr(job::Column::LeaseUntil, Expr::value(core.clock.now() + LEASE))
        .col_expr(job::Column::Attempts, Expr::col(job::Column::Attempts).add(1))
        .filter(job::Column::Id.eq(row.id))
        .filter(job::Column::Fence.eq(row.fence))
        .filter(job::Column::Status.eq(WAITING))
        .exec(&txn)
        .await?;
    txn.commit().await?;
    Ok((taken.rows_affected == 1).then_some(fence))
}

async fn work(core: &Arc<Core>, row: &job::Model) -> Result<()> {
    let ctx = Ctx::system(TenantId(row.tenant_id));
    match serde_json::from_value(row.payload.clone())? {
        Job::Notify { event_id, event } => crate::notification::on_event(core, &ctx, event_id, &event).await,
        Job::Index { event } => crate::session::search::on_event(core, &ctx, &event).await,
        Job::ExpireTransfer { session_id } => crate::session::transfer::expire(core, &ctx, session_id).await,
        Job::CheckSilence { session_id } => crate::session::silence::check(core, &ctx, session_id).await,
    }
}

/// Writes down how it went: done, another try after a while, or given up.
async fn finish(core: &Core, row: &job::Model, fence: i64, outcome: Result<()>) -> Result<()> {
    let now = core.clock.now();
    let attempts = row.attempts + 1;
    let mut update = job::Entity::change(TenantId(row.tenant_id))
        .col_expr(job::Column::LeaseUntil, Expr::value(Option::<crate::clock::Time>::None))
        .col_expr(job::Column::UpdateTime, Expr::value(now));
    match outcome {
        Ok(()) => update = update.col_expr(job::Column::Status, Expr::value(DONE)),
        Err(error) => {
            let dead = attempts >= TRIES;
            tracing::warn!(job = row.id, kind = row.kind, attempts, dead, %error, "a job failed");
            let wait = chrono::Duration::seconds(2i64.saturating_pow(attempts.clamp(0, 12).unsigned_abs()));
            update = update
                .col_expr(job::Column::Status, Expr::value(if dead { DEAD } else { WAITING }))
                .col_expr(job::Column::DueTime, Expr::value(now + wait))
                .col_expr(job::Column::Error, Expr::value(error.to_string()));
        }
    }
    let txn = core.db.begin().await?;
    update.filter(job::Column::Id.eq(row.id)).filter(job::Column::Fence.eq(fence)).exec(&txn).await?;
    txn.commit().await?;
    Ok(())
}

/// Removes jobs and events that were done with long ago; dead ones stay.
pub(crate) async fn sweep(core: &Core) -> Result<()> {
    let before = core.clock.now() - chrono::Duration::hours(KEPT_HOURS);
    let txn = core.db.begin().await?;
    #[expect(clippy::disallowed_methods, reason = "the sweep is for all tenants")]
    job::Entity::delete_many()
        .filter(job::Column::Status.eq(DONE))
        .filter(job::Column::UpdateTime.lt(before))
        .exec(&txn)
        .await?;
    txn.commit().await?;
    Ok(())
}
