//! `ascolto eval` and `ascolto train`: figures on labelled lines, and a model of them.

use super::{ascolto, said, text};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::path::Path;

const LINES: &str = r#"{"text":"Terza settimana e il pacco non è ancora arrivato, nessuno risponde","lang":"it","kind":"complaint","sev":2,"topic":"delivery","flags":["ignored"]}
{"text":"My refund never arrived, nobody answers my mails, this is a disgrace","lang":"en","complaint":true}

{"text":"Grazie mille, servizio perfetto e consegna veloce!","lang":"it","kind":"praise"}
{"text":"What time do you open on Sunday?","lang":"en","kind":"question"}
"#;

fn corpus() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/complaints")
}

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn figures_are_shown_and_a_bar_can_be_set() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lines.jsonl");
    std::fs::write(&file, LINES).unwrap();
    let page = said(ascolto(&["eval", text(&file)]), b"").good();
    for part in ["macro-F1", "it ", "en ", "all ", "0 errors", "severity within one step: 100.0"] {
        assert!(page.contains(part), "{part}: {page}");
    }
    let json = said(ascolto(&["eval", text(&file), "--json", "--min", "0.9"]), b"").good();
    let figures: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(figures["all"]["lines"], 4);
    assert_eq!(figures["all"]["macro_f1"]["value"], 1.0);
    assert_eq!(figures["confusion"]["question"]["question"], 1);
    assert_eq!(figures["by_language"]["it"]["complaints"], 1);

    let turned = LINES.replace("\"praise\"", "\"complaint\"");
    std::fs::write(&file, turned).unwrap();
    let told = said(ascolto(&["eval", text(&file), "--min", "0.9"]), b"");
    assert!(told.out.contains("missed") && told.out.contains("Grazie mille"), "{}", told.out);
    assert!(told.failed(1).contains("below 0.9"));
}

#[test]
fn a_bar_can_be_set_for_every_figure_and_without_the_encoder() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lines.jsonl");
    std::fs::write(&file, LINES).unwrap();
    let eval = |more: &[&str]| said(ascolto(&[&["eval", text(&file)][..], more].concat()), b"");
    let bars = "f1=0.9 macro-f1=0.9 kind=0.5 topic=0 severity=0 recall=0.9 language=0.5 ece=0.5";
    let bars: Vec<&str> = bars.split(' ').flat_map(|bar| ["--min", bar]).collect();
    eval(&bars).good();
    eval(&["--without-encoder", "--min", "0.9"]).good();
    let both = eval(&["--without-encoder", "--model", text(&file)]).failed(2);
    assert!(both.contains("--model"), "{both}");
    assert!(eval(&["--min", "ece=0"]).failed(1).contains("above 0.000"));
    let names = eval(&["--min", "rage=0.5"]).failed(2);
    assert!(names.contains("`rage`") && names.contains("macro-f1, kind, topic"), "{names}");

    std::fs::write(&file, LINES.replace("\"praise\"", "\"complaint\"")).unwrap();
    let err = eval(&["--min", "0.9", "--min", "macro-f1=0.9"]).failed(1);
    assert!(err.contains("the F1 of complaints is 0.8") && err.contains("macro-F1"), "{err}");
    std::fs::write(&file, "{\"text\":\"Nobody answers\",\"complaint\":true}\n").unwrap();
    assert!(eval(&["--min", "topic=0.5"]).failed(2).contains("leave --min topic out"));
}

#[test]
fn lines_that_cannot_be_measured_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lines.jsonl");
    for (lines, why) in [
        ("{\"text\":\"a\",\"kind\":\"praise\"}\n{\"text\":\"b\"}\n", "line 2: neither"),
        ("{\"text\":\"a\",\"kind\":\"rage\"}\n", "line 1"),
        ("\n", "holds no lines"),
    ] {
        std::fs::write(&file, lines).unwrap();
        let err = said(ascolto(&["eval", text(&file)]), b"").failed(2);
        assert!(err.contains(why), "{err}");
    }
    let nowhere = folder.path().join("nowhere");
    assert!(said(ascolto(&["eval", text(&nowhere)]), b"").failed(3).contains("cannot be read"));
    assert!(
        said(ascolto(&["eval", text(&file), "--min", "80"]), b"").failed(2).contains("between")
    );
    std::fs::write(&file, LINES).unwrap();
    let err = said(ascolto(&["eval", text(&file), "--model", text(&file)]), b"").failed(2);
    assert!(err.contains("no model file"), "{err}");
}

