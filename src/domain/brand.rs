//! `Brand`: whom we listen for, and the policies by which its mentions are judged and owed.

use super::deadline::SlaPolicy;
use super::delivery::Wake;
use super::escalation::EscalationPolicy;
use super::hours::{self, Calendar};
use super::mention::Mark;
use super::priority::Weights;
use super::public::PublicChannel;
use super::reason::Reason;
use super::storm::LEAST;
use super::time::{DAY, Instant};
use super::verdict::{Kind, Lang, PerMillion, Relevance, Topic, Verdict};
use crate::domain::obligation::Owing;
use jiff::civil::Time;
use jiff::tz::TimeZone;

/// Whom we listen for.
#[derive(Clone, Debug)]
pub struct Brand {
    /// Its name in configuration and rows.
    pub name: String,
    /// Its name for people and in replies.
    pub title: String,
    /// The names by which people call it, for relevance.
    pub terms: Vec<String>,
    /// Those of the terms that mean other things too; `None` leaves it to the word lists.
    pub ambiguous: Option<Vec<String>>,
    /// Its handles without `@`.
    pub handles: Vec<String>,
    /// Its own domains, in small letters: who links to them means us.
    pub domains: Vec<String>,
    /// Words of which one must stand beside an ambiguous name.
    pub context: Vec<String>,
    /// Words that mean somebody else of the same name.
    pub exclusions: Vec<String>,
    /// What is ours for a time only.
    pub campaigns: Vec<Campaign>,
    /// The language of its agents, for alerts and screens.
    pub language: Lang,
    /// Which kinds are owed an answer.
    pub owes: Vec<Kind>,
    /// From this probability on a complaint is alerted.
    pub alert_at: PerMillion,
    /// From this probability on a person looks.
    pub look_at: PerMillion,
    /// A mention older than this when first heard is owed, but no longer alerted.
    pub alert_max_age: i64,
    /// Complaints of at least so many people within an hour can be a storm.
    pub storm_at: u32,
    /// When its people are told what waits to be looked at, on the clocks of its zone; may be
    /// empty.
    pub look_digest: Vec<Time>,
    /// Its zone, by which days are counted; its calendar may have others.
    pub zone: TimeZone,
    /// What it promises itself.
    pub sla: SlaPolicy,
    /// When it works.
    pub calendar: Calendar,
    /// Names of the recipients of its alerts, in order; the next gets what the one before fails.
    pub recipients: Vec<String>,
    /// Who hears of a complaint when; `None`: its recipients, at once, when it is overdue and daily.
    pub escalation: Option<EscalationPolicy>,
    /// What breaks the quiet hours of its recipients.
    pub wakes: Vec<Wake>,
    /// The recipient who alone is woken, or the rota that says who; `None`: all recipients are.
    pub on_call: Option<String>,
    /// The recipient who is told of somebody's third complaint; empty for nobody.
    pub lead: String,
    /// What it holds urgent.
    pub priority: Weights,
    /// How replies are signed, empty for not at all.
    pub signature: String,
    /// Its public channels that no connector hears, by name.
    pub public: Vec<PublicChannel>,
    /// What it advertises: a complaint that one is broken names it.
    pub pledges: Vec<Pledge>,
    /// For which topics a follow-up is set by itself when an answer stands.
    pub follow_up: Vec<FollowUpRule>,
    /// Whether judging learns from what its people make of mentions.
    pub learn: bool,
    /// How many mentions that owe nothing a person looks at in a week all the same; 0 for none.
    pub sample: i64,
    /// Names of the ticket systems to which its cases may be handed over; the first is meant where
    /// none is named.
    pub handovers: Vec<String>,
}

