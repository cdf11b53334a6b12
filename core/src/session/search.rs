//! The search index follows the messages. It remembers how far it has come, so that it needs nothing from whoever
//! stores a message, and one that was lost is made anew by beginning at the first.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use kefu_proto::session::v1::message::ContentType;
use sea_orm::{ColumnTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect, Select};
use tokio::sync::Mutex;
use tokio::time::{Instant, MissedTickBehavior};

use crate::Core;
use crate::clock::Time;
use crate::db::{Scoped, TenantId, code};
use crate::error::Result;
use crate::port::search::{Document, Reached};
use crate::session::entity::chat_message;

/// Messages read at once.
const CHUNK: u64 = 1000;
/// How often what has come is put into the index: a commit of the index costs much more than the messages in it.
const EVERY: Duration = Duration::from_secs(1);
/// An id whose message has not come after so long is one that was never used: no transaction takes as long.
const SETTLED: chrono::Duration = chrono::Duration::seconds(90);
/// Most ids that are waited for.
const MOST_MISSING: usize = 1000;

/// How far the index has come, as whoever changes it sees it; nothing before the first change. One changes it at a time:
/// a message is not taken out while another look, which has read its words, is about to put them in.
#[derive(Debug, Default)]
pub(crate) struct Follower(Mutex<Option<Place>>);

/// Messages are committed in another order than that of their ids where several transactions store some: an id that
/// was left out is looked for again.
#[derive(Debug, Default)]
struct Place {
    /// The highest id that was read.
    head: i64,
    /// Ids below it whose messages have not come, and since when.
    missing: BTreeMap<i64, Time>,
    /// Messages up to this id may be in the index already: those that were not missing before it was opened.
    doubtful: i64,
    /// Something was put into the index since its last commit.
    pending: bool,
}

/// What the index needs of a message.
#[derive(Debug, FromQueryResult)]
struct Row {
    id: i64,
    tenant_id: i64,
    session_id: i64,
    content_type: i16,
    content: String,
    recalled: bool,
    create_time: Time,
}

impl Row {
    fn document(self, doubtful: i64) -> Document {
        let Self { id, tenant_id, session_id, content, .. } = self;
        Document { tenant: TenantId(tenant_id), id, session_id, text: content, replaces: id <= doubtful }
    }
}

impl Place {
    fn at(reached: Reached) -> Self {
        Self { head: reached.all, doubtful: reached.some, ..Self::default() }
    }

    fn reached(&self) -> Reached {
        let all = self.missing.first_key_value().map_or(self.head, |(id, _)| id - 1);
        Reached { all, some: self.head }
    }

    /// Takes note of a message that was read, in rising order of ids or as one that was missing.
    fn pass(&mut self, id: i64, create_time: Time, now: Time) {
        self.missing.remove(&id);
        // What is left out before an old message was never used.
        if now - create_time < SETTLED {
            let room = MOST_MISSING.saturating_sub(self.missing.len());
            self.missing.extend((self.head + 1..id).rev().take(room).map(|id| (id, now)));
        }
        self.head = self.head.max(id);
    }

    /// Waits no longer for what has not come.
    fn settle(&mut self, now: Time) {
        self.missing.retain(|_, since| now - *since < SETTLED);
    }
}

/// Follows until the core stops.
pub(crate) async fn follow(core: Arc<Core>) {
    let mut turns = tokio::time::interval(EVERY);
    turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while core.stop.run_until_cancelled(turns.tick()).await.is_some() {
        if let Err(error) = catch_up(&core).await {
            tracing::warn!(%error, "the search index falls behind");
        }
    }
}

/// Changes the index from where it stands. What fails is as if it had not been: the next begins at the last commit.
async fn change(core: &Core, what: impl AsyncFnOnce(&mut Place) -> Result<()>) -> Result<()> {
    let mut held = core.follower.0.lock().await;
    let mut place = match held.take() {
        Some(place) => place,
        None => Place::at(core.search.reached()?),
    };
    match what(&mut place).await {
        Ok(()) => *held = Some(place),
        Err(error) => {
            core.search.rollback();
            return Err(error);
        }
    }
    Ok(())
}

