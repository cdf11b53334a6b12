//! The database schema, the same on SQLite, MySQL/MariaDB and PostgreSQL (PRD 6.3).

pub use sea_orm_migration::MigratorTrait;
use sea_orm_migration::prelude::{MigrationTrait, async_trait};

mod m20261123_000001_spine;
mod m20261127_000002_role;
mod m20261127_000003_archive;
mod m20261127_000004_viewer;
mod m20261127_000005_quick_reply_file;
mod m20261127_000006_rotation;
mod m20261127_000007_restore;
mod m20261127_000008_archive_notification;
mod m20261128_000009_index_jobs;
mod m20261128_000010_queue_order;
mod table;

/// All migrations, oldest first.
#[derive(Debug)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261123_000001_spine::Migration),
            Box::new(m20261127_000002_role::Migration),
            Box::new(m20261127_000003_archive::Migration),
            Box::new(m20261127_000004_viewer::Migration),
            Box::new(m20261127_000005_quick_reply_file::Migration),
            Box::new(m20261127_000006_rotation::Migration),
            Box::new(m20261127_000007_restore::Migration),
            Box::new(m20261127_000008_archive_notification::Migration),
            Box::new(m20261128_000009_index_jobs::Migration),
            Box::new(m20261128_000010_queue_order::Migration),
        ]
    }
}