/// Words and hashtags that mean the brand between two instants, and before and after nobody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Campaign {
    /// Its name, for reasons and lists.
    pub name: String,
    /// Its words; one that begins with `#` counts as a hashtag only.
    pub terms: Vec<String>,
    /// From here on.
    pub from: Instant,
    /// Up to here, exclusive.
    pub to: Instant,
    /// The brand's `storm_at`, for complaints that name it.
    pub storm_at: Option<u32>,
    /// The brand's `alert_at`, for mentions that name it.
    pub alert_at: Option<PerMillion>,
    /// The brand's `look_at`, for mentions that name it.
    pub look_at: Option<PerMillion>,
}

/// What a brand advertises ("consegna in 48 ore").
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pledge {
    /// As it is advertised.
    pub title: String,
    /// What a complaint about it is about; `None`: any.
    pub topic: Option<Topic>,
    /// What people write who mean it; `*` at an end takes every ending.
    pub phrases: Vec<String>,
}

/// A follow-up that is set by itself when an answer about a topic stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FollowUpRule {
    /// The topic.
    pub topic: Topic,
    /// How long after the answer, in milliseconds.
    pub after: i64,
}

impl Brand {
    /// A brand with the defaults of the configuration reference.
    pub fn new(name: &str, zone: TimeZone) -> Brand {
        Brand {
            name: name.to_owned(),
            title: name.to_owned(),
            terms: vec![name.to_owned()],
            ambiguous: None,
            handles: Vec::new(),
            domains: Vec::new(),
            context: Vec::new(),
            exclusions: Vec::new(),
            campaigns: Vec::new(),
            language: Lang::IT,
            owes: vec![Kind::Complaint, Kind::Question],
            alert_at: PerMillion(600_000),
            look_at: PerMillion(350_000),
            alert_max_age: 2 * DAY,
            storm_at: LEAST,
            look_digest: vec![Time::constant(9, 0, 0, 0), Time::constant(15, 0, 0, 0)],
            zone: zone.clone(),
            sla: SlaPolicy::default(),
            calendar: Calendar::office(zone),
            recipients: Vec::new(),
            escalation: None,
            wakes: Wake::USUAL.to_vec(),
            on_call: None,
            lead: String::new(),
            priority: Weights::default(),
            signature: String::new(),
            public: Vec::new(),
            pledges: Vec::new(),
            follow_up: Vec::new(),
            learn: true,
            sample: 50,
            handovers: Vec::new(),
        }
    }

