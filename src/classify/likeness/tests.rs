//! Tests of likeness: what is a copy and what is not, and how well both are told on the corpus.

use super::*;
use crate::classify::JUDGED_LIMIT;
use proptest::prelude::*;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;

const POST: &str =
    "@acme terza settimana e il pacco 4711 non è ancora arrivato, nessuno risponde https://a.b/c";

fn alike(one: &str, other: &str) -> bool {
    let (one, other) = (Likeness::of(one), Likeness::of(other));
    assert_eq!(one.is_like(&other), other.is_like(&one));
    one.is_like(&other)
}

fn share_a_band(one: &Bands, other: &Bands) -> bool {
    one.iter().zip(other).any(|(a, b)| a.is_some() && a == b)
}

#[test]
fn a_copy_is_one_whatever_handle_link_number_or_dress_it_has() {
    for copy in [
        "TERZA settimana e il pacco 99 non e' ancora arrivato!!! Nessuno risponde",
        "RT @jo: @altro_marchio Terza settimana e il pacco 4711 non è ancora arrivato, nessuno risponde",
        "anche a me: terza settimana e il pacco 4711 non è ancora arrivato, nessuno risponde",
        "@acme terza settimana e il mio pacco non è ancora arrivato, nessuno risponde #vergogna",
        "t\u{200B}erza settimаna e il pacco non è ancora arrivato, nessuno risponde",
    ] {
        assert!(alike(POST, copy), "{copy}");
    }
    for other in [
        "terza settimana e la bolletta non è ancora giusta, qualcuno mi chiami",
        "il pacco è arrivato, grazie a tutti quanti",
        "https://a.b/c @acme",
        "",
    ] {
        assert!(!alike(POST, other), "{other}");
    }
}

#[test]
fn short_texts_are_alike_only_if_their_words_are_equal() {
    assert!(alike("@acme Che schifo!!", "che SCHIFO https://a.b"));
    assert!(!alike("Grazie mille davvero", "grazie mille"));
    assert!(!alike("grazie mille", "mille grazie"));
    assert!(!alike("che schifo di", "che schifo di servizio proprio"));
    for nothing in ["", "😡😡", "@acme https://a.b"] {
        assert!(!alike(nothing, nothing), "{nothing:?}");
        assert_eq!(Likeness::of(nothing).bands(), Bands::default());
    }
    let bands = Likeness::of("che schifo").bands();
    assert!(bands[0].is_some() && bands[1..].iter().all(Option::is_none));
}

#[test]
fn what_is_stored_stays_the_same() {
    // Bands are kept for mentions that stand in the store: other figures find them no more.
    let bands = Likeness::of("il pacco non arriva mai in tempo").bands();
    assert_eq!(bands, BANDS_OF_THE_LINE);
}

/// The bands of one line.
const BANDS_OF_THE_LINE: Bands = [
    Some(-6_346_736_980_408_723_370),
    Some(-7_517_296_069_628_972_478),
    Some(-8_026_097_582_332_298_892),
    Some(-7_907_855_693_538_599_504),
];

