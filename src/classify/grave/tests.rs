//! Tests of grave phrases: what they name, what they leave to the model, and how often they are
//! right on the labelled lines.

use super::{FILE, Grave, SECTIONS};
use crate::classify::normal::normalise;
use crate::classify::{About, Around, Classifier, Input, Model, Opinion, Seen};
use crate::domain::verdict::{Lang, PerMillion, Risk};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::OnceLock;

/// Takes every text for a mild complaint of no risk.
struct Deaf;

impl Model for Deaf {
    fn name(&self) -> &'static str {
        "deaf-1"
    }

    fn opinion(&self, _: &Seen) -> Opinion {
        let (complaint, severity) = (PerMillion(600_000), Some(1));
        Opinion { complaint, severity, risk: Some(vec![]), ..Opinion::default() }
    }
}

fn judge() -> &'static Classifier {
    static JUDGE: OnceLock<Classifier> = OnceLock::new();
    JUDGE.get_or_init(|| Classifier::new(Some(Box::new(Deaf))).unwrap())
}

fn named(text: &str, language: Lang) -> Grave {
    let folded = normalise(text, language == Lang::DE);
    let (cues, grave) = judge().lexicons(language).unwrap();
    let counts = judge().table.count(&folded.text, text, cues.find(&folded.text));
    Grave::of(&judge().table, &counts, grave.find(&folded.text))
}

#[test]
fn every_served_language_has_phrases_of_every_risk() {
    let mut heads: Vec<&str> = FILE.lines().filter(|line| line.starts_with('[')).collect();
    let all = Lang::SERVED.into_iter().flat_map(|language| {
        SECTIONS.into_iter().map(move |(section, _)| format!("[{language}.{section}]"))
    });
    for head in all {
        let at = heads.iter().position(|found| *found == head);
        heads.remove(at.unwrap_or_else(|| panic!("{head} is missing")));
    }
    assert!(heads.is_empty(), "no language or risk is called {heads:?}, or it stands there twice");
    // A star inside of a phrase is a sign that no text has.
    let phrases = FILE.lines().filter(|line| !line.starts_with('#')).flat_map(|l| l.split(','));
    let dead: Vec<&str> = phrases.filter(|phrase| phrase.contains("* ")).collect();
    assert!(dead.is_empty(), "{dead:?}");
}

#[test]
fn everyday_words_name_nothing() {
    for (language, text) in [
        (Lang::IT, "Il prezzo esposto era 10 euro, in cassa 12"),
        (Lang::IT, "Il vetro del telefono è graffiato e il parcheggio dell'ospedale costa troppo"),
        (Lang::IT, "Ci avete tagliato la luce e la linea è caduta per la terza volta"),
        (Lang::IT, "La stampante non stampa e il report è sbagliato"),
        (Lang::EN, "Thanks Sue at the desk, still no fix. Er, where is my parcel?"),
        (Lang::EN, "I missed a hospital appointment because of your app"),
        (Lang::EN, "My Fire TV stick keeps freezing and the batteries leaked"),
        (Lang::EN, "I reported this to your support twice, your social media team is useless"),
        (Lang::ES, "La dirección de entrega está mal, se me quemó el arroz esperando"),
        (Lang::ES, "Sigo sin noticias de mi pedido, el consumo de luz está mal calculado"),
        (Lang::FR, "Vous avez baissé le plafond de ma carte, la qualité est en chute libre"),
        (Lang::FR, "Impossible de saisir mon code, j'ai fait toutes les démarches"),
        (Lang::DE, "Die Monatskarte wird in der App nicht angezeigt, bin umsonst gefahren"),
        (Lang::DE, "Das Paket wurde an Nachbarn übergeben, es ist brandneu und kaputt"),
        (Lang::PT, "O provedor caiu de novo e o processo de devolução está parado"),
        (Lang::PT, "Minha TV chegou com um risco na tela e o filtro vazou"),
    ] {
        let found = named(text, language);
        assert!(found.risks.is_empty() && !found.harm, "{text}: {found:?}");
    }
}

