//! The generated part of the TypeScript SDK: types, the client's methods, error reasons and permissions.

mod client;
mod doc;
mod lists;
#[cfg(test)]
mod tests;
mod types;

use std::collections::BTreeMap;

use kefu_proto::contract::{self, Method};

const HEADER: &str = "// Generated from the contract by `sdk-gen typescript`; changes are lost.\n";

/// The files by name, the same from every build.
pub fn files() -> BTreeMap<&'static str, String> {
    let methods: Vec<&Method> = contract::methods().values().filter(|method| !method.routes.is_empty()).collect();
    BTreeMap::from([
        ("client.ts", client::file(&methods)),
        ("permissions.ts", lists::permissions(&methods)),
        ("reasons.ts", lists::reasons()),
        ("types.ts", types::file(&methods)),
    ])
}
