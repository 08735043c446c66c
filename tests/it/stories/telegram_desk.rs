//! A team that works in a Telegram group: one message a case, changed in place; buttons that say who
//! pressed them; what goes wrong there.

use crate::doubles::telegram_bot::{Standing, TelegramBot};
use crate::doubles::trouble::Trouble;
use crate::town::{Plan, Town};
use ascolto::domain::case::State;
use ascolto::domain::time::MINUTE;
use ascolto::fetch::{Peer, Purpose};
use ascolto::links::{Act as Pressable, LinkFault};
use ascolto::pipeline::acts::{self, Act};
use ascolto::store::replies;
use ascolto::wire::{Answer, Asks, Fetched, Form, Press, Pressed};

const TOKEN: &str = "4711:AAb0t-token";
const GROUP: i64 = -1_001_234_567_890;
const TOPIC: i64 = 7;
/// Ada, as Telegram knows her.
const ADA: i64 = 42;
const COMPLAINT: &str = r#"{"at":62,"do":"post","id":"p1","author":"jo","handle":"jo","lang":"it","text":"@acme pacco perso, nessuno risponde, vergogna! Scrivete a @victim_bot o /ban"}"#;

/// A town whose desk is a topic of a group.
async fn desk(recipients: &[&str]) -> (Town, TelegramBot) {
    desk_that_answers(recipients, false).await
}

/// The same; what is published goes to a server of its own, if it is to.
async fn desk_that_answers(recipients: &[&str], posts: bool) -> (Town, TelegramBot) {
    let bot = TelegramBot::start(TOKEN, &[GROUP]).await;
    bot.open_topic(TOPIC);
    let more = format!(
        "[recipient.desk]\nnotifier = \"telegram\"\ntoken = \"{TOKEN}\"\nchat = {GROUP}\n\
         topic = {TOPIC}\nserver = \"{}\"\n[web]\npublic_url = \"https://ascolto.example\"\n",
        bot.url
    );
    let plan = Plan { script: COMPLAINT, posts, recipients, more: &more, ..Plan::default() };
    (Town::of(plan).await, bot)
}

async fn told_desk() -> (Town, TelegramBot) {
    let (t, bot) = desk(&["desk"]).await;
    t.pass(64).await;
    assert_eq!(t.alerts("p1").await, ["new_complaint sent"]);
    (t, bot)
}

/// From now on it is known whose number Ada's is.
async fn knows_ada(t: &Town) {
    t.know("ada", "telegram", &ADA.to_string()).await;
}

/// The only message that stands there.
fn only(bot: &TelegramBot) -> Standing {
    let standing = bot.standing(GROUP);
    assert_eq!(standing.len(), 1, "{standing:?}");
    standing[0].clone()
}

/// The token and the label of the button for an act.
fn button(t: &Town, message: &Standing, name: &str) -> (String, String) {
    let now = t.deps.now();
    let found = message.rows.iter().flatten().find_map(|button| {
        let (token, _) = button["callback_data"].as_str()?.split_once(':')?;
        let act = t.deps.signer.check_button(token, "desk", now).ok()?.act;
        let label = button["text"].as_str()?.to_owned();
        (act.name() == name).then(|| (token.to_owned(), label))
    });
    found.unwrap_or_else(|| panic!("no button for {name}: {message:?}"))
}

/// What is fetched from where the cursor says; then that it was carried out is said there.
async fn hear(t: &Town, cursor: Option<&str>) -> Fetched {
    let desk = &t.deps.recipients["desk"];
    let peer = Peer::Notifier(desk.notifier);
    let fetch = async |cursor: Option<&str>| {
        let talk = {
            let owned = t.deps.engine.ctx(peer, &desk.link).await.unwrap();
            desk.notifier.hear(cursor, 0, &owned.cx()).expect("it listens")
        };
        let talk = t.deps.engine.begin(peer, &desk.link, talk, Purpose::Alert, None);
        talk.finish().await.unwrap()
    };
    let fetched = fetch(cursor).await;
    let after = fetch(Some(&fetched.cursor)).await;
    assert!(after.presses.is_empty(), "what was confirmed comes once");
    fetched
}

