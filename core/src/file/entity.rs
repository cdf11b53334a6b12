//! The table of files.

use crate::db::entity::entity;

entity! {
    /// A file; its content is a blob, which several rows may share.
    file_info = "file_info" {
        name: String,
        content_type: String,
        size: i64,
        sha256: String,
        blob_key: String,
        scan_status: i16,
        session_id: i64,
        owner_kind: i16,
        owner_id: i64,
        /// The quick reply it goes with; 0 for none.
        quick_reply_id: i64,
        /// Its place among the reply's files.
        position: i32,
    }
}
