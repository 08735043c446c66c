//! Persons, mutes, traces and strikes: what one customer's accounts hold together, and what comes
//! apart again; and the line in which cases stand.

use super::desk::{furnish, new_case};
use super::house::{House, T0};
use super::store_suite;
use ascolto::domain::obligation::{Before, Obligation, Owing, Standing};
use ascolto::domain::person::{AuthorKey, MOST_STRIKES};
use ascolto::domain::reason::Reason;
use ascolto::domain::time::{DAY, HOUR};
use ascolto::domain::{AlertId, CaseId, Instant, Lang, LinkId, MentionId, MuteId, PersonId};
use ascolto::store::inbox::{self, CaseLine, Filter};
use ascolto::store::outbox::{self, NewAlert};
use ascolto::store::strikes::{self, Asked};
use ascolto::store::traces::{self, NewTraces};
use ascolto::store::{StoreError, Tx, cases, mutes, persons};

store_suite!(
    an_author_is_moved_from_where_it_stands_and_from_nowhere_else,
    what_became_part_of_a_person_is_known_while_the_links_stand,
    a_mute_holds_for_an_author_or_a_whole_person_until_it_ends,
    a_mute_withdraws_what_waits_but_for_what_we_said_ourselves,
    who_left_the_same_trace_is_found_until_the_mention_goes,
    complaints_count_within_their_window_and_in_their_order,
    pages_of_the_line_meet_without_a_hole,
);

fn author(id: &str) -> AuthorKey {
    AuthorKey {
        brand: "acme".to_owned(),
        network: "mastodon".to_owned(),
        origin: String::new(),
        author: id.to_owned(),
    }
}

async fn person_of(tx: &mut Tx, id: &str) -> Option<String> {
    let found = persons::of_authors(tx, &[author(id)]).await.unwrap();
    found.into_iter().next().map(|row| row.person)
}

async fn an_author_is_moved_from_where_it_stands_and_from_nowhere_else(house: &House) {
    let mut tx = house.begin().await;
    let (one, two) = (PersonId(house.id()), PersonId(house.id()));
    for person in [one, two] {
        persons::add(&mut tx, person, "acme", "ada", T0).await.unwrap();
    }
    assert_eq!(persons::by_id(&mut tx, one).await.unwrap().unwrap().made_by, "ada");
    let (one, two) = (one.to_string(), two.to_string());
    persons::shift(&mut tx, &author("a"), ("", &one), "ada", T0).await.unwrap();
    let again = persons::shift(&mut tx, &author("a"), ("", &two), "bob", T0).await;
    assert!(matches!(again, Err(StoreError::Conflict)), "{again:?}");
    let wrong = persons::shift(&mut tx, &author("a"), (&two, &one), "bob", T0).await;
    assert!(matches!(wrong, Err(StoreError::Conflict)), "{wrong:?}");
    persons::shift(&mut tx, &author("a"), (&one, &two), "ada", T0).await.unwrap();
    persons::shift(&mut tx, &author("b"), ("", &two), "ada", T0).await.unwrap();
    assert_eq!(person_of(&mut tx, "a").await, Some(two.clone()));
    let all: Vec<AuthorKey> =
        persons::members(&mut tx, &two).await.unwrap().iter().map(|m| m.key()).collect();
    assert_eq!(all, [author("a"), author("b")]);
    assert_eq!(persons::members_of(&mut tx, &[&one, &two]).await.unwrap().len(), 2);
    persons::shift(&mut tx, &author("a"), (&two, ""), "ada", T0).await.unwrap();
    assert_eq!(person_of(&mut tx, "a").await, None);

    let act = LinkId(house.id());
    persons::log(&mut tx, act, &author("b"), ("", &two), "ada", T0).await.unwrap();
    assert!(persons::undo(&mut tx, act, "bob", T0 + 1).await.unwrap());
    assert!(!persons::undo(&mut tx, act, "eve", T0 + 2).await.unwrap(), "it was undone before");
    let rows = persons::act(&mut tx, act).await.unwrap();
    assert_eq!((rows[0].undone_at, rows[0].undone_by.as_str()), (Some(T0.0 + 1), "bob"));
    assert_eq!(persons::links_of(&mut tx, &[author("a"), author("b")]).await.unwrap().len(), 1);
}

