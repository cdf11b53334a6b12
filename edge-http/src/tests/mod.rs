//! The edge against a small core that takes down what it is asked and answers what a test wants.

mod files;
mod pages;
mod rest;
mod surface;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use bytes::{BufMut, Bytes, BytesMut};
use futures_util::{FutureExt, StreamExt, stream};
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use serde_json::Value as Json;
use tokio_util::sync::CancellationToken;
use tonic::Status;
use tower::ServiceExt;

use crate::pages::Files;
use crate::{Options, Probes, router, router_with};

/// One call as it reached the core.
#[derive(Debug, Clone, Default)]
struct Call {
    path: String,
    headers: HeaderMap,
    messages: Vec<Bytes>,
    /// The client has said that nothing more comes.
    ended: bool,
}

impl Call {
    fn message<M: prost::Message + Default>(&self) -> M {
        M::decode(self.messages[0].clone()).unwrap()
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

type Answer = Arc<dyn Fn(&Call) -> Result<Vec<Bytes>, Status> + Send + Sync>;

/// The edge with its core.
struct Fixture {
    router: Router,
    calls: Arc<Mutex<Vec<Call>>>,
}

impl Fixture {
    fn new(answer: impl Fn(&Call) -> Result<Vec<Bytes>, Status> + Send + Sync + 'static) -> Self {
        Self::with(&Options::default(), answer)
    }

    fn with(options: &Options, answer: impl Fn(&Call) -> Result<Vec<Bytes>, Status> + Send + Sync + 'static) -> Self {
        let calls = Arc::new(Mutex::new(Vec::new()));
        let (seen, answer): (_, Answer) = (calls.clone(), Arc::new(answer));
        let core = tower::service_fn(move |request| serve(seen.clone(), answer.clone(), request));
        Self { router: router(core, options, probes()), calls }
    }

    /// The edge with other pages than those that are built.
    fn of_pages(files: Files) -> Self {
        let core = tower::service_fn(|_| async { Ok::<_, Infallible>(Status::internal("not asked").into_http()) });
        Self { router: router_with(files, core, &Options::default(), probes()), calls: Arc::default() }
    }

    /// The edge and its core on two sides of a network.
    async fn apart(answer: impl Fn(&Call) -> Result<Vec<Bytes>, Status> + Send + Sync + 'static) -> Self {
        let calls = Arc::new(Mutex::new(Vec::new()));
        let (seen, answer): (_, Answer) = (calls.clone(), Arc::new(answer));
        let core = tower::service_fn(move |request: Request<Body>| {
            serve(seen.clone(), answer.clone(), request.map(tonic::body::Body::new))
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let core = Router::new().fallback_service(core);
        tokio::spawn(async { crate::serve(listener, core, &Options::default(), CancellationToken::new()).await });
        let channel = tonic::transport::Endpoint::try_from(address).unwrap().connect_lazy();
        Self { router: router(channel, &Options::default(), probes()), calls }
    }

    /// A core that neither reads nor answers.
    fn silent() -> Self {
        let core = tower::service_fn(|request: Request<tonic::body::Body>| async move {
            let _unread = request;
            std::future::pending::<Result<Response<tonic::body::Body>, Infallible>>().await
        });
        Self { router: router(core, &Options::default(), probes()), calls: Arc::default() }
    }

    /// A core that fails before it reads anything.
    fn failing(status: &Status) -> Self {
        let status = status.clone();
        let core = tower::service_fn(move |_| {
            let response = status.clone().into_http::<tonic::body::Body>();
            async { Ok::<_, Infallible>(response) }
        });
        Self { router: router(core, &Options::default(), probes()), calls: Arc::default() }
    }

    async fn send(&self, request: Request<Body>) -> Received {
        let (parts, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        Received { status: parts.status, headers: parts.headers, bytes }
    }

    async fn get(&self, path: &str) -> Received {
        self.send(request("GET", path).body(Body::empty()).unwrap()).await
    }

    async fn json(&self, verb: &str, path: &str, body: &str) -> Received {
        let request = request(verb, path).header("content-type", "application/json");
        self.send(request.body(Body::from(body.to_owned())).unwrap()).await
    }

    fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap().clone()
    }

    fn last(&self) -> Call {
        self.calls().pop().expect("the core was called")
    }
}

fn probes() -> Probes {
    Probes {
        ready: Arc::new(|| async { Err("the database is away".to_owned()) }.boxed()),
        metrics: Arc::new(|| "kefu_up 1\n".to_owned()),
    }
}

/// What came back.
#[derive(Debug)]
struct Received {
    status: StatusCode,
    headers: HeaderMap,
    bytes: Bytes,
}

impl Received {
    fn json(&self) -> Json {
        serde_json::from_slice(&self.bytes).unwrap()
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    fn fields(&self) -> Vec<String> {
        let details = self.json()["details"].clone();
        details.as_array().unwrap().iter().map(|d| d["field"].as_str().unwrap().to_owned()).collect()
    }
}

fn request(verb: &str, path: &str) -> http::request::Builder {
    let peer: SocketAddr = "192.0.2.7:4711".parse().unwrap();
    Request::builder().method(verb).uri(path).extension(ConnectInfo(peer))
}

async fn serve(
    calls: Arc<Mutex<Vec<Call>>>,
    answer: Answer,
    request: Request<tonic::body::Body>,
) -> Result<Response<tonic::body::Body>, Infallible> {
    let (parts, mut body) = request.into_parts();
    let call = Call { path: parts.uri.path().to_owned(), headers: parts.headers, ..Call::default() };
    let index = {
        let mut calls = calls.lock().unwrap();
        calls.push(call);
        calls.len() - 1
    };
    let mut rest = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else {
            return Ok(Status::cancelled("the call was cut off").into_http());
        };
        rest.extend_from_slice(&frame.into_data().unwrap_or_default());
        while rest.len() >= 5 {
            let length = u32::from_be_bytes(rest[1..5].try_into().unwrap()) as usize;
            if rest.len() < 5 + length {
                break;
            }
            let message = rest.split_to(5 + length).split_off(5).freeze();
            calls.lock().unwrap()[index].messages.push(message);
        }
    }
    let call = {
        let mut calls = calls.lock().unwrap();
        calls[index].ended = true;
        calls[index].clone()
    };
    Ok(match answer(&call) {
        Ok(messages) => respond(messages),
        Err(status) => status.into_http(),
    })
}

fn respond(messages: Vec<Bytes>) -> Response<tonic::body::Body> {
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", HeaderValue::from_static("0"));
    let frames = messages.into_iter().map(|message| {
        let mut framed = BytesMut::with_capacity(5 + message.len());
        framed.put_u8(0);
        framed.put_u32(u32::try_from(message.len()).unwrap());
        framed.extend_from_slice(&message);
        Frame::data(framed.freeze())
    });
    let frames = stream::iter(frames.chain([Frame::trailers(trailers)])).map(Ok::<_, Status>);
    Response::builder()
        .header("content-type", "application/grpc")
        .body(tonic::body::Body::new(StreamBody::new(frames)))
        .unwrap()
}

/// An answer of one message.
#[expect(clippy::unnecessary_wraps, reason = "it stands where a core may also fail")]
fn ok(message: &impl prost::Message) -> Result<Vec<Bytes>, Status> {
    Ok(vec![message.encode_to_vec().into()])
}
