//! The stage: a core whose clock the play moves, and actors who call its services as anybody does.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use kefu_proto::common::v1::principal::Kind;
use kefu_proto::user::v1::UserInfo;
use sea_orm::{ColumnTrait, QueryFilter, QuerySelect};
use tonic::Request;

use crate::Core;
use crate::access::{Ctx, Guarded};
use crate::clock::Time;
use crate::db::{Scoped, TenantId};
use crate::job;
use crate::user::login;

/// Longest wait for the background work after an act.
const PATIENCE: Duration = Duration::from_secs(30);

/// Somebody who acts: a login session.
#[derive(Clone, Copy)]
pub(super) struct Actor(i64);

/// A core with a clock of its own.
pub(super) struct Stage {
    pub(super) core: Arc<Core>,
    pub(super) service: Guarded,
    pub(super) tenant: TenantId,
}

impl Stage {
    /// Logs somebody in.
    pub(super) async fn enter(&self, kind: Kind, id: i64) -> Result<Actor> {
        let ctx = login::caller(&Ctx::system(self.tenant), kind, id, "");
        let tx = self.core.begin(&ctx).await?;
        let tokens = login::open(&tx, kind, id, UserInfo::default()).await?;
        tx.commit().await?;
        self.holder(&tokens.access_token)
    }

    /// Whoever has been given a token.
    pub(super) fn holder(&self, access_token: &str) -> Result<Actor> {
        Ok(Actor(self.core.tokens.verify(access_token)?.login_session_id()))
    }

    /// A request of an actor. Hours lie between some: the token is made for each.
    pub(super) fn by<T>(&self, actor: Actor, message: T) -> Result<Request<T>> {
        let token = self.core.tokens.issue(self.tenant, actor.0)?;
        let mut request = Request::new(message);
        request.metadata_mut().insert("authorization", format!("Bearer {token}").parse()?);
        Ok(request)
    }

    /// Moves the clock on to a time.
    pub(super) fn advance_to(&self, time: Time) {
        let ahead = time.signed_duration_since(self.core.clock.now());
        self.core.clock.advance(ahead.to_std().unwrap_or_default());
    }

    /// Waits until the background work that is due is done, so that it bears the time at which it fell due.
    pub(super) async fn settle(&self) -> Result<()> {
        tokio::time::timeout(PATIENCE, async {
            while self.is_busy().await? {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            Ok(())
        })
        .await
        .context("the background work does not end")?
    }

    async fn is_busy(&self) -> Result<bool> {
        let due = job::job::Entity::of(self.tenant)
            .filter(job::job::Column::Status.eq(job::WAITING))
            .filter(job::job::Column::DueTime.lte(self.core.clock.now()))
            .limit(1)
            .one(self.core.db.read())
            .await?;
        Ok(due.is_some())
    }
}
