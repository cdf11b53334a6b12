//! The methods of files.

use std::pin::Pin;
use std::sync::Arc;

use futures_util::{Stream, StreamExt as _, stream};
use kefu_proto::common::v1::ErrorReason;
use kefu_proto::error::Problem;
use kefu_proto::file::v1 as proto;
use kefu_proto::file::v1::File;
use kefu_proto::file::v1::file::ScanStatus;
use kefu_proto::file::v1::file_service_server::FileService;
use tokio_util::io::ReaderStream;
use tonic::{Request, Response, Status, Streaming};

use crate::Core;
use crate::access::{Ctx, enter};
use crate::error::{Error, Result, invalid, refuse};
use crate::file::entity::file_info;
use crate::file::upload::Incoming;
use crate::file::{convert, query};

/// Bytes in a part of a download.
const PART: usize = 64 * 1024;

pub(super) struct Rpc(pub(super) Arc<Core>);

#[tonic::async_trait]
impl FileService for Rpc {
    async fn upload_file(
        &self,
        request: Request<Streaming<proto::UploadFileRequest>>,
    ) -> Result<Response<File>, Status> {
        let (ctx, mut parts) = enter(request)?;
        let first = parts.message().await?.unwrap_or_default();
        let meta = first.meta.ok_or_else(|| invalid("meta", "required"))?;
        let mut file = Incoming::begin(&self.0, &ctx, &meta).await?;
        file.write(&first.chunk).await?;
        while let Some(part) = parts.message().await? {
            if part.meta.is_some() {
                return Err(invalid("meta", "single").into());
            }
            file.write(&part.chunk).await?;
        }
        let row = file.finish(&self.0, &ctx).await?;
        Ok(Response::new(convert::view(&row)))
    }

    async fn get_file(&self, request: Request<proto::GetFileRequest>) -> Result<Response<File>, Status> {
        let (ctx, req) = enter(request)?;
        let row = query::visible(self.0.db.read(), &ctx, req.id).await?;
        Ok(Response::new(convert::view(&row)))
    }

    type DownloadFileStream = Pin<Box<dyn Stream<Item = Result<proto::DownloadFileResponse, Status>> + Send>>;

    async fn download_file(
        &self,
        request: Request<proto::DownloadFileRequest>,
    ) -> Result<Response<Self::DownloadFileStream>, Status> {
        let (ctx, req) = enter(request)?;
        Ok(Response::new(self.content(&ctx, &req).await?))
    }
}

impl Rpc {
    /// The file's data, then its bytes as fast as they are taken.
    async fn content(
        &self,
        ctx: &Ctx,
        req: &proto::DownloadFileRequest,
    ) -> Result<<Self as FileService>::DownloadFileStream> {
        let row = query::visible(self.0.db.read(), ctx, req.id).await?;
        demand_clean(&row)?;
        let (offset, limit) = range(row.size, req.offset, req.limit)?;
        let reader = self.0.blobs.read(&row.blob_key, offset, limit).await?;
        let meta = proto::DownloadFileResponse { meta: Some(convert::view(&row)), ..Default::default() };
        let parts = ReaderStream::with_capacity(reader, PART).map(|chunk| match chunk {
            Ok(chunk) => Ok(proto::DownloadFileResponse { meta: None, chunk }),
            Err(error) => Err(Error::from(error).into()),
        });
        Ok(Box::pin(stream::iter([Ok(meta)]).chain(parts)))
    }
}

/// What has not passed the scan is not given out; where there is no scanner, the operator has said so.
fn demand_clean(row: &file_info::Model) -> Result<()> {
    match ScanStatus::try_from(i32::from(row.scan_status)) {
        Ok(ScanStatus::Clean | ScanStatus::NotScanned) => Ok(()),
        _ => Err(refuse(ErrorReason::FileNotClean)),
    }
}

/// The bytes asked for that the file has; it must have the first.
fn range(size: i64, offset: i64, limit: i64) -> Result<(u64, u64)> {
    if offset >= size {
        return Err(Problem::new(ErrorReason::RangeInvalid).with("size", size).into());
    }
    let rest = size - offset;
    let limit = if limit == 0 || limit > rest { rest } else { limit };
    Ok((u64::try_from(offset).unwrap_or(0), u64::try_from(limit).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::range;

    #[test]
    fn a_range_lies_within_the_file() {
        for (size, offset, limit, wanted) in [
            (10, 0, 0, Some((0, 10))),
            (10, 4, 3, Some((4, 3))),
            (10, 4, 100, Some((4, 6))),
            (10, 9, 1, Some((9, 1))),
            (10, 10, 1, None),
            (10, i64::MAX, i64::MAX, None),
            (10, 1, i64::MAX, Some((1, 9))),
        ] {
            assert_eq!(range(size, offset, limit).ok(), wanted, "{size} {offset} {limit}");
        }
    }
}
