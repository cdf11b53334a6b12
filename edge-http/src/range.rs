//! The `Range` header.

/// A part of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    /// The first byte.
    pub(crate) first: u64,
    /// The last byte.
    pub(crate) last: u64,
}

impl Span {
    /// Bytes.
    pub(crate) fn len(self) -> u64 {
        self.last - self.first + 1
    }
}

/// A range that is malformed or outside the file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unsatisfiable;

/// Reads `bytes=a-b`, `bytes=a-` or `bytes=-n` for a file of `size` bytes. Other units and several ranges are not
/// understood and give the whole file, as RFC 9110 has it.
pub(crate) fn parse(header: &str, size: u64) -> Result<Option<Span>, Unsatisfiable> {
    let Some(spec) = header.trim().strip_prefix("bytes=").filter(|spec| !spec.contains(',')) else {
        return Ok(None);
    };
    let (first, last) = spec.split_once('-').ok_or(Unsatisfiable)?;
    let number = |text: &str| match text.trim() {
        digits if digits.bytes().all(|c| c.is_ascii_digit()) => digits.parse::<u64>().map_err(|_| Unsatisfiable),
        _ => Err(Unsatisfiable),
    };
    let end = size.checked_sub(1).ok_or(Unsatisfiable)?;
    let span = match (first.trim(), last.trim()) {
        ("", suffix) => Span { first: size.saturating_sub(number(suffix)?), last: end },
        (first, "") => Span { first: number(first)?, last: end },
        (first, last) => {
            let (first, last) = (number(first)?, number(last)?);
            if last < first {
                return Err(Unsatisfiable);
            }
            Span { first, last: last.min(end) }
        }
    };
    if span.first > end { Err(Unsatisfiable) } else { Ok(Some(span)) }
}
