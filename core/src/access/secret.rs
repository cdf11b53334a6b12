//! Secrets: random tokens, their digests, and passwords.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use rand::TryRngCore;
use rand::rngs::OsRng;
use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;

use crate::error::Result;

/// bcrypt's cost: about a quarter of a second.
const COST: u32 = 12;
/// A build for tests takes another cost from here: theirs are thousands of logins, and none is worth protecting.
const TEST_COST: &str = "KEFU_TEST_PASSWORD_COST";

/// A random token of 256 bits, in URL-safe text.
pub(crate) fn random_token() -> Result<String> {
    let mut bytes = [0u8; 32];
    OsRng.try_fill_bytes(&mut bytes).map_err(|e| anyhow::anyhow!("no random numbers: {e}"))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// A random number of six digits.
pub(crate) fn random_code() -> Result<String> {
    loop {
        let n = OsRng.try_next_u32().map_err(|e| anyhow::anyhow!("no random numbers: {e}"))?;
        // Without this, the small codes would come up more often.
        if n < u32::MAX - u32::MAX % 1_000_000 {
            return Ok(format!("{:06}", n % 1_000_000));
        }
    }
}

/// What is stored instead of a token.
pub(crate) fn digest(token: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(token.as_bytes()))
}

/// A digest that only the holder of `key` can make.
pub(crate) fn keyed(key: &[u8], text: &str) -> String {
    let mac = Hmac::<Sha256>::new_from_slice(key).map(|mac| mac.chain_update(text.as_bytes()));
    mac.map(|mac| URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())).unwrap_or_default()
}

/// Compares without telling by the time taken how much is equal.
pub(crate) fn equal(a: &str, b: &str) -> bool {
    a.len() == b.len() && a.bytes().zip(b.bytes()).fold(0u8, |differ, (x, y)| differ | (x ^ y)) == 0
}

/// Hashes and checks passwords on threads of their own, one a core at a time, so that a flood of logins does not
/// stop the rest.
#[derive(Debug)]
pub(crate) struct Passwords {
    places: Semaphore,
    cost: u32,
}

/// A hash to check against where there is no account, so that both cases take the same time. Nobody knows what it is
/// the hash of: the random text was thrown away.
const DECOY: &str = "$2b$12$eH5cy7gYh23nOZob3ixQPuNZWJruMbtXX9LBF3uyFa6P0Rlybcd0O";

impl Passwords {
    pub(crate) fn new() -> Self {
        let places = std::thread::available_parallelism().map_or(2, usize::from);
        let test_cost = std::env::var(TEST_COST).ok().filter(|_| cfg!(debug_assertions));
        let cost = test_cost.and_then(|cost| cost.parse().ok()).unwrap_or(COST);
        Self { places: Semaphore::new(places), cost }
    }

    /// Hashes a password.
    pub(crate) async fn hash(&self, password: &str) -> Result<String> {
        let (prepared, cost) = (prepare(password), self.cost);
        let _place = self.places.acquire().await.map_err(anyhow::Error::from)?;
        let hash = tokio::task::spawn_blocking(move || bcrypt::hash(prepared, cost)).await;
        Ok(hash.map_err(anyhow::Error::from)?.map_err(anyhow::Error::from)?)
    }

    /// Checks a password; without a hash it takes as long, and fails.
    pub(crate) async fn verify(&self, password: &str, hash: Option<&str>) -> Result<bool> {
        let prepared = prepare(password);
        let against = hash.unwrap_or(DECOY).to_owned();
        let _place = self.places.acquire().await.map_err(anyhow::Error::from)?;
        let right = tokio::task::spawn_blocking(move || bcrypt::verify(prepared, &against)).await;
        Ok(right.map_err(anyhow::Error::from)?.map_err(anyhow::Error::from)? && hash.is_some())
    }
}

/// bcrypt reads 72 bytes, which are 24 Chinese characters: digest first, so that every byte counts.
fn prepare(password: &str) -> String {
    digest(password)
}

#[cfg(test)]
mod tests {
    use super::{COST, DECOY, Passwords, equal, keyed, random_code, random_token};

    #[tokio::test]
    async fn every_byte_of_a_password_counts() {
        let passwords = Passwords::new();
        let long = "密".repeat(40);
        let hash = passwords.hash(&format!("{long}a")).await.unwrap();
        assert!(passwords.verify(&format!("{long}a"), Some(&hash)).await.unwrap());
        assert!(!passwords.verify(&format!("{long}b"), Some(&hash)).await.unwrap());
        assert!(!passwords.verify("anything", None).await.unwrap());
        assert!(DECOY.starts_with(&format!("$2b${COST}$")), "the decoy takes as long as a real hash");
    }

    #[test]
    fn secrets_differ_and_compare() {
        let (a, b) = (random_token().unwrap(), random_token().unwrap());
        assert!(a.len() >= 43 && !equal(&a, &b) && equal(&a, &a.clone()));
        assert_ne!(keyed(b"k1", "x"), keyed(b"k2", "x"));
        assert!(random_code().unwrap().bytes().all(|b| b.is_ascii_digit()));
    }
}
