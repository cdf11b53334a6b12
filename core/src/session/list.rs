//! Lists of sessions and messages, and the checks before a message goes to the writer.

use std::time::Duration;

use kefu_proto::error::{Problem, language};
use kefu_proto::session::v1::message::ContentType;
use kefu_proto::session::v1::session::Status;
use kefu_proto::session::v1::{
    AckMessagesRequest, BatchAssignSessionsRequest, BatchAssignSessionsResponse, ListMessagesRequest,
    ListMessagesResponse, ListSessionsRequest, ListSessionsResponse, ListUnassignedSessionsRequest, SendMessageRequest,
    batch_assign_sessions_response::Result as BatchResult,
};
use sea_orm::{ColumnTrait, Condition, QueryFilter, QueryOrder, QuerySelect, Select};

use crate::Core;
use crate::access::{Ctx, contains};
use crate::clock::time;
use crate::customer::entity::customer;
use crate::db::{Page, Scoped, code};
use crate::error::{Result, invalid, not_found};
use crate::session::entity::{chat_message, chat_session};
use crate::session::message::Draft;
use crate::session::writer::Send;
use crate::session::{audience, drain, query, rpc, view};

use chat_session::Column;

/// Sessions that a search for words looks at, best first.
const HITS: usize = 1000;
/// Messages of a page if the request does not say.
const PAGE: i32 = 50;

/// The session list.
pub(crate) async fn sessions(core: &Core, ctx: &Ctx, req: &ListSessionsRequest) -> Result<ListSessionsResponse> {
    let mut select = chat_session::Entity::of(ctx.tenant).filter(query::visible(ctx));
    if !req.status.is_empty() {
        select = select.filter(Column::Status.is_in(req.status.iter().map(|s| code(*s))));
    }
    for (column, wanted) in
        [(Column::AgentId, req.agent_id), (Column::TeamId, req.team_id), (Column::CustomerId, req.customer_id)]
    {
        if wanted > 0 {
            select = select.filter(column.eq(wanted));
        }
    }
    if req.mine {
        let own = if ctx.is_customer() { Column::CustomerId } else { Column::AgentId };
        select = select.filter(own.eq(ctx.principal.id));
    }
    for (bound, field, column, from) in [
        (&req.create_time_from, "create_time_from", Column::CreateTime, true),
        (&req.create_time_to, "create_time_to", Column::CreateTime, false),
        (&req.close_time_from, "close_time_from", Column::CloseTime, true),
        (&req.close_time_to, "close_time_to", Column::CloseTime, false),
        (&req.first_reply_time_from, "first_reply_time_from", Column::FirstReplyTime, true),
        (&req.rating_time_from, "rating_time_from", Column::RatingTime, true),
    ] {
        if let Some(bound) = bound {
            let bound = time(bound).ok_or_else(|| invalid(field, "in"))?;
            select = select.filter(if from { column.gte(bound) } else { column.lt(bound) });
        }
    }
    if !req.keyword.trim().is_empty() {
        select = select.filter(with_keyword(core, ctx, req.keyword.trim()).await?);
    }
    page_of(core, ctx, sorted(select, &req.sort), Page::new(req.page, req.size)).await
}

fn sorted(select: Select<chat_session::Entity>, sort: &str) -> Select<chat_session::Entity> {
    let select = match sort {
        "createTime" => return select.order_by_asc(Column::Id),
        "lastMessageTime" => select.order_by_asc(Column::LastMessageTime),
        "-lastMessageTime" => select.order_by_desc(Column::LastMessageTime),
        // Whoever has waited longest for an answer first, then the rest; nulls sort apart on each database.
        "unanswered" => select
            .order_by_asc(sea_orm::sea_query::ExprTrait::is_null(sea_orm::sea_query::Expr::col(
                Column::UnansweredSince,
            )))
            .order_by_asc(Column::UnansweredSince),
        _ => select,
    };
    select.order_by_desc(Column::Id)
}

