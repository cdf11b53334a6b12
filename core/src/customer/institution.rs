//! Institutions: what formal customers' records tell of them. A name that is written alike is one institution.

use std::collections::HashMap;
use std::time::Duration;

use kefu_proto::customer::v1::customer::ArchiveStatus;
use kefu_proto::customer::v1::{Institution, ListInstitutionsRequest, ListInstitutionsResponse};
use sea_orm::{ColumnTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Select};

use crate::Core;
use crate::access::{Ctx, contains};
use crate::customer::entity::customer;
use crate::customer::entity::customer::Column;
use crate::customer::link;
use crate::db::{Page, Scoped, TenantId, code};
use crate::error::Result;
use crate::settings;
use crate::text::clean;

/// Names for one form.
const SUGGESTED: u64 = 8;
/// Characters from which on names are suggested.
const TYPED: usize = 2;
const MINUTE: Duration = Duration::from_secs(60);
/// Suggestions an address gets a minute; whole hospitals sit behind one.
const PER_ADDRESS: u64 = 300;
/// Suggestions a link gives a minute.
const PER_LINK: u64 = 120;

/// The institutions a request asks for.
pub(super) async fn list(core: &Core, ctx: &Ctx, req: &ListInstitutionsRequest) -> Result<ListInstitutionsResponse> {
    let (db, page) = (core.db.read(), Page::new(req.page, req.size));
    let groups = of_formal(ctx.tenant, &req.keyword)
        .select_only()
        .column(Column::Institution)
        .column_as(Column::Id.count(), "customers")
        .column_as(Column::Id.max(), "newest")
        .group_by(Column::Institution)
        .order_by_asc(Column::Institution);
    let total = groups.clone().into_tuple::<(String, i64, i64)>().count(db).await?;
    let groups = groups.offset(page.offset()).limit(page.limit()).into_tuple::<(String, i64, i64)>().all(db).await?;
    let newest = customer::Entity::of(ctx.tenant).filter(Column::Id.is_in(groups.iter().map(|(_, _, newest)| *newest)));
    let newest: HashMap<i64, customer::Model> = newest.all(db).await?.into_iter().map(|row| (row.id, row)).collect();
    let view = |(name, customers, id): (String, i64, i64)| {
        let row = newest.get(&id);
        let field = |of: fn(&customer::Model) -> &String| row.map(of).cloned().unwrap_or_default();
        Institution {
            name,
            customer_count: i32::try_from(customers).unwrap_or(i32::MAX),
            region: field(|row| &row.region),
            address: field(|row| &row.address),
            credit_code: field(|row| &row.credit_code),
            institution_phone: field(|row| &row.institution_phone),
        }
    };
    let total = i32::try_from(total).unwrap_or(i32::MAX);
    Ok(ListInstitutionsResponse {
        list: groups.into_iter().map(view).collect(),
        total,
        page: page.page,
        size: page.size,
        pages: page.pages(total),
    })
}

/// Names for whoever fills in the form of a link: no more than a few, and not so often that they could be harvested.
pub(super) async fn suggest(core: &Core, ctx: &Ctx, token: &str, keyword: &str) -> Result<Vec<String>> {
    core.limits.take(&format!("institutions-address:{}", ctx.call.client_ip), PER_ADDRESS, MINUTE)?;
    let link = link::find(core, token).await?;
    core.limits.take(&format!("institutions-link:{}", link.id), PER_LINK, MINUTE)?;
    let (db, tenant, keyword) = (core.db.read(), TenantId(link.tenant_id), clean(keyword));
    if keyword.chars().count() < TYPED || !settings::general(db, tenant).await?.institution_suggestions {
        return Ok(Vec::new());
    }
    let names = of_formal(tenant, &keyword)
        .select_only()
        .column(Column::Institution)
        .group_by(Column::Institution)
        .order_by_asc(Column::Institution)
        .limit(SUGGESTED);
    Ok(names.into_tuple::<String>().all(db).await?)
}

fn of_formal(tenant: TenantId, keyword: &str) -> Select<customer::Entity> {
    let formal = customer::Entity::of(tenant)
        .filter(Column::ArchiveStatus.eq(code(ArchiveStatus::Formal)))
        .filter(Column::Institution.ne(""));
    if keyword.is_empty() { formal } else { formal.filter(contains(&[Column::Institution], keyword)) }
}
