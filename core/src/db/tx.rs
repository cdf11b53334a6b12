//! The transaction of a method: what it writes is stamped, audited, committed, and only then told to others.

use std::ops::Deref;
use std::str::FromStr;
use std::sync::atomic::Ordering;

use kefu_planted::{Bug, planted};
use kefu_proto::realtime::v1 as realtime;
use sea_orm::{
    ActiveModelBehavior, ActiveModelTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, Value,
};

pub(crate) use realtime::Push;

use crate::Core;
use crate::access::Ctx;
use crate::access::audit;
use crate::clock::Time;
use crate::db::TenantId;
use crate::error::Result;
use crate::event::Event;
use crate::job::Job;

/// A transaction with what has to happen after it. Dropped without [`Tx::commit`], it leaves nothing behind.
pub(crate) struct Tx<'a> {
    core: &'a Core,
    ctx: &'a Ctx,
    txn: DatabaseTransaction,
    now: Time,
    pushes: Vec<Push>,
    events: bool,
}

impl<'a> Tx<'a> {
    /// Begins a transaction for a caller.
    pub(crate) async fn begin(core: &'a Core, ctx: &'a Ctx) -> Result<Self> {
        let txn = core.db.begin().await?;
        Ok(Self { core, ctx, txn, now: core.clock.now(), pushes: Vec::new(), events: false })
    }

    /// The time of everything in this transaction.
    pub(crate) fn now(&self) -> Time {
        self.now
    }

    /// Whose transaction it is.
    pub(crate) fn ctx(&self) -> &'a Ctx {
        self.ctx
    }

    /// Goes on as somebody whom the work itself has identified: what follows, and the operation log, name them.
    pub(crate) fn act_as(&mut self, ctx: &'a Ctx) {
        self.ctx = ctx;
    }

    /// The core.
    pub(crate) fn core(&self) -> &'a Core {
        self.core
    }

    /// Inserts a row of the caller's tenant, with the common fields set.
    pub(crate) async fn insert<A>(&self, row: A) -> Result<<A::Entity as EntityTrait>::Model>
    where
        A: ActiveModelTrait + ActiveModelBehavior + Send,
        <A::Entity as EntityTrait>::Model: IntoActiveModel<A> + Sync,
    {
        insert_row(&self.txn, self.ctx.tenant, self.ctx.principal.id, self.now, row).await
    }

    /// Updates a row that was read within the tenant, with `update_time` and `update_by` set.
    pub(crate) async fn update<A>(&self, mut row: A) -> Result<<A::Entity as EntityTrait>::Model>
    where
        A: ActiveModelTrait + ActiveModelBehavior + Send,
        <A::Entity as EntityTrait>::Model: IntoActiveModel<A> + Sync,
    {
        set(&mut row, "update_time", self.now.into());
        set(&mut row, "update_by", self.ctx.principal.id.into());
        Ok(row.update(&self.txn).await?)
    }

    /// Marks a row that was read within the tenant as deleted.
    pub(crate) async fn delete<A>(&self, mut row: A) -> Result<()>
    where
        A: ActiveModelTrait + ActiveModelBehavior + Send,
        <A::Entity as EntityTrait>::Model: IntoActiveModel<A> + Sync,
    {
        set(&mut row, "deleted", 1i16.into());
        self.update(row).await?;
        Ok(())
    }

    /// Sends something to people after the commit. What must not be lost is a row besides; this is the hint.
    pub(crate) fn push(&mut self, push: Push) {
        self.pushes.push(push);
    }

    /// Records a domain event, and a job for the notifications that it calls for; returns the event's id.
    pub(crate) async fn emit(&mut self, event: &Event) -> Result<i64> {
        self.events = true;
        crate::event::record(&self.txn, self.ctx.tenant, self.now, event).await
    }

    /// Enqueues a job in this transaction.
    pub(crate) async fn enqueue(&mut self, due: Time, job: &Job) -> Result<()> {
        self.events = true;
        crate::job::enqueue(&self.txn, self.ctx.tenant, self.now, due, job).await
    }

    /// Writes the operation-log row if the method asks for one, commits, and tells the others.
    pub(crate) async fn commit(self) -> Result<()> {
        if planted(Bug::AuditOutside) {
            self.txn.commit().await?;
            let later = self.core.db.begin().await?;
            audit::record(&later, self.ctx, self.now).await?;
            later.commit().await?;
        } else {
            audit::record(&self.txn, self.ctx, self.now).await?;
            self.txn.commit().await?;
        }
        self.ctx.call.committed.store(true, Ordering::Relaxed);
        for push in self.pushes {
            self.core.bus.publish(push);
        }
        if self.events {
            self.core.jobs.wake();
        }
        Ok(())
    }
}

impl Deref for Tx<'_> {
    type Target = DatabaseTransaction;

    fn deref(&self) -> &DatabaseTransaction {
        &self.txn
    }
}

/// Inserts a row with the common fields set.
pub(crate) async fn insert_row<A>(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    by: i64,
    now: Time,
    mut row: A,
) -> Result<<A::Entity as EntityTrait>::Model>
where
    A: ActiveModelTrait + ActiveModelBehavior + Send,
    <A::Entity as EntityTrait>::Model: IntoActiveModel<A> + Sync,
{
    stamp(&mut row, tenant, by, now);
    Ok(row.insert(db).await?)
}

/// Sets the common fields of a new row.
pub(crate) fn stamp<A: ActiveModelTrait>(row: &mut A, tenant: TenantId, by: i64, now: Time) {
    set(row, "tenant_id", tenant.0.into());
    set(row, "create_time", now.into());
    set(row, "update_time", now.into());
    set(row, "create_by", by.into());
    set(row, "update_by", by.into());
    set(row, "deleted", 0i16.into());
}

pub(super) fn set<A: ActiveModelTrait>(row: &mut A, name: &str, value: Value) {
    // Every table has the common columns; see the `entity!` notation.
    if let Ok(column) = <A::Entity as EntityTrait>::Column::from_str(name) {
        row.set(column, value);
    }
}
