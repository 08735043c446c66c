//! Real people's words: tweets to six airlines go in by the API, twice, and all are accounted for.
//!
//! The texts are for measuring only and never part of the project; where `../shared/data` is not
//! there, the test says so and measures nothing.

use crate::town;
use ascolto::app;
use ascolto::clock::Clock;
use ascolto::config;
use ascolto::domain::ledger::Disposition;
use ascolto::pipeline::runner;
use ascolto::store::access::{self, TokenRow};
use ascolto::store::{Store, cases, inbox, ledger, outbox};
use ascolto::web::{Web, router, token_hash};
use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::fmt::Write;
use std::sync::Arc;
use tower::ServiceExt;

const AIRLINES: [&str; 6] =
    ["virginamerica", "united", "southwestair", "jetblue", "usairways", "americanair"];

#[tokio::test]
async fn airline_figures() {
    let Some(data) = std::env::var_os("ASCOLTO_TEST_SHARED") else {
        println!("../shared/data is absent: the airline tweets are not measured");
        return;
    };
    let file = std::path::Path::new(&data).join("benchmarks/airline-us.jsonl");
    let tweets: Vec<Value> = std::fs::read_to_string(file)
        .unwrap()
        .lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect();
    let folder = town::folder();
    let url = format!("sqlite:{}", folder.path().join("airline.db").display());
    let mut text = format!("[store]\nurl = \"{url}\"\n[recipient.room]\nnotifier = \"terminal\"\n");
    for name in AIRLINES {
        write!(text, "[brand.{name}]\nterms = [\"{name}\"]\nhandles = [\"{name}\"]\nzone = \"America/New_York\"\nlanguage = \"en\"\nrecipients = [\"room\"]\nstorm_at = 100000\n[channel.{name}]\nnetwork = \"ingest\"\nbrand = \"{name}\"\nreply_limit = 280\n").unwrap();
    }
    let config_file = folder.path().join("airline.toml");
    std::fs::write(&config_file, text).unwrap();
    let config = config::load(&config_file, std::iter::empty(), &app::registry())
        .unwrap_or_else(|p| panic!("{}", p[0]));
    let clock = Clock::manual(town::MORNING);
    let store = Store::open(&url).await.unwrap();
    let deps = Arc::new(app::build(&config, store, town::around(&clock, 1)).await.unwrap());
    let mut tx = deps.store.begin().await.unwrap();
    for name in AIRLINES {
        let token = TokenRow {
            name: name.into(),
            scopes: "ingest".into(),
            channel: name.into(),
            agent: String::new(),
            added_at: 0,
        };
        access::add_token(&mut tx, &token, &token_hash(&format!("asc_{name}"))).await.unwrap();
    }
    tx.commit().await.unwrap();
    let router =
        router(Web { deps: deps.clone(), session_hours: 1, secure_cookies: false, once: None });

    let brand_of = |t: &str| {
        let lower = t.to_lowercase();
        AIRLINES
            .iter()
            .copied()
            .filter_map(|a| Some((lower.find(&format!("@{a}"))?, a)))
            .min()
            .map_or("united", |(_, a)| a)
    };
    let mut negative = HashMap::new();
    let mut batches: HashMap<&str, Vec<Value>> = HashMap::new();
    for (n, tweet) in tweets.iter().enumerate() {
        let words = tweet["text"].as_str().unwrap();
        negative.insert(n.to_string(), tweet["sentiment"] == "negative");
        batches.entry(brand_of(words)).or_default().push(json!({
            "network": "x", "external_id": n.to_string(), "kind": "post", "visibility": "public",
            "author": { "id": format!("u{n}"), "handle": format!("u{n}") }, "text": words, "language": "en",
            "created_at": clock.now(), "url": format!("https://x.example/{n}"), "thread_id": "",
        }));
    }
    for (round, counted) in ["new", "again"].into_iter().enumerate() {
        let mut sum = 0;
        for (name, mentions) in &batches {
            for chunk in mentions.chunks(2_000) {
                let request = Request::post("/api/v1/mentions")
                    .header("authorization", format!("Bearer asc_{name}"))
                    .header("content-type", "application/json")
                    .body(Body::from(Value::from(chunk.to_vec()).to_string()))
                    .unwrap();
                let answer = router.clone().oneshot(request).await.unwrap();
                let bytes = axum::body::to_bytes(answer.into_body(), 1 << 20).await.unwrap();
                let counts: Value = serde_json::from_slice(&bytes).unwrap();
                assert_eq!(counts["rejected"], json!([]), "{counts}");
                sum += counts[counted].as_u64().unwrap();
            }
        }
        assert_eq!(sum, tweets.len() as u64, "round {round}");
        runner::drain(&deps).await.unwrap();
    }

    let mut tx = deps.store.read().await.unwrap();
    let ledger = ledger::check(&mut tx, clock.now(), &ledger::Options::default()).await.unwrap();
    assert!(ledger.balanced(), "{}", ledger.table());
    assert_eq!(ledger.totals.dispositions.get(&Disposition::Untriaged).copied().unwrap_or(0), 0);
    let (mut of_negative, mut of_others) = ([0u32; 2], [0u32; 2]);
    let mut after = None;
    loop {
        let page = inbox::cases(&mut tx, &inbox::Filter::default(), after, 500).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last.place());
        for line in &page {
            let id = line.id.parse().unwrap();
            let draft = cases::draft(&mut tx, id).await.unwrap().expect("every case has a draft");
            assert_eq!(draft.language, "en");
            assert!(!draft.text.is_empty() && draft.text.chars().count() <= 280, "{}", draft.text);
            let file = cases::load(&mut tx, &[id]).await.unwrap().remove(0);
            let alerts = outbox::of_case(&mut tx, id).await.unwrap();
            let complaint = line.owing.as_deref() == Some("complaint");
            let told = alerts.iter().any(|a| a.state == "sent");
            assert_eq!(told, complaint, "complaints ring and nothing else does");
            let tally = if negative[&file.case.thread] { &mut of_negative } else { &mut of_others };
            tally[usize::from(complaint)] += 1;
        }
    }
    let all = negative.values().filter(|n| **n).count();
    println!(
        "airline tweets: of {all} labelled negative {} became complaint cases and {} cases to answer or look at; \
         of {} others {} and {}",
        of_negative[1],
        of_negative[0],
        negative.len() - all,
        of_others[1],
        of_others[0]
    );
}
