//! `Alert`: what a recipient is told, before any notifier gives it its form.

use super::press::Asks;
use crate::domain::reason::Reason;
use crate::domain::{Instant, Lang, Risk, Topic, Why};

/// What a recipient is told. Text from the network in it is hostile: every notifier escapes it
/// for its own markup and can neither be made to ping nor to show a false link.
#[derive(Clone, Debug)]
pub struct Alert {
    /// The same for every attempt and every duplicate of this alert.
    pub key: String,
    /// The key of the live alert that this one changes; `None`: it begins one, or stands alone.
    pub of: Option<String>,
    /// Why it is sent.
    pub reason: Reason,
    /// The language of whoever is told: of the title and of all labels around it.
    pub language: Lang,
    /// One line for people, in that language.
    pub title: String,
    /// The case it is about; `None` for alerts about channels and recipients.
    pub case: Option<AlertCase>,
    /// What else is to be said: what to do, where there is no case; why it breaks quiet hours.
    pub body: String,
    /// What it tells of, where it tells of several things at once.
    pub lines: Vec<AlertLine>,
    /// When it was made.
    pub at: Instant,
    /// The thread could not be re-read before sending (invariant 7).
    pub not_rechecked: bool,
    /// Safety, storms and deaf channels may wake people.
    pub urgent: bool,
    /// False: it brings up to date what was told, and need not be noticed at once.
    pub rings: bool,
}

/// One of several things that an alert tells of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertLine {
    /// What it is, on one line.
    pub text: String,
    /// Where it is looked at.
    pub link: String,
}

/// The case in an alert.
#[derive(Clone, Debug)]
pub struct AlertCase {
    /// Its id.
    pub id: String,
    /// The brand.
    pub brand: String,
    /// The network's name.
    pub network: String,
    /// Who wrote, as shown there.
    pub author: String,
    /// What was said; empty when it is private and the recipient may not see it.
    pub text: String,
    /// Language of the text.
    pub language: Lang,
    /// 1 to 3.
    pub severity: u8,
    /// Which complaint of its author it is, or of the person; 0 where it is none.
    pub strikes: u32,
    /// The day of the first of them in the brand's zone, for people.
    pub strikes_since: String,
    /// What the company's own system knows of the customer, on one line, for people; empty where that
    /// is nothing, or is not to be told here.
    pub customer: String,
    /// What it is about.
    pub topic: Topic,
    /// Raised stakes.
    pub risk: Vec<Risk>,
    /// What carried the verdict.
    pub why: Vec<Why>,
    /// When the first answer is due.
    pub due: Instant,
    /// The same in the brand's zone, for people.
    pub due_text: String,
    /// The reply draft, if one could be written.
    pub draft: String,
    /// Where the mention stands on its network.
    pub url: String,
    /// The case in the inbox.
    pub link: String,
    /// The mention is private: its text stands in no shared chat unless the recipient may see it.
    pub private: bool,
    /// The longest reply there in the network's own count; `None` where there is no such limit, or
    /// no reply can be posted.
    pub reply_limit: Option<usize>,
    /// Until when the network takes a reply, for people; empty where that does not end.
    pub window_text: String,
    /// What can be done, the most useful first; none where nothing is owed any more.
    pub actions: Vec<AlertAct>,
    /// Whether somebody still has to do something about it.
    pub stands: AlertStands,
}

/// How a case stands, for services that keep alerts open until somebody is on them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlertStands {
    /// Something is owed, and nobody is on it.
    Open,
    /// Something is owed, and somebody took it, put it off or asked the customer into private.
    Taken,
    /// Nothing is owed any more.
    Ended,
}

/// One thing that can be done about a case from where its alert is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertAct {
    /// Its name, the same in every language: `take`, `publish`, `waive` …
    pub name: &'static str,
    /// Its label, in the recipient's language.
    pub label: String,
    /// What whoever does it must say besides.
    pub asks: Asks,
    /// The page that shows it and asks for a click: signed, expiring, of single use. For recipients
    /// whose service vouches for nobody.
    pub url: String,
    /// The token of a button, at most 64 bytes of `A-Z a-z 0-9 - _`: it comes back with a
    /// [`super::Press`] of somebody whom the service vouches for, and works at this recipient alone.
    pub button: String,
}
