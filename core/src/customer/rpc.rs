//! The methods of customers.

use std::sync::Arc;

use kefu_proto::common::v1::principal::Kind;
use kefu_proto::common::v1::{Empty, ErrorReason};
use kefu_proto::customer::v1 as proto;
use kefu_proto::customer::v1::archive_record::Status as Verdict;
use kefu_proto::customer::v1::customer::{ArchiveStatus, Level};
use kefu_proto::customer::v1::customer_service_server::CustomerService;
use kefu_proto::customer::v1::{ArchiveRecord, Customer};
use kefu_proto::error::Problem;
use kefu_proto::session::v1::ListSessionsResponse;
use sea_orm::sea_query::NullOrdering;
use sea_orm::{ActiveValue::Set, ColumnTrait, IntoActiveModel, Order, QueryFilter, QueryOrder, Select};
use tonic::{Request, Response, Status};

use crate::Core;
use crate::access::{Ctx, enter};
use crate::customer::entity::{archive_record, customer, register_link};
use crate::customer::{archive, convert, institution, link, query, register};
use crate::db::{Page, Scoped, Tx, code};
use crate::error::{Error, Result, invalid, not_found};
use crate::mask::Mask;
use crate::text::{clean, clean_lines};
use crate::{session, team, user};

pub(super) struct Rpc(pub(super) Arc<Core>);

#[tonic::async_trait]
impl CustomerService for Rpc {
    async fn list_customers(
        &self,
        request: Request<proto::ListCustomersRequest>,
    ) -> Result<Response<proto::ListCustomersResponse>, Status> {
        use customer::Column;
        let (ctx, req) = enter(request)?;
        let mut select = customer::Entity::of(ctx.tenant).filter(query::matching(&req.keyword));
        if req.archive_status != 0 {
            select = select.filter(Column::ArchiveStatus.eq(code(req.archive_status)));
        }
        if req.level != 0 {
            select = select.filter(Column::Level.eq(code(req.level)));
        }
        let (column, order) = match req.sort.as_str() {
            "createTime" => (Column::CreateTime, Order::Asc),
            "name" => (Column::Name, Order::Asc),
            "-name" => (Column::Name, Order::Desc),
            "lastSessionTime" => (Column::LastSessionTime, Order::Asc),
            "-lastSessionTime" => (Column::LastSessionTime, Order::Desc),
            _ => (Column::CreateTime, Order::Desc),
        };
        // Whoever has had no session yet comes last, on every database.
        let select = select.order_by_with_nulls(column, order.clone(), NullOrdering::Last).order_by(Column::Id, order);
        Ok(Response::new(self.page(select, Page::new(req.page, req.size)).await?))
    }

    async fn get_customer(&self, request: Request<proto::GetCustomerRequest>) -> Result<Response<Customer>, Status> {
        let (ctx, req) = enter(request)?;
        let row = query::find(self.0.db.read(), ctx.tenant, req.id).await?;
        Ok(Response::new(convert::view(&row)))
    }

    async fn create_customer(
        &self,
        request: Request<proto::CreateCustomerRequest>,
    ) -> Result<Response<Customer>, Status> {
        let (ctx, req) = enter(request)?;
        let row = formal(&req)?;
        let tx = self.0.begin(&ctx).await?;
        query::demand_free_phone(&tx, 0, &req.phone).await?;
        demand_team(&tx, req.team_id).await?;
        let row = tx.insert(row).await.map_err(|error| error.or_taken(&["phone"]))?;
        tx.commit().await?;
        Ok(Response::new(convert::view(&row)))
    }

    async fn update_customer(
        &self,
        request: Request<proto::UpdateCustomerRequest>,
    ) -> Result<Response<Customer>, Status> {
        let (ctx, req) = enter(request)?;
        let tx = self.0.begin(&ctx).await?;
        let row = query::find(&*tx, ctx.tenant, req.id).await?;
        let row = changed(&tx, row, &req).await?;
        let row = tx.update(row).await.map_err(|error| error.or_taken(&["phone"]))?;
        tx.commit().await?;
        self.0.directory.forget(Kind::Customer, row.id);
        Ok(Response::new(convert::view(&row)))
    }

