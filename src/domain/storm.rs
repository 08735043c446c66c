//! Storms: whether the complaints of an hour are more, or more alike, than the brand's own history
//! explains, and when a storm is told of and over.
//!
//! A brand remembers how many complaints each hour brought, by topic. For an hour now the same hour
//! of the week in the last eight weeks says what is usual: `k` complaints in `n` such hours. If
//! complaints are a Poisson process whose rate nobody knows beforehand, what the next hour brings
//! is distributed by the negative binomial law with shape `k + 1/2` and chance `n / (n + 1)`: the
//! posterior prediction under Jeffreys' prior, as the `bayes` algorithm of outbreak detection uses
//! it (A. Riebler, 2004; M. Höhle, "surveillance: An R package for the monitoring of infectious
//! diseases", Computational Statistics 22, 2007). An hour is not explained if it comes by chance
//! less than once in a million; half a year has some 4,400 hours, looked at in many positions and
//! for ten topics. Real counts scatter more than a Poisson process, so it must also bring three
//! times what is usual, and at least as many people as the brand says. What a storm of one week
//! brought must not hide that of the next: of four weeks or more the highest is left out.
//!
//! Who is not known for a week has no such hours. Then all that was heard so far says what is
//! usual, as if it had come in a third of the time, since the busiest hours of a day are some three
//! times its mean; the same holds for what others said in the same words before. Within the first day
//! nobody knows, and only complaints that say the same can be a storm.
//!
//! People are counted, not complaints: one who writes twenty times is no storm. The tests hold how
//! often a steady brand is wronged.

mod groups;
#[cfg(test)]
mod tests;
mod tide;

pub use groups::{Dense, Sign, alike, densest};
pub use tide::{Tide, Usual, WEEKS};

use super::time::{DAY, HOUR, Instant, MINUTE};
use super::verdict::words;

/// The span, in milliseconds, whose complaints are held against the usual.
pub const WINDOW: i64 = HOUR;
/// A storm of which nothing came for so long, in milliseconds, is over.
pub const QUIET: i64 = HOUR;
/// Growth is told so often at most, in milliseconds, but where the storm has doubled.
pub const RETELL: i64 = 15 * MINUTE;
/// What was written longer ago than this, in milliseconds, when it is heard begins no storm.
pub const OLDEST: i64 = DAY;
/// How many people a storm has at least, where the brand says nothing (`storm_at`).
pub const LEAST: u32 = 20;

words! {
    /// What makes complaints one storm.
    StormKind {
        /// They say the same.
        Like = "like",
        /// They are about one topic.
        Topic = "topic",
        /// There are so many of them.
        Rate = "rate",
    }
}

/// Whether complaints of so many people within an hour are a storm. `usual` is `None` where nobody
/// knows yet what is.
pub fn breaks(kind: StormKind, people: u32, least: u32, usual: Option<Usual>) -> bool {
    people >= least
        && match usual {
            Some(usual) => !usual.explains(people),
            None => kind == StormKind::Like,
        }
}

/// Whether what an hour brings is still the storm that stands: at least half as many complaints as
/// begin one, and twice the usual. A storm that ended at the border at which it began would begin
/// again and again.
pub fn lasts(complaints: u32, least: u32, usual: Option<Usual>) -> bool {
    f64::from(complaints) * 2.0 >= f64::from(least)
        && usual.is_none_or(|usual| f64::from(complaints) >= 2.0 * usual.expected())
}

/// When a storm is told of next; `None` where nothing is new. `told` is how many members were told
/// last, 0 if nobody was told yet, and `stirred` says that something else about it is new.
pub fn next_word(told: i64, told_at: Instant, members: i64, stirred: bool) -> Option<Instant> {
    if members >= told.saturating_mul(2) && members > 0 {
        return Some(told_at);
    }
    (members > told || stirred).then(|| told_at + RETELL)
}
