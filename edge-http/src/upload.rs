//! Files in: `multipart/form-data` becomes a stream to the core, with a few chunks in memory at a time.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Poll, ready};

use axum::body::Body;
use axum::extract::multipart::{Field, MultipartError};
use axum::extract::{FromRequest, Multipart, Request};
use axum::response::Response;
use bytes::Bytes;
use futures_util::{StreamExt, future, stream};
use kefu_proto::error::{Violation, invalid};
use prost::Message as _;
use prost_reflect::{DynamicMessage, Kind, MessageDescriptor, Value};
use tokio::sync::mpsc::{self, Sender};
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

use crate::caller::Caller;
use crate::request::Filling;
use crate::rest::{answer_json, media_type, too_large, unsupported};
use crate::route::Found;
use crate::{Edge, SMALL_BODY_BYTES, call};

/// The largest chunk sent to the core.
const CHUNK_BYTES: usize = 256 << 10;
/// Chunks that wait for the core.
const CHUNKS_WAITING: usize = 4;
/// What may surround the fields' and the file's bytes: boundaries, heads of parts, and what was read ahead.
const SLACK_BYTES: u64 = 64 << 10;

/// A message on its way to the core. The end must be said: a channel that merely closes is an upload that broke off.
enum Part {
    More(Bytes),
    End,
}

/// Serves an upload.
pub(crate) async fn handle(
    edge: &Edge,
    found: &Found<'_>,
    caller: &Caller,
    request: Request,
) -> Result<Response, Status> {
    let form = Form::new(edge, found, request).await?;
    let (sender, receiver) = mpsc::channel(CHUNKS_WAITING);
    // Without `Part::End` this never ends: the core sees a cancelled call, and cannot take half a file for a whole.
    let messages = ReceiverStream::new(receiver)
        .chain(stream::pending())
        .map(|part| match part {
            Part::More(message) => Some(message),
            Part::End => None,
        })
        .take_while(|message| future::ready(message.is_some()))
        .filter_map(future::ready);
    let method = found.route.method;
    let mut answer = pin!(call::upload(edge, method, caller, messages));
    let answer = tokio::select! {
        // The core first: who may not upload is told so before the file is read.
        biased;
        early = &mut answer => early?,
        sent = form.send(&sender) => {
            sent?;
            edge.in_time(answer).await?
        }
    };
    answer_json(method.descriptor.output(), answer, caller)
}

/// How many bytes a form may still bring. The parser holds the head of a part in memory, so before the file a form
/// may be as large as a small body only.
#[derive(Debug)]
struct Allowance {
    left: AtomicU64,
    exceeded: AtomicBool,
}

impl Allowance {
    fn spend(&self, bytes: usize) -> bool {
        let spent = |left: u64| left.checked_sub(bytes as u64);
        let enough = self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, spent).is_ok();
        self.exceeded.fetch_or(!enough, Ordering::Relaxed);
        enough
    }
}

/// The parser takes all that it can get into memory at once. A pause after each frame leaves it one, and the frames of
/// a client that is faster than the core stay in the socket.
fn frame_by_frame(body: Body, allowance: Arc<Allowance>) -> Body {
    let mut frames = body.into_data_stream();
    let mut pause = false;
    Body::from_stream(stream::poll_fn(move |context| {
        if std::mem::take(&mut pause) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let next = ready!(frames.poll_next_unpin(context));
        pause = true;
        Poll::Ready(next.map(|frame| match frame {
            Ok(frame) if !allowance.spend(frame.len()) => Err(axum::Error::new("the form is too large")),
            frame => frame,
        }))
    }))
}

/// A form that is being read.
struct Form<'a> {
    edge: &'a Edge,
    parts: Multipart,
    allowance: Arc<Allowance>,
    input: MessageDescriptor,
    meta: Filling<'a>,
}

