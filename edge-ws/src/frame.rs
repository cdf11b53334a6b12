//! Frames as text: `{"type": "...", "data": {...}}` in both directions.

mod message;

use std::collections::BTreeMap;
use std::time::Duration;

use kefu_proto::common::v1::ErrorReason;
use kefu_proto::error::{Lang, Problem, reason_of, reason_text};
use kefu_proto::json;
use kefu_proto::realtime::v1::frame::Frame as Pushed;
use kefu_proto::realtime::v1::{Frame, MessageFrame};
use kefu_proto::session::v1::{AckMessagesRequest, Message, SendMessageRequest};
use prost::Message as Protobuf;
use serde_json::{Map, Value as Json, json};
use tokio_tungstenite::tungstenite::Utf8Bytes;
use tonic::{Code, Status};
use tonic_types::StatusExt;

pub(crate) use message::accepted;

/// More sessions than a client follows.
pub(crate) const MAX_CURSORS: usize = 200;

/// What a client may send.
#[derive(Debug, PartialEq)]
pub(crate) enum Inbound {
    Auth(Auth),
    Ping(Json),
    Pong,
    Message(SendMessageRequest),
    Ack(AckMessagesRequest),
    Sync { session: i64, since: i32 },
    Typing { session: i64 },
}

/// The first frame, and each renewal.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Auth {
    pub token: String,
    pub device: String,
    pub resume: Option<Resume>,
}

/// Where a client stopped.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Resume {
    pub epoch: String,
    pub cursors: BTreeMap<i64, i32>,
    pub notification: i64,
}

