//! A new tenant: its preset roles, its settings, and an administrator with a random password.

use kefu_proto::common::v1::ErrorReason;
use kefu_proto::error::{Lang, Problem};
use sea_orm::{ActiveValue::Set, ColumnTrait, QueryFilter, QuerySelect};
use serde::Serialize;

use crate::Core;
use crate::access::secret::{Passwords, random_token};
use crate::clock::Clock;
use crate::config::Config;
use crate::db::{Db, Scoped, TenantId, insert_row};
use crate::error::{Error, Result, invalid, taken};
use crate::tenant::entity::tenant;
use crate::tenant::{DEFAULT_CODE, INSTALLATION};
use crate::text::clean;
use crate::{settings, user};

const DEFAULT_NAME: &str = "客服中心";
const ADMINISTRATOR: &str = "admin";
/// Characters of a first password: more than 128 random bits.
const PASSWORD_LENGTH: usize = 22;

/// A tenant that was just made, and how its administrator logs in. The password is not kept anywhere.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewTenant {
    /// The tenant's code.
    pub tenant_code: String,
    /// The administrator's login name.
    pub username: String,
    /// The administrator's first password.
    pub password: String,
}

/// Makes the default tenant if there is none yet. Of nodes that start at once, one makes it.
pub(crate) async fn first_start(core: &Core) -> Result<Option<NewTenant>> {
    if tenant::Entity::of(INSTALLATION).limit(1).one(core.db.read()).await?.is_some() {
        return Ok(None);
    }
    match create(&core.db, &core.clock, &core.passwords, DEFAULT_CODE, DEFAULT_NAME).await {
        Ok(new) => Ok(Some(new)),
        Err(error) if is_taken(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

fn is_taken(error: &Error) -> bool {
    error.problem().is_some_and(|p| p.reason == ErrorReason::AlreadyExists)
}

/// Makes a tenant with its preset roles and an administrator, beside a server that may be running.
///
/// # Errors
/// The code is taken or malformed, or the database fails.
pub async fn create_tenant(config: &Config, clock: &Clock, code: &str, name: &str) -> anyhow::Result<NewTenant> {
    config.make_data_dir()?;
    let db = Db::open(&config.database).await?;
    let new = create(&db, clock, &Passwords::new(), code, name).await;
    db.close().await?;
    new.map_err(|error| match error.problem() {
        Some(problem) => anyhow::anyhow!("cannot make the tenant: {}", in_words(problem)),
        None => error.into(),
    })
}

/// For somebody at a terminal.
fn in_words(problem: &Problem) -> String {
    let fields = problem.violations.iter().map(|wrong| format!("{} {}", wrong.field, wrong.text(Lang::En)));
    if problem.violations.is_empty() { problem.text(Lang::En) } else { fields.collect::<Vec<_>>().join(", ") }
}

async fn create(db: &Db, clock: &Clock, passwords: &Passwords, code: &str, name: &str) -> Result<NewTenant> {
    let name = clean(name);
    if !is_code(code) {
        return Err(invalid("code", "string.pattern"));
    }
    if name.is_empty() || name.chars().count() > 64 {
        return Err(invalid("name", "required"));
    }
    let password: String = random_token()?.chars().take(PASSWORD_LENGTH).collect();
    let hash = passwords.hash(&password).await?;
    let now = clock.now();
    let txn = db.begin().await?;
    if tenant::Entity::of(INSTALLATION).filter(tenant::Column::Code.eq(code)).one(&txn).await?.is_some() {
        return Err(taken("code"));
    }
    let row = tenant::ActiveModel { code: Set(code.to_owned()), name: Set(name.clone()), ..Default::default() };
    let row = insert_row(&txn, INSTALLATION, 0, now, row).await;
    let tenant = TenantId(row.map_err(|error| error.or_taken(&["code"]))?.id);
    user::role::seed(&txn, tenant, now).await?;
    user::account::first(&txn, tenant, now, ADMINISTRATOR, hash).await?;
    settings::seed(&txn, tenant, now, &name).await?;
    txn.commit().await?;
    Ok(NewTenant { tenant_code: code.to_owned(), username: ADMINISTRATOR.to_owned(), password })
}

/// 2 to 64 small letters, digits and dashes.
fn is_code(code: &str) -> bool {
    (2..=64).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::is_code;

    #[test]
    fn codes_are_plain() {
        let cases =
            [("default", true), ("a1-b", true), ("a", false), ("Default", false), ("a b", false), ("租户", false)];
        for (code, right) in cases {
            assert_eq!(is_code(code), right, "{code}");
        }
        assert!(is_code(&"a".repeat(64)) && !is_code(&"a".repeat(65)));
    }
}
