//! The methods of the settings.

use std::collections::HashMap;
use std::sync::Arc;

use chrono_tz::Tz;
use kefu_proto::common::v1::Empty;
use kefu_proto::common::v1::principal::Kind;
use kefu_proto::settings::v1 as proto;
use kefu_proto::settings::v1::settings_service_server::SettingsService;
use kefu_proto::settings::v1::{AssignmentSettings, QuickReply, Settings};
use sea_orm::{ActiveValue::Set, ColumnTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect};
use tonic::{Request, Response, Status};

use crate::Core;
use crate::access::audit::operation_log;
use crate::access::{Ctx, contains, enter};
use crate::clock::time;
use crate::db::{Page, Scoped, Tx};
use crate::error::{Result, invalid, not_found};
use crate::mask::Mask;
use crate::settings::entity::{dictionary, dictionary_item, quick_reply};
use crate::settings::{convert, query};
use crate::text::{clean, clean_lines};

/// The permission to change what is everybody's.
const WRITE: &str = "settings:write";

pub(super) struct Rpc(pub(super) Arc<Core>);

#[tonic::async_trait]
impl SettingsService for Rpc {
    async fn get_settings(&self, request: Request<proto::GetSettingsRequest>) -> Result<Response<Settings>, Status> {
        let (ctx, _) = enter(request)?;
        Ok(Response::new(query::general(self.0.db.read(), ctx.tenant).await?))
    }

    async fn update_settings(
        &self,
        request: Request<proto::UpdateSettingsRequest>,
    ) -> Result<Response<Settings>, Status> {
        let (ctx, req) = enter(request)?;
        let tx = self.0.begin(&ctx).await?;
        let settings = query::change(&tx, |settings| set_general(settings, &req)).await?;
        tx.commit().await?;
        Ok(Response::new(settings))
    }

    async fn get_assignment_settings(
        &self,
        request: Request<proto::GetAssignmentSettingsRequest>,
    ) -> Result<Response<AssignmentSettings>, Status> {
        let (ctx, _) = enter(request)?;
        Ok(Response::new(query::assignment(self.0.db.read(), ctx.tenant).await?))
    }

    async fn update_assignment_settings(
        &self,
        request: Request<proto::UpdateAssignmentSettingsRequest>,
    ) -> Result<Response<AssignmentSettings>, Status> {
        let (ctx, req) = enter(request)?;
        let tx = self.0.begin(&ctx).await?;
        let settings = query::change(&tx, |settings| set_assignment(settings, &req)).await?;
        tx.commit().await?;
        Ok(Response::new(settings))
    }

    async fn list_operation_logs(
        &self,
        request: Request<proto::ListOperationLogsRequest>,
    ) -> Result<Response<proto::ListOperationLogsResponse>, Status> {
        use operation_log::Column;
        let (ctx, req) = enter(request)?;
        let mut select = operation_log::Entity::of(ctx.tenant).order_by_desc(Column::Id);
        if !req.method.is_empty() {
            select = select.filter(Column::Method.eq(req.method));
        }
        if req.user_id > 0 {
            let user = i16::try_from(i32::from(Kind::User)).unwrap_or(0);
            select = select.filter(Column::PrincipalKind.eq(user)).filter(Column::PrincipalId.eq(req.user_id));
        }
        if let Some(from) = &req.create_time_from {
            select =
                select.filter(Column::CreateTime.gte(time(from).ok_or_else(|| invalid("create_time_from", "in"))?));
        }
        if let Some(to) = &req.create_time_to {
            select = select.filter(Column::CreateTime.lt(time(to).ok_or_else(|| invalid("create_time_to", "in"))?));
        }
        let page = Page::new(req.page, req.size);
        let (rows, total) = page.read(select, self.0.db.read()).await?;
        Ok(Response::new(proto::ListOperationLogsResponse {
            list: rows.into_iter().map(convert::operation_log).collect(),
            total,
            page: page.page,
            size: page.size,
            pages: page.pages(total),
        }))
    }

