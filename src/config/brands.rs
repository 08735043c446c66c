//! Makes brands of their sections, with the SLA policies and calendars that they name.

use super::ChannelConfig;
use super::campaign::Written;
use super::check::{Checked, check};
use super::problem::{Problems, nearest};
use super::section::{Section, Sections};
use super::tables::DAYS;
use crate::domain::deadline::SlaPolicy;
use crate::domain::hours::{Calendar, Span};
use crate::domain::public::{PublicChannel, Stopgap};
use crate::domain::{Brand, PerMillion};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use std::collections::{BTreeMap, BTreeSet};

/// Reads all brands, and whether the sentence encoder judges for them. A brand with a problem may be
/// missing in what comes back.
pub(super) fn read(
    sections: &Sections,
    problems: &mut Problems,
) -> (BTreeMap<String, Brand>, bool) {
    let (triage, encoder) = triage(sections, problems);
    let policies: BTreeMap<_, _> =
        sections.of("sla").map(|s| (s.name.as_str(), policy(s, problems))).collect();
    let weeks: BTreeMap<_, _> =
        sections.of("calendar").map(|s| (s.name.as_str(), week(s, problems))).collect();
    let brands = sections
        .of("brand")
        .filter_map(|section| {
            let keys = check(section, section.shape.fields, false, problems);
            for kind in ["sla", "calendar"] {
                if let Some(name) = keys.get::<String>(kind) {
                    refer(&keys, kind, &name, kind, sections, problems);
                }
            }
            for name in keys.get::<Vec<String>>("recipients").unwrap_or_default() {
                refer(&keys, "recipients", &name, "recipient", sections, problems);
            }
            let (alert_at, look_at) = thresholds(&keys, triage, problems);
            let mut brand = brand(&section.name, &keys)?;
            names(&keys, &brand, problems);
            (brand.alert_at, brand.look_at) = (alert_at, look_at);
            if let Some(sla) = keys.get::<String>("sla").and_then(|n| policies.get(n.as_str())) {
                brand.sla = sla.clone();
            }
            let named = keys.get::<String>("calendar");
            if let Some(week) = named.and_then(|name| weeks.get(name.as_str())) {
                brand.calendar = week.in_zone(brand.calendar.zone);
            }
            Some((section.name.clone(), brand))
        })
        .collect();
    (brands, encoder)
}

/// Reads the public channels that no connector hears into their brands.
pub(super) fn public(
    sections: &Sections,
    brands: &mut BTreeMap<String, Brand>,
    problems: &mut Problems,
) {
    let heard = sections.names("channel");
    for section in sections.of("public") {
        let keys = check(section, section.shape.fields, false, problems);
        let brand: Option<String> = keys.get("brand");
        if let Some(brand) = &brand {
            refer(&keys, "brand", brand, "brand", sections, problems);
        }
        if heard.contains(&section.name.as_str()) {
            let what = format!("[channel.{}] has the same name", section.name);
            let remedy = "Take this section out if that channel hears it, or rename one of them.";
            problems.add(&section.place, section.path(), what, remedy);
        }
        let stopgap: Option<Stopgap> = keys.get("stopgap");
        let (Some(url), Some(stopgap)) = (keys.get("url"), stopgap) else { continue };
        if let Some(brand) = brand.and_then(|name| brands.get_mut(&name)) {
            brand.public.push(PublicChannel {
                name: section.name.clone(),
                brand: brand.name.clone(),
                title: keys.get("title").unwrap_or_else(|| section.name.clone()),
                url,
                stopgap,
                note: keys.get("note").unwrap_or_default(),
            });
        }
    }
    for brand in brands.values_mut() {
        brand.public.sort_by(|a, b| a.name.cmp(&b.name));
    }
}

fn brand(name: &str, keys: &Checked) -> Option<Brand> {
    let mut brand = Brand::new(name, keys.get::<TimeZone>("zone")?);
    if let Some(title) = keys.get::<String>("title") {
        brand.terms = vec![title.clone()];
        brand.title = title;
    }
    let handles: Vec<String> = keys.get("handles").unwrap_or_default();
    brand.handles = handles.iter().map(|h| h.trim_start_matches('@').to_owned()).collect();
    brand.terms = keys.get("terms").unwrap_or(brand.terms);
    brand.ambiguous = keys.get("ambiguous");
    brand.domains = keys.get("domains").unwrap_or_default();
    brand.context = keys.get("context").unwrap_or_default();
    brand.exclusions = keys.get("exclusions").unwrap_or_default();
    let campaigns: Vec<Written> = keys.get("campaigns").unwrap_or_default();
    let zone = &brand.calendar.zone;
    brand.campaigns = campaigns.into_iter().map(|c| c.in_zone(zone)).collect();
    brand.language = keys.get("language").unwrap_or(brand.language);
    brand.owes = keys.get("owes").unwrap_or(brand.owes);
    brand.alert_max_age = keys.get("alert_max_age").unwrap_or(brand.alert_max_age);
    brand.look_digest = keys.get("look_digest").unwrap_or(brand.look_digest);
    brand.recipients = keys.get("recipients").unwrap_or_default();
    brand.signature = keys.get("signature").unwrap_or_default();
    brand.learn = keys.get("learn").unwrap_or(brand.learn);
    brand.pledges = keys.get("pledge").unwrap_or_default();
    brand.follow_up = keys.get("follow_up").unwrap_or_default();
    Some(brand)
}

