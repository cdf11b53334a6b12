//! Error reasons and permissions.

use std::collections::BTreeMap;

use kefu_proto::contract::{self, Method};

use super::HEADER;
use super::doc::doc;
use crate::schema::comment;

/// `reasons.ts`.
pub(super) fn reasons() -> String {
    let Some(choice) = contract::pool().get_enum_by_name("kefu.common.v1.ErrorReason") else {
        return String::new();
    };
    let file = choice.parent_file();
    let values: Vec<_> = choice.values().filter(|value| value.number() != 0).collect();
    let list: String = values
        .iter()
        .map(|value| format!("{}  '{}',\n", doc(&comment(&file, value.path()), "  "), value.name()))
        .collect();
    format!(
        "{HEADER}\n/** Every reason for which a call can fail. */\nexport const ERROR_REASONS = [\n{list}] as const\n\n\
         /** Why a call failed; stable, for programs. */\nexport type ErrorReason = (typeof ERROR_REASONS)[number]\n"
    )
}

/// `permissions.ts`.
pub(super) fn permissions(methods: &[&Method]) -> String {
    let mut needed: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for method in methods {
        let title = method.comment.split('.').next().unwrap_or_default();
        for code in &method.access.permission {
            needed.entry(code).or_default().push(title);
        }
    }
    let list: String = needed
        .iter()
        .map(|(code, titles)| format!("{}  {}: '{code}',\n", doc(&titles.join("、"), "  "), constant(code)))
        .collect();
    format!(
        "{HEADER}\n/** The permission codes, each with the methods that it opens. */\nexport const Permission = {{\n{list}}} as const\n\n\
         /** A permission code. */\nexport type Permission = (typeof Permission)[keyof typeof Permission]\n"
    )
}

/// `session:read-assignment` as `SESSION_READ_ASSIGNMENT`.
fn constant(code: &str) -> String {
    code.to_uppercase().replace([':', '-'], "_")
}
