//! Values that no sane client sends, as JSON and as text.

use std::sync::LazyLock;

use rand::Rng;
use rand::rngs::StdRng;
use serde_json::{Map, Value as Json};

/// Fragments of JSON, right and wrong. Some are no JSON at all, and some end the value they stand in for and add a
/// second member of the same name.
const FRAGMENTS: [&[u8]; 54] = [
    b"null",
    b"true",
    b"false",
    b"0",
    b"-0",
    b"-1",
    b"1.5",
    b"1e999",
    b"-1E+400",
    b"1e-999",
    b"2147483647",
    b"2147483648",
    b"-2147483649",
    b"9223372036854775807",
    b"9223372036854775808",
    b"-9223372036854775809",
    b"99999999999999999999999999",
    b"\"9223372036854775807\"",
    b"\"-9223372036854775808\"",
    b"\"18446744073709551616\"",
    b"\" 1\"",
    b"\"+1\"",
    b"\"0x10\"",
    b"NaN",
    b"Infinity",
    b"01",
    b".5",
    b"{}",
    b"[]",
    b"[null]",
    b"{\"\":{}}",
    b"\"\"",
    b"\"\\u0000\"",
    b"\"a\\u0000b\"",
    b"\"\\ud800\"",
    b"\"\\udc00\\ud800\"",
    b"\"\\ud83d\\ude00\"",
    b"\"\xff\xfe\"",
    b"\"\xc0\xaf\"",
    b"\"\xed\xa0\x80\"",
    b"\"tab\there\"",
    b"\"unclosed",
    b"'single'",
    b"\"a\",\"a\":\"b\"",
    b"\"' OR 1=1; --\"",
    b"\"../../../../etc/passwd\"",
    b"\"{{user.password}}\"",
    b"\"<script>alert(1)</script>\"",
    b"\"=cmd|' /C calc'!A0\"",
    b"\"9999-12-31T23:59:59.999999999Z\"",
    b"\"0000-01-01T00:00:00Z\"",
    b"\"0001-01-01T00:00:00+23:59\"",
    b"\"2016-12-31T23:59:60Z\"",
    b"\"2026-02-30T00:00:00Z\"",
];

/// Texts that look harmless to a careless eye.
const TEXTS: [&str; 26] = [
    "",
    " ",
    "\u{feff}",
    "\u{202e}drowssap",
    "a\u{0}b",
    "\u{1b}[2J",
    "a\r\nSet-Cookie: x=1",
    "👩‍👩‍👧‍👦",
    "Z\u{351}\u{36b}\u{343}\u{36a}a\u{302}",
    "\u{fdfa}",
    "ＡＢＣ１２３",
    "İı",
    "ﬀ",
    "\u{10ffff}",
    "null",
    "undefined",
    "%s%n%x",
    "${jndi:ldap://127.0.0.1/a}",
    "' OR '1'='1",
    "%",
    "_",
    "\\",
    "../..",
    "0",
    "-1",
    "9223372036854775808",
];

/// A fragment of JSON, now and then a large one.
pub(super) fn fragment(rng: &mut StdRng) -> Vec<u8> {
    match rng.random_range(0..20) {
        0 => quoted(&text(rng)),
        1 => quoted(&"长".repeat(rng.random_range(1..4001))),
        2 => deep(rng),
        3 => many(rng),
        _ => FRAGMENTS[rng.random_range(0..FRAGMENTS.len())].to_vec(),
    }
}

/// A text, now and then a long one.
pub(super) fn text(rng: &mut StdRng) -> String {
    match rng.random_range(0..12) {
        0 => "x".repeat(rng.random_range(1..20_000)),
        1 => "e\u{301}".repeat(rng.random_range(1..2000)),
        2 => (0..rng.random_range(1..40)).filter_map(|_| char::from_u32(rng.random_range(0..0x11_0000))).collect(),
        _ => TEXTS[rng.random_range(0..TEXTS.len())].to_owned(),
    }
}

fn quoted(text: &str) -> Vec<u8> {
    Json::String(text.to_owned()).to_string().into_bytes()
}

/// Nested deeply, closed or not.
fn deep(rng: &mut StdRng) -> Vec<u8> {
    let depth = [100, 127, 128, 129, 1000, 50_000][rng.random_range(0..6)];
    let (open, close) = if rng.random() { ("[", "]") } else { ("{\"a\":", "}") };
    let closes = if rng.random() { close.repeat(depth) } else { String::new() };
    format!("{}1{closes}", open.repeat(depth)).into_bytes()
}

