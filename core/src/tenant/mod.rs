//! A tenant is a company that uses this installation; everything else belongs to one. Tenants themselves, and the
//! values of the installation, belong to tenant 0.

pub(crate) mod entity;
mod installation;
mod new;

pub(crate) use installation::installation;
pub use installation::renew_epoch;
pub(crate) use new::first_start;
pub use new::{NewTenant, create_tenant};

use sea_orm::{ColumnTrait, QueryFilter, QuerySelect};

use crate::Core;
use crate::db::{Scoped, TenantId};
use crate::error::{Result, invalid, not_found};

use entity::tenant;

/// Whom the installation itself belongs to.
pub(crate) const INSTALLATION: TenantId = TenantId(0);
/// The tenant that the first start makes.
const DEFAULT_CODE: &str = "default";

/// The tenant that a public call names by its code; without a code the only one, or the default one.
pub(crate) async fn resolve(core: &Core, code: &str) -> Result<TenantId> {
    let db = core.db.read();
    let code = code.trim().to_lowercase();
    if code.is_empty() {
        let some = tenant::Entity::of(INSTALLATION).limit(2).all(db).await?;
        if let [only] = &*some {
            return Ok(TenantId(only.id));
        }
    }
    let wanted = if code.is_empty() { DEFAULT_CODE } else { &code };
    let found = tenant::Entity::of(INSTALLATION).filter(tenant::Column::Code.eq(wanted)).one(db).await?;
    found
        .map(|row| TenantId(row.id))
        .ok_or_else(|| invalid("tenantCode", if code.is_empty() { "required" } else { "not_found" }))
}

/// A tenant's code and name.
pub(crate) async fn name_of(core: &Core, tenant: TenantId) -> Result<(String, String)> {
    let row = tenant::Entity::one(INSTALLATION, tenant.0).one(core.db.read()).await?;
    row.map(|row| (row.code, row.name)).ok_or_else(|| not_found("tenant"))
}
