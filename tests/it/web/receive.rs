//! Mentions handed over: once each, the bad apart from the good, over the limits refused.

use super::house::{COMPLAINT, House, mention};
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use serde_json::{Value, json};

fn counts(answer: &Value) -> (i64, i64, i64) {
    let n = |key: &str| answer[key].as_i64().unwrap();
    (n("new"), n("again"), n("edited"))
}

#[tokio::test]
async fn a_mention_is_stored_once_and_an_edit_is_told() {
    let house = House::new().await;
    let two = json!([mention("1", COMPLAINT), mention("2", "grazie Acme")]);
    let first = house.post("/api/v1/mentions", "asc_in", two.to_string()).await;
    assert_eq!((first.status, counts(&first.json())), (StatusCode::OK, (2, 0, 0)));
    let lines = format!("{}\n{}\n", mention("1", "Ho corretto"), mention("2", "grazie Acme"));
    let again = house.post("/api/v1/mentions", "asc_in", lines).await;
    assert_eq!(counts(&again.json()), (0, 1, 1));
    let stored = house.get("/api/v1/mentions?channel=posts&limit=1", "asc_read").await.json();
    assert_eq!(stored["mentions"][0]["version"], 2);
    assert_eq!(stored["mentions"][0]["network"], "wall");
    let next = stored["next"].as_str().unwrap();
    let rest = house.get(&format!("/api/v1/mentions?after={next}"), "asc_read").await.json();
    assert_eq!(rest["mentions"].as_array().unwrap().len(), 1);
    assert_eq!(rest["next"], Value::Null);
}

#[tokio::test]
async fn ids_are_apart_by_network() {
    let house = House::new().await;
    let mut other = mention("1", "anche qui");
    other["network"] = json!("agora");
    let both = json!([mention("1", "qui"), other]).to_string();
    let first = house.post("/api/v1/mentions", "asc_in", both.clone()).await.json();
    let again = house.post("/api/v1/mentions", "asc_in", both).await.json();
    assert_eq!((counts(&first), counts(&again)), ((2, 0, 0), (0, 2, 0)));
}

#[tokio::test]
async fn the_bad_are_named_and_the_rest_is_stored() {
    let house = House::new().await;
    let good = mention("1", "nul\0inside").to_string();
    let lone = mention("2", "X").to_string().replace("\"X\"", "\"\\ud83d\"");
    let body = [good.as_bytes(), b"\n", lone.as_bytes(), b"\n\xff\xfe\n{\"network\":1}\n"].concat();
    let answer = house.post("/api/v1/mentions", "asc_in", body).await.json();
    assert_eq!(counts(&answer), (1, 0, 0));
    let index = |n: usize| answer["rejected"][n]["index"].as_i64();
    assert_eq!((index(0), index(1), index(2), index(3)), (Some(1), Some(2), Some(3), None));
    let stored = house.get("/api/v1/mentions", "asc_read").await.json();
    assert_eq!(stored["mentions"][0]["text"], "nul\u{FFFD}inside");
}

#[tokio::test]
async fn too_much_is_refused_with_what_to_do() {
    let house = House::new().await;
    let lines = "{}\n".repeat(10_001);
    let many = house.post("/api/v1/mentions", "asc_in", lines).await;
    assert_eq!(many.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(many.text.contains("several requests"), "{}", many.text);
    let big = house.post("/api/v1/mentions", "asc_in", vec![b' '; (8 << 20) + 1]).await;
    assert_eq!(big.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(big.header("content-type"), "application/problem+json");
}

#[tokio::test]
async fn who_may_hand_over_is_checked() {
    let house = House::new().await;
    house.token("asc_lost", "ingest", "", "").await;
    let one = json!([mention("1", "x")]).to_string();
    for (token, status) in [
        ("asc_read", StatusCode::FORBIDDEN),
        ("asc_lost", StatusCode::FORBIDDEN),
        ("asc_unknown", StatusCode::UNAUTHORIZED),
    ] {
        let refused = house.post("/api/v1/mentions", token, one.clone()).await;
        assert_eq!(refused.status, status, "{token}: {}", refused.text);
    }
    let bare = Request::post("/api/v1/mentions").body(Body::from(one)).unwrap();
    assert_eq!(house.ask(bare).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_repeated_key_gets_the_same_answer() {
    let house = House::new().await;
    let send = async |key: &str, body: String| {
        let request = Request::post("/api/v1/mentions")
            .header(header::AUTHORIZATION, "Bearer asc_in")
            .header("idempotency-key", key)
            .body(Body::from(body))
            .unwrap();
        house.ask(request).await
    };
    let one = json!([mention("1", "x")]).to_string();
    let first = send("k1", one.clone()).await;
    let repeated = send("k1", one.clone()).await;
    assert_eq!((first.text.clone(), first.status), (repeated.text.clone(), repeated.status));
    assert_eq!(repeated.header("idempotent-replayed"), "true");
    assert_eq!(counts(&send("k2", one.clone()).await.json()), (0, 1, 0));
    let other = send("k1", json!([mention("2", "y")]).to_string()).await;
    assert_eq!(other.status, StatusCode::UNPROCESSABLE_ENTITY);
    house.deps.clock.advance(24 * 3_600_000);
    assert_eq!(counts(&send("k1", one).await.json()), (0, 1, 0), "a day later it is a new key");
}

#[tokio::test]
async fn bad_tokens_are_slowed_down_and_good_ones_are_not() {
    let house = House::new().await;
    for _ in 0..5 {
        let refused = house.get("/api/v1/cases", "asc_guess").await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
        assert_eq!(refused.header("www-authenticate"), "Bearer");
    }
    let slowed = house.get("/api/v1/cases", "asc_guess").await;
    assert_eq!(slowed.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(slowed.header("retry-after"), "60");
    assert_eq!(house.get("/api/v1/cases", "asc_read").await.status, StatusCode::OK);
    house.deps.clock.advance(60_000);
    assert_eq!(house.get("/api/v1/cases", "asc_guess").await.status, StatusCode::UNAUTHORIZED);
}
