//! `Around`: what is known around a text (what it answers, what its author wrote before), and what
//! that adds to the odds of a complaint.
//!
//! Context only raises, and only what a text leaves open: words that say nothing of their own
//! ("still nothing", "any news?"), words that agree with what they answer ("same here"), and what is
//! taken for a complaint already. Thanks, praise and what says something else stay as they are. The
//! figures are priors of ours: the corpus has single texts only, so nothing of it is measured.

#[cfg(test)]
mod tests;

use super::findings::{Findings, odds, share};
use super::harmless::THANKS;
use super::lexicon::Lexicon;
use super::normal::normalise;
use super::{Classifier, Input, Settings, reason};
use crate::domain::verdict::{Kind, PerMillion, Relevance, Topic};

/// What a text adds that answers us, in log odds: who is content seldom writes again.
const REPLY: f32 = 0.6;
/// What the author's first earlier complaint adds, what each further one, and all at most.
const EARLIER: (f32, f32, f32) = (0.6, 0.2, 1.0);
/// What either adds more where the words say nothing of their own, so that all speaks for a text
/// that goes on with what was written before.
const FOLLOWS: f32 = 1.0;
/// What agreeing with a complaint adds, up to what that complaint itself has.
const AGREES: f32 = 2.0;
/// All of it at most.
const MOST: f32 = 3.0;
/// What is less likely than this by its own words is no complaint, whatever stands around it.
const FLOOR: PerMillion = PerMillion(50_000);
/// From here on a text is called a complaint.
const HALF: PerMillion = PerMillion(500_000);
/// Longer texts say something of their own, in bytes.
const LONGEST: usize = 120;
/// So many words that no phrase knows may stand among those that say nothing.
const SPARE: usize = 1;

/// The sections of `data/around.txt`.
const SECTIONS: [&str; 3] = ["follow", "agree", "beside"];
const FOLLOW: u16 = 0;
const AGREE: u16 = 1;

/// What is known around a text.
#[derive(Clone, Copy, Debug)]
pub struct Around<'a> {
    /// Whether it answers something we wrote.
    pub reply_to_us: bool,
    /// What it answers, ours or another customer's, where that is known.
    pub parent: Option<&'a str>,
    /// How many complaints to this brand its author wrote in the twelve months before.
    pub earlier: u32,
    /// What counts as doubt and as an alert: context lifts nothing from below the one over the
    /// other.
    pub bars: Settings,
    /// Whether a question to us is owed an answer anyway. Then it stays one: a look, for which a
    /// little doubt is enough, would be owed less.
    pub questions: bool,
    /// Whether the network says that a machine wrote it: then its words for that are believed
    /// wherever they stand.
    pub automatic: bool,
}

impl Default for Around<'_> {
    /// Nothing is known, and the brand goes by the defaults.
    fn default() -> Self {
        let bars = Settings::default();
        Around {
            reply_to_us: false,
            parent: None,
            earlier: 0,
            bars,
            questions: true,
            automatic: false,
        }
    }
}

/// What the words of a short text say that says nothing of its own.
struct Saying {
    /// It asks after something said before.
    follows: bool,
    /// It agrees with what it answers.
    agrees: bool,
    /// The words that do, as written.
    words: String,
}

/// The phrases that say nothing of their own.
pub(super) fn sayings() -> Result<Lexicon, String> {
    let names = SECTIONS.map(str::to_owned);
    Lexicon::read(&[include_str!("data/around.txt")], &names, false)
}

impl Around<'_> {
    /// How far a text of that probability may be raised. A question that is owed an answer stays
    /// below all doubt.
    fn ceiling(&self, before: PerMillion, question: bool) -> PerMillion {
        if before >= self.bars.look_at {
            PerMillion::ONE
        } else if question && self.questions {
            below(self.bars.look_at.min(HALF))
        } else {
            below(self.bars.alert_at)
        }
    }
}