impl<'a> Form<'a> {
    async fn new(edge: &'a Edge, found: &Found<'a>, request: Request) -> Result<Self, Status> {
        if media_type(request.headers()) != "multipart/form-data" {
            return Err(unsupported("multipart/form-data"));
        }
        let input = found.route.method.descriptor.input();
        let Some(Kind::Message(meta)) = input.get_field_by_name("meta").map(|field| field.kind()) else {
            return Err(Status::internal("an upload without meta"));
        };
        let meta = Filling::form(found, meta, request.uri().query().unwrap_or_default());
        let left = AtomicU64::new(SMALL_BODY_BYTES as u64 + SLACK_BYTES);
        let allowance = Arc::new(Allowance { left, exceeded: AtomicBool::new(false) });
        let limit = allowance.clone();
        let request = request.map(|body| frame_by_frame(body, limit));
        let parts = Multipart::from_request(request, &()).await;
        let parts = parts.map_err(|error| malformed(error.body_text()))?;
        Ok(Self { edge, parts, allowance, input, meta })
    }

    /// Sends the form on: the fields as `meta`, then the file in chunks, then the end.
    async fn send(mut self, core: &Sender<Part>) -> Result<(), Status> {
        loop {
            let next = self.parts.next_field();
            let part = read(self.edge, &self.allowance, next).await?;
            let Some(part) = part else {
                return Err(invalid(&[Violation::new("file", "required", "")]));
            };
            let name = part.name().unwrap_or_default().to_owned();
            if let Some(file) = part.file_name() {
                if !self.meta.has("name") {
                    self.meta.set("name", file);
                }
                let meta = Value::Message(self.meta.finish()?);
                pass(core, &self.input, "meta", meta).await;
                send_file(self.edge, &self.allowance, &self.input, part, core).await?;
                break;
            }
            let text = read(self.edge, &self.allowance, part.text()).await?;
            self.meta.set(&name, &text);
        }
        if let Some(late) = read(self.edge, &self.allowance, self.parts.next_field()).await? {
            let name = late.name().unwrap_or_default();
            return Err(invalid(&[Violation::new(name, "before_file", "")]));
        }
        // The receiver is gone only when the core has answered already.
        core.send(Part::End).await.ok();
        Ok(())
    }
}

async fn send_file(
    edge: &Edge,
    allowance: &Allowance,
    input: &MessageDescriptor,
    mut file: Field<'_>,
    core: &Sender<Part>,
) -> Result<(), Status> {
    let limit = edge.options.max_upload_bytes;
    allowance.left.store(limit.saturating_add(SLACK_BYTES), Ordering::Relaxed);
    let mut size = 0;
    while let Some(mut bytes) = read(edge, allowance, file.chunk()).await? {
        size += bytes.len() as u64;
        if size > limit {
            return Err(too_large(limit));
        }
        while !bytes.is_empty() {
            let chunk = bytes.split_to(bytes.len().min(CHUNK_BYTES));
            pass(core, input, "chunk", Value::Bytes(chunk)).await;
        }
    }
    Ok(())
}

/// Hands a message with one field to the core, which may have answered already and listen no more.
async fn pass(core: &Sender<Part>, input: &MessageDescriptor, field: &str, value: Value) {
    let mut message = DynamicMessage::new(input.clone());
    message.set_field_by_name(field, value);
    core.send(Part::More(message.encode_to_vec().into())).await.ok();
}

/// Waits for the client, but not for ever.
async fn read<T>(
    edge: &Edge,
    allowance: &Allowance,
    next: impl Future<Output = Result<T, MultipartError>>,
) -> Result<T, Status> {
    edge.in_time(async {
        next.await.map_err(|error| {
            if allowance.exceeded.load(Ordering::Relaxed) {
                too_large(edge.options.max_upload_bytes)
            } else {
                malformed(error.body_text())
            }
        })
    })
    .await
}

fn malformed(why: String) -> Status {
    invalid(&[Violation::new("", "multipart", why)])
}
