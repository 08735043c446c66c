//! What other thresholds would have done: of each setting its alerts, what it leaves to look at, and
//! the labelled complaints that it misses.

use super::{Share, found};
use crate::domain::Brand;
use crate::domain::obligation::Owing;
use crate::domain::verdict::{PerMillion, Verdict};
use serde::{Serialize, Serializer};
use std::collections::BTreeSet;

/// With fewer labels no setting is suggested.
pub const LABELS: usize = 50;
/// Of so many labelled complaints a setting that is suggested misses one at most.
pub const ONE_IN: usize = 20;

/// The settings that are tried, in hundredths: first, last.
const ALERTS: (u32, u32) = (30, 90);
const LOOKS: (u32, u32) = (10, 90);
const STEP: usize = 5;
const HUNDREDTH: u32 = 10_000;

/// A mention as it was judged.
#[derive(Clone, Debug)]
pub struct Past {
    /// The verdict.
    pub verdict: Verdict,
    /// What a person says of it: a complaint or none; `None` where nobody said anything.
    pub complaint: Option<bool>,
    /// Whether it counts among what comes in; what is known by its label alone does not.
    pub came: bool,
}

/// What one setting would have done.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Setting {
    /// From this probability on a complaint is alerted.
    #[serde(serialize_with = "as_share")]
    pub alert_at: PerMillion,
    /// From this probability on a person looks.
    #[serde(serialize_with = "as_share")]
    pub look_at: PerMillion,
    /// It is the one in use.
    pub present: bool,
    /// Of what came in: alerted.
    pub alerts: usize,
    /// Of what came in: to be looked at.
    pub looks: usize,
    /// Labelled complaints that are alerted.
    pub hits: usize,
    /// Labelled complaints that a person sees without an alert: in the tray, or as questions.
    pub in_tray: usize,
    /// Labelled complaints that nobody sees.
    pub missed: usize,
    /// Alerted, and labelled as no complaint.
    pub false_alarms: usize,
    /// Of what is alerted and labelled, the share of complaints.
    pub precision: Share,
    /// Of the labelled complaints, the share that is alerted.
    pub recall: Share,
}

/// The setting that the labels speak for, or why none is named.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Suggestion {
    /// So many labels more are needed.
    FewLabels {
        /// How many.
        more: usize,
    },
    /// None of the labels is a complaint.
    NoComplaints,
    /// None that was tried keeps to the rule.
    NoSetting,
    /// The present one.
    Stay,
    /// Another one.
    Take {
        /// From this probability on a complaint is alerted.
        #[serde(serialize_with = "as_share")]
        alert_at: PerMillion,
        /// From this probability on a person looks.
        #[serde(serialize_with = "as_share")]
        look_at: PerMillion,
    },
}

/// What was measured.
#[derive(Clone, Debug, Serialize)]
pub struct Tuning {
    /// How many mentions came in.
    pub mentions: usize,
    /// How many are labelled.
    pub labelled: usize,
    /// How many of these as complaints.
    pub complaints: usize,
    /// Every pair of thresholds, by `alert_at`, then by `look_at`.
    pub settings: Vec<Setting>,
    /// What they come to.
    pub suggestion: Suggestion,
}

