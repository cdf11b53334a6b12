//! The tables of notifications.

use crate::db::entity::entity;

entity! {
    /// Something a staff user should know; one for each event and user.
    notification = "notification" {
        user_id: i64,
        kind: i16,
        title: String,
        body: String,
        session_id: i64,
        event_id: i64,
        is_read: bool,
        archive_record_id: i64,
    }
}
entity! {
    /// A text that was sent through a channel.
    sent_message = "sent_message" {
        channel: i16,
        target: String,
        content: String,
        delivered: bool,
    }
}
