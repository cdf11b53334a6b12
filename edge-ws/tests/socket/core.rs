//! A core of a few lines: sessions in memory, tokens that say who they are, and knobs to break things.

use std::collections::{BTreeMap, HashMap};
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use bytes::{BufMut, Bytes, BytesMut};
use futures_util::{Stream, StreamExt, stream};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame as BodyFrame;
use kefu_proto::common::v1::principal::Kind;
use kefu_proto::common::v1::{Empty, ErrorReason, Principal};
use kefu_proto::error::Problem;
use kefu_proto::notification::v1::Notification;
use kefu_proto::realtime::v1::frame::Frame as Pushed;
use kefu_proto::realtime::v1::push::{Heads, Revoke, What};
use kefu_proto::realtime::v1::{
    Frame, Head, HeartbeatRequest, HeartbeatResponse, MessageFrame, NotificationFrame, OpenConnectionRequest,
    OpenConnectionResponse, Push, Recipient,
};
use kefu_proto::session::v1::{
    AckMessagesRequest, GetSessionRequest, ListMessagesRequest, ListMessagesResponse, Message, SendMessageRequest,
    SendMessageResponse, SendTypingRequest, Session, session,
};
use tokio::sync::{Semaphore, mpsc, watch};
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::Status;
use tonic::body::Body;

pub(crate) const AGENT: Kind = Kind::User;
pub(crate) const CUSTOMER: Kind = Kind::Customer;
pub(crate) const SECRET: &str = "the secret between edges and core";

/// A token that says who it is: tenant, kind, id, login session, seconds to live.
pub(crate) fn token(tenant: i64, kind: Kind, id: i64, login: i64) -> String {
    token_for(tenant, kind, id, login, 3600)
}

pub(crate) fn token_for(tenant: i64, kind: Kind, id: i64, login: i64, seconds: i64) -> String {
    format!("{tenant}.{}.{id}.{login}.{seconds}", kind as i32)
}

#[derive(Clone)]
struct Login {
    tenant: i64,
    kind: Kind,
    id: i64,
    session: i64,
    seconds: i64,
}

#[derive(Default)]
pub(crate) struct State {
    pub epoch: String,
    pub sessions: BTreeMap<i64, Session>,
    pub messages: HashMap<i64, Vec<Message>>,
    pub notifications: Vec<(i64, Notification)>,
    /// Every call but the internal ones, in the order in which they began: method and bytes.
    pub calls: Vec<(&'static str, Bytes)>,
    pub client_ips: Vec<String>,
    pub heartbeats: Vec<HeartbeatRequest>,
    /// Methods that fail, and how.
    pub fail: HashMap<&'static str, Problem>,
    /// Methods that wait for a permit.
    pub hold: HashMap<&'static str, Arc<Semaphore>>,
    /// Methods whose answers wait for a permit.
    pub hold_answers: HashMap<&'static str, Arc<Semaphore>>,
    watches: Vec<mpsc::UnboundedSender<Push>>,
}

/// See the module.
#[derive(Clone)]
pub(crate) struct FakeCore {
    state: Arc<Mutex<State>>,
    changed: Arc<watch::Sender<()>>,
}

impl FakeCore {
    pub(crate) fn new() -> Self {
        let state = State { epoch: "first".into(), ..State::default() };
        Self { state: Arc::new(Mutex::new(state)), changed: Arc::new(watch::Sender::new(())) }
    }

    pub(crate) fn with<R>(&self, change: impl FnOnce(&mut State) -> R) -> R {
        let answer = change(&mut self.state.lock().unwrap());
        self.changed.send_replace(());
        answer
    }

    /// Waits until something is so.
    pub(crate) async fn until(&self, mut so: impl FnMut(&State) -> bool) {
        let mut changes = self.changed.subscribe();
        let wait = async {
            while !so(&self.state.lock().unwrap()) {
                changes.changed().await.unwrap();
            }
        };
        tokio::time::timeout(super::client::PATIENCE, wait).await.expect("it never came to that");
    }

    pub(crate) async fn watched(&self) {
        self.until(|state| !state.watches.is_empty()).await;
    }

    pub(crate) fn calls(&self, method: &str) -> usize {
        self.with(|state| state.calls.iter().filter(|(name, _)| *name == method).count())
    }

    /// Holds the calls of a method until the semaphore has permits.
    pub(crate) fn hold(&self, method: &'static str) -> Arc<Semaphore> {
        let gate = Arc::new(Semaphore::new(0));
        self.with(|state| state.hold.insert(method, Arc::clone(&gate)));
        gate
    }

