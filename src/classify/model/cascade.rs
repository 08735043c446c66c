//! `Cascade`: Stage A, and Stage B for the texts of which A is not sure.
//!
//! A is quick and knows words; B reads the sentence and is a hundred times slower. So B is asked
//! only where A doubts that a text complains, or what a complaint is about; their sums are added.

use super::file::{Rest, put};
use super::{DETAILS, Grams, MILD, Platt, REASON_FLOOR, RISKS, StageA, TOPICS, best};
use crate::classify::encoder::Encoder;
use crate::classify::net::{self, HEADS, Net};
use crate::classify::{Model, Opinion, Seen};
use crate::domain::verdict::{Kind, Lang, PerMillion, Risk, Topic};
use std::sync::LazyLock;

/// The encoder that is shipped: `src/classify/encoder/convert.py` makes it of the published weights.
const ENCODER: &[u8] = include_bytes!("../data/encoder.bin");

/// Read when the first text asks for it, so that who hears nothing doubtful has no room taken.
static SHIPPED: LazyLock<Encoder> =
    LazyLock::new(|| Encoder::read(ENCODER).expect("the tests read the shipped encoder"));

/// Where the log odds of A lie nearer to 0 than this, B is asked: between 18 and 82 per cent. By
/// cross-validation: asked of all texts it adds less than 0.1 to the macro-F1.
const UNSURE: f64 = 1.5;
/// Where A's likeliest topic leads by less, B is asked what a complaint is about: of two complaints
/// in three. By cross-validation: asked of all it tells no more topics rightly, and with 1.5 (of
/// eleven in twenty) 0.2 points fewer, and 0.7 fewer severities.
const CLOSE: f32 = 2.5;
/// From this probability on it is sure to be a complaint, and below the rest to be none.
const SURE: f64 = 0.9;

/// What reads sentences.
pub(crate) struct StageB {
    /// What decides over the encoder's features.
    pub(crate) net: Net,
    /// From sums of A and B to probabilities, in the order of [`Lang::SERVED`].
    pub(crate) platt: [Platt; Lang::SERVED.len()],
}

impl StageB {
    /// What it says of a text, head by head.
    pub(crate) fn heads(&self, text: &str) -> [f32; HEADS] {
        self.net.heads(&SHIPPED.features(text))
    }
}

/// Both stages, or the first alone.
pub struct Cascade {
    a: StageA,
    b: Option<StageB>,
}

impl Cascade {
    /// A model of its stages.
    pub(crate) fn of(a: StageA, b: Option<StageB>) -> Cascade {
        Cascade { a, b }
    }

    /// The encoder that Stage B stands on.
    pub fn encoder() -> &'static Encoder {
        &SHIPPED
    }

    /// The file that it is read from.
    pub fn encoder_file() -> &'static [u8] {
        ENCODER
    }

    /// Stage A alone, which needs less room and time. What it says is not the same, so its name is
    /// another.
    #[must_use]
    pub fn without_b(mut self) -> Cascade {
        if self.b.take().is_some() {
            self.a.name.push_str("-a");
        }
        self
    }

    /// The bytes of its file: those of A, then those of B.
    pub fn bytes(&self) -> Vec<u8> {
        let mut out = self.a.bytes();
        if let Some(b) = &self.b {
            for platt in &b.platt {
                put(&mut out, &[platt.slope, platt.begin]);
            }
            out.extend(b.net.bytes());
        }
        out
    }

    /// Reads a file.
    ///
    /// # Errors
    /// What is wrong with it, for a person.
    pub fn read(file: &[u8]) -> Result<Cascade, String> {
        let (a, rest) = StageA::read_first(file)?;
        if rest.is_empty() {
            return Ok(Cascade { a, b: None });
        }
        let mut rest = Rest(rest);
        let mut platt = [Platt::default(); Lang::SERVED.len()];
        for of_language in &mut platt {
            *of_language = Platt { slope: rest.number()?, begin: rest.number()? };
        }
        let net = Net::read(rest.0)?;
        if net.inputs() != crate::classify::encoder::FEATURES {
            return Err("the network was trained on another encoder; train it anew".to_owned());
        }
        Ok(Cascade { a, b: Some(StageB { net, platt }) })
    }

    /// How many cues it was trained with.
    pub(crate) fn cues(&self) -> usize {
        self.a.cues()
    }
}

