//! Users in pairs, connected: one task each, on one thread, that counts what comes and answers with the next message.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::fd::AsFd as _;
use std::rc::Rc;
use std::task::{Poll, ready};
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use futures_util::{StreamExt as _, TryStreamExt as _};
use tokio::io::{AsyncRead as _, ReadBuf};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

use super::wire::{self, Kind, Template};

/// Users that connect at once.
const CONNECTING: usize = 32;
/// Bytes read at once.
const SCRATCH: usize = 64 << 10;
/// A message is stored, and its sender knows.
const ACKED: u8 = 1;
/// The peer has it.
const PUSHED: u8 = 2;

/// Somebody who connects.
#[derive(Debug, Clone)]
pub(super) struct User {
    /// The first frame.
    pub(super) auth: String,
    /// The session that messages go to.
    pub(super) session: String,
    /// The index of the one on the other side.
    pub(super) peer: usize,
}

/// What is due to each message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Due {
    /// The server sends it back.
    Echo,
    /// The sender is told that it is stored, and the peer gets it.
    Delivery,
}

/// What one user has sent in a run.
#[derive(Debug, Default)]
struct Sent {
    /// When each message was due, in nanoseconds of the crowd's clock.
    due: Vec<u64>,
    /// What became of each.
    marks: Vec<u8>,
}

/// What a run has seen so far.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Count {
    pub(super) sent: u64,
    pub(super) acked: u64,
    pub(super) pushed: u64,
    pub(super) ack_bytes: u64,
    pub(super) push_bytes: u64,
}

/// Times between due and done, in nanoseconds, with when they were done.
#[derive(Debug, Default)]
pub(super) struct Times {
    pub(super) acks: Vec<(u64, u64)>,
    pub(super) pushes: Vec<(u64, u64)>,
}

/// A run: everything that is counted.
#[derive(Debug, Default)]
struct Run {
    id: Cell<u32>,
    /// Whoever hears of a stored message sends the next.
    closed: Cell<bool>,
    sent: Vec<RefCell<Sent>>,
    count: Cell<Count>,
    times: RefCell<Times>,
    failure: RefCell<Option<String>>,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Crowd {
    shared: Rc<Shared>,
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    due: Due,
    started: Instant,
    run: Run,
    links: Vec<Link>,
    scratch: RefCell<Vec<u8>>,
}

/// One connection.
#[derive(Debug)]
struct Link {
    user: u32,
    peer: u32,
    template: Template,
    write: OwnedWriteHalf,
    out: RefCell<Vec<u8>>,
}

impl Crowd {
    /// Connects everybody; `content` is what they are going to say. To be called on a local set.
    pub(super) async fn connect(address: SocketAddr, users: &[User], content: &str, due: Due) -> Result<Self> {
        let opening = users.iter().enumerate().map(async |(index, user)| {
            let auth = wire::text(&user.auth);
            let opened = wire::open(address, source(index), &auth).await;
            opened.with_context(|| format!("user {index}"))
        });
        let opened: Vec<(TcpStream, Vec<u8>)> =
            futures_util::stream::iter(opening).buffered(CONNECTING).try_collect().await?;
        let (mut links, mut reads) = (Vec::new(), Vec::new());
        for (index, (user, (stream, rest))) in users.iter().zip(opened).enumerate() {
            let (read, write) = stream.into_split();
            let (index, peer) = (u32::try_from(index)?, u32::try_from(user.peer)?);
            let template = Template::message(&user.session, index, content);
            links.push(Link { user: index, peer, template, write, out: RefCell::default() });
            reads.push((read, rest));
        }
        let run = Run { sent: users.iter().map(|_| RefCell::default()).collect(), ..Run::default() };
        let scratch = RefCell::new(vec![0; SCRATCH]);
        let shared = Rc::new(Shared { due, started: Instant::now(), run, links, scratch });
        let tasks = reads.into_iter().enumerate().map(|(index, (read, rest))| {
            let shared = shared.clone();
            tokio::task::spawn_local(async move { shared.serve(index, read, rest).await })
        });
        let tasks = tasks.collect();
        Ok(Self { shared, tasks })
    }

    /// Begins a run. What is late of the one before counts no more.
    pub(super) fn begin(&self) {
        let run = &self.shared.run;
        run.id.set(run.id.get() + 1);
        run.sent.iter().for_each(|sent| *sent.borrow_mut() = Sent::default());
        run.count.set(Count::default());
        run.times.take();
    }

    /// From now on everybody has `window` messages on their way.
    pub(super) fn talk(&self, window: usize) -> Result<()> {
        self.shared.run.closed.set(true);
        for link in &self.shared.links {
            let now = self.shared.now();
            (0..window).for_each(|_| self.shared.say(link, now));
            link.flush()?;
        }
        Ok(())
    }

    /// Nobody begins a message any more.
    pub(super) fn hush(&self) {
        self.shared.run.closed.set(false);
    }

