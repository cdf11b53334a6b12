//! Single calls by REST and gRPC: reading one object, and storing one message; beside bare axum and tonic.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use kefu_proto::customer::v1::GetCustomerRequest;
use kefu_proto::customer::v1::customer_service_client::CustomerServiceClient;
use kefu_proto::session::v1::session_service_client::SessionServiceClient;
use kefu_proto::session::v1::{GetSessionRequest, SendMessageRequest};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};
use tonic::Request;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::{Channel, Endpoint};

use super::messages::CONTENT;
use super::process::Process;
use super::reference::Reference;
use super::table::{Side, Table, Unit};
use super::wire::{Template, id};
use super::{Plan, note, world};
use crate::Server;

/// Callers at a time, each with a connection of its own, or, by gRPC, a stream.
const CALLERS: u32 = 32;
/// Connections of gRPC.
const CHANNELS: usize = 4;

/// What is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// One row, read by its id.
    ReadCustomer,
    /// One session: several rows, of which the answer is made.
    ReadSession,
    /// One message is stored.
    Send,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::ReadCustomer => "read a customer",
            Self::ReadSession => "read a session",
            Self::Send => "store a message",
        }
    }
}

/// Somebody who may call.
#[derive(Debug, Clone)]
struct Caller {
    token: String,
    customer: i64,
    session: i64,
}

/// Whom to call: where, which process it is, as whom, and what.
struct Target<'c> {
    side: Side,
    http: SocketAddr,
    http_process: Process,
    grpc: SocketAddr,
    grpc_process: Process,
    callers: &'c [Caller],
    kinds: &'c [Kind],
}

/// Measures all kinds of calls on all servers in turn.
pub(super) async fn measure(plan: &Plan, table: &mut Table) -> Result<()> {
    let mut server = Server::start(world::options(plan.database)).await?;
    server.hide_log();
    note("calls: making users");
    let pairs = world::pairs(&server, 4).await?;
    let callers = pairs.iter().map(|pair| {
        Ok(Caller {
            token: pair.agent.rest.token.clone().context("no token")?,
            customer: pair.customer.id.parse()?,
            session: pair.customer.session.parse()?,
        })
    });
    let callers = callers.collect::<Result<Vec<_>>>()?;
    let bare = [Caller { token: "none".to_owned(), customer: 1, session: 1 }];
    let start = |kind: &str| -> Result<Reference> {
        let folder = plan.folder(kind)?.display().to_string();
        Reference::start(&[kind, "--dir", &folder].map(str::to_owned))
    };
    let (axum, tonic) = (start("axum")?, start("tonic")?);
    let bare = |side, kinds| Target {
        side,
        http: axum.address,
        http_process: axum.process(),
        grpc: tonic.address,
        grpc_process: tonic.process(),
        callers: &bare,
        kinds,
    };
    let own = Process(server.pid()?);
    let targets = [
        Target {
            side: Side::Kefu,
            http: server.http.parse()?,
            http_process: own,
            grpc: server.grpc.parse()?,
            grpc_process: own,
            callers: &callers,
            kinds: &[Kind::ReadCustomer, Kind::ReadSession, Kind::Send],
        },
        bare(Side::SameWork, &[Kind::ReadCustomer, Kind::Send]),
        // Its session is a word.
        bare(Side::Transport, &[Kind::ReadSession]),
    ];
    for number in 1..=plan.runs {
        for target in &targets {
            note(&format!("calls: run {number} of {}, {}", plan.runs, target.side.name()));
            for kind in target.kinds {
                target.run(plan, table, *kind).await?;
            }
        }
    }
    Ok(())
}

