//! Opening a session: a customer arrives, comes back, or leaves a message instead.

use kefu_proto::common::v1::ErrorReason;
use kefu_proto::common::v1::principal::Kind;
use kefu_proto::session::v1::LeaveMessageRequest;
use kefu_proto::session::v1::session::{Channel, Status};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ActiveValue::Set, ColumnTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QuerySelect};

use crate::customer::entity::customer;
use crate::db::{Scoped, Tx, code};
use crate::error::{Result, not_found, refuse};
use crate::event::Event;
use crate::session::entity::chat_session;
use crate::session::message::{Draft, post, say};
use crate::session::state::{demand_status, lock_visible, save};
use crate::session::{query, queue};
use crate::team::entity::team;

/// A customer who arrives.
pub(crate) struct Opening<'a> {
    /// Who comes.
    pub(crate) customer: &'a customer::Model,
    /// Whom the customer wants.
    pub(crate) team: &'a team::Model,
    /// Which way the customer came.
    pub(crate) channel: Channel,
    /// What it is about; empty if not known.
    pub(crate) problem_type: &'a str,
    /// The customer's first words; empty for none.
    pub(crate) question: &'a str,
}

impl Opening<'_> {
    /// Puts the customer into the team's queue, or continues the session that is open; a question becomes a message.
    /// When the queue takes nobody, a question is kept as a left message; without one the customer is told
    /// (QUEUE_FULL).
    pub(crate) async fn open(&self, tx: &mut Tx<'_>) -> Result<chat_session::Model> {
        let tenant = tx.ctx().tenant;
        // Two tabs of one customer must not open two sessions: the customer's row is the lock.
        let customer = customer::Entity::one(tenant, self.customer.id).lock_exclusive().one(&**tx).await?;
        let customer = customer.ok_or_else(|| not_found("customer"))?;
        let open = chat_session::Entity::of(tenant)
            .filter(chat_session::Column::CustomerId.eq(customer.id))
            .filter(chat_session::Column::Status.ne(code(Status::Closed)))
            .lock_exclusive()
            .one(&**tx)
            .await?;
        let mut session = match open {
            Some(session) => resume(tx, session, self.question).await?,
            None => self.create(tx).await?,
        };
        if !self.question.is_empty() {
            let occasion = format!("question-{}", session.last_seq + 1);
            let draft = Draft::words((Kind::Customer, customer.id, &customer.name), occasion, self.question);
            post(tx, &mut session, draft).await?;
        }
        Ok(session)
    }

    async fn create(&self, tx: &mut Tx<'_>) -> Result<chat_session::Model> {
        let tenant = tx.ctx().tenant;
        let general = crate::settings::general(&**tx, tenant).await?;
        let zone = crate::settings::zone(&general);
        let now = tx.now();
        // Drawing locks the team: of many who come at once, no more are taken than the queue has room for.
        let queue_no = queue::draw(tx, self.team, zone).await?;
        let status = place(tx, self.team, self.question).await?;
        let row = chat_session::ActiveModel {
            customer_id: Set(self.customer.id),
            team_id: Set(self.team.id),
            agent_id: Set(0),
            status: Set(code(status)),
            channel: Set(code(self.channel)),
            problem_type: Set(self.problem_type.to_owned()),
            urgent: Set(false),
            queue_no: Set(queue_no),
            queue_time: Set(now),
            assign_time: Set(None),
            first_reply_time: Set(None),
            close_time: Set(None),
            close_reason: Set(0),
            summary: Set(String::new()),
            last_seq: Set(0),
            last_message: Set(String::new()),
            last_message_time: Set(None),
            customer_delivered_seq: Set(0),
            customer_read_seq: Set(0),
            agent_delivered_seq: Set(0),
            agent_read_seq: Set(0),
            marked_unread: Set(false),
            unanswered_since: Set(None),
            customer_time: Set(now),
            reminded: Set(false),
            customer_online: Set(false),
            note_count: Set(0),
            rating_score: Set(0),
            rating_tags: Set(serde_json::json!([])),
            rating_comment: Set(String::new()),
            rating_time: Set(None),
            transfer_from: Set(0),
            transfer_to: Set(0),
            transfer_team: Set(0),
            transfer_reason: Set(String::new()),
            transfer_expire_time: Set(None),
            version: Set(1),
            ..Default::default()
        };
        let mut session = tx.insert(row).await?;
        count_session(tx, self.customer.id).await?;
        let on_duty = crate::team::on_duty(&crate::team::working_hours(self.team), zone, now);
        let greeting = if on_duty { &general.welcome_message } else { &general.off_duty_message };
        say(tx, &mut session, "welcome".to_owned(), greeting).await?;
        if status == Status::MessageLeft {
            tx.emit(&Event::MessageLeft { session_id: session.id, team_id: self.team.id }).await?;
        }
        Ok(session)
    }
}

