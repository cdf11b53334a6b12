//! Requests made from the descriptors: the `buf.validate` rules of the contract say what a valid value looks like.

use kefu_proto::contract::pool;
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, ReflectMessage, Value};
use serde_json::{Map, Value as Json, json};

/// A field mask is filled by the edge, never by a caller.
pub const FIELD_MASK: &str = "google.protobuf.FieldMask";
const TIMESTAMP: &str = "google.protobuf.Timestamp";

/// The `buf.validate` rules of a field, or of the items of a list.
#[derive(Debug, Clone)]
pub struct Rules(Option<DynamicMessage>);

impl Rules {
    /// The rules above a field.
    pub fn of(field: &FieldDescriptor) -> Self {
        let extension = pool().get_extension_by_name("buf.validate.field");
        let options = field.options();
        Self(
            extension
                .filter(|e| options.has_extension(e))
                .and_then(|e| options.get_extension(&e).as_message().cloned()),
        )
    }

    /// The value of one rule, as `get("string", "max_len")`.
    pub fn get(&self, kind: &str, rule: &str) -> Option<Value> {
        let rules = set_field(self.0.as_ref()?, kind)?;
        set_field(rules.as_message()?, rule)
    }

    /// Whether any rule of a kind is given.
    pub fn has(&self, kind: &str) -> bool {
        self.0.as_ref().is_some_and(|rules| set_field(rules, kind).is_some())
    }

    /// The rules of a list's items.
    pub fn items(&self) -> Self {
        Self(self.get("repeated", "items").and_then(|v| v.as_message().cloned()))
    }

    /// Leaving the field out is allowed, whatever else is said about it.
    fn ignores_zero(&self) -> bool {
        const IF_ZERO_VALUE: i32 = 1;
        self.0
            .as_ref()
            .and_then(|rules| set_field(rules, "ignore"))
            .is_some_and(|v| v.as_enum_number() == Some(IF_ZERO_VALUE))
    }

    fn number(&self, kind: &str, rule: &str) -> Option<i64> {
        self.get(kind, rule).and_then(|v| v.as_i64().or(v.as_i32().map(i64::from)).or(v.as_u64().map(u64::cast_signed)))
    }

    fn numbers(&self, kind: &str, rule: &str) -> Vec<i32> {
        let list = self.get(kind, rule);
        list.iter().filter_map(Value::as_list).flatten().filter_map(Value::as_i32).collect()
    }
}

fn set_field(message: &DynamicMessage, name: &str) -> Option<Value> {
    let field = message.descriptor().get_field_by_name(name)?;
    message.has_field(&field).then(|| message.get_field(&field).into_owned())
}

/// How much of a request is filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fill {
    /// What the rules demand.
    Required,
    /// Every field.
    All,
}

/// A request that keeps every rule, in its JSON form.
pub fn sample(message: &MessageDescriptor, fill: Fill) -> Map<String, Json> {
    message
        .fields()
        .filter(|field| !is_message(field, FIELD_MASK))
        .filter(|field| fill == Fill::All || is_required(field))
        .map(|field| (field.json_name().to_owned(), sample_field(&field, fill)))
        .collect()
}

/// Whether a field is a message of this name.
pub fn is_message(field: &FieldDescriptor, name: &str) -> bool {
    matches!(field.kind(), Kind::Message(m) if m.full_name() == name)
}

/// Whether a request without the field breaks a rule. The part that opens an upload cannot say so with a rule.
fn is_required(field: &FieldDescriptor) -> bool {
    let rules = Rules::of(field);
    if rules.ignores_zero() {
        return false;
    }
    if field.is_list() {
        return rules.number("repeated", "min_items").unwrap_or(0) > 0;
    }
    match field.kind() {
        Kind::String => rules.number("string", "min_len").unwrap_or(0) > 0 || rules.get("string", "pattern").is_some(),
        Kind::Int32 => lowest(&rules, "int32") > 0,
        Kind::Int64 => lowest(&rules, "int64") > 0,
        Kind::Enum(_) => rules.numbers("enum", "not_in").contains(&0),
        Kind::Message(_) => field.name() == "meta",
        _ => false,
    }
}