/// Says where what the brand is called contradicts itself.
fn names(keys: &Checked, brand: &Brand, problems: &mut Problems) {
    let same = |a: &str, b: &str| a.to_lowercase() == b.to_lowercase();
    for name in brand.ambiguous.iter().flatten() {
        if brand.terms.iter().any(|term| same(term, name)) {
            continue;
        }
        let remedy = match nearest(name, brand.terms.iter().map(String::as_str)) {
            Some(near) => format!("Did you mean `{near}`?"),
            None => "Write it into terms too, or take it out here.".to_owned(),
        };
        let what = format!("`{name}` is none of its terms");
        problems.add(&keys.place("ambiguous"), keys.key("ambiguous"), what, remedy);
    }
    for phrase in &brand.exclusions {
        if brand.terms.iter().any(|term| same(term, phrase)) {
            problems.add(
                &keys.place("exclusions"),
                keys.key("exclusions"),
                format!("`{phrase}` is a name of the brand: nothing would be about it"),
                "Write what stands beside the name where others are meant, or context words.",
            );
        }
    }
    for campaign in keys.get::<Vec<Written>>("campaigns").unwrap_or_default() {
        if campaign.ends_early() {
            problems.add(
                &keys.place("campaigns"),
                keys.key("campaigns"),
                format!("campaign `{}` ends before it begins", campaign.name),
                "Write its first day into from and its last day into to.",
            );
        }
    }
}

type Thresholds = (PerMillion, PerMillion);

/// `[triage]`: the thresholds, and whether the sentence encoder is used.
fn triage(sections: &Sections, problems: &mut Problems) -> (Thresholds, bool) {
    let usual = Brand::new("", TimeZone::UTC);
    let usual = (usual.alert_at, usual.look_at);
    match sections.of("triage").next() {
        Some(section) => {
            let keys = check(section, section.shape.fields, false, problems);
            let encoder = keys.get("encoder").unwrap_or(true);
            (thresholds(&keys, usual, problems), encoder)
        }
        None => (usual, true),
    }
}

/// Reads `alert_at` and `look_at`, each else from `usual`.
fn thresholds(keys: &Checked, usual: Thresholds, problems: &mut Problems) -> Thresholds {
    let (alert, look) = (keys.get("alert_at"), keys.get("look_at"));
    let both = (alert.unwrap_or(usual.0), look.unwrap_or(usual.1));
    if both.0 < both.1 && (alert.is_some() || look.is_some()) {
        let key = if look.is_some() { "look_at" } else { "alert_at" };
        let (alert, look) = (both.0.share(), both.1.share());
        problems.add(
            &keys.place(key),
            keys.key(key),
            format!("look_at {look} lies above alert_at {alert}"),
            "Write a look_at that is lower: what a person looks at begins before what is alerted.",
        );
    }
    both
}

fn policy(section: &Section, problems: &mut Problems) -> SlaPolicy {
    let keys = check(section, section.shape.fields, false, problems);
    let usual = SlaPolicy::default();
    SlaPolicy {
        first_response: keys.get("first_response").unwrap_or(usual.first_response),
        question: keys.get("question").unwrap_or(usual.question),
        answer_at_latest: keys.get("answer_at_latest").unwrap_or(usual.answer_at_latest),
    }
}

/// A calendar that takes the zone of the brand that uses it, unless it has its own.
struct Week {
    zone: Option<TimeZone>,
    days: [Vec<Span>; 7],
    holidays: BTreeSet<Date>,
}

impl Week {
    fn in_zone(&self, zone: TimeZone) -> Calendar {
        Calendar {
            zone: self.zone.clone().unwrap_or(zone),
            week: self.days.clone(),
            holidays: self.holidays.clone(),
        }
    }
}

fn week(section: &Section, problems: &mut Problems) -> Week {
    let keys = check(section, section.shape.fields, false, problems);
    let week = Week {
        zone: keys.get("zone"),
        days: DAYS.map(|day| keys.get(day).unwrap_or_default()),
        holidays: keys.get("holidays").unwrap_or_default(),
    };
    if keys.sound && !week.in_zone(TimeZone::UTC).works() {
        problems.add(
            &keys.place,
            keys.key(""),
            "a calendar without working time: nothing would ever be due",
            "Write the hours of at least one day, as in monday = [\"09:00-18:00\"].",
        );
    }
    week
}

/// Says so when `name`, which stands at `key`, is no section of `kind`.
pub(super) fn refer(
    keys: &Checked,
    key: &str,
    name: &str,
    kind: &str,
    sections: &Sections,
    problems: &mut Problems,
) {
    let names = sections.names(kind);
    if names.contains(&name) {
        return;
    }
    let remedy = match nearest(name, names.iter().copied()) {
        Some(near) => format!("Did you mean `{near}`?"),
        None if names.is_empty() => format!("Write a section [{kind}.{name}]."),
        None => format!("Write a section [{kind}.{name}], or one of {}.", names.join(", ")),
    };
    problems.add(&keys.place(key), keys.key(key), format!("there is no {kind} `{name}`"), remedy);
}

/// What is allowed, but would be silent.
pub(super) fn warn(
    sections: &Sections,
    brands: &BTreeMap<String, Brand>,
    channels: &BTreeMap<String, ChannelConfig>,
    problems: &mut Problems,
) {
    if brands.is_empty() {
        let remedy = "Write a section [brand.NAME].";
        problems.warn(&sections.start, "", "no brand: nobody is listened for", remedy);
    }
    for section in sections.of("brand") {
        let Some(brand) = brands.get(&section.name) else { continue };
        let heard = |c: &&ChannelConfig| c.brand == brand.name && !c.disabled;
        if channels.values().find(heard).is_none() {
            let remedy = format!("Write a [channel.NAME] with brand = \"{}\".", brand.name);
            problems.warn(&section.place, section.path(), "no channel listens for it", remedy);
        }
        if brand.recipients.is_empty() {
            let remedy = "Write recipients = [\"NAME\"] and a section [recipient.NAME].";
            problems.warn(&section.place, section.path(), "nobody gets its alerts", remedy);
        }
    }
}