/// Sessions whose messages have the words, or whose customer has them in name, phone or institution.
async fn with_keyword(core: &Core, ctx: &Ctx, keyword: &str) -> Result<Condition> {
    let hits = core.search.sessions(ctx.tenant, keyword, HITS).await?;
    let customers = customer::Entity::of(ctx.tenant)
        .filter(contains(&[customer::Column::Name, customer::Column::Phone, customer::Column::Institution], keyword))
        .select_only()
        .column(customer::Column::Id);
    let customers = sea_orm::QueryTrait::into_query(customers);
    Ok(Condition::any().add(Column::Id.is_in(hits)).add(Column::CustomerId.in_subquery(customers)))
}

/// The sessions that wait, in queue order.
pub(crate) async fn unassigned(
    core: &Core,
    ctx: &Ctx,
    req: &ListUnassignedSessionsRequest,
) -> Result<ListSessionsResponse> {
    let waits = [Status::Queued, Status::MessageLeft].map(code);
    let mut select =
        chat_session::Entity::of(ctx.tenant).filter(query::visible(ctx)).filter(Column::Status.is_in(waits));
    if req.team_id > 0 {
        select = select.filter(Column::TeamId.eq(req.team_id));
    }
    if req.urgent {
        select = select.filter(Column::Urgent.eq(true));
    }
    if !req.problem_type.is_empty() {
        select = select.filter(Column::ProblemType.eq(req.problem_type.clone()));
    }
    let select = query::in_queue_order(select.order_by_asc(Column::Status));
    page_of(core, ctx, select, Page::new(req.page, req.size)).await
}

async fn page_of(
    core: &Core,
    ctx: &Ctx,
    select: Select<chat_session::Entity>,
    page: Page,
) -> Result<ListSessionsResponse> {
    let (rows, total) = page.read(select, core.db.read()).await?;
    let list = view::many(core, ctx, rows).await?;
    Ok(ListSessionsResponse { list, total, page: page.page, size: page.size, pages: page.pages(total) })
}

/// Messages by sequence.
pub(crate) async fn messages(
    core: &Core,
    ctx: &Ctx,
    session: &chat_session::Model,
    req: &ListMessagesRequest,
) -> Result<ListMessagesResponse> {
    use chat_message::Column as C;
    if req.after_seq > 0 && req.before_seq > 0 {
        return Err(invalid("before_seq", "duplicate"));
    }
    let size = if req.size == 0 { PAGE } else { req.size };
    let limit = u64::try_from(size).unwrap_or(0) + 1;
    let select = chat_message::Entity::of(ctx.tenant).filter(C::SessionId.eq(session.id)).limit(limit);
    let forward = req.after_seq > 0 || req.from_start;
    let select = if forward {
        select.filter(C::Seq.gt(req.after_seq)).order_by_asc(C::Seq)
    } else if req.before_seq > 0 {
        select.filter(C::Seq.lt(req.before_seq)).order_by_desc(C::Seq)
    } else {
        select.order_by_desc(C::Seq)
    };
    let mut rows = select.all(core.db.read()).await?;
    let more = rows.len() >= usize::try_from(limit).unwrap_or(usize::MAX);
    rows.truncate(usize::try_from(size).unwrap_or(0));
    if !forward {
        rows.reverse();
    }
    let list = view::messages(core, ctx.tenant, &rows).await?;
    // The head was read before the rows: a message that came between is in the rows already.
    let head = rows.last().map_or(session.last_seq, |m| session.last_seq.max(m.seq));
    Ok(ListMessagesResponse { list, head, more, total: head })
}

