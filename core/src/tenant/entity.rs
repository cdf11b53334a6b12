//! The table of tenants.

use crate::db::entity::entity;

entity! {
    /// A tenant. Its rows belong to tenant 0.
    tenant = "tenant" { code: String, name: String }
}
