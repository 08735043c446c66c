//! Customers over the API and the page: who may link and who may mute, and the order of the list.

use super::browser::Browser;
use super::house::{COMPLAINT, House, T0, mention};
use ascolto::domain::time::DAY;
use ascolto::store::access::{self, AgentRow};
use ascolto::web::password;
use axum::http::StatusCode;
use serde_json::{Value, json};

const PASSWORD: &str = "correct horse battery";

impl House {
    /// A lead, and a token that acts for one.
    async fn lead(&self, name: &str) {
        let row = AgentRow {
            name: name.to_owned(),
            password: password::hash(PASSWORD, &[7; 16]).unwrap(),
            role: "lead".to_owned(),
            language: "it".to_owned(),
            added_at: T0.0,
        };
        let mut tx = self.deps.store.begin().await.unwrap();
        assert!(access::add_agent(&mut tx, &row).await.unwrap());
        tx.commit().await.unwrap();
        self.token("asc_lead", "read act", "", name).await;
    }
}

/// A mention by somebody who bears a name of two words, on a network of that name.
fn by(network: &str, id: &str, handle: &str, text: &str) -> Value {
    let mut told = mention(id, text);
    told["network"] = json!(network);
    told["author"] = json!({ "id": format!("{network}-{id}"), "handle": handle, "name": "" });
    told
}

#[tokio::test]
async fn agents_link_and_leads_mute() {
    let house = House::new().await;
    house.agent("anna", PASSWORD, "it").await;
    house.lead("bea").await;
    let one = house.case("1", COMPLAINT).await;
    let two = house.case("2", COMPLAINT).await;
    let at = |act: &str| format!("/api/v1/persons/{one}/{act}");
    let body = json!({ "with": two }).to_string();
    let linked = house.post(&at("link"), "asc_act", body.clone()).await;
    assert_eq!(linked.status, StatusCode::OK, "{}", linked.text);
    let told = linked.json();
    assert_eq!(told["person"]["authors"].as_array().unwrap().len(), 2, "{told}");
    assert_eq!(told["person"]["strikes"]["count"], 2);
    let case = house.get(&format!("/api/v1/cases/{two}"), "asc_read").await.json();
    assert_eq!(case["case"]["strikes"]["count"], 2);
    let parts = case["case"]["priority"]["parts"].as_array().unwrap();
    let sum: i64 = parts.iter().map(|p| p["points"].as_i64().unwrap()).sum();
    assert_eq!(case["case"]["priority"]["points"], sum);
    assert!(parts.iter().any(|p| p["part"] == "strikes" && p["points"] == 72), "{case}");
    assert_eq!(house.post(&at("link"), "asc_act", body).await.status, StatusCode::CONFLICT);
    assert_eq!(house.post(&at("link"), "asc_read", "").await.status, StatusCode::FORBIDDEN);
    let nobody = house.post("/api/v1/persons/nonsense/link", "asc_act", r#"{"with":"x"}"#).await;
    assert_eq!(nobody.status, StatusCode::NOT_FOUND);

    let mute = json!({ "reason": "insulti", "until": T0 + DAY }).to_string();
    let refused = house.post(&at("mute"), "asc_act", mute.clone()).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN, "an agent is no lead: {}", refused.text);
    let done = house.post(&at("mute"), "asc_lead", mute).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.text);
    assert_eq!(done.json()["person"]["mutes"][0]["by"], "bea");
    let list = house.get("/api/v1/cases?state=open", "asc_read").await.json();
    assert!(list["cases"].as_array().unwrap().iter().all(|c| c["muted"] == true), "{list}");
    assert_eq!(house.post(&at("unmute"), "asc_act", "").await.status, StatusCode::FORBIDDEN);
    let undone = house.post(&at("unlink"), "asc_act", "").await;
    assert_eq!(undone.status, StatusCode::OK, "{}", undone.text);
    let apart = house.get(&format!("/api/v1/cases/{two}"), "asc_read").await.json();
    assert_eq!((&apart["case"]["muted"], &apart["person"]["id"]), (&json!(false), &Value::Null));
    assert_eq!(house.post(&at("nothing"), "asc_lead", "").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_list_is_paged_by_urgency() {
    let house = House::new().await;
    let question = |id: &str| mention(id, "Acme, a che ora chiude il negozio di Torino?");
    house.hear("asc_wall", json!([question("q1"), question("q2")])).await;
    house.hear("asc_wall", json!([mention("c1", COMPLAINT), mention("c2", COMPLAINT)])).await;
    let mut after = String::new();
    let mut owed = Vec::new();
    loop {
        let path = format!("/api/v1/cases?state=open&limit=1{after}");
        let page = house.get(&path, "asc_read").await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.text);
        let page = page.json();
        owed.extend(page["cases"].as_array().unwrap().iter().map(|c| c["owing"].clone()));
        let Some(next) = page["next"].as_str() else { break };
        after = format!("&after={next}");
    }
    assert_eq!(owed, ["complaint", "complaint", "question", "question"]);
    let old = house.get("/api/v1/cases?after=01JD3V8R2M4Y6ZQKX0T5W7N9PB", "asc_read").await;
    assert_eq!(old.status, StatusCode::BAD_REQUEST);
    assert!(old.text.contains("what `next` said"), "{}", old.text);
}

#[tokio::test]
async fn the_page_tells_the_priority_and_who_it_may_be() {
    let house = House::new().await;
    house.lead("bea").await;
    house.hear("asc_wall", json!([by("wall", "w1", "gino.rossi", COMPLAINT)])).await;
    house.hear("asc_in", json!([by("forum", "f1", "Gino.Rossi", COMPLAINT)])).await;
    let list = house.get("/api/v1/cases?state=open", "asc_read").await.json();
    let on = |network: &str| {
        let cases = list["cases"].as_array().unwrap();
        let found = cases.iter().find(|c| c["network"] == network).expect("it has a case");
        found["id"].as_str().unwrap().to_owned()
    };
    let (wall, forum) = (on("wall"), on("forum"));
    let mut browser = Browser::new(&house);
    browser.log_in("bea", PASSWORD, "/").await;
    let path = format!("/cases/{wall}");
    let page = browser.get(&path).await;
    for part in ["Priorità", "Forse è lo stesso cliente", "stesso nome utente", "Silenzia"] {
        assert!(page.text.contains(part), "{part}: {}", page.text);
    }
    let linked = browser.submit(&path, &format!("do=link&with={forum}")).await;
    assert_eq!(linked.status, StatusCode::SEE_OTHER, "{}", linked.text);
    let page = browser.get(&path).await;
    assert!(page.text.contains("Reclami che contano: 2"), "{}", page.text);
    assert!(page.text.contains("Messi insieme da bea"), "{}", page.text);
    assert!(!page.text.contains("screen."), "a word is missing: {}", page.text);
    browser.submit(&path, "do=mute&note=insulti&days=7").await;
    let page = browser.get(&path).await;
    assert!(page.text.contains("per decisione di bea: insulti"), "{}", page.text);
    let inbox = browser.get("/").await;
    assert!(inbox.text.contains("Silenziati: 2"), "{}", inbox.text);
}
