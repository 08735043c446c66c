//! The agents of days that are lived through: they take and forget, put off, hand over, promise, end
//! and reopen cases, as a seed will have it.

use super::house::House;
use crate::chance::Chance;
use ascolto::domain::time::MINUTE;
use ascolto::domain::{CaseId, Instant, ReplyId};
use ascolto::pipeline::acts::{self, Act, ActError};
use ascolto::pipeline::persons::{self, Lead};
use ascolto::pipeline::promises::DateAct;
use ascolto::pipeline::woken;
use ascolto::store::inbox::{self, Filter};
use ascolto::store::{StoreError, outbox};

const AGENTS: &[&str] = &["ada", "bob", "eve"];

/// What an answer promises, if anything.
const PROMISES: &[&str] = &[
    "",
    "",
    " Le faremo sapere entro 4h.",
    " Entro un'ora la richiamiamo.",
    " La richiamiamo domani alle 12.",
    " Entro le 18 di domani il pacco sarà da lei.",
];

/// The agents.
pub struct Staff {
    chance: Chance,
    /// Every text that an agent asked to publish: each is written once.
    pub texts: Vec<String>,
    /// Replies that the house accepted.
    pub replies: Vec<ReplyId>,
}

impl Staff {
    /// Agents who follow a seed.
    pub fn new(seed: u64) -> Staff {
        Staff { chance: Chance::new(seed ^ 0x57AF), texts: Vec::new(), replies: Vec::new() }
    }

    /// Somebody does something to a case, mostly to one of those that come first.
    pub async fn act(&mut self, house: &House) {
        let mut tx = house.deps.store.read().await.unwrap();
        let all = inbox::by_urgency(&mut tx, &Filter::default(), 200, 0).await.unwrap();
        drop(tx);
        if all.is_empty() {
            return;
        }
        let first = if self.chance.one_in(3) { all.len() } else { all.len().min(4) };
        let id: CaseId = self.chance.pick(&all[..first]).id.parse().unwrap();
        let agent = *self.chance.pick(AGENTS);
        match self.one(house, id, agent).await {
            Ok(()) | Err(ActError::NotAllowed(_)) => {}
            Err(ActError::Store(StoreError::Crashed)) => assert!(house.fate.died().is_some()),
            Err(error) => panic!("{agent} was told: {error}"),
        }
    }

    async fn one(&mut self, house: &House, id: CaseId, agent: &str) -> Result<(), ActError> {
        let now = house.clock.now();
        let act = match self.chance.below(32) {
            // Nobody thinks of renewing it, so most takes run out.
            0..=6 => Act::Take,
            7 => Act::Release,
            8 => Act::Snooze(self.after(now, 20, 300)),
            9 => Act::Waive("risposto in negozio".to_owned()),
            10 => Act::Close("doppione".to_owned()),
            11 | 12 => Act::Reopen("non era risolto".to_owned()),
            13 => Act::HandOver { to: "magazzino".to_owned(), reference: "M-17".to_owned() },
            14 => Act::TakeBack,
            15 => Act::Moved,
            16 => Act::Contacted(String::new()),
            17 => Act::Answered("https://posts.example/elsewhere".to_owned()),
            18 => Act::NotComplaint("uno scherzo".to_owned()),
            19 => Act::Note("già visto".to_owned()),
            20 | 21 => Act::Acknowledge,
            22 | 23 => {
                let (at, note) = (self.after(now, 30, 600), "richiamare".to_owned());
                Act::Date(DateAct::FollowUp { at, note })
            }
            24 => Act::Date(self.date(now)),
            25 => return self.hush(house, id, now).await,
            26 => return in_vain(house, agent).await,
            _ => return self.publish(house, id, agent).await,
        };
        acts::act(&house.deps, id, agent, act).await
    }

    /// An instant so many minutes from now.
    fn after(&mut self, now: Instant, least: u64, most: u64) -> Instant {
        let minutes = least + self.chance.below(most - least);
        now + i64::try_from(minutes).unwrap() * MINUTE
    }

    /// What a person says of a date that stands there, or does not.
    fn date(&mut self, now: Instant) -> DateAct {
        let number = if self.chance.one_in(3) { 2 } else { 1 };
        let note = "detto al telefono".to_owned();
        match self.chance.below(3) {
            0 => DateAct::Kept { number, url: String::new() },
            1 => DateAct::Correct { number, due: self.after(now, 30, 600), note },
            _ => DateAct::Drop { number, note },
        }
    }

    /// The lead silences the author of a case, or hears that author again.
    async fn hush(&mut self, house: &House, id: CaseId, now: Instant) -> Result<(), ActError> {
        let (id, lead) = (id.to_string(), Lead::of_this_machine("anna"));
        if self.chance.one_in(2) {
            return persons::unmute(&house.deps, &id, &lead).await;
        }
        let until = self.after(now, 60, 400);
        persons::mute(&house.deps, &id, &lead, "insulti", until).await
    }

    async fn publish(&mut self, house: &House, id: CaseId, agent: &str) -> Result<(), ActError> {
        let promise = self.chance.pick(PROMISES);
        let number = self.texts.len();
        let text = format!("Ci scusiamo, guardiamo subito (n{number}).{promise}");
        self.texts.push(text.clone());
        let rev = acts::draft(&house.deps, id, agent, &text).await?;
        self.replies.push(acts::publish(&house.deps, id, agent, rev, &text).await?);
        Ok(())
    }
}

/// Whoever was woken last says that it need not have been.
async fn in_vain(house: &House, agent: &str) -> Result<(), ActError> {
    let mut tx = house.deps.store.read().await.unwrap();
    let told = outbox::newest(&mut tx, 100).await.unwrap();
    drop(tx);
    match told.iter().find(|alert| !alert.wake.is_empty()) {
        Some(alert) => woken::in_vain(&house.deps, alert.id.parse().unwrap(), agent).await,
        None => Ok(()),
    }
}
