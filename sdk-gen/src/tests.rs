use std::collections::BTreeSet;

use kefu_proto::contract;
use serde_json::{Value as Json, json};

use crate::{openapi, openapi_text, operation};

#[test]
fn the_written_document_is_current() {
    let written = include_str!("../openapi.json");
    assert!(written == openapi_text(), "run `cargo run -p kefu-sdk-gen -- openapi`");
}

#[test]
fn every_route_is_there_once() {
    let document = openapi();
    let mut ids = BTreeSet::new();
    let mut routes = 0;
    for method in contract::methods().values() {
        for route in &method.routes {
            routes += 1;
            let operation = &document["paths"][operation::path(&route.path)][route.verb.to_lowercase()];
            let id = operation["operationId"].as_str().unwrap_or_else(|| panic!("{} {}", route.verb, route.path));
            assert!(ids.insert(id.to_owned()), "{id} stands for two routes");
            assert!(!operation["summary"].as_str().unwrap_or_default().is_empty(), "{id} has no title");
            let permission = operation.get("x-permission").cloned().unwrap_or(Json::Array(Vec::new()));
            assert_eq!(permission, Json::from(method.access.permission.clone()), "{id}");
        }
    }
    let written: usize = document["paths"]
        .as_object()
        .map_or(0, |paths| paths.values().filter_map(Json::as_object).map(serde_json::Map::len).sum());
    assert_eq!(written, routes);
    assert!(routes > 60);
}

#[test]
fn every_reference_resolves_and_every_component_is_used() {
    let document = openapi();
    let mut references = BTreeSet::new();
    collect(&document, &mut references);
    for reference in &references {
        let pointer = reference.trim_start_matches('#');
        assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
    for name in document["components"]["schemas"].as_object().unwrap().keys() {
        assert!(references.contains(&format!("#/components/schemas/{name}")), "{name} is not used");
    }
}

#[test]
fn every_path_variable_is_a_parameter() {
    let document = openapi();
    for (path, item) in document["paths"].as_object().unwrap() {
        let variables: BTreeSet<&str> =
            path.split('/').filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}')).collect();
        for (verb, operation) in item.as_object().unwrap() {
            let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
            let named: BTreeSet<&str> =
                parameters.iter().filter(|p| p["in"] == "path").filter_map(|p| p["name"].as_str()).collect();
            assert_eq!(named, variables, "{verb} {path}");
        }
    }
}

#[test]
fn rules_become_constraints() {
    let schemas = &openapi()["components"]["schemas"];
    let send = &schemas["SendMessageRequest"];
    assert_eq!(send["properties"]["content"]["maxLength"], 4000);
    assert_eq!(send["properties"]["clientMsgId"]["pattern"], "^[A-Za-z0-9_-]{1,64}$");
    assert_eq!(send["properties"]["fileId"]["type"], "string");
    assert_eq!(send["required"], json!(["clientMsgId"]));
    let kinds = send["properties"]["contentType"]["enum"].as_array().unwrap();
    assert!(kinds.contains(&json!("TEXT")) && !kinds.contains(&json!("CONTENT_TYPE_UNSPECIFIED")));
    assert!(send["properties"].get("id").is_none(), "the path has it");
    let update = &schemas["UpdateUserRequest"]["properties"];
    assert_eq!(update["password"]["format"], "password");
    assert_eq!(update["roleIds"]["maxItems"], 20);
    assert_eq!(update["roleIds"]["uniqueItems"], true);
    assert_eq!(update["maxSessions"]["maximum"], 100);
    assert!(update.get("updateMask").is_none());
    assert_eq!(schemas["File"]["properties"]["size"]["type"], "integer");
    assert_eq!(schemas["File"]["properties"]["createTime"]["type"], json!(["string", "null"]));
}

#[test]
fn files_and_public_methods() {
    let paths = &openapi()["paths"];
    let form = &paths["/api/v1/files"]["post"]["requestBody"]["content"]["multipart/form-data"]["schema"];
    assert!(form["properties"]["sessionId"].is_object() && form["properties"]["file"].is_object());
    let download = &paths["/api/v1/files/{id}/content"]["get"];
    assert!(download["responses"]["206"].is_object());
    assert!(download["parameters"].as_array().unwrap().iter().all(|p| p["name"] != "offset"));
    assert_eq!(paths["/api/v1/auth/login"]["post"]["security"], json!([]));
    assert!(paths["/api/v1/sessions"]["get"].get("security").is_none());
}

fn collect(json: &Json, references: &mut BTreeSet<String>) {
    match json {
        Json::Object(members) => {
            for (name, value) in members {
                match value.as_str() {
                    Some(reference) if name == "$ref" => {
                        references.insert(reference.to_owned());
                    }
                    _ => collect(value, references),
                }
            }
        }
        Json::Array(items) => items.iter().for_each(|item| collect(item, references)),
        _ => {}
    }
}
