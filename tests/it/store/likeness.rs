//! Copies: found by their bands among what is owed, in a window, within a bound, until they go.

use super::desk::{furnish, hear, mention, owe, verdict};
use super::house::{House, T0};
use super::store_suite;
use ascolto::classify::Likeness;
use ascolto::domain::ledger::Disposition;
use ascolto::domain::obligation::Owing;
use ascolto::domain::time::DAY;
use ascolto::domain::{Bands, CaseId, Instant, Kind, Mention, MentionId};
use ascolto::store::Tx;
use ascolto::store::likeness::{MOST, look_up};
use ascolto::store::mentions::{self, Judged};

store_suite!(
    what_has_a_band_in_common_is_found_in_its_window,
    no_more_are_given_than_the_bound_and_the_newest_first,
    what_is_gone_or_says_something_else_is_found_no_more,
);

const DAY_ONE: &str = "2026-11-20";
const POST: &str = "@acme terza settimana e il pacco non è ancora arrivato, nessuno risponde";
const COPY: &str = "anche qui: terza settimana e il pacco non è ancora arrivato, nessuno risponde";
const OTHER: &str = "Ho pagato due volte la stessa bolletta e nessuno mi rimborsa";

fn judged(id: MentionId, case: CaseId, text: &str) -> Judged {
    Judged {
        id: id.to_string(),
        disposition: Disposition::Open,
        moves: 1,
        case: Some(case),
        verdict: verdict(Kind::Complaint),
        rule: String::new(),
        bands: Likeness::of(text).bands(),
    }
}

/// Triage notes by what copies of a mention are found.
pub async fn note(tx: &mut Tx, id: MentionId, case: CaseId, text: &str) {
    mentions::save_judged(tx, &[judged(id, case, text)]).await.unwrap();
}

/// A complaint that was written at some time, with its case.
async fn owed(house: &House, id: &str, text: &str, at: Instant) -> CaseId {
    let mut post = mention(id, &format!("author-{id}"), text);
    post.created_at = at;
    let heard = hear(house, DAY_ONE, &[post], &[]).await[0];
    let case = owe(house, heard, Owing::Complaint, T0).await;
    let mut tx = house.begin().await;
    note(&mut tx, heard, case, text).await;
    tx.commit().await.unwrap();
    case
}

async fn found(house: &House, text: &str, but: CaseId) -> Vec<String> {
    let mut tx = house.begin().await;
    let bands = Likeness::of(text).bands();
    let rows = look_up(&mut tx, "acme", &bands, T0 - 7 * DAY, but).await.unwrap();
    rows.into_iter().map(|row| row.case_id).collect()
}

async fn what_has_a_band_in_common_is_found_in_its_window(house: &House) {
    furnish(house).await;
    let first = owed(house, "1", POST, T0 - DAY).await;
    let copy = owed(house, "2", COPY, T0).await;
    let old = owed(house, "3", POST, T0 - 8 * DAY).await;
    let other = owed(house, "4", OTHER, T0).await;
    assert_eq!(found(house, POST, first).await, [copy.to_string()]);
    assert_eq!(found(house, COPY, copy).await, [first.to_string()]);
    assert_eq!(found(house, COPY, old).await, [copy.to_string(), first.to_string()]);
    assert_eq!(found(house, OTHER, other).await, [""; 0]);
    let mut tx = house.begin().await;
    let bands = Likeness::of(POST).bands();
    let none = look_up(&mut tx, "globex", &bands, T0 - 7 * DAY, first).await.unwrap();
    assert!(none.is_empty(), "another brand's are its own");
    let none = look_up(&mut tx, "acme", &Bands::default(), T0 - 99 * DAY, first).await.unwrap();
    assert!(none.is_empty(), "what has no words is like nothing");
    let row = look_up(&mut tx, "acme", &bands, T0 - 7 * DAY, first).await.unwrap().remove(0);
    assert_eq!((row.author_id.as_str(), row.text.as_str()), ("author-2", COPY));
    assert_eq!((row.channel.as_str(), row.url.as_str()), ("masto", "https://example.org/2"));
    assert_eq!((row.network.as_str(), row.origin.as_str()), ("mastodon", ""));
}

async fn no_more_are_given_than_the_bound_and_the_newest_first(house: &House) {
    furnish(house).await;
    let posts: Vec<Mention> = (0..MOST + 30)
        .map(|n| {
            let mut post = mention(&n.to_string(), "a", POST);
            post.created_at = T0 + n;
            post
        })
        .collect();
    let ids = hear(house, DAY_ONE, &posts, &[]).await;
    let all: Vec<Judged> = ids.iter().map(|id| judged(*id, CaseId(house.id()), POST)).collect();
    let mut tx = house.begin().await;
    mentions::save_judged(&mut tx, &all).await.unwrap();
    let bands = Likeness::of(COPY).bands();
    let rows = look_up(&mut tx, "acme", &bands, T0, CaseId(house.id())).await.unwrap();
    let times: Vec<i64> = rows.iter().map(|row| row.created_at - T0.0).collect();
    assert_eq!(times, (30..MOST + 30).rev().collect::<Vec<_>>());
}

async fn what_is_gone_or_says_something_else_is_found_no_more(house: &House) {
    furnish(house).await;
    let first = owed(house, "1", POST, T0).await;
    owed(house, "2", POST, T0).await;
    let third = owed(house, "3", POST, T0).await;
    let mut tx = house.begin().await;
    assert!(mentions::gone(&mut tx, "acme", "mastodon", "", "2", T0 + 9).await.unwrap());
    tx.commit().await.unwrap();
    assert_eq!(found(house, POST, first).await, [third.to_string()]);
    // Edited, and judged again.
    let mut tx = house.begin().await;
    let known = mentions::known(&mut tx, "acme", "mastodon", &[("", "3")]).await.unwrap();
    note(&mut tx, known[0].id.parse().unwrap(), third, OTHER).await;
    tx.commit().await.unwrap();
    assert_eq!(found(house, POST, first).await, [""; 0]);
}
