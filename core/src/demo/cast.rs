//! The preparations: users, teams, customers in the archive, links, quick replies, settings.

use std::collections::HashMap;

use anyhow::{Context, Result};
use kefu_proto::common::v1::WorkingSpan;
use kefu_proto::common::v1::principal::Kind;
use kefu_proto::customer::v1::customer::Level;
use kefu_proto::customer::v1::customer_service_client::CustomerServiceClient;
use kefu_proto::customer::v1::{CreateCustomerRequest, CreateRegisterLinksRequest};
use kefu_proto::settings::v1::settings_service_client::SettingsServiceClient;
use kefu_proto::settings::v1::{CreateQuickReplyRequest, UpdateAssignmentSettingsRequest, UpdateSettingsRequest};
use kefu_proto::team::v1::team_service_client::TeamServiceClient;
use kefu_proto::team::v1::{AddTeamMembersRequest, CreateTeamRequest, UpdateTeamRequest};
use kefu_proto::user::v1::user_service_client::UserServiceClient;
use kefu_proto::user::v1::{CreateUserRequest, UpdateUserRequest};
use prost_types::FieldMask;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, QueryFilter};

use crate::access::Ctx;
use crate::db::Scoped;
use crate::demo::people::{PEOPLE, REPLIES, STAFF, TEAMS};
use crate::demo::stage::{Actor, Stage};
use crate::session::agent;
use crate::user::account;
use crate::user::entity::{role, user_info};

/// The company of the demonstration.
const COMPANY: &str = "康民公卫软件";
/// Most sessions at once of a user.
const MAX_SESSIONS: i32 = 6;

/// Who and what takes part.
pub(super) struct Cast {
    /// Id and login of each of the staff, by login name.
    pub(super) staff: HashMap<&'static str, (i64, Actor)>,
    /// The teams' ids, in order.
    pub(super) teams: Vec<i64>,
    /// A link of each team, in order.
    pub(super) links: Vec<String>,
    /// The login of each customer in the archive, by phone.
    pub(super) known: HashMap<&'static str, Actor>,
}

impl Cast {
    /// Somebody of the staff.
    pub(super) fn actor(&self, username: &str) -> Result<Actor> {
        self.staff.get(username).map(|(_, actor)| *actor).with_context(|| format!("nobody is called {username}"))
    }

    /// Somebody of the staff's id.
    pub(super) fn id(&self, username: &str) -> Result<i64> {
        self.staff.get(username).map(|(id, _)| *id).with_context(|| format!("nobody is called {username}"))
    }

    /// The administrator.
    pub(super) fn administrator(&self) -> Result<Actor> {
        self.actor(STAFF[0].username)
    }
}

/// Makes everybody and everything that is there before the day begins.
pub(super) async fn prepare(stage: &Stage, password: &str) -> Result<Cast> {
    let staff = hire(stage, password).await?;
    let mut cast = Cast { staff, teams: Vec::new(), links: Vec::new(), known: HashMap::new() };
    set_up(stage, &cast).await?;
    form_teams(stage, &mut cast).await?;
    archive(stage, &mut cast).await?;
    Ok(cast)
}

/// Makes the users. They share one password, so it is hashed once, and nobody has to change it.
async fn hire(stage: &Stage, password: &str) -> Result<HashMap<&'static str, (i64, Actor)>> {
    let hash = stage.core.passwords.hash(password).await?;
    let roles = role::Entity::of(stage.tenant).all(stage.core.db.read()).await?;
    let ctx = Ctx::system(stage.tenant);
    let tx = stage.core.begin(&ctx).await?;
    let mut ids = Vec::new();
    for colleague in &STAFF {
        let request = CreateUserRequest {
            username: colleague.username.to_owned(),
            name: colleague.name.to_owned(),
            role_ids: roles.iter().filter(|role| role.code == colleague.role).map(|role| role.id).collect(),
            max_sessions: MAX_SESSIONS,
            skills: words(colleague.skills),
            ..Default::default()
        };
        ids.push((colleague.username, account::create(&tx, request, hash.clone()).await?.id));
    }
    user_info::Entity::change(stage.tenant)
        .col_expr(user_info::Column::MustChangePassword, Expr::value(false))
        .filter(user_info::Column::Id.is_in(ids.iter().map(|(_, id)| *id)))
        .exec(&*tx)
        .await?;
    tx.commit().await?;
    let mut staff = HashMap::new();
    for (username, id) in ids {
        staff.insert(username, (id, stage.enter(Kind::User, id).await?));
    }
    Ok(staff)
}

