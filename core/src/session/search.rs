//! The search index follows the messages.

use kefu_proto::session::v1::message::ContentType;
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::Core;
use crate::db::{Scoped, TenantId, code};
use crate::error::Result;
use crate::event::Event;
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

/// Puts the messages of events into the index; recalled ones leave it. Those of `again` may be there already.
pub(crate) async fn on_events(core: &Core, fresh: Vec<Event>, again: Vec<Event>) -> Result<()> {
    let mut documents = Vec::new();
    for (events, again) in [(fresh, false), (again, true)] {
        let ids = events.into_iter().flat_map(|event| match event {
            Event::MessagesSent { message_ids } => message_ids,
            _ => Vec::new(),
        });
        for ids in ids.collect::<Vec<_>>().chunks(CHUNK) {
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
