//! Tenants, users, teams, customers, sessions, messages, files, and what carries them.

use sea_orm_migration::prelude::{
    Alias, DbErr, DeriveMigrationName, MigrationTrait, SchemaManager, Table, async_trait,
};

use crate::table::Spec;
use crate::table::Type::{Flag, Id, Int, Json, Long, LongText, MaybeText, MaybeTime, State, Text, Time};

/// See the module.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in TABLES {
            table.create(manager).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in TABLES {
            manager.drop_table(Table::drop().table(Alias::new(table.name)).if_exists().to_owned()).await?;
        }
        Ok(())
    }
}

const TABLES: &[Spec] = &[
    // --- the system -----------------------------------------------------------------------------------------
    Spec { name: "system_value", columns: &[("name", Text(64)), ("value", Text(512))], indexes: &[(true, &["name"])] },
    Spec { name: "tenant", columns: &[("code", Text(64)), ("name", Text(64))], indexes: &[(true, &["code"])] },
    Spec {
        name: "operation_log",
        columns: &[
            ("method", Text(128)),
            ("principal_kind", State),
            ("principal_id", Id),
            ("principal_name", Text(64)),
            ("request", Json),
            ("request_id", Text(64)),
            ("client_ip", Text(64)),
            ("user_agent", Text(256)),
        ],
        indexes: &[(false, &["tenant_id", "create_time"]), (false, &["tenant_id", "principal_kind", "principal_id"])],
    },
    Spec { name: "event", columns: &[("kind", Text(64)), ("payload", Json)], indexes: &[(false, &["create_time"])] },
    Spec {
        name: "job",
        columns: &[
            ("kind", Text(64)),
            ("payload", Json),
            ("status", State),
            ("due_time", Time),
            ("attempts", Int),
            ("lease_until", MaybeTime),
            ("fence", Long),
            ("error", LongText),
        ],
        indexes: &[(false, &["status", "due_time"])],
    },
    // --- users ----------------------------------------------------------------------------------------------
    Spec {
        name: "user_info",
        columns: &[
            ("username", Text(96)),
            ("password_hash", Text(128)),
            ("name", Text(64)),
            ("phone", MaybeText(16)),
            ("email", Text(128)),
            ("status", State),
            ("max_sessions", Int),
            ("skills", Json),
            ("must_change_password", Flag),
            ("language", Text(16)),
            ("avatar_file_id", Id),
            ("last_login_time", MaybeTime),
        ],
        indexes: &[(true, &["tenant_id", "username"]), (true, &["tenant_id", "phone"])],
    },
    Spec {
        name: "role",
        columns: &[
            ("code", Text(64)),
            ("name", Text(64)),
            ("preset", Flag),
            ("data_scope", State),
            ("permissions", Json),
        ],
        indexes: &[(true, &["tenant_id", "code"])],
    },
    Spec {
        name: "user_role",
        columns: &[("user_id", Id), ("role_id", Id)],
        indexes: &[(true, &["user_id", "role_id"]), (false, &["role_id"])],
    },
    Spec {
        name: "login_session",
        columns: &[
            ("principal_kind", State),
            ("principal_id", Id),
            ("family", Text(64)),
            ("refresh_hash", Text(64)),
            ("previous_hash", Text(64)),
            ("rotate_time", Time),
            ("expire_time", Time),
            ("revoked", Flag),
            ("client_ip", Text(64)),
            ("user_agent", Text(256)),
        ],
        indexes: &[(false, &["tenant_id", "principal_kind", "principal_id"]), (true, &["family"])],
    },
    Spec {
        name: "verification_code",
        columns: &[
            ("phone", Text(16)),
            ("purpose", State),
            ("code_hash", Text(64)),
            ("tries", Int),
            ("used", Flag),
            ("expire_time", Time),
            ("client_ip", Text(64)),
        ],
        indexes: &[(false, &["tenant_id", "phone", "create_time"]), (false, &["client_ip", "create_time"])],
    },
    // --- teams and agents -----------------------------------------------------------------------------------
    Spec {
        name: "team",
        columns: &[
            ("name", Text(96)),
            ("description", Text(500)),
            ("leader_id", Id),
            ("problem_types", Json),
            ("skills", Json),
            ("working_hours", Json),
            ("max_sessions", Int),
            ("queue_day", Text(10)),
            ("queue_counter", Int),
        ],
        indexes: &[(true, &["tenant_id", "name"])],
    },
    Spec {
        name: "team_member",
        columns: &[("team_id", Id), ("user_id", Id)],
        indexes: &[(true, &["team_id", "user_id"]), (false, &["user_id"])],
    },
    Spec {
        name: "agent_state",
        columns: &[
            ("user_id", Id),
            ("status", State),
            ("status_time", Time),
            ("present_until", Time),
            ("active_count", Int),
            ("max_sessions", Int),
            ("last_assign_time", Time),
        ],
        indexes: &[(true, &["user_id"]), (false, &["tenant_id", "present_until"])],
    },
    // --- customers ------------------------------------------------------------------------------------------
    Spec {
        name: "customer",
        columns: &[
            ("name", Text(64)),
            ("phone", MaybeText(16)),
            ("email", Text(128)),
            ("institution", Text(128)),
            ("position", Text(64)),
            ("emergency_phone", Text(24)),
            ("region", Text(64)),
            ("address", Text(256)),
            ("level", State),
            ("archive_status", State),
            ("pending_time", MaybeTime),
            ("remark", Text(1000)),
            ("session_count", Int),
            ("team_id", Id),
            ("last_session_time", MaybeTime),
        ],
        indexes: &[
            (true, &["tenant_id", "phone"]),
            (false, &["tenant_id", "archive_status", "pending_time"]),
            (false, &["team_id"]),
        ],
    },
    Spec {
        name: "register_link",
        columns: &[
            ("team_id", Id),
            ("token_hash", Text(64)),
            ("label", Text(64)),
            ("problem_type", Text(32)),
            ("expire_time", Time),
            ("max_uses", Int),
            ("used_count", Int),
            ("revoked", Flag),
        ],
        indexes: &[(true, &["token_hash"]), (false, &["tenant_id", "team_id"])],
    },
    // --- sessions -------------------------------------------------------------------------------------------
    Spec {
        name: "chat_session",
        columns: &[
            ("customer_id", Id),
            ("team_id", Id),
            ("agent_id", Id),
            ("status", State),
            ("channel", State),
            ("problem_type", Text(32)),
            ("urgent", Flag),
            ("queue_no", Int),
            ("queue_time", Time),
            ("assign_time", MaybeTime),
            ("first_reply_time", MaybeTime),
            ("close_time", MaybeTime),
            ("close_reason", State),
            ("summary", Text(500)),
            ("last_seq", Int),
            ("last_message", Text(200)),
            ("last_message_time", MaybeTime),
            ("customer_delivered_seq", Int),
            ("customer_read_seq", Int),
            ("agent_delivered_seq", Int),
            ("agent_read_seq", Int),
            ("marked_unread", Flag),
            ("unanswered_since", MaybeTime),
            ("customer_time", Time),
            ("reminded", Flag),
            ("customer_online", Flag),
            ("note_count", Int),
            ("rating_score", Int),
            ("rating_tags", Json),
            ("rating_comment", Text(500)),
            ("rating_time", MaybeTime),
            ("transfer_from", Id),
            ("transfer_to", Id),
            ("transfer_team", Id),
            ("transfer_reason", Text(200)),
            ("transfer_expire_time", MaybeTime),
            ("version", Long),
        ],
        indexes: &[
            (false, &["tenant_id", "status", "team_id", "queue_time"]),
            (false, &["agent_id", "status"]),
            (false, &["customer_id", "status"]),
            (false, &["last_message_time"]),
            (false, &["team_id", "close_time"]),
        ],
    },
    Spec {
        name: "chat_message",
        columns: &[
            ("session_id", Id),
            ("seq", Int),
            ("sender_kind", State),
            ("sender_id", Id),
            ("sender_name", Text(64)),
            ("client_msg_id", Text(64)),
            ("content_type", State),
            ("content", LongText),
            ("file_id", Id),
            ("quote_message_id", Id),
            ("recalled", Flag),
            ("recall_version", Long),
        ],
        indexes: &[
            (true, &["session_id", "seq"]),
            (true, &["session_id", "sender_kind", "sender_id", "client_msg_id"]),
        ],
    },
    Spec {
        name: "session_note",
        columns: &[
            ("session_id", Id),
            ("author_id", Id),
            ("author_name", Text(64)),
            ("content", LongText),
            ("client_note_id", Text(64)),
        ],
        indexes: &[(true, &["session_id", "author_id", "client_note_id"])],
    },
    Spec {
        name: "session_assignment",
        columns: &[
            ("session_id", Id),
            ("from_agent_id", Id),
            ("to_agent_id", Id),
            ("method", State),
            ("reason", Text(500)),
            ("decided_by_kind", State),
            ("decided_by_id", Id),
            ("decided_by_name", Text(64)),
        ],
        indexes: &[(false, &["session_id"])],
    },
    // --- files, notifications, settings ---------------------------------------------------------------------
    Spec {
        name: "file_info",
        columns: &[
            ("name", Text(255)),
            ("content_type", Text(128)),
            ("size", Long),
            ("sha256", Text(64)),
            ("blob_key", Text(128)),
            ("scan_status", State),
            ("session_id", Id),
            ("owner_kind", State),
            ("owner_id", Id),
        ],
        indexes: &[(false, &["session_id"]), (false, &["tenant_id", "owner_kind", "owner_id"])],
    },
    Spec {
        name: "notification",
        columns: &[
            ("user_id", Id),
            ("kind", State),
            ("title", Text(200)),
            ("body", Text(1000)),
            ("session_id", Id),
            ("event_id", Id),
            ("is_read", Flag),
        ],
        indexes: &[(false, &["user_id", "is_read"]), (true, &["event_id", "user_id", "kind"])],
    },
    Spec {
        name: "sent_message",
        columns: &[("channel", State), ("target", Text(128)), ("content", Text(1000)), ("delivered", Flag)],
        indexes: &[(false, &["tenant_id", "target"])],
    },
    Spec {
        name: "setting",
        columns: &[("name", Text(64)), ("value", Json)],
        indexes: &[(true, &["tenant_id", "name"])],
    },
    Spec {
        name: "quick_reply",
        columns: &[
            ("owner_id", Id),
            ("category", Text(32)),
            ("shortcut", Text(32)),
            ("title", Text(64)),
            ("content", LongText),
        ],
        indexes: &[(false, &["tenant_id", "owner_id"])],
    },
    Spec {
        name: "dictionary",
        columns: &[("code", Text(64)), ("name", Text(64))],
        indexes: &[(true, &["tenant_id", "code"])],
    },
    Spec {
        name: "dictionary_item",
        columns: &[("dictionary_id", Id), ("value", Text(64)), ("label", Text(64)), ("sort", Int)],
        indexes: &[(true, &["dictionary_id", "value"])],
    },
    // --- statistics -----------------------------------------------------------------------------------------
    Spec {
        name: "stats_sample",
        columns: &[
            ("slot", Long),
            ("team_id", Id),
            ("queued", Int),
            ("longest_wait", Int),
            ("active", Int),
            ("agents_online", Int),
        ],
        indexes: &[(true, &["tenant_id", "slot", "team_id"]), (false, &["slot"])],
    },
];
