//! `buf.validate` rules as JSON Schema.

use kefu_proto::contract::pool;
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, Value};
use regex::Regex;
use serde_json::{Map, Value as Json, json};

/// The rules of a field.
#[derive(Debug, Default)]
pub(crate) struct Rules(Option<DynamicMessage>);

impl Rules {
    /// Reads them from the options of the field.
    pub(crate) fn of(field: &FieldDescriptor) -> Self {
        let options = field.options();
        let rules = pool().get_extension_by_name("buf.validate.field").filter(|option| options.has_extension(option));
        Self(rules.and_then(|option| options.get_extension(&option).as_message().cloned()))
    }

    /// The rules for the items of a list.
    pub(crate) fn items(&self) -> Self {
        Self(self.group("repeated").and_then(|rules| message(&rules, "items")))
    }

    /// Writes the rules of a list.
    pub(crate) fn restrict_list(&self, schema: &mut Map<String, Json>) {
        if let Some(rules) = self.group("repeated") {
            copy(&rules, schema, &[("min_items", "minItems"), ("max_items", "maxItems"), ("unique", "uniqueItems")]);
        }
    }

    /// Writes the rules of a single value. Bounds of integers that travel as strings cannot be written.
    pub(crate) fn restrict(&self, schema: &mut Map<String, Json>) {
        if let Some(rules) = self.group("string") {
            let names = [("min_len", "minLength"), ("max_len", "maxLength"), ("pattern", "pattern"), ("in", "enum")];
            copy(&rules, schema, &names);
            if rules.get_field_by_name("email").is_some_and(|value| value.as_bool() == Some(true)) {
                schema.insert("format".to_owned(), json!("email"));
            }
        }
        if schema.get("type") != Some(&json!("integer")) {
            return;
        }
        for kind in ["int32", "int64", "uint32", "uint64"] {
            let names = [
                ("gte", "minimum"),
                ("gt", "exclusiveMinimum"),
                ("lte", "maximum"),
                ("lt", "exclusiveMaximum"),
                ("in", "enum"),
            ];
            if let Some(rules) = self.group(kind) {
                copy(&rules, schema, &names);
            }
        }
    }

    /// Whether the enum's value is accepted.
    pub(crate) fn allows(&self, number: i32) -> bool {
        let Some(rules) = self.group("enum") else { return true };
        let listed = |name| {
            let list = rules.get_field_by_name(name).and_then(|value| value.as_list().map(<[Value]>::to_vec));
            list.filter(|list| !list.is_empty()).map(|list| list.contains(&Value::I32(number)))
        };
        listed("in").unwrap_or(true) && !listed("not_in").unwrap_or(false)
    }

    /// Whether the field must be given: its empty value breaks a rule.
    pub(crate) fn demand(&self, field: &FieldDescriptor) -> bool {
        let Some(all) = &self.0 else { return false };
        if number(all, "ignore").is_some_and(|ignore| ignore != 0) {
            return false;
        }
        let flag = all.get_field_by_name("required").is_some_and(|value| value.as_bool() == Some(true));
        if flag || self.group("repeated").and_then(|rules| number(&rules, "min_items")).is_some_and(|min| min > 0) {
            return true;
        }
        if field.is_list() {
            return false;
        }
        match field.kind() {
            Kind::String => self.group("string").is_some_and(|rules| refuses_empty(&rules)),
            Kind::Enum(_) => !self.allows(0),
            _ => ["int32", "int64"].iter().filter_map(|kind| self.group(kind)).any(|rules| refuses_zero(&rules)),
        }
    }

    fn group(&self, name: &str) -> Option<DynamicMessage> {
        self.0.as_ref().and_then(|rules| message(rules, name))
    }
}

fn refuses_empty(rules: &DynamicMessage) -> bool {
    let pattern = rules.get_field_by_name("pattern").and_then(|value| value.as_str().map(str::to_owned));
    let refused = pattern.and_then(|pattern| Regex::new(&pattern).ok()).is_some_and(|pattern| !pattern.is_match(""));
    let email = rules.get_field_by_name("email").is_some_and(|value| value.as_bool() == Some(true));
    refused || email || number(rules, "min_len").is_some_and(|min| min > 0)
}

fn refuses_zero(rules: &DynamicMessage) -> bool {
    let set = |name: &str| rules.has_field_by_name(name).then(|| number(rules, name)).flatten();
    set("gt").is_some_and(|bound| bound >= 0) || set("gte").is_some_and(|bound| bound > 0)
}

fn message(parent: &DynamicMessage, name: &str) -> Option<DynamicMessage> {
    parent.has_field_by_name(name).then(|| parent.get_field_by_name(name)?.as_message().cloned()).flatten()
}

fn number(message: &DynamicMessage, name: &str) -> Option<i64> {
    match message.get_field_by_name(name)?.as_ref() {
        Value::EnumNumber(n) | Value::I32(n) => Some(i64::from(*n)),
        Value::I64(n) => Some(*n),
        Value::U32(n) => Some(i64::from(*n)),
        Value::U64(n) => i64::try_from(*n).ok(),
        _ => None,
    }
}

fn copy(rules: &DynamicMessage, schema: &mut Map<String, Json>, names: &[(&str, &str)]) {
    for (rule, keyword) in names {
        if rules.has_field_by_name(rule)
            && let Some(value) = rules.get_field_by_name(rule)
        {
            schema.insert((*keyword).to_owned(), plain(&value));
        }
    }
}

fn plain(value: &Value) -> Json {
    match value {
        Value::Bool(b) => json!(b),
        Value::I32(n) => json!(n),
        Value::I64(n) => json!(n),
        Value::U32(n) => json!(n),
        Value::U64(n) => json!(n),
        Value::String(s) => json!(s),
        Value::List(items) => Json::Array(items.iter().map(plain).collect()),
        _ => Json::Null,
    }
}
