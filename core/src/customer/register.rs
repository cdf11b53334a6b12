//! Quick registration: a customer comes by a link, proves the phone, and stands in the team's queue.

use std::sync::OnceLock;

use kefu_proto::common::v1::ErrorReason;
use kefu_proto::common::v1::principal::Kind;
use kefu_proto::customer::v1::customer::{ArchiveStatus, Level};
use kefu_proto::customer::v1::{RegisterRequest, RegisterResponse, VerifyRegisterLinkResponse};
use kefu_proto::session::v1::session::Channel;
use kefu_proto::user::v1::send_code_request::Purpose;
use sea_orm::{ActiveValue::Set, IntoActiveModel};

use crate::Core;
use crate::access::Ctx;
use crate::clock::timestamp;
use crate::customer::entity::{customer, register_link};
use crate::customer::{convert, link, query};
use crate::db::{Scoped, TenantId, Tx, code};
use crate::error::{Error, Result, invalid, refuse};
use crate::team::entity::team;
use crate::text::{clean, clean_lines};
use crate::{session, settings, tenant, user};

/// What the form shows before it is filled in.
pub(super) async fn preview(core: &Core, token: &str) -> Result<VerifyRegisterLinkResponse> {
    let db = core.db.read();
    let link = link::find(core, token).await?;
    let (tenant, now) = (TenantId(link.tenant_id), core.clock.now());
    let team = team_of(core, &link).await?;
    let general = settings::general(db, tenant).await?;
    let in_hours = crate::team::on_duty(&crate::team::working_hours(&team), settings::zone(&general), now);
    let load = session::query::team_load(db, tenant, now, &[team.id]).await?;
    let tenant_name =
        if general.company_name.is_empty() { tenant::name_of(core, tenant).await?.1 } else { general.company_name };
    let mut problem_types = crate::team::problem_types(&team);
    if problem_types.is_empty() {
        problem_types = settings::dictionary_values(db, tenant, "problem_type").await?;
    }
    Ok(VerifyRegisterLinkResponse {
        tenant_name,
        team_id: team.id,
        team_name: team.name,
        recall_seconds: general.recall_seconds,
        problem_type: link.problem_type,
        problem_types,
        expire_time: Some(timestamp(link.expire_time)),
        on_duty: in_hours && load.get(&link.team_id).is_some_and(|(online, _)| *online > 0),
    })
}

/// Registers a customer. The code is checked in a transaction of its own, so that a wrong try counts; everything
/// else happens in one, or not at all: a customer whom a full queue turns away can come back with the same code.
pub(super) async fn register(core: &Core, ctx: &Ctx, req: &RegisterRequest) -> Result<RegisterResponse> {
    let form = Form::of(req)?;
    let link = link::find(core, &req.link_token).await?;
    let team = team_of(core, &link).await?;
    let ctx = ctx.in_tenant(TenantId(link.tenant_id));
    let proof = user::code::prove(core, &ctx, &form.phone, Purpose::Register, &req.code).await?;
    let tenant = tenant::name_of(core, ctx.tenant).await?;
    let permissions = user::role::of_customers(core.db.read(), ctx.tenant).await?;

    let identified = OnceLock::new();
    let mut tx = core.begin(&ctx).await?;
    proof.spend(&*tx, ctx.tenant, tx.now()).await?;
    link::claim(&tx, &link).await?;
    let customer = enlist(&tx, &form, team.id).await?;
    let own = identified.get_or_init(|| user::login::caller(&ctx, Kind::Customer, customer.id, &customer.name));
    tx.act_as(own);
    let problem_type = if link.problem_type.is_empty() { &form.problem_type } else { &link.problem_type };
    let (channel, question) = (Channel::Link, &*form.question);
    let opening = session::Opening { customer: &customer, team: &team, channel, problem_type, question };
    let opened = opening.open(&mut tx).await?;
    let info = convert::info(&customer, tenant, permissions);
    let login = user::login::open(&tx, Kind::Customer, customer.id, info).await?;
    tx.commit().await?;

    session::audience::announce(core, own.tenant, &opened, &[]).await;
    session::drain(core, own.tenant, opened.team_id).await;
    let row = session::query::visible_session(core.db.read(), own, opened.id).await?;
    Ok(RegisterResponse { login: Some(login), session: Some(session::view::one(core, own, row).await?) })
}

/// What the customer has written, cleaned.
struct Form {
    name: String,
    phone: String,
    institution: String,
    position: String,
    emergency_phone: String,
    problem_type: String,
    question: String,
}

impl Form {
    fn of(req: &RegisterRequest) -> Result<Self> {
        let name = clean(&req.name);
        if name.is_empty() {
            return Err(invalid("name", "required"));
        }
        Ok(Self {
            name,
            phone: req.phone.clone(),
            institution: clean(&req.institution),
            position: clean(&req.position),
            emergency_phone: req.emergency_phone.clone(),
            problem_type: clean(&req.problem_type),
            question: clean_lines(&req.question),
        })
    }
}

/// The link's team; without it the link leads nowhere.
async fn team_of(core: &Core, link: &register_link::Model) -> Result<team::Model> {
    let team = team::Entity::one(TenantId(link.tenant_id), link.team_id).one(core.db.read()).await?;
    team.ok_or_else(|| refuse(ErrorReason::LinkInvalid))
}

/// The customer with the phone, or a new one. A known customer's record keeps what it has, and gets what it lacks.
async fn enlist(tx: &Tx<'_>, form: &Form, team_id: i64) -> Result<customer::Model> {
    match query::by_phone(&**tx, tx.ctx().tenant, &form.phone).await? {
        Some(known) => complete(tx, known, form, team_id).await,
        None => tx.insert(temporary(form, team_id)).await.map_err(conflict),
    }
}

/// Two registrations with one new phone: the second may simply try again.
fn conflict(error: Error) -> Error {
    if error.is_duplicate() { refuse(ErrorReason::Conflict) } else { error }
}

async fn complete(tx: &Tx<'_>, known: customer::Model, form: &Form, team_id: i64) -> Result<customer::Model> {
    let mut row = known.clone().into_active_model();
    let lacks = |field: &str, given: &str| field.is_empty() && !given.is_empty();
    if lacks(&known.institution, &form.institution) {
        row.institution = Set(form.institution.clone());
    }
    if lacks(&known.position, &form.position) {
        row.position = Set(form.position.clone());
    }
    if lacks(&known.emergency_phone, &form.emergency_phone) {
        row.emergency_phone = Set(form.emergency_phone.clone());
    }
    if known.team_id == 0 {
        row.team_id = Set(team_id);
    }
    tx.update(row).await
}

fn temporary(form: &Form, team_id: i64) -> customer::ActiveModel {
    customer::ActiveModel {
        name: Set(form.name.clone()),
        phone: Set(Some(form.phone.clone())),
        email: Set(String::new()),
        institution: Set(form.institution.clone()),
        position: Set(form.position.clone()),
        emergency_phone: Set(form.emergency_phone.clone()),
        region: Set(String::new()),
        address: Set(String::new()),
        level: Set(code(Level::Normal)),
        archive_status: Set(code(ArchiveStatus::Temporary)),
        pending_time: Set(None),
        remark: Set(String::new()),
        session_count: Set(0),
        team_id: Set(team_id),
        last_session_time: Set(None),
        gender: Set(0),
        landline: Set(String::new()),
        department: Set(String::new()),
        business_modules: Set(String::new()),
        credit_code: Set(String::new()),
        institution_phone: Set(String::new()),
        ..Default::default()
    }
}
