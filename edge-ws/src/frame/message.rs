//! Messages as frames, without reflection: nearly all frames are such. What is written here is what the codec would
//! write, and what is not read here is left to the codec; the tests hold both to it.

use chrono::{DateTime, SecondsFormat};
use kefu_proto::common::v1::Principal;
use kefu_proto::common::v1::principal::Kind;
use kefu_proto::file::v1::File;
use kefu_proto::file::v1::file::ScanStatus;
use kefu_proto::realtime::v1::MessageFrame;
use kefu_proto::session::v1::message::ContentType;
use kefu_proto::session::v1::{Message, SendMessageRequest, SendMessageResponse};
use serde::{Deserialize, Serialize, Serializer};
use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::{Inbound, millis};

/// Reads a client's `message` in the form in which clients write it. None for everything else, right or wrong.
pub(super) fn read(text: &str) -> Option<(Inbound, Option<String>)> {
    #[derive(Deserialize)]
    struct Frame<'a> {
        #[serde(rename = "type")]
        kind: &'a str,
        id: Option<String>,
        data: Data,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Data {
        session_id: String,
        client_msg_id: String,
        content: String,
        content_type: Option<String>,
        file_id: Option<String>,
        quote_message_id: Option<String>,
    }
    let Frame { kind: "message", id, data } = serde_json::from_str(text).ok()? else { return None };
    if id.as_ref().is_some_and(|id| id.len() > 64) {
        return None;
    }
    let number = |id: Option<String>| id.map_or(Some(0), |id| id.parse().ok());
    let content_type = match &data.content_type {
        None => ContentType::Unspecified,
        Some(name) => ContentType::from_str_name(name)?,
    };
    let request = SendMessageRequest {
        id: data.session_id.parse().ok()?,
        client_msg_id: data.client_msg_id,
        content: data.content,
        content_type: content_type.into(),
        file_id: number(data.file_id)?,
        quote_message_id: number(data.quote_message_id)?,
    };
    Some((Inbound::Message(request), id))
}

/// The frame of a stored message.
pub(super) fn pushed(frame: &MessageFrame) -> Option<Utf8Bytes> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Data<'a> {
        #[serde(serialize_with = "text")]
        session_id: i64,
        #[serde(serialize_with = "text")]
        message_id: i64,
        content: &'a str,
        sender: Option<Sender<'a>>,
        timestamp: i64,
        seq: i32,
        client_msg_id: &'a str,
        content_type: Name,
        recalled: bool,
        full: Option<Full<'a>>,
    }
    write(
        "message",
        &Data {
            session_id: frame.session_id,
            message_id: frame.message_id,
            content: &frame.content,
            sender: frame.sender.as_ref().map(Sender::of),
            timestamp: frame.timestamp,
            seq: frame.seq,
            client_msg_id: &frame.client_msg_id,
            content_type: content_type(frame.content_type),
            recalled: frame.recalled,
            full: frame.full.as_ref().map(Full::of),
        },
    )
}

/// The answer to a message that is stored.
pub(crate) fn accepted(stored: &SendMessageResponse) -> Option<Utf8Bytes> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Data<'a> {
        #[serde(serialize_with = "text")]
        session_id: i64,
        client_msg_id: &'a str,
        #[serde(serialize_with = "text")]
        message_id: i64,
        seq: i32,
        timestamp: i64,
        duplicate: bool,
    }
    let message = stored.message.as_ref()?;
    write(
        "message_accepted",
        &Data {
            session_id: message.session_id,
            client_msg_id: &message.client_msg_id,
            message_id: message.id,
            seq: message.seq,
            timestamp: millis(message),
            duplicate: stored.duplicate,
        },
    )
}

