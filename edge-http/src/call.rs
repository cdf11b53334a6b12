//! Calls to the core with messages that are bytes already.

use bytes::Bytes;
use futures_util::Stream;
use http::uri::PathAndQuery;
use kefu_proto::codec::RawCodec;
use kefu_proto::contract::Method;
use tonic::client::Grpc;
use tonic::codec::Streaming;
use tonic::metadata::MetadataMap;
use tonic::{Request, Status};

use crate::caller::Caller;
use crate::{Core, Edge};

/// The largest answer; the core bounds its pages far below.
const MAX_ANSWER_BYTES: usize = 64 << 20;

/// Asks for one answer.
pub(crate) async fn unary(edge: &Edge, method: &Method, caller: &Caller, message: Vec<u8>) -> Result<Bytes, Status> {
    let mut request = request(caller, Bytes::from(message));
    request.set_timeout(edge.options.request_timeout);
    Ok(client(edge).await?.unary(request, path(method)?, RawCodec).await?.into_inner())
}

/// Streams messages in.
pub(crate) async fn upload<M>(edge: &Edge, method: &Method, caller: &Caller, messages: M) -> Result<Bytes, Status>
where
    M: Stream<Item = Bytes> + Send + 'static,
{
    Ok(client(edge).await?.client_streaming(request(caller, messages), path(method)?, RawCodec).await?.into_inner())
}

/// Streams messages out.
pub(crate) async fn download(
    edge: &Edge,
    method: &Method,
    caller: &Caller,
    message: Vec<u8>,
) -> Result<Streaming<Bytes>, Status> {
    let request = request(caller, Bytes::from(message));
    Ok(client(edge).await?.server_streaming(request, path(method)?, RawCodec).await?.into_inner())
}

async fn client(edge: &Edge) -> Result<Grpc<Core>, Status> {
    let mut client = Grpc::new(edge.core.clone()).max_decoding_message_size(MAX_ANSWER_BYTES);
    client.ready().await?;
    Ok(client)
}

fn request<T>(caller: &Caller, message: T) -> Request<T> {
    let mut request = Request::new(message);
    *request.metadata_mut() = MetadataMap::from_headers(caller.headers.clone());
    request
}

fn path(method: &Method) -> Result<PathAndQuery, Status> {
    method.path.parse().map_err(|_| Status::internal("a method of the contract has no usable path"))
}
