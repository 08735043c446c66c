//! The whole way on a strict double of Meta's Graph API, for a Page and for an Instagram account:
//! one complaint, one alert, one reply at its place; limits, dead tokens, pages, deletions.

use crate::doubles::graph::{
    ACCOUNT, ACCOUNT_NAME, ACCOUNT_TOKEN, PAGE, PAGE_NAME, PAGE_TOKEN, SECRET, Served,
};
use crate::doubles::proxy::Proxy;
use crate::doubles::trouble::Trouble;
use crate::scene::{COMPLAINT, Scene};
use ascolto::domain::ledger::Disposition;
use ascolto::domain::time::DAY;
use reqwest::Method;

/// One of the two networks that speak the API.
#[derive(Clone, Copy)]
struct Side {
    network: &'static str,
    /// What of ours people write below.
    post: &'static str,
    us: (&'static str, &'static str),
    jo: (&'static str, &'static str),
    /// Where answers to a comment are written.
    answers: &'static str,
    /// The next poll comes within so many minutes.
    every: u32,
}

const FACEBOOK: Side = Side {
    network: "facebook",
    post: "777_1",
    us: PAGE_NAME,
    jo: ("9001", "Jo Rossi"),
    answers: "comments",
    every: 2,
};
const INSTAGRAM: Side = Side {
    network: "instagram",
    post: "17001",
    us: ACCOUNT_NAME,
    jo: ("5559001", "jo.d"),
    answers: "replies",
    every: 3,
};
/// Somebody else, on both.
const ANN: (&str, &str) = ("5559002", "ann.b");

/// The API, a proxy before it, and the house that listens there.
struct Square {
    side: Side,
    house: Scene,
    proxy: Proxy,
    graph: Served,
}

impl Square {
    /// A post of ours stands there since twenty days, and nothing was asked yet.
    async fn build(side: Side) -> Square {
        let graph = Served::start().await;
        let proxy = Proxy::start(&graph.url).await;
        let (key, id, token) = match side.network {
            "facebook" => ("page", PAGE, PAGE_TOKEN),
            _ => ("account", ACCOUNT, ACCOUNT_TOKEN),
        };
        let channel = format!(
            "network = \"{}\"\n{key} = \"{id}\"\ntoken = \"{token}\"\napp_secret = \"{SECRET}\"\n\
             api = \"{}\"",
            side.network, proxy.url
        );
        let house = Scene::build(&channel, &["acme"]).await;
        graph.goes_by(&house.deps.clock);
        let then = house.deps.now() - 20 * DAY;
        if side.network == "facebook" {
            graph.posts(side.post, side.us, "Novità in negozio", then);
        } else {
            graph.shares(side.post, then);
        }
        Square { side, house, proxy, graph }
    }

    /// The same after its first look.
    async fn open(side: Side) -> Square {
        let square = Square::build(side).await;
        square.house.drain().await;
        square.house.poll().await;
        square
    }

    async fn pass(&self, minutes: u32) {
        for _ in 0..minutes {
            self.house.poll().await;
        }
    }

    /// Until the lane was read once more.
    async fn poll(&self) {
        self.pass(self.side.every).await;
    }

    /// Jo's complaint below our post.
    fn complain(&self) -> String {
        self.graph.writes(self.side.post, self.side.jo, COMPLAINT)
    }

    /// How many comments we sent.
    fn sent(&self) -> usize {
        self.graph.log().iter().filter(|asked| asked.method == "POST").count()
    }
}

#[tokio::test]
async fn a_complaint_below_our_post_becomes_one_alert_and_one_reply() {
    for side in [FACEBOOK, INSTAGRAM] {
        let p = Square::open(side).await;
        let complaint = p.complain();
        p.poll().await;
        assert_eq!(p.house.alerts(), 1, "{}: an alert within one poll", side.network);
        assert!(p.house.ntfy.delivered()[0].to_string().contains("terza settimana"));
        p.house.publish_the_draft().await;
        assert_eq!(p.graph.answers(&complaint).len(), 1);
        p.house.case("answered").await;
        p.pass(8).await;
        assert_eq!(
            (p.house.alerts(), p.sent()),
            (1, 1),
            "our own reply is no mention, and stands once"
        );
        assert_eq!(p.house.mentions().await, 1);
    }
}

#[tokio::test]
async fn an_answer_to_an_answer_hangs_on_the_comment_at_the_top() {
    for side in [FACEBOOK, INSTAGRAM] {
        let p = Square::open(side).await;
        let top = p.graph.writes(side.post, ANN, "Che belle foto!");
        let complaint = p.graph.writes(&top, side.jo, COMPLAINT);
        p.poll().await;
        p.house.publish_the_draft().await;
        let ours = p.graph.answers(&top);
        assert_eq!((ours.len(), p.sent()), (1, 1), "{}", side.network);
        let sent = format!("/v26.0/{complaint}/{}", side.answers);
        assert!(p.graph.log().iter().any(|a| a.method == "POST" && a.path == sent));
        if side.network == "instagram" {
            assert!(ours[0].text.starts_with("@jo.d "), "only that tells for whom it is");
        }
        p.house.case("answered").await;
        p.pass(20).await;
        p.house.case("answered").await;
        assert_eq!((p.house.alerts(), p.house.mentions().await), (1, 2));
    }
}

