//! The SessionService.

use std::sync::Arc;
use std::time::Duration;

use kefu_proto::common::v1::Empty;
use kefu_proto::direct::Place;
use kefu_proto::realtime::v1::{Typing, frame};
use kefu_proto::session::v1::assignment::Method;
use kefu_proto::session::v1::session::{Channel, CloseReason, Status};
use kefu_proto::session::v1::session_service_server::SessionService;
use kefu_proto::session::v1::{
    AcceptTransferRequest, AckMessagesRequest, AssignSessionRequest, BatchAssignSessionsRequest,
    BatchAssignSessionsResponse, CloseSessionRequest, CreateNoteRequest, CreateSessionRequest, DeclineTransferRequest,
    GetSessionRequest, LeaveMessageRequest, ListAssignmentsRequest, ListAssignmentsResponse, ListMessagesRequest,
    ListMessagesResponse, ListNotesRequest, ListNotesResponse, ListSessionsRequest, ListSessionsResponse,
    ListUnassignedSessionsRequest, MarkSessionUnreadRequest, Message, Note, PrioritizeSessionRequest,
    RateSessionRequest, ReassignSessionRequest, RecallMessageRequest, SendMessageRequest, SendMessageResponse,
    SendTypingRequest, Session, TakeOverSessionRequest, TransferSessionRequest, UnmarkSessionUnreadRequest,
    ViewSessionRequest, ViewSessionResponse,
};
use sea_orm::{ActiveValue::Set, ColumnTrait, IntoActiveModel, QueryFilter, QueryOrder};
use tonic::{Request, Response, Status as RpcStatus, async_trait};

use crate::Core;
use crate::access::enter;
use crate::customer::entity::customer;
use crate::db::{Page, Scoped, Tx};
use crate::error::{Result, forbidden, invalid, not_found};
use crate::session::assign::{Claim, drain, hand_over};
use crate::session::entity::{chat_session, session_assignment, session_note};
use crate::session::open::{self, Opening};
use crate::session::state::{demand_status, lock_visible, requeue, save, status};
use crate::session::{audience, close, list, mark, message, note, query, recall, transfer, view, viewer};
use crate::team::entity::team;

/// See the module.
pub(crate) struct Rpc(pub(crate) Arc<Core>);

impl Rpc {
    /// What every change of a session ends with: commit, tell, and the session as the caller sees it. `before` is
    /// whose it was.
    async fn done(&self, tx: Tx<'_>, session: chat_session::Model, before: i64) -> Result<Response<Session>> {
        let ctx = tx.ctx();
        tx.commit().await?;
        audience::announce(&self.0, ctx.tenant, &session, &[before]).await;
        Ok(Response::new(view::one(&self.0, ctx, session).await?))
    }

    /// The same, where capacity or a waiting session may have appeared.
    async fn done_and_drain(&self, tx: Tx<'_>, session: chat_session::Model, before: i64) -> Result<Response<Session>> {
        let (ctx, team_id, id) = (tx.ctx(), session.team_id, session.id);
        tx.commit().await?;
        audience::announce(&self.0, ctx.tenant, &session, &[before]).await;
        drain(&self.0, ctx.tenant, team_id).await;
        let session = chat_session::Entity::one(ctx.tenant, id).one(self.0.db.read()).await?.unwrap_or(session);
        Ok(Response::new(view::one(&self.0, ctx, session).await?))
    }

    /// The same, where those who wait may have moved.
    async fn done_and_move(&self, tx: Tx<'_>, session: chat_session::Model, before: i64) -> Result<Response<Session>> {
        let (tenant, team_id) = (tx.ctx().tenant, session.team_id);
        let response = self.done_and_drain(tx, session, before).await?;
        self.0.moves.note(tenant, team_id);
        Ok(response)
    }
}

#[async_trait]
impl SessionService for Rpc {
    async fn list_sessions(
        &self,
        request: Request<ListSessionsRequest>,
    ) -> Result<Response<ListSessionsResponse>, RpcStatus> {
        let (ctx, req) = enter(request)?;
        Ok(Response::new(list::sessions(&self.0, &ctx, &req).await?))
    }

    async fn get_session(&self, request: Request<GetSessionRequest>) -> Result<Response<Session>, RpcStatus> {
        let (ctx, req) = enter(request)?;
        let session = query::visible_session(self.0.db.read(), &ctx, req.id).await?;
        Ok(Response::new(view::one(&self.0, &ctx, session).await?))
    }

