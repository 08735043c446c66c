//! The script of the kill test: hands over mentions and publishes five replies a second through
//! the API, whether the daemon is alive or not, and remembers what was accepted.

use super::daemon::TOKEN;
use crate::doubles::{client, read_json, with_json};
use ascolto::clock::Clock;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// What the API said yes to.
#[derive(Default)]
pub struct Accepted {
    /// Ids of mentions that were committed.
    pub mentions: BTreeSet<String>,
    /// Replies that were approved.
    pub replies: u64,
}

/// The running script.
pub struct Script {
    stop: watch::Sender<bool>,
    task: Option<JoinHandle<Accepted>>,
}

impl Script {
    /// Starts it.
    pub fn start(address: String) -> Script {
        let (stop, stopped) = watch::channel(false);
        Script { stop, task: Some(tokio::spawn(run(address, stopped))) }
    }

    /// Ends it; gives what was accepted.
    pub async fn stop(&mut self) -> Accepted {
        self.stop.send_replace(true);
        self.task.take().expect("stopped once").await.expect("the script ends well")
    }
}

async fn run(address: String, stopped: watch::Receiver<bool>) -> Accepted {
    let client = client();
    let mut accepted = Accepted::default();
    let mut published: BTreeSet<String> = BTreeSet::new();
    let mut pending = None;
    let mut round = 0u64;
    while !*stopped.borrow() || pending.is_some() {
        tokio::time::sleep(Duration::from_millis(200)).await;
        round += 1;
        // A batch that nobody answered for is handed over again: it may be there already.
        let ids: Vec<String> =
            pending.take().unwrap_or_else(|| (0..5).map(|n| format!("h{round}-{n}")).collect());
        if hand_over(&client, &address, &ids).await.is_some() {
            accepted.mentions.extend(ids);
        } else {
            pending = Some(ids);
        }
        if *stopped.borrow() {
            continue;
        }
        if publish(&client, &address, &mut published).await.is_some() {
            accepted.replies += 1;
        }
    }
    accepted
}

async fn hand_over(client: &reqwest::Client, address: &str, ids: &[String]) -> Option<()> {
    let now = Clock::System.now();
    let mentions: Vec<Value> = ids
        .iter()
        .map(|id| {
            json!({
                "network": "forum", "external_id": id, "kind": "post", "visibility": "public",
                "author": { "id": format!("a-{id}") }, "text": "Bella giornata al parco, niente di nuovo",
                "created_at": now, "url": format!("https://forum.example/{id}"), "thread_id": "",
            })
        })
        .collect();
    let request = client.post(format!("{address}/api/v1/mentions")).bearer_auth(TOKEN);
    let answer = with_json(request, &Value::from(mentions)).send().await.ok()?;
    let accepted = answer.status().is_success();
    let counts = read_json(Ok(answer)).await.filter(|_| accepted)?;
    assert_eq!(counts["rejected"], json!([]), "{counts}");
    Some(())
}

async fn publish(
    client: &reqwest::Client,
    address: &str,
    published: &mut BTreeSet<String>,
) -> Option<()> {
    let get = |path: String| client.get(format!("{address}{path}")).bearer_auth(TOKEN).send();
    let list = "/api/v1/cases?state=waiting&channel=flood&limit=500".to_owned();
    let list = read_json(get(list).await).await?;
    let cases = list["cases"].as_array()?;
    let ready = cases.iter().filter(|c| c["draft_rev"].as_i64().is_some_and(|rev| rev > 0));
    let id = ready.filter_map(|c| c["id"].as_str()).find(|id| !published.contains(*id))?.to_owned();
    let case = read_json(get(format!("/api/v1/cases/{id}")).await).await?;
    let draft = case["drafts"].as_array()?.iter().max_by_key(|d| d["rev"].as_i64())?;
    let body = json!({ "draft_rev": draft["rev"], "text": draft["text"] });
    published.insert(id.clone());
    let request = client.post(format!("{address}/api/v1/cases/{id}/publish")).bearer_auth(TOKEN);
    with_json(request, &body).send().await.ok().filter(|a| a.status().is_success()).map(drop)
}
