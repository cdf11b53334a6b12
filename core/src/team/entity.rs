//! The tables of teams.

use crate::db::entity::entity;

entity! {
    /// A team.
    team = "team" {
        name: String,
        description: String,
        leader_id: i64,
        problem_types: Json,
        skills: Json,
        working_hours: Json,
        max_sessions: i32,
        queue_day: String,
        queue_counter: i32,
    }
}
entity! {
    /// A user is a member of a team.
    team_member = "team_member" { team_id: i64, user_id: i64 }
}
