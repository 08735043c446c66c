//! `ascolto classify` on lines as people and programs write them.

use super::{COMPLAINT, Said, ascolto, said};
use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

fn classify(stdin: &[u8]) -> (Said, Vec<Value>) {
    let said = said(ascolto(&["classify"]), stdin);
    let lines = said.out.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    (said, lines)
}

#[test]
fn an_italian_complaint_is_answered_in_full() {
    let (said, lines) = classify(format!("{COMPLAINT}\n").as_bytes());
    assert_eq!(said.code, Some(0), "{}", said.err);
    let [answer] = lines.as_slice() else { panic!("{lines:?}") };
    let keys: Vec<&String> = answer.as_object().unwrap().keys().collect();
    let mut wanted = [
        "id",
        "complaint",
        "kind",
        "probability",
        "relevance",
        "severity",
        "topic",
        "language",
        "risk",
        "why",
    ];
    wanted.sort_unstable();
    let mut found = keys.clone();
    found.sort_unstable();
    assert_eq!(found, wanted);
    assert!(said.out.starts_with("{\"id\":null,\"complaint\":true,\"kind\":\"complaint\","));
    assert_eq!(answer["language"], "it");
    assert_eq!(answer["topic"], "delivery");
    assert_eq!(answer["relevance"], "about");
    assert!(answer["severity"].as_u64().unwrap() >= 1);
    assert!(answer["probability"].as_f64().unwrap() > 0.6);
    assert!(answer["risk"].as_array().unwrap().contains(&"ignored".into()));
    assert!(!answer["why"].as_array().unwrap().is_empty());
}

#[test]
fn bad_lines_are_named_and_the_others_answered_in_order() {
    let (said, lines) = classify(
        "{\"id\":\"a\",\"text\":\"grazie mille!\"}\r\n{\"id\":1}\n{\"text\":\nciao\n".as_bytes(),
    );
    assert_eq!(said.code, Some(1));
    assert!(said.err.contains("2 of the lines could not be read"), "{}", said.err);
    assert_eq!(lines.len(), 4);
    assert_eq!((&lines[0]["id"], &lines[0]["kind"]), (&"a".into(), &"praise".into()));
    assert_eq!(lines[1]["id"], 1);
    assert!(lines[1]["error"].as_str().unwrap().contains("`text` is missing"));
    assert!(lines[2]["id"].is_null() && lines[2]["error"].is_string());
    assert_eq!((&lines[3]["complaint"], &lines[3]["severity"]), (&false.into(), &0.into()));
}

#[test]
fn odd_text_is_judged_all_the_same() {
    let mut odd = b"\xEF\xBB\xBFciao\n\n".to_vec();
    odd.extend_from_slice(b"caff\xE8 rovesciato\n");
    odd.extend_from_slice(b"{\"id\":3,\"text\":\"a\\ud83d b\\u0000\",\"language\":\"pt-BR\"}\n");
    odd.extend(std::iter::repeat_n("pacco in ritardo ".bytes(), 70_000).flatten());
    odd.extend_from_slice(b"\n{\"text\":null,\"rating\":1}");
    let (said, lines) = classify(&odd);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert_eq!(lines.len(), 6);
    assert_eq!(lines[1]["why"][0]["cue"], "text.none", "an empty line is a mention without text");
    assert_eq!((&lines[3]["id"], &lines[3]["language"]), (&3.into(), &"pt".into()));
    assert!(said.out.lines().nth(4).unwrap().contains("text.cut"), "1.2 MB are cut and said so");
}

#[test]
fn who_waits_gets_the_answer_before_the_next_question() {
    let mut command = ascolto(&["classify", "--format", "jsonl"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut to = child.stdin.take().unwrap();
    let mut from = BufReader::new(child.stdout.take().unwrap());
    for question in [COMPLAINT, "grazie"] {
        writeln!(to, "{question}").unwrap();
        let mut answer = String::new();
        from.read_line(&mut answer).unwrap();
        assert!(answer.ends_with("}\n"), "{answer}");
    }
    drop(to);
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_reader_that_has_enough_is_no_failure() {
    let mut command = ascolto(&["classify"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let mut to = child.stdin.take().unwrap();
    // The program may be gone before everything is written.
    while to.write_all(b"grazie\n").is_ok() {}
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
