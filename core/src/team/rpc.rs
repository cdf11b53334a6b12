//! The methods of teams.

use std::sync::Arc;

use kefu_proto::common::v1::{Empty, ErrorReason};
use kefu_proto::error::Problem;
use kefu_proto::team::v1 as proto;
use kefu_proto::team::v1::Team;
use kefu_proto::team::v1::team_service_server::TeamService;
use sea_orm::{ActiveValue::Set, ColumnTrait, ExprTrait, IntoActiveModel, QueryFilter, QueryOrder};
use serde_json::json;
use tonic::{Request, Response, Status};

use crate::Core;
use crate::access::{Ctx, contains, enter};
use crate::db::{Page, Scoped, Tx, given_up, taken_back};
use crate::error::{Error, Result, invalid, not_found, taken};
use crate::mask::Mask;
use crate::session;
use crate::team::entity::{team, team_member};
use crate::team::{convert, hours, query};
use crate::text::{clean, clean_lines};

pub(super) struct Rpc(pub(super) Arc<Core>);

#[tonic::async_trait]
impl TeamService for Rpc {
    async fn list_teams(
        &self,
        request: Request<proto::ListTeamsRequest>,
    ) -> Result<Response<proto::ListTeamsResponse>, Status> {
        use team::Column;
        let (ctx, req) = enter(request)?;
        let mut select = team::Entity::of(ctx.tenant);
        if !req.keyword.is_empty() {
            select = select.filter(contains(&[Column::Name], &req.keyword));
        }
        select = match req.sort.as_str() {
            "createTime" => select.order_by_asc(Column::CreateTime).order_by_asc(Column::Id),
            "name" => select.order_by_asc(Column::Name),
            "-name" => select.order_by_desc(Column::Name),
            _ => select.order_by_desc(Column::CreateTime).order_by_desc(Column::Id),
        };
        let page = Page::new(req.page, req.size);
        let (rows, total) = page.read(select, self.0.db.read()).await?;
        let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
        let counts = query::counts(self.0.db.read(), ctx.tenant, self.0.clock.now(), &ids).await?;
        Ok(Response::new(proto::ListTeamsResponse {
            list: rows.iter().map(|row| convert::team(row, counts.get(&row.id).copied().unwrap_or_default())).collect(),
            total,
            page: page.page,
            size: page.size,
            pages: page.pages(total),
        }))
    }

    async fn get_team(&self, request: Request<proto::GetTeamRequest>) -> Result<Response<Team>, Status> {
        let (ctx, req) = enter(request)?;
        Ok(Response::new(self.view(&ctx, req.id).await?))
    }

    async fn create_team(&self, request: Request<proto::CreateTeamRequest>) -> Result<Response<Team>, Status> {
        let (ctx, req) = enter(request)?;
        hours::check(&req.working_hours)?;
        let name = name(&req.name)?;
        let tx = self.0.begin(&ctx).await?;
        demand_free_name(&tx, 0, &name).await?;
        demand_leader(&tx, req.leader_id).await?;
        let row = team::ActiveModel {
            name: Set(name),
            description: Set(clean_lines(&req.description)),
            leader_id: Set(req.leader_id),
            problem_types: Set(json!(req.problem_types)),
            skills: Set(json!(req.skills)),
            working_hours: Set(convert::hours_json(&req.working_hours)),
            max_sessions: Set(req.max_sessions),
            queue_day: Set(String::new()),
            queue_counter: Set(0),
            ..Default::default()
        };
        let row = tx.insert(row).await.map_err(|error| error.or_taken(&["name"]))?;
        tx.commit().await?;
        Ok(Response::new(convert::team(&row, convert::Counts::default())))
    }

    async fn update_team(&self, request: Request<proto::UpdateTeamRequest>) -> Result<Response<Team>, Status> {
        let (ctx, req) = enter(request)?;
        let tx = self.0.begin(&ctx).await?;
        let row = query::find(&*tx, ctx.tenant, req.id).await?;
        let row = changed(&tx, row, &req).await?;
        tx.update(row).await.map_err(|error| error.or_taken(&["name"]))?;
        tx.commit().await?;
        // Longer hours or a higher maximum can be what a waiting session waited for.
        session::drain(&self.0, ctx.tenant, req.id).await;
        Ok(Response::new(self.view(&ctx, req.id).await?))
    }

    async fn delete_team(&self, request: Request<proto::DeleteTeamRequest>) -> Result<Response<Empty>, Status> {
        let (ctx, req) = enter(request)?;
        let tx = self.0.begin(&ctx).await?;
        let row = query::find(&*tx, ctx.tenant, req.id).await?;
        if session::query::has_open_of_team(&*tx, ctx.tenant, row.id).await? {
            let in_use = Problem::new(ErrorReason::InUse).with("object", "team").with("why", "open sessions");
            return Err(Error::from(in_use).into());
        }
        query::suspend_memberships(&tx, team_member::Column::TeamId.eq(row.id)).await?;
        let freed = given_up(&row.name, row.id);
        let mut row = row.into_active_model();
        row.name = Set(freed);
        tx.delete(row).await?;
        tx.commit().await?;
        self.0.directory.forget_tenant(ctx.tenant);
        Ok(Response::new(Empty {}))
    }

