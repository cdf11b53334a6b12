//! Rows as the contract has them.

use kefu_proto::common::v1::principal::Kind;
use kefu_proto::notification::v1::{Notification, SentMessage};
use kefu_proto::realtime::v1::{Frame, NotificationFrame, Push, Recipient, frame, push};

use crate::clock::timestamp;
use crate::notification::entity::{notification, sent_message};

/// A notification.
pub(crate) fn view(row: &notification::Model) -> Notification {
    Notification {
        id: row.id,
        r#type: row.kind.into(),
        title: row.title.clone(),
        body: row.body.clone(),
        session_id: row.session_id,
        read: row.is_read,
        create_time: Some(timestamp(row.create_time)),
        archive_record_id: row.archive_record_id,
    }
}

/// The push of a notification to its user.
pub(super) fn push(row: &notification::Model) -> Push {
    let notification = NotificationFrame { notification_id: row.id, notification: Some(view(row)) };
    Push {
        tenant_id: row.tenant_id,
        recipients: vec![Recipient { kind: Kind::User.into(), id: row.user_id }],
        what: Some(push::What::Frame(Frame { frame: Some(frame::Frame::Notification(notification)) })),
    }
}

/// A sent message.
pub(super) fn sent(row: sent_message::Model) -> SentMessage {
    SentMessage {
        id: row.id,
        channel: row.channel.into(),
        target: row.target,
        content: row.content,
        delivered: row.delivered,
        create_time: Some(timestamp(row.create_time)),
    }
}
