//! Files in and out.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::Request;
use kefu_proto::common::v1::ErrorReason;
use kefu_proto::error::Problem;
use kefu_proto::file::v1::{DownloadFileRequest, DownloadFileResponse, File, UploadFileRequest};
use prost::Message as _;

use super::{Call, Fixture, ok, request};
use crate::Options;
use crate::range::{Span, Unsatisfiable, parse};

const CONTENT: &[u8] = b"0123456789";

fn store() -> Fixture {
    stored("报告 \"1\".pdf", "application/pdf")
}

fn stored(name: &'static str, content_type: &'static str) -> Fixture {
    Fixture::new(move |call| {
        let asked: DownloadFileRequest = call.message();
        if asked.id != 5 {
            return Err(Problem::new(ErrorReason::NotFound).with("object", "file").into_status());
        }
        let first = usize::try_from(asked.offset).unwrap();
        let rest = CONTENT.len() - first;
        let count = if asked.limit == 0 { rest } else { rest.min(usize::try_from(asked.limit).unwrap()) };
        let meta = File {
            name: name.to_owned(),
            content_type: content_type.to_owned(),
            size: 10,
            sha256: "abc".to_owned(),
            ..File::default()
        };
        let head = DownloadFileResponse { meta: Some(meta), chunk: Bytes::new() };
        let chunks = CONTENT[first..first + count].chunks(4);
        let chunks = chunks.map(|chunk| DownloadFileResponse { meta: None, chunk: Bytes::from_static(chunk) });
        Ok(std::iter::once(head).chain(chunks).map(|part| part.encode_to_vec().into()).collect())
    })
}

fn get(headers: &[(&str, &str)]) -> Request<Body> {
    ask("GET", headers)
}

fn ask(verb: &str, headers: &[(&str, &str)]) -> Request<Body> {
    let mut request = request(verb, "/api/v1/files/5/content");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Body::empty()).unwrap()
}

#[tokio::test]
async fn a_whole_file() {
    let store = store();
    let received = store.send(get(&[])).await;
    assert_eq!((received.status.as_u16(), &received.bytes[..]), (200, CONTENT));
    assert_eq!(received.header("content-length"), "10");
    assert_eq!(received.header("content-type"), "application/pdf");
    assert_eq!(received.header("accept-ranges"), "bytes");
    assert_eq!(received.header("etag"), "\"abc\"");
    assert_eq!(received.header("cache-control"), "private");
    assert_eq!(received.header("content-security-policy"), "sandbox; default-src 'none'");
    assert_eq!(received.header("x-content-type-options"), "nosniff");
    let disposition = "attachment; filename=\"__ _1_.pdf\"; filename*=UTF-8''%E6%8A%A5%E5%91%8A%20%221%22.pdf";
    assert_eq!(received.header("content-disposition"), disposition);
    assert_eq!(store.calls().len(), 1);
}

#[tokio::test]
async fn only_harmless_pictures_are_shown() {
    for (content_type, shown) in [("image/png", true), ("image/svg+xml", false), ("text/html", false)] {
        let received = stored("x", content_type).send(get(&[])).await;
        assert_eq!(received.header("content-disposition").starts_with("inline"), shown, "{content_type}");
    }
}

#[tokio::test]
async fn parts_of_a_file() {
    let store = store();
    for (range, part, content_range) in [
        ("bytes=2-5", "2345", "bytes 2-5/10"),
        ("bytes=7-", "789", "bytes 7-9/10"),
        ("bytes=-3", "789", "bytes 7-9/10"),
        ("bytes=8-99", "89", "bytes 8-9/10"),
    ] {
        let received = store.send(get(&[("range", range)])).await;
        assert_eq!((received.status.as_u16(), &received.bytes[..]), (206, part.as_bytes()), "{range}");
        assert_eq!(received.header("content-range"), content_range);
        assert_eq!(received.header("content-length"), part.len().to_string());
    }
    let received = store.send(get(&[("range", "bytes=10-")])).await;
    assert_eq!((received.status.as_u16(), received.header("content-range")), (416, "bytes */10"));
    assert_eq!(received.json()["reason"], "RANGE_INVALID");
    let received = store.send(get(&[("range", "bytes=2-3"), ("if-range", "\"old\"")])).await;
    assert_eq!((received.status.as_u16(), &received.bytes[..]), (200, CONTENT));
}

