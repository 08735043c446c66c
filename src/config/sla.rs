//! `[sla.NAME]`: its keys, and the policies that they make, with the rules that differ by network,
//! severity, language and kind.

use super::check::{Checked, check};
use super::duration::parse_duration;
use super::form::{Field, Form, Wrong};
use super::problem::{Problems, instead};
use super::section::{Raw, Section};
use super::tables::may;
use crate::domain::deadline::{Doubt, SlaPolicy, SlaRule, Term};
use crate::domain::obligation::Owing;
use crate::domain::{Brand, Kind, Lang};

/// The keys of a policy.
pub(super) const FIELDS: &[Field] = &[
    may(
        "first_response",
        Form::BySeverity,
        "Business time to the first answer to a complaint of severity 1, 2 and 3, or one for all. Default 8h, 4h, 1h.",
        r#"["8h", "4h", "1h"]"#,
    ),
    may(
        "question",
        Form::Duration,
        "Business time to the first answer to a question. Default 16h.",
        r#""16h""#,
    ),
    may(
        "next_response",
        Form::BySeverity,
        "Business time to the answer to a complaint that follows an answer of yours in the same case, \
         by severity or one for all. Default: as first_response.",
        r#"["4h", "2h", "1h"]"#,
    ),
    may(
        "resolution",
        Form::Duration,
        "Business time in which a complaint is to be resolved, without the time in which you wait for \
         the customer; that it took longer is told once. Default: not measured.",
        r#""40h""#,
    ),
    may(
        "answer_at_latest",
        Form::Duration,
        "No answer is due later than this after the customer wrote, whatever the calendar says. Default 72h.",
        r#""72h""#,
    ),
    may(
        "rules",
        Form::SlaRules,
        "Other durations for a network, severity, language or kind (complaint, question, look). Of the \
         rules that fit and name a duration the one with the most conditions counts. Default none.",
        r#"[{ severity = 3, language = "de", first_response = "30m", resolution = "8h" }]"#,
    ),
];

/// The keys of one rule.
const KEYS: [&str; 8] = [
    "network",
    "severity",
    "language",
    "kind",
    "first_response",
    "next_response",
    "resolution",
    "answer_at_latest",
];

