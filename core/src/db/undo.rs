//! Taking back a deletion. A row that is marked as deleted gives its unique values up, so that they are free for
//! others: a text gets the row's number at its end. Links to it keep both ends, so that they can come back with it.

use sea_orm::{ActiveModelBehavior, ActiveModelTrait, EntityTrait, IntoActiveModel};

use crate::db::{Scoped, Tx};
use crate::error::{Result, not_found};

/// A unique text of a row that is being deleted.
pub(crate) fn given_up(text: &str, id: i64) -> String {
    format!("{text}~{id}")
}

/// What the text was before.
pub(crate) fn taken_back(text: &str, id: i64) -> String {
    text.strip_suffix(&format!("~{id}")).unwrap_or(text).to_owned()
}

impl Tx<'_> {
    /// A row of the tenant that was deleted; `object` is its noun.
    pub(crate) async fn deleted<E>(&self, id: i64, object: &'static str) -> Result<E::Model>
    where
        E: EntityTrait,
    {
        E::deleted_of(self.ctx().tenant, id).one(&**self).await?.ok_or_else(|| not_found(object))
    }

    /// Marks a row as not deleted, with whatever else was set in it.
    pub(crate) async fn restore<A>(&self, mut row: A) -> Result<<A::Entity as EntityTrait>::Model>
    where
        A: ActiveModelTrait + ActiveModelBehavior + Send,
        <A::Entity as EntityTrait>::Model: IntoActiveModel<A> + Sync,
    {
        super::tx::set(&mut row, "deleted", 0i16.into());
        self.update(row).await
    }
}

#[cfg(test)]
mod tests {
    use super::{given_up, taken_back};

    #[test]
    fn a_text_comes_back_as_it_was() {
        for text in ["li", "li~7", "", "团队~1"] {
            assert_eq!(taken_back(&given_up(text, 7), 7), text);
        }
        assert_eq!(taken_back("li", 7), "li");
    }
}
