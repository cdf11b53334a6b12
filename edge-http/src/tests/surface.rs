//! What surrounds the calls: headers in and out, limits, panics, probes, gRPC-web, the listener.

use std::net::SocketAddr;
use std::time::Duration;

use axum::body::Body;
use axum::extract::ConnectInfo;
use bytes::{BufMut, Bytes, BytesMut};
use kefu_proto::common::v1::Empty;
use kefu_proto::session::v1::{GetSessionRequest, ListSessionsResponse, Session};
use prost::Message as _;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use super::{Fixture, ok, request};
use crate::{Options, serve};

#[tokio::test]
async fn the_core_is_told_who_calls_and_cannot_be_fooled() {
    let edge = Fixture::new(|_| ok(&Session::default()));
    let forged = request("GET", "/api/v1/sessions/7")
        .header("authorization", "Bearer t")
        .header("accept-language", "en")
        .header("user-agent", "a".repeat(300))
        .header("x-request-id", "my-id_1")
        .header("x-forwarded-for", "203.0.113.9")
        .header("x-kefu-client-ip", "203.0.113.9")
        .header("x-kefu-tenant", "5")
        .header("cookie", "a=b");
    let received = edge.send(forged.body(Body::empty()).unwrap()).await;
    assert_eq!(received.header("x-request-id"), "my-id_1");
    let call = edge.last();
    assert_eq!(call.header("authorization"), "Bearer t");
    assert_eq!(call.header("accept-language"), "en");
    assert_eq!(call.header("x-request-id"), "my-id_1");
    assert_eq!(call.header("x-kefu-client-ip"), "192.0.2.7");
    assert_eq!(call.header("x-kefu-user-agent").len(), 200);
    assert!(!call.header("grpc-timeout").is_empty());
    for name in ["x-kefu-tenant", "x-forwarded-for", "cookie"] {
        assert_eq!(call.header(name), "", "{name}");
    }
}

#[tokio::test]
async fn request_ids_that_are_not_plain_are_replaced() {
    let edge = Fixture::new(|_| ok(&Session::default()));
    for id in ["", "a b", "a/b", &"x".repeat(65)] {
        let request = request("GET", "/api/v1/sessions/7").header("x-request-id", id);
        let received = edge.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(received.header("x-request-id").len(), 32, "{id:?}");
    }
}

#[tokio::test]
async fn the_address_before_our_own_proxies_counts() {
    let trusted = ["192.0.2.7", "192.0.2.8"].map(|ip| ip.parse().unwrap()).to_vec();
    let edge = Fixture::with(&Options { trusted_proxies: trusted, ..Options::default() }, |_| ok(&Session::default()));
    let cases: [(&[&str], &str); 6] = [
        (&["198.51.100.1, 203.0.113.9"], "203.0.113.9"),
        (&["198.51.100.1", "203.0.113.9, 192.0.2.8"], "203.0.113.9"),
        (&["::ffff:203.0.113.9"], "203.0.113.9"),
        (&["203.0.113.9, nonsense"], "192.0.2.7"),
        (&["192.0.2.8"], "192.0.2.7"),
        (&[], "192.0.2.7"),
    ];
    for (lines, expected) in cases {
        let mut request = request("GET", "/api/v1/sessions/7");
        for line in lines {
            request = request.header("x-forwarded-for", *line);
        }
        edge.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(edge.last().header("x-kefu-client-ip"), expected, "{lines:?}");
    }
}

