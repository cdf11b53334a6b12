//! One-time codes: six digits to a phone, for one purpose. A code works for ten minutes and can be tried five times;
//! of several, the newest alone works. It is used up by what it was sent for, not by a try that was refused.

use std::time::Duration;

use kefu_proto::common::v1::ErrorReason;
use kefu_proto::user::v1::SendCodeResponse;
use kefu_proto::user::v1::send_code_request::Purpose;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, QueryFilter, QueryOrder};

use crate::Core;
use crate::access::Ctx;
use crate::access::secret::{equal, keyed, random_code};
use crate::clock::Time;
use crate::db::{Scoped, TenantId};
use crate::error::{Error, Result, refuse};
use crate::user::ENABLED;
use crate::user::entity::verification_code;
use crate::user::query;

use verification_code::Column;

const LIFETIME: Duration = Duration::from_secs(600);
const TRIES: i32 = 5;
/// Between two codes to a phone.
const PAUSE: Duration = Duration::from_secs(60);
/// Codes of a tenant a minute: what a flood over many phones and addresses can cost.
const PER_TENANT: u64 = 300;
/// An answer takes this long, so that it does not tell by its time whether the phone is known.
const ANSWER_TIME: Duration = Duration::from_millis(500);

/// Sends a code to a phone. Where the purpose needs an account and the phone has none, nothing is sent, and the
/// answer is the same.
pub(crate) async fn send(core: &Core, ctx: &Ctx, phone: &str, purpose: Purpose) -> Result<SendCodeResponse> {
    let answer_at = tokio::time::Instant::now() + ANSWER_TIME;
    limit(core, ctx, phone)?;
    let code = random_code()?;
    store(core, ctx, phone, purpose, &code).await?;
    if is_wanted(core, ctx, phone, purpose).await? {
        let settings = crate::settings::general(core.db.read(), ctx.tenant).await?;
        let text = text(&settings.language, &settings.company_name, purpose, &code);
        crate::notification::send_sms(core, ctx, phone, &text).await?;
    }
    if purpose != Purpose::Register {
        tokio::time::sleep_until(answer_at).await;
    }
    let seconds = |time: Duration| i32::try_from(time.as_secs()).unwrap_or(i32::MAX);
    Ok(SendCodeResponse { expires_in: seconds(LIFETIME), resend_after: seconds(PAUSE) })
}

fn limit(core: &Core, ctx: &Ctx, phone: &str) -> Result<()> {
    let tenant = ctx.tenant.0;
    let hour = Duration::from_secs(3600);
    core.limits.take(&format!("code-address:{}", ctx.call.client_ip), core.config.auth.codes_per_address, hour)?;
    core.limits.take(&format!("code-tenant:{tenant}"), PER_TENANT, Duration::from_secs(60))?;
    core.limits.take(&format!("code-pause:{tenant}:{phone}"), 1, PAUSE)?;
    core.limits.take(&format!("code-phone:{tenant}:{phone}"), core.config.auth.codes_per_phone, 24 * hour)
}

/// Whether somebody could use the code.
async fn is_wanted(core: &Core, ctx: &Ctx, phone: &str, purpose: Purpose) -> Result<bool> {
    let db = core.db.read();
    Ok(match purpose {
        Purpose::Register => true,
        Purpose::Login => query::owner(db, ctx.tenant, phone).await?.is_some(),
        _ => query::by_phone(db, ctx.tenant, phone).await?.is_some_and(|user| user.status == ENABLED),
    })
}

async fn store(core: &Core, ctx: &Ctx, phone: &str, purpose: Purpose, code: &str) -> Result<()> {
    let tx = core.begin(ctx).await?;
    let row = verification_code::ActiveModel {
        phone: Set(phone.to_owned()),
        purpose: Set(crate::db::code(purpose)),
        code_hash: Set(hash(core, ctx, phone, purpose, code)),
        tries: Set(0),
        used: Set(false),
        expire_time: Set(tx.now() + LIFETIME),
        client_ip: Set(ctx.call.client_ip.clone()),
        ..Default::default()
    };
    tx.insert(row).await?;
    tx.commit().await
}