/// Very many small things, each of them wrong.
fn many(rng: &mut StdRng) -> Vec<u8> {
    let count = rng.random_range(1..30_000);
    match rng.random_range(0..3) {
        0 => format!("[{}1]", "1,".repeat(count)).into_bytes(),
        1 => format!("[{}{{}}]", "{\"a\":0},".repeat(count)).into_bytes(),
        _ => {
            let members: String = (0..count).map(|n| format!("\"k{n}\":0,")).collect();
            format!("{{{members}\"z\":0}}").into_bytes()
        }
    }
}

/// An object as JSON, with some of its values, on whatever level, replaced by odd ones.
pub(super) fn mutated(rng: &mut StdRng, object: &Map<String, Json>) -> Vec<u8> {
    let mut value = Json::Object(object.clone());
    let marks = rng.random_range(1..=3);
    for mark in 0..marks {
        plant(rng, &mut value, mark);
    }
    let mut bytes = value.to_string().into_bytes();
    for mark in 0..marks {
        bytes = replace(&bytes, marker(mark).to_string().as_bytes(), &fragment(rng));
    }
    bytes
}

/// What stands for a fragment until the whole is text.
fn marker(mark: u32) -> Json {
    Json::String(format!("@odd-{mark}@"))
}

fn plant(rng: &mut StdRng, value: &mut Json, mark: u32) {
    let deeper = rng.random_bool(0.5);
    match value {
        Json::Object(members) if !members.is_empty() => {
            let at = rng.random_range(0..members.len());
            match rng.random_range(0..8) {
                0 => drop(members.insert(text(rng), marker(mark))),
                _ => {
                    let Some(member) = members.values_mut().nth(at) else { return };
                    if deeper { plant(rng, member, mark) } else { *member = marker(mark) }
                }
            }
        }
        Json::Array(items) if !items.is_empty() && deeper => {
            let at = rng.random_range(0..items.len());
            plant(rng, &mut items[at], mark);
        }
        other => *other = marker(mark),
    }
}

/// Replaces every occurrence.
fn replace(bytes: &[u8], what: &[u8], with: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() + with.len());
    let mut rest = bytes;
    while let Some(at) = rest.windows(what.len()).position(|window| window == what) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(with);
        rest = &rest[at + what.len()..];
    }
    out.extend_from_slice(rest);
    out
}

/// Flips, cuts, doubles or adds bytes.
pub(super) fn garble(rng: &mut StdRng, bytes: &mut Vec<u8>) {
    for _ in 0..rng.random_range(1..5) {
        let at = if bytes.is_empty() { 0 } else { rng.random_range(0..bytes.len()) };
        match rng.random_range(0..4) {
            0 => bytes.truncate(at),
            1 => bytes.insert(at, rng.random()),
            2 => bytes.extend_from_slice(&bytes.clone()[at..]),
            _ => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << rng.random_range(0..8);
                }
            }
        }
    }
}

/// A gzip stream of about 80 MB of zeros in half a megabyte.
pub(super) static BOMB: LazyLock<Vec<u8>> = LazyLock::new(bomb);

/// Made by hand: one block of fixed codes that says `0` once, and then "258 more of them" again and again.
fn bomb() -> Vec<u8> {
    const RUNS: usize = 320_000;
    let mut out = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
    let (mut byte, mut filled) = (0_u8, 0);
    let mut bit = |bit: bool| {
        byte |= u8::from(bit) << filled;
        filled += 1;
        if filled == 8 {
            out.push(byte);
            (byte, filled) = (0, 0);
        }
    };
    // Last block, fixed codes; the literal 0; then length 258 (code 285) at distance 1 (code 0); the end (code 256).
    let codes = |text: &'static str| text.bytes().map(|digit| digit == b'1');
    codes("110").chain(codes("00110000")).for_each(&mut bit);
    (0..RUNS).flat_map(|_| codes("1100010100000")).for_each(&mut bit);
    codes("00000000000000").for_each(&mut bit);
    out.extend_from_slice(&[0; 8]);
    out
}

#[cfg(test)]
mod tests {
    use super::{BOMB, mutated, replace};
    use rand::SeedableRng as _;
    use rand::rngs::StdRng;
    use serde_json::json;

    #[test]
    fn the_same_seed_gives_the_same_bytes() {
        let object = json!({"name": "x", "inner": {"list": [1, 2]}});
        let object = object.as_object().unwrap();
        for seed in 0..200 {
            let made = || mutated(&mut StdRng::seed_from_u64(seed), object);
            assert_eq!(made(), made());
            assert!(!made().windows(5).any(|window| window == b"@odd-"));
        }
        assert_eq!(replace(b"abcab", b"ab", b"x"), b"xcx");
        assert!(BOMB.len() < 600_000);
    }
}