#[tokio::test]
async fn every_answer_is_guarded() {
    let edge = Fixture::new(|_| ok(&Session::default()));
    for path in ["/api/v1/sessions/7", "/api/v1/nothing", "/nothing", "/healthz", "/metrics"] {
        let received = edge.get(path).await;
        assert_eq!(received.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(received.header("x-frame-options"), "DENY", "{path}");
        assert_eq!(received.header("referrer-policy"), "no-referrer", "{path}");
        assert_eq!(received.header("cache-control"), "no-store", "{path}");
        assert_eq!(received.header("content-security-policy"), "default-src 'none'; frame-ancestors 'none'", "{path}");
        assert_eq!(received.header("set-cookie"), "", "{path}");
    }
}

#[tokio::test]
async fn pages_of_allowed_origins_only_may_read() {
    let origins = vec!["https://kefu.example".to_owned()];
    let edge = Fixture::with(&Options { allowed_origins: origins, ..Options::default() }, |_| ok(&Session::default()));
    for (origin, expected) in [("https://kefu.example", "https://kefu.example"), ("https://evil.example", "")] {
        let preflight = request("OPTIONS", "/api/v1/sessions/7")
            .header("origin", origin)
            .header("access-control-request-method", "PATCH")
            .header("access-control-request-headers", "authorization,x-grpc-web");
        let received = edge.send(preflight.body(Body::empty()).unwrap()).await;
        assert_eq!(received.header("access-control-allow-origin"), expected);
        assert_eq!(received.header("access-control-allow-credentials"), "");
        let get = request("GET", "/api/v1/sessions/7").header("origin", origin);
        let received = edge.send(get.body(Body::empty()).unwrap()).await;
        assert_eq!(received.header("access-control-allow-origin"), expected);
        assert!(received.header("access-control-expose-headers").contains("grpc-status-details-bin"));
    }
    let none = Fixture::new(|_| ok(&Session::default()));
    let get = request("GET", "/api/v1/sessions/7").header("origin", "https://kefu.example");
    assert_eq!(none.send(get.body(Body::empty()).unwrap()).await.header("access-control-allow-origin"), "");
}

#[tokio::test]
async fn a_panic_is_an_internal_error() {
    let edge = Fixture::new(|_| panic!("secret"));
    let received = edge.get("/api/v1/sessions/7").await;
    assert_eq!((received.status.as_u16(), received.json()["reason"].as_str()), (500, Some("INTERNAL")));
    assert!(!received.json().to_string().contains("secret"));
    assert_eq!(received.json()["requestId"], received.header("x-request-id"));
}

#[tokio::test]
async fn overload_and_slowness_are_told_at_once() {
    let full = Fixture::with(&Options { max_connections: 0, ..Options::default() }, |_| ok(&Empty {}));
    let received = full.get("/api/v1/sessions/7").await;
    assert_eq!((received.status.as_u16(), received.header("retry-after")), (503, "1"));
    assert_eq!(full.get("/healthz").await.status, 200);

    let options = Options { request_timeout: Duration::from_millis(50), ..Options::default() };
    let slow = Fixture::with(&options, |_| ok(&Empty {}));
    let never = futures_util::stream::pending::<Result<Bytes, std::io::Error>>();
    let request = request("POST", "/api/v1/sessions/7/typing").header("content-type", "application/json");
    let received = slow.send(request.body(Body::from_stream(never)).unwrap()).await;
    assert_eq!((received.status.as_u16(), received.header("retry-after")), (503, "1"));
}

#[tokio::test]
async fn probes() {
    let edge = Fixture::new(|_| ok(&Empty {}));
    assert_eq!(edge.get("/healthz").await.status, 200);
    let received = edge.get("/readyz").await;
    assert_eq!(received.status, 503);
    assert!(!received.json().to_string().contains("database"));
    assert_eq!(edge.get("/metrics").await.bytes, "kefu_up 1\n");
    assert_eq!(edge.json("POST", "/healthz", "{}").await.status, 405);

    let document = edge.get("/openapi.json").await;
    assert_eq!(document.json()["openapi"], "3.1.0");
    let again = request("GET", "/openapi.json").header("if-none-match", document.header("etag"));
    let again = edge.send(again.body(Body::empty()).unwrap()).await;
    assert_eq!((again.status.as_u16(), again.bytes.len()), (304, 0));
}

#[tokio::test]
async fn long_json_is_compressed_for_those_who_ask() {
    let list = vec![Session { id: 7, ..Session::default() }; 50];
    let edge =
        Fixture::new(move |_| ok(&ListSessionsResponse { list: list.clone(), ..ListSessionsResponse::default() }));
    let request = request("GET", "/api/v1/sessions").header("accept-encoding", "gzip");
    let received = edge.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(received.header("content-encoding"), "gzip");
    assert!(received.bytes.starts_with(&[0x1f, 0x8b]));
    assert_eq!(edge.get("/api/v1/sessions").await.header("content-encoding"), "");
}

#[tokio::test]
async fn grpc_web_reaches_the_same_core() {
    let edge = Fixture::new(|_| ok(&Session { id: 7, ..Session::default() }));
    let message = GetSessionRequest { id: 7 }.encode_to_vec();
    let mut body = BytesMut::new();
    body.put_u8(0);
    body.put_u32(u32::try_from(message.len()).unwrap());
    body.extend_from_slice(&message);
    let call = |path: &str, content: &str| {
        request("POST", path)
            .header("content-type", content)
            .header("x-kefu-client-ip", "203.0.113.9")
            .header("x-kefu-node", "secret")
            .body(Body::from(body.clone().freeze()))
            .unwrap()
    };
    let path = "/kefu.session.v1.SessionService/GetSession";
    let received = edge.send(call(path, "application/grpc-web+proto")).await;
    assert_eq!(received.status, 200);
    assert!(received.header("content-type").starts_with("application/grpc-web"));
    assert!(received.bytes.windows(13).any(|part| part == b"grpc-status:0"), "{:?}", received.bytes);
    let seen = edge.last();
    assert_eq!(seen.message::<GetSessionRequest>().id, 7);
    assert_eq!((seen.header("x-kefu-client-ip"), seen.header("x-kefu-node")), ("192.0.2.7", ""));
    assert!(!seen.header("grpc-timeout").is_empty());

    assert_eq!(edge.send(call(path, "application/grpc")).await.status, 415);
    let internal = "/kefu.realtime.v1.RealtimeService/Watch";
    assert_eq!(edge.send(call(internal, "application/grpc-web")).await.status, 404);
    assert_eq!(edge.calls().len(), 1);
}

#[tokio::test]
async fn the_listener_serves_closes_silent_clients_and_ends() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let options = Options { header_timeout: Duration::from_millis(200), ..Options::default() };
    let peer = axum::routing::get(|ConnectInfo(peer): ConnectInfo<SocketAddr>| async move { peer.to_string() });
    let router = Fixture::new(|_| ok(&Empty {})).router.route("/peer", peer);
    let shutdown = CancellationToken::new();
    let ended = shutdown.clone();
    let server = tokio::spawn(async move { serve(listener, router, &options, ended).await });

    let mut client = TcpStream::connect(address).await.unwrap();
    client.write_all(b"GET /peer HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut text = String::new();
    client.read_to_string(&mut text).await.unwrap();
    assert!(text.starts_with("HTTP/1.1 200") && text.contains("127.0.0.1:"), "{text}");

    for start in [&b""[..], b"P", b"GET / HTTP/1.1\r\nhost"] {
        let mut silent = TcpStream::connect(address).await.unwrap();
        silent.write_all(start).await.unwrap();
        let mut rest = Vec::new();
        let closed = tokio::time::timeout(Duration::from_secs(5), silent.read_to_end(&mut rest)).await;
        assert!(closed.is_ok(), "{start:?} holds its connection");
    }

    // A connection may rest for longer than a head may take, and is as strict about the next one.
    let mut kept = TcpStream::connect(address).await.unwrap();
    let mut answer = [0; 1024];
    for _ in 0..2 {
        kept.write_all(b"GET /peer HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        let length = kept.read(&mut answer).await.unwrap();
        assert!(answer[..length].starts_with(b"HTTP/1.1 200"));
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    kept.write_all(b"GET /peer HTTP/1.1\r\nhost").await.unwrap();
    let closed = tokio::time::timeout(Duration::from_secs(5), kept.read_to_end(&mut Vec::new())).await;
    assert!(closed.is_ok(), "the second head may take for ever");

    shutdown.cancel();
    let ended = tokio::time::timeout(Duration::from_secs(5), server).await.unwrap().unwrap();
    assert!(ended.is_ok());
    assert!(TcpStream::connect(address).await.is_err());
}