    /// The messages of an open loop, in the order in which they are due: everybody in turn, `per_second` of all.
    pub(super) fn schedule(&self, per_second: u32, seconds: u32) -> Result<Schedule> {
        let start = self.shared.now() + 100_000_000;
        let pause = 1_000_000_000 / u64::from(per_second);
        let users = self.shared.links.len();
        let run = self.shared.run.id.get();
        let mut messages = Vec::new();
        let mut count = self.shared.run.count.get();
        for number in 0..u64::from(per_second) * u64::from(seconds) {
            // A step that shares no factor with the number of users visits each in turn, far apart.
            let user = usize::try_from(number)?.wrapping_mul(617) % users;
            let due = start + number * pause;
            let mut sent = self.shared.run.sent[user].borrow_mut();
            let mut bytes = Vec::new();
            self.shared.links[user].template.put(run, u32::try_from(sent.due.len())?, &mut bytes);
            sent.due.push(due);
            sent.marks.push(0);
            count.sent += 1;
            messages.push((due, user, bytes));
        }
        self.shared.run.count.set(count);
        let double = |link: &Link| Ok(link.write.as_ref().as_fd().try_clone_to_owned()?.into());
        let doubles = self.shared.links.iter().map(double).collect::<Result<_>>()?;
        Ok(Schedule { started: self.shared.started, doubles, messages })
    }

    /// What was seen in this run so far.
    pub(super) fn count(&self) -> Count {
        self.shared.run.count.get()
    }

    /// How many messages have got all that is due to them; those under way between are few.
    pub(super) fn delivered(&self) -> u64 {
        let count = self.count();
        if self.shared.due == Due::Echo { count.acked } else { count.acked.min(count.pushed) }
    }

    /// Now, on the crowd's clock.
    pub(super) fn now(&self) -> u64 {
        self.shared.now()
    }

    /// The times of this run.
    pub(super) fn times(&self) -> Times {
        self.shared.run.times.take()
    }

    /// Fails if anything went wrong on a connection.
    pub(super) fn sound(&self) -> Result<()> {
        match &*self.shared.run.failure.borrow() {
            Some(failure) => bail!("{failure}"),
            None => Ok(()),
        }
    }

    /// Whether everything that was sent has been answered and delivered.
    pub(super) fn settled(&self) -> bool {
        let count = self.count();
        count.acked == count.sent && (self.shared.due == Due::Echo || count.pushed == count.sent)
    }