    async fn create_session(&self, request: Request<CreateSessionRequest>) -> Result<Response<Session>, RpcStatus> {
        let (ctx, req) = enter(request)?;
        let mut tx = self.0.begin(&ctx).await?;
        let customer_id = match (ctx.is_customer(), req.customer_id) {
            (true, 0) => ctx.principal.id,
            (true, _) => return Err(invalid("customer_id", "unknown_field").into()),
            (false, 0) => return Err(invalid("customer_id", "required").into()),
            (false, id) => id,
        };
        let customer =
            customer::Entity::one(ctx.tenant, customer_id).one(&*tx).await.map_err(crate::error::Error::from)?;
        let customer = customer.ok_or_else(|| not_found("customer"))?;
        let team = team_for(&tx, &customer, req.team_id).await?;
        let channel = if ctx.is_customer() { Channel::Web } else { Channel::Staff };
        let (problem_type, question) = (&*req.problem_type, req.question.trim());
        let session =
            Opening { customer: &customer, team: &team, channel, problem_type, question }.open(&mut tx).await?;
        Ok(self.done_and_drain(tx, session, 0).await?)
    }

    async fn close_session(&self, request: Request<CloseSessionRequest>) -> Result<Response<Session>, RpcStatus> {
        let (ctx, req) = enter(request)?;
        if ctx.is_customer() && !(req.summary.is_empty() && req.problem_type.is_empty()) {
            return Err(forbidden().into());
        }
        let mut tx = self.0.begin(&ctx).await?;
        let mut session = lock_visible(&tx, req.id).await?;
        if status(&session) == Status::Closed {
            return Ok(Response::new(view::one(&self.0, &ctx, session).await?));
        }
        if ctx.is_staff() && session.agent_id != ctx.principal.id {
            ctx.demand("session:assign")?;
        }
        session.summary = req.summary;
        if !req.problem_type.is_empty() {
            session.problem_type = req.problem_type;
        }
        let before = session.agent_id;
        let reason = if ctx.is_customer() { CloseReason::ByCustomer } else { CloseReason::ByStaff };
        let session = close::close(&mut tx, session, reason).await?;
        Ok(self.done_and_move(tx, session, before).await?)
    }

    async fn list_messages(
        &self,
        request: Request<ListMessagesRequest>,
    ) -> Result<Response<ListMessagesResponse>, RpcStatus> {
        let (ctx, req) = enter(request)?;
        let session = query::visible_session(self.0.db.read(), &ctx, req.id).await?;
        Ok(Response::new(list::messages(&self.0, &ctx, &session, &req).await?))
    }

    async fn send_message(
        &self,
        mut request: Request<SendMessageRequest>,
    ) -> Result<Response<SendMessageResponse>, RpcStatus> {
        let place = request.extensions_mut().remove::<Place>();
        let (ctx, req) = enter(request)?;
        let send = list::checked_send(&self.0, &ctx, req).await?;
        Ok(Response::new(self.0.writer.send(send, place).await?))
    }

    async fn recall_message(&self, request: Request<RecallMessageRequest>) -> Result<Response<Message>, RpcStatus> {
        let (ctx, req) = enter(request)?;
        let mut tx = self.0.begin(&ctx).await?;
        let (message, changed) = recall::recall(&mut tx, &req).await?;
        if let Some(session) = changed {
            tx.commit().await?;
            audience::announce(&self.0, ctx.tenant, &session, &[]).await;
        }
        Ok(Response::new(view::message(&message, None)))
    }

    async fn ack_messages(&self, request: Request<AckMessagesRequest>) -> Result<Response<Empty>, RpcStatus> {
        let (ctx, req) = enter(request)?;
        let seq = if req.message_id != 0 { list::seq_of(&self.0, &ctx, &req).await? } else { req.seq };
        let ack = super::writer::Ack { principal: ctx.principal.clone(), session_id: req.id, seq, kind: req.kind() };
        self.0.writer.ack(ack).await?;
        Ok(Response::new(Empty {}))
    }

    async fn mark_session_unread(
        &self,
        request: Request<MarkSessionUnreadRequest>,
    ) -> Result<Response<Session>, RpcStatus> {
        let (ctx, req) = enter(request)?;
        let tx = self.0.begin(&ctx).await?;
        let session = mark::unread(&tx, req.id, req.read_seq).await?;
        Ok(self.done(tx, session, 0).await?)
    }

    async fn unmark_session_unread(
        &self,
        request: Request<UnmarkSessionUnreadRequest>,
    ) -> Result<Response<Session>, RpcStatus> {
        let (ctx, req) = enter(request)?;
        let tx = self.0.begin(&ctx).await?;
        let session = mark::take_back(&tx, req.id).await?;
        Ok(self.done(tx, session, 0).await?)
    }