async fn answer(t: &Town, press: &Press, answer: &Answer) {
    let desk = &t.deps.recipients["desk"];
    let peer = Peer::Notifier(desk.notifier);
    let talk = {
        let owned = t.deps.engine.ctx(peer, &desk.link).await.unwrap();
        assert!(desk.notifier.is_mine(press, &owned.cx()));
        desk.notifier.answer(press, answer, &owned.cx()).expect("it can be told")
    };
    t.deps.engine.begin(peer, &desk.link, talk, Purpose::Alert, None).finish().await.unwrap();
}

fn form(button: &str, asks: Asks) -> Answer {
    let form = Form {
        title: "Fino a quando?".into(),
        label: "Fino a quando".into(),
        text: String::new(),
        send: "Rinvia".into(),
        button: button.to_owned(),
        asks,
        limit: None,
    };
    let link = "https://ascolto.example/act/xyz".to_owned();
    Answer { form: Some(form), link, ..Answer::default() }
}

#[tokio::test]
async fn a_case_is_one_message_that_moves_with_it_and_calls_nobody() {
    let (t, bot) = told_desk().await;
    let first = only(&bot);
    assert!(first.text.starts_with("Nuovo reclamo: acme"), "{}", first.text);
    assert!(first.text.contains("@\u{2060}victim_bot o /\u{2060}ban"), "{}", first.text);
    assert_eq!((first.topic, first.answers), (Some(TOPIC), None));
    let link = format!("https://ascolto.example/cases/{}", t.id("p1").await);
    assert_eq!(first.rows.last().unwrap()[0]["url"], link);
    t.act("p1", "ada", Act::Take).await.unwrap();
    let taken = only(&bot);
    assert!(taken.text.starts_with("Preso in carico da ada: acme"), "{}", taken.text);
    assert_eq!(taken.id, first.id);
    t.act("p1", "ada", Act::Answered(String::new())).await.unwrap();
    let answered = only(&bot);
    assert!(answered.text.starts_with("Risposto, dice ada: acme"), "{}", answered.text);
    let buttons = answered.rows.iter().flatten().filter(|b| b.get("callback_data").is_some());
    assert_eq!(buttons.count(), 0, "{:?}", answered.rows);
    assert_eq!(bot.called(), Vec::<String>::new());
    assert!(bot.log.all().iter().all(|call| call.refused.is_none()));
    t.close().await;
}

#[tokio::test]
async fn what_rings_is_changed_and_answered_below() {
    let (t, bot) = told_desk().await;
    let first = only(&bot);
    let due = t.case("p1").await.case.deadline().unwrap();
    t.pass((due - t.deps.now()) / MINUTE + 1).await;
    assert_eq!(t.alerts("p1").await, ["new_complaint sent", "overdue sent"]);
    let standing = bot.standing(GROUP);
    assert_eq!(standing.len(), 2, "{standing:?}");
    assert!(standing[0].text.starts_with("Scaduto: acme"), "{}", standing[0].text);
    assert_eq!((standing[1].answers, standing[1].topic), (Some(first.id), Some(TOPIC)));
    assert!(standing[1].rows.is_empty() && standing[1].text.lines().count() == 1);
    t.close().await;
}

#[tokio::test]
async fn where_the_message_was_deleted_what_rings_is_told_anew() {
    let (t, bot) = told_desk().await;
    let first = only(&bot);
    bot.delete(GROUP, first.id);
    let due = t.case("p1").await.case.deadline().unwrap();
    t.pass((due - t.deps.now()) / MINUTE + 1).await;
    assert_eq!(t.alerts("p1").await, ["new_complaint sent", "overdue sent"]);
    let anew = only(&bot);
    assert_ne!(anew.id, first.id);
    assert!(!anew.rows.is_empty(), "with its buttons");
    t.act("p1", "ada", Act::Take).await.unwrap();
    assert!(only(&bot).text.starts_with("Preso in carico da ada"), "and it is that one now");
    t.close().await;
}

#[tokio::test]
async fn a_press_says_who_and_what_and_whoever_pressed_is_told() {
    let (t, bot) = told_desk().await;
    let message = only(&bot);
    let (token, label) = button(&t, &message, "take");
    let query = bot.press(GROUP, message.id, ADA, &label);
    let fetched = hear(&t, None).await;
    let [press] = fetched.presses.as_slice() else { panic!("{fetched:?}") };
    assert_eq!((&press.key, press.by.as_str()), (&query, "42"));
    assert_eq!(press.did, Pressed::Button(token.clone()));
    let checked = t.deps.signer.check_button(&token, "desk", t.deps.now()).unwrap();
    assert_eq!((checked.act, checked.case), (Pressable::Take, t.id("p1").await));
    let done = Answer { text: "Preso in carico".into(), done: true, ..Answer::default() };
    answer(&t, press, &done).await;
    assert_eq!(bot.toasts().len(), 1);
    assert_eq!(bot.toasts()[0]["text"], "Preso in carico");
    // Told once more after a crash: nobody waits for it any more, and that is fine.
    answer(&t, press, &done).await;
    assert_eq!(bot.toasts().len(), 1);
    let later = hear(&t, Some(&fetched.cursor)).await;
    assert_eq!(later, Fetched { presses: Vec::new(), cursor: fetched.cursor });
    t.close().await;
}

