//! The tables of customers.

use crate::db::entity::entity;

entity! {
    /// A customer.
    customer = "customer" {
        name: String,
        phone: Option<String>,
        email: String,
        institution: String,
        position: String,
        emergency_phone: String,
        region: String,
        address: String,
        level: i16,
        archive_status: i16,
        pending_time: Option<DateTimeUtc>,
        remark: String,
        session_count: i32,
        team_id: i64,
        last_session_time: Option<DateTimeUtc>,
    }
}
entity! {
    /// A registration link; its token is stored as a digest only.
    register_link = "register_link" {
        team_id: i64,
        token_hash: String,
        label: String,
        problem_type: String,
        expire_time: DateTimeUtc,
        max_uses: i32,
        used_count: i32,
        revoked: bool,
    }
}
