//! The JSON form of messages, for both edges and the tests: canonical proto3 JSON, with every field present and
//! lists never null. Reading reports each wrong field with its path, which prost-reflect's own reader cannot.
//!
//! 64-bit integers are strings, unless the field says `jstype = JS_NUMBER`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, SecondsFormat, Utc};
use prost::Message;
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MapKey, MessageDescriptor, ReflectMessage, Value};
use serde::ser::{Serialize, SerializeMap as _, Serializer};
use serde_json::Value as Json;

use crate::contract::pool;
use crate::error::{MOST_VIOLATIONS, Violation};

const TIMESTAMP: &str = "google.protobuf.Timestamp";
const FIELD_MASK: &str = "google.protobuf.FieldMask";

/// The JSON form of a generated message.
pub fn to_json<M: Message + prost::Name>(message: &M) -> Json {
    let Some(descriptor) = pool().get_message_by_name(&M::full_name()) else {
        return Json::Null;
    };
    match DynamicMessage::decode(descriptor, message.encode_to_vec().as_slice()) {
        Ok(dynamic) => encode(&dynamic),
        Err(_) => Json::Null,
    }
}

/// Reads a generated message from JSON.
///
/// # Errors
/// Every field that is unknown or of the wrong type.
pub fn from_json<M: Message + prost::Name + Default>(json: &Json) -> Result<M, Vec<Violation>> {
    let missing = || vec![Violation::new("", "wrong_type", M::full_name())];
    let descriptor = pool().get_message_by_name(&M::full_name()).ok_or_else(missing)?;
    decode(&descriptor, json)?.transcode_to().map_err(|_| missing())
}

/// Writes a message as a value.
pub fn encode(message: &DynamicMessage) -> Json {
    // Only a map whose keys are no texts cannot be written, and there is none.
    serde_json::to_value(Written(message)).unwrap_or_default()
}

/// A message that is written as it is serialised, without a value in between.
#[derive(Debug)]
pub struct Written<'a>(pub &'a DynamicMessage);

impl Serialize for Written<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let descriptor = self.0.descriptor();
        match descriptor.full_name() {
            TIMESTAMP => return serializer.serialize_str(&timestamp_text(self.0)),
            FIELD_MASK => {
                let paths: Vec<_> = mask_paths(self.0).iter().map(|path| crate::error::json_path(path)).collect();
                return serializer.serialize_str(&paths.join(","));
            }
            _ => {}
        }
        let mut object = serializer.serialize_map(None)?;
        for field in descriptor.fields() {
            let is_set = self.0.has_field(&field);
            // A member of a oneof that is not chosen is left out; everything else is there.
            if field.containing_oneof().is_some() && !is_set {
                continue;
            }
            if field.supports_presence() && !is_set {
                object.serialize_entry(field.json_name(), &())?;
            } else {
                object.serialize_entry(field.json_name(), &WrittenValue(&field, &self.0.get_field(&field)))?;
            }
        }
        object.end()
    }
}

/// A value of a field, as [`Written`].
struct WrittenValue<'a>(&'a FieldDescriptor, &'a Value);

impl Serialize for WrittenValue<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let Self(field, value) = *self;
        match value {
            Value::List(items) => to.collect_seq(items.iter().map(|item| WrittenValue(field, item))),
            Value::Map(entries) => {
                let Kind::Message(entry) = field.kind() else { return to.serialize_none() };
                let item = entry.map_entry_value_field();
                to.collect_map(entries.iter().map(|(key, value)| (key_text(key), WrittenValue(&item, value))))
            }
            Value::Bool(b) => to.serialize_bool(*b),
            Value::I32(n) => to.serialize_i32(*n),
            Value::U32(n) => to.serialize_u32(*n),
            Value::I64(n) if is_js_number(field) => to.serialize_i64(*n),
            Value::I64(n) => to.collect_str(n),
            Value::U64(n) => to.collect_str(n),
            Value::F32(n) => to.serialize_f64(f64::from(*n)),
            Value::F64(n) => to.serialize_f64(*n),
            Value::String(s) => to.serialize_str(s),
            Value::Bytes(b) => to.collect_str(&base64::display::Base64Display::new(b, &STANDARD)),
            Value::EnumNumber(n) => match field.kind() {
                Kind::Enum(e) => match e.get_value(*n) {
                    Some(known) => to.serialize_str(known.name()),
                    None => to.serialize_i32(*n),
                },
                _ => to.serialize_i32(*n),
            },
            Value::Message(message) => Written(message).serialize(to),
        }
    }
}

