//! The contract suite: what every network promises, run over its tapes without engine or server.
//!
//! A network joins with one [`Subject`] and a folder of tapes. Golden files stand beside the tapes
//! as insta snapshots; look at each before you accept it.

mod damage;
mod driver;
mod golden;
mod hints;
mod rechecks;
mod replies;
mod settings;
mod tape;
mod walks;

use ascolto::networks::network;
use ascolto::wire::{MailOp, Network};
use driver::{Run, Shelf, Stop};
use std::any::Any;
use tape::{Act, Exchange, Tape};

/// A network under contract.
pub struct Subject {
    pub network: &'static dyn Network,
    /// Settings as in the configuration.
    toml: &'static str,
    /// What must show nowhere.
    secrets: &'static [&'static str],
    tapes: Vec<Tape>,
    login: Vec<Exchange>,
}

impl Subject {
    fn settings(&self) -> Box<dyn Any + Send + Sync> {
        let table = self.toml.parse().expect("TOML");
        self.network.settings(&table).expect("settings that do")
    }

    /// The tapes on which lanes are read.
    fn walks(&self) -> impl Iterator<Item = &Tape> {
        self.tapes.iter().filter(|tape| tape.act == Act::Listen)
    }

    /// A run against one poll of a tape.
    fn run<'a>(&'a self, tape: &'a Tape, poll: usize) -> Run<'a> {
        let poll = &tape.polls[poll];
        let run = Run::new(self, poll.now, move |_, request| {
            tape::play(poll.exchanges.iter().chain(&self.login), request)
        });
        *run.office.borrow_mut() =
            Box::new(move |op: &MailOp| Ok(tape::post(poll.mail.iter(), op)));
        run
    }

    /// The same, logged in, as the engine is before it asks anything.
    fn started<'a>(&'a self, tape: &'a Tape, poll: usize) -> Run<'a> {
        let run = self.run(tape, poll);
        run.login().expect("the log-in is taped");
        run
    }

    /// The whole tape, nothing going wrong; the shelf after each poll.
    fn smooth(&self, tape: &Tape) -> Vec<Shelf> {
        let mut shelf = Shelf::default();
        let polls = 0..tape.polls.len();
        polls
            .map(|poll| {
                let run = self.started(tape, poll);
                match shelf.poll(&run, tape.lane.as_deref()) {
                    Ok(()) => {}
                    Err(stop) => panic!("{} poll {poll}: {stop:?}", tape.name),
                }
                shelf.clone()
            })
            .collect()
    }
}

/// Everybody who is under contract.
fn subjects() -> Vec<Subject> {
    let subject = |name: &str, toml, secrets| {
        let (tapes, login) = tape::tapes(name);
        Subject { network: network(name).expect("a network"), toml, secrets, tapes, login }
    };
    vec![
        subject(
            "mastodon",
            "server = \"https://social.example\"\ntoken = \"tk-5ecret\"\nhashtags = [\"acme\"]",
            &["tk-5ecret"],
        ),
        subject(
            "bluesky",
            "handle = \"acme.example\"\napp_password = \"pw-5ecret\"\nsearch = [\"acme\"]",
            &["pw-5ecret", "acc-5ecret", "ref-5ecret"],
        ),
        subject(
            "x",
            "handle = \"acme\"\ntoken = \"tk-5ecret\"\nclient_id = \"cl-1\"\n\
             client_secret = \"cs-5ecret\"\nrefresh_token = \"rf-5ecret\"\n\
             search = [\"acme spa\"]\nbudget_reads = 20000",
            &["tk-5ecret", "cs-5ecret", "rf-5ecret", "at-5ecret", "rf-6ecret"],
        ),
        subject(
            "facebook",
            "page = \"777000000000001\"\ntoken = \"tk-5ecret\"\napp_secret = \"as-5ecret\"\n\
             verify_token = \"vt-5ecret\"\ntagged = true",
            &["tk-5ecret", "as-5ecret", "vt-5ecret"],
        ),
        subject(
            "instagram",
            "account = \"17841400000000777\"\ntoken = \"tk-5ecret\"\n\
             app_secret = \"as-5ecret\"\nverify_token = \"vt-5ecret\"",
            &["tk-5ecret", "as-5ecret", "vt-5ecret"],
        ),
        subject(
            "google_business",
            "location = \"accounts/112233/locations/445566\"\nclient_id = \"cl-1\"\n\
             client_secret = \"cs-5ecret\"\nrefresh_token = \"rf-5ecret\"",
            &["cs-5ecret", "rf-5ecret", "at-5ecret"],
        ),
        subject(
            "reddit",
            "username = \"acme_help\"\nclient_id = \"cl-1\"\nclient_secret = \"cs-5ecret\"\n\
             refresh_token = \"rf-5ecret\"\nhome = [\"acme\"]\nsearch = [\"acme spa\"]",
            &["cs-5ecret", "rf-5ecret", "at-5ecret"],
        ),
        subject("telegram", "token = \"700100:tk-5ecret\"", &["tk-5ecret"]),
        subject(
            "email",
            "address = \"care@acme.example\"\npassword = \"pw-5ecret\"\n\
             imap = \"imap.acme.example\"\nsmtp = \"smtp.acme.example\"\npec = true",
            &["pw-5ecret"],
        ),
        subject("feed", "url = \"https://forum.example/latest?key=k-5ecret\"", &["k-5ecret"]),
    ]
}

/// Whether a walk that was stopped stopped by a fault.
fn fault(end: Result<(), Stop>) -> Option<ascolto::wire::Fault> {
    match end {
        Ok(()) => None,
        Err(Stop::Fault(fault)) => Some(fault),
        Err(Stop::Crash) => panic!("nobody crashed it"),
    }
}
