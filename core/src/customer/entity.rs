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
        gender: i16,
        landline: String,
        department: String,
        business_modules: String,
        credit_code: String,
        institution_phone: String,
    }
}
entity! {
    /// A temporary customer on the way to a formal one; `create_by` is who has handed it in.
    archive_record = "archive_record" {
        customer_id: i64,
        status: i16,
        snapshot: Json,
        comment: String,
        submitter_name: String,
        reviewer_id: i64,
        reviewer_name: String,
        review_comment: String,
        review_time: Option<DateTimeUtc>,
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
