//! The pages: which file is sent, how long it may be kept, and what the page may do.

use axum::body::Body;
use rust_embed::RustEmbed;

use super::{Fixture, Received, request};
use crate::pages::Files;

/// The console and the customers' page, as npm builds them; the API reference is not built.
#[derive(RustEmbed)]
#[folder = "src/tests/pages"]
struct Pages;

fn edge() -> Fixture {
    Fixture::of_pages(Files::of::<Pages>())
}

async fn get(edge: &Fixture, path: &str, headers: &[(&str, &str)]) -> Received {
    let request = headers.iter().fold(request("GET", path), |request, (name, value)| request.header(*name, *value));
    edge.send(request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn every_path_leads_to_its_file_or_to_its_page() {
    let edge = edge();
    let cases: [(&str, u16, &str); 14] = [
        ("/console/", 200, "<title>console</title>\n"),
        ("/console/index.html", 200, "<title>console</title>\n"),
        ("/console/admin/teams?size=20", 200, "<title>console</title>\n"),
        ("/console/theme.js", 200, "theme\n"),
        ("/console/assets/main-3f9a1c2b.js", 200, "main\n"),
        ("/chat/", 200, "<title>chat</title>\n"),
        ("/chat/queue", 200, "<title>chat</title>\n"),
        ("/console/assets/gone-3f9a1c2b.js", 404, ""),
        ("/chat/favicon.ico", 404, ""),
        ("/console/..%2f..%2fchat/index.html", 404, ""),
        ("/console/%00.js", 404, ""),
        ("/docs/", 503, ""),
        ("/docs/swagger-ui.css", 503, ""),
        ("/other/", 404, ""),
    ];
    for (path, status, body) in cases {
        let received = get(&edge, path, &[]).await;
        assert_eq!(received.status.as_u16(), status, "{path}");
        match status {
            404 => assert_eq!(received.json()["reason"], "ROUTE_NOT_FOUND", "{path}"),
            503 => assert!(String::from_utf8_lossy(&received.bytes).contains("make run"), "{path}"),
            _ => assert_eq!(received.bytes, body, "{path}"),
        }
    }
    for (path, to) in [("/", "/console/"), ("/console", "/console/"), ("/chat?link=abc", "/chat/?link=abc")] {
        let received = get(&edge, path, &[]).await;
        assert_eq!((received.status.as_u16(), received.header("location")), (307, to), "{path}");
    }
    assert_eq!(edge.json("POST", "/console/", "{}").await.status, 405);
}

#[tokio::test]
async fn types_are_those_that_browsers_take() {
    let edge = edge();
    for (path, expected) in [
        ("/console/", "text/html; charset=utf-8"),
        ("/console/sessions", "text/html; charset=utf-8"),
        ("/console/theme.js", "text/javascript"),
        ("/chat/manifest.webmanifest", "application/manifest+json"),
    ] {
        assert_eq!(get(&edge, path, &[]).await.header("content-type"), expected, "{path}");
    }
}

#[tokio::test]
async fn the_smallest_form_that_the_browser_takes_is_sent() {
    let edge = edge();
    for (path, accepted, encoding, body) in [
        ("/console/", "gzip, deflate, br", "br", "console as brotli"),
        ("/console/sessions", "gzip, deflate, br", "br", "console as brotli"),
        ("/console/", "gzip", "gzip", "console as gzip"),
        ("/console/", "identity", "", "<title>console</title>\n"),
        ("/console/theme.js", "gzip, br", "", "theme\n"),
    ] {
        let received = get(&edge, path, &[("accept-encoding", accepted)]).await;
        assert_eq!((received.header("content-encoding"), &*received.bytes), (encoding, body.as_bytes()), "{path}");
        assert!(received.header("content-type").starts_with("text/"), "{path}");
        assert!(received.headers.get_all("vary").iter().any(|vary| vary == "accept-encoding"), "{path}");
    }
    let head = request("HEAD", "/console/").header("accept-encoding", "br").body(Body::empty()).unwrap();
    let head = edge.send(head).await;
    assert_eq!((head.status.as_u16(), head.header("content-length"), head.bytes.len()), (200, "17", 0));
}

#[tokio::test]
async fn what_has_a_digest_in_its_name_is_kept_and_the_rest_asked_for_again() {
    let edge = edge();
    let fixed = get(&edge, "/console/assets/main-3f9a1c2b.js", &[]).await;
    assert_eq!(fixed.header("cache-control"), "public, max-age=31536000, immutable");
    for path in ["/console/", "/console/sessions", "/console/theme.js", "/chat/manifest.webmanifest"] {
        let received = get(&edge, path, &[]).await;
        assert_eq!(received.header("cache-control"), "no-cache", "{path}");
        let again = get(&edge, path, &[("if-none-match", received.header("etag"))]).await;
        assert_eq!((again.status.as_u16(), again.bytes.len()), (304, 0), "{path}");
        assert_eq!(again.header("content-security-policy"), received.header("content-security-policy"));
    }
    let gone = get(&edge, "/console/assets/gone-3f9a1c2b.js", &[]).await;
    assert_eq!(gone.header("cache-control"), "no-store");
    let brotli = get(&edge, "/console/", &[("accept-encoding", "br")]).await;
    let gzip = get(&edge, "/console/", &[("accept-encoding", "gzip")]).await;
    assert_ne!(brotli.header("etag"), gzip.header("etag"));
}

#[tokio::test]
async fn pages_run_nothing_but_their_own_and_tell_nobody_their_address() {
    let edge = edge();
    for (path, ancestors, frames) in [("/console/", "'none'", "DENY"), ("/chat/?link=a", "'self'", "SAMEORIGIN")] {
        let received = get(&edge, path, &[("host", "kefu.example:8080")]).await;
        let policy = received.header("content-security-policy");
        let rules: Vec<&str> = policy.split(';').map(str::trim).collect();
        for rule in ["default-src 'self'", "object-src 'none'", "base-uri 'none'"] {
            assert!(rules.contains(&rule), "{policy}");
        }
        assert!(rules.contains(&"connect-src 'self' ws://kefu.example:8080 wss://kefu.example:8080"), "{policy}");
        assert!(rules.contains(&&*format!("frame-ancestors {ancestors}")), "{policy}");
        assert!(!policy.contains("script-src") && !policy.contains("unsafe-eval"), "{policy}");
        assert_eq!(received.header("x-frame-options"), frames);
        assert_eq!(received.header("x-content-type-options"), "nosniff");
        assert_eq!(received.header("referrer-policy"), "no-referrer");
        assert_eq!(received.header("permissions-policy"), "camera=(), microphone=(), geolocation=()");
    }
    let forged = get(&edge, "/console/", &[("host", "x; script-src *")]).await;
    assert!(!forged.header("content-security-policy").contains("script-src"));
}