#[test]
fn what_is_really_named_stays_so_though_the_model_is_deaf() {
    for (language, text, risk) in [
        (Lang::IT, "Domani il mio avvocato vi scrive", Risk::Legal),
        (Lang::IT, "Ho trovato un pezzo di vetro nel vasetto", Risk::Safety),
        (Lang::IT, "Mi è arrivata la bolletta di un altro cliente", Risk::Privacy),
        (Lang::EN, "See you in small claims court", Risk::Legal),
        (Lang::EN, "The charger caught fire in my hand", Risk::Safety),
        (Lang::EN, "I am going to the papers with this", Risk::Press),
        (Lang::ES, "El enchufe quemado casi nos mata", Risk::Safety),
        (Lang::ES, "Voy a poner una reclamación en consumo", Risk::Legal),
        (Lang::FR, "La prise a fondu, départ de feu dans la cuisine", Risk::Safety),
        (Lang::FR, "Je vais saisir le médiateur", Risk::Legal),
        (Lang::DE, "Der Akku ist explodiert, es gab einen Stromschlag", Risk::Safety),
        (Lang::DE, "Ich gehe damit an die Presse", Risk::Press),
        (Lang::PT, "A tomada pegou fogo com a minha filha do lado", Risk::Safety),
        (Lang::PT, "Vou entrar com uma ação na justiça", Risk::Legal),
    ] {
        assert!(named(text, language).risks.contains(&risk), "{text}");
        let (around, about) = (Around::default(), &About::US);
        let input =
            Input { text, language: Some(language), rating: None, attachments: 0, around, about };
        let verdict = judge().judge(&input);
        assert!(verdict.is_complaint() && verdict.risk.contains(&risk), "{text}: {verdict:?}");
        assert_eq!(verdict.severity, if risk == Risk::Privacy { 1 } else { 3 }, "{text}");
    }
    // Who asks about an allergy complains of nothing: it is named, and the rules are not sure.
    let asks = named("Are the clusters ok for someone with a sesame allergy?", Lang::EN);
    assert_eq!((asks.risks, asks.harm), (vec![Risk::Safety], false));
    assert!(named("The charger exploded in my hand", Lang::EN).harm);
}

/// Of complaints that are labelled with a risk how many have it named, and of all others how many.
/// The words of the cues name 117 of 126 for the law and 38 others, 150 of 322 for harm and 72,
/// 56 of 132 for data and 37, 28 of 43 for the press and 19.
#[test]
fn on_the_labelled_complaints_they_are_mostly_right() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/complaints");
    let mut told: BTreeMap<Risk, (u32, u32)> = BTreeMap::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let file = file.unwrap().path();
        if file.extension().is_none_or(|e| e != "jsonl") {
            continue;
        }
        for line in std::fs::read_to_string(&file).unwrap().lines() {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            let language = line["lang"].as_str().and_then(Lang::parse);
            let Some(language) = language.filter(|lang| Lang::SERVED.contains(lang)) else {
                continue;
            };
            if line["kind"] != "complaint" {
                continue;
            }
            let flags: Vec<&str> = line["flags"]
                .as_array()
                .map(|flags| flags.iter().filter_map(serde_json::Value::as_str).collect())
                .unwrap_or_default();
            for risk in named(line["text"].as_str().unwrap(), language).risks {
                let (right, wrong) = told.entry(risk).or_default();
                *if flags.contains(&risk.as_str()) { right } else { wrong } += 1;
            }
        }
    }
    for (risk, least, most) in [
        (Risk::Legal, 122, 20),
        (Risk::Safety, 190, 36),
        (Risk::Privacy, 70, 20),
        (Risk::Press, 36, 4),
        (Risk::Churn, 48, 6),
    ] {
        let (right, wrong) = told[&risk];
        assert!(right >= least && wrong <= most, "{risk}: {right} right, {wrong} wrong");
    }
}
