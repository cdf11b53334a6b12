//! What surrounds every request: its id and language, one span, one line of metrics, and the net below panics.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use futures_util::FutureExt;
use http::HeaderValue;
use kefu_proto::common::v1::ErrorReason;
use kefu_proto::error::{Problem, in_language};
use tracing::{Instrument, field, info_span};

use crate::Edge;
use crate::caller::{Caller, REQUEST_ID};
use crate::envelope;

/// The gRPC path that a request led to, left in its response.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Called(pub(crate) &'static str);

/// Runs a request.
pub(crate) async fn frame(State(edge): State<Arc<Edge>>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let caller = Caller::of(&request, &edge.options.trusted_proxies);
    // Neither the query nor headers: they may hold secrets.
    let span = info_span!(
        "http",
        id = caller.request_id,
        verb = %request.method(),
        path = request.uri().path(),
        method = field::Empty,
        status = field::Empty,
    );
    request.extensions_mut().insert(caller.clone());
    let work = AssertUnwindSafe(next.run(request)).catch_unwind();
    let mut response = in_language(caller.lang, async {
        work.await.unwrap_or_else(|_| {
            tracing::error!("a handler panicked");
            envelope::failure(Problem::new(ErrorReason::Internal).into_status(), &caller)
        })
    })
    .instrument(span.clone())
    .await;
    if let Ok(id) = HeaderValue::try_from(&caller.request_id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }

    let method = response.extensions().get::<Called>().map_or("none", |called| called.0);
    let status = response.status().as_u16();
    span.record("method", method).record("status", status);
    span.in_scope(|| tracing::debug!(elapsed = ?started.elapsed(), "answered"));
    metrics::counter!("kefu_http_requests_total", "method" => method, "status" => status.to_string()).increment(1);
    metrics::histogram!("kefu_http_request_seconds", "method" => method).record(started.elapsed());
    response
}
