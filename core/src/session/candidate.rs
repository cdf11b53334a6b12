//! Who could take a session, best first: what assignment would answer, told before it is asked. The rules are those
//! of [`assign`], not copies of them.

use kefu_proto::error::{Lang, language};
use kefu_proto::session::v1::agent::Status as AgentStatus;
use kefu_proto::session::v1::candidate::Fit;
use kefu_proto::session::v1::{Candidate as View, ListCandidatesRequest};
use kefu_proto::settings::v1::assignment_settings::Strategy;
use sea_orm::{ColumnTrait, QueryFilter};

use crate::Core;
use crate::access::Ctx;
use crate::clock::Time;
use crate::db::Scoped;
use crate::error::Result;
use crate::session::assign::{Candidate, Claim, candidate_of, order};
use crate::session::{agent, agent_rpc, query};
use crate::user::entity::user_info;

/// How an agent stands to a session that somebody wants to give away.
fn fit(candidate: &Candidate, serving: i64, now: Time) -> Fit {
    match candidate.status {
        _ if candidate.user_id == serving => Fit::Serving,
        AgentStatus::Away => Fit::Away,
        status if !Claim::Asked.statuses().contains(&status) => Fit::Offline,
        _ if candidate.present_until <= now => Fit::NotPresent,
        _ if !candidate.has_room() => Fit::Full,
        AgentStatus::Busy => Fit::Busy,
        _ => Fit::Free,
    }
}

/// Those to whom the session can be given come first, in the order of the strategy.
fn ranked(strategy: Strategy, candidates: Vec<Candidate>, serving: i64, now: Time) -> Vec<(Candidate, Fit)> {
    let mut ranked: Vec<_> = candidates
        .into_iter()
        .map(|candidate| {
            let fit = fit(&candidate, serving, now);
            (candidate, fit)
        })
        .collect();
    ranked.sort_by_key(|(candidate, fit)| (i32::from(*fit), order(strategy, candidate)));
    ranked
}

/// The members of a team as candidates for a session.
pub(crate) async fn list(core: &Core, ctx: &Ctx, req: &ListCandidatesRequest) -> Result<Vec<View>> {
    let (db, now) = (core.db.read(), core.clock.now());
    let session = query::visible_session(db, ctx, req.id).await?;
    let team_id = if req.team_id == 0 { session.team_id } else { req.team_id };
    let team = crate::team::find(db, ctx.tenant, team_id).await?;
    let members = crate::team::member_ids(db, ctx.tenant, team_id).await?;
    let users = user_info::Entity::of(ctx.tenant)
        .filter(user_info::Column::Id.is_in(members))
        .filter(user_info::Column::Status.eq(crate::user::ENABLED))
        .all(db)
        .await?;
    let states = agent::states(db, ctx.tenant, &users.iter().map(|user| user.id).collect::<Vec<_>>()).await?;
    let candidates = states.values().map(|state| candidate_of(state, team.max_sessions)).collect();
    let settings = crate::settings::assignment(db, ctx.tenant).await?;
    let ranked = ranked(settings.strategy(), candidates, session.agent_id, now);
    let agents = agent_rpc::views(core, ctx, users).await?;
    let view = |(candidate, fit): (Candidate, Fit)| {
        let agent = agents.iter().find(|agent| agent.user_id == candidate.user_id)?.clone();
        let message = explain(fit, &candidate, now, language());
        Some(View { agent: Some(agent), eligible: is_eligible(fit), fit: fit.into(), message })
    };
    Ok(ranked.into_iter().filter_map(view).collect())
}

fn is_eligible(fit: Fit) -> bool {
    matches!(fit, Fit::Free | Fit::Busy)
}

