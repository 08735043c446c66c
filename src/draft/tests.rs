//! Drafts fit, say nothing unknown, and come out the same for the same seed.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::sync::LazyLock;

static DRAFTS: LazyLock<Drafts> = LazyLock::new(|| Drafts::new().unwrap());

fn request(limit: usize) -> Request<'static> {
    Request {
        author: "Anna Rossi",
        language: Lang::IT,
        topic: Topic::Delivery,
        owing: Owing::Complaint,
        severity: 1,
        risk: &[],
        brand_title: "ACME",
        signature: "^GM",
        private: false,
        known: Known::default(),
        rule: LengthRule { counting: Counting::Graphemes, limit },
        prefix_len: 0,
        seed: 4,
    }
}

#[test]
fn every_language_topic_and_limit_fits() {
    for language in Lang::SERVED {
        for topic in Topic::ALL {
            for owing in Owing::ALL {
                for (limit, seed) in [(140, 1), (280, 2), (300, 3), (350, 4), (500, 5), (5_000, 6)]
                {
                    for (private, severity) in [(false, 1), (true, 2), (false, 3)] {
                        let request = Request {
                            language,
                            topic: *topic,
                            owing: *owing,
                            private,
                            severity,
                            seed,
                            prefix_len: 12,
                            ..request(limit)
                        };
                        let draft = DRAFTS.write(&request);
                        let at = format!("{} at {limit}: {}", draft.template, draft.text);
                        assert!(request.rule.count(&draft.text) + 12 <= limit, "{at}");
                        assert!(!draft.text.contains(['{', '}']), "{at}");
                        assert!(!draft.text.contains("  "), "{at}");
                        assert!(draft.text.chars().next().unwrap().is_uppercase(), "{at}");
                        assert!(limit < 280 || draft.text.contains("Anna Rossi"), "{at}");
                        assert!(limit < 350 || draft.text.ends_with("^GM"), "{at}");
                        assert_eq!(draft.language, language);
                    }
                }
            }
        }
    }
}

#[test]
fn drafts_name_no_figure() {
    // A figure in a template would be a promise, a price or a date that nobody made.
    for language in Lang::SERVED {
        for topic in Topic::ALL {
            for seed in 0..8 {
                let request = Request { language, topic: *topic, seed, ..request(5_000) };
                let text = DRAFTS.write(&request).text;
                assert!(
                    !text.contains(|c: char| c.is_ascii_digit() || c == '%' || c == '€'),
                    "{text}"
                );
            }
        }
    }
}

#[test]
fn a_draft_reads_like_this() {
    let text = |request| DRAFTS.write(&request).text;
    assert_eq!(
        text(request(500)),
        "Buongiorno Anna Rossi, capiamo quanto sia spiacevole aspettare un pacco senza notizie \
         certe, e ci dispiace. Per capire che cosa è successo, ci scriva in un messaggio privato \
         il numero dell'ordine; qui in pubblico non indichi dati personali. Grazie per averci avvisato. ^GM"
    );
    let english = Request { language: Lang::parse("fil").unwrap(), ..request(140) };
    let draft = DRAFTS.write(&english);
    assert_eq!(draft.language, Lang::EN);
    assert_eq!(
        draft.text,
        "Hello Anna Rossi, we are sorry about the trouble with your delivery. Please send us \
         your order number privately. ^GM"
    );
}