fn key_text(key: &MapKey) -> String {
    match key {
        MapKey::Bool(v) => v.to_string(),
        MapKey::I32(v) => v.to_string(),
        MapKey::I64(v) => v.to_string(),
        MapKey::U32(v) => v.to_string(),
        MapKey::U64(v) => v.to_string(),
        MapKey::String(v) => v.clone(),
    }
}

fn is_js_number(field: &FieldDescriptor) -> bool {
    use prost_types::field_options::JsType;
    field.field_descriptor_proto().options.as_ref().is_some_and(|o| o.jstype() == JsType::JsNumber)
}

fn timestamp_text(message: &DynamicMessage) -> String {
    let part =
        |name| message.get_field_by_name(name).map_or(0, |v| v.as_i64().or(v.as_i32().map(i64::from)).unwrap_or(0));
    let nanos = u32::try_from(part("nanos")).unwrap_or(0);
    DateTime::<Utc>::from_timestamp(part("seconds"), nanos)
        .unwrap_or_default()
        .to_rfc3339_opts(SecondsFormat::Millis, true)
}

fn mask_paths(message: &DynamicMessage) -> Vec<String> {
    message
        .get_field_by_name("paths")
        .and_then(|v| v.as_list().map(|l| l.iter().filter_map(|p| p.as_str().map(str::to_owned)).collect()))
        .unwrap_or_default()
}

/// Reads a message.
///
/// # Errors
/// Every field that is unknown or of the wrong type, with its path.
pub fn decode(descriptor: &MessageDescriptor, json: &Json) -> Result<DynamicMessage, Vec<Violation>> {
    let mut reader = Reader { wrong: Vec::new() };
    let message = reader.message(descriptor, json, "");
    match message {
        Some(message) if reader.wrong.is_empty() => Ok(message),
        _ => Err(reader.wrong),
    }
}

/// Sets a field from the text of a path variable or of a query parameter. A repeated field gets one more item.
///
/// # Errors
/// The field is unknown, or the text does not fit its type.
pub fn set_from_text(message: &mut DynamicMessage, name: &str, text: &str) -> Result<(), Violation> {
    let descriptor = message.descriptor();
    let Some(field) = find_field(&descriptor, name) else {
        return Err(Violation::at(name, "unknown_field", ""));
    };
    let json = match field.kind() {
        Kind::Bool => match text {
            "true" => Json::Bool(true),
            "false" => Json::Bool(false),
            other => Json::String(other.to_owned()),
        },
        Kind::Int32 | Kind::Uint32 => text.parse::<i64>().map_or_else(|_| Json::String(text.to_owned()), Json::from),
        _ => Json::String(text.to_owned()),
    };
    let mut reader = Reader { wrong: Vec::new() };
    let value = reader.value(&field, &json, field.json_name());
    match (value, reader.wrong.pop()) {
        (Some(value), None) if field.is_list() => {
            if let Some(list) = message.get_field_mut(&field).as_list_mut() {
                list.push(value);
            }
            Ok(())
        }
        (Some(value), None) => {
            message.set_field(&field, value);
            Ok(())
        }
        (_, wrong) => Err(wrong.unwrap_or_else(|| Violation::new(name, "wrong_type", expected(&field)))),
    }
}

/// A field by its JSON name, or by its name in the proto file.
pub fn find_field(descriptor: &MessageDescriptor, name: &str) -> Option<FieldDescriptor> {
    descriptor.get_field_by_json_name(name).or_else(|| descriptor.get_field_by_name(name))
}

struct Reader {
    wrong: Vec<Violation>,
}

impl Reader {
    fn fail<T>(&mut self, path: &str, rule: &str, bound: &str) -> Option<T> {
        if self.wrong.len() < MOST_VIOLATIONS {
            self.wrong.push(Violation::at(path, rule, bound));
        }
        None
    }

