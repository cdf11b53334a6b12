//! Where a client stands in each session it follows, and what that means for a message that arrives: pushes are
//! hints that may be lost, doubled or late, the history is the truth, and the client gets each sequence once, rising.

use std::collections::{BTreeMap, HashMap};

use kefu_planted::{Bug, planted};

/// A client further behind than this reads the history itself.
pub(crate) const MAX_REPLAY_FRAMES: i32 = 300;
/// See [`MAX_REPLAY_FRAMES`].
pub(crate) const MAX_REPLAY_BYTES: usize = 1 << 20;
/// Sessions that are over or somebody else's are forgotten beyond so many.
const MAX_REMEMBERED: usize = 512;

/// What to do with a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decision {
    /// It is the next one: send it, then call [`Cursors::sent`].
    Send,
    /// The tombstone of one that was sent: send it over.
    SendAgain,
    /// It was sent, or it will be read from the history.
    Skip,
}

/// A session as it stands, as far as following it goes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Standing {
    pub session: i64,
    pub version: i64,
    pub last_seq: i32,
    /// It is the principal's own: gaps are read from the history.
    pub mine: bool,
    pub closed: bool,
}

/// One session.
#[derive(Debug, Default)]
pub(crate) struct Cursor {
    /// The newest sequence that was put into the outbox.
    sent: i32,
    /// The newest sequence known to exist.
    known: i32,
    version: i64,
    mine: bool,
    closed: bool,
    /// What was known when the reading under way began.
    asked: i32,
    /// The page being read is worthless: a message was recalled meanwhile, which it may show as it was before, or
    /// the client asked to start elsewhere.
    stale: bool,
    replay: Option<Replay>,
}

#[derive(Debug, Default)]
struct Replay {
    frames: i32,
    bytes: usize,
}

/// The sessions of one connection.
#[derive(Debug, Default)]
pub(crate) struct Cursors {
    sessions: BTreeMap<i64, Cursor>,
    reading: Option<i64>,
    last_read: i64,
}

impl Cursors {
    /// Follows a session from its newest message on; one that is followed learns of the newest.
    pub(crate) fn follow(&mut self, session: i64, head: i32) {
        let cursor = self.sessions.entry(session).or_insert(Cursor { sent: head, known: head, ..Cursor::default() });
        cursor.known = cursor.known.max(head);
        cursor.mine = true;
    }

