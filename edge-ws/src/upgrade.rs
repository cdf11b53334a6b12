//! The HTTP side: who may open a WebSocket, and the switch of protocols.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};

use axum::extract::ConnectInfo;
use bytes::Bytes;
use http::header::{
    ACCEPT_LANGUAGE, ALLOW, CONNECTION, CONTENT_TYPE, HOST, ORIGIN, RETRY_AFTER, SEC_WEBSOCKET_ACCEPT,
    SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE, USER_AGENT,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::Full;
use kefu_proto::common::v1::ErrorReason;
use kefu_proto::error::{Lang, Problem};
use serde_json::json;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tower::Service;

use crate::core::Caller;
use crate::frame;
use crate::wire::Wire;
use crate::{Shared, connection};

/// The only version there is (RFC 6455).
const VERSION: &str = "13";
const FORWARDED_FOR: &str = "x-forwarded-for";
const REQUEST_ID: &str = "x-request-id";
const MAX_AGENT_CHARS: usize = 200;

/// Answers the opening handshake; see [`crate::Edge::service`].
#[derive(Clone)]
pub struct Upgrade(pub(crate) Arc<Shared>);

impl<B> Service<Request<B>> for Upgrade {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let headers = request.headers();
        let lang = Lang::from_header(headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()));
        let id =
            headers.get(REQUEST_ID).and_then(given_id).unwrap_or_else(|| format!("{:032x}", rand::random::<u128>()));
        let answer = self.accept(request, lang).unwrap_or_else(|refusal| refusal.response(lang, &id));
        ready(Ok(answer))
    }
}

impl Upgrade {
    fn accept<B>(&self, mut request: Request<B>, lang: Lang) -> Result<Response<Full<Bytes>>, Refusal> {
        let shared = &self.0;
        let accept = handshake(request.method(), request.headers())?;
        if !origin_allowed(request.headers(), &shared.options.allowed_origins) {
            return Err(Refusal::new(StatusCode::FORBIDDEN, ErrorReason::PermissionDenied));
        }
        let seat = Seat::take(shared).ok_or(Refusal::new(StatusCode::SERVICE_UNAVAILABLE, ErrorReason::Unavailable))?;
        let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip().to_canonical());
        let caller = caller(shared, request.headers(), peer, lang);
        let upgrade = hyper::upgrade::on(&mut request);
        shared.tasks.spawn(async move {
            // The seat is given back when the connection ends, however it ends.
            let seat = seat;
            match upgrade.await {
                Ok(upgraded) => {
                    let wire = Wire::new(upgraded, seat.0.options.max_frame_bytes).await;
                    connection::run(Arc::clone(&seat.0), wire, caller).await;
                }
                Err(error) => tracing::debug!(%error, "the client did not switch protocols"),
            }
        });
        let mut response = Response::new(Full::default());
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        let headers = response.headers_mut();
        headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
        Ok(response)
    }
}

/// One of the connections that a node has room for.
struct Seat(Arc<Shared>);

impl Seat {
    fn take(shared: &Arc<Shared>) -> Option<Self> {
        let taken = shared.connections.fetch_add(1, Ordering::Relaxed);
        metrics::gauge!("kefu_ws_connections").increment(1);
        let seat = Self(Arc::clone(shared));
        (taken < shared.options.max_connections && !shared.drain.is_cancelled()).then_some(seat)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.connections.fetch_sub(1, Ordering::Relaxed);
        metrics::gauge!("kefu_ws_connections").decrement(1);
    }
}

/// The answer to the client's key, if this is a handshake at all.
fn handshake(method: &Method, headers: &HeaderMap) -> Result<HeaderValue, Refusal> {
    if method != Method::GET {
        let refusal = Refusal::new(StatusCode::METHOD_NOT_ALLOWED, ErrorReason::MethodNotAllowed);
        return Err(refusal.with(ALLOW, "GET"));
    }
    let upgrade =
        || Refusal::new(StatusCode::UPGRADE_REQUIRED, ErrorReason::InvalidArgument).with(UPGRADE, "websocket");
    if !lists(headers, &CONNECTION, "upgrade") || !lists(headers, &UPGRADE, "websocket") {
        return Err(upgrade());
    }
    if headers.get(SEC_WEBSOCKET_VERSION).is_none_or(|version| version != VERSION) {
        return Err(upgrade().with(SEC_WEBSOCKET_VERSION, VERSION));
    }
    // 16 bytes in base64.
    let key = headers.get(SEC_WEBSOCKET_KEY).map(HeaderValue::as_bytes);
    let key = key.filter(|key| key.len() == 24 && key.ends_with(b"=="));
    key.and_then(|key| HeaderValue::try_from(derive_accept_key(key)).ok())
        .ok_or(Refusal::new(StatusCode::BAD_REQUEST, ErrorReason::InvalidArgument))
}

/// Whether a header's list has a token.
fn lists(headers: &HeaderMap, name: &HeaderName, token: &str) -> bool {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|item| item.trim().eq_ignore_ascii_case(token))
}

/// A page may connect to its own host, and where it is allowed to; what is no page sends no origin.
fn origin_allowed(headers: &HeaderMap, allowed: &[String]) -> bool {
    let Some(origin) = headers.get(ORIGIN) else { return true };
    let Ok(origin) = origin.to_str() else { return false };
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let own = match (origin.split_once("://"), host) {
        (Some((_, from)), Some(host)) => from.eq_ignore_ascii_case(host),
        _ => false,
    };
    own || allowed.iter().any(|allowed| allowed == "*" || allowed.trim_end_matches('/').eq_ignore_ascii_case(origin))
}

