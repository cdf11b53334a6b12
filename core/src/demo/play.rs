//! The play: the days before in short, then all conversations of the day, act by act in the order of time.

use anyhow::{Context, Result};
use chrono::Duration;
use kefu_proto::customer::v1::RegisterRequest;
use kefu_proto::customer::v1::customer_service_client::CustomerServiceClient;
use kefu_proto::session::v1::agent::Status as AgentStatus;
use kefu_proto::session::v1::agent_service_client::AgentServiceClient;
use kefu_proto::session::v1::session_service_client::SessionServiceClient;
use kefu_proto::session::v1::{
    AcceptTransferRequest, CloseSessionRequest, CreateNoteRequest, CreateSessionRequest, LeaveMessageRequest,
    PrioritizeSessionRequest, RateSessionRequest, SendMessageRequest, SetMyAgentStatusRequest, TransferSessionRequest,
};
use kefu_proto::user::v1::SendCodeRequest;
use kefu_proto::user::v1::auth_service_client::AuthServiceClient;
use kefu_proto::user::v1::send_code_request::Purpose;
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder};

use crate::Time;
use crate::access::Guarded;
use crate::db::Scoped;
use crate::demo::cast::{Cast, close_up, limit, words};
use crate::demo::day::{Act, EVENING, MEETING, MINUTES, TALKS, Talk};
use crate::demo::people::{PEOPLE, Person, STAFF, TEAMS};
use crate::demo::stage::{Actor, Stage};
use crate::demo::week::{A_DAY, CASES, Case, DAYS};
use crate::notification::entity::sent_message;
use crate::session::entity::chat_session;
use crate::stats::Sampler;

/// Agents say that they are there at least this often.
const PRESENCE: i64 = 30;

/// Minutes between two samples of the statistics.
const SAMPLES: usize = 20;

/// What happens at one moment.
enum Moment {
    /// A customer comes.
    Arrival,
    /// The act of this number.
    Act(usize),
    /// The staff go into a meeting, or stay behind with what they have.
    Meeting,
    /// Nothing; the agents are still there.
    Presence,
    /// Nothing; the statistics take their sample.
    Sample,
}

/// A conversation under way.
struct Scene {
    session_id: i64,
    customer: Actor,
}

/// Plays the days before, each a few sessions from question to rating.
pub(super) async fn week(stage: &Stage, cast: &Cast, begin: Time) -> Result<()> {
    let known: Vec<&Person> = PEOPLE.iter().filter(|person| cast.known.contains_key(person.phone)).collect();
    for turn in 0..DAYS * A_DAY {
        let (days, number) = (DAYS - turn / A_DAY, turn % A_DAY);
        let minutes = 20 + number * 60 + days * 7 % 23;
        stage.advance_to(begin - Duration::days(days) + Duration::minutes(minutes));
        let turn = usize::try_from(turn)?;
        let case = &CASES[turn % CASES.len()];
        let members = TEAMS[case.team].members;
        set_agent(stage, cast, members[turn % members.len()], AgentStatus::Online).await?;
        let customer = cast.known[known[turn % known.len()].phone];
        serve(stage, cast, case, customer).await?;
    }
    stage.settle().await
}

/// One session of the days before.
async fn serve(stage: &Stage, cast: &Cast, case: &Case, customer: Actor) -> Result<()> {
    let mut service = sessions(stage);
    let pass = |seconds: i64| stage.advance_to(stage.core.clock.now() + Duration::seconds(seconds));
    let id = ask(stage, cast, case.team, customer, case.problem_type, case.question).await?;
    let agent = agent_of(stage, cast, id).await?;
    pass(case.patience);
    service.send_message(stage.by(agent, message(id, 0, case.answer))?).await?;
    pass(140);
    service.send_message(stage.by(customer, message(id, 1, case.thanks))?).await?;
    pass(45);
    let close = CloseSessionRequest { id, summary: case.summary.to_owned(), ..Default::default() };
    service.close_session(stage.by(agent, close)?).await?;
    if let Some((score, comment)) = case.rating {
        pass(30);
        let rating = RateSessionRequest { id, score, comment: comment.to_owned(), ..Default::default() };
        service.rate_session(stage.by(customer, rating)?).await?;
    }
    Ok(())
}

/// Plays the whole day.
pub(super) async fn day(stage: &Stage, cast: &Cast, begin: Time) -> Result<()> {
    let mut scenes: Vec<Option<Scene>> = TALKS.iter().map(|_| None).collect();
    stage.advance_to(begin);
    for (second, talk, moment) in timeline() {
        stage.advance_to(begin + Duration::seconds(second));
        match moment {
            Moment::Presence => go_online(stage, cast).await?,
            Moment::Meeting => go_to_meeting(stage, cast).await?,
            Moment::Sample => Sampler::default().look(&stage.core).await?,
            Moment::Arrival => scenes[talk] = Some(arrive(stage, cast, &TALKS[talk]).await?),
            Moment::Act(number) => {
                let scene = scenes[talk].as_ref().context("somebody acts before arriving")?;
                act(stage, cast, scene, number, &TALKS[talk].acts[number].1).await?;
            }
        }
        stage.settle().await?;
    }
    close_up(stage, cast).await
}

