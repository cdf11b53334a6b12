//! How far sessions have come: sequence, marks and last words, written for many sessions in one statement.

use sea_orm::sea_query::{
    Alias, Expr, ExprTrait, IntoIden, Query, SelectStatement, TableRef, UnionType, UpdateStatement,
};
use sea_orm::{ConnectionTrait, IdenStatic, ModelTrait, Value};

use crate::clock::Time;
use crate::db::{Texts, portions};
use crate::error::Result;
use crate::session::entity::chat_session::{Column, Entity, Model};

/// A session as it is to be.
#[derive(Debug)]
pub(crate) struct Moved<'a> {
    /// The last sequence and the version as they were read.
    before: (i32, i64),
    /// The session now, under its new version.
    pub(crate) session: &'a Model,
}

impl<'a> Moved<'a> {
    pub(crate) fn new(last_seq: i32, version: i64, session: &'a Model) -> Self {
        Self { before: (last_seq, version), session }
    }

    /// Its row of the table of new values.
    fn values(&self, now: Time) -> impl Iterator<Item = (&'static str, Value)> {
        let Self { before: (last_seq, version), session } = *self;
        let which: [(&'static str, Value); 5] = [
            ("id", session.id.into()),
            ("tenant_id", session.tenant_id.into()),
            ("before_seq", last_seq.into()),
            ("before_version", version.into()),
            (Column::UpdateTime.as_str(), now.into()),
        ];
        which.into_iter().chain(COLUMNS.into_iter().map(|column| (column.as_str(), session.get(column))))
    }
}

/// What messages and marks change. Nothing else of the session is written.
const COLUMNS: [Column; 13] = [
    Column::LastSeq,
    Column::LastMessage,
    Column::LastMessageTime,
    Column::CustomerTime,
    Column::UnansweredSince,
    Column::FirstReplyTime,
    Column::Reminded,
    Column::CustomerDeliveredSeq,
    Column::CustomerReadSeq,
    Column::AgentDeliveredSeq,
    Column::AgentReadSeq,
    Column::MarkedUnread,
    Column::Version,
];

/// Writes sessions; false if one is not as it was read any more. That is a condition of the update: a sequence is never
/// given twice, even if a lock were not one.
pub(crate) async fn store(db: &impl ConnectionTrait, moved: &[Moved<'_>], now: Time) -> Result<bool> {
    static TEXTS: Texts = Texts::new();
    let backend = db.get_database_backend();
    for moved in portions(moved) {
        let values = moved.iter().flat_map(|moved| moved.values(now).map(|(_, value)| value)).collect();
        let statement = TEXTS.statement(backend, moved.len(), values, || backend.build(&update(moved, now)));
        let written = db.execute_raw(statement).await?.rows_affected();
        if usize::try_from(written) != Ok(moved.len()) {
            return Ok(false);
        }
    }
    Ok(true)
}

fn update(moved: &[Moved<'_>], now: Time) -> UpdateStatement {
    let to = Alias::new("moved");
    let mut update = Query::update();
    update.table(Entity).from(TableRef::SubQuery(Box::new(rows(moved, now)), to.clone().into_iden()));
    for column in COLUMNS.into_iter().chain([Column::UpdateTime]) {
        update.value(column, Expr::col((to.clone(), column)));
    }
    let same = [
        (Column::Id, "id"),
        (Column::TenantId, "tenant_id"),
        (Column::LastSeq, "before_seq"),
        (Column::Version, "before_version"),
    ];
    for (column, is) in same {
        update.and_where(Expr::col((Entity, column)).equals((to.clone(), Alias::new(is))));
    }
    update
}

/// The new values as a table, in the one form that all databases read.
fn rows(moved: &[Moved<'_>], now: Time) -> SelectStatement {
    let mut rows = moved.iter().map(|moved| {
        let mut row = Query::select();
        for (name, value) in moved.values(now) {
            row.expr_as(Expr::value(value), Alias::new(name));
        }
        row
    });
    let mut table = rows.next().unwrap_or_else(Query::select);
    table.unions(rows.map(|row| (UnionType::All, row)));
    table
}
