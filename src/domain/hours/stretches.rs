//! Lists of stretches of time: where clocks are moved, what overlaps, what is taken out.

use crate::domain::Instant;
use crate::domain::time::SECOND;
use jiff::tz::TimeZone;

/// From an instant up to another, which no longer belongs to it.
pub(super) type Stretch = (Instant, Instant);

/// Cuts the time between two instants where the clocks of `zone` are moved. Each piece stands with
/// how far the clocks are ahead of UTC in it, in milliseconds.
pub(super) fn by_offset(
    zone: &TimeZone,
    from: Instant,
    to: Instant,
) -> Vec<(Instant, Instant, i64)> {
    let moves = zone
        .following(from.timestamp())
        .map(|there| Instant(there.timestamp().as_millisecond()))
        .take_while(|at| *at < to);
    let mut pieces = Vec::new();
    let mut begin = from;
    for end in moves.chain([to]) {
        if begin < end {
            let offset = i64::from(zone.to_offset(begin.timestamp()).seconds()) * SECOND;
            pieces.push((begin, end, offset));
            begin = end;
        }
    }
    pieces
}

/// Sorts stretches and joins those that touch.
pub(super) fn merged(mut stretches: Vec<Stretch>) -> Vec<Stretch> {
    stretches.sort_unstable();
    let mut joined: Vec<Stretch> = Vec::with_capacity(stretches.len());
    for (from, to) in stretches {
        match joined.last_mut() {
            Some(last) if from <= last.1 => last.1 = last.1.max(to),
            _ => joined.push((from, to)),
        }
    }
    joined
}

/// What of sorted stretches is left beside others.
pub(super) fn without(
    stretches: Vec<Stretch>,
    taken: impl Iterator<Item = Stretch>,
) -> Vec<Stretch> {
    let (Some(first), Some(last)) = (stretches.first(), stretches.last()) else {
        return stretches;
    };
    let (begin, end) = (first.0, last.1);
    let taken = merged(taken.filter(|(from, to)| *from < end && begin < *to).collect());
    if taken.is_empty() {
        return stretches;
    }
    let mut left = Vec::new();
    for (start, to) in stretches {
        let mut from = start;
        for (gone, back) in taken.iter().filter(|(gone, back)| *gone < to && start < *back) {
            if from < *gone {
                left.push((from, *gone));
            }
            from = *back;
        }
        if from < to {
            left.push((from, to));
        }
    }
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stretches(all: &[(i64, i64)]) -> Vec<Stretch> {
        all.iter().map(|(from, to)| (Instant(*from), Instant(*to))).collect()
    }

    #[test]
    fn what_touches_is_one_and_what_is_taken_is_gone() {
        let open = merged(stretches(&[(50, 60), (0, 10), (10, 20), (5, 12)]));
        assert_eq!(open, stretches(&[(0, 20), (50, 60)]));
        let taken = stretches(&[(15, 52), (2, 3), (58, 90), (3, 4), (200, 300)]);
        let left = without(open.clone(), taken.into_iter());
        assert_eq!(left, stretches(&[(0, 2), (4, 15), (52, 58)]));
        assert!(without(open.clone(), stretches(&[(0, 60)]).into_iter()).is_empty());
        assert_eq!(without(open.clone(), std::iter::empty()), open);
    }

    #[test]
    fn pieces_end_where_clocks_are_moved() {
        let rome = TimeZone::get("Europe/Rome").unwrap();
        let at = |text: &str| Instant::parse(text).unwrap();
        let (from, to) = (at("2026-10-01T00:00:00Z"), at("2027-04-01T00:00:00Z"));
        let hours = |h: i64| h * 3_600_000;
        let (back, forth) = (at("2026-10-25T01:00:00Z"), at("2027-03-28T01:00:00Z"));
        let pieces = [(from, back, hours(2)), (back, forth, hours(1)), (forth, to, hours(2))];
        assert_eq!(by_offset(&rome, from, to), pieces);
        assert_eq!(by_offset(&TimeZone::UTC, from, to), [(from, to, 0)]);
        assert!(by_offset(&rome, to, from).is_empty());
    }
}