/// Everything that happens, with the second of the day and the conversation.
fn timeline() -> Vec<(i64, usize, Moment)> {
    let presence = (0..MEETING).step_by(usize::try_from(PRESENCE).unwrap_or(1));
    let mut moments: Vec<_> = presence.map(|minute| (minute * 60, 0, Moment::Presence)).collect();
    moments.push((MEETING * 60, 0, Moment::Meeting));
    moments.extend((0..MINUTES).step_by(SAMPLES).map(|minute| (minute * 60, 0, Moment::Sample)));
    for (talk, of) in TALKS.iter().enumerate() {
        let mut second = of.minute * 60;
        moments.push((second, talk, Moment::Arrival));
        for (number, (wait, _)) in of.acts.iter().enumerate() {
            second += wait;
            moments.push((second, talk, Moment::Act(number)));
        }
    }
    moments.sort_by_key(|(second, talk, _)| (*second, *talk));
    moments
}

fn sessions(stage: &Stage) -> SessionServiceClient<Guarded> {
    SessionServiceClient::new(stage.service.clone())
}

async fn set_agent(stage: &Stage, cast: &Cast, username: &str, status: AgentStatus) -> Result<()> {
    let mut agents = AgentServiceClient::new(stage.service.clone());
    let request = SetMyAgentStatusRequest { status: status.into() };
    agents.set_my_agent_status(stage.by(cast.actor(username)?, request)?).await?;
    Ok(())
}

/// All who are at work are there.
async fn go_online(stage: &Stage, cast: &Cast) -> Result<()> {
    for (username, _) in EVENING {
        set_agent(stage, cast, username, AgentStatus::Online).await?;
    }
    Ok(())
}

/// From now on whoever comes waits: who stays online takes no more than there is already.
async fn go_to_meeting(stage: &Stage, cast: &Cast) -> Result<()> {
    for (username, status) in EVENING {
        if status == AgentStatus::Online {
            limit(stage, cast, username).await?;
        }
        set_agent(stage, cast, username, status).await?;
    }
    Ok(())
}

/// A known customer asks on the page; a new one registers by the team's link.
async fn arrive(stage: &Stage, cast: &Cast, talk: &Talk) -> Result<Scene> {
    let person = &PEOPLE[talk.person];
    let Some(customer) = cast.known.get(person.phone).copied() else {
        return register(stage, &cast.links[talk.team], person, talk).await;
    };
    let session_id = ask(stage, cast, talk.team, customer, talk.problem_type, talk.question).await?;
    Ok(Scene { session_id, customer })
}

/// Opens a session; gives its id.
async fn ask(stage: &Stage, cast: &Cast, team: usize, customer: Actor, kind: &str, question: &str) -> Result<i64> {
    let request = CreateSessionRequest {
        team_id: cast.teams[team],
        problem_type: kind.to_owned(),
        question: question.to_owned(),
        ..Default::default()
    };
    Ok(sessions(stage).create_session(stage.by(customer, request)?).await?.into_inner().id)
}

async fn register(stage: &Stage, link: &str, person: &Person, talk: &Talk) -> Result<Scene> {
    let code = SendCodeRequest {
        phone: person.phone.to_owned(),
        purpose: Purpose::Register.into(),
        link_token: link.to_owned(),
        ..Default::default()
    };
    AuthServiceClient::new(stage.service.clone()).send_code(code).await?;
    let form = RegisterRequest {
        link_token: link.to_owned(),
        name: person.name.to_owned(),
        phone: person.phone.to_owned(),
        code: code_sent_to(stage, person.phone).await?,
        institution: person.institution.to_owned(),
        position: person.position.to_owned(),
        problem_type: talk.problem_type.to_owned(),
        question: talk.question.to_owned(),
        ..Default::default()
    };
    let answer = CustomerServiceClient::new(stage.service.clone()).register(form).await?.into_inner();
    let login = answer.login.context("no login")?;
    let session = answer.session.context("no session")?;
    Ok(Scene { session_id: session.id, customer: stage.holder(&login.access_token)? })
}

/// The six digits of the newest SMS, which the recorder has kept.
async fn code_sent_to(stage: &Stage, phone: &str) -> Result<String> {
    let newest = sent_message::Entity::of(stage.tenant)
        .filter(sent_message::Column::Target.eq(phone))
        .order_by_desc(sent_message::Column::Id);
    let text = newest.one(stage.core.db.read()).await?.context("no code was sent")?.content;
    let digits = text.split(|c: char| !c.is_ascii_digit()).find(|digits| digits.len() == 6);
    Ok(digits.context("the SMS has no code")?.to_owned())
}