/// Reads a policy. `networks` are the names of those that there are.
pub(super) fn policy(
    section: &Section,
    networks: &[&'static str],
    problems: &mut Problems,
) -> SlaPolicy {
    let keys = check(section, section.shape.fields, false, problems);
    let usual = SlaPolicy::default();
    let policy = SlaPolicy {
        first_response: keys.get("first_response").unwrap_or(usual.first_response),
        question: keys.get("question").unwrap_or(usual.question),
        next_response: keys.get("next_response"),
        resolution: keys.get("resolution"),
        answer_at_latest: keys.get("answer_at_latest").unwrap_or(usual.answer_at_latest),
        rules: keys.get("rules").unwrap_or_default(),
    };
    if known(&policy, &keys, networks, problems) {
        meant(&policy, &keys, networks, problems);
    }
    policy
}

/// Says so where a rule names a network that there is not.
fn known(
    policy: &SlaPolicy,
    keys: &Checked,
    networks: &[&'static str],
    problems: &mut Problems,
) -> bool {
    let named = policy.rules.iter().filter_map(|rule| rule.network.as_deref());
    let unknown: Vec<&str> = named.filter(|name| !networks.contains(name)).collect();
    for name in &unknown {
        let what = format!("a rule names `{name}`, which is no network: it never counts");
        problems.add(&keys.place("rules"), keys.key("rules"), what, instead(name, networks));
    }
    unknown.is_empty()
}

/// Says so where two rules say the same thing differently, or one never counts.
fn meant(policy: &SlaPolicy, keys: &Checked, networks: &[&'static str], problems: &mut Problems) {
    let named = |at: usize| match policy.rules.get(at) {
        Some(rule) => format!("rule {} ({rule})", at + 1),
        None => format!("rule {}", at + 1),
    };
    for doubt in policy.doubts(networks) {
        let (what, remedy) = match doubt {
            Doubt::Tie { one, other, term } => (
                format!(
                    "{} and {} can fit the same mention, and both name {term}",
                    named(one),
                    named(other)
                ),
                "Give one of them a condition more, or write a third rule with the conditions of \
                 both: the rule with the most conditions counts.",
            ),
            Doubt::Never { rule } => (
                format!("{} never counts", named(rule)),
                "Take it out, or give it other conditions: nothing fits them (questions have no \
                 severity, only complaints are resolved), or rules with more conditions say all \
                 that it says.",
            ),
        };
        problems.add(&keys.place("rules"), keys.key("rules"), what, remedy);
    }
}

/// Says so where a policy has rules for a kind that none of its brands owes an answer.
pub(super) fn owed(
    section: &Section,
    policy: &SlaPolicy,
    brands: &[&Brand],
    problems: &mut Problems,
) {
    let owes = |kind: Kind| brands.iter().any(|brand| brand.owes.contains(&kind));
    for (at, rule) in policy.rules.iter().enumerate().filter(|_| !brands.is_empty()) {
        let kind = match rule.kind {
            Some(Owing::Complaint) => Kind::Complaint,
            Some(Owing::Question) => Kind::Question,
            Some(Owing::Look) | None => continue,
        };
        if !owes(kind) {
            let what = format!("rule {} ({rule}) never counts: no brand of it owes that", at + 1);
            let remedy = format!("Take the rule out, or write \"{kind}\" into the brand's owes.");
            problems.add(&section.place, format!("{}.rules", section.path()), what, remedy);
        }
    }
}

/// Reads a list of rules.
pub(super) fn rules(raw: &Raw) -> Result<Vec<SlaRule>, Wrong> {
    let Raw::List(list) = raw else {
        return Err(format!("wrong form: {}", raw.is()).into());
    };
    (1..).zip(list).map(|(number, raw)| rule(number, raw)).collect()
}

fn rule(number: usize, raw: &Raw) -> Result<SlaRule, Wrong> {
    let Raw::Table(keys) = raw else {
        return Err(format!("wrong form: {} in the list", raw.is()).into());
    };
    if let Some((key, _)) = keys.iter().find(|(key, _)| !KEYS.contains(&key.as_str())) {
        let what = format!("unknown key `{key}` in rule {number}");
        return Err(Wrong { what, remedy: Some(instead(key, &KEYS)) });
    }
    let find = |key: &str| keys.iter().find(|(name, _)| name == key).map(|(_, raw)| raw);
    let odd = |key: &str, raw: &Raw| Wrong::from(format!("rule {number}: `{key}` is {}", raw.is()));
    let text = |key: &str| match find(key) {
        None => Ok(None),
        Some(Raw::Text(text)) => Ok(Some(text.trim())),
        Some(other) => Err(odd(key, other)),
    };
    let duration = |term: Term| -> Result<Option<i64>, Wrong> {
        let read =
            |text| parse_duration(text).map_err(|why| Wrong::from(format!("rule {number}: {why}")));
        text(term.as_str())?.map(read).transpose()
    };
    let severity = match find("severity") {
        None => None,
        Some(Raw::Whole(n @ 1..=3)) => u8::try_from(*n).ok(),
        Some(Raw::Whole(n)) => {
            let what = format!("rule {number}: {n} is no severity");
            let remedy = Some("Write severity = 1, 2 or 3.".to_owned());
            return Err(Wrong { what, remedy });
        }
        Some(other) => return Err(odd("severity", other)),
    };
    let language = text("language")?.map(|tag| {
        Lang::parse(tag).ok_or_else(|| format!("rule {number}: `{tag}` is no language code"))
    });
    let kind = text("kind")?.map(|word| {
        let read: Result<Owing, String> = word.parse();
        read.map_err(|why| Wrong::from(format!("rule {number}: {why}")))
    });
    let rule = SlaRule {
        network: text("network")?.map(str::to_owned),
        severity,
        language: language.transpose()?,
        kind: kind.transpose()?,
        first_response: duration(Term::FirstResponse)?,
        next_response: duration(Term::NextResponse)?,
        resolution: duration(Term::Resolution)?,
        answer_at_latest: duration(Term::AnswerAtLatest)?,
    };
    let lacks = |what: &str, remedy: &str| {
        Err(Wrong { what: format!("rule {number} {what}"), remedy: Some(remedy.to_owned()) })
    };
    if rule.conditions() == 0 {
        return lacks("has no condition", "Write its durations into the policy itself.");
    }
    if Term::ALL.iter().all(|term| rule.says(*term).is_none()) {
        return lacks("names no duration", "Write one, as in first_response = \"30m\".");
    }
    Ok(rule)
}
