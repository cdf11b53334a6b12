//! One object of every kind in a tenant, and requests that speak of them.

use std::collections::BTreeMap;

use crate::contract::is_for;
use crate::rules::{Fill, sample};
use crate::{Customer, Rest, Server, Staff, Tenant};
use anyhow::{Context, Result, bail};
use kefu_proto::common::v1::access::Audience;
use kefu_proto::contract::{Method, Route};
use kefu_proto::error::json_path;
use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};
use serde_json::{Map, Value as Json, json};

/// Numbers that are not ids of objects, though they are written like ids.
const CURSORS: [&str; 2] = ["up_to_id", "after_id"];

/// Who calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// The administrator, who may everything.
    Staff,
    /// The customer.
    Customer,
}

impl Who {
    /// Those of the two who may call a method.
    pub fn of(method: &Method) -> impl Iterator<Item = Self> {
        let staff = is_for(method, Audience::Staff).then_some(Self::Staff);
        let customer = is_for(method, Audience::Customer).then_some(Self::Customer);
        staff.into_iter().chain(customer)
    }
}

/// A tenant with people in it and objects of every kind.
#[derive(Debug)]
pub struct Objects<'s> {
    /// Where they are.
    pub tenant: Tenant<'s>,
    /// Who serves the customer.
    pub agent: Staff,
    /// Who is served.
    pub customer: Customer,
    /// The id of each kind of object, by its noun.
    ids: BTreeMap<&'static str, String>,
    /// Another customer's session, which waits in the queue.
    waiting: String,
    /// The secret of the registration link.
    link_token: String,
    dictionary: String,
}

impl<'s> Objects<'s> {
    /// Makes them: the customer's session is served by the agent, another one waits.
    ///
    /// # Errors
    /// They cannot be made.
    pub async fn make(server: &'s Server) -> Result<Self> {
        let tenant = server.tenant().await?;
        let admin = &tenant.admin.rest;
        // Nobody holds a socket here, and nobody talks: neither is to have consequences while a test looks.
        let patience = json!({"graceSeconds": 3600, "customerIdleMinutes": 0, "replyReminderMinutes": 0});
        admin.call("PATCH", "/settings/assignment", Some(patience)).await?.data()?;
        let agent = tenant.agent().await?;
        let team = tenant.team(&[&agent]).await?;
        agent.set_status("ONLINE").await?;
        let customer = tenant.customer(&team).await?;
        agent.set_status("BUSY").await?;
        let waiting = tenant.customer(&team).await?;
        // Somebody's archive record waits for its review.
        admin.call("PATCH", "/settings", Some(json!({"archiveReview": true}))).await?.data()?;
        let record = admin.post(&format!("/customers/{}/archive", waiting.id), json!({"comment": "canary"})).await?;
        let waiting = waiting.session;
        let message = send(&customer.rest, &customer.session, "金丝雀 canary").await?;
        let meta = json!({"sessionId": customer.session}).as_object().cloned().unwrap_or_default();
        let file = customer.rest.upload("/files", &meta, "canary.txt", b"canary".to_vec()).await?.text("id")?;
        let link = admin.post("/customers/quick-register", json!({"teamId": team})).await?;
        let reply = json!({"shared": true, "title": "canary", "content": "canary"});
        let reply = admin.post("/quick-replies", reply).await?.text("id")?;
        agent.rest.post(&format!("/sessions/{}/notes", customer.session), note()).await?.data()?;
        let dictionary = admin.get("/dictionaries").await?.text("list.0.code")?;
        let ids = BTreeMap::from([
            ("user", agent.id.clone()),
            ("role", tenant.role("agent")?.to_owned()),
            ("team", team),
            ("customer", customer.id.clone()),
            ("session", customer.session.clone()),
            ("message", message),
            ("file", file),
            ("register_link", link.text("list.0.id")?),
            ("quick_reply", reply),
            ("archive_record", record.text("id")?),
        ]);
        Ok(Self { tenant, agent, customer, ids, waiting, link_token: link.text("list.0.token")?, dictionary })
    }

    /// The caller of a kind: the administrator, who may everything, or the customer.
    pub fn caller(&self, who: Who) -> &Rest {
        match who {
            Who::Staff => &self.tenant.admin.rest,
            Who::Customer => &self.customer.rest,
        }
    }

    /// The id of an object that a reference is about.
    ///
    /// # Errors
    /// There is no such object.
    pub fn id(&self, reference: &Reference) -> Result<&str> {
        let id = self.ids.get(reference.noun.as_str());
        Ok(id.with_context(|| format!("make a {} in Objects: {} speaks of one", reference.noun, reference.path))?)
    }

    /// A message of the customer's session.
    pub fn message(&self) -> &str {
        self.ids.get("message").map_or("0", String::as_str)
    }

    /// A request that keeps the rules and speaks of this tenant's objects, with nothing that may be left out.
    ///
    /// # Errors
    /// The contract speaks of an object that is not made here.
    pub fn request(&self, method: &Method, route: &Route) -> Result<Map<String, Json>> {
        self.filled(method, route, Fill::Required)
    }

    /// A request with its references set as far as the rules demand them.
    ///
    /// # Errors
    /// The contract speaks of an object that is not made here.
    pub fn filled(&self, method: &Method, route: &Route, fill: Fill) -> Result<Map<String, Json>> {
        let input = method.descriptor.input();
        let required = sample(&input, Fill::Required);
        let mut fields = sample(&input, fill);
        for (name, value) in &mut fields {
            match name.as_str() {
                "clientMsgId" | "clientNoteId" => *value = json!(format!("{:x}", rand::random::<u64>())),
                "token" | "linkToken" => *value = json!(self.link_token),
                "code" if route.path.contains("/dictionaries/") => *value = json!(self.dictionary),
                _ => {}
            }
        }
        for reference in references(method, route) {
            if required.contains_key(&reference.path) {
                set(&mut fields, &reference, self.id(&reference)?);
            } else {
                reference.leave_out(&mut fields);
            }
        }
        Ok(fields)
    }

