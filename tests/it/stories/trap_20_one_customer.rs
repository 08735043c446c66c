//! Trap 20: merges that are wrong or missing. Customers over networks, their strikes, and those about
//! whom nobody is told.

use crate::town::{Plan, Town};
use ascolto::app::INGEST_LANE;
use ascolto::domain::person::{AuthorKey, TraceKind};
use ascolto::domain::time::DAY;
use ascolto::domain::{CaseId, MentionId, MuteId, Risk};
use ascolto::pipeline::acts::{self, Act};
use ascolto::pipeline::persons::{self, Customer, Folder, Lead};
use ascolto::pipeline::replay::{Entrance, feed};
use ascolto::pipeline::triage;
use ascolto::store::inbox::{self, Filter};
use ascolto::store::{cases, mentions, mutes, outbox};
use ascolto::wire::Heard;

/// A complaint of `who` on the rehearsed network.
fn complaint(at: i64, id: &str, who: &str) -> String {
    post(at, id, who, "@acme terza settimana e il pacco non è ancora arrivato, nessuno risponde")
}

fn post(at: i64, id: &str, who: &str, text: &str) -> String {
    format!(
        r#"{{"at":{at},"do":"post","id":"{id}","author":"{who}","handle":"{who}","lang":"it","text":"{text}"}}"#
    )
}

/// A town with a forum beside the rehearsed network, and a lead.
async fn town(lines: &[String]) -> Town {
    let script = lines.join("\n");
    let channel = "[channel.forum]\nnetwork = \"ingest\"\nbrand = \"acme\"\n\
                   [recipient.boss]\nnotifier = \"terminal\"\n";
    let plan = Plan { script: &script, brand: "lead = \"boss\"", channel, ..Plan::default() };
    Town::of(plan).await
}

const PARCEL: &str = "Acme, il pacco non è mai arrivato, è una vergogna, nessuno risponde!";

/// Somebody complains in the forum; gives the case.
async fn forum(t: &Town, who: &str, handle: &str) -> CaseId {
    t.pass(1).await;
    hear(t, who, handle, PARCEL).await;
    t.settle().await;
    case_of(t, who).await
}

/// The forum hands a text over; nothing is done with it yet.
async fn hear(t: &Town, who: &str, handle: &str, text: &str) {
    let json = serde_json::json!({
        "network": "forum", "external_id": who, "kind": "post", "visibility": "public",
        "author": { "id": who, "handle": handle }, "text": text,
        "created_at": t.deps.now(), "url": "https://forum.example/1", "thread_id": who,
    });
    let heard = Heard::Mention(serde_json::from_value(json).unwrap());
    let brand = &t.deps.brands["acme"];
    let (channel, lane) = ("forum", INGEST_LANE);
    let to = Entrance { brand, channel, lane, addressed: true, follow: None };
    feed(&t.deps, &to, std::iter::once(heard), |_| {}).await.unwrap();
}

/// The case of what somebody wrote in the forum.
async fn case_of(t: &Town, who: &str) -> CaseId {
    let mut tx = t.deps.store.read().await.unwrap();
    let known = mentions::known(&mut tx, "acme", "forum", &[("", who)]).await.unwrap();
    let id: MentionId = known[0].id.parse().unwrap();
    let row = mentions::by_id(&mut tx, id).await.unwrap().unwrap();
    row.case_id.expect("a case was opened").parse().unwrap()
}

async fn folder(t: &Town, case: CaseId) -> Folder {
    let mut tx = t.deps.store.read().await.unwrap();
    let customer = Customer::find(&mut tx, &case.to_string()).await.unwrap();
    Folder::read(&t.deps, &mut tx, customer).await.unwrap()
}

async fn strikes(t: &Town, case: CaseId) -> u32 {
    let mut tx = t.deps.store.read().await.unwrap();
    cases::load(&mut tx, &[case]).await.unwrap()[0].stakes.strikes
}

/// Who was told of a case, and why.
async fn told(t: &Town, case: CaseId) -> Vec<String> {
    let mut tx = t.deps.store.read().await.unwrap();
    let rows = outbox::of_case(&mut tx, case).await.unwrap();
    let mut told: Vec<String> =
        rows.iter().map(|a| format!("{} {} {}", a.recipient, a.reason, a.state)).collect();
    told.sort();
    told
}