#[test]
fn ranges() {
    let span = |first, last| Ok(Some(Span { first, last }));
    for (header, size, expected) in [
        ("bytes=0-0", 10, span(0, 0)),
        ("bytes=-20", 10, span(0, 9)),
        ("bytes= 1 - 2 ", 10, span(1, 2)),
        ("lines=1-2", 10, Ok(None)),
        ("bytes=0-1,3-4", 10, Ok(None)),
        ("bytes=5-4", 10, Err(Unsatisfiable)),
        ("bytes=-0", 10, Err(Unsatisfiable)),
        ("bytes=-", 10, Err(Unsatisfiable)),
        ("bytes=a-b", 10, Err(Unsatisfiable)),
        ("bytes=+1-2", 10, Err(Unsatisfiable)),
        ("bytes=99999999999999999999-", 10, Err(Unsatisfiable)),
        ("bytes=0-", 0, Err(Unsatisfiable)),
    ] {
        assert_eq!(parse(header, size), expected, "{header}");
    }
}

#[tokio::test]
async fn a_file_that_is_known_or_only_asked_about() {
    let store = store();
    for tag in ["\"abc\"", "W/\"abc\"", "\"x\", \"abc\"", "*"] {
        let received = store.send(get(&[("if-none-match", tag)])).await;
        assert_eq!((received.status.as_u16(), received.bytes.len()), (304, 0), "{tag}");
    }
    assert_eq!(store.send(get(&[("if-none-match", "\"old\"")])).await.bytes, CONTENT);
    let received = store.send(ask("HEAD", &[])).await;
    assert_eq!((received.status.as_u16(), received.bytes.len()), (200, 0));
    assert_eq!(received.header("content-length"), "10");
    let received = store.get("/api/v1/files/6/content").await;
    assert_eq!((received.status.as_u16(), received.json()["reason"].as_str()), (404, Some("NOT_FOUND")));
    let received = store.get("/api/v1/files/5/content?offset=3").await;
    assert_eq!(received.fields(), ["offset"]);
}

/// A form: fields, then files, each with its name and its text.
fn form(fields: &[(&str, &str)], files: &[(&str, &str)]) -> String {
    let field = |(name, text): &(&str, &str)| {
        format!("--B\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n")
    };
    let file = |(name, text): &(&str, &str)| {
        format!("--B\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n{text}\r\n")
    };
    fields.iter().map(field).chain(files.iter().map(file)).collect()
}

fn upload(body: impl Into<Body>) -> Request<Body> {
    let request = request("POST", "/api/v1/files").header("content-type", "multipart/form-data; boundary=B");
    request.body(body.into()).unwrap()
}

fn taker(options: &Options) -> Fixture {
    Fixture::with(options, |call| {
        let parts = parts(call);
        let size = parts.iter().map(|part| part.chunk.len()).sum::<usize>();
        ok(&File { id: 1, size: i64::try_from(size).unwrap(), ..File::default() })
    })
}

fn parts(call: &Call) -> Vec<UploadFileRequest> {
    call.messages.iter().map(|message| UploadFileRequest::decode(message.clone()).unwrap()).collect()
}

#[tokio::test]
async fn a_form_becomes_meta_and_chunks() {
    let taker = taker(&Options::default());
    let body = form(&[("sessionId", "7")], &[("a.txt", "hello")]) + "--B--\r\n";
    let received = taker.send(upload(body)).await;
    assert_eq!((received.status.as_u16(), received.json()["data"]["size"].as_i64()), (200, Some(5)), "{received:?}");
    let call = taker.last();
    let sent = parts(&call);
    let meta = sent[0].meta.clone().unwrap();
    assert_eq!((meta.name.as_str(), meta.session_id), ("a.txt", 7));
    assert!(call.ended && sent[1..].iter().all(|part| part.meta.is_none()));
    assert_eq!(sent[1..].iter().flat_map(|part| part.chunk.to_vec()).collect::<Vec<_>>(), b"hello");
    assert_eq!(call.header("x-kefu-client-ip"), "192.0.2.7");

    let body = form(&[("name", "b.txt")], &[("a.txt", "")]) + "--B--\r\n";
    taker.send(upload(body)).await;
    assert_eq!(parts(&taker.last())[0].meta.clone().unwrap().name, "b.txt");
}

#[tokio::test]
async fn long_files_go_in_chunks() {
    let taker = taker(&Options::default());
    let long = "x".repeat(3 << 20);
    let body = Bytes::from(form(&[], &[("a", &long)]) + "--B--\r\n");
    let frames: Vec<_> = body.chunks(50_000).map(|frame| Ok::<_, std::io::Error>(body.slice_ref(frame))).collect();
    let received = taker.send(upload(Body::from_stream(stream::iter(frames)))).await;
    assert_eq!(received.json()["data"]["size"], 3 << 20, "{received:?}");
    assert!(parts(&taker.last()).iter().all(|part| part.chunk.len() <= 1 << 20));
}

