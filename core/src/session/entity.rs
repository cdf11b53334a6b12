//! The tables of sessions.

use crate::db::entity::entity;

entity! {
    /// A session.
    chat_session = "chat_session" {
        customer_id: i64,
        team_id: i64,
        agent_id: i64,
        status: i16,
        channel: i16,
        problem_type: String,
        urgent: bool,
        queue_no: i32,
        queue_time: DateTimeUtc,
        assign_time: Option<DateTimeUtc>,
        first_reply_time: Option<DateTimeUtc>,
        close_time: Option<DateTimeUtc>,
        close_reason: i16,
        summary: String,
        last_seq: i32,
        last_message: String,
        last_message_time: Option<DateTimeUtc>,
        customer_delivered_seq: i32,
        customer_read_seq: i32,
        agent_delivered_seq: i32,
        agent_read_seq: i32,
        marked_unread: bool,
        unanswered_since: Option<DateTimeUtc>,
        customer_time: DateTimeUtc,
        reminded: bool,
        customer_online: bool,
        note_count: i32,
        rating_score: i32,
        rating_tags: Json,
        rating_comment: String,
        rating_time: Option<DateTimeUtc>,
        transfer_from: i64,
        transfer_to: i64,
        transfer_team: i64,
        transfer_reason: String,
        transfer_expire_time: Option<DateTimeUtc>,
        version: i64,
    }
}
entity! {
    /// A message; `(session_id, seq)` is unique and without holes. `recall_version` is the session's version that the
    /// recall made, so that a client that was away learns of it.
    chat_message = "chat_message" {
        session_id: i64,
        seq: i32,
        sender_kind: i16,
        sender_id: i64,
        sender_name: String,
        client_msg_id: String,
        content_type: i16,
        #[sea_orm(column_type = "Text")]
        content: String,
        file_id: i64,
        quote_message_id: i64,
        recalled: bool,
        recall_version: i64,
    }
}
entity! {
    /// A private note of staff; a table of its own, so that no query for messages can ever give one to a customer.
    session_note = "session_note" {
        session_id: i64,
        author_id: i64,
        author_name: String,
        #[sea_orm(column_type = "Text")]
        content: String,
        client_note_id: String,
    }
}
entity! {
    /// A decision about who serves a session.
    session_assignment = "session_assignment" {
        session_id: i64,
        from_agent_id: i64,
        to_agent_id: i64,
        method: i16,
        reason: String,
        decided_by_kind: i16,
        decided_by_id: i64,
        decided_by_name: String,
    }
}
entity! {
    /// An agent's state and load. `active_count` changes by conditional updates only, in the transaction that gives or
    /// takes a session.
    agent_state = "agent_state" {
        user_id: i64,
        status: i16,
        status_time: DateTimeUtc,
        present_until: DateTimeUtc,
        active_count: i32,
        max_sessions: i32,
        last_assign_time: DateTimeUtc,
    }
}
entity! {
    /// A client of a staff user has a session open, until a time unless it says so again. `shown` until the others
    /// have been told that it is over.
    session_viewer = "session_viewer" {
        session_id: i64,
        user_id: i64,
        client_id: String,
        shown: bool,
        view_until: DateTimeUtc,
    }
}