    /// Follows a session from where the client stopped, or says why that cannot be.
    pub(crate) fn resume(&mut self, session: i64, from: i32, head: i32) -> Result<(), &'static str> {
        let head = head.max(self.sessions.get(&session).map_or(0, |cursor| cursor.known));
        let refused = if from > head { Some("ahead") } else { (head - from > MAX_REPLAY_FRAMES).then_some("too_far") };
        let cursor = self.sessions.entry(session).or_default();
        cursor.known = head;
        cursor.mine = true;
        cursor.stale = self.reading == Some(session);
        cursor.sent = if refused.is_some() { head } else { from + i32::from(planted(Bug::ReplayOffByOne)) };
        cursor.replay = refused.is_none().then(Replay::default);
        refused.map_or(Ok(()), Err)
    }

    /// The newest sequence of a session the principal follows.
    pub(crate) fn head(&self, session: i64) -> Option<i32> {
        self.sessions.get(&session).filter(|cursor| cursor.mine).map(|cursor| cursor.known)
    }

    /// The sessions that are followed.
    pub(crate) fn followed(&self) -> Vec<i64> {
        self.sessions.iter().filter(|(_, cursor)| cursor.mine).map(|(session, _)| *session).collect()
    }

    /// A message was pushed.
    pub(crate) fn message(&mut self, session: i64, seq: i32, recalled: bool) -> Decision {
        let reading = self.reading == Some(session);
        let Some(cursor) = self.sessions.get_mut(&session) else {
            if recalled {
                return Decision::SendAgain;
            }
            self.follow(session, seq - 1);
            return Decision::Send;
        };
        if seq <= cursor.sent {
            return if recalled { Decision::SendAgain } else { Decision::Skip };
        }
        cursor.known = cursor.known.max(seq);
        cursor.stale |= recalled && reading;
        // What is somebody else's is not read, so there is nothing to wait for.
        let next = !cursor.mine || planted(Bug::HintDropped) || (seq == cursor.sent + 1 && !reading);
        if next { Decision::Send } else { Decision::Skip }
    }

    /// A message was put into the outbox.
    pub(crate) fn sent(&mut self, session: i64, seq: i32) {
        if let Some(cursor) = self.sessions.get_mut(&session) {
            cursor.sent = cursor.sent.max(seq);
            cursor.known = cursor.known.max(seq);
        }
    }

    /// A session was pushed; false if a newer state of it was there before.
    pub(crate) fn session(&mut self, now: Standing) -> bool {
        if self.sessions.len() > MAX_REMEMBERED {
            self.sessions.retain(|_, cursor| cursor.mine && !(cursor.closed && cursor.sent >= cursor.known));
        }
        if now.mine && !now.closed && !self.sessions.contains_key(&now.session) {
            self.follow(now.session, now.last_seq);
        }
        let Some(cursor) = self.sessions.get_mut(&now.session) else { return true };
        if now.version < cursor.version {
            return false;
        }
        cursor.version = now.version;
        cursor.mine = now.mine;
        cursor.closed = now.closed;
        if now.mine {
            // The update may overtake the push of the message that it counts; only the last word is waited for.
            let last = if now.closed { now.last_seq } else { 0 };
            cursor.known = cursor.known.max(last);
        }
        true
    }

    /// The newest sequences of some sessions were told; true if that shows a gap in one that is followed.
    pub(crate) fn heads(&mut self, heads: &HashMap<i64, i32>) -> bool {
        let mut gap = false;
        for (session, cursor) in self.sessions.iter_mut().filter(|(_, cursor)| cursor.mine) {
            if let Some(head) = heads.get(session) {
                cursor.known = cursor.known.max(*head);
                gap |= cursor.known > cursor.sent;
            }
        }
        gap
    }

    /// The principal has lost the session.
    pub(crate) fn forget(&mut self, session: i64) {
        self.sessions.remove(&session);
    }

    /// The next gap to read: the session and the sequence after which to read. One at a time, in turn.
    pub(crate) fn next_read(&mut self) -> Option<(i64, i32)> {
        if self.reading.is_some() {
            return None;
        }
        let behind = |(_, cursor): &(&i64, &Cursor)| cursor.mine && cursor.known > cursor.sent;
        let mut in_turn = self.sessions.range(self.last_read + 1..).chain(self.sessions.range(..=self.last_read));
        let session = in_turn.find(behind).map(|(session, _)| *session)?;
        let cursor = self.sessions.get_mut(&session)?;
        cursor.asked = cursor.known;
        self.reading = Some(session);
        self.last_read = session;
        Some((session, cursor.sent))
    }

    /// The reading has ended; the session's cursor, if it is still followed and the page can be trusted.
    pub(crate) fn read(&mut self, session: i64) -> Option<&mut Cursor> {
        self.reading = None;
        let cursor = self.sessions.get_mut(&session).filter(|cursor| cursor.mine)?;
        let stale = std::mem::take(&mut cursor.stale);
        (!stale).then_some(cursor)
    }

    /// Ends the replays that have arrived: the sessions with their newest sequence.
    pub(crate) fn replayed(&mut self) -> Vec<(i64, i32)> {
        let done = |cursor: &Cursor| cursor.replay.is_some() && (cursor.sent >= cursor.known || !cursor.mine);
        let over = self.sessions.iter_mut().filter(|(_, cursor)| done(cursor));
        over.map(|(session, cursor)| {
            cursor.replay = None;
            (*session, cursor.known)
        })
        .collect()
    }
}

