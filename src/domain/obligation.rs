//! `Obligation`: one customer mention that is owed an answer, and how that debt ended.

use super::id::{CaseId, MentionId, ReplyId};
use super::time::Instant;
use super::verdict::{Lang, words};
use serde::{Deserialize, Serialize};

words! {
    /// Why a mention is owed an answer. The order is the order of urgency.
    Owing {
        /// A complaint: alerted, counted in the share unheard.
        Complaint = "complaint",
        /// A question addressed to the brand: owed with a deadline of its own, wakes nobody.
        Question = "question",
        /// Perhaps about us, doubtful, or without text: a person must look.
        Look = "look",
    }
}

/// What proves that a human answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// Our own reply, published here.
    Reply {
        /// The reply.
        reply: ReplyId,
        /// Its id on the network.
        external_id: String,
        /// Where it stands, empty if the network does not tell.
        url: String,
    },
    /// A colleague's answer in the network's own app, found by re-reading the thread.
    Native {
        /// Its id on the network.
        external_id: String,
        /// Where it stands.
        url: String,
    },
    /// A person's word that it was answered elsewhere.
    Word {
        /// Who said so.
        by: String,
        /// Where it stands, if told.
        url: String,
    },
    /// The customer was asked into private, and the contact happened there.
    Moved {
        /// Who said so; empty where the private case proves it.
        by: String,
        /// The private case in which the customer was answered, if it is known.
        case: Option<CaseId>,
        /// Where it stands, if told.
        url: String,
    },
}

words! {
    /// Why nothing is owed any more although nobody answered.
    VoidReason {
        /// A person decided that no answer is needed. Counts as unheard by choice.
        Waived = "waived",
        /// A person closed the case.
        Closed = "closed",
        /// The customer deleted the mention.
        Withdrawn = "withdrawn",
        /// A person judged it no complaint.
        NotComplaint = "not_complaint",
        /// A person judged it not about the brand.
        NotAboutUs = "not_about_us",
    }
}

/// How an obligation stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nobody has answered yet.
    Owed,
    /// Answered.
    Met {
        /// What proves it.
        evidence: Evidence,
        /// When the answer was posted.
        at: Instant,
    },
    /// Ended without an answer.
    Void {
        /// Why.
        reason: VoidReason,
        /// Who or what decided it: an agent's name, or `author` for a deletion.
        by: String,
        /// The person's words, empty for a deletion.
        note: String,
        /// When.
        at: Instant,
    },
}

/// What a debt was before its text was changed, or a person opened it again. The share unheard goes
/// by it: what was once heard as a complaint counts as one, whatever its author makes of the text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Before {
    /// The kind as which it was owed, where that was more urgent than it is now.
    pub owing: Option<Owing>,
    /// When a human answered it as what it counts as, before it was owed again.
    pub met_at: Option<Instant>,
}

/// One customer mention that is owed an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Obligation {
    /// The mention.
    pub mention: MentionId,
    /// Why it is owed.
    pub owing: Owing,
    /// 1 to 3 for a complaint, else 0.
    pub severity: u8,
    /// The language it is written in: a policy may differ by it.
    pub language: Lang,
    /// When the customer wrote it, or changed it after an answer, or a person opened it again: what
    /// was posted before cannot have answered it.
    pub since: Instant,
    /// When we stored that, or opened it again: a reply approved before cannot have meant it.
    pub heard_at: Instant,
    /// When the answer is due: the first one, or one that follows an answer of ours.
    pub due: Instant,
    /// Heard in the first look at a channel's past, and opened by nobody yet: shown, not alerted.
    pub first_look: bool,
    /// Whether the passed deadline has been told.
    pub overdue_told: bool,
    /// What it was before it was owed again.
    pub before: Before,
    /// How it stands.
    pub standing: Standing,
}

impl Obligation {
    /// Whether an answer is still owed.
    pub fn is_owed(&self) -> bool {
        self.standing == Standing::Owed
    }

    /// The most urgent kind as which it was ever owed: what it counts as.
    pub fn counts_as(&self) -> Owing {
        self.before.owing.map_or(self.owing, |before| before.min(self.owing))
    }

    /// When a human first answered it as what it counts as.
    pub fn first_met_at(&self) -> Option<Instant> {
        let now = match &self.standing {
            Standing::Met { at, .. } => Some(*at),
            _ => None,
        };
        self.before.met_at.into_iter().chain(now).min()
    }

    /// Whether a person said that it is no complaint, or none of ours.
    pub fn is_refuted(&self) -> bool {
        match &self.standing {
            Standing::Void { reason, .. } => {
                matches!(reason, VoidReason::NotComplaint | VoidReason::NotAboutUs)
            }
            _ => false,
        }
    }

