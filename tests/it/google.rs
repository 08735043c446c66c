//! The whole way on a strict double of Google's reviews: one complaint, one alert, one reply; edits,
//! removals, moderation, and tokens that end.

use crate::doubles::google::{Google, LOCATION};
use crate::doubles::proxy::Proxy;
use crate::doubles::trouble::Trouble;
use crate::scene::{COMPLAINT, Scene};
use ascolto::domain::ledger::Disposition;
use ascolto::domain::time::{DAY, HOUR};
use reqwest::Method;

/// The reviews are read each five minutes.
const EVERY: u32 = 5;

/// The API, a proxy before it, and the house that listens there.
struct Shop {
    house: Scene,
    proxy: Proxy,
    google: Google,
}

impl Shop {
    /// Nothing was asked yet.
    async fn build() -> Shop {
        let google = Google::start().await;
        let proxy = Proxy::start(&google.url).await;
        let house = Scene::build(&google.channel(&proxy.url), &[]).await;
        google.goes_by(&house.deps.clock);
        Shop { house, proxy, google }
    }

    /// The same after its first look.
    async fn open() -> Shop {
        let shop = Shop::build().await;
        shop.house.drain().await;
        shop.house.poll().await;
        shop
    }

    async fn pass(&self, minutes: u32) {
        for _ in 0..minutes {
            self.house.poll().await;
        }
    }

    /// With a complaint of one star, which was heard.
    async fn complained() -> Shop {
        let shop = Shop::open().await;
        shop.google.review("a", 1, COMPLAINT);
        shop.pass(EVERY).await;
        assert_eq!(shop.house.alerts(), 1, "an alert within one poll");
        shop
    }
}

#[tokio::test]
async fn a_complaint_in_a_review_becomes_one_alert_and_one_reply() {
    let s = Shop::complained().await;
    assert!(s.house.ntfy.delivered()[0].to_string().contains("terza settimana"));
    let case = s.house.case("waiting").await;
    s.house.publish_the_draft().await;
    let reply = s.google.reply("a").expect("it stands there");
    assert_eq!(case["drafts"][0]["text"].as_str(), Some(reply.comment.as_str()));
    s.house.case("answered").await;
    s.pass(12).await;
    assert_eq!((s.google.writes(), s.google.tokens()), (1, 1));
    assert_eq!((s.house.alerts(), s.house.mentions().await), (1, 1));
}

#[tokio::test]
async fn a_reply_whose_answer_was_lost_stands_once() {
    let s = Shop::complained().await;
    let write = format!("/v4/{LOCATION}/reviews/a/reply");
    s.proxy.next(Method::PUT, &write, Trouble::CutAfter);
    s.house.publish_the_draft().await;
    assert!(s.google.reply("a").is_some(), "it was carried out, and cut");
    s.pass(15).await;
    s.house.case("answered").await;
    assert_eq!((s.google.writes(), s.house.alerts()), (1, 1));
}

#[tokio::test]
async fn a_reply_that_google_still_looks_at_is_published_when_it_is_shown() {
    let s = Shop::complained().await;
    s.google.moderates();
    s.house.publish_the_draft().await;
    s.pass(2).await;
    let totals = s.house.balanced().await.totals;
    assert_eq!(totals.dispositions[&Disposition::Answered], 0, "nobody can read it yet");
    s.google.approves("a");
    s.pass(4).await;
    s.house.case("answered").await;
    assert_eq!((s.google.writes(), s.house.alerts()), (1, 1));
}

#[tokio::test]
async fn answered_in_googles_app_before_our_poll_alerts_nobody() {
    let s = Shop::open().await;
    s.google.review("a", 1, COMPLAINT);
    s.google.replies("a", "Ci scusiamo, La contattiamo subito");
    s.pass(EVERY).await;
    s.house.case("answered").await;
    assert_eq!((s.house.alerts(), s.house.mentions().await, s.google.writes()), (0, 1, 0));
}

#[tokio::test]
async fn an_edit_after_our_reply_opens_it_again() {
    let s = Shop::complained().await;
    s.house.publish_the_draft().await;
    s.house.case("answered").await;
    s.pass(EVERY).await;
    s.google.edits("a", 1, "Mi avete risposto, e il pacco ancora non è arrivato: vergogna!");
    s.pass(EVERY).await;
    s.house.case("waiting").await;
    assert_eq!(s.house.alerts(), 2, "{:?}", s.house.ntfy.delivered());
    s.google.replies("a", "Il pacco è in consegna oggi, ci scusiamo ancora");
    s.pass(18).await;
    s.house.case("answered").await;
    assert_eq!((s.house.alerts(), s.house.mentions().await, s.google.writes()), (2, 1, 1));
}

