//! What the rules find in one text: kind, probability, severity, topic, risks and reasons.

use super::cues::{Counts, Table};
use super::lexicon::{Lexicon, Means};
use super::normal::{Normal, normalise};
use super::{Input, reason};
use crate::domain::verdict::{Kind, Lang, PerMillion, Risk, Topic, Why};

/// At most this many reasons from phrases; the strongest say it.
const REASONS: usize = 6;
/// A cue that counts less than this is no reason worth showing.
const REASON_FLOOR: f32 = 0.25;
/// The same for single words: weak ones are too many to explain anything.
const WORD_FLOOR: f32 = 0.45;
/// A text with at most this many words can be thanks alone; in reply to us, where thanks are
/// likely, up to the second figure.
const THANKS_WORDS: (usize, usize) = (8, 14);

/// What the rules found.
pub(crate) struct Findings {
    pub(crate) kind: Kind,
    /// Of a complaint, 0 to 1.
    pub(crate) probability: f64,
    /// As a complaint, 1 to 3.
    pub(crate) severity: u8,
    pub(crate) topic: Topic,
    pub(crate) risk: Vec<Risk>,
    pub(crate) why: Vec<Why>,
    pub(crate) look: bool,
    pub(crate) sorted_out: Option<String>,
}

impl Findings {
    /// Looks at `text` with the phrases of its language.
    pub(crate) fn of(
        table: &Table,
        lexicon: Option<&Lexicon>,
        text: &str,
        language: Lang,
        input: &Input,
    ) -> Findings {
        let folded = normalise(text, language == Lang::DE);
        let silent = !folded.text.chars().any(char::is_alphanumeric);
        match lexicon {
            _ if silent => Findings::without_text(input),
            None => Findings::unread(input),
            Some(lexicon) => {
                let counts = table.count(&folded.text, text, lexicon.find(&folded.text));
                Findings::read(table, &counts, &folded, text, input)
            }
        }
    }

    /// A text in a served language.
    fn read(
        table: &Table,
        counts: &Counts,
        folded: &Normal,
        text: &str,
        input: &Input,
    ) -> Findings {
        let scores = counts.scores(table);
        let mut odds = scores[Kind::Complaint as usize];
        let mut why = Vec::new();
        if let Some((raise, cue)) = rating_odds(input.rating, odds) {
            odds += raise;
            why.push(reason(cue, ""));
        }
        let probability = share(odds);
        let kind = if probability >= 0.5 { Kind::Complaint } else { milder(&scores) };
        why.extend(reasons(table, counts, folded, text, kind));
        let risk = risks(table, counts);
        let sorted_out = (kind != Kind::Complaint)
            .then(|| sort_out(table, counts, folded, input, probability))
            .flatten();
        Findings {
            kind,
            probability,
            severity: severity(&risk, counts.severe(table)),
            topic: topic(table, counts),
            risk,
            why,
            look: false,
            sorted_out,
        }
    }

    /// No words: a photo, a sticker, stars, signs only. A person must look.
    fn without_text(input: &Input) -> Findings {
        let (kind, probability, cue) = match input.rating {
            Some(1) => (Kind::Complaint, 0.85, "rating.one"),
            Some(2) => (Kind::Complaint, 0.7, "rating.two"),
            Some(3) => (Kind::Other, 0.4, "rating.three"),
            Some(_) => (Kind::Other, 0.05, "rating.good"),
            None if input.attachments > 0 => (Kind::Other, 0.3, "text.only_attached"),
            None => (Kind::Other, 0.3, "text.none"),
        };
        Findings::blind(kind, probability, cue)
    }

    /// A language without a phrase file. A person must look.
    fn unread(input: &Input) -> Findings {
        match input.rating {
            Some(1 | 2) => Findings::blind(Kind::Complaint, 0.7, "rating.low"),
            _ => Findings::blind(Kind::Other, 0.3, "language.unserved"),
        }
    }

    fn blind(kind: Kind, probability: f64, cue: &str) -> Findings {
        Findings {
            kind,
            probability,
            severity: 1,
            topic: Topic::Other,
            risk: Vec::new(),
            why: vec![reason(cue, "")],
            look: true,
            sorted_out: None,
        }
    }

    /// Takes a model's opinion: the higher probability counts, so a model never lowers a rule.
    pub(crate) fn raise(&mut self, model: PerMillion, name: &str) {
        if model.share() <= self.probability {
            return;
        }
        self.probability = model.share();
        if self.probability >= 0.5 {
            self.kind = Kind::Complaint;
            self.sorted_out = None;
            self.why.insert(0, reason(&format!("model.{name}"), ""));
        }
    }
}

