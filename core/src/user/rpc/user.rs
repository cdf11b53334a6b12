//! Staff users: their own account, and the management of users.

use std::sync::Arc;

use kefu_proto::common::v1::Empty;
use kefu_proto::common::v1::principal::Kind;
use kefu_proto::user::v1::user_service_server::UserService;
use kefu_proto::user::v1::{
    ChangePasswordRequest, CreateUserRequest, DeleteUserRequest, GetUserInfoRequest, GetUserRequest, ListUsersRequest,
    ListUsersResponse, UnlockUserRequest, UpdateUserInfoRequest, UpdateUserRequest, User, UserInfo,
};
use sea_orm::{ActiveValue::Set, ColumnTrait, IntoActiveModel};
use tonic::{Request, Response, Status};

use crate::Core;
use crate::access::enter;
use crate::db::{Page, TenantId};
use crate::mask::Mask;
use crate::session;
use crate::user::account::{self, LANGUAGE};
use crate::user::entity::user_info;
use crate::user::{convert, end_logins, list, login, password, query};

/// The service.
pub(in crate::user) struct Rpc(pub(in crate::user) Arc<Core>);

impl Rpc {
    /// A user as the answer to a call.
    async fn answer(&self, tenant: TenantId, user: user_info::Model) -> Result<Response<User>, Status> {
        let mut roles = query::role_ids(self.0.db.read(), tenant, &[user.id]).await?;
        let role_ids = roles.remove(&user.id).unwrap_or_default();
        Ok(Response::new(self.view(user, role_ids)))
    }

    fn view(&self, user: user_info::Model, role_ids: Vec<i64>) -> User {
        let locked_until = login::locked_until(&self.0, TenantId(user.tenant_id), &user.username);
        convert::user(user, role_ids, locked_until)
    }
}

#[tonic::async_trait]
impl UserService for Rpc {
    async fn get_user_info(&self, request: Request<GetUserInfoRequest>) -> Result<Response<UserInfo>, Status> {
        let (ctx, _) = enter(request)?;
        Ok(Response::new(query::info_of(&self.0, &ctx.principal).await?))
    }

    async fn update_user_info(&self, request: Request<UpdateUserInfoRequest>) -> Result<Response<UserInfo>, Status> {
        let (ctx, request) = enter(request)?;
        let core = &*self.0;
        let mask = Mask::of(&request.update_mask);
        let tx = core.begin(&ctx).await?;
        let user = query::user(&*tx, ctx.tenant, ctx.principal.id).await?;
        let avatar = user.avatar_file_id;
        let mut row = user.into_active_model();
        if mask.has("name") {
            row.name = Set(account::required(&request.name)?);
        }
        if mask.has("email") {
            row.email = Set(request.email);
        }
        if mask.has("language") {
            row.language = Set(if request.language.is_empty() { LANGUAGE.to_owned() } else { request.language });
        }
        if mask.has("avatar_file_id") {
            if request.avatar_file_id != 0 && request.avatar_file_id != avatar {
                crate::file::for_message(&*tx, &ctx, request.avatar_file_id, 0).await?;
            }
            row.avatar_file_id = Set(request.avatar_file_id);
        }
        let user = tx.update(row).await?;
        tx.commit().await?;
        core.directory.forget(Kind::User, user.id);
        Ok(Response::new(query::info(core, &user).await?))
    }

    async fn change_password(&self, request: Request<ChangePasswordRequest>) -> Result<Response<Empty>, Status> {
        let (ctx, request) = enter(request)?;
        let core = &*self.0;
        let me = &ctx.principal;
        let username = query::user(core.db.read(), ctx.tenant, me.id).await?.username;
        let user = login::authenticate(core, &ctx, &username, &request.old_password).await?;
        password::check("new_password", &request.new_password, &username, Some(&request.old_password))?;
        let hash = core.passwords.hash(&request.new_password).await?;
        let mut tx = core.begin(&ctx).await?;
        let same = user_info::Column::PasswordHash.eq(user.password_hash);
        if !account::set_password(&tx, me.id, hash, same).await? {
            return Err(login::bad_credentials().into());
        }
        end_logins(&mut tx, Kind::User, me.id, me.login_session_id).await?;
        tx.commit().await?;
        core.directory.forget(Kind::User, me.id);
        Ok(Response::new(Empty {}))
    }

    async fn list_users(&self, request: Request<ListUsersRequest>) -> Result<Response<ListUsersResponse>, Status> {
        let (ctx, request) = enter(request)?;
        let db = self.0.db.read();
        let page = Page::new(request.page, request.size);
        let (rows, total) = page.read(list::select(ctx.tenant, &request), db).await?;
        let ids: Vec<_> = rows.iter().map(|user| user.id).collect();
        let mut roles = query::role_ids(db, ctx.tenant, &ids).await?;
        let with_roles = |user: user_info::Model| {
            let role_ids = roles.remove(&user.id).unwrap_or_default();
            self.view(user, role_ids)
        };
        let list = rows.into_iter().map(with_roles).collect();
        Ok(Response::new(ListUsersResponse { list, total, page: page.page, size: page.size, pages: page.pages(total) }))
    }

    async fn get_user(&self, request: Request<GetUserRequest>) -> Result<Response<User>, Status> {
        let (ctx, request) = enter(request)?;
        let user = query::user(self.0.db.read(), ctx.tenant, request.id).await?;
        self.answer(ctx.tenant, user).await
    }

    async fn create_user(&self, request: Request<CreateUserRequest>) -> Result<Response<User>, Status> {
        let (ctx, request) = enter(request)?;
        password::check("password", &request.password, &request.username, None)?;
        let hash = self.0.passwords.hash(&request.password).await?;
        let tx = self.0.begin(&ctx).await?;
        let user = account::create(&tx, request, hash).await?;
        tx.commit().await?;
        self.answer(ctx.tenant, user).await
    }

    async fn update_user(&self, request: Request<UpdateUserRequest>) -> Result<Response<User>, Status> {
        let (ctx, request) = enter(request)?;
        let core = &*self.0;
        let hash = if Mask::of(&request.update_mask).has("password") && !request.password.is_empty() {
            Some(core.passwords.hash(&request.password).await?)
        } else {
            None
        };
        let mut tx = core.begin(&ctx).await?;
        let changed = account::change(&mut tx, &request, hash).await?;
        tx.commit().await?;
        core.directory.forget(Kind::User, request.id);
        if changed.stops_serving {
            session::agent::release(core, &ctx, request.id).await?;
        } else if Mask::of(&request.update_mask).has("max_sessions") {
            session::agent::drain_teams_of(core, ctx.tenant, request.id).await?;
        }
        self.answer(ctx.tenant, changed.user).await
    }

    async fn delete_user(&self, request: Request<DeleteUserRequest>) -> Result<Response<Empty>, Status> {
        let (ctx, request) = enter(request)?;
        let core = &*self.0;
        let mut tx = core.begin(&ctx).await?;
        account::delete(&mut tx, request.id).await?;
        tx.commit().await?;
        core.directory.forget(Kind::User, request.id);
        session::agent::release(core, &ctx, request.id).await?;
        Ok(Response::new(Empty {}))
    }

    async fn unlock_user(&self, request: Request<UnlockUserRequest>) -> Result<Response<User>, Status> {
        let (ctx, request) = enter(request)?;
        let tx = self.0.begin(&ctx).await?;
        let user = query::user(&*tx, ctx.tenant, request.id).await?;
        tx.commit().await?;
        login::forget_tries(&self.0, ctx.tenant, &user.username);
        self.answer(ctx.tenant, user).await
    }
}
