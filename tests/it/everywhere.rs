//! One case told in four places, Slack, Teams, mail and Telegram: what is pressed in one of them is
//! done once, and all of them say so. The mail goes over servers that nobody here wrote.

use crate::alerts_by_mail::{Read, recipient};
use crate::doubles::slack::{self, Slack};
use crate::doubles::teams::{Teams, links, shown};
use crate::doubles::telegram_bot::TelegramBot;
use crate::mail::{Office, password};
use crate::town::{Plan, Town};
use ascolto::domain::case::{Attention, State};
use ascolto::domain::obligation::{Evidence, Standing};
use ascolto::pipeline::presses;
use ascolto::web::{Web, router};
use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

const COMPLAINT: &str = r#"{"at":2,"do":"post","id":"p1","author":"jo","handle":"jo","lang":"it","text":"@acme pacco perso, nessuno risponde, vergogna!"}"#;
const TOKEN: &str = "4711:AAb0t-token";
const GROUP: i64 = -1_001_234_567_890;
/// Ann, as Slack knows her.
const ANN: &str = "U1";
/// Bob, as Telegram knows him.
const BOB: i64 = 42;
/// Nobody waits longer for what should come.
const PATIENCE: Duration = Duration::from_secs(30);

/// A house whose brand is told in all four, and two agents.
struct Everywhere {
    t: Town,
    slack: Slack,
    teams: Teams,
    bot: TelegramBot,
    office: Office,
    /// The mailbox.
    to: &'static str,
}

impl Everywhere {
    /// After the complaint was told.
    async fn told(to: &'static str) -> Everywhere {
        let (slack, teams) = (Slack::start().await, Teams::start().await);
        let bot = TelegramBot::start(TOKEN, &[GROUP]).await;
        let more = format!(
            "[recipient.desk]\n{}[recipient.hall]\nnotifier = \"teams\"\nurl = \"{}\"\n{}\
             [recipient.group]\nnotifier = \"telegram\"\ntoken = \"{TOKEN}\"\nchat = {GROUP}\n\
             server = \"{}\"\n[web]\npublic_url = \"https://ascolto.example\"\n",
            slack.recipient(),
            teams.url,
            recipient("letters", to, &password()),
            bot.url,
        );
        let recipients = &["desk", "hall", "letters", "group"];
        let plan =
            Plan { script: COMPLAINT, posts: true, recipients, more: &more, ..Plan::default() };
        let t = Town::of(plan).await;
        let bob = BOB.to_string();
        for (name, service, id) in [("ann", "slack", ANN), ("bob", "telegram", bob.as_str())] {
            t.know(name, service, id).await;
        }
        t.pass(4).await;
        assert_eq!(t.alerts("p1").await, ["new_complaint sent"; 4]);
        Everywhere { t, slack, teams, bot, office: Office::new(), to }
    }

    /// Slack calls for what was pressed there. Gives the status of our answer.
    async fn called(&self, payload: &Value) -> u16 {
        let (headers, body) = slack::signed(payload, self.t.deps.now());
        let web =
            Web { deps: self.t.deps.clone(), session_hours: 1, secure_cookies: false, once: None };
        let mut request = Request::post("/hooks/recipient/desk");
        for (name, value) in &headers {
            request = request.header(name.as_str(), value.as_str());
        }
        let request = request.body(Body::from(body)).unwrap();
        router(web).oneshot(request).await.unwrap().status().as_u16()
    }

    /// What Ann is told once she was told so much; that comes beside the answer to a call.
    async fn whispers(&self, so_many: usize) -> Vec<String> {
        let mut calls = 0;
        while self.slack.whispers(ANN).len() < so_many {
            calls = self.slack.log.wait_for(calls + 1).await.len();
        }
        self.slack.whispers(ANN)
    }

    /// The data and the label of the button for an act in Telegram.
    fn in_telegram(&self, act: &str) -> (String, String) {
        let message = &self.bot.standing(GROUP)[0];
        let found = message.rows.iter().flatten().find_map(|button| {
            let data = button["callback_data"].as_str()?;
            let (token, _) = data.split_once(':')?;
            let deps = &self.t.deps;
            let known = deps.signer.check_button(token, "group", deps.now()).ok()?;
            let label = button["text"].as_str()?.to_owned();
            (known.act.name() == act).then(|| (data.to_owned(), label))
        });
        found.unwrap_or_else(|| panic!("no button for {act}: {message:?}"))
    }

