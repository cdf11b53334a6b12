//! The pages: the console, the customers' page and the API reference. They are built by npm and embedded in the
//! binary, each file as it is and compressed (`web/pack.ts`). Which form is sent, and whether at all, is up to
//! tower-http's `ServeDir`.

mod embedded;

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use axum::{Extension, Router};
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, REFERRER_POLICY, RETRY_AFTER, X_FRAME_OPTIONS,
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri};
use tower::ServiceExt;
use tower_http::services::ServeDir;

pub(crate) use self::embedded::{Built, Files};
use crate::caller::Caller;
use crate::{Edge, rest};

const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");
const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");

const NOT_BUILT: &str = "页面尚未构建：请运行 make run。\nThe pages are not built: run `make run`.\n";

/// One page with its files, below `/{name}/`.
struct Page {
    name: &'static str,
    /// The page itself makes something of any path below it.
    is_application: bool,
    /// Pages of this origin may show it in a frame.
    may_be_framed: bool,
}

const PAGES: [Page; 3] = [
    Page { name: "console", is_application: true, may_be_framed: false },
    Page { name: "chat", is_application: true, may_be_framed: true },
    Page { name: "docs", is_application: false, may_be_framed: false },
];

/// The routes of the pages.
pub(crate) fn router(files: Files) -> Router<Arc<Edge>> {
    let mut router = Router::new().route("/", get(|| async { Redirect::temporary("/console/") }));
    for page in &PAGES {
        let handler = get(move |State(_): State<Arc<Edge>>, Extension(caller): Extension<Caller>, request: Request| {
            serve(files, page, caller, request)
        });
        for path in ["", "/", "/{*path}"] {
            router = router.route(&format!("/{}{path}", page.name), handler.clone());
        }
    }
    router
}

async fn serve(files: Files, page: &Page, caller: Caller, request: Request) -> Response {
    let index = format!("{}/index.html", page.name);
    if !files.contains(&index) {
        return (StatusCode::SERVICE_UNAVAILABLE, [(RETRY_AFTER, "10")], NOT_BUILT).into_response();
    }
    let (path, headers) = (request.uri().path().to_owned(), request.headers().clone());
    let mut response = send(files, request).await;
    if response.status() == StatusCode::NOT_FOUND {
        // A file that is missing is missing: a page in its place would be taken for a script.
        let names_a_file = path.rsplit('/').next().is_some_and(|last| last.contains('.'));
        if !page.is_application || names_a_file {
            return rest::not_found(Extension(caller)).await;
        }
        let mut request = Request::default();
        *request.uri_mut() = Uri::try_from(format!("/{index}")).unwrap_or_default();
        *request.headers_mut() = headers.clone();
        response = send(files, request).await;
    }
    guard(page, &path, &headers, response.headers_mut());
    response
}

async fn send(files: Files, request: Request) -> Response {
    let directory = ServeDir::with_backend("", files).precompressed_br().precompressed_gzip();
    directory.oneshot(request).await.into_response()
}

/// Sets how long the browser may keep a file, and what the page may do.
fn guard(page: &Page, path: &str, request: &HeaderMap, response: &mut HeaderMap) {
    // The names of what is in `assets` hold a digest of the content.
    let is_fixed = path
        .strip_prefix('/')
        .and_then(|path| path.strip_prefix(page.name))
        .is_some_and(|path| path.starts_with("/assets/"));
    let caching = if is_fixed { "public, max-age=31536000, immutable" } else { "no-cache" };
    response.insert(CACHE_CONTROL, HeaderValue::from_static(caching));
    if response.get(CONTENT_TYPE).is_some_and(|value| value == "text/html") {
        response.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    }
    let (ancestors, frames) = if page.may_be_framed { ("'self'", "SAMEORIGIN") } else { ("'none'", "DENY") };
    // Older browsers do not take the WebSocket of one's own origin for 'self'.
    let sockets = match request.get(HOST).and_then(|host| host.to_str().ok()).filter(|host| is_plain(host)) {
        Some(host) => format!("ws://{host} wss://{host}"),
        None => String::new(),
    };
    let policy = format!(
        "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' blob: data:; media-src 'self' blob:; \
         connect-src 'self' {sockets}; object-src 'none'; base-uri 'none'; form-action 'self'; \
         frame-ancestors {ancestors}"
    );
    if let Ok(policy) = HeaderValue::try_from(policy) {
        response.insert(CONTENT_SECURITY_POLICY, policy);
    }
    response.insert(X_FRAME_OPTIONS, HeaderValue::from_static(frames));
    // The customers' page has the link's token in its address.
    response.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response.insert(OPENER_POLICY, HeaderValue::from_static("same-origin"));
    // Photographs come through the file chooser, which needs none of these.
    response.insert(PERMISSIONS_POLICY, HeaderValue::from_static("camera=(), microphone=(), geolocation=()"));
}

/// A host that cannot say anything else in a header.
fn is_plain(host: &str) -> bool {
    host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte))
}
