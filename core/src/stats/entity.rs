//! The table of statistics.

use crate::db::entity::entity;

entity! {
    /// How things stood in a slot of time: one row for the whole tenant, with team 0, and one for each team in which
    /// anything was going on. Without the tenant's row nothing was recorded; a team without one had nothing going on.
    stats_sample = "stats_sample" {
        slot: i64,
        team_id: i64,
        queued: i32,
        longest_wait: i32,
        active: i32,
        agents_online: i32,
    }
}
