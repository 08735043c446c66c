//! First looks and digests: begun, due, asked, chosen, carried out; and what the ledger says.

use super::desk::{furnish, mention};
use super::house::{House, T0};
use super::store_suite;
use ascolto::domain::case::{CaseEvent, apply};
use ascolto::domain::coverage::TimeSpan;
use ascolto::domain::first_look::{Figures, Opening};
use ascolto::domain::ledger::Disposition;
use ascolto::domain::obligation::{Before, Obligation, Owing, Standing};
use ascolto::domain::time::{DAY, HOUR, MINUTE};
use ascolto::domain::{Bands, CaseId, EventId, GapId, Kind, Lang, MentionId};
use ascolto::store::coverage::Intake;
use ascolto::store::ledger::{Options, check};
use ascolto::store::looks::LookRow;
use ascolto::store::mentions::{Judged, NewMention};
use ascolto::store::{cases, coverage, digests, lanes, looks, mentions};
use ascolto::wire::Cursor;

store_suite!(
    a_first_look_is_due_until_its_choice_is_carried_out,
    what_it_found_is_counted_and_balances,
    a_digest_waits_for_quiet_and_for_a_backfill,
);

async fn begin(house: &House) -> LookRow {
    furnish(house).await;
    let mut tx = house.begin().await;
    looks::begin(&mut tx, "masto", "acme", T0 - 30 * DAY, T0).await.unwrap();
    looks::begin(&mut tx, "masto", "acme", T0 - DAY, T0).await.unwrap();
    let rows = looks::of_channel(&mut tx, "masto").await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!((rows.len(), rows[0].since), (1, (T0 - 30 * DAY).0), "it began once");
    rows[0].clone()
}

async fn a_first_look_is_due_until_its_choice_is_carried_out(house: &House) {
    let look = begin(house).await;
    let mut tx = house.begin().await;
    assert!(!looks::any_due(&mut tx, T0 - 1).await.unwrap());
    assert!(looks::any_due(&mut tx, T0).await.unwrap());
    assert_eq!(looks::before(&mut tx, "masto", "mentions").await.unwrap(), Some(T0));
    assert_eq!(looks::before(&mut tx, "masto", "other").await.unwrap(), None);
    assert!(looks::is_reading(&mut tx, &look).await.unwrap(), "its lane was never read");
    assert!(!looks::choose(&mut tx, "masto", Opening::All, "ada", T0).await.unwrap());
    let mut lane = lanes::take_due(&mut tx, "a", T0, 9).await.unwrap().remove(0);
    lane.reads_from = (T0 - 9 * DAY).0;
    lanes::finish(&mut tx, &lane, &Cursor("9".into()), T0, T0 + HOUR).await.unwrap();
    let lane = lanes::lane(&mut tx, "masto", "mentions").await.unwrap().unwrap();
    assert_eq!(lane.reads_from, (T0 - 9 * DAY).0);
    assert!(!looks::is_reading(&mut tx, &look).await.unwrap());

    let found = Figures { mentions: 9, complaints: 4, unanswered: 2, ..Figures::default() };
    looks::ask(&mut tx, &look, &found, T0 + 1, T0 + 7 * DAY).await.unwrap();
    let asked = looks::asked(&mut tx).await.unwrap().remove(0);
    assert_eq!((asked.figures(), asked.asked_at), (found, Some(T0.0 + 1)));
    looks::later(&mut tx, &look, Some(T0)).await.unwrap();
    assert!(!looks::any_due(&mut tx, T0 + DAY).await.unwrap(), "it is not read any more");
    assert_eq!(looks::waiting(&mut tx).await.unwrap(), [("masto".to_owned(), T0.0)]);

    assert!(looks::choose(&mut tx, "masto", Opening::Week, "ada", T0 + 2).await.unwrap());
    assert!(!looks::choose(&mut tx, "masto", Opening::All, "bob", T0 + 3).await.unwrap());
    let chosen = looks::take_due(&mut tx, T0 + 2, 9).await.unwrap().remove(0);
    assert_eq!((chosen.opening(), chosen.chosen_by.as_str()), (Some(Opening::Week), "ada"));
    assert_eq!(looks::before(&mut tx, "masto", "mentions").await.unwrap(), None);
    looks::later(&mut tx, &chosen, None).await.unwrap();
    assert!(looks::take_due(&mut tx, T0 + 99 * DAY, 9).await.unwrap().is_empty());
    assert_eq!(looks::all(&mut tx).await.unwrap()[0].state, "week");
}

