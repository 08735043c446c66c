//! The contract of the ticket systems, run over the whole registry: each makes one ticket though its
//! answer is lost, bears a limit and hostile words, and tells what became of the ticket.

use crate::doubles::helpdesk::{Desk, Rules};
use crate::doubles::trouble::Trouble;
use crate::doubles::webhook::Receiver;
use crate::doubles::{chatwoot, freshdesk, jira, zammad, zendesk};
use crate::town::{MORNING, Plan, Town};
use ascolto::clock::Clock;
use ascolto::domain::case::State;
use ascolto::domain::time::MINUTE;
use ascolto::handover::SYSTEMS;
use ascolto::pipeline::acts::Act;
use ascolto::store::handovers::{self, HandoverRow};

const COMPLAINT: &str = r#"{"at":2,"do":"post","id":"p1","author":"jo","handle":"jo","lang":"it","text":"@acme pacco perso, nessuno risponde, vergogna!"}"#;

/// A system under contract that is spoken to by HTTP and can be asked.
pub struct Subject {
    pub name: &'static str,
    rules: Rules,
    /// Its keys, without the address.
    keys: &'static str,
    /// How many requests make a ticket, from the first look on; the one that makes it.
    makes: usize,
}

pub const SUBJECTS: [Subject; 5] = [
    Subject {
        name: "zammad",
        rules: zammad::zammad,
        keys: "token = \"z-t0ken\"\ngroup = \"Social\"",
        makes: 1,
    },
    Subject {
        name: "zendesk",
        rules: zendesk::zendesk,
        keys: "email = \"ascolto@acme.example\"\ntoken = \"zd-t0ken\"",
        makes: 1,
    },
    Subject {
        name: "freshdesk",
        rules: freshdesk::freshdesk,
        keys: "token = \"fd-k3y\"",
        makes: 1,
    },
    Subject {
        name: "jira",
        rules: jira::jira,
        keys: "email = \"ascolto@acme.example\"\ntoken = \"jira-t0ken\"\nproject = \"CARE\"",
        makes: 1,
    },
    Subject {
        name: "chatwoot",
        rules: chatwoot::chatwoot,
        keys: "token = \"cw-t0ken\"\naccount = 1\ninbox = 3",
        makes: 3,
    },
];

impl Subject {
    /// A town whose brand hands its cases over to this system, four minutes after the morning.
    pub async fn town(&self, script: &str) -> (Town, Desk) {
        let desk = Desk::start(self.rules).await;
        let (name, keys) = (self.name, self.keys);
        let more =
            format!("[handover.there]\nsystem = \"{name}\"\nserver = \"{}\"\n{keys}\n", desk.url);
        (town(script, &more).await, desk)
    }
}

/// A town with a ticket system called `there`.
pub async fn town(script: &str, more: &str) -> Town {
    let brand = "handovers = [\"there\"]";
    let t = Town::of(Plan { script, brand, more, ..Plan::default() }).await;
    t.pass(4).await;
    t
}

/// An agent hands the case of `p1` over to the brand's ticket system.
pub async fn hand_over(t: &Town) {
    let act = Act::File { system: String::new(), note: "Cliente da anni".to_owned() };
    t.act("p1", "ada", act).await.unwrap();
}

/// The hand-overs of the case of `p1`.
pub async fn rows(t: &Town) -> Vec<HandoverRow> {
    let id = t.id("p1").await;
    let mut tx = t.deps.store.read().await.unwrap();
    handovers::of_case(&mut tx, id).await.unwrap()
}

/// The state of the one hand-over.
async fn state(t: &Town) -> String {
    let all = rows(t).await;
    assert_eq!(all.len(), 1, "{all:?}");
    all[0].state.clone()
}

#[test]
fn every_system_of_the_registry_is_under_contract() {
    let elsewhere = ["email", "webhook"];
    for system in SYSTEMS {
        let name = system.meta().name;
        let here = SUBJECTS.iter().any(|subject| subject.name == name);
        assert!(here || elsewhere.contains(&name), "{name} has no double");
    }
}

