//! The pipeline of every REST request.

use std::sync::Arc;

use axum::Extension;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderMap, Method as Verb};
use http_body_util::LengthLimitError;
use kefu_proto::common::v1::ErrorReason;
use kefu_proto::error::{Problem, Violation, invalid};
use kefu_proto::json;
use prost::Message as _;
use prost_reflect::{DynamicMessage, MessageDescriptor};
use tokio::sync::SemaphorePermit;
use tonic::Status;

use crate::caller::Caller;
use crate::frame::Called;
use crate::route::{Found, Kind};
use crate::{Edge, call, download, envelope, request, upload};

/// Serves everything below `/api/`.
pub(crate) async fn handle(
    State(edge): State<Arc<Edge>>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Response {
    let found = match edge.routes.find(request.method(), request.uri().path()) {
        Ok(found) => found,
        Err(status) => return envelope::failure(status, &caller),
    };
    let is_head = *request.method() == Verb::HEAD;
    let served = match edge.admit() {
        Err(full) => Err(full),
        Ok(_place) => match found.route.kind {
            Kind::Unary => edge.in_time(unary(&edge, &found, &caller, request)).await,
            Kind::Upload => upload::handle(&edge, &found, &caller, request).await,
            Kind::Download => download::handle(&edge, &found, &caller, request).await,
        },
    };
    let mut response = served.unwrap_or_else(|status| envelope::failure(status, &caller));
    response.extensions_mut().insert(Called(&found.route.method.path));
    if is_head { without_body(response) } else { response }
}

/// The answer for a path that nobody serves.
pub(crate) async fn not_found(Extension(caller): Extension<Caller>) -> Response {
    envelope::failure(Problem::new(ErrorReason::RouteNotFound).into_status(), &caller)
}

/// The answer for a verb that a path outside the REST table does not know.
pub(crate) async fn not_allowed(Extension(caller): Extension<Caller>) -> Response {
    envelope::failure(Problem::new(ErrorReason::MethodNotAllowed).into_status(), &caller)
}

async fn unary(edge: &Edge, found: &Found<'_>, caller: &Caller, request: Request) -> Result<Response, Status> {
    let (parts, body) = request.into_parts();
    // The room is kept until the answer.
    let (body, _room) = match found.route.has_body {
        true => json_body(edge, &parts, body).await.map(|(bytes, room)| (Some(bytes), room))?,
        false => (None, None),
    };
    let message = request::read(found, parts.uri.query().unwrap_or_default(), body.as_deref())?;
    let method = found.route.method;
    let answer = call::unary(edge, method, caller, message.encode_to_vec()).await?;
    answer_json(method.descriptor.output(), answer, caller)
}

/// The envelope around an answer of the core.
pub(crate) fn answer_json(output: MessageDescriptor, answer: Bytes, caller: &Caller) -> Result<Response, Status> {
    let answer = DynamicMessage::decode(output, answer).map_err(|error| Status::internal(error.to_string()))?;
    Ok(envelope::success(&json::Written(&answer), caller))
}

async fn json_body<'e>(
    edge: &'e Edge,
    parts: &Parts,
    body: Body,
) -> Result<(Bytes, Option<SemaphorePermit<'e>>), Status> {
    let limit = edge.options.max_body_bytes;
    let said = parts.headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if said.is_some_and(|length| length > limit) {
        return Err(too_large(limit as u64));
    }
    let room = edge.room(&body)?;
    let bytes = to_bytes(body, limit).await.map_err(|error| {
        let error = error.into_inner();
        if error.is::<LengthLimitError>() {
            too_large(limit as u64)
        } else {
            invalid(&[Violation::new("", "json", error.to_string())])
        }
    })?;
    if bytes.is_empty() || media_type(&parts.headers) == "application/json" {
        return Ok((bytes, room));
    }
    Err(unsupported("application/json"))
}

/// The content type without its parameters, in lower case.
pub(crate) fn media_type(headers: &HeaderMap) -> String {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// The content type is another one.
pub(crate) fn unsupported(expected: &str) -> Status {
    Problem::new(ErrorReason::UnsupportedMediaType).with("expected", expected).into_status()
}

/// The body is over the limit.
pub(crate) fn too_large(limit: u64) -> Status {
    Problem::new(ErrorReason::TooLarge).with("limit", limit).into_status()
}

fn without_body(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    if let Some(length) = http_body::Body::size_hint(&body).exact().filter(|length| *length > 0) {
        parts.headers.entry(CONTENT_LENGTH).or_insert(length.into());
    }
    Response::from_parts(parts, Body::empty())
}
