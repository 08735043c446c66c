//! The push message: what stands in it, and that it stays within the server's limits.

use super::super::tests::{body, examples, hostile, sample, send, several, why};
use super::*;
use crate::domain::Lang;
use proptest::prelude::*;
use serde_json::{Value, json};

fn sent(alert: &Alert) -> Value {
    serde_json::from_str(&body(&send(&Ntfy, &examples(&Ntfy), alert))).unwrap()
}

#[test]
fn a_sample_alert_is_this_json() {
    assert_eq!(
        sent(&sample()),
        json!({
            "topic": "acme-alerts-h7Kq2vXw9",
            "title": "Nuovo reclamo: acme (mastodon), delivery, serious",
            "message": "gino: Terza settimana e il pacco non è ancora arrivato\n\
                        Answer by: 20 nov 18:00\n\
                        Reply limit: 500\n\
                        Risk: wants to leave, was ignored\n\
                        Why: waits too long “Terza settimana”; did not arrive, or arrived wrong \
                        “non è ancora arrivato”; one star\n\
                        Draft: Buongiorno gino, ci dispiace.\n\
                        https://ascolto.example/cases/01JD",
            "priority": 4,
            "tags": ["orange_circle", "mastodon", "01JDKEY"],
            "click": "https://ascolto.example/cases/01JD",
            "actions": [
                {"action": "view", "label": "Prendi in carico", "url": "https://ascolto.example/act/aaa"},
                {"action": "view", "label": "Pubblica", "url": "https://ascolto.example/act/bbb"},
                {"action": "view", "label": "Rinvia", "url": "https://ascolto.example/act/ccc"},
            ],
        })
    );
}

#[test]
fn of_many_acts_a_phone_shows_those_that_come_first() {
    let shown = |names: &[&'static str]| -> Vec<Value> {
        let mut alert = sample();
        let case = alert.case.as_mut().unwrap();
        let act = case.actions[0].clone();
        let named = |name: &&'static str| AlertAct { name, label: (*name).into(), ..act.clone() };
        case.actions = names.iter().map(named).collect();
        let sent = sent(&alert);
        sent["actions"].as_array().unwrap().iter().map(|act| act["label"].clone()).collect()
    };
    let all = ["take", "publish", "edit", "snooze", "ack", "waive"];
    assert_eq!(shown(&all), ["take", "publish", "ack"]);
    let woken = ["take", "publish", "woken", "edit", "ack"];
    assert_eq!(shown(&woken), ["take", "publish", "woken"]);
    assert_eq!(shown(&["take", "answered", "snooze", "waive"]), ["take", "answered", "snooze"]);
}

#[test]
fn hostile_text_stays_on_its_line() {
    let sent = sent(&hostile());
    let message = sent["message"].as_str().unwrap();
    assert!(message.chars().all(|c| c == '\n' || crate::domain::text::is_printable(c)));
    assert_eq!(message.lines().filter(|l| l.contains("evil.example")).count(), 1, "{message}");
    assert!(!sent["title"].as_str().unwrap().contains('\n'));
    assert!(message.contains("Not re-checked"));
}

#[test]
fn an_alert_without_a_case_says_what_to_do() {
    let mut alert = sample();
    alert.case = None;
    alert.reason = Reason::ChannelDeaf;
    alert.body = "Renew the token.".into();
    alert.urgent = true;
    let sent = sent(&alert);
    assert_eq!(sent["message"], "Renew the token.");
    assert_eq!(sent["priority"], 5);
    assert!(sent.get("click").is_none() && sent.get("actions").is_none());
}

#[test]
fn a_change_replaces_the_message_and_makes_no_sound() {
    let settings = Ntfy.settings(&examples(&Ntfy)).unwrap();
    let mut alert = sample();
    (alert.of, alert.rings, alert.title) = (Some("01JDFIRST".into()), false, "Taken".into());
    let cx = Ctx { settings: &*settings, session: None, now: alert.at, own: &[], seed: 1 };
    assert!(Ntfy.edit(&alert, "", &cx).is_none(), "nothing is known of what stands there");
    let mut talk = Ntfy.edit(&alert, "xE73Iyuabi", &cx).unwrap();
    let crate::wire::Step::Ask(asks) = talk.start(&cx) else { panic!("it asks") };
    let sent: Value = serde_json::from_str(&body(&asks[0])).unwrap();
    assert_eq!((&sent["sequence_id"], &sent["priority"]), (&json!("xE73Iyuabi"), &json!(2)));
    assert!(sent["title"].as_str().unwrap().starts_with("Taken"));
}

#[test]
fn fifty_things_are_all_named_and_fit() {
    let mut alert = several();
    alert.lines = vec![
        AlertLine {
            text: "20 nov 18:00 @gino: “il pacco non arriva”".repeat(3),
            ..alert.lines[0].clone()
        };
        50
    ];
    let message = message(&alert, Catalogue::of(Lang::IT));
    assert!(message.len() <= MOST_MESSAGE, "{}", message.len());
    assert_eq!(message.matches("/cases/01JA").count(), 50, "{message}");
}

#[test]
fn the_credential_travels_as_a_secret_only() {
    let ask = send(&Ntfy, &examples(&Ntfy), &sample());
    let Via::Http(request) = &ask.via else { panic!("ntfy speaks HTTP") };
    assert!(request.headers.is_empty());
    assert_eq!(request.secret_headers[0].1.expose(), "Bearer tk_example");
    assert_eq!(request.url.as_str(), "https://ntfy.example.com/");
}

#[test]
fn only_ntfys_own_answer_counts_as_delivered() {
    let got = |body: &str| {
        Got::Http(Response { status: 200, body: body.as_bytes().to_vec(), ..Response::default() })
    };
    assert_eq!(echo(got(r#"{"id":"x1","event":"message"}"#)).unwrap().remote, "x1");
    assert_eq!(echo(got("<html>Log in</html>")).unwrap_err().next, Next::Refused);
}

#[test]
fn wrong_settings_are_explained_without_showing_them() {
    for (server, topic, token, key) in [
        ("ntfy.sh", "t", "tk", "server"),
        ("https://ntfy.sh/topic", "t", "tk", "server"),
        ("https://ntfy.sh", "a topic", "tk", "topic"),
        ("https://ntfy.sh", "", "tk", "topic"),
        ("https://ntfy.sh", "t", "t\nk", "token"),
    ] {
        let table = toml::toml! { server = server
        topic = topic
        token = token };
        let fault = Ntfy.settings(&table).err().unwrap();
        assert_eq!(fault.key, key);
        assert!(!fault.why.contains("a topic") && !fault.why.contains('\n'));
    }
    assert!(Ntfy.settings(&toml::toml! { topic = "t" }).is_ok(), "the rest has defaults");
}

proptest! {
    #[test]
    fn the_message_fits_and_keeps_its_link(
        text in r"(\PC|👩‍👩‍👧‍👦|\n){0,40}", times in 0usize..150, long in 0usize..3_000,
    ) {
        let mut alert = sample();
        alert.title = text.repeat(times);
        alert.not_rechecked = true;
        let case = alert.case.as_mut().unwrap();
        case.text = text.repeat(times);
        case.author = text.repeat(times);
        case.draft = text.repeat(times);
        case.why = vec![why("word", &text.repeat(times)); 9];
        case.link = format!("https://ascolto.example/{}", "x".repeat(long));
        let message = message(&alert, Catalogue::of(Lang::IT));
        prop_assert!(message.len() <= MOST_MESSAGE, "{}", message.len());
        prop_assert!(message.ends_with(&alert.case.as_ref().unwrap().link));
    }
}
