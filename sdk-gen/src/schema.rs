//! Messages and enums as JSON Schema.

use std::collections::{BTreeMap, BTreeSet};

use kefu_proto::contract::{self, Method};
use prost_reflect::{EnumDescriptor, FieldDescriptor, FileDescriptor, Kind, MessageDescriptor};
use serde_json::{Map, Value as Json, json};

use crate::operation::{hidden, request};
use crate::prose;
use crate::rules::Rules;

/// A point in time.
pub(crate) const TIMESTAMP: &str = "google.protobuf.Timestamp";

/// Which way a value goes. What the server sends has every field; what a client sends may leave fields out, and
/// cannot choose an enum's zero value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// To the server.
    In,
    /// To the client.
    Out,
}

/// The schemas of all messages that REST carries.
#[derive(Debug)]
pub(crate) struct Schemas {
    /// Short names by full names.
    names: BTreeMap<String, String>,
    components: BTreeMap<String, Json>,
}

impl Schemas {
    /// Everything that the methods take and give.
    pub(crate) fn of(methods: &[&Method]) -> Self {
        let mut schemas = Self { names: short_names(), components: BTreeMap::new() };
        // First what goes in: a message that goes both ways is described as a client may send it.
        for method in methods.iter().filter(|method| method.routes.iter().any(|route| route.has_body)) {
            let input = request(method);
            // A form is described with its route.
            if !method.descriptor.is_client_streaming() {
                let schema = schemas.object(&input, &hidden(method), Way::In);
                schemas.components.insert(schemas.name(input.full_name()), schema);
            }
            schemas.collect(&input, Way::In);
        }
        for method in methods.iter().filter(|method| !method.descriptor.is_server_streaming()) {
            schemas.collect(&method.descriptor.output(), Way::Out);
        }
        schemas
    }

    /// The components of the document.
    pub(crate) fn into_components(self) -> BTreeMap<String, Json> {
        let mut components = self.components;
        let reasons = contract::pool().get_enum_by_name("kefu.common.v1.ErrorReason");
        let reasons = reasons.map(|reasons| enumeration(&reasons)).unwrap_or_default();
        components.insert("ErrorReason".to_owned(), reasons);
        components
    }

    /// A reference to a message or an enum.
    pub(crate) fn reference(&self, full_name: &str) -> Json {
        json!({"$ref": format!("#/components/schemas/{}", self.name(full_name))})
    }

    /// The schema of an object with all fields that are not hidden.
    pub(crate) fn object(&self, message: &MessageDescriptor, hidden: &BTreeSet<String>, way: Way) -> Json {
        let mut properties = Map::new();
        let mut required = Vec::new();
        for field in message.fields().filter(|field| !hidden.contains(field.name())) {
            properties.insert(field.json_name().to_owned(), self.field(&field, way));
            let present = match way {
                Way::In => Rules::of(&field).demand(&field),
                Way::Out => field.containing_oneof().is_none(),
            };
            if present {
                required.push(field.json_name().to_owned());
            }
        }
        let mut schema = json!({
            "type": "object",
            "description": comment(&message.parent_file(), message.path()),
            "properties": properties,
        });
        if !required.is_empty() {
            schema["required"] = json!(required);
        }
        if way == Way::In {
            schema["additionalProperties"] = json!(false);
        }
        schema
    }

    /// The schema of a field.
    pub(crate) fn field(&self, field: &FieldDescriptor, way: Way) -> Json {
        let rules = Rules::of(field);
        let mut schema = if field.is_list() {
            let mut list = Map::new();
            list.insert("type".to_owned(), json!("array"));
            list.insert("items".to_owned(), Json::Object(self.value(field, &rules.items(), way)));
            rules.restrict_list(&mut list);
            list
        } else {
            self.value(field, &rules, way)
        };
        if way == Way::Out && field.supports_presence() && field.containing_oneof().is_none() {
            schema = nullable(schema);
        }
        schema.insert("description".to_owned(), json!(comment(&field.parent_message().parent_file(), field.path())));
        Json::Object(schema)
    }

