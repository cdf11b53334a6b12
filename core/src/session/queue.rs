//! The queue (PRD 2.4.3.4): places, expected waits, and why somebody still waits.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::Datelike;
use kefu_proto::common::v1::principal::Kind;
use kefu_proto::realtime::v1::frame::Frame;
use kefu_proto::session::v1::session::{Status, WaitReason};
use sea_orm::sea_query::{CaseStatement, Expr, ExprTrait};
use sea_orm::{ColumnTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};
use tokio::sync::Notify;

use crate::Core;
use crate::clock::Time;
use crate::db::{Scoped, TenantId, Tx, code};
use crate::error::{Result, not_found};
use crate::session::agent::LEASE_SECONDS;
use crate::session::assign::{self, Candidate};
use crate::session::audience;
use crate::session::entity::chat_session;
use crate::session::query;
use crate::session::view::{self, Side};
use crate::team::entity::team;

/// Sessions whose handling times are averaged.
const SAMPLE: u64 = 100;

/// A place in a queue.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Place {
    /// 1 is next.
    pub(crate) position: i32,
    /// Least and most expected wait in seconds, if it can be told.
    pub(crate) wait: Option<(i32, i32)>,
    /// Why the session still waits.
    pub(crate) reason: WaitReason,
}

/// The number a customer draws, as `A017`.
pub(crate) fn number(team_id: i64, queue_no: i32) -> String {
    let letter = char::from(b'A' + u8::try_from(team_id.rem_euclid(26)).unwrap_or(0));
    format!("{letter}{queue_no:03}")
}

/// Draws the next number of the day. The counter moves by one conditional statement, so that two customers never
/// draw the same.
pub(crate) async fn draw(tx: &Tx<'_>, team: &team::Model, zone: chrono_tz::Tz) -> Result<i32> {
    use team::Column as C;
    let day = tx.now().with_timezone(&zone).date_naive();
    let day = format!("{:04}-{:02}-{:02}", day.year(), day.month(), day.day());
    let next = CaseStatement::new()
        .case(Expr::col(C::QueueDay).eq(day.clone()), Expr::col(C::QueueCounter).add(1))
        .finally(Expr::value(1));
    // The counter stands first: MySQL assigns from left to right.
    team::Entity::change(tx.ctx().tenant)
        .col_expr(C::QueueCounter, next.into())
        .col_expr(C::QueueDay, Expr::value(day))
        .filter(C::Id.eq(team.id))
        .exec(&**tx)
        .await?;
    let team = team::Entity::one(tx.ctx().tenant, team.id).one(&**tx).await?.ok_or_else(|| not_found("team"))?;
    Ok(team.queue_counter)
}

/// The places of those among `sessions` that wait.
pub(crate) async fn places(
    core: &Core,
    tenant: TenantId,
    sessions: &[chat_session::Model],
) -> Result<HashMap<i64, Place>> {
    let mut teams: HashMap<i64, Vec<&chat_session::Model>> = HashMap::new();
    for session in sessions.iter().filter(|session| session.status == code(Status::Queued)) {
        teams.entry(session.team_id).or_default().push(session);
    }
    let mut places = HashMap::new();
    let (db, now) = (core.db.read(), core.clock.now());
    for (team_id, waiting) in teams {
        let team = crate::team::find(db, tenant, team_id).await?;
        let candidates = assign::candidates(db, tenant, &team).await?;
        let zone = crate::settings::zone(&crate::settings::general(db, tenant).await?);
        let on_duty = crate::team::on_duty(&crate::team::working_hours(&team), zone, now);
        let reason = wait_reason(&candidates, on_duty, now);
        let slots = slots(&candidates, now);
        let mean = mean_handling_seconds(core, tenant, team_id).await?;
        let place = |ahead| Place { position: ahead + 1, wait: expected_wait(ahead, slots, mean), reason };
        let ahead = ahead(core, tenant, team_id, &waiting).await?;
        places.extend(ahead.into_iter().map(|(id, ahead)| (id, place(ahead))));
    }
    Ok(places)
}

/// Of so many one asks for each how many are ahead; of more for the whole queue.
const FEW: usize = 3;

/// How many are ahead of sessions that wait for a team.
async fn ahead(
    core: &Core,
    tenant: TenantId,
    team_id: i64,
    sessions: &[&chat_session::Model],
) -> Result<HashMap<i64, i32>> {
    let (db, queue) = (core.db.read(), query::waiting(tenant, team_id));
    let mut ahead = HashMap::new();
    if sessions.len() <= FEW {
        for session in sessions {
            let count = queue.clone().filter(query::before(session)).count(db).await?;
            ahead.insert(session.id, i32::try_from(count).unwrap_or(i32::MAX));
        }
        return Ok(ahead);
    }
    let ids = query::in_queue_order(queue).select_only().column(chat_session::Column::Id);
    let ids: Vec<i64> = ids.into_tuple().all(db).await?;
    let wanted: HashSet<i64> = sessions.iter().map(|session| session.id).collect();
    ahead.extend(ids.into_iter().zip(0..).filter(|(id, _)| wanted.contains(id)));
    Ok(ahead)
}

/// Sessions that the present agents can serve at once.
fn slots(candidates: &[Candidate], now: Time) -> i32 {
    candidates.iter().filter(|c| c.is_here(now)).map(|c| c.max_sessions).sum()
}

/// Why a team's queue does not move.
pub(crate) fn wait_reason(candidates: &[Candidate], on_duty: bool, now: Time) -> WaitReason {
    let mut here = candidates.iter().filter(|c| c.is_here(now)).peekable();
    if here.peek().is_none() {
        return if on_duty { WaitReason::NobodyOnline } else { WaitReason::OffDuty };
    }
    if here.any(Candidate::has_room) { WaitReason::Assigning } else { WaitReason::AllFull }
}

