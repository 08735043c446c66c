//! Tests of the account: the moves of a disposition, and the share unheard computed by hand.

use super::Disposition::*;
use super::*;
use crate::domain::time::HOUR;

/// When it is counted.
const NOW: Instant = Instant(60 * DAY);

/// A complaint of that age, answered so long after it was written.
fn complaint(age: i64, answered_after: Option<i64>) -> Counted {
    Counted {
        created_at: NOW - age,
        answered_at: answered_after.map(|after| NOW - age + after),
        waived: false,
        withdrawn: false,
        muted: false,
        baseline: false,
    }
}

fn share(all: impl IntoIterator<Item = Counted>) -> Share {
    let mut share = Share::default();
    for one in all {
        share.count(one, NOW);
    }
    share
}

#[test]
fn a_missing_move_is_found() {
    assert_eq!(fold([Open, Answered]), Ok(Answered));
    assert_eq!(fold([Open, Answered, Open, Waived]), Ok(Waived));
    assert!(fold([Answered]).unwrap_err().contains("untriaged to answered"));
    assert!(fold([NotOwed, Answered]).is_err());
    assert_eq!(fold([NotOwed, Open]), Ok(Open), "a person says that it is owed after all");
    assert_eq!(fold([]), Ok(Untriaged));
}

#[test]
fn the_share_counts_each_mention_once_with_all_its_parts() {
    let old = |after| complaint(8 * DAY, after);
    let counted = share([
        old(Some(DAY)),
        old(Some(8 * DAY)),
        old(None),
        Counted { waived: true, ..old(None) },
        Counted { withdrawn: true, ..old(None) },
        Counted { muted: true, ..old(None) },
        Counted { muted: true, ..old(Some(DAY)) },
        complaint(DAY, None),
        complaint(DAY, Some(1)),
        Counted { withdrawn: true, ..complaint(DAY, None) },
        Counted { baseline: true, ..complaint(20 * DAY, None) },
    ]);
    let by_hand = Share {
        due: 7,
        answered: 2,
        unheard: 5,
        late: 1,
        by_choice: 1,
        withdrawn: 1,
        muted: 2,
        in_time: 1,
        answered_early: 1,
        ended_early: 1,
        baseline: 1,
    };
    assert_eq!(counted, by_hand);
    assert_eq!((counted.left(), counted.share()), (2, Some(5.0 / 7.0)));
    assert_eq!(share([complaint(DAY, None)]).share(), None, "nothing is old enough to judge");
}

#[test]
fn seven_times_24_hours_are_exact_to_the_millisecond() {
    let due = |age| share([complaint(age, None)]).due;
    assert_eq!((due(PATIENCE - 1), due(PATIENCE)), (0, 1));
    let heard = |after| share([complaint(30 * DAY, Some(after))]).answered;
    assert_eq!((heard(PATIENCE), heard(PATIENCE + 1)), (1, 0));
    // Answered in the last millisecond, and counted in the same.
    let last = share([complaint(PATIENCE, Some(PATIENCE))]);
    assert_eq!((last.due, last.answered, last.unheard), (1, 1, 0));
    // A week over a change of clocks has 169 hours on the wall: the 168 count.
    assert_eq!(PATIENCE, 168 * HOUR);
}

#[test]
fn the_parts_of_the_unheard_never_exceed_it() {
    let counted = share([complaint(9 * DAY, Some(8 * DAY)), complaint(9 * DAY, None)]);
    assert_eq!(counted.due, counted.answered + counted.unheard);
    assert_eq!(counted.unheard, counted.late + counted.left());
}