/// Puts what has come into the index; what takes longer than a turn is left to the next.
async fn catch_up(core: &Core) -> Result<()> {
    change(core, async |place| {
        let begun = Instant::now();
        while look(core, place).await? && begun.elapsed() < EVERY && !core.stop.is_cancelled() {}
        if std::mem::take(&mut place.pending) {
            core.search.commit(place.reached()).await?;
        }
        Ok(())
    })
    .await
}

/// One look at the messages; whether there are more.
async fn look(core: &Core, place: &mut Place) -> Result<bool> {
    use chat_message::Column as C;
    let now = core.clock.now();
    place.settle(now);
    let late: Vec<i64> = place.missing.keys().copied().collect();
    let mut rows = match late.is_empty() {
        true => Vec::new(),
        false => read(core, |messages| messages.filter(C::Id.is_in(late))).await?,
    };
    let head = place.head;
    let fresh = read(core, |messages| messages.filter(C::Id.gt(head)).limit(CHUNK)).await?;
    let more = u64::try_from(fresh.len()) == Ok(CHUNK);
    rows.extend(fresh);
    let doubtful = place.doubtful;
    for row in &rows {
        place.pass(row.id, row.create_time, now);
    }
    let texts = rows.into_iter().filter(|row| row.content_type == code(ContentType::Text) && !row.recalled);
    let documents: Vec<_> = texts.map(|row| row.document(doubtful)).collect();
    if !documents.is_empty() {
        place.pending = true;
        core.search.put(documents).await?;
    }
    Ok(more)
}

async fn read(
    core: &Core,
    which: impl FnOnce(Select<chat_message::Entity>) -> Select<chat_message::Entity>,
) -> Result<Vec<Row>> {
    use chat_message::Column as C;
    let columns = [C::Id, C::TenantId, C::SessionId, C::ContentType, C::Content, C::Recalled, C::CreateTime];
    let messages = which(chat_message::Entity::of_all_tenants()).order_by_asc(C::Id);
    Ok(messages.select_only().columns(columns).into_model().all(core.db.read()).await?)
}

/// Takes a recalled message out of the index.
pub(crate) async fn remove(core: &Core, tenant: TenantId, id: i64) -> Result<()> {
    let nothing = Document { tenant, id, session_id: 0, text: String::new(), replaces: true };
    change(core, async |place| {
        core.search.put(vec![nothing]).await?;
        place.pending = false;
        core.search.commit(place.reached()).await
    })
    .await
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Duration};

    use super::{Place, Reached, SETTLED};

    #[test]
    fn a_message_that_is_committed_late_is_waited_for() {
        let old = DateTime::UNIX_EPOCH;
        let now = old + Duration::hours(1);
        let mut place = Place::at(Reached { all: 10, some: 12 });
        assert_eq!((place.head, place.doubtful), (10, 12));
        // What is missing before an old message never comes.
        place.pass(14, old, now);
        assert_eq!(place.reached(), Reached { all: 14, some: 14 });
        for id in [15, 18] {
            place.pass(id, now, now);
        }
        assert_eq!(place.missing.keys().copied().collect::<Vec<_>>(), [16, 17]);
        assert_eq!(place.reached(), Reached { all: 15, some: 18 });
        place.pass(16, now, now);
        assert_eq!(place.reached(), Reached { all: 16, some: 18 });
        place.pass(20, now, now + Duration::seconds(1));
        place.settle(now + SETTLED);
        assert_eq!(place.reached(), Reached { all: 18, some: 20 });
        place.settle(now + SETTLED + Duration::seconds(1));
        assert_eq!(place.reached(), Reached { all: 20, some: 20 });
    }

    #[test]
    fn what_is_waited_for_is_bounded() {
        let now = DateTime::UNIX_EPOCH;
        let mut place = Place::default();
        place.pass(5000, now, now);
        assert_eq!((place.missing.len(), place.reached()), (1000, Reached { all: 3999, some: 5000 }));
    }
}