/// The company's name, its quick replies, and no timers for the day, which goes by in seconds.
async fn set_up(stage: &Stage, cast: &Cast) -> Result<()> {
    let mut settings = SettingsServiceClient::new(stage.service.clone());
    let administrator = cast.administrator()?;
    let name = UpdateSettingsRequest {
        company_name: COMPANY.to_owned(),
        update_mask: mask(&["company_name"]),
        ..Default::default()
    };
    settings.update_settings(stage.by(administrator, name)?).await?;
    timers(stage, cast, 3600, 0, 0).await?;
    for reply in &REPLIES {
        let reply = CreateQuickReplyRequest {
            shared: true,
            category: reply.category.to_owned(),
            shortcut: reply.shortcut.to_owned(),
            title: reply.title.to_owned(),
            content: reply.content.to_owned(),
            file_ids: Vec::new(),
        };
        settings.create_quick_reply(stage.by(administrator, reply)?).await?;
    }
    Ok(())
}

/// Sets how long agents may be gone, customers silent, and answers due.
pub(super) async fn timers(stage: &Stage, cast: &Cast, grace: i32, idle: i32, reminder: i32) -> Result<()> {
    let request = UpdateAssignmentSettingsRequest {
        grace_seconds: grace,
        customer_idle_minutes: idle,
        reply_reminder_minutes: reminder,
        update_mask: mask(&["grace_seconds", "customer_idle_minutes", "reply_reminder_minutes"]),
        ..Default::default()
    };
    let mut settings = SettingsServiceClient::new(stage.service.clone());
    settings.update_assignment_settings(stage.by(cast.administrator()?, request)?).await?;
    Ok(())
}

async fn form_teams(stage: &Stage, cast: &mut Cast) -> Result<()> {
    let mut teams = TeamServiceClient::new(stage.service.clone());
    let mut customers = CustomerServiceClient::new(stage.service.clone());
    let administrator = cast.administrator()?;
    for team in &TEAMS {
        let request = CreateTeamRequest {
            name: team.name.to_owned(),
            description: team.description.to_owned(),
            leader_id: cast.id(team.leader)?,
            problem_types: words(team.problem_types),
            ..Default::default()
        };
        let id = teams.create_team(stage.by(administrator, request)?).await?.into_inner().id;
        let user_ids = team.members.iter().map(|name| cast.id(name)).collect::<Result<_>>()?;
        teams.add_team_members(stage.by(administrator, AddTeamMembersRequest { id, user_ids })?).await?;
        cast.teams.push(id);
        let links = CreateRegisterLinksRequest {
            team_id: id,
            count: 3,
            expire_hours: 30 * 24,
            max_uses: 200,
            label: format!("{}上线推广", team.name),
            ..Default::default()
        };
        let leader = cast.actor(team.leader)?;
        let links = customers.create_register_links(stage.by(leader, links)?).await?.into_inner().list;
        cast.links.push(links.into_iter().next().context("no link was made")?.token);
    }
    Ok(())
}

/// Customers whom the archive knows already.
async fn archive(stage: &Stage, cast: &mut Cast) -> Result<()> {
    let mut customers = CustomerServiceClient::new(stage.service.clone());
    let supervisor = cast.actor("zhangmin")?;
    for person in PEOPLE.iter().filter(|person| !person.by_link) {
        let request = CreateCustomerRequest {
            name: person.name.to_owned(),
            phone: person.phone.to_owned(),
            institution: person.institution.to_owned(),
            position: person.position.to_owned(),
            region: person.region.to_owned(),
            level: if person.vip { Level::Vip } else { Level::Normal }.into(),
            ..Default::default()
        };
        let id = customers.create_customer(stage.by(supervisor, request)?).await?.into_inner().id;
        cast.known.insert(person.phone, stage.enter(Kind::Customer, id).await?);
    }
    Ok(())
}

/// From now on somebody serves no more sessions than now.
pub(super) async fn limit(stage: &Stage, cast: &Cast, username: &str) -> Result<()> {
    let id = cast.id(username)?;
    let load = agent::states(stage.core.db.read(), stage.tenant, &[id]).await?;
    let active = load.get(&id).map_or(0, |state| state.active_count);
    let request = UpdateUserRequest {
        id,
        max_sessions: std::cmp::max(active, 1),
        update_mask: mask(&["max_sessions"]),
        ..Default::default()
    };
    let mut users = UserServiceClient::new(stage.service.clone());
    users.update_user(stage.by(cast.administrator()?, request)?).await?;
    Ok(())
}

/// After the day: the usual timers, and office hours for the team that has them.
pub(super) async fn close_up(stage: &Stage, cast: &Cast) -> Result<()> {
    timers(stage, cast, 30, 30, 3).await?;
    let hours = (1..=5).map(|weekday| WorkingSpan { weekday, start_minute: 510, end_minute: 1050 });
    let request = UpdateTeamRequest {
        id: *cast.teams.last().context("no team was made")?,
        working_hours: hours.collect(),
        update_mask: mask(&["working_hours"]),
        ..Default::default()
    };
    let mut teams = TeamServiceClient::new(stage.service.clone());
    teams.update_team(stage.by(cast.administrator()?, request)?).await?;
    Ok(())
}

fn mask(paths: &[&str]) -> Option<FieldMask> {
    Some(FieldMask { paths: words(paths) })
}

pub(super) fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}
