//! Pages of lists (PRD 7.1.2).

use sea_orm::{ConnectionTrait, EntityTrait, PaginatorTrait, QuerySelect, Select};

use crate::error::Result;

/// The page asked for, with the defaults filled in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Page {
    /// From 1.
    pub(crate) page: i32,
    /// 1 to 100.
    pub(crate) size: i32,
}

impl Page {
    /// From a request's `page` and `size`, which the contract has bounded.
    pub(crate) fn new(page: i32, size: i32) -> Self {
        Self { page: page.max(1), size: if size <= 0 { 20 } else { size.min(100) } }
    }

    /// Reads the page's rows, and counts all of them.
    pub(crate) async fn read<E>(self, select: Select<E>, db: &impl ConnectionTrait) -> Result<(Vec<E::Model>, i32)>
    where
        E: EntityTrait,
        E::Model: Send + Sync,
    {
        let total = select.clone().count(db).await?;
        let rows = select.offset(self.offset()).limit(self.limit()).all(db).await?;
        Ok((rows, i32::try_from(total).unwrap_or(i32::MAX)))
    }

    /// Rows before the page.
    pub(crate) fn offset(self) -> u64 {
        u64::try_from(i64::from(self.page - 1) * i64::from(self.size)).unwrap_or(0)
    }

    /// Rows in a page.
    pub(crate) fn limit(self) -> u64 {
        u64::try_from(self.size).unwrap_or(20)
    }

    /// How many pages `total` rows make.
    pub(crate) fn pages(self, total: i32) -> i32 {
        total.div_euclid(self.size) + i32::from(total.rem_euclid(self.size) > 0)
    }
}