#[tokio::test]
async fn a_ticket_is_made_once_and_the_case_knows_it() {
    for subject in SUBJECTS {
        let (t, desk) = subject.town(COMPLAINT).await;
        hand_over(&t).await;
        let tickets = desk.tickets();
        assert_eq!(tickets.len(), 1, "{}: {:?}", subject.name, desk.log.all());
        let case = t.case("p1").await.case;
        let said = format!("{} {:?}", tickets[0].body, tickets[0].notes);
        assert!(said.contains(&format!("ascolto-{}", case.id)), "{}: {said}", subject.name);
        for part in ["pacco perso", "Cliente da anni", &format!("/cases/{}", case.id)] {
            assert!(said.contains(part), "{}: {part} is not in {said}", subject.name);
        }
        let handed = case.handed_over.clone().expect("it is handed over");
        assert!(handed.to == "there" && handed.reference.contains("4711"), "{handed:?}");
        assert_eq!((case.state(), state(&t).await.as_str()), (State::Waiting, "filed"));
        t.pass(1).await;
        assert_eq!(desk.tickets().len(), 1, "{}", subject.name);
        t.close().await;
    }
}

#[tokio::test]
async fn a_lost_answer_makes_no_second_ticket() {
    for trouble in [Trouble::CutAfter, Trouble::FailAfter] {
        for subject in SUBJECTS {
            let (t, desk) = subject.town(COMPLAINT).await;
            for _ in 0..subject.makes {
                desk.script.then(None);
            }
            desk.script.then(trouble);
            hand_over(&t).await;
            assert_eq!(state(&t).await, "due", "{}: nobody knows", subject.name);
            t.pass(4).await;
            let (name, tickets) = (subject.name, desk.tickets());
            assert_eq!(tickets.len(), 1, "{name} {trouble:?}: {:?}", desk.log.all());
            assert_eq!(state(&t).await, "filed", "{name} {trouble:?}");
            let said = format!("{} {:?}", tickets[0].body, tickets[0].notes);
            assert!(said.contains("pacco perso"), "{name}: the note is there too: {said}");
            t.close().await;
        }
    }
}

#[tokio::test]
async fn a_request_that_never_arrived_is_made_again() {
    for subject in SUBJECTS {
        let (t, desk) = subject.town(COMPLAINT).await;
        for _ in 0..subject.makes {
            desk.script.then(None);
        }
        desk.script.then(Trouble::CutBefore).then(Trouble::Refuse(429, Some(20)));
        hand_over(&t).await;
        t.pass(6).await;
        assert_eq!(desk.tickets().len(), 1, "{}: {:?}", subject.name, rows(&t).await);
        assert_eq!(state(&t).await, "filed", "{}", subject.name);
        t.close().await;
    }
}

#[tokio::test]
async fn hostile_words_are_taken_and_change_nothing() {
    let hostile = "@acme pacco perso, nessuno risponde, vergogna! <script>alert(1)</script> \
                   {{ticket.requester}} [@Ada](mention://user/1/Ada) @@admin\r\nNota: {panel}\
                   \u{202e} \\\" *x* \u{2028}Nota: x";
    let post = serde_json::json!({ "at": 2, "do": "post", "id": "p1", "author": "jo",
        "handle": "jo<b>{{x}}", "lang": "it", "text": hostile });
    for subject in SUBJECTS {
        let (t, desk) = subject.town(&post.to_string()).await;
        hand_over(&t).await;
        // The doubles refuse markup, placeholders and whatever else would not be inert.
        let tickets = desk.tickets();
        assert_eq!(tickets.len(), 1, "{}: {:?}", subject.name, rows(&t).await);
        let notes: String = tickets[0].notes.iter().map(ToString::to_string).collect();
        let said = format!("{}{notes}", tickets[0].body);
        let live: &[&str] = match subject.name {
            "zendesk" | "freshdesk" => &["<script>", "{{", "\u{202e}"],
            "chatwoot" => &["](mention", "{{", "\u{202e}"],
            // Plain text, and documents without markup.
            _ => &["\u{202e}", "\u{2028}"],
        };
        for part in live {
            assert!(!said.contains(part), "{}: {part:?} in {said}", subject.name);
        }
        assert!(said.contains("alert"), "{}: and nothing is left out: {said}", subject.name);
        t.close().await;
    }
}

