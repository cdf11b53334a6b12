//! Samples: how things stand, taken once in each slot of time.

use std::collections::{BTreeMap, BTreeSet};

use chrono::Duration;
use kefu_proto::session::v1::session::Status;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QuerySelect};

use crate::Core;
use crate::clock::Time;
use crate::db::{Scoped, TenantId, code, stamp};
use crate::error::{Error, Result};
use crate::session::entity::chat_session;
use crate::session::query::online;
use crate::stats::entity::stats_sample;
use crate::tenant::entity::tenant;

/// Seconds of a slot.
pub(super) const SLOT_SECONDS: i64 = 300;
/// How long samples are kept.
const KEPT_DAYS: i64 = 7;
/// Rows in one statement.
const CHUNK: usize = 200;

/// The number of the slot that a time falls into.
pub(super) fn slot(time: Time) -> i64 {
    time.timestamp().div_euclid(SLOT_SECONDS)
}

/// Whole seconds, none of them negative.
pub(super) fn seconds(time: Duration) -> i32 {
    i32::try_from(Ord::max(time.num_seconds(), 0)).unwrap_or(i32::MAX)
}

/// Takes a sample when a new slot has begun.
#[derive(Debug, Default)]
pub(crate) struct Sampler {
    last: i64,
}

impl Sampler {
    /// Takes one if none was taken in this slot.
    pub(crate) async fn look(&mut self, core: &Core) -> Result<()> {
        let slot = slot(core.clock.now());
        if slot != self.last {
            take(core, slot).await?;
            self.last = slot;
        }
        Ok(())
    }
}

/// What was going on in a team, or in the whole tenant.
#[derive(Clone, Copy, Debug, Default)]
struct Figures {
    queued: i32,
    longest_wait: i32,
    active: i32,
    agents_online: i32,
}

impl Figures {
    fn add(&mut self, other: Self) {
        self.queued += other.queued;
        self.longest_wait = Ord::max(self.longest_wait, other.longest_wait);
        self.active += other.active;
    }
}

/// Writes the sample of a slot for every tenant; another core may have been quicker.
async fn take(core: &Core, slot: i64) -> Result<()> {
    let written = stats_sample::Entity::of_all_tenants().filter(stats_sample::Column::Slot.eq(slot)).limit(1);
    if written.one(core.db.read()).await?.is_some() {
        return Ok(());
    }
    let now = core.clock.now();
    let rows = figures(core, now).await?.into_iter().map(|((tenant, team_id), figures)| {
        let mut row = stats_sample::ActiveModel {
            slot: Set(slot),
            team_id: Set(team_id),
            queued: Set(figures.queued),
            longest_wait: Set(figures.longest_wait),
            active: Set(figures.active),
            agents_online: Set(figures.agents_online),
            ..Default::default()
        };
        stamp(&mut row, TenantId(tenant), 0, now);
        row
    });
    match write(core, rows.collect()).await {
        Err(error) if error.is_duplicate() => Ok(()),
        outcome => outcome,
    }
}

async fn write(core: &Core, rows: Vec<stats_sample::ActiveModel>) -> Result<()> {
    let txn = core.db.begin().await?;
    for chunk in rows.chunks(CHUNK) {
        stats_sample::Entity::insert_many(chunk.to_vec()).exec_without_returning(&txn).await?;
    }
    txn.commit().await.map_err(Error::from)
}

/// What is going on, by tenant and team; with team 0 in all of the tenant.
async fn figures(core: &Core, now: Time) -> Result<BTreeMap<(i64, i64), Figures>> {
    let db = core.db.read();
    let mut teams: BTreeMap<(i64, i64), Figures> = BTreeMap::new();
    for (tenant, team, status, count, first) in sessions(core).await? {
        let count = i32::try_from(count).unwrap_or(i32::MAX);
        let figures = teams.entry((tenant, team)).or_default();
        if status == code(Status::Active) {
            figures.active = count;
            continue;
        }
        figures.queued = count;
        figures.longest_wait = first.map_or(0, |first| seconds(now - first));
    }
    let mut people: BTreeMap<i64, BTreeSet<i64>> = BTreeMap::new();
    for agent in online(db, None, now).await? {
        teams.entry((agent.tenant_id, agent.team_id)).or_default().agents_online += 1;
        people.entry(agent.tenant_id).or_default().insert(agent.user_id);
    }
    let tenants: Vec<i64> =
        tenant::Entity::of_all_tenants().select_only().column(tenant::Column::Id).into_tuple().all(db).await?;
    let mut all: BTreeMap<(i64, i64), Figures> = tenants.into_iter().map(|id| ((id, 0), Figures::default())).collect();
    for ((tenant, _), figures) in &teams {
        all.entry((*tenant, 0)).or_default().add(*figures);
    }
    for (tenant, people) in people {
        all.entry((tenant, 0)).or_default().agents_online = i32::try_from(people.len()).unwrap_or(i32::MAX);
    }
    all.extend(teams);
    Ok(all)
}

/// Tenant, team and status of the open sessions, how many there are of each, and since when the first waits.
async fn sessions(core: &Core) -> Result<Vec<(i64, i64, i16, i64, Option<Time>)>> {
    use chat_session::Column as C;
    let rows = chat_session::Entity::of_all_tenants()
        .filter(C::Status.is_in([code(Status::Queued), code(Status::Active)]))
        .select_only()
        .column(C::TenantId)
        .column(C::TeamId)
        .column(C::Status)
        .column_as(Expr::col(C::Id).count(), "count")
        .column_as(Expr::col(C::QueueTime).min(), "first")
        .group_by(C::TenantId)
        .group_by(C::TeamId)
        .group_by(C::Status)
        .into_tuple()
        .all(core.db.read())
        .await?;
    Ok(rows)
}

/// Removes samples that nobody asks for any more.
pub(crate) async fn sweep(core: &Core) -> Result<()> {
    let before = slot(core.clock.now() - Duration::days(KEPT_DAYS));
    let txn = core.db.begin().await?;
    #[expect(clippy::disallowed_methods, reason = "the sweep is for all tenants")]
    stats_sample::Entity::delete_many().filter(stats_sample::Column::Slot.lt(before)).exec(&txn).await?;
    txn.commit().await.map_err(Error::from)
}
