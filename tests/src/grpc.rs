//! The gRPC client that needs no generated code: any method, requests and answers in their JSON form.

use anyhow::{Context, Result};
use kefu_proto::codec::RawCodec;
use kefu_proto::contract::Method;
use kefu_proto::json;
use prost::Message;
use prost::bytes::Bytes;
use prost_reflect::DynamicMessage;
use serde_json::Value as Json;
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
        let answer = client.streaming(request, path.parse()?, RawCodec).await;
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
