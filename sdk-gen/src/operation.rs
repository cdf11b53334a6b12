//! Methods as operations.

use std::collections::BTreeSet;

use kefu_proto::common::v1::access::Audience;
use kefu_proto::contract::{Method, Route};
use kefu_proto::error::json_path;
use prost_reflect::{Kind, MessageDescriptor};
use serde_json::{Value as Json, json};

use crate::prose;
use crate::schema::{Schemas, Way};

/// Nobody sets it but the edge, for PATCH.
const UPDATE_MASK: &str = "update_mask";
/// REST fills them from `Range`.
const RANGE_FIELDS: [&str; 2] = ["offset", "limit"];

/// The tag of a method: its service.
pub(crate) fn tag(method: &Method) -> String {
    method.descriptor.parent_service().name().trim_end_matches("Service").to_owned()
}

/// A path with its variables as JSON names them.
pub(crate) fn path(path: &str) -> String {
    path.split('/')
        .map(|segment| if segment.starts_with('{') { json_path(segment) } else { segment.to_owned() })
        .collect::<Vec<_>>()
        .join("/")
}

/// The fields of the request that stand elsewhere than in its body or query.
pub(crate) fn hidden(method: &Method) -> BTreeSet<String> {
    let mut hidden = filled(method);
    hidden.extend(method.routes.iter().flat_map(variables));
    hidden
}

/// The fields of the request that the edge fills.
pub(crate) fn filled(method: &Method) -> BTreeSet<String> {
    let mut hidden = BTreeSet::from([UPDATE_MASK.to_owned()]);
    if method.descriptor.is_server_streaming() {
        hidden.extend(RANGE_FIELDS.map(str::to_owned));
    }
    hidden
}

/// What a client fills: the request, or of an upload its `meta`.
pub(crate) fn request(method: &Method) -> MessageDescriptor {
    let input = method.descriptor.input();
    let meta = input.get_field_by_name("meta").filter(|_| method.descriptor.is_client_streaming());
    match meta.map(|field| field.kind()) {
        Some(Kind::Message(meta)) => meta,
        _ => input,
    }
}

/// The operation of one route of a method.
pub(crate) fn operation(schemas: &Schemas, method: &Method, index: usize) -> Json {
    let route = &method.routes[index];
    let (summary, description) = method.comment.split_once(". ").unwrap_or((&method.comment, ""));
    let audience: Vec<String> = method.access.audience().map(|a| a.as_str_name().to_lowercase()).collect();
    let mut operation = json!({
        "operationId": operation_id(method, index),
        "tags": [tag(method)],
        "summary": prose(summary),
        "description": prose(description),
        "x-audience": audience,
        "responses": responses(schemas, method),
    });
    if !method.access.permission.is_empty() {
        operation["x-permission"] = json!(method.access.permission);
    }
    if method.access.audience().any(|audience| audience == Audience::Public) {
        operation["security"] = json!([]);
    }
    let parameters = parameters(schemas, method, route);
    if !parameters.is_empty() {
        operation["parameters"] = json!(parameters);
    }
    if route.has_body {
        operation["requestBody"] = body(schemas, method);
    }
    operation
}

/// The envelope of errors.
pub(crate) fn error_response() -> Json {
    let detail = json!({
        "type": "object",
        "required": ["field", "reason"],
        "properties": {
            "field": {"type": "string", "description": "The path of the field."},
            "reason": {"type": "string", "description": "What is wrong with it."},
        },
    });
    let mut schema = envelope(&json!({"type": "null"}));
    schema["properties"]["reason"] = json!({"$ref": "#/components/schemas/ErrorReason"});
    schema["properties"]["details"] = json!({"type": "array", "items": detail});
    let retry = json!({"description": "Seconds after which to try again.", "schema": {"type": "integer"}});
    json!({
        "description": "An error.",
        "headers": {"Retry-After": retry},
        "content": {"application/json": {"schema": schema}},
    })
}

fn envelope(data: &Json) -> Json {
    json!({
        "type": "object",
        "required": ["code", "message", "data", "timestamp", "requestId"],
        "properties": {
            "code": {"type": "integer", "description": "The HTTP status."},
            "message": {"type": "string", "description": "A sentence for people."},
            "data": data,
            "timestamp": {"type": "integer", "format": "int64", "description": "Milliseconds since 1970."},
            "requestId": {"type": "string", "description": "Finds the call in the log."},
        },
    })
}

/// The name of an operation.
pub(crate) fn operation_id(method: &Method, index: usize) -> String {
    let name = method.descriptor.name();
    let (first, rest) = name.split_at(1);
    // A second route of the method is told apart by its verb.
    let suffix = if index == 0 { "" } else { method.routes[index].verb };
    let suffix = suffix.chars().enumerate().map(|(i, c)| if i == 0 { c } else { c.to_ascii_lowercase() });
    first.to_ascii_lowercase().chars().chain(rest.chars()).chain(suffix).collect()
}

/// The fields of the request that stand in the path.
pub(crate) fn variables(route: &Route) -> Vec<String> {
    let segments = route.path.split('/').filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'));
    segments.map(str::to_owned).collect()
}

fn parameters(schemas: &Schemas, method: &Method, route: &Route) -> Vec<Json> {
    let input = request(method);
    let mut parameters = Vec::new();
    for field in variables(route).iter().filter_map(|name| input.get_field_by_name(name)) {
        let schema = schemas.field(&field, Way::In);
        parameters.push(json!({"name": field.json_name(), "in": "path", "required": true, "schema": schema}));
    }
    let hidden = hidden(method);
    for field in input.fields().filter(|field| !route.has_body && !hidden.contains(field.name())) {
        let schema = schemas.field(&field, Way::In);
        let required = crate::rules::Rules::of(&field).demand(&field);
        parameters.push(json!({"name": field.json_name(), "in": "query", "required": required, "schema": schema}));
    }
    if method.descriptor.is_server_streaming() {
        for name in ["Range", "If-None-Match"] {
            parameters.push(json!({"name": name, "in": "header", "required": false, "schema": {"type": "string"}}));
        }
    }
    parameters
}

fn body(schemas: &Schemas, method: &Method) -> Json {
    if method.descriptor.is_client_streaming() {
        return json!({"required": true, "content": {"multipart/form-data": {"schema": form(schemas, method)}}});
    }
    let schema = schemas.reference(request(method).full_name());
    json!({"required": true, "content": {"application/json": {"schema": schema}}})
}

/// The fields of `meta`, and after them the file, whose name is taken where none is given.
fn form(schemas: &Schemas, method: &Method) -> Json {
    let mut form = schemas.object(&request(method), &hidden(method), Way::In);
    form["properties"]["file"] = json!({
        "type": "string",
        "contentMediaType": "application/octet-stream",
        "description": "The content; the last part of the form.",
    });
    form["required"] = json!(["file"]);
    form
}

fn responses(schemas: &Schemas, method: &Method) -> Json {
    let error = json!({"$ref": "#/components/responses/Error"});
    if method.descriptor.is_server_streaming() {
        let content = json!({"*/*": {"schema": {"type": "string", "contentMediaType": "application/octet-stream"}}});
        return json!({
            "200": {"description": "The content.", "content": content},
            "206": {"description": "The part that `Range` asks for.", "content": content},
            "304": {"description": "Unchanged since the tag of `If-None-Match`."},
            "416": error,
            "default": error,
        });
    }
    let schema = envelope(&schemas.reference(method.descriptor.output().full_name()));
    json!({
        "200": {"description": "Success.", "content": {"application/json": {"schema": schema}}},
        "default": error,
    })
}
