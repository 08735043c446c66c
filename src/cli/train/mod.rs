//! `ascolto train`: makes the model of labelled lines, the same bytes from the same lines.

mod card;
mod corpus;

use super::failure::Failure;
use super::{eval, labelled, out};
use crate::classify::measure::{self, Figures};
use crate::classify::{Cascade, Classifier, Labelled, Sample, Training};
use crate::domain::Verdict;
use clap::Args;
use corpus::{Corpus, Manifest};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

/// The name of the model that this version trains.
const NAME: &str = "cascade-1";
/// From what the drawings for intervals follow.
const SEED: u64 = 2019;
/// On how many sides a benchmark is split, as those who published figures on it did.
const BENCHMARK_SIDES: usize = 10;
/// On what the model that is shipped was trained.
const SHIPPED: &str = include_str!("../../classify/data/model.manifest");

/// Train the model of the classifier on labelled lines, the same bytes from the same lines
///
/// Each DIR holds .jsonl files of labelled lines, as `ascolto eval` reads them. Beside FILE a
/// manifest (FILE.manifest) names every input with its SHA-256. That the result is the model inside
/// this program, or what its inputs lack, is said at the end.
#[derive(Debug, Args)]
pub(super) struct Train {
    /// Folders or files of labelled lines
    #[arg(long, value_name = "DIR", num_args = 1.., required = true)]
    data: Vec<PathBuf>,
    /// Folders or files of labelled lines to learn from beside, whichever lines are held out; they
    /// are not measured, nor do probabilities follow them
    #[arg(long, value_name = "DIR", num_args = 1..)]
    also: Vec<PathBuf>,
    /// Where the model goes
    #[arg(long, value_name = "FILE", required_unless_present_any = ["folds", "folds_of"])]
    out: Option<PathBuf>,
    /// Measure by five-fold cross-validation; lines stay together by 25
    #[arg(long)]
    folds: bool,
    /// Write the model card, with the figures of the cross-validation
    #[arg(long, value_name = "FILE", requires = "folds")]
    card: Option<PathBuf>,
    /// Measure by ten-fold cross-validation on the lines of a benchmark, each time learning from the
    /// folders and nine tenths of it; no model is made
    #[arg(long, value_name = "FILE", conflicts_with_all = ["folds", "out"])]
    folds_of: Option<PathBuf>,
    /// Work by so many threads; the result does not depend on it [default: all cores]
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,
}

impl Train {
    pub(super) fn run(&self) -> Result<(), Failure> {
        let mut corpus = Corpus::read(&self.data)?;
        corpus.learn_beside(Corpus::read(&self.also)?)?;
        if let Some(file) = &self.folds_of {
            return self.benchmark(corpus.samples, file);
        }
        let training = self.training(&corpus.samples)?;
        if self.folds {
            self.measure(&corpus, &training)?;
        }
        let Some(file) = &self.out else { return Ok(()) };
        out::say(&format!("training on {}", out::count(training.count(), "line")));
        let bytes = training.train(NAME).bytes();
        let manifest = corpus.manifest(NAME, &bytes);
        write(file, &bytes)?;
        let mut beside = file.clone().into_os_string();
        beside.push(".manifest");
        write(Path::new(&beside), manifest.to_string().as_bytes())?;
        out::line(&format!("{}  {}", manifest.model, file.display()))?;
        let shipped = Manifest::read(SHIPPED).map_err(Failure::outside)?;
        for lack in shipped.lacks(&manifest) {
            out::say(&lack);
        }
        if manifest.model == shipped.model {
            out::say("this is the model inside this program");
        } else {
            out::say("this is not the model inside this program");
        }
        Ok(())
    }

    fn training<'s>(&self, samples: &'s [Sample]) -> Result<Training<'s>, Failure> {
        let cores = || std::thread::available_parallelism().ok();
        let threads = self.threads.or_else(cores).map_or(1, NonZeroUsize::get);
        Training::of(samples, Some(Cascade::encoder()), threads).map_err(Failure::usage)
    }

    /// Prints what models say of a benchmark's lines that they have not seen.
    fn benchmark(&self, mut samples: Vec<Sample>, file: &Path) -> Result<(), Failure> {
        for sample in &mut samples {
            sample.side = None;
        }
        let lines = labelled::read(file, &labelled::bytes(file)?)?;
        samples.extend(
            lines
                .into_iter()
                .map(|(line, labelled)| Sample { labelled, side: Some(line % BENCHMARK_SIDES) }),
        );
        let training = self.training(&samples)?;
        out::say(&format!("training ten times on {}", out::count(training.count(), "line")));
        let judged = training.judge_held_out(training.held_out_models());
        let judged = judged.map_err(Failure::outside)?;
        out::text(&eval::page(&measure::figures(&judged, SEED)))
    }

    /// Prints what models say of lines that they have not seen, and writes the card.
    fn measure(&self, corpus: &Corpus, training: &Training<'_>) -> Result<(), Failure> {
        out::say(&format!("training five times on {}", out::count(training.count(), "line")));
        let judged = training.judge_held_out(training.held_out_models());
        let judged = judged.map_err(Failure::outside)?;
        let parts = Parts::of(&judged, corpus)?;
        for (what, figures) in parts.all() {
            out::line(&format!("## {what}"))?;
            out::text(&eval::page(figures))?;
        }
        match &self.card {
            None => Ok(()),
            Some(file) => write(file, card::page(corpus, &parts).as_bytes()),
        }
    }
}

/// Figures over all lines, over the plain files and over the others.
struct Parts<'a> {
    whole: Figures<'a>,
    plain: Figures<'a>,
    hard: Figures<'a>,
}

impl<'a> Parts<'a> {
    fn of(judged: &[(&'a Labelled, Verdict)], corpus: &Corpus) -> Result<Parts<'a>, Failure> {
        let judge = Classifier::new(None).map_err(Failure::outside)?;
        let some = |wanted: &dyn Fn(&Labelled) -> bool| {
            let some: Vec<(&'a Labelled, Verdict)> =
                judged.iter().filter(|(l, _)| wanted(l)).map(|(l, v)| (*l, v.clone())).collect();
            let mut figures = measure::figures(&some, SEED);
            figures.language_accuracy = measure::language_accuracy(
                some.iter().map(|(l, _)| (l.language, judge.judge(&l.unnamed()).language)),
            );
            figures
        };
        let plain = corpus.plain();
        // Lines are told apart by where they lie, since two may read the same.
        let is_plain = |labelled: &Labelled| plain.contains(&std::ptr::from_ref(labelled));
        Ok(Parts {
            whole: some(&|_| true),
            plain: some(&is_plain),
            hard: some(&|labelled| !is_plain(labelled)),
        })
    }

    fn all(&self) -> [(&'static str, &Figures<'a>); 3] {
        [
            ("all files", &self.whole),
            ("plain files (an average day)", &self.plain),
            ("other files (hard cases)", &self.hard),
        ]
    }
}

fn write(file: &Path, bytes: &[u8]) -> Result<(), Failure> {
    std::fs::write(file, bytes).map_err(|e| {
        Failure::outside(format!(
            "{} cannot be written: {e}. Name a place of yours",
            file.display()
        ))
    })
}

/// A sample of a line.
fn sample((line, labelled): (usize, Labelled)) -> Sample {
    Sample::of_corpus(labelled, line)
}
