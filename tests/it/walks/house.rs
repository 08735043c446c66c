//! `House`: the whole product on one file, listening to one sea, and what must hold at its end.

use super::sea::{Kind, Sea, Shown};
use super::shore::{Shore, WINDOW};
use super::tale::{Event, Tale};
use crate::simulation::fate::Fate;
use crate::simulation::house::process;
use crate::town::{self, MORNING};
use ascolto::app;
use ascolto::clock::Clock;
use ascolto::config::{self, Config};
use ascolto::domain::time::{MINUTE, SECOND};
use ascolto::networks;
use ascolto::pipeline::{Deps, runner};
use ascolto::store::{StoreError, coverage, lanes, ledger, mentions};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tempfile::TempDir;

/// The house and all that outlives its processes.
pub struct House {
    deps: Arc<Deps>,
    shore: Arc<Shore>,
    fate: Arc<Fate>,
    clock: Clock,
    seed: u64,
    config: Config,
    folder: TempDir,
    deaths: usize,
}

impl House {
    /// Opens the house on a sea in which there are posts already, one a minute.
    pub async fn open(kind: Kind, tale: &Tale) -> House {
        let (clock, fate) = (Clock::manual(MORNING), Arc::new(Fate::default()));
        let shore = Arc::new(Shore::new(kind, tale.page, clock.clone(), fate.clone()));
        for before in (1..=tale.before).rev() {
            shore.sea.lock().unwrap().post(MORNING - before * MINUTE, 1, 0);
        }
        let folder = town::folder();
        let file = folder.path().join("ascolto.toml");
        let text = format!(
            "[store]\nurl = \"sqlite:{db}\"\n\
             [brand.acme]\ntitle = \"Acme\"\nterms = [\"Acme\"]\nhandles = [\"acme\"]\n\
             zone = \"Europe/Rome\"\nlanguage = \"it\"\nrecipients = [\"room\"]\n\
             [channel.sea]\nbrand = \"acme\"\n{channel}\
             [recipient.room]\nnotifier = \"terminal\"\n",
            db = folder.path().join("walks.db").display(),
            channel = shore.channel(),
        );
        std::fs::write(&file, text).unwrap();
        let config = config::load(&file, std::iter::empty(), &app::registry())
            .unwrap_or_else(|problems| panic!("{}", problems[0]));
        let deps =
            process(&config, shore.clone(), &fate, &clock, 0).await.expect("nothing dies yet");
        House { deps, shore, fate, clock, seed: 0, config, folder, deaths: 0 }
    }

