//! Every act of an alert has its page: what it asks, what it refuses, and in whose name it is done.

use super::browser::Browser;
use super::house::{COMPLAINT, House, mention};
use super::links::OPS;
use ascolto::links::Act;
use ascolto::store::{access, events};
use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::{Value, json};

const EVERY: [Act; 10] = [
    Act::Take,
    Act::Publish { draft_rev: 1 },
    Act::Edit { draft_rev: 1 },
    Act::Snooze,
    Act::Ack,
    Act::NotComplaint,
    Act::NotAboutUs,
    Act::Waive,
    Act::Answered,
    Act::HandOver,
];

impl House {
    /// How much has happened to a case.
    async fn happened(&self, case: &str) -> usize {
        let mut tx = self.deps.store.read().await.unwrap();
        events::of_subject(&mut tx, case).await.unwrap().len()
    }

    async fn told(&self, case: &str) -> Value {
        self.get(&format!("/api/v1/cases/{case}"), "asc_read").await.json()
    }
}

#[tokio::test]
async fn each_act_has_a_page_that_changes_nothing_and_never_acts_by_itself() {
    let house = House::with(OPS).await;
    let case = house.case("1", COMPLAINT).await;
    let before = house.happened(&case).await;
    for (act, nonce) in EVERY.into_iter().zip(1..) {
        let link = house.link(&case, act, nonce);
        let head = house.ask(Request::head(&link).body(Body::empty()).unwrap()).await;
        assert_eq!((head.status, head.text.as_str()), (StatusCode::OK, ""), "{act:?}");
        let page = house.look(&link).await;
        assert_eq!(page.status, StatusCode::OK, "{act:?}");
        assert_eq!(page.header("referrer-policy"), "no-referrer");
        assert_eq!(page.header("cache-control"), "no-store");
        assert_eq!(page.text.matches("<form method=\"post\"").count(), 1, "{act:?}: {}", page.text);
        assert!(!page.text.contains("action.") && !page.text.contains("link."), "{}", page.text);
        for by_itself in ["http-equiv", "data-auto", "prefetch", "onload", "<img", "<iframe"] {
            assert!(!page.text.contains(by_itself), "{act:?}: {}", page.text);
        }
        // The address of the page stands on it once: where its form goes.
        let token = link.strip_prefix("/act/").unwrap();
        assert_eq!(page.text.matches(token).count(), 1, "{act:?}");
    }
    assert_eq!(house.happened(&case).await, before);
    assert_eq!(house.state(&case).await.0, "waiting");
    let mut tx = house.deps.store.read().await.unwrap();
    for nonce in 1..=10 {
        assert!(!access::is_used(&mut tx, &[nonce; 16]).await.unwrap());
    }
}

#[tokio::test]
async fn each_act_is_done_once_and_its_link_then_says_what_came_of_it() {
    let house = House::with(OPS).await;
    let acts = [
        (Act::Take, "", "taken", "Taken by ops"),
        (Act::Snooze, "until=4h&day=", "snoozed", "Put off by ops"),
        (Act::Snooze, "until=morning&day=", "snoozed", "Put off by ops"),
        (Act::Snooze, "until=1h&day=2026-11-25", "snoozed", "Put off by ops"),
        (Act::Waive, "note=spam", "waived", "No answer needed, says ops"),
        (Act::NotComplaint, "note=", "not_owed", "Nothing owed, says ops"),
        (Act::NotAboutUs, "note=another+Acme", "not_owed", "Nothing owed, says ops"),
        (Act::Answered, "url=https%3A%2F%2Fwall.example%2F9", "answered", "Answered, says ops"),
        (Act::HandOver, "to=billing", "waiting", "nobody is on it"),
    ];
    for ((act, form, state, says), n) in acts.into_iter().zip(1u8..) {
        let case = house.case(&n.to_string(), COMPLAINT).await;
        let link = house.link(&case, act, n);
        let done = house.click(&link, form).await;
        assert_eq!(done.status, StatusCode::OK, "{act:?}: {}", done.text);
        assert!(done.text.contains(says), "{act:?}: {}", done.text);
        assert_eq!(house.state(&case).await.0, state, "{act:?}");
        let happened = house.happened(&case).await;
        for late in [house.click(&link, form).await, house.look(&link).await] {
            assert_eq!(late.status, StatusCode::GONE, "{act:?}");
            assert!(late.text.contains(says), "{act:?}: {}", late.text);
        }
        assert_eq!(house.happened(&case).await, happened, "{act:?}");
    }
}