/// An open session goes on; one with a left message waits again, if the queue takes it.
async fn resume(tx: &mut Tx<'_>, session: chat_session::Model, question: &str) -> Result<chat_session::Model> {
    if session.status != code(Status::MessageLeft) {
        return Ok(session);
    }
    let tenant = tx.ctx().tenant;
    let team = team::Entity::one(tenant, session.team_id).lock_exclusive().one(&**tx).await?;
    let team = team.ok_or_else(|| not_found("team"))?;
    if place(tx, &team, question).await? != Status::Queued {
        tx.emit(&Event::MessageLeft { session_id: session.id, team_id: team.id }).await?;
        return Ok(session);
    }
    let (now, version) = (tx.now(), session.version);
    let mut row = session.into_active_model();
    row.status = Set(code(Status::Queued));
    row.queue_time = Set(now);
    save(tx, row, version).await
}

/// In the queue if it takes one more, or a question left as a message. The team is locked by the caller.
async fn place(tx: &Tx<'_>, team: &team::Model, question: &str) -> Result<Status> {
    if takes(tx, team).await? {
        return Ok(Status::Queued);
    }
    if question.is_empty() { Err(refuse(ErrorReason::QueueFull)) } else { Ok(Status::MessageLeft) }
}

/// Whether the team's queue takes one more.
async fn takes(tx: &Tx<'_>, team: &team::Model) -> Result<bool> {
    let tenant = tx.ctx().tenant;
    let settings = crate::settings::assignment(&**tx, tenant).await?;
    if settings.queue_enabled && settings.queue_limit == 0 {
        return Ok(true);
    }
    let waiting = i64::try_from(query::waiting(tenant, team.id).count(&**tx).await?).unwrap_or(i64::MAX);
    if settings.queue_enabled {
        return Ok(waiting < i64::from(settings.queue_limit));
    }
    let candidates = crate::session::assign::candidates(&**tx, tenant, team).await?;
    let free: i64 = candidates
        .iter()
        .filter(|c| c.is_here(tx.now()))
        .map(|c| i64::from(std::cmp::max(c.max_sessions - c.active, 0)))
        .sum();
    Ok(waiting < free)
}

async fn count_session(tx: &Tx<'_>, customer_id: i64) -> Result<()> {
    use customer::Column as C;
    customer::Entity::change(tx.ctx().tenant)
        .col_expr(C::SessionCount, Expr::col(C::SessionCount).add(1))
        .col_expr(C::LastSessionTime, Expr::value(tx.now()))
        .filter(C::Id.eq(customer_id))
        .exec(&**tx)
        .await?;
    Ok(())
}

/// The customer would rather not wait: the words stay, for whoever takes the session up.
pub(crate) async fn leave_message(tx: &mut Tx<'_>, req: &LeaveMessageRequest) -> Result<chat_session::Model> {
    let ctx = tx.ctx();
    let mut session = lock_visible(tx, req.id).await?;
    demand_status(&session, &[Status::Queued, Status::MessageLeft])?;
    let me = &ctx.principal;
    let draft = Draft::words((me.kind, me.id, &me.name), format!("left-{}", session.last_seq + 1), &req.content);
    post(tx, &mut session, draft).await?;
    tx.emit(&Event::MessageLeft { session_id: session.id, team_id: session.team_id }).await?;
    let version = session.version;
    let mut row = session.into_active_model();
    row.status = Set(code(Status::MessageLeft));
    save(tx, row, version).await
}
