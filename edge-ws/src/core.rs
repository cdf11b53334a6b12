//! The calls to the core: one function each, made with the client's own token.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use http::{Request as HttpRequest, Response as HttpResponse};
use kefu_proto::direct::{Direct, Place, Pushes};
use kefu_proto::error::Lang;
use kefu_proto::realtime::v1::realtime_service_client::RealtimeServiceClient;
use kefu_proto::realtime::v1::{
    HeartbeatRequest, HeartbeatResponse, OpenConnectionRequest, OpenConnectionResponse, WatchRequest,
};
use kefu_proto::session::v1::session_service_client::SessionServiceClient;
use kefu_proto::session::v1::{
    AckMessagesRequest, GetSessionRequest, ListMessagesRequest, ListMessagesResponse, SendMessageRequest,
    SendMessageResponse, SendTypingRequest, Session,
};
use tonic::body::Body;
use tonic::metadata::{Ascii, MetadataMap, MetadataValue};
use tonic::{Request, Response, Status};
use tower::util::BoxCloneSyncService;
use tower::{BoxError, Service, ServiceExt};

/// Longer than any token: what HTTP/2 takes in a header.
const LONGEST_TOKEN: usize = 16 << 10;
/// The longest wait for an answer.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Messages a page; the most the core gives.
const PAGE: i32 = 100;

type Transport = BoxCloneSyncService<HttpRequest<Body>, HttpResponse<Body>, Status>;

/// The core, in this process or over the network.
#[derive(Clone)]
pub(crate) struct Core {
    realtime: RealtimeServiceClient<Transport>,
    session: SessionServiceClient<Transport>,
    /// The core itself, if it is in this process.
    direct: Option<Arc<dyn Direct>>,
    secret: MetadataValue<Ascii>,
}

/// A client as the core is told of it with each call.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    metadata: MetadataMap,
    /// The language of the texts it gets.
    pub lang: Lang,
}

impl Caller {
    /// A client that has shown no token yet.
    pub(crate) fn new(headers: http::HeaderMap, lang: Lang) -> Self {
        Self { metadata: MetadataMap::from_headers(headers), lang }
    }

    /// The same client with a token; none if it cannot be one.
    pub(crate) fn with_token(&self, token: &str) -> Option<Self> {
        if token.is_empty() || token.len() > LONGEST_TOKEN {
            return None;
        }
        let mut value: MetadataValue<Ascii> = format!("Bearer {token}").parse().ok()?;
        value.set_sensitive(true);
        let mut caller = self.clone();
        caller.metadata.insert("authorization", value);
        Some(caller)
    }

    fn request<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        *request.metadata_mut() = self.metadata.clone();
        if let Ok(id) = format!("{:032x}", rand::random::<u128>()).parse() {
            request.metadata_mut().insert("x-request-id", id);
        }
        request
    }
}

impl Core {
    /// Takes the transport; the secret proves to the core that this is an edge.
    pub(crate) fn new<S>(transport: S, direct: Option<Arc<dyn Direct>>, secret: &str) -> Self
    where
        S: Service<HttpRequest<Body>, Response = HttpResponse<Body>> + Clone + Send + Sync + 'static,
        S::Error: Into<BoxError>,
        S::Future: Send + 'static,
    {
        let transport = BoxCloneSyncService::new(transport.map_err(|error| Status::from_error(error.into())));
        // A secret that cannot be sent is as good as none: the core refuses the watch, which is logged.
        let secret = secret.parse().unwrap_or_else(|_| MetadataValue::from_static(""));
        Self {
            realtime: RealtimeServiceClient::new(transport.clone()),
            session: SessionServiceClient::new(transport),
            direct,
            secret,
        }
    }

    /// Says who it is, and brings the notifications after one, and how sessions stand that were read before.
    pub(crate) async fn open(
        &self,
        caller: &Caller,
        after: Option<i64>,
        session_ids: Vec<i64>,
    ) -> Result<OpenConnectionResponse, Status> {
        let request = caller.request(OpenConnectionRequest { notification_id: after, session_ids });
        match &self.direct {
            Some(core) => answer(core.open_connection(request)).await,
            None => answer(self.realtime.clone().open_connection(request)).await,
        }
    }

    /// Stores a message. A core that is reached over the network keeps no order among calls: there the place in the
    /// line is given up with the answer.
    pub(crate) async fn send(
        &self,
        caller: &Caller,
        send: SendMessageRequest,
        place: Place,
    ) -> Result<SendMessageResponse, Status> {
        let mut request = caller.request(send);
        match &self.direct {
            Some(core) => {
                request.extensions_mut().insert(place);
                answer(core.send_message(request)).await
            }
            None => {
                let stored = answer(self.session.clone().send_message(request)).await;
                drop(place);
                stored
            }
        }
    }

    pub(crate) async fn ack(&self, caller: &Caller, ack: AckMessagesRequest) -> Result<(), Status> {
        answer(self.session.clone().ack_messages(caller.request(ack))).await.map(drop)
    }

    pub(crate) async fn typing(&self, caller: &Caller, id: i64) -> Result<(), Status> {
        answer(self.session.clone().send_typing(caller.request(SendTypingRequest { id }))).await.map(drop)
    }

    pub(crate) async fn session(&self, caller: &Caller, id: i64) -> Result<Session, Status> {
        answer(self.session.clone().get_session(caller.request(GetSessionRequest { id }))).await
    }

    /// The messages after a sequence.
    pub(crate) async fn page(&self, caller: &Caller, id: i64, after: i32) -> Result<ListMessagesResponse, Status> {
        let list = ListMessagesRequest { id, after_seq: after, before_seq: 0, size: PAGE, from_start: after == 0 };
        answer(self.session.clone().list_messages(caller.request(list))).await
    }

    pub(crate) async fn watch(&self, node_id: String) -> Result<Pushes, Status> {
        let request = self.internal(WatchRequest { node_id });
        match &self.direct {
            Some(core) => answer(core.watch(request)).await,
            None => answer(self.realtime.clone().watch(request)).await.map(StreamExt::boxed),
        }
    }

    pub(crate) async fn heartbeat(&self, beat: HeartbeatRequest) -> Result<HeartbeatResponse, Status> {
        answer(self.realtime.clone().heartbeat(self.internal(beat))).await
    }

    fn internal<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        request.metadata_mut().insert("x-kefu-node-secret", self.secret.clone());
        request
    }
}

async fn answer<T>(call: impl Future<Output = Result<Response<T>, Status>>) -> Result<T, Status> {
    match tokio::time::timeout(TIMEOUT, call).await {
        Ok(answer) => answer.map(Response::into_inner),
        Err(_) => Err(Status::deadline_exceeded("no answer in time")),
    }
}