    async fn list_quick_replies(
        &self,
        request: Request<proto::ListQuickRepliesRequest>,
    ) -> Result<Response<proto::ListQuickRepliesResponse>, Status> {
        use quick_reply::Column;
        let (ctx, req) = enter(request)?;
        let mut select = quick_reply::Entity::of(ctx.tenant)
            .filter(Column::OwnerId.is_in([0, ctx.principal.id]))
            .order_by_asc(Column::Category)
            .order_by_asc(Column::Id);
        if !req.keyword.is_empty() {
            select = select.filter(contains(&[Column::Shortcut, Column::Title, Column::Content], &req.keyword));
        }
        if !req.category.is_empty() {
            select = select.filter(Column::Category.eq(&req.category));
        }
        let page = Page::new(req.page, req.size);
        let (rows, total) = page.read(select, self.0.db.read()).await?;
        Ok(Response::new(proto::ListQuickRepliesResponse {
            list: rows.into_iter().map(convert::quick_reply).collect(),
            total,
            page: page.page,
            size: page.size,
            pages: page.pages(total),
        }))
    }

    async fn create_quick_reply(
        &self,
        request: Request<proto::CreateQuickReplyRequest>,
    ) -> Result<Response<QuickReply>, Status> {
        let (ctx, req) = enter(request)?;
        if req.shared {
            ctx.demand(WRITE)?;
        }
        let row = quick_reply::ActiveModel {
            owner_id: Set(if req.shared { 0 } else { ctx.principal.id }),
            category: Set(clean(&req.category)),
            shortcut: Set(clean(&req.shortcut)),
            title: Set(required("title", clean(&req.title))?),
            content: Set(required("content", clean_lines(&req.content))?),
            ..Default::default()
        };
        let tx = self.0.begin(&ctx).await?;
        let row = tx.insert(row).await?;
        tx.commit().await?;
        Ok(Response::new(convert::quick_reply(row)))
    }

    async fn update_quick_reply(
        &self,
        request: Request<proto::UpdateQuickReplyRequest>,
    ) -> Result<Response<QuickReply>, Status> {
        let (ctx, req) = enter(request)?;
        let tx = self.0.begin(&ctx).await?;
        let mut row = changeable(&tx, &ctx, req.id).await?.into_active_model();
        let mask = Mask::of(&req.update_mask);
        if mask.has("category") {
            row.category = Set(clean(&req.category));
        }
        if mask.has("shortcut") {
            row.shortcut = Set(clean(&req.shortcut));
        }
        if mask.has("title") {
            row.title = Set(required("title", clean(&req.title))?);
        }
        if mask.has("content") {
            row.content = Set(required("content", clean_lines(&req.content))?);
        }
        let row = tx.update(row).await?;
        tx.commit().await?;
        Ok(Response::new(convert::quick_reply(row)))
    }

    async fn delete_quick_reply(
        &self,
        request: Request<proto::DeleteQuickReplyRequest>,
    ) -> Result<Response<Empty>, Status> {
        let (ctx, req) = enter(request)?;
        let tx = self.0.begin(&ctx).await?;
        let row = changeable(&tx, &ctx, req.id).await?;
        tx.delete(row.into_active_model()).await?;
        tx.commit().await?;
        Ok(Response::new(Empty {}))
    }

    async fn list_dictionaries(
        &self,
        request: Request<proto::ListDictionariesRequest>,
    ) -> Result<Response<proto::ListDictionariesResponse>, Status> {
        let (ctx, _) = enter(request)?;
        let list = dictionaries(&self.0, &ctx).await?;
        Ok(Response::new(proto::ListDictionariesResponse { list }))
    }

    async fn list_dictionary_items(
        &self,
        request: Request<proto::ListDictionaryItemsRequest>,
    ) -> Result<Response<proto::ListDictionaryItemsResponse>, Status> {
        let (ctx, req) = enter(request)?;
        let db = self.0.db.read();
        let dictionary = query::dictionary_by_code(db, ctx.tenant, &req.code).await?;
        let dictionary = dictionary.ok_or_else(|| not_found("dictionary"))?;
        let items = query::items(db, ctx.tenant, dictionary.id).await?;
        let list = items.into_iter().map(convert::dictionary_item).collect();
        Ok(Response::new(proto::ListDictionaryItemsResponse { list }))
    }
}

