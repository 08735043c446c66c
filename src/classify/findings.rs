//! What the rules find in one text: kind, probability, severity, topic, risks and reasons.

use super::correction::{Learned, Pieces};
use super::cues::{Counts, Table};
use super::disguise::hides;
use super::grave::Grave;
use super::harmless::{AUTOMATIC, HEARD, sort_out};
use super::lexicon::Lexicon;
use super::normal::Normal;
use super::{Input, Model, Opinion, Seen, reason};
use crate::domain::verdict::{Kind, Lang, Risk, Topic, Why};

/// By what a brand's own correction is told.
const LEARNED: &str = "brand.learned";
/// At most this many reasons from phrases; the strongest say it.
const REASONS: usize = 6;
/// A cue that counts less than this is no reason worth showing.
const REASON_FLOOR: f32 = 0.25;
/// What names one of these is never moved down by what people taught.
const GRAVE: [Risk; 4] = [Risk::Legal, Risk::Safety, Risk::Privacy, Risk::Press];
/// What phrases alone must have beside the odds that were fitted for them: the model knows the
/// words around them too, so rules count beside it only where they are sure. By cross-validation.
/// Nothing is taken off where somebody may be harmed, since a fire is heard whoever doubts it, where
/// praise mocks a breach, which the model takes for praise, where three sorts of breach are told, nor
/// from a text so short that the model knows little.
const CAUTION: f32 = 4.0;
/// The most words of such a short text. Of the macro-F1 in cross-validation it costs 0.1.
const BLUNT_WORDS: usize = 4;
/// What the rules call so severe stays so.
const CRITICAL: u8 = 3;

/// What the rules found.
pub(crate) struct Findings {
    pub(crate) kind: Kind,
    /// Of a complaint, 0 to 1.
    pub(crate) probability: f64,
    /// As a complaint, 1 to 3.
    pub(crate) severity: u8,
    pub(crate) topic: Topic,
    pub(crate) risk: Vec<Risk>,
    /// Those that stay named whatever a model says. Of the others it names fewer that are none.
    named: Vec<Risk>,
    pub(crate) why: Vec<Why>,
    pub(crate) look: bool,
    /// Thanks, praise or good news, and nothing heated beside.
    pub(crate) calm: bool,
    pub(crate) sorted_out: Option<String>,
    /// From this probability on a model hears a complaint where the rules heard none.
    bar: f64,
}

impl Findings {
    /// Looks at `text` with the cues and the grave phrases of its language, in which it is
    /// `folded`.
    pub(crate) fn of(
        table: &Table,
        lexicons: Option<(&Lexicon, &Lexicon)>,
        text: &str,
        (language, folded): (Lang, &Normal),
        input: &Input,
        model: Option<&dyn Model>,
        learned: Option<Learned<'_>>,
    ) -> Findings {
        let silent = !folded.text.chars().any(char::is_alphanumeric);
        match lexicons {
            _ if silent => Findings::without_text(input),
            None => Findings::unread(input),
            Some((cues, grave)) => {
                let counts = table.count(&folded.text, text, cues.find(&folded.text));
                let grave = Grave::of(table, &counts, grave.find(&folded.text));
                let mut found = Findings::read(table, &counts, grave, folded, text, input);
                if let Some(model) = model {
                    let seen = Seen { language, text, folded, counts: &counts };
                    found.take(model.opinion(&seen), model.name(), folded, input, learned);
                }
                if found.kind != Kind::Complaint && hides(text, &folded.text) {
                    found.must_be_seen();
                    found.why.push(reason("text.disguised", ""));
                }
                found
            }
        }
    }

    /// A text in a served language.
    pub(super) fn read(
        table: &Table,
        counts: &Counts,
        grave: Grave,
        folded: &Normal,
        text: &str,
        input: &Input,
    ) -> Findings {
        let scores = counts.scores(table);
        let risk = risks(table, counts, &grave);
        let severity = severity(&risk, counts.severe(table));
        let mut odds = scores[Kind::Complaint as usize];
        let mut why = Vec::new();
        if let Some((raise, cue)) = rating_odds(input.rating, odds) {
            odds += raise;
            why.push(reason(cue, ""));
        }
        // What is sorted out must be harmless to whoever is not cautious.
        let suspected = share(odds);
        let sure = grave.harm
            || risk.contains(&Risk::Sarcasm)
            || counts.value(table, "mixed.three") > 0.0
            || folded.text.split_whitespace().nth(BLUNT_WORDS).is_none();
        if !sure {
            odds -= CAUTION;
        }
        let probability = share(odds);
        let kind = if probability >= 0.5 { Kind::Complaint } else { milder(&scores) };
        why.extend(reasons(table, counts, folded, text, kind));
        let harmless = (kind != Kind::Complaint)
            .then(|| sort_out(table, counts, folded, input, suspected))
            .flatten();
        Findings {
            kind,
            probability,
            severity,
            topic: topic(table, counts),
            risk,
            named: grave.risks,
            why,
            look: false,
            calm: is_calm(table, counts),
            sorted_out: harmless.map(|(how, _)| how.to_owned()),
            bar: harmless.map_or(HEARD, |(_, bar)| bar),
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
            named: Vec::new(),
            why: vec![reason(cue, "")],
            look: true,
            calm: false,
            sorted_out: None,
            bar: HEARD,
        }
    }

    /// A person looks, whatever was found, unless a complaint was: that is told anyway.
    pub(crate) fn must_be_seen(&mut self) {
        if self.kind != Kind::Complaint {
            self.look = true;
            self.sorted_out = None;
        }
    }

