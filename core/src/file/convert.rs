//! Rows as the contract has them.

use kefu_proto::file::v1::File;

use crate::clock::timestamp;
use crate::file::entity::file_info;

/// A file's data.
pub(crate) fn view(row: &file_info::Model) -> File {
    File {
        id: row.id,
        name: row.name.clone(),
        content_type: row.content_type.clone(),
        size: row.size,
        sha256: row.sha256.clone(),
        scan_status: row.scan_status.into(),
        session_id: row.session_id,
        create_time: Some(timestamp(row.create_time)),
    }
}
