//! The share unheard of each brand: the one place where it is counted. Ledger, report, statement,
//! API and metrics take it from here, so they agree.

use super::missed;
use super::types::{BrandShare, Findings, LaneAccount};
use crate::domain::Instant;
use crate::domain::ledger::Counted;
use crate::domain::obligation::{Owing, VoidReason};
use crate::store::db::Tx;
use crate::store::error::StoreError;
use crate::store::lanes;
use crate::store::value::{Sql, args, statements};
use std::collections::{BTreeMap, HashMap};

statements! {
    PAGE = Sql::same("SELECT o.mention_id, m.brand, m.created_at, m.heard_at, o.counts_as, o.met_before, o.standing, o.reason, o.ended_at, o.first_look, COALESCE(k.muted_until > $5, FALSE) AS muted FROM obligations o JOIN mentions m ON m.id = o.mention_id LEFT JOIN cases k ON k.id = o.case_id WHERE o.mention_id > $1 AND m.created_at >= $2 AND m.created_at < $3 ORDER BY o.mention_id LIMIT $4");
}

/// Debts read at a time: about a megabyte.
const PAGE_SIZE: i64 = 5_000;

/// All time there is.
pub(super) const ALWAYS: (Instant, Instant) = (Instant(i64::MIN), Instant(i64::MAX));

/// By brand.
type Shares = BTreeMap<String, BrandShare>;

/// A mention that is or was owed an answer.
#[derive(Clone, Debug, Default, sqlx::FromRow)]
struct Debt {
    mention_id: String,
    brand: String,
    created_at: i64,
    heard_at: i64,
    counts_as: String,
    met_before: Option<i64>,
    standing: String,
    reason: String,
    ended_at: Option<i64>,
    first_look: bool,
    muted: bool,
}

/// The shares of all brands as of `now`, of what was written from `from` to before `to`. `lanes` is
/// the account of every lane, for the time that nobody will ever hear.
pub(super) async fn of_brands(
    tx: &mut Tx,
    now: Instant,
    (from, to): (Instant, Instant),
    lanes: &[LaneAccount],
    broken: &mut Findings,
) -> Result<Vec<BrandShare>, StoreError> {
    let brands = lanes::brands(tx).await?;
    let empty = |brand: String| BrandShare { brand, ..BrandShare::default() };
    let mut shares: Shares = brands.into_iter().map(|b| (b.name.clone(), empty(b.name))).collect();
    let mut after = String::new();
    loop {
        let page: Vec<Debt> = tx.all(PAGE, args![&after, from, to, PAGE_SIZE, now]).await?;
        for debt in &page {
            if let Err(why) = count(debt, now, &mut shares) {
                broken.add(format!("mention {}", debt.mention_id), why);
            }
        }
        match page.last() {
            Some(last) if i64::try_from(page.len()).is_ok_and(|n| n >= PAGE_SIZE) => {
                after.clone_from(&last.mention_id);
            }
            _ => break,
        }
    }
    let channels = lanes::channels(tx).await?;
    let of: HashMap<&str, &str> =
        channels.iter().map(|c| (c.name.as_str(), c.brand.as_str())).collect();
    for lane in lanes {
        if let Some(share) = of.get(lane.channel.as_str()).and_then(|b| shares.get_mut(*b)) {
            share.unhearable_ms += unhearable(lane, (from, to));
        }
    }
    for share in shares.values_mut() {
        share.missed = missed::of_brand(tx, &share.brand, now, (from, to)).await?;
    }
    Ok(shares.into_values().collect())
}

/// How much of a lane's time between two instants nobody will ever hear.
fn unhearable(lane: &LaneAccount, (from, to): (Instant, Instant)) -> i64 {
    let Some(end) = lane.to else { return 0 };
    let (from, to) = (from.max(lane.from), to.min(end));
    let lost = lane.gaps.iter().filter(|gap| gap.state == "unrecoverable");
    lost.map(|gap| (gap.to.min(to) - gap.from.max(from)).max(0)).sum()
}