/// The client does not speak the protocol; the words are for its developer.
#[derive(Debug, PartialEq)]
pub(crate) struct BadFrame(pub &'static str);

/// Reads a frame, and the id the client gave it.
pub(crate) fn parse(text: &str) -> Result<(Inbound, Option<String>), BadFrame> {
    message::read(text).map_or_else(|| by_codec(text), Ok)
}

fn by_codec(text: &str) -> Result<(Inbound, Option<String>), BadFrame> {
    let frame: Json = serde_json::from_str(text).map_err(|_| BadFrame("not JSON"))?;
    let Json::Object(mut frame) = frame else { return Err(BadFrame("not an object")) };
    let reference = match frame.remove("id") {
        None | Some(Json::Null) => None,
        Some(Json::String(id)) if id.len() <= 64 => Some(id),
        Some(Json::Number(id)) => Some(id.to_string()),
        Some(_) => return Err(BadFrame("id is no short string")),
    };
    let data = match frame.remove("data") {
        None | Some(Json::Null) => Map::new(),
        Some(Json::Object(data)) => data,
        Some(_) => return Err(BadFrame("data is no object")),
    };
    let Some(Json::String(kind)) = frame.remove("type") else { return Err(BadFrame("type is missing")) };
    Ok((inbound(&kind, data)?, reference))
}

fn inbound(kind: &str, mut data: Map<String, Json>) -> Result<Inbound, BadFrame> {
    Ok(match kind {
        "auth" => Inbound::Auth(auth(&mut data)?),
        "ping" => match data.remove("t").unwrap_or_default() {
            t @ (Json::Null | Json::Number(_) | Json::String(_)) => Inbound::Ping(t),
            _ => return Err(BadFrame("t is neither number nor string")),
        },
        "pong" => Inbound::Pong,
        "message" => Inbound::Message(send(data)?),
        "message_ack" => Inbound::Ack(ack(data)?),
        "sync" => Inbound::Sync { session: id(&mut data, "sessionId")?, since: seq(data.remove("since"))? },
        "typing" => Inbound::Typing { session: id(&mut data, "sessionId")? },
        _ => return Err(BadFrame("a client cannot send this type")),
    })
}

fn auth(data: &mut Map<String, Json>) -> Result<Auth, BadFrame> {
    let resume = match data.remove("resume") {
        None | Some(Json::Null) => None,
        Some(Json::Object(mut resume)) => Some(Resume {
            epoch: string(&mut resume, "epoch", 256)?,
            cursors: cursors(resume.remove("cursors"))?,
            notification: id(&mut resume, "notificationId")?,
        }),
        Some(_) => return Err(BadFrame("resume is no object")),
    };
    // Too long for a token is a wrong token, not a wrong frame.
    Ok(Auth { token: string(data, "token", usize::MAX)?, device: string(data, "deviceId", 128)?, resume })
}

fn cursors(value: Option<Json>) -> Result<BTreeMap<i64, i32>, BadFrame> {
    let cursors = match value {
        None | Some(Json::Null) => Map::new(),
        Some(Json::Object(cursors)) if cursors.len() <= MAX_CURSORS => cursors,
        Some(Json::Object(_)) => return Err(BadFrame("too many cursors")),
        Some(_) => return Err(BadFrame("cursors is no object")),
    };
    let cursor = |(session, value): (String, Json)| {
        let session = session.parse().map_err(|_| BadFrame("a session id is no integer"))?;
        Ok((session, seq(Some(value))?))
    };
    cursors.into_iter().map(cursor).collect()
}

fn string(data: &mut Map<String, Json>, name: &str, longest: usize) -> Result<String, BadFrame> {
    match data.remove(name) {
        None | Some(Json::Null) => Ok(String::new()),
        Some(Json::String(text)) if text.len() <= longest => Ok(text),
        Some(_) => Err(BadFrame("a field is no string, or too long")),
    }
}

fn id(data: &mut Map<String, Json>, name: &str) -> Result<i64, BadFrame> {
    let id = match data.remove(name) {
        None | Some(Json::Null) => Some(0),
        Some(Json::Number(id)) => id.as_i64(),
        Some(Json::String(id)) => id.parse().ok(),
        Some(_) => None,
    };
    id.filter(|id| *id >= 0).ok_or(BadFrame("an id is no integer"))
}

fn seq(value: Option<Json>) -> Result<i32, BadFrame> {
    let seq = value.unwrap_or(json!(0)).as_i64().and_then(|seq| i32::try_from(seq).ok());
    seq.filter(|seq| *seq >= 0).ok_or(BadFrame("a sequence is no integer"))
}

fn send(data: Map<String, Json>) -> Result<SendMessageRequest, BadFrame> {
    let fields = ["clientMsgId", "content", "contentType", "fileId", "quoteMessageId"];
    request(data, &fields)
}

fn ack(mut data: Map<String, Json>) -> Result<AckMessagesRequest, BadFrame> {
    let kind = match string(&mut data, "kind", 16)?.as_str() {
        "" | "delivered" => "DELIVERED",
        "read" => "READ",
        _ => return Err(BadFrame("kind is neither delivered nor read")),
    };
    data.insert("kind".to_owned(), json!(kind));
    request(data, &["seq", "messageId", "kind"])
}

/// The request about a session that a frame stands for; fields that it does not know are left alone, so that newer
/// clients can talk to older servers.
fn request<M>(mut data: Map<String, Json>, fields: &[&str]) -> Result<M, BadFrame>
where
    M: Protobuf + prost::Name + Default,
{
    let session = data.remove("sessionId").unwrap_or_default();
    data.retain(|name, _| fields.contains(&name.as_str()));
    data.insert("id".to_owned(), session);
    json::from_json(&Json::Object(data)).map_err(|_| BadFrame("a field has the wrong type"))
}

/// A frame of our own.
pub(crate) fn text(kind: &str, data: &Json) -> Utf8Bytes {
    json!({ "type": kind, "data": data }).to_string().into()
}

/// A frame as the core gives it: the name of the chosen field is the type.
pub(crate) fn pushed(frame: &Pushed) -> Option<Utf8Bytes> {
    if let Pushed::Message(message) = frame {
        return message::pushed(message);
    }
    let Json::Object(frame) = json::to_json(&Frame { frame: Some(frame.clone()) }) else { return None };
    let (name, data) = frame.into_iter().next()?;
    Some(text(&json::proto_path(&name), &data))
}

/// A stored message as a frame.
pub(crate) fn stored(message: Message) -> Option<Utf8Bytes> {
    let timestamp = millis(&message);
    message::pushed(&MessageFrame {
        session_id: message.session_id,
        message_id: message.id,
        content: message.content.clone(),
        sender: message.sender.clone(),
        timestamp,
        seq: message.seq,
        client_msg_id: message.client_msg_id.clone(),
        content_type: message.content_type,
        recalled: message.recalled,
        full: Some(message),
    })
}

/// Now, in milliseconds since 1970.
#[expect(
    clippy::disallowed_methods,
    reason = "the edge tells the time and decides nothing by it; the Clock is the core's"
)]
pub(crate) fn now_millis() -> i64 {
    chrono::Utc::now().timestamp_millis()
}

