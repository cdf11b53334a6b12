//! Who calls, from where, in which language: what the edge tells the core about a request.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, Request};
use http::header::{ACCEPT_LANGUAGE, AUTHORIZATION, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue};
use kefu_proto::error::Lang;

/// The request id, towards both sides.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Headers with this prefix are ours: no caller can set them.
pub(crate) const INTERNAL_PREFIX: &str = "x-kefu-";
const CLIENT_IP: HeaderName = HeaderName::from_static("x-kefu-client-ip");
const CLIENT_AGENT: HeaderName = HeaderName::from_static("x-kefu-user-agent");
const FORWARDED_FOR: &str = "x-forwarded-for";
const MAX_AGENT_CHARS: usize = 200;

/// One caller.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    /// The id that finds the request in all logs.
    pub(crate) request_id: String,
    /// The language of texts.
    pub(crate) lang: Lang,
    /// What goes to the core as metadata.
    pub(crate) headers: HeaderMap,
}

impl Caller {
    /// Reads the headers and the address of a request.
    pub(crate) fn of(request: &Request, trusted: &[IpAddr]) -> Self {
        let from = request.headers();
        let request_id = from.get(REQUEST_ID).and_then(given_id).unwrap_or_else(new_id);
        let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip().to_canonical());
        let mut headers = HeaderMap::new();
        for name in [AUTHORIZATION, ACCEPT_LANGUAGE] {
            // All of them: a second token must be refused, not overlooked.
            for value in from.get_all(&name) {
                headers.append(&name, value.clone());
            }
        }
        let agent = from.get(USER_AGENT).and_then(|value| value.to_str().ok());
        let ours = [
            (REQUEST_ID, Some(request_id.clone())),
            (CLIENT_IP, peer.map(|peer| client_ip(peer, from, trusted).to_string())),
            (CLIENT_AGENT, agent.map(|agent| agent.chars().take(MAX_AGENT_CHARS).collect())),
        ];
        for (name, value) in ours {
            if let Some(value) = value.and_then(|text| HeaderValue::try_from(text).ok()) {
                headers.insert(name, value);
            }
        }
        let lang = Lang::from_header(from.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()));
        Self { request_id, lang, headers }
    }
}

fn given_id(value: &HeaderValue) -> Option<String> {
    let id = value.to_str().ok()?;
    let fits = (1..=64).contains(&id.len()) && id.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'_' || c == b'-');
    fits.then(|| id.to_owned())
}

fn new_id() -> String {
    format!("{:032x}", rand::random::<u128>())
}

/// The address of the client: the peer's, unless the peer is a proxy of ours, which names the one before it. Each
/// proxy appends what it saw, so only entries to the right of an untrusted one are true.
fn client_ip(peer: IpAddr, headers: &HeaderMap, trusted: &[IpAddr]) -> IpAddr {
    if !trusted.contains(&peer) {
        return peer;
    }
    let lines: Vec<&str> = headers.get_all(FORWARDED_FOR).iter().filter_map(|value| value.to_str().ok()).collect();
    lines
        .iter()
        .rev()
        .flat_map(|line| line.rsplit(','))
        .map(|entry| entry.trim().parse::<IpAddr>().map(|ip| ip.to_canonical()))
        .find(|entry| !entry.as_ref().is_ok_and(|ip| trusted.contains(ip)))
        .and_then(Result::ok)
        .unwrap_or(peer)
}