/// What is stored: of use for this tenant, phone and purpose only.
fn hash(core: &Core, ctx: &Ctx, phone: &str, purpose: Purpose, code: &str) -> String {
    keyed(&core.digest_key, &format!("code:{}:{}:{phone}:{code}", ctx.tenant.0, purpose.as_str_name()))
}

/// The SMS. The code stands first, where a phone's preview shows it.
fn text(language: &str, company: &str, purpose: Purpose, code: &str) -> String {
    let minutes = LIFETIME.as_secs() / 60;
    if language == "en" {
        let what = match purpose {
            Purpose::ResetPassword => "to reset your password",
            Purpose::Register => "to register with customer service",
            _ => "to log in",
        };
        return format!("{code} is your code {what}. It works for {minutes} minutes; give it to nobody. [{company}]");
    }
    let what = match purpose {
        Purpose::ResetPassword => "重置密码",
        Purpose::Register => "客服登记",
        _ => "登录",
    };
    format!("{code} 是您的{what}验证码，{minutes} 分钟内有效，请勿告诉他人。【{company}】")
}

/// A code that was right, and is still to be used.
pub(crate) struct Proof {
    code_id: i64,
}

impl Proof {
    /// Uses the code up, together with what it is for: of two who have the same code, one succeeds, and whoever is
    /// refused for another reason keeps it.
    pub(crate) async fn spend(self, db: &impl ConnectionTrait, tenant: TenantId, now: Time) -> Result<()> {
        let used = verification_code::Entity::change(tenant)
            .col_expr(Column::Used, Expr::value(true))
            .col_expr(Column::UpdateTime, Expr::value(now))
            .filter(Column::Id.eq(self.code_id))
            .filter(Column::Used.eq(false))
            .exec(db)
            .await?;
        if used.rows_affected == 1 { Ok(()) } else { Err(wrong()) }
    }
}

/// Checks a code. This has a transaction of its own: the try counts whatever becomes of the caller's work.
pub(crate) async fn prove(core: &Core, ctx: &Ctx, phone: &str, purpose: Purpose, code: &str) -> Result<Proof> {
    let now = core.clock.now();
    let txn = core.db.begin().await?;
    let newest = verification_code::Entity::of(ctx.tenant)
        .filter(Column::Phone.eq(phone))
        .filter(Column::Purpose.eq(crate::db::code(purpose)))
        .order_by_desc(Column::CreateTime)
        .order_by_desc(Column::Id)
        .one(&txn)
        .await?;
    let newest = newest.filter(|row| row.expire_time > now).ok_or_else(wrong)?;
    let counted = verification_code::Entity::change(ctx.tenant)
        .col_expr(Column::Tries, Expr::col(Column::Tries).add(1))
        .col_expr(Column::UpdateTime, Expr::value(now))
        .filter(Column::Id.eq(newest.id))
        .filter(Column::Used.eq(false))
        .filter(Column::Tries.lt(TRIES));
    let may_try = counted.exec(&txn).await?.rows_affected == 1;
    txn.commit().await?;
    let right = may_try && equal(&newest.code_hash, &hash(core, ctx, phone, purpose, code));
    if right { Ok(Proof { code_id: newest.id }) } else { Err(wrong()) }
}

/// The answer to a code that does not work, whatever the cause.
pub(super) fn wrong() -> Error {
    refuse(ErrorReason::CodeInvalid)
}

#[cfg(test)]
mod tests {
    use kefu_proto::user::v1::send_code_request::Purpose;

    use super::text;

    #[test]
    fn the_sms_names_code_purpose_and_company() {
        for (language, purpose, words) in [
            ("zh-CN", Purpose::Login, "登录"),
            ("zh-CN", Purpose::ResetPassword, "重置密码"),
            ("zh-CN", Purpose::Register, "客服登记"),
            ("en", Purpose::ResetPassword, "reset your password"),
        ] {
            let text = text(language, "卫宁 123456789", purpose, "012345");
            assert!(text.starts_with("012345 ") && text.contains(words) && text.contains("卫宁"), "{text}");
        }
    }
}