#[tokio::test]
async fn a_second_press_chooses_and_a_slip_does_nothing() {
    let (t, bot) = told_desk().await;
    let message = only(&bot);
    let (token, label) = button(&t, &message, "take");
    bot.press(GROUP, message.id, ADA, &label);
    let fetched = hear(&t, None).await;
    answer(&t, &fetched.presses[0], &form(&token, Asks::Until)).await;
    let asked = only(&bot);
    assert_eq!(asked.text, message.text);
    assert_eq!(asked.rows.len(), message.rows.len() + 2, "{:?}", asked.rows);
    assert_eq!(asked.rows[..message.rows.len()], message.rows[..]);
    let hour = &asked.rows[message.rows.len()][0];
    assert_eq!(hour["callback_data"], format!("{token}:1h"));
    bot.press(GROUP, message.id, ADA, hour["text"].as_str().unwrap());
    let fetched = hear(&t, Some(&fetched.cursor)).await;
    let said = Pressed::Form { button: token.clone(), said: "1h".into() };
    assert_eq!(fetched.presses[0].did, said);
    // The next question takes the place of this one.
    answer(&t, &fetched.presses[0], &form(&token, Asks::Sure)).await;
    let sure = only(&bot);
    assert_eq!(sure.rows.len(), message.rows.len() + 1, "{:?}", sure.rows);
    // What moves gives the message its own buttons back.
    t.act("p1", "ada", Act::Take).await.unwrap();
    let data = only(&bot).rows.iter().flatten().map(|b| b.to_string()).collect::<String>();
    assert!(!data.contains(":sure"), "{data}");
    t.close().await;
}

#[tokio::test]
async fn nothing_is_published_by_one_press_alone() {
    let (t, bot) = desk_that_answers(&["desk"], true).await;
    knows_ada(&t).await;
    t.pass(64).await;
    let message = only(&bot);
    let (token, label) = button(&t, &message, "publish");
    assert!(label.starts_with("Pubblica come @acme su "), "{label}");
    bot.press(GROUP, message.id, ADA, &label);
    t.settle().await;
    let posts = t.posts.as_ref().expect("the plan has one");
    assert!(posts.standing().is_empty(), "a slip of the thumb publishes nothing");
    let mut tx = t.deps.store.read().await.unwrap();
    let id = t.id("p1").await;
    assert!(replies::of_case(&mut tx, id).await.unwrap().is_empty());
    drop(tx);
    let toast = bot.toasts()[0]["text"].as_str().unwrap().to_owned();
    assert!(toast.starts_with("Pubblicare questa risposta? È pubblico"), "{toast}");
    let asked = only(&bot);
    assert_eq!(asked.rows.len(), message.rows.len() + 1, "{:?}", asked.rows);
    let sure = &asked.rows[message.rows.len()][0];
    assert_eq!(sure["callback_data"], format!("{token}:sure"));
    bot.press(GROUP, message.id, ADA, sure["text"].as_str().unwrap());
    t.settle().await;
    assert_eq!(posts.standing().len(), 1);
    assert_eq!(t.state("p1").await, State::Answered);
    assert_eq!(bot.toasts()[1]["text"], "La risposta sta partendo.");
    // Who presses where it stood before is not asked once more.
    bot.press_data(GROUP, message.id, ADA, &format!("{token}:it"));
    t.settle().await;
    assert!(bot.toasts()[2]["text"].as_str().unwrap().starts_with("Non fatto. Risposto"));
    assert_eq!(posts.standing().len(), 1);
    t.close().await;
}

