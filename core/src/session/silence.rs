//! Silence: a customer who says nothing for long, and an agent who does not answer.

use chrono::Duration;
use kefu_proto::session::v1::assignment::Method;
use kefu_proto::session::v1::session::{CloseReason, Status};
use kefu_proto::settings::v1::AssignmentSettings;
use sea_orm::{ActiveValue::Set, IntoActiveModel};

use crate::Core;
use crate::access::Ctx;
use crate::clock::Time;
use crate::error::Result;
use crate::event::Event;
use crate::job::Job;
use crate::session::close::close;
use crate::session::entity::chat_session;
use crate::session::state::{lock, requeue, save, status};
use crate::session::{assign, audience};

/// What has to be done about a session's silence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// Nothing before that time.
    Wait(Time),
    /// Nothing ever: no limit is set.
    Never,
    /// Remind the agent.
    Remind,
    /// Give the session to somebody else.
    Reassign,
    /// The customer has gone.
    Close,
}

/// Who spoke when.
#[derive(Clone, Copy, Debug)]
struct Talk {
    /// Since when the customer waits for an answer.
    unanswered_since: Option<Time>,
    /// When the last message came.
    last: Time,
    /// The agent was reminded of this wait.
    reminded: bool,
}

/// When the first look is due for a session assigned now; none if no limit is set.
pub(crate) fn first_check(settings: &AssignmentSettings, now: Time) -> Option<Time> {
    let limits = [settings.customer_idle_minutes, settings.reply_reminder_minutes, settings.reply_reassign_minutes];
    limits.into_iter().filter(|m| *m > 0).min().map(|m| now + Duration::minutes(m.into()))
}

fn next_step(talk: Talk, settings: &AssignmentSettings, now: Time) -> Step {
    let after = |since: Time, minutes: i32| (minutes > 0).then(|| since + Duration::minutes(minutes.into()));
    let Some(since) = talk.unanswered_since else {
        return match after(talk.last, settings.customer_idle_minutes) {
            Some(due) if due <= now => Step::Close,
            Some(due) => Step::Wait(due),
            None => first_check(settings, now).map_or(Step::Never, Step::Wait),
        };
    };
    let reassign = after(since, settings.reply_reassign_minutes);
    let remind = after(since, settings.reply_reminder_minutes).filter(|_| !talk.reminded);
    if reassign.is_some_and(|due| due <= now) {
        return Step::Reassign;
    }
    if remind.is_some_and(|due| due <= now) {
        return Step::Remind;
    }
    // An answer starts the customer's own silence, so look again in any case.
    let later = first_check(settings, now);
    [reassign, remind].into_iter().flatten().min().or(later).map_or(Step::Never, Step::Wait)
}

/// Looks at a session, does what is due, and says when to look again.
pub(crate) async fn check(core: &Core, ctx: &Ctx, session_id: i64) -> Result<()> {
    let settings = crate::settings::assignment(core.db.read(), ctx.tenant).await?;
    let mut tx = core.begin(ctx).await?;
    let session = lock(&tx, session_id).await?;
    if status(&session) != Status::Active {
        return Ok(());
    }
    let talk = Talk {
        unanswered_since: session.unanswered_since,
        last: session.last_message_time.unwrap_or(session.customer_time),
        reminded: session.reminded,
    };
    let (agent, team) = (session.agent_id, session.team_id);
    let step = next_step(talk, &settings, tx.now());
    let session = match step {
        Step::Never => return Ok(()),
        Step::Wait(due) => {
            tx.enqueue(due, &Job::CheckSilence { session_id }).await?;
            return tx.commit().await;
        }
        Step::Remind => remind(&mut tx, session, &settings).await?,
        Step::Reassign => requeue(&mut tx, session, Method::NoReply, "客服超时未回复").await?,
        Step::Close => close(&mut tx, session, CloseReason::CustomerIdle).await?,
    };
    tx.commit().await?;
    audience::announce(core, ctx.tenant, &session, &[agent]).await;
    if matches!(step, Step::Reassign | Step::Close) {
        assign::drain(core, ctx.tenant, team).await;
    }
    Ok(())
}

async fn remind(
    tx: &mut crate::db::Tx<'_>,
    session: chat_session::Model,
    settings: &AssignmentSettings,
) -> Result<chat_session::Model> {
    let (id, agent_id, version) = (session.id, session.agent_id, session.version);
    let mut row = session.into_active_model();
    row.reminded = Set(true);
    let session = save(tx, row, version).await?;
    tx.emit(&Event::ReplyOverdue { session_id: id, agent_id }).await?;
    if let Some(due) = first_check(settings, tx.now()) {
        tx.enqueue(due, &Job::CheckSilence { session_id: id }).await?;
    }
    Ok(session)
}

#[cfg(test)]
mod tests {
    use kefu_proto::settings::v1::AssignmentSettings;

    use super::{Step, Talk, next_step};
    use crate::session::assign::tests::at;

    #[test]
    fn silence_has_consequences_in_order() {
        let settings = |idle, remind, reassign| AssignmentSettings {
            customer_idle_minutes: idle,
            reply_reminder_minutes: remind,
            reply_reassign_minutes: reassign,
            ..Default::default()
        };
        let minute = |m: i64| at(m * 60);
        let waits =
            |since: i64, reminded| Talk { unanswered_since: Some(minute(since)), last: minute(since), reminded };
        let answered = |last: i64| Talk { unanswered_since: None, last: minute(last), reminded: false };
        for (talk, limits, now, expected) in [
            (answered(0), (30, 3, 0), 29, Step::Wait(minute(30))),
            (answered(0), (30, 3, 0), 30, Step::Close),
            (answered(0), (0, 3, 0), 99, Step::Wait(minute(102))),
            (answered(0), (0, 0, 0), 99, Step::Never),
            (waits(0, false), (30, 3, 0), 2, Step::Wait(minute(3))),
            (waits(0, false), (30, 3, 0), 3, Step::Remind),
            (waits(0, true), (30, 3, 0), 40, Step::Wait(minute(43))),
            (waits(0, true), (30, 3, 5), 4, Step::Wait(minute(5))),
            (waits(0, true), (30, 3, 5), 5, Step::Reassign),
            (waits(0, false), (30, 3, 5), 9, Step::Reassign),
            (waits(0, false), (0, 0, 0), 9, Step::Never),
        ] {
            let (idle, remind, reassign) = limits;
            assert_eq!(next_step(talk, &settings(idle, remind, reassign), minute(now)), expected, "{talk:?} at {now}");
        }
    }
}