    /// Holds what a method has answered until the semaphore has permits.
    pub(crate) fn hold_answer(&self, method: &'static str) -> Arc<Semaphore> {
        let gate = Arc::new(Semaphore::new(0));
        self.with(|state| state.hold_answers.insert(method, Arc::clone(&gate)));
        gate
    }

    /// A session of customer 7 with agent 1 in tenant 1.
    pub(crate) fn add_session(&self, id: i64, messages: i32) {
        let session = Session {
            id,
            agent_id: 1,
            customer_id: 7,
            version: 1,
            status: session::Status::Active.into(),
            ..Session::default()
        };
        self.with(|state| state.sessions.insert(id, session));
        for n in 1..=messages {
            self.store(id, &format!("m{n}"));
        }
    }

    /// Stores a message and pushes nothing.
    pub(crate) fn store(&self, session: i64, content: &str) -> Message {
        self.with(|state| state.store(session, content, "").0)
    }

    /// Stores a message and pushes it to both sides.
    pub(crate) fn say(&self, session: i64, content: &str) -> Message {
        let message = self.store(session, content);
        self.push_message(&message);
        message
    }

    /// Recalls a message and pushes nothing.
    pub(crate) fn recall(&self, session: i64, seq: usize) -> Message {
        self.with(|state| {
            let message = &mut state.messages.get_mut(&session).unwrap()[seq - 1];
            message.recalled = true;
            message.content.clear();
            message.clone()
        })
    }

    pub(crate) fn push_message(&self, message: &Message) {
        self.push_to(1, &[(AGENT, 1), (CUSTOMER, 7)], message_frame(message));
    }

    pub(crate) fn push_to(&self, tenant: i64, to: &[(Kind, i64)], frame: Pushed) {
        self.push(tenant, to, What::Frame(Frame { frame: Some(frame) }));
    }

    pub(crate) fn push_session(&self, id: i64, to: &[(Kind, i64)], change: impl FnOnce(&mut Session)) {
        let session = self.with(|state| {
            let session = state.sessions.get_mut(&id).unwrap();
            session.version += 1;
            change(session);
            session.clone()
        });
        self.push_to(1, to, Pushed::SessionUpdate(session));
    }

    pub(crate) fn push_heads(&self, tenant: i64) {
        let heads = self.with(|state| state.sessions.values().map(head).collect());
        self.push(tenant, &[], What::Heads(Heads { heads }));
    }

    pub(crate) fn revoke(&self, to: &[(Kind, i64)], login_session_id: i64) {
        self.push(1, to, What::Revoke(Revoke { login_session_id }));
    }

    pub(crate) fn notify(&self, user: i64, id: i64) -> Pushed {
        let notification = Notification { id, title: format!("n{id}"), ..Notification::default() };
        self.with(|state| state.notifications.push((user, notification.clone())));
        Pushed::Notification(NotificationFrame { notification_id: id, notification: Some(notification) })
    }

    pub(crate) fn push(&self, tenant_id: i64, to: &[(Kind, i64)], what: What) {
        let recipients = to.iter().map(|(kind, id)| Recipient { kind: (*kind).into(), id: *id }).collect();
        let push = Push { tenant_id, recipients, what: Some(what) };
        self.with(|state| state.watches.iter().for_each(|watch| drop(watch.send(push.clone()))));
    }

    /// Ends all watches, as a restart of the core or of the bus does.
    pub(crate) fn break_watches(&self) {
        self.with(|state| state.watches.clear());
    }

    async fn answer(self, request: http::Request<Body>) -> Result<http::Response<Body>, Status> {
        let (parts, body) = request.into_parts();
        let body = body.collect().await.map_err(|_| Status::internal("body"))?.to_bytes();
        let bytes = body.slice(5..);
        let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let method = parts.uri.path().rsplit('/').next().unwrap_or_default().to_owned();
        if method == "Watch" || method == "Heartbeat" {
            if header("x-kefu-node-secret") != SECRET {
                return Err(Status::unauthenticated("secret"));
            }
            return if method == "Watch" { Ok(self.watch()) } else { self.heartbeat(bytes) };
        }
        let ip = header("x-kefu-client-ip").to_owned();
        let method = METHODS.iter().find(|name| **name == method).ok_or(Status::unimplemented("method"))?;
        let (held, answer_held) = self.with(|state| {
            state.calls.push((method, bytes.clone()));
            state.client_ips.push(ip);
            (state.hold.get(method).cloned(), state.hold_answers.get(method).cloned())
        });
        let login = login(header("authorization"))?;
        pass(held).await;
        if let Some(problem) = self.with(|state| state.fail.get(method).cloned()) {
            return Err(problem.into_status());
        }
        let answer = self.call(method, &login, bytes);
        pass(answer_held).await;
        answer
    }

