//! What judging a text costs: our judges over the corpus on one thread and, in the same run, VADER
//! and scikit-learn with like features over the same texts.
//!
//! `cargo bench --bench judge [-- --f1]`; with `--f1` ours is trained without a fifth of the lines
//! first, to tell how well each judges those, which takes minutes. `./benches/install` brings the
//! judges of others. Only the ratios mean anything: they hold across machines.

use ascolto::classify::{Cascade, Classifier, Labelled, Sample, Training, measure};
use ascolto::clock::Stopwatch;
use serde::Deserialize;
use std::error::Error;
use std::fs::File;
use std::hint::black_box;
use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio, exit};

/// How often all is timed; medians are shown, and the rows take turns within a round.
const ROUNDS: usize = 5;
/// Beside the messages as they are: messages joined to texts of so many bytes.
const LENGTHS: [usize; 3] = [100, 500, 2_000];
/// The side of the split that is held out where something is learned.
const HELD_OUT: usize = 0;
/// What this ends with where something outside is missing.
const OUTSIDE: i32 = 3;

type Made = fn() -> Result<Classifier, String>;

/// Our judges: a name, and how each is made.
const JUDGES: &[(&str, Made)] = &[
    ("rules", || Classifier::new(None)),
    ("rules and stage A", Classifier::lean),
    // What is shipped.
    ("whole cascade", Classifier::shipped),
];

fn main() -> Result<(), Box<dyn Error>> {
    let files = corpus()?;
    let samples: Vec<Sample> = files.iter().flatten().cloned().collect();
    let mut sets: Vec<Vec<Labelled>> =
        vec![samples.iter().map(|sample| sample.labelled.clone()).collect()];
    sets.extend(LENGTHS.map(|length| joined(&files, length)));
    let mut judges = Vec::new();
    for &(name, made) in JUDGES {
        judges.push(Judge::make(name, made, &sets)?);
    }
    time(&mut judges, &sets);
    show(&judges, &sets[0]);
    let ours = if std::env::args().any(|arg| arg == "--f1") { Some(ours(&samples)?) } else { None };
    let others = others(&samples)?;
    others.show(ours);
    for judge in &judges {
        let took = median(&judge.took[1][0]);
        println!(
            "{}: VADER {:.1}×, scikit-learn {:.1}× one by one and {:.1}× in batches",
            judge.name,
            others.vader_us / took,
            others.sklearn_us / took,
            others.sklearn_batch_us / took
        );
    }
    Ok(())
}

/// The labelled messages of the corpus, by file.
fn corpus() -> Result<Vec<Vec<Sample>>, Box<dyn Error>> {
    let folder = root().join("tests/corpus/complaints");
    let entries = std::fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
    let mut paths: Vec<PathBuf> = entries.iter().map(std::fs::DirEntry::path).collect();
    paths.retain(|path| path.extension().is_some_and(|end| end == "jsonl"));
    paths.sort();
    paths.iter().map(|path| read(path)).collect()
}

/// The messages of a file. Line by line, so that no freed file hides what a judge takes of memory.
fn read(path: &Path) -> Result<Vec<Sample>, Box<dyn Error>> {
    let mut samples = Vec::new();
    for (line, text) in BufReader::new(File::open(path)?).lines().enumerate() {
        let labelled = serde_json::from_str(&text?)
            .map_err(|e| format!("{}, line {}: {e}", path.display(), line + 1))?;
        samples.push(Sample::of_corpus(labelled, line));
    }
    Ok(samples)
}

/// Texts of `length` bytes: messages of one file one behind the other, cut at a character.
fn joined(files: &[Vec<Sample>], length: usize) -> Vec<Labelled> {
    let mut texts = Vec::new();
    for file in files {
        let mut text = String::new();
        for sample in file {
            text.push_str(&sample.labelled.text);
            text.push(' ');
            if text.len() >= length {
                text.truncate(text.floor_char_boundary(length));
                texts.push(Labelled { text, ..sample.labelled.clone() });
                text = String::new();
            }
        }
    }
    texts
}