    fn message(&mut self, descriptor: &MessageDescriptor, json: &Json, path: &str) -> Option<DynamicMessage> {
        match descriptor.full_name() {
            TIMESTAMP => return self.timestamp(descriptor, json, path),
            FIELD_MASK => return self.field_mask(descriptor, json, path),
            _ => {}
        }
        let Json::Object(object) = json else {
            return self.fail(path, "wrong_type", "object");
        };
        let mut message = DynamicMessage::new(descriptor.clone());
        for (name, json) in object {
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            let Some(field) = find_field(descriptor, name) else {
                self.fail::<()>(&path, "unknown_field", "");
                continue;
            };
            if json.is_null() {
                continue;
            }
            let twice = field.containing_oneof().is_some_and(|one| one.fields().any(|f| message.has_field(&f)));
            if twice {
                self.fail::<()>(&path, "duplicate", "");
            } else if let Some(value) = self.field(&field, json, &path) {
                message.set_field(&field, value);
            }
        }
        Some(message)
    }

    fn field(&mut self, field: &FieldDescriptor, json: &Json, path: &str) -> Option<Value> {
        if field.is_list() {
            let Json::Array(items) = json else {
                return self.fail(path, "wrong_type", "array");
            };
            let items = items.iter().enumerate();
            let values: Vec<_> =
                items.filter_map(|(i, json)| self.value(field, json, &format!("{path}[{i}]"))).collect();
            return Some(Value::List(values));
        }
        if field.is_map() {
            return self.fail(path, "unknown_field", "");
        }
        self.value(field, json, path)
    }

    fn value(&mut self, field: &FieldDescriptor, json: &Json, path: &str) -> Option<Value> {
        let value = match (field.kind(), json) {
            (Kind::Bool, Json::Bool(b)) => Some(Value::Bool(*b)),
            (Kind::String, Json::String(s)) => Some(Value::String(s.clone())),
            (Kind::Int32, Json::Number(n)) => n.as_i64().and_then(|n| i32::try_from(n).ok()).map(Value::I32),
            (Kind::Uint32, Json::Number(n)) => n.as_u64().and_then(|n| u32::try_from(n).ok()).map(Value::U32),
            (Kind::Int64, Json::Number(n)) => n.as_i64().map(Value::I64),
            (Kind::Int64, Json::String(s)) => s.parse().ok().map(Value::I64),
            (Kind::Uint64, Json::Number(n)) => n.as_u64().map(Value::U64),
            (Kind::Uint64, Json::String(s)) => s.parse().ok().map(Value::U64),
            (Kind::Double, Json::Number(n)) => n.as_f64().map(Value::F64),
            (Kind::Bytes, Json::String(s)) => STANDARD.decode(s).ok().map(|b| Value::Bytes(b.into())),
            (Kind::Enum(e), Json::String(s)) => e.get_value_by_name(s).map(|v| Value::EnumNumber(v.number())),
            (Kind::Message(m), json) => return self.message(&m, json, path).map(Value::Message),
            _ => None,
        };
        if value.is_none() {
            return self.fail(path, "wrong_type", &expected(field));
        }
        value
    }

    fn timestamp(&mut self, descriptor: &MessageDescriptor, json: &Json, path: &str) -> Option<DynamicMessage> {
        let Some(time) = json.as_str().and_then(|s| DateTime::parse_from_rfc3339(s).ok()) else {
            return self.fail(path, "wrong_type", "RFC 3339");
        };
        let mut message = DynamicMessage::new(descriptor.clone());
        message.set_field_by_name("seconds", Value::I64(time.timestamp()));
        message.set_field_by_name("nanos", Value::I32(i32::try_from(time.timestamp_subsec_nanos()).unwrap_or(0)));
        Some(message)
    }

    fn field_mask(&mut self, descriptor: &MessageDescriptor, json: &Json, path: &str) -> Option<DynamicMessage> {
        let Some(text) = json.as_str() else {
            return self.fail(path, "wrong_type", "string");
        };
        let paths = text.split(',').filter(|p| !p.is_empty()).map(|p| Value::String(proto_path(p))).collect();
        let mut message = DynamicMessage::new(descriptor.clone());
        message.set_field_by_name("paths", Value::List(paths));
        Some(message)
    }
}

