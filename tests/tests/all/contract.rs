//! The contract itself: complete, bounded, documented, and the REST interface that was agreed on. Nothing here needs
//! a server, and nothing names a method except where it departs from a rule, with the reason.

use std::collections::{BTreeMap, BTreeSet};

use kefu_proto::common::v1::ErrorReason;
use kefu_proto::common::v1::access::Audience;
use kefu_proto::contract::{Method, comment, methods, permissions, pool};
use kefu_proto::error::json_path;
use kefu_tests::contract::{is_for, routes};
use kefu_tests::rules::{FIELD_MASK, Rules, is_message};
use prost_reflect::{EnumDescriptor, FieldDescriptor, FileDescriptor, Kind, MessageDescriptor};

const BASE: &str = "/api/v1";
/// The interface list of the requirements: method, path, section, name, description.
const AGREED: &str = include_str!("../../fixtures/rest-contract.tsv");

/// Whether the method is for clients, and not for Kefu's own nodes.
fn is_public_surface(method: &Method) -> bool {
    method.descriptor.parent_service().name() != "RealtimeService"
}

/// Fails with everything that was found, not with the first.
fn nothing(what: &str, found: &[String]) {
    assert!(found.is_empty(), "{what}:\n  {}", found.join("\n  "));
}

#[test]
fn every_method_says_who_may_call_it() {
    let mut wrong = Vec::new();
    for (path, method) in methods() {
        let access = &method.access;
        let open = is_for(method, Audience::Public) || is_for(method, Audience::Internal);
        let kinds = [!access.permission.is_empty(), access.own, open].into_iter().filter(|yes| *yes).count();
        if access.audience.is_empty() || kinds != 1 {
            wrong.push(format!("{path}: exactly one of a permission, `own`, and PUBLIC or INTERNAL"));
        }
        if open && access.audience.len() > 1 {
            wrong.push(format!("{path}: PUBLIC and INTERNAL stand alone"));
        }
        if method.routes.is_empty() == is_public_surface(method) {
            wrong.push(format!("{path}: clients' methods have a route, the nodes' have none"));
        }
    }
    nothing("access", &wrong);
}

#[test]
fn permissions_are_nouns_with_verbs() {
    let shaped = |code: &str| {
        let word = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
        code.split_once(':').is_some_and(|(noun, verb)| word(noun) && word(verb))
    };
    let wrong: Vec<_> = permissions().into_iter().filter(|code| !shaped(code)).map(str::to_owned).collect();
    nothing("permission codes", &wrong);
}

#[test]
fn every_method_is_documented() {
    let mut wrong = Vec::new();
    for (path, method) in methods() {
        let text = method.comment.replace('\n', " ");
        if is_public_surface(method) {
            let (title, rest) = text.split_once(". ").unwrap_or_default();
            let chinese = title.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
            if !chinese || !rest.starts_with(|c: char| c.is_ascii_uppercase()) {
                wrong.push(format!("{path}: `中文标题. English sentence.`, not `{text}`"));
            }
        } else if text.is_empty() {
            wrong.push(format!("{path}: no comment"));
        }
        let permission = method.access.permission.join(" or ");
        if !permission.is_empty() && !text.contains(&format!("Permission {permission}.")) {
            wrong.push(format!("{path}: the comment does not name the permission {permission}"));
        }
        wrong.extend(unknown_errors(&text).map(|name| format!("{path}: there is no error {name}")));
    }
    nothing("comments of methods", &wrong);
}

/// The reasons after `Errors:` that do not exist.
fn unknown_errors(text: &str) -> impl Iterator<Item = String> {
    let names = text.split_once("Errors: ").map(|(_, names)| names.to_owned()).unwrap_or_default();
    let words: Vec<_> = names.split(|c: char| !(c.is_ascii_uppercase() || c == '_')).map(str::to_owned).collect();
    words.into_iter().filter(|word| word.len() > 2 && ErrorReason::from_str_name(word).is_none())
}

#[test]
fn every_message_field_and_value_is_documented() {
    let mut wrong = Vec::new();
    for file in pool().files().filter(|file| file.package_name().starts_with("kefu.")) {
        for message in file.messages() {
            undocumented_message(&file, &message, &mut wrong);
        }
        for value in file.enums() {
            undocumented_enum(&file, &value, &mut wrong);
        }
    }
    nothing("without a comment", &wrong);
}

