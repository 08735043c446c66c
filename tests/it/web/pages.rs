//! The pages: what they show, what they escape, and what a click does.

use super::browser::Browser;
use super::house::{COMPLAINT, House, mention};
use ascolto::pipeline::triage;
use ascolto::store::inbox::{self, Filter, MentionLine};
use ascolto::store::rechecks::{self, BlankRow};
use ascolto::store::rhythm;
use axum::http::StatusCode;
use serde_json::json;

const PASSWORD: &str = "correct horse battery";

async fn desk(house: &House) -> Browser<'_> {
    house.agent("anna", PASSWORD, "it").await;
    let mut browser = Browser::new(house);
    browser.log_in("anna", PASSWORD, "/").await;
    browser
}

#[tokio::test]
async fn the_inbox_shows_what_is_owed_by_urgency_and_filters_it() {
    let house = House::new().await;
    let mut browser = desk(&house).await;
    let empty = browser.get("/").await;
    assert!(empty.text.contains("Nessun caso aperto."), "{}", empty.text);
    house.hear("asc_wall", json!([mention("q", "Acme, a che ora chiude il negozio?")])).await;
    house.hear("asc_wall", json!([mention("c", COMPLAINT)])).await;
    let page = browser.get("/").await;
    let at = |text: &str| page.text.find(text).unwrap_or_else(|| panic!("{text}: {}", page.text));
    assert!(at("terza settimana") < at("a che ora chiude"), "complaints come first");
    assert!(
        page.text.contains("Reclami: 1") && page.text.contains("Aperti")
            || page.text.contains("Casi aperti: 2")
    );
    for none in [
        "/?brand=globex",
        "/?language=fr",
        "/?mine=1",
        "/?state=answered",
        "/?channel=posts",
        "/?state=look",
    ] {
        let filtered = browser.get(none).await;
        assert!(filtered.text.contains("Nulla corrisponde"), "{none}");
    }
    assert!(browser.get("/?state=all&brand=acme&channel=wall").await.text.contains("@user_c"));
    house.deps.clock.advance(30 * 24 * 3_600_000);
    browser.log_in("anna", PASSWORD, "/").await;
    let late = browser.get("/").await;
    assert!(late.text.contains("scaduto da"), "{}", late.text);
}

#[tokio::test]
async fn what_a_network_wants_deleted_is_said_to_be_deleted() {
    let house = House::new().await;
    house.hear("asc_wall", json!([mention("c", COMPLAINT)])).await;
    let now = house.deps.clock.now();
    let mut tx = house.deps.store.begin().await.unwrap();
    let rows = inbox::mentions(&mut tx, &Filter::default(), None, 9).await.unwrap();
    let blank = |m: &MentionLine| BlankRow {
        id: m.row.id.clone(),
        case_id: m.row.case_id.clone(),
        deletion: None,
    };
    let rows: Vec<BlankRow> = rows.iter().map(blank).collect();
    rechecks::blank(&mut tx, &rows, now).await.unwrap();
    tx.commit().await.unwrap();
    triage::step(&house.deps).await.unwrap();
    let mut browser = desk(&house).await;
    let inbox = browser.get("/?state=all").await;
    let case = browser.get(&format!("/cases/{}", rows[0].case_id.as_ref().unwrap())).await;
    for page in [&inbox, &case] {
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.text.contains("contenuto cancellato, come chiede"), "{}", page.text);
        for gone in ["terza settimana", "@user_c", "Senza testo"] {
            assert!(!page.text.contains(gone), "{gone}: {}", page.text);
        }
    }
}

