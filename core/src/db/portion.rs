//! Statements over several rows.

use std::sync::{Mutex, PoisonError};

use sea_orm::{DbBackend, Statement, Value};

/// Most rows in one statement.
const PORTION: usize = 128;

/// Rows in portions of a few sizes, for statements with several rows: a statement is kept prepared by its text, so few
/// sizes are few texts.
pub(crate) fn portions<T>(mut rows: &[T]) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || rows.split_off(..portion(rows.len())?))
}

/// As [`portions`], to be changed.
pub(crate) fn portions_mut<T>(mut rows: &mut [T]) -> impl Iterator<Item = &mut [T]> {
    std::iter::from_fn(move || rows.split_off_mut(..portion(rows.len())?))
}

/// The largest power of two that is not too large.
fn portion(rows: usize) -> Option<usize> {
    rows.checked_ilog2().map(|power| PORTION.min(1 << power))
}

/// The texts of a statement for the sizes of portions, each built once: that takes longer than everything else that is
/// done for the rows.
#[derive(Debug)]
pub(crate) struct Texts(Mutex<Vec<(DbBackend, usize, String)>>);

impl Texts {
    pub(crate) const fn new() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    /// The statement with the values of so many rows. `build` makes it with any values, for its text.
    pub(crate) fn statement(
        &self,
        backend: DbBackend,
        rows: usize,
        values: Vec<Value>,
        build: impl FnOnce() -> Statement,
    ) -> Statement {
        let mut texts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = texts.iter().find(|(of, size, _)| (*of, *size) == (backend, rows));
        let text = known.map(|(_, _, text)| text.clone()).unwrap_or_else(|| {
            let text = or_fail(backend, build().sql);
            texts.push((backend, rows, text.clone()));
            text
        });
        Statement::from_sql_and_values(backend, text, values)
    }
}

/// SQLite would keep a copy of each page that a statement changes, to take back this one alone if it fails halfway.
/// Whoever writes in portions takes the transaction back.
fn or_fail(backend: DbBackend, text: String) -> String {
    if backend != DbBackend::Sqlite {
        return text;
    }
    match text.split_once(' ') {
        Some((verb @ ("INSERT" | "UPDATE"), rest)) => format!("{verb} OR FAIL {rest}"),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use sea_orm::{DbBackend, Statement};

    use super::{Texts, portions, portions_mut};

    #[test]
    fn portions_are_all_rows_in_few_sizes() {
        let mut rows: Vec<usize> = (0..331).collect();
        let sizes: Vec<_> = portions(&rows).map(<[_]>::len).collect();
        assert_eq!(sizes, [128, 128, 64, 8, 2, 1]);
        assert_eq!(portions(&rows).flatten().copied().collect::<Vec<_>>(), rows);
        portions_mut(&mut rows).flatten().for_each(|row| *row += 1);
        assert_eq!(rows, (1..332).collect::<Vec<_>>());
        assert_eq!(portions::<u8>(&[]).count(), 0);
    }

    #[test]
    fn a_text_is_built_once_for_a_database_and_a_size() {
        let texts = Texts::new();
        let text = |backend, rows, sql: &str| {
            texts.statement(backend, rows, vec![7.into()], || Statement::from_string(backend, sql))
        };
        let first = text(DbBackend::Sqlite, 2, "INSERT INTO a VALUES (?), (?)");
        assert_eq!(first.sql, "INSERT OR FAIL INTO a VALUES (?), (?)");
        assert_eq!(first.values.map(|values| values.0.len()), Some(1));
        assert_eq!(text(DbBackend::Sqlite, 2, "other").sql, first.sql);
        assert_eq!(text(DbBackend::Sqlite, 4, "UPDATE a SET b = 1").sql, "UPDATE OR FAIL a SET b = 1");
        assert_eq!(text(DbBackend::MySql, 2, "INSERT INTO a VALUES (?)").sql, "INSERT INTO a VALUES (?)");
    }
}