    async fn delete_customer(&self, request: Request<proto::DeleteCustomerRequest>) -> Result<Response<Empty>, Status> {
        let (ctx, req) = enter(request)?;
        let mut tx = self.0.begin(&ctx).await?;
        let row = query::find(&*tx, ctx.tenant, req.id).await?;
        if session::query::has_open_of_customer(&*tx, ctx.tenant, row.id).await? {
            let in_use = Problem::new(ErrorReason::InUse).with("object", "customer").with("why", "open sessions");
            return Err(Error::from(in_use).into());
        }
        let phone = row.phone.clone().unwrap_or_default();
        let mut row = row.into_active_model();
        row.phone = Set(None);
        row.deleted_phone = Set(phone);
        tx.delete(row).await?;
        user::end_logins(&mut tx, Kind::Customer, req.id, 0).await?;
        tx.commit().await?;
        self.0.directory.forget(Kind::Customer, req.id);
        Ok(Response::new(Empty {}))
    }

    async fn restore_customer(
        &self,
        request: Request<proto::RestoreCustomerRequest>,
    ) -> Result<Response<Customer>, Status> {
        let (ctx, req) = enter(request)?;
        let tx = self.0.begin(&ctx).await?;
        let row = tx.deleted::<customer::Entity>(req.id, "customer").await?;
        let phone = (!row.deleted_phone.is_empty()).then(|| row.deleted_phone.clone());
        if let Some(phone) = &phone {
            query::demand_free_phone(&tx, req.id, phone).await?;
        }
        let mut row = row.into_active_model();
        row.phone = Set(phone);
        row.deleted_phone = Set(String::new());
        let row = tx.restore(row).await.map_err(|error| error.or_taken(&["phone"]))?;
        tx.commit().await?;
        Ok(Response::new(convert::view(&row)))
    }

    async fn list_customer_services(
        &self,
        request: Request<proto::ListCustomerServicesRequest>,
    ) -> Result<Response<ListSessionsResponse>, Status> {
        let (ctx, req) = enter(request)?;
        query::find(self.0.db.read(), ctx.tenant, req.id).await?;
        let page = Page::new(req.page, req.size);
        Ok(Response::new(session::query::list_of_customer(&self.0, &ctx, req.id, page).await?))
    }

    async fn list_pending_archive(
        &self,
        request: Request<proto::ListPendingArchiveRequest>,
    ) -> Result<Response<proto::ListCustomersResponse>, Status> {
        use customer::Column;
        let (ctx, req) = enter(request)?;
        let select = customer::Entity::of(ctx.tenant)
            .filter(Column::ArchiveStatus.eq(code(ArchiveStatus::Pending)))
            .filter(query::matching(&req.keyword))
            .order_by_asc(Column::PendingTime)
            .order_by_asc(Column::Id);
        Ok(Response::new(self.page(select, Page::new(req.page, req.size)).await?))
    }

    async fn archive_customer(
        &self,
        request: Request<proto::ArchiveCustomerRequest>,
    ) -> Result<Response<ArchiveRecord>, Status> {
        let (ctx, req) = enter(request)?;
        let mut tx = self.0.begin(&ctx).await?;
        let record = archive::submit(&mut tx, req.id, &req.comment).await?;
        tx.commit().await?;
        Ok(Response::new(convert::archive_record(record)))
    }

    async fn list_archive_records(
        &self,
        request: Request<proto::ListArchiveRecordsRequest>,
    ) -> Result<Response<proto::ListArchiveRecordsResponse>, Status> {
        use archive_record::Column;
        let (ctx, req) = enter(request)?;
        let mut select = archive_record::Entity::of(ctx.tenant).order_by_desc(Column::Id);
        if req.status != 0 {
            select = select.filter(Column::Status.eq(code(req.status)));
        }
        if req.customer_id != 0 {
            select = select.filter(Column::CustomerId.eq(req.customer_id));
        }
        let page = Page::new(req.page, req.size);
        let (rows, total) = page.read(select, self.0.db.read()).await?;
        Ok(Response::new(proto::ListArchiveRecordsResponse {
            list: rows.into_iter().map(convert::archive_record).collect(),
            total,
            page: page.page,
            size: page.size,
            pages: page.pages(total),
        }))
    }

    async fn get_archive_record(
        &self,
        request: Request<proto::GetArchiveRecordRequest>,
    ) -> Result<Response<ArchiveRecord>, Status> {
        let (ctx, req) = enter(request)?;
        let row = archive_record::Entity::one(ctx.tenant, req.id).one(self.0.db.read()).await.map_err(Error::from)?;
        let row = row.ok_or_else(|| not_found("archive record"))?;
        Ok(Response::new(convert::archive_record(row)))
    }

    async fn approve_archive(
        &self,
        request: Request<proto::ApproveArchiveRequest>,
    ) -> Result<Response<ArchiveRecord>, Status> {
        let (ctx, req) = enter(request)?;
        Ok(Response::new(self.review(&ctx, req.id, Verdict::Approved, &req.comment).await?))
    }

