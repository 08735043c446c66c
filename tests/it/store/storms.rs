//! Storms: what waits to be looked through, the hours of the past, members, and alerts that are not
//! sent.

use super::desk::{furnish, hear, mention, owe};
use super::house::{House, T0};
use super::likeness::note;
use super::store_suite;
use ascolto::classify::Likeness;
use ascolto::domain::obligation::Owing;
use ascolto::domain::reason::Reason;
use ascolto::domain::silence::hour_of;
use ascolto::domain::time::{DAY, HOUR, MINUTE};
use ascolto::domain::{AlertId, CaseId, EventId, Instant, Risk, StormId, Topic};
use ascolto::store::cases;
use ascolto::store::inbox;
use ascolto::store::outbox::{self, NewAlert};
use ascolto::store::storms::{self, Figures, StormRow};
use ascolto::store::tides;
use std::collections::BTreeSet;

store_suite!(
    what_came_is_looked_through_once,
    complaints_of_late_are_those_that_are_owed_and_of_no_storm,
    an_hour_counted_twice_counts_once,
    copies_are_counted_by_their_bands,
    members_are_listed_and_stand_as_their_cases_do,
    alerts_of_members_become_non_sends,
);

const POST: &str = "@acme terza settimana e il pacco non è ancora arrivato, nessuno risponde";

/// A complaint that was written at some time, with its case.
async fn complaint(house: &House, id: &str, at: Instant) -> CaseId {
    let mut post = mention(id, &format!("author-{id}"), POST);
    post.created_at = at;
    let heard = hear(house, "2026-11-20", &[post], &[]).await[0];
    let case = owe(house, heard, Owing::Complaint, T0).await;
    let mut tx = house.begin().await;
    note(&mut tx, heard, case, POST).await;
    tx.commit().await.unwrap();
    case
}

fn storm(house: &House, brand: &str) -> StormRow {
    StormRow {
        id: StormId(house.id()).to_string(),
        brand: brand.to_owned(),
        kind: "like".to_owned(),
        topic: String::new(),
        campaign: String::new(),
        bands: "[[0,7]]".to_owned(),
        began_at: T0.0,
        last_at: T0.0,
        told_members: 0,
        told_at: 0,
        stirred: false,
        ended_at: None,
    }
}

async fn what_came_is_looked_through_once(house: &House) {
    furnish(house).await;
    let mut tx = house.begin().await;
    assert!(!tides::any_due(&mut tx, T0 + DAY).await.unwrap());
    let came = [
        (EventId(house.id()), "acme", T0 - MINUTE),
        (EventId(house.id()), "globex", T0),
        (EventId(house.id()), "acme", T0),
    ];
    tides::arrived(&mut tx, &came).await.unwrap();
    assert!(tides::any_due(&mut tx, T0).await.unwrap());
    assert_eq!(tides::due(&mut tx, T0).await.unwrap(), ["acme", "globex"]);
    let (watch, since) = tides::take(&mut tx, "acme").await.unwrap().expect("it is nobody's");
    assert_eq!((watch.added_at, watch.counted, since), (T0.0, None, Some(T0 - MINUTE)));
    let (_, since) = tides::take(&mut tx, "acme").await.unwrap().expect("it is still ours");
    assert_eq!(since, None, "it was taken");
    tides::plan(&mut tx, "acme", Some(T0 + HOUR), Some(7)).await.unwrap();
    assert_eq!(tides::due(&mut tx, T0 + HOUR - 1).await.unwrap(), ["globex"]);
    assert_eq!(tides::due(&mut tx, T0 + HOUR).await.unwrap(), ["acme", "globex"]);
    let (watch, _) = tides::take(&mut tx, "acme").await.unwrap().expect("it is still ours");
    assert_eq!(watch.counted, Some(7));
    tides::plan(&mut tx, "acme", None, Some(8)).await.unwrap();
    assert_eq!(tides::due(&mut tx, T0 + DAY).await.unwrap(), ["globex"]);
    tx.commit().await.unwrap();
    if house.store.is_sqlite() {
        return;
    }
    // Where several write at once, who looks keeps the others from looking.
    let mut one = house.begin().await;
    tides::take(&mut one, "acme").await.unwrap().expect("it is nobody's");
    let mut other = house.begin().await;
    assert!(tides::take(&mut other, "acme").await.unwrap().is_none());
    tides::arrived(&mut other, &[(EventId(house.id()), "acme", T0)]).await.unwrap();
    other.commit().await.expect("and no writer from writing");
}