#[tokio::test]
async fn a_snooze_ends_when_it_says_and_what_is_no_time_or_link_is_refused() {
    let house = House::with(OPS).await;
    let case = house.case("1", COMPLAINT).await;
    let link = house.link(&case, Act::Snooze, 1);
    for form in ["", "until=&day=", "until=never", "day=2026-11-19", "until=0h"] {
        let refused = house.click(&link, form).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{form}");
        assert!(refused.text.contains("Say until when"), "{form}: {}", refused.text);
    }
    let far = house.click(&link, "until=1h&day=2027-11-25").await;
    assert_eq!(far.status, StatusCode::CONFLICT);
    assert!(far.text.contains("within 30 days"), "{}", far.text);
    let answered = house.link(&case, Act::Answered, 2);
    for form in ["url=on+the+phone", "url=javascript%3Aalert%281%29"] {
        let refused = house.click(&answered, form).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{form}");
        assert!(refused.text.contains("That is no link"), "{form}: {}", refused.text);
    }
    assert_eq!(house.state(&case).await.0, "waiting");
    // It is Friday, 10:00 in Rome, and nobody works on Saturday.
    assert_eq!(house.click(&link, "until=morning").await.status, StatusCode::OK);
    let told = house.told(&case).await;
    let until = told["case"]["attention"]["until"].as_str().unwrap();
    assert!(until.starts_with("2026-11-23T08:00:00"), "{until}");
}