#[tokio::test]
async fn a_suggestion_links_nobody_and_a_wrong_merge_comes_apart_again() {
    let t = town(&[complaint(1, "p1", "gino.rossi")]).await;
    t.pass(3).await;
    let here = t.id("p1").await;
    let there = forum(&t, "f9", "Gino.Rossi").await;
    let known = folder(&t, here).await;
    let [one] = &known.suggestions[..] else { panic!("{:?}", known.suggestions) };
    assert_eq!((one.author.author.as_str(), one.because[0]), ("f9", (TraceKind::Handle, 2)));
    assert_eq!(known.strikes.unwrap().count, 1, "a suggestion counts nothing together");
    assert_eq!((known.customer.person, strikes(&t, there).await), (None, 1));

    let (a, b) = (here.to_string(), there.to_string());
    let link = persons::link(&t.deps, &a, &b, "ada").await.unwrap();
    assert_eq!(
        (strikes(&t, here).await, strikes(&t, there).await),
        (1, 2),
        "the second came later"
    );
    let known = folder(&t, there).await;
    assert_eq!((known.newest.len(), known.strikes.unwrap().count), (2, 2));
    assert!(known.suggestions.is_empty(), "they are one already");
    let again = persons::link(&t.deps, &b, &a, "ada").await.unwrap_err().to_string();
    assert!(again.contains("one customer already"), "{again}");

    // A third joins, and stays by itself when the first link turns out to be wrong.
    let other = forum(&t, "f10", "somebody").await;
    persons::link(&t.deps, &other.to_string(), &a, "bob").await.unwrap();
    assert_eq!(strikes(&t, other).await, 3);
    let undone = persons::unlink(&t.deps, &a, Some(&link.to_string()), "bob").await.unwrap();
    assert_eq!(undone, link);
    assert_eq!(folder(&t, here).await.customer.person, None);
    assert_eq!(
        (strikes(&t, here).await, strikes(&t, there).await, strikes(&t, other).await),
        (1, 1, 1)
    );
    let twice = persons::unlink(&t.deps, &a, Some(&link.to_string()), "eve").await.unwrap_err();
    assert!(twice.to_string().contains("bob has undone it"), "{twice}");
    let kept = folder(&t, here).await.links;
    assert_eq!((kept[0].by_agent.as_str(), kept[0].undone_by.as_str()), ("ada", "bob"));
    assert!(here != there, "the cases were two all the time");
    t.close().await;
}

#[tokio::test]
async fn two_persons_made_one_are_two_again_when_that_is_undone() {
    let t = town(&[complaint(1, "p1", "ann"), complaint(1, "p2", "zoe")]).await;
    t.pass(3).await;
    let text = |id: CaseId| id.to_string();
    let (ann, zoe) = (text(t.id("p1").await), text(t.id("p2").await));
    let f1 = text(forum(&t, "f1", "annie").await);
    let f2 = text(forum(&t, "f2", "zoey").await);
    let first = persons::link(&t.deps, &ann, &f1, "ada").await.unwrap();
    persons::link(&t.deps, &zoe, &f2, "ada").await.unwrap();
    t.pass(1).await;
    persons::link(&t.deps, &ann, &zoe, "bob").await.unwrap();
    assert_eq!(folder(&t, t.id("p1").await).await.newest.len(), 4);
    let early = persons::unlink(&t.deps, &zoe, None, "ada").await.unwrap();
    let [one, two] = [t.id("p1").await, t.id("p2").await];
    assert_eq!([folder(&t, one).await.newest.len(), folder(&t, two).await.newest.len()], [2, 2]);
    assert!(early != first, "the newest act was undone");
    assert!(folder(&t, one).await.customer.authors.contains(&AuthorKey {
        network: "forum".to_owned(),
        author: "f1".to_owned(),
        ..AuthorKey::of(&t.case("p1").await.case)
    }));
    t.close().await;
}

#[tokio::test]
async fn a_second_strike_stands_first_in_the_list() {
    let t = town(&[
        complaint(1, "p1", "jo"),
        post(50, "q1", "eva", "@acme a che ora chiude il negozio di Torino?"),
        complaint(60, "p2", "ann"),
        complaint(70, "p3", "jo"),
    ])
    .await;
    t.pass(3).await;
    t.act("p1", "ada", Act::Answered(String::new())).await.unwrap();
    t.pass(75).await;
    let (jo, ann) = (t.case("p3").await, t.case("p2").await);
    assert!(ann.case.deadline() < jo.case.deadline(), "by its deadline alone it would come later");
    let mut tx = t.deps.store.read().await.unwrap();
    let filter = Filter { state: "open".to_owned(), ..Filter::default() };
    let list = inbox::by_urgency(&mut tx, &filter, 9, 0).await.unwrap();
    drop(tx);
    let ids: Vec<&str> = list.iter().map(|c| c.id.as_str()).collect();
    let expected = [jo.case.id, ann.case.id, t.id("q1").await].map(|id| id.to_string());
    assert_eq!(ids, expected);
    assert_eq!(jo.stakes.strikes, 2);
    assert!(list[0].points >= list[1].points + 72, "{list:?}");
    t.close().await;
}

