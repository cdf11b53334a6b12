//! What is derived from the contract for others: the OpenAPI document, and the generated part of the TypeScript SDK.

mod operation;
mod rules;
mod schema;
#[cfg(test)]
mod tests;
pub mod typescript;

use std::collections::BTreeMap;

use kefu_proto::contract::{self, Method};
use serde_json::{Map, Value as Json, json};

/// What a reader must know before the first call.
const INTRODUCTION: &str = "\
Every answer stands in an envelope: `code` is the HTTP status, `data` the result, `requestId` finds the call in the \
log. Errors carry a stable `reason` and, for wrong fields, `details`. Texts are in Chinese or English by \
`Accept-Language`. 64-bit integers are strings. PUT replaces, PATCH sets the fields that are present. Unknown fields \
are refused.";

/// The OpenAPI 3.1 document of the REST routes.
pub fn openapi() -> Json {
    let methods: Vec<&Method> = contract::methods().values().filter(|method| !method.routes.is_empty()).collect();
    let schemas = schema::Schemas::of(&methods);
    let mut paths: BTreeMap<String, Map<String, Json>> = BTreeMap::new();
    let mut tags = BTreeMap::new();
    for method in methods {
        let service = method.descriptor.parent_service();
        tags.entry(operation::tag(method))
            .or_insert_with(|| prose(&contract::comment(&service.parent_file(), service.path())));
        for (index, route) in method.routes.iter().enumerate() {
            let item = paths.entry(operation::path(&route.path)).or_default();
            item.insert(route.verb.to_lowercase(), operation::operation(&schemas, method, index));
        }
    }
    let tags: Vec<Json> = tags.into_iter().map(|(name, text)| json!({"name": name, "description": text})).collect();
    sorted(json!({
        "openapi": "3.1.0",
        "info": {"title": "Kefu", "version": env!("CARGO_PKG_VERSION"), "description": INTRODUCTION},
        "servers": [{"url": "/"}],
        "security": [{"bearerAuth": []}],
        "tags": tags,
        "paths": paths,
        "components": {
            "securitySchemes": {"bearerAuth": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
            "responses": {"Error": operation::error_response()},
            "schemas": schemas.into_components(),
        },
    }))
}

/// The document as text, the same from every build.
pub fn openapi_text() -> String {
    format!("{:#}\n", openapi())
}

/// A comment as one line.
fn prose(comment: &str) -> String {
    comment.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Members by name: whether a map keeps its order depends on what else is built.
fn sorted(json: Json) -> Json {
    match json {
        Json::Object(members) => {
            let members: BTreeMap<String, Json> =
                members.into_iter().map(|(name, json)| (name, sorted(json))).collect();
            Json::Object(members.into_iter().collect())
        }
        Json::Array(items) => Json::Array(items.into_iter().map(sorted).collect()),
        other => other,
    }
}
