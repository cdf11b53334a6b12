//! Login, tokens and one-time codes.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use kefu_proto::common::v1::Empty;
use kefu_proto::common::v1::principal::Kind;
use kefu_proto::user::v1::auth_service_server::AuthService;
use kefu_proto::user::v1::send_code_request::Purpose;
use kefu_proto::user::v1::{
    LoginByPhoneRequest, LoginRequest, LoginResponse, LogoutRequest, RefreshTokenRequest, ResetPasswordRequest,
    SendCodeRequest, SendCodeResponse,
};
use sea_orm::ColumnTrait;
use sea_orm::sea_query::ExprTrait;
use tonic::{Request, Response, Status};

use crate::Core;
use crate::access::enter;
use crate::db::TenantId;
use crate::error::Error;
use crate::tenant;
use crate::user::entity::user_info;
use crate::user::query::Owner;
use crate::user::{ENABLED, account, code, end_logins, login, password, query, refresh};

/// The service.
pub(in crate::user) struct Rpc(pub(in crate::user) Arc<Core>);

#[tonic::async_trait]
impl AuthService for Rpc {
    async fn login(&self, request: Request<LoginRequest>) -> Result<Response<LoginResponse>, Status> {
        let (ctx, request) = enter(request)?;
        let core = &*self.0;
        let ctx = ctx.in_tenant(tenant::resolve(core, &request.tenant_code).await?);
        let user = login::authenticate(core, &ctx, &request.username, &request.password).await?;
        Ok(Response::new(login::enter_user(core, &ctx, &user).await?))
    }

    async fn login_by_phone(&self, request: Request<LoginByPhoneRequest>) -> Result<Response<LoginResponse>, Status> {
        let (ctx, request) = enter(request)?;
        let core = &*self.0;
        let ctx = ctx.in_tenant(tenant::resolve(core, &request.tenant_code).await?);
        let proof = code::prove(core, &ctx, &request.phone, Purpose::Login, &request.code).await?;
        let txn = core.db.begin().await.map_err(Error::from)?;
        proof.spend(&txn, ctx.tenant, core.clock.now()).await?;
        txn.commit().await.map_err(Error::from)?;
        // The code is spent, so the call cannot be made again.
        ctx.call.committed.store(true, Ordering::Relaxed);
        let answer = match query::owner(core.db.read(), ctx.tenant, &request.phone).await? {
            Some(Owner::User(user)) => login::enter_user(core, &ctx, &user).await?,
            Some(Owner::Customer(customer)) => {
                let ctx = login::caller(&ctx, Kind::Customer, customer.id, &customer.name);
                let info = query::customer_info(core, &customer).await?;
                let tx = core.begin(&ctx).await?;
                let answer = login::open(&tx, Kind::Customer, customer.id, info).await?;
                tx.commit().await?;
                answer
            }
            None => return Err(code::wrong().into()),
        };
        Ok(Response::new(answer))
    }

    async fn send_code(&self, request: Request<SendCodeRequest>) -> Result<Response<SendCodeResponse>, Status> {
        let (ctx, request) = enter(request)?;
        let core = &*self.0;
        let tenant = if request.purpose() == Purpose::Register {
            TenantId(crate::customer::link::find(core, &request.link_token).await?.tenant_id)
        } else {
            tenant::resolve(core, &request.tenant_code).await?
        };
        let purpose = request.purpose();
        Ok(Response::new(code::send(core, &ctx.in_tenant(tenant), &request.phone, purpose).await?))
    }

    async fn refresh_token(&self, request: Request<RefreshTokenRequest>) -> Result<Response<LoginResponse>, Status> {
        let (ctx, request) = enter(request)?;
        Ok(Response::new(refresh::refresh(&self.0, &ctx, &request.refresh_token).await?))
    }

    async fn logout(&self, request: Request<LogoutRequest>) -> Result<Response<Empty>, Status> {
        let (ctx, request) = enter(request)?;
        let me = &ctx.principal;
        let mut tx = self.0.begin(&ctx).await?;
        if request.everywhere {
            end_logins(&mut tx, me.kind, me.id, 0).await?;
        } else {
            login::end(&mut tx, me.kind, me.id, vec![me.login_session_id]).await?;
        }
        tx.commit().await?;
        self.0.directory.forget(me.kind, me.id);
        Ok(Response::new(Empty {}))
    }

    async fn reset_password(&self, request: Request<ResetPasswordRequest>) -> Result<Response<Empty>, Status> {
        let (ctx, request) = enter(request)?;
        let core = &*self.0;
        let ctx = ctx.in_tenant(tenant::resolve(core, &request.tenant_code).await?);
        let proof = code::prove(core, &ctx, &request.phone, Purpose::ResetPassword, &request.code).await?;
        let user = query::by_phone(core.db.read(), ctx.tenant, &request.phone).await?;
        let user = user.ok_or_else(code::wrong)?;
        password::check("new_password", &request.new_password, &user.username, None)?;
        let hash = core.passwords.hash(&request.new_password).await?;
        let ctx = login::caller(&ctx, Kind::User, user.id, &user.name);
        let mut tx = core.begin(&ctx).await?;
        proof.spend(&*tx, ctx.tenant, tx.now()).await?;
        let same = user_info::Column::Phone.eq(&*request.phone).and(user_info::Column::Status.eq(ENABLED));
        if !account::set_password(&tx, user.id, hash, same).await? {
            return Err(code::wrong().into());
        }
        end_logins(&mut tx, Kind::User, user.id, 0).await?;
        tx.commit().await?;
        core.directory.forget(Kind::User, user.id);
        login::forget_tries(core, ctx.tenant, &user.username);
        Ok(Response::new(Empty {}))
    }
}