impl Classifier {
    /// Raises what was found in a text by what is known around it; lowers nothing.
    pub(super) fn heed(
        &self,
        found: &mut Findings,
        text: &str,
        relevance: Relevance,
        input: &Input<'_>,
    ) {
        let around = input.around;
        let before = PerMillion::from_share(found.probability);
        // In reply to us longer texts count as thanks, but none that a person would look at.
        let thanks = found.sorted_out.as_deref() == Some(THANKS);
        if around.reply_to_us && thanks && before >= around.bars.look_at {
            found.sorted_out = None;
        }
        let known = around.reply_to_us || around.earlier > 0 || around.parent.is_some();
        if !known || found.sorted_out.is_some() || before < FLOOR {
            return;
        }
        let saying = self.saying(text).filter(|_| !found.calm);
        let follows = saying.as_ref().is_some_and(|saying| saying.follows);
        let agrees = saying.as_ref().is_some_and(|saying| saying.agrees);
        let (mut raise, mut cues) = (0.0_f32, Vec::new());
        if follows || found.kind == Kind::Complaint {
            if around.reply_to_us {
                raise += REPLY;
                cues.push("context.reply");
            }
            if around.earlier > 0 {
                raise += by_earlier(around.earlier);
                cues.push("context.earlier");
            }
            if follows && raise > 0.0 {
                raise += FOLLOWS;
            }
        }
        let own = odds(found.probability);
        let parent = around.parent.filter(|_| agrees);
        let answered = parent.and_then(|parent| self.complains(parent, input));
        let more = answered.map_or(0.0, |(of, _)| (odds(of.share()) - own).clamp(0.0, AGREES));
        if more > 0.0 {
            raise += more;
            cues.push("context.agrees");
        }
        let question = found.kind == Kind::Question && relevance == Relevance::About;
        let raised = PerMillion::from_share(share(own + raise.min(MOST)));
        let raised = raised.min(around.ceiling(before, question));
        if cues.is_empty() || raised <= before {
            return;
        }
        found.probability = raised.share();
        if let Some((_, topic)) = answered {
            found.topic = topic;
        }
        if raised >= HALF && found.kind != Kind::Complaint {
            // What spoke for another kind explains this one no more.
            found.kind = Kind::Complaint;
            found.why.clear();
        }
        let mut words = saying.map(|saying| saying.words).unwrap_or_default();
        let told = cues.into_iter().map(|cue| reason(cue, &std::mem::take(&mut words)));
        let mut why: Vec<_> = told.collect();
        why.append(&mut found.why);
        found.why = why;
    }

    /// How likely what is answered is a complaint, and about what, if it is one.
    fn complains(&self, parent: &str, input: &Input<'_>) -> Option<(PerMillion, Topic)> {
        let verdict = self.judge(&Input {
            text: parent,
            language: None,
            rating: None,
            attachments: 0,
            around: Around::default(),
            about: input.about,
        });
        verdict.is_complaint().then_some((verdict.probability, verdict.topic))
    }

    /// What the words of a text say if they say nothing of their own; `None` where they do.
    fn saying(&self, text: &str) -> Option<Saying> {
        if text.len() > LONGEST {
            return None;
        }
        let folded = normalise(text, false);
        let hits = self.sayings.find(&folded.text);
        let (mut said, mut spare) = (0, 0);
        for (start, end) in words(&folded.text) {
            let mut over = hits.iter().filter(|hit| hit.start <= start && end <= hit.end);
            if over.clone().any(|hit| hit.cue == FOLLOW || hit.cue == AGREE) {
                said += 1;
            } else if over.next().is_none() {
                spare += 1;
            }
        }
        // A question mark alone asks after what was said before.
        let alone = said + spare == 0 && hits.is_empty() && folded.text.contains('?');
        if !alone && (spare > SPARE || spare >= said) {
            return None;
        }
        let of = |cue: u16| hits.iter().filter(move |hit| hit.cue == cue);
        let longest = of(FOLLOW).chain(of(AGREE)).max_by_key(|hit| hit.end - hit.start);
        let words = longest.map_or("", |hit| folded.written(text, hit.start, hit.end));
        let follows = alone || of(FOLLOW).next().is_some();
        Some(Saying { follows, agrees: of(AGREE).next().is_some(), words: words.to_owned() })
    }
}

/// Just below a bar.
fn below(bar: PerMillion) -> PerMillion {
    PerMillion(bar.0.saturating_sub(1))
}

/// What so many earlier complaints add.
fn by_earlier(count: u32) -> f32 {
    let (first, further, most) = EARLIER;
    let more = f32::from(u16::try_from(count.saturating_sub(1)).unwrap_or(u16::MAX));
    (first + further * more).min(most)
}

/// The words of a folded text: letters and digits that stand together.
fn words(folded: &str) -> Vec<(usize, usize)> {
    let (mut words, mut begun) = (Vec::new(), None);
    for (at, c) in folded.char_indices().chain([(folded.len(), ' ')]) {
        match begun {
            None if c.is_alphanumeric() => begun = Some(at),
            Some(start) if !c.is_alphanumeric() => {
                words.push((start, at));
                begun = None;
            }
            _ => {}
        }
    }
    words
}
