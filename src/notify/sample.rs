//! The sample of an alert, as `ascolto recipient test` sends and changes it and the docs show it: nobody
//! can take it for a real one.

use crate::domain::reason::Reason;
use crate::domain::time::HOUR;
use crate::domain::{Instant, Lang, Topic};
use crate::links::Act;
use crate::speech::Catalogue;
use crate::wire::{Alert, AlertAct, AlertCase, AlertStands, Asks};
use jiff::tz::TimeZone;

/// What of a sample depends on whom it goes to.
#[derive(Clone, Debug)]
pub struct Sample<'a> {
    /// Its key.
    pub key: String,
    /// The language of whoever is told.
    pub language: Lang,
    /// The brand that it names.
    pub brand: &'a str,
    /// When it is made.
    pub now: Instant,
    /// The zone in which its deadline is told.
    pub zone: TimeZone,
    /// The inbox, to which its links lead.
    pub inbox: String,
    /// The token of its one button, which takes nothing and says who pressed.
    pub button: String,
}

impl Sample<'_> {
    /// The alert.
    pub fn alert(self) -> Alert {
        let words = Catalogue::of(self.language);
        let due = self.now + HOUR;
        let there = due.timestamp().to_zoned(self.zone);
        let take = AlertAct {
            name: Act::Take.name(),
            label: words.get("action.take").to_owned(),
            asks: Asks::Nothing,
            url: self.inbox.clone(),
            button: self.button,
        };
        Alert {
            key: self.key,
            of: None,
            reason: Reason::NewComplaint,
            language: self.language,
            title: words.get("sample.title").to_owned(),
            case: Some(AlertCase {
                id: "sample".to_owned(),
                brand: self.brand.to_owned(),
                network: "ascolto".to_owned(),
                author: words.get("sample.author").to_owned(),
                text: words.get("sample.text").to_owned(),
                language: self.language,
                severity: 1,
                strikes: 0,
                strikes_since: String::new(),
                customer: String::new(),
                topic: Topic::Other,
                risk: Vec::new(),
                why: Vec::new(),
                due,
                due_text: there.strftime("%Y-%m-%d %H:%M %Z").to_string(),
                draft: words.get("sample.draft").to_owned(),
                url: self.inbox.clone(),
                link: self.inbox,
                private: false,
                reply_limit: None,
                window_text: String::new(),
                actions: vec![take],
                stands: AlertStands::Open,
            }),
            body: String::new(),
            lines: Vec::new(),
            at: self.now,
            not_rechecked: false,
            urgent: false,
            rings: true,
        }
    }

    /// The change of a sample that was sent. It makes no sound, and ends what keeps calling people
    /// until somebody is on it, such as an incident.
    pub fn change(sent: Alert) -> Alert {
        let title = Catalogue::of(sent.language).get("sample.changed").to_owned();
        Alert {
            key: format!("{}.changed", sent.key),
            of: Some(sent.key),
            title,
            case: sent.case.map(|case| AlertCase { stands: AlertStands::Ended, ..case }),
            rings: false,
            ..sent
        }
    }
}