/// One of our judges with what was measured of it.
struct Judge {
    name: &'static str,
    classifier: Classifier,
    /// What it added to this process, in KiB: all pages, and those that no file backs.
    memory: Option<[u64; 2]>,
    /// With the language named and with the language to be found, by set of texts: microseconds a
    /// text, one figure a round.
    took: [Vec<Vec<f64>>; 2],
}

impl Judge {
    /// Makes one and lets it judge everything once, so that it holds what it ever will.
    fn make(
        name: &'static str,
        made: Made,
        sets: &[Vec<Labelled>],
    ) -> Result<Judge, Box<dyn Error>> {
        let before = memory();
        let classifier = made()?;
        for set in sets {
            pass(&classifier, set, true);
            pass(&classifier, set, false);
        }
        let memory = memory().zip(before).map(|(after, before)| {
            [after[0].saturating_sub(before[0]), after[1].saturating_sub(before[1])]
        });
        let took = [vec![Vec::new(); sets.len()], vec![Vec::new(); sets.len()]];
        Ok(Judge { name, classifier, memory, took })
    }
}

/// Times every judge on every set.
fn time(judges: &mut [Judge], sets: &[Vec<Labelled>]) {
    for _ in 0..ROUNDS {
        for judge in &mut *judges {
            for (named, took) in [true, false].into_iter().zip(&mut judge.took) {
                for (set, took) in sets.iter().zip(took) {
                    took.push(pass(&judge.classifier, set, named));
                }
            }
        }
    }
}

/// Judges all texts of a set; gives the microseconds that one took.
fn pass(classifier: &Classifier, texts: &[Labelled], named: bool) -> f64 {
    let watch = Stopwatch::start();
    for text in texts {
        let input = if named { text.input() } else { text.unnamed() };
        black_box(classifier.judge(black_box(&input)));
    }
    watch.seconds() * 1e6 / texts.len() as f64
}

fn median(took: &[f64]) -> f64 {
    let mut sorted = took.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Prints what ours take.
fn show(judges: &[Judge], messages: &[Labelled]) {
    let bytes: usize = messages.iter().map(|message| message.text.len()).sum();
    println!(
        "{} messages of {} bytes on average; microseconds a text, medians of {ROUNDS} rounds",
        messages.len(),
        bytes / messages.len().max(1)
    );
    let lengths = LENGTHS.iter().map(|length| format!("{length} B"));
    row("", std::iter::once("messages".to_owned()).chain(lengths));
    for judge in judges {
        for (how, took) in ["language named", "language found"].iter().zip(&judge.took) {
            let took = took.iter().map(|took| format!("{:.1}", median(took)));
            row(&format!("{}, {how}", judge.name), took);
        }
    }
    for judge in judges {
        match judge.memory {
            Some([all, own]) => println!(
                "memory of {}: {:.1} MiB, of which {:.1} are no pages of the program",
                judge.name,
                all as f64 / 1024.0,
                own as f64 / 1024.0
            ),
            None => println!("memory of {}: not told by this system", judge.name),
        }
    }
}

/// Prints a row of a table.
fn row(name: &str, cells: impl IntoIterator<Item = String>) {
    print!("{name:<38}");
    for cell in cells {
        print!("{cell:>10}");
    }
    println!();
}

/// What this process holds of memory in KiB: all pages, and those that no file backs.
fn memory() -> Option<[u64; 2]> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim().trim_end_matches(" kB").parse().ok()
    };
    Some([field("VmRSS:")?, field("RssAnon:")?])
}

