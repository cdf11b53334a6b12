//! Requests of HTTP/1.1 as bytes: each begins as a valid call of a route of the contract, and then goes wrong.

use anyhow::{Context, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kefu_proto::common::v1::access::Audience;
use kefu_proto::contract::{Method, Route};
use percent_encoding::{NON_ALPHANUMERIC, percent_encode};
use prost::Message as _;
use rand::Rng;
use rand::rngs::StdRng;
use serde_json::{Map, Value as Json};

use super::odd;
use crate::Rest;
use crate::contract::{is_for, routes};
use crate::objects::{Objects, Who};
use crate::rules::Fill;

/// What stands at a boundary of a form.
const BOUNDARY: &str = "kefu-hostile";
/// How often a header may be repeated in a flood: more than the server takes.
const FLOOD: usize = 150;
/// Content types that are not what the route expects.
const TYPES: [&str; 12] = [
    "",
    "text/plain",
    "application/x-www-form-urlencoded",
    "application/json; charset=utf-16",
    "application/JSON",
    "multipart/form-data",
    "multipart/form-data; boundary=",
    "application/grpc",
    "application/grpc-web+proto",
    "application/octet-stream",
    "application/json, text/plain",
    ";;;==",
];
/// Headers with values that nobody should believe, or read to the end.
const HEADERS: [(&str, &[u8]); 34] = [
    ("authorization", b""),
    ("authorization", b"Bearer"),
    ("authorization", b"Bearer \xff\xfe"),
    ("authorization", b"Basic YWRtaW46YWRtaW4="),
    ("authorization", b"Bearer eyJhbGciOiJub25lIn0.e30."),
    ("x-kefu-node-secret", b"secret"),
    ("x-kefu-client-ip", b"127.0.0.1"),
    ("x-kefu-anything", b"\xf0\x9f\x92\xa9"),
    ("x-forwarded-for", b"'; DROP TABLE user; --, ::1, 999.1.1.1"),
    ("x-request-id", b"a\x00b"),
    ("x-request-id", b"../../x y"),
    ("accept-language", b"\xff,zh;q=9999999999999,e"),
    ("accept-encoding", b"gzip;q=NaN, br, *;q=-1"),
    ("accept", b"text/\x7f"),
    ("range", b"bytes=0-0,1-1,2-2,-5,7-"),
    ("range", b"bytes=18446744073709551615-18446744073709551616"),
    ("range", b"bytes=-0"),
    ("if-none-match", b"*,*,\"\",W/"),
    ("if-range", b"\"\xff\""),
    ("host", b"evil.example"),
    ("host", b"\x00"),
    ("origin", b"null"),
    ("origin", b"http://evil.example"),
    ("expect", b"100-continue"),
    ("expect", b"the unexpected"),
    ("upgrade", b"h2c"),
    ("connection", b"upgrade, keep-alive, close"),
    ("grpc-timeout", b"99999999999H"),
    ("grpc-timeout", b"0n"),
    ("grpc-encoding", b"gzip"),
    ("content-encoding", b"gzip"),
    ("te", b"trailers, deflate;q=0.5"),
    ("content-length", b"-1"),
    ("content-length", b"99999999999999999999"),
];

/// A request to send.
#[derive(Debug)]
pub(super) struct Shot {
    /// What it was before it went wrong.
    pub(super) name: String,
    /// The request as it goes over the wire.
    pub(super) bytes: Vec<u8>,
    /// It is HTTP, and whole: there has to be an answer.
    pub(super) is_whole: bool,
}

/// Who is asked about.
pub(super) struct Targets<'a, 's> {
    /// Where the callers belong.
    pub(super) ground: &'a Objects<'s>,
    /// Where nobody has logged in, and nothing may change.
    pub(super) victim: &'a Objects<'s>,
}

struct Draft {
    verb: String,
    target: Vec<u8>,
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
    framing: Framing,
    is_whole: bool,
}

enum Framing {
    Length,
    Chunked,
    Both,
    Odd,
}

/// The request of a seed.
pub(super) fn shot(rng: &mut StdRng, targets: &Targets<'_, '_>) -> Result<Shot> {
    let all: Vec<_> = routes().collect();
    let (method, route) = all[rng.random_range(0..all.len())];
    let stranger = !is_for(method, Audience::Public) && rng.random_bool(0.25);
    let objects = if stranger { targets.victim } else { targets.ground };
    let mut draft =
        if rng.random_bool(0.06) && !stranger { grpc_web(rng, method) } else { rest(rng, objects, method, route)? };
    let caller = caller(rng, objects, method, stranger);
    if let Some(token) = caller.and_then(|rest| rest.token.as_deref()) {
        draft.headers.push(("authorization".to_owned(), format!("Bearer {token}").into_bytes()));
    }
    for _ in 0..rng.random_range(0..3) {
        derange(rng, &mut draft, stranger);
    }
    let name = format!("{} {} ({})", route.verb, route.path, if stranger { "nobody" } else { "somebody" });
    let is_whole = draft.is_whole;
    Ok(Shot { name, bytes: assemble(rng, draft), is_whole })
}

fn caller<'a>(rng: &mut StdRng, objects: &'a Objects<'_>, method: &Method, stranger: bool) -> Option<&'a Rest> {
    if stranger || is_for(method, Audience::Public) {
        return None;
    }
    let right = Who::of(method).next().unwrap_or(Who::Staff);
    let who = match rng.random_range(0..10) {
        0 => Who::Customer,
        1 => Who::Staff,
        _ => right,
    };
    Some(objects.caller(who))
}

fn rest(rng: &mut StdRng, objects: &Objects<'_>, method: &Method, route: &Route) -> Result<Draft> {
    let fill = if rng.random() { Fill::All } else { Fill::Required };
    let mut fields = objects.filled(method, route, fill)?;
    let mut target = path(rng, route, &mut fields)?;
    let mut headers = Vec::new();
    let mut body = Vec::new();
    if method.descriptor.is_client_streaming() {
        headers.push(("content-type".to_owned(), format!("multipart/form-data; boundary={BOUNDARY}").into_bytes()));
        body = form(rng, &fields);
    } else if route.has_body {
        headers.push(("content-type".to_owned(), b"application/json".to_vec()));
        // One in eight stays as it is: handlers are to be reached too.
        body = match rng.random_range(0..8) {
            0 => Json::Object(fields).to_string().into_bytes(),
            1 => odd::fragment(rng),
            _ => odd::mutated(rng, &fields),
        };
        if rng.random_bool(0.05) {
            odd::garble(rng, &mut body);
        }
    } else {
        target.extend(query(rng, &fields));
    }
    let verb = route.verb.to_owned();
    Ok(Draft { verb, target, headers, body, framing: Framing::Length, is_whole: true })
}

/// The path with its variables, some of them odd.
fn path(rng: &mut StdRng, route: &Route, fields: &mut Map<String, Json>) -> Result<Vec<u8>> {
    const TRICKS: [&[u8]; 14] = [
        b"%2e%2e",
        b"..",
        b"%2F",
        b"%00",
        b"%ff",
        b"%zz",
        b"%",
        b"-1",
        b"0",
        b"%EF%BC%91",
        b"9223372036854775808",
        b"1;x=1",
        b"1%201",
        b"",
    ];
    let mut out = Vec::new();
    for part in route.path.split('/').skip(1) {
        out.push(b'/');
        match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
            Some(variable) => {
                let name = kefu_proto::error::json_path(variable);
                let value = fields.remove(&name).with_context(|| format!("no {name} in a request"))?;
                match rng.random_range(0..8) {
                    0 => out.extend_from_slice(TRICKS[rng.random_range(0..TRICKS.len())]),
                    1 => out.extend(encoded(odd::text(rng).as_bytes())),
                    _ => out.extend(encoded(plain(&value).as_bytes())),
                }
            }
            None => out.extend_from_slice(part.as_bytes()),
        }
    }
    match rng.random_range(0..40) {
        0 => out.push(b'/'),
        1 => out.make_ascii_uppercase(),
        2 => out.extend_from_slice(b"/../../healthz"),
        3 => out = [b"http://evil.example".as_slice(), &out].concat(),
        _ => {}
    }
    Ok(out)
}

