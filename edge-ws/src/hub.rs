//! Who is connected here, and the way of a push to them.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use kefu_planted::{Bug, planted};
use kefu_proto::realtime::v1::push::What;
use kefu_proto::realtime::v1::{Push, Recipient};
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::frame::{Close, close};
use crate::mailbox::{Ending, Item, Mailbox, Who};

/// So many pushes are kept for those who are signing in; who needs more asks the core again.
const MAX_KEPT: usize = 4096;

/// A connection as others see it.
#[derive(Debug)]
pub(crate) struct Peer {
    pub id: u64,
    pub who: Who,
    /// The client's name for its device; empty if it has none.
    pub device: String,
    /// The login session of the token in use.
    pub login: AtomicI64,
    /// How many messages the connection is storing.
    pub storing: AtomicUsize,
    mailbox: Mutex<Mailbox>,
    /// Something has changed in the mailbox.
    pub wake: Notify,
}

impl Peer {
    pub(crate) fn new(id: u64, device: String, login: i64, mailbox: Mailbox) -> Self {
        let who = mailbox.who;
        Self {
            id,
            who,
            device,
            login: AtomicI64::new(login),
            storing: AtomicUsize::new(0),
            mailbox: Mutex::new(mailbox),
            wake: Notify::new(),
        }
    }

    /// The mailbox, for the connection's own task.
    pub(crate) fn mailbox(&self) -> MutexGuard<'_, Mailbox> {
        lock(&self.mailbox)
    }

    fn give(&self, change: impl FnOnce(&mut Mailbox)) {
        change(&mut self.mailbox());
        self.wake.notify_one();
    }

    /// Ends the connection.
    pub(crate) fn end(&self, ending: Ending) {
        self.give(|mailbox| mailbox.end(ending));
    }
}

/// A push in the form in which it is handed on.
#[derive(Debug)]
pub(crate) enum Delivery {
    Frame {
        to: Vec<Who>,
        item: Box<Item>,
    },
    Revoke {
        to: Vec<Who>,
        login: i64,
    },
    Heads {
        tenant: i64,
        heads: HashMap<i64, i32>,
    },
    /// Pushes may have been lost before this point.
    Gap,
}

impl Delivery {
    /// Reads a push; none if it has no content that is known here.
    fn new(push: Push) -> Option<Self> {
        let tenant = push.tenant_id;
        let to = push.recipients.iter().map(|to| who(tenant, to)).collect();
        Some(match push.what? {
            What::Frame(frame) => Self::Frame { to, item: Box::new(Item::new(frame.frame?)?) },
            What::Revoke(revoke) => Self::Revoke { to, login: revoke.login_session_id },
            What::Heads(heads) => {
                Self::Heads { tenant, heads: heads.heads.iter().map(|head| (head.session_id, head.seq)).collect() }
            }
            What::Ready(_) => Self::Gap,
        })
    }

    fn is_for(&self, who: Who) -> bool {
        match self {
            Self::Frame { to, .. } | Self::Revoke { to, .. } => to.contains(&who),
            Self::Heads { tenant, .. } => *tenant == who.tenant,
            Self::Gap => true,
        }
    }

    fn hand_to(&self, peer: &Peer, now: Instant) {
        match self {
            Self::Frame { item, .. } => {
                peer.mailbox().put(item, now);
                // The answer to one's own message is about to wake the connection: then both are written at once.
                if !item.is_from(peer.who) || peer.storing.load(Ordering::Relaxed) == 0 {
                    peer.wake.notify_one();
                }
            }
            Self::Revoke { login, .. } => {
                if *login == 0 || *login == peer.login.load(Ordering::Relaxed) {
                    peer.end(Ending::Close(Close::new(close::REVOKED, "revoked")));
                }
            }
            Self::Heads { heads, .. } => {
                if peer.mailbox().cursors.heads(heads) {
                    peer.wake.notify_one();
                }
            }
            Self::Gap => peer.give(Mailbox::gap),
        }
    }
}

#[derive(Debug, Default)]
struct State {
    /// Who is connected, and by which connections.
    people: HashMap<Who, Vec<Arc<Peer>>>,
    /// Whose presence has changed since the core was told.
    changes: HashMap<Who, bool>,
    /// How many are signing in. Who they are is not known yet, so pushes to anybody are kept for them.
    opening: usize,
    kept: VecDeque<Arc<Delivery>>,
    /// How many pushes were dropped from the front of `kept`, ever.
    dropped: u64,
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Hub {
    state: Mutex<State>,
    /// Somebody has come or gone.
    pub changed: Notify,
}

/// Somebody is signing in: what is pushed from now on is kept until they are known.
#[derive(Debug)]
pub(crate) struct Opening {
    hub: Arc<Hub>,
    from: u64,
}

impl Drop for Opening {
    fn drop(&mut self) {
        let mut state = lock(&self.hub.state);
        state.opening -= 1;
        if state.opening == 0 {
            state.dropped += state.kept.len() as u64;
            state.kept = VecDeque::new();
        }
    }
}

impl Hub {
    /// Begins to keep pushes for somebody who is signing in.
    pub(crate) fn opening(self: &Arc<Self>) -> Opening {
        let mut state = lock(&self.state);
        state.opening += 1;
        Opening { hub: Arc::clone(self), from: state.dropped + state.kept.len() as u64 }
    }

