//! From events to notifications: each is written once, in the language of whom it tells.

use std::collections::{BTreeSet, HashMap};

use kefu_proto::error::Lang;
use kefu_proto::notification::v1::notification::Type;
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, QueryFilter};

use crate::Core;
use crate::access::Ctx;
use crate::db::{Scoped, code};
use crate::error::Result;
use crate::event::Event;
use crate::notification::entity::notification;
use crate::notification::news::News;
use crate::notification::{archive, convert, session};
use crate::text::shorten;
use crate::user::ENABLED;
use crate::user::entity::user_info;

/// What an event calls for.
pub(super) struct Notice {
    /// Who is told what; nobody is told the same twice.
    pub(super) told: BTreeSet<(i64, Type)>,
    /// What is known of it.
    pub(super) news: News,
    /// The session it is about; 0 for none.
    pub(super) session_id: i64,
    /// The archive record it is about; 0 for none.
    pub(super) archive_record_id: i64,
}

/// Writes the notifications that an event calls for. Running again for the same event adds what is missing.
pub(crate) async fn on_event(core: &Core, ctx: &Ctx, event_id: i64, event: &Event) -> Result<()> {
    let db = core.db.read();
    let Some(notice) = notice(db, ctx, event).await? else {
        return Ok(());
    };
    let languages = languages(db, ctx, notice.told.iter().map(|(user_id, _)| *user_id).collect()).await?;
    let mut tx = core.begin(ctx).await?;
    let before =
        notification::Entity::of(ctx.tenant).filter(notification::Column::EventId.eq(event_id)).all(&*tx).await?;
    for (user_id, kind) in notice.told {
        let Some(lang) = languages.get(&user_id) else { continue };
        let code = code(kind);
        if before.iter().any(|row| row.user_id == user_id && row.kind == code) {
            continue;
        }
        let row = notification::ActiveModel {
            user_id: Set(user_id),
            kind: Set(code),
            title: Set(shorten(&notice.news.title(kind, *lang), 200)),
            body: Set(shorten(&notice.news.body(kind), 1000)),
            session_id: Set(notice.session_id),
            event_id: Set(event_id),
            is_read: Set(false),
            archive_record_id: Set(notice.archive_record_id),
            ..Default::default()
        };
        let row = tx.insert(row).await?;
        tx.push(convert::push(&row));
    }
    tx.commit().await
}

async fn notice(db: &impl ConnectionTrait, ctx: &Ctx, event: &Event) -> Result<Option<Notice>> {
    match event {
        Event::SessionClosed { .. } => Ok(None),
        Event::ArchiveSubmitted { record_id } => archive::submitted(db, ctx, *record_id).await.map(Some),
        Event::ArchiveReviewed { record_id } => archive::reviewed(db, ctx, *record_id).await.map(Some),
        Event::SessionAssigned { session_id, .. }
        | Event::SessionRequeued { session_id, .. }
        | Event::TransferRequested { session_id, .. }
        | Event::TransferAccepted { session_id, .. }
        | Event::TransferDeclined { session_id, .. }
        | Event::MessageLeft { session_id, .. }
        | Event::ReplyOverdue { session_id, .. } => session::notice(db, ctx, event, *session_id).await,
    }
}

/// The languages of those users who are enabled.
async fn languages(db: &impl ConnectionTrait, ctx: &Ctx, ids: BTreeSet<i64>) -> Result<HashMap<i64, Lang>> {
    let users = user_info::Entity::of(ctx.tenant)
        .filter(user_info::Column::Id.is_in(ids))
        .filter(user_info::Column::Status.eq(ENABLED))
        .all(db)
        .await?;
    Ok(users.into_iter().map(|user| (user.id, Lang::from_header(Some(&user.language)))).collect())
}