    fn call(&self, method: &str, login: &Login, bytes: Bytes) -> Result<http::Response<Body>, Status> {
        match method {
            "OpenConnection" => Ok(unary(&self.open(login, &decode(bytes)?))),
            "SendMessage" => self.send(login, &decode(bytes)?).map(|answer| unary(&answer)),
            "ListMessages" => self.list(login, &decode(bytes)?).map(|answer| unary(&answer)),
            "GetSession" => {
                let GetSessionRequest { id } = decode(bytes)?;
                self.with(|state| state.visible(login, id).cloned()).map(|answer| unary(&answer))
            }
            "AckMessages" => {
                let AckMessagesRequest { id, .. } = decode(bytes)?;
                self.with(|state| state.visible(login, id).map(|_| unary(&Empty {})))
            }
            _ => {
                let SendTypingRequest { id } = decode(bytes)?;
                self.with(|state| state.visible(login, id).map(|_| unary(&Empty {})))
            }
        }
    }

    fn watch(&self) -> http::Response<Body> {
        let (sender, receiver) = mpsc::unbounded_channel();
        sender.send(Push { what: Some(What::Ready(Empty {})), ..Push::default() }).unwrap();
        self.with(|state| state.watches.push(sender));
        response(UnboundedReceiverStream::new(receiver).map(|push| framed(&push)))
    }

    fn heartbeat(&self, bytes: Bytes) -> Result<http::Response<Body>, Status> {
        let beat = decode(bytes)?;
        self.with(|state| state.heartbeats.push(beat));
        Ok(unary(&HeartbeatResponse { next_ms: 60_000 }))
    }

    fn open(&self, login: &Login, request: &OpenConnectionRequest) -> OpenConnectionResponse {
        self.with(|state| {
            let own = || state.notifications.iter().filter(|(user, _)| *user == login.id).map(|(_, own)| own);
            let after = request.notification_id;
            let read = &request.session_ids;
            let heads = || {
                state.sessions.values().filter(|one| login.follows(one) || login.owns(one) && read.contains(&one.id))
            };
            let messages = heads().filter(|_| !read.is_empty()).filter_map(|session| state.messages.get(&session.id));
            OpenConnectionResponse {
                principal: Some(Principal { kind: login.kind.into(), id: login.id, name: "name".into() }),
                tenant_id: login.tenant,
                login_session_id: login.session,
                expire_time: seconds_from_now(login.seconds),
                epoch: state.epoch.clone(),
                heads: heads().map(head).collect(),
                notifications: own().filter(|own| after.is_some_and(|after| own.id > after)).cloned().collect(),
                recalls: messages.flatten().filter(|message| message.recalled).map(as_frame).collect(),
                newest_notification_id: own().map(|own| own.id).max().unwrap_or(0),
            }
        })
    }

    fn send(&self, login: &Login, request: &SendMessageRequest) -> Result<SendMessageResponse, Status> {
        let (message, duplicate) = self.with(|state| {
            let session = state.visible(login, request.id)?;
            if session.status() == session::Status::Closed {
                return Err(Problem::new(ErrorReason::SessionClosed).into_status());
            }
            Ok(state.store(request.id, &request.content, &request.client_msg_id))
        })?;
        self.push_message(&message);
        Ok(SendMessageResponse { message: Some(message), duplicate })
    }

    fn list(&self, login: &Login, request: &ListMessagesRequest) -> Result<ListMessagesResponse, Status> {
        self.with(|state| {
            let head = state.visible(login, request.id)?.last_seq;
            let messages = state.messages.get(&request.id).map(Vec::as_slice).unwrap_or_default();
            let mut after = messages.iter().filter(|message| message.seq > request.after_seq);
            let list: Vec<_> = after.by_ref().take(usize::try_from(request.size).unwrap_or(50)).cloned().collect();
            Ok(ListMessagesResponse { list, head, more: after.next().is_some(), total: head })
        })
    }
}

const METHODS: [&str; 6] = ["OpenConnection", "SendMessage", "ListMessages", "GetSession", "AckMessages", "SendTyping"];

impl State {
    /// Staff of the tenant see every session, customers their own.
    fn visible(&self, login: &Login, id: i64) -> Result<&Session, Status> {
        let session = self
            .sessions
            .get(&id)
            .filter(|session| login.tenant == 1 && (login.kind == AGENT || session.customer_id == login.id));
        session.ok_or_else(|| Problem::new(ErrorReason::NotFound).with("object", "session").into_status())
    }