fn query(rng: &mut StdRng, fields: &Map<String, Json>) -> Vec<u8> {
    const PAIRS: [&[u8]; 10] = [
        b"%zz=%",
        b"=",
        b"&&&",
        b"size=1000000000",
        b"size=-1",
        b"page=2147483647",
        b"a%00b=c",
        b"%ff=%ff",
        b"x[]=1",
        b"wait=1",
    ];
    let mut pairs: Vec<Vec<u8>> = Vec::new();
    for (name, value) in fields {
        let value = match value.as_array().and_then(|items| items.first()) {
            Some(item) => plain(item),
            None => plain(value),
        };
        let value = if rng.random_bool(0.3) { odd::text(rng) } else { value };
        // A long poll may be asked for, but not for long.
        let value = if name == "wait" { "0".to_owned() } else { value };
        pairs.push([name.as_bytes(), b"=", &encoded(value.as_bytes())].concat());
    }
    for _ in 0..rng.random_range(0..3) {
        pairs.push(PAIRS[rng.random_range(0..PAIRS.len())].to_vec());
    }
    if let Some(first) = pairs.first().cloned().filter(|_| rng.random_bool(0.1)) {
        pairs.extend(std::iter::repeat_n(first, rng.random_range(1..2000)));
    }
    if pairs.is_empty() { Vec::new() } else { [b"?".as_slice(), &pairs.join(&b'&')].concat() }
}