#[tokio::test]
async fn a_third_strike_reaches_the_lead_once() {
    let lines: Vec<String> = (1..4).map(|n| complaint(n * 10, &format!("p{n}"), "jo")).collect();
    let mut t = town(&lines).await;
    t.pass(40).await;
    let second = t.id("p2").await;
    assert_eq!(told(&t, second).await, ["room new_complaint sent"]);
    let third = t.id("p3").await;
    assert_eq!(told(&t, third).await, ["boss third_strike sent", "room new_complaint sent"]);
    assert!(t.said().iter().any(|line| line.contains("Reclamo numero 3 dal")), "{:?}", t.said());
    t.restart().await;
    t.pass(26 * 60).await;
    let lead = |line: &&String| line.starts_with("boss");
    assert_eq!(told(&t, third).await.iter().filter(lead).count(), 1, "{:?}", told(&t, third).await);
    t.close().await;
}

#[tokio::test]
async fn who_is_muted_rings_nobody_and_is_owed_all_the_same() {
    let t = town(&[
        complaint(1, "p1", "jo"),
        complaint(30, "p2", "jo"),
        post(40, "p3", "jo", "@acme ancora senza pacco, vergogna: ne parlo con il mio avvocato"),
        complaint(45, "p4", "ann"),
    ])
    .await;
    t.pass(5).await;
    let id = t.id("p1").await.to_string();
    let lead = Lead::of_this_machine("anna");
    let refused = persons::mute(&t.deps, &id, &lead, " ", t.deps.now() + DAY).await.unwrap_err();
    assert!(refused.to_string().contains("say why"), "{refused}");
    persons::mute(&t.deps, &id, &lead, "insulti", t.deps.now() + 9 * DAY).await.unwrap();
    t.pass(45).await;
    assert_eq!(t.alerts("p2").await, ["muted silent"]);
    assert!(t.case("p2").await.case.owed().next().is_some(), "it is owed");
    let breaks = told(&t, t.id("p3").await).await;
    assert!(breaks.contains(&"room new_complaint sent".to_owned()), "{breaks:?}");
    assert_eq!(t.alerts("p4").await, ["new_complaint sent"], "somebody else");
    let mut tx = t.deps.store.read().await.unwrap();
    let counts = inbox::counts(&mut tx, &Filter::default(), t.deps.now()).await.unwrap();
    assert_eq!((counts.complaints, counts.muted), (4, 3), "muted is counted, not hidden");
    drop(tx);
    t.pass(26 * 60).await;
    assert!(t.alerts("p1").await.iter().skip(1).all(|a| a == "muted silent"), "not when overdue");

    persons::unmute(&t.deps, &id, &lead).await.unwrap();
    t.pass(25 * 60).await;
    assert_eq!(t.alerts("p1").await.last().unwrap(), "still_owed sent", "and not forgotten");
    assert!(persons::unmute(&t.deps, &id, &lead).await.is_err(), "it is over");
    t.close().await;
}