fn undocumented_message(file: &FileDescriptor, message: &MessageDescriptor, wrong: &mut Vec<String>) {
    let mut demand = |path: &[i32], name: &str| {
        if comment(file, path).is_empty() {
            wrong.push(name.to_owned());
        }
    };
    demand(message.path(), message.full_name());
    for field in message.fields() {
        demand(field.path(), field.full_name());
    }
    for child in message.child_messages().filter(|child| !child.is_map_entry()) {
        undocumented_message(file, &child, wrong);
    }
    for child in message.child_enums() {
        undocumented_enum(file, &child, wrong);
    }
}

fn undocumented_enum(file: &FileDescriptor, value: &EnumDescriptor, wrong: &mut Vec<String>) {
    let values = value.values().map(|v| (v.path().to_vec(), v.full_name().to_owned()));
    let all = std::iter::once((value.path().to_vec(), value.full_name().to_owned())).chain(values);
    wrong.extend(all.filter(|(path, _)| comment(file, path).is_empty()).map(|(_, name)| name));
}

#[test]
fn requests_are_named_after_their_methods() {
    let expected = |method: &Method| format!("{}Request", method.descriptor.name());
    let wrong = methods().values().filter(|m| m.descriptor.input().name() != expected(m));
    nothing("request names", &wrong.map(|m| m.path.clone()).collect::<Vec<_>>());
}

#[test]
fn every_request_field_is_bounded() {
    let mut wrong = BTreeSet::new();
    for method in methods().values().filter(|m| !is_for(m, Audience::Internal)) {
        unbounded(&method.descriptor.input(), &mut wrong);
    }
    nothing("request fields without a bound", &wrong.into_iter().collect::<Vec<_>>());
}

fn unbounded(message: &MessageDescriptor, wrong: &mut BTreeSet<String>) {
    for field in message.fields().filter(|field| !is_message(field, FIELD_MASK)) {
        let mut rules = Rules::of(&field);
        if field.is_list() {
            if rules.get("repeated", "max_items").is_none() {
                wrong.insert(field.full_name().to_owned());
            }
            rules = rules.items();
        }
        if !is_bounded(&field, &rules) {
            wrong.insert(field.full_name().to_owned());
        }
        if let Kind::Message(inner) = field.kind()
            && inner.full_name().starts_with("kefu.")
        {
            unbounded(&inner, wrong);
        }
    }
}

fn is_bounded(field: &FieldDescriptor, rules: &Rules) -> bool {
    match field.kind() {
        Kind::String => ["max_len", "in", "pattern", "const"].iter().any(|rule| rules.get("string", rule).is_some()),
        Kind::Bytes => rules.get("bytes", "max_len").is_some(),
        Kind::Int32 => rules.has("int32"),
        Kind::Int64 => rules.has("int64"),
        Kind::Enum(_) => rules.get("enum", "defined_only").is_some(),
        _ => true,
    }
}

#[test]
fn lists_come_in_pages() {
    /// Lists that are not pages.
    const WHOLE: [(&str, &str); 7] = [
        ("ListMessages", "read by sequence, not by page"),
        ("PollEvents", "read by cursor"),
        ("CreateRegisterLinks", "the links just made, at most 500"),
        ("ListPermissions", "as many as the contract has"),
        ("ListCandidates", "the members of one team"),
        ("ListDictionaries", "a handful, made by Kefu"),
        ("ListDictionaryItems", "the choices of one select box"),
    ];
    let names = |message: &MessageDescriptor| message.fields().map(|f| f.name().to_owned()).collect::<BTreeSet<_>>();
    let has = |message: &MessageDescriptor, wanted: &[&str]| {
        let names = names(message);
        wanted.iter().all(|name| names.contains(*name))
    };
    let mut wrong = Vec::new();
    for method in methods().values() {
        let (input, output) = (method.descriptor.input(), method.descriptor.output());
        let whole = WHOLE.iter().any(|(name, _)| *name == method.descriptor.name());
        let answers_list = has(&output, &["list"]);
        let reads = method.routes.iter().any(|route| route.verb == "GET");
        if answers_list && !whole && !has(&output, &["list", "total", "page", "size", "pages"]) {
            wrong.push(format!("{}: list, total, page, size, pages", method.path));
        }
        if answers_list && !whole && reads && !has(&input, &["page", "size"]) {
            wrong.push(format!("{}: page, size", method.path));
        }
        if method.descriptor.name().starts_with("List") && !answers_list {
            wrong.push(format!("{}: no list", method.path));
        }
    }
    nothing("lists", &wrong);
}

