//! `Label`: what an act of a person says of a mention, so that judging can learn from it.

use super::case::{Case, CaseEvent, Effect};
use super::id::MentionId;
use super::obligation::{Evidence, Obligation, Owing, VoidReason};
use super::verdict::{Kind, words};

words! {
    /// By which act it was said.
    Source {
        /// "A complaint", "a question", "not a complaint", "not about us" or "this is owed", said of
        /// the mention itself.
        Verdict = "verdict",
        /// A reply was published to what was owed as a complaint.
        Reply = "reply",
        /// Somebody said that such a mention was answered elsewhere.
        Answered = "answered",
        /// Somebody looked at it in the blind sample, without its verdict.
        Sample = "sample",
    }
}

impl Source {
    /// What an error on it costs while learning. Whoever answers a mention has read it, yet people
    /// answer questions and thanks too, so an answer is a weaker word than a verdict.
    pub fn weight(self) -> f64 {
        match self {
            Source::Verdict | Source::Sample => 1.0,
            Source::Reply | Source::Answered => 0.3,
        }
    }
}

words! {
    /// Why a correction is not used.
    Refusal {
        /// There are too few labels to learn from and to measure with.
        TooFew = "too_few",
        /// There are too few complaints among them, or too few that are none.
        OneSided = "one_sided",
        /// On labels that it had not seen it judges no better.
        NoGain = "no_gain",
        /// On labels that it had not seen it misses complaints that are found without it.
        RecallFell = "recall_fell",
    }
}

/// What an act says of a mention. `None` stands where it says nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Whether it complains.
    pub complaint: Option<bool>,
    /// Whether it is about the brand.
    pub about: Option<bool>,
    /// Which kind it is.
    pub kind: Option<Kind>,
    /// By which act.
    pub source: Source,
    /// Who: the event's actor, so `publish` for a reply, which names its agent itself.
    pub by: String,
}

impl Label {
    /// What an event says of a mention that it moves, or means, and that was owed for `owing`.
    ///
    /// A waived or closed case says nothing: a complaint that nobody answers is one all the same.
    /// Nor does what a colleague writes in the network's own app, where no verdict is shown, or an
    /// answer to what was never taken for a complaint.
    pub fn of(event: &CaseEvent, owing: Owing) -> Option<Label> {
        let (complaint, about, kind, source) = match event {
            CaseEvent::Voided { reason: VoidReason::NotComplaint, .. } => {
                (Some(false), None, None, Source::Verdict)
            }
            CaseEvent::Voided { reason: VoidReason::NotAboutUs, .. } => {
                (None, Some(false), None, Source::Verdict)
            }
            CaseEvent::Called { owing: called, .. } => {
                let complaint = *called == Owing::Complaint;
                let kind = if complaint { Kind::Complaint } else { Kind::Question };
                (Some(complaint), Some(true), Some(kind), Source::Verdict)
            }
            CaseEvent::Answered { evidence, .. } if owing == Owing::Complaint => {
                let source = match evidence {
                    Evidence::Reply { .. } => Source::Reply,
                    Evidence::Word { .. } => Source::Answered,
                    Evidence::Moved { by, .. } if !by.is_empty() => Source::Answered,
                    Evidence::Native { .. } | Evidence::Moved { .. } => return None,
                };
                (Some(true), Some(true), Some(Kind::Complaint), source)
            }
            _ => return None,
        };
        Some(Label { complaint, about, kind, source, by: event.actor().to_owned() })
    }
}

/// What an event says of the mentions that it moved, or named: a label, or `None` where it takes back
/// what was said before. `case` and `effects` are what came of it.
pub fn said(event: &CaseEvent, case: &Case, effects: &[Effect]) -> Vec<(MentionId, Option<Label>)> {
    let moved = |o: &&Obligation| {
        let of = |e: &Effect| matches!(e, Effect::Becomes { mention, .. } if *mention == o.mention);
        let is_called = match event {
            CaseEvent::Called { owing, debts, .. } => {
                o.owing == *owing && debts.iter().any(|(mention, _)| *mention == o.mention)
            }
            _ => false,
        };
        is_called || effects.iter().any(of)
    };
    let takes_back = matches!(event, CaseEvent::Reopened { .. });
    case.obligations
        .iter()
        .filter(moved)
        .map(|o| (o.mention, Label::of(event, o.owing)))
        .filter(|(_, label)| label.is_some() || takes_back)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::case::apply;
    use crate::domain::case::tests::empty;
    use crate::domain::obligation::{Before, Standing};
    use crate::domain::{Instant, Lang};

    fn void(reason: VoidReason) -> CaseEvent {
        let (by, note) = ("ada".to_owned(), "x".to_owned());
        CaseEvent::Voided { reason, by, note, spares: Vec::new() }
    }

    fn answered(evidence: Evidence) -> CaseEvent {
        CaseEvent::Answered { evidence, at: Instant(0), covers: Vec::new() }
    }

    #[test]
    fn an_act_says_what_it_says_and_no_more() {
        let said = |event: &CaseEvent, owing| {
            Label::of(event, owing).map(|l| (l.complaint, l.about, l.source))
        };
        let (complaint, look) = (Owing::Complaint, Owing::Look);
        let no = Some((Some(false), None, Source::Verdict));
        assert_eq!(said(&void(VoidReason::NotComplaint), look), no);
        let not_us = Some((None, Some(false), Source::Verdict));
        assert_eq!(said(&void(VoidReason::NotAboutUs), complaint), not_us);
        for silent in [VoidReason::Waived, VoidReason::Closed, VoidReason::Withdrawn] {
            assert_eq!(said(&void(silent), complaint), None);
        }
        let url = String::new();
        let word = answered(Evidence::Word { by: "ada".to_owned(), url: url.clone() });
        let yes = Some((Some(true), Some(true), Source::Answered));
        assert_eq!((said(&word, complaint), said(&word, look)), (yes, None));
        let native = answered(Evidence::Native { external_id: "1".to_owned(), url });
        assert_eq!(said(&native, complaint), None);
        assert_eq!(Label::of(&word, complaint).unwrap().by, "ada");
    }

    #[test]
    fn only_what_it_moves_is_said_anything_of_and_a_reopened_case_takes_it_back() {
        let owed = |n: u128, standing| Obligation {
            mention: MentionId(n),
            owing: Owing::Complaint,
            severity: 1,
            language: Lang::UNKNOWN,
            since: Instant(0),
            heard_at: Instant(0),
            due: Instant(9),
            first_look: false,
            overdue_told: false,
            before: Before::default(),
            standing,
        };
        let word = Evidence::Word { by: "ada".to_owned(), url: String::new() };
        let met = Standing::Met { evidence: word, at: Instant(1) };
        let obligations = vec![owed(1, met), owed(2, Standing::Owed)];
        let case = Case { obligations, ..empty() };
        let no = void(VoidReason::NotComplaint);
        let (case, effects) = apply(case, no.clone(), Instant(2)).unwrap();
        let said_now = said(&no, &case, &effects);
        assert_eq!(said_now, [(MentionId(2), Label::of(&no, Owing::Complaint))]);
        let (by, note, due) = ("ada".to_owned(), "it is one".to_owned(), Instant(9));
        let back = CaseEvent::Reopened { by, note, due };
        let (case, effects) = apply(case, back.clone(), Instant(3)).unwrap();
        assert_eq!(said(&back, &case, &effects), [(MentionId(2), None)]);
        let overdue = CaseEvent::Overdue;
        assert!(said(&overdue, &case, &[]).is_empty());
    }
}
