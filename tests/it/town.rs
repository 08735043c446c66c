//! `Town`: a whole house on a fake clock, listening to a rehearsed network, for stories.
//!
//! Time moves only by `pass`; the steps are drained by hand. Dropping a town checks nothing:
//! stories end with `t.close().await`, which demands a balanced ledger and a quiet house.

use crate::doubles::posts::Posts;
use ascolto::app::{self, Surroundings};
use ascolto::clock::Clock;
use ascolto::config::{self, Registry};
use ascolto::domain::case::State;
use ascolto::domain::time::MINUTE;
use ascolto::domain::{CaseId, Instant, ReplyId};
use ascolto::ids::Ids;
use ascolto::pipeline::acts::{self, Act, ActError};
use ascolto::pipeline::{Deps, runner};
use ascolto::store::access::{self, AgentRow};
use ascolto::store::cases::CaseFile;
use ascolto::store::mentions::MentionRow;
use ascolto::store::outbox::AlertRow;
use ascolto::store::replies::PartRow;
use ascolto::store::{Store, cases, identities, ledger, mentions, outbox, replies};
use std::sync::{Arc, Mutex};

/// When every rehearsed day begins: Friday 20 November 2026, 08:00 in Rome.
pub const MORNING: Instant = Instant(1_795_158_000_000);

/// How a town is set up.
pub struct Plan<'a> {
    /// The script, JSON lines; times in minutes after the morning.
    pub script: &'a str,
    /// Lines for the brand's table.
    pub brand: &'a str,
    /// Lines for the channel's table.
    pub channel: &'a str,
    /// Whether replies go to a server of their own.
    pub posts: bool,
    /// How many minutes after the morning the house is opened.
    pub opens_after: i64,
    /// Who is told.
    pub recipients: &'a [&'a str],
    /// Lines behind the table of the recipient `room`: its keys first, then tables of others.
    pub more: &'a str,
    /// The networks that there are.
    pub registry: Registry,
}

impl Default for Plan<'_> {
    fn default() -> Self {
        let registry = app::registry();
        Plan {
            script: "",
            brand: "",
            channel: "",
            posts: false,
            opens_after: -1,
            recipients: &["room"],
            more: "",
            registry,
        }
    }
}

/// The house and what surrounds it.
pub struct Town {
    /// The house.
    pub deps: Arc<Deps>,
    /// Its clock.
    pub clock: Clock,
    /// The server for posts, if the plan has one.
    pub posts: Option<Posts>,
    said: Arc<Mutex<Vec<String>>>,
    config: config::Config,
    folder: tempfile::TempDir,
    seed: u64,
}

impl Town {
    /// A town in which this script is played.
    pub async fn new(script: &str) -> Town {
        Town::of(Plan { script, ..Plan::default() }).await
    }

    /// A town after a plan.
    pub async fn of(plan: Plan<'_>) -> Town {
        let clock = Clock::manual(MORNING + plan.opens_after * MINUTE);
        let posts = if plan.posts { Some(Posts::start(clock.clone()).await) } else { None };
        let folder = folder();
        let url = posts.as_ref().map_or(String::new(), |p| format!("url = \"{}\"", p.url));
        let script = match plan.script {
            "" => String::new(),
            lines => format!("script = '''\n{lines}\n'''\n"),
        };
        let text = format!(
            "[store]\nurl = \"sqlite:{db}\"\n[fetch]\nallow_private = [\"127.0.0.1\"]\n\
             [brand.acme]\ntitle = \"Acme\"\nterms = [\"Acme\"]\nhandles = [\"acme\"]\n\
             zone = \"Europe/Rome\"\nlanguage = \"it\"\nrecipients = {recipients:?}\n{brand}\n\
             [channel.piazza]\nnetwork = \"rehearsal\"\nbrand = \"acme\"\nbrand_handle = \"acme\"\n\
             start = \"{MORNING}\"\n{script}{url}\n{channel}\n\
             [recipient.room]\nnotifier = \"terminal\"\n{more}\n",
            db = folder.path().join("town.db").display(),
            brand = plan.brand,
            recipients = plan.recipients,
            channel = plan.channel,
            more = plan.more,
        );
        let file = folder.path().join("ascolto.toml");
        std::fs::write(&file, text).unwrap();
        let config =
            config::load(&file, std::iter::empty(), &plan.registry).unwrap_or_else(|problems| {
                panic!(
                    "{}",
                    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
                )
            });
        let said = Arc::new(Mutex::new(Vec::new()));
        let deps = build(&config, &clock, &said, 1).await;
        Town { deps, clock, posts, said, config, folder, seed: 1 }
    }

