//! Limits on how often something may be done, counted in memory: they hold with every other engine down.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::clock::{Clock, Time};
use crate::error::{Result, too_many};

/// Counts events by key in windows of time.
#[derive(Debug)]
pub(crate) struct Limits {
    clock: Clock,
    windows: Mutex<HashMap<String, (Time, u64)>>,
}

impl Limits {
    pub(crate) fn new(clock: Clock) -> Self {
        Self { clock, windows: Mutex::default() }
    }

    /// Counts one more, and fails if that is more than `most` within `window`.
    pub(crate) fn take(&self, key: &str, most: u64, window: Duration) -> Result<()> {
        self.count(key, 1, most, window)
    }

    /// Fails if `most` have been counted within `window`.
    pub(crate) fn check(&self, key: &str, most: u64, window: Duration) -> Result<()> {
        self.count(key, 0, most, window)
    }

    /// Until when a key is refused; none if it is not.
    pub(crate) fn refused_until(&self, key: &str, most: u64, window: Duration) -> Option<Time> {
        let windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        let (start, _) = windows.get(key).filter(|(_, count)| *count >= most)?;
        let until = *start + window;
        (until > self.clock.now()).then_some(until)
    }

    fn count(&self, key: &str, more: u64, most: u64, window: Duration) -> Result<()> {
        let now = self.clock.now();
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        if windows.len() > 100_000 {
            windows.retain(|_, (start, _)| (now - *start).num_hours() < 24);
        }
        let (start, count) = windows.entry(key.to_owned()).or_insert((now, 0));
        let age = (now - *start).to_std().unwrap_or_default();
        if age >= window {
            (*start, *count) = (now, 0);
        }
        if *count >= most {
            return Err(too_many(window.saturating_sub(age)));
        }
        *count += more;
        Ok(())
    }

    /// Forgets a key, after a success.
    pub(crate) fn clear(&self, key: &str) {
        self.windows.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::AtomicI64;
    use std::time::Duration;

    use super::Limits;
    use crate::clock::Clock;

    #[test]
    fn a_window_ends_and_success_forgets() {
        let clock = Clock::Manual(Arc::new(AtomicI64::new(1_000_000)));
        let limits = Limits::new(clock.clone());
        let minute = Duration::from_secs(60);
        assert_eq!(limits.refused_until("a", 3, minute), None);
        assert!((0..3).all(|_| limits.take("a", 3, minute).is_ok()));
        assert_eq!(limits.refused_until("a", 3, minute), Some(clock.now() + minute));
        assert_eq!(limits.refused_until("a", 4, minute), None);
        assert!(limits.take("a", 3, minute).is_err() && limits.take("b", 3, minute).is_ok());
        clock.advance(minute);
        assert_eq!(limits.refused_until("a", 3, minute), None);
        assert!(limits.take("a", 1, minute).is_ok() && limits.take("a", 1, minute).is_err());
        limits.clear("a");
        assert!(limits.take("a", 1, minute).is_ok());
    }
}