/// Tries thresholds on what was judged. The same mentions and seed give the same figures.
pub fn tuning(brand: &Brand, past: &[Past], seed: u64) -> Tuning {
    let told: Vec<(&Verdict, bool)> =
        past.iter().filter_map(|one| Some((&one.verdict, one.complaint?))).collect();
    let looks = grid(LOOKS, brand.look_at);
    let mut settings = Vec::new();
    for alert_at in grid(ALERTS, brand.alert_at) {
        let mut tried = brand.clone();
        tried.alert_at = alert_at;
        // What is alerted does not depend on where the looking begins.
        let alerted = |verdict: &Verdict| tried.owing(verdict) == Ok(Owing::Complaint);
        let said: Vec<(bool, f64, bool)> =
            told.iter().map(|&(v, is)| (is, v.probability.share(), alerted(v))).collect();
        let found = found(&said, seed);
        for look_at in looks.iter().copied().filter(|look_at| *look_at <= alert_at) {
            tried.look_at = look_at;
            let mut setting = Setting {
                alert_at,
                look_at,
                present: (alert_at, look_at) == (brand.alert_at, brand.look_at),
                alerts: 0,
                looks: 0,
                hits: 0,
                in_tray: 0,
                missed: 0,
                false_alarms: 0,
                precision: found.precision,
                recall: found.recall,
            };
            past.iter().for_each(|one| setting.count(one, tried.owing(&one.verdict).ok()));
            settings.push(setting);
        }
    }
    let complaints = told.iter().filter(|(_, is)| *is).count();
    Tuning {
        mentions: past.iter().filter(|one| one.came).count(),
        labelled: told.len(),
        complaints,
        suggestion: suggest(&settings, told.len(), complaints),
        settings,
    }
}

impl Setting {
    fn count(&mut self, one: &Past, owing: Option<Owing>) {
        let alerted = owing == Some(Owing::Complaint);
        if one.came {
            self.alerts += usize::from(alerted);
            self.looks += usize::from(owing == Some(Owing::Look));
        }
        match one.complaint {
            Some(true) if alerted => self.hits += 1,
            Some(true) if owing.is_some() => self.in_tray += 1,
            Some(true) => self.missed += 1,
            Some(false) if alerted => self.false_alarms += 1,
            Some(false) | None => {}
        }
    }
}

/// The steps between two ends, and the present value among them.
fn grid((first, last): (u32, u32), present: PerMillion) -> BTreeSet<PerMillion> {
    let steps = (first..=last).step_by(STEP).map(|hundredths| PerMillion(hundredths * HUNDREDTH));
    steps.chain([present]).collect()
}

/// The highest `alert_at` that alerts no fewer labelled complaints than the present one. `look_at`
/// stays, unless it misses more than one in twenty; then it is the highest below that does not. It
/// is never raised: what nobody labelled may complain too, and doubt is owed a look.
fn suggest(settings: &[Setting], labelled: usize, complaints: usize) -> Suggestion {
    if labelled < LABELS {
        return Suggestion::FewLabels { more: LABELS - labelled };
    }
    if complaints == 0 {
        return Suggestion::NoComplaints;
    }
    let Some(present) = settings.iter().find(|setting| setting.present) else {
        return Suggestion::NoSetting;
    };
    let keeps = |s: &&Setting| {
        s.hits >= present.hits && s.look_at <= present.look_at && s.missed <= complaints / ONE_IN
    };
    match settings.iter().filter(keeps).max_by_key(|s| (s.alert_at, s.look_at)) {
        None => Suggestion::NoSetting,
        Some(best) if best.present => Suggestion::Stay,
        Some(&Setting { alert_at, look_at, .. }) => Suggestion::Take { alert_at, look_at },
    }
}