/// What the core is told about the client with each call.
fn caller(shared: &Shared, headers: &HeaderMap, peer: Option<IpAddr>, lang: Lang) -> Caller {
    let agent = headers.get(USER_AGENT).and_then(|value| value.to_str().ok());
    let told = [
        ("accept-language", Some(lang.tag().to_owned())),
        // Proves that the address is told by an edge.
        ("x-kefu-node-secret", Some(shared.options.node_secret.clone())),
        ("x-kefu-client-ip", peer.map(|peer| client_ip(peer, headers, &shared.options.trusted_proxies).to_string())),
        ("x-kefu-user-agent", agent.map(|agent| agent.chars().take(MAX_AGENT_CHARS).collect())),
    ];
    let mut metadata = HeaderMap::with_capacity(told.len());
    for (name, value) in told {
        if let Some(mut value) = value.and_then(|text| HeaderValue::try_from(text).ok()) {
            value.set_sensitive(name == "x-kefu-node-secret");
            metadata.insert(name, value);
        }
    }
    Caller::new(metadata, lang)
}

/// The address of the client: the peer's, unless the peer is a proxy of ours, which names the one before it. Each
/// proxy appends what it saw, so only entries to the right of an untrusted one are true.
fn client_ip(peer: IpAddr, headers: &HeaderMap, trusted: &[IpAddr]) -> IpAddr {
    if !trusted.contains(&peer) {
        return peer;
    }
    let lines: Vec<&str> = headers.get_all(FORWARDED_FOR).iter().filter_map(|value| value.to_str().ok()).collect();
    let mut entries = lines.iter().rev().flat_map(|line| line.rsplit(','));
    let entry = entries.find_map(|entry| match entry.trim().parse::<IpAddr>() {
        Ok(ip) if trusted.contains(&ip.to_canonical()) => None,
        other => Some(other.ok()),
    });
    entry.flatten().map_or(peer, |ip| ip.to_canonical())
}

fn given_id(value: &HeaderValue) -> Option<String> {
    let id = value.to_str().ok()?;
    let fits = (1..=64).contains(&id.len()) && id.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'_' || c == b'-');
    fits.then(|| id.to_owned())
}

/// Why there is no WebSocket.
#[derive(Debug)]
struct Refusal {
    status: StatusCode,
    reason: ErrorReason,
    headers: Vec<(HeaderName, &'static str)>,
}

impl Refusal {
    fn new(status: StatusCode, reason: ErrorReason) -> Self {
        let headers = if status == StatusCode::SERVICE_UNAVAILABLE { vec![(RETRY_AFTER, "5")] } else { Vec::new() };
        Self { status, reason, headers }
    }

    fn with(mut self, name: HeaderName, value: &'static str) -> Self {
        self.headers.push((name, value));
        self
    }

    fn response(&self, lang: Lang, request_id: &str) -> Response<Full<Bytes>> {
        let envelope = json!({
            "code": self.status.as_u16(),
            "message": Problem::new(self.reason).text(lang),
            "reason": self.reason.as_str_name(),
            "details": [],
            "data": null,
            "timestamp": frame::now_millis(),
            "requestId": request_id,
        });
        let mut response = Response::new(Full::from(envelope.to_string()));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        for (name, value) in &self.headers {
            headers.insert(name, HeaderValue::from_static(value));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(list: &[(&'static str, &'static str)]) -> HeaderMap {
        list.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn only_a_handshake_is_a_handshake() {
        let right = [
            ("connection", "keep-alive, Upgrade"),
            ("upgrade", "websocket"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ];
        let accept = handshake(&Method::GET, &headers(&right)).unwrap();
        assert_eq!(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", "the example of RFC 6455");
        assert_eq!(handshake(&Method::POST, &headers(&right)).unwrap_err().status, 405);
        for missing in 0..right.len() {
            let mut some = right.to_vec();
            some.remove(missing);
            let status = if missing == 3 { 400 } else { 426 };
            assert_eq!(handshake(&Method::GET, &headers(&some)).unwrap_err().status, status, "without {missing}");
        }
    }

    #[test]
    fn an_origin_is_our_own_host_or_allowed() {
        let allowed = ["https://shop.example".to_owned()];
        let table = [
            (&[("host", "kefu.example")][..], true),
            (&[("host", "kefu.example:8443"), ("origin", "https://kefu.example:8443")][..], true),
            (&[("host", "kefu.example"), ("origin", "https://SHOP.example")][..], true),
            (&[("host", "kefu.example"), ("origin", "https://kefu.example.evil")][..], false),
            (&[("host", "kefu.example"), ("origin", "https://evil.example")][..], false),
            (&[("host", "kefu.example"), ("origin", "null")][..], false),
            (&[("origin", "https://kefu.example")][..], false),
        ];
        for (list, answer) in table {
            assert_eq!(origin_allowed(&headers(list), &allowed), answer, "{list:?}");
            assert!(origin_allowed(&headers(list), &["*".to_owned()]), "{list:?}");
        }
    }

    #[test]
    fn only_a_proxy_of_ours_is_believed() {
        let proxy: IpAddr = "10.0.0.1".parse().unwrap();
        let other: IpAddr = "203.0.113.9".parse().unwrap();
        let told = headers(&[("x-forwarded-for", "1.1.1.1, 198.51.100.7, 10.0.0.1")]);
        let client: IpAddr = "198.51.100.7".parse().unwrap();
        assert_eq!(client_ip(proxy, &told, &[proxy]), client);
        assert_eq!(client_ip(other, &told, &[proxy]), other);
        assert_eq!(client_ip(proxy, &headers(&[("x-forwarded-for", "1.1.1.1, junk")]), &[proxy]), proxy);
    }
}