fn set_general(settings: &mut Settings, req: &proto::UpdateSettingsRequest) -> Result<()> {
    let mask = Mask::of(&req.update_mask);
    if mask.has("company_name") {
        settings.company_name = required("company_name", clean(&req.company_name))?;
    }
    if mask.has("time_zone") {
        let name = required("time_zone", req.time_zone.clone())?;
        settings.time_zone = name.parse::<Tz>().map_err(|_| invalid("time_zone", "in"))?.name().to_owned();
    }
    if mask.has("language") {
        settings.language = required("language", req.language.clone())?;
    }
    if mask.has("welcome_message") {
        settings.welcome_message = clean_lines(&req.welcome_message);
    }
    if mask.has("off_duty_message") {
        settings.off_duty_message = clean_lines(&req.off_duty_message);
    }
    if mask.has("recall_seconds") {
        settings.recall_seconds = req.recall_seconds;
    }
    if mask.has("archive_review") {
        settings.archive_review = req.archive_review;
    }
    if mask.has("institution_suggestions") {
        settings.institution_suggestions = req.institution_suggestions;
    }
    Ok(())
}

fn set_assignment(settings: &mut AssignmentSettings, req: &proto::UpdateAssignmentSettingsRequest) -> Result<()> {
    let mask = Mask::of(&req.update_mask);
    if mask.has("strategy") {
        settings.strategy = positive("strategy", req.strategy)?;
    }
    if mask.has("queue_enabled") {
        settings.queue_enabled = req.queue_enabled;
    }
    if mask.has("queue_limit") {
        settings.queue_limit = req.queue_limit;
    }
    if mask.has("grace_seconds") {
        settings.grace_seconds = positive("grace_seconds", req.grace_seconds)?;
    }
    if mask.has("transfer_seconds") {
        settings.transfer_seconds = positive("transfer_seconds", req.transfer_seconds)?;
    }
    if mask.has("customer_idle_minutes") {
        settings.customer_idle_minutes = req.customer_idle_minutes;
    }
    if mask.has("reply_reminder_minutes") {
        settings.reply_reminder_minutes = req.reply_reminder_minutes;
    }
    if mask.has("reply_reassign_minutes") {
        settings.reply_reassign_minutes = req.reply_reassign_minutes;
    }
    Ok(())
}

/// A quick reply that the caller may change: the caller's own, or with the permission one for everybody.
async fn changeable(tx: &Tx<'_>, ctx: &Ctx, id: i64) -> Result<quick_reply::Model> {
    let row = quick_reply::Entity::one(ctx.tenant, id).one(&**tx).await?;
    let row = row.filter(|row| row.owner_id == 0 || row.owner_id == ctx.principal.id);
    let row = row.ok_or_else(|| not_found("quick reply"))?;
    if row.owner_id == 0 {
        ctx.demand(WRITE)?;
    }
    Ok(row)
}

async fn dictionaries(core: &Core, ctx: &Ctx) -> Result<Vec<proto::Dictionary>> {
    let db = core.db.read();
    let counts: HashMap<i64, i64> = dictionary_item::Entity::of(ctx.tenant)
        .select_only()
        .column(dictionary_item::Column::DictionaryId)
        .column_as(dictionary_item::Column::Id.count(), "items")
        .group_by(dictionary_item::Column::DictionaryId)
        .into_tuple::<(i64, i64)>()
        .all(db)
        .await?
        .into_iter()
        .collect();
    let rows = dictionary::Entity::of(ctx.tenant).order_by_asc(dictionary::Column::Code).all(db).await?;
    let view = |row: dictionary::Model| proto::Dictionary {
        code: row.code,
        name: row.name,
        item_count: counts.get(&row.id).map_or(0, |n| i32::try_from(*n).unwrap_or(i32::MAX)),
    };
    Ok(rows.into_iter().map(view).collect())
}

fn required(field: &str, value: String) -> Result<String> {
    if value.is_empty() { Err(invalid(field, "required")) } else { Ok(value) }
}

fn positive(field: &str, value: i32) -> Result<i32> {
    if value > 0 { Ok(value) } else { Err(invalid(field, "required")) }
}
