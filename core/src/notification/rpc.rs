//! The methods of notifications.

use std::sync::Arc;

use kefu_proto::common::v1::Empty;
use kefu_proto::notification::v1 as proto;
use kefu_proto::notification::v1::notification_service_server::NotificationService;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, PaginatorTrait, QueryFilter, QueryOrder, Select};
use tonic::{Request, Response, Status};

use crate::Core;
use crate::access::{Ctx, enter};
use crate::db::{Page, Scoped};
use crate::error::{Error, Result};
use crate::notification::convert;
use crate::notification::entity::{notification, sent_message};

pub(super) struct Rpc(pub(super) Arc<Core>);

#[tonic::async_trait]
impl NotificationService for Rpc {
    async fn list_notifications(
        &self,
        request: Request<proto::ListNotificationsRequest>,
    ) -> Result<Response<proto::ListNotificationsResponse>, Status> {
        let (ctx, req) = enter(request)?;
        Ok(Response::new(self.list(&ctx, &req).await?))
    }

    async fn mark_notifications_read(
        &self,
        request: Request<proto::MarkNotificationsReadRequest>,
    ) -> Result<Response<Empty>, Status> {
        use notification::Column;
        let (ctx, req) = enter(request)?;
        let tx = self.0.begin(&ctx).await?;
        let mut update = notification::Entity::change(ctx.tenant)
            .col_expr(Column::IsRead, Expr::value(true))
            .col_expr(Column::UpdateTime, Expr::value(tx.now()))
            .filter(Column::UserId.eq(ctx.principal.id))
            .filter(Column::IsRead.eq(false));
        if req.up_to_id > 0 {
            update = update.filter(Column::Id.lte(req.up_to_id));
        }
        update.exec(&*tx).await.map_err(Error::from)?;
        tx.commit().await?;
        Ok(Response::new(Empty {}))
    }

    async fn list_sent_messages(
        &self,
        request: Request<proto::ListSentMessagesRequest>,
    ) -> Result<Response<proto::ListSentMessagesResponse>, Status> {
        let (ctx, req) = enter(request)?;
        let mut select = sent_message::Entity::of(ctx.tenant).order_by_desc(sent_message::Column::Id);
        if !req.target.is_empty() {
            select = select.filter(sent_message::Column::Target.eq(req.target));
        }
        let page = Page::new(req.page, req.size);
        let (rows, total) = page.read(select, self.0.db.read()).await?;
        Ok(Response::new(proto::ListSentMessagesResponse {
            list: rows.into_iter().map(convert::sent).collect(),
            total,
            page: page.page,
            size: page.size,
            pages: page.pages(total),
        }))
    }
}

impl Rpc {
    async fn list(&self, ctx: &Ctx, req: &proto::ListNotificationsRequest) -> Result<proto::ListNotificationsResponse> {
        use notification::Column;
        let db = self.0.db.read();
        let unread = own(ctx).filter(Column::IsRead.eq(false));
        let mut select = if req.unread { unread.clone() } else { own(ctx) };
        select = if req.after_id > 0 {
            select.filter(Column::Id.gt(req.after_id)).order_by_asc(Column::Id)
        } else {
            select.order_by_desc(Column::Id)
        };
        let page = Page::new(req.page, req.size);
        let (rows, total) = page.read(select, db).await?;
        Ok(proto::ListNotificationsResponse {
            list: rows.iter().map(convert::view).collect(),
            total,
            page: page.page,
            size: page.size,
            pages: page.pages(total),
            unread: i32::try_from(unread.count(db).await?).unwrap_or(i32::MAX),
        })
    }
}

/// The caller's notifications.
fn own(ctx: &Ctx) -> Select<notification::Entity> {
    notification::Entity::of(ctx.tenant).filter(notification::Column::UserId.eq(ctx.principal.id))
}