    /// Ends the process between two steps and starts it anew on the same file.
    pub async fn restart(&mut self) {
        self.deps.store.close().await;
        self.seed += 1;
        self.deps = build(&self.config, &self.clock, &self.said, self.seed).await;
    }

    /// Ends the process and starts it anew with another configuration: each text replaced.
    pub async fn reconfigure(&mut self, changes: &[(&str, &str)]) {
        let file = self.folder.path().join("ascolto.toml");
        let mut text = std::fs::read_to_string(&file).unwrap();
        for (before, after) in changes {
            assert!(text.contains(before), "`{before}` does not stand in the configuration");
            text = text.replace(before, after);
        }
        std::fs::write(&file, text).unwrap();
        let config = config::load(&file, std::iter::empty(), &app::registry());
        self.config = config.unwrap_or_else(|problems| panic!("{}", problems[0]));
        self.restart().await;
    }

    /// Lets minutes pass, one at a time, and does what is due in each.
    pub async fn pass(&self, minutes: i64) {
        for _ in 0..minutes {
            self.clock.advance(MINUTE);
            self.settle().await;
        }
    }

    /// Does what is due now.
    pub async fn settle(&self) {
        runner::drain(&self.deps).await.unwrap();
    }

    /// Adds an agent whom a service knows by this id.
    pub async fn know(&self, name: &str, service: &str, id: &str) {
        let row = AgentRow {
            name: name.to_owned(),
            password: "x".to_owned(),
            role: "agent".to_owned(),
            language: "it".to_owned(),
            added_at: 0,
        };
        let mut tx = self.deps.store.begin().await.unwrap();
        assert!(access::add_agent(&mut tx, &row).await.unwrap());
        identities::add(&mut tx, service, id, name, self.deps.now()).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// What the terminal showed so far.
    pub fn said(&self) -> Vec<String> {
        self.said.lock().unwrap().clone()
    }

    /// A mention by its id on the network.
    pub async fn mention(&self, external_id: &str) -> MentionRow {
        self.find(external_id).await.unwrap_or_else(|| panic!("{external_id} was not heard"))
    }

    /// A mention by its id on the network, if it was heard.
    pub async fn find(&self, external_id: &str) -> Option<MentionRow> {
        let mut tx = self.deps.store.read().await.unwrap();
        let known =
            mentions::known(&mut tx, "acme", "rehearsal", &[("", external_id)]).await.unwrap();
        let id = known.first()?.id.parse().unwrap();
        mentions::by_id(&mut tx, id).await.unwrap()
    }

    /// The case of a mention.
    pub async fn case(&self, external_id: &str) -> CaseFile {
        let row = self.mention(external_id).await;
        let id =
            row.case_id.unwrap_or_else(|| panic!("{external_id} has no case: {}", row.disposition));
        let mut tx = self.deps.store.read().await.unwrap();
        cases::load(&mut tx, &[id.parse().unwrap()]).await.unwrap().remove(0)
    }

    /// The state of a mention's case.
    pub async fn state(&self, external_id: &str) -> State {
        self.case(external_id).await.case.state()
    }

    /// The alerts about a mention's case: reason and state. What only brings up to date what stands
    /// is among its `updates`.
    pub async fn alerts(&self, external_id: &str) -> Vec<String> {
        let rows = self.told(external_id).await;
        rows.iter().filter(|a| !is_update(a)).map(reason_and_state).collect()
    }

    /// What brought the alerts about a mention's case up to date.
    pub async fn updates(&self, external_id: &str) -> Vec<String> {
        let rows = self.told(external_id).await;
        rows.iter().filter(|a| is_update(a)).map(reason_and_state).collect()
    }

    /// Every row of the outbox about a mention's case.
    pub async fn told(&self, external_id: &str) -> Vec<AlertRow> {
        let id = self.case(external_id).await.case.id;
        let mut tx = self.deps.store.read().await.unwrap();
        outbox::of_case(&mut tx, id).await.unwrap()
    }

    /// An agent does something.
    pub async fn act(&self, external_id: &str, agent: &str, act: Act) -> Result<(), ActError> {
        let id = self.case(external_id).await.case.id;
        let done = acts::act(&self.deps, id, agent, act).await;
        self.settle().await;
        done
    }

    /// An agent publishes the draft as it stands.
    pub async fn publish(&self, external_id: &str, agent: &str) -> Result<ReplyId, ActError> {
        let id = self.case(external_id).await.case.id;
        let draft = {
            let mut tx = self.deps.store.read().await.unwrap();
            cases::draft(&mut tx, id).await.unwrap().expect("there is a draft")
        };
        let reply = acts::publish(&self.deps, id, agent, draft.rev, &draft.text).await;
        self.settle().await;
        reply
    }

    /// The parts of a reply.
    pub async fn parts(&self, reply: ReplyId) -> Vec<PartRow> {
        let mut tx = self.deps.store.read().await.unwrap();
        replies::parts(&mut tx, &reply.to_string()).await.unwrap()
    }

    /// A case id as text for the API.
    pub async fn id(&self, external_id: &str) -> CaseId {
        self.case(external_id).await.case.id
    }

    /// The ledger as it stands.
    pub async fn ledger(&self) -> ledger::Ledger {
        let mut tx = self.deps.store.read().await.unwrap();
        let options = ledger::Options { verify: true, ..Default::default() };
        ledger::check(&mut tx, self.deps.now(), &options).await.unwrap()
    }

    /// Ends the story: nothing is due, no alert is undelivered, the ledger balances.
    pub async fn close(self) {
        self.settle().await;
        let ledger = self.ledger().await;
        assert!(ledger.balanced(), "{}", ledger.table());
        let mut tx = self.deps.store.read().await.unwrap();
        assert_eq!(outbox::waiting(&mut tx).await.unwrap(), 0, "an alert waits");
        drop(tx);
        self.deps.store.close().await;
        drop(self.folder);
    }
}

/// Whether an alert only brings up to date what stands; its key says so whatever became of it.
pub fn is_update(alert: &AlertRow) -> bool {
    alert.key.contains(".moved.")
}

fn reason_and_state(alert: &AlertRow) -> String {
    format!("{} {}", alert.reason, alert.state)
}

/// What surrounds a house of the tests: this clock, chance from a seed, the real network (on this
/// machine), and nobody who hears what it says. What a test has otherwise it puts in its place.
pub fn around(clock: &Clock, seed: u64) -> Surroundings {
    Surroundings {
        clock: clock.clone(),
        ids: Ids::seeded(seed),
        instance: "test".to_owned(),
        hands: app::HANDS,
        say: Arc::new(|_| {}),
        transport: None,
    }
}

/// Notes each line that a house says.
pub fn noted(said: &Arc<Mutex<Vec<String>>>) -> Arc<dyn Fn(&str) + Send + Sync> {
    let said = said.clone();
    Arc::new(move |line: &str| said.lock().unwrap().push(line.to_owned()))
}

/// A folder on memory where there is one: stories commit thousands of times.
pub fn folder() -> tempfile::TempDir {
    let memory = std::path::Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap()
}

async fn build(
    config: &config::Config,
    clock: &Clock,
    said: &Arc<Mutex<Vec<String>>>,
    seed: u64,
) -> Arc<Deps> {
    let around = Surroundings { say: noted(said), ..around(clock, seed) };
    let store = Store::open(config.store.url.expose()).await.unwrap();
    Arc::new(app::build(config, store, around).await.unwrap())
}
