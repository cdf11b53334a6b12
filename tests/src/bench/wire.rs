//! The WebSocket as bytes: what a client of a load needs and no more, so that it costs next to nothing. Frames to
//! send are written once and get a number; of frames that come, the type and the number are found by looking.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::{Context, Result, bail, ensure};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

/// What a message's own id begins with: long, so that it is found by looking at every eighth byte.
const MARK: &[u8] = b"ZZZZZZZZ";
/// As long as the UUID that clients are advised to use.
const ID_LEN: usize = 36;

/// What a frame from the server is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A message is stored.
    Accepted,
    /// A message for the connection.
    Message,
    /// The server wants to know whether the client is there.
    Ping,
    /// The connection is known.
    Known,
    /// Something was refused.
    Error,
    /// Nothing that the load waits for.
    Other,
}

/// Which message of a load a frame is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    /// The run it was sent in: what comes late is told apart.
    pub(super) run: u32,
    /// The index of the sender.
    pub(super) user: u32,
    /// The how manieth of the sender.
    pub(super) number: u32,
}

/// Bytes to send of which only the run and the number in the message's own id change.
#[derive(Debug, Clone)]
pub(super) struct Template {
    bytes: Vec<u8>,
    /// Where the id begins, if there is one.
    at: Option<usize>,
}

impl Template {
    /// Whatever it is.
    pub(super) fn of(bytes: Vec<u8>) -> Self {
        Self { at: find_mark(&bytes), bytes }
    }

    /// The frame with which a user sends a message into a session.
    pub(super) fn message(session: &str, user: u32, content: &str) -> Self {
        let frame = serde_json::json!({"type": "message", "data": {
            "sessionId": session, "clientMsgId": id(user), "content": content, "contentType": "TEXT",
        }});
        Self::of(text(&frame.to_string()))
    }

    /// Adds it, with its run and number, to what is to be written.
    pub(super) fn put(&self, run: u32, number: u32, out: &mut Vec<u8>) {
        let from = out.len();
        out.extend_from_slice(&self.bytes);
        if let Some(at) = self.at {
            let start = from + at + MARK.len();
            hex(run, &mut out[start..start + 8]);
            hex(number, &mut out[start + 16..start + 24]);
        }
    }
}

/// A user's own id for a message, its run and number to be filled in.
pub(super) fn id(user: u32) -> String {
    format!("ZZZZZZZZ{:08x}{user:08x}{:08x}bnch", 0, 0)
}

fn hex(mut value: u32, digits: &mut [u8]) {
    for digit in digits.iter_mut().rev() {
        *digit = b"0123456789abcdef"[(value & 15) as usize];
        value >>= 4;
    }
}

/// A text frame of a client. The mask is zero, which leaves the text as it is.
pub(super) fn text(text: &str) -> Vec<u8> {
    let mut frame = vec![0x81];
    match text.len() {
        short @ 0..126 => frame.push(0x80 | u8::try_from(short).unwrap_or(0)),
        long => {
            frame.push(0x80 | 126);
            frame.extend_from_slice(&u16::try_from(long).unwrap_or(u16::MAX).to_be_bytes());
        }
    }
    frame.extend_from_slice(&[0; 4]);
    frame.extend_from_slice(text.as_bytes());
    frame
}

/// Hands each whole frame on; gives how many bytes they were.
pub(super) fn frames(bytes: &[u8], mut each: impl FnMut(&[u8]) -> Result<()>) -> Result<usize> {
    let mut at = 0;
    while let Some((opcode, from, to)) = next_frame(&bytes[at..]) {
        let content = &bytes[at + from..at + to];
        match opcode {
            1 => each(content)?,
            8 => {
                let code = content.first_chunk().map_or(0, |code| u16::from_be_bytes(*code));
                bail!(
                    "the server closes a connection: {code} {}",
                    String::from_utf8_lossy(content.get(2..).unwrap_or_default())
                );
            }
            _ => {}
        }
        at += to;
    }
    Ok(at)
}

/// The first frame, if it is whole: its opcode, and where its content lies.
fn next_frame(bytes: &[u8]) -> Option<(u8, usize, usize)> {
    let (opcode, short) = (bytes.first()? & 15, bytes.get(1)? & 127);
    let (from, length) = match short {
        126 => (4, usize::from(u16::from_be_bytes(*bytes.get(2..)?.first_chunk()?))),
        127 => (10, usize::try_from(u64::from_be_bytes(*bytes.get(2..)?.first_chunk()?)).ok()?),
        short => (2, usize::from(short)),
    };
    (bytes.len() >= from + length).then_some((opcode, from, from + length))
}

