//! Reads one piece of a time: a day, a date, a time of day, a span.

use super::expression::{Clock, Day, Expression, Pending};
use super::lexicon::{Lexicon, Means, Period, Unit};
use super::token::{Kind, Token};

/// A piece of a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// Days from today, perhaps up to a time of that day.
    Offset(i64, Option<(i8, i8)>),
    Weekday(i8),
    Date(Day),
    DayOfMonth(i8),
    Period(Period),
    Month(i8, Option<i16>),
    Part(i8, i8),
    Clock(Clock),
    Span(u32, Unit),
}

/// Where a piece is looked for: what stands before it decides how a number is read.
pub(super) struct Place<'p> {
    pub tokens: &'p [Token],
    pub lexicon: &'p Lexicon,
    /// What was said of this time so far.
    pub now: &'p Expression,
    /// What was said since its last piece.
    pub next: &'p Pending,
}

/// A piece, and the token behind it.
type Read = Option<(Piece, usize)>;

impl Place<'_> {
    /// The piece that begins at a token.
    pub(super) fn piece(&self, at: usize) -> Read {
        if self.is_number(at)
            && let Some(read) = self.signed(at)
        {
            return read;
        }
        if let Some((value, length)) = self.value(at) {
            let read = self.counted(at, value, at + length);
            if read.is_some() || self.is_number(at) {
                return read;
            }
        }
        self.named(at)
    }

    fn get(&self, at: usize) -> Option<&Token> {
        self.tokens.get(at)
    }

    fn is_number(&self, at: usize) -> bool {
        self.get(at).is_some_and(|t| t.number().is_some())
    }

    fn number(&self, at: usize) -> Option<u32> {
        self.get(at)?.number()
    }

    fn sign(&self, at: usize, signs: &[char]) -> bool {
        self.get(at).is_some_and(|t| t.is_sign(signs))
    }

    /// Nothing stands between a token and the one before.
    fn touches(&self, at: usize) -> bool {
        let before = at.checked_sub(1).and_then(|at| self.get(at));
        matches!((before, self.get(at)), (Some(before), Some(here)) if before.to == here.from)
    }

    /// How many words the longest phrase of that meaning has at a token; 0 where there is none.
    fn length(&self, at: usize, means: Means) -> usize {
        self.lexicon.find(self.tokens, at, |m| m == means).map_or(0, |(_, length)| length)
    }

    fn unit(&self, at: usize) -> Option<(Unit, usize)> {
        match self.lexicon.find(self.tokens, at, |m| matches!(m, Means::Unit(_)))? {
            (Means::Unit(unit), length) => Some((unit, length)),
            _ => None,
        }
    }

    fn month(&self, at: usize) -> Option<(i8, usize)> {
        match self.lexicon.find(self.tokens, at, |m| matches!(m, Means::Month(_)))? {
            (Means::Month(month), length) => Some((month, length)),
            _ => None,
        }
    }

    /// A number in digits or words.
    fn value(&self, at: usize) -> Option<(u32, usize)> {
        if let Some(n) = self.number(at) {
            return Some((n, 1));
        }
        match self.lexicon.find(self.tokens, at, |m| matches!(m, Means::Number(_)))? {
            (Means::Number(n), length) => Some((n, length)),
            _ => None,
        }
    }

    /// A year of four digits.
    fn year(&self, at: usize) -> Option<i16> {
        let token = self.get(at)?;
        let year = token.number().filter(|n| (2000..2100).contains(n))?;
        (token.digits() == 4).then(|| i16::try_from(year).ok())?
    }

    /// Something was said already that makes a bare date likely.
    fn leads(&self) -> bool {
        !self.next.is_empty() || !self.now.is_empty()
    }

    /// Numbers with signs between them: `2026-12-05`, `5/12`, `5.12.`, `18:30`, `24-48 ore`. The
    /// inner `None` says that these are no time whatever stands around them.
    fn signed(&self, at: usize) -> Option<Read> {
        let (first, digits) = (self.number(at)?, self.get(at)?.digits());
        let glued = |upto: usize| (at + 1..=upto).all(|at| self.touches(at));
        let second = self.number(at + 2);
        let dashes = self.sign(at + 1, &['-']) && self.sign(at + 3, &['-']);
        if digits == 4
            && dashes
            && glued(at + 4)
            && let (Some(month), Some(day)) = (second, self.number(at + 4))
        {
            return Some(date(day, month, Some(first)).map(|day| (day, at + 5)));
        }
        let second = second?;
        if self.sign(at + 1, &['-', '–', '/'])
            && let Some((unit, length)) = self.unit(at + 3)
        {
            return Some(Some((Piece::Span(second, unit), at + 3 + length)));
        }
        if !glued(at + 2) {
            return None;
        }
        let sign = match self.get(at + 1)?.kind {
            Kind::Sign(sign @ ('/' | '.' | '-')) => sign,
            Kind::Sign(':') if self.get(at + 2)?.digits() == 2 => {
                return Some(self.clock(first, second, digits, at + 3));
            }
            _ => return None,
        };
        let third = self.get(at + 4).filter(|t| matches!(t.digits(), 2 | 4));
        if self.sign(at + 3, &[sign])
            && glued(at + 4)
            && let Some(year) = third.and_then(Token::number)
        {
            let year = if year < 100 { 2000 + year } else { year };
            return Some(either_order(first, second, Some(year)).map(|day| (day, at + 5)));
        }
        let day = || either_order(first, second, None).filter(|_| self.leads());
        Some(match sign {
            // Round the clock, every day of the week.
            '/' if second == 7 && matches!(first, 7 | 24) => None,
            '/' => day().map(|day| (day, at + 3)),
            '.' => {
                let has = |means| self.length(at + 3, means) > 0;
                let hour = self.next.clock || has(Means::OClock);
                if hour && self.get(at + 2)?.digits() == 2 || has(Means::Am) || has(Means::Pm) {
                    self.clock(first, second, digits, at + 3)
                } else {
                    let dot = self.sign(at + 3, &['.']) && self.touches(at + 3);
                    day().map(|day| (day, at + 3 + usize::from(dot)))
                }
            }
            _ => None,
        })
    }

    /// A time of day, with what may stand behind it.
    fn clock(&self, hour: u32, minute: u32, digits: usize, behind: usize) -> Read {
        for (means, later) in [(Means::Am, 0), (Means::Pm, 12)] {
            let length = self.length(behind, means);
            if length > 0 {
                let hour = (1..=12).contains(&hour).then_some(hour % 12 + later)?;
                return Some((clock(hour, minute, true)?, behind + length));
            }
        }
        let sure = digits >= 2 || hour > 7 || hour == 0;
        let piece = clock(hour, minute, sure)?;
        Some((piece, behind + self.length(behind, Means::OClock)))
    }

    /// What a number counts or names; `behind` is the token after it.
    fn counted(&self, at: usize, n: u32, behind: usize) -> Read {
        let digits = self.get(at)?.digits();
        if let Some(read) = self.range(behind) {
            return Some(read);
        }
        if let Some((unit, length)) = self.unit(behind) {
            return Some(self.spanned(at, n, unit, behind, length));
        }
        if digits > 0 {
            let halves = [Means::Am, Means::Pm, Means::OClock];
            if halves.into_iter().any(|means| self.length(behind, means) > 0) {
                return self.clock(n, 0, digits, behind);
            }
        }
        let mut ordinal = self.length(behind, Means::Ordinal);
        if !self.touches(behind) {
            ordinal = 0;
        }
        let dot = ordinal == 0 && self.sign(behind, &['.', '°', 'º']) && self.touches(behind);
        if let Some(read) = self.day_and_month(n, behind + ordinal + usize::from(dot)) {
            return Some(read);
        }
        if self.next.clock && n <= 24 && (digits > 0 || n <= 12) {
            return self.clock(n, 0, digits.max(1), behind);
        }
        let of_weekday = self.now.weekday.is_some() && !self.next.marks() && !self.next.has_comma();
        let named = of_weekday || ordinal > 0 && self.leads() || self.next.by && self.next.join;
        let day = i8::try_from(n).ok().filter(|n| (1..=31).contains(n))?;
        (digits > 0 && named).then_some((Piece::DayOfMonth(day), behind + ordinal))
    }

    /// `2 o 3 giorni`: the later of two values.
    fn range(&self, behind: usize) -> Read {
        let length = self.length(behind, Means::Range);
        if length == 0 {
            return None;
        }
        let (second, more) = self.value(behind + length)?;
        let (unit, words) = self.unit(behind + length + more)?;
        Some((Piece::Span(second, unit), behind + length + more + words))
    }

    /// A number before a unit: a span, but for hours of the clock (`15h30`, `às 18h`).
    fn spanned(
        &self,
        at: usize,
        n: u32,
        unit: Unit,
        behind: usize,
        length: usize,
    ) -> (Piece, usize) {
        let hours = self.is_number(at) && self.length(behind, Means::OClock) == length && n <= 24;
        let end = behind + length;
        if hours {
            let minutes = self.get(end).filter(|t| t.digits() == 2 && self.touches(end));
            let minute = minutes.and_then(Token::number).filter(|m| *m < 60);
            if let Some(piece) = minute.and_then(|minute| clock(n, minute, true)) {
                return (piece, end + 1);
            }
            if (self.next.clock || self.next.before && n < 24)
                && let Some(piece) = clock(n, 0, true)
            {
                return (piece, end);
            }
        }
        (Piece::Span(n, unit), end)
    }

    /// `5 dicembre 2026`, behind the number of the day.
    fn day_and_month(&self, day: u32, mut at: usize) -> Read {
        if self.month(at).is_none() {
            at += self.length(at, Means::Join);
        }
        let (month, length) = self.month(at)?;
        let mut end = at + length;
        let sign = usize::from(self.sign(end, &[',', '.']));
        let year_at = end + sign + self.length(end + sign, Means::Join);
        let year = self.year(year_at);
        if year.is_some() {
            end = year_at + 1;
        }
        Some((named_date(day, month, year)?, end))
    }

    /// What words name.
    fn named(&self, at: usize) -> Read {
        let (means, length) = self.lexicon.longest(self.tokens, at);
        let end = at + length;
        // Where words mean several things, a day counts before a part of one.
        let piece = |means: &Means| match *means {
            Means::Day(days, part) => Some((0, Piece::Offset(days, part))),
            Means::Weekday(day) => Some((1, Piece::Weekday(day))),
            Means::Part(hour, minute) => Some((2, Piece::Part(hour, minute))),
            Means::Span(count, unit) => Some((3, Piece::Span(count, unit))),
            Means::Period(period) => Some((4, Piece::Period(period))),
            _ => None,
        };
        if let Some((_, piece)) = means.iter().filter_map(piece).min_by_key(|(rank, _)| *rank) {
            let dot = matches!(piece, Piece::Weekday(_)) && self.abbreviates(at, end);
            return Some((piece, end + usize::from(dot)));
        }
        let month = means.iter().find_map(|m| match m {
            Means::Month(month) => Some(*month),
            _ => None,
        })?;
        self.month_and_day(month, end)
    }

    /// The dot behind a short name of a weekday, within a sentence.
    fn abbreviates(&self, at: usize, dot: usize) -> bool {
        let short = self.get(at).is_some_and(|t| t.folded.len() <= 4);
        let goes_on = match (self.get(at), self.get(dot + 1)) {
            (Some(here), Some(next)) => here.sentence == next.sentence,
            _ => false,
        };
        short && goes_on && self.sign(dot, &['.']) && self.touches(dot)
    }

    /// `December 5th, 2026`, and `by December`, behind the name of the month.
    fn month_and_day(&self, month: i8, at: usize) -> Read {
        let day = self.get(at).filter(|t| (1..=2).contains(&t.digits())).and_then(Token::number);
        if let Some(day) = day {
            let ordinal = self.length(at + 1, Means::Ordinal);
            let end = if self.touches(at + 1) { at + 1 + ordinal } else { at + 1 };
            let year_at = end + usize::from(self.sign(end, &[',']));
            let year = self.year(year_at);
            if !self.sign(end, &[':'])
                && let Some(piece) = named_date(day, month, year)
            {
                return Some((piece, if year.is_some() { year_at + 1 } else { end }));
            }
        }
        if !self.next.by || !self.now.is_empty() {
            return None;
        }
        let year = self.year(at);
        Some((Piece::Month(month, year), at + usize::from(year.is_some())))
    }
}

/// A time of day, if there is such a one.
fn clock(hour: u32, minute: u32, sure: bool) -> Option<Piece> {
    let good = hour < 24 && minute < 60 || hour == 24 && minute == 0;
    let (hour, minute) = (i8::try_from(hour).ok()?, i8::try_from(minute).ok()?);
    good.then_some(Piece::Clock(Clock { hour, minute, sure }))
}

/// A day of numbers: first the day; the month only where the other order cannot be (`12/25`).
fn either_order(first: u32, second: u32, year: Option<u32>) -> Option<Piece> {
    if second > 12 && first <= 12 { date(second, first, year) } else { date(first, second, year) }
}

fn date(day: u32, month: u32, year: Option<u32>) -> Option<Piece> {
    let month = i8::try_from(month).ok().filter(|m| (1..=12).contains(m))?;
    let year = match year {
        Some(year) => Some(i16::try_from(year).ok().filter(|y| (1970..2200).contains(y))?),
        None => None,
    };
    named_date(day, month, year)
}

fn named_date(day: u32, month: i8, year: Option<i16>) -> Option<Piece> {
    let day = i8::try_from(day).ok().filter(|d| (1..=31).contains(d))?;
    Some(Piece::Date(Day { day, month, year }))
}
