//! Frames of the WebSocket as bytes: those of `docs/realtime.md` with odd values, and those that break RFC 6455.

use rand::Rng;
use rand::rngs::StdRng;
use serde_json::{Map, Value as Json, json};

use super::odd;

/// The close codes that `docs/realtime.md` names and a client can bring about.
pub(super) const DOCUMENTED: [u16; 10] = [1003, 1009, 4400, 4401, 4403, 4409, 4410, 4429, 4440, 4450];
/// Types that only the server sends, and some that nobody does.
const FOREIGN: [&str; 14] = [
    "auth_ok",
    "message_accepted",
    "sync_done",
    "resync",
    "status_update",
    "session_update",
    "ticket_update",
    "notification",
    "error",
    "bye",
    "",
    "Message",
    "__proto__",
    "message\u{0}",
];
const CONTINUATION: u8 = 0;
const TEXT: u8 = 1;
const BINARY: u8 = 2;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;
/// The largest frame the server takes.
const LIMIT: usize = 64 << 10;

/// What has to come of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// An answer, an error, or a close with a documented code.
    Any,
    /// A close with a documented code.
    Documented,
    /// Exactly this close code.
    Code(u16),
    /// The end, in whatever way: the client has broken or ended the closing handshake.
    End,
}

/// A frame, or several that belong together.
#[derive(Debug)]
pub(super) struct Blow {
    /// What goes over the wire.
    pub(super) bytes: Vec<u8>,
    /// What has to come of it.
    pub(super) fate: Fate,
    /// How many frames it is.
    pub(super) frames: u64,
}

/// What frames speak of.
pub(super) struct Talk<'a> {
    /// A session.
    pub(super) session: &'a str,
    /// A message in it.
    pub(super) message: &'a str,
    /// The token of the connection, if it has one.
    pub(super) token: &'a str,
}

/// The next frame of a client that is logged in.
pub(super) fn blow(rng: &mut StdRng, talk: &Talk<'_>) -> Blow {
    match rng.random_range(0..100) {
        0..80 => one(text_frame(&typed(rng, talk)), Fate::Any),
        80..84 => {
            let kind = FOREIGN[rng.random_range(0..FOREIGN.len())];
            let frame = json!({"type": kind, "data": {"sessionId": talk.session, "userId": "1"}});
            one(text_frame(frame.to_string().as_bytes()), Fate::Code(4400))
        }
        84..87 => {
            const JUNK: [&[u8]; 9] =
                [b"", b"x", b"{", b"[]", b"null", b"\"ping\"", b"{}{}", b"{\"type\":\"ping\",}", b"\x00"];
            one(text_frame(JUNK[rng.random_range(0..JUNK.len())]), Fate::Code(4400))
        }
        87..91 => fragmented(rng, talk),
        _ => violation(rng),
    }
}

/// The first frame of somebody who is nobody.
pub(super) fn first(rng: &mut StdRng, talk: &Talk<'_>) -> Blow {
    match rng.random_range(0..4) {
        0 => {
            one(text_frame(json!({"type": "message", "data": message(talk)}).to_string().as_bytes()), Fate::Code(4400))
        }
        1 => {
            let frame = json!({"type": "auth", "data": {"token": odd::text(rng), "deviceId": "x"}});
            one(text_frame(frame.to_string().as_bytes()), Fate::Code(4401))
        }
        2 => violation(rng),
        _ => Blow { fate: Fate::End, ..one(text_frame(&typed(rng, &Talk { token: "", ..*talk })), Fate::Any) },
    }
}

/// A frame as text.
pub(super) fn text_frame(text: &[u8]) -> Vec<u8> {
    frame(true, 0, TEXT, text)
}

fn one(bytes: Vec<u8>, fate: Fate) -> Blow {
    Blow { bytes, fate, frames: 1 }
}

fn message(talk: &Talk<'_>) -> Json {
    json!({"sessionId": talk.session, "clientMsgId": "m1", "content": "x", "contentType": "TEXT"})
}

/// A frame of a type that a client may send, mostly with an odd value somewhere.
fn typed(rng: &mut StdRng, talk: &Talk<'_>) -> Vec<u8> {
    let id = format!("{:x}", rng.random::<u64>());
    let (kind, data) = match rng.random_range(0..9) {
        0 => ("ping", json!({"t": rng.random::<u32>()})),
        1 => ("pong", json!({"t": 1})),
        2 => ("typing", json!({"sessionId": talk.session})),
        3 => ("sync", json!({"sessionId": talk.session, "since": rng.random_range(0..50)})),
        4 => ("message_ack", json!({"sessionId": talk.session, "seq": 1, "kind": "read"})),
        5 => ("message_ack", json!({"messageId": talk.message, "kind": "delivered"})),
        6 => (
            "auth",
            json!({"token": talk.token, "deviceId": id, "resume":
            {"epoch": "x", "cursors": {talk.session: 1}, "notificationId": "1"}}),
        ),
        _ => {
            let mut data = message(talk);
            data["clientMsgId"] = json!(id);
            data["fileId"] = json!("0");
            data["quoteMessageId"] = json!(talk.message);
            ("message", data)
        }
    };
    let mut whole = Map::new();
    whole.insert("type".to_owned(), json!(kind));
    whole.insert("data".to_owned(), data.clone());
    whole.insert("id".to_owned(), json!("r1"));
    let mut bytes = match (rng.random_range(0..10), data.as_object()) {
        (0..5, _) => Json::Object(whole).to_string().into_bytes(),
        (5..9, Some(data)) => {
            let data = odd::mutated(rng, data);
            [format!("{{\"type\":\"{kind}\",\"data\":").as_bytes(), &data, b"}"].concat()
        }
        _ => odd::mutated(rng, &whole),
    };
    bytes.truncate(LIMIT);
    bytes
}

