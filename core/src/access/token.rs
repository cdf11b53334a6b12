//! Access tokens: made here, and verified here only, for REST, gRPC and WebSocket alike.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::Duration;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use kefu_proto::common::v1::ErrorReason;
use serde::{Deserialize, Serialize};

use crate::clock::{Clock, Time};
use crate::db::TenantId;
use crate::error::{Result, refuse};

const ISSUER: &str = "kefu";
const AUDIENCE: &str = "kefu-api";
const TYPE: &str = "access";
/// Longer than any token of ours; a longer one is not looked at.
const MAX_LENGTH: usize = 2048;
/// Tokens remembered after they were verified, of some 300 bytes each.
const MAX_VERIFIED: usize = 50_000;

/// What a token says. Rights are not in it: they are read from the database, so that a change acts at once.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Claims {
    iss: String,
    aud: String,
    typ: String,
    /// The tenant.
    tid: i64,
    /// The login session.
    sid: i64,
    iat: i64,
    /// Seconds since 1970.
    pub(crate) exp: i64,
}

impl Claims {
    /// The tenant.
    pub(crate) fn tenant(&self) -> TenantId {
        TenantId(self.tid)
    }

    /// The login session.
    pub(crate) fn login_session_id(&self) -> i64 {
        self.sid
    }

    /// Made at or after a time; of the same second counts as after.
    pub(crate) fn made_since(&self, time: Time) -> bool {
        self.iat >= time.timestamp()
    }
}

/// Makes and verifies tokens.
pub(crate) struct Tokens {
    encoding: EncodingKey,
    decoding: DecodingKey,
    validation: Validation,
    lifetime: Duration,
    clock: Clock,
    /// What was verified before: a signature holds for ever, only the time has to be looked at again.
    verified: Mutex<HashMap<String, Claims>>,
}

impl Tokens {
    pub(crate) fn new(secret: &[u8], lifetime_minutes: i64, clock: Clock) -> Self {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["exp", "iss", "aud"]);
        // Expiry is judged by our own clock, below.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        Self {
            encoding: EncodingKey::from_secret(secret),
            decoding: DecodingKey::from_secret(secret),
            validation,
            lifetime: Duration::minutes(lifetime_minutes),
            clock,
            verified: Mutex::default(),
        }
    }

    /// Seconds a token lives.
    pub(crate) fn lifetime_seconds(&self) -> i32 {
        i32::try_from(self.lifetime.num_seconds()).unwrap_or(i32::MAX)
    }

    /// A token for a login session.
    pub(crate) fn issue(&self, tenant: TenantId, login_session_id: i64) -> Result<String> {
        let now: Time = self.clock.now();
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            typ: TYPE.to_owned(),
            tid: tenant.0,
            sid: login_session_id,
            iat: now.timestamp(),
            exp: (now + self.lifetime).timestamp(),
        };
        Ok(jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &self.encoding)
            .map_err(anyhow::Error::from)?)
    }

    /// Reads a token. Every fault gives the same answer.
    pub(crate) fn verify(&self, token: &str) -> Result<Claims> {
        let refused = || refuse(ErrorReason::Unauthenticated);
        if token.len() > MAX_LENGTH {
            return Err(refused());
        }
        let now = self.clock.now().timestamp();
        let known = self.lock().get(token).cloned();
        if let Some(claims) = known {
            return if self.lives(&claims, now) { Ok(claims) } else { Err(refused()) };
        }
        let claims =
            jsonwebtoken::decode::<Claims>(token, &self.decoding, &self.validation).map_err(|_| refused())?.claims;
        if !self.lives(&claims, now) {
            return Err(refused());
        }
        let mut verified = self.lock();
        if verified.len() >= MAX_VERIFIED {
            verified.retain(|_, claims| claims.exp > now);
        }
        if verified.len() < MAX_VERIFIED {
            verified.insert(token.to_owned(), claims.clone());
        }
        Ok(claims)
    }

    fn lives(&self, claims: &Claims, now: i64) -> bool {
        claims.typ == TYPE
            && claims.exp > now
            && claims.iat <= now + 60
            && claims.exp - claims.iat <= self.lifetime.num_seconds()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Claims>> {
        self.verified.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tokens")
    }
}
