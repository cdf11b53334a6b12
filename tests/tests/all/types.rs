//! Values of the wrong type, unknown fields, and broken bodies: always 400, and the field is named.

use anyhow::{Result, ensure};
use kefu_proto::common::v1::access::Audience;
use kefu_proto::contract::{Method, Route};
use kefu_tests::contract::{call, is_for, routes, variables};
use kefu_tests::rules::{FIELD_MASK, Fill, is_message, sample};
use kefu_tests::{Database, Rest, Server};
use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};
use serde_json::{Map, Value as Json, json};

use kefu_tests::objects::{Findings, Objects, Who};

/// What belongs to the server, whatever a client may wish.
const SERVER_OWNED: [&str; 10] =
    ["id", "tenantId", "createBy", "createTime", "deleted", "role", "roles", "status", "seq", "version"];

/// Someone who may call the method, so that nothing but the request can be wrong.
fn caller(objects: &Objects<'_>, method: &Method) -> Rest {
    if is_for(method, Audience::Public) {
        return objects.tenant.admin.rest.anonymous();
    }
    let who = Who::of(method).next().unwrap_or(Who::Staff);
    objects.caller(who).clone()
}

/// A field somewhere in a request, and a value it cannot take.
struct Wrong {
    /// As the details name it.
    path: String,
    /// The top-level field, with the wrong value in it.
    field: String,
    value: Json,
}

/// The wrong values of every field of a message, nested ones too.
fn wrong_values(message: &MessageDescriptor) -> Vec<Wrong> {
    let mut found = Vec::new();
    for field in message.fields().filter(|field| !is_message(field, FIELD_MASK)) {
        let name = field.json_name();
        let mut add = |path: String, value: Json| found.push(Wrong { path, field: name.to_owned(), value });
        if field.is_list() {
            for value in [json!("x"), json!(1), json!(true), json!({})] {
                add(name.to_owned(), value);
            }
            for value in wrong_scalars(&field) {
                add(format!("{name}[0]"), json!([value]));
            }
        } else {
            wrong_scalars(&field).into_iter().for_each(|value| add(name.to_owned(), value));
        }
        let Kind::Message(inner) = field.kind() else { continue };
        if inner.full_name().starts_with("kefu.") {
            for wrong in wrong_values(&inner) {
                let mut object = sample(&inner, Fill::Required);
                object.insert(wrong.field, wrong.value);
                let (path, value) = match field.is_list() {
                    true => (format!("{name}[0].{}", wrong.path), json!([object])),
                    false => (format!("{name}.{}", wrong.path), Json::Object(object)),
                };
                add(path, value);
            }
        }
    }
    found
}

fn wrong_scalars(field: &FieldDescriptor) -> Vec<Json> {
    match field.kind() {
        Kind::String => vec![json!(1), json!(true), json!({}), json!([]), json!("nul \0 byte")],
        Kind::Int32 => {
            vec![json!("one"), json!(true), json!({}), json!([]), json!(1.5), json!(1e30), json!(1i64 << 40)]
        }
        Kind::Int64 => vec![json!("one"), json!(true), json!({}), json!([]), json!(1.5), json!("99999999999999999999")],
        Kind::Bool => vec![json!("yes"), json!(1), json!({}), json!([])],
        Kind::Enum(_) => vec![json!("NO_SUCH_VALUE"), json!(1), json!(true), json!({}), json!([])],
        Kind::Message(_) => vec![json!("x"), json!(1), json!(true), json!([])],
        _ => Vec::new(),
    }
}

/// Whether a wrong value can be written in a path or a query at all: there, everything is text.
fn fits_text(method: &Method, wrong: &Wrong) -> bool {
    let field = method.descriptor.input().get_field_by_json_name(&wrong.field);
    let is_text = field.is_none_or(|field| matches!(field.kind(), Kind::String));
    wrong.value.is_string() && !is_text
}

#[tokio::test]
async fn every_field_refuses_values_of_other_types() -> Result<()> {
    let server = Server::shared(Database::Sqlite).await?;
    let objects = Objects::make(server).await?;
    let mut findings = Findings::default();
    let mut calls = 0;
    for (method, route) in routes() {
        let caller = caller(&objects, method);
        for wrong in wrong_values(&method.descriptor.input()) {
            let as_text = !route.has_body || variables(route).contains(&wrong.field);
            if method.descriptor.is_client_streaming() || (as_text && !fits_text(method, &wrong)) {
                continue;
            }
            let mut request = objects.request(method, route)?;
            request.insert(wrong.field.clone(), wrong.value.clone());
            let answer = call(&caller, method, route, request).await?;
            if answer.status != 400 || !answer.fields().contains(&wrong.path.as_str()) {
                findings.note(format!(
                    "{} {} {} = {}: {} {}",
                    route.verb, route.path, wrong.path, wrong.value, answer.status, answer.envelope
                ));
            }
            calls += 1;
        }
    }
    ensure!(calls > 600, "only {calls} calls");
    findings.none()
}

