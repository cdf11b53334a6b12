//! What belongs to the installation as a whole: its secrets and the incarnation of its database.

use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue::Set, ColumnTrait, QueryFilter};

use crate::access::secret::random_token;
use crate::clock::Clock;
use crate::config::Config;
use crate::db::entity::system_value;
use crate::db::{Db, Scoped, insert_row};
use crate::error::{Error, Result};
use crate::tenant::INSTALLATION;

const TOKEN_KEY: &str = "token_key";
const DIGEST_KEY: &str = "digest_key";
const EPOCH: &str = "epoch";

/// The values of the installation, made at its first start.
pub(crate) struct Installation {
    /// Signs access tokens.
    pub(crate) token_key: String,
    /// Keys digests.
    pub(crate) digest_key: String,
    /// The database's incarnation.
    pub(crate) epoch: String,
}

/// Reads the values; what is missing is made. Nodes that start at once agree on them.
pub(crate) async fn installation(db: &Db, clock: &Clock) -> Result<Installation> {
    Ok(Installation {
        token_key: value(db, clock, TOKEN_KEY).await?,
        digest_key: value(db, clock, DIGEST_KEY).await?,
        epoch: value(db, clock, EPOCH).await?,
    })
}

/// Gives the database a new incarnation, as is due after it was restored from a backup: clients then read anew
/// instead of trusting their cursors. Gives the new epoch; servers take it up when they start.
///
/// # Errors
/// The database cannot be opened or written.
pub async fn renew_epoch(config: &Config, clock: &Clock) -> anyhow::Result<String> {
    config.make_data_dir()?;
    let db = Db::open(&config.database).await?;
    value(&db, clock, EPOCH).await?;
    let epoch = random_token()?;
    let txn = db.begin().await?;
    system_value::Entity::change(INSTALLATION)
        .col_expr(system_value::Column::Value, Expr::value(epoch.clone()))
        .col_expr(system_value::Column::UpdateTime, Expr::value(clock.now()))
        .filter(system_value::Column::Name.eq(EPOCH))
        .exec(&txn)
        .await?;
    txn.commit().await?;
    db.close().await?;
    Ok(epoch)
}

/// A value; a random one is made if there is none.
async fn value(db: &Db, clock: &Clock, name: &str) -> Result<String> {
    if let Some(value) = read(db, name).await? {
        return Ok(value);
    }
    let row =
        system_value::ActiveModel { name: Set(name.to_owned()), value: Set(random_token()?), ..Default::default() };
    let txn = db.begin().await?;
    match insert_row(&txn, INSTALLATION, 0, clock.now(), row).await {
        Ok(row) => {
            txn.commit().await?;
            Ok(row.value)
        }
        // Another node was quicker: its value is the one.
        Err(error) if error.is_duplicate() => {
            txn.rollback().await?;
            read(db, name).await?.ok_or(error)
        }
        Err(error) => Err(error),
    }
}

async fn read(db: &Db, name: &str) -> Result<Option<String>, Error> {
    let row = system_value::Entity::of(INSTALLATION).filter(system_value::Column::Name.eq(name)).one(db.read()).await?;
    Ok(row.map(|row| row.value))
}
