//! Files out: a stream of the core, with ranges, as an answer that no browser will run.

use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::StreamExt;
use http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_SECURITY_POLICY,
    CONTENT_TYPE, ETAG, IF_NONE_MATCH, IF_RANGE, RANGE,
};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method as Verb, StatusCode};
use kefu_proto::common::v1::ErrorReason;
use kefu_proto::contract::Method;
use kefu_proto::error::Problem;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use prost::Message as _;
use prost_reflect::{DynamicMessage, Value};
use tonic::{Status, Streaming};

use crate::caller::Caller;
use crate::range::{self, Span};
use crate::route::Found;
use crate::{Edge, call, request};

/// Types that a browser may show by itself: pictures that cannot hold code.
const INLINE: [&str; 4] = ["image/png", "image/jpeg", "image/gif", "image/webp"];
/// What RFC 5987 lets stand as it is.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What the first message says of the file.
#[derive(Debug)]
struct Meta {
    name: String,
    content_type: String,
    size: u64,
    tag: Option<String>,
}

/// Serves a download.
pub(crate) async fn handle(
    edge: &Edge,
    found: &Found<'_>,
    caller: &Caller,
    request: Request,
) -> Result<Response, Status> {
    let (Parts { method, uri, headers, .. }, _) = request.into_parts();
    let message = request::read(found, uri.query().unwrap_or_default(), None)?;
    let is_head = method == Verb::HEAD;
    let mut span = None;
    // What is asked for depends on size and digest: the first byte brings them.
    if is_head || headers.contains_key(RANGE) || headers.contains_key(IF_NONE_MATCH) {
        let (meta, _) = open(edge, found, caller, &message, Some(Span { first: 0, last: 0 })).await?;
        if meta.tag.as_deref().is_some_and(|tag| matches(headers.get(IF_NONE_MATCH), tag)) {
            return Ok((StatusCode::NOT_MODIFIED, head(&meta, None)).into_response());
        }
        span = wanted(&headers, &meta)?;
        if is_head {
            return Ok((status(span), head(&meta, span)).into_response());
        }
    }
    let (meta, content) = open(edge, found, caller, &message, span).await?;
    let method = found.route.method;
    let chunks = content.map(|chunk| chunk.and_then(|bytes| chunk_of(method, bytes)));
    Ok((status(span), head(&meta, span), Body::from_stream(chunks)).into_response())
}

/// Calls the core and takes the first message, which is the file's data.
async fn open(
    edge: &Edge,
    found: &Found<'_>,
    caller: &Caller,
    message: &DynamicMessage,
    span: Option<Span>,
) -> Result<(Meta, Streaming<Bytes>), Status> {
    let mut message = message.clone();
    for (name, value) in span.iter().flat_map(|span| [("offset", span.first), ("limit", span.len())]) {
        let value = i64::try_from(value).map_err(|_| Status::internal("a range beyond 63 bits"))?;
        message.set_field_by_name(name, Value::I64(value));
    }
    edge.in_time(async {
        let mut content = call::download(edge, found.route.method, caller, message.encode_to_vec()).await?;
        let first = content.message().await?.ok_or_else(|| Status::internal("a download without its first part"))?;
        let first = part(found.route.method, first)?;
        let meta = first.get_field_by_name("meta");
        let meta = meta.as_deref().and_then(Value::as_message).map(Meta::of);
        Ok((meta.ok_or_else(|| Status::internal("a download without meta"))?, content))
    })
    .await
}

impl Meta {
    fn of(message: &DynamicMessage) -> Self {
        let text = |name| {
            let value = message.get_field_by_name(name);
            value.and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
        };
        let size = message.get_field_by_name("size").and_then(|value| value.as_i64()).unwrap_or_default();
        let sha256 = text("sha256");
        Self {
            name: text("name"),
            content_type: text("content_type"),
            size: u64::try_from(size).unwrap_or_default(),
            tag: (!sha256.is_empty()).then(|| format!("\"{sha256}\"")),
        }
    }
}

fn part(method: &Method, bytes: Bytes) -> Result<DynamicMessage, Status> {
    let output = method.descriptor.output();
    DynamicMessage::decode(output, bytes).map_err(|error| Status::internal(error.to_string()))
}

fn chunk_of(method: &Method, bytes: Bytes) -> Result<Bytes, Status> {
    let part = part(method, bytes)?;
    Ok(part.get_field_by_name("chunk").and_then(|value| value.as_bytes().cloned()).unwrap_or_default())
}

/// The range to serve. `If-Range` with another tag asks for the whole, new file.
fn wanted(headers: &HeaderMap, meta: &Meta) -> Result<Option<Span>, Status> {
    let is_current = |tag: &HeaderValue| meta.tag.as_ref().is_some_and(|current| tag == current.as_str());
    let current = headers.get(IF_RANGE).is_none_or(is_current);
    let Some(header) = headers.get(RANGE).filter(|_| current) else {
        return Ok(None);
    };
    range::parse(header.to_str().unwrap_or_default(), meta.size).map_err(|_| {
        let mut status = Problem::new(ErrorReason::RangeInvalid).into_status();
        if let Ok(size) = format!("bytes */{}", meta.size).parse() {
            status.metadata_mut().insert("content-range", size);
        }
        status
    })
}

fn status(span: Option<Span>) -> StatusCode {
    if span.is_some() { StatusCode::PARTIAL_CONTENT } else { StatusCode::OK }
}

fn head(meta: &Meta, span: Option<Span>) -> HeaderMap {
    let length = span.map_or(meta.size, Span::len);
    let inline = INLINE.contains(&meta.content_type.as_str());
    let content_type = if meta.content_type.is_empty() { "application/octet-stream" } else { &meta.content_type };
    let fields: [(HeaderName, Option<String>); 8] = [
        (CONTENT_TYPE, Some(content_type.to_owned())),
        (CONTENT_LENGTH, Some(length.to_string())),
        (CONTENT_RANGE, span.map(|span| format!("bytes {}-{}/{}", span.first, span.last, meta.size))),
        (CONTENT_DISPOSITION, Some(disposition(&meta.name, inline))),
        (CONTENT_SECURITY_POLICY, Some("sandbox; default-src 'none'".to_owned())),
        (CACHE_CONTROL, Some("private".to_owned())),
        (ACCEPT_RANGES, Some("bytes".to_owned())),
        (ETAG, meta.tag.clone()),
    ];
    fields.into_iter().filter_map(|(name, value)| Some((name, HeaderValue::try_from(value?).ok()?))).collect()
}

/// The name twice: for old readers with what is not ASCII replaced, and in full (RFC 6266).
fn disposition(name: &str, inline: bool) -> String {
    let kind = if inline { "inline" } else { "attachment" };
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ' ');
    let ascii: String = name.chars().map(|c| if plain(c) { c } else { '_' }).collect();
    format!("{kind}; filename=\"{ascii}\"; filename*=UTF-8''{}", utf8_percent_encode(name, PLAIN))
}

/// Whether `If-None-Match` names the tag.
pub(crate) fn matches(header: Option<&HeaderValue>, tag: &str) -> bool {
    let Some(list) = header.and_then(|value| value.to_str().ok()) else { return false };
    list.split(',').map(str::trim).any(|given| given == "*" || given.trim_start_matches("W/") == tag)
}
