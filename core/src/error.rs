//! The one error type of the core, with the place it came from, and its one conversion to a status.

use std::fmt;
use std::io;
use std::panic::Location;
use std::sync::Arc;
use std::time::Duration;

use kefu_proto::common::v1::ErrorReason;
use kefu_proto::error::{Problem, Violation};
use sea_orm::{DbErr, SqlErr};
use tonic::Status;

/// What a function of the core gives.
pub(crate) type Result<T, E = Error> = std::result::Result<T, E>;

/// Something went wrong.
pub(crate) struct Error {
    kind: Box<Kind>,
    location: &'static Location<'static>,
}

enum Kind {
    /// The caller can do something about it.
    Problem(Problem),
    /// The database said no.
    Database(DbErr),
    /// Anything else.
    Other(anyhow::Error),
}

impl Error {
    /// What the caller is told, if it is more than "internal error".
    pub(crate) fn problem(&self) -> Option<&Problem> {
        match &*self.kind {
            Kind::Problem(problem) => Some(problem),
            _ => None,
        }
    }

    /// A unique index refused the row.
    pub(crate) fn is_duplicate(&self) -> bool {
        self.refused_index().is_some()
    }

    /// Two wanted a value at once and this one came second: the unique index that ends in one of these fields says
    /// which value is taken.
    #[track_caller]
    pub(crate) fn or_taken(self, fields: &[&'static str]) -> Self {
        let field = self.refused_index().and_then(|index| fields.iter().find(|field| index.ends_with(*field)));
        field.map(|field| taken(field)).unwrap_or(self)
    }

    /// The words of the database end in the index's name or in its last column, which ends the name as well.
    fn refused_index(&self) -> Option<String> {
        match &*self.kind {
            Kind::Database(error) => match error.sql_err() {
                Some(SqlErr::UniqueConstraintViolation(words)) => {
                    Some(words.trim_end_matches(|c: char| !c.is_alphanumeric()).to_owned())
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// The database has given this transaction up for the sake of another: the same again may succeed at once.
    pub(crate) fn is_deadlock(&self) -> bool {
        matches!(&*self.kind, Kind::Database(e) if e.to_string().to_ascii_lowercase().contains("deadlock"))
    }
}

/// There is no such thing, or it is not the caller's to see. `object` is an English noun of `kefu_proto::error`.
#[track_caller]
pub(crate) fn not_found(object: &'static str) -> Error {
    Problem::new(ErrorReason::NotFound).with("object", object).into()
}

/// The caller may not.
#[track_caller]
pub(crate) fn forbidden() -> Error {
    Problem::new(ErrorReason::PermissionDenied).into()
}

/// A field is wrong; `rule` is one of `kefu_proto::error`'s.
#[track_caller]
pub(crate) fn invalid(field: &str, rule: &str) -> Error {
    Problem::new(ErrorReason::InvalidArgument).violations(vec![Violation::new(field, rule, "")]).into()
}

/// Another object has this value already.
#[track_caller]
pub(crate) fn taken(field: &'static str) -> Error {
    let name = kefu_proto::error::json_path(field);
    Problem::new(ErrorReason::AlreadyExists)
        .with("field", name)
        .violations(vec![Violation::new(field, "taken", "")])
        .into()
}

/// A reason without parameters.
#[track_caller]
pub(crate) fn refuse(reason: ErrorReason) -> Error {
    Problem::new(reason).into()
}

/// Too many calls; `wait` says when the next one is welcome.
#[track_caller]
pub(crate) fn too_many(wait: Duration) -> Error {
    let wait = wait.max(Duration::from_secs(1));
    Problem::new(ErrorReason::TooManyRequests).with("seconds", wait.as_secs()).retry_after(wait).into()
}

impl From<Problem> for Error {
    #[track_caller]
    fn from(problem: Problem) -> Self {
        Self { kind: Box::new(Kind::Problem(problem)), location: Location::caller() }
    }
}

impl From<DbErr> for Error {
    #[track_caller]
    fn from(error: DbErr) -> Self {
        Self { kind: Box::new(Kind::Database(error)), location: Location::caller() }
    }
}

impl From<anyhow::Error> for Error {
    #[track_caller]
    fn from(error: anyhow::Error) -> Self {
        Self { kind: Box::new(Kind::Other(error)), location: Location::caller() }
    }
}

impl From<io::Error> for Error {
    #[track_caller]
    fn from(error: io::Error) -> Self {
        Self { kind: Box::new(Kind::Other(error.into())), location: Location::caller() }
    }
}

impl From<serde_json::Error> for Error {
    #[track_caller]
    fn from(error: serde_json::Error) -> Self {
        Self { kind: Box::new(Kind::Other(error.into())), location: Location::caller() }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.kind {
            Kind::Problem(problem) => write!(f, "{}", problem.reason.as_str_name())?,
            Kind::Database(error) => write!(f, "database: {error}")?,
            Kind::Other(error) => write!(f, "{error:#}")?,
        }
        write!(f, " (at {}:{})", self.location.file(), self.location.line())
    }
}

impl std::error::Error for Error {}

/// The source of a status: the database has given the call's transaction up for the sake of another.
#[derive(Debug)]
struct Deadlock;

impl fmt::Display for Deadlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the transaction was given up for the sake of another")
    }
}

impl std::error::Error for Deadlock {}

/// A call has this status because the database gave its transaction up: the same again may succeed at once.
pub(crate) fn is_deadlock(status: &Status) -> bool {
    std::error::Error::source(status).is_some_and(<dyn std::error::Error>::is::<Deadlock>)
}

impl From<Error> for Status {
    /// Logs what the caller cannot mend, once, and tells the caller no more than the reason.
    fn from(error: Error) -> Self {
        if error.is_deadlock() {
            tracing::info!(%error, "a transaction was given up for the sake of another");
            let mut status = outage().into_status();
            status.set_source(Arc::new(Deadlock));
            return status;
        }
        let problem = match &*error.kind {
            Kind::Problem(problem) => return problem.clone().into_status(),
            Kind::Database(cause) if is_outage(cause) => outage(),
            Kind::Other(cause) if has_no_room(cause) => outage(),
            _ => Problem::new(ErrorReason::Internal),
        };
        tracing::error!(%error, "a call failed");
        problem.into_status()
    }
}

fn outage() -> Problem {
    Problem::new(ErrorReason::Unavailable).retry_after(Duration::from_secs(2))
}

/// A disk is full at present.
fn has_no_room(error: &anyhow::Error) -> bool {
    let mut kinds = error.chain().filter_map(|cause| Some(cause.downcast_ref::<io::Error>()?.kind()));
    kinds.any(|kind| matches!(kind, io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded))
}

/// The database cannot be reached, or cannot write at present; a later try may succeed.
fn is_outage(error: &DbErr) -> bool {
    if matches!(error, DbErr::Conn(_) | DbErr::ConnectionAcquire(_)) {
        return true;
    }
    // The drivers keep these apart by text only: full or failing disks, locks, lost connections, a server going down.
    const SIGNS: [&str; 17] = [
        "disk is full",
        "disk i/o error",
        "readonly database",
        "unable to open database",
        "database is locked",
        "no space left",
        "table is full",
        "broken pipe",
        "connection reset",
        "connection refused",
        "error communicating",
        "pool timed out",
        "pool closed",
        "server shutdown",
        "terminating connection",
        "unexpected end of file",
        "lock wait timeout",
    ];
    let text = error.to_string().to_ascii_lowercase();
    SIGNS.iter().any(|sign| text.contains(sign))
}