    async fn restore_team(&self, request: Request<proto::RestoreTeamRequest>) -> Result<Response<Team>, Status> {
        let (ctx, req) = enter(request)?;
        let tx = self.0.begin(&ctx).await?;
        let row = tx.deleted::<team::Entity>(req.id, "team").await?;
        let name = taken_back(&row.name, row.id);
        demand_free_name(&tx, row.id, &name).await?;
        let mut row = row.into_active_model();
        row.name = Set(name);
        tx.restore(row).await.map_err(|error| error.or_taken(&["name"]))?;
        query::refill(&tx, req.id).await?;
        tx.commit().await?;
        self.0.directory.forget_tenant(ctx.tenant);
        Ok(Response::new(self.view(&ctx, req.id).await?))
    }

    async fn list_team_members(
        &self,
        request: Request<proto::ListTeamMembersRequest>,
    ) -> Result<Response<proto::ListTeamMembersResponse>, Status> {
        let (ctx, req) = enter(request)?;
        query::find(self.0.db.read(), ctx.tenant, req.id).await?;
        Ok(Response::new(self.members(&ctx, req.id, Page::new(req.page, req.size)).await?))
    }

    async fn add_team_members(
        &self,
        request: Request<proto::AddTeamMembersRequest>,
    ) -> Result<Response<proto::ListTeamMembersResponse>, Status> {
        let (ctx, req) = enter(request)?;
        let tx = self.0.begin(&ctx).await?;
        query::add_members(&tx, req.id, &req.user_ids).await?;
        tx.commit().await?;
        self.0.directory.forget_tenant(ctx.tenant);
        session::drain(&self.0, ctx.tenant, req.id).await;
        Ok(Response::new(self.members(&ctx, req.id, Page::new(1, 100)).await?))
    }

    async fn remove_team_member(
        &self,
        request: Request<proto::RemoveTeamMemberRequest>,
    ) -> Result<Response<Empty>, Status> {
        use team_member::Column;
        let (ctx, req) = enter(request)?;
        let tx = self.0.begin(&ctx).await?;
        query::find(&*tx, ctx.tenant, req.id).await?;
        let member = Column::TeamId.eq(req.id).and(Column::UserId.eq(req.user_id));
        if query::end_memberships(&tx, member).await? == 0 {
            return Err(not_found("user").into());
        }
        tx.commit().await?;
        self.0.directory.forget_tenant(ctx.tenant);
        Ok(Response::new(Empty {}))
    }
}

impl Rpc {
    async fn view(&self, ctx: &Ctx, id: i64) -> Result<Team> {
        let db = self.0.db.read();
        let row = query::find(db, ctx.tenant, id).await?;
        let counts = query::counts(db, ctx.tenant, self.0.clock.now(), &[id]).await?;
        Ok(convert::team(&row, counts.get(&id).copied().unwrap_or_default()))
    }

    async fn members(&self, ctx: &Ctx, team_id: i64, page: Page) -> Result<proto::ListTeamMembersResponse> {
        use team_member::Column;
        let db = self.0.db.read();
        let select = team_member::Entity::of(ctx.tenant).filter(Column::TeamId.eq(team_id)).order_by_asc(Column::Id);
        let (rows, total) = page.read(select, db).await?;
        let ids: Vec<i64> = rows.iter().map(|row| row.user_id).collect();
        let users = query::users(db, ctx.tenant, &ids).await?;
        let states = session::agent::states(db, ctx.tenant, &ids).await?;
        let now = self.0.clock.now();
        Ok(proto::ListTeamMembersResponse {
            list: rows.iter().map(|row| convert::member(row, &users, &states, now)).collect(),
            total,
            page: page.page,
            size: page.size,
            pages: page.pages(total),
        })
    }
}

/// The row with the fields set that the request sets.
async fn changed(tx: &Tx<'_>, row: team::Model, req: &proto::UpdateTeamRequest) -> Result<team::ActiveModel> {
    let mut row = row.into_active_model();
    let mask = Mask::of(&req.update_mask);
    if mask.has("name") {
        let name = name(&req.name)?;
        demand_free_name(tx, req.id, &name).await?;
        row.name = Set(name);
    }
    if mask.has("description") {
        row.description = Set(clean_lines(&req.description));
    }
    if mask.has("leader_id") {
        demand_leader(tx, req.leader_id).await?;
        row.leader_id = Set(req.leader_id);
    }
    if mask.has("problem_types") {
        row.problem_types = Set(json!(req.problem_types));
    }
    if mask.has("skills") {
        row.skills = Set(json!(req.skills));
    }
    if mask.has("working_hours") {
        hours::check(&req.working_hours)?;
        row.working_hours = Set(convert::hours_json(&req.working_hours));
    }
    if mask.has("max_sessions") {
        row.max_sessions = Set(req.max_sessions);
    }
    Ok(row)
}

fn name(given: &str) -> Result<String> {
    let name = clean(given);
    if name.is_empty() { Err(invalid("name", "required")) } else { Ok(name) }
}

/// No other team than `except` has the name.
async fn demand_free_name(tx: &Tx<'_>, except: i64, name: &str) -> Result<()> {
    let other =
        team::Entity::of(tx.ctx().tenant).filter(team::Column::Name.eq(name)).filter(team::Column::Id.ne(except));
    if other.one(&**tx).await?.is_some() { Err(taken("name")) } else { Ok(()) }
}

async fn demand_leader(tx: &Tx<'_>, leader_id: i64) -> Result<()> {
    if leader_id == 0 || query::users(&**tx, tx.ctx().tenant, &[leader_id]).await?.contains_key(&leader_id) {
        return Ok(());
    }
    Err(not_found("user"))
}
