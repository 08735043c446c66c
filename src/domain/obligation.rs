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
    /// How it stands.
    pub standing: Standing,
}

impl Obligation {
    /// Whether an answer is still owed.
    pub fn is_owed(&self) -> bool {
        self.standing == Standing::Owed
    }
}