    /// All four say how it stands, and where the answer is: changed in place where that can be done,
    /// by one short word that follows where it cannot.
    async fn all_say(&self, stands: &str, url: &str) {
        let messages = self.slack.standing();
        assert_eq!((messages.len(), messages[0].edits), (1, 1), "{messages:?}");
        assert!(messages[0].text.starts_with(stands), "{}", messages[0].text);
        assert!(messages[0].blocks.to_string().contains(url), "{}", messages[0].blocks);
        assert!(self.slack.thread(&messages[0].ts).is_empty(), "nothing rang");

        let messages = self.bot.standing(GROUP);
        assert_eq!(messages.len(), 1, "{messages:?}");
        assert!(messages[0].text.starts_with(stands), "{}", messages[0].text);
        assert!(messages[0].text.contains(url), "{}", messages[0].text);

        let cards = self.teams.posted();
        assert_eq!((cards.len(), self.teams.faults()), (2, Vec::<String>::new()));
        assert!(shown(&cards[1])[0].starts_with(stands), "{}", cards[1]);
        assert!(links(&cards[1]).iter().any(|link| link.contains(url)), "{}", cards[1]);

        let mails: Vec<Read> =
            self.office.inbox(self.to).await.iter().map(|mail| Read::of(mail)).collect();
        assert_eq!(mails.len(), 2, "{mails:?}");
        assert_eq!(mails[1].head("In-Reply-To"), mails[0].head("Message-ID"));
        assert!(mails[1].text.starts_with(stands.trim_end_matches(": acme")), "{:?}", mails[1]);
        assert!(mails[1].text.contains(url), "{:?}", mails[1]);
    }
}

#[tokio::test]
async fn what_is_published_in_slack_is_one_reply_and_all_four_say_so() {
    let e = Everywhere::told("desk-everywhere@acme.example").await;
    let (late, _) = e.in_telegram("take");
    let message = e.bot.standing(GROUP)[0].id;
    let payload = e.slack.pressed("publish", ANN);
    let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
    presses::start(&e.t.deps, &stop, &tasks);
    let by_socket = |id: &str| {
        e.slack.say(json!({ "envelope_id": id, "type": "interactive",
                            "accepts_response_payload": true, "payload": payload }));
    };
    by_socket("e1");
    assert_eq!(e.slack.acks.wait_for(1).await, [json!({ "envelope_id": "e1" })]);
    e.t.settle().await;

    let posts = e.t.posts.as_ref().expect("the plan has one");
    assert_eq!(posts.standing().len(), 1);
    assert_eq!(e.t.state("p1").await, State::Answered);
    let case = e.t.case("p1").await.case;
    let Standing::Met { evidence: Evidence::Reply { url, .. }, .. } = &case.obligations[0].standing
    else {
        panic!("{:?}", case.obligations)
    };
    assert!(url.starts_with("https://"), "{url}");
    e.all_say("Risposto: acme", url).await;

    // The same press again: Slack did not hear that we took it, and brings it by both ways.
    let events = e.t.case("p1").await.events;
    by_socket("e2");
    e.slack.acks.wait_for(2).await;
    assert_eq!(e.called(&payload).await, 200);
    e.t.settle().await;
    stop.cancel();
    tasks.close();
    tokio::time::timeout(PATIENCE, tasks.wait()).await.expect("it ends when it is told to");
    let told = e.whispers(3).await;
    assert_eq!(told[0], "La risposta sta partendo.");
    assert!(told[1..].iter().all(|word| word.starts_with("Risposto")), "{told:?}");

    // Whoever presses a button that stood there before is told what happened meanwhile.
    e.bot.press_data(GROUP, message, BOB, &late);
    e.t.settle().await;
    let toasts = e.bot.toasts();
    assert_eq!(toasts.len(), 1, "{toasts:?}");
    assert!(toasts[0]["text"].as_str().unwrap().starts_with("Non fatto. Risposto"), "{toasts:?}");

    assert_eq!(posts.standing().len(), 1);
    assert_eq!(e.t.case("p1").await.events, events);
    e.all_say("Risposto: acme", url).await;
    e.t.close().await;
}

#[tokio::test]
async fn a_call_of_slack_publishes_as_well_as_its_socket() {
    let e = Everywhere::told("desk-everywhere-called@acme.example").await;
    let payload = e.slack.pressed("publish", ANN);
    for _ in 0..2 {
        assert_eq!(e.called(&payload).await, 200);
        e.t.settle().await;
        assert_eq!(e.t.posts.as_ref().expect("the plan has one").standing().len(), 1);
        e.all_say("Risposto: acme", "https://rehearsal.invalid/posts/").await;
    }
    assert_eq!(e.whispers(2).await[0], "La risposta sta partendo.");
    e.t.close().await;
}

#[tokio::test]
async fn two_press_at_once_in_two_services_and_one_of_them_wins() {
    let e = Everywhere::told("desk-everywhere-both@acme.example").await;
    let payload = e.slack.pressed("take", ANN);
    let (_, label) = e.in_telegram("take");
    e.bot.press(GROUP, e.bot.standing(GROUP)[0].id, BOB, &label);
    let (status, ()) = tokio::join!(e.called(&payload), e.t.settle());
    assert_eq!(status, 200);
    e.t.settle().await;
    let attention = e.t.case("p1").await.case.attention;
    let Attention::Taken { by, .. } = attention else { panic!("{attention:?}") };
    let done = format!("Preso in carico da {by}");
    let not_done = format!("Non fatto. {done}");
    let (ann, bob) = if by == "ann" { (&done, &not_done) } else { (&not_done, &done) };
    let whispers = e.whispers(1).await;
    assert!(whispers[0].starts_with(ann.as_str()), "{by}: {whispers:?}");
    let toasts = e.bot.toasts();
    assert_eq!(toasts.len(), 1, "{toasts:?}");
    assert_eq!(toasts[0]["text"], *bob, "{by}");
    e.all_say(&format!("{done}: acme"), "").await;
    e.t.close().await;
}
