//! The layer itself: token → principal → the method's `access` → handler.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt as _, Full, Limited};
use kefu_proto::codec::{self, Checked};
use kefu_proto::common::v1::ErrorReason;
use kefu_proto::common::v1::access::Audience;
use kefu_proto::common::v1::principal::Kind;
use kefu_proto::contract::{self, Method};
use kefu_proto::direct::{Answer, Direct, Pushes};
use kefu_proto::error::{Lang, Problem, in_language};
use kefu_proto::realtime::v1::realtime_service_server::RealtimeService as _;
use kefu_proto::realtime::v1::{OpenConnectionRequest, OpenConnectionResponse, WatchRequest};
use kefu_proto::session::v1::session_service_server::SessionService as _;
use kefu_proto::session::v1::{SendMessageRequest, SendMessageResponse};
use tonic::Status;
use tonic::body::Body;
use tonic::service::Routes;
use tonic::transport::server::TcpConnectInfo;
use tower::Service;

use crate::Core;
use crate::access::{Call, Ctx, Principal, secret};
use crate::db::{TRIES, TenantId};
use crate::error::{Result, is_deadlock, refuse};

/// Largest request message, with its frame header.
const MAX_MESSAGE: usize = 4 * 1024 * 1024 + 5;

/// The methods of [`Direct`].
const SEND_MESSAGE: &str = "/kefu.session.v1.SessionService/SendMessage";
const OPEN_CONNECTION: &str = "/kefu.realtime.v1.RealtimeService/OpenConnection";
const WATCH: &str = "/kefu.realtime.v1.RealtimeService/Watch";

/// The services behind the access layer.
#[derive(Clone)]
pub struct Guarded {
    core: Arc<Core>,
    routes: Routes,
}

/// Puts the access layer in front of the services.
pub(crate) fn guard(core: Arc<Core>, routes: Routes) -> Guarded {
    Guarded { core, routes: routes.prepare() }
}

impl std::fmt::Debug for Guarded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Guarded")
    }
}

impl<B> Service<Request<B>> for Guarded
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let (core, routes) = (self.core.clone(), self.routes.clone());
        let request = request.map(Body::new);
        Box::pin(async move {
            let Some(method) = contract::methods().get(request.uri().path()) else {
                // Health and reflection bring their own paths; anything else is answered as unimplemented.
                return Ok(handle(routes, request).await);
            };
            let lang = Lang::from_header(text(request.headers(), "accept-language"));
            let answer = in_language(lang, serve(&core, routes, method, request));
            Ok(answer.await.unwrap_or_else(Status::into_http))
        })
    }
}

async fn handle(mut routes: Routes, request: Request<Body>) -> Response<Body> {
    routes.call(request).await.unwrap_or_else(|never| match never {})
}

/// Calls that an edge in this process makes without encoding them. None of these methods keeps its request for the
/// operation log.
impl Direct for Guarded {
    fn send_message(&self, request: tonic::Request<SendMessageRequest>) -> Answer<SendMessageResponse> {
        let (core, rpc) = (self.core.clone(), crate::session::rpc(&self.core));
        Box::pin(
            async move { direct(&core, SEND_MESSAGE, request, async |request| rpc.send_message(request).await).await },
        )
    }

    fn open_connection(&self, request: tonic::Request<OpenConnectionRequest>) -> Answer<OpenConnectionResponse> {
        let (core, rpc) = (self.core.clone(), crate::realtime::rpc(&self.core));
        Box::pin(async move {
            direct(&core, OPEN_CONNECTION, request, async |request| rpc.open_connection(request).await).await
        })
    }

    fn watch(&self, request: tonic::Request<WatchRequest>) -> Answer<Pushes> {
        let (core, rpc) = (self.core.clone(), crate::realtime::rpc(&self.core));
        Box::pin(async move { direct(&core, WATCH, request, async |request| rpc.watch(request).await).await })
    }
}

/// What is done with a call to [`Guarded`], for a message that was not encoded.
async fn direct<M: prost::Message + prost::Name + Checked, T>(
    core: &Core,
    path: &str,
    request: tonic::Request<M>,
    handler: impl AsyncFnOnce(tonic::Request<M>) -> Result<tonic::Response<T>, Status>,
) -> Result<tonic::Response<T>, Status> {
    let method = contract::methods().get(path).ok_or_else(|| refuse(ErrorReason::Internal))?;
    let (metadata, mut extensions, message) = request.into_parts();
    let lang = Lang::from_header(text(metadata.as_ref(), "accept-language"));
    in_language(lang, async move {
        let known = identify(core, method, metadata.as_ref()).await?;
        codec::check(&message)?;
        extensions.insert(context(core, method, metadata.as_ref(), None, known, Bytes::new()));
        handler(tonic::Request::from_parts(metadata, extensions, message)).await
    })
    .await
}

