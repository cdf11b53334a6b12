//! Logins: a password checked, a login session opened, and ended.

use std::sync::Arc;
use std::time::Duration;

use kefu_proto::common::v1::ErrorReason;
use kefu_proto::common::v1::principal::Kind;
use kefu_proto::realtime::v1::Recipient;
use kefu_proto::realtime::v1::push::{Revoke, What};
use kefu_proto::user::v1::role::DataScope;
use kefu_proto::user::v1::{LoginResponse, UserInfo};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue::Set, ColumnTrait, Condition, QueryFilter, QuerySelect};

use crate::Core;
use crate::access::secret::digest;
use crate::access::{Ctx, Principal};
use crate::clock::Time;
use crate::db::{Push, Scoped, TenantId, Tx, code};
use crate::error::{Error, Result, refuse};
use crate::user::entity::{login_session, user_info};
use crate::user::refresh::RefreshToken;
use crate::user::{ENABLED, query};

/// The window in which failed tries are counted.
const WINDOW: Duration = Duration::from_secs(600);
/// Failed tries from one address; whole hospitals sit behind one.
const TRIES_PER_ADDRESS: u64 = 300;

/// The caller of a public method, once it is known who that is.
pub(crate) fn caller(ctx: &Ctx, kind: Kind, id: i64, name: &str) -> Ctx {
    let nobody = Principal::system(ctx.tenant);
    ctx.acting_as(Arc::new(Principal { kind, id, name: name.to_owned(), scope: DataScope::Self_, ..nobody }))
}

/// The enabled user with this name and password. Whatever is wrong, the answer is the same and takes as long.
pub(super) async fn authenticate(core: &Core, ctx: &Ctx, username: &str, password: &str) -> Result<user_info::Model> {
    let account = account_key(ctx.tenant, username);
    let address = format!("login-address:{}", ctx.call.client_ip);
    core.limits.check(&address, TRIES_PER_ADDRESS, WINDOW)?;
    core.limits.take(&account, core.config.auth.login_tries.into(), WINDOW)?;
    let user = query::by_username(core.db.read(), ctx.tenant, username).await?;
    let right = core.passwords.verify(password, user.as_ref().map(|user| user.password_hash.as_str())).await?;
    match user.filter(|user| right && user.status == ENABLED) {
        Some(user) => {
            core.limits.clear(&account);
            Ok(user)
        }
        None => {
            tracing::info!(username, address = ctx.call.client_ip, tenant = ctx.tenant.0, "a login failed");
            core.limits.take(&address, TRIES_PER_ADDRESS, WINDOW)?;
            Err(bad_credentials())
        }
    }
}

/// Lets an account be tried anew at once: its password was set by other proof, or somebody unlocks it.
pub(super) fn forget_tries(core: &Core, tenant: TenantId, username: &str) {
    core.limits.clear(&account_key(tenant, username));
}

/// Until when no password of an account is tried, after too many wrong ones.
pub(super) fn locked_until(core: &Core, tenant: TenantId, username: &str) -> Option<Time> {
    core.limits.refused_until(&account_key(tenant, username), core.config.auth.login_tries.into(), WINDOW)
}

fn account_key(tenant: TenantId, username: &str) -> String {
    format!("login:{}:{}", tenant.0, username.to_lowercase())
}

pub(super) fn bad_credentials() -> Error {
    refuse(ErrorReason::BadCredentials)
}

/// Logs a user in whose proof has been checked. It fails if the user was disabled, or got another password, since.
pub(super) async fn enter_user(core: &Core, ctx: &Ctx, user: &user_info::Model) -> Result<LoginResponse> {
    let ctx = caller(ctx, Kind::User, user.id, &user.name);
    let info = query::info(core, user).await?;
    let tx = core.begin(&ctx).await?;
    let unchanged = user_info::Entity::change(ctx.tenant)
        .col_expr(user_info::Column::LastLoginTime, Expr::value(tx.now()))
        .filter(user_info::Column::Id.eq(user.id))
        .filter(user_info::Column::Status.eq(ENABLED))
        .filter(user_info::Column::PasswordHash.eq(&*user.password_hash))
        .exec(&*tx)
        .await?;
    if unchanged.rows_affected == 0 {
        return Err(bad_credentials());
    }
    let answer = open(&tx, Kind::User, user.id, info).await?;
    tx.commit().await?;
    Ok(answer)
}

