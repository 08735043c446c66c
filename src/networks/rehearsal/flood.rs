//! The flood: any number of mentions at a steady rate, written from a seed, the same every time.

use super::place::Mark;
use crate::domain::{Author, Instant, Lang, Mention, MentionKind, Visibility};
use std::sync::LazyLock;

/// The sentences, by sections `[language complaint]` and `[language talk]`, one a line.
const SENTENCES: &str = include_str!("flood.txt");

/// Authors take turns.
const AUTHORS: u64 = 5_000;
/// Flood entries come after those of the script in the same millisecond.
const SEQ: u64 = 1 << 40;

struct Tongue {
    lang: Lang,
    complaint: Vec<&'static str>,
    talk: Vec<&'static str>,
}

static TONGUES: LazyLock<[Tongue; 2]> = LazyLock::new(|| {
    [Lang::IT, Lang::EN].map(|lang| Tongue {
        lang,
        complaint: section(&format!("[{lang} complaint]")),
        talk: section(&format!("[{lang} talk]")),
    })
});

fn section(title: &str) -> Vec<&'static str> {
    let lines = SENTENCES.lines().skip_while(|line| *line != title).skip(1);
    lines.take_while(|line| !line.starts_with('[')).filter(|line| !line.is_empty()).collect()
}

/// A flood of mentions, numbered from 0.
pub(super) struct Flood {
    pub start: Instant,
    /// Mentions a second.
    pub rate: u64,
    /// How many in all.
    pub total: u64,
    /// About how long each text is.
    pub bytes: usize,
    /// One in so many is a complaint.
    pub complaints_in: u64,
    pub seed: u64,
}

impl Flood {
    /// Where mention `n` stands in the lane.
    pub fn mark(&self, n: u64) -> Mark {
        let ms = u128::from(n) * 1_000 / u128::from(self.rate);
        let ms = i64::try_from(ms).unwrap_or(i64::MAX);
        Mark { at: self.start + ms, seq: SEQ.saturating_add(n) }
    }

    /// How many mentions come before a mark.
    pub fn index_at(&self, mark: Mark) -> u64 {
        // n is visible before ms when floor(1000 n / rate) < ms, that is when 1000 n < ms × rate.
        let before = |ms: i64| {
            let ms = u128::from(ms.max(0).unsigned_abs());
            let n = (ms * u128::from(self.rate)).div_ceil(1_000);
            u64::try_from(n).unwrap_or(u64::MAX).min(self.total)
        };
        let ms = mark.at - self.start;
        mark.seq.saturating_sub(SEQ).clamp(before(ms), before(ms.saturating_add(1)))
    }

    /// The number in an id of the flood.
    pub fn index_of(&self, id: &str) -> Option<u64> {
        let n = id.strip_prefix('f')?.parse().ok()?;
        (n < self.total && id == id_of(n)).then_some(n)
    }

    /// Whether mention `n` complains.
    pub fn complains(&self, n: u64) -> bool {
        n % self.complaints_in == self.seed % self.complaints_in
    }

    /// Mention `n`.
    pub fn mention(&self, n: u64, origin: &str, brand: &str) -> Mention {
        let id = id_of(n);
        let author = format!("a{}", n % AUTHORS);
        let mut dice = Dice(self.seed ^ n.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let tongue = &TONGUES[dice.pick(TONGUES.len())];
        Mention {
            network: super::NAME.to_owned(),
            origin: origin.to_owned(),
            kind: MentionKind::Post,
            visibility: Visibility::Public,
            text: self.text(tongue, self.complains(n), brand, &mut dice),
            language: Some(tongue.lang),
            rating: None,
            created_at: self.mark(n).at,
            edited_at: None,
            url: super::url_of(&id),
            thread_id: id.clone(),
            external_id: id,
            author: Author {
                handle: author.clone(),
                name: author.clone(),
                id: author,
                followers: Some(dice.pick(3_000) as u64),
            },
            parent_id: None,
            attachments: Vec::new(),
            reach: None,
            marks: Vec::new(),
            native: None,
        }
    }

    fn text(&self, tongue: &Tongue, complains: bool, brand: &str, dice: &mut Dice) -> String {
        let mut text = String::with_capacity(self.bytes + 160);
        text.push('@');
        text.push_str(brand);
        let mut say = |from: &[&str], dice: &mut Dice| {
            text.push(' ');
            text.push_str(from[dice.pick(from.len())]);
            text.len()
        };
        if complains {
            say(&tongue.complaint, dice);
        }
        // The last sentence may stand over the edge: texts of one length would compress too well.
        while say(&tongue.talk, dice) < self.bytes {}
        text
    }
}

fn id_of(n: u64) -> String {
    format!("f{n}")
}

/// Numbers that look thrown and are the same for the same seed (the splitmix64 sequence of
/// Steele, Lea and Flood 2014).
struct Dice(u64);

impl Dice {
    fn pick(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % sides.max(1) as u64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_instants_agree() {
        for rate in [1, 3, 7, 1_000, 2_999] {
            let flood = Flood {
                start: Instant(5_000),
                rate,
                total: 400,
                bytes: 300,
                complaints_in: 10,
                seed: 3,
            };
            for n in 0..400 {
                let mark = flood.mark(n);
                assert_eq!(flood.index_at(mark), n, "rate {rate}");
                assert_eq!(flood.index_at(mark.behind()), n + 1, "rate {rate}");
                assert!(flood.index_at(Mark::before(mark.at)) <= n);
                assert!(flood.index_at(Mark::after(mark.at)) > n);
            }
            assert_eq!((0..400).filter(|n| flood.complains(*n)).count(), 40);
            assert_eq!(flood.index_of("f399"), Some(399));
            assert_eq!((flood.index_of("f400"), flood.index_of("f07")), (None, None));
            let mention = flood.mention(13, "", "acme");
            assert_eq!(mention.text, flood.mention(13, "", "acme").text);
            assert!(mention.text.len() >= 300 && mention.text.len() < 600);
        }
    }

    #[test]
    fn every_section_has_sentences() {
        for tongue in TONGUES.iter() {
            assert!(tongue.complaint.len() >= 8 && tongue.talk.len() >= 20, "{}", tongue.lang);
        }
    }
}