#[tokio::test]
async fn forms_that_are_wrong_never_end_for_the_core() {
    let taker = taker(&Options { max_upload_bytes: 10, ..Options::default() });
    let long = "x".repeat(200_000);
    let end = "--B--\r\n";
    let cases = [
        (form(&[], &[("a", "1"), ("b", "2")]) + end, 400, "file"),
        (form(&[], &[("a", "1")]) + &form(&[("sessionId", "7")], &[]) + end, 400, "sessionId"),
        (form(&[("sessionId", "7")], &[]) + end, 400, "file"),
        (form(&[("sessionId", "x")], &[("a", "1")]) + end, 400, "sessionId"),
        (form(&[("sessionId", "1"), ("sessionId", "2")], &[("a", "1")]) + end, 400, "sessionId"),
        (form(&[("tenantId", "1")], &[("a", "1")]) + end, 400, "tenantId"),
        (form(&[], &[("a", "half")]), 400, ""),
        ("nonsense".to_owned(), 400, ""),
        (form(&[], &[("a", "12345678901")]) + end, 413, "TOO_LARGE"),
        (form(&[("sessionId", &long)], &[("a", "1")]) + end, 413, "TOO_LARGE"),
    ];
    for (body, status, what) in cases {
        let received = taker.send(upload(body.clone())).await;
        assert_eq!(received.status, status, "{body}: {received:?}");
        match status {
            400 => assert_eq!(received.fields(), [what], "{body}"),
            _ => assert_eq!(received.json()["reason"], what, "{body}"),
        }
    }
    assert!(taker.calls().iter().all(|call| !call.ended), "the core took a broken upload for a whole one");
    let plain = request("POST", "/api/v1/files").header("content-type", "application/json");
    assert_eq!(taker.send(plain.body(Body::from("{}")).unwrap()).await.status, 415);
}

#[tokio::test]
async fn a_client_that_goes_away_ends_nothing() {
    let taker = taker(&Options::default());
    let start = Bytes::from(form(&[], &[("a", "half of it")]));
    let broken = stream::iter([Ok(start), Err(std::io::Error::other("gone"))]);
    let received = taker.send(upload(Body::from_stream(broken))).await;
    assert_eq!(received.status, 400);
    assert!(!taker.last().ended);
}

#[tokio::test]
async fn an_early_answer_of_the_core_is_passed_on() {
    let edge = Fixture::failing(&Problem::new(ErrorReason::FileType).into_status());
    let start = stream::iter([Ok::<_, std::io::Error>(Bytes::from(form(&[], &[("a.exe", "")])))]);
    let received = edge.send(upload(Body::from_stream(start.chain(stream::pending())))).await;
    assert_eq!((received.status.as_u16(), received.json()["reason"].as_str()), (400, Some("FILE_TYPE")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_a_network_a_broken_upload_ends_nothing_and_a_whole_one_arrives() {
    let edge = Fixture::apart(|call| ok(&File { size: parts(call).len() as i64, ..File::default() })).await;
    let received = edge.send(upload(form(&[], &[("a", "whole")]) + "--B--\r\n")).await;
    assert_eq!(received.json()["data"]["size"], 2, "{received:?}");
    assert!(edge.last().ended);

    for _ in 0..20 {
        let start = stream::iter([Ok(Bytes::from(form(&[], &[("a", "half of it")])))]);
        let gone = stream::once(async {
            tokio::time::sleep(Duration::from_millis(5)).await;
            Err(std::io::Error::other("gone"))
        });
        let received = edge.send(upload(Body::from_stream(start.chain(gone)))).await;
        assert_eq!(received.status, 400);
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(edge.calls().len() > 1);
    assert_eq!(edge.calls().iter().filter(|call| call.ended).count(), 1);
}

#[tokio::test]
async fn a_client_that_is_faster_than_the_core_has_to_wait() {
    let edge = Fixture::silent();
    let taken = Arc::new(AtomicUsize::new(0));
    let count = taken.clone();
    let start = stream::iter([Ok::<_, std::io::Error>(Bytes::from(form(&[], &[("a", "")])))]);
    let endless = stream::repeat_with(move || {
        count.fetch_add(1, Ordering::Relaxed);
        Ok(Bytes::from_static(&[b'x'; 16 << 10]))
    });
    let sending = edge.send(upload(Body::from_stream(start.chain(endless))));
    assert!(tokio::time::timeout(Duration::from_millis(300), sending).await.is_err());
    let taken = taken.load(Ordering::Relaxed);
    assert!((1..16).contains(&taken), "{taken} frames were taken in");
}
