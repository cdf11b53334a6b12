//! Calls made from the contract, so that a new method is tested on the day it is added.

use std::time::Duration;

use anyhow::{Context, Result};
use kefu_proto::common::v1::access::Audience;
use kefu_proto::contract::{Method, Route, methods};
use kefu_proto::error::json_path;
use serde_json::{Map, Value as Json};

use crate::rest::{Answer, Rest};
use crate::rules::{Fill, sample};

/// The REST routes with their methods.
pub fn routes() -> impl Iterator<Item = (&'static Method, &'static Route)> {
    methods().values().flat_map(|method| method.routes.iter().map(move |route| (method, route)))
}

/// Whether somebody of this kind may call the method.
pub fn is_for(method: &Method, audience: Audience) -> bool {
    method.access.audience.contains(&(audience as i32))
}

/// The JSON names of a route's path variables.
pub fn variables(route: &Route) -> Vec<String> {
    route.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).map(json_path).collect()
}

/// A request of the method that keeps every rule.
pub fn request(method: &Method) -> Map<String, Json> {
    sample(&method.descriptor.input(), Fill::Required)
}

/// Calls a route, with the fields of `request` where the route wants them: path, query, body or form. Waits where the
/// server asks for it, as clients do.
///
/// # Errors
/// The server cannot be reached, or the request lacks a path variable.
pub async fn call(rest: &Rest, method: &Method, route: &Route, request: Map<String, Json>) -> Result<Answer> {
    const MOST_WAITS: usize = 5;
    for _ in 0..MOST_WAITS {
        let answer = call_once(rest, method, route, request.clone()).await?;
        let wait = answer.headers.get("retry-after").and_then(|seconds| seconds.to_str().ok()?.parse().ok());
        match wait {
            Some(seconds) if answer.status == 429 => tokio::time::sleep(Duration::from_secs(seconds)).await,
            _ => return Ok(answer),
        }
    }
    call_once(rest, method, route, request).await
}

async fn call_once(rest: &Rest, method: &Method, route: &Route, mut request: Map<String, Json>) -> Result<Answer> {
    let path = fill_path(route, &mut request)?;
    if method.descriptor.is_client_streaming() {
        let meta = request.remove("meta").and_then(|m| m.as_object().cloned()).unwrap_or_default();
        return rest.upload(&path, &meta, "a.txt", b"text".to_vec()).await;
    }
    if route.has_body {
        return rest.call(route.verb, &path, Some(Json::Object(request))).await;
    }
    let mut pairs = Vec::new();
    for (name, value) in &request {
        match value {
            Json::Array(items) => pairs.extend(items.iter().map(|item| (name.clone(), text(item)))),
            value => pairs.push((name.clone(), text(value))),
        }
    }
    rest.query(route.verb, &path, &pairs).await
}

/// The path of a route below the base, with its variables taken out of the request.
fn fill_path(route: &Route, request: &mut Map<String, Json>) -> Result<String> {
    let mut parts = Vec::new();
    for part in route.path.strip_prefix("/api/v1").context("a route outside the base")?.split('/') {
        match part.strip_prefix('{').and_then(|p| p.strip_suffix('}')) {
            Some(variable) => {
                let name = json_path(variable);
                parts.push(text(&request.remove(&name).with_context(|| format!("no {name} in the request"))?));
            }
            None => parts.push(part.to_owned()),
        }
    }
    Ok(parts.join("/"))
}

/// A value as it stands in a path or a query.
fn text(value: &Json) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