fn as_share<S: Serializer>(value: &PerMillion, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_f64(value.share())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::verdict::{Kind, Lang, Relevance, Topic};

    fn past(hundredths: u32, complaint: Option<bool>) -> Past {
        let verdict = Verdict {
            relevance: Relevance::About,
            kind: if hundredths >= 50 { Kind::Complaint } else { Kind::Other },
            probability: PerMillion(hundredths * HUNDREDTH),
            severity: 1,
            topic: Topic::Other,
            language: Lang::IT,
            risk: vec![],
            why: vec![],
            look: false,
            sorted_out: None,
            model: "t".to_owned(),
        };
        Past { verdict, complaint, came: true }
    }

    /// So many of each: how many, how likely in hundredths, and what a person says.
    fn of(groups: &[(usize, u32, Option<bool>)]) -> Vec<Past> {
        groups.iter().flat_map(|(n, p, label)| vec![past(*p, *label); *n]).collect()
    }

    fn brand() -> Brand {
        Brand::new("acme", jiff::tz::TimeZone::UTC)
    }

    fn at(tuning: &Tuning, alert: u32, look: u32) -> &Setting {
        let wanted = (PerMillion(alert * HUNDREDTH), PerMillion(look * HUNDREDTH));
        tuning.settings.iter().find(|s| (s.alert_at, s.look_at) == wanted).unwrap()
    }

    const YES: Option<bool> = Some(true);
    const NO: Option<bool> = Some(false);

    #[test]
    fn each_setting_counts_as_one_reckons() {
        let seen = of(&[(30, 95, YES), (10, 72, YES), (8, 45, YES), (2, 20, YES)]);
        let others = of(&[(10, 65, NO), (5, 40, NO), (7, 80, None)]);
        let tuning = tuning(&brand(), &[seen, others].concat(), 1);
        assert_eq!((tuning.mentions, tuning.labelled, tuning.complaints), (72, 65, 50));
        assert_eq!(tuning.settings.len(), 143, "no look_at stands above its alert_at");
        let now = at(&tuning, 60, 35);
        assert!(now.present && tuning.settings.iter().filter(|s| s.present).count() == 1);
        assert_eq!((now.alerts, now.looks), (57, 13));
        assert_eq!((now.hits, now.in_tray, now.missed, now.false_alarms), (40, 8, 2, 10));
        assert_eq!((now.precision.value, now.recall.value), (0.8, 0.8));
        assert!(now.recall.low < 0.8 && now.recall.high > 0.8, "{:?}", now.recall);
        let higher = at(&tuning, 75, 40);
        assert_eq!((higher.alerts, higher.looks), (37, 33));
        assert_eq!((higher.hits, higher.in_tray, higher.missed), (30, 18, 2));
        let (alert_at, look_at) = (PerMillion(700_000), PerMillion(350_000));
        assert_eq!(tuning.suggestion, Suggestion::Take { alert_at, look_at });
    }

    #[test]
    fn looking_begins_earlier_where_too_much_is_missed_and_never_later() {
        let seen = of(&[(38, 95, YES), (12, 62, NO), (3, 20, YES)]);
        let missed = tuning(&brand(), &seen, 1);
        assert_eq!(at(&missed, 60, 35).missed, 3);
        let take = Suggestion::Take { alert_at: PerMillion(900_000), look_at: PerMillion(200_000) };
        assert_eq!(missed.suggestion, take);
        let unseen = tuning(&brand(), &of(&[(38, 95, YES), (12, 62, NO), (3, 5, YES)]), 1);
        assert_eq!(unseen.suggestion, Suggestion::NoSetting, "no look_at reaches down to 0.05");
        let none = tuning(&brand(), &of(&[(38, 65, YES), (12, 62, NO)]), 1);
        let take = Suggestion::Take { alert_at: PerMillion(650_000), look_at: PerMillion(350_000) };
        assert_eq!(none.suggestion, take, "nothing is labelled between, which says nothing");
    }

    #[test]
    fn few_labels_suggest_nothing() {
        let few = tuning(&brand(), &of(&[(10, 95, YES), (90, 95, None)]), 1);
        assert_eq!(few.suggestion, Suggestion::FewLabels { more: 40 });
        let none = tuning(&brand(), &of(&[(50, 95, NO)]), 1);
        assert_eq!(none.suggestion, Suggestion::NoComplaints);
        let mut fits = brand();
        fits.alert_at = PerMillion(620_000);
        let stay = tuning(&fits, &of(&[(50, 62, YES)]), 1);
        assert_eq!(stay.suggestion, Suggestion::Stay, "the present one is tried too");
        assert_eq!(tuning(&brand(), &[], 1).labelled, 0);
    }

    #[test]
    fn what_is_known_by_its_label_alone_does_not_come_in() {
        let mut seen = of(&[(1, 95, YES), (1, 70, None)]);
        seen[0].came = false;
        let tuning = tuning(&brand(), &seen, 1);
        let now = at(&tuning, 60, 35);
        assert_eq!((tuning.mentions, now.alerts, now.hits), (1, 1, 1));
    }
}