/// Every text of the corpus.
fn corpus() -> Vec<String> {
    #[derive(serde::Deserialize)]
    struct Line {
        text: String,
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/complaints");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = files.filter(|f| f.extension().is_some_and(|e| e == "jsonl")).collect();
    files.sort();
    let read = |file: &std::path::PathBuf| std::fs::read_to_string(file).unwrap();
    let lines: Vec<String> = files.iter().map(read).collect();
    let text = |line: &str| serde_json::from_str::<Line>(line).unwrap().text;
    lines.iter().flat_map(|file| file.lines()).map(text).collect()
}

/// What people make of a text when they pass it on, each with a name; `at` chooses the place.
fn edits(text: &str, other: &str, at: usize) -> Vec<(&'static str, String)> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let place = at % words.len();
    let with = |word: &str| {
        let mut words = words.clone();
        words[place] = word;
        words.join(" ")
    };
    let mut typed: Vec<char> = words[place].chars().collect();
    let last = typed.len() - 1;
    typed.swap(last / 2, last);
    typed.push('e');
    vec![
        ("a handle and a link", format!("@qualcuno_x {text} https://t.co/x{at}")),
        ("handed on", format!("RT @tizio: {text}")),
        ("tags", format!("{text} #vergogna #truffa")),
        ("a typing error", with(&typed.into_iter().collect::<String>())),
        ("another word", with(other.split_whitespace().next().unwrap_or("altro"))),
        ("a word left out", with("")),
        ("a comment", format!("succede anche qui: {text}")),
        ("cut short", format!("{}…", words[..words.len() - words.len() / 4].join(" "))),
    ]
}

/// Most edited copies are found by a band and called alike.
#[test]
fn figures_of_copies_that_are_found() {
    let texts = corpus();
    let mut found: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for (n, text) in texts.iter().enumerate().step_by(10) {
        let whole = Likeness::of(text);
        if whole.short {
            continue;
        }
        for (edit, copy) in edits(text, &texts[(n * 7 + 1) % texts.len()], n / 10) {
            let copy = Likeness::of(&copy);
            let is_found = share_a_band(&whole.bands(), &copy.bands()) && whole.is_like(&copy);
            let (hits, of) = found.entry(edit).or_default();
            *hits += usize::from(is_found);
            *of += 1;
        }
    }
    for (edit, (hits, of)) in &found {
        println!("{edit}: {hits} of {of}");
        let least = if ["a handle and a link", "handed on"].contains(edit) { 100 } else { 94 };
        assert!(hits * 100 >= of * least, "{edit}: {hits} of {of}");
    }
    let (hits, of) = found.values().fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    assert!(of > 10_000 && hits * 100 >= of * 97, "{hits} of {of}");
}

/// Of different messages next to none are called alike, and few are looked at in vain.
#[test]
fn figures_of_messages_that_are_no_copies() {
    let texts: HashSet<String> = corpus().into_iter().collect();
    let all: Vec<Likeness> = texts.iter().map(|text| Likeness::of(text)).collect();
    let mut shelves: HashMap<(usize, i64), Vec<usize>> = HashMap::new();
    for (n, one) in all.iter().enumerate().filter(|(_, one)| !one.short) {
        for (band, value) in one.bands().iter().enumerate() {
            shelves.entry((band, value.unwrap())).or_default().push(n);
        }
    }
    let mut pairs = HashSet::new();
    for shelf in shelves.values() {
        for (n, a) in shelf.iter().enumerate() {
            pairs.extend(shelf[n + 1..].iter().map(|b| (*a.min(b), *a.max(b))));
        }
    }
    let alike = pairs.iter().filter(|(a, b)| all[*a].is_like(&all[*b])).count();
    println!("{} texts: {} pairs share a band, {alike} are called alike", all.len(), pairs.len());
    let of = all.len() * all.len() / 2;
    assert!(of > 100_000_000, "{of}");
    assert!((1..=40).contains(&alike), "{alike} of {of}");
    // Of ten thousand messages each is compared with one at most.
    assert!(pairs.len() * 2 * 10_000 <= all.len() * all.len(), "{}", pairs.len());
}

#[test]
fn a_megabyte_is_read_as_far_as_it_is_judged() {
    let text = "nessuno risponde mai ".repeat((1 << 20) / 21);
    assert_eq!(Likeness::of(&text), Likeness::of(cut(&text)));
    let word = "a".repeat(1 << 20);
    assert!(Likeness::of(&word).short);
    let other = format!("{}z z z z z", "b c d e f ".repeat(JUDGED_LIMIT / 10 + 1));
    assert!(!Likeness::of(&other).pieces.contains(&hash("z")));
}

proptest! {
    #[test]
    fn any_text_is_like_itself_if_it_has_words(text in "\\PC{0,120}|([a-zè@#😡0 ]{1,9} ){0,30}") {
        let one = Likeness::of(&text);
        let worded = one.bands()[0].is_some();
        prop_assert_eq!(one.is_like(&one), worded);
        prop_assert_eq!(one.bands(), Likeness::of(&format!("{text} https://a.b")).bands());
        prop_assert_eq!(one.bands()[3].is_none(), one.short);
    }
}
