//! Roles and permissions.

use std::sync::Arc;

use kefu_proto::user::v1::role_service_server::RoleService;
use kefu_proto::user::v1::{ListPermissionsRequest, ListPermissionsResponse, ListRolesRequest, ListRolesResponse};
use sea_orm::QueryOrder;
use tonic::{Request, Response, Status};

use crate::Core;
use crate::access::enter;
use crate::db::{Page, Scoped};
use crate::user::entity::role;
use crate::user::{convert, role as roles};

/// The service.
pub(in crate::user) struct Rpc(pub(in crate::user) Arc<Core>);

#[tonic::async_trait]
impl RoleService for Rpc {
    async fn list_roles(&self, request: Request<ListRolesRequest>) -> Result<Response<ListRolesResponse>, Status> {
        let (ctx, request) = enter(request)?;
        let page = Page::new(request.page, request.size);
        let select = role::Entity::of(ctx.tenant).order_by_asc(role::Column::Id);
        let (rows, total) = page.read(select, self.0.db.read()).await?;
        let list = rows.into_iter().map(convert::role).collect();
        Ok(Response::new(ListRolesResponse { list, total, page: page.page, size: page.size, pages: page.pages(total) }))
    }

    async fn list_permissions(
        &self,
        request: Request<ListPermissionsRequest>,
    ) -> Result<Response<ListPermissionsResponse>, Status> {
        enter(request)?;
        Ok(Response::new(ListPermissionsResponse { list: roles::all_permissions() }))
    }
}