#[tokio::test]
async fn what_belongs_to_the_server_cannot_be_written() -> Result<()> {
    let server = Server::shared(Database::Sqlite).await?;
    let objects = Objects::make(server).await?;
    let inspector = server.inspect().await?;
    let before = inspector.settled(&objects.tenant.id).await?;
    let mut findings = Findings::default();
    for (method, route) in routes().filter(|(method, _)| !method.descriptor.is_client_streaming()) {
        let caller = caller(&objects, method);
        let input = method.descriptor.input();
        for name in SERVER_OWNED.into_iter().chain(["updateMask", "x"]) {
            let known = input.get_field_by_json_name(name).is_some() && name != "updateMask";
            if known && !(route.has_body && variables(route).iter().any(|variable| variable == name)) {
                continue;
            }
            let answer = inject(&caller, method, route, objects.request(method, route)?, name).await?;
            if answer.status != 400 || !answer.fields().contains(&name) {
                let (verb, path) = (route.verb, &route.path);
                findings.note(format!("{verb} {path} + {name}: {} {}", answer.status, answer.envelope));
            }
        }
    }
    let changed = kefu_tests::database::changes(&before, &inspector.settled(&objects.tenant.id).await?);
    ensure!(changed.is_empty(), "rows have changed: {changed:#?}");
    findings.none()
}

/// Calls a route with one more field, in the body even if the path has a variable of that name.
async fn inject(
    caller: &Rest,
    method: &Method,
    route: &Route,
    mut request: Map<String, Json>,
    name: &str,
) -> Result<kefu_tests::Answer> {
    if !variables(route).iter().any(|variable| variable == name) {
        request.insert(name.to_owned(), json!("1"));
        return call(caller, method, route, request).await;
    }
    let (mut body, path) = (request.clone(), route.path.trim_start_matches("/api/v1").to_owned());
    let mut filled = path;
    for variable in variables(route) {
        let value = body.remove(&variable).unwrap_or_default();
        let proto_name = kefu_proto::json::proto_path(&variable);
        filled = filled.replace(&format!("{{{proto_name}}}"), value.as_str().unwrap_or_default());
    }
    body.insert(name.to_owned(), json!("1"));
    caller.call(route.verb, &filled, Some(Json::Object(body))).await
}

#[tokio::test]
async fn bodies_that_are_no_objects_are_refused() -> Result<()> {
    let server = Server::shared(Database::Sqlite).await?;
    let rest = server.rest()?;
    let deep = format!("{{\"username\":{}1{}}}", "[".repeat(5000), "]".repeat(5000));
    let bodies =
        ["[]", "\"x\"", "1", "null", "true", "{", "{\"username\":}", "{\"a\":1,}", "\u{feff}{}", deep.as_str()];
    let mut findings = Findings::default();
    for body in bodies {
        let request = rest.request("POST", "/auth/login").header("content-type", "application/json");
        let answer = rest.send(request.body(body.to_owned())).await?;
        findings.check(answer.refused(400, "INVALID_ARGUMENT"));
    }
    let form = rest.request("POST", "/auth/login").form(&[("username", "x")]);
    findings.check(rest.send(form).await?.refused(415, "UNSUPPORTED_MEDIA_TYPE"));
    // The server does not read such a body to its end: the connection is of no further use.
    let large = server.rest()?.request("POST", "/auth/login").json(&json!({"username": "x".repeat(2_000_000)}));
    findings.check(server.rest()?.send(large).await?.refused(413, "TOO_LARGE"));
    findings.check(rest.get("/no/such/route").await?.refused(404, "ROUTE_NOT_FOUND"));
    findings.check(rest.get("/auth/login").await?.refused(405, "METHOD_NOT_ALLOWED"));
    findings.none()
}

#[tokio::test]
async fn what_is_missing_is_asked_for_in_the_words_of_the_caller() -> Result<()> {
    let server = Server::shared(Database::Sqlite).await?;
    let tenant = server.tenant().await?;
    let rest = &tenant.admin.rest;
    let (required, choice) = (("必填", "is required"), ("请选择", "choose one"));
    let (short, wrong) = (("至少 10 个字符", "needs at least 10 characters"), ("格式不正确", "has the wrong format"));
    let (above, set) = (("必须大于 0", "must be greater than 0"), ("不是允许的值", "is not one of the allowed values"));
    let cases = [
        ("POST", "/customers", json!({"name": "", "phone": ""}), vec![("name", required), ("phone", required)]),
        ("POST", "/customers", json!({"name": "李", "phone": "12"}), vec![("phone", wrong)]),
        ("POST", "/customers/quick-register", json!({}), vec![("teamId", choice)]),
        ("POST", "/customers/quick-register", json!({"teamId": "-1"}), vec![("teamId", above)]),
        ("POST", "/sessions/batch-assign", json!({}), vec![("sessionIds", choice), ("agentId", choice)]),
        ("PUT", "/agents/me/status", json!({}), vec![("status", choice)]),
        ("POST", "/users", json!({"username": "li.hua", "name": "李", "password": ""}), vec![("password", required)]),
        ("POST", "/users", json!({"username": "li.hua", "name": "李", "password": "short"}), vec![("password", short)]),
        ("GET", "/customers/0", Json::Null, vec![("id", required)]),
        (
            "POST",
            "/sessions/1/messages",
            json!({"clientMsgId": "a", "contentType": "EVENT"}),
            vec![("contentType", set)],
        ),
    ];
    for (verb, path, body, expected) in cases {
        for (language, words) in [("zh-CN", 0), ("en", 1)] {
            let request = rest.request(verb, path).header("accept-language", language);
            let request = if body.is_null() { request } else { request.json(&body) };
            let answer = rest.send(request).await?.refused(400, "INVALID_ARGUMENT")?.envelope["details"].clone();
            let said = |(zh, en): (&'static str, &'static str)| if words == 0 { zh } else { en };
            let wanted: Vec<_> =
                expected.iter().map(|(field, text)| json!({"field": field, "reason": said(*text)})).collect();
            ensure!(answer == Json::from(wanted.clone()), "{verb} {path} {body}: {answer} instead of {wanted:?}");
        }
    }
    Ok(())
}
