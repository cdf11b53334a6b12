//! From path, query and JSON body to a protobuf message. Everything wrong is found at once, each with its field.

use kefu_proto::error::{Violation, invalid};
use kefu_proto::json;
use percent_encoding::percent_decode_str;
use prost_reflect::{DynamicMessage, Kind as FieldKind, MessageDescriptor, ReflectMessage, Value};
use serde_json::Value as Json;
use tonic::Status;

use crate::route::{Found, Kind, Route};

/// Values in one body, at most. Read into a tree, a value takes up to ninety times the memory of its text, and nobody has
/// to log in to send one.
const MOST_VALUES: usize = 20_000;
/// PATCH fills it; nobody else can.
const UPDATE_MASK: &str = "update_mask";
/// The edge fills them from `Range`.
const RANGE_FIELDS: [&str; 2] = ["offset", "limit"];

/// Reads a request: the path's variables, and the body if the route has one, else the query.
///
/// # Errors
/// Each field that is unknown, of the wrong type, or not to be set here.
pub(crate) fn read(found: &Found<'_>, query: &str, body: Option<&[u8]>) -> Result<DynamicMessage, Status> {
    let input = found.route.method.descriptor.input();
    let mut wrong = Vec::new();
    let message = match body {
        Some(body) => from_body(found.route, &input, body, &mut wrong),
        None => DynamicMessage::new(input),
    };
    let mut filling = Filling { route: found.route, message, seen: Vec::new(), wrong };
    filling.query(query, body.is_none());
    filling.path(&found.values);
    filling.finish()
}

/// A message that is filled from texts: of the path, the query, or a form.
pub(crate) struct Filling<'a> {
    route: &'a Route,
    message: DynamicMessage,
    seen: Vec<u32>,
    wrong: Vec<Violation>,
}

impl<'a> Filling<'a> {
    /// The message of a form, with the path's variables set. Such a route takes no query.
    pub(crate) fn form(found: &Found<'a>, descriptor: MessageDescriptor, query: &str) -> Self {
        let message = DynamicMessage::new(descriptor);
        let mut filling = Self { route: found.route, message, seen: Vec::new(), wrong: Vec::new() };
        filling.query(query, false);
        filling.path(&found.values);
        filling
    }

    /// Sets a field that the client names.
    pub(crate) fn set(&mut self, name: &str, text: &str) {
        let field = json::find_field(&self.message.descriptor(), name);
        let violation = match field.filter(|field| may_set(self.route, field.name())) {
            None => Some(Violation::new(name, "unknown_field", "")),
            Some(field) if !field.is_list() && self.seen.contains(&field.number()) => {
                Some(Violation::new(name, "single", ""))
            }
            Some(field) => {
                self.seen.push(field.number());
                json::set_from_text(&mut self.message, name, text).err()
            }
        };
        self.wrong.extend(violation);
    }

    /// Whether the client has set a field.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.message.has_field_by_name(name)
    }

    /// The message, or all that is wrong.
    pub(crate) fn finish(self) -> Result<DynamicMessage, Status> {
        if self.wrong.is_empty() { Ok(self.message) } else { Err(invalid(&self.wrong)) }
    }

    fn path(&mut self, values: &[String]) {
        for (name, value) in self.route.variables.iter().zip(values) {
            self.wrong.extend(json::set_from_text(&mut self.message, name, value).err());
        }
    }

    fn query(&mut self, query: &str, allowed: bool) {
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            match (decoded(name), decoded(value)) {
                (Some(name), Some(value)) if allowed => self.set(&name, &value),
                (Some(name), _) if !allowed => self.wrong.push(Violation::new(&name, "unknown_field", "")),
                _ => self.wrong.push(Violation::new(name, "wrong_type", "UTF-8")),
            }
        }
    }
}

fn from_body(route: &Route, input: &MessageDescriptor, body: &[u8], wrong: &mut Vec<Violation>) -> DynamicMessage {
    if values(body) > MOST_VALUES {
        wrong.push(Violation::new("", "max_items", MOST_VALUES.to_string()));
        return DynamicMessage::new(input.clone());
    }
    let mut object = match serde_json::from_slice(if body.is_empty() { b"{}" } else { body }) {
        Ok(json) => json,
        Err(error) => {
            wrong.push(Violation::new("", "json", error.to_string()));
            return DynamicMessage::new(input.clone());
        }
    };
    let mut present = Vec::new();
    if let Json::Object(members) = &mut object {
        members.retain(|name, _| {
            let Some(field) = json::find_field(input, name) else { return true };
            let allowed = may_set(route, field.name());
            if allowed {
                present.push(Value::String(field.name().to_owned()));
            } else {
                wrong.push(Violation::new(name, "unknown_field", ""));
            }
            allowed
        });
    }
    let mut message = json::decode(input, &object).unwrap_or_else(|found| {
        wrong.extend(found);
        DynamicMessage::new(input.clone())
    });
    if route.verb == "PATCH" {
        set_mask(&mut message, present);
    }
    message
}

/// How many values a JSON text has, or a few more: each begins after a bracket or a comma.
fn values(text: &[u8]) -> usize {
    let (mut count, mut quoted, mut escaped) = (0, false, false);
    for byte in text {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = quoted,
            b'"' => quoted = !quoted,
            b',' | b'[' | b'{' if !quoted => count += 1,
            _ => {}
        }
    }
    count
}

/// A mask names the fields to change, also when there are none: an absent one would mean all.
fn set_mask(message: &mut DynamicMessage, paths: Vec<Value>) {
    let Some(field) = message.descriptor().get_field_by_name(UPDATE_MASK) else { return };
    if let FieldKind::Message(descriptor) = field.kind() {
        let mut mask = DynamicMessage::new(descriptor);
        mask.set_field_by_name("paths", Value::List(paths));
        message.set_field(&field, Value::Message(mask));
    }
}

/// Whether body or query may set a field of the request.
fn may_set(route: &Route, name: &str) -> bool {
    let by_range = route.kind == Kind::Download && RANGE_FIELDS.contains(&name);
    name != UPDATE_MASK && !by_range && !route.variables.iter().any(|variable| variable == name)
}

fn decoded(text: &str) -> Option<String> {
    percent_decode_str(&text.replace('+', " ")).decode_utf8().ok().map(String::from)
}