#[tokio::test]
async fn an_edited_draft_is_published_as_it_was_written_and_no_other_revision_is() {
    let house = House::with(OPS).await;
    let case = house.case("1", COMPLAINT).await;
    let old = house.link(&case, Act::Edit { draft_rev: 1 }, 1);
    let page = house.look(&old).await;
    assert!(page.text.contains("data-limit=") && page.text.contains("<textarea"), "{}", page.text);
    house.post(&format!("/api/v1/cases/{case}/draft"), "asc_act", r#"{"text":"Nuova"}"#).await;
    let refused = house.click(&old, "text=Le+mie+parole").await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    for shown in ["Nuova", "Le mie parole", "has changed"] {
        assert!(refused.text.contains(shown), "{shown}: {}", refused.text);
    }
    assert!(!refused.text.contains("<button"), "it is published from the case only");
    assert_eq!(house.told(&case).await["replies"], json!([]));
    let link = house.link(&case, Act::Edit { draft_rev: 2 }, 2);
    let empty = house.click(&link, "text=+").await;
    assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(house.click(&link, "text=Le+mie+parole").await.status, StatusCode::OK);
    let told = house.told(&case).await;
    assert_eq!(told["replies"][0]["text"], "Le mie parole");
    assert_eq!(told["replies"][0]["by"], "link:ops");
    assert_eq!(house.click(&link, "text=Altro").await.status, StatusCode::GONE);
}

#[tokio::test]
async fn a_recipient_who_is_one_person_acts_in_that_name_until_that_person_is_removed() {
    let house = House::with(&format!("{OPS}agent = \"bruno\"\n")).await;
    let case = house.case("1", COMPLAINT).await;
    let link = house.link(&case, Act::Take, 1);
    let stranger = house.click(&link, "").await;
    assert_eq!(stranger.status, StatusCode::FORBIDDEN, "nobody of that name was added yet");
    house.agent("bruno", "correct horse battery", "en").await;
    assert!(house.look(&link).await.text.contains("in the name of bruno"));
    assert_eq!(house.click(&link, "").await.status, StatusCode::OK);
    assert_eq!(house.state(&case).await, ("taken".to_owned(), "bruno".to_owned()));
    let mut tx = house.deps.store.begin().await.unwrap();
    assert!(access::remove_agent(&mut tx, "bruno", house.deps.now()).await.unwrap());
    tx.commit().await.unwrap();
    let happened = house.happened(&case).await;
    // A fresh one, the one that was used, and both once they ran out: the same word for all.
    let fresh = house.link(&case, Act::Waive, 2);
    for _ in 0..2 {
        for link in [&fresh, &link] {
            for reply in [house.look(link).await, house.click(link, "note=spam").await] {
                assert_eq!(reply.status, StatusCode::FORBIDDEN);
                assert!(reply.text.contains("bruno, who has no access any more"), "{}", reply.text);
                assert!(!reply.text.contains("Taken by"), "{}", reply.text);
            }
        }
        house.deps.clock.advance(3_600_000);
    }
    assert_eq!(house.happened(&case).await, happened);
}

#[tokio::test]
async fn what_was_taken_by_a_link_a_person_takes_over_on_the_page_of_the_case() {
    const PASSWORD: &str = "correct horse battery";
    let house = House::with(OPS).await;
    let case = house.case("1", COMPLAINT).await;
    house.click(&house.link(&case, Act::Take, 1), "").await;
    assert_eq!(house.state(&case).await, ("taken".to_owned(), "link:ops".to_owned()));
    let page = format!("/cases/{case}");
    for (name, offered) in [("bruno", true), ("carla", false)] {
        house.agent(name, PASSWORD, "en").await;
        let mut browser = Browser::new(&house);
        browser.log_in(name, PASSWORD, "/").await;
        let shown = browser.get(&page).await.text;
        assert_eq!(shown.contains("value=\"take\""), offered, "{name}: {shown}");
        browser.submit(&page, "do=take").await;
        assert_eq!(house.state(&case).await, ("taken".to_owned(), "bruno".to_owned()));
    }
    let refused = house.click(&house.link(&case, Act::Waive, 2), "note=spam").await;
    assert_eq!(refused.status, StatusCode::CONFLICT, "a person yields to no link");
    assert!(refused.text.contains("Taken by bruno"), "{}", refused.text);
}

#[tokio::test]
async fn links_of_a_recipient_who_left_the_configuration_do_nothing() {
    let house = House::with(OPS).await;
    let case = house.case("1", COMPLAINT).await;
    let link = house.link_of("former", &case, Act::Take, 1);
    for reply in [house.look(&link).await, house.click(&link, "").await] {
        assert_eq!(reply.status, StatusCode::FORBIDDEN);
        assert!(reply.text.contains("former, who is not in the configuration"), "{}", reply.text);
    }
    assert_eq!(house.state(&case).await.0, "waiting");
}

#[tokio::test]
async fn a_link_that_comes_too_late_says_where_the_answer_is() {
    let house = House::with(OPS).await;
    let case = house.case("1", COMPLAINT).await;
    let answer = r#"{"url":"https://wall.example/answer"}"#;
    house.post(&format!("/api/v1/cases/{case}/answered"), "asc_act", answer).await;
    let link = house.link(&case, Act::Take, 1);
    let page = house.look(&link).await;
    let refused = house.click(&link, "").await;
    assert_eq!((page.status, refused.status), (StatusCode::OK, StatusCode::CONFLICT));
    assert!(!page.text.contains("<button"), "nothing is left to do: {}", page.text);
    for reply in [page, refused] {
        assert!(reply.text.contains("Answered, says anna"), "{}", reply.text);
        assert!(reply.text.contains("wall.example"), "{}", reply.text);
    }
}

#[tokio::test]
async fn what_was_written_in_private_stands_on_no_page_of_a_link() {
    let house = House::with(OPS).await;
    let mut private = mention("1", COMPLAINT);
    private["visibility"] = json!("private");
    house.hear("asc_wall", json!([private])).await;
    let cases = house.get("/api/v1/cases?state=open", "asc_read").await.json();
    let case = cases["cases"][0]["id"].as_str().unwrap();
    let rev = cases["cases"][0]["draft_rev"].as_i64().unwrap();
    for (act, asks) in [
        (Act::Take, true),
        (Act::Publish { draft_rev: rev }, false),
        (Act::Edit { draft_rev: rev }, false),
    ] {
        let page = house.look(&house.link(case, act, 1)).await;
        assert!(page.text.contains("Private: open in the inbox"), "{act:?}: {}", page.text);
        assert!(!page.text.contains("terza settimana"), "{act:?}: {}", page.text);
        assert!(!page.text.contains("class=\"ours\""), "no draft either: {}", page.text);
        assert_eq!(page.text.contains("<button"), asks, "{act:?}");
    }
}