    async fn reject_archive(
        &self,
        request: Request<proto::RejectArchiveRequest>,
    ) -> Result<Response<ArchiveRecord>, Status> {
        let (ctx, req) = enter(request)?;
        required("comment", clean_lines(&req.comment))?;
        Ok(Response::new(self.review(&ctx, req.id, Verdict::Rejected, &req.comment).await?))
    }

    async fn list_institutions(
        &self,
        request: Request<proto::ListInstitutionsRequest>,
    ) -> Result<Response<proto::ListInstitutionsResponse>, Status> {
        let (ctx, req) = enter(request)?;
        Ok(Response::new(institution::list(&self.0, &ctx, &req).await?))
    }

    async fn suggest_institutions(
        &self,
        request: Request<proto::SuggestInstitutionsRequest>,
    ) -> Result<Response<proto::SuggestInstitutionsResponse>, Status> {
        let (ctx, req) = enter(request)?;
        let names = institution::suggest(&self.0, &ctx, &req.token, &req.keyword).await?;
        Ok(Response::new(proto::SuggestInstitutionsResponse { names }))
    }

    async fn create_register_links(
        &self,
        request: Request<proto::CreateRegisterLinksRequest>,
    ) -> Result<Response<proto::CreateRegisterLinksResponse>, Status> {
        let (ctx, req) = enter(request)?;
        let tx = self.0.begin(&ctx).await?;
        let team = team::find(&*tx, ctx.tenant, req.team_id).await?;
        let list = link::create(&tx, &team.name, &req).await?;
        tx.commit().await?;
        Ok(Response::new(proto::CreateRegisterLinksResponse { list }))
    }

    async fn list_register_links(
        &self,
        request: Request<proto::ListRegisterLinksRequest>,
    ) -> Result<Response<proto::ListRegisterLinksResponse>, Status> {
        let (ctx, req) = enter(request)?;
        Ok(Response::new(self.links(&ctx, &req).await?))
    }

    async fn revoke_register_link(
        &self,
        request: Request<proto::RevokeRegisterLinkRequest>,
    ) -> Result<Response<Empty>, Status> {
        let (ctx, req) = enter(request)?;
        let tx = self.0.begin(&ctx).await?;
        link::set_revoked(&tx, req.id, true).await?;
        tx.commit().await?;
        Ok(Response::new(Empty {}))
    }

    async fn restore_register_link(
        &self,
        request: Request<proto::RestoreRegisterLinkRequest>,
    ) -> Result<Response<proto::RegisterLink>, Status> {
        let (ctx, req) = enter(request)?;
        let tx = self.0.begin(&ctx).await?;
        link::set_revoked(&tx, req.id, false).await?;
        let row = register_link::Entity::one(ctx.tenant, req.id).one(&*tx).await.map_err(Error::from)?;
        let row = row.ok_or_else(|| not_found("link"))?;
        let team = team::names(&*tx, ctx.tenant, &[row.team_id]).await?.remove(&row.team_id);
        tx.commit().await?;
        Ok(Response::new(convert::link(&row, team.unwrap_or_default())))
    }

    async fn verify_register_link(
        &self,
        request: Request<proto::VerifyRegisterLinkRequest>,
    ) -> Result<Response<proto::VerifyRegisterLinkResponse>, Status> {
        let (_, req) = enter(request)?;
        Ok(Response::new(register::preview(&self.0, &req.token).await?))
    }

    async fn register(
        &self,
        request: Request<proto::RegisterRequest>,
    ) -> Result<Response<proto::RegisterResponse>, Status> {
        let (ctx, req) = enter(request)?;
        Ok(Response::new(register::register(&self.0, &ctx, &req).await?))
    }
}

impl Rpc {
    async fn review(&self, ctx: &Ctx, id: i64, verdict: Verdict, comment: &str) -> Result<ArchiveRecord> {
        let mut tx = self.0.begin(ctx).await?;
        let record = archive::review(&mut tx, id, verdict, comment).await?;
        tx.commit().await?;
        Ok(convert::archive_record(record))
    }

    async fn page(&self, select: Select<customer::Entity>, page: Page) -> Result<proto::ListCustomersResponse> {
        let (rows, total) = page.read(select, self.0.db.read()).await?;
        Ok(proto::ListCustomersResponse {
            list: rows.iter().map(convert::view).collect(),
            total,
            page: page.page,
            size: page.size,
            pages: page.pages(total),
        })
    }

