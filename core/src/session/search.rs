//! The search index follows the messages.

use std::collections::BTreeMap;

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

/// Messages that wait for the index.
#[derive(Debug)]
pub(crate) struct Sent {
    pub(crate) tenant: TenantId,
    pub(crate) event: Event,
    /// This was tried before: the index may have them.
    pub(crate) again: bool,
}

/// Puts the messages of events into the index; recalled ones leave it.
pub(crate) async fn on_events(core: &Core, sent: Vec<Sent>) -> Result<()> {
    let mut of_tenant: BTreeMap<(TenantId, bool), Vec<i64>> = BTreeMap::new();
    for Sent { tenant, event, again } in sent {
        if let Event::MessagesSent { message_ids } = event {
            of_tenant.entry((tenant, again)).or_default().extend(message_ids);
        }
    }
    let mut documents = Vec::new();
    for ((tenant, again), ids) in of_tenant {
        for ids in ids.chunks(CHUNK) {
            let rows = chat_message::Entity::of(tenant)
                .filter(chat_message::Column::Id.is_in(ids.iter().copied()))
                .filter(chat_message::Column::ContentType.ne(code(ContentType::Event)))
                .all(core.db.read())
                .await?;
            documents.extend(rows.into_iter().map(|row| document(row, again)));
        }
    }
    core.search.put(documents).await
}