/// Opens a new login session for somebody whose proof has been checked.
pub(crate) async fn open(tx: &Tx<'_>, kind: Kind, id: i64, user: UserInfo) -> Result<LoginResponse> {
    let token = RefreshToken::first()?;
    let refresh_token = token.text(&tx.core().digest_key);
    let call = &tx.ctx().call;
    let row = login_session::ActiveModel {
        principal_kind: Set(code(kind)),
        principal_id: Set(id),
        family: Set(token.family),
        refresh_hash: Set(digest(&refresh_token)),
        previous_hash: Set(String::new()),
        rotate_time: Set(tx.now()),
        expire_time: Set(expiry(tx.core(), tx.now())),
        revoked: Set(false),
        client_ip: Set(call.client_ip.clone()),
        user_agent: Set(call.user_agent.clone()),
        ..Default::default()
    };
    let session = tx.insert(row).await?;
    answer(tx.core(), tx.ctx().tenant, session.id, refresh_token, user)
}

/// The pair of tokens of a login session.
pub(super) fn answer(
    core: &Core,
    tenant: TenantId,
    login_session_id: i64,
    refresh_token: String,
    user: UserInfo,
) -> Result<LoginResponse> {
    Ok(LoginResponse {
        access_token: core.tokens.issue(tenant, login_session_id)?,
        refresh_token,
        expires_in: core.tokens.lifetime_seconds(),
        user: Some(user),
    })
}

/// When a refresh token that is given out now expires.
pub(super) fn expiry(core: &Core, now: Time) -> Time {
    now + chrono::Duration::days(core.config.auth.refresh_days)
}

/// Ends somebody's logins, all or all but one: their tokens at once, their sockets after the commit. What was
/// changed about the person is to be written before, so that no login slips through between; the caller lets
/// `core.directory` forget the person after the commit.
pub(crate) async fn end_logins(tx: &mut Tx<'_>, kind: Kind, id: i64, except: i64) -> Result<()> {
    let theirs = Condition::all()
        .add(login_session::Column::PrincipalKind.eq(code(kind)))
        .add(login_session::Column::PrincipalId.eq(id))
        .add(login_session::Column::Revoked.eq(false))
        .add(login_session::Column::ExpireTime.gt(tx.now()))
        .add(login_session::Column::Id.ne(except));
    let ids = login_session::Entity::of(tx.ctx().tenant)
        .filter(theirs)
        .select_only()
        .column(login_session::Column::Id)
        .into_tuple::<i64>()
        .all(&**tx)
        .await?;
    end(tx, kind, id, ids).await
}

/// Ends these login sessions of somebody.
pub(super) async fn end(tx: &mut Tx<'_>, kind: Kind, id: i64, login_session_ids: Vec<i64>) -> Result<()> {
    let tenant = tx.ctx().tenant;
    login_session::Entity::change(tenant)
        .col_expr(login_session::Column::Revoked, Expr::value(true))
        .col_expr(login_session::Column::UpdateTime, Expr::value(tx.now()))
        .filter(login_session::Column::Id.is_in(login_session_ids.iter().copied()))
        .exec(&**tx)
        .await?;
    for login_session_id in login_session_ids {
        tx.push(Push {
            tenant_id: tenant.0,
            recipients: vec![Recipient { kind: kind.into(), id }],
            what: Some(What::Revoke(Revoke { login_session_id })),
        });
    }
    Ok(())
}
