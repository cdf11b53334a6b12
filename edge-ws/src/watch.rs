//! The two tasks of a node: listening to the core, and telling it who is connected.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use kefu_proto::realtime::v1::heartbeat_request::Presence;
use kefu_proto::realtime::v1::{HeartbeatRequest, Recipient};
use rand::Rng;
use tokio::time::{Instant, sleep, sleep_until};

use crate::core::Core;
use crate::hub::Hub;
use crate::mailbox::Who;

/// Waits between attempts to reach the core.
const BACKOFF: std::ops::RangeInclusive<Duration> = Duration::from_millis(100)..=Duration::from_secs(5);
/// Coming and going within so short a time is told together.
const COALESCE: Duration = Duration::from_millis(20);
/// The core decides how often it wants to hear; this is within reason.
const BEAT: std::ops::RangeInclusive<Duration> = Duration::from_millis(100)..=Duration::from_secs(60);

/// Listens for ever. Each new stream begins with `ready`, after which everybody looks for what was missed.
pub(crate) async fn watch(core: Core, hub: Arc<Hub>, node: String) {
    let mut wait = *BACKOFF.start();
    loop {
        let ended = match core.watch(node.clone()).await {
            Ok(mut pushes) => loop {
                match pushes.next().await {
                    Some(Ok(push)) => {
                        wait = *BACKOFF.start();
                        hub.push(push);
                    }
                    Some(Err(status)) => break Some(status),
                    None => break None,
                }
            },
            Err(status) => Some(status),
        };
        tracing::warn!(status = ?ended, "the watch has ended; starting it again");
        let pause = rand::rng().random_range(Duration::ZERO..=wait);
        sleep(pause).await;
        wait = (wait * 2).min(*BACKOFF.end());
    }
}

/// Tells for ever who is connected: everybody when it is due, and whoever comes or goes at once.
pub(crate) async fn heartbeat(core: Core, hub: Arc<Hub>, node: String) {
    let mut due = Instant::now();
    loop {
        let (told, everybody) = tokio::select! {
            () = sleep_until(due) => (hub.present(), true),
            () = hub.changed.notified() => {
                sleep(COALESCE).await;
                (hub.changes(), false)
            }
        };
        if told.is_empty() && !everybody {
            continue;
        }
        let beat = HeartbeatRequest { node_id: node.clone(), presences: told.iter().map(presence).collect() };
        match core.heartbeat(beat).await {
            Ok(answer) if everybody => {
                let next = Duration::from_millis(u64::try_from(answer.next_ms).unwrap_or_default());
                due = Instant::now() + next.clamp(*BEAT.start(), *BEAT.end());
            }
            Ok(_) => {}
            Err(status) => {
                tracing::warn!(?status, "the core was not told who is connected");
                hub.untold(told);
                due = Instant::now() + Duration::from_secs(1);
            }
        }
    }
}

fn presence((who, connected): (&Who, &bool)) -> Presence {
    let recipient = Recipient { kind: who.kind, id: who.id };
    Presence { tenant_id: who.tenant, who: Some(recipient), connected: *connected }
}
