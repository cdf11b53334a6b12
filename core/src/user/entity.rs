//! The tables of users and their logins.

use crate::db::entity::entity;

entity! {
    /// A staff user.
    user_info = "user_info" {
        username: String,
        password_hash: String,
        name: String,
        phone: Option<String>,
        email: String,
        status: i16,
        max_sessions: i32,
        skills: Json,
        must_change_password: bool,
        language: String,
        avatar_file_id: i64,
        last_login_time: Option<DateTimeUtc>,
    }
}
entity! {
    /// A role.
    role = "role" {
        code: String,
        name: String,
        preset: bool,
        data_scope: i16,
        permissions: Json,
        description: String,
    }
}
entity! {
    /// A user has a role.
    user_role = "user_role" { user_id: i64, role_id: i64 }
}
entity! {
    /// A login: a family of refresh tokens, of which the newest and the one before are kept as digests.
    login_session = "login_session" {
        principal_kind: i16,
        principal_id: i64,
        family: String,
        refresh_hash: String,
        previous_hash: String,
        rotate_time: DateTimeUtc,
        expire_time: DateTimeUtc,
        revoked: bool,
        client_ip: String,
        user_agent: String,
    }
}
entity! {
    /// A one-time code that was sent to a phone.
    verification_code = "verification_code" {
        phone: String,
        purpose: i16,
        code_hash: String,
        tries: i32,
        used: bool,
        expire_time: DateTimeUtc,
        client_ip: String,
    }
}
