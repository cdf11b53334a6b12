//! The ways of connections and messages between an edge and a core in the same process, without being encoded in
//! between. Nearly all of a node's work goes these ways; every other call is made to the services, wherever they are.

use std::pin::Pin;
use std::sync::Arc;

use tokio::sync::oneshot;
use tokio_stream::Stream;
use tonic::{Request, Response, Status};

use crate::realtime::v1::{OpenConnectionRequest, OpenConnectionResponse, Push, WatchRequest};
use crate::session::v1::{SendMessageRequest, SendMessageResponse};

/// The answer to a call.
pub type Answer<T> = Pin<Box<dyn Future<Output = Result<Response<T>, Status>> + Send>>;
/// What an edge is told.
pub type Pushes = Pin<Box<dyn Stream<Item = Result<Push, Status>> + Send>>;

/// The place of a message in the line of its session. An edge gives it with the message, among the extensions of the
/// request, and the core drops it as soon as what comes later cannot be stored before this: then the next one of the
/// line may come, and many of them are stored together.
#[derive(Debug, Clone)]
pub struct Place(#[expect(dead_code, reason = "it is the dropping that counts")] Arc<oneshot::Sender<()>>);

impl Place {
    /// A place, and what tells of its end.
    #[must_use]
    pub fn new() -> (Self, oneshot::Receiver<()>) {
        let (taken, next) = oneshot::channel();
        (Self(Arc::new(taken)), next)
    }
}

/// A core in this process. Access and validation are the same as for a call that was encoded.
pub trait Direct: Send + Sync {
    /// `SessionService.SendMessage`.
    fn send_message(&self, request: Request<SendMessageRequest>) -> Answer<SendMessageResponse>;
    /// `RealtimeService.OpenConnection`.
    fn open_connection(&self, request: Request<OpenConnectionRequest>) -> Answer<OpenConnectionResponse>;
    /// `RealtimeService.Watch`.
    fn watch(&self, request: Request<WatchRequest>) -> Answer<Pushes>;
}
