//! Reads `pledge` and `follow_up`: what a brand advertises, and for which topics it gets in touch
//! again by itself.

use super::duration::parse_duration;
use super::form::{Wrong, phrase};
use super::problem::instead;
use super::section::Raw;
use crate::domain::{FollowUpRule, Pledge, Topic};

/// The keys of a pledge; only the title is needed.
const PLEDGE: [&str; 3] = ["title", "topic", "phrases"];
/// The keys of a rule; both are needed.
const RULE: [&str; 2] = ["topic", "after"];

type Keys = [(String, Raw)];

/// Reads a list of pledges.
pub(super) fn pledges(raw: &Raw) -> Result<Vec<Pledge>, Wrong> {
    each(raw)?.into_iter().map(pledge).collect()
}

/// Reads a list of rules, each topic once.
pub(super) fn rules(raw: &Raw) -> Result<Vec<FollowUpRule>, Wrong> {
    let rules: Vec<FollowUpRule> = each(raw)?.into_iter().map(rule).collect::<Result<_, _>>()?;
    for (at, rule) in rules.iter().enumerate() {
        if rules[..at].iter().any(|before| before.topic == rule.topic) {
            return Err(format!("two rules for topic `{}`", rule.topic).into());
        }
    }
    Ok(rules)
}

fn pledge(keys: &Keys) -> Result<Pledge, Wrong> {
    known(keys, &PLEDGE, "a pledge")?;
    let title = match find(keys, "title") {
        Some(Raw::Text(title)) if title.chars().any(char::is_alphanumeric) => {
            title.trim().to_owned()
        }
        Some(Raw::Text(_)) | None => return Err("a pledge without a title".to_owned().into()),
        Some(other) => return Err(odd("a pledge", "title", other)),
    };
    let whose = format!("pledge `{title}`");
    let phrases = match find(keys, "phrases") {
        None => vec![title.clone()],
        Some(Raw::List(list)) if !list.is_empty() => list
            .iter()
            .map(|raw| match raw {
                Raw::Text(text) => phrase(text).map_err(Wrong::from),
                other => Err(odd(&whose, "phrases", other)),
            })
            .collect::<Result<_, _>>()?,
        Some(Raw::List(_)) => return Err(format!("{whose} has no phrases").into()),
        Some(other) => return Err(odd(&whose, "phrases", other)),
    };
    let topic = find(keys, "topic").map(|raw| topic(&whose, raw)).transpose()?;
    Ok(Pledge { title, topic, phrases })
}

fn rule(keys: &Keys) -> Result<FollowUpRule, Wrong> {
    known(keys, &RULE, "a rule for follow-ups")?;
    let whose = "a rule for follow-ups";
    let Some(raw) = find(keys, "topic") else {
        return Err(format!("{whose} without a topic").into());
    };
    let topic = topic(whose, raw)?;
    match find(keys, "after") {
        Some(Raw::Text(text)) => Ok(FollowUpRule { topic, after: parse_duration(text)? }),
        None => Err(format!("the rule for topic `{topic}` does not say after which time").into()),
        Some(other) => Err(odd(whose, "after", other)),
    }
}

fn each(raw: &Raw) -> Result<Vec<&Keys>, Wrong> {
    let Raw::List(list) = raw else {
        return Err(format!("wrong form: {}", raw.is()).into());
    };
    list.iter()
        .map(|raw| match raw {
            Raw::Table(keys) => Ok(keys.as_slice()),
            other => Err(format!("wrong form: {} in the list", other.is()).into()),
        })
        .collect()
}

fn known(keys: &Keys, names: &[&str], whose: &str) -> Result<(), Wrong> {
    match keys.iter().find(|(key, _)| !names.contains(&key.as_str())) {
        Some((key, _)) => {
            let what = format!("unknown key `{key}` in {whose}");
            Err(Wrong { what, remedy: Some(instead(key, names)) })
        }
        None => Ok(()),
    }
}

fn find<'k>(keys: &'k Keys, name: &str) -> Option<&'k Raw> {
    keys.iter().find(|(key, _)| key == name).map(|(_, raw)| raw)
}

fn topic(whose: &str, raw: &Raw) -> Result<Topic, Wrong> {
    let Raw::Text(text) = raw else { return Err(odd(whose, "topic", raw)) };
    text.parse().map_err(|_| {
        let topics: Vec<&str> = Topic::ALL.iter().map(|topic| topic.as_str()).collect();
        let what = format!("{whose}: `{text}` is no topic");
        Wrong { what, remedy: Some(instead(text, &topics)) }
    })
}

fn odd(whose: &str, key: &str, raw: &Raw) -> Wrong {
    format!("{whose}: `{key}` is {}", raw.is()).into()
}