#[tokio::test]
async fn hostile_text_stays_text() {
    let house = House::new().await;
    let mut hostile = mention("x", "Acme \"><script>alert(1)</script> vergogna, mai arrivato!");
    hostile["author"]["name"] = json!("<img src=x onerror=alert(2)>");
    hostile["url"] = json!("javascript:alert(3)");
    hostile["attachments"] = json!([{ "kind": "<b>", "url": "javascript:alert(4)" }]);
    house.hear("asc_wall", json!([hostile])).await;
    let mut browser = desk(&house).await;
    let inbox = browser.get("/").await;
    let href = inbox.text.split("href=\"/cases/").nth(1).unwrap().split('"').next().unwrap();
    let case = browser.get(&format!("/cases/{href}")).await;
    for page in [&inbox, &case] {
        assert_eq!(page.status, StatusCode::OK);
        for bad in ["<script>alert", "<img src=x", "href=\"javascript:", "<b>:"] {
            assert!(!page.text.contains(bad), "{bad}: {}", page.text);
        }
        assert!(page.header("content-security-policy").starts_with("default-src 'none'"));
        assert!(page.text.contains("&lt;img src=x onerror"));
        assert!(
            !page.text.contains(" style=") && !page.text.contains("<script>"),
            "nothing inline"
        );
    }
}

#[tokio::test]
async fn a_case_is_taken_drafted_published_and_its_story_told() {
    let house = House::new().await;
    let id = house.case("1", COMPLAINT).await;
    let mut browser = desk(&house).await;
    let at = format!("/cases/{id}");
    let page = browser.get(&at).await;
    for text in ["<mark", "caratteri rimasti", "Perché", "Storia", "reclamo", "Pubblica"] {
        assert!(page.text.contains(text), "{text}: {}", page.text);
    }
    // What carried the verdict stands there in the agent's words, not by its name in the tables.
    assert!(page.text.contains("nessuna risposta o nessun aiuto"), "{}", page.text);
    assert!(!page.text.contains("ignored<") && !page.text.contains("about."), "{}", page.text);
    let forms = page.text.matches("<form method=\"post\" action=\"/cases/").count();
    assert!(forms > 5 && page.text.matches("name=\"seen\" value=\"").count() >= forms);
    assert!(!page.text.contains("name=\"seen\" value=\"\""), "each says what it shows");
    let taken = browser.submit(&at, "do=take").await;
    assert_eq!(taken.header("location"), format!("{at}?done=take"));
    assert!(browser.get(&at).await.text.contains("in carico a te"));
    browser.submit(&at, "do=draft&text=Ci+scusiamo.%0D%0ALa+chiamiamo.").await;
    let stale = browser.submit(&at, "do=publish&draft_rev=1&text=Altro").await;
    assert_eq!(stale.status, StatusCode::CONFLICT);
    assert!(stale.text.contains("La bozza nel frattempo") && stale.text.contains("Ci scusiamo."));
    let published = browser.submit(&at, "do=publish&draft_rev=2&text=Ci+scusiamo.").await;
    assert_eq!(published.header("location"), format!("{at}?done=publish"));
    let told = browser.get(&at).await;
    assert!(told.text.contains("Risposta approvata") && told.text.contains("Ci scusiamo."));
    let stored = house.get(&format!("/api/v1/cases/{id}"), "asc_read").await.json();
    assert_eq!(stored["drafts"][1]["text"], "Ci scusiamo.\nLa chiamiamo.");
    assert_eq!(stored["replies"][0]["by"], "anna");
}