/// How well ours tells complaints among lines that it has not seen: macro-F1 on all of them, and on
/// the English ones.
fn ours(samples: &[Sample]) -> Result<[f64; 2], Box<dyn Error>> {
    let (held_out, learned): (Vec<Sample>, Vec<Sample>) =
        samples.iter().cloned().partition(|sample| sample.side == Some(HELD_OUT));
    let model = Training::of(&learned, Some(Cascade::encoder()), 1)?.train("bench");
    let classifier = Classifier::new(Some(Box::new(model)))?;
    let told = held_out.iter().map(|s| (&s.labelled, classifier.judge(&s.labelled.input())));
    let judged: Vec<_> = told.collect();
    let figures = measure::figures(&judged, 1);
    let english = figures.by_language.get("en").map_or(f64::NAN, |found| found.macro_f1.value);
    Ok([figures.all.macro_f1.value, english])
}

/// What `judge.py` tells of the judges of others.
#[derive(Deserialize)]
struct Others {
    texts: usize,
    python: String,
    sklearn: String,
    vader_us: f64,
    sklearn_us: f64,
    sklearn_batch_us: f64,
    sklearn_macro_f1: f64,
    sklearn_macro_f1_en: f64,
    vader_macro_f1_en: f64,
}

impl Others {
    fn show(&self, ours: Option<[f64; 2]>) {
        println!(
            "\nothers, by Python {} and scikit-learn {}; macro-F1 in 100 on a fifth held out",
            self.python, self.sklearn
        );
        row("", ["µs", "F1", "English"].map(str::to_owned));
        let of = |share: f64| format!("{:.1}", share * 100.0);
        let took = |took: f64| format!("{took:.1}");
        let none = String::new;
        let (all, english) = (of(self.sklearn_macro_f1), of(self.sklearn_macro_f1_en));
        row("VADER (made for English)", [took(self.vader_us), none(), of(self.vader_macro_f1_en)]);
        let one = [took(self.sklearn_us), all.clone(), english.clone()];
        row("scikit-learn, one by one", one);
        row("scikit-learn, in batches", [took(self.sklearn_batch_us), all, english]);
        if let Some([all, english]) = ours {
            row("rules and stage A, trained as they", [none(), of(all), of(english)]);
        }
    }
}

/// Starts `judge.py` on the messages. Ends the program where Python or its packages are missing.
fn others(samples: &[Sample]) -> Result<Others, Box<dyn Error>> {
    let mut lines = String::new();
    for sample in samples {
        let line = serde_json::json!({
            "text": sample.labelled.text,
            "language": sample.labelled.language.map(|language| language.to_string()),
            "complaint": sample.labelled.complaint,
            "held_out": sample.side == Some(HELD_OUT),
        });
        lines.push_str(&line.to_string());
        lines.push('\n');
    }
    let python = python();
    let started = Command::new(&python)
        .arg(root().join("benches/judge.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let mut child = match started {
        Err(e) if e.kind() == ErrorKind::NotFound => {
            eprintln!(
                "{} is not there; run ./benches/install, or name a Python with scikit-learn and \
                 vaderSentiment in ASCOLTO_PYTHON",
                python.display()
            );
            exit(OUTSIDE)
        }
        started => started?,
    };
    let sent = child.stdin.take().ok_or("judge.py has no stdin")?.write_all(lines.as_bytes());
    let output = child.wait_with_output()?;
    match output.status.code() {
        Some(0) => sent?,
        // It has said itself what is missing.
        Some(OUTSIDE) => exit(OUTSIDE),
        _ => return Err(format!("judge.py ended with {}", output.status).into()),
    }
    let others: Others = serde_json::from_slice(&output.stdout)?;
    if others.texts != samples.len() {
        return Err(format!("judge.py read {} of {} texts", others.texts, samples.len()).into());
    }
    Ok(others)
}

/// The Python that `./benches/install` made ready, or the one that is named.
fn python() -> PathBuf {
    let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    if let Some(named) = variable("ASCOLTO_PYTHON") {
        return named.into();
    }
    let home = || Some(PathBuf::from(variable("HOME")?).join(".cache"));
    let cache = variable("XDG_CACHE_HOME").map(PathBuf::from).or_else(home);
    cache.unwrap_or_default().join("ascolto/judges/bin/python")
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