    async fn send_typing(&self, request: Request<SendTypingRequest>) -> Result<Response<Empty>, RpcStatus> {
        let (ctx, req) = enter(request)?;
        let session = query::visible_session(self.0.db.read(), &ctx, req.id).await?;
        message::may_send(&session, &ctx.principal)?;
        let key = format!("typing:{}:{:?}:{}", req.id, ctx.principal.kind, ctx.principal.id);
        // More than one a second is dropped: nobody waits for it.
        if self.0.limits.take(&key, 1, Duration::from_secs(1)).is_ok() {
            let sender = ctx.principal.message();
            let people = audience::others(&session, &sender);
            let typing = frame::Frame::Typing(Typing { session_id: session.id, sender: Some(sender) });
            self.0.bus.publish(audience::to(ctx.tenant, people, typing));
        }
        Ok(Response::new(Empty {}))
    }

    async fn view_session(
        &self,
        request: Request<ViewSessionRequest>,
    ) -> Result<Response<ViewSessionResponse>, RpcStatus> {
        let (ctx, req) = enter(request)?;
        Ok(Response::new(viewer::view(&self.0, &ctx, &req).await?))
    }

    async fn list_notes(&self, request: Request<ListNotesRequest>) -> Result<Response<ListNotesResponse>, RpcStatus> {
        let (ctx, req) = enter(request)?;
        let session = query::visible_session(self.0.db.read(), &ctx, req.id).await?;
        let page = Page::new(req.page, req.size);
        let select = session_note::Entity::of(ctx.tenant)
            .filter(session_note::Column::SessionId.eq(session.id))
            .order_by_asc(session_note::Column::Id);
        let (rows, total) = page.read(select, self.0.db.read()).await?;
        let list = rows.into_iter().map(view::note).collect();
        Ok(Response::new(ListNotesResponse { list, total, page: page.page, size: page.size, pages: page.pages(total) }))
    }

    async fn create_note(&self, request: Request<CreateNoteRequest>) -> Result<Response<Note>, RpcStatus> {
        let (ctx, req) = enter(request)?;
        let tx = self.0.begin(&ctx).await?;
        let (note, changed) = note::create(&tx, &req).await?;
        if let Some(session) = changed {
            tx.commit().await?;
            audience::announce(&self.0, ctx.tenant, &session, &[]).await;
        }
        Ok(Response::new(view::note(note)))
    }

    async fn transfer_session(&self, request: Request<TransferSessionRequest>) -> Result<Response<Session>, RpcStatus> {
        let (ctx, req) = enter(request)?;
        let mut tx = self.0.begin(&ctx).await?;
        let session = transfer::request(&mut tx, &req).await?;
        Ok(self.done(tx, session, 0).await?)
    }

    async fn accept_transfer(&self, request: Request<AcceptTransferRequest>) -> Result<Response<Session>, RpcStatus> {
        let (ctx, req) = enter(request)?;
        let mut tx = self.0.begin(&ctx).await?;
        let (session, before) = transfer::accept(&mut tx, req.id).await?;
        Ok(self.done_and_drain(tx, session, before).await?)
    }

    async fn decline_transfer(&self, request: Request<DeclineTransferRequest>) -> Result<Response<Session>, RpcStatus> {
        let (ctx, req) = enter(request)?;
        let mut tx = self.0.begin(&ctx).await?;
        let (session, asked) = transfer::decline(&mut tx, req.id, &req.reason).await?;
        Ok(self.done(tx, session, asked).await?)
    }

    async fn list_unassigned_sessions(
        &self,
        request: Request<ListUnassignedSessionsRequest>,
    ) -> Result<Response<ListSessionsResponse>, RpcStatus> {
        let (ctx, req) = enter(request)?;
        Ok(Response::new(list::unassigned(&self.0, &ctx, &req).await?))
    }

    async fn assign_session(&self, request: Request<AssignSessionRequest>) -> Result<Response<Session>, RpcStatus> {
        let (ctx, req) = enter(request)?;
        let mut tx = self.0.begin(&ctx).await?;
        let session = assign(&mut tx, req.id, req.agent_id, &req.reason).await?;
        Ok(self.done_and_move(tx, session, 0).await?)
    }

    async fn batch_assign_sessions(
        &self,
        request: Request<BatchAssignSessionsRequest>,
    ) -> Result<Response<BatchAssignSessionsResponse>, RpcStatus> {
        let (ctx, req) = enter(request)?;
        Ok(Response::new(list::batch_assign(&self.0, &ctx, &req).await?))
    }

    async fn reassign_session(&self, request: Request<ReassignSessionRequest>) -> Result<Response<Session>, RpcStatus> {
        let (ctx, req) = enter(request)?;
        let mut tx = self.0.begin(&ctx).await?;
        let session = lock_visible(&tx, req.id).await?;
        demand_status(&session, &[Status::Active])?;
        let before = session.agent_id;
        let session = match req.agent_id {
            0 => requeue(&mut tx, session, Method::Requeue, &req.reason).await?,
            to if to == before => return Err(invalid("agent_id", "same").into()),
            to => hand_over(&mut tx, session, to, Claim::Asked, Method::Manual, &req.reason).await?,
        };
        Ok(self.done_and_move(tx, session, before).await?)
    }

