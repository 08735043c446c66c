//! The words by which replies give dates, one file a language, read once.
//!
//! A line is `meaning: phrase, phrase …`. Behind `will`, a `*` before a word takes any word that
//! ends so. Phrases are cut and folded like replies, so accents and signs do not matter in them.

use super::token::{Kind, Token, tokens};
use crate::domain::Lang;
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

/// What a span counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Minute,
    Hour,
    Day,
    Week,
    Month,
    /// An hour in which the brand works.
    WorkHour,
    /// A day on which it works.
    WorkDay,
}

/// A stretch of the calendar; what is promised within it is due at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Period {
    /// Today, or the day that is named beside it.
    Day,
    Week,
    Weekend,
    NextWeek,
    /// Its first days.
    EarlyNextWeek,
    MidNextWeek,
    Month,
    NextMonth,
    Year,
}

/// What a phrase says of a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Means {
    /// What follows is a deadline; with `clock` a number behind is an hour.
    By {
        clock: bool,
    },
    /// A deadline that ends where what follows begins.
    Before {
        clock: bool,
    },
    /// German `vor`: before a day, but a span ago.
    Ago,
    /// What follows begins or lasts: no date of ours.
    Not {
        clock: bool,
    },
    /// A number behind is an hour.
    Clock,
    /// The number before is an hour.
    OClock,
    /// Belongs to a time and says no more.
    Join,
    /// Stands between two values, of which the later counts.
    Range,
    /// What stands beside it is over.
    Past,
    /// Behind the number of a day.
    Ordinal,
    Am,
    Pm,
    Number(u32),
    Unit(Unit),
    /// 1 is Monday.
    Weekday(i8),
    Month(i8),
    /// So many days from today, perhaps up to a time of that day.
    Day(i64, Option<(i8, i8)>),
    /// A part of the day by the time at which it ends; 24:00 is midnight behind it.
    Part(i8, i8),
    Span(u32, Unit),
    Period(Period),
}

/// What a word says of the clause around a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Clause {
    /// We will do something.
    Will,
    /// It only looks as if we would.
    WillNot,
    /// Nothing will be done.
    No,
    /// Only if something happens first.
    If,
    /// Opening hours, offers.
    Open,
    /// The customer is to do it.
    Theirs,
    /// It is told of the past.
    Was,
    /// Another part of the sentence begins.
    Split,
}

/// One phrase with its meaning.
#[derive(Debug)]
struct Phrase<M> {
    words: Vec<String>,
    means: M,
}

/// Phrases by their first word.
type Book<M> = HashMap<String, Vec<Phrase<M>>>;

/// The words of one language.
#[derive(Debug)]
pub(super) struct Lexicon {
    pub lang: Lang,
    /// By which the language is known.
    words: HashSet<String>,
    times: Book<Means>,
    clauses: Book<Clause>,
    endings: Vec<String>,
}

/// All languages.
static ALL: LazyLock<Vec<Lexicon>> = LazyLock::new(|| {
    let files = [
        (Lang::IT, include_str!("data/it.txt")),
        (Lang::EN, include_str!("data/en.txt")),
        (Lang::ES, include_str!("data/es.txt")),
        (Lang::FR, include_str!("data/fr.txt")),
        (Lang::DE, include_str!("data/de.txt")),
        (Lang::PT, include_str!("data/pt.txt")),
    ];
    // A line that cannot be read is left out here; the tests read every file and refuse it.
    files.into_iter().map(|(lang, file)| Lexicon::read(lang, file).0).collect()
});

impl Lexicon {
    /// The language of a text by its words; `hint` decides between equals, else the order of
    /// [`Lang::SERVED`].
    pub(super) fn of(tokens: &[Token], hint: Option<Lang>) -> &'static Lexicon {
        let votes = |lexicon: &Lexicon| {
            let known = tokens.iter().filter(|t| lexicon.words.contains(&t.folded)).count();
            (known, Some(lexicon.lang) == hint)
        };
        let mut best = &ALL[0];
        let mut most = votes(best);
        for lexicon in &ALL[1..] {
            let here = votes(lexicon);
            if here > most {
                (best, most) = (lexicon, here);
            }
        }
        best
    }

    /// Reads a file; gives the lines that could not be read too.
    pub(super) fn read(lang: Lang, file: &str) -> (Lexicon, Vec<String>) {
        let mut lexicon = Lexicon {
            lang,
            words: HashSet::new(),
            times: HashMap::new(),
            clauses: HashMap::new(),
            endings: Vec::new(),
        };
        let lines = file.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#'));
        let wrong = lines.filter(|line| lexicon.line(line).is_none()).map(str::to_owned).collect();
        (lexicon, wrong)
    }

    fn line(&mut self, line: &str) -> Option<()> {
        let (meaning, phrases) = line.split_once(": ")?;
        for phrase in phrases.split(',').map(str::trim) {
            if let Some(ending) = phrase.strip_prefix('*') {
                (meaning == "will").then(|| self.endings.push(ending.to_owned()))?;
                continue;
            }
            let words: Vec<String> = tokens(phrase).into_iter().map(|t| t.folded).collect();
            let first = words.first()?.clone();
            if meaning == "word" {
                self.words.extend(words);
            } else if let Some(means) = clause(meaning) {
                self.clauses.entry(first).or_default().push(Phrase { words, means });
            } else {
                let means = time(meaning)?;
                if tells_language(means) {
                    self.words.extend(words.iter().cloned());
                }
                self.times.entry(first).or_default().push(Phrase { words, means });
            }
        }
        Some(())
    }

    /// The longest phrase at a place whose meaning is asked for, and how many words it has.
    pub(super) fn find(
        &self,
        tokens: &[Token],
        at: usize,
        asked: impl Fn(Means) -> bool,
    ) -> Option<(Means, usize)> {
        let found = self.at(tokens, at).filter(|p| asked(p.means));
        // Of two of one length the first of the file counts.
        let longest = found.reduce(|a, b| if b.words.len() > a.words.len() { b } else { a });
        longest.map(|p| (p.means, p.words.len()))
    }

    /// Everything that the longest phrase at a place means, and how many words it has.
    pub(super) fn longest(&self, tokens: &[Token], at: usize) -> (Vec<Means>, usize) {
        let length = self.at(tokens, at).map(|p| p.words.len()).max().unwrap_or(0);
        let means = self.at(tokens, at).filter(|p| p.words.len() == length).map(|p| p.means);
        (means.collect(), length)
    }

    /// Whether a word begins a phrase about time.
    pub(super) fn begins(&self, word: &str) -> bool {
        self.times.contains_key(word)
    }

    /// Whether a place says so of its clause.
    pub(super) fn says(&self, clause: Clause, tokens: &[Token], at: usize) -> bool {
        let phrases = first(&self.clauses, tokens, at);
        phrases.iter().any(|p| p.means == clause && stands(&p.words, tokens, at))
    }

    /// Whether a place says that we will do something.
    pub(super) fn promises(&self, tokens: &[Token], at: usize) -> bool {
        let written = tokens.get(at).map_or("", |t| t.written.as_str());
        let ends = || self.endings.iter().any(|ending| written.ends_with(ending.as_str()));
        !self.says(Clause::WillNot, tokens, at) && (self.says(Clause::Will, tokens, at) || ends())
    }

    fn at<'s>(
        &'s self,
        tokens: &'s [Token],
        at: usize,
    ) -> impl Iterator<Item = &'s Phrase<Means>> + use<'s> {
        let phrases = first(&self.times, tokens, at);
        phrases.iter().filter(move |p| stands(&p.words, tokens, at))
    }
}

