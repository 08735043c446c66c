//! A small store in which a mention stands at every end, with coverage, gaps and a bad entry.

use super::super::desk::{act, furnish, hear, mention, owe, sort_out};
use super::super::house::{House, T0};
use ascolto::domain::case::CaseEvent;
use ascolto::domain::coverage::TimeSpan;
use ascolto::domain::obligation::{Evidence, Owing, VoidReason};
use ascolto::domain::time::{DAY, HOUR, MINUTE};
use ascolto::domain::{CaseId, GapId, Mention, MentionId};
use ascolto::store::{coverage, lanes, mentions};
use ascolto::wire::Cursor;

/// The day of most mentions.
pub const DAY_ONE: &str = "2026-11-20";
/// The day of the one that a backfill brought.
pub const DAY_TWO: &str = "2026-11-21";

/// What stands where in it.
pub struct Told {
    /// Untriaged.
    pub untriaged: MentionId,
    /// Open, with its case.
    pub open: MentionId,
    /// The case of the open one: two events, one of which moves nothing.
    pub open_case: CaseId,
    /// Not owed, by triage.
    pub praise: MentionId,
    /// Answered.
    pub answered: MentionId,
    /// A question, waived.
    pub waived: MentionId,
}

/// Tells it. All is heard at `T0`, judged a minute later, ended within the next day.
pub async fn story(house: &House) -> Told {
    furnish(house).await;
    let page: Vec<Mention> = (0..8).map(|n| mention(&n.to_string(), "a", "ciao")).collect();
    let m = hear(house, DAY_ONE, &page, &["no author"]).await;
    hear(house, DAY_TWO, &[mention("late", "a", "ciao")], &[]).await;
    let judged = T0 + MINUTE;
    sort_out(house, m[2], judged).await;
    let mut cases = Vec::new();
    for (id, owing) in [
        (m[1], Owing::Complaint),
        (m[3], Owing::Complaint),
        (m[4], Owing::Question),
        (m[5], Owing::Complaint),
        (m[6], Owing::Complaint),
        (m[7], Owing::Complaint),
    ] {
        cases.push(owe(house, id, owing, judged).await);
    }
    let take = CaseEvent::Taken { by: "ada".to_owned(), until: T0 + DAY };
    act(house, cases[0], take, T0 + HOUR).await;
    let evidence = Evidence::Native { external_id: "r".to_owned(), url: String::new() };
    let answer = CaseEvent::Answered { evidence, at: T0 + HOUR, covers: vec![m[3]] };
    act(house, cases[1], answer, T0 + HOUR).await;
    for (case, reason) in [
        (cases[2], VoidReason::Waived),
        (cases[4], VoidReason::Closed),
        (cases[5], VoidReason::NotComplaint),
    ] {
        let (by, note) = ("ada".to_owned(), "a troll".to_owned());
        act(house, case, CaseEvent::Voided { reason, by, note, spares: Vec::new() }, T0 + HOUR)
            .await;
    }
    let mut tx = house.begin().await;
    mentions::gone(&mut tx, "acme", "mastodon", "", "5", T0 + HOUR).await.unwrap();
    mentions::done_with(&mut tx, &[m[5].to_string()]).await.unwrap();
    tx.commit().await.unwrap();
    act(house, cases[3], CaseEvent::Withdrawn { mention: m[5] }, T0 + HOUR).await;
    hear_the_lane(house).await;
    Told {
        untriaged: m[0],
        open: m[1],
        open_case: cases[0],
        praise: m[2],
        answered: m[3],
        waived: m[4],
    }
}

/// Two hours: heard but for three gaps of ten minutes, of which one was backfilled.
async fn hear_the_lane(house: &House) {
    let mut tx = house.begin().await;
    lanes::add_lane(&mut tx, "api", "hooks", false, 0, T0).await.unwrap();
    let span = |from: i64, to: i64| TimeSpan { from: T0 + from * MINUTE, to: T0 + to * MINUTE };
    for (from, to) in [(-30, 60), (90, 121)] {
        coverage::add(&mut tx, "masto", "mentions", span(from, to)).await.unwrap();
    }
    for (n, from) in [60, 70, 80].into_iter().enumerate() {
        let (id, due) = (GapId(house.id()), T0 + n as i64);
        let gap = span(from, from + 10);
        coverage::open_gap(&mut tx, id, "masto", "mentions", gap, "outage", T0, due).await.unwrap();
    }
    let taken = coverage::take_gaps(&mut tx, "a", T0 + 1, 2).await.unwrap();
    coverage::gap_progress(&mut tx, &taken[0], None, 1, T0).await.unwrap();
    coverage::end_gap(&mut tx, &taken[0], true, "", T0).await.unwrap();
    coverage::end_gap(&mut tx, &taken[1], false, "the network shows no past", T0).await.unwrap();
    let mut lane = lanes::take_due(&mut tx, "a", T0, 9).await.unwrap().remove(0);
    lane.covered_to = (T0 + 2 * HOUR).0;
    let started = T0 + 2 * HOUR + lane.settle_ms;
    lanes::finish(&mut tx, &lane, &Cursor("9".into()), started, started).await.unwrap();
    tx.commit().await.unwrap();
}