    /// Requests about one object that is given by its id, in all the ways there are to ask: with as little as the
    /// rules demand, with every field, with the other references too, about the session that is served and about
    /// the one that waits. Nothing but the object can make all of them fail.
    ///
    /// # Errors
    /// The contract speaks of an object that is not made here.
    pub fn requests_about(
        &self,
        method: &Method,
        route: &Route,
        reference: &Reference,
        id: &str,
    ) -> Result<Vec<Map<String, Json>>> {
        let mut requests = vec![self.request(method, route)?];
        // In a query, another filter would hide what this one finds.
        if route.has_body {
            let lean = self.filled(method, route, Fill::All)?;
            let mut full = lean.clone();
            for other in references(method, route) {
                set(&mut full, &other, self.id(&other)?);
            }
            requests.extend([lean, full]);
        }
        if route.path.contains("/sessions/{id}") && reference.path != "id" {
            let mut waiting = requests.clone();
            waiting.iter_mut().for_each(|request| drop(request.insert("id".to_owned(), json!(self.waiting))));
            requests.extend(waiting);
        }
        for request in &mut requests {
            set(request, reference, id);
            // A file is sent by a message that says so.
            if request.contains_key("fileId") {
                request.insert("contentType".to_owned(), json!("FILE"));
            }
        }
        Ok(requests)
    }
}

/// Sends a text; gives its id.
async fn send(rest: &Rest, session: &str, content: &str) -> Result<String> {
    let body = json!({"clientMsgId": format!("{:x}", rand::random::<u64>()), "content": content});
    rest.post(&format!("/sessions/{session}/messages"), body).await?.text("message.id")
}

fn note() -> Json {
    json!({"clientNoteId": "canary", "content": "canary"})
}

/// A field of a request that holds the id of an object.
#[derive(Debug, Clone)]
pub struct Reference {
    /// The field's path in JSON, as `meta.sessionId`.
    pub path: String,
    /// The kind of object.
    pub noun: String,
    /// The field is a list of ids.
    many: bool,
}

impl Reference {
    fn leave_out(&self, fields: &mut Map<String, Json>) {
        match self.path.split_once('.') {
            Some((outer, inner)) => {
                let outer = fields.get_mut(outer).and_then(Json::as_object_mut);
                outer.map(|outer| outer.remove(inner));
            }
            None => {
                fields.remove(&self.path);
            }
        }
    }
}

/// The references of a request, in nested messages too.
pub fn references(method: &Method, route: &Route) -> Vec<Reference> {
    let mut found = Vec::new();
    collect(&method.descriptor.input(), "", &route.path, &mut found);
    found
}

fn collect(message: &MessageDescriptor, prefix: &str, route: &str, found: &mut Vec<Reference>) {
    for field in message.fields() {
        let path = format!("{prefix}{}", json_path(field.name()));
        match field.kind() {
            Kind::Int64 => {
                if let Some(noun) = noun(&field, route) {
                    found.push(Reference { path, noun, many: field.is_list() });
                }
            }
            Kind::Message(inner) if !field.is_list() && inner.full_name().starts_with("kefu.") => {
                collect(&inner, &format!("{path}."), route, found);
            }
            _ => {}
        }
    }
}

/// What a field refers to: `team_id` a team, `id` what its route is about.
fn noun(field: &FieldDescriptor, route: &str) -> Option<String> {
    let name = field.name();
    if CURSORS.contains(&name) {
        return None;
    }
    if name == "id" {
        let before = route.split("/{id}").next()?.rsplit('/').next()?;
        let singular = before.strip_suffix("ies").map(|stem| format!("{stem}y"));
        return Some(singular.unwrap_or_else(|| before.trim_end_matches('s').to_owned()).replace('-', "_"));
    }
    let noun = name.strip_suffix("_ids").or(name.strip_suffix("_id"))?;
    Some(match noun {
        "agent" | "leader" => "user".to_owned(),
        "quote_message" => "message".to_owned(),
        "avatar_file" => "file".to_owned(),
        other => other.to_owned(),
    })
}

/// Sets the field a reference is about, which may lie one message deep.
pub fn set(fields: &mut Map<String, Json>, reference: &Reference, id: &str) {
    let value = if reference.many { json!([id]) } else { json!(id) };
    match reference.path.split_once('.') {
        Some((outer, inner)) => {
            let slot = fields.entry(outer).or_insert_with(|| json!({}));
            slot[inner] = value;
        }
        None => {
            fields.insert(reference.path.clone(), value);
        }
    }
}

/// All findings of a generated test at once.
#[derive(Debug, Default)]
pub struct Findings(Vec<String>);

impl Findings {
    /// Notes what is wrong.
    pub fn note(&mut self, what: String) {
        self.0.push(what);
    }

    /// Notes an error.
    pub fn check<T>(&mut self, result: Result<T>) {
        if let Err(error) = result {
            self.note(format!("{error:#}"));
        }
    }

    /// Nothing was found.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Fails with all of them.
    ///
    /// # Errors
    /// There are some.
    pub fn none(self) -> Result<()> {
        if self.0.is_empty() {
            return Ok(());
        }
        bail!("{} findings:\n  {}", self.0.len(), self.0.join("\n  "))
    }
}