#[test]
fn a_model_is_made_of_folders_twice_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("few");
    std::fs::create_dir(&data).unwrap();
    let whole = std::fs::read_to_string(corpus().join("it-plain.jsonl")).unwrap();
    let few: String = whole.lines().take(100).map(|line| format!("{line}\n")).collect();
    std::fs::write(data.join("it.jsonl"), &few).unwrap();
    let [one, two] = ["one.bin", "two.bin"].map(|name| folder.path().join(name));
    for (file, threads) in [(&one, "1"), (&two, "3")] {
        let args = ["train", "--data", text(&data), "--out", text(file), "--threads", threads];
        let told = said(ascolto(&args), b"");
        assert!(told.err.contains("complaints/it-a.jsonl is missing"), "{}", told.err);
        assert!(told.err.contains("few/it.jsonl is not in the shipped model"), "{}", told.err);
        assert!(told.err.contains("this is not the model inside"), "{}", told.err);
        let model = std::fs::read(file).unwrap();
        assert!(told.good().starts_with(&digest(&model)));
    }
    assert!(std::fs::read(&one).unwrap() == std::fs::read(&two).unwrap());
    let manifest = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    assert_eq!(manifest("one.bin.manifest"), manifest("two.bin.manifest"));
    let manifest = manifest("one.bin.manifest");
    let line = format!("{} 100 few/it.jsonl", digest(few.as_bytes()));
    assert!(manifest.lines().any(|found| found == line), "{manifest}");
    let file = data.join("it.jsonl");
    let args = ["eval", text(&file), "--model", text(&one), "--min", "0.8"];
    said(ascolto(&args), b"").good();

    let empty = folder.path().join("empty");
    std::fs::create_dir(&empty).unwrap();
    let told = said(ascolto(&["train", "--data", text(&empty), "--out", text(&one)]), b"");
    assert!(told.failed(2).contains("holds no .jsonl files"));
    let none = ["train", "--data", text(&data), "--out", text(&one), "--threads", "0"];
    assert!(said(ascolto(&none), b"").failed(2).contains("--threads"));
}

/// Training itself takes minutes; what it would be asked with is checked here.
#[test]
fn the_shipped_model_names_the_corpus_as_it_is() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/classify/data");
    let manifest = std::fs::read_to_string(data.join("model.manifest")).unwrap();
    let mut named = 0;
    for line in manifest.lines().filter(|line| !line.starts_with('#')) {
        let [first, second, third] = line.split(' ').collect::<Vec<_>>()[..] else {
            panic!("{line}")
        };
        if first == "model" {
            assert_eq!(third, digest(&std::fs::read(data.join("model.bin")).unwrap()), "{second}");
            continue;
        }
        let Some(file) = third.strip_prefix("complaints/") else {
            // What stands outside the project cannot be looked at; the encoder can.
            let Some(encoder) = third.strip_prefix("data/") else { continue };
            let encoder = std::fs::read(data.join(encoder)).unwrap();
            assert_eq!(first, digest(&encoder), "{third} has changed: train the model anew");
            continue;
        };
        let file = corpus().join(file);
        let bytes = std::fs::read(&file).unwrap();
        assert_eq!(first, digest(&bytes), "{third} has changed: train the model anew");
        assert_eq!(second, bytes.iter().filter(|b| **b == b'\n').count().to_string());
        named += 1;
    }
    let files = std::fs::read_dir(corpus()).unwrap();
    let lines =
        files.filter(|f| f.as_ref().unwrap().path().extension().is_some_and(|e| e == "jsonl"));
    assert_eq!(named, lines.count());
}

/// The phrases and cues that the shipped model was trained with, which its manifest does not name:
/// the model sees which of them a text has. Train it anew when one of them changes, and pin here
/// what it was trained with.
const PHRASES: [(&str, &str); 8] = [
    ("common.txt", "6309efd9914084a83993c7ac7c1f48a37c7528a6dea5b9c06b2ab42946f9f14e"),
    ("it.txt", "6fd01cfc55745d6e64fb5e77034d7724c080cc137a5cc7c47ef89da68b36d2d6"),
    ("en.txt", "30fc574ce5e0d89d8c0086fe36512190d984aea791478a8323feaa892cff65b1"),
    ("es.txt", "b758d39279eb856bc9159e70387fef7f0f7d760e689ffec38fc2b0ec74676c3f"),
    ("fr.txt", "1284a628b097294046fbabd7fecf714463c2855c2017921c41854360767e0cd0"),
    ("de.txt", "0b67cc2adb995b650fc87e27ced4bf534553322eb541626420811193257a45a9"),
    ("pt.txt", "a83066fc801baa7a4520c23dd9c4c5f2d0aa5cdb1ff463191dcbe4e3dff7ed45"),
    ("cues.txt", "699f1e37fe986e0becc8b8d386ee19b5ecd14ed5ca10a512c2c997e8a8011038"),
];

#[test]
fn the_shipped_model_knows_the_phrases_as_they_are() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/classify/data");
    for (file, pinned) in PHRASES {
        let now = digest(&std::fs::read(data.join(file)).unwrap());
        assert_eq!(pinned, now, "{file} has changed: train the model anew, then pin what it is");
    }
}