fn form(rng: &mut StdRng, fields: &Map<String, Json>) -> Vec<u8> {
    const NAMES: [&[u8]; 8] =
        [b"a.txt", b"../../a.txt", b"a\x00.png", b"\xff\xfe", b"a\".txt", b"", b"CON", b"x.svg\r\nX-Y: z"];
    let mut out = Vec::new();
    let mut part = |head: &[u8], content: &[u8]| {
        out.extend_from_slice(format!("--{BOUNDARY}\r\ncontent-disposition: form-data; ").as_bytes());
        out.extend_from_slice(head);
        out.extend_from_slice(b"\r\n\r\n");
        out.extend_from_slice(content);
        out.extend_from_slice(b"\r\n");
    };
    for (name, value) in fields.get("meta").and_then(Json::as_object).into_iter().flatten() {
        let value = if rng.random_bool(0.3) { odd::text(rng) } else { plain(value) };
        part(format!("name=\"{name}\"").as_bytes(), value.as_bytes());
    }
    for _ in 0..rng.random_range(0..3) {
        let name = NAMES[rng.random_range(0..NAMES.len())];
        let content: Vec<u8> = (0..rng.random_range(0..3000)).map(|_| rng.random()).collect();
        part(&[b"name=\"file\"; filename=\"".as_slice(), name, b"\""].concat(), &content);
    }
    if rng.random_bool(0.1) {
        part(format!("name=\"{}\"", odd::text(rng).replace('"', "")).as_bytes(), b"x");
    }
    if rng.random_bool(0.9) {
        out.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
    }
    if rng.random_bool(0.2) {
        odd::garble(rng, &mut out);
    }
    out
}

/// A call of gRPC-web, with a message that is more or less one.
fn grpc_web(rng: &mut StdRng, method: &Method) -> Draft {
    const TYPES: [&str; 5] = [
        "application/grpc-web+proto",
        "application/grpc-web",
        "application/grpc-web-text",
        "application/grpc-web-text+proto",
        "application/grpc-web+json",
    ];
    let kind = TYPES[rng.random_range(0..TYPES.len())];
    let mut body = framed(rng, method);
    if kind.contains("text") && rng.random_bool(0.8) {
        body = STANDARD.encode(body).into_bytes();
    }
    let headers = vec![("content-type".to_owned(), kind.as_bytes().to_vec())];
    let target = method.path.clone().into_bytes();
    Draft { verb: "POST".to_owned(), target, headers, body, framing: Framing::Length, is_whole: true }
}

/// A message of a method, behind its prefix, one of the two perhaps broken.
pub(super) fn framed(rng: &mut StdRng, method: &Method) -> Vec<u8> {
    let input = method.descriptor.input();
    let sample = Json::Object(crate::rules::sample(&input, if rng.random() { Fill::All } else { Fill::Required }));
    let mut message =
        kefu_proto::json::decode(&input, &sample).map(|message| message.encode_to_vec()).unwrap_or_default();
    if rng.random_bool(0.6) {
        odd::garble(rng, &mut message);
    }
    let length = u32::try_from(message.len()).unwrap_or_default();
    let (flag, length) = match rng.random_range(0..12) {
        0 => (1, length),
        1 => (0xff, length),
        2 => (0, u32::MAX),
        3 => (0, length.wrapping_add(1)),
        4 => (0, length.saturating_sub(1)),
        _ => (0, length),
    };
    let mut out = vec![flag];
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(&message);
    if rng.random_bool(0.1) {
        odd::garble(rng, &mut out);
    }
    out
}

