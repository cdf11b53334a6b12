//! How the open sessions of those who connect stand. After an outage everybody comes back at once, so one statement
//! reads for all of a tenant who wait: it begins after they have asked, and misses nothing that was committed before.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use futures_util::future::join_all;
use kefu_proto::common::v1::ErrorReason;
use kefu_proto::realtime::v1::Head;
use kefu_proto::session::v1::session::Status;
use sea_orm::sea_query::SimpleExpr;
use sea_orm::{ColumnTrait, QueryFilter, QuerySelect};
use tokio::sync::{mpsc, oneshot};

use crate::Core;
use crate::access::Ctx;
use crate::db::{Scoped, TenantId, code, portions};
use crate::error::{Result, refuse};
use crate::session::entity::chat_session::{Column, Entity};

/// Those who are read for together.
const TOGETHER: usize = 512;
/// Those who may wait; more are told to come back.
const WAITING: usize = 65_536;

/// Which side of their sessions somebody is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Side {
    Agent,
    Customer,
}

impl Side {
    fn of(ctx: &Ctx) -> Self {
        if ctx.is_customer() { Self::Customer } else { Self::Agent }
    }

    fn column(self) -> Column {
        match self {
            Self::Agent => Column::AgentId,
            Self::Customer => Column::CustomerId,
        }
    }

    /// What somebody on this side takes part in.
    fn open(self) -> SimpleExpr {
        match self {
            Self::Agent => Column::Status.eq(code(Status::Active)),
            Self::Customer => Column::Status.ne(code(Status::Closed)),
        }
    }
}

/// Somebody who connects.
pub(crate) struct Ask {
    tenant: TenantId,
    side: Side,
    id: i64,
    answer: oneshot::Sender<Vec<Head>>,
}

/// The way to whoever reads.
#[derive(Debug)]
pub(crate) struct Heads(mpsc::Sender<Ask>);

impl Heads {
    /// The way in, and what the task that reads takes from.
    pub(crate) fn new() -> (Self, mpsc::Receiver<Ask>) {
        let (sender, receiver) = mpsc::channel(WAITING);
        (Self(sender), receiver)
    }

    /// The sessions the caller takes part in.
    async fn open(&self, ctx: &Ctx) -> Result<Vec<Head>> {
        let (answer, answered) = oneshot::channel();
        let ask = Ask { tenant: ctx.tenant, side: Side::of(ctx), id: ctx.principal.id, answer };
        self.0.try_send(ask).map_err(|_| refuse(ErrorReason::Unavailable))?;
        answered.await.map_err(|_| refuse(ErrorReason::Unavailable))
    }
}

/// The sessions the caller takes part in, and those of `read` that are the caller's, whether they are over or not.
pub(super) async fn heads(core: &Core, ctx: &Ctx, read: &[i64]) -> Result<Vec<Head>> {
    let mut heads = core.heads.open(ctx).await?;
    let known: Vec<i64> = heads.iter().map(|head| head.session_id).collect();
    let read: Vec<i64> = read.iter().copied().filter(|id| !known.contains(id)).collect();
    for ids in portions(&read) {
        let own = Side::of(ctx).column().eq(ctx.principal.id);
        let select = Entity::of(ctx.tenant).filter(own).filter(Column::Id.is_in(ids.iter().copied()));
        let rows = select.select_only().columns([Column::Id, Column::LastSeq]).into_tuple::<(i64, i32)>();
        heads.extend(rows.all(core.db.read()).await?.into_iter().map(|(session_id, seq)| Head { session_id, seq }));
    }
    Ok(heads)
}

/// Reads until the core stops.
pub(crate) async fn run(core: Arc<Core>, mut asks: mpsc::Receiver<Ask>) {
    let mut waiting = Vec::new();
    while let Some(1..) = core.stop.run_until_cancelled(asks.recv_many(&mut waiting, TOGETHER)).await {
        let mut groups: BTreeMap<(TenantId, Side), Vec<Ask>> = BTreeMap::new();
        for ask in waiting.drain(..) {
            groups.entry((ask.tenant, ask.side)).or_default().push(ask);
        }
        join_all(groups.into_iter().map(|((tenant, side), asks)| answer(&core, tenant, side, asks))).await;
    }
}

/// Answers those of one side of a tenant; whoever gets no answer is told to come back.
async fn answer(core: &Core, tenant: TenantId, side: Side, asks: Vec<Ask>) {
    let mut ids: Vec<i64> = asks.iter().map(|ask| ask.id).collect();
    ids.sort_unstable();
    ids.dedup();
    match open(core, tenant, side, &ids).await {
        Ok(heads) => {
            for ask in asks {
                // Whoever is gone meanwhile does not need it.
                let _ = ask.answer.send(heads.get(&ask.id).cloned().unwrap_or_default());
            }
        }
        Err(error) => tracing::warn!(%error, "it could not be read how sessions stand"),
    }
}

async fn open(core: &Core, tenant: TenantId, side: Side, ids: &[i64]) -> Result<HashMap<i64, Vec<Head>>> {
    let mut heads: HashMap<i64, Vec<Head>> = HashMap::new();
    for ids in portions(ids) {
        let select = Entity::of(tenant).filter(side.column().is_in(ids.iter().copied())).filter(side.open());
        let columns = [side.column(), Column::Id, Column::LastSeq];
        let rows = select.select_only().columns(columns).into_tuple::<(i64, i64, i32)>();
        for (id, session_id, seq) in rows.all(core.db.read()).await? {
            heads.entry(id).or_default().push(Head { session_id, seq });
        }
    }
    Ok(heads)
}