/// Counts one mention.
fn count(debt: &Debt, now: Instant, shares: &mut Shares) -> Result<(), String> {
    let Some(share) = shares.get_mut(&debt.brand) else {
        return Err(format!("its brand {} is not known", debt.brand));
    };
    let counted = match debt.counts_as.parse()? {
        Owing::Complaint => &mut share.complaints,
        Owing::Question => &mut share.questions,
        // Nobody knows what it is, answered or not, until its author's edit or a person says that it is
        // one of the two.
        Owing::Look => return Ok(()),
    };
    let void: Option<VoidReason> = match debt.standing.as_str() {
        "void" => Some(debt.reason.parse()?),
        _ => None,
    };
    match void {
        Some(VoidReason::NotComplaint) => share.not_complaint += 1,
        Some(VoidReason::NotAboutUs) => share.not_about_us += 1,
        void => {
            // The first answer counts, also where an edit or a person asked for another one; how
            // that one ended without an answer takes nothing back.
            let met = debt.ended_at.filter(|_| debt.standing == "met");
            let answered_at = debt.met_before.into_iter().chain(met).min().map(Instant);
            let void = void.filter(|_| answered_at.is_none());
            counted.count(
                Counted {
                    // What is dated ahead of its time would else be in time until then.
                    created_at: Instant(debt.created_at.min(debt.heard_at)),
                    answered_at,
                    waived: matches!(void, Some(VoidReason::Waived | VoidReason::Closed)),
                    withdrawn: void == Some(VoidReason::Withdrawn),
                    muted: debt.muted,
                    // Whoever acts on one has opened it; a choice about the whole does not.
                    baseline: debt.first_look,
                },
                now,
            );
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::{DAY, HOUR};

    const NOW: Instant = Instant(1_000 * DAY);

    fn debt(standing: &str, reason: &str) -> Debt {
        let mine = |text: &str| text.to_owned();
        Debt {
            mention_id: mine("m"),
            brand: mine("acme"),
            created_at: (NOW - 8 * DAY).0,
            heard_at: (NOW - 8 * DAY).0,
            counts_as: mine("complaint"),
            standing: mine(standing),
            reason: mine(reason),
            ended_at: (standing != "owed").then_some((NOW - 7 * DAY).0),
            ..Debt::default()
        }
    }

    fn share(all: &[Debt]) -> BrandShare {
        let mut shares = Shares::from([("acme".to_owned(), BrandShare::default())]);
        for debt in all {
            count(debt, NOW, &mut shares).unwrap();
        }
        shares.remove("acme").unwrap()
    }

    #[test]
    fn each_standing_has_its_place_in_the_share() {
        let question = Debt { counts_as: "question".to_owned(), ..debt("void", "waived") };
        let look = Debt { counts_as: "look".to_owned(), ..debt("owed", "") };
        let counted = share(&[
            debt("owed", ""),
            debt("met", ""),
            debt("void", "waived"),
            debt("void", "closed"),
            debt("void", "withdrawn"),
            debt("void", "not_complaint"),
            debt("void", "not_about_us"),
            Debt { muted: true, ..debt("owed", "") },
            Debt { first_look: true, ..debt("owed", "") },
            question,
            look,
        ]);
        let c = counted.complaints;
        assert_eq!((c.due, c.answered, c.unheard), (6, 1, 5));
        assert_eq!((c.by_choice, c.withdrawn, c.muted, c.baseline), (2, 1, 1, 1));
        assert_eq!((counted.not_complaint, counted.not_about_us), (1, 1));
        assert_eq!((counted.questions.due, counted.questions.by_choice), (1, 1));
    }

    #[test]
    fn what_was_answered_before_it_was_owed_again_counts_by_that() {
        let before = |standing: &str, reason: &str, days: i64| Debt {
            met_before: Some((NOW - days * DAY).0),
            ..debt(standing, reason)
        };
        let c = share(&[
            before("owed", "", 7),
            before("void", "waived", 7),
            Debt { ended_at: Some(NOW.0), ..before("met", "", 7) },
            before("void", "withdrawn", 0),
        ])
        .complaints;
        assert_eq!((c.due, c.answered, c.unheard, c.late), (4, 3, 1, 1));
        assert_eq!((c.by_choice, c.withdrawn), (0, 0));
        let refuted = share(&[before("void", "not_complaint", 7)]);
        assert_eq!((refuted.complaints.due, refuted.not_complaint), (0, 1), "a person said so");
    }

    #[test]
    fn what_is_dated_ahead_is_as_old_as_when_it_was_heard() {
        let ahead = Debt { created_at: i64::MAX, ..debt("owed", "") };
        let c = share(&[ahead]).complaints;
        assert_eq!((c.due, c.unheard, c.in_time), (1, 1, 0));
    }

    #[test]
    fn what_cannot_be_counted_is_said() {
        let mut shares = Shares::new();
        assert!(count(&debt("owed", ""), NOW, &mut shares).unwrap_err().contains("acme"));
        shares.insert("acme".to_owned(), BrandShare::default());
        assert!(count(&debt("void", "dog"), NOW, &mut shares).unwrap_err().contains("dog"));
    }

    #[test]
    fn unhearable_time_is_cut_to_what_is_asked_for() {
        let gap = |from: i64, to: i64, state: &str| crate::store::ledger::GapAccount {
            id: String::new(),
            from: Instant(from * HOUR),
            to: Instant(to * HOUR),
            state: state.to_owned(),
            reason: String::new(),
            note: String::new(),
            backfilled: 0,
        };
        let lane = LaneAccount {
            channel: "a".to_owned(),
            lane: "b".to_owned(),
            polled: true,
            from: Instant(10 * HOUR),
            to: Some(Instant(20 * HOUR)),
            covered_ms: 0,
            open_ms: 0,
            unrecoverable_ms: 0,
            doubtful_since: None,
            gaps: vec![
                gap(8, 12, "unrecoverable"),
                gap(13, 14, "open"),
                gap(19, 22, "unrecoverable"),
            ],
        };
        assert_eq!(unhearable(&lane, ALWAYS), 3 * HOUR);
        assert_eq!(unhearable(&lane, (Instant(11 * HOUR), Instant(15 * HOUR))), HOUR);
        assert_eq!(unhearable(&LaneAccount { to: None, ..lane }, ALWAYS), 0);
    }
}