/// What the stars add to the odds. Good stars lower them only where the text does not complain.
fn rating_odds(rating: Option<u8>, odds: f32) -> Option<(f32, &'static str)> {
    match rating? {
        1 => Some((2.0, "rating.one")),
        2 => Some((1.2, "rating.two")),
        4 if odds < 1.0 => Some((-0.7, "rating.good")),
        5 if odds < 1.0 => Some((-1.3, "rating.good")),
        _ => None,
    }
}

/// Log odds to probability.
fn share(odds: f32) -> f64 {
    1.0 / (1.0 + f64::from(-odds).exp())
}

/// The likeliest kind but complaint; the earlier one of equals.
fn milder(scores: &[f32; 5]) -> Kind {
    let mut best = Kind::Other;
    for kind in [Kind::Question, Kind::Praise, Kind::Suggestion] {
        if scores[kind as usize] > scores[best as usize] {
            best = kind;
        }
    }
    best
}

/// 3 for what LABELS.md calls critical, 2 for what cost money or days or was repeated.
fn severity(risk: &[Risk], severe: f32) -> u8 {
    let has = |wanted: Risk| risk.contains(&wanted);
    if has(Risk::Legal)
        || has(Risk::Safety)
        || has(Risk::Press)
        || has(Risk::Vulnerable) && severe > 1.5
    {
        3
    } else if severe > 0.0 {
        2
    } else {
        1
    }
}

/// The risks whose cues were found: they bear the same names. Sorted, each once.
fn risks(table: &Table, counts: &Counts) -> Vec<Risk> {
    let named = |risk: &&Risk| match **risk {
        // Mock praise is praise with a breach beside it.
        Risk::Sarcasm => {
            let mocks = counts.value(table, "sarcasm");
            counts.value(table, "mixed.mock") > 0.0
                && (mocks > 1.0
                    || counts.value(table, "praise") == 0.0
                    || counts.value(table, "sign.irony") > 0.0)
        }
        other => counts.value(table, other.as_str()) > 0.0,
    };
    Risk::ALL.iter().filter(named).copied().collect()
}

/// The topic that most speaks for; the earlier one of equals.
fn topic(table: &Table, counts: &Counts) -> Topic {
    let scores = counts.topics(table);
    let mut best = Topic::Other;
    for topic in Topic::ALL {
        if scores[*topic as usize] > scores[best as usize] {
            best = *topic;
        }
    }
    best
}

/// Automatic mail, advertising and bare thanks; never anything that tells of a breach.
fn sort_out(
    table: &Table,
    counts: &Counts,
    folded: &Normal,
    input: &Input,
    probability: f64,
) -> Option<String> {
    let value = |cue: &str| counts.value(table, cue);
    if value("auto") > 0.0 {
        return Some("automatic".to_owned());
    }
    let asks = value("sign.ask") > 0.0 || value("question") > 0.0;
    if probability < 0.2 && value("promo") > 1.5 && (!asks || input.text.contains("http")) {
        return Some("spam".to_owned());
    }
    let most = if input.reply_to_us { THANKS_WORDS.1 } else { THANKS_WORDS.0 };
    let short = folded.text.split(' ').count() <= most;
    let calm = value("mixed.none") > 0.0 && value("demand") == 0.0;
    (probability < 0.35 && value("thanks") > 0.0 && short && calm && !asks)
        .then(|| "thanks".to_owned())
}

/// The cues and words that carried the kind, strongest first, each with the words it saw.
fn reasons(table: &Table, counts: &Counts, folded: &Normal, text: &str, kind: Kind) -> Vec<Why> {
    let column = kind as usize;
    let mut found: Vec<(f32, usize, usize, &str)> = Vec::new();
    for hit in &counts.hits {
        let (weight, name) = match hit.means {
            Means::Word(of, weight) if of == kind && weight >= WORD_FLOOR => (weight, "word"),
            Means::Word(..) | Means::About(..) => continue,
            Means::Cue(cue) => {
                let cue = &table.cues[usize::from(cue)];
                (cue.weights[column], cue.name.as_str())
            }
        };
        if weight >= REASON_FLOOR {
            found.push((weight, hit.start, hit.end, name));
        }
    }
    found.sort_by(|a, b| {
        let longer = (b.2 - b.1).cmp(&(a.2 - a.1));
        b.0.total_cmp(&a.0).then(longer).then(a.1.cmp(&b.1)).then(a.3.cmp(b.3))
    });
    let mut why: Vec<Why> = Vec::new();
    for (_, start, end, name) in found {
        let words = folded.written(text, start, end);
        let said = why.iter().any(|w| w.cue == name && name != "word" || w.words.contains(words));
        if !said {
            why.push(reason(name, words));
        }
        if why.len() == REASONS {
            break;
        }
    }
    why
}