async fn complaints_of_late_are_those_that_are_owed_and_of_no_storm(house: &House) {
    furnish(house).await;
    let second = complaint(house, "2", T0 - MINUTE).await;
    let first = complaint(house, "1", T0 - 9 * MINUTE).await;
    complaint(house, "old", T0 - 2 * HOUR).await;
    let question = hear(house, "2026-11-20", &[mention("3", "a", "quando?")], &[]).await[0];
    owe(house, question, Owing::Question, T0).await;
    let mut tx = house.begin().await;
    let (from, to) = (T0 - HOUR, T0 + HOUR);
    let loose = tides::loose(&mut tx, "acme", from, to, false).await.unwrap();
    let told: Vec<_> = loose.iter().map(|c| (c.case, c.sign.at, c.text.as_str())).collect();
    assert_eq!(told, [(first, T0 - 9 * MINUTE, ""), (second, T0 - MINUTE, "")]);
    assert_eq!(loose[0].sign.topic, Topic::Delivery);
    assert_eq!(loose[0].sign.bands, Likeness::of(POST).bands());
    assert_ne!(loose[0].sign.author, loose[1].sign.author);
    let words = tides::loose(&mut tx, "acme", from, to, true).await.unwrap();
    assert_eq!(words[0].text, POST);
    assert!(tides::loose(&mut tx, "globex", from, to, false).await.unwrap().is_empty());
    for (topic, most, n) in [("", 9, 2), ("", 1, 1), ("delivery", 9, 2), ("refund", 9, 0)] {
        let heard = tides::how_many(&mut tx, "acme", topic, from, to, most).await.unwrap();
        assert_eq!(heard, n, "{topic}, at most {most}");
    }
    let storm = storm(house, "acme");
    storms::begin(&mut tx, &storm).await.unwrap();
    storms::join(&mut tx, &[(first, storm.id.clone())]).await.unwrap();
    let loose = tides::loose(&mut tx, "acme", from, to, false).await.unwrap();
    assert_eq!(loose.iter().map(|c| c.case).collect::<Vec<_>>(), [second]);
    let of_it = tides::of_storm(&mut tx, "acme", T0 - HOUR, &storm.id).await.unwrap();
    assert_eq!(of_it, 1);
    assert_eq!(tides::of_storm(&mut tx, "acme", T0, &storm.id).await.unwrap(), 0);
}

async fn an_hour_counted_twice_counts_once(house: &House) {
    furnish(house).await;
    for (n, minutes) in [3, 5, 70, 130].into_iter().enumerate() {
        complaint(house, &n.to_string(), T0 + minutes * MINUTE).await;
    }
    let base = hour_of(T0);
    let mut tx = house.begin().await;
    let all: BTreeSet<i64> = (base - 9..base + 9).collect();
    for _ in 0..2 {
        tides::count(&mut tx, "acme", T0, T0 + 2 * HOUR, base - 9).await.unwrap();
        let mut heard = tides::tide(&mut tx, "acme", &all).await.unwrap();
        heard.sort_unstable();
        assert_eq!(heard, [(base, Topic::Delivery, 2), (base + 1, Topic::Delivery, 1)]);
    }
    let one: BTreeSet<i64> = [base + 1].into();
    assert_eq!(tides::tide(&mut tx, "acme", &one).await.unwrap().len(), 1);
    assert!(tides::tide(&mut tx, "globex", &all).await.unwrap().is_empty());
    tides::count(&mut tx, "acme", T0 + 2 * HOUR, T0 + 3 * HOUR, base + 1).await.unwrap();
    let mut heard = tides::tide(&mut tx, "acme", &all).await.unwrap();
    heard.sort_unstable();
    let told = [(base + 1, Topic::Delivery, 1), (base + 2, Topic::Delivery, 1)];
    assert_eq!(heard, told, "what is long past is forgotten");
}