fn write(kind: &str, data: &impl Serialize) -> Option<Utf8Bytes> {
    #[derive(Serialize)]
    struct Frame<'a, D> {
        #[serde(rename = "type")]
        kind: &'a str,
        data: &'a D,
    }
    serde_json::to_string(&Frame { kind, data }).ok().map(Utf8Bytes::from)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Full<'a> {
    #[serde(serialize_with = "text")]
    id: i64,
    #[serde(serialize_with = "text")]
    session_id: i64,
    seq: i32,
    sender: Option<Sender<'a>>,
    client_msg_id: &'a str,
    content_type: Name,
    content: &'a str,
    file: Option<Attached<'a>>,
    #[serde(serialize_with = "text")]
    quote_message_id: i64,
    recalled: bool,
    create_time: Option<String>,
}

impl<'a> Full<'a> {
    fn of(message: &'a Message) -> Self {
        Self {
            id: message.id,
            session_id: message.session_id,
            seq: message.seq,
            sender: message.sender.as_ref().map(Sender::of),
            client_msg_id: &message.client_msg_id,
            content_type: content_type(message.content_type),
            content: &message.content,
            file: message.file.as_ref().map(Attached::of),
            quote_message_id: message.quote_message_id,
            recalled: message.recalled,
            create_time: message.create_time.map(time),
        }
    }
}

#[derive(Serialize)]
struct Sender<'a> {
    kind: Name,
    #[serde(serialize_with = "text")]
    id: i64,
    name: &'a str,
}

impl<'a> Sender<'a> {
    fn of(principal: &'a Principal) -> Self {
        let kind = Name::of(principal.kind, Kind::try_from(principal.kind).map(|kind| kind.as_str_name()).ok());
        Self { kind, id: principal.id, name: &principal.name }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Attached<'a> {
    #[serde(serialize_with = "text")]
    id: i64,
    name: &'a str,
    content_type: &'a str,
    size: i64,
    sha256: &'a str,
    scan_status: Name,
    #[serde(serialize_with = "text")]
    session_id: i64,
    create_time: Option<String>,
}

impl<'a> Attached<'a> {
    fn of(file: &'a File) -> Self {
        let status = ScanStatus::try_from(file.scan_status).map(|status| status.as_str_name()).ok();
        Self {
            id: file.id,
            name: &file.name,
            content_type: &file.content_type,
            size: file.size,
            sha256: &file.sha256,
            scan_status: Name::of(file.scan_status, status),
            session_id: file.session_id,
            create_time: file.create_time.map(time),
        }
    }
}

/// A value of an enum: its name, or its number where a newer core has one that is not known here.
#[derive(Serialize)]
#[serde(untagged)]
enum Name {
    Known(&'static str),
    Unknown(i32),
}

impl Name {
    fn of(number: i32, name: Option<&'static str>) -> Self {
        name.map_or(Self::Unknown(number), Self::Known)
    }
}

fn content_type(number: i32) -> Name {
    Name::of(number, ContentType::try_from(number).map(|known| known.as_str_name()).ok())
}

/// A 64-bit integer as JSON has it.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes fields by reference")]
fn text<S: Serializer>(id: &i64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(id)
}

fn time(time: prost_types::Timestamp) -> String {
    let nanos = u32::try_from(time.nanos).unwrap_or(0);
    let time = DateTime::from_timestamp(time.seconds, nanos).unwrap_or_default();
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}

#[cfg(test)]
mod tests {
    use kefu_proto::json::to_json;
    use kefu_proto::realtime::v1::Frame;
    use kefu_proto::realtime::v1::frame::Frame as Pushed;
    use prost_types::Timestamp;
    use serde_json::{Value as Json, json};

    use super::*;