/// `createTime` as `create_time`.
pub fn proto_path(path: &str) -> String {
    let mut out = String::with_capacity(path.len() + 4);
    for c in path.chars() {
        if c.is_ascii_uppercase() {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

/// What a field takes, for a person to read.
fn expected(field: &FieldDescriptor) -> String {
    match field.kind() {
        Kind::Bool => "boolean".into(),
        Kind::String => "string".into(),
        Kind::Int32 | Kind::Uint32 => "integer (32 bit)".into(),
        Kind::Int64 | Kind::Uint64 => "integer (64 bit, as string)".into(),
        Kind::Double | Kind::Float => "number".into(),
        Kind::Bytes => "base64 string".into(),
        Kind::Enum(e) => e.values().skip(1).map(|v| v.name().to_owned()).collect::<Vec<_>>().join(" | "),
        _ => "object".into(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{from_json, to_json};
    use crate::session::v1::{ListSessionsRequest, Message, Session};
    use crate::team::v1::{CreateTeamRequest, UpdateTeamRequest};

    #[test]
    fn every_field_is_there_and_ids_are_strings() {
        let json = to_json(&Session { id: 9_007_199_254_740_993, version: 7, ..Session::default() });
        assert_eq!(json["id"], "9007199254740993");
        assert_eq!(json["version"], 7);
        assert_eq!(json["status"], "STATUS_UNSPECIFIED");
        assert_eq!(json["queue"], json!(null));
        assert_eq!(json["lastMessage"], "");
        assert_eq!(to_json(&ListSessionsRequest::default())["status"], json!([]));
        let time = prost_types::Timestamp { seconds: 1_700_000_000, nanos: 5_000_000 };
        let message = to_json(&Message { create_time: Some(time), ..Message::default() });
        assert_eq!(message["createTime"], "2023-11-14T22:13:20.005Z");
    }

    #[test]
    fn what_is_written_is_read_back() {
        let team = CreateTeamRequest {
            name: "接种组".to_owned(),
            leader_id: 12,
            skills: vec!["疫苗".to_owned()],
            working_hours: vec![crate::common::v1::WorkingSpan { weekday: 1, start_minute: 540, end_minute: 1080 }],
            ..CreateTeamRequest::default()
        };
        assert_eq!(from_json::<CreateTeamRequest>(&to_json(&team)).unwrap(), team);
        let update: UpdateTeamRequest = from_json(&json!({"id": 3, "updateMask": "workingHours,name"})).unwrap();
        assert_eq!((update.id, update.update_mask.unwrap().paths), (3, vec!["working_hours".into(), "name".into()]));
    }

    #[test]
    fn not_every_one_of_very_many_mistakes_is_named() {
        let many: serde_json::Map<_, _> = (0..100_000).map(|n| (format!("k{n}"), json!(0))).collect();
        let wrong = from_json::<CreateTeamRequest>(&json!(many)).unwrap_err();
        assert_eq!(wrong.len(), crate::error::MOST_VIOLATIONS);
        let wrong = from_json::<CreateTeamRequest>(&json!({"名".repeat(10_000): 0})).unwrap_err();
        assert!(wrong[0].field.len() < 1000);
    }

    #[test]
    fn each_wrong_field_is_named() {
        let wrong = from_json::<CreateTeamRequest>(&json!({
            "name": 5, "tenantId": "1", "leaderId": "x", "skills": "a", "workingHours": [{"weekday": 1}, {"weekday": "2"}],
            "maxSessions": 1.5, "description": null, "__proto__": 1,
        }));
        let mut fields: Vec<_> = wrong.unwrap_err().into_iter().map(|v| (v.field, v.rule)).collect();
        fields.sort();
        let expected = [
            ("__proto__", "unknown_field"),
            ("leaderId", "wrong_type"),
            ("maxSessions", "wrong_type"),
            ("name", "wrong_type"),
            ("skills", "wrong_type"),
            ("tenantId", "unknown_field"),
            ("workingHours[1].weekday", "wrong_type"),
        ];
        assert_eq!(fields, expected.map(|(field, rule)| (field.to_owned(), rule.to_owned())));
        assert!(from_json::<CreateTeamRequest>(&json!([])).is_err());
    }
}
