//! What must be true at the end of every day of the simulation: nothing heard is lost, nothing is
//! published twice, each alert is there once and came.

use super::day::Day;
use super::house::House;
use ascolto::domain::ReplyId;
use ascolto::store::ledger::{self, Ledger};
use ascolto::store::outbox::AlertRow;
use ascolto::store::{Tx, events, mentions, replies};
use std::collections::BTreeSet;

/// The books: the ledger balances, all that stands was heard and judged, and each of the texts that
/// agents wanted published stands once or the store says why not.
pub async fn books(
    seed: u64,
    tx: &mut Tx,
    house: &House,
    day: &Day,
    texts: &[String],
    published: &[ReplyId],
) -> Ledger {
    let options = ledger::Options { verify: true, ..ledger::Options::default() };
    let account = ledger::check(tx, house.clock.now(), &options).await.unwrap();
    let table = account.table();
    assert!(account.balanced(), "seed {seed}, deaths {:?}:\n{table}", house.deaths);
    for id in &day.standing {
        let known = mentions::known(tx, "acme", "rehearsal", &[("", id)]).await.unwrap();
        let quoted = format!("\"{id}\"");
        let about: Vec<&str> = day.script.lines().filter(|l| l.contains(&quoted)).collect();
        assert_eq!(
            known.len(),
            1,
            "seed {seed}, {} walk by {}: {id} was not heard\n{}\n{table}",
            day.walk,
            day.page,
            about.join("\n")
        );
    }
    assert_eq!(mentions::backlog(tx).await.unwrap(), 0, "seed {seed}: untriaged mentions");
    for text in texts {
        let stands = house.outside.standing(text);
        assert!(stands <= 1, "seed {seed}: {text:?} stands there {stands} times");
    }
    for reply in published {
        reply_is_accounted_for(seed, tx, house, *reply).await;
    }
    account
}

/// A reply that was accepted stands once, or the store says why not.
async fn reply_is_accounted_for(seed: u64, tx: &mut Tx, house: &House, reply: ReplyId) {
    for part in replies::parts(tx, &reply.to_string()).await.unwrap() {
        let stands = house.outside.standing(&part.text);
        let fits = match part.state.as_str() {
            "posted" => stands == 1,
            "refused" => stands == 0,
            // A person decides; nothing is known.
            "unknown" => true,
            _ => false,
        };
        assert!(fits, "seed {seed}: {} stands {stands} times: {}", part.state, part.fault);
        assert!(
            part.state == "posted" || !part.fault.is_empty(),
            "seed {seed}: nothing says why {reply} is {}",
            part.state
        );
    }
}

/// Each alert is there once, and one that is said to be sent came.
pub fn alerts_came_once(seed: u64, house: &House, alerts: &[AlertRow]) {
    let mut keys = BTreeSet::new();
    for alert in alerts {
        assert!(keys.insert(&alert.key), "seed {seed}: {} is there twice", alert.key);
        let came = house.outside.delivered(&alert.key) > 0;
        assert!(alert.state != "sent" || came, "seed {seed}: {} never came", alert.key);
    }
}

/// The head of the sealed log: a hash over everything that ever happened.
pub async fn head(tx: &mut Tx) -> String {
    let (_, _, head) = events::seal_of(tx, "acme").await.unwrap().unwrap();
    head.iter().map(|b| format!("{b:02x}")).collect()
}