impl Target<'_> {
    async fn run(&self, plan: &Plan, table: &mut Table, kind: Kind) -> Result<()> {
        let run = rand::random();
        let stop = Instant::now() + Duration::from_secs(u64::from(plan.effort.warm_up + plan.effort.seconds));
        let callers = || (0..CALLERS).map(|number| (number, &self.callers[number as usize % self.callers.len()]));
        let rest =
            callers().map(|(number, caller)| rest(self.http, request(self.http, kind, caller, number), run, stop));
        self.measure(plan, table, "REST", kind, self.http_process, rest.collect()).await?;

        let mut channels = Vec::new();
        for _ in 0..CHANNELS {
            channels.push(Endpoint::from_shared(format!("http://{}", self.grpc))?.tcp_nodelay(true).connect().await?);
        }
        let stop = Instant::now() + Duration::from_secs(u64::from(plan.effort.warm_up + plan.effort.seconds));
        let grpc = callers().map(|(number, caller)| {
            grpc(channels[number as usize % CHANNELS].clone(), kind, caller.clone(), run ^ number, stop)
        });
        self.measure(plan, table, "gRPC", kind, self.grpc_process, grpc.collect()).await
    }

    /// Lets all call until they stop, and looks at what was done meanwhile.
    async fn measure<F>(
        &self,
        plan: &Plan,
        table: &mut Table,
        protocol: &str,
        kind: Kind,
        server: Process,
        calling: Vec<F>,
    ) -> Result<()>
    where
        F: Future<Output = Result<Vec<Instant>>>,
    {
        let warm_up = Duration::from_secs(plan.effort.warm_up.into());
        let watching = async {
            sleep(warm_up).await;
            let from = (Instant::now(), server.cpu()?, Process::own().cpu()?);
            // The last calls end a little later than this.
            sleep(Duration::from_secs(plan.effort.seconds.into()).mul_f64(0.95)).await;
            anyhow::Ok((from, (Instant::now(), server.cpu()?, Process::own().cpu()?)))
        };
        let (calls, watched) = tokio::join!(futures_util::future::try_join_all(calling), watching);
        let (from, to) = watched?;
        let done = calls?.into_iter().flatten().filter(|at| (from.0..to.0).contains(at)).count() as f64;
        ensure!(done > 0.0, "no call was answered");
        let (name, side) = (format!("{protocol}, {}", kind.name()), self.side);
        table.add(&format!("{name}: calls"), Unit::PerSecond, side, done / (to.0 - from.0).as_secs_f64());
        let each = |cpu: Duration| cpu.as_secs_f64() * 1e3 / done;
        table.add(&format!("{name}: server CPU each"), Unit::Millis, side, each(to.1 - from.1));
        table.add(&format!("{name}: load client's CPU each"), Unit::Millis, side, each(to.2 - from.2));
        Ok(())
    }
}

/// A call as HTTP.
fn request(address: SocketAddr, kind: Kind, caller: &Caller, number: u32) -> Template {
    let Caller { token, customer, session } = caller;
    let (verb, path, body) = match kind {
        Kind::ReadCustomer => ("GET", format!("/customers/{customer}"), String::new()),
        Kind::ReadSession => ("GET", format!("/sessions/{session}"), String::new()),
        Kind::Send => {
            let body = serde_json::json!({"clientMsgId": id(number), "content": CONTENT, "contentType": "TEXT"});
            ("POST", format!("/sessions/{session}/messages"), body.to_string())
        }
    };
    let head = format!(
        "{verb} /api/v1{path} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    Template::of(head.into_bytes())
}

/// Calls until it is time to stop; gives when each call was answered.
async fn rest(address: SocketAddr, request: Template, run: u32, stop: Instant) -> Result<Vec<Instant>> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (mut answered, mut out, mut answer) = (Vec::new(), Vec::new(), Vec::new());
    for number in 0.. {
        out.clear();
        request.put(run, number, &mut out);
        stream.write_all(&out).await?;
        answer.clear();
        while !is_whole(&answer)? {
            ensure!(stream.read_buf(&mut answer).await? > 0, "the connection ended");
        }
        let now = Instant::now();
        answered.push(now);
        if now >= stop {
            break;
        }
    }
    Ok(answered)
}

/// Whether an answer has come to its end; it must be a good one.
fn is_whole(answer: &[u8]) -> Result<bool> {
    let Some(head) = answer.windows(4).position(|four| four == b"\r\n\r\n") else { return Ok(false) };
    ensure!(answer.starts_with(b"HTTP/1.1 200 "), "refused: {}", String::from_utf8_lossy(answer));
    let lines = str::from_utf8(&answer[..head])?;
    let length = lines.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>())
    });
    Ok(answer.len() >= head + 4 + length.context("an answer without its length")??)
}

/// The same by gRPC.
async fn grpc(channel: Channel, kind: Kind, caller: Caller, run: u32, stop: Instant) -> Result<Vec<Instant>> {
    let bearer: MetadataValue<Ascii> = format!("Bearer {}", caller.token).parse()?;
    let mut customers = CustomerServiceClient::new(channel.clone());
    let mut sessions = SessionServiceClient::new(channel);
    let mut answered = Vec::new();
    for number in 0_u32.. {
        match kind {
            Kind::ReadCustomer => {
                let request = GetCustomerRequest { id: caller.customer };
                customers.get_customer(with(&bearer, request)).await.map(drop)?;
            }
            Kind::ReadSession => {
                sessions.get_session(with(&bearer, GetSessionRequest { id: caller.session })).await.map(drop)?;
            }
            Kind::Send => {
                let client_msg_id = format!("grpc-{run:08x}-{number:08x}-00000000000000");
                let content = CONTENT.to_owned();
                let request = SendMessageRequest { id: caller.session, client_msg_id, content, ..Default::default() };
                sessions.send_message(with(&bearer, request)).await.map(drop)?;
            }
        }
        let now = Instant::now();
        answered.push(now);
        if now >= stop {
            break;
        }
    }
    Ok(answered)
}

fn with<M>(bearer: &MetadataValue<Ascii>, message: M) -> Request<M> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("authorization", bearer.clone());
    request
}
