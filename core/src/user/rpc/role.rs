//! Roles and permissions.

use std::sync::Arc;

use kefu_proto::common::v1::Empty;
use kefu_proto::user::v1::role_service_server::RoleService;
use kefu_proto::user::v1::{
    CreateRoleRequest, DeleteRoleRequest, GetRoleRequest, ListPermissionsRequest, ListPermissionsResponse,
    ListRolesRequest, ListRolesResponse, Role, SetRolePermissionsRequest, UpdateRoleRequest,
};
use prost_types::FieldMask;
use sea_orm::QueryOrder;
use tonic::{Request, Response, Status};

use crate::Core;
use crate::access::{Ctx, enter};
use crate::db::{Page, Scoped};
use crate::error::{Result as CoreResult, not_found};
use crate::session;
use crate::user::entity::role;
use crate::user::{convert, role as roles, role_change};

/// The service.
pub(in crate::user) struct Rpc(pub(in crate::user) Arc<Core>);

impl Rpc {
    /// A role as the answer to a call.
    async fn view(&self, ctx: &Ctx, id: i64) -> CoreResult<Role> {
        let db = self.0.db.read();
        let row = role::Entity::one(ctx.tenant, id).one(db).await?.ok_or_else(|| not_found("role"))?;
        let users = roles::holders(db, ctx.tenant, id).await?.len();
        Ok(convert::role(row, i32::try_from(users).unwrap_or(i32::MAX)))
    }

    /// Changes a role; whoever has it is judged by it from the next call on.
    async fn change(&self, ctx: &Ctx, request: UpdateRoleRequest) -> CoreResult<Role> {
        let core = &*self.0;
        let tx = core.begin(ctx).await?;
        let changed = role_change::change(&tx, request).await?;
        tx.commit().await?;
        core.directory.forget_tenant(ctx.tenant);
        for user_id in changed.stop_serving {
            session::agent::release(core, ctx, user_id).await?;
        }
        self.view(ctx, changed.role.id).await
    }
}

#[tonic::async_trait]
impl RoleService for Rpc {
    async fn list_roles(&self, request: Request<ListRolesRequest>) -> Result<Response<ListRolesResponse>, Status> {
        let (ctx, request) = enter(request)?;
        let page = Page::new(request.page, request.size);
        let select = role::Entity::of(ctx.tenant).order_by_asc(role::Column::Id);
        let (rows, total) = page.read(select, self.0.db.read()).await?;
        let users = roles::user_counts(self.0.db.read(), ctx.tenant).await?;
        let count = |id| users.get(&id).copied().unwrap_or_default();
        let list = rows.into_iter().map(|row| (count(row.id), row)).map(|(users, row)| convert::role(row, users));
        Ok(Response::new(ListRolesResponse {
            list: list.collect(),
            total,
            page: page.page,
            size: page.size,
            pages: page.pages(total),
        }))
    }

    async fn get_role(&self, request: Request<GetRoleRequest>) -> Result<Response<Role>, Status> {
        let (ctx, request) = enter(request)?;
        Ok(Response::new(self.view(&ctx, request.id).await?))
    }

    async fn create_role(&self, request: Request<CreateRoleRequest>) -> Result<Response<Role>, Status> {
        let (ctx, request) = enter(request)?;
        let tx = self.0.begin(&ctx).await?;
        let role = role_change::create(&tx, request).await?;
        tx.commit().await?;
        Ok(Response::new(convert::role(role, 0)))
    }

    async fn update_role(&self, request: Request<UpdateRoleRequest>) -> Result<Response<Role>, Status> {
        let (ctx, request) = enter(request)?;
        Ok(Response::new(self.change(&ctx, request).await?))
    }

    async fn delete_role(&self, request: Request<DeleteRoleRequest>) -> Result<Response<Empty>, Status> {
        let (ctx, request) = enter(request)?;
        let tx = self.0.begin(&ctx).await?;
        role_change::delete(&tx, request.id).await?;
        tx.commit().await?;
        Ok(Response::new(Empty {}))
    }

    async fn set_role_permissions(
        &self,
        request: Request<SetRolePermissionsRequest>,
    ) -> Result<Response<Role>, Status> {
        let (ctx, request) = enter(request)?;
        let change = UpdateRoleRequest {
            id: request.id,
            permissions: request.permissions,
            update_mask: Some(FieldMask { paths: vec!["permissions".to_owned()] }),
            ..Default::default()
        };
        Ok(Response::new(self.change(&ctx, change).await?))
    }

    async fn list_permissions(
        &self,
        request: Request<ListPermissionsRequest>,
    ) -> Result<Response<ListPermissionsResponse>, Status> {
        enter(request)?;
        Ok(Response::new(ListPermissionsResponse { list: roles::all_permissions() }))
    }
}