fn first<'b, M>(book: &'b Book<M>, tokens: &[Token], at: usize) -> &'b [Phrase<M>] {
    let word = tokens.get(at).filter(|t| t.kind == Kind::Word);
    word.and_then(|t| book.get(&t.folded)).map(Vec::as_slice).unwrap_or_default()
}

fn stands(words: &[String], tokens: &[Token], at: usize) -> bool {
    let there = tokens.get(at..at + words.len());
    let same = |(t, w): (&Token, &String)| t.kind == Kind::Word && t.folded == *w;
    there.is_some_and(|there| there.iter().zip(words).all(same))
}

/// Words that hardly stand in another language.
fn tells_language(means: Means) -> bool {
    use Means::{Before, By, Day, Month, Period, Unit, Weekday};
    matches!(
        means,
        By { .. } | Before { .. } | Day(..) | Month(_) | Period(_) | Unit(_) | Weekday(_)
    )
}

fn clause(meaning: &str) -> Option<Clause> {
    Some(match meaning {
        "will" => Clause::Will,
        "will not" => Clause::WillNot,
        "no" => Clause::No,
        "if" => Clause::If,
        "open" => Clause::Open,
        "theirs" => Clause::Theirs,
        "was" => Clause::Was,
        "split" => Clause::Split,
        _ => return None,
    })
}

fn time(meaning: &str) -> Option<Means> {
    let words: Vec<&str> = meaning.split(' ').collect();
    Some(match words[..] {
        ["by"] => Means::By { clock: false },
        ["by", "clock"] => Means::By { clock: true },
        ["before"] => Means::Before { clock: false },
        ["before", "clock"] => Means::Before { clock: true },
        ["ago"] => Means::Ago,
        ["not"] => Means::Not { clock: false },
        ["not", "clock"] => Means::Not { clock: true },
        ["clock"] => Means::Clock,
        ["oclock"] => Means::OClock,
        ["join"] => Means::Join,
        ["range"] => Means::Range,
        ["past"] => Means::Past,
        ["ordinal"] => Means::Ordinal,
        ["am"] => Means::Am,
        ["pm"] => Means::Pm,
        ["number", n] => Means::Number(n.parse().ok()?),
        ["unit", name] => Means::Unit(unit(name)?),
        ["weekday", n] => Means::Weekday(n.parse().ok()?),
        ["month", n] => Means::Month(n.parse().ok()?),
        ["day", n] => Means::Day(n.parse().ok()?, None),
        ["day", n, until] => Means::Day(n.parse().ok()?, Some(hour(until)?)),
        ["time", at] => {
            let (hour, minute) = hour(at)?;
            Means::Part(hour, minute)
        }
        ["span", n, name] => Means::Span(n.parse().ok()?, unit(name)?),
        ["period", name] => Means::Period(period(name)?),
        _ => return None,
    })
}

fn hour(text: &str) -> Option<(i8, i8)> {
    let (hour, minute) = text.split_once(':')?;
    Some((hour.parse().ok()?, minute.parse().ok()?))
}

fn unit(name: &str) -> Option<Unit> {
    Some(match name {
        "minute" => Unit::Minute,
        "hour" => Unit::Hour,
        "day" => Unit::Day,
        "week" => Unit::Week,
        "month" => Unit::Month,
        "workhour" => Unit::WorkHour,
        "workday" => Unit::WorkDay,
        _ => return None,
    })
}

fn period(name: &str) -> Option<Period> {
    Some(match name {
        "day" => Period::Day,
        "week" => Period::Week,
        "weekend" => Period::Weekend,
        "week+" => Period::NextWeek,
        "week+start" => Period::EarlyNextWeek,
        "week+mid" => Period::MidNextWeek,
        "month" => Period::Month,
        "month+" => Period::NextMonth,
        "year" => Period::Year,
        _ => return None,
    })
}
