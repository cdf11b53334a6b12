//! Rows as the contract has them.

use kefu_proto::common::v1::Principal;
use kefu_proto::common::v1::principal::Kind;
use kefu_proto::customer::v1::{ArchiveRecord, Customer, RegisterLink};
use kefu_proto::json;
use kefu_proto::user::v1::UserInfo;

use crate::clock::timestamp;
use crate::customer::entity::{archive_record, customer, register_link};

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
        gender: row.gender.into(),
        landline: row.landline.clone(),
        department: row.department.clone(),
        business_modules: row.business_modules.clone(),
        credit_code: row.credit_code.clone(),
        institution_phone: row.institution_phone.clone(),
    }
}

/// An archive record.
pub(super) fn archive_record(row: archive_record::Model) -> ArchiveRecord {
    let user = |id, name| Principal { kind: Kind::User.into(), id, name };
    ArchiveRecord {
        id: row.id,
        customer_id: row.customer_id,
        status: row.status.into(),
        // It was written by `json::to_json`, perhaps of an older version, whose fields are still there.
        customer: json::from_json(&row.snapshot).ok(),
        comment: row.comment,
        submitter: Some(user(row.create_by, row.submitter_name)),
        create_time: Some(timestamp(row.create_time)),
        reviewer: (row.reviewer_id != 0).then(|| user(row.reviewer_id, row.reviewer_name)),
        review_comment: row.review_comment,
        review_time: row.review_time.map(timestamp),
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