    async fn take_over_session(
        &self,
        request: Request<TakeOverSessionRequest>,
    ) -> Result<Response<Session>, RpcStatus> {
        let (ctx, req) = enter(request)?;
        let mut tx = self.0.begin(&ctx).await?;
        let session = lock_visible(&tx, req.id).await?;
        demand_status(&session, &[Status::Queued, Status::Active, Status::MessageLeft])?;
        let (before, me) = (session.agent_id, ctx.principal.id);
        if before == me {
            return Ok(Response::new(view::one(&self.0, &ctx, session).await?));
        }
        let session = hand_over(&mut tx, session, me, Claim::Own, Method::TakeOver, &req.reason).await?;
        Ok(self.done_and_move(tx, session, before).await?)
    }

    async fn prioritize_session(
        &self,
        request: Request<PrioritizeSessionRequest>,
    ) -> Result<Response<Session>, RpcStatus> {
        let (ctx, req) = enter(request)?;
        let tx = self.0.begin(&ctx).await?;
        let session = lock_visible(&tx, req.id).await?;
        demand_status(&session, &[Status::Queued])?;
        let version = session.version;
        let mut row = session.into_active_model();
        row.urgent = Set(req.urgent);
        let session = save(&tx, row, version).await?;
        let team_id = session.team_id;
        let response = self.done(tx, session, 0).await?;
        self.0.moves.note(ctx.tenant, team_id);
        Ok(response)
    }

    async fn list_assignments(
        &self,
        request: Request<ListAssignmentsRequest>,
    ) -> Result<Response<ListAssignmentsResponse>, RpcStatus> {
        let (ctx, req) = enter(request)?;
        let db = self.0.db.read();
        let session = query::visible_session(db, &ctx, req.id).await?;
        let page = Page::new(req.page, req.size);
        let select = session_assignment::Entity::of(ctx.tenant)
            .filter(session_assignment::Column::SessionId.eq(session.id))
            .order_by_asc(session_assignment::Column::Id);
        let (rows, total) = page.read(select, db).await?;
        let agents: Vec<i64> =
            rows.iter().flat_map(|r| [r.from_agent_id, r.to_agent_id]).filter(|id| *id != 0).collect();
        let names = crate::user::names(db, ctx.tenant, &agents).await?;
        let list = rows.into_iter().map(|row| view::assignment(row, &names)).collect();
        Ok(Response::new(ListAssignmentsResponse {
            list,
            total,
            page: page.page,
            size: page.size,
            pages: page.pages(total),
        }))
    }

    async fn leave_message(&self, request: Request<LeaveMessageRequest>) -> Result<Response<Session>, RpcStatus> {
        let (ctx, req) = enter(request)?;
        let mut tx = self.0.begin(&ctx).await?;
        let session = open::leave_message(&mut tx, &req).await?;
        let team_id = session.team_id;
        let response = self.done(tx, session, 0).await?;
        self.0.moves.note(ctx.tenant, team_id);
        Ok(response)
    }

    async fn rate_session(&self, request: Request<RateSessionRequest>) -> Result<Response<Session>, RpcStatus> {
        let (ctx, req) = enter(request)?;
        let tx = self.0.begin(&ctx).await?;
        let session = close::rate(&tx, req).await?;
        Ok(self.done(tx, session, 0).await?)
    }
}

/// The team asked for, or the one of the customer's last session or link.
async fn team_for(tx: &Tx<'_>, customer: &customer::Model, team_id: i64) -> Result<team::Model> {
    let tenant = tx.ctx().tenant;
    let last = || {
        chat_session::Entity::of(tenant)
            .filter(chat_session::Column::CustomerId.eq(customer.id))
            .order_by_desc(chat_session::Column::Id)
            .one(&**tx)
    };
    let id = match team_id {
        0 => last().await?.map_or(customer.team_id, |session| session.team_id),
        id => id,
    };
    team::Entity::one(tenant, id).one(&**tx).await?.ok_or_else(|| not_found("team"))
}

/// Gives a waiting session to an agent by a supervisor's word.
pub(crate) async fn assign(tx: &mut Tx<'_>, id: i64, agent_id: i64, reason: &str) -> Result<chat_session::Model> {
    let session = lock_visible(tx, id).await?;
    demand_status(&session, &[Status::Queued, Status::MessageLeft])?;
    hand_over(tx, session, agent_id, Claim::Asked, Method::Manual, reason).await
}
