//! Storms on screens and over the API: the inbox names what stands, and each member is a case of its
//! own.

use super::browser::Browser;
use super::house::{COMPLAINT, House, mention};
use ascolto::pipeline::storm;
use axum::http::StatusCode;
use serde_json::{Value, json};

#[tokio::test]
async fn a_storm_is_on_the_inbox_and_has_a_page_with_its_members() {
    let house = House::new().await;
    let all: Vec<Value> = (0..23).map(|n| mention(&n.to_string(), COMPLAINT)).collect();
    house.hear("asc_wall", json!(all)).await;
    house.agent("anna", "correct horse battery", "it").await;
    let mut browser = Browser::new(&house);
    browser.log_in("anna", "correct horse battery", "/").await;
    assert!(!browser.get("/").await.text.contains("Una tempesta"), "nobody has looked yet");
    assert!(browser.get("/storms").await.text.contains("stata alcuna tempesta."));
    storm::step(&house.deps).await.unwrap();

    let told = house.get("/api/v1/storms", "asc_read").await.json();
    let one = &told["storms"][0];
    assert_eq!((&one["kind"], &one["members"]), (&json!("like"), &json!(23)), "{told}");
    assert_eq!((&one["owed"], &one["ended_at"]), (&json!(23), &Value::Null));
    assert_eq!(told["storms"].as_array().unwrap().len(), 1);
    let id = one["id"].as_str().unwrap().to_owned();
    let whole = house.get(&format!("/api/v1/storms/{id}"), "asc_read").await.json();
    assert_eq!(whole["cases"].as_array().unwrap().len(), 23);
    let case = whole["cases"][0]["id"].as_str().unwrap().to_owned();
    for (path, status) in [
        (format!("/api/v1/storms?after={id}"), StatusCode::OK),
        ("/api/v1/storms/nonsense".to_owned(), StatusCode::NOT_FOUND),
        (format!("/api/v1/storms/{case}"), StatusCode::NOT_FOUND),
        ("/api/v1/storms?state=open".to_owned(), StatusCode::BAD_REQUEST),
    ] {
        assert_eq!(house.get(&path, "asc_read").await.status, status, "{path}");
    }
    let rest = house.get(&format!("/api/v1/storms?after={id}"), "asc_read").await.json();
    assert_eq!(rest["storms"], json!([]));

    let inbox = browser.get("/").await.text;
    let link = format!("/storms/{id}");
    for text in ["Una tempesta su", "23 reclami che dicono la stessa cosa", &link] {
        assert!(inbox.contains(text), "{text}: {inbox}");
    }
    assert!(!browser.get("/?brand=globex").await.text.contains("Una tempesta"));
    let page = browser.get(&link).await.text;
    for text in ["23 reclami: 23 da rispondere, 0 scaduti", &format!("/cases/{case}"), "@user_7"] {
        assert!(page.contains(text), "{text}: {page}");
    }
    assert!(browser.get("/storms").await.text.contains(&link));
    assert!(browser.get(&format!("/cases/{case}")).await.text.contains(&link), "it says so");
    assert_eq!(browser.get("/storms/nonsense").await.status, StatusCode::NOT_FOUND);
    let figures = house.get("/metrics", "asc_read").await.text;
    assert!(figures.contains("\nascolto_storms_standing 1\n"), "{figures}");
}
