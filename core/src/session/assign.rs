//! Assignment (PRD 2.4.3): which agent gets a session. The choice is a pure function over a snapshot; the claim is a
//! conditional update, so that two cores never give one session twice or overfill an agent.

use kefu_proto::common::v1::ErrorReason;
use kefu_proto::error::Problem;
use kefu_proto::session::v1::agent::Status as AgentStatus;
use kefu_proto::session::v1::assignment::Method;
use kefu_proto::session::v1::session::Status;
use kefu_proto::settings::v1::assignment_settings::Strategy;
use sea_orm::sea_query::{CaseStatement, Expr, ExprTrait};
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, IntoActiveModel, QueryFilter, QuerySelect, QueryTrait};

use crate::Core;
use crate::access::Ctx;
use crate::clock::Time;
use crate::db::{Scoped, TenantId, Tx, code};
use crate::error::{Result, not_found};
use crate::event::Event;
use crate::job::Job;
use crate::session::entity::{agent_state, chat_session};
use crate::session::state::{clear_transfer, lock, record, relieve, save, status};
use crate::session::{audience, message, query, silence};
use crate::team::entity::{team, team_member};

/// An agent who might get a session.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Candidate {
    pub(crate) user_id: i64,
    pub(crate) status: AgentStatus,
    pub(crate) present_until: Time,
    pub(crate) active: i32,
    pub(crate) max_sessions: i32,
    pub(crate) last_assign_time: Time,
}

impl Candidate {
    /// Online and present.
    pub(crate) fn is_here(&self, now: Time) -> bool {
        self.status == AgentStatus::Online && self.present_until > now
    }

    /// Has capacity left.
    pub(crate) fn has_room(&self) -> bool {
        self.active < self.max_sessions
    }
}

/// The agent chosen, and the account of why.
#[derive(Debug, PartialEq)]
pub(crate) struct Choice {
    pub(crate) user_id: i64,
    pub(crate) reason: String,
}

/// Whom a strategy takes first: the least of these.
pub(crate) fn order(strategy: Strategy, candidate: &Candidate) -> (i32, Time, i64) {
    let active = if strategy == Strategy::LeastActive { candidate.active } else { 0 };
    (active, candidate.last_assign_time, candidate.user_id)
}

/// Chooses an agent; none if nobody is here and has room.
pub(crate) fn choose(strategy: Strategy, candidates: &[Candidate], now: Time) -> Option<Choice> {
    let free = candidates.iter().filter(|c| c.is_here(now) && c.has_room());
    let why = match strategy {
        Strategy::LeastActive => "最少会话数",
        Strategy::RoundRobin | Strategy::Unspecified => "轮询：距上次分配最久",
    };
    free.min_by_key(|c| order(strategy, c))
        .map(|c| Choice { user_id: c.user_id, reason: format!("{why}，当前 {}/{}", c.active, c.max_sessions) })
}

/// The agents of a team as they stand.
pub(crate) async fn candidates(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    team: &team::Model,
) -> Result<Vec<Candidate>> {
    let members = team_member::Entity::of(tenant)
        .filter(team_member::Column::TeamId.eq(team.id))
        .select_only()
        .column(team_member::Column::UserId);
    let states = agent_state::Entity::of(tenant)
        .filter(agent_state::Column::UserId.in_subquery(QueryTrait::into_query(members)))
        .all(db)
        .await?;
    Ok(states.iter().map(|state| candidate_of(state, team.max_sessions)).collect())
}

/// An agent as a candidate, within the limit of a team; 0 for none.
pub(crate) fn candidate_of(state: &agent_state::Model, team_max: i32) -> Candidate {
    let max_sessions = if team_max > 0 { std::cmp::min(state.max_sessions, team_max) } else { state.max_sessions };
    Candidate {
        user_id: state.user_id,
        status: AgentStatus::try_from(i32::from(state.status)).unwrap_or_default(),
        present_until: state.present_until,
        active: state.active_count,
        max_sessions,
        last_assign_time: state.last_assign_time,
    }
}

/// Gives waiting sessions to agents for as long as there are both. Called whenever capacity may have appeared or
/// somebody has begun to wait; what one call misses, the keeper's next round finds.
pub(crate) async fn drain(core: &Core, tenant: TenantId, team_id: i64) {
    if let Err(error) = try_drain(core, tenant, team_id).await {
        tracing::warn!(%error, team_id, "a queue could not be drained");
    }
}

async fn try_drain(core: &Core, tenant: TenantId, team_id: i64) -> Result<()> {
    while let Some(session) = give_next(core, tenant, team_id).await? {
        core.moves.note(tenant, team_id);
        audience::announce(core, tenant, &session, &[]).await;
    }
    Ok(())
}