#[tokio::test]
async fn a_reply_whose_answer_was_lost_is_found_and_not_sent_again() {
    for side in [FACEBOOK, INSTAGRAM] {
        let p = Square::open(side).await;
        let complaint = p.complain();
        p.poll().await;
        let write = format!("/v26.0/{complaint}/{}", side.answers);
        p.proxy.next(Method::POST, &write, Trouble::CutAfter);
        p.house.publish_the_draft().await;
        assert_eq!(p.graph.answers(&complaint).len(), 1, "it was carried out, and cut");
        p.pass(15).await;
        p.house.case("answered").await;
        assert_eq!((p.sent(), p.house.alerts()), (1, 1), "{}", side.network);
        assert_eq!(p.house.mentions().await, 1);
    }
}

#[tokio::test]
async fn answered_in_the_app_before_our_poll_alerts_nobody() {
    for side in [FACEBOOK, INSTAGRAM] {
        let p = Square::open(side).await;
        let complaint = p.complain();
        p.graph.writes(&complaint, side.us, "Ci scusiamo, ti scriviamo subito");
        p.poll().await;
        p.house.case("answered").await;
        assert_eq!((p.house.alerts(), p.house.mentions().await), (0, 1), "{}", side.network);
    }
}

#[tokio::test]
async fn a_comment_that_is_deleted_becomes_a_tombstone() {
    for side in [FACEBOOK, INSTAGRAM] {
        let p = Square::open(side).await;
        let complaint = p.complain();
        p.poll().await;
        p.house.case("waiting").await;
        p.graph.deletes(&complaint);
        p.pass(18).await;
        let totals = p.house.balanced().await.totals;
        assert_eq!(totals.dispositions[&Disposition::Withdrawn], 1, "{}", side.network);
        assert_eq!((totals.mentions, p.house.alerts(), p.sent()), (1, 1, 0));
    }
}

#[tokio::test]
async fn a_limit_that_is_used_up_costs_time_and_nothing_else() {
    for code in [4, 17, 32] {
        let p = Square::open(FACEBOOK).await;
        p.complain();
        p.graph.fails(code, None, 19);
        p.poll().await;
        let asked = p.graph.log().len();
        p.pass(17).await;
        assert_eq!(p.graph.log().len(), asked, "{code}: nothing is asked before it opens");
        assert_eq!(p.house.alerts(), 0, "and nobody can do anything");
        p.graph.recovers();
        p.pass(4).await;
        assert_eq!((p.house.alerts(), p.house.mentions().await), (1, 1), "{code}");
        assert_eq!(p.house.stands("post").await, ("hearing".to_owned(), "good".to_owned()));
    }
}

#[tokio::test]
async fn a_token_that_has_run_out_is_told_once_and_what_came_meanwhile_is_heard() {
    for side in [FACEBOOK, INSTAGRAM] {
        let p = Square::open(side).await;
        p.graph.fails(190, Some(463), 0);
        p.complain();
        p.poll().await;
        assert_eq!(
            p.house.stands("post").await,
            ("deaf".to_owned(), "dead".to_owned()),
            "{}",
            side.network
        );
        let told = p.house.ntfy.delivered();
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].to_string().contains("the token has run out"), "{}", told[0]);
        p.pass(12).await;
        assert_eq!(p.house.alerts(), 1);
        p.graph.recovers();
        p.pass(6).await;
        assert_eq!(p.house.stands("post").await, ("hearing".to_owned(), "good".to_owned()));
        assert_eq!(
            (p.house.alerts(), p.house.mentions().await),
            (3, 1),
            "it is back, and a complaint"
        );
    }
}

#[tokio::test]
async fn pages_that_are_short_or_empty_miss_nothing_and_tell_nothing_twice() {
    for side in [FACEBOOK, INSTAGRAM] {
        let p = Square::open(side).await;
        p.graph.shows_only(2);
        p.complain();
        let top = p.graph.writes(side.post, ANN, "Che belle foto!");
        for _ in 0..5 {
            p.graph.writes(&top, ANN, "Complimenti davvero, bellissimo!");
            p.graph.writes(side.post, ANN, "Complimenti a tutti, bravissimi!");
        }
        p.poll().await;
        let first = p.house.balanced().await.totals;
        assert_eq!((first.mentions, first.intake.again), (12, 0), "{}", side.network);
        assert_eq!((first.intake.unreadable, p.house.alerts()), (0, 1));
        p.poll().await;
        let later = p.house.balanced().await.totals;
        assert_eq!((later.mentions, later.intake.again), (12, 0), "nothing changed there");
    }
}

#[tokio::test]
async fn what_was_written_before_is_told_in_figures_once() {
    for side in [FACEBOOK, INSTAGRAM] {
        let p = Square::build(side).await;
        let now = p.house.deps.now();
        let old = p.graph.wrote(side.post, ANN, COMPLAINT, now - 10 * DAY);
        p.graph.wrote(&old, side.us, "Ci scusiamo, ti scriviamo subito", now - 9 * DAY);
        p.graph.wrote(side.post, side.jo, COMPLAINT, now - 5 * DAY);
        p.house.drain().await;
        p.pass(4).await;
        let told = p.house.ntfy.delivered();
        assert_eq!(told.len(), 1, "{}: {told:?}", side.network);
        let figures = "30 giorni: 2 menzioni, 2 reclami, 1 senza risposta, il più vecchio di 5";
        assert!(told[0].to_string().contains(figures), "{}", told[0]);
        p.complain();
        p.poll().await;
        assert_eq!(
            (p.house.alerts(), p.house.mentions().await),
            (2, 3),
            "what is new rings as ever"
        );
    }
}
