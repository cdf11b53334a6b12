//! Private notes of staff. They are rows of a table of their own and travel by calls that customers cannot make: no
//! path of messages can carry one.

use kefu_proto::session::v1::CreateNoteRequest;
use sea_orm::{ActiveValue::Set, ColumnTrait, IntoActiveModel, QueryFilter};

use crate::db::{Scoped, Tx};
use crate::error::Result;
use crate::session::entity::{chat_session, session_note};
use crate::session::state::{lock_visible, save};

/// Writes a note; the same id of the same author again gives the one that is stored. The session comes back if it has
/// changed.
pub(crate) async fn create(
    tx: &Tx<'_>,
    req: &CreateNoteRequest,
) -> Result<(session_note::Model, Option<chat_session::Model>)> {
    use session_note::Column as C;
    let me = &tx.ctx().principal;
    let session = lock_visible(tx, req.id).await?;
    let stored = session_note::Entity::of(tx.ctx().tenant)
        .filter(C::SessionId.eq(session.id))
        .filter(C::AuthorId.eq(me.id))
        .filter(C::ClientNoteId.eq(req.client_note_id.clone()))
        .one(&**tx)
        .await?;
    if let Some(note) = stored {
        return Ok((note, None));
    }
    let row = session_note::ActiveModel {
        session_id: Set(session.id),
        author_id: Set(me.id),
        author_name: Set(me.name.clone()),
        content: Set(req.content.clone()),
        client_note_id: Set(req.client_note_id.clone()),
        ..Default::default()
    };
    let note = tx.insert(row).await?;
    let (count, version) = (session.note_count, session.version);
    let mut row = session.into_active_model();
    row.note_count = Set(count + 1);
    Ok((note, Some(save(tx, row, version).await?)))
}
