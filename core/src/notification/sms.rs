//! What goes out by SMS.

use kefu_proto::notification::v1::sent_message::Channel;
use sea_orm::ActiveValue::Set;

use crate::Core;
use crate::access::Ctx;
use crate::db::insert_row;
use crate::error::Result;
use crate::notification::entity::sent_message;
use crate::text::shorten;

/// Sends an SMS and writes it down. It takes as long as the provider does: never call it within a transaction.
pub(crate) async fn send_sms(core: &Core, ctx: &Ctx, phone: &str, text: &str) -> Result<()> {
    let delivered = core.sms.send(phone, text).await?;
    let row = sent_message::ActiveModel {
        channel: Set(i16::try_from(i32::from(Channel::Sms)).unwrap_or(0)),
        target: Set(phone.to_owned()),
        content: Set(shorten(text, 1000)),
        delivered: Set(delivered),
        ..Default::default()
    };
    let txn = core.db.begin().await?;
    insert_row(&txn, ctx.tenant, ctx.principal.id, core.clock.now(), row).await?;
    txn.commit().await?;
    Ok(())
}