/// A message that may go to the writer.
pub(crate) async fn checked_send(core: &Core, ctx: &Ctx, req: SendMessageRequest) -> Result<Send> {
    let principal = &ctx.principal;
    let key = format!("send:{:?}:{}", principal.kind, principal.id);
    core.limits.take(&key, core.config.realtime.sends_per_second, Duration::from_secs(1))?;
    let content_type = match req.content_type() {
        ContentType::Unspecified => ContentType::Text,
        given => given,
    };
    let with_file = matches!(content_type, ContentType::Image | ContentType::File);
    if !with_file && req.content.trim().is_empty() {
        return Err(invalid("content", "required"));
    }
    if with_file != (req.file_id > 0) {
        return Err(invalid("file_id", if with_file { "required" } else { "unknown_field" }));
    }
    let file = match req.file_id {
        0 => None,
        id => Some(match stored_file(core, ctx, &req).await? {
            Some(stored) => crate::file::for_message(core.db.read(), ctx, stored, req.id).await?,
            None => crate::file::for_sending(core, ctx, id, req.id).await?,
        }),
    };
    if content_type == ContentType::Image && !file.as_ref().is_some_and(|f| f.content_type.starts_with("image/")) {
        return Err(invalid("content_type", "in"));
    }
    if req.quote_message_id > 0 {
        let quoted = chat_message::Entity::one(ctx.tenant, req.quote_message_id).one(core.db.read()).await?;
        quoted.filter(|m| m.session_id == req.id).ok_or_else(|| not_found("message"))?;
    }
    let draft = Draft {
        sender_kind: principal.kind,
        sender_id: principal.id,
        sender_name: principal.name.clone(),
        client_msg_id: req.client_msg_id,
        content_type,
        content: req.content,
        file_id: file.as_ref().map_or(0, |file| file.id),
        quote_message_id: req.quote_message_id,
    };
    Ok(Send { principal: principal.clone(), session_id: req.id, draft, file })
}

/// The file of a message that was stored before: sent again, it does not get another.
async fn stored_file(core: &Core, ctx: &Ctx, req: &SendMessageRequest) -> Result<Option<i64>> {
    use chat_message::Column;
    let stored = chat_message::Entity::of(ctx.tenant)
        .filter(Column::SessionId.eq(req.id))
        .filter(Column::SenderKind.eq(code(ctx.principal.kind)))
        .filter(Column::SenderId.eq(ctx.principal.id))
        .filter(Column::ClientMsgId.eq(&*req.client_msg_id));
    Ok(stored.one(core.db.read()).await?.map(|message| message.file_id).filter(|id| *id != 0))
}

/// The sequence of a message that is acknowledged by its id.
pub(crate) async fn seq_of(core: &Core, ctx: &Ctx, req: &AckMessagesRequest) -> Result<i32> {
    let message = chat_message::Entity::one(ctx.tenant, req.message_id).one(core.db.read()).await?;
    message.filter(|m| m.session_id == req.id).map(|m| m.seq).ok_or_else(|| not_found("message"))
}

/// Gives several waiting sessions to one agent, each for itself.
pub(crate) async fn batch_assign(
    core: &Core,
    ctx: &Ctx,
    req: &BatchAssignSessionsRequest,
) -> Result<BatchAssignSessionsResponse> {
    let known = crate::session::agent::states(core.db.read(), ctx.tenant, &[req.agent_id]).await?;
    known.get(&req.agent_id).ok_or_else(|| not_found("agent"))?;
    let mut results = Vec::new();
    let mut teams = Vec::new();
    for session_id in &req.session_ids {
        let mut tx = core.begin(ctx).await?;
        let outcome = match rpc::assign(&mut tx, *session_id, req.agent_id, &req.reason).await {
            Ok(session) => tx.commit().await.map(|()| session),
            Err(error) => {
                drop(tx);
                Err(error)
            }
        };
        match outcome {
            Ok(session) => {
                audience::announce(core, ctx.tenant, &session, &[]).await;
                teams.push(session.team_id);
                results.push(BatchResult { session_id: *session_id, assigned: true, ..Default::default() });
            }
            Err(error) => match error.problem() {
                Some(problem) => results.push(refused(*session_id, problem)),
                None => return Err(error),
            },
        }
    }
    teams.sort_unstable();
    teams.dedup();
    for team_id in teams {
        drain(core, ctx.tenant, team_id).await;
        core.moves.note(ctx.tenant, team_id);
    }
    let assigned = i32::try_from(results.iter().filter(|r| r.assigned).count()).unwrap_or(i32::MAX);
    Ok(BatchAssignSessionsResponse { results, assigned })
}

fn refused(session_id: i64, problem: &Problem) -> BatchResult {
    let reason = problem.reason.as_str_name().to_owned();
    BatchResult { session_id, assigned: false, reason, message: problem.text(language()) }
}
