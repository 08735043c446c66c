//! Gathers what a reply says of one time: `entro le 18 di domani`, `by noon on Monday`.

use super::component::{Piece, Place};
use super::lexicon::{Lexicon, Means, Period, Unit};
use super::token::{Kind, Token};

/// A day as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Day {
    pub day: i8,
    pub month: i8,
    pub year: Option<i16>,
}

/// A time of day as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Clock {
    /// 0 to 24.
    pub hour: i8,
    pub minute: i8,
    /// It cannot mean the afternoon too.
    pub sure: bool,
}

/// All that is said of one time.
#[derive(Clone, Debug, Default)]
pub(super) struct Expression {
    /// The tokens that say it; the second is exclusive.
    pub from: usize,
    pub to: usize,
    /// A word makes it a deadline.
    pub by: bool,
    /// The deadline ends where it begins.
    pub before: bool,
    /// It stands behind German `vor`: a day is a deadline, a span is over.
    pub ago: bool,
    /// It begins there, or lasts so long: no date of ours.
    pub none: bool,
    /// It is over.
    pub past: bool,
    /// Days from today.
    pub offset: Option<i64>,
    /// 1 is Monday.
    pub weekday: Option<i8>,
    pub date: Option<Day>,
    /// The number of a day without its month.
    pub day_of_month: Option<i8>,
    pub period: Option<Period>,
    pub month: Option<(i8, Option<i16>)>,
    /// The part of the day by its end.
    pub part: Option<(i8, i8)>,
    pub clock: Option<Clock>,
    pub span: Option<(u32, Unit)>,
}

/// Which of the ways to name a day a piece is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Offset,
    Weekday,
    Date,
    DayOfMonth,
    Period,
    Month,
}

/// What was read since the last piece and belongs to the next one.
#[derive(Clone, Debug, Default)]
pub(super) struct Pending {
    /// Its first token.
    from: Option<usize>,
    pub by: bool,
    /// Where the word that makes a deadline ends.
    by_to: usize,
    pub before: bool,
    ago: bool,
    none: bool,
    past: bool,
    pub clock: bool,
    range: bool,
    comma: bool,
    pub join: bool,
}

impl Pending {
    /// A word stands there that says how the next piece is meant.
    pub(super) fn marks(&self) -> bool {
        self.by || self.before || self.none || self.ago
    }

    pub(super) fn is_empty(&self) -> bool {
        self.from.is_none()
    }

    pub(super) fn has_comma(&self) -> bool {
        self.comma
    }
}

impl Expression {
    /// The ways in which it names a day.
    fn ways(&self) -> Vec<Way> {
        let all = [
            (Way::Offset, self.offset.is_some()),
            (Way::Weekday, self.weekday.is_some()),
            (Way::Date, self.date.is_some()),
            (Way::DayOfMonth, self.day_of_month.is_some()),
            (Way::Period, self.period.is_some()),
            (Way::Month, self.month.is_some()),
        ];
        all.into_iter().filter(|(_, is)| *is).map(|(way, _)| way).collect()
    }

    /// Nothing was said yet.
    pub(super) fn is_empty(&self) -> bool {
        self.ways().is_empty() && self.part.is_none() && self.clock.is_none() && self.span.is_none()
    }

    /// Whether a piece can belong to the same time.
    fn takes(&self, piece: &Piece, pending: &Pending) -> bool {
        if self.is_empty() || self.none && !pending.comma && !pending.by {
            return true;
        }
        let way = match piece {
            Piece::Span(..) => return false,
            _ if self.span.is_some() => return false,
            Piece::Clock(_) => return self.clock.is_none(),
            Piece::Part(..) => return self.part.is_none() || pending.range,
            Piece::Offset(_, Some(_)) if self.part.is_some() => return false,
            Piece::Offset(..) => Way::Offset,
            Piece::Weekday(_) => Way::Weekday,
            Piece::Date(_) => Way::Date,
            Piece::DayOfMonth(_) => Way::DayOfMonth,
            Piece::Period(_) => Way::Period,
            Piece::Month(..) => Way::Month,
        };
        let ways = self.ways();
        if ways.is_empty() {
            return true;
        }
        if *piece == Piece::Period(Period::Day) {
            return self.period.is_none();
        }
        let plain = matches!(way, Way::Offset | Way::Weekday | Way::Date);
        if self.period == Some(Period::Day) && plain {
            return true;
        }
        if pending.marks() {
            return false;
        }
        if ways.contains(&way) {
            return pending.range && plain;
        }
        ways.iter().all(|there| {
            matches!(
                (there, way),
                (Way::Weekday, Way::Date | Way::DayOfMonth | Way::Period)
                    | (Way::Date | Way::Period, Way::Weekday)
                    | (Way::Offset, Way::Weekday | Way::Date)
            )
        })
    }

