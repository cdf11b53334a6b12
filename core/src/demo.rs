//! A demonstration (`kefu serve --demo`): staff, teams, customers and a working day of conversations, made by a core
//! on a clock of its own before the real one starts. Everything but the users goes through the services, as in real
//! use; what the day leaves behind is history, open sessions, and some that wait.
//!
//! The agents are as present as they would be after their last sign: an hour at most, as the settings of that day have
//! it. Then they are gone like anybody without a connection, and what they served waits again.

mod cast;
mod day;
mod people;
mod play;
mod stage;
mod week;

use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use anyhow::Result;
use chrono::Duration;
use sea_orm::{PaginatorTrait, QuerySelect};

use crate::access::secret::random_token;
use crate::config::Config;
use crate::customer::entity::customer;
use crate::db::Scoped;
use crate::team::entity::team;
use crate::tenant::{NewTenant, resolve};
use crate::{Clock, Core};

use stage::Stage;

/// Characters of the users' password.
const PASSWORD_LENGTH: usize = 16;

/// What was made.
#[derive(Debug)]
pub struct Demo {
    /// The tenant, if this was the first start.
    pub tenant: Option<NewTenant>,
    /// The password of every user of the demonstration; none if there was something in the tenant already.
    pub password: Option<String>,
}

/// The login names of the users of the demonstration; the first is an administrator, then come two supervisors.
pub fn usernames() -> Vec<&'static str> {
    people::STAFF.iter().map(|colleague| colleague.username).collect()
}

/// Fills the default tenant, unless there are teams or customers in it. To be called before the core starts.
///
/// # Errors
/// The core does not start, or an act fails; what was made until then remains.
pub async fn fill(config: &Config) -> Result<Demo> {
    let now = Clock::System.now();
    // A day for preparations, the days before, then the day itself, which ends a minute ago.
    let begin = now - Duration::minutes(day::MINUTES + 1);
    let clock = Clock::Manual(Arc::new(AtomicI64::new((begin - Duration::days(week::DAYS + 1)).timestamp_millis())));
    let core = Core::start(config.clone(), clock).await?;
    let made = make(&core, begin).await;
    core.shutdown().await;
    made
}

async fn make(core: &Arc<Core>, begin: crate::Time) -> Result<Demo> {
    let new = core.first_start().await?;
    let tenant = resolve(core, "").await?;
    let db = core.db.read();
    let teams = team::Entity::of(tenant).limit(1).count(db).await?;
    let customers = customer::Entity::of(tenant).limit(1).count(db).await?;
    if teams + customers > 0 {
        return Ok(Demo { tenant: new, password: None });
    }
    let password: String = random_token()?.chars().take(PASSWORD_LENGTH).collect();
    let stage = Stage { core: core.clone(), service: core.service(), tenant };
    let cast = cast::prepare(&stage, &password).await?;
    play::week(&stage, &cast, begin).await?;
    play::day(&stage, &cast, begin).await?;
    Ok(Demo { tenant: new, password: Some(password) })
}