    /// Demands that each message of the run was acknowledged and pushed, exactly once.
    pub(super) fn verify(&self) -> Result<()> {
        self.sound()?;
        let want = if self.shared.due == Due::Echo { ACKED } else { ACKED | PUSHED };
        let (mut messages, mut wrong) = (0, 0);
        for sent in &self.shared.run.sent {
            let sent = sent.borrow();
            messages += sent.marks.len() as u64;
            wrong += sent.marks.iter().filter(|mark| **mark != want).count();
        }
        let count = self.count();
        ensure!(wrong == 0, "{wrong} of {messages} messages were not acknowledged or not pushed: {count:?}");
        ensure!(messages == count.sent && messages == count.acked, "the counts do not agree: {messages}, {count:?}");
        ensure!(self.shared.due == Due::Echo || messages == count.pushed, "pushes: {messages}, {count:?}");
        Ok(())
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        self.tasks.iter().for_each(tokio::task::JoinHandle::abort);
    }
}

/// Where a connection comes from: no address has ports for more than some ten thousand.
pub(super) fn source(index: usize) -> Ipv4Addr {
    let octet = u8::try_from(index / 5000).unwrap_or(u8::MAX);
    Ipv4Addr::new(127, 0, 0, octet.saturating_add(1))
}

impl Shared {
    fn now(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    fn say(&self, link: &Link, now: u64) {
        let mut sent = self.run.sent[link.user as usize].borrow_mut();
        let number = u32::try_from(sent.due.len()).unwrap_or(u32::MAX);
        sent.due.push(now);
        sent.marks.push(0);
        link.template.put(self.run.id.get(), number, &mut link.out.borrow_mut());
        self.change(|count| count.sent += 1);
    }

    fn change(&self, change: impl FnOnce(&mut Count)) {
        let mut count = self.run.count.get();
        change(&mut count);
        self.run.count.set(count);
    }

    async fn serve(&self, index: usize, read: OwnedReadHalf, rest: Vec<u8>) {
        if let Err(error) = self.listen(&self.links[index], read, rest).await {
            self.run.failure.borrow_mut().get_or_insert_with(|| format!("user {index}: {error:#}"));
        }
    }

    async fn listen(&self, link: &Link, mut read: OwnedReadHalf, mut rest: Vec<u8>) -> Result<()> {
        loop {
            let unwritten = !link.out.borrow().is_empty();
            tokio::select! {
                got = poll_fn(|cx| {
                    let mut scratch = self.scratch.borrow_mut();
                    let mut buffer = ReadBuf::new(&mut scratch);
                    ready!(Pin::new(&mut read).poll_read(cx, &mut buffer))?;
                    Poll::Ready(self.take(link, buffer.filled(), &mut rest))
                }) => got?,
                room = link.write.writable(), if unwritten => room?,
            }
            link.flush()?;
        }
    }

    /// Takes what has come; `rest` is the beginning of a frame that is not whole yet.
    fn take(&self, link: &Link, bytes: &[u8], rest: &mut Vec<u8>) -> Result<()> {
        ensure!(!bytes.is_empty(), "the connection ended");
        let now = self.now();
        let each = |frame: &[u8]| self.on_frame(link, frame, now);
        if rest.is_empty() {
            let used = wire::frames(bytes, each)?;
            rest.extend_from_slice(&bytes[used..]);
        } else {
            rest.extend_from_slice(bytes);
            let used = wire::frames(rest, each)?;
            rest.drain(..used);
        }
        Ok(())
    }

    fn on_frame(&self, link: &Link, frame: &[u8], now: u64) -> Result<()> {
        let kind = wire::kind(frame);
        match kind {
            Kind::Accepted | Kind::Message => {}
            Kind::Ping => {
                link.out.borrow_mut().extend_from_slice(&wire::text(r#"{"type":"pong","data":{}}"#));
                return Ok(());
            }
            Kind::Error => bail!("refused: {}", String::from_utf8_lossy(frame)),
            Kind::Known | Kind::Other => return Ok(()),
        }
        let Some(mark) = wire::mark(frame).filter(|mark| mark.run == self.run.id.get()) else { return Ok(()) };
        let own = mark.user == link.user;
        let done = match (kind, own, self.due) {
            (Kind::Accepted, true, _) | (Kind::Message, true, Due::Echo) => ACKED,
            (Kind::Message, false, _) if mark.user == link.peer => PUSHED,
            // A sender may be shown what it has sent.
            (Kind::Message, true, Due::Delivery) => return Ok(()),
            _ => bail!("somebody else's frame: {}", String::from_utf8_lossy(frame)),
        };
        self.note(mark, done, now, frame.len() as u64)?;
        if done == ACKED && self.run.closed.get() {
            self.say(link, now);
        }
        Ok(())
    }

    fn note(&self, mark: wire::Mark, done: u8, now: u64, bytes: u64) -> Result<()> {
        let mut sent = self.run.sent[mark.user as usize].borrow_mut();
        let number = mark.number as usize;
        let marks = sent.marks.get_mut(number).with_context(|| format!("never sent: {mark:?}"))?;
        ensure!(*marks & done == 0, "{} twice: {mark:?}", if done == ACKED { "acknowledged" } else { "pushed" });
        *marks |= done;
        let took = now.saturating_sub(sent.due[number]);
        let mut times = self.run.times.borrow_mut();
        if done == ACKED {
            times.acks.push((now, took));
            self.change(|count| (count.acked, count.ack_bytes) = (count.acked + 1, count.ack_bytes + bytes));
        } else {
            times.pushes.push((now, took));
            self.change(|count| (count.pushed, count.push_bytes) = (count.pushed + 1, count.push_bytes + bytes));
        }
        Ok(())
    }
}

impl Link {
    fn flush(&self) -> Result<()> {
        let mut out = self.out.borrow_mut();
        while !out.is_empty() {
            match self.write.try_write(&out) {
                Ok(written) => drop(out.drain(..written)),
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error).context("cannot write"),
            }
        }
        Ok(())
    }
}

/// Messages with the time at which each is due.
#[derive(Debug)]
pub(super) struct Schedule {
    started: Instant,
    /// The connections once more, for another thread.
    doubles: Vec<std::net::TcpStream>,
    messages: Vec<(u64, usize, Vec<u8>)>,
}

impl Schedule {
    /// Writes each message when it is due, on a thread of its own; gives how late each was, in nanoseconds.
    #[expect(clippy::disallowed_methods, reason = "the thread does nothing else, and a runtime's timer is too coarse")]
    pub(super) fn play(self) -> Result<Vec<u64>> {
        use std::io::Write as _;
        let now = || u64::try_from(self.started.elapsed().as_nanos()).unwrap_or(u64::MAX);
        let mut late = Vec::with_capacity(self.messages.len());
        for (due, user, bytes) in &self.messages {
            if let Some(left) = due.checked_sub(now()).filter(|left| *left > 0) {
                std::thread::sleep(std::time::Duration::from_nanos(left));
            }
            let written = (&self.doubles[*user]).write(bytes).context("a connection takes nothing")?;
            ensure!(written == bytes.len(), "a connection takes too little");
            late.push(now().saturating_sub(*due));
        }
        Ok(late)
    }
}
