//! The RealtimeService: what an edge needs to serve sockets.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;

use chrono::Duration;
use futures_util::{Stream, StreamExt, stream};
use kefu_proto::common::v1::Empty;
use kefu_proto::common::v1::principal::Kind;
use kefu_proto::realtime::v1::heartbeat_request::Presence;
use kefu_proto::realtime::v1::realtime_service_server::RealtimeService;
use kefu_proto::realtime::v1::{
    Head, HeartbeatRequest, HeartbeatResponse, MessageFrame, OpenConnectionRequest, OpenConnectionResponse, Push,
    WatchRequest, push,
};
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, QuerySelect};
use tokio_stream::wrappers::BroadcastStream;
use tonic::{Request, Response, Status as RpcStatus, async_trait};

use crate::Core;
use crate::access::{Ctx, enter};
use crate::db::{Scoped, TenantId};
use crate::error::Result;
use crate::realtime::heads::heads;
use crate::session::agent;
use crate::session::audience::message_frame;
use crate::session::entity::chat_message;

/// Between two heartbeats of an edge: several fit into the lease.
const HEARTBEAT_MS: i32 = 10_000;
/// A message can be recalled for a day at most.
const RECALLS_HOURS: i64 = 24;
/// Recalls told to one connection at most, the newest.
const RECALLS_MOST: u64 = 500;
/// People in one statement.
const CHUNK: usize = 500;

/// See the module.
pub(crate) struct Rpc(pub(crate) Arc<Core>);

#[async_trait]
impl RealtimeService for Rpc {
    async fn open_connection(
        &self,
        request: Request<OpenConnectionRequest>,
    ) -> Result<Response<OpenConnectionResponse>, RpcStatus> {
        let (ctx, req) = enter(request)?;
        let notifications = match req.notification_id {
            Some(after) if ctx.is_staff() => crate::notification::after(self.0.db.read(), &ctx, after).await?,
            _ => Vec::new(),
        };
        let heads = heads(&self.0, &ctx, &req.session_ids).await?;
        let recalls = if req.session_ids.is_empty() { Vec::new() } else { recalls(&self.0, &ctx, &heads).await? };
        Ok(Response::new(OpenConnectionResponse {
            principal: Some(ctx.principal.message()),
            tenant_id: ctx.tenant.0,
            login_session_id: ctx.principal.login_session_id,
            expire_time: ctx.call.token_expires,
            epoch: self.0.epoch.clone(),
            recalls,
            heads,
            notifications,
            newest_notification_id: crate::notification::newest(self.0.db.read(), &ctx).await?,
        }))
    }

    type WatchStream = Pin<Box<dyn Stream<Item = Result<Push, RpcStatus>> + Send>>;

    async fn watch(&self, request: Request<WatchRequest>) -> Result<Response<Self::WatchStream>, RpcStatus> {
        enter(request)?;
        let pushes = BroadcastStream::new(self.0.bus.subscribe());
        let ready = Push { tenant_id: 0, recipients: Vec::new(), what: Some(push::What::Ready(Empty {})) };
        // An edge that was too slow has missed something: the stream ends, and the edge reads what is missing.
        let pushes = pushes.map(|push| push.map_err(|_| RpcStatus::data_loss("pushes were lost; read the gaps")));
        let stop = self.0.stop.clone().cancelled_owned();
        let all = stream::once(async move { Ok(ready) }).chain(pushes).take_until(stop);
        Ok(Response::new(Box::pin(all)))
    }

    async fn heartbeat(&self, request: Request<HeartbeatRequest>) -> Result<Response<HeartbeatResponse>, RpcStatus> {
        let (_, req) = enter(request)?;
        for group in req.presences.chunks(CHUNK) {
            note(&self.0, group).await?;
        }
        Ok(Response::new(HeartbeatResponse { next_ms: HEARTBEAT_MS }))
    }
}

/// Messages of these sessions that were recalled of late.
async fn recalls(core: &Core, ctx: &Ctx, heads: &[Head]) -> Result<Vec<MessageFrame>> {
    use chat_message::Column as C;
    if heads.is_empty() {
        return Ok(Vec::new());
    }
    let rows = chat_message::Entity::of(ctx.tenant)
        .filter(C::SessionId.is_in(heads.iter().map(|h| h.session_id)))
        .filter(C::Recalled.eq(true))
        .filter(C::UpdateTime.gt(core.clock.now() - Duration::hours(RECALLS_HOURS)))
        .order_by_desc(C::UpdateTime)
        .limit(RECALLS_MOST)
        .all(core.db.read())
        .await?;
    Ok(rows.iter().map(|row| message_frame(row, None)).collect())
}

/// Writes down who is there and who is not.
async fn note(core: &Core, presences: &[Presence]) -> Result<()> {
    let mut groups: BTreeMap<(i64, i32, bool), Vec<i64>> = BTreeMap::new();
    for presence in presences {
        if let Some(who) = &presence.who {
            groups.entry((presence.tenant_id, who.kind, presence.connected)).or_default().push(who.id);
        }
    }
    let until = core.clock.now() + Duration::seconds(agent::LEASE_SECONDS);
    for ((tenant, kind, connected), ids) in groups {
        let tenant = TenantId(tenant);
        match (Kind::try_from(kind), connected) {
            (Ok(Kind::User), true) => agent::renew(core, tenant, &ids, until).await?,
            (Ok(Kind::User), false) => {
                for id in ids {
                    agent::left(core, tenant, id).await?;
                }
            }
            (Ok(Kind::Customer), online) => agent::customer_seen(core, tenant, &ids, online).await?,
            _ => {}
        }
    }
    Ok(())
}
