//! Makes brands of their sections, with the SLA policies and calendars that they name.

use super::calendars;
use super::campaign::Written;
use super::check::{Checked, check};
use super::escalation;
use super::priority;
use super::problem::{Place, Problems, nearest};
use super::section::{Section, Sections};
use super::sla;
use super::{ChannelConfig, EscalationConfig};
use crate::domain::public::{PublicChannel, Stopgap};
use crate::domain::{Brand, PerMillion};
use jiff::tz::TimeZone;
use std::collections::BTreeMap;

/// Reads all brands, and whether the sentence encoder judges for them. A brand with a problem may be
/// missing in what comes back.
pub(super) fn read(
    sections: &Sections,
    networks: &[&'static str],
    escalations: &BTreeMap<String, EscalationConfig>,
    problems: &mut Problems,
) -> (BTreeMap<String, Brand>, bool) {
    let (triage, encoder) = triage(sections, problems);
    let weights = priority::read(sections, problems);
    let policies: BTreeMap<_, _> =
        sections.of("sla").map(|s| (s.name.as_str(), sla::policy(s, networks, problems))).collect();
    let weeks = calendars::read(sections, problems);
    let mut users: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let brands: BTreeMap<String, Brand> = sections
        .of("brand")
        .filter_map(|section| {
            let keys = check(section, section.shape.fields, false, problems);
            for kind in ["sla", "escalation"] {
                if let Some(name) = keys.get::<String>(kind) {
                    refer(&keys, kind, &name, kind, sections, problems);
                }
            }
            let hours: Vec<String> = keys.get("calendar").unwrap_or_default();
            for name in &hours {
                refer(&keys, "calendar", name, "calendar", sections, problems);
            }
            for name in keys.get::<Vec<String>>("recipients").unwrap_or_default() {
                refer(&keys, "recipients", &name, "recipient", sections, problems);
            }
            for name in keys.get::<Vec<String>>("handovers").unwrap_or_default() {
                refer(&keys, "handovers", &name, "handover", sections, problems);
            }
            if let Some(name) = keys.get::<String>("on_call") {
                escalation::somebody(&keys, "on_call", &name, sections, problems);
            }
            if let Some(lead) = keys.get::<String>("lead") {
                refer(&keys, "lead", &lead, "recipient", sections, problems);
            }
            let (alert_at, look_at) = thresholds(&keys, triage, problems);
            let mut brand = brand(&section.name, &keys)?;
            (brand.alert_at, brand.look_at) = (alert_at, look_at);
            names(&keys, &brand, problems);
            brand.priority = weights.clone();
            if let Some(name) = keys.get::<String>("sla")
                && let Some(sla) = policies.get(name.as_str())
            {
                brand.sla = sla.clone();
                users.entry(name).or_default().push(section.name.clone());
            }
            let named = keys.get::<String>("escalation");
            brand.escalation = named.and_then(|n| Some(escalations.get(&n)?.policy.clone()));
            if let Some(calendar) = calendars::of(&hours, &weeks, &brand.zone) {
                brand.calendar = calendar;
            }
            Some((section.name.clone(), brand))
        })
        .collect();
    for section in sections.of("sla") {
        let names = users.get(&section.name).into_iter().flatten();
        let of: Vec<&Brand> = names.filter_map(|name| brands.get(name)).collect();
        if let Some(policy) = policies.get(section.name.as_str()) {
            sla::owed(section, policy, &of, problems);
        }
    }
    (brands, encoder)
}

/// Where each brand says who is on call.
pub(super) fn on_call(sections: &Sections) -> BTreeMap<String, Place> {
    let place = |section: &Section| {
        let entry = section.entries.iter().find(|entry| entry.key == "on_call")?;
        Some((section.name.clone(), entry.place.clone()))
    };
    sections.of("brand").filter_map(place).collect()
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
    let zone = &brand.zone;
    brand.campaigns = campaigns.into_iter().map(|c| c.in_zone(zone)).collect();
    brand.language = keys.get("language").unwrap_or(brand.language);
    brand.owes = keys.get("owes").unwrap_or(brand.owes);
    brand.alert_max_age = keys.get("alert_max_age").unwrap_or(brand.alert_max_age);
    let storm_at = keys.get::<i64>("storm_at").map(|n| u32::try_from(n).unwrap_or(u32::MAX));
    brand.storm_at = storm_at.unwrap_or(brand.storm_at);
    brand.look_digest = keys.get("look_digest").unwrap_or(brand.look_digest);
    brand.recipients = keys.get("recipients").unwrap_or_default();
    brand.wakes = keys.get("wakes").unwrap_or(brand.wakes);
    brand.on_call = keys.get("on_call");
    brand.lead = keys.get("lead").unwrap_or_default();
    brand.signature = keys.get("signature").unwrap_or_default();
    brand.learn = keys.get("learn").unwrap_or(brand.learn);
    brand.sample = keys.get("sample").unwrap_or(brand.sample);
    brand.pledges = keys.get("pledge").unwrap_or_default();
    brand.follow_up = keys.get("follow_up").unwrap_or_default();
    brand.handovers = keys.get("handovers").unwrap_or_default();
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
        let alert_at = campaign.alert_at.unwrap_or(brand.alert_at);
        let look_at = campaign.look_at.unwrap_or(brand.look_at);
        if alert_at < look_at && (campaign.alert_at, campaign.look_at) != (None, None) {
            let (alert, look) = (alert_at.share(), look_at.share());
            problems.add(
                &keys.place("campaigns"),
                keys.key("campaigns"),
                format!("campaign `{}`: look_at {look} lies above alert_at {alert}", campaign.name),
                "Write both for the campaign, with a look_at that is not above its alert_at.",
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
