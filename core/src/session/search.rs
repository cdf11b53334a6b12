//! The search index follows the messages.

use kefu_proto::session::v1::message::ContentType;
use sea_orm::{ColumnTrait, QueryFilter};

use crate::Core;
use crate::access::Ctx;
use crate::db::Scoped;
use crate::error::Result;
use crate::event::Event;
use crate::port::search::Document;
use crate::session::entity::chat_message;
use crate::session::state::code;

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
    let documents = rows.into_iter().map(|row| Document {
        tenant: ctx.tenant,
        id: row.id,
        session_id: row.session_id,
        text: if row.recalled { String::new() } else { row.content },
    });
    core.search.put(documents.collect()).await
}
