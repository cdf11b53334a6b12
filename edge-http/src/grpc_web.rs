//! gRPC-web for browsers: the same core, without the transcoding.

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use http::header::CONTENT_TYPE;
use http::{HeaderName, HeaderValue};
use http_body_util::Limited;
use kefu_proto::contract::{self, Method};
use tonic::Status;
use tonic_web::GrpcWebLayer;
use tower::{Layer, ServiceExt};

use crate::Edge;
use crate::caller::{Caller, INTERNAL_PREFIX};
use crate::envelope;
use crate::frame::Called;
use crate::rest::{media_type, not_found, unsupported};

const CONTENT: &str = "application/grpc-web";
const GRPC_TIMEOUT: HeaderName = HeaderName::from_static("grpc-timeout");

/// Passes a call on.
pub(crate) async fn handle(
    State(edge): State<Arc<Edge>>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Response {
    let Some(method) = contract::methods().get(request.uri().path()) else {
        return not_found(Extension(caller)).await;
    };
    if !media_type(request.headers()).starts_with(CONTENT) {
        return envelope::failure(unsupported(CONTENT), &caller);
    }
    let mut response = match forward(&edge, &caller, method, request).await {
        Ok(response) => response,
        Err(status) => {
            let mut response = status.into_http::<Body>();
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc-web+proto"));
            response
        }
    };
    response.extensions_mut().insert(Called(&method.path));
    response
}

async fn forward(edge: &Edge, caller: &Caller, method: &Method, request: Request) -> Result<Response, Status> {
    let (_place, _room) = (edge.admit()?, edge.room(request.body())?);
    let limit = if method.descriptor.is_client_streaming() {
        usize::try_from(edge.options.max_upload_bytes).unwrap_or(usize::MAX)
    } else {
        edge.options.max_body_bytes
    };
    let mut request = request.map(|body| Body::new(Limited::new(body, limit)));
    let headers = request.headers_mut();
    let forged: Vec<HeaderName> = headers.keys().filter(|k| k.as_str().starts_with(INTERNAL_PREFIX)).cloned().collect();
    for name in forged {
        headers.remove(name);
    }
    headers.extend(caller.headers.clone());
    if let Ok(timeout) = HeaderValue::try_from(format!("{}m", edge.options.request_timeout.as_millis())) {
        headers.entry(GRPC_TIMEOUT).or_insert(timeout);
    }
    edge.in_time(async {
        let service = GrpcWebLayer::new().layer(edge.core.clone());
        Ok(service.oneshot(request).await?.map(Body::new))
    })
    .await
}