    /// The same as the debt that follows an earlier one for the same mention. What a person refuted
    /// begins anew; else no text lowers what it counts as, and its answer stays one.
    pub fn following(mut self, earlier: &Obligation) -> Obligation {
        if earlier.is_refuted() {
            return self;
        }
        let was = earlier.counts_as();
        self.before = Before {
            owing: Some(was).filter(|was| *was < self.owing),
            // Who answered a question has not answered the complaint that it became.
            met_at: earlier.first_met_at().filter(|_| was <= self.owing),
        };
        self
    }

    /// Lets it weigh more; of each the higher, or earlier, holds.
    pub fn raise(&mut self, owing: Owing, severity: u8, due: Instant) {
        let was = self.counts_as();
        self.owing = self.owing.min(owing);
        self.severity = self.severity.max(severity);
        self.due = self.due.min(due);
        self.before.owing = Some(was).filter(|was| *was < self.owing);
        if self.owing < was {
            self.before.met_at = None;
        }
    }

    /// Owes it again, as if it were heard now: a person says that the answer did not do. One that
    /// stands on the network was given all the same; a person's word that there was one is taken
    /// back by this.
    pub fn reopen(&mut self, due: Instant, now: Instant) {
        let stands = match &self.standing {
            Standing::Met { evidence, .. } => {
                matches!(evidence, Evidence::Reply { .. } | Evidence::Native { .. })
            }
            _ => false,
        };
        if stands {
            self.before.met_at = self.first_met_at();
        }
        self.standing = Standing::Owed;
        // The answer that stands in the thread did not do, nor does a reply that was approved
        // before: they must not meet the debt again.
        (self.since, self.heard_at) = (now, now);
        self.due = due;
        self.overdue_told = false;
        self.first_look = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Owing::{Complaint, Look, Question};

    fn debt(owing: Owing, standing: Standing) -> Obligation {
        Obligation {
            mention: MentionId(1),
            owing,
            severity: 1,
            language: Lang::IT,
            since: Instant(0),
            heard_at: Instant(0),
            due: Instant(9),
            first_look: false,
            overdue_told: false,
            before: Before::default(),
            standing,
        }
    }

    fn met(at: i64) -> Standing {
        let evidence = Evidence::Native { external_id: "r".into(), url: String::new() };
        Standing::Met { evidence, at: Instant(at) }
    }

    fn void(reason: VoidReason) -> Standing {
        Standing::Void { reason, by: "ada".into(), note: "n".into(), at: Instant(5) }
    }

    #[test]
    fn a_text_lowers_nothing_of_what_it_counts_as() {
        for (first, standing, then, counts, answered) in [
            (Complaint, met(3), Look, Complaint, Some(3)),
            (Complaint, met(3), Complaint, Complaint, Some(3)),
            (Complaint, void(VoidReason::Waived), Look, Complaint, None),
            (Complaint, void(VoidReason::NotComplaint), Look, Look, None),
            (Complaint, void(VoidReason::NotAboutUs), Complaint, Complaint, None),
            (Question, met(3), Complaint, Complaint, None),
            (Question, met(3), Look, Question, Some(3)),
            (Look, met(3), Complaint, Complaint, None),
        ] {
            let next = debt(then, Standing::Owed).following(&debt(first, standing));
            assert_eq!(next.counts_as(), counts, "{first} to {then}");
            assert_eq!(next.first_met_at(), answered.map(Instant), "{first} to {then}");
            let third = debt(Look, Standing::Owed).following(&next);
            assert_eq!(third.counts_as(), counts, "and no second edit does");
        }
    }

    #[test]
    fn what_it_is_raised_to_was_not_answered_before() {
        let mut look = debt(Look, Standing::Owed).following(&debt(Look, met(3)));
        look.raise(Question, 0, Instant(20));
        assert_eq!(
            (look.counts_as(), look.before, look.due),
            (Question, Before::default(), Instant(9))
        );
        let mut edited = debt(Look, Standing::Owed).following(&debt(Complaint, met(3)));
        edited.raise(Complaint, 2, Instant(4));
        assert_eq!((edited.counts_as(), edited.before.owing), (Complaint, None));
        assert_eq!(edited.first_met_at(), Some(Instant(3)), "as a complaint it was answered");
    }

    #[test]
    fn opened_again_an_answer_stands_and_a_word_is_taken_back() {
        let mut answered = debt(Complaint, met(3));
        answered.reopen(Instant(50), Instant(40));
        assert_eq!((answered.first_met_at(), answered.is_owed()), (Some(Instant(3)), true));
        let evidence = Evidence::Word { by: "ada".into(), url: String::new() };
        let mut said = debt(Complaint, Standing::Met { evidence, at: Instant(3) });
        said.reopen(Instant(50), Instant(40));
        assert_eq!((said.first_met_at(), said.due), (None, Instant(50)));
    }
}