    /// Adds a connection and hands it what was pushed since it began to sign in. The older connection of the same
    /// device is closed.
    pub(crate) fn register(&self, opening: &Opening, peer: &Arc<Peer>) {
        let now = Instant::now();
        let mut state = lock(&self.state);
        let State { people, changes, kept, dropped, .. } = &mut *state;
        let peers = people.entry(peer.who).or_insert_with(|| {
            changes.insert(peer.who, true);
            self.changed.notify_one();
            Vec::new()
        });
        for older in peers.iter().filter(|older| !peer.device.is_empty() && older.device == peer.device) {
            older.end(Ending::Close(Close::new(close::REPLACED, "replaced")));
        }
        peers.push(Arc::clone(peer));
        match usize::try_from(opening.from.saturating_sub(*dropped)) {
            Ok(skip) if opening.from >= *dropped => {
                for delivery in kept.iter().skip(skip).filter(|delivery| delivery.is_for(peer.who)) {
                    delivery.hand_to(peer, now);
                }
            }
            _ => peer.give(Mailbox::gap),
        }
    }

    /// Takes a connection away.
    pub(crate) fn unregister(&self, peer: &Peer) {
        let mut state = lock(&self.state);
        let Some(peers) = state.people.get_mut(&peer.who) else { return };
        peers.retain(|other| other.id != peer.id);
        if peers.is_empty() {
            state.people.remove(&peer.who);
            state.changes.insert(peer.who, false);
            self.changed.notify_one();
        }
    }

    /// Hands a push to those it is for.
    pub(crate) fn push(&self, push: Push) {
        let hint = matches!(push.what, Some(What::Frame(_)));
        if planted(Bug::HintDropped) && hint && rand::random_range(0..5) == 0 {
            return;
        }
        // Frames are for a few people, most of whom are connected elsewhere or not at all: then nothing is written.
        let unwanted = matches!(push.what, Some(What::Frame(_))) && !self.is_wanted(&push);
        if let Some(delivery) = (!unwanted).then(|| Delivery::new(push)).flatten() {
            self.deliver(delivery);
        }
    }

    fn is_wanted(&self, push: &Push) -> bool {
        let state = lock(&self.state);
        state.opening > 0 || push.recipients.iter().any(|to| state.people.contains_key(&who(push.tenant_id, to)))
    }

    fn deliver(&self, delivery: Delivery) {
        let now = Instant::now();
        let delivery = Arc::new(delivery);
        for peer in self.receivers(&delivery) {
            delivery.hand_to(&peer, now);
        }
    }

    fn receivers(&self, delivery: &Arc<Delivery>) -> Vec<Arc<Peer>> {
        let mut state = lock(&self.state);
        if state.opening > 0 {
            if state.kept.len() == MAX_KEPT {
                state.kept.pop_front();
                state.dropped += 1;
            }
            state.kept.push_back(Arc::clone(delivery));
        }
        match &**delivery {
            Delivery::Frame { to, .. } | Delivery::Revoke { to, .. } => {
                to.iter().filter_map(|who| state.people.get(who)).flatten().cloned().collect()
            }
            Delivery::Heads { .. } | Delivery::Gap => {
                let people = state.people.iter().filter(|(who, _)| delivery.is_for(**who));
                people.flat_map(|(_, peers)| peers).cloned().collect()
            }
        }
    }

    /// Everybody who is connected; changes that nobody was told of are thereby told.
    pub(crate) fn present(&self) -> HashMap<Who, bool> {
        let mut state = lock(&self.state);
        let mut told = std::mem::take(&mut state.changes);
        told.extend(state.people.keys().map(|who| (*who, true)));
        told
    }

    /// Who has come or gone since the core was told.
    pub(crate) fn changes(&self) -> HashMap<Who, bool> {
        std::mem::take(&mut lock(&self.state).changes)
    }

    /// The core could not be told.
    pub(crate) fn untold(&self, changes: HashMap<Who, bool>) {
        let mut state = lock(&self.state);
        for (who, connected) in changes {
            state.changes.entry(who).or_insert(connected);
        }
    }

    /// Ends all connections because the node stops.
    pub(crate) fn drain(&self) {
        let peers: Vec<_> = lock(&self.state).people.values().flatten().cloned().collect();
        for peer in peers {
            peer.end(Ending::Drain);
        }
    }
}

fn who(tenant: i64, recipient: &Recipient) -> Who {
    Who { tenant, kind: recipient.kind, id: recipient.id }
}

/// Locks; what is behind our locks is whole at every moment, so a panic elsewhere does not matter.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
