//! The envelope around every JSON answer, and the HTTP form of errors.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::{ALLOW, CONNECTION, CONTENT_RANGE, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderName, HeaderValue, StatusCode};
use kefu_proto::common::v1::ErrorReason;
use kefu_proto::error::{Problem, reason_of};
use serde::Serialize;
use serde_json::{Value as Json, json};
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::caller::Caller;

/// Headers that an error may bring along as metadata of its status.
const FROM_METADATA: [HeaderName; 2] = [ALLOW, CONTENT_RANGE];

/// An answer.
pub(crate) fn success(data: &impl Serialize, caller: &Caller) -> Response {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Envelope<'a, D> {
        code: u16,
        message: &'a str,
        data: &'a D,
        timestamp: u64,
        request_id: &'a str,
    }
    let envelope =
        Envelope { code: 200, message: "success", data, timestamp: now_millis(), request_id: &caller.request_id };
    match serde_json::to_string(&envelope) {
        Ok(text) => respond(StatusCode::OK, text),
        Err(error) => failure(Status::internal(error.to_string()), caller),
    }
}

/// An error.
pub(crate) fn failure(status: Status, caller: &Caller) -> Response {
    let status = presentable(status);
    let reason = reason_of(&status);
    let http = http_status(reason, status.code());
    let details: Vec<Json> = status
        .get_details_bad_request()
        .map(|bad| bad.field_violations)
        .unwrap_or_default()
        .into_iter()
        .map(|violation| json!({"field": violation.field, "reason": violation.description}))
        .collect();
    let envelope = json!({
        "code": http.as_u16(),
        "message": status.message(),
        "reason": reason.as_str_name(),
        "details": details,
        "data": null,
        "timestamp": now_millis(),
        "requestId": caller.request_id,
    });
    let mut response = respond(http, envelope.to_string());
    let headers = response.headers_mut();
    for name in FROM_METADATA {
        if let Some(value) = status.metadata().get(name.as_str()).and_then(|v| v.to_str().ok()?.parse().ok()) {
            headers.insert(name, value);
        }
    }
    if let Some(seconds) = retry_after(&status, http) {
        headers.insert(RETRY_AFTER, seconds.into());
    }
    if http == StatusCode::PAYLOAD_TOO_LARGE {
        // What is left of the body is not read: the connection is of no more use.
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
    }
    if http == StatusCode::UNAUTHORIZED {
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}

fn now_millis() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

fn respond(status: StatusCode, envelope: String) -> Response {
    (status, [(CONTENT_TYPE, "application/json")], Body::from(envelope)).into_response()
}

/// Errors of the core carry a reason and are written for the caller. Whatever else comes, from the transport or
/// from a broken answer, goes to the log, and the caller gets the plain text of its class.
fn presentable(status: Status) -> Status {
    if status.get_details_error_info().is_some() {
        return status;
    }
    tracing::error!(code = ?status.code(), message = status.message(), "the core gave no reason");
    let problem = match status.code() {
        Code::ResourceExhausted => {
            Problem::new(ErrorReason::TooManyRequests).with("seconds", 1).retry_after(Duration::from_secs(1))
        }
        // An answer over the limit of a message: the caller's request was small enough.
        Code::OutOfRange => Problem::new(ErrorReason::Internal),
        _ => Problem::new(reason_of(&status)),
    };
    problem.into_status()
}

fn http_status(reason: ErrorReason, code: Code) -> StatusCode {
    match (reason, code) {
        (ErrorReason::TooLarge, _) => StatusCode::PAYLOAD_TOO_LARGE,
        (ErrorReason::UnsupportedMediaType, _) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        (ErrorReason::MethodNotAllowed, _) => StatusCode::METHOD_NOT_ALLOWED,
        (_, Code::InvalidArgument) => StatusCode::BAD_REQUEST,
        (_, Code::Unauthenticated) => StatusCode::UNAUTHORIZED,
        (_, Code::PermissionDenied) => StatusCode::FORBIDDEN,
        (_, Code::NotFound | Code::Unimplemented) => StatusCode::NOT_FOUND,
        (_, Code::AlreadyExists | Code::Aborted | Code::FailedPrecondition) => StatusCode::CONFLICT,
        (_, Code::ResourceExhausted) => StatusCode::TOO_MANY_REQUESTS,
        (_, Code::OutOfRange) => StatusCode::RANGE_NOT_SATISFIABLE,
        (_, Code::Unavailable | Code::DeadlineExceeded | Code::Cancelled) => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// Whole seconds, never 0; a 503 always says when to come back.
fn retry_after(status: &Status, http: StatusCode) -> Option<u64> {
    let hint = status.get_details_retry_info().and_then(|info| info.retry_delay);
    match hint {
        Some(wait) => Some(wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).map(|seconds| seconds.max(1)),
        None => (http == StatusCode::SERVICE_UNAVAILABLE).then_some(1),
    }
}