#[tokio::test]
async fn a_review_that_is_removed_becomes_a_tombstone() {
    let s = Shop::complained().await;
    s.google.removes("a");
    s.pass(18).await;
    let totals = s.house.balanced().await.totals;
    assert_eq!(totals.dispositions[&Disposition::Withdrawn], 1);
    assert_eq!((totals.mentions, s.house.alerts(), s.google.writes()), (1, 1, 0));
}

#[tokio::test]
async fn a_token_that_ends_is_renewed_and_nobody_is_told() {
    let s = Shop::open().await;
    s.google.ends_tokens();
    s.google.review("a", 1, COMPLAINT);
    s.pass(EVERY).await;
    assert_eq!((s.house.alerts(), s.google.tokens()), (1, 2), "refused once, renewed once");
    // The next one is renewed before its hour is over.
    s.pass(60).await;
    assert_eq!(s.google.tokens(), 3);
    let refused = s.proxy.answers.all().iter().filter(|answer| answer.status == 401).count();
    assert_eq!((refused, s.house.mentions().await), (1, 1));
    assert_eq!(s.house.stands("post").await, ("hearing".to_owned(), "good".to_owned()));
}

#[tokio::test]
async fn a_permission_that_is_taken_back_is_told_once() {
    let s = Shop::open().await;
    s.google.allows(false);
    s.google.review("a", 1, COMPLAINT);
    s.pass(EVERY).await;
    assert_eq!(s.house.stands("post").await, ("deaf".to_owned(), "dead".to_owned()));
    assert_eq!(s.house.alerts(), 1, "{:?}", s.house.ntfy.delivered());
    s.pass(12).await;
    assert_eq!(s.house.alerts(), 1);
    s.google.allows(true);
    s.pass(6).await;
    assert_eq!(s.house.stands("post").await, ("hearing".to_owned(), "good".to_owned()));
    assert_eq!((s.house.alerts(), s.house.mentions().await), (3, 1), "it is back, and a complaint");
}

#[tokio::test]
async fn a_limit_or_a_server_in_trouble_costs_time_and_nothing_else() {
    for wrong in [(429, "RESOURCE_EXHAUSTED"), (503, "UNAVAILABLE")] {
        let s = Shop::open().await;
        s.google.fails(Some(wrong));
        s.google.review("a", 1, COMPLAINT);
        s.pass(EVERY).await;
        assert_eq!(s.house.alerts(), 0, "{wrong:?}");
        s.google.fails(None);
        s.pass(EVERY).await;
        assert_eq!((s.house.alerts(), s.house.mentions().await), (1, 1), "{wrong:?}");
        assert_eq!(s.house.stands("post").await, ("hearing".to_owned(), "good".to_owned()));
    }
}

#[tokio::test]
async fn a_first_look_goes_over_three_pages_and_is_told_in_figures_once() {
    let s = Shop::build().await;
    let now = s.house.deps.now();
    for n in 0..120 {
        let at = now - (n + 1) * 5 * HOUR;
        s.google.reviewed(&format!("r{n}"), 5, "Ottimo servizio, complimenti!", at);
    }
    s.google.reviewed("last", 1, COMPLAINT, now - 26 * DAY);
    s.house.drain().await;
    s.pass(4).await;
    let told = s.house.ntfy.delivered();
    assert_eq!(told.len(), 1, "{told:?}");
    let figures = "30 giorni: 121 menzioni, 1 reclami, 1 senza risposta, il più vecchio di 26";
    assert!(told[0].to_string().contains(figures), "{}", told[0]);
    let pages = || {
        let all = s.proxy.log.all();
        all.iter().filter(|passed| passed.path.contains("pageToken=")).count()
    };
    assert_eq!(pages(), 2);
    let totals = s.house.balanced().await.totals;
    assert_eq!((totals.mentions, totals.intake.again), (121, 0), "each once");
    s.google.review("a", 1, COMPLAINT);
    s.pass(EVERY).await;
    assert_eq!(
        (s.house.alerts(), pages()),
        (2, 2),
        "what is new rings, and the rest is not read again"
    );
}
