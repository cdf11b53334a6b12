//! Who is told of what happens in a session. The people are chosen when a push is made, from the rows as they stand
//! after the commit: somebody who has lost a session, a team or a role gets nothing more.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use kefu_planted::{Bug, planted};
use kefu_proto::common::v1::Principal;
use kefu_proto::common::v1::principal::Kind;
use kefu_proto::realtime::v1::{Frame, MessageFrame, Push, Recipient, frame, push};
use kefu_proto::user::v1::role::DataScope;
use sea_orm::{ColumnTrait, QueryFilter};

use crate::Core;
use crate::clock::Time;
use crate::db::{Scoped, TenantId};
use crate::error::Result;
use crate::session::entity::{agent_state, chat_message, chat_session};
use crate::session::view::{self, Side};
use crate::team::entity::team_member;
use crate::user::entity::{role, user_role};

/// How long the list of present staff is believed.
const BELIEVED_MS: i64 = 1000;
/// The permission without which nobody is told of others' sessions.
const READ: &str = "session:read";

/// A staff user who may read sessions.
#[derive(Clone, Debug)]
struct Watcher {
    user_id: i64,
    scope: DataScope,
    team_ids: Vec<i64>,
}

impl Watcher {
    fn sees(&self, session: &chat_session::Model) -> bool {
        match self.scope {
            DataScope::All => true,
            DataScope::Team => session.agent_id == self.user_id || self.team_ids.contains(&session.team_id),
            _ => session.agent_id == self.user_id,
        }
    }
}

/// By tenant: when the list was read, and the list.
type Known = HashMap<TenantId, (Time, Arc<Vec<Watcher>>)>;

/// The present staff of each tenant, read from the database once a second at most.
#[derive(Debug, Default)]
pub(crate) struct Audience {
    known: Mutex<Known>,
}

