//! Reads `pledge` and `follow_up`: what a brand advertises, and for which topics it gets in touch
//! again by itself.

use super::duration::parse_duration;
use super::form::Wrong;
use super::inner::Inner;
use super::problem::instead;
use super::section::Raw;
use crate::domain::{FollowUpRule, Pledge, Topic};

/// The keys of a pledge; only the title is needed.
const PLEDGE: [&str; 3] = ["title", "topic", "phrases"];
/// The keys of a rule; both are needed.
const RULE: [&str; 2] = ["topic", "after"];

/// Reads a list of pledges.
pub(super) fn pledges(raw: &Raw) -> Result<Vec<Pledge>, Wrong> {
    Inner::list(raw, "a pledge", &PLEDGE, pledge)
}

/// Reads a list of rules, each topic once.
pub(super) fn rules(raw: &Raw) -> Result<Vec<FollowUpRule>, Wrong> {
    let rules = Inner::list(raw, "a rule for follow-ups", &RULE, rule)?;
    for (at, rule) in rules.iter().enumerate() {
        if rules[..at].iter().any(|before| before.topic == rule.topic) {
            return Err(format!("two rules for topic `{}`", rule.topic).into());
        }
    }
    Ok(rules)
}

fn pledge(inner: &Inner<'_>) -> Result<Pledge, Wrong> {
    let said = |title: &&str| title.chars().any(char::is_alphanumeric);
    let Some(title) = inner.words("title")?.filter(said) else {
        return Err("a pledge without a title".to_owned().into());
    };
    let inner = inner.called(format!("pledge `{title}`"));
    let title = title.to_owned();
    let phrases = inner.phrases("phrases")?.unwrap_or_else(|| vec![title.clone()]);
    Ok(Pledge { title, topic: topic(&inner)?, phrases })
}

fn rule(inner: &Inner<'_>) -> Result<FollowUpRule, Wrong> {
    let Some(topic) = topic(inner)? else {
        return Err("a rule for follow-ups without a topic".to_owned().into());
    };
    match inner.words("after")? {
        Some(text) => Ok(FollowUpRule { topic, after: parse_duration(text)? }),
        None => Err(format!("the rule for topic `{topic}` does not say after which time").into()),
    }
}

fn topic(inner: &Inner<'_>) -> Result<Option<Topic>, Wrong> {
    let Some(text) = inner.words("topic")? else { return Ok(None) };
    let topic = text.parse::<Topic>().map_err(|_| {
        let topics: Vec<&str> = Topic::ALL.iter().map(|topic| topic.as_str()).collect();
        inner.wrong(&format!("`{text}` is no topic"), instead(text, &topics))
    });
    topic.map(Some)
}
