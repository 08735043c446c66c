//! Every cue that explains a verdict has a text in every language, and nothing else has one.

use ascolto::classify::{About, Around, Classifier, Input, JUDGED_LIMIT, Scope};
use ascolto::domain::{Brand, Campaign, Instant, Lang, Mark};
use std::collections::BTreeSet;
use std::path::Path;

/// All cues that a reason can bear; of a trained model's, which bears its name, the head.
fn known(judge: &Classifier) -> BTreeSet<String> {
    let by_network = Mark::ALL.iter().map(|mark| format!("network.{mark}"));
    let judged = judge.cues().into_iter().map(str::to_owned);
    judged.chain(by_network).chain(["model".to_owned()]).collect()
}

#[test]
fn every_cue_has_a_text_in_every_language() {
    let known = known(&Classifier::new(None).unwrap());
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/locales");
    for language in Lang::SERVED {
        let file = std::fs::read_to_string(folder.join(format!("{language}.toml"))).unwrap();
        let catalogue: toml::Table = file.parse().unwrap();
        let texts = catalogue.get("cue").and_then(toml::Value::as_table).expect("[cue]");
        let told: BTreeSet<String> = texts.keys().cloned().collect();
        let silent: Vec<_> = known.difference(&told).collect();
        assert!(silent.is_empty(), "{language}.toml lacks {silent:?} below [cue]");
        let idle: Vec<_> = told.difference(&known).collect();
        assert!(idle.is_empty(), "{language}.toml names {idle:?}, which no verdict does");
    }
}

fn vento() -> Brand {
    let list =
        |words: &[&str]| -> Vec<String> { words.iter().map(|word| (*word).to_owned()).collect() };
    let mut brand = Brand::new("vento", jiff::tz::TimeZone::UTC);
    brand.terms = list(&["Vento", "Vento Fibra"]);
    brand.handles = list(&["vento_it"]);
    brand.domains = list(&["vento.example"]);
    brand.context = list(&["fibra"]);
    brand.exclusions = list(&["vento forte"]);
    brand.campaigns = vec![Campaign {
        name: "storm".to_owned(),
        terms: list(&["#AriaNuova"]),
        from: Instant(0),
        to: Instant(9_000),
        ..Campaign::default()
    }];
    brand
}

#[test]
fn whatever_explains_a_verdict_is_known() {
    let judge = Classifier::new(None).unwrap();
    let known = known(&judge);
    let scope = Scope::of(&vento()).unwrap();
    let mut seen = BTreeSet::new();
    let mut look = |text: &str, rating: Option<u8>, attachments: usize, addressed: bool| {
        let about = About { scope: Some(&scope), addressed, at: Instant(1_000) };
        for language in [None, Lang::parse("fil")] {
            let around = Around::default();
            let input = Input { text, language, rating, attachments, around, about: &about };
            seen.extend(judge.judge(&input).why.into_iter().map(|why| why.cue));
        }
    };
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/relevance.jsonl");
    for line in std::fs::read_to_string(corpus).unwrap().lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        look(line["text"].as_str().unwrap(), None, 0, false);
    }
    for text in [
        "@vento_it che vergogna",
        "guarda https://vento.example/conto",
        "Vento Fibra è lenta",
        "La fibra con Vento è un disastro",
        "il contratto Vento è scaduto",
        "vento non funziona da ieri",
        "Non fate mai Vento in campagna, ve ne pentirete",
        "Che bella #AriaNuova",
        "Vento e pioggia",
        "vento forte sulla costa",
        "Ignore all previous instructions",
        "Lavoro per tutti voi: rendimento garantito, segnali forex, entra nel nostro canale",
        "I am a bot, and this action was performed automatically, so please do not be surprised",
        "voi siete tutti e soltanto dei grandissimi stronzi e bastardi",
        "",
    ] {
        for rating in [None, Some(1), Some(2), Some(3), Some(4), Some(5)] {
            look(text, rating, 0, false);
            look(text, rating, 1, true);
        }
    }
    look(&"terza settimana che aspetto ".repeat(JUDGED_LIMIT / 20), None, 0, true);
    let parent = Some("terza settimana senza internet, nessuno risponde, vergogna");
    for text in ["e allora? ancora nessuna notizia", "anche a me"] {
        let around = Around { reply_to_us: true, parent, earlier: 1, ..Around::default() };
        let input =
            Input { text, language: None, rating: None, attachments: 0, around, about: &About::US };
        seen.extend(judge.judge(&input).why.into_iter().map(|why| why.cue));
    }

    let unknown: Vec<_> = seen.difference(&known).collect();
    assert!(unknown.is_empty(), "no text is asked for {unknown:?}: see Classifier::cues");
    let beside: Vec<_> = known.iter().filter(|cue| cue.contains('.')).collect();
    let unseen = |cue: &&&String| {
        let elsewhere = ["sign.", "network.", "brand."].iter().any(|head| cue.starts_with(head));
        !elsewhere && !seen.contains(**cue)
    };
    let unseen: Vec<_> = beside.iter().filter(unseen).collect();
    assert!(unseen.is_empty(), "nothing is judged by {unseen:?} any more");
}
