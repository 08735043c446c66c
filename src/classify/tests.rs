//! Tests of the classifier: a golden table over six languages, the guards, the model's seat,
//! and odd text; those of relevance stand beside it, those of hostile text below.

mod hostile;

use super::normal::normalise;
use super::*;
use crate::domain::verdict::{Risk, Topic};
use proptest::prelude::*;
use std::sync::OnceLock;

/// Rules and model, as in use.
fn whole() -> &'static Classifier {
    static WHOLE: OnceLock<Classifier> = OnceLock::new();
    WHOLE.get_or_init(|| Classifier::shipped().unwrap())
}

/// Rules alone.
fn rules() -> &'static Classifier {
    static RULES: OnceLock<Classifier> = OnceLock::new();
    RULES.get_or_init(|| Classifier::new(None).unwrap())
}

pub(super) fn input(text: &str) -> Input<'_> {
    let about = &About::US;
    Input { text, language: None, rating: None, attachments: 0, around: Around::default(), about }
}

fn judge(text: &str) -> Verdict {
    whole().judge(&input(text))
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Golden {
    text: String,
    lang: Lang,
    kind: Kind,
    topic: Option<Topic>,
    severity: Option<u8>,
}

#[test]
fn golden_table() {
    let mut wrong = Vec::new();
    let lines = include_str!("golden.jsonl").lines();
    for (number, line) in lines.enumerate() {
        let golden: Golden = serde_json::from_str(line).unwrap();
        let verdict = judge(&golden.text);
        let same = verdict.language == golden.lang
            && verdict.kind == golden.kind
            && golden.topic.is_none_or(|topic| verdict.topic == topic)
            && golden.severity.is_none_or(|severity| verdict.severity == severity);
        if !same {
            wrong.push(format!("{}: {line}\n   {verdict:?}", number + 1));
        }
        assert_eq!(verdict.severity > 0, verdict.is_complaint());
        assert!(verdict.is_complaint() || verdict.risk.is_empty());
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn reasons_quote_the_words_as_written() {
    let verdict = judge("Terza settimana e il PACCO non è ancora arrivato, NESSUNO  risponde");
    let words: Vec<&str> = verdict.why.iter().map(|why| why.words.as_str()).collect();
    assert!(words.contains(&"Terza settimana"), "{words:?}");
    assert!(words.contains(&"NESSUNO  risponde"), "{words:?}");
    assert!(verdict.probability >= PerMillion(800_000));
    assert_eq!(verdict.risk, [Risk::Repeat, Risk::Ignored]);
    assert_eq!(verdict.model, "rules-2+cascade-1");
}

#[test]
fn hidden_letters_and_accents_do_not_hide_a_complaint() {
    let plain = judge("vergogna, nessuno risponde e il rimborso non arriva");
    for disguise in [
        "verg\u{200B}ogna, nessuno risp\u{AD}onde e il rimborso non arriva",
        "vеrgоgnа, nеssunо rispоnde e il rimborso non arriva",
        "ＶＥＲＧＯＧＮＡ, nessuno risponde e il rimborso non arriva",
    ] {
        let verdict = judge(disguise);
        assert_eq!(verdict.kind, Kind::Complaint, "{disguise}");
        assert_eq!(verdict.topic, plain.topic, "{disguise}");
    }
}

#[test]
fn folding_finds_its_way_back() {
    let text = "#NonFunziona l’ＡＰＰ di @nome.it da 1.200,50 giorni!!!! https://a.b/c fine";
    let folded = normalise(text, false);
    assert_eq!(folded.text, "non funziona l'app di @ da 0 giorni!! fine");
    let at = folded.text.find("app").unwrap();
    assert_eq!(folded.written(text, at, at + 3), "ＡＰＰ");
    let at = folded.text.find("non funziona").unwrap();
    assert_eq!(folded.written(text, at, at + 12), "NonFunziona");
    assert_eq!(normalise("schön schon Straße", true).text, "schoen schon strasse");
}

#[test]
fn where_no_umlaut_stands_german_folds_like_the_others() {
    let texts = [
        "Schön, über ÄRGER",
        "o\u{308}de",
        "Straße, naïve Zoë, perché",
        "",
        "а\u{308} x\u{308}o",
        "Hallo www.a.de @b #cD 1.000,5 ＷＯＨＩＮ wo? http://x",
    ];
    for text in texts {
        let [german, other] = [true, false].map(|german| normalise(text, german));
        assert_eq!(german.umlauts, other.umlauts, "{text}");
        assert_eq!(german.umlauts, german.text != other.text, "{text}");
    }
}

#[test]
fn no_text_is_looked_at() {
    for text in ["", "   ", "😡😡", "@marca https://x.y/z", "!!"] {
        let verdict = judge(text);
        assert!(verdict.look, "{text:?}");
        assert_eq!(verdict.kind, Kind::Other);
        assert_eq!(verdict.sorted_out, None);
    }
    let photo = Input { attachments: 1, ..input("") };
    assert_eq!(whole().judge(&photo).why[0], reason("text.only_attached", ""));
    let one = Input { rating: Some(1), ..input("") };
    let verdict = whole().judge(&one);
    assert!(verdict.look && verdict.is_complaint() && verdict.severity == 1);
    assert_eq!(verdict.why[0], reason("rating.one", ""));
}

#[test]
fn stars_move_a_doubtful_text_and_not_a_plain_complaint() {
    let of = |text, rating| whole().judge(&Input { rating, ..input(text) }).probability;
    assert!(of("Così così", Some(1)) > of("Così così", None));
    assert!(of("Così così", Some(5)) < of("Così così", None));
    let complaint = "Non funziona, nessuno risponde, rivoglio i soldi";
    assert_eq!(of(complaint, Some(5)), of(complaint, None));
}

#[test]
fn thanks_adverts_and_automatic_mail_are_sorted_out() {
    let out = |text| judge(text).sorted_out;
    assert_eq!(out("Grazie mille per la risposta, buona giornata").as_deref(), Some("thanks"));
    let long = "Ok grazie mille per la vostra risposta, vi auguro una buona giornata";
    assert_eq!(out(long), None);
    let around = Around { reply_to_us: true, ..Around::default() };
    let reply = Input { around, ..input(long) };
    assert_eq!(whole().judge(&reply).sorted_out.as_deref(), Some("thanks"));
    assert_eq!(
        out("Giveaway! Tag a friend and follow us to win a free trial, sign up: https://a.b")
            .as_deref(),
        Some("spam")
    );
    assert_eq!(
        out("Out of office. I am currently away, this is an automated reply.").as_deref(),
        Some("automatic")
    );
    assert_eq!(out("Grazie per niente, due mesi e nessuno risponde, vergogna"), None);
    assert_eq!(out("Grazie, quando arriva il mio rimborso? Aspetto da un mese"), None);
}

#[test]
fn a_language_without_phrases_is_looked_at() {
    let verdict = judge("Всё сломалось, никто не отвечает уже третью неделю");
    assert_eq!(verdict.language.as_str(), "rus");
    assert!(verdict.look);
    let named = Input { language: Some(Lang::ES), ..input("nessuno risponde") };
    assert_eq!(whole().judge(&named).language, Lang::ES);
}

/// Says the same of every text.
struct Fixed(u32);

impl Model for Fixed {
    fn name(&self) -> &str {
        "fixed-1"
    }
    fn opinion(&self, _: &Seen) -> Opinion {
        Opinion { complaint: PerMillion(self.0), ..Opinion::default() }
    }
}

#[test]
fn a_model_raises_and_never_lowers() {
    let complaint = "Terza settimana e il pacco non è ancora arrivato, nessuno risponde, vergogna, rivoglio i soldi";
    let alone = rules().judge(&input(complaint));
    assert_eq!((alone.kind, alone.model.as_str()), (Kind::Complaint, "rules-2"));
    let calm = Classifier::new(Some(Box::new(Fixed(10)))).unwrap();
    let with = calm.judge(&input(complaint));
    assert_eq!((with.probability, with.kind), (alone.probability, Kind::Complaint));
    assert_eq!(with.model, "rules-2+fixed-1");
    let keen = Classifier::new(Some(Box::new(Fixed(900_000)))).unwrap();
    let raised = keen.judge(&input("Grazie mille per la risposta, buona giornata"));
    assert!(raised.probability.0.abs_diff(900_000) < 10, "{raised:?}");
    assert_eq!((raised.kind, raised.sorted_out), (Kind::Complaint, None));
    assert!(raised.severity >= 1);
    assert_eq!(raised.why[0].cue, "model.fixed-1");
}

#[test]
fn what_the_rules_call_grave_stays_so_whatever_a_model_says() {
    /// Sees a mild complaint in everything.
    struct Mild;

    impl Model for Mild {
        fn name(&self) -> &'static str {
            "mild-1"
        }

        fn opinion(&self, _: &Seen) -> Opinion {
            let (severity, topic) = (Some(1), Some(Topic::Price));
            let complaint = PerMillion(700_000);
            Opinion { complaint, severity, topic, risk: Some(vec![]), ..Opinion::default() }
        }
    }

    let mild = Classifier::new(Some(Box::new(Mild))).unwrap();
    let legal = "Ho dato mandato al mio avvocato: due mesi senza linea e nessuno risponde";
    let verdict = mild.judge(&input(legal));
    assert_eq!((verdict.severity, verdict.topic), (3, Topic::Price));
    assert_eq!(verdict.risk, [Risk::Legal]);
}

#[test]
fn the_words_that_carried_it_are_quoted_where_no_cue_was_found() {
    // A complaint by bare facts, which no phrase of the rules knows.
    let text = "Plantari consegnati a marzo, siamo a luglio e zoppico come prima.";
    let verdict = judge(text);
    assert!(verdict.why.iter().all(|why| text.contains(&why.words)), "{verdict:?}");
    assert!(!verdict.why.is_empty(), "{verdict:?}");
}

#[test]
fn long_text_is_cut_and_says_so() {
    for unit in ["nessuno risponde ", "😡", "a\0b ", "аa", "#Aa"] {
        let text = unit.repeat((1 << 20) / unit.len());
        let verdict = judge(&text);
        assert!(verdict.why.iter().any(|why| why.cue == "text.cut"), "{unit:?}");
    }
}

proptest! {
    #[test]
    fn any_text_is_judged_the_same_twice(text in "\\PC{0,200}|(non |è |#|@|😡|а|ß|\\u{301}|0\\.|\\x00|(?i)HTTP://|’){0,60}", rating in proptest::option::of(1u8..=5)) {
        let input = Input { rating, ..input(&text) };
        let verdict = whole().judge(&input);
        prop_assert_eq!(&verdict, &whole().judge(&input));
        prop_assert!(verdict.probability <= PerMillion::ONE);
        prop_assert!(verdict.why.iter().all(|why| text.contains(&why.words)));
        prop_assert!(verdict.severity <= 3);
    }
}
