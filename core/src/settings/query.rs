//! Reads and writes groups of settings, and makes those of a new tenant.

use chrono_tz::Tz;
use kefu_proto::json;
use kefu_proto::settings::v1::{AssignmentSettings, Settings};
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect};
use serde_json::Value as Json;

use crate::access::Ctx;
use crate::clock::{Time, timestamp};
use crate::db::{Scoped, TenantId, Tx, insert_row};
use crate::error::Result;
use crate::settings::convert::Group;
use crate::settings::entity::{dictionary, dictionary_item, quick_reply, setting};

/// The consultation types a new tenant begins with.
const PROBLEM_TYPES: [&str; 8] =
    ["登录问题", "打印问题", "建档", "疫苗接种", "慢病随访", "报表统计", "数据上报", "其他"];

/// The basic settings.
pub(crate) async fn general(db: &impl ConnectionTrait, tenant: TenantId) -> Result<Settings> {
    read(db, tenant).await
}

/// How sessions are assigned.
pub(crate) async fn assignment(db: &impl ConnectionTrait, tenant: TenantId) -> Result<AssignmentSettings> {
    read(db, tenant).await
}

/// The time zone of the working calendar.
pub(crate) fn zone(settings: &Settings) -> Tz {
    settings.time_zone.parse().unwrap_or(Tz::Asia__Shanghai)
}

/// The values of a dictionary, in order; none if there is no such dictionary.
pub(crate) async fn dictionary_values(db: &impl ConnectionTrait, tenant: TenantId, code: &str) -> Result<Vec<String>> {
    let Some(dictionary) = dictionary_by_code(db, tenant, code).await? else {
        return Ok(Vec::new());
    };
    Ok(items(db, tenant, dictionary.id).await?.into_iter().map(|item| item.value).collect())
}

/// The caller sees a quick reply: a user, for whom it is, or one for everybody.
pub(crate) async fn sees_quick_reply(db: &impl ConnectionTrait, ctx: &Ctx, id: i64) -> Result<bool> {
    let row = quick_reply::Entity::one(ctx.tenant, id).one(db).await?;
    Ok(ctx.is_staff() && row.is_some_and(|row| row.owner_id == 0 || row.owner_id == ctx.principal.id))
}

/// A dictionary by its code.
pub(super) async fn dictionary_by_code(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    code: &str,
) -> Result<Option<dictionary::Model>> {
    Ok(dictionary::Entity::of(tenant).filter(dictionary::Column::Code.eq(code)).one(db).await?)
}

/// The items of a dictionary, in order.
pub(super) async fn items(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    dictionary_id: i64,
) -> Result<Vec<dictionary_item::Model>> {
    use dictionary_item::Column;
    let items = dictionary_item::Entity::of(tenant).filter(Column::DictionaryId.eq(dictionary_id));
    Ok(items.order_by_asc(Column::Sort).order_by_asc(Column::Id).all(db).await?)
}

/// The settings and dictionaries of a new tenant.
pub(crate) async fn seed(db: &impl ConnectionTrait, tenant: TenantId, now: Time, company_name: &str) -> Result<()> {
    let general = Settings { company_name: company_name.to_owned(), ..Settings::defaults() };
    insert_row(db, tenant, 0, now, new_row(&general)).await?;
    insert_row(db, tenant, 0, now, new_row(&AssignmentSettings::defaults())).await?;
    let problem_type = dictionary::ActiveModel {
        code: Set("problem_type".to_owned()),
        name: Set("咨询类型".to_owned()),
        ..Default::default()
    };
    let problem_type = insert_row(db, tenant, 0, now, problem_type).await?;
    for (sort, value) in (1..).zip(PROBLEM_TYPES) {
        let item = dictionary_item::ActiveModel {
            dictionary_id: Set(problem_type.id),
            value: Set(value.to_owned()),
            label: Set(value.to_owned()),
            sort: Set(sort),
            ..Default::default()
        };
        insert_row(db, tenant, 0, now, item).await?;
    }
    Ok(())
}

async fn read<G: Group>(db: &impl ConnectionTrait, tenant: TenantId) -> Result<G> {
    let row = setting::Entity::of(tenant).filter(setting::Column::Name.eq(G::ROW)).one(db).await?;
    row.map_or_else(|| Ok(G::defaults()), |row| decode(&row))
}

/// Changes a group. The row is locked first, so that two who change different fields both get their way.
pub(super) async fn change<G: Group>(tx: &Tx<'_>, change: impl FnOnce(&mut G) -> Result<()>) -> Result<G> {
    let row = setting::Entity::of(tx.ctx().tenant).filter(setting::Column::Name.eq(G::ROW));
    let row = row.lock_exclusive().one(&**tx).await?;
    let mut group = row.as_ref().map_or_else(|| Ok(G::defaults()), decode::<G>)?;
    change(&mut group)?;
    let row = match row {
        Some(row) => {
            let mut row = row.into_active_model();
            row.value = Set(json::to_json(&group));
            tx.update(row).await?
        }
        None => tx.insert(new_row(&group)).await?,
    };
    decode(&row)
}

fn new_row<G: Group>(group: &G) -> setting::ActiveModel {
    setting::ActiveModel { name: Set(G::ROW.to_owned()), value: Set(json::to_json(group)), ..Default::default() }
}

fn decode<G: Group>(row: &setting::Model) -> Result<G> {
    let mut group: G = overlay(&row.value)?;
    group.set_update_time(timestamp(row.update_time));
    Ok(group)
}

/// The defaults with what is stored laid over them.
fn overlay<G: Group>(stored: &Json) -> Result<G> {
    let mut value = json::to_json(&G::defaults());
    if let Json::Object(fields) = &mut value {
        for (name, field) in fields.iter_mut() {
            if let Some(given) = stored.get(name).filter(|given| !given.is_null()) {
                *field = given.clone();
            }
        }
    }
    Ok(json::from_json(&value).map_err(|wrong| anyhow::anyhow!("setting {}: {wrong:?}", G::ROW))?)
}

#[cfg(test)]
mod tests {
    use kefu_proto::json;
    use kefu_proto::settings::v1::{AssignmentSettings, Settings};
    use serde_json::json;

    use super::{overlay, zone};
    use crate::settings::convert::Group;

    #[test]
    fn a_row_older_than_a_key_gets_the_default_and_one_newer_is_no_fault() {
        let stored = json!({ "queueEnabled": false, "graceSeconds": 7, "keyOfALaterVersion": 1 });
        let settings: AssignmentSettings = overlay(&stored).unwrap();
        assert_eq!((settings.queue_enabled, settings.grace_seconds, settings.transfer_seconds), (false, 7, 60));
    }

    #[test]
    fn what_is_written_is_what_is_read() {
        let settings = Settings { company_name: "公卫软件".into(), recall_seconds: 0, ..Settings::defaults() };
        assert_eq!(overlay::<Settings>(&json::to_json(&settings)).unwrap(), settings);
    }

    #[test]
    fn an_unknown_zone_falls_back_to_shanghai() {
        let of = |time_zone: &str| zone(&Settings { time_zone: time_zone.into(), ..Settings::defaults() });
        assert_eq!(of("Europe/Berlin"), chrono_tz::Tz::Europe__Berlin);
        assert_eq!(of("Mars/Olympus"), chrono_tz::Tz::Asia__Shanghai);
    }
}
