//! The play: all conversations of the day, act by act in the order of time.

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
use crate::demo::cast::{Cast, close_up, words};
use crate::demo::day::{Act, MEETING, PEOPLE, Person, STAFF, TALKS, TEAMS, Talk};
use crate::demo::stage::{Actor, Stage};
use crate::notification::entity::sent_message;
use crate::session::entity::chat_session;

/// Agents say that they are there at least this often.
const PRESENCE: i64 = 30;

/// What happens at one moment.
enum Moment {
    /// A customer comes.
    Arrival,
    /// The act of this number.
    Act(usize),
    /// The staff go into a meeting.
    Meeting,
    /// Nothing; the agents are still there.
    Presence,
}

/// A conversation under way.
struct Scene {
    session_id: i64,
    customer: Actor,
}

/// Plays the whole day.
pub(super) async fn day(stage: &Stage, cast: &Cast, begin: Time) -> Result<()> {
    let mut scenes: Vec<Option<Scene>> = TALKS.iter().map(|_| None).collect();
    stage.advance_to(begin);
    for (second, talk, moment) in timeline() {
        stage.advance_to(begin + Duration::seconds(second));
        match moment {
            Moment::Presence => set_agents(stage, cast, AgentStatus::Online).await?,
            Moment::Meeting => set_agents(stage, cast, AgentStatus::Away).await?,
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

async fn set_agents(stage: &Stage, cast: &Cast, status: AgentStatus) -> Result<()> {
    let mut agents = AgentServiceClient::new(stage.service.clone());
    for username in TEAMS.iter().flat_map(|team| team.members) {
        let request = SetMyAgentStatusRequest { status: status.into() };
        agents.set_my_agent_status(stage.by(cast.actor(username)?, request)?).await?;
    }
    Ok(())
}

/// A known customer asks on the page; a new one registers by the team's link.
async fn arrive(stage: &Stage, cast: &Cast, talk: &Talk) -> Result<Scene> {
    let person = &PEOPLE[talk.person];
    let Some(customer) = cast.known.get(person.phone).copied() else {
        return register(stage, &cast.links[talk.team], person, talk).await;
    };
    let request = CreateSessionRequest {
        team_id: cast.teams[talk.team],
        problem_type: talk.problem_type.to_owned(),
        question: talk.question.to_owned(),
        ..Default::default()
    };
    let session = sessions(stage).create_session(stage.by(customer, request)?).await?.into_inner();
    Ok(Scene { session_id: session.id, customer })
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
