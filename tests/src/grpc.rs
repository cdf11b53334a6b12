//! The gRPC client that needs no generated code: any method, requests and answers in their JSON form.

use anyhow::{Context, Result};
use kefu_proto::contract::Method;
use kefu_proto::json;
use prost::Message;
use prost::bytes::{Buf, BufMut, Bytes};
use prost_reflect::DynamicMessage;
use serde_json::Value as Json;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::metadata::MetadataMap;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};

/// A caller of the gRPC surface.
#[derive(Debug, Clone)]
pub struct Grpc(Channel);

impl Grpc {
    /// Connects; `address` is host and port.
    ///
    /// # Errors
    /// The server cannot be reached.
    pub async fn connect(address: &str) -> Result<Self> {
        Ok(Self(Endpoint::from_shared(format!("http://{address}"))?.connect().await?))
    }

    /// The channel, for a generated client.
    pub fn channel(&self) -> Channel {
        self.0.clone()
    }

    /// Calls a method of any kind with one request message, and gives the first answer.
    ///
    /// # Errors
    /// The call cannot be made; the inner error is the server's answer.
    pub async fn call(&self, method: &Method, request: &Json, metadata: MetadataMap) -> Result<Result<Json, Status>> {
        let message = json::decode(&method.descriptor.input(), request)
            .map_err(|wrong| anyhow::anyhow!("{}: {wrong:?}", method.path))?;
        let answer = self.exchange(&method.path, message.encode_to_vec().into(), metadata).await?;
        Ok(match answer {
            Ok(bytes) => Ok(json::encode(&DynamicMessage::decode(method.descriptor.output(), bytes)?)),
            Err(status) => Err(status),
        })
    }

    async fn exchange(&self, path: &str, message: Bytes, metadata: MetadataMap) -> Result<Result<Bytes, Status>> {
        let mut client = tonic::client::Grpc::new(self.0.clone());
        client.ready().await?;
        let request = Request::from_parts(metadata, tonic::Extensions::new(), tokio_stream::once(message));
        let answer = client.streaming(request, path.parse()?, Raw).await;
        let mut stream = match answer {
            Ok(answer) => answer.into_inner(),
            Err(status) => return Ok(Err(status)),
        };
        Ok(match stream.message().await {
            Ok(first) => Ok(first.context("an answer without a message")?),
            Err(status) => Err(status),
        })
    }
}

/// Metadata with a bearer token.
///
/// # Errors
/// The token cannot stand in a header.
pub fn bearer(token: Option<&str>) -> Result<MetadataMap> {
    let mut metadata = MetadataMap::new();
    if let Some(token) = token {
        metadata.insert("authorization", format!("Bearer {token}").parse()?);
    }
    Ok(metadata)
}

/// Messages as the bytes they are.
#[derive(Debug, Clone, Copy)]
struct Raw;

impl Codec for Raw {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, dst: &mut EncodeBuf<'_>) -> Result<(), Status> {
        dst.put(item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, src: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(src.copy_to_bytes(src.remaining())))
    }
}
