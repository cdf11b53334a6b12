//! A file on its way in: counted, hashed and looked at while it is written, and kept only if all is well.

use std::fmt::Write as _;

use kefu_proto::common::v1::ErrorReason;
use kefu_proto::error::Problem;
use kefu_proto::file::v1::file::ScanStatus;
use kefu_proto::file::v1::upload_file_request::Meta;
use kefu_proto::session::v1::session::Status;
use sea_orm::{ActiveValue::Set, ConnectionTrait};
use sha2::{Digest, Sha256};

use crate::Core;
use crate::access::Ctx;
use crate::access::secret::random_token;
use crate::db::code;
use crate::error::{Result, refuse};
use crate::file::entity::file_info;
use crate::file::kind::Sniffer;
use crate::file::name;
use crate::port::blob::Upload;
use crate::session::query::visible_session;

/// A file on its way in. Dropped before [`Incoming::finish`], it leaves nothing behind.
pub(super) struct Incoming {
    name: String,
    session_id: i64,
    key: String,
    upload: Box<dyn Upload>,
    hash: Sha256,
    size: u64,
    most: u64,
    sniffer: Sniffer,
}

impl Incoming {
    /// Begins a file, if the caller may add one to the session.
    pub(super) async fn begin(core: &Core, ctx: &Ctx, meta: &Meta) -> Result<Self> {
        demand_open_session(core.db.read(), ctx, meta.session_id).await?;
        let key = random_token()?;
        Ok(Self {
            name: name::harmless(&meta.name),
            session_id: meta.session_id,
            upload: core.blobs.create(&key).await?,
            key,
            hash: Sha256::new(),
            size: 0,
            most: core.config.blob.max_file_bytes,
            sniffer: Sniffer::default(),
        })
    }

    /// The next bytes.
    pub(super) async fn write(&mut self, chunk: &[u8]) -> Result<()> {
        self.size += u64::try_from(chunk.len()).unwrap_or(u64::MAX);
        if self.size > self.most {
            return Err(Problem::new(ErrorReason::TooLarge).with("limit", self.most).into());
        }
        self.hash.update(chunk);
        self.sniffer.update(chunk);
        self.upload.write(chunk).await
    }

    /// Keeps the file.
    pub(super) async fn finish(self, core: &Core, ctx: &Ctx) -> Result<file_info::Model> {
        let extension = name::extension(&self.name);
        let kind = self.sniffer.decide(&extension).ok_or_else(|| refuse(ErrorReason::FileType))?;
        let name =
            if extension.is_empty() { name::harmless(&format!("{}.{}", self.name, kind.extension)) } else { self.name };
        let row = file_info::ActiveModel {
            name: Set(name),
            content_type: Set(kind.content_type.to_owned()),
            size: Set(i64::try_from(self.size).unwrap_or(i64::MAX)),
            sha256: Set(hexadecimal(&self.hash.finalize())),
            blob_key: Set(self.key.clone()),
            // `scanner.url` knows no other value than "none" so far.
            scan_status: Set(code(ScanStatus::NotScanned)),
            session_id: Set(self.session_id),
            owner_kind: Set(code(ctx.principal.kind)),
            owner_id: Set(ctx.principal.id),
            quick_reply_id: Set(0),
            position: Set(0),
            ..Default::default()
        };
        self.upload.finish().await?;
        match record(core, ctx, row, self.session_id).await {
            Ok(row) => Ok(row),
            Err(error) => {
                core.blobs.remove(&self.key).await?;
                Err(error)
            }
        }
    }
}

/// Writes the row. The session is looked at again: it may have been closed while the bytes came in.
async fn record(core: &Core, ctx: &Ctx, row: file_info::ActiveModel, session_id: i64) -> Result<file_info::Model> {
    let tx = core.begin(ctx).await?;
    demand_open_session(&*tx, ctx, session_id).await?;
    let row = tx.insert(row).await?;
    tx.commit().await?;
    Ok(row)
}

/// A session that the caller sees, and that is not over; none is fine.
async fn demand_open_session(db: &impl ConnectionTrait, ctx: &Ctx, session_id: i64) -> Result<()> {
    if session_id == 0 {
        return Ok(());
    }
    let session = visible_session(db, ctx, session_id).await?;
    let closed = i32::from(session.status) == i32::from(Status::Closed);
    if closed { Err(refuse(ErrorReason::SessionClosed)) } else { Ok(()) }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::hexadecimal;

    #[test]
    fn digests_are_written_in_small_letters_with_zeros() {
        assert_eq!(hexadecimal(&[0, 10, 255]), "000aff");
    }
}