#[test]
fn what_staff_change_is_recorded() {
    /// Writes that leave no operation-log row.
    const QUIET: [(&str, &str); 8] = [
        ("SendMessage", "the message itself is the record"),
        ("AckMessages", "a mark that moves with reading"),
        ("MarkSessionUnread", "a mark of one's own"),
        ("UnmarkSessionUnread", "a mark of one's own"),
        ("SendTyping", "stores nothing"),
        ("ViewSession", "a lease of under a minute"),
        ("SetMyAgentStatus", "one's own state, many times a day"),
        ("MarkNotificationsRead", "one's own marks"),
    ];
    let wrong = methods().values().filter(|method| {
        is_for(method, Audience::Staff)
            && method.routes.iter().any(|route| route.verb != "GET")
            && method.access.audit == QUIET.iter().any(|(name, _)| *name == method.descriptor.name())
    });
    nothing("audit", &wrong.map(|method| method.path.clone()).collect::<Vec<_>>());
}

/// A path with every variable as `{}`.
fn shape(path: &str) -> String {
    let parts = path.split('/').map(|part| if part.starts_with('{') { "{}" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

#[test]
fn no_route_shadows_another() {
    let mut seen = BTreeMap::new();
    let mut wrong = Vec::new();
    for (method, route) in routes() {
        if let Some(other) = seen.insert((route.verb, shape(&route.path)), &method.path) {
            wrong.push(format!("{} {}: {other} and {}", route.verb, route.path, method.path));
        }
        if !route.path.starts_with(&format!("{BASE}/")) {
            wrong.push(format!("{}: outside {BASE}", route.path));
        }
    }
    nothing("routes", &wrong);
}

#[test]
fn path_variables_are_required_fields() {
    let mut wrong = Vec::new();
    for (method, route) in routes() {
        let request = kefu_tests::contract::request(method);
        let missing = kefu_tests::contract::variables(route).into_iter().filter(|name| !request.contains_key(name));
        wrong.extend(missing.map(|name| format!("{} {}: {name}", route.verb, route.path)));
    }
    nothing("path variables that may be left out", &wrong);
}

#[test]
fn the_rest_interface_is_the_agreed_one() {
    let agreed: Vec<Vec<&str>> = AGREED.lines().skip(1).map(|line| line.split('\t').collect()).collect();
    assert_eq!(agreed.len(), 140, "the list has 140 rows");
    let ours: BTreeSet<(String, String)> = routes()
        .map(|(_, route)| (route.verb.to_owned(), json_path(route.path.strip_prefix(BASE).unwrap_or_default())))
        .collect();
    let has = |verb: &str, path: &str| ours.contains(&(verb.to_owned(), path.to_owned()));

    // What is agreed has the agreed names of its variables, too.
    let mut wrong = Vec::new();
    for row in &agreed {
        let twin = ours.iter().find(|(verb, path)| verb == row[0] && shape(path) == shape(row[1]));
        wrong.extend(twin.filter(|(_, path)| path != row[1]).map(|(verb, path)| format!("{verb} {path}: {}", row[1])));
    }
    // Sections that are complete; logins by other companies' accounts come with those companies' interfaces.
    let later = ["/auth/login/wechat", "/users/sync/oa"];
    for row in agreed.iter().filter(|row| ["用户相关接口", "会话管理接口"].contains(&row[2])) {
        if !has(row[0], row[1]) && !later.contains(&row[1]) {
            wrong.push(format!("{} {} is missing", row[0], row[1]));
        }
    }
    nothing("the agreed interface", &wrong);

    let additions = ours.iter().filter(|(verb, path)| !agreed.iter().any(|row| row[0] == verb && row[1] == path));
    for (verb, path) in additions {
        println!("our own: {verb} {path}");
    }
    let open = agreed.iter().filter(|row| !has(row[0], row[1])).count();
    println!("{} of {} agreed routes exist", agreed.len() - open, agreed.len());
}
