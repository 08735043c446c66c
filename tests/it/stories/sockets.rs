//! Presses by a socket that we open: acknowledged there, and a new one when the server asks for it.

use crate::doubles::desk::{self, Service};
use crate::doubles::jetstream::Jetstream;
use crate::town::{Plan, Town};
use ascolto::domain::case::State;
use ascolto::pipeline::presses;
use serde_json::{Value, json};
use std::pin::pin;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

const COMPLAINT: &str = r#"{"at":2,"do":"post","id":"p1","author":"jo","handle":"jo","lang":"it","text":"@acme pacco perso, nessuno risponde, vergogna!"}"#;
/// Nobody waits longer for what should come.
const PATIENCE: Duration = Duration::from_secs(30);

async fn with_a_socket(desk: &Service) -> Town {
    let more = desk.recipient("desk", "way = \"socket\"");
    let plan = Plan {
        script: COMPLAINT,
        recipients: &["desk", "room"],
        more: &more,
        registry: desk::REGISTRY,
        ..Plan::default()
    };
    let t = Town::of(plan).await;
    t.know("ada", "desk", "U1").await;
    t.pass(4).await;
    t
}

#[tokio::test]
async fn what_comes_by_the_socket_acts_and_is_acknowledged() {
    let (desk, line) = (Service::start().await, Jetstream::start().await);
    desk.opens(&line.url.replace("ws:", "http:"));
    let t = with_a_socket(&desk).await;
    let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
    presses::start(&t.deps, &stop, &tasks);
    line.say(&json!({ "hello": "there" }));
    assert_eq!(line.heard.wait_for(1).await, ["hello to you"]);
    let press = json!({ "key": "k1", "by": "U1", "button": desk.button("take") });
    line.say(&press);
    let acked = |text: &str| serde_json::from_str::<Value>(text).expect("it is JSON");
    let heard = line.heard.wait_for(2).await;
    let expected = json!({ "key": "k1", "done": true, "text": "Preso in carico da ada" });
    assert_eq!(acked(&heard[1]), expected);
    assert_eq!(desk.answers.wait_for(1).await[0]["done"], true);

    line.say(&json!({ "ends": true }));
    assert_eq!(line.log.wait_for(2).await.len(), 2, "a new one is opened at once");
    line.say_text("no JSON");
    line.say(&press);
    let heard = line.heard.wait_for(3).await;
    assert_eq!(acked(&heard[2]), expected, "brought again it is acknowledged again");
    stop.cancel();
    tasks.close();
    tokio::time::timeout(PATIENCE, tasks.wait()).await.expect("it ends when it is told to");
    assert_eq!(t.state("p1").await, State::Taken);
    t.close().await;
}

#[tokio::test]
async fn a_socket_that_is_refused_is_told_elsewhere() {
    let desk = Service::start().await;
    let t = with_a_socket(&desk).await;
    desk.refuse(Some(401));
    let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
    let deps = t.deps.clone();
    let mut bell = pin!(deps.bell.notified());
    bell.as_mut().enable();
    presses::start(&t.deps, &stop, &tasks);
    tokio::time::timeout(PATIENCE, bell).await.expect("somebody is to be told");
    stop.cancel();
    tasks.close();
    tokio::time::timeout(PATIENCE, tasks.wait()).await.expect("it ends when it is told to");
    t.settle().await;
    let said = t.said();
    let told = said.iter().filter(|line| line.contains("negli avvisi di desk non ci raggiunge"));
    assert_eq!(told.count(), 1, "{said:?}");
    t.close().await;
}