/// A complaint of `age` days that waits in the first look, with its case.
async fn past(house: &House, id: &str, age: i64) -> CaseId {
    let (case, mention_id) = (CaseId(house.id()), MentionId(house.id()));
    let mut post = mention(id, "a", "ciao");
    post.created_at = T0 - age * DAY;
    let mut tx = house.begin().await;
    let new = NewMention {
        id: mention_id,
        brand: "acme",
        channel: "masto",
        mention: &post,
        heard_at: T0,
        heard_day: "2026-11-20",
        first_look: true,
        addressed: true,
    };
    mentions::insert(&mut tx, &[new]).await.unwrap();
    let one = Intake { new: 1, ..Intake::default() };
    let (event, day) = (EventId(house.id()), "2026-11-20");
    coverage::book(&mut tx, event, "masto", "mentions", day, T0, one).await.unwrap();
    let verdict = super::desk::verdict(Kind::Complaint);
    let judged = Judged {
        id: mention_id.to_string(),
        disposition: Disposition::Open,
        moves: 1,
        case: Some(case),
        verdict,
        rule: String::new(),
        bands: Bands::default(),
    };
    mentions::save_judged(&mut tx, &[judged]).await.unwrap();
    let debt = Obligation {
        mention: mention_id,
        owing: Owing::Complaint,
        severity: 1,
        language: Lang::UNKNOWN,
        since: post.created_at,
        heard_at: T0,
        due: T0 + 7 * DAY,
        first_look: true,
        overdue_told: false,
        before: Before::default(),
        standing: Standing::Owed,
    };
    let mut file = super::desk::new_case(case, id);
    file.case = apply(file.case, CaseEvent::Owed(debt), T0).unwrap().0;
    file.events = 1;
    let moves = Some((mention_id, 1, Disposition::Open));
    super::desk::log(house, &mut tx, &case.to_string(), 1, moves, "owed", T0).await;
    cases::save(&mut tx, &[&file]).await.unwrap();
    tx.commit().await.unwrap();
    case
}

async fn what_it_found_is_counted_and_balances(house: &House) {
    let look = begin(house).await;
    let (old, young) = (past(house, "1", 20).await, past(house, "2", 3).await);
    let mut tx = house.begin().await;
    let found = looks::figures(&mut tx, &look).await.unwrap();
    let oldest = Some(T0 - 20 * DAY);
    assert_eq!((found.mentions, found.complaints, found.unanswered), (2, 2, 2));
    assert_eq!((found.first_at, found.oldest_at), (oldest, oldest));
    let of =
        async |tx: &mut ascolto::store::Tx, since| looks::cases(tx, &look, since, 9).await.unwrap();
    assert_eq!(of(&mut tx, Opening::Nothing.since(T0)).await, [old, young], "all that is owed");
    assert_eq!(of(&mut tx, Opening::All.since(T0)).await.len(), 2);
    let line = ascolto::store::inbox::cases(&mut tx, &Default::default(), None, 9).await.unwrap();
    assert!(line.iter().all(|c| c.first_look && c.deadline.is_none()));
    let counts = ascolto::store::inbox::counts(&mut tx, &Default::default(), T0).await.unwrap();
    assert_eq!(counts.open, 0, "what waits in a first look is not in the head of the inbox");
    assert!(cases::take_due(&mut tx, T0 + 99 * DAY, 9).await.unwrap().is_empty());
    drop(tx);
    let ledger = async || {
        let mut tx = house.store.read().await.unwrap();
        check(&mut tx, T0 + DAY, &Options::default()).await.unwrap()
    };
    let balanced = ledger().await;
    assert!(balanced.balanced(), "{}", balanced.table());
    assert_eq!(balanced.shares[0].complaints.baseline, 2);
    assert_eq!(balanced.shares[0].complaints.due, 0);
    house.by_hand("UPDATE first_looks SET due_at = NULL").await;
    let broken = ledger().await;
    assert_eq!(broken.broken.len(), 2, "{}", broken.table());
    assert!(broken.table().contains("waits in a first look, but that has no due time"));
}

async fn a_digest_waits_for_quiet_and_for_a_backfill(house: &House) {
    furnish(house).await;
    let mut tx = house.begin().await;
    digests::add(&mut tx, "masto", "acme", 2, T0 - 5 * DAY, T0).await.unwrap();
    digests::add(&mut tx, "masto", "acme", 1, T0 - 9 * DAY, T0 + MINUTE).await.unwrap();
    digests::add(&mut tx, "masto", "acme", 1, T0 - 3 * DAY, T0 + 2 * MINUTE).await.unwrap();
    assert!(!digests::any_due(&mut tx, T0 + MINUTE, T0 - DAY).await.unwrap(), "more may come");
    let gap = TimeSpan { from: T0 - 9 * DAY, to: T0 };
    let id = GapId(house.id());
    coverage::open_gap(&mut tx, id, "masto", "mentions", gap, "outage", T0, T0).await.unwrap();
    let taken = coverage::take_gaps(&mut tx, "a", T0, 1).await.unwrap();
    coverage::gap_progress(&mut tx, &taken[0], Some("page 2"), 4, T0).await.unwrap();
    let quiet = T0 + 2 * MINUTE;
    assert!(!digests::any_due(&mut tx, quiet, T0 - DAY).await.unwrap(), "a backfill goes on");
    assert!(digests::any_due(&mut tx, quiet, T0).await.unwrap(), "but not for ever");
    coverage::end_gap(&mut tx, &taken[0], true, "", T0).await.unwrap();
    assert!(digests::any_due(&mut tx, quiet, T0 - DAY).await.unwrap());
    let told = digests::take_due(&mut tx, quiet, T0 - DAY).await.unwrap();
    assert_eq!((told.len(), told[0].complaints), (1, 4));
    assert_eq!((told[0].began_at, told[0].oldest_at), (T0.0, (T0 - 9 * DAY).0));
    assert!(digests::take_due(&mut tx, quiet, T0).await.unwrap().is_empty(), "told once");
}
