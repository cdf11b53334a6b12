//! Bugs on purpose: each breaks one thing that the proof (docs/delivery.md) has to find. They are in no binary but the
//! one that is built with the feature `planted-bugs`, and there `KEFU_TEST_BUG` names the one that acts.

/// A mistake somebody could make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bug {
    /// A message is acknowledged before its transaction is committed.
    AckBeforeCommit,
    /// The next place is one after the highest of the messages that are to be seen: a recalled one's is given again.
    MaxSeq,
    /// A message that is sent again is stored again.
    NoDedupe,
    /// A message that is sent again under another login is stored again.
    DedupeByToken,
    /// A replay begins one message too late.
    ReplayOffByOne,
    /// The cursor of a connection moves with a message that found no room in the queue.
    CursorOnSend,
    /// A push is lost now and then, and the gap is not read.
    HintDropped,
    /// One query finds the sessions of all tenants.
    TenantFilter,
    /// Who has handed a session over goes on being told of its messages.
    OldAgent,
    /// Any older refresh token may be repeated for a moment, not only the one before the newest.
    RefreshGrace,
    /// The row of the operation log is written after the commit.
    AuditOutside,
    /// Settings under which committed messages may be lost are used and accepted.
    UnsafeDurability,
}

impl Bug {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::AckBeforeCommit,
        Self::MaxSeq,
        Self::NoDedupe,
        Self::DedupeByToken,
        Self::ReplayOffByOne,
        Self::CursorOnSend,
        Self::HintDropped,
        Self::TenantFilter,
        Self::OldAgent,
        Self::RefreshGrace,
        Self::AuditOutside,
        Self::UnsafeDurability,
    ];

    /// As the variable has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::AckBeforeCommit => "ack-before-commit",
            Self::MaxSeq => "max-seq",
            Self::NoDedupe => "no-dedupe",
            Self::DedupeByToken => "dedupe-by-token",
            Self::ReplayOffByOne => "replay-off-by-one",
            Self::CursorOnSend => "cursor-on-send",
            Self::HintDropped => "hint-dropped",
            Self::TenantFilter => "tenant-filter",
            Self::OldAgent => "old-agent",
            Self::RefreshGrace => "refresh-grace",
            Self::AuditOutside => "audit-outside",
            Self::UnsafeDurability => "unsafe-durability",
        }
    }
}

/// The variable that names the bug.
pub const VARIABLE: &str = "KEFU_TEST_BUG";

/// Whether this bug acts in this process.
#[cfg(feature = "bugs")]
pub fn planted(bug: Bug) -> bool {
    static ACTIVE: std::sync::LazyLock<String> =
        std::sync::LazyLock::new(|| std::env::var(VARIABLE).unwrap_or_default());
    *ACTIVE == bug.name()
}

/// Whether this bug acts in this process: none does.
#[cfg(not(feature = "bugs"))]
pub const fn planted(_bug: Bug) -> bool {
    false
}
