//! Messages as interfaces, enums as unions.

use std::collections::{BTreeMap, BTreeSet};

use kefu_proto::contract::Method;
use prost_reflect::{EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor};

use super::HEADER;
use super::doc::doc;
use crate::operation::{filled, request, variables};
use crate::rules::Rules;
use crate::schema::{TIMESTAMP, Way, comment, is_js_number, short_names};

/// Names that TypeScript's own library, or another file of ours, has already.
const TAKEN: [&str; 2] = ["File", "Permission"];

/// `types.ts`: first what the server gives, as a message that goes both ways is given whole.
pub(super) fn file(methods: &[&Method]) -> String {
    let mut types = Types { names: names(), texts: BTreeMap::new() };
    for method in methods.iter().filter(|method| !method.descriptor.is_server_streaming()) {
        types.add(&method.descriptor.output(), Way::Out);
    }
    for method in methods {
        let required = method.routes.iter().flat_map(variables).collect();
        types.write(&request(method), Way::In, &filled(method), &required);
    }
    let texts: Vec<String> = types.texts.into_values().collect();
    format!("{HEADER}\n{}", texts.join("\n"))
}

/// The names of messages and enums.
pub(super) fn names() -> BTreeMap<String, String> {
    let free = |name: String| if TAKEN.contains(&name.as_str()) { format!("{name}_") } else { name };
    short_names().into_iter().map(|(full_name, name)| (full_name, free(name))).collect()
}

struct Types {
    /// Names by full names.
    names: BTreeMap<String, String>,
    /// Declarations by name.
    texts: BTreeMap<String, String>,
}

impl Types {
    fn add(&mut self, message: &MessageDescriptor, way: Way) {
        if message.full_name() != TIMESTAMP && !self.texts.contains_key(self.name(message.full_name())) {
            self.write(message, way, &BTreeSet::new(), &BTreeSet::new());
        }
    }

    fn write(&mut self, message: &MessageDescriptor, way: Way, hidden: &BTreeSet<String>, required: &BTreeSet<String>) {
        let fields: Vec<_> = message.fields().filter(|field| !hidden.contains(field.name())).collect();
        let text: String =
            fields.iter().map(|field| self.member(field, way, required.contains(field.name()))).collect();
        let name = self.name(message.full_name()).to_owned();
        let head = doc(&comment(&message.parent_file(), message.path()), "");
        let text = if fields.is_empty() {
            format!("{head}export type {name} = Record<string, never>\n")
        } else {
            format!("{head}export interface {name} {{\n{text}}}\n")
        };
        self.texts.insert(name, text);
        for field in fields {
            match field.kind() {
                Kind::Message(inner) => self.add(&inner, way),
                Kind::Enum(choice) => {
                    let name = self.name(choice.full_name()).to_owned();
                    self.texts.insert(name.clone(), union(&name, &choice));
                }
                _ => {}
            }
        }
    }

    fn member(&self, field: &FieldDescriptor, way: Way, required: bool) -> String {
        let text = doc(&comment(&field.parent_message().parent_file(), field.path()), "  ");
        let given = match way {
            Way::In => required || Rules::of(field).demand(field),
            Way::Out => field.containing_oneof().is_none(),
        };
        let mut kind = self.kind(field);
        if field.is_list() {
            kind.push_str("[]");
        } else if way == Way::Out && given && field.supports_presence() {
            kind.push_str(" | null");
        }
        format!("{text}  {}{}: {kind}\n", field.json_name(), if given { "" } else { "?" })
    }

    fn kind(&self, field: &FieldDescriptor) -> String {
        match field.kind() {
            Kind::Bool => "boolean".to_owned(),
            Kind::String | Kind::Bytes => "string".to_owned(),
            Kind::Int64 | Kind::Uint64 if !is_js_number(field) => "string".to_owned(),
            Kind::Message(message) if message.full_name() == TIMESTAMP => "string".to_owned(),
            Kind::Message(message) => self.name(message.full_name()).to_owned(),
            Kind::Enum(choice) => self.name(choice.full_name()).to_owned(),
            _ => "number".to_owned(),
        }
    }

    fn name<'a>(&'a self, full_name: &'a str) -> &'a str {
        self.names.get(full_name).map_or(full_name, String::as_str)
    }
}

fn union(name: &str, choice: &EnumDescriptor) -> String {
    let file = choice.parent_file();
    let values: String = choice
        .values()
        .map(|value| format!("{}  | '{}'\n", doc(&comment(&file, value.path()), "  "), value.name()))
        .collect();
    format!("{}export type {name} =\n{values}", doc(&comment(&file, choice.path()), ""))
}
