//! The people of a workload, made before it begins.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, Result};
use futures_util::{StreamExt as _, TryStreamExt as _};
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use serde_json::{Value as Json, json};

use super::client::Client;
use super::history::{Event, History};
use super::rogue::Rogue;
use super::wire::lock;
use super::workload::{Actor, Poller, Role};
use crate::{Customer, Rest, Server, Staff, Tenant};

/// The kinds of principals, as in the rows.
pub(super) const USER: i16 = 1;
/// See [`USER`].
pub(super) const CUSTOMER: i16 = 2;

/// How large the workload is.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Tenants.
    pub tenants: usize,
    /// Agents of each.
    pub agents: usize,
    /// Sessions at a time, of all tenants.
    pub sessions: usize,
}

/// Who serves what, as far as the workload knows. It may be wrong: then somebody is refused.
#[derive(Debug, Default)]
pub(super) struct Board(Mutex<Desks>);

#[derive(Debug, Default)]
struct Desks {
    /// The tenant and the agent of each open session.
    sessions: BTreeMap<i64, (usize, i64)>,
    agents: Vec<Agent>,
}

/// An agent, to hand sessions to.
#[derive(Debug, Clone)]
pub(super) struct Agent {
    pub(super) tenant: usize,
    pub(super) id: i64,
    pub(super) name: String,
    pub(super) token: String,
}

impl Board {
    fn desks<T>(&self, look: impl FnOnce(&mut Desks) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// A session is open, and served by this agent.
    pub(super) fn put(&self, session: i64, tenant: usize, agent: i64) {
        self.desks(|desks| desks.sessions.insert(session, (tenant, agent)));
    }

    /// A session is over.
    pub(super) fn remove(&self, session: i64) {
        self.desks(|desks| desks.sessions.remove(&session));
    }

    /// What an agent serves.
    pub(super) fn of_agent(&self, agent: i64) -> Vec<i64> {
        self.desks(|desks| desks.sessions.iter().filter(|(_, desk)| desk.1 == agent).map(|(id, _)| *id).collect())
    }

    /// The sessions of the other tenants.
    pub(super) fn foreign(&self, tenant: usize) -> Vec<i64> {
        self.desks(|desks| desks.sessions.iter().filter(|(_, desk)| desk.0 != tenant).map(|(id, _)| *id).collect())
    }

    /// The other agents of a tenant.
    pub(super) fn peers(&self, tenant: usize, agent: i64) -> Vec<Agent> {
        self.desks(|desks| {
            desks.agents.iter().filter(|peer| peer.tenant == tenant && peer.id != agent).cloned().collect()
        })
    }
}

/// Everybody.
pub(super) struct World {
    pub(super) actors: Vec<Actor>,
    pub(super) rogues: Vec<Rogue>,
    pub(super) board: Arc<Board>,
}

/// What decides is made from the seed and the name: it does not matter who is made first.
pub(super) fn decisions(seed: u64, name: &str) -> StdRng {
    let mixed = name
        .bytes()
        .fold(seed ^ 0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    StdRng::seed_from_u64(mixed)
}

impl World {
    /// Makes everybody.
    pub(super) async fn make(server: &Server, seed: u64, size: Size, history: &Arc<History>) -> Result<Self> {
        let mut world = Self { actors: Vec::new(), rogues: Vec::new(), board: Arc::default() };
        for number in 0..size.tenants {
            let sessions = size.sessions / size.tenants + usize::from(number < size.sessions % size.tenants);
            let maker = Maker { seed, number, history, board: world.board.clone() };
            maker.tenant(server, size.agents, sessions, &mut world).await?;
        }
        Ok(world)
    }
}

struct Maker<'h> {
    seed: u64,
    number: usize,
    history: &'h Arc<History>,
    board: Arc<Board>,
}

impl Maker<'_> {
    async fn tenant(&self, server: &Server, agents: usize, sessions: usize, world: &mut World) -> Result<()> {
        let tenant = server.tenant().await?;
        self.history.note(
            &format!("t{}", self.number),
            "",
            Event::Tenant { code: tenant.code.clone(), id: tenant.id.parse()? },
        );
        // Nobody is away only because the server was.
        let rules = json!({"graceSeconds": 3600});
        tenant.admin.rest.call("PATCH", "/settings/assignment", Some(rules)).await?.data()?;
        let mut staff = Vec::new();
        for _ in 0..agents {
            staff.push(self.agent(&tenant).await?);
        }
        let team = tenant.team(&staff.iter().collect::<Vec<_>>()).await?;
        for agent in &staff {
            agent.set_status("ONLINE").await?;
        }
        let making = (0..=sessions).map(async |_| tenant.customer(&team).await);
        let customers: Vec<Customer> = futures_util::stream::iter(making).buffered(8).try_collect().await?;
        for (number, agent) in staff.iter().enumerate() {
            world.actors.push(self.on_agent(&tenant.code, number, agent)?);
        }
        let (rogue, customers) = customers.split_last().context("no customers")?;
        for (number, customer) in customers.iter().enumerate() {
            world.actors.push(self.on_customer(&tenant.code, number, customer)?);
        }
        let name = format!("t{}/rogue", self.number);
        let client = self.client(&name, &tenant.code, (CUSTOMER, &rogue.id), &rogue.rest)?;
        self.session_of(&name, rogue)?;
        let leaver = tenant.agent().await?;
        let person = Event::Person { tenant: tenant.code.clone(), kind: USER, id: leaver.id.parse()? };
        self.history.note(&format!("{name}/leaver"), "", person);
        let admin =
            self.client(&format!("{name}/admin"), &tenant.code, (USER, &tenant.admin.id), &tenant.admin.rest)?;
        world.rogues.push(Rogue { client, tenant: self.number, session: rogue.session.parse()?, leaver, admin });
        Ok(())
    }

