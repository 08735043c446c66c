//! `SlaRule`: what differs for one network, kind, severity or language; and which rules cannot be
//! meant, because two say the same thing differently or one never counts.

use super::{Owed, SlaPolicy};
use crate::domain::obligation::Owing;
use crate::domain::time::Instant;
use crate::domain::verdict::{Lang, words};
use std::collections::BTreeSet;
use std::fmt;

words! {
    /// A duration of a policy, by its key.
    Term {
        /// Business time to the first answer.
        FirstResponse = "first_response",
        /// Business time to an answer that follows one of ours.
        NextResponse = "next_response",
        /// Business time to the resolution.
        Resolution = "resolution",
        /// The cap in wall-clock time.
        AnswerAtLatest = "answer_at_latest",
    }
}

/// Other durations where all its conditions fit. Of several rules that fit and name the same term
/// the one with the most conditions counts. Durations are milliseconds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SlaRule {
    /// On this network only.
    pub network: Option<String>,
    /// Of this severity only: 1 to 3 for complaints, 0 to 3 for looks.
    pub severity: Option<u8>,
    /// In this language only.
    pub language: Option<Lang>,
    /// Of this kind only.
    pub kind: Option<Owing>,
    /// In place of the policy's `first_response` or `question`.
    pub first_response: Option<i64>,
    /// In place of its `next_response`.
    pub next_response: Option<i64>,
    /// In place of its `resolution`.
    pub resolution: Option<i64>,
    /// In place of its `answer_at_latest`.
    pub answer_at_latest: Option<i64>,
}

impl SlaRule {
    /// Whether all its conditions fit.
    pub fn fits(&self, debt: &Owed<'_>) -> bool {
        self.network.as_deref().is_none_or(|network| network == debt.network)
            && self.severity.is_none_or(|severity| severity == debt.severity())
            && self.language.is_none_or(|language| language == debt.language)
            && self.kind.is_none_or(|kind| kind == debt.owing)
    }

    /// How many conditions it names.
    pub fn conditions(&self) -> usize {
        usize::from(self.network.is_some())
            + usize::from(self.severity.is_some())
            + usize::from(self.language.is_some())
            + usize::from(self.kind.is_some())
    }

    /// What it says of a term.
    pub fn says(&self, term: Term) -> Option<i64> {
        match term {
            Term::FirstResponse => self.first_response,
            Term::NextResponse => self.next_response,
            Term::Resolution => self.resolution,
            Term::AnswerAtLatest => self.answer_at_latest,
        }
    }
}

/// Its conditions, as a person wrote them.
impl fmt::Display for SlaRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let conditions = [
            self.network.as_ref().map(|network| format!("network = \"{network}\"")),
            self.severity.map(|severity| format!("severity = {severity}")),
            self.language.map(|language| format!("language = \"{language}\"")),
            self.kind.map(|kind| format!("kind = \"{kind}\"")),
        ];
        f.write_str(&conditions.into_iter().flatten().collect::<Vec<_>>().join(", "))
    }
}

/// Why the rules of a policy cannot be meant. Rules go by their place in the list, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Doubt {
    /// Two fit the same debt, are as specific as each other, and both name the term.
    Tie {
        /// The first of them.
        one: usize,
        /// The other.
        other: usize,
        /// What both name.
        term: Term,
    },
    /// It never counts: nothing fits it, or more specific rules say all that it says.
    Never {
        /// The rule.
        rule: usize,
    },
}

impl SlaPolicy {
    /// What cannot be meant, by trying every sort of debt that there can be on these networks.
    pub fn doubts(&self, networks: &[&str]) -> Vec<Doubt> {
        let mut languages: BTreeSet<Lang> = self.rules.iter().filter_map(|r| r.language).collect();
        // One that no rule names stands for all others.
        let mut others = ["und", "zxx", "mis", "mul"].into_iter().filter_map(Lang::parse);
        let other = others.find(|language| !languages.contains(language));
        languages.extend(other);
        let mut found = BTreeSet::new();
        let mut counts = BTreeSet::new();
        for (network, language) in
            networks.iter().flat_map(|n| languages.iter().map(move |l| (*n, *l)))
        {
            for (owing, severity) in SORTS {
                let (since, heard_at) = (Instant(0), Instant(0));
                let debt =
                    Owed { network, language, owing, severity, since, heard_at, next: false };
                for term in Term::ALL {
                    let best = self.best(&debt, *term);
                    counts.extend(best.iter().copied());
                    if let [one, other, ..] = best[..] {
                        found.insert(Doubt::Tie { one, other, term: *term });
                    }
                }
            }
        }
        let never = (0..self.rules.len()).filter(|rule| !counts.contains(rule));
        found.extend(never.map(|rule| Doubt::Never { rule }));
        found.into_iter().collect()
    }

    /// The rules that count for a term: one, or none; more if they tie.
    fn best(&self, debt: &Owed<'_>, term: Term) -> Vec<usize> {
        // Only complaints are resolved.
        let asked = term != Term::Resolution || debt.owing == Owing::Complaint;
        let fits = |r: &SlaRule| asked && r.says(term).is_some() && r.fits(debt);
        let most = self.rules.iter().filter(|r| fits(r)).map(SlaRule::conditions).max();
        let best = self.rules.iter().enumerate();
        best.filter(|(_, r)| fits(r) && Some(r.conditions()) == most).map(|(at, _)| at).collect()
    }
}

/// Every sort of debt: its kind with each severity that it can have.
const SORTS: [(Owing, u8); 8] = [
    (Owing::Complaint, 1),
    (Owing::Complaint, 2),
    (Owing::Complaint, 3),
    (Owing::Question, 0),
    (Owing::Look, 0),
    (Owing::Look, 1),
    (Owing::Look, 2),
    (Owing::Look, 3),
];
