//! What waits to be written to one client, within bounds: ephemeral frames are dropped when it is full, the state of
//! a thing replaces its older state, durable frames are refused so that the caller reads them again later.

use std::collections::{HashMap, VecDeque};

use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Utf8Bytes;

/// From here on durable frames wait in the database and ephemeral ones are dropped.
pub(crate) const MAX_FRAMES: usize = 512;
/// See [`MAX_FRAMES`].
pub(crate) const MAX_BYTES: usize = 1 << 20;
/// What cannot be refused (state, replies, recalls) may go so much further before the client counts as too slow.
const OVERFLOW: usize = 2;

/// What a state frame is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Key {
    /// A session.
    Session(i64),
    /// Somebody's status, within a session or (0) at large.
    Status { kind: i32, id: i64, session: i64 },
    /// Who has a session open.
    Viewers(i64),
    /// The tombstone of a message.
    Recall { session: i64, seq: i32 },
}

#[derive(Debug)]
struct Entry {
    text: Utf8Bytes,
    state: Option<(Key, i64)>,
}

/// The queue of one connection.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    queue: VecDeque<Entry>,
    /// How many entries were ever taken out: the place of an entry is this plus its index.
    taken: u64,
    bytes: usize,
    places: HashMap<Key, u64>,
    paused_since: Option<Instant>,
    overflowed: bool,
}

impl Outbox {
    /// Puts a durable frame, or refuses it: then the queue is paused until it is half empty.
    pub(crate) fn durable(&mut self, text: Utf8Bytes, now: Instant) -> bool {
        if self.paused_since.is_none() && self.is_full() {
            self.paused_since = Some(now);
        }
        if self.paused_since.is_some() {
            return false;
        }
        self.push(text, None);
        true
    }

    /// Puts the state of something, in the place of an older state that still waits.
    pub(crate) fn state(&mut self, key: Key, version: i64, text: Utf8Bytes) {
        let waiting = self.places.get(&key).and_then(|place| usize::try_from(place - self.taken).ok());
        match waiting.and_then(|index| self.queue.get_mut(index)) {
            Some(entry) => {
                if entry.state.is_none_or(|(_, waits)| waits <= version) {
                    self.bytes = self.bytes - entry.text.len() + text.len();
                    *entry = Entry { text, state: Some((key, version)) };
                }
            }
            None => {
                let place = self.taken + self.queue.len() as u64;
                if self.push(text, Some((key, version))) {
                    self.places.insert(key, place);
                }
            }
        }
    }

    /// Puts an answer to something the client sent.
    pub(crate) fn reply(&mut self, text: Utf8Bytes) {
        self.push(text, None);
    }

    /// Puts a frame that nobody misses.
    pub(crate) fn ephemeral(&mut self, text: Utf8Bytes) {
        if self.paused_since.is_none() && !self.is_full() {
            self.push(text, None);
        }
    }

    /// Takes the next frame to write.
    pub(crate) fn pop(&mut self) -> Option<Utf8Bytes> {
        let entry = self.queue.pop_front()?;
        self.taken += 1;
        self.bytes -= entry.text.len();
        if let Some((key, _)) = entry.state {
            self.places.remove(&key);
        }
        if self.queue.len() <= MAX_FRAMES / 2 && self.bytes <= MAX_BYTES / 2 {
            self.paused_since = None;
        }
        if self.queue.is_empty() && self.queue.capacity() > 16 {
            // A connection that was busy once does not keep the memory for it.
            self.queue = VecDeque::new();
            self.places = HashMap::new();
        }
        Some(entry.text)
    }

    /// Nothing waits.
    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Since when durable frames are refused.
    pub(crate) fn paused_since(&self) -> Option<Instant> {
        self.paused_since
    }

    /// More waits than can be kept for anybody: the client is too slow.
    pub(crate) fn overflowed(&self) -> bool {
        self.overflowed
    }

    /// Forgets what waits.
    pub(crate) fn clear(&mut self) {
        *self = Self { taken: self.taken, ..Self::default() };
    }

    fn is_full(&self) -> bool {
        self.queue.len() >= MAX_FRAMES || self.bytes >= MAX_BYTES
    }

    fn push(&mut self, text: Utf8Bytes, state: Option<(Key, i64)>) -> bool {
        self.overflowed |= self.queue.len() >= MAX_FRAMES * OVERFLOW || self.bytes + text.len() > MAX_BYTES * OVERFLOW;
        if !self.overflowed {
            self.bytes += text.len();
            self.queue.push_back(Entry { text, state });
        }
        !self.overflowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drain(outbox: &mut Outbox) -> Vec<String> {
        std::iter::from_fn(|| outbox.pop()).map(|text| text.to_string()).collect()
    }

    #[test]
    fn durable_is_refused_when_full_and_taken_again_when_half_empty() {
        let now = Instant::now();
        let mut outbox = Outbox::default();
        let taken = (0..MAX_FRAMES + 10).filter(|_| outbox.durable("m".into(), now)).count();
        assert_eq!(taken, MAX_FRAMES);
        assert_eq!(outbox.paused_since(), Some(now));
        outbox.pop();
        assert!(!outbox.durable("m".into(), now), "it stays paused until half empty");
        while outbox.paused_since().is_some() {
            outbox.pop();
        }
        assert_eq!(outbox.queue.len(), MAX_FRAMES / 2);
        assert!(outbox.durable("m".into(), now));
    }

    #[test]
    fn bytes_count_too() {
        let now = Instant::now();
        let mut outbox = Outbox::default();
        let big: Utf8Bytes = "x".repeat(300_000).into();
        assert_eq!((0..10).filter(|_| outbox.durable(big.clone(), now)).count(), 4);
        outbox.ephemeral("typing".into());
        assert_eq!(drain(&mut outbox).len(), 4);
    }

    #[test]
    fn the_newest_state_takes_the_place_of_the_older() {
        let mut outbox = Outbox::default();
        outbox.state(Key::Session(1), 1, "one v1".into());
        outbox.state(Key::Session(2), 1, "two v1".into());
        outbox.state(Key::Session(1), 3, "one v3".into());
        outbox.state(Key::Session(1), 2, "one v2".into());
        assert_eq!(drain(&mut outbox), ["one v3", "two v1"]);
        outbox.state(Key::Session(1), 4, "one v4".into());
        assert_eq!(drain(&mut outbox), ["one v4"]);
    }

    #[test]
    fn memory_is_bounded_whatever_comes() {
        let now = Instant::now();
        let mut outbox = Outbox::default();
        for i in 0..100_000 {
            outbox.durable("m".into(), now);
            outbox.ephemeral("t".into());
            outbox.state(Key::Session(i), 1, "s".repeat(100).into());
            outbox.reply("r".repeat(100).into());
        }
        assert!(outbox.overflowed());
        assert!(outbox.queue.len() <= MAX_FRAMES * OVERFLOW && outbox.bytes <= MAX_BYTES * OVERFLOW);
        assert!(outbox.places.len() <= outbox.queue.len());
    }
}