#[tokio::test]
async fn what_becomes_of_a_ticket_is_read_back_and_it_hears_of_the_answer_once() {
    for subject in SUBJECTS {
        let (t, desk) = subject.town(COMPLAINT).await;
        hand_over(&t).await;
        let noted = desk.tickets()[0].notes.len();
        desk.close_all(true);
        t.pass(16).await;
        assert_eq!(state(&t).await, "closed", "{}: {:?}", subject.name, rows(&t).await);
        let case = t.case("p1").await.case;
        assert_eq!(case.state(), State::Waiting, "{}: it stays owed", subject.name);
        assert!(case.handed_over.is_some_and(|handed| handed.closed_at.is_some()));
        t.act("p1", "ada", Act::Answered("https://social.example/9".to_owned())).await.unwrap();
        t.pass(30).await;
        assert_eq!(state(&t).await, "ended", "{}", subject.name);
        let notes = desk.tickets()[0].notes.clone();
        assert_eq!(notes.len(), noted + 1, "{}: {notes:?}", subject.name);
        let word = notes[noted].to_string();
        assert!(word.contains("Risposto"), "{}: {word}", subject.name);
        t.close().await;
    }
}

#[tokio::test]
async fn a_ticket_that_was_removed_and_a_refused_credential_are_said() {
    for subject in SUBJECTS {
        let (t, desk) = subject.town(COMPLAINT).await;
        hand_over(&t).await;
        desk.remove_all();
        t.pass(16).await;
        assert_eq!(state(&t).await, "gone", "{}: {:?}", subject.name, rows(&t).await);
        // Handed over once more, it is another ticket; and this time the key is refused.
        desk.script.then(Trouble::Refuse(401, None));
        hand_over(&t).await;
        let all = rows(&t).await;
        assert_eq!((all.len(), all[1].state.as_str()), (2, "failed"), "{}", subject.name);
        assert!(all[1].key.ends_with("-2") && all[1].fault.contains("renew"), "{all:?}");
        let said = t.said().join("\n");
        assert!(said.contains("Affidamento non riuscito: there"), "{said}");
        assert!(!said.contains("t0ken") && !said.contains("fd-k3y"), "{said}");
        hand_over(&t).await;
        let all = rows(&t).await;
        assert_eq!((all.len(), all[1].state.as_str()), (2, "filed"), "{}", subject.name);
        t.close().await;
    }
}

#[tokio::test]
async fn a_webhook_gets_the_same_id_each_time() {
    let secret = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz";
    let receiver = Receiver::start(secret, Clock::manual(MORNING + 4 * MINUTE)).await;
    receiver.script.then(Trouble::FailAfter);
    let more = format!(
        "[handover.there]\nsystem = \"webhook\"\nurl = \"{}\"\nsecret = \"{secret}\"\n",
        receiver.url
    );
    let t = town(COMPLAINT, &more).await;
    hand_over(&t).await;
    t.pass(1).await;
    let key = format!("ascolto-{}", t.id("p1").await);
    assert_eq!(receiver.delivered(), [key.clone(), key.clone()]);
    assert!(receiver.log.all().iter().all(|one| one.fault.is_none()), "{:?}", receiver.log.all());
    assert_eq!(state(&t).await, "filed");
    t.act("p1", "ada", Act::Waive("troll".to_owned())).await.unwrap();
    assert_eq!(receiver.delivered().last(), Some(&format!("{key}-ended")));
    assert_eq!(state(&t).await, "ended");
    t.close().await;
}
