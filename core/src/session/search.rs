//! The search index follows the messages.

use chrono::Duration;
use kefu_proto::session::v1::message::ContentType;
use sea_orm::{ColumnTrait, ConnectionTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::Core;
use crate::clock::Time;
use crate::db::{Scoped, TenantId, code};
use crate::error::Result;
use crate::job::{self, Job};
use crate::port::search::Document;
use crate::session::entity::chat_message;

/// Messages read at once while the index is made anew.
const CHUNK: usize = 500;

/// Puts all messages into an index that was lost. Messages that come meanwhile go their usual way.
pub(crate) async fn rebuild(core: &Core) {
    match try_rebuild(core).await {
        Ok(0) => {}
        Ok(count) => tracing::info!(count, "the search index was made anew"),
        Err(error) => tracing::warn!(%error, "the search index could not be made anew"),
    }
}

async fn try_rebuild(core: &Core) -> Result<u64> {
    use chat_message::Column as C;
    let (mut after, mut count) = (0, 0);
    loop {
        let rows = chat_message::Entity::of_all_tenants()
            .filter(C::Id.gt(after))
            .order_by_asc(C::Id)
            .limit(u64::try_from(CHUNK).unwrap_or(u64::MAX))
            .all(core.db.read())
            .await?;
        let Some(last) = rows.last() else { return Ok(count) };
        after = last.id;
        let texts: Vec<_> =
            rows.into_iter().filter(|m| m.content_type == code(ContentType::Text) && !m.recalled).collect();
        count += u64::try_from(texts.len()).unwrap_or(0);
        core.search.put(texts.into_iter().map(|row| document(row, true)).collect()).await?;
    }
}

/// A message as the index has it. One that is recalled, or that may have been put there before, takes its own place.
fn document(row: chat_message::Model, again: bool) -> Document {
    Document {
        tenant: TenantId(row.tenant_id),
        id: row.id,
        session_id: row.session_id,
        replaces: again || row.recalled,
        text: if row.recalled { String::new() } else { row.content },
    }
}

/// Has messages put into the index, in the transaction that stores or recalls them. It waits for the second to be over,
/// and takes together what has come in it: a commit of the index costs much more than the messages in it.
pub(crate) async fn enqueue(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    now: Time,
    message_ids: Vec<i64>,
) -> Result<()> {
    let due = now + Duration::milliseconds(1000 - i64::from(now.timestamp_subsec_millis() % 1000));
    job::enqueue(db, tenant, now, due, &Job::Index { message_ids }).await
}

/// Puts messages into the index; recalled ones leave it. Those of `again` may be there already.
pub(crate) async fn put(core: &Core, fresh: &[i64], again: &[i64]) -> Result<()> {
    let mut documents = Vec::new();
    for (ids, again) in [(fresh, false), (again, true)] {
        for ids in ids.chunks(CHUNK) {
            let rows = chat_message::Entity::of_all_tenants()
                .filter(chat_message::Column::Id.is_in(ids.iter().copied()))
                .filter(chat_message::Column::ContentType.ne(code(ContentType::Event)))
                .all(core.db.read())
                .await?;
            documents.extend(rows.into_iter().map(|row| document(row, again)));
        }
    }
    core.search.put(documents).await
}