    fn message() -> MessageFrame {
        let sender = Some(Principal { kind: Kind::User.into(), id: i64::MAX, name: "王\"工\"\n".to_owned() });
        let create_time = Some(Timestamp { seconds: 1_707_561_600, nanos: 5_000_000 });
        let file = File {
            id: 5,
            name: "图.png".to_owned(),
            content_type: "image/png".to_owned(),
            size: 1 << 40,
            sha256: "ab".to_owned(),
            scan_status: ScanStatus::Clean.into(),
            session_id: 7,
            create_time,
        };
        let full = Message {
            id: 3,
            session_id: 7,
            seq: 1,
            sender: sender.clone(),
            client_msg_id: "a-1".to_owned(),
            content_type: ContentType::Image.into(),
            content: "你好 \u{1f600} \u{7f} \\ </script>".to_owned(),
            file: Some(file),
            quote_message_id: 2,
            recalled: true,
            create_time,
        };
        MessageFrame {
            session_id: 7,
            message_id: 3,
            content: full.content.clone(),
            sender,
            timestamp: 1_707_561_600_005,
            seq: 1,
            client_msg_id: full.client_msg_id.clone(),
            content_type: full.content_type,
            recalled: true,
            full: Some(full),
        }
    }

    #[test]
    fn a_pushed_message_is_what_the_codec_writes() {
        let unknown = MessageFrame {
            content_type: 99,
            sender: Some(Principal { kind: 77, ..Principal::default() }),
            ..message()
        };
        let bare = Message { create_time: Some(Timestamp::default()), ..Message::default() };
        let bare = MessageFrame { full: Some(bare), ..MessageFrame::default() };
        for frame in [message(), unknown, bare, MessageFrame::default()] {
            let written: Json = serde_json::from_str(&pushed(&frame).unwrap()).unwrap();
            let by_codec = to_json(&Frame { frame: Some(Pushed::Message(frame)) });
            assert_eq!(written, json!({ "type": "message", "data": by_codec["message"] }));
        }
    }

    #[test]
    fn an_accepted_message_has_its_place() {
        let stored = SendMessageResponse { message: message().full, duplicate: true };
        let written: Json = serde_json::from_str(&accepted(&stored).unwrap()).unwrap();
        let data = json!({
            "sessionId": "7", "clientMsgId": "a-1", "messageId": "3", "seq": 1,
            "timestamp": 1_707_561_600_005_i64, "duplicate": true,
        });
        assert_eq!(written, json!({ "type": "message_accepted", "data": data }));
    }

    #[test]
    fn what_is_read_here_is_what_the_codec_reads() {
        let long = "x".repeat(65);
        let texts = [
            r#"{"type":"message","data":{"sessionId":"7","clientMsgId":"a","content":"你\"好"}}"#.to_owned(),
            r#"{"data":{"quoteMessageId":"4","fileId":"3","contentType":"IMAGE","content":"","clientMsgId":"a","sessionId":"9007199254740993"},"id":"r","type":"message"}"#.to_owned(),
            r#"{"type":"message","more":[],"data":{"sessionId":"7","clientMsgId":"a","content":"b","later":{}}}"#.to_owned(),
            r#"{"type":"message","data":{"sessionId":7,"clientMsgId":"a","content":"b"}}"#.to_owned(),
            r#"{"type":"message","data":{"sessionId":"7","clientMsgId":"a","content":null}}"#.to_owned(),
            r#"{"type":"message","data":{"sessionId":"7","clientMsgId":"a","content":"b","contentType":1}}"#.to_owned(),
            r#"{"type":"message","data":{"sessionId":"7","clientMsgId":"a","content":"b","contentType":"POEM"}}"#.to_owned(),
            r#"{"type":"message","data":{"sessionId":"+7","clientMsgId":"a","content":"b"}}"#.to_owned(),
            format!(r#"{{"type":"message","id":"{long}","data":{{"sessionId":"7","clientMsgId":"a","content":"b"}}}}"#),
            r#"{"type":"message","data":{"sessionId":"7","sessionId":"8","clientMsgId":"a","content":"b"}}"#.to_owned(),
            r#"{"type":"ping","data":{"sessionId":"7","clientMsgId":"a","content":"b"}}"#.to_owned(),
        ];
        let quick: Vec<_> = texts.iter().map(|text| read(text)).collect();
        assert_eq!(quick.iter().flatten().count(), 4, "{quick:?}");
        for (text, quick) in texts.iter().zip(quick) {
            if let Some(quick) = quick {
                assert_eq!(Ok(quick), super::super::by_codec(text), "{text}");
            }
        }
    }
}