/// When a message was committed, in milliseconds since 1970.
pub(crate) fn millis(message: &Message) -> i64 {
    message.create_time.map_or(0, |time| time.seconds * 1000 + i64::from(time.nanos) / 1_000_000)
}

/// A call that failed; the connection goes on.
pub(crate) fn failure(status: &Status, lang: Lang, reference: Option<&str>) -> Utf8Bytes {
    let reason = reason_of(status);
    let fields = status.get_details_bad_request().map(|bad| bad.field_violations).unwrap_or_default();
    let details = fields.into_iter().map(|v| json!({ "field": v.field, "reason": v.description }));
    // The core's errors are written for the client; what else goes wrong is not.
    let written = reason != ErrorReason::Internal && status.get_details_error_info().is_some();
    let message = if written { status.message().to_owned() } else { Problem::new(reason).text(lang) };
    let retry_after = status.get_details_retry_info().and_then(|info| info.retry_delay);
    error(&json!({
        "code": http_status(status.code()),
        "message": message,
        "reason": reason.as_str_name(),
        "details": details.collect::<Json>(),
        "ref": reference,
        "retryAfterMs": retry_after.map(whole_millis),
        "fatal": false,
    }))
}

/// Something that was refused here; the connection goes on.
pub(crate) fn refusal(problem: &Problem, lang: Lang, reference: Option<&str>) -> Utf8Bytes {
    error(&json!({
        "code": http_status(Code::from_i32(reason_text(problem.reason).code)),
        "message": problem.text(lang),
        "reason": problem.reason.as_str_name(),
        "details": [],
        "ref": reference,
        "retryAfterMs": problem.retry_after.map(whole_millis),
        "fatal": false,
    }))
}

/// Why the connection is closed, for clients that show more than a close code.
pub(crate) fn fatal(close: &Close, lang: Lang) -> Utf8Bytes {
    error(&json!({
        "code": close.code,
        "message": close.text(lang),
        "reason": close.why,
        "details": [],
        "ref": null,
        "retryAfterMs": close.retry_after.map(whole_millis),
        "fatal": true,
    }))
}

fn error(data: &Json) -> Utf8Bytes {
    text("error", data)
}

fn whole_millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX).max(1)
}

/// The code of an error frame is the HTTP status that REST would have answered with.
fn http_status(code: Code) -> u16 {
    match code {
        Code::InvalidArgument => 400,
        Code::Unauthenticated => 401,
        Code::PermissionDenied => 403,
        Code::NotFound => 404,
        Code::AlreadyExists | Code::Aborted | Code::FailedPrecondition => 409,
        Code::OutOfRange => 413,
        Code::ResourceExhausted => 429,
        Code::Unavailable | Code::DeadlineExceeded | Code::Cancelled => 503,
        _ => 500,
    }
}

/// The end of a connection: a close code of the protocol, and what to know about it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Close {
    pub code: u16,
    pub why: &'static str,
    pub retry_after: Option<Duration>,
}

impl Close {
    /// Closes with a code; `why` is for developers.
    pub(crate) fn new(code: u16, why: &'static str) -> Self {
        Self { code, why, retry_after: None }
    }

    /// The sentence to show.
    fn text(&self, lang: Lang) -> &'static str {
        let (zh, en) = match self.code {
            close::NOT_TEXT => ("只接受文本帧", "Only text frames are accepted"),
            close::TOO_BIG => ("内容过大", "The frame is too big"),
            close::BAD_FRAME => ("消息格式有误", "The frame is not valid"),
            close::UNAUTHENTICATED => ("登录已失效，请重新登录", "Sign in again"),
            close::FORBIDDEN => ("没有权限", "You may not connect here"),
            close::NO_AUTH => ("未在规定时间内完成认证", "Authentication did not come in time"),
            close::REPLACED => ("已在同一设备上重新连接", "The same device has connected again"),
            close::REVOKED => ("登录已被注销", "The login has ended"),
            close::TOO_MANY => ("操作过于频繁，请稍后再试", "Too many frames; try again later"),
            close::SILENT => ("长时间没有响应，连接已断开", "Nothing was heard for too long"),
            close::TOO_SLOW => ("网络过慢，连接已断开", "The connection is too slow"),
            _ => ("服务暂时不可用，请稍后重试", "Temporarily unavailable; try again later"),
        };
        if lang == Lang::Zh { zh } else { en }
    }
}