async fn what_became_part_of_a_person_is_known_while_the_links_stand(house: &House) {
    let mut tx = house.begin().await;
    let [one, two, three] = [1, 2, 3].map(|_| PersonId(house.id()).to_string());
    let (first, second) = (LinkId(house.id()), LinkId(house.id()));
    for (act, who, way) in [
        (LinkId(house.id()), "a", ("", one.as_str())),
        (first, "b", (two.as_str(), one.as_str())),
        (first, "c", (two.as_str(), one.as_str())),
        (second, "c", (three.as_str(), two.as_str())),
    ] {
        persons::log(&mut tx, act, &author(who), way, "ada", T0).await.unwrap();
    }
    let sorted = |mut pairs: Vec<(String, String)>| {
        pairs.sort();
        pairs
    };
    let pair = |of: &String, part: &String| (of.clone(), part.clone());
    let of_one = vec![pair(&one, &two), pair(&one, &three)];
    let found = persons::parts(&mut tx, &[&one]).await.unwrap();
    assert_eq!(sorted(found), sorted(of_one.clone()));
    let found = persons::parts(&mut tx, &[&one, &two]).await.unwrap();
    assert_eq!(sorted(found), sorted([of_one, vec![pair(&two, &three)]].concat()));
    assert!(persons::parts(&mut tx, &[&three]).await.unwrap().is_empty());
    assert!(persons::parts(&mut tx, &[]).await.unwrap().is_empty());
    persons::undo(&mut tx, first, "bob", T0 + 1).await.unwrap();
    assert!(persons::parts(&mut tx, &[&one]).await.unwrap().is_empty(), "it was a mistake");
    let found = persons::parts(&mut tx, &[&two]).await.unwrap();
    assert_eq!(found, [pair(&two, &three)]);
}

async fn a_mute_holds_for_an_author_or_a_whole_person_until_it_ends(house: &House) {
    let mut tx = house.begin().await;
    let whole = mutes::whole("acme", PersonId(9));
    let asked = [(CaseId(1), author("a")), (CaseId(1), whole.clone()), (CaseId(2), author("b"))];
    let until = async |tx: &mut Tx, now: Instant| {
        let mut found = mutes::until(tx, &asked, now).await.unwrap();
        found.sort();
        found.into_iter().map(|(_, until)| until - T0.0).collect::<Vec<_>>()
    };
    for (key, days) in [(author("a"), 1), (whole, 3)] {
        let id = MuteId(house.id());
        mutes::add(&mut tx, id, &key, "anna", "troll", T0 + days * DAY, T0).await.unwrap();
    }
    assert_eq!(until(&mut tx, T0).await, [DAY, 3 * DAY]);
    assert_eq!(until(&mut tx, T0 + DAY).await, [3 * DAY], "the first has run out");
    assert!(!mutes::end(&mut tx, &author("b"), "anna", T0).await.unwrap(), "nobody muted that one");
    assert!(mutes::end(&mut tx, &author("a"), "anna", T0 + 1).await.unwrap());
    assert_eq!(until(&mut tx, T0 + 1).await, [3 * DAY]);
    let kept = mutes::of(&mut tx, &author("a")).await.unwrap();
    assert_eq!((kept[0].reason.as_str(), kept[0].ended_by.as_str()), ("troll", "anna"));
}

async fn a_mute_withdraws_what_waits_but_for_what_we_said_ourselves(house: &House) {
    let case = CaseId(house.id());
    let alert = |reason: Reason| NewAlert {
        id: AlertId(house.id()),
        key: reason.to_string(),
        brand: "acme".to_owned(),
        case: Some(case),
        channel: String::new(),
        recipient: "room".to_owned(),
        reason,
        title: String::new(),
        body: String::new(),
        due_at: Some(T0),
        live: String::new(),
    };
    use Reason::*;
    let ours = [ReplyUnknown, ReplyFailed, PromiseNear, PromiseBroken, FollowUpDue, CaseMoved];
    let others = [NewComplaint, Overdue];
    let mut tx = house.begin().await;
    let all: Vec<NewAlert> = ours.into_iter().chain(others).map(alert).collect();
    outbox::add(&mut tx, &all, T0).await.unwrap();
    mutes::hush(&mut tx, &[case]).await.unwrap();
    let rows = outbox::of_case(&mut tx, case).await.unwrap();
    let mut left: Vec<&str> =
        rows.iter().filter(|row| row.due_at.is_some()).map(|row| row.key.as_str()).collect();
    left.sort_unstable();
    let mut expected = ours.map(Reason::as_str);
    expected.sort_unstable();
    assert_eq!(left, expected);
}

