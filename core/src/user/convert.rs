//! Rows to messages.

use kefu_proto::common::v1::principal::Kind;
use kefu_proto::user::v1::{Role, User, UserInfo};
use serde_json::Value as Json;

use crate::clock::{Time, timestamp};
use crate::user::entity::{role, user_info};
use crate::user::role::permissions;

/// The texts in a JSON column.
pub(super) fn strings(column: &Json) -> Vec<String> {
    column.as_array().into_iter().flatten().filter_map(|item| item.as_str().map(str::to_owned)).collect()
}

/// A user as those see it who manage users.
pub(super) fn user(row: user_info::Model, role_ids: Vec<i64>, locked_until: Option<Time>) -> User {
    User {
        id: row.id,
        username: row.username,
        name: row.name,
        phone: row.phone.unwrap_or_default(),
        email: row.email,
        status: row.status.into(),
        role_ids,
        max_sessions: row.max_sessions,
        skills: strings(&row.skills),
        must_change_password: row.must_change_password,
        language: row.language,
        avatar_file_id: row.avatar_file_id,
        create_time: Some(timestamp(row.create_time)),
        update_time: Some(timestamp(row.update_time)),
        last_login_time: row.last_login_time.map(timestamp),
        locked_until: locked_until.map(timestamp),
    }
}

/// A user's own account.
pub(super) fn info(row: &user_info::Model, roles: &[role::Model], tenant: (String, String)) -> UserInfo {
    let mut permissions: Vec<String> = roles.iter().flat_map(|role| permissions(&role.permissions)).collect();
    permissions.sort_unstable();
    permissions.dedup();
    let (tenant_code, tenant_name) = tenant;
    UserInfo {
        kind: Kind::User.into(),
        id: row.id,
        username: row.username.clone(),
        name: row.name.clone(),
        phone: row.phone.clone().unwrap_or_default(),
        email: row.email.clone(),
        roles: roles.iter().map(|role| role.code.clone()).collect(),
        permissions,
        tenant_name,
        tenant_code,
        must_change_password: row.must_change_password,
        language: row.language.clone(),
        avatar_file_id: row.avatar_file_id,
        max_sessions: row.max_sessions,
        skills: strings(&row.skills),
    }
}

/// A role.
pub(super) fn role(row: role::Model, user_count: i32) -> Role {
    Role {
        id: row.id,
        permissions: permissions(&row.permissions),
        code: row.code,
        name: row.name,
        preset: row.preset,
        data_scope: row.data_scope.into(),
        description: row.description,
        user_count,
        create_time: Some(timestamp(row.create_time)),
        update_time: Some(timestamp(row.update_time)),
    }
}
