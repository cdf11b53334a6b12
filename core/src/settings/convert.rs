//! Rows as the contract has them, and the defaults.

use kefu_proto::common::v1::Principal;
use kefu_proto::settings::v1::assignment_settings::Strategy;
use kefu_proto::settings::v1::{AssignmentSettings, DictionaryItem, OperationLog, QuickReply, Settings};

use crate::access::audit::operation_log;
use crate::clock::timestamp;
use crate::settings::entity::{dictionary_item, quick_reply};

/// A group of settings: the name of its row, and its defaults.
pub(super) trait Group: prost::Message + prost::Name + Default {
    /// The name of the row.
    const ROW: &'static str;

    /// What holds until somebody changes it.
    fn defaults() -> Self;

    /// Says when it was changed last.
    fn set_update_time(&mut self, time: prost_types::Timestamp);
}

impl Group for Settings {
    const ROW: &'static str = "general";

    fn defaults() -> Self {
        Self {
            company_name: String::new(),
            time_zone: "Asia/Shanghai".to_owned(),
            language: "zh-CN".to_owned(),
            welcome_message: "您好，客服将尽快为您服务。请先简单描述您的问题。".to_owned(),
            off_duty_message: "您好，现在是非工作时间。请留言，我们上班后会尽快回复您。".to_owned(),
            recall_seconds: 120,
            archive_review: false,
            institution_suggestions: true,
            update_time: None,
        }
    }

    fn set_update_time(&mut self, time: prost_types::Timestamp) {
        self.update_time = Some(time);
    }
}

impl Group for AssignmentSettings {
    const ROW: &'static str = "assignment";

    fn defaults() -> Self {
        Self {
            strategy: Strategy::RoundRobin.into(),
            queue_enabled: true,
            queue_limit: 0,
            grace_seconds: 30,
            transfer_seconds: 60,
            customer_idle_minutes: 30,
            reply_reminder_minutes: 3,
            reply_reassign_minutes: 0,
            update_time: None,
        }
    }

    fn set_update_time(&mut self, time: prost_types::Timestamp) {
        self.update_time = Some(time);
    }
}

/// A quick reply.
pub(super) fn quick_reply(row: quick_reply::Model) -> QuickReply {
    QuickReply {
        id: row.id,
        shared: row.owner_id == 0,
        category: row.category,
        shortcut: row.shortcut,
        title: row.title,
        content: row.content,
        create_time: Some(timestamp(row.create_time)),
        update_time: Some(timestamp(row.update_time)),
    }
}

/// An item of a dictionary.
pub(super) fn dictionary_item(row: dictionary_item::Model) -> DictionaryItem {
    DictionaryItem { value: row.value, label: row.label, sort: row.sort }
}

/// A row of the operation log.
pub(super) fn operation_log(row: operation_log::Model) -> OperationLog {
    OperationLog {
        id: row.id,
        method: row.method,
        principal: Some(Principal { kind: row.principal_kind.into(), id: row.principal_id, name: row.principal_name }),
        request: if row.request.is_null() { String::new() } else { row.request.to_string() },
        request_id: row.request_id,
        client_ip: row.client_ip,
        user_agent: row.user_agent,
        create_time: Some(timestamp(row.create_time)),
    }
}
