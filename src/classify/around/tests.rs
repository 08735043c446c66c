//! Tests of what stands around a text: each bound, and that nothing is lowered. On the rules alone,
//! so that another training changes nothing here.

use super::super::{About, Model, Opinion, Seen, Verdict};
use super::*;
use proptest::prelude::*;
use std::sync::OnceLock;

const COMPLAINT: &str = "terza settimana senza internet, nessuno risponde, vergogna";
const BARS: (PerMillion, PerMillion) = (PerMillion(350_000), PerMillion(600_000));

fn rules() -> &'static Classifier {
    static RULES: OnceLock<Classifier> = OnceLock::new();
    RULES.get_or_init(|| Classifier::new(None).unwrap())
}

/// Says the same of every text.
struct Fixed(u32);

impl Model for Fixed {
    fn name(&self) -> &'static str {
        "fixed-1"
    }

    fn opinion(&self, _: &Seen) -> Opinion {
        Opinion { complaint: PerMillion(self.0), ..Opinion::default() }
    }
}

fn fixed(share: u32) -> Classifier {
    Classifier::new(Some(Box::new(Fixed(share)))).unwrap()
}

fn judged(judge: &Classifier, text: &str, around: Around<'_>) -> Verdict {
    let about = &About::US;
    judge.judge(&Input { text, language: None, rating: None, attachments: 0, around, about })
}

/// Nothing is known; the brand owes no answers to questions.
fn nothing() -> Around<'static> {
    Around { questions: false, ..Around::default() }
}

fn reply() -> Around<'static> {
    Around { reply_to_us: true, ..nothing() }
}

fn earlier(earlier: u32) -> Around<'static> {
    Around { earlier, ..nothing() }
}

fn under(parent: &str) -> Around<'_> {
    Around { parent: Some(parent), ..nothing() }
}

/// All that can be known at once.
fn all() -> Around<'static> {
    Around { reply_to_us: true, parent: Some(COMPLAINT), earlier: 9, ..nothing() }
}

#[test]
fn a_follow_up_is_doubtful_where_something_came_before_it() {
    let (look_at, alert_at) = BARS;
    for text in [
        "allora?",
        "Ci sono novità?",
        "any news?",
        "¿alguna novedad?",
        "des nouvelles ?",
        "und?",
        "e então?",
    ] {
        let alone = judged(rules(), text, nothing());
        assert!(alone.probability < look_at, "{text}: {alone:?}");
        for (around, cue) in [(earlier(1), "context.earlier"), (reply(), "context.reply")] {
            let verdict = judged(rules(), text, around);
            assert!((look_at..alert_at).contains(&verdict.probability), "{text}: {verdict:?}");
            assert_eq!(verdict.why[0].cue, cue);
            let words = &verdict.why[0].words;
            assert!(!words.is_empty() && text.contains(words.as_str()), "{text}: {words}");
        }
        assert_eq!(judged(rules(), text, under(COMPLAINT)), alone, "it agrees with nothing");
    }
}

#[test]
fn each_earlier_complaint_counts_up_to_the_third() {
    let judge = fixed(550_000);
    let text = "Ho visto il vostro negozio in centro ieri sera";
    let share = |around| judged(&judge, text, around).probability;
    let shares = [0, 1, 2, 3].map(|n| share(earlier(n)));
    assert!(shares.is_sorted_by(|a, b| a < b), "{shares:?}");
    assert_eq!(share(earlier(3)), share(earlier(u32::MAX)));
    assert!(shares[1].0.abs_diff(690_000) < 1_000, "0.6 in log odds: {shares:?}");
    assert_eq!(share(reply()), shares[1]);
    let verdict = judged(&judge, text, earlier(1));
    assert_eq!(verdict.why[0], reason("context.earlier", ""), "no words of its own");
}

#[test]
fn a_question_that_is_owed_anyway_stays_one() {
    let owed = Around { questions: true, ..earlier(3) };
    let alone = judged(rules(), "allora?", nothing());
    let verdict = judged(rules(), "allora?", owed);
    assert_eq!(verdict.kind, Kind::Question);
    assert_eq!(verdict.probability, PerMillion(349_999));
    assert!(verdict.probability > alone.probability);
    // Nobody owes an answer to what is only perhaps about them.
    let about = About { addressed: false, ..About::US };
    let input = Input {
        text: "allora?",
        language: None,
        rating: None,
        attachments: 0,
        around: owed,
        about: &about,
    };
    assert!(rules().judge(&input).probability >= BARS.0);
    // A bar above one half makes no complaint of it that nobody would look at.
    let bars = Settings { alert_at: PerMillion(900_000), look_at: PerMillion(800_000) };
    let verdict = judged(rules(), "allora?", Around { bars, reply_to_us: true, ..owed });
    assert_eq!((verdict.kind, verdict.probability), (Kind::Question, PerMillion(499_999)));
}