    /// Takes a model's opinion. What the rules found is a floor: the higher probability counts,
    /// what is critical stays critical, and grave risks stay named.
    /// A machine's mail stays as it is unless the model is very sure of a complaint in it.
    fn take(
        &mut self,
        opinion: Opinion,
        name: &str,
        folded: &Normal,
        input: &Input,
        learned: Option<Learned<'_>>,
    ) {
        let odds = odds_of(&opinion, input);
        if self.is_automatic() && share(odds) < self.bar {
            return;
        }
        let grave = self.is_grave(&opinion);
        let pieces = learned.map(|learned| (learned, Pieces::of(folded)));
        let by = pieces.as_ref().map_or(0.0, |(of, pieces)| of.correction.moves(pieces, grave));
        let probability = share(odds + by);
        let before = self.probability.max(share(odds));
        let heard = self.kind != Kind::Complaint && probability >= self.bar;
        self.probability = self.probability.max(probability);
        if heard {
            self.kind = Kind::Complaint;
            self.sorted_out = None;
            self.why.clear();
        } else if self.kind != Kind::Complaint {
            self.kind = opinion.milder.unwrap_or(self.kind);
        }
        // What is critical to the rules stays so; between 1 and 2 the model errs less.
        self.severity = match opinion.severity {
            Some(severity) if self.severity < CRITICAL => severity,
            _ => self.severity,
        };
        self.topic = opinion.topic.unwrap_or(self.topic);
        if let Some(risk) = opinion.risk {
            self.risk.retain(|found| self.named.contains(found));
            self.risk.extend(risk);
            self.risk.sort_unstable();
            self.risk.dedup();
        }
        for (start, end) in opinion.why {
            let words = folded.written(input.text, start, end);
            let said = self.why.iter().any(|why| why.words.contains(words));
            if !said && self.why.len() < REASONS {
                self.why.push(reason("word", words));
            }
        }
        if opinion.sentence {
            self.why.truncate(REASONS - 1);
            self.why.push(reason("sentence", ""));
        }
        if heard && self.why.is_empty() {
            self.why.push(reason(&format!("model.{name}"), ""));
        }
        if let Some((of, pieces)) = pieces.filter(|(of, _)| of.is_told(before, self.probability)) {
            let spans = of.correction.reasons(&pieces, folded, by > 0.0);
            let words = spans.iter().map(|(start, end)| folded.written(input.text, *start, *end));
            let mut told: Vec<Why> = words.map(|words| reason(LEARNED, words)).collect();
            if told.is_empty() {
                told.push(reason(LEARNED, ""));
            }
            self.why.splice(0..0, told);
        }
    }

    /// Whether it is a machine's mail that tells of no breach.
    pub(super) fn is_automatic(&self) -> bool {
        self.sorted_out.as_deref() == Some(AUTOMATIC)
    }

    /// Whether rules or model name a grave risk.
    pub(super) fn is_grave(&self, opinion: &Opinion) -> bool {
        let named = opinion.risk.iter().flatten();
        self.risk.iter().chain(named).any(|risk| GRAVE.contains(risk))
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

/// The model's log odds with what the stars add.
pub(super) fn odds_of(opinion: &Opinion, input: &Input) -> f32 {
    let odds = odds(opinion.complaint.share());
    odds + rating_odds(input.rating, odds).map_or(0.0, |(raise, _)| raise)
}

/// Log odds to probability.
pub(super) fn share(odds: f32) -> f64 {
    1.0 / (1.0 + libm::exp(-f64::from(odds)))
}

/// Probability to log odds, within what a sum of weights can reach.
pub(super) fn odds(share: f64) -> f32 {
    let share = share.clamp(1e-6, 1.0 - 1e-6);
    libm::log(share / (1.0 - share)) as f32
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

/// Whether a text is glad of something and tells of nothing that went wrong.
fn is_calm(table: &Table, counts: &Counts) -> bool {
    let value = |cue: &str| counts.value(table, cue);
    value("mixed.none") > 0.0 && ["praise", "thanks", "solved"].iter().any(|cue| value(cue) > 0.0)
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

/// The risks that are named: those that harm most by grave phrases alone, the others by the cues
/// that bear their names too. Sorted, each once.
fn risks(table: &Table, counts: &Counts, grave: &Grave) -> Vec<Risk> {
    let named = |risk: &&Risk| match **risk {
        // Mock praise is praise with a breach beside it.
        Risk::Sarcasm => {
            counts.value(table, "mixed.mock") > 0.0
                && (counts.risk(table, Risk::Sarcasm) > 1.0
                    || counts.value(table, "praise") == 0.0
                    || counts.value(table, "sign.irony") > 0.0)
        }
        other if GRAVE.contains(&other) => grave.risks.contains(&other),
        other => counts.risk(table, other) > 0.0 || grave.risks.contains(&other),
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

/// The cues that carried the kind, strongest first, each with the words it saw.
fn reasons(table: &Table, counts: &Counts, folded: &Normal, text: &str, kind: Kind) -> Vec<Why> {
    let column = kind as usize;
    let mut found: Vec<(f32, usize, usize, &str)> = Vec::new();
    for hit in &counts.hits {
        let cue = &table.cues[usize::from(hit.cue)];
        let (weight, name) = (cue.weights[column], cue.name.as_str());
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
        let said = why.iter().any(|w| w.cue == name || w.words.contains(words));
        if !said {
            why.push(reason(name, words));
        }
        if why.len() == REASONS {
            break;
        }
    }
    why
}
