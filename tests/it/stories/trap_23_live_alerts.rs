//! Trap 23, 24: one alert a case and recipient, changed in place as the case moves; and a recipient's
//! rate, by which nothing is dropped.

use crate::doubles::ntfy::Ntfy;
use crate::town::{Plan, Town};
use ascolto::domain::time::HOUR;
use ascolto::pipeline::acts::{self, Act};
use serde_json::Value;

const COMPLAINT: &str = r#"{"at":2,"do":"post","id":"p1","author":"jo","handle":"jo","lang":"it","text":"@acme pacco perso, nessuno risponde, vergogna!"}"#;

/// A town whose brand is told by a phone.
async fn with_a_phone(script: &str) -> (Town, Ntfy) {
    let ntfy = Ntfy::start(None).await;
    let more = format!(
        "[recipient.phone]\nnotifier = \"ntfy\"\nserver = \"{}\"\ntopic = \"acme-alerts\"\n",
        ntfy.url
    );
    let plan = Plan { script, recipients: &["phone"], more: &more, ..Plan::default() };
    (Town::of(plan).await, ntfy)
}

fn title(body: &Value) -> &str {
    body["title"].as_str().unwrap()
}

#[tokio::test]
async fn a_take_and_an_answer_change_the_alert_that_stands() {
    let (t, ntfy) = with_a_phone(COMPLAINT).await;
    t.pass(4).await;
    assert_eq!((ntfy.delivered().len(), ntfy.changed().len()), (1, 0));
    assert!(ntfy.delivered()[0].get("sequence_id").is_none());
    t.act("p1", "ada", Act::Take).await.unwrap();
    t.pass(5).await;
    t.act("p1", "ada", Act::Take).await.unwrap();
    let url = "https://social.example/@acme/9".to_owned();
    t.act("p1", "ada", Act::Answered(url.clone())).await.unwrap();
    let changed = ntfy.changed();
    let titles: Vec<&str> = changed.iter().map(title).collect();
    assert_eq!(changed.len(), 2, "a take that is renewed is no news: {titles:?}");
    assert!(titles[0].starts_with("Preso in carico da ada: acme"), "{titles:?}");
    assert!(titles[1].starts_with("Risposto, dice ada: acme"), "{titles:?}");
    assert!(changed.iter().all(|body| body["sequence_id"] == "ntfy0"), "{changed:?}");
    assert!(changed[1]["message"].as_str().unwrap().contains(&url), "{}", changed[1]);
    assert!(changed[1].get("actions").is_none(), "nothing is left to do");
    assert_eq!(ntfy.delivered().len(), 1, "the phone rang once");
    assert_eq!(t.alerts("p1").await, ["new_complaint sent"]);
    assert_eq!(t.updates("p1").await, ["case_moved sent", "case_moved sent"]);
    // What ended is told anew, where somebody looks.
    t.act("p1", "ada", Act::Reopen("non era risolto".into())).await.unwrap();
    let told = ntfy.delivered();
    assert_eq!(told.len(), 2);
    assert!(told[1].get("sequence_id").is_none() && title(&told[1]).starts_with("Riaperto"));
    t.close().await;
}

#[tokio::test]
async fn two_alerts_for_one_case_to_one_recipient_are_one() {
    let again = r#"{"at":10,"do":"post","id":"p2","author":"jo","handle":"jo","parent":"p1","lang":"it","text":"@acme ancora niente, pacco sempre perso e nessuno risponde, vergogna!"}"#;
    let (t, ntfy) = with_a_phone(&format!("{COMPLAINT}\n{again}")).await;
    t.pass(15).await;
    assert_eq!(t.id("p1").await, t.id("p2").await);
    let told = ntfy.delivered();
    assert_eq!(told.len(), 2, "both ring: {told:?}");
    assert_eq!(told[1]["sequence_id"], "ntfy0", "the second stands in the place of the first");
    assert!(title(&told[1]).starts_with("Reclama di nuovo"), "{}", told[1]);
    t.close().await;
}