/// What to do with a message of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PageDecision {
    /// Send it, then call [`Cursor::sent_from_page`].
    Send,
    /// It was sent meanwhile.
    Skip,
    /// The replay has grown too long; the client is to read the history, which has come to this sequence.
    TooFar(i32),
}

impl Cursor {
    /// The page told the newest sequence.
    pub(crate) fn heard(&mut self, head: i32) {
        self.known = self.known.max(head);
    }

    /// Decides about a message of a page.
    pub(crate) fn on_page(&mut self, seq: i32, bytes: usize) -> PageDecision {
        if seq <= self.sent {
            return PageDecision::Skip;
        }
        let over = |replay: &Replay| replay.frames >= MAX_REPLAY_FRAMES || replay.bytes + bytes > MAX_REPLAY_BYTES;
        if self.replay.as_ref().is_some_and(over) {
            self.replay = None;
            self.sent = self.known;
            return PageDecision::TooFar(self.known);
        }
        PageDecision::Send
    }

    /// A message of a page was put into the outbox.
    pub(crate) fn sent_from_page(&mut self, seq: i32, bytes: usize) {
        self.sent = seq;
        self.known = self.known.max(seq);
        if let Some(replay) = &mut self.replay {
            replay.frames += 1;
            replay.bytes += bytes;
        }
    }

