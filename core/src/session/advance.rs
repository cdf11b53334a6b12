//! How far sessions have come: sequence, marks and last words, written for many sessions in one statement.

use sea_orm::sea_query::{Alias, Expr, ExprTrait, IntoIden, Query, SelectStatement, TableRef, UnionType};
use sea_orm::{ConnectionTrait, IdenStatic, ModelTrait};

use crate::clock::Time;
use crate::db::portions;
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
    for moved in portions(moved) {
        let written = db.execute(&update(moved, now)).await?.rows_affected();
        if usize::try_from(written) != Ok(moved.len()) {
            return Ok(false);
        }
    }
    Ok(true)
}

fn update(moved: &[Moved<'_>], now: Time) -> sea_orm::sea_query::UpdateStatement {
    let to = Alias::new("moved");
    let table: SelectStatement = rows(moved);
    let mut update = Query::update();
    update.table(Entity).from(TableRef::SubQuery(Box::new(table), to.clone().into_iden()));
    for column in COLUMNS {
        update.value(column, Expr::col((to.clone(), column)));
    }
    update.value(Column::UpdateTime, Expr::value(now));
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
fn rows(moved: &[Moved<'_>]) -> SelectStatement {
    let mut rows = moved.iter().map(|Moved { before: (last_seq, version), session }| {
        let mut row = Query::select();
        row.expr_as(Expr::value(session.id), Alias::new("id"));
        row.expr_as(Expr::value(session.tenant_id), Alias::new("tenant_id"));
        row.expr_as(Expr::value(*last_seq), Alias::new("before_seq"));
        row.expr_as(Expr::value(*version), Alias::new("before_version"));
        for column in COLUMNS {
            row.expr_as(Expr::value(session.get(column)), Alias::new(column.as_str()));
        }
        row
    });
    let mut table = rows.next().unwrap_or_else(Query::select);
    table.unions(rows.map(|row| (UnionType::All, row)));
    table
}