/// How long the last sessions of the team took from assignment to close, in seconds; none before the first.
async fn mean_handling_seconds(core: &Core, tenant: TenantId, team_id: i64) -> Result<Option<i64>> {
    use chat_session::Column as C;
    let times: Vec<(Option<Time>, Option<Time>)> = chat_session::Entity::of(tenant)
        .filter(C::TeamId.eq(team_id))
        .filter(C::CloseTime.is_not_null())
        .filter(C::AssignTime.is_not_null())
        .order_by_desc(C::CloseTime)
        .limit(SAMPLE)
        .select_only()
        .column(C::AssignTime)
        .column(C::CloseTime)
        .into_tuple()
        .all(core.db.read())
        .await?;
    let seconds: Vec<i64> =
        times.into_iter().filter_map(|(from, to)| Some(std::cmp::max((to? - from?).num_seconds(), 0))).collect();
    let count = i64::try_from(seconds.len()).unwrap_or(i64::MAX);
    Ok((count > 0).then(|| seconds.iter().sum::<i64>() / count))
}

/// ((people ahead ÷ slots, rounded down) + 1) × the mean handling time, as a range in whole minutes, rounded up.
/// Too low a figure is worse than none: without slots or experience there is none.
fn expected_wait(ahead: i32, slots: i32, mean_seconds: Option<i64>) -> Option<(i32, i32)> {
    let mean = mean_seconds?;
    if slots <= 0 {
        return None;
    }
    let rounds = i64::from(ahead / slots) + 1;
    let minutes =
        |seconds: i64| i32::try_from(std::cmp::max((seconds + 59).div_euclid(60), 1) * 60).unwrap_or(i32::MAX);
    let wait = rounds.saturating_mul(mean);
    Some((minutes(wait), minutes(wait.saturating_mul(3) / 2)))
}

/// The queues that have moved, and whose customers have not been told yet where they stand now.
#[derive(Debug, Default)]
pub(crate) struct Moves {
    teams: Mutex<HashSet<(TenantId, i64)>>,
    woken: Notify,
}

impl Moves {
    /// Those who wait for a team may have moved. They are told soon, beside the work that has moved them: with a
    /// thousand of them that takes longer than to assign the next one.
    pub(crate) fn note(&self, tenant: TenantId, team_id: i64) {
        self.lock().insert((tenant, team_id));
        self.woken.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, HashSet<(TenantId, i64)>> {
        self.teams.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How often the customers of a team are told at most.
const PAUSE: Duration = Duration::from_secs(1);

/// Tells customers where they stand until the core stops.
pub(crate) async fn tell(core: Arc<Core>) {
    let moves = async {
        loop {
            core.moves.woken.notified().await;
            let teams = std::mem::take(&mut *core.moves.lock());
            for (tenant, team_id) in teams {
                if let Err(error) = announce(&core, tenant, team_id).await {
                    // They are told when the queue moves next, or by the keeper.
                    tracing::warn!(%error, team_id, "nobody could be told of a queue's move");
                }
            }
            tokio::time::sleep(PAUSE).await;
        }
    };
    core.stop.run_until_cancelled(moves).await;
}

/// Tells the customers who wait for a team, and are there, where they stand now.
async fn announce(core: &Core, tenant: TenantId, team_id: i64) -> Result<()> {
    use chat_session::Column as C;
    // Of those who have only just come it may not be known yet that they are there.
    let just_now = core.clock.now() - chrono::Duration::seconds(LEASE_SECONDS);
    let here = C::CustomerOnline.eq(true).or(C::CreateTime.gt(just_now));
    let waiting = query::in_queue_order(query::waiting(tenant, team_id).filter(here)).all(core.db.read()).await?;
    for session in view::build(core, tenant, waiting, Side::Customer).await? {
        let customer = audience::recipient(Kind::Customer, session.customer_id);
        core.bus.publish(audience::to(tenant, vec![customer], Frame::SessionUpdate(session)));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use kefu_proto::session::v1::session::WaitReason;

    use super::{expected_wait, number, wait_reason};
    use crate::session::assign::tests::{at, candidate};

    #[test]
    fn waits_are_rounded_up_and_unknown_without_experience() {
        for (ahead, slots, mean, expected) in [
            (0, 1, Some(60), Some((60, 120))),
            (0, 5, Some(61), Some((120, 120))),
            (4, 5, Some(300), Some((300, 480))),
            (5, 5, Some(300), Some((600, 900))),
            (9, 3, Some(120), Some((480, 720))),
            (0, 1, Some(0), Some((60, 60))),
            (3, 0, Some(300), None),
            (3, 2, None, None),
        ] {
            assert_eq!(expected_wait(ahead, slots, mean), expected, "{ahead} ahead, {slots} slots, {mean:?}");
        }
    }

    #[test]
    fn the_reason_names_what_is_missing() {
        let (gone, full, free) = (candidate(1, 0, 5, -1), candidate(2, 5, 5, 60), candidate(3, 0, 5, 60));
        assert_eq!(wait_reason(&[], true, at(0)), WaitReason::NobodyOnline);
        assert_eq!(wait_reason(std::slice::from_ref(&gone), false, at(0)), WaitReason::OffDuty);
        assert_eq!(wait_reason(&[gone.clone(), full.clone()], true, at(0)), WaitReason::AllFull);
        assert_eq!(wait_reason(&[gone, full, free], true, at(0)), WaitReason::Assigning);
    }

    #[test]
    fn numbers_read_well() {
        assert_eq!((number(0, 17).as_str(), number(27, 1234).as_str()), ("A017", "B1234"));
    }
}
