//! The ways of connections and messages between an edge and a core in the same process, without being encoded in
//! between. Nearly all of a node's work goes these ways; every other call is made to the services, wherever they are.

use std::pin::Pin;

use tokio_stream::Stream;
use tonic::{Request, Response, Status};

use crate::realtime::v1::{OpenConnectionRequest, OpenConnectionResponse, Push, WatchRequest};
use crate::session::v1::{SendMessageRequest, SendMessageResponse};

/// The answer to a call.
pub type Answer<T> = Pin<Box<dyn Future<Output = Result<Response<T>, Status>> + Send>>;
/// What an edge is told.
pub type Pushes = Pin<Box<dyn Stream<Item = Result<Push, Status>> + Send>>;

/// A core in this process. Access and validation are the same as for a call that was encoded.
pub trait Direct: Send + Sync {
    /// `SessionService.SendMessage`.
    fn send_message(&self, request: Request<SendMessageRequest>) -> Answer<SendMessageResponse>;
    /// `RealtimeService.OpenConnection`.
    fn open_connection(&self, request: Request<OpenConnectionRequest>) -> Answer<OpenConnectionResponse>;
    /// `RealtimeService.Watch`.
    fn watch(&self, request: Request<WatchRequest>) -> Answer<Pushes>;
}
