//! Rows as the contract has them.

use kefu_proto::common::v1::principal::Kind;
use kefu_proto::customer::v1::{Customer, RegisterLink};
use kefu_proto::user::v1::UserInfo;

use crate::clock::timestamp;
use crate::customer::entity::{customer, register_link};

/// A customer as staff see one.
pub(crate) fn view(row: &customer::Model) -> Customer {
    Customer {
        id: row.id,
        name: row.name.clone(),
        phone: row.phone.clone().unwrap_or_default(),
        email: row.email.clone(),
        institution: row.institution.clone(),
        position: row.position.clone(),
        emergency_phone: row.emergency_phone.clone(),
        region: row.region.clone(),
        address: row.address.clone(),
        level: row.level.into(),
        archive_status: row.archive_status.into(),
        remark: row.remark.clone(),
        session_count: row.session_count,
        team_id: row.team_id,
        create_time: Some(timestamp(row.create_time)),
        update_time: Some(timestamp(row.update_time)),
        last_session_time: row.last_session_time.map(timestamp),
    }
}

/// A customer's own account; `tenant` is code and name. What staff note about the customer is not in it.
pub(crate) fn info(row: &customer::Model, tenant: (String, String), permissions: Vec<String>) -> UserInfo {
    let (tenant_code, tenant_name) = tenant;
    UserInfo {
        kind: Kind::Customer.into(),
        id: row.id,
        name: row.name.clone(),
        phone: row.phone.clone().unwrap_or_default(),
        email: row.email.clone(),
        roles: vec![crate::user::role::CUSTOMER.to_owned()],
        permissions,
        tenant_name,
        tenant_code,
        ..UserInfo::default()
    }
}

/// A link, without its token.
pub(super) fn link(row: &register_link::Model, team_name: String) -> RegisterLink {
    RegisterLink {
        id: row.id,
        team_id: row.team_id,
        team_name,
        label: row.label.clone(),
        problem_type: row.problem_type.clone(),
        expire_time: Some(timestamp(row.expire_time)),
        max_uses: row.max_uses,
        used_count: row.used_count,
        revoked: row.revoked,
        create_time: Some(timestamp(row.create_time)),
        token: String::new(),
        url: String::new(),
    }
}