    /// What a verdict makes of a mention: a debt, or the rule by which nothing is owed.
    ///
    /// Doubt is owed a look (invariants 8 and 10): only a clear verdict owes nothing.
    pub fn owing(&self, verdict: &Verdict) -> Result<Owing, &'static str> {
        self.owing_at(verdict, self.alert_at, self.look_at)
    }

    /// The thresholds of a mention, `alert_at` and `look_at`: those of the campaign that it names,
    /// where that has its own.
    pub fn thresholds(&self, campaign: Option<&str>) -> (PerMillion, PerMillion) {
        let named = campaign.and_then(|name| self.campaigns.iter().find(|c| c.name == name));
        let alert_at = named.and_then(|c| c.alert_at).unwrap_or(self.alert_at);
        (alert_at, named.and_then(|c| c.look_at).unwrap_or(self.look_at))
    }

    /// How many people make a storm of complaints that name this campaign, or none.
    pub fn storm_least(&self, campaign: &str) -> u32 {
        let named = self.campaigns.iter().find(|c| c.name == campaign);
        named.and_then(|c| c.storm_at).unwrap_or(self.storm_at)
    }

    /// The same by other thresholds than the brand's.
    pub fn owing_at(
        &self,
        verdict: &Verdict,
        alert_at: PerMillion,
        look_at: PerMillion,
    ) -> Result<Owing, &'static str> {
        if verdict.look {
            return Ok(Owing::Look);
        }
        if verdict.relevance == Relevance::NotAbout {
            return Err("not_about_us");
        }
        // What may complain is not sorted out, whatever the rule; a machine's mail is read by rules
        // alone, and heard where it tells of a breach.
        let machine = verdict.sorted_out.as_deref() == Some(Mark::Automatic.as_str());
        if verdict.sorted_out.is_some() && (machine || verdict.probability < look_at) {
            return Err("sorted_out");
        }
        let complaint = self.owes.contains(&Kind::Complaint);
        if complaint && verdict.is_complaint() && verdict.probability >= alert_at {
            return Ok(if verdict.relevance == Relevance::About {
                Owing::Complaint
            } else {
                Owing::Look
            });
        }
        if complaint && verdict.probability >= look_at {
            return Ok(Owing::Look);
        }
        match verdict.kind {
            kind if !self.owes.contains(&kind) => Err("kind_not_owed"),
            Kind::Question if verdict.relevance == Relevance::About => Ok(Owing::Question),
            _ => Err("kind_not_owed"),
        }
    }

    /// When its people are told next what waits to be looked at; `None` where nobody is to be.
    pub fn next_look_digest(&self, now: Instant) -> Option<Instant> {
        hours::next_of(&self.zone, &self.look_digest, now)
    }

    /// Why an alert for a mention first heard at `heard_at` does not go out, if it does not.
    pub fn silence(&self, created_at: Instant, heard_at: Instant) -> Option<Reason> {
        (heard_at - created_at > self.alert_max_age).then_some(Reason::TooOld)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubt_is_owed_a_look() {
        let brand = Brand::new("acme", TimeZone::UTC);
        let verdict = |relevance, kind, probability, look| Verdict {
            relevance,
            kind,
            probability: PerMillion(probability),
            severity: 1,
            topic: Topic::Other,
            language: Lang::IT,
            risk: vec![],
            why: vec![],
            look,
            sorted_out: None,
            model: "t".into(),
        };
        use Relevance::*;
        let owing = |r, k, p, l| brand.owing(&verdict(r, k, p, l));
        assert_eq!(owing(About, Kind::Complaint, 900_000, false), Ok(Owing::Complaint));
        assert_eq!(owing(Perhaps, Kind::Complaint, 900_000, false), Ok(Owing::Look));
        assert_eq!(owing(About, Kind::Other, 400_000, false), Ok(Owing::Look));
        assert_eq!(owing(About, Kind::Question, 100_000, false), Ok(Owing::Question));
        assert_eq!(owing(NotAbout, Kind::Complaint, 900_000, false), Err("not_about_us"));
        assert_eq!(owing(About, Kind::Praise, 10_000, false), Err("kind_not_owed"));
        assert_eq!(owing(NotAbout, Kind::Other, 0, true), Ok(Owing::Look));
        // What a campaign asks for itself; the rest is the brand's.
        let mut brand = brand.clone();
        let strict = Some(PerMillion(950_000));
        brand.campaigns =
            vec![Campaign { name: "may".to_owned(), alert_at: strict, ..Campaign::default() }];
        let (alert_at, look_at) = brand.thresholds(Some("may"));
        assert_eq!((alert_at.0, look_at), (950_000, brand.look_at));
        let sure = verdict(About, Kind::Complaint, 900_000, false);
        assert_eq!(brand.owing_at(&sure, alert_at, look_at), Ok(Owing::Look));
        assert_eq!(brand.thresholds(Some("june")), (brand.alert_at, brand.look_at));
        assert_eq!(brand.owing(&sure), Ok(Owing::Complaint));
        let sorted = |by: &str, probability| {
            let sorted_out = Some(by.to_owned());
            brand.owing(&Verdict { sorted_out, ..verdict(About, Kind::Other, probability, false) })
        };
        assert_eq!(sorted("spam", 349_999), Err("sorted_out"));
        assert_eq!(sorted("spam", 350_000), Ok(Owing::Look), "what may complain is looked at");
        assert_eq!(sorted("automatic", 400_000), Err("sorted_out"));
    }
}