#[test]
fn high_stakes_get_a_text_that_names_no_fault() {
    let cases: [(u8, &'static [Risk], Topic); 4] = [
        (3, &[], Topic::Billing),
        (1, &[Risk::Legal], Topic::Refund),
        (1, &[Risk::Churn, Risk::Safety], Topic::Product),
        (1, &[], Topic::Safety),
    ];
    for (severity, risk, topic) in cases {
        let draft = DRAFTS.write(&Request { severity, risk, topic, ..request(500) });
        assert!(draft.template.contains("holding"), "{}", draft.template);
        assert!(!draft.text.contains("dispiace"), "{}", draft.text);
    }
    let asked =
        Request { owing: Owing::Question, topic: Topic::Safety, severity: 0, ..request(500) };
    assert!(DRAFTS.write(&asked).template.contains("question"), "a mere question is no danger");
}

#[test]
fn details_are_asked_for_in_private() {
    let open = DRAFTS.write(&request(500)).text;
    let closed = DRAFTS.write(&Request { private: true, ..request(500) }).text;
    assert!(open.contains("privat") && !closed.contains("privat"), "{open}\n{closed}");
}

#[test]
fn what_is_known_of_a_customer_is_said_in_private_alone() {
    let known = Known { since: Some(2019), order: "IT4711223", state: "in transito" };
    for language in Lang::SERVED {
        for topic in Topic::ALL {
            for owing in Owing::ALL {
                for (severity, risk) in [(1, &[][..]), (3, &[][..]), (1, &[Risk::Legal][..])] {
                    let request = Request {
                        language,
                        topic: *topic,
                        owing: *owing,
                        severity,
                        risk,
                        ..request(5_000)
                    };
                    let plain = DRAFTS.write(&request).text;
                    let open = DRAFTS.write(&Request { known, ..request }).text;
                    assert_eq!(open, plain, "in public nothing of it is said");
                    let closed = DRAFTS.write(&Request { known, private: true, ..request });
                    let says =
                        ["2019", "IT4711223", "in transito"].map(|k| closed.text.contains(k));
                    let holding = closed.template.contains("holding");
                    assert_eq!(says, [!holding; 3], "{}", closed.text);
                }
            }
        }
    }
    let private = Request { private: true, ..request(5_000) };
    let order = Known { order: "IT4711223", ..Known::default() };
    let text = DRAFTS.write(&Request { known: order, ..private }).text;
    assert!(text.contains("IT4711223") && !text.contains("  "), "{text}");
    assert!(!text.contains("numero dell'ordine"), "what is known is not asked for: {text}");
    let narrow = Request { known, rule: request(140).rule, ..private };
    assert!(DRAFTS.write(&narrow).text.chars().count() <= 140);
    assert!(DRAFTS.wrote("it.complaint.delivery.long.1") && !DRAFTS.wrote("ada"));
}

#[test]
fn a_narrow_rule_drops_sentences_never_words() {
    let safety = |limit| {
        let request = Request { risk: &[Risk::Safety], ..request(limit) };
        DRAFTS.write(&request).text
    };
    assert_eq!(safety(64), "Lo prendiamo molto sul serio.");
    assert_eq!(safety(10), "");
    let bytes = Counting::GraphemesAndBytes { bytes: 60 };
    let narrow =
        Request { rule: LengthRule { counting: bytes, limit: 300 }, prefix_len: 5, ..request(0) };
    assert_eq!(DRAFTS.write(&narrow).text, "Ci dispiace per il disagio con la consegna.");
}

#[test]
fn the_seed_decides() {
    let texts: BTreeSet<String> =
        (0..40).map(|seed| DRAFTS.write(&Request { seed, ..request(500) }).text).collect();
    assert!(texts.len() >= 4, "variants are used: {texts:#?}");
    assert_eq!(DRAFTS.write(&request(500)), Drafts::new().unwrap().write(&request(500)));
}

proptest! {
    #[test]
    fn any_author_any_limit(
        author in r"(\PC|[@#<>{}.:/\n]|Anna ){0,30}", limit in 0usize..400, which in 0usize..6,
        language in 0usize..6, topic in 0usize..11, owing in 0usize..3, seed: u64,
    ) {
        let counting = [
            Counting::Graphemes, Counting::Bytes, Counting::GraphemesAndBytes { bytes: 300 },
            Counting::Mastodon, Counting::XWeighted, Counting::Utf16,
        ][which];
        let request = Request {
            author: &author,
            language: Lang::SERVED[language],
            topic: Topic::ALL[topic],
            owing: Owing::ALL[owing],
            rule: LengthRule { counting, limit },
            seed,
            ..request(0)
        };
        let text = DRAFTS.write(&request).text;
        prop_assert!(request.rule.fits(&text), "{text}");
        let traps = ['@', '#', '<', '>', '{', '\n'];
        prop_assert!(!text.contains(traps), "{text}");
        let last = text.chars().last();
        prop_assert!(last.is_none_or(|c| matches!(c, '.' | '?' | 'M')), "cut in a sentence: {text}");
    }
}