#[tokio::test]
async fn another_draft_than_was_seen_is_not_even_asked_about() {
    let (t, bot) = told_desk().await;
    knows_ada(&t).await;
    let message = only(&bot);
    let (token, _) = button(&t, &message, "publish");
    acts::draft(&t.deps, t.id("p1").await, "bob", "Un altro testo").await.unwrap();
    bot.press_data(GROUP, message.id, ADA, &format!("{token}:it"));
    t.settle().await;
    let toast = bot.toasts()[0]["text"].as_str().unwrap().to_owned();
    assert!(toast.starts_with("Non pubblicato") && toast.ends_with("Un altro testo"), "{toast}");
    let data = only(&bot).rows.iter().flatten().map(|b| b.to_string()).collect::<String>();
    assert!(!data.contains(":sure"), "{data}");
    t.close().await;
}

#[tokio::test]
async fn what_must_be_written_is_written_on_a_page() {
    let (t, bot) = told_desk().await;
    let message = only(&bot);
    let (token, label) = button(&t, &message, "waive");
    bot.press(GROUP, message.id, ADA, &label);
    let fetched = hear(&t, None).await;
    answer(&t, &fetched.presses[0], &form(&token, Asks::Reason)).await;
    let standing = bot.standing(GROUP);
    assert_eq!((standing.len(), standing[0].rows.len()), (2, message.rows.len()));
    assert_eq!(standing[1].text, "User 42: Fino a quando?");
    assert_eq!(standing[1].answers, Some(message.id));
    assert_eq!(standing[1].rows[0][0]["url"], "https://ascolto.example/act/xyz");
    t.close().await;
}

#[tokio::test]
async fn a_forged_button_is_none_and_an_old_message_is_answered_all_the_same() {
    let (t, bot) = told_desk().await;
    let message = only(&bot);
    bot.press_data(GROUP, message.id, ADA, "forged:sure");
    bot.press_data(GROUP, 999, ADA, "old");
    let fetched = hear(&t, None).await;
    let [forged, old] = fetched.presses.as_slice() else { panic!("{fetched:?}") };
    let Pressed::Form { button, .. } = &forged.did else { panic!("{forged:?}") };
    let refused = t.deps.signer.check_button(button, "desk", t.deps.now());
    assert_eq!(refused, Err(LinkFault::Forged));
    let no = Answer { text: "Questo pulsante non è nostro".into(), ..Answer::default() };
    answer(&t, forged, &no).await;
    answer(&t, old, &form("t", Asks::Sure)).await;
    assert_eq!(bot.toasts()[0]["show_alert"], true);
    let standing = bot.standing(GROUP);
    assert_eq!(standing.len(), 2, "the choice comes as a message: {standing:?}");
    assert_eq!(standing[1].rows[0][0]["callback_data"], "t:sure");
    t.close().await;
}

#[tokio::test]
async fn a_flood_and_a_broken_line_delay_and_lose_nothing() {
    let (t, bot) = desk(&["desk"]).await;
    bot.floods(1);
    bot.script.then(None).then(Trouble::CutBefore);
    t.pass(70).await;
    let told = only(&bot);
    assert_eq!(t.alerts("p1").await, ["new_complaint sent"]);
    let sends = bot.log.all().into_iter().filter(|call| call.method == "sendMessage");
    let bodies: Vec<_> = sends.map(|call| call.body["text"].clone()).collect();
    // The line may break while presses are asked for, which costs no alert a try.
    assert!((2..=3).contains(&bodies.len()), "refused, cut off, taken: {bodies:?}");
    let key = |text: &serde_json::Value| text.as_str().unwrap().lines().last().unwrap().to_owned();
    let last = told.text.lines().last().unwrap();
    assert!(bodies.iter().all(|text| key(text) == last), "with one key: {bodies:?}");
    t.close().await;
}

#[tokio::test]
async fn a_group_that_moved_or_shut_the_bot_out_is_told_to_the_others() {
    for (moved, words) in [(true, "write `chat = -100777` instead"), (false, "was kicked")] {
        let (t, bot) = desk(&["desk", "room"]).await;
        if moved {
            bot.moves(GROUP, -100_777);
        } else {
            bot.shut_out(true);
        }
        t.pass(66).await;
        let rows = t.told("p1").await;
        let row = rows.iter().find(|row| row.recipient == "desk").expect("it was tried");
        assert_eq!(row.state, "failed");
        assert!(row.fault.contains(words) && !row.fault.contains(TOKEN), "{}", row.fault);
        assert!(t.said().iter().any(|said| said.contains("desk")), "{:?}", t.said());
        t.close().await;
    }
}