    fn value(&self, field: &FieldDescriptor, rules: &Rules, way: Way) -> Map<String, Json> {
        let mut schema = members(match field.kind() {
            Kind::Bool => json!({"type": "boolean"}),
            Kind::String if contract::is_sensitive(field) => json!({"type": "string", "format": "password"}),
            Kind::String => json!({"type": "string"}),
            Kind::Bytes => json!({"type": "string", "contentEncoding": "base64"}),
            Kind::Double | Kind::Float => json!({"type": "number"}),
            Kind::Int64 | Kind::Uint64 if !is_js_number(field) => json!({"type": "string", "format": "int64"}),
            Kind::Int64 | Kind::Uint64 => json!({"type": "integer", "format": "int64"}),
            Kind::Message(message) if message.full_name() == TIMESTAMP => {
                json!({"type": "string", "format": "date-time"})
            }
            Kind::Message(message) => self.reference(message.full_name()),
            Kind::Enum(choice) if way == Way::In => {
                let allowed = choice.values().filter(|value| value.number() != 0 && rules.allows(value.number()));
                json!({"type": "string", "enum": allowed.map(|value| value.name().to_owned()).collect::<Vec<_>>()})
            }
            Kind::Enum(choice) => self.reference(choice.full_name()),
            _ => json!({"type": "integer", "format": "int32"}),
        });
        rules.restrict(&mut schema);
        schema
    }

    /// Adds the message, and all that its fields hold. A request itself is described with its route.
    fn collect(&mut self, message: &MessageDescriptor, way: Way) {
        for field in message.fields() {
            match field.kind() {
                Kind::Message(inner) if self.is_new(&inner) => {
                    self.add(&inner, way);
                    self.collect(&inner, way);
                }
                Kind::Enum(choice) if way == Way::Out => {
                    self.components.insert(self.name(choice.full_name()), enumeration(&choice));
                }
                _ => {}
            }
        }
        if way == Way::Out {
            self.add(message, way);
        }
    }

    fn add(&mut self, message: &MessageDescriptor, way: Way) {
        if self.is_new(message) {
            let schema = self.object(message, &BTreeSet::new(), way);
            self.components.insert(self.name(message.full_name()), schema);
        }
    }

    /// Whether it is ours, and not described yet.
    fn is_new(&self, message: &MessageDescriptor) -> bool {
        let name = message.full_name();
        name.starts_with("kefu.") && !self.components.contains_key(&self.name(name))
    }

    fn name(&self, full_name: &str) -> String {
        self.names.get(full_name).cloned().unwrap_or_else(|| full_name.to_owned())
    }
}

/// `Session.Status` as `SessionStatus`, with the package in front where that is taken.
pub(crate) fn short_names() -> BTreeMap<String, String> {
    let messages = contract::pool().all_messages().map(|m| (m.full_name().to_owned(), m.package_name().to_owned()));
    let enums = contract::pool().all_enums().map(|e| (e.full_name().to_owned(), e.package_name().to_owned()));
    let mut names = BTreeMap::new();
    let mut taken = BTreeSet::from(["ErrorEnvelope".to_owned()]);
    for (full_name, package) in messages.chain(enums).filter(|(name, _)| name.starts_with("kefu.")) {
        let short: String = full_name[package.len()..].split('.').collect();
        let name = if taken.contains(&short) { full_name.split('.').collect() } else { short };
        taken.insert(name.clone());
        names.insert(full_name, name);
    }
    names
}

fn enumeration(choice: &EnumDescriptor) -> Json {
    let values: Vec<String> = choice.values().map(|value| value.name().to_owned()).collect();
    let lines =
        choice.values().map(|value| format!("- `{}`: {}", value.name(), comment(&choice.parent_file(), value.path())));
    let text = comment(&choice.parent_file(), choice.path());
    let text = std::iter::once(format!("{text}\n")).chain(lines).collect::<Vec<_>>().join("\n");
    json!({"type": "string", "enum": values, "description": text})
}

/// The comment above an element, as one line.
pub(crate) fn comment(file: &FileDescriptor, path: &[i32]) -> String {
    prose(&contract::comment(file, path))
}

fn members(json: Json) -> Map<String, Json> {
    if let Json::Object(members) = json { members } else { Map::new() }
}

fn nullable(mut schema: Map<String, Json>) -> Map<String, Json> {
    match schema.get("type").cloned() {
        Some(kind) => {
            schema.insert("type".to_owned(), json!([kind, "null"]));
            schema
        }
        None => members(json!({"anyOf": [schema, {"type": "null"}]})),
    }
}

/// What `jstype` says, read from the option's number: `JS_NUMBER` is 2.
pub(crate) fn is_js_number(field: &FieldDescriptor) -> bool {
    let options = field.options();
    options.get_field_by_name("jstype").is_some_and(|value| value.as_enum_number() == Some(2))
}