#[tokio::test]
async fn a_mute_holds_again_once_what_named_a_court_has_ended() {
    let below = |line: String| line.replace('}', r#","parent":"p1"}"#);
    let court = "@acme ancora senza pacco, vergogna: ne parlo con il mio avvocato";
    let t = town(&[
        complaint(1, "p1", "jo"),
        below(post(20, "p2", "jo", court)),
        below(complaint(40, "p3", "jo")),
    ])
    .await;
    t.pass(5).await;
    let case = t.id("p1").await;
    let lead = Lead::of_this_machine("anna");
    let until = t.deps.now() + 9 * DAY;
    persons::mute(&t.deps, &case.to_string(), &lead, "insulti", until).await.unwrap();
    t.pass(20).await;
    assert_eq!(t.id("p2").await, case);
    assert_eq!(t.alerts("p1").await.last().unwrap(), "again sent", "a court is named");
    t.act("p1", "ada", Act::Waive("risponde il legale".to_owned())).await.unwrap();

    t.pass(20).await;
    assert_eq!(t.id("p3").await, case);
    assert_eq!(t.alerts("p1").await.last().unwrap(), "muted silent", "this one names none");
    assert!(!t.case("p1").await.stakes.risk.contains(&Risk::Legal));
    t.act("p1", "ada", Act::Answered(String::new())).await.unwrap();

    t.act("p1", "ada", Act::Reopen("il legale non ha risposto".to_owned())).await.unwrap();
    assert!(t.case("p1").await.stakes.risk.contains(&Risk::Legal), "it weighs again");
    assert_eq!(t.alerts("p1").await.last().unwrap(), "reopened sent");
    t.close().await;
}

#[tokio::test]
async fn who_is_muted_stays_so_when_somebody_says_who_else_it_is() {
    let t = town(&[complaint(1, "p1", "jo")]).await;
    t.pass(3).await;
    let here = t.id("p1").await.to_string();
    let lead = Lead::of_this_machine("anna");
    persons::mute(&t.deps, &here, &lead, "insulti", t.deps.now() + 9 * DAY).await.unwrap();
    let there = forum(&t, "f1", "jojo").await;
    let muted = async || {
        let mut tx = t.deps.store.read().await.unwrap();
        cases::load(&mut tx, &[there]).await.unwrap()[0].muted_until > t.deps.now()
    };
    assert!(!muted().await, "nobody said that it is the same");
    persons::link(&t.deps, &here, &there.to_string(), "ada").await.unwrap();
    assert!(muted().await);
    persons::unlink(&t.deps, &here, None, "ada").await.unwrap();
    assert!(!muted().await, "it was a mistake");
    t.close().await;
}

#[tokio::test]
async fn a_muted_person_stays_muted_as_part_of_another_and_is_taken_out_so() {
    let t = town(&[complaint(1, "p1", "ann"), complaint(1, "p2", "zoe")]).await;
    t.pass(3).await;
    let (ann, zoe) = (t.id("p1").await, t.id("p2").await);
    let (annie, zoey) = (forum(&t, "f1", "annie").await, forum(&t, "f2", "zoey").await);
    let text = |id: CaseId| id.to_string();
    persons::link(&t.deps, &text(ann), &text(annie), "ada").await.unwrap();
    persons::link(&t.deps, &text(zoe), &text(zoey), "ada").await.unwrap();
    let lead = Lead::of_this_machine("anna");
    let until = t.deps.now() + 9 * DAY;
    persons::mute(&t.deps, &text(zoe), &lead, "insulti", until).await.unwrap();
    let muted = async || {
        let mut all = Vec::new();
        for id in [ann, annie, zoe, zoey] {
            let mut tx = t.deps.store.read().await.unwrap();
            all.push(cases::load(&mut tx, &[id]).await.unwrap()[0].muted_until > t.deps.now());
        }
        all
    };
    assert_eq!(muted().await, [false, false, true, true]);
    t.pass(1).await;
    persons::link(&t.deps, &text(ann), &text(zoe), "bob").await.unwrap();
    assert_eq!(muted().await, [true; 4], "as all that it is");
    let now = t.deps.now();
    assert_eq!(folder(&t, ann).await.muted(now).map(|m| m.reason.as_str()), Some("insulti"));
    persons::unlink(&t.deps, &text(zoe), None, "bob").await.unwrap();
    assert_eq!(muted().await, [false, false, true, true], "each as before");

    t.pass(1).await;
    persons::link(&t.deps, &text(ann), &text(zoe), "bob").await.unwrap();
    persons::unmute(&t.deps, &text(ann), &lead).await.unwrap();
    assert_eq!(muted().await, [false; 4], "who ends it ends it for all of them");
    assert!(persons::unmute(&t.deps, &text(zoe), &lead).await.is_err());
    t.close().await;
}

#[tokio::test]
async fn what_was_due_before_a_mute_was_known_rings_nobody_but_where_a_court_is_named() {
    let t = town(&[complaint(1, "p1", "ann")]).await;
    t.pass(3).await;
    let court = "Acme, ancora senza pacco, è una vergogna: ne parlo con il mio avvocato";
    let due = async |who: &str, text: &str| {
        hear(&t, who, who, text).await;
        triage::step(&t.deps).await.unwrap();
        let case = case_of(&t, who).await;
        assert_eq!(told(&t, case).await, ["room new_complaint due"], "not delivered yet");
        // The mute comes in between: what withdraws alerts that wait has not seen this one.
        let key = AuthorKey {
            brand: "acme".to_owned(),
            network: "forum".to_owned(),
            origin: String::new(),
            author: who.to_owned(),
        };
        let (id, now) = (MuteId(t.deps.ids.next(t.deps.now())), t.deps.now());
        let mut tx = t.deps.store.begin().await.unwrap();
        mutes::add(&mut tx, id, &key, "anna", "insulti", now + DAY, now).await.unwrap();
        tx.commit().await.unwrap();
        let seen = Act::Note("visto".to_owned());
        acts::act(&t.deps, case, "ada", seen).await.unwrap();
        case
    };
    let (jo, eva) = (due("jo", PARCEL).await, due("eva", court).await);
    t.settle().await;
    assert_eq!(told(&t, jo).await, ["room muted silent"]);
    assert_eq!(told(&t, eva).await, ["room new_complaint sent"], "that is told all the same");
    t.close().await;
}