/// Who serves the session now.
async fn agent_of(stage: &Stage, cast: &Cast, session_id: i64) -> Result<Actor> {
    let session = chat_session::Entity::one(stage.tenant, session_id).one(stage.core.db.read()).await?;
    let agent_id = session.context("the session is gone")?.agent_id;
    let agent = cast.staff.values().find(|(id, _)| *id == agent_id);
    agent.map(|(_, actor)| *actor).with_context(|| format!("session {session_id} has no agent"))
}

async fn act(stage: &Stage, cast: &Cast, scene: &Scene, number: usize, act: &Act) -> Result<()> {
    let mut service = sessions(stage);
    let id = scene.session_id;
    match act {
        Act::Asks(text) => {
            service.send_message(stage.by(scene.customer, message(id, number, text))?).await?;
        }
        Act::Answers(text) => {
            let agent = agent_of(stage, cast, id).await?;
            service.send_message(stage.by(agent, message(id, number, text))?).await?;
        }
        Act::Notes(text) => {
            let note = CreateNoteRequest { id, content: (*text).to_owned(), client_note_id: format!("demo-{number}") };
            service.create_note(stage.by(agent_of(stage, cast, id).await?, note)?).await?;
        }
        Act::Transfers(to, reason) => transfer(stage, cast, id, to, reason).await?,
        Act::Urges(reason) => {
            let request = PrioritizeSessionRequest { id, urgent: true, reason: (*reason).to_owned() };
            service.prioritize_session(stage.by(cast.actor(STAFF[1].username)?, request)?).await?;
        }
        Act::Leaves(text) => {
            let request = LeaveMessageRequest { id, content: (*text).to_owned() };
            service.leave_message(stage.by(scene.customer, request)?).await?;
        }
        Act::Closes(summary) => {
            let request = CloseSessionRequest { id, summary: (*summary).to_owned(), ..Default::default() };
            service.close_session(stage.by(agent_of(stage, cast, id).await?, request)?).await?;
        }
        Act::Rates(score, tags, comment) => {
            let request = RateSessionRequest { id, score: *score, tags: words(tags), comment: (*comment).to_owned() };
            service.rate_session(stage.by(scene.customer, request)?).await?;
        }
    }
    Ok(())
}

fn message(id: i64, number: usize, text: &str) -> SendMessageRequest {
    SendMessageRequest { id, client_msg_id: format!("demo-{number}"), content: text.to_owned(), ..Default::default() }
}

/// One agent asks another, who accepts; if the strategy gave the session to that one in the first place, it stays.
async fn transfer(stage: &Stage, cast: &Cast, id: i64, to: &str, reason: &str) -> Result<()> {
    let row = chat_session::Entity::one(stage.tenant, id).one(stage.core.db.read()).await?;
    let agent_id = cast.id(to)?;
    if row.is_some_and(|row| row.agent_id == agent_id) {
        return Ok(());
    }
    let mut service = sessions(stage);
    let request = TransferSessionRequest { id, agent_id, reason: reason.to_owned(), ..Default::default() };
    service.transfer_session(stage.by(agent_of(stage, cast, id).await?, request)?).await?;
    service.accept_transfer(stage.by(cast.actor(to)?, AcceptTransferRequest { id })?).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Act, MEETING, Moment, PEOPLE, TALKS, timeline};
    use crate::demo::day::MINUTES;

    #[test]
    fn the_day_is_in_order_and_ends_in_time() {
        let moments = timeline();
        assert!(moments.is_sorted_by_key(|(second, ..)| *second));
        assert!(moments.iter().all(|(second, ..)| *second < MINUTES * 60));
        for (talk, of) in TALKS.iter().enumerate() {
            let of_talk =
                moments.iter().filter(|(_, t, m)| *t == talk && matches!(m, Moment::Arrival | Moment::Act(_)));
            assert_eq!(of_talk.count(), of.acts.len() + 1);
        }
    }

    #[test]
    fn nobody_acts_for_the_staff_in_the_meeting_nor_rates_what_is_open() {
        for talk in &TALKS {
            assert!(talk.person < PEOPLE.len());
            let served = talk.acts.iter().any(|(_, act)| matches!(act, Act::Answers(_) | Act::Closes(_)));
            assert!(!served || talk.minute < MEETING, "{}", talk.question);
            let closed = talk.acts.iter().position(|(_, act)| matches!(act, Act::Closes(_)));
            let rated = talk.acts.iter().position(|(_, act)| matches!(act, Act::Rates(..)));
            assert!(rated.is_none_or(|rated| closed.is_some_and(|closed| closed < rated)), "{}", talk.question);
        }
    }
}