/// Gives the next waiting session to an agent; none if nobody waits or nobody has room.
async fn give_next(core: &Core, tenant: TenantId, team_id: i64) -> Result<Option<chat_session::Model>> {
    let ctx = Ctx::system(tenant);
    // One at a time in this process: cores beside this one are kept apart by the claims themselves.
    let _turn = core.assigning.lock().await;
    let db = core.db.read();
    while let Some(next) = query::in_queue_order(query::waiting(tenant, team_id)).limit(1).one(db).await? {
        let settings = crate::settings::assignment(db, tenant).await?;
        let team = crate::team::find(db, tenant, team_id).await?;
        let candidates = candidates(db, tenant, &team).await?;
        let Some(choice) = choose(settings.strategy(), &candidates, core.clock.now()) else {
            break;
        };
        let mut tx = core.begin(&ctx).await?;
        let session = lock(&tx, next.id).await?;
        if status(&session) != Status::Queued {
            continue;
        }
        match hand_over(&mut tx, session, choice.user_id, Claim::Auto, Method::Auto, &choice.reason).await {
            Ok(session) => {
                tx.commit().await?;
                return Ok(Some(session));
            }
            // The agent has left or was filled up since the look: look again.
            Err(error) if error.problem().is_some() => {}
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

/// What an agent must fulfil to be given a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Claim {
    /// By the strategy: online, present, with room.
    Auto,
    /// By a supervisor or a transfer: online or busy, present, with room.
    Asked,
    /// By the agent's own hand: nothing.
    Own,
}

impl Claim {
    /// The states in which an agent can be given a session; one who takes it by hand may be in any.
    pub(crate) fn statuses(self) -> &'static [AgentStatus] {
        match self {
            Self::Auto => &[AgentStatus::Online],
            Self::Asked => &[AgentStatus::Online, AgentStatus::Busy],
            Self::Own => &[],
        }
    }
}

/// Gives a locked session to an agent, with all that follows: loads, the record with its why, the line the customer
/// reads, the event. Errors: AGENT_UNAVAILABLE, AGENT_FULL.
pub(crate) async fn hand_over(
    tx: &mut Tx<'_>,
    session: chat_session::Model,
    to: i64,
    claim: Claim,
    method: Method,
    reason: &str,
) -> Result<chat_session::Model> {
    let from = session.agent_id;
    // Loads are locked in the order of the ids, so that two opposite transfers cannot wait for each other.
    if from != 0 && from < to {
        relieve(tx, from).await?;
    }
    let team_id = match (method, session.transfer_team) {
        (Method::Transfer, team) if team != 0 => team,
        _ => session.team_id,
    };
    take_place(tx, to, team_id, claim).await?;
    if from != 0 && from > to {
        relieve(tx, from).await?;
    }
    record(tx, &session, to, method, reason).await?;
    let now = tx.now();
    let version = session.version;
    let mut row = session.into_active_model();
    row.status = Set(code(Status::Active));
    row.agent_id = Set(to);
    if row.assign_time.as_ref().is_none() {
        row.assign_time = Set(Some(now));
    }
    row.team_id = Set(team_id);
    row.marked_unread = Set(false);
    clear_transfer(&mut row);
    let mut session = save(tx, row, version).await?;
    let name = crate::user::names(&**tx, tx.ctx().tenant, &[to]).await?.remove(&to).unwrap_or_default();
    let line = format!("{name} 为您服务");
    let occasion = format!("assigned-{}", session.version);
    message::say(tx, &mut session, occasion, &line).await?;
    tx.emit(&Event::SessionAssigned { session_id: session.id, from_agent_id: from, to_agent_id: to }).await?;
    let settings = crate::settings::assignment(&**tx, tx.ctx().tenant).await?;
    if let Some(due) = silence::first_check(&settings, now) {
        tx.enqueue(due, &Job::CheckSilence { session_id: session.id }).await?;
    }
    Ok(session)
}

/// Takes a place of an agent for a session of the team, if the conditions hold at this very moment.
async fn take_place(tx: &Tx<'_>, agent_id: i64, team_id: i64, claim: Claim) -> Result<()> {
    use agent_state::Column as C;
    let (tenant, now) = (tx.ctx().tenant, tx.now());
    let mut update = agent_state::Entity::change(tenant)
        .col_expr(C::ActiveCount, Expr::col(C::ActiveCount).add(1))
        .col_expr(C::LastAssignTime, Expr::value(now))
        .filter(C::UserId.eq(agent_id));
    let allowed = claim.statuses();
    if claim == Claim::Own {
        // Whoever takes a session is there, if only for the grace time.
        let settings = crate::settings::assignment(&**tx, tenant).await?;
        let until = now + chrono::Duration::seconds(settings.grace_seconds.into());
        let later = CaseStatement::new().case(Expr::col(C::PresentUntil).lt(until), Expr::value(until));
        update = update.col_expr(C::PresentUntil, later.finally(Expr::col(C::PresentUntil)).into());
    } else {
        update = update
            .filter(C::Status.is_in(allowed.iter().map(|s| code(*s))))
            .filter(C::PresentUntil.gt(now))
            .filter(Expr::col(C::ActiveCount).lt(Expr::col(C::MaxSessions)))
            .filter(Expr::col(C::ActiveCount).lt(team_limit(tx, team_id).await?));
    }
    if update.exec(&**tx).await?.rows_affected == 1 {
        return Ok(());
    }
    let state = agent_state::Entity::of(tenant).filter(C::UserId.eq(agent_id)).one(&**tx).await?;
    let state = state.ok_or_else(|| not_found("agent"))?;
    let here = allowed.iter().any(|s| code(*s) == state.status) && state.present_until > now;
    let reason = if here { ErrorReason::AgentFull } else { ErrorReason::AgentUnavailable };
    let name = crate::user::names(&**tx, tenant, &[agent_id]).await?.remove(&agent_id).unwrap_or_default();
    Err(Problem::new(reason).with("agent", name).into())
}

/// The most sessions that an agent of the team may have (PRD 2.1.4); without a limit of the team the agent's own binds.
pub(crate) async fn team_limit(tx: &Tx<'_>, team_id: i64) -> Result<i32> {
    let team = team::Entity::one(tx.ctx().tenant, team_id).one(&**tx).await?;
    Ok(team.map(|team| team.max_sessions).filter(|limit| *limit > 0).unwrap_or(i32::MAX))
}

#[cfg(test)]
pub(crate) mod tests {
    use chrono::{TimeZone, Utc};
    use kefu_proto::session::v1::agent::Status as AgentStatus;
    use kefu_proto::settings::v1::assignment_settings::Strategy;
    use proptest::prelude::{Strategy as _, proptest};

    use super::{Candidate, choose};
    use crate::clock::Time;

    pub(crate) fn at(seconds: i64) -> Time {
        Utc.timestamp_opt(1_700_000_000 + seconds, 0).unwrap()
    }

    pub(crate) fn candidate(user_id: i64, active: i32, max_sessions: i32, present_for: i64) -> Candidate {
        Candidate {
            user_id,
            status: AgentStatus::Online,
            present_until: at(present_for),
            active,
            max_sessions,
            last_assign_time: at(0),
        }
    }

    #[test]
    fn strategies_choose_as_the_prd_says() {
        let mut busy_long_ago = candidate(1, 4, 5, 60);
        busy_long_ago.last_assign_time = at(-100);
        let mut idle_just_now = candidate(2, 0, 5, 60);
        idle_just_now.last_assign_time = at(-1);
        let both = [busy_long_ago, idle_just_now];
        assert_eq!(choose(Strategy::RoundRobin, &both, at(0)).unwrap().user_id, 1);
        assert_eq!(choose(Strategy::LeastActive, &both, at(0)).unwrap().user_id, 2);
    }

    #[test]
    fn nobody_offline_away_busy_gone_or_full_is_chosen() {
        let mut list = vec![candidate(1, 5, 5, 60), candidate(2, 0, 5, 0), candidate(3, 0, 0, 60)];
        for (id, status) in [(4, AgentStatus::Offline), (5, AgentStatus::Away), (6, AgentStatus::Busy)] {
            list.push(Candidate { status, ..candidate(id, 0, 5, 60) });
        }
        assert_eq!(choose(Strategy::RoundRobin, &list, at(0)), None);
        assert_eq!(choose(Strategy::LeastActive, &list, at(0)), None);
    }

    proptest! {
        #[test]
        fn whoever_is_chosen_is_here_and_has_room(
            raw in proptest::collection::vec((1..5i32, 0..6i32, 0..6i32, -5..5i64, -50..50i64), 0..12),
            least in proptest::bool::ANY.prop_map(|b| if b { Strategy::LeastActive } else { Strategy::RoundRobin }),
        ) {
            let list: Vec<Candidate> = raw.iter().zip(1..).map(|((status, active, max, present, last), id)| Candidate {
                status: AgentStatus::try_from(*status).unwrap_or_default(),
                last_assign_time: at(*last),
                ..candidate(id, *active, *max, *present)
            }).collect();
            let free = list.iter().filter(|c| c.is_here(at(0)) && c.has_room()).count();
            match choose(least, &list, at(0)) {
                None => assert_eq!(free, 0),
                Some(choice) => {
                    let chosen = list.iter().find(|c| c.user_id == choice.user_id).unwrap();
                    assert!(chosen.is_here(at(0)) && chosen.has_room());
                }
            }
        }
    }
}
