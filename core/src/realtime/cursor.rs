//! The cursor of a long poll: how far the client has got, in one opaque text. It is signed for the one who polls,
//! since it also names the sessions that one was given before.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::access::{Principal, secret};
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
    /// For each session that somebody has open: who, as the client has been told.
    #[serde(rename = "v", default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) viewers: BTreeMap<i64, BTreeSet<i64>>,
}

impl Cursor {
    /// Reads a cursor that was made for this one.
    pub(crate) fn parse(text: &str, key: &[u8], who: &Principal) -> Result<Self> {
        let wrong = || invalid("since", "pattern");
        let (body, signature) = text.split_once('.').ok_or_else(wrong)?;
        if !secret::equal(signature, &sign(body, key, who)) {
            return Err(wrong());
        }
        let bytes = URL_SAFE_NO_PAD.decode(body).map_err(|_| wrong())?;
        serde_json::from_slice(&bytes).map_err(|_| wrong())
    }

    /// Writes it for this one.
    pub(crate) fn text(&self, key: &[u8], who: &Principal) -> Result<String> {
        let body = URL_SAFE_NO_PAD.encode(serde_json::to_vec(self)?);
        let signature = sign(&body, key, who);
        Ok(format!("{body}.{signature}"))
    }
}

fn sign(body: &str, key: &[u8], who: &Principal) -> String {
    secret::keyed(key, &format!("cursor {} {} {} {body}", who.tenant.0, i32::from(who.kind), who.id))
}

#[cfg(test)]
mod tests {
    use super::Cursor;
    use crate::access::Principal;
    use crate::db::TenantId;

    #[test]
    fn a_cursor_survives_the_journey_and_nonsense_does_not() {
        let cursor = Cursor {
            epoch: "e".into(),
            sessions: [(7, (3, 9))].into(),
            notification_id: 5,
            viewers: [(7, [1, 2].into())].into(),
        };
        let (me, other) = (Principal::system(TenantId(1)), Principal::system(TenantId(2)));
        let text = cursor.text(b"key", &me).unwrap();
        assert_eq!(Cursor::parse(&text, b"key", &me).unwrap(), cursor);
        assert!(Cursor::parse(&text, b"key", &other).is_err());
        for nonsense in ["x", "", "AAAA", "e30", "e30.e30", &text[1..]] {
            assert!(Cursor::parse(nonsense, b"key", &me).is_err(), "{nonsense}");
        }
    }
}