/// Breaks the request around its content.
fn derange(rng: &mut StdRng, draft: &mut Draft, stranger: bool) {
    const VERBS: [&str; 10] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW", "get"];
    match rng.random_range(0..9) {
        0 => draft.verb = VERBS[rng.random_range(0..VERBS.len())].to_owned(),
        1 => {
            draft.headers.retain(|(name, _)| name != "content-type");
            let kind = TYPES[rng.random_range(0..TYPES.len())];
            draft.headers.push(("content-type".to_owned(), kind.as_bytes().to_vec()));
        }
        2 => draft.framing = Framing::Chunked,
        3 => (draft.framing, draft.is_whole) = (if rng.random() { Framing::Both } else { Framing::Odd }, false),
        4 => {
            let name = format!("x-{}", odd::text(rng).replace(|c: char| !c.is_ascii_alphanumeric(), ""));
            let value = odd::text(rng).into_bytes();
            draft.headers.extend(std::iter::repeat_n((name, value), FLOOD));
            draft.is_whole = false;
        }
        5 => {
            draft.headers.push(("content-encoding".to_owned(), b"gzip".to_vec()));
            draft.body = odd::BOMB.clone();
        }
        6 => {
            draft.verb = if rng.random() { "X".repeat(70_000) } else { "G E T".to_owned() };
            draft.is_whole = false;
        }
        _ => {
            let (name, value) = HEADERS[rng.random_range(0..HEADERS.len())];
            // Nobody stays nobody; and a forged length is no whole request.
            if name == "authorization" && !stranger {
                draft.headers.retain(|(name, _)| name != "authorization");
            }
            draft.headers.push((name.to_owned(), value.to_vec()));
            draft.is_whole = false;
        }
    }
}

fn assemble(rng: &mut StdRng, draft: Draft) -> Vec<u8> {
    let mut out = draft.verb.into_bytes();
    out.push(b' ');
    out.extend_from_slice(&draft.target);
    out.extend_from_slice(b" HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n");
    // The limits on failed logins and codes are by address: each request comes from another one.
    let address = format!("x-forwarded-for: 203.0.113.{}, 10.{}.{}.1\r\n", 7, rng.random::<u8>(), rng.random::<u8>());
    out.extend_from_slice(address.as_bytes());
    for (name, value) in draft.headers {
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b": ");
        out.extend_from_slice(&value);
        out.extend_from_slice(b"\r\n");
    }
    let length = match draft.framing {
        Framing::Length | Framing::Both => Some(draft.body.len()),
        Framing::Odd if rng.random() => Some(draft.body.len() + 1000),
        Framing::Odd | Framing::Chunked => None,
    };
    if let Some(length) = length.filter(|length| *length > 0) {
        out.extend_from_slice(format!("content-length: {length}\r\n").as_bytes());
    }
    if matches!(draft.framing, Framing::Chunked | Framing::Both) || length.is_none() {
        out.extend_from_slice(b"transfer-encoding: chunked\r\n");
    }
    out.extend_from_slice(b"\r\n");
    match draft.framing {
        Framing::Length => out.extend_from_slice(&draft.body),
        Framing::Odd if length.is_some() => out.extend_from_slice(&draft.body),
        Framing::Odd => {
            const SIZES: [&str; 6] = ["ffffffffffffffff1\r\n", "-1\r\n", "5;ext=\"", "zz\r\n", "10\r\nshort", "\r\n"];
            out.extend_from_slice(SIZES[rng.random_range(0..SIZES.len())].as_bytes());
        }
        Framing::Chunked | Framing::Both => {
            let size = rng.random_range(1..=draft.body.len().clamp(2, 4096));
            for chunk in draft.body.chunks(size.max(draft.body.len() / 500)) {
                out.extend_from_slice(format!("{:x};a=b\r\n", chunk.len()).as_bytes());
                out.extend_from_slice(chunk);
                out.extend_from_slice(b"\r\n");
            }
            out.extend_from_slice(b"0\r\ntrailer: x\r\n\r\n");
        }
    }
    out
}

fn encoded(bytes: &[u8]) -> Vec<u8> {
    percent_encode(bytes, NON_ALPHANUMERIC).to_string().into_bytes()
}

fn plain(value: &Json) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
