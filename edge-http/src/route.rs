//! The table of REST routes, made from the contract.

use std::collections::BTreeMap;

use http::Method as Verb;
use kefu_proto::common::v1::ErrorReason;
use kefu_proto::contract::{self, Method};
use kefu_proto::error::{Problem, Violation, invalid};
use percent_encoding::percent_decode_str;
use tonic::Status;

/// How a method travels over HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// JSON both ways.
    Unary,
    /// Multipart in, JSON out.
    Upload,
    /// A file out.
    Download,
}

/// One verb on one path.
#[derive(Debug)]
pub(crate) struct Route {
    /// The method.
    pub(crate) method: &'static Method,
    /// The verb.
    pub(crate) verb: &'static str,
    /// The body fills the request; otherwise the query does.
    pub(crate) has_body: bool,
    /// How it travels.
    pub(crate) kind: Kind,
    /// The fields that stand in the path, by their proto names.
    pub(crate) variables: Vec<String>,
}

/// A route that fits a request.
#[derive(Debug)]
pub(crate) struct Found<'a> {
    /// The route.
    pub(crate) route: &'a Route,
    /// What the path says of each variable.
    pub(crate) values: Vec<String>,
}

/// All routes. Static segments win over variables.
#[derive(Debug)]
pub(crate) struct Routes(matchit::Router<Vec<Route>>);

impl Routes {
    /// The routes of the contract.
    pub(crate) fn from_contract() -> Self {
        let mut patterns: BTreeMap<String, Vec<Route>> = BTreeMap::new();
        for method in contract::methods().values() {
            for route in &method.routes {
                let (pattern, variables) = split(&route.path);
                let kind = match (method.descriptor.is_client_streaming(), method.descriptor.is_server_streaming()) {
                    (true, _) => Kind::Upload,
                    (false, true) => Kind::Download,
                    (false, false) => Kind::Unary,
                };
                let route = Route { method, verb: route.verb, has_body: route.has_body, kind, variables };
                patterns.entry(pattern).or_default().push(route);
            }
        }
        let mut router = matchit::Router::new();
        for (pattern, routes) in patterns {
            if let Err(error) = router.insert(&pattern, routes) {
                tracing::error!(pattern, %error, "a route of the contract cannot be served");
            }
        }
        Self(router)
    }

    /// Finds the route of a request. `HEAD` is the `GET` without its body.
    ///
    /// # Errors
    /// There is no such path, or not with this verb, or a variable is no UTF-8.
    pub(crate) fn find(&self, verb: &Verb, path: &str) -> Result<Found<'_>, Status> {
        let Ok(found) = self.0.at(path) else {
            return Err(Problem::new(ErrorReason::RouteNotFound).into_status());
        };
        let verb = if *verb == Verb::HEAD { Verb::GET.as_str() } else { verb.as_str() };
        let Some(route) = found.value.iter().find(|route| route.verb == verb) else {
            return Err(not_allowed(found.value));
        };
        let values = found.params.iter().zip(&route.variables).map(|((_, raw), name)| {
            let text = percent_decode_str(raw).decode_utf8();
            text.map(String::from).map_err(|_| invalid(&[Violation::new(name, "wrong_type", "UTF-8")]))
        });
        Ok(Found { route, values: values.collect::<Result<_, _>>()? })
    }
}

fn not_allowed(routes: &[Route]) -> Status {
    let mut verbs: Vec<&str> = routes.iter().map(|route| route.verb).collect();
    if verbs.contains(&"GET") {
        verbs.push("HEAD");
    }
    let mut status = Problem::new(ErrorReason::MethodNotAllowed).into_status();
    if let Ok(allow) = verbs.join(", ").parse() {
        status.metadata_mut().insert("allow", allow);
    }
    status
}

/// `/sessions/{id}/notes` as the pattern `/sessions/{0}/notes` and its variables: two routes may call the same
/// segment by different names, which the router would not take.
fn split(path: &str) -> (String, Vec<String>) {
    let mut variables = Vec::new();
    let segments: Vec<String> = path
        .split('/')
        .map(|segment| match segment.strip_prefix('{').and_then(|s| s.strip_suffix('}')) {
            Some(name) => {
                variables.push(name.to_owned());
                format!("{{{}}}", variables.len() - 1)
            }
            None => segment.to_owned(),
        })
        .collect();
    (segments.join("/"), variables)
}