    fn sea(&self) -> std::sync::MutexGuard<'_, Sea> {
        self.shore.sea.lock().unwrap()
    }

    /// Lets something happen.
    pub async fn happens(&mut self, event: &Event) {
        // Nothing happens at one and the same time with something else.
        self.clock.advance(SECOND);
        match *event {
            Event::Post { groups, many, late } => {
                for _ in 0..groups {
                    self.clock.advance(100);
                    self.sea().post(self.clock.now(), many, late);
                }
            }
            Event::Edit(which) => {
                let now = self.clock.now();
                let again = format!(", di nuovo {}", now.0);
                self.sea().change(which, |post| post.text.push_str(&again));
            }
            Event::Delete(which) => {
                // Only Bluesky tells of it.
                let told = self.shore.kind == Kind::NewestFirst;
                self.sea().change(which, |post| {
                    (post.deleted, post.vanished) = (post.deleted || told, post.vanished || !told);
                });
            }
            Event::Vanish(which) => self.sea().change(which, |post| post.vanished = true),
            Event::Trouble(trouble) => self.sea().trouble(trouble),
            Event::Die(at) => self.fate.begin(Some(at)),
            Event::Pass(minutes) => {
                for _ in 0..minutes {
                    self.minutes(1).await;
                }
            }
        }
    }

    /// Time goes by, and what is then due is done.
    async fn minutes(&mut self, many: i64) {
        self.clock.advance(many * MINUTE);
        self.settle().await;
        while self.fate.died().is_some() {
            self.deps.store.close().await;
            self.deaths += 1;
            self.seed += 1;
            self.fate.begin(None);
            let next =
                process(&self.config, self.shore.clone(), &self.fate, &self.clock, self.seed);
            self.deps = next.await.expect("nothing dies now");
            self.settle().await;
        }
    }

    async fn settle(&self) {
        match runner::drain(&self.deps).await {
            Ok(_) => {}
            Err(StoreError::Crashed) => assert!(self.fate.died().is_some()),
            Err(error) => panic!("a step failed: {error}"),
        }
    }

    /// Lets the world rest until the last late post shows and the last lane is tried again, then
    /// says what is not as it must be.
    pub async fn end(mut self) -> Result<(), String> {
        self.fate.begin(None);
        self.sea().calm();
        for minutes in [[1; 12].as_slice(), &[5; 6], &[1; 3]].concat() {
            self.minutes(minutes).await;
        }
        let said = self.judge().await;
        self.deps.store.close().await;
        drop(self.folder);
        said
    }

    async fn judge(&self) -> Result<(), String> {
        let (now, kind) = (self.clock.now(), self.shore.kind);
        let posts = self.sea().posts.clone();
        let seen: Vec<usize> = self.sea().seen(now);
        let window = if kind == Kind::Snapshot { WINDOW } else { usize::MAX };
        let served: BTreeSet<usize> = seen.into_iter().take(window).collect();
        let mut tx = self.deps.store.read().await.unwrap();

        let keys: Vec<_> = posts.iter().map(|post| self.shore.key(post.id)).collect();
        let asked: Vec<(&str, &str)> =
            keys.iter().map(|(_, origin, id)| (*origin, id.as_str())).collect();
        let network = keys.first().map_or("mastodon", |(network, ..)| *network);
        let known = mentions::known(&mut tx, "acme", network, &asked).await.unwrap();
        let known: BTreeMap<&str, _> = known.iter().map(|k| (k.external_id.as_str(), k)).collect();
        for (n, (post, (.., id))) in posts.iter().zip(&keys).enumerate() {
            let row = known.get(id.as_str());
            if served.contains(&n) && !post.deleted && row.is_none() {
                return Err(format!("{id} of {} is served and was missed", post.at));
            }
            let (Some(row), Some(shown)) = (row, &post.shown) else { continue };
            let right = match shown {
                Shown::Text(text) => !row.gone && row.text == *text,
                Shown::Deleted => row.gone,
            };
            // What left a feed's window unheard is not served any more.
            if !right && (kind != Kind::Snapshot || served.contains(&n)) {
                let stands = if row.gone { "as a tombstone" } else { row.text.as_str() };
                return Err(format!("{id} was shown as {shown:?} and stands {stands:?}"));
            }
        }

        let options = ledger::Options { verify: true, ..ledger::Options::default() };
        let account = ledger::check(&mut tx, now, &options).await.unwrap();
        if !account.balanced() {
            return Err(account.table());
        }
        if account.totals.mentions != known.len() as u64 {
            let stored = account.totals.mentions;
            return Err(format!("{stored} mentions are stored, of {} posts", known.len()));
        }
        for lane in lanes::lanes(&mut tx).await.unwrap() {
            let late = lane.finished_at.is_none_or(|at| at < now.0 - 5 * MINUTE);
            if late || lane.failures > 0 {
                return Err(format!("the lane has not come to rest: {lane:?}"));
            }
        }
        // What left a feed's window can be lost for good; the lists lose nothing.
        let may_lose = kind == Kind::Snapshot;
        let gaps = coverage::gaps(&mut tx).await.unwrap();
        match gaps.iter().find(|gap| gap.state != "closed" && !may_lose) {
            Some(gap) => Err(format!("a gap stands: {gap:?}")),
            None => self.within_budget(network),
        }
    }

    /// No span as long as its window held more requests than the network's first limit, and none
    /// came while the server had closed.
    fn within_budget(&self, network: &str) -> Result<(), String> {
        let sea = self.sea();
        let rule = networks::network(network).expect("a network of ours").meta().buckets[0];
        let most = usize::try_from(rule.limit).expect("a limit is no great number");
        for from in &sea.asked {
            let within =
                |at: &&ascolto::domain::Instant| (*from..*from + rule.window_ms).contains(*at);
            let many = sea.asked.iter().filter(within).count();
            if many > most {
                return Err(format!("{many} requests within a window from {from}"));
            }
        }
        // Who dies between the answer and the note of it asks once more: for a session, whether it
        // is good, and for the lane.
        match sea.impatient {
            many if many <= 3 * self.deaths => Ok(()),
            many => Err(format!("{many} requests came although the limit was used up")),
        }
    }
}