    /// The history had nothing after the last sequence sent: what made us ask is not to be had. What was told since
    /// is asked for again.
    pub(crate) fn nothing_more(&mut self) {
        if self.known == self.asked {
            self.known = self.sent;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standing(session: i64, version: i64, last_seq: i32, mine: bool, closed: bool) -> Standing {
        Standing { session, version, last_seq, mine, closed }
    }

    #[test]
    fn a_push_is_sent_skipped_or_read() {
        // (sent before, pushed, recalled) → decision, and whether a gap is to be read then.
        let table = [
            (5, 6, false, Decision::Send, false),
            (5, 6, true, Decision::Send, false),
            (5, 5, false, Decision::Skip, false),
            (5, 1, false, Decision::Skip, false),
            (5, 5, true, Decision::SendAgain, false),
            (5, 7, false, Decision::Skip, true),
            (5, 9, true, Decision::Skip, true),
        ];
        for (before, seq, recalled, decision, gap) in table {
            let mut cursors = Cursors::default();
            cursors.follow(1, before);
            assert_eq!(cursors.message(1, seq, recalled), decision, "{before} {seq} {recalled}");
            if decision == Decision::Send {
                cursors.sent(1, seq);
            }
            assert_eq!(cursors.next_read(), gap.then_some((1, before)), "{before} {seq} {recalled}");
        }
    }

    #[test]
    fn an_unknown_session_is_followed_from_its_first_push() {
        let mut cursors = Cursors::default();
        assert_eq!(cursors.message(1, 4, true), Decision::SendAgain, "a tombstone says nothing about the newest");
        assert_eq!(cursors.head(1), None);
        assert_eq!(cursors.message(1, 4, false), Decision::Send);
        cursors.sent(1, 4);
        assert_eq!(cursors.message(1, 6, false), Decision::Skip);
        assert_eq!(cursors.next_read(), Some((1, 4)));
    }

    #[test]
    fn a_session_update_starts_and_stops_following() {
        let mut cursors = Cursors::default();
        assert!(cursors.session(standing(1, 3, 7, true, false)));
        assert_eq!(cursors.head(1), Some(7));
        assert!(!cursors.session(standing(1, 2, 6, true, false)), "an older state");
        assert!(cursors.session(standing(1, 4, 9, false, false)), "somebody else's now");
        assert!(!cursors.heads(&HashMap::from([(1, 12)])));
        assert_eq!((cursors.head(1), cursors.next_read()), (None, None), "gaps are not read any more");
        assert!(cursors.session(standing(2, 1, 0, false, false)));
        assert_eq!(cursors.followed(), Vec::<i64>::new());
    }

    #[test]
    fn the_last_words_before_the_end_are_read() {
        let mut cursors = Cursors::default();
        cursors.follow(1, 3);
        assert!(cursors.session(standing(1, 1, 5, true, true)));
        assert_eq!(cursors.next_read(), Some((1, 3)));
    }

    #[test]
    fn a_resume_fits_or_says_why_not() {
        let table = [
            (3, 8, Ok(()), Some((1, 3))),
            (8, 8, Ok(()), None),
            (9, 8, Err("ahead"), None),
            (0, MAX_REPLAY_FRAMES, Ok(()), Some((1, 0))),
            (0, MAX_REPLAY_FRAMES + 1, Err("too_far"), None),
        ];
        for (from, head, answer, read) in table {
            let mut cursors = Cursors::default();
            cursors.follow(1, head);
            assert_eq!(cursors.resume(1, from, head), answer, "{from} of {head}");
            assert_eq!(cursors.next_read(), read, "{from} of {head}");
            let done: &[(i64, i32)] = if from == head { &[(1, head)] } else { &[] };
            assert_eq!(cursors.replayed(), done, "{from} of {head}");
        }
    }

    #[test]
    fn gaps_are_read_in_turn() {
        let mut cursors = Cursors::default();
        for session in 1..=3 {
            cursors.follow(session, 1);
            cursors.heads(&HashMap::from([(session, 5)]));
        }
        let mut order = Vec::new();
        for _ in 0..4 {
            let (session, _) = cursors.next_read().unwrap();
            assert_eq!(cursors.next_read(), None, "one at a time");
            cursors.read(session);
            order.push(session);
        }
        assert_eq!(order, [1, 2, 3, 1]);
    }

    #[test]
    fn a_recall_during_a_reading_makes_the_page_worthless() {
        let mut cursors = Cursors::default();
        cursors.follow(1, 2);
        assert!(cursors.heads(&HashMap::from([(1, 4), (9, 9)])));
        assert_eq!(cursors.next_read(), Some((1, 2)));
        assert_eq!(cursors.message(1, 3, true), Decision::Skip);
        assert!(cursors.read(1).is_none());
        assert_eq!(cursors.next_read(), Some((1, 2)));
        assert!(cursors.read(1).is_some());
    }

    #[test]
    fn starting_elsewhere_during_a_reading_makes_the_page_worthless() {
        let mut cursors = Cursors::default();
        cursors.follow(1, 5);
        assert!(cursors.heads(&HashMap::from([(1, 6)])));
        assert_eq!(cursors.next_read(), Some((1, 5)));
        assert_eq!(cursors.resume(1, 2, 6), Ok(()));
        assert!(cursors.read(1).is_none(), "a page from 6 on would leave out 3 to 5");
        assert_eq!(cursors.next_read(), Some((1, 2)));
    }

    #[test]
    fn what_is_told_during_a_reading_in_vain_is_asked_for_again() {
        let mut cursors = Cursors::default();
        cursors.follow(1, 5);
        assert!(cursors.heads(&HashMap::from([(1, 6)])));
        assert_eq!(cursors.next_read(), Some((1, 5)));
        assert_eq!(cursors.message(1, 7, false), Decision::Skip);
        cursors.read(1).unwrap().nothing_more();
        assert_eq!(cursors.next_read(), Some((1, 5)));
        cursors.read(1).unwrap().nothing_more();
        assert_eq!(cursors.next_read(), None);
    }

    #[test]
    fn what_is_over_is_forgotten_in_the_end() {
        let mut cursors = Cursors::default();
        for session in 0..10_000 {
            cursors.session(standing(session, 1, 1, true, false));
            cursors.session(standing(session, 2, 1, true, true));
        }
        assert!(cursors.sessions.len() <= MAX_REMEMBERED + 2);
    }
}