/// The reason in words, with the figures behind the order.
fn explain(fit: Fit, candidate: &Candidate, now: Time, lang: Lang) -> String {
    let word = match (fit, lang) {
        (Fit::Free, Lang::Zh) => "在线",
        (Fit::Free, Lang::En) => "Online",
        (Fit::Busy, Lang::Zh) => "忙碌，可指派",
        (Fit::Busy, Lang::En) => "Busy, can be asked",
        (Fit::Full, Lang::Zh) => "会话数已满",
        (Fit::Full, Lang::En) => "No free capacity",
        (Fit::Away, Lang::Zh) => "离开",
        (Fit::Away, Lang::En) => "Away",
        (Fit::NotPresent, Lang::Zh) => "未连接",
        (Fit::NotPresent, Lang::En) => "Not connected",
        (Fit::Serving, Lang::Zh) => "正在服务此会话",
        (Fit::Serving, Lang::En) => "Serves this session",
        (_, Lang::Zh) => "离线",
        (_, Lang::En) => "Offline",
    };
    let load = format!("{}/{}", candidate.active, candidate.max_sessions);
    let minutes = Ord::max((now - candidate.last_assign_time).num_minutes(), 0);
    match (is_eligible(fit), fit, lang) {
        (true, _, Lang::Zh) => format!("{word}，当前 {load}，{minutes} 分钟前分配过"),
        (true, _, Lang::En) => format!("{word}, {load} sessions, last assigned {minutes} min ago"),
        (_, Fit::Full, Lang::Zh) => format!("{word}：{load}"),
        (_, Fit::Full, Lang::En) => format!("{word}: {load}"),
        _ => word.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use kefu_proto::error::Lang;
    use kefu_proto::session::v1::agent::Status as AgentStatus;
    use kefu_proto::session::v1::candidate::Fit;
    use kefu_proto::settings::v1::assignment_settings::Strategy;
    use proptest::prelude::{Strategy as _, proptest};

    use super::{explain, fit, ranked};
    use crate::session::assign::tests::{at, candidate};
    use crate::session::assign::{Candidate, choose};

    #[test]
    fn the_reason_is_what_assignment_would_answer() {
        let with = |status, active, present_for| Candidate { status, ..candidate(1, active, 5, present_for) };
        for (one, serving, wanted) in [
            (with(AgentStatus::Online, 4, 60), 0, Fit::Free),
            (with(AgentStatus::Busy, 4, 60), 0, Fit::Busy),
            (with(AgentStatus::Online, 5, 60), 0, Fit::Full),
            (with(AgentStatus::Busy, 5, 60), 0, Fit::Full),
            (with(AgentStatus::Online, 0, 0), 0, Fit::NotPresent),
            (with(AgentStatus::Away, 0, 60), 0, Fit::Away),
            (with(AgentStatus::Offline, 0, 60), 0, Fit::Offline),
            (with(AgentStatus::Online, 0, 60), 1, Fit::Serving),
        ] {
            assert_eq!(fit(&one, serving, at(0)), wanted, "{one:?}");
        }
    }

    #[test]
    fn the_words_have_the_figures() {
        let one = candidate(1, 2, 6, 60);
        assert_eq!(explain(Fit::Free, &one, at(720), Lang::Zh), "在线，当前 2/6，12 分钟前分配过");
        assert_eq!(explain(Fit::Full, &one, at(720), Lang::En), "No free capacity: 2/6");
    }

    proptest! {
        #[test]
        fn the_first_is_whom_the_strategy_chooses(
            raw in proptest::collection::vec((1..5i32, 0..6i32, 0..6i32, -5..5i64, -50..50i64), 0..12),
            least in proptest::bool::ANY.prop_map(|b| if b { Strategy::LeastActive } else { Strategy::RoundRobin }),
        ) {
            let list: Vec<Candidate> = raw.iter().zip(1..).map(|((status, active, max, present, last), id)| Candidate {
                status: AgentStatus::try_from(*status).unwrap_or_default(),
                last_assign_time: at(*last),
                ..candidate(id, *active, *max, *present)
            }).collect();
            let chosen = choose(least, &list, at(0)).map(|choice| choice.user_id);
            let first = ranked(least, list, 0, at(0)).into_iter().next().filter(|(_, fit)| *fit == Fit::Free);
            assert_eq!(first.map(|(candidate, _)| candidate.user_id), chosen);
        }
    }
}