    async fn agent(&self, tenant: &Tenant<'_>) -> Result<Staff> {
        let staff = tenant.agent().await?;
        let change = json!({"maxSessions": 100});
        tenant.admin.rest.call("PATCH", &format!("/users/{}", staff.id), Some(change)).await?.data()?;
        Ok(staff)
    }

    fn client(&self, name: &str, code: &str, who: (i16, &str), rest: &Rest) -> Result<Client> {
        let person = Event::Person { tenant: code.to_owned(), kind: who.0, id: who.1.parse()? };
        self.history.note(name, "", person);
        Ok(Client::new(name, code, rest, decisions(self.seed, name), self.history))
    }

    fn on_agent(&self, code: &str, number: usize, staff: &Staff) -> Result<Actor> {
        let name = format!("t{}/agent{number}", self.number);
        let mut client = self.client(&name, code, (USER, &staff.id), &staff.rest)?;
        client.username = Some(staff.username.clone());
        let agent = Agent { tenant: self.number, id: staff.id.parse()?, name, token: client.token.clone() };
        let role = Role::Agent { id: agent.id };
        lock(&client.view).agent = agent.id;
        self.board.desks(|desks| desks.agents.push(agent));
        Ok(Actor { client, role, tenant: self.number, unsure: true })
    }

    fn on_customer(&self, code: &str, number: usize, customer: &Customer) -> Result<Actor> {
        let name = format!("t{}/customer{number}", self.number);
        let client = self.client(&name, code, (CUSTOMER, &customer.id), &customer.rest)?;
        let session = self.session_of(&name, customer)?;
        lock(&client.view).must_read(session);
        // Some cannot have a socket.
        let poller = (number % 3 == 2).then(|| Poller::new(self.history));
        Ok(Actor { client, role: Role::Customer { session, poller }, tenant: self.number, unsure: false })
    }

    fn session_of(&self, name: &str, customer: &Customer) -> Result<i64> {
        let session = customer.session.parse()?;
        self.history.note(name, "", Event::Session { session, question: QUESTION.to_owned() });
        Ok(session)
    }
}

/// What every form of [`Tenant::customer`] asks.
const QUESTION: &str = "系统登录不上了";

/// The frames of a poll's answer, each with its type.
pub(super) fn items(answer: &Json) -> impl Iterator<Item = (&'static str, &Json)> {
    const TYPES: [(&str, &str); 3] =
        [("message", "message"), ("sessionUpdate", "session_update"), ("resync", "resync")];
    let list = answer["data"]["list"].as_array().into_iter().flatten();
    list.flat_map(|item| TYPES.iter().filter_map(|(field, kind)| Some((*kind, item.get(*field)?))))
}