/// Whether A leaves it open that a text complains.
pub(crate) fn is_unsure(odds: f64) -> bool {
    odds.abs() < UNSURE
}

impl Model for Cascade {
    fn name(&self) -> &str {
        &self.a.name
    }

    fn opinion(&self, seen: &Seen) -> Opinion {
        let cues = &seen.counts.of;
        let grams = Grams::of(seen.folded, &seen.counts.hits);
        let sum = self.a.complaint(&grams, cues);
        let alone = self.a.platt(seen.language);
        let mut share = alone.share(sum);
        let mut sentence = 0.0;
        let mut told = self.b.as_ref().filter(|_| is_unsure(alone.odds(sum))).map(|b| {
            let heads = b.heads(seen.text);
            share = b.platt[place(seen.language)].share(sum + heads[net::COMPLAINT]);
            sentence = heads[net::COMPLAINT];
            heads
        });
        // Most texts are plainly one thing or the other: what nobody will look at is not reckoned.
        let milder = (share < SURE).then(|| {
            let mut sums: [f32; MILD] = self.a.banks[1].sums(&grams, cues);
            add(&mut sums, told.as_ref(), net::KINDS.start + 1);
            Kind::ALL[1 + best(&sums)]
        });
        let why = match milder {
            Some(kind) if share < 0.5 => {
                self.a.reasons(1, kind as usize - 1, &grams, &seen.folded.text)
            }
            _ => self.a.reasons(0, 0, &grams, &seen.folded.text),
        };
        let complaint = PerMillion::from_share(share);
        let carried = if share < 0.5 { -sentence } else { sentence };
        let sentence = carried >= REASON_FLOOR;
        let mut opinion = Opinion { complaint, milder, why, sentence, ..Opinion::default() };
        if share > 1.0 - SURE {
            let mut sums: [f32; DETAILS] = self.a.banks[2].sums(&grams, cues);
            if told.is_none() && share >= 0.5 && lead(&sums[TOPICS..RISKS]) < CLOSE {
                told = self.b.as_ref().map(|b| b.heads(seen.text));
            }
            add(&mut sums[..RISKS], told.as_ref(), net::SEVERITY.start);
            // A risk that either names is named: rare ones would drown in a sum.
            if let Some(heads) = &told {
                for (sum, head) in sums[RISKS..].iter_mut().zip(&heads[net::RISKS]) {
                    *sum = sum.max(*head);
                }
            }
            let risk = Risk::ALL.iter().zip(&sums[RISKS..]);
            opinion.severity = Some(1 + u8::from(sums[0] > 0.0) + u8::from(sums[1] > 0.0));
            opinion.topic = Some(Topic::ALL[best(&sums[TOPICS..RISKS])]);
            opinion.risk = Some(risk.filter(|(_, sum)| **sum > 0.0).map(|(r, _)| *r).collect());
        }
        opinion
    }
}

/// A language's place among those served; that of English for any other.
pub(super) fn place(language: Lang) -> usize {
    Lang::SERVED.iter().position(|lang| *lang == language).unwrap_or(1)
}

/// Adds what B's heads from one on say to sums of A, if B was asked.
fn add(sums: &mut [f32], told: Option<&[f32; HEADS]>, from: usize) {
    for (sum, head) in sums.iter_mut().zip(told.iter().flat_map(|heads| &heads[from..])) {
        *sum += head;
    }
}

/// By how much the greatest leads.
pub(super) fn lead(sums: &[f32]) -> f32 {
    let (mut first, mut second) = (f32::NEG_INFINITY, f32::NEG_INFINITY);
    for sum in sums {
        if *sum > first {
            (first, second) = (*sum, first);
        } else if *sum > second {
            second = *sum;
        }
    }
    first - second
}