    fn add(&mut self, piece: Piece, pending: &Pending, from: usize, to: usize) {
        if self.is_empty() {
            self.from = pending.from.unwrap_or(from);
        }
        self.to = to;
        self.by |= pending.by;
        self.before |= pending.before;
        self.ago |= pending.ago;
        self.none |= pending.none;
        self.past |= pending.past;
        match piece {
            Piece::Offset(days, part) => {
                self.offset = Some(days);
                self.part = part.or(self.part);
            }
            Piece::Weekday(day) => self.weekday = Some(day),
            Piece::Date(day) => self.date = Some(day),
            Piece::DayOfMonth(day) => self.day_of_month = Some(day),
            Piece::Period(period) => self.period = Some(period),
            Piece::Month(month, year) => self.month = Some((month, year)),
            Piece::Part(hour, minute) => self.part = Some((hour, minute)),
            Piece::Clock(clock) => self.clock = Some(clock),
            Piece::Span(count, unit) => self.span = Some((count, unit)),
        }
    }
}

/// Every time of which a reply speaks, in its order.
pub(super) fn expressions(tokens: &[Token], lexicon: &Lexicon) -> Vec<Expression> {
    let mut gather =
        Gather { found: Vec::new(), now: Expression::default(), next: Pending::default() };
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        if at > 0 && token.sentence != tokens[at - 1].sentence {
            gather.close();
        }
        if let Kind::Sign(sign) = token.kind {
            gather.sign(sign);
            at += 1;
            continue;
        }
        let place = Place { tokens, lexicon, now: &gather.now, next: &gather.next };
        if let Some((piece, to)) = place.piece(at) {
            gather.piece(piece, at, to);
            at = to;
            continue;
        }
        let (means, length) = lexicon.longest(tokens, at);
        if length == 0 || !gather.words(&means, at, length) {
            gather.close();
            at += 1;
            continue;
        }
        at += length;
    }
    gather.close();
    gather.found
}

/// The work on one reply.
struct Gather {
    found: Vec<Expression>,
    now: Expression,
    next: Pending,
}

impl Gather {
    /// Something else follows: what was said of this time is all. A deadline's word right behind it
    /// (`venerdì al più tardi`) still belongs to it.
    fn close(&mut self) {
        let next = std::mem::take(&mut self.next);
        let mut now = std::mem::take(&mut self.now);
        if now.is_empty() {
            return;
        }
        if next.by && !next.comma {
            (now.by, now.to) = (true, next.by_to);
        }
        self.found.push(now);
    }

    /// A comma or bracket may stand within a time, quotation marks anywhere.
    fn sign(&mut self, sign: char) {
        match sign {
            '"' | '«' | '»' | '“' | '”' => {}
            ',' | '(' | ')' if !self.now.is_empty() && !self.next.comma && self.next.is_empty() => {
                self.next.comma = true;
            }
            _ => self.close(),
        }
    }

    fn piece(&mut self, piece: Piece, from: usize, to: usize) {
        if !self.now.takes(&piece, &self.next) {
            self.found.push(std::mem::take(&mut self.now));
        }
        let next = std::mem::take(&mut self.next);
        self.now.add(piece, &next, from, to);
    }

    /// Words that are no piece of a time, but may stand before, between or behind. `false`: they
    /// may not stand here.
    fn words(&mut self, means: &[Means], at: usize, length: usize) -> bool {
        let next = &mut self.next;
        next.from.get_or_insert(at);
        let has = |asked: fn(&Means) -> bool| means.iter().find(|m| asked(m)).copied();
        let mut fits = true;
        if let Some(Means::By { clock }) = has(|m| matches!(m, Means::By { .. })) {
            (next.by, next.by_to, next.clock) = (true, at + length, clock);
        } else if let Some(Means::Before { clock }) = has(|m| matches!(m, Means::Before { .. })) {
            (next.before, next.clock) = (true, clock);
        } else if means.contains(&Means::Ago) {
            next.ago = true;
        } else if let Some(Means::Not { clock }) = has(|m| matches!(m, Means::Not { .. })) {
            if !self.now.is_empty() && !self.now.none {
                self.found.push(std::mem::take(&mut self.now));
                *next = Pending { from: Some(at), ..Pending::default() };
            }
            (next.none, next.clock) = (true, clock);
        } else if means.contains(&Means::Past) {
            if self.now.is_empty() || next.comma {
                next.past = true;
            } else {
                self.now.past = true;
                *next = Pending::default();
            }
            return true;
        } else {
            fits = false;
        }
        if means.contains(&Means::Clock) {
            (next.clock, fits) = (true, true);
        }
        if means.contains(&Means::Range) {
            next.range = true;
            fits |= !self.now.is_empty();
        }
        if means.contains(&Means::Join) {
            (next.join, fits) = (true, true);
        }
        fits
    }
}