    async fn links(
        &self,
        ctx: &Ctx,
        req: &proto::ListRegisterLinksRequest,
    ) -> Result<proto::ListRegisterLinksResponse> {
        let db = self.0.db.read();
        let mut select = register_link::Entity::of(ctx.tenant).order_by_desc(register_link::Column::Id);
        if req.team_id != 0 {
            select = select.filter(register_link::Column::TeamId.eq(req.team_id));
        }
        if req.usable {
            select = select.filter(link::usable(self.0.clock.now()));
        }
        let page = Page::new(req.page, req.size);
        let (rows, total) = page.read(select, db).await?;
        let ids: Vec<i64> = rows.iter().map(|row| row.team_id).collect();
        let teams = team::names(db, ctx.tenant, &ids).await?;
        let name = |id| teams.get(&id).cloned().unwrap_or_default();
        Ok(proto::ListRegisterLinksResponse {
            list: rows.iter().map(|row| convert::link(row, name(row.team_id))).collect(),
            total,
            page: page.page,
            size: page.size,
            pages: page.pages(total),
        })
    }
}

/// The row of a customer made by staff.
fn formal(req: &proto::CreateCustomerRequest) -> Result<customer::ActiveModel> {
    Ok(customer::ActiveModel {
        name: Set(required("name", clean(&req.name))?),
        phone: Set(Some(req.phone.clone())),
        email: Set(req.email.clone()),
        institution: Set(clean(&req.institution)),
        position: Set(clean(&req.position)),
        emergency_phone: Set(req.emergency_phone.clone()),
        region: Set(clean(&req.region)),
        address: Set(clean(&req.address)),
        level: Set(level(req.level)),
        archive_status: Set(code(ArchiveStatus::Formal)),
        pending_time: Set(None),
        remark: Set(clean_lines(&req.remark)),
        session_count: Set(0),
        team_id: Set(req.team_id),
        last_session_time: Set(None),
        gender: Set(code(req.gender)),
        landline: Set(req.landline.clone()),
        department: Set(clean(&req.department)),
        business_modules: Set(clean(&req.business_modules)),
        credit_code: Set(req.credit_code.clone()),
        institution_phone: Set(req.institution_phone.clone()),
        deleted_phone: Set(String::new()),
        ..Default::default()
    })
}

/// The row with the fields set that the request sets.
async fn changed(
    tx: &Tx<'_>,
    row: customer::Model,
    req: &proto::UpdateCustomerRequest,
) -> Result<customer::ActiveModel> {
    let mut row = row.into_active_model();
    let mask = Mask::of(&req.update_mask);
    if mask.has("name") {
        row.name = Set(required("name", clean(&req.name))?);
    }
    if mask.has("phone") {
        let phone = required("phone", req.phone.clone())?;
        query::demand_free_phone(tx, req.id, &phone).await?;
        row.phone = Set(Some(phone));
    }
    if mask.has("email") {
        row.email = Set(req.email.clone());
    }
    if mask.has("institution") {
        row.institution = Set(clean(&req.institution));
    }
    if mask.has("position") {
        row.position = Set(clean(&req.position));
    }
    if mask.has("emergency_phone") {
        row.emergency_phone = Set(req.emergency_phone.clone());
    }
    if mask.has("region") {
        row.region = Set(clean(&req.region));
    }
    if mask.has("address") {
        row.address = Set(clean(&req.address));
    }
    if mask.has("level") {
        row.level = Set(level(req.level));
    }
    if mask.has("remark") {
        row.remark = Set(clean_lines(&req.remark));
    }
    if mask.has("gender") {
        row.gender = Set(code(req.gender));
    }
    if mask.has("landline") {
        row.landline = Set(req.landline.clone());
    }
    if mask.has("department") {
        row.department = Set(clean(&req.department));
    }
    if mask.has("business_modules") {
        row.business_modules = Set(clean(&req.business_modules));
    }
    if mask.has("credit_code") {
        row.credit_code = Set(req.credit_code.clone());
    }
    if mask.has("institution_phone") {
        row.institution_phone = Set(req.institution_phone.clone());
    }
    if mask.has("team_id") {
        demand_team(tx, req.team_id).await?;
        row.team_id = Set(req.team_id);
    }
    Ok(row)
}

/// The team is there; none is fine.
async fn demand_team(tx: &Tx<'_>, team_id: i64) -> Result<()> {
    if team_id != 0 {
        team::find(&**tx, tx.ctx().tenant, team_id).await?;
    }
    Ok(())
}

/// NORMAL if left out.
fn level(given: i32) -> i16 {
    if given == 0 { code(Level::Normal) } else { code(given) }
}

fn required(field: &str, value: String) -> Result<String> {
    if value.is_empty() { Err(invalid(field, "required")) } else { Ok(value) }
}
