//! The search index follows the messages.

use kefu_proto::session::v1::message::ContentType;
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::Core;
use crate::access::Ctx;
use crate::db::{Scoped, TenantId, code};
use crate::error::Result;
use crate::event::Event;
use crate::port::search::Document;
use crate::session::entity::chat_message;

/// Messages read at once while the index is made anew.
const CHUNK: u64 = 500;

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
            .limit(CHUNK)
            .all(core.db.read())
            .await?;
        let Some(last) = rows.last() else { return Ok(count) };
        after = last.id;
        let texts: Vec<_> =
            rows.into_iter().filter(|m| m.content_type == code(ContentType::Text) && !m.recalled).collect();
        count += u64::try_from(texts.len()).unwrap_or(0);
        core.search.put(texts.into_iter().map(document).collect()).await?;
    }
}

fn document(row: chat_message::Model) -> Document {
    Document {
        tenant: TenantId(row.tenant_id),
        id: row.id,
        session_id: row.session_id,
        text: if row.recalled { String::new() } else { row.content },
    }
}

/// Puts the messages of an event into the index; a recalled one leaves it.
pub(crate) async fn on_event(core: &Core, ctx: &Ctx, event: &Event) -> Result<()> {
    let Event::MessagesSent { message_ids } = event else {
        return Ok(());
    };
    let rows = chat_message::Entity::of(ctx.tenant)
        .filter(chat_message::Column::Id.is_in(message_ids.iter().copied()))
        .filter(chat_message::Column::ContentType.ne(code(ContentType::Event)))
        .all(core.db.read())
        .await?;
    core.search.put(rows.into_iter().map(document).collect()).await
}