impl Audience {
    async fn watchers(&self, core: &Core, tenant: TenantId) -> Result<Arc<Vec<Watcher>>> {
        let now = core.clock.now();
        if let Some((read, watchers)) = self.lock().get(&tenant)
            && (now - *read).num_milliseconds() < BELIEVED_MS
        {
            return Ok(watchers.clone());
        }
        let watchers = Arc::new(read_watchers(core, tenant, now).await?);
        self.lock().insert(tenant, (now, watchers.clone()));
        Ok(watchers)
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn read_watchers(core: &Core, tenant: TenantId, now: Time) -> Result<Vec<Watcher>> {
    let db = core.db.read();
    let present = agent_state::Entity::of(tenant).filter(agent_state::Column::PresentUntil.gt(now)).all(db).await?;
    read_scopes(core, tenant, present.iter().map(|a| a.user_id).collect()).await
}

/// Of these staff, those who may read sessions, and which.
async fn read_scopes(core: &Core, tenant: TenantId, ids: Vec<i64>) -> Result<Vec<Watcher>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let db = core.db.read();
    let links = user_role::Entity::of(tenant).filter(user_role::Column::UserId.is_in(ids.clone())).all(db).await?;
    let roles = role::Entity::of(tenant).all(db).await?;
    let reads: HashMap<i64, DataScope> = roles
        .iter()
        .filter(|r| crate::user::role::permissions(&r.permissions).iter().any(|p| p == READ))
        .map(|r| (r.id, DataScope::try_from(i32::from(r.data_scope)).unwrap_or(DataScope::Self_)))
        .collect();
    let members =
        team_member::Entity::of(tenant).filter(team_member::Column::UserId.is_in(ids.clone())).all(db).await?;
    let watcher = |user_id: i64| {
        let mine = links.iter().filter(|l| l.user_id == user_id);
        let scope = mine.filter_map(|l| reads.get(&l.role_id).copied()).min()?;
        let team_ids = members.iter().filter(|m| m.user_id == user_id).map(|m| m.team_id).collect();
        Some(Watcher { user_id, scope, team_ids })
    };
    Ok(ids.into_iter().filter_map(watcher).collect())
}

/// Of these staff, those who may see a session.
pub(crate) async fn who_sees(
    core: &Core,
    tenant: TenantId,
    session: &chat_session::Model,
    user_ids: Vec<i64>,
) -> Result<Vec<i64>> {
    let watchers = read_scopes(core, tenant, user_ids).await?;
    Ok(watchers.into_iter().filter(|watcher| watcher.sees(session)).map(|watcher| watcher.user_id).collect())
}

/// Tells everybody who sees a session how it stands now; `also` are those who have just lost it.
pub(crate) async fn announce(core: &Core, tenant: TenantId, session: &chat_session::Model, also: &[i64]) {
    if let Err(error) = try_announce(core, tenant, session, also).await {
        // The change is committed; clients read it when they next look.
        tracing::warn!(%error, session = session.id, "nobody could be told of a session's change");
    }
}

async fn try_announce(core: &Core, tenant: TenantId, session: &chat_session::Model, also: &[i64]) -> Result<()> {
    let mut staff: BTreeSet<i64> = also.iter().copied().chain([session.agent_id, session.transfer_to]).collect();
    let watchers = core.audience.watchers(core, tenant).await?;
    staff.extend(watchers.iter().filter(|w| w.sees(session)).map(|w| w.user_id));
    staff.remove(&0);
    let staff: Vec<_> = staff.into_iter().map(|id| recipient(Kind::User, id)).collect();
    for (side, session) in view::for_both(core, tenant, session).await? {
        let recipients = match side {
            Side::Customer => vec![recipient(Kind::Customer, session.customer_id)],
            Side::Staff => staff.clone(),
        };
        if !recipients.is_empty() {
            core.bus.publish(to(tenant, recipients, frame::Frame::SessionUpdate(session)));
        }
    }
    Ok(())
}

/// A push of a message to the customer and the agent.
pub(crate) fn message_push(
    session: &chat_session::Model,
    message: &chat_message::Model,
    file: Option<&crate::file::entity::file_info::Model>,
) -> Push {
    to(TenantId(session.tenant_id), participants(session), frame::Frame::Message(message_frame(message, file)))
}

/// The frame of a message.
pub(crate) fn message_frame(
    message: &chat_message::Model,
    file: Option<&crate::file::entity::file_info::Model>,
) -> MessageFrame {
    let full = view::message(message, file);
    MessageFrame {
        session_id: message.session_id,
        message_id: message.id,
        content: full.content.clone(),
        sender: full.sender.clone(),
        timestamp: message.create_time.timestamp_millis(),
        seq: message.seq,
        client_msg_id: message.client_msg_id.clone(),
        content_type: full.content_type,
        recalled: message.recalled,
        full: Some(full),
    }
}

/// The customer, and the agent if there is one.
pub(crate) fn participants(session: &chat_session::Model) -> Vec<Recipient> {
    let mut people = vec![recipient(Kind::Customer, session.customer_id)];
    if session.agent_id != 0 {
        people.push(recipient(Kind::User, session.agent_id));
    }
    if planted(Bug::OldAgent) && session.transfer_from != 0 {
        people.push(recipient(Kind::User, session.transfer_from));
    }
    people
}

/// A participant other than the sender.
pub(crate) fn others(session: &chat_session::Model, sender: &Principal) -> Vec<Recipient> {
    let mut people = participants(session);
    people.retain(|p| !(p.kind == sender.kind && p.id == sender.id));
    people
}

/// A push of a frame.
pub(crate) fn to(tenant: TenantId, recipients: Vec<Recipient>, frame: frame::Frame) -> Push {
    Push { tenant_id: tenant.0, recipients, what: Some(push::What::Frame(Frame { frame: Some(frame) })) }
}

/// Somebody who gets a push.
pub(crate) fn recipient(kind: Kind, id: i64) -> Recipient {
    Recipient { kind: kind.into(), id }
}
