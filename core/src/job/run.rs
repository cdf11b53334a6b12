//! Runs jobs as they fall due.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::{DEAD, DONE, Job, WAITING, job};
use crate::Core;
use crate::access::Ctx;
use crate::clock::Time;
use crate::db::{Scoped, TenantId};
use crate::error::Result;

/// How long a job may run before another core takes it over.
const LEASE: Duration = Duration::from_secs(60);
/// How often the table is looked at without being woken.
const IDLE: Duration = Duration::from_secs(1);
/// Jobs taken in one look.
const BATCH: u64 = 512;
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

/// Claims and runs what is due; returns how many rows were due. What is claimed together is committed together, and so
/// is what has ended: a commit of one's own for each job would cost the messages theirs.
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
    if found > 0 {
        let claimed = claim(core, due).await?;
        let ended = work(core, claimed).await;
        finish(core, ended).await?;
    }
    Ok(u64::try_from(found).unwrap_or(0))
}

/// Takes the jobs that no other core was quicker to take. The fence is the number of this claim: a core whose lease
/// has run out cannot finish what somebody else has taken over.
async fn claim(core: &Core, due: Vec<job::Model>) -> Result<Vec<job::Model>> {
    let read: HashMap<i64, i64> = due.iter().map(|row| (row.id, row.fence)).collect();
    let txn = core.db.begin().await?;
    let held = job::Entity::of_all_tenants()
        .filter(job::Column::Id.is_in(read.keys().copied()))
        .filter(job::Column::Status.eq(WAITING))
        .order_by_asc(job::Column::DueTime)
        .order_by_asc(job::Column::Id)
        .lock_exclusive()
        .all(&txn)
        .await?;
    let mut claimed: Vec<_> = held.into_iter().filter(|row| read.get(&row.id) == Some(&row.fence)).collect();
    for (tenant, ids) in by_tenant(&claimed) {
        job::Entity::change(tenant)
            .col_expr(job::Column::Fence, Expr::col(job::Column::Fence).add(1))
            .col_expr(job::Column::LeaseUntil, Expr::value(core.clock.now() + LEASE))
            .col_expr(job::Column::Attempts, Expr::col(job::Column::Attempts).add(1))
            .filter(job::Column::Id.is_in(ids))
            .exec(&txn)
            .await?;
    }
    txn.commit().await?;
    for row in &mut claimed {
        row.fence += 1;
        row.attempts += 1;
    }
    Ok(claimed)
}

fn by_tenant<'a>(rows: impl IntoIterator<Item = &'a job::Model>) -> BTreeMap<TenantId, Vec<i64>> {
    let mut ids: BTreeMap<TenantId, Vec<i64>> = BTreeMap::new();
    for row in rows {
        ids.entry(TenantId(row.tenant_id)).or_default().push(row.id);
    }
    ids
}

/// A job that has been run, and how it went.
type Ended = (job::Model, Result<(), String>);

async fn work(core: &Arc<Core>, claimed: Vec<job::Model>) -> Vec<Ended> {
    let mut ended = Vec::with_capacity(claimed.len());
    for row in claimed {
        let outcome = match serde_json::from_value(row.payload.clone()) {
            Ok(job) => run_one(core, TenantId(row.tenant_id), job).await.map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        ended.push((row, outcome));
    }
    ended
}

async fn run_one(core: &Arc<Core>, tenant: TenantId, job: Job) -> Result<()> {
    let ctx = Ctx::system(tenant);
    match job {
        Job::Notify { event_id, event } => crate::notification::on_event(core, &ctx, event_id, &event).await,
        Job::Unindex { message_id } => crate::session::search::remove(core, tenant, message_id).await,
        Job::ExpireTransfer { session_id } => crate::session::transfer::expire(core, &ctx, session_id).await,
        Job::CheckSilence { session_id } => crate::session::silence::check(core, &ctx, session_id).await,
    }
}

/// Writes down how it went: done, another try after a while, or given up.
async fn finish(core: &Core, ended: Vec<Ended>) -> Result<()> {
    let now = core.clock.now();
    let txn = core.db.begin().await?;
    let (done, failed): (Vec<_>, Vec<_>) = ended.into_iter().partition(|(_, outcome)| outcome.is_ok());
    let change = |tenant| {
        job::Entity::change(tenant)
            .col_expr(job::Column::LeaseUntil, Expr::value(Option::<Time>::None))
            .col_expr(job::Column::UpdateTime, Expr::value(now))
    };
    let mut by_fence: BTreeMap<(TenantId, i64), Vec<i64>> = BTreeMap::new();
    for (row, _) in &done {
        by_fence.entry((TenantId(row.tenant_id), row.fence)).or_default().push(row.id);
    }
    for ((tenant, fence), ids) in by_fence {
        let done = change(tenant).col_expr(job::Column::Status, Expr::value(DONE));
        done.filter(job::Column::Id.is_in(ids)).filter(job::Column::Fence.eq(fence)).exec(&txn).await?;
    }
    for (row, outcome) in failed {
        let error = outcome.err().unwrap_or_default();
        let (attempts, dead) = (row.attempts, row.attempts >= TRIES);
        tracing::warn!(job = row.id, kind = row.kind, attempts, dead, %error, "a job failed");
        let wait = chrono::Duration::seconds(2i64.saturating_pow(attempts.clamp(0, 12).unsigned_abs()));
        change(TenantId(row.tenant_id))
            .col_expr(job::Column::Status, Expr::value(if dead { DEAD } else { WAITING }))
            .col_expr(job::Column::DueTime, Expr::value(now + wait))
            .col_expr(job::Column::Error, Expr::value(error))
            .filter(job::Column::Id.eq(row.id))
            .filter(job::Column::Fence.eq(row.fence))
            .exec(&txn)
            .await?;
    }
    txn.commit().await?;
    Ok(())
}

/// Removes jobs that were done long ago; dead ones stay.
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
