//! Rows as the contract has them.

use std::collections::HashMap;

use kefu_proto::common::v1::WorkingSpan;
use kefu_proto::json;
use kefu_proto::team::v1::{Team, TeamMember};
use serde_json::Value as Json;

use crate::clock::{Time, timestamp};
use crate::session::entity::agent_state;
use crate::team::entity::{team, team_member};
use crate::user::entity::user_info;

/// What a team's rows elsewhere say of it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub(super) members: i32,
    pub(super) online: i32,
    pub(super) queued: i32,
}

/// When a team is on duty.
pub(crate) fn working_hours(team: &team::Model) -> Vec<WorkingSpan> {
    team.working_hours.as_array().into_iter().flatten().filter_map(|span| json::from_json(span).ok()).collect()
}

/// Consultation types the team serves; empty for all.
pub(crate) fn problem_types(team: &team::Model) -> Vec<String> {
    words(&team.problem_types)
}

/// Working hours as the column holds them.
pub(super) fn hours_json(hours: &[WorkingSpan]) -> Json {
    hours.iter().map(json::to_json).collect()
}

/// Words as a column holds them.
pub(super) fn words(column: &Json) -> Vec<String> {
    column.as_array().into_iter().flatten().filter_map(|word| word.as_str().map(str::to_owned)).collect()
}

/// A team.
pub(super) fn team(row: &team::Model, counts: Counts) -> Team {
    Team {
        id: row.id,
        name: row.name.clone(),
        description: row.description.clone(),
        leader_id: row.leader_id,
        problem_types: words(&row.problem_types),
        skills: words(&row.skills),
        working_hours: working_hours(row),
        max_sessions: row.max_sessions,
        member_count: counts.members,
        online_count: counts.online,
        queued_count: counts.queued,
        create_time: Some(timestamp(row.create_time)),
        update_time: Some(timestamp(row.update_time)),
    }
}

/// A member; one whose user has gone keeps the id only.
pub(super) fn member(
    row: &team_member::Model,
    users: &HashMap<i64, user_info::Model>,
    states: &HashMap<i64, agent_state::Model>,
    now: Time,
) -> TeamMember {
    use kefu_proto::session::v1::agent::Status;
    let user = users.get(&row.user_id);
    let state = states.get(&row.user_id);
    TeamMember {
        user_id: row.user_id,
        name: user.map_or_else(String::new, |u| u.name.clone()),
        username: user.map_or_else(String::new, |u| u.username.clone()),
        skills: user.map_or_else(Vec::new, |u| words(&u.skills)),
        max_sessions: user.map_or(0, |u| u.max_sessions),
        active_sessions: state.map_or(0, |s| s.active_count),
        online: state.is_some_and(|s| i32::from(s.status) == i32::from(Status::Online) && s.present_until > now),
        create_time: Some(timestamp(row.create_time)),
    }
}