/// A text in pieces, with a ping between them; or more pieces than a message may have bytes.
fn fragmented(rng: &mut StdRng, talk: &Talk<'_>) -> Blow {
    if rng.random_bool(0.2) {
        let piece = vec![b'x'; 8 << 10];
        let mut bytes = frame(false, 0, TEXT, &piece);
        (0..9).for_each(|_| bytes.extend(frame(false, 0, CONTINUATION, &piece)));
        return Blow { bytes, fate: Fate::Code(1009), frames: 10 };
    }
    let text = typed(rng, talk);
    let middle = rng.random_range(0..=text.len());
    let mut bytes = frame(false, 0, TEXT, &text[..middle]);
    bytes.extend(frame(true, 0, PING, b"between"));
    bytes.extend(frame(false, 0, CONTINUATION, b""));
    bytes.extend(frame(true, 0, CONTINUATION, &text[middle..]));
    Blow { bytes, fate: Fate::Any, frames: 4 }
}

/// What RFC 6455 forbids, and what the protocol of Kefu does.
fn violation(rng: &mut StdRng) -> Blow {
    let junk: Vec<u8> = (0..rng.random_range(0..200)).map(|_| rng.random()).collect();
    match rng.random_range(0..14) {
        0 => one(frame(true, 0, BINARY, &junk), Fate::Code(1003)),
        1 => {
            let opcode = [3, 4, 5, 6, 7, 11, 12, 13, 14, 15][rng.random_range(0..10)];
            one(frame(true, 0, opcode, b"x"), Fate::Code(4400))
        }
        2 => one(frame(true, [1, 2, 4, 7][rng.random_range(0..4)], TEXT, b"x"), Fate::Code(4400)),
        3 => one(vec![0x81, 2, b'{', b'}'], Fate::Code(4400)),
        4 => one(frame(false, 0, PING, b"x"), Fate::Code(4400)),
        5 => one(frame(true, 0, [PING, PONG][rng.random_range(0..2)], &[b'x'; 126]), Fate::Code(4400)),
        6 => one(frame(true, 0, CONTINUATION, b"x"), Fate::Code(4400)),
        7 => {
            let bytes = [frame(false, 0, TEXT, b"{"), frame(true, 0, TEXT, b"}")].concat();
            Blow { bytes, fate: Fate::Code(4400), frames: 2 }
        }
        8 => one(text_frame(b"{\"type\":\"\xff\xfe\"}"), Fate::Code(4400)),
        9 => one(head(TEXT, LIMIT as u64 + 1), Fate::Code(1009)),
        10 => {
            one(head(TEXT, [64 << 20, u64::from(u32::MAX), i64::MAX as u64][rng.random_range(0..3)]), Fate::Code(1009))
        }
        11 => one(close(rng), Fate::End),
        12 => one(junk, Fate::End),
        _ => one(vec![0x81, 0xfe, 0x40, 0, 1, 2, 3], Fate::End),
    }
}

/// A goodbye, with a code that is mostly none.
fn close(rng: &mut StdRng) -> Vec<u8> {
    const CODES: [u16; 14] = [0, 999, 1000, 1001, 1004, 1005, 1006, 1015, 1016, 2999, 3000, 4400, 5000, u16::MAX];
    let mut payload = CODES[rng.random_range(0..CODES.len())].to_be_bytes().to_vec();
    match rng.random_range(0..5) {
        0 => payload.truncate(1),
        1 => payload.extend_from_slice(b"\xff\xfe"),
        2 => payload.extend_from_slice(&[b'x'; 200]),
        3 => payload.clear(),
        _ => payload.extend_from_slice("再见".as_bytes()),
    }
    frame(true, 0, CLOSE, &payload)
}

fn frame(is_last: bool, reserved: u8, opcode: u8, payload: &[u8]) -> Vec<u8> {
    const MASK: [u8; 4] = [0x12, 0x34, 0x56, 0x78];
    let mut out = vec![u8::from(is_last) << 7 | reserved << 4 | opcode];
    match payload.len() {
        short @ 0..126 => out.push(0x80 | u8::try_from(short).unwrap_or_default()),
        middle @ 126..0x1_0000 => {
            out.push(0x80 | 126);
            out.extend_from_slice(&u16::try_from(middle).unwrap_or_default().to_be_bytes());
        }
        long => {
            out.push(0x80 | 127);
            out.extend_from_slice(&(long as u64).to_be_bytes());
        }
    }
    out.extend_from_slice(&MASK);
    out.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    out
}

/// The head of a frame that claims to be long.
pub(super) fn head(opcode: u8, length: u64) -> Vec<u8> {
    let mut out = vec![0x80 | opcode, 0x80 | 127];
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(&[0; 4]);
    out
}