/// What a frame is. The type stands at one of its ends.
pub(super) fn kind(frame: &[u8]) -> Kind {
    const KINDS: [(&[u8], Kind); 5] = [
        (br#""type":"message""#, Kind::Message),
        (br#""type":"message_accepted""#, Kind::Accepted),
        (br#""type":"ping""#, Kind::Ping),
        (br#""type":"auth_ok""#, Kind::Known),
        (br#""type":"error""#, Kind::Error),
    ];
    let (inner, start) =
        (frame.get(..frame.len().saturating_sub(1)).unwrap_or_default(), frame.get(1..).unwrap_or_default());
    let found = KINDS.iter().find(|(name, _)| inner.ends_with(name) || start.starts_with(name));
    found.map_or(Kind::Other, |(_, kind)| *kind)
}

/// The message that a frame is about.
pub(super) fn mark(frame: &[u8]) -> Option<Mark> {
    let digits = &frame.get(find_mark(frame)?..)?.get(MARK.len()..ID_LEN)?;
    let part = |at: usize| u32::from_str_radix(str::from_utf8(digits.get(at..at + 8)?).ok()?, 16).ok();
    Some(Mark { run: part(0)?, user: part(8)?, number: part(16)? })
}

fn find_mark(frame: &[u8]) -> Option<usize> {
    let mut at = 0;
    while at < frame.len() {
        if frame[at] == b'Z' {
            let start = frame[..at].iter().rposition(|byte| *byte != b'Z').map_or(0, |before| before + 1);
            if frame[start..].starts_with(MARK) {
                return Some(start);
            }
        }
        at += MARK.len();
    }
    None
}

/// Opens a WebSocket and says who it is; gives the connection once the server knows it, and what came beyond that.
pub(super) async fn open(address: SocketAddr, source: Ipv4Addr, auth: &[u8]) -> Result<(TcpStream, Vec<u8>)> {
    let socket = TcpSocket::new_v4()?;
    if source != Ipv4Addr::LOCALHOST {
        socket.bind((source, 0).into())?;
    }
    let mut stream = socket.connect(address).await.with_context(|| format!("no connection to {address}"))?;
    stream.set_nodelay(true)?;
    let request = format!(
        "GET /ws HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut seen = Vec::new();
    let head = loop {
        ensure!(stream.read_buf(&mut seen).await? > 0, "the connection ended in the handshake");
        if let Some(end) = seen.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
    };
    ensure!(seen.starts_with(b"HTTP/1.1 101 "), "no WebSocket: {}", String::from_utf8_lossy(&seen));
    seen.drain(..head);
    stream.write_all(auth).await?;
    loop {
        let mut known = false;
        let used = frames(&seen, |frame| {
            ensure!(kind(frame) != Kind::Error, "refused: {}", String::from_utf8_lossy(frame));
            known |= kind(frame) == Kind::Known;
            Ok(())
        })?;
        seen.drain(..used);
        if known {
            return Ok((stream, seen));
        }
        ensure!(stream.read_buf(&mut seen).await? > 0, "the connection ended before it was known");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_that_is_sent_can_be_read_again() {
        let template = Template::message("42", 7, "您好");
        let mut out = Vec::new();
        template.put(3, 0xabc, &mut out);
        template.put(3, 0xabd, &mut out);
        // A server's frame has no mask.
        let mut marks = Vec::new();
        let half = out.len() / 2;
        for frame in out.chunks(half) {
            let head = if half - 8 < 126 { 6 } else { 8 };
            assert_eq!(kind(&frame[head..]), Kind::Message);
            marks.push(mark(&frame[head..]).unwrap());
        }
        assert_eq!(marks, [Mark { run: 3, user: 7, number: 0xabc }, Mark { run: 3, user: 7, number: 0xabd }]);
    }

    #[test]
    fn frames_are_handed_on_whole() {
        let mut bytes = vec![0x81, 2, b'h', b'i', 0x81, 126, 0, 200];
        bytes.extend([b'x'; 199]);
        let mut seen = Vec::new();
        let used = frames(&bytes, |frame| {
            seen.push(frame.len());
            Ok(())
        })
        .unwrap();
        assert_eq!((used, &*seen), (4, &[2][..]));
        bytes.push(b'x');
        let used = frames(&bytes, |frame| {
            seen.push(frame.len());
            Ok(())
        })
        .unwrap();
        assert_eq!((used, &*seen), (bytes.len(), &[2, 2, 200][..]));
        assert!(frames(&[0x88, 2, 0x0f, 0xa1], |_| Ok(())).unwrap_err().to_string().contains("4001"));
    }

    #[test]
    fn the_type_stands_at_either_end() {
        assert_eq!(kind(br#"{"data":{"type":"x"},"type":"message_accepted"}"#), Kind::Accepted);
        assert_eq!(kind(br#"{"type":"ping","data":{"t":1}}"#), Kind::Ping);
        assert_eq!(kind(br#"{"data":{},"type":"session_update"}"#), Kind::Other);
    }
}