    fn store(&mut self, session: i64, content: &str, client_msg_id: &str) -> (Message, bool) {
        let messages = self.messages.entry(session).or_default();
        let known = messages.iter().find(|message| !client_msg_id.is_empty() && message.client_msg_id == client_msg_id);
        if let Some(known) = known {
            return (known.clone(), true);
        }
        let seq = i32::try_from(messages.len()).unwrap() + 1;
        let message = Message {
            id: session * 1_000_000 + i64::from(seq),
            session_id: session,
            seq,
            content: content.to_owned(),
            client_msg_id: client_msg_id.to_owned(),
            ..Message::default()
        };
        messages.push(message.clone());
        self.sessions.get_mut(&session).unwrap().last_seq = seq;
        (message, false)
    }
}

impl Login {
    fn follows(&self, session: &Session) -> bool {
        self.owns(session) && session.status() != session::Status::Closed
    }

    fn owns(&self, session: &Session) -> bool {
        let own = if self.kind == AGENT { session.agent_id } else { session.customer_id };
        self.tenant == 1 && own == self.id
    }
}

fn login(authorization: &str) -> Result<Login, Status> {
    let parts: Vec<i64> =
        authorization.trim_start_matches("Bearer ").split('.').filter_map(|part| part.parse().ok()).collect();
    let refused = |reason| Problem::new(reason).into_status();
    match parts[..] {
        [9, ..] => Err(refused(ErrorReason::PermissionDenied)),
        [tenant, kind, id, session, seconds] => {
            let kind = Kind::try_from(i32::try_from(kind).unwrap()).unwrap();
            Ok(Login { tenant, kind, id, session, seconds })
        }
        _ => Err(refused(ErrorReason::Unauthenticated)),
    }
}

fn head(session: &Session) -> Head {
    Head { session_id: session.id, seq: session.last_seq }
}

pub(crate) fn message_frame(message: &Message) -> Pushed {
    Pushed::Message(as_frame(message))
}

fn as_frame(message: &Message) -> MessageFrame {
    MessageFrame {
        session_id: message.session_id,
        message_id: message.id,
        content: message.content.clone(),
        seq: message.seq,
        client_msg_id: message.client_msg_id.clone(),
        recalled: message.recalled,
        full: Some(message.clone()),
        ..MessageFrame::default()
    }
}

#[expect(clippy::disallowed_methods, reason = "tokens expire by the real clock")]
fn seconds_from_now(seconds: i64) -> i64 {
    chrono::Utc::now().timestamp() + seconds
}

fn decode<M: prost::Message + Default>(bytes: Bytes) -> Result<M, Status> {
    M::decode(bytes).map_err(|error| Status::internal(error.to_string()))
}

fn framed(message: &impl prost::Message) -> BodyFrame<Bytes> {
    let bytes = message.encode_to_vec();
    let mut framed = BytesMut::with_capacity(5 + bytes.len());
    framed.put_u8(0);
    framed.put_u32(u32::try_from(bytes.len()).unwrap());
    framed.put_slice(&bytes);
    BodyFrame::data(framed.freeze())
}

fn unary(message: &impl prost::Message) -> http::Response<Body> {
    response(stream::iter([framed(message)]))
}

fn response(frames: impl Stream<Item = BodyFrame<Bytes>> + Send + 'static) -> http::Response<Body> {
    let mut trailers = http::HeaderMap::new();
    trailers.insert("grpc-status", http::HeaderValue::from_static("0"));
    let frames = frames.chain(stream::iter([BodyFrame::trailers(trailers)])).map(Ok::<_, Infallible>);
    let mut response = http::Response::new(Body::new(StreamBody::new(frames)));
    response.headers_mut().insert("content-type", http::HeaderValue::from_static("application/grpc"));
    response
}

impl tower::Service<http::Request<Body>> for FakeCore {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let core = self.clone();
        Box::pin(async move { Ok(core.answer(request).await.unwrap_or_else(Status::into_http)) })
    }
}

async fn pass(gate: Option<Arc<Semaphore>>) {
    if let Some(gate) = gate {
        gate.acquire().await.unwrap().forget();
    }
}