async fn copies_are_counted_by_their_bands(house: &House) {
    furnish(house).await;
    for n in 0..3 {
        complaint(house, &n.to_string(), T0 + n * HOUR).await;
    }
    let bands = Likeness::of(POST).bands();
    let mut tx = house.begin().await;
    for (place, band) in bands.into_iter().enumerate() {
        let band = (place, band.expect("a text of that length has all four"));
        let count = tides::copies(&mut tx, "acme", band, T0, T0 + 2 * HOUR, 9).await.unwrap();
        assert_eq!(count, 2, "place {place}; the end is no part of it");
        let count = tides::copies(&mut tx, "acme", band, T0, T0 + DAY, 1).await.unwrap();
        assert_eq!(count, 1, "no more are counted than asked for");
        let apart = ((place + 1) % 4, band.1);
        assert_eq!(tides::copies(&mut tx, "acme", apart, T0, T0 + DAY, 9).await.unwrap(), 0);
    }
}

async fn members_are_listed_and_stand_as_their_cases_do(house: &House) {
    furnish(house).await;
    let (one, other) = (complaint(house, "1", T0).await, complaint(house, "2", T0).await);
    let (first, second, foreign) =
        (storm(house, "acme"), storm(house, "acme"), storm(house, "globex"));
    let mut tx = house.begin().await;
    for storm in [&first, &second, &foreign] {
        storms::begin(&mut tx, storm).await.unwrap();
    }
    let joined = [(one, first.id.clone()), (other, first.id.clone())];
    storms::join(&mut tx, &joined).await.unwrap();
    storms::join(&mut tx, &[(one, second.id.clone())]).await.unwrap();
    let of_one = storms::of_case(&mut tx, one).await.unwrap();
    assert_eq!(of_one, Some(first.clone()), "a member stays a member");
    let figures = storms::figures(&mut tx, &first.id, T0).await.unwrap();
    assert_eq!(figures, Figures { members: 2, owed: 2, overdue: 0 });
    let figures = storms::figures(&mut tx, &first.id, T0 + 4 * HOUR).await.unwrap();
    assert_eq!(figures, Figures { members: 2, owed: 2, overdue: 2 });
    let lines = inbox::of_storm(&mut tx, &first.id, T0, 9, 0).await.unwrap();
    let ids: BTreeSet<String> = lines.into_iter().map(|line| line.id).collect();
    assert_eq!(ids, BTreeSet::from([one.to_string(), other.to_string()]));
    assert_eq!(inbox::of_storm(&mut tx, &first.id, T0, 9, 1).await.unwrap().len(), 1);
    assert!(inbox::of_storm(&mut tx, &second.id, T0, 9, 0).await.unwrap().is_empty());

    storms::lasts(&mut tx, &first.id, T0 + MINUTE).await.unwrap();
    storms::told(&mut tx, &first.id, 2, T0 + MINUTE, Some(T0 + HOUR)).await.unwrap();
    let id = first.storm_id().unwrap();
    let ended = storms::by_id(&mut tx, id).await.unwrap().expect("it is there");
    assert_eq!((ended.last_at, ended.told_at), ((T0 + MINUTE).0, (T0 + MINUTE).0));
    assert_eq!((ended.told_members, ended.ended_at), (2, Some((T0 + HOUR).0)));
    let standing = storms::standing(&mut tx, "", 9).await.unwrap();
    let ids: Vec<&str> = standing.iter().map(|storm| storm.id.as_str()).collect();
    assert_eq!(ids, [foreign.id.as_str(), second.id.as_str()], "the newest first");
    assert_eq!(storms::standing(&mut tx, "acme", 9).await.unwrap().len(), 1);
    assert_eq!(storms::count_standing(&mut tx).await.unwrap(), 2);
    let of_brand = storms::of_brand(&mut tx, "acme").await.unwrap();
    assert_eq!(of_brand, std::slice::from_ref(&second));
    let page = storms::newest(&mut tx, "acme", None, 1).await.unwrap();
    assert_eq!(page, std::slice::from_ref(&second));
    let after = second.storm_id().unwrap();
    let page = storms::newest(&mut tx, "acme", Some(after), 9).await.unwrap();
    assert_eq!(page.len(), 1);
    assert_eq!(page[0].id, first.id);
}

fn alert(house: &House, case: CaseId, reason: Reason, recipient: &str) -> NewAlert {
    NewAlert {
        id: AlertId(house.id()),
        key: format!("{case}.{reason}.{recipient}"),
        brand: "acme".to_owned(),
        case: Some(case),
        channel: String::new(),
        recipient: recipient.to_owned(),
        reason,
        title: String::new(),
        body: String::new(),
        due_at: Some(T0),
        live: String::new(),
    }
}

