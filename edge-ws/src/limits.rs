//! Token buckets: how often something may happen.

use std::time::Duration;

use tokio::time::Instant;

/// A rate with bursts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate {
    /// How often in a second, in the long run.
    pub per_second: f64,
    /// How often at once.
    pub burst: f64,
}

impl Rate {
    /// So often in a minute, half of it at once.
    #[must_use]
    pub fn per_minute(times: u32) -> Self {
        let times = f64::from(times);
        Self { per_second: times / 60.0, burst: (times / 2.0).max(1.0) }
    }
}

/// A bucket that fills at a [`Rate`].
#[derive(Debug)]
pub(crate) struct Bucket {
    rate: Rate,
    tokens: f64,
    filled: Instant,
}

impl Bucket {
    /// A full bucket.
    pub(crate) fn new(rate: Rate, now: Instant) -> Self {
        Self { rate, tokens: rate.burst, filled: now }
    }

    /// Takes one token, or says when there will be one.
    pub(crate) fn take(&mut self, now: Instant) -> Result<(), Duration> {
        let gained = now.saturating_duration_since(self.filled).as_secs_f64() * self.rate.per_second;
        self.tokens = (self.tokens + gained).min(self.rate.burst);
        self.filled = now;
        if self.tokens >= 1.0 {
            self.tokens -= 1.0;
            return Ok(());
        }
        Err(Duration::from_secs_f64((1.0 - self.tokens) / self.rate.per_second.max(0.001)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_then_the_rate() {
        let start = Instant::now();
        let mut bucket = Bucket::new(Rate { per_second: 2.0, burst: 3.0 }, start);
        for _ in 0..3 {
            assert_eq!(bucket.take(start), Ok(()));
        }
        assert_eq!(bucket.take(start), Err(Duration::from_millis(500)));
        let later = start + Duration::from_millis(500);
        assert_eq!(bucket.take(later), Ok(()));
        assert!(bucket.take(later).is_err());
        // However long it rests, it holds no more than the burst.
        let rested = later + Duration::from_secs(3600);
        assert_eq!((0..10).filter(|_| bucket.take(rested).is_ok()).count(), 3);
    }
}