async fn who_left_the_same_trace_is_found_until_the_mention_goes(house: &House) {
    let mut tx = house.begin().await;
    let left = |id: u128, who: &str, keys: &[&str]| NewTraces {
        mention: MentionId(id),
        author: author(who),
        at: T0,
        keys: keys.iter().map(|key| ("handle", (*key).to_owned())).collect(),
    };
    let all = [left(1, "a", &["gino"]), left(2, "b", &["gino", "rossi"]), left(3, "b", &["gino"])];
    traces::keep(&mut tx, &all).await.unwrap();
    let bearers = async |tx: &mut Tx, brand: &str| {
        let found = traces::bearers(tx, brand, "handle", "gino").await.unwrap();
        found.into_iter().map(|b| b.author_id).collect::<Vec<_>>()
    };
    assert_eq!(bearers(&mut tx, "acme").await, ["a", "b"], "each once");
    assert!(bearers(&mut tx, "globex").await.is_empty(), "another brand knows nothing of it");
    let of = traces::of_author(&mut tx, &author("b")).await.unwrap();
    assert_eq!(of.iter().map(|(_, key)| key.as_str()).collect::<Vec<_>>(), ["gino", "rossi"]);
    // An edit leaves other traces in their place.
    traces::keep(&mut tx, &[left(1, "a", &[])]).await.unwrap();
    assert_eq!(bearers(&mut tx, "acme").await, ["b"]);
}

/// A case with one debt, by its own author `a`.
async fn debt(house: &House, tx: &mut Tx, owing: Owing, since: Instant, due: Instant) -> CaseId {
    let id = CaseId(house.id());
    let mut file = new_case(id, &id.to_string());
    file.case.obligations = vec![Obligation {
        mention: MentionId(house.id()),
        owing,
        severity: 1,
        language: Lang::IT,
        since,
        heard_at: since,
        due,
        first_look: false,
        overdue_told: false,
        before: Before::default(),
        standing: Standing::Owed,
    }];
    cases::save(tx, &[&file]).await.unwrap();
    id
}

async fn complaints_count_within_their_window_and_in_their_order(house: &House) {
    let mut tx = house.begin().await;
    let at = [T0 - 400 * DAY, T0 - 300 * DAY, T0, T0];
    let mut ids = Vec::new();
    for since in at {
        ids.push(debt(house, &mut tx, Owing::Complaint, since, since + HOUR).await);
    }
    debt(house, &mut tx, Owing::Question, T0, T0 + HOUR).await;
    let key = author("a");
    let counted = async |tx: &mut Tx, case: CaseId, to: Instant| {
        let asked = [Asked { case, author: &key, from: to - 365 * DAY, to }];
        let found = strikes::count(tx, &asked).await.unwrap();
        found.first().map(|(_, n, since)| (*n, *since))
    };
    assert_eq!(counted(&mut tx, ids[0], at[0]).await, Some((1, at[0])));
    assert_eq!(counted(&mut tx, ids[1], at[1]).await, Some((2, at[0])));
    let (first, second) = (ids[2].min(ids[3]), ids[2].max(ids[3]));
    assert_eq!(counted(&mut tx, first, T0).await, Some((2, at[1])), "the oldest has expired");
    assert_eq!(counted(&mut tx, second, T0).await, Some((3, at[1])), "two of one moment differ");
    assert_eq!(counted(&mut tx, CaseId(0), T0 - 900 * DAY).await, None);
    for n in 0..i64::from(MOST_STRIKES) + 5 {
        debt(house, &mut tx, Owing::Complaint, T0 + n, T0 + HOUR).await;
    }
    let many = counted(&mut tx, CaseId(u128::MAX), T0 + DAY).await;
    assert_eq!(many.unwrap().0, MOST_STRIKES);
    assert_eq!(strikes::open_cases(&mut tx, &[key]).await.unwrap().len(), 30);
}

async fn pages_of_the_line_meet_without_a_hole(house: &House) {
    furnish(house).await;
    let mut tx = house.begin().await;
    for n in 0..6 {
        for owing in [Owing::Look, Owing::Question, Owing::Complaint] {
            // Two of each fall due at the same moment.
            debt(house, &mut tx, owing, T0, T0 + (5 - n / 2) * HOUR).await;
        }
    }
    let filter = Filter { state: "open".to_owned(), ..Filter::default() };
    let whole = inbox::by_urgency(&mut tx, &filter, 99, 0).await.unwrap();
    let kinds: Vec<&str> = whole.iter().filter_map(|c| c.owing.as_deref()).collect();
    assert_eq!(kinds, [["complaint"; 6], ["question"; 6], ["look"; 6]].concat());
    for some in whole.chunks(6) {
        assert!(some.is_sorted_by_key(|c| c.deadline), "{some:?}");
    }
    let (mut paged, mut after): (Vec<CaseLine>, _) = (Vec::new(), None);
    loop {
        let page = inbox::cases(&mut tx, &filter, after, 5).await.unwrap();
        let Some(last) = page.last() else { break };
        let told = last.place().to_string();
        after = Some(inbox::Place::try_from(told).unwrap());
        paged.extend(page);
    }
    let ids = |all: &[CaseLine]| all.iter().map(|c| c.id.clone()).collect::<Vec<_>>();
    assert_eq!(ids(&paged), ids(&whole));
    assert!(inbox::Place::try_from("01JD3V8R2M4Y6ZQKX0T5W7N9PB".to_owned()).is_err());
}
