//! The tables of settings.

use crate::db::entity::entity;

entity! {
    /// A group of settings, as JSON.
    setting = "setting" { name: String, value: Json }
}
entity! {
    /// A prepared answer; `owner_id` 0 is for everybody.
    quick_reply = "quick_reply" {
        owner_id: i64,
        category: String,
        shortcut: String,
        title: String,
        #[sea_orm(column_type = "Text")]
        content: String,
    }
}
entity! {
    /// A dictionary.
    dictionary = "dictionary" { code: String, name: String }
}
entity! {
    /// An item of a dictionary.
    dictionary_item = "dictionary_item" { dictionary_id: i64, value: String, label: String, sort: i32 }
}