#[tokio::test]
async fn however_often_a_case_moves_meanwhile_its_alert_changes_once() {
    let (mut t, ntfy) = with_a_phone(COMPLAINT).await;
    t.pass(4).await;
    let id = t.id("p1").await;
    for (agent, act) in [("ada", Act::Take), ("ada", Act::Release), ("bob", Act::Take)] {
        acts::act(&t.deps, id, agent, act).await.unwrap();
    }
    t.restart().await;
    t.settle().await;
    let changed = ntfy.changed();
    assert_eq!(changed.len(), 1, "{changed:?}");
    assert!(title(&changed[0]).starts_with("Preso in carico da bob"), "{}", changed[0]);
    // What comes back to where it was needs no word.
    t.pass(1).await;
    acts::act(&t.deps, id, "bob", Act::Release).await.unwrap();
    acts::act(&t.deps, id, "bob", Act::Take).await.unwrap();
    t.settle().await;
    assert_eq!(ntfy.changed().len(), 1);
    assert_eq!(t.updates("p1").await.last().unwrap(), "superseded silent");
    t.close().await;
}

#[tokio::test]
async fn fifty_at_once_are_told_in_few_messages_and_none_is_dropped() {
    let post = |n: usize| {
        COMPLAINT.replace("\"p1\"", &format!("\"p{n}\"")).replace("\"jo\"", &format!("\"u{n}\""))
    };
    let script: Vec<String> = (1..=50).map(post).collect();
    let script = script.join("\n");
    // They say the same, and are to be told one by one all the same.
    let (brand, more) = ("storm_at = 1000", "at_most = \"20/h\"\n");
    let mut t = Town::of(Plan { script: &script, brand, more, ..Plan::default() }).await;
    t.pass(5).await;
    t.restart().await;
    assert!(t.said().len() <= 20, "{} messages in an hour", t.said().len());
    t.clock.advance(HOUR);
    t.settle().await;
    let said = t.said();
    assert!(said.len() <= 21, "{} messages", said.len());
    let together = said.iter().find(|s| s.starts_with("* Diversi insieme: Acme"));
    assert!(together.is_some_and(|s| s.contains("conclusi nel frattempo: 0")), "{together:?}");
    let said = said.join("\n");
    let mut grouped = 0;
    for n in 1..=50 {
        let id = format!("p{n}");
        let link = format!("/cases/{}", t.id(&id).await);
        assert_eq!(said.matches(&link).count(), 1, "{id}");
        grouped += usize::from(t.alerts(&id).await == ["new_complaint grouped"]);
    }
    assert!(grouped >= 30, "{grouped} were told together");
    t.close().await;
}

#[tokio::test]
async fn who_may_be_hurt_waits_for_no_room() {
    let fire = "@acme la stufa che mi avete mandato ha preso fuoco, mio figlio è al pronto \
                soccorso, nessuno risponde, vergogna!";
    let post = |id: &str, at: i64, text: &str| {
        serde_json::json!({ "at": at, "do": "post", "id": id, "author": id, "handle": id,
            "lang": "it", "text": text })
        .to_string()
    };
    let lost = "@acme pacco perso, nessuno risponde, vergogna!";
    let script = [post("p1", 2, lost), post("p2", 6, lost), post("fire", 6, fire)].join("\n");
    let (brand, more) =
        ("sla = \"slow\"", "at_most = \"1/h\"\n[sla.slow]\nfirst_response = \"8h\"\n");
    let t = Town::of(Plan { script: &script, brand, more, ..Plan::default() }).await;
    t.pass(10).await;
    assert_eq!(t.alerts("p1").await, ["new_complaint sent"]);
    assert_eq!(t.alerts("p2").await, ["new_complaint due"]);
    assert_eq!(t.alerts("fire").await, ["new_complaint sent"]);
    t.clock.advance(HOUR);
    t.settle().await;
    assert_eq!(t.alerts("p2").await, ["new_complaint sent"]);
    t.close().await;
}

#[tokio::test]
async fn what_its_author_took_back_is_not_told_once_more() {
    let deleted = r#"{"at":20,"do":"delete","id":"p1"}"#;
    let (t, ntfy) = with_a_phone(&format!("{COMPLAINT}\n{deleted}")).await;
    t.pass(40).await;
    let changed = ntfy.changed();
    assert_eq!(changed.len(), 1, "{changed:?}");
    assert!(title(&changed[0]).starts_with("Ritirato dal cliente"), "{}", changed[0]);
    let told = changed[0].to_string();
    assert!(!told.contains("pacco") && !told.contains("vergogna"), "{told}");
    t.close().await;
}
