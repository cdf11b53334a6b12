//! The operation log: one row in the transaction of the change, with the request as it came, secrets masked.

use kefu_proto::contract::{Method, is_sensitive};
use kefu_proto::json;
use prost_reflect::{DynamicMessage, ReflectMessage, Value};
use sea_orm::{ActiveValue::Set, ConnectionTrait};
use serde_json::Value as Json;

use crate::access::Ctx;
use crate::clock::Time;
use crate::db::entity::entity;
use crate::db::insert_row;
use crate::error::Result;

entity! {
    /// What was done, by whom.
    operation_log = "operation_log" {
        method: String,
        principal_kind: i16,
        principal_id: i64,
        principal_name: String,
        request: Json,
        request_id: String,
        client_ip: String,
        user_agent: String,
    }
}

const MASK: &str = "***";

/// Writes the row, if the method under way asks for one.
pub(crate) async fn record(db: &impl ConnectionTrait, ctx: &Ctx, now: Time) -> Result<()> {
    let Some(method) = ctx.call.method.filter(|m| m.access.audit) else {
        return Ok(());
    };
    let row = operation_log::ActiveModel {
        method: Set(method.path.trim_start_matches('/').to_owned()),
        principal_kind: Set(i16::try_from(i32::from(ctx.principal.kind)).unwrap_or(0)),
        principal_id: Set(ctx.principal.id),
        principal_name: Set(ctx.principal.name.clone()),
        request: Set(masked_request(method, &ctx.call.body)),
        request_id: Set(ctx.call.request_id.clone()),
        client_ip: Set(ctx.call.client_ip.clone()),
        user_agent: Set(ctx.call.user_agent.clone()),
        ..Default::default()
    };
    insert_row(db, ctx.tenant, ctx.principal.id, now, row).await?;
    Ok(())
}

/// The request as JSON, with sensitive fields masked; null for a stream.
fn masked_request(method: &Method, body: &[u8]) -> Json {
    let Ok(mut message) = DynamicMessage::decode(method.descriptor.input(), body) else {
        return Json::Null;
    };
    mask(&mut message);
    json::encode(&message)
}

fn mask(message: &mut DynamicMessage) {
    for field in message.descriptor().fields() {
        if !message.has_field(&field) {
            continue;
        }
        if is_sensitive(&field) {
            message.set_field(&field, Value::String(MASK.to_owned()));
        } else if let Value::Message(inner) = message.get_field_mut(&field) {
            mask(inner);
        }
    }
}

#[cfg(test)]
mod tests {
    use kefu_proto::contract::methods;
    use kefu_proto::user::v1::LoginRequest;
    use prost::Message as _;

    use super::masked_request;

    #[test]
    fn passwords_never_reach_the_log() {
        let request = LoginRequest { username: "li".into(), password: "geheim-12345".into(), ..Default::default() };
        let method = &methods()["/kefu.user.v1.AuthService/Login"];
        let json = masked_request(method, &request.encode_to_vec());
        assert_eq!(json["username"], "li");
        assert_eq!(json["password"], "***");
        assert!(!json.to_string().contains("geheim"));
    }
}
