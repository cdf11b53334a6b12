//! What a client has got so far: each session up to where it is whole, as a page or an app keeps it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::Value as Json;
use tokio::sync::oneshot;

use super::history::Outcome;

/// What was got of one session.
#[derive(Debug, Default, Clone)]
pub(super) struct Seen {
    /// Everything up to here.
    upto: u64,
    beyond: BTreeSet<u64>,
}

impl Seen {
    fn add(&mut self, seq: u64) {
        self.beyond.insert(seq);
        while self.beyond.remove(&(self.upto + 1)) {
            self.upto += 1;
        }
        self.beyond = self.beyond.split_off(&(self.upto + 1));
    }
}

/// A client's memory, which outlives its connections.
#[derive(Debug, Default)]
pub(super) struct View {
    seen: BTreeMap<i64, Seen>,
    /// Sessions whose history has to be read.
    behind: BTreeSet<i64>,
    /// The database's incarnation.
    pub(super) epoch: String,
    /// The id of an agent, whose sessions come and go; 0 for a customer.
    pub(super) agent: i64,
    /// Sends on the socket that have no answer yet.
    pending: HashMap<String, Vec<(u64, oneshot::Sender<Outcome>)>>,
}

impl View {
    /// Up to where a session is whole.
    pub(super) fn upto(&self, session: i64) -> u64 {
        self.seen.get(&session).map_or(0, |seen| seen.upto)
    }

    /// A message was got.
    pub(super) fn add(&mut self, session: i64, seq: u64) {
        let seen = self.seen.entry(session).or_default();
        seen.add(seq);
        if seen.beyond.is_empty() {
            self.behind.remove(&session);
        } else {
            self.behind.insert(session);
        }
    }

    /// The history of a session has to be read.
    pub(super) fn must_read(&mut self, session: i64) {
        self.behind.insert(session);
    }

    /// A page ended at the newest message.
    pub(super) fn caught_up(&mut self, session: i64) {
        self.behind.remove(&session);
    }

    /// A session whose history has to be read.
    pub(super) fn behind(&self) -> Option<i64> {
        self.behind.first().copied()
    }

    /// Takes in what a frame, or an item of a poll, tells.
    pub(super) fn take_in(&mut self, kind: &str, data: &Json) {
        if kind == "session_update" {
            return self.see(data);
        }
        let Some(session) = id(&data["sessionId"]) else { return };
        match kind {
            "message" if data["recalled"] != true => {
                if let Some(seq) = data["seq"].as_u64() {
                    self.add(session, seq);
                }
            }
            "resync" => {
                let sessions: Vec<i64> = if session == 0 { self.seen.keys().copied().collect() } else { vec![session] };
                self.behind.extend(sessions);
            }
            _ => {}
        }
    }

    /// A session that an agent has been given is read from its beginning.
    fn see(&mut self, session: &Json) {
        let given = self.agent != 0 && id(&session["agentId"]) == Some(self.agent) && session["status"] == "ACTIVE";
        if let Some(session) = id(&session["id"]).filter(|id| given && !self.seen.contains_key(id)) {
            self.behind.insert(session);
        }
    }

    /// A send waits for its answer.
    pub(super) fn expect(&mut self, client_msg_id: &str, call: u64) -> oneshot::Receiver<Outcome> {
        let (answer, answered) = oneshot::channel();
        self.pending.entry(client_msg_id.to_owned()).or_default().push((call, answer));
        answered
    }

    /// The oldest send with this id has its answer.
    pub(super) fn answered(&mut self, client_msg_id: &str) -> Option<(u64, oneshot::Sender<Outcome>)> {
        let waiting = self.pending.get_mut(client_msg_id)?;
        (!waiting.is_empty()).then(|| waiting.remove(0))
    }

    /// The connection is gone, and with it every answer.
    pub(super) fn forget_pending(&mut self) {
        self.pending.clear();
    }
}

/// An id as the API writes it.
pub(super) fn id(value: &Json) -> Option<i64> {
    value.as_str().and_then(|text| text.parse().ok()).or_else(|| value.as_i64())
}

#[cfg(test)]
mod tests {
    use super::View;

    #[test]
    fn a_hole_is_seen_and_filled() {
        let mut view = View::default();
        for seq in [1, 2, 4, 4, 2] {
            view.add(7, seq);
        }
        assert_eq!((view.upto(7), view.behind()), (2, Some(7)));
        view.add(7, 3);
        assert_eq!((view.upto(7), view.behind()), (4, None));
    }
}
