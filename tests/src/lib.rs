//! What the black-box tests stand on: servers on each database, tenants to work in, and clients for REST, gRPC and
//! the WebSocket.
//!
//! A test is a function of a [`Server`]; [`on_each_database!`] turns it into one test per database. Tests share
//! the servers that `tests/with-databases` has started, so each works in a tenant of its own.

pub mod bench;
pub mod contract;
pub mod database;
pub mod delivery;
pub mod grpc;
pub mod hostile;
pub mod objects;
pub mod proxy;
pub mod rest;
pub mod rules;
pub mod server;
pub mod socket;
pub mod tenant;

pub use database::Database;
pub use rest::{Answer, Rest};
pub use server::{Options, Server};
pub use socket::Socket;
pub use tenant::{Customer, Staff, Tenant};

/// Makes the tests `NAME::sqlite`, `NAME::mariadb` and `NAME::postgres` of each `async fn NAME(&Server) -> Result<()>`.
#[macro_export]
macro_rules! on_each_database {
    ($($name:ident),+ $(,)?) => {$(
        mod $name {
            #[tokio::test]
            async fn sqlite() -> anyhow::Result<()> {
                super::$name($crate::Server::shared($crate::Database::Sqlite).await?).await
            }
            #[tokio::test]
            async fn mariadb() -> anyhow::Result<()> {
                super::$name($crate::Server::shared($crate::Database::Mariadb).await?).await
            }
            #[tokio::test]
            async fn postgres() -> anyhow::Result<()> {
                super::$name($crate::Server::shared($crate::Database::Postgres).await?).await
            }
        }
    )+};
}