/// The close codes of the protocol.
pub(crate) mod close {
    /// The server restarts: connect again.
    pub(crate) const RESTART: u16 = 1012;
    /// Binary.
    pub(crate) const NOT_TEXT: u16 = 1003;
    /// A frame over the limit.
    pub(crate) const TOO_BIG: u16 = 1009;
    /// The core cannot be reached, or failed: connect again.
    pub(crate) const FAILED: u16 = 1011;
    /// Malformed, of no known type, or of a type that only the server sends.
    pub(crate) const BAD_FRAME: u16 = 4400;
    /// The token is not valid, or not any more: refresh, then connect again.
    pub(crate) const UNAUTHENTICATED: u16 = 4401;
    /// The tenant, or another principal on the same connection.
    pub(crate) const FORBIDDEN: u16 = 4403;
    /// No `auth` in time.
    pub(crate) const NO_AUTH: u16 = 4408;
    /// The same device has connected again.
    pub(crate) const REPLACED: u16 = 4409;
    /// Logged out, disabled, or the login revoked.
    pub(crate) const REVOKED: u16 = 4410;
    /// Too many frames.
    pub(crate) const TOO_MANY: u16 = 4429;
    /// Nothing was heard.
    pub(crate) const SILENT: u16 = 4440;
    /// The client does not read.
    pub(crate) const TOO_SLOW: u16 = 4450;
}

#[cfg(test)]
mod tests {
    use kefu_proto::session::v1::Session;
    use kefu_proto::session::v1::ack_messages_request::Kind;
    use kefu_proto::session::v1::message::ContentType;

    use super::*;

