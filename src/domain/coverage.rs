//! Spans of time that a lane has read without a hole, and the holes between them.

use super::time::Instant;

/// From `from` (included) to `to` (excluded).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimeSpan {
    /// First instant inside.
    pub from: Instant,
    /// First instant after it.
    pub to: Instant,
}

impl TimeSpan {
    /// A span, or `None` if it would be empty.
    pub fn new(from: Instant, to: Instant) -> Option<TimeSpan> {
        (from < to).then_some(TimeSpan { from, to })
    }
}

/// Adds a span to sorted, disjoint spans and merges what touches.
pub fn add(spans: &mut Vec<TimeSpan>, new: TimeSpan) {
    let mut new = new;
    spans.retain(|s| {
        let touches = s.from <= new.to && new.from <= s.to;
        if touches {
            new = TimeSpan { from: s.from.min(new.from), to: s.to.max(new.to) };
        }
        !touches
    });
    let at = spans.partition_point(|s| s.from < new.from);
    spans.insert(at, new);
}

/// What of `whole` no span covers. `spans` are sorted and disjoint.
pub fn holes(spans: &[TimeSpan], whole: TimeSpan) -> Vec<TimeSpan> {
    let mut found = Vec::new();
    let mut at = whole.from;
    for span in spans.iter().filter(|s| s.to > whole.from && s.from < whole.to) {
        found.extend(TimeSpan::new(at, span.from));
        at = at.max(span.to);
    }
    found.extend(TimeSpan::new(at, whole.to));
    found
}

/// Whether covered spans and gaps, without overlap, fill `whole`. The error names the place.
pub fn fills(covered: &[TimeSpan], gaps: &[TimeSpan], whole: TimeSpan) -> Result<(), String> {
    let mut all: Vec<(TimeSpan, &str)> =
        covered.iter().map(|s| (*s, "coverage")).chain(gaps.iter().map(|g| (*g, "gap"))).collect();
    all.sort_by_key(|(s, _)| *s);
    let mut at = whole.from;
    for (span, what) in all {
        if span.from < at {
            return Err(format!("{what} {} … {} overlaps what ends at {at}", span.from, span.to));
        }
        if span.from > at {
            return Err(format!("neither coverage nor a gap accounts for {at} … {}", span.from));
        }
        at = span.to;
    }
    if at < whole.to {
        return Err(format!("neither coverage nor a gap accounts for {at} … {}", whole.to));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn span(from: i64, to: i64) -> TimeSpan {
        TimeSpan { from: Instant(from), to: Instant(to) }
    }

    #[test]
    fn overlap_and_holes_are_named() {
        let whole = span(0, 10);
        assert!(fills(&[span(0, 4), span(6, 10)], &[span(4, 6)], whole).is_ok());
        assert!(fills(&[span(0, 4)], &[], whole).unwrap_err().contains("neither"));
        assert!(fills(&[span(0, 6)], &[span(4, 10)], whole).unwrap_err().contains("overlaps"));
    }

    proptest! {
        #[test]
        fn spans_and_holes_fill_the_whole(cuts in proptest::collection::vec((0i64..100, 1i64..20), 0..20)) {
            let mut spans = Vec::new();
            for (from, len) in cuts {
                add(&mut spans, span(from, (from + len).min(100)));
            }
            let whole = span(0, 100);
            prop_assert!(fills(&spans, &holes(&spans, whole), whole).is_ok());
        }
    }
}