#[test]
fn who_agrees_with_a_complaint_complains() {
    let parent = judged(rules(), COMPLAINT, nothing());
    for text in
        ["anche a me", "Same here!", "a mí también", "moi aussi", "bei mir auch", "comigo também"]
    {
        let alone = judged(rules(), text, nothing());
        assert!(alone.probability < BARS.0, "{text}: {alone:?}");
        let verdict = judged(rules(), text, under(COMPLAINT));
        assert_eq!((verdict.kind, verdict.topic), (Kind::Complaint, parent.topic), "{text}");
        assert_eq!(verdict.why[0].cue, "context.agrees");
        assert!(verdict.severity > 0);
        for calm in ["Buongiorno a tutti", "Che bello, funziona tutto benissimo!", ""] {
            assert_eq!(judged(rules(), text, under(calm)), alone, "{text} below {calm:?}");
        }
    }
    let figure = judged(rules(), "+1", under(COMPLAINT));
    assert!(figure.look && figure.why[0].cue == "context.agrees", "{figure:?}");
}

#[test]
fn who_agrees_is_no_surer_than_what_is_answered() {
    let judge = fixed(550_000);
    let verdict = judged(&judge, "anche a me", under("Ho visto il vostro negozio in centro ieri"));
    assert!(verdict.probability.0.abs_diff(550_000) < 10, "{verdict:?}");
    assert!(verdict.why.iter().all(|why| why.cue != "context.agrees"), "{verdict:?}");
}

#[test]
fn nothing_is_lifted_from_below_a_look_over_an_alert() {
    let verdict = judged(rules(), "anche a me", all());
    assert_eq!(verdict.probability, PerMillion(599_999));
    let bars = Settings { alert_at: PerMillion(450_000), look_at: PerMillion(340_000) };
    let verdict = judged(rules(), "anche a me", Around { bars, ..all() });
    assert_eq!((verdict.kind, verdict.probability), (Kind::Other, PerMillion(449_999)));
    // What a person would look at anyway may become an alert.
    let doubtful = judged(rules(), "Grazie, ancora niente", nothing());
    assert!((BARS.0..BARS.1).contains(&doubtful.probability), "{doubtful:?}");
    let verdict = judged(rules(), "Grazie, ancora niente", earlier(1));
    assert!(verdict.is_complaint() && verdict.probability >= BARS.1, "{verdict:?}");
}

#[test]
fn what_says_something_else_stays_as_it_is() {
    for text in [
        "grazie mille",
        "grazie, anche a me",
        "Complimenti, servizio ottimo e gentile",
        "anche io vi adoro",
        "A che ora aprite domani?",
        "ok",
        "ciao",
        "ok grazie anche a me funziona",
        "Oggi piove e resto a casa con il gatto",
        "😡",
        // Less likely than the floor, though it asks for news.
        "any news? :)",
    ] {
        assert_eq!(judged(rules(), text, all()), judged(rules(), text, nothing()), "{text}");
    }
    let long = format!("ancora niente{}", "!? ".repeat(40));
    assert_eq!(rules().saying(&long).map(|saying| saying.follows), None);
}

#[test]
fn a_question_mark_alone_asks_after_what_came_before() {
    let alone = judged(rules(), "??", nothing());
    let verdict = judged(rules(), "??", earlier(1));
    assert!(verdict.look && verdict.probability > alone.probability, "{verdict:?}");
    assert_eq!(verdict.why[0], reason("context.earlier", ""));
}

#[test]
fn thanks_in_reply_to_us_hide_no_doubt() {
    let long = "Ok grazie mille per la vostra risposta, vi auguro una buona giornata";
    assert_eq!(judged(rules(), long, reply()).sorted_out.as_deref(), Some(THANKS));
    let doubtful = fixed(400_000);
    assert_eq!(judged(&doubtful, long, nothing()).sorted_out, None);
    assert_eq!(judged(&doubtful, long, reply()).sorted_out, None, "it was looked at without it");
}

proptest! {
    #[test]
    fn context_lowers_nothing(
        text in "(ancora niente|any news|\\?|anche a me|same here|grazie|bravi|non funziona|vergogna|ciao|😡|!| ){0,9}",
        reply_to_us in any::<bool>(),
        earlier in 0_u32..5,
        parent in proptest::option::of("(non funziona|vergogna|nessuno risponde|ciao|bravi| ){0,6}"),
    ) {
        let (look_at, alert_at) = BARS;
        let around = Around { reply_to_us, earlier, parent: parent.as_deref(), ..Around::default() };
        let (with, alone) =
            (judged(rules(), &text, around), judged(rules(), &text, Around::default()));
        prop_assert!(with.probability >= alone.probability);
        prop_assert!(with.is_complaint() || !alone.is_complaint());
        prop_assert!(with.severity >= alone.severity && with.look == alone.look);
        prop_assert!(alone.probability >= look_at || with.probability < alert_at);
        let question = alone.kind == Kind::Question && alone.probability < look_at;
        prop_assert!(!question || with.kind == Kind::Question && with.probability < look_at);
        let sorted_out = with.sorted_out.is_some() && alone.sorted_out.is_none();
        prop_assert!(!sorted_out || with.probability < look_at);
        prop_assert!(with.why.iter().all(|why| text.contains(&why.words)));
    }
}