fn sample_field(field: &FieldDescriptor, fill: Fill) -> Json {
    let rules = Rules::of(field);
    if field.is_list() { json!([sample_value(field, &rules.items(), fill)]) } else { sample_value(field, &rules, fill) }
}

fn sample_value(field: &FieldDescriptor, rules: &Rules, fill: Fill) -> Json {
    match field.kind() {
        Kind::Bool => json!(true),
        Kind::String => json!(sample_string(rules)),
        Kind::Int32 => json!(lowest(rules, "int32")),
        Kind::Int64 => json!(lowest(rules, "int64").max(1).to_string()),
        Kind::Enum(e) => {
            let barred = rules.numbers("enum", "not_in");
            let value = e.values().find(|v| v.number() != 0 && !barred.contains(&v.number()));
            json!(value.map(|v| v.name().to_owned()))
        }
        Kind::Bytes => json!("AA=="),
        Kind::Message(m) if m.full_name() == TIMESTAMP => json!("2026-01-01T00:00:00Z"),
        Kind::Message(m) => Json::Object(sample(&m, fill)),
        _ => Json::Null,
    }
}

/// The smallest number the rules allow, from 0.
fn lowest(rules: &Rules, kind: &str) -> i64 {
    let above = rules.number(kind, "gt").map(|n| n + 1);
    above.or(rules.number(kind, "gte")).unwrap_or(0).max(0)
}

fn sample_string(rules: &Rules) -> String {
    if let Some(pattern) = rules.get("string", "pattern") {
        return sample_of_pattern(pattern.as_str().unwrap_or_default());
    }
    if rules.get("string", "email").is_some() {
        return "someone@example.com".into();
    }
    let choices = rules.get("string", "in");
    let choice = choices.iter().filter_map(Value::as_list).flatten().filter_map(Value::as_str).find(|s| !s.is_empty());
    let length = rules.number("string", "min_len").unwrap_or(0).max(4);
    choice.map_or_else(|| "kefu".chars().cycle().take(usize::try_from(length).unwrap_or(4)).collect(), str::to_owned)
}

/// A text that matches a pattern of the contract: literals and classes, each perhaps with `{n}` or `{n,m}`.
fn sample_of_pattern(pattern: &str) -> String {
    let mut out = String::new();
    let mut rest = pattern.trim_start_matches('^').trim_end_matches('$');
    while let Some(first) = rest.chars().next() {
        let (unit, after) = match (first, rest.find(']')) {
            ('[', Some(end)) => (rest[1..].chars().next().unwrap_or_default(), &rest[end + 1..]),
            _ => (first, &rest[first.len_utf8()..]),
        };
        let (times, after) = match (after.strip_prefix('{'), after.find('}')) {
            (Some(inner), Some(end)) => {
                let count = inner[..end - 1].split(',').next().unwrap_or_default();
                (count.parse().unwrap_or(1), &after[end + 1..])
            }
            _ => (1, after),
        };
        out.extend(std::iter::repeat_n(unit, times));
        rest = after;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{Fill, sample, sample_of_pattern};
    use kefu_proto::contract::methods;
    use kefu_proto::json;
    use serde_json::Value as Json;

    #[test]
    fn patterns_are_matched() {
        assert_eq!(sample_of_pattern("^1[3-9][0-9]{9}$"), "13000000000");
        assert_eq!(sample_of_pattern("^[A-Za-z0-9._-]{2,64}$"), "AA");
    }

    #[test]
    fn samples_can_be_read_as_requests() {
        for method in methods().values() {
            let input = method.descriptor.input();
            for fill in [Fill::Required, Fill::All] {
                let mut request = sample(&input, fill);
                if method.descriptor.is_client_streaming() {
                    request.remove("chunk");
                }
                let read = json::decode(&input, &Json::Object(request));
                if fill == Fill::Required || !input.oneofs().any(|one| !one.is_synthetic()) {
                    assert!(read.is_ok(), "{}: {:?}", method.path, read.err());
                }
            }
        }
    }
}