/// The alerts by key, with reason and state.
async fn states(house: &House) -> Vec<(String, String)> {
    let mut tx = house.store.read().await.unwrap();
    let mut all = outbox::newest(&mut tx, 99).await.unwrap();
    all.sort_by(|a, b| a.id.cmp(&b.id));
    all.into_iter().map(|a| (a.recipient, format!("{} {}", a.reason, a.state))).collect()
}

async fn alerts_of_members_become_non_sends(house: &House) {
    furnish(house).await;
    let member = complaint(house, "1", T0).await;
    let grave = complaint(house, "2", T0).await;
    let alone = complaint(house, "3", T0).await;
    let storm = storm(house, "acme");
    let mut tx = house.begin().await;
    storms::begin(&mut tx, &storm).await.unwrap();
    let joined = [(member, storm.id.clone()), (grave, storm.id.clone())];
    storms::join(&mut tx, &joined).await.unwrap();
    let mut file = cases::load(&mut tx, &[grave]).await.unwrap().remove(0);
    file.stakes.raise(&[Risk::Legal]);
    cases::save(&mut tx, &[&file]).await.unwrap();
    tides::take(&mut tx, "acme").await.unwrap().expect("it is nobody's");
    let alerts = [
        alert(house, member, Reason::NewComplaint, "a"),
        alert(house, member, Reason::TakeRanOut, "b"),
        alert(house, grave, Reason::NewComplaint, "c"),
        alert(house, alone, Reason::NewComplaint, "d"),
    ];
    outbox::add(&mut tx, &alerts, T0).await.unwrap();
    assert!(!storms::rings(&mut tx, T0 - 1).await.unwrap());
    assert!(storms::rings(&mut tx, T0).await.unwrap());
    storms::hush(&mut tx, T0 - 1).await.unwrap();
    storms::hush(&mut tx, T0).await.unwrap();
    tx.commit().await.unwrap();
    let told = [("a", "in_storm silent"), ("b", "take_ran_out due"), ("c", "new_complaint due")];
    let told = told.into_iter().chain([("d", "new_complaint due")]);
    let told: Vec<_> = told.map(|(who, what)| (who.to_owned(), what.to_owned())).collect();
    assert_eq!(states(house).await, told);
    let mut tx = house.begin().await;
    assert!(!storms::of_brand(&mut tx, "acme").await.unwrap()[0].stirred);
    assert_eq!(storms::concerned(&mut tx, &storm.id).await.unwrap(), ["a"]);

    // After its end customers ring again, and the clock does not.
    storms::told(&mut tx, &storm.id, 2, T0, Some(T0)).await.unwrap();
    let late = [
        alert(house, member, Reason::Overdue, "e"),
        alert(house, member, Reason::Again, "f"),
        alert(house, alone, Reason::Overdue, "g"),
    ];
    outbox::add(&mut tx, &late, T0).await.unwrap();
    storms::hush(&mut tx, T0).await.unwrap();
    tx.commit().await.unwrap();
    let told = [("e", "in_storm silent"), ("f", "again due"), ("g", "overdue due")];
    let told: Vec<_> = told.map(|(who, what)| (who.to_owned(), what.to_owned())).into();
    assert_eq!(states(house).await.split_off(4), told);
    let mut tx = house.begin().await;
    assert!(storms::of_brand(&mut tx, "acme").await.unwrap()[0].stirred, "it is told again");
    assert_eq!(tides::due(&mut tx, T0).await.unwrap(), ["acme"]);
    storms::told(&mut tx, &storm.id, 2, T0, Some(T0)).await.unwrap();
    assert!(storms::of_brand(&mut tx, "acme").await.unwrap().is_empty());

    // What a member complains of after the end is none of it, and rings by itself when it is late.
    let mut file = cases::load(&mut tx, &[member]).await.unwrap().remove(0);
    file.case.obligations[0].since = T0 + 1;
    cases::save(&mut tx, &[&file]).await.unwrap();
    outbox::add(&mut tx, &[alert(house, member, Reason::Overdue, "h")], T0).await.unwrap();
    storms::hush(&mut tx, T0).await.unwrap();
    tx.commit().await.unwrap();
    let told = [("h".to_owned(), "overdue due".to_owned())];
    assert_eq!(states(house).await.split_off(7), told);
}
