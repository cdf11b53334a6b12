//! The cursor of a long poll: how far the client has got, in one opaque text.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::error::{Result, invalid};

/// How far a client has got.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Cursor {
    /// The database's incarnation.
    #[serde(rename = "e")]
    pub(crate) epoch: String,
    /// For each session followed: the newest sequence and the newest version the client has.
    #[serde(rename = "s")]
    pub(crate) sessions: BTreeMap<i64, (i32, i64)>,
    /// The newest notification the client has.
    #[serde(rename = "n")]
    pub(crate) notification_id: i64,
}

impl Cursor {
    /// Reads a cursor.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let wrong = || invalid("since", "pattern");
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| wrong())?;
        serde_json::from_slice(&bytes).map_err(|_| wrong())
    }

    /// Writes it.
    pub(crate) fn text(&self) -> Result<String> {
        Ok(URL_SAFE_NO_PAD.encode(serde_json::to_vec(self)?))
    }
}

#[cfg(test)]
mod tests {
    use super::Cursor;

    #[test]
    fn a_cursor_survives_the_journey_and_nonsense_does_not() {
        let cursor = Cursor { epoch: "e".into(), sessions: [(7, (3, 9))].into(), notification_id: 5 };
        assert_eq!(Cursor::parse(&cursor.text().unwrap()).unwrap(), cursor);
        for nonsense in ["x", "", "AAAA", "e30"] {
            assert!(Cursor::parse(nonsense).is_err(), "{nonsense}");
        }
    }
}
