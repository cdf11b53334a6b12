//! The keeper looks after what no call does: agents who are gone, queues that somebody forgot to drain, and hints for
//! edges that have missed a push; and it takes the samples of the statistics. Every step is a conditional update, so any number of cores may keep.

use std::sync::Arc;
use std::time::Duration;

use kefu_proto::realtime::v1::{Head, Push, push};
use kefu_proto::session::v1::session::Status;
use sea_orm::{ColumnTrait, QueryFilter, QuerySelect};

use crate::Core;
use crate::db::{Scoped, TenantId, code};
use crate::error::Result;
use crate::session::entity::chat_session;
use crate::session::{agent, assign, viewer};
use crate::stats::Sampler;

/// Between two rounds.
const ROUND: Duration = Duration::from_secs(1);
/// How far back a round looks for new messages: a few rounds, so that a late one is seen.
const RECENT_SECONDS: i64 = 4;
/// Rounds between two announcements to all queues: expected waits change without anybody moving.
const ANNOUNCE: u64 = 30;
/// Rounds between two sweeps of old jobs.
const SWEEP: u64 = 3600;

/// Keeps until the core stops.
pub(crate) async fn run(core: Arc<Core>) {
    let mut rounds = tokio::time::interval(ROUND);
    rounds.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut sampler = Sampler::default();
    for number in 0u64.. {
        tokio::select! {
            () = core.stop.cancelled() => return,
            _ = rounds.tick() => {}
        }
        if let Err(error) = round(&core, number).await {
            tracing::warn!(%error, "the keeper's round failed");
        }
        if let Err(error) = sampler.look(&core).await {
            tracing::warn!(%error, "no sample could be taken");
        }
    }
}

async fn round(core: &Core, number: u64) -> Result<()> {
    for agent in agent::gone(core).await? {
        agent::dismiss(core, &agent).await?;
    }
    for (tenant, team) in teams_that_wait(core).await? {
        assign::drain(core, TenantId(tenant), team).await;
        if number % ANNOUNCE == ANNOUNCE - 1 {
            core.moves.note(TenantId(tenant), team);
        }
    }
    viewer::dismiss(core).await?;
    tell_heads(core).await?;
    if number % SWEEP == SWEEP - 1 {
        crate::job::sweep(core).await?;
        crate::stats::sweep(core).await?;
        viewer::sweep(core).await?;
    }
    Ok(())
}

async fn teams_that_wait(core: &Core) -> Result<Vec<(i64, i64)>> {
    let teams = chat_session::Entity::of_all_tenants()
        .filter(chat_session::Column::Status.eq(code(Status::Queued)))
        .select_only()
        .column(chat_session::Column::TenantId)
        .column(chat_session::Column::TeamId)
        .distinct()
        .into_tuple()
        .all(core.db.read())
        .await?;
    Ok(teams)
}

/// Tells the edges the newest sequence of the sessions that got messages of late.
async fn tell_heads(core: &Core) -> Result<()> {
    let since = core.clock.now() - chrono::Duration::seconds(RECENT_SECONDS);
    let heads: Vec<(i64, i64, i32)> = chat_session::Entity::of_all_tenants()
        .filter(chat_session::Column::LastMessageTime.gt(since))
        .select_only()
        .column(chat_session::Column::TenantId)
        .column(chat_session::Column::Id)
        .column(chat_session::Column::LastSeq)
        .into_tuple()
        .all(core.db.read())
        .await?;
    let mut tenants: std::collections::BTreeMap<i64, Vec<Head>> = std::collections::BTreeMap::new();
    for (tenant, session_id, seq) in heads {
        tenants.entry(tenant).or_default().push(Head { session_id, seq });
    }
    for (tenant_id, heads) in tenants {
        let what = Some(push::What::Heads(push::Heads { heads }));
        core.bus.publish(Push { tenant_id, recipients: Vec::new(), what });
    }
    Ok(())
}
