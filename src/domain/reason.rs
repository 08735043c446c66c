//! `Reason`: why something was sent or was not; every send and every non-send stores one. `Cause`:
//! the other reasons that the program itself gives.

use super::verdict::words;

words! {
    /// Why an alert went out or did not. "Why did nobody hear of this?" is a query over these.
    Reason {
        /// A new complaint.
        NewComplaint = "new_complaint",
        /// Another complaint in a case that is open, or was answered.
        Again = "again",
        /// The deadline passed without an answer.
        Overdue = "overdue",
        /// Still unanswered a day after the last word on it.
        StillOwed = "still_owed",
        /// Still unanswered when the time of a level of its escalation came.
        Escalated = "escalated",
        /// A take ran out without an answer.
        TakeRanOut = "take_ran_out",
        /// A snooze ended.
        SnoozeOver = "snooze_over",
        /// A promise of ours must be kept soon.
        PromiseNear = "promise_near",
        /// The date of a promise of ours passed without an answer.
        PromiseBroken = "promise_broken",
        /// The time of a follow-up has come.
        FollowUpDue = "follow_up_due",
        /// Opened again: by a person, by an edit after the answer, or by a new complaint where a
        /// person had ended the case.
        Reopened = "reopened",
        /// Its complaints take longer to resolve than the policy allows; told once.
        NotResolved = "not_resolved",
        /// A reply was handed to the network and nobody knows whether it stands there.
        ReplyUnknown = "reply_unknown",
        /// A reply was not posted.
        ReplyFailed = "reply_failed",
        /// A channel hears nothing any more.
        ChannelDeaf = "channel_deaf",
        /// A channel hears again.
        ChannelBack = "channel_back",
        /// A channel's credential ends soon.
        CredentialEnds = "credential_ends",
        /// A channel is read without a fault, and nothing came for longer than its own history
        /// explains.
        ChannelQuiet = "channel_quiet",
        /// A budget of a channel is used up until its month or day ends.
        BudgetSpent = "budget_spent",
        /// A recipient fails for good.
        RecipientDead = "recipient_dead",
        /// What the first look at a new channel found, and the choice that it asks for.
        FirstLook = "first_look",
        /// The choice about a first look is still to be made.
        FirstLookWaits = "first_look_waits",
        /// Complaints that were too old for an alert each when they were first heard.
        HeardLate = "heard_late",
        /// How much waits to be looked at: a digest at the brand's times of day.
        ToLookAt = "to_look_at",
        /// A case of which somebody was told has moved: their alert is changed in place.
        CaseMoved = "case_moved",
        /// Quiet hours ended: one digest of what waited.
        QuietDigest = "quiet_digest",
        /// More came at once than the recipient is told one by one: one alert of all that waited.
        ManyAtOnce = "many_at_once",
        /// More of one night after three that woke: one alert, changed in place.
        WokenAgain = "woken_again",
        /// Somebody's third complaint, or a later one: the lead is told.
        ThirdStrike = "third_strike",
        /// Many like complaints at once; one alert tells of all of them and grows with them.
        Storm = "storm",
        /// A storm is over; what is overdue of it is told in its alert all the same.
        StormOver = "storm_over",
        /// A case could not be handed over to a ticket system.
        HandoverFailed = "handover_failed",
        /// Not sent: somebody answered before the alert went out.
        AnsweredMeanwhile = "answered_meanwhile",
        /// Not sent: the customer took it back.
        WithdrawnMeanwhile = "withdrawn_meanwhile",
        /// Not sent: the case ended before the alert went out.
        EndedMeanwhile = "ended_meanwhile",
        /// Not sent: older than the brand's `alert_max_age` when first heard; a digest tells.
        TooOld = "too_old",
        /// Not sent: from a first look that nobody has opened.
        BeforeOurTime = "before_our_time",
        /// Not sent: the kind is not alerted one by one (questions; "to look at", which a
        /// digest tells).
        NotAlertedKind = "not_alerted_kind",
        /// Not sent: the brand has no recipient.
        NoRecipient = "no_recipient",
        /// Not sent: a lead muted the author.
        Muted = "muted",
        /// Not sent: a newer alert on the same case to the same recipient says it all.
        Superseded = "superseded",
        /// Not sent: the case belongs to a storm, whose alert tells of it.
        InStorm = "in_storm",
    }
}

words! {
    /// Why something ended, is missing or was not done, where the program says so in words of its
    /// own. The log keeps them as they stand here; screens show them in the reader's language.
    Cause {
        /// Somebody left it unopened in a first look.
        BeforeOurTime = "before our time",
        /// A gap: a walk from new to old has not come down there yet.
        Walking = "walking",
        /// A gap: a walk's pages leave one and say nothing of it.
        PagesApart = "two pages of a walk did not meet",
        /// A gap is not read again for now.
        NotConfigured = "the channel is not configured",
        /// A reply was not posted.
        DeletedFirst = "the customer deleted the mention before the reply went out",
        /// A reply was not posted.
        EndedFirst = "somebody answered, or ended the case, before the reply went out",
    }
}

impl Reason {
    /// Whether an alert with it tells of several others at once.
    pub fn is_group(self) -> bool {
        matches!(self, Reason::QuietDigest | Reason::ManyAtOnce | Reason::WokenAgain)
    }

    /// Whether it concerns what we did or said: it is told whoever is muted.
    pub fn is_ours(self) -> bool {
        use Reason::*;
        matches!(self, ReplyUnknown | ReplyFailed | PromiseNear | PromiseBroken | FollowUpDue)
    }

    /// Whether this is the reason of a non-send.
    pub fn is_silence(self) -> bool {
        use Reason::*;
        matches!(
            self,
            AnsweredMeanwhile
                | WithdrawnMeanwhile
                | EndedMeanwhile
                | TooOld
                | BeforeOurTime
                | NotAlertedKind
                | NoRecipient
                | Muted
                | Superseded
                | InStorm
        )
    }
}