/// Checks the caller, and leaves a [`Ctx`] for the handler. A call whose transaction the database gives up for the sake
/// of another is made again, for nothing of it has happened.
async fn serve(
    core: &Core,
    routes: Routes,
    method: &'static Method,
    request: Request<Body>,
) -> Result<Response<Body>, Status> {
    let (mut parts, body) = request.into_parts();
    // Nothing is read from somebody who may not call.
    let known = identify(core, method, &parts.headers).await?;
    let peer = parts.extensions.get::<TcpConnectInfo>().and_then(TcpConnectInfo::remote_addr);
    if method.descriptor.is_client_streaming() {
        parts.extensions.insert(context(core, method, &parts.headers, peer, known, Bytes::new()));
        return Ok(handle(routes, Request::from_parts(parts, body)).await);
    }
    let frame = read(body).await?;
    // One gRPC frame: a byte for compression, four for the length.
    let kept = if method.access.audit && frame.len() >= 5 { frame.slice(5..) } else { Bytes::new() };
    let ctx = context(core, method, &parts.headers, peer, known, kept);
    parts.extensions.insert(ctx.clone());
    let mut tries = 0;
    loop {
        tries += 1;
        let request = Request::from_parts(parts.clone(), Body::new(Full::new(frame.clone())));
        let response = handle(routes.clone(), request).await;
        if !response.extensions().get::<Status>().is_some_and(is_deadlock) {
            return Ok(response);
        }
        if tries == TRIES || ctx.call.committed.load(Ordering::Relaxed) {
            tracing::error!(tries, "a call failed: its transaction was given up for the sake of another");
            return Ok(response);
        }
    }
}

/// What the handler knows of a call.
fn context(
    core: &Core,
    method: &'static Method,
    headers: &HeaderMap,
    peer: Option<SocketAddr>,
    (principal, token_expires): (Arc<Principal>, i64),
    body: Bytes,
) -> Ctx {
    let header =
        |name: &str, most: usize| -> String { text(headers, name).unwrap_or_default().chars().take(most).collect() };
    let call = Call {
        method: Some(method),
        body,
        request_id: header("x-request-id", 64),
        client_ip: client_ip(core, headers, peer),
        user_agent: header("x-kefu-user-agent", 200),
        token_expires,
        committed: AtomicBool::new(false),
    };
    Ctx { tenant: principal.tenant, principal, call: Arc::new(call) }
}

/// Who calls, if the method's access rule lets them, and when their token expires.
async fn identify(core: &Core, method: &Method, headers: &HeaderMap) -> Result<(Arc<Principal>, i64)> {
    let access = &method.access;
    let serves = |audience: Audience| access.audience().any(|a| a == audience);
    if serves(Audience::Public) {
        return Ok((Arc::new(Principal::system(TenantId(0))), 0));
    }
    if serves(Audience::Internal) {
        let given = text(headers, "x-kefu-node-secret").unwrap_or_default();
        if secret::equal(given, &core.node_secret) {
            return Ok((Arc::new(Principal::system(TenantId(0))), 0));
        }
        return Err(refuse(ErrorReason::Unauthenticated));
    }
    let claims = core.tokens.verify(bearer(headers)?)?;
    let principal = core.directory.get(claims.tenant(), claims.login_session_id()).await?;
    if let Some((rotation, since)) = principal.unconfirmed
        && claims.made_since(since)
    {
        confirm(core, &principal, rotation).await;
    }
    let kind = match principal.kind {
        Kind::User => Audience::Staff,
        Kind::Customer => Audience::Customer,
        Kind::Partner => Audience::Partner,
        _ => Audience::Unspecified,
    };
    let holds_one = || access.permission.iter().any(|code| principal.permissions.contains(code));
    if !serves(kind) || !(access.own || holds_one()) {
        return Err(refuse(ErrorReason::PermissionDenied));
    }
    if principal.must_change_password && !access.before_password_change {
        return Err(refuse(ErrorReason::PasswordChangeRequired));
    }
    Ok((principal, claims.exp))
}

/// The tokens of the newest refresh have arrived. That this could not be noted is not the call's fault: the next one
/// notes it.
async fn confirm(core: &Core, principal: &Principal, rotation: i32) {
    match crate::user::confirm_tokens(core, principal, rotation).await {
        Ok(()) => core.directory.forget(principal.kind, principal.id),
        Err(error) => tracing::warn!(%error, "it could not be noted that new tokens have arrived"),
    }
}

/// Where the caller is: an edge says it; a caller on the gRPC port is where the connection comes from.
fn client_ip(core: &Core, headers: &HeaderMap, peer: Option<SocketAddr>) -> String {
    let told = text(headers, "x-kefu-client-ip").unwrap_or_default();
    let from_edge = text(headers, "x-kefu-node-secret").is_some_and(|s| secret::equal(s, &core.node_secret));
    match peer {
        Some(peer) if !from_edge => peer.ip().to_string(),
        _ => told.chars().take(64).collect(),
    }
}

/// The token of the one `Authorization` header.
fn bearer(headers: &HeaderMap) -> Result<&str> {
    let mut values = headers.get_all("authorization").iter();
    match (values.next().and_then(|v| v.to_str().ok()).and_then(|v| v.strip_prefix("Bearer ")), values.next()) {
        (Some(token), None) => Ok(token),
        _ => Err(refuse(ErrorReason::Unauthenticated)),
    }
}

/// Reads a request of one message.
async fn read(body: Body) -> Result<Bytes, Status> {
    let read = Limited::new(body, MAX_MESSAGE).collect().await.map_err(|_| {
        Status::from(Problem::new(ErrorReason::TooLarge).with("limit", MAX_MESSAGE).retry_after(Duration::ZERO))
    })?;
    Ok(read.to_bytes())
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}