    #[test]
    fn reads_what_a_client_may_send() {
        let read = |text: &str| parse(text).unwrap().0;
        assert_eq!(read(r#"{"type":"ping"}"#), Inbound::Ping(Json::Null));
        assert_eq!(read(r#"{"type":"pong","data":null}"#), Inbound::Pong);
        assert_eq!(read(r#"{"type":"typing","data":{"sessionId":"7","more":[]}}"#), Inbound::Typing { session: 7 });
        assert_eq!(read(r#"{"type":"sync","data":{"sessionId":7,"since":3}}"#), Inbound::Sync { session: 7, since: 3 });
        let sent = SendMessageRequest {
            id: 9_007_199_254_740_993,
            client_msg_id: "a".into(),
            content: "你好".into(),
            content_type: ContentType::Text.into(),
            ..Default::default()
        };
        let text = r#"{"type":"message","data":{"sessionId":"9007199254740993","clientMsgId":"a","content":"你好","contentType":"TEXT"}}"#;
        assert_eq!(read(text), Inbound::Message(sent));
        let read_up_to = AckMessagesRequest { id: 7, seq: 3, kind: Kind::Read.into(), ..Default::default() };
        assert_eq!(
            read(r#"{"type":"message_ack","data":{"sessionId":"7","seq":3,"kind":"read"}}"#),
            Inbound::Ack(read_up_to)
        );
        let resume = Resume { epoch: "e".into(), cursors: BTreeMap::from([(7, 3)]), notification: 5 };
        let auth = Auth { token: "t".into(), device: "d".into(), resume: Some(resume) };
        let text = r#"{"type":"auth","data":{"token":"t","deviceId":"d","resume":{"epoch":"e","cursors":{"7":3},"notificationId":"5"}}}"#;
        assert_eq!(read(text), Inbound::Auth(auth));
        assert_eq!(parse(r#"{"type":"pong","id":"x"}"#), Ok((Inbound::Pong, Some("x".to_owned()))));
    }

    #[test]
    fn everything_else_is_a_bad_frame() {
        let bad = [
            "",
            "x",
            "[]",
            "\"auth\"",
            "{}",
            r#"{"type":7}"#,
            r#"{"type":"nothing"}"#,
            r#"{"type":"auth_ok"}"#,
            r#"{"type":"message_accepted"}"#,
            r#"{"type":"session_update","data":{}}"#,
            r#"{"type":"status_update","data":{}}"#,
            r#"{"type":"ticket_update","data":{}}"#,
            r#"{"type":"notification","data":{}}"#,
            r#"{"type":"resync","data":{}}"#,
            r#"{"type":"bye","data":{}}"#,
            r#"{"type":"error","data":{}}"#,
            r#"{"type":"ping","data":[]}"#,
            r#"{"type":"ping","data":{"t":{}}}"#,
            r#"{"type":"ping","id":{}}"#,
            r#"{"type":"auth","data":{"token":7}}"#,
            r#"{"type":"auth","data":{"token":"t","resume":[]}}"#,
            r#"{"type":"auth","data":{"token":"t","resume":{"cursors":{"x":1}}}}"#,
            r#"{"type":"auth","data":{"token":"t","resume":{"cursors":{"1":-1}}}}"#,
            r#"{"type":"auth","data":{"token":"t","resume":{"cursors":{"1":4294967296}}}}"#,
            r#"{"type":"message","data":{"sessionId":"x"}}"#,
            r#"{"type":"message","data":{"sessionId":"1","content":{}}}"#,
            r#"{"type":"message","data":{"sessionId":"1","contentType":"POEM"}}"#,
            r#"{"type":"message_ack","data":{"sessionId":"1","seq":"1"}}"#,
            r#"{"type":"message_ack","data":{"sessionId":"1","seq":1,"kind":"seen"}}"#,
            r#"{"type":"typing","data":{"sessionId":[]}}"#,
            r#"{"type":"sync","data":{"sessionId":"1","since":1.5}}"#,
        ];
        for text in bad {
            assert!(parse(text).is_err(), "{text}");
        }
        let deep = format!("{}{}", r#"{"type":"ping","data":{"t":"#, "[".repeat(20_000));
        assert!(parse(&deep).is_err());
        let cursors: Map<String, Json> = (0..=MAX_CURSORS).map(|i| (i.to_string(), json!(1))).collect();
        let many = json!({"type": "auth", "data": {"token": "t", "resume": {"cursors": cursors}}});
        assert!(parse(&many.to_string()).is_err());
    }

    #[test]
    fn the_field_of_a_pushed_frame_is_its_type() {
        let text = pushed(&Pushed::SessionUpdate(Session { id: 7, version: 2, ..Default::default() })).unwrap();
        let frame: Json = serde_json::from_str(&text).unwrap();
        assert_eq!(frame["type"], "session_update");
        assert_eq!(frame["data"]["id"], "7");
        assert_eq!(frame["data"]["version"], 2);
    }

    #[test]
    fn a_message_is_flat_with_the_whole_beside_it() {
        let create_time = prost_types::Timestamp { seconds: 1_707_561_600, nanos: 5_000_000 };
        let stored = Message {
            id: 3,
            session_id: 7,
            seq: 1,
            content: "hi".into(),
            create_time: Some(create_time),
            ..Default::default()
        };
        let frame: Json = serde_json::from_str(&super::stored(stored).unwrap()).unwrap();
        let data = &frame["data"];
        assert_eq!(frame["type"], "message");
        assert_eq!((&data["sessionId"], &data["messageId"]), (&json!("7"), &json!("3")));
        assert_eq!((&data["timestamp"], &data["seq"]), (&json!(1_707_561_600_005_i64), &json!(1)));
        assert_eq!(data["full"]["content"], "hi");
    }

    #[test]
    fn an_internal_error_keeps_its_secret() {
        let status = Status::internal("table chat_message is corrupt");
        let text = failure(&status, Lang::En, Some("a"));
        assert!(!text.contains("chat_message"));
        let frame: Json = serde_json::from_str(&text).unwrap();
        assert_eq!((&frame["data"]["code"], &frame["data"]["ref"]), (&json!(500), &json!("a")));
    }
}