#[tokio::test]
async fn what_is_refused_loses_nothing_that_was_typed() {
    let house = House::new().await;
    let id = house.case("1", COMPLAINT).await;
    let mut browser = desk(&house).await;
    let at = format!("/cases/{id}");
    let empty = browser.submit(&at, "do=waive&note=+").await;
    assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(empty.text.contains("Dire perché"), "{}", empty.text);
    house.post(&format!("/api/v1/cases/{id}/take"), "asc_act", "").await;
    house.agent("bruno", PASSWORD, "en").await;
    browser.log_in("bruno", PASSWORD, "/").await;
    let refused = browser.submit(&at, "do=publish&draft_rev=1&text=My+own+words").await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert!(refused.text.contains("My own words") && refused.text.contains("anna has taken"));
    for (form, state) in [("do=not_about_us", "waiting"), ("do=dance", "waiting")] {
        browser.submit(&at, form).await;
        let told = house.get(&format!("/api/v1/cases/{id}"), "asc_read").await.json();
        assert_ne!(told["case"]["state"], state, "anna still has it");
    }
    assert_eq!(browser.get("/cases/nonsense").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_case_tells_who_else_says_the_same() {
    let house = House::new().await;
    let alone = house.case("1", COMPLAINT).await;
    let mut browser = desk(&house).await;
    let at = format!("/cases/{alone}");
    assert!(!browser.get(&at).await.text.contains("Altri dicono lo stesso"), "nobody does yet");
    let copy = house.case("2", &format!("RT @user_1: {COMPLAINT} https://x.example/2")).await;
    let mut again = mention("3", &COMPLAINT.to_uppercase());
    again["author"] = mention("1", "")["author"].clone();
    house.hear("asc_in", json!([again])).await;
    house
        .hear("asc_wall", json!([mention("4", "Acme, il pacco è arrivato rotto, vergogna!")]))
        .await;
    let page = browser.get(&at).await;
    for text in [
        "Menzioni di altri casi negli ultimi 7 giorni: 2, autori: 2",
        "Lo stesso autore ha scritto lo stesso su posts",
        &format!("/cases/{copy}"),
        "@user_2",
    ] {
        assert!(page.text.contains(text), "{text}: {}", page.text);
    }
    assert!(!page.text.contains("@user_4"), "{}", page.text);
    let told = house.get(&format!("/api/v1/cases/{alone}"), "asc_read").await.json();
    let alike = &told["alike"];
    assert_eq!((&alike["count"], &alike["authors"]), (&json!(2), &json!(2)), "{alike}");
    assert_eq!(alike["at_least"], false);
    let of = |external: &str| {
        let all = alike["mentions"].as_array().unwrap();
        let url = format!("https://wall.example/{external}");
        all.iter().find(|m| m["url"] == url).cloned().unwrap_or_else(|| panic!("{alike}"))
    };
    assert_eq!((&of("2")["case"], &of("2")["same_author"]), (&json!(copy), &json!(false)));
    assert_eq!((&of("3")["channel"], &of("3")["same_author"]), (&json!("posts"), &json!(true)));
}

#[tokio::test]
async fn not_about_us_proposes_an_exclusion() {
    let house = House::new().await;
    let text =
        "Forza Acme Calcio! Terza settimana senza rimborso, nessuno risponde: è una vergogna";
    let id = house.overheard("9", text).await;
    let mut browser = desk(&house).await;
    let at = format!("/cases/{id}");
    assert!(!browser.get(&at).await.text.contains("esclusione"), "before anybody said so");
    let done = browser.submit(&at, "do=not_about_us&note=").await;
    assert_eq!(done.header("location"), format!("{at}?done=not_about_us"));
    let page = browser.get(&format!("{at}?done=not_about_us")).await;
    assert!(page.text.contains("«forza acme» avrebbe scartato 1 delle ultime 1"), "{}", page.text);
    assert!(page.text.contains("[&quot;forza acme&quot;]"), "{}", page.text);
    assert!(!browser.get(&at).await.text.contains("esclusione"), "it is told once");
}

#[tokio::test]
async fn every_page_speaks_both_languages_and_lacks_no_text() {
    let house = House::new().await;
    let id = house.case("1", COMPLAINT).await;
    let private = house.case("2", "Acme vergogna, il pacco non arriva e nessuno risponde!").await;
    house.post(&format!("/api/v1/cases/{private}/waive"), "asc_act", r#"{"note":"spam"}"#).await;
    let mut browser = Browser::new(&house);
    for (name, language, word) in [("ida", "it", "Casella"), ("eve", "en", "Inbox")] {
        house.agent(name, PASSWORD, language).await;
        browser.log_in(name, PASSWORD, "/").await;
        let cases = [format!("/cases/{id}"), format!("/cases/{private}")];
        let own = ["/", "/coverage", "/sorted-out", "/sample", "/report", "/report?days=0"];
        for path in own.into_iter().chain(cases.iter().map(String::as_str)) {
            let page = browser.get(path).await;
            assert_eq!(page.status, StatusCode::OK, "{path}: {}", page.text);
            assert!(page.text.contains(word), "{path} in {language}");
            for raw in ["screen.", "state.", "owing.", "alert.", "{count}", "{time}"] {
                assert!(!page.text.contains(raw), "{raw} on {path} in {language}: {}", page.text);
            }
        }
    }
}

#[tokio::test]
async fn coverage_shows_doubt_and_what_is_not_heard() {
    let house = House::new().await;
    let since = house.deps.clock.now();
    let mut tx = house.deps.store.begin().await.unwrap();
    assert!(rhythm::doubt(&mut tx, "wall", "ingest", since, since).await.unwrap());
    tx.commit().await.unwrap();
    let page = desk(&house).await.get("/coverage").await;
    for text in [
        "Video &lt;b&gt;",
        "non ascoltato",
        "mail di notifica",
        "Silenzio dal 20&#x2f;11&#x2f;2026",
    ] {
        assert!(page.text.contains(text), "{text}: {}", page.text);
    }
    let told = house.get("/api/v1/channels", "asc_read").await.json();
    assert_eq!(told["not_heard"][0]["name"], "videos");
    let wall = told["channels"].as_array().unwrap().iter().find(|c| c["name"] == "wall").unwrap();
    let lane = &wall["lanes"][0];
    assert_eq!((&lane["lane"], &lane["doubtful_since"]), (&json!("ingest"), &json!(since)));
}

#[tokio::test]
async fn static_files_are_kept_and_of_their_own_kind() {
    let house = House::new().await;
    let mut browser = Browser::new(&house);
    for (file, kind) in [
        ("ascolto.css", "text/css; charset=utf-8"),
        ("ascolto.js", "text/javascript; charset=utf-8"),
        ("ascolto.svg", "image/svg+xml"),
    ] {
        let asset = browser.get(&format!("/static/{file}")).await;
        assert_eq!(asset.header("content-type"), kind);
        assert!(asset.header("cache-control").contains("immutable"));
    }
    let none = browser.get("/static/secret").await;
    assert_eq!(none.status, StatusCode::NOT_FOUND);
    assert!(none.text.contains("<!doctype html>"), "a page, not a bare word");
}

#[tokio::test]
async fn what_waits_can_be_called_what_it_is() {
    let house = House::new().await;
    let id = house.case("q", "Acme, a che ora chiude il negozio?").await;
    let mut browser = desk(&house).await;
    let at = format!("/cases/{id}");
    let offers = |page: &str, act: &str| page.contains(&format!("value=\"{act}\""));
    let page = browser.get(&at).await.text;
    assert!(offers(&page, "is_complaint") && !offers(&page, "is_question"), "{page}");
    let done = browser.submit(&at, "do=is_complaint&note=non+apre+mai").await;
    assert_eq!(done.header("location"), format!("{at}?done=is_complaint"));
    let told = house.get(&format!("/api/v1/cases/{id}"), "asc_read").await.json();
    assert_eq!(told["case"]["owing"], "complaint", "{told}");
    let page = browser.get(&at).await.text;
    for text in ["Giudicato da una persona", "È un reclamo · non apre mai"] {
        assert!(page.contains(text), "{text}: {page}");
    }
    assert!(!offers(&page, "is_complaint"), "{page}");
    let verdict = format!("/api/v1/cases/{id}/verdict");
    let refused = house.post(&verdict, "asc_act", r#"{"verdict":"question"}"#).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert!(refused.text.contains("can be called a question"), "{}", refused.text);
}
