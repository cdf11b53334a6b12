//! The bus: tells everybody what has just been committed. It is a hint; the database is the truth, and whoever
//! depends on a push reads the database when one may be missing.

use std::fmt::Debug;

use kefu_proto::realtime::v1::Push;
use tokio::sync::broadcast;

/// Pushes waiting for a subscriber that is slower than the publishers; what is more is lost to it, and it is told.
const BACKLOG: usize = 4096;

/// Carries pushes between the parts of Kefu.
pub(crate) trait Bus: Debug + Send + Sync {
    /// Sends a push to all subscribers.
    fn publish(&self, push: Push);
    /// Everything published from now on.
    fn subscribe(&self) -> broadcast::Receiver<Push>;
}

/// The bus within one process.
#[derive(Debug)]
pub(crate) struct LocalBus(broadcast::Sender<Push>);

impl Default for LocalBus {
    fn default() -> Self {
        Self(broadcast::Sender::new(BACKLOG))
    }
}

impl Bus for LocalBus {
    fn publish(&self, push: Push) {
        // Nobody listening is no fault.
        let _ = self.0.send(push);
    }

    fn subscribe(&self) -> broadcast::Receiver<Push> {
        self.0.subscribe()
    }
}
