//! The forms that values take in the configuration: each is read here and nowhere else.

mod values;

pub(super) use values::phrase;

use super::calendars::{self, Closure};
use super::campaign::{self, Written};
use super::duration::parse_duration;
use super::escalation;
use super::pledge;
use super::rota::{self, ChangeOver};
use super::section::Raw;
use super::sla;
use crate::domain::deadline::SlaRule;
use crate::domain::delivery::{Rate, Wake};
use crate::domain::escalation::Level;
use crate::domain::hours::{Region, Span};
use crate::domain::public::Stopgap;
use crate::domain::{FollowUpRule, Kind, Lang, PerMillion, Pledge};
use crate::wire::{Key, KeyKind, Secret};
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use std::collections::BTreeSet;
use std::net::SocketAddr;
use values::{by_severity, database, domain, host, is_web, rate, share, zone};

/// What a key takes. The kinds of networks and notifiers, and finer ones for our own sections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Plain(KeyKind),
    Share,
    Duration,
    /// A duration, or 0 for none.
    Past,
    BySeverity,
    Zone,
    Language,
    Hours,
    /// Times of day, each once, the earliest first.
    Times,
    Days,
    /// A name of a section, or a list of them.
    Names,
    /// Countries and regions with built-in holidays.
    Regions,
    Closures,
    Owed,
    Listen,
    Hosts,
    Database,
    /// A whole number of hours, days …, at least 1.
    Count,
    /// A number of hours by which something weighs.
    Points,
    /// How many are drawn, from 0 to 1000.
    Sample,
    /// Words to be looked up in what people write.
    Phrases,
    Domains,
    Campaigns,
    SlaRules,
    Pledges,
    /// Topics, each with a duration.
    FollowUps,
    Stopgap,
    /// One day.
    Day,
    /// The length of a turn in days or weeks.
    Turn,
    /// The day of the week and the time at which turns change.
    ChangeOver,
    /// Who is there or away, from when to when.
    Stints,
    /// The levels of an escalation.
    Levels,
    /// So many in a span.
    Rate,
    Wakes,
}

/// One key of a section.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field {
    pub name: &'static str,
    pub form: Form,
    pub required: bool,
    pub doc: &'static str,
    pub example: &'static str,
}

impl Field {
    /// The same for a key of a network or notifier.
    pub(super) fn of(key: &Key) -> Field {
        let Key { name, kind, required, doc, example } = *key;
        Field { name, form: Form::Plain(kind), required, doc, example }
    }

    /// Whether `KEY_file` may stand in its place.
    pub(super) fn secret(&self) -> bool {
        matches!(self.form, Form::Plain(KeyKind::Secret) | Form::Database)
    }
}

/// Defines the values, and how each is taken out in its type.
macro_rules! values {
    ($($variant:ident($type:ty)),+ $(,)?) => {
        /// A value that was read by its form.
        #[derive(Clone, Debug)]
        pub(super) enum Value { $($variant($type)),+ }

        $(impl From<Value> for Option<$type> {
            fn from(value: Value) -> Option<$type> {
                match value {
                    Value::$variant(inner) => Some(inner),
                    _ => None,
                }
            }
        })+
    };
}

values! {
    Text(String),
    Secret(Secret),
    Number(i64),
    Flag(bool),
    List(Vec<String>),
    Share(PerMillion),
    BySeverity([i64; 3]),
    Zone(TimeZone),
    Language(Lang),
    Hours(Vec<Span>),
    Times(Vec<Time>),
    Days(BTreeSet<Date>),
    Regions(Vec<Region>),
    Closures(Vec<Closure>),
    Owed(Vec<Kind>),
    Listen(SocketAddr),
    Campaigns(Vec<Written>),
    SlaRules(Vec<SlaRule>),
    Pledges(Vec<Pledge>),
    FollowUps(Vec<FollowUpRule>),
    Stopgap(Stopgap),
    Day(Date),
    ChangeOver(ChangeOver),
    Stints(Vec<rota::Written>),
    Levels(Vec<Level>),
    Rate(Rate),
    Wakes(Vec<Wake>),
}

/// Why a value does not do.
#[derive(Debug)]
pub(super) struct Wrong {
    /// What is wrong; quotes no secret and no address (it may hold a password).
    pub what: String,
    /// What to write, where that is more than the form's own hint.
    pub remedy: Option<String>,
}

impl From<String> for Wrong {
    fn from(what: String) -> Wrong {
        Wrong { what, remedy: None }
    }
}

impl Form {
    /// For messages: what to write.
    pub(super) fn expected(self) -> &'static str {
        match self {
            Form::Plain(kind) => kind.expected(),
            Form::Share => "a share between 0 and 1",
            Form::Duration => "a number with its unit s, m, h or d, in quotes",
            Form::Past => "a number with its unit s, m, h or d, or 0, in quotes",
            Form::BySeverity => "one duration, or a list of three for severity 1, 2 and 3",
            Form::Zone => "a zone of the IANA database in quotes",
            Form::Language => "a language code in quotes",
            Form::Hours => "a list of spans of hours",
            Form::Times => "a list of times of day from 00:00 to 23:59, each in quotes, or []",
            Form::Days => "a list of days as year, month, day",
            Form::Names => "a name in quotes, or a list of names",
            Form::Regions => "a country or region in quotes, or a list of them",
            Form::Closures => "a list of closures",
            Form::Owed => "a list of \"complaint\" and \"question\"",
            Form::Listen => "an address and a port in quotes",
            Form::Hosts => "a list of hosts, addresses or networks, with a port or without",
            Form::Database => "sqlite: and a path, or postgres:// and a server, in quotes",
            Form::Count => "a whole number from 1 on",
            Form::Points => "a whole number of hours from 0 to 1000",
            Form::Sample => "a whole number from 0 to 1000",
            Form::Phrases => "a list of texts, each with a letter or a digit",
            Form::Domains => "a list of domains, without https:// and without a path",
            Form::Campaigns => "a list of campaigns",
            Form::SlaRules => "a list of rules",
            Form::Pledges => "a list of pledges, each with its title",
            Form::FollowUps => "a list of rules, each with a topic and a duration",
            Form::Stopgap => "mail, ingest, link or none in quotes",
            Form::Day => "a day as year, month, day",
            Form::Turn => "a number with its unit d or w, in quotes",
            Form::ChangeOver => "a time of day, or a day of the week and a time, in quotes",
            Form::Stints => "a list of tables with who, from and to",
            Form::Levels => "a list of levels",
            Form::Rate => "a number from 1 on, / and h, d or a span such as 15m, in quotes",
            Form::Wakes => {
                "a list of \"safety\", \"storm\", \"deaf\", \"legal\", \"third_strike\" and \
                 \"broken_promise\", or []"
            }
        }
    }

    /// Whether it is written as a text; what the environment gives is then taken as it is.
    pub(super) fn is_text(self) -> bool {
        use Form::{ChangeOver, Database, Day, Duration, Language, Listen, Past, Plain};
        use Form::{Rate, Stopgap, Turn, Zone};
        use KeyKind::{Secret, Text, Url};
        matches!(
            self,
            Duration
                | Past
                | Zone
                | Language
                | Listen
                | Database
                | Stopgap
                | Day
                | Turn
                | ChangeOver
                | Rate
                | Plain(Text | Secret | Url)
        )
    }

    /// Reads a value.
    pub(super) fn read(self, raw: &Raw) -> Result<Value, Wrong> {
        match (self, raw) {
            (_, Raw::Variable(text)) => self.read(&self.settle(text)),
            (Form::Plain(KeyKind::Number), Raw::Whole(n)) => Ok(Value::Number(*n)),
            (Form::Count, Raw::Whole(n)) if *n < 1 => Err(format!("{n} is too few").into()),
            (Form::Count, Raw::Whole(n)) => Ok(Value::Number(*n)),
            (Form::Points, Raw::Whole(n)) if !(0..=1_000).contains(n) => {
                Err(format!("{n} is no number of hours from 0 to 1000").into())
            }
            (Form::Points, Raw::Whole(n)) => Ok(Value::Number(*n)),
            (Form::Sample, Raw::Whole(n)) if !(0..=1_000).contains(n) => {
                Err(format!("{n} cannot be drawn").into())
            }
            (Form::Sample, Raw::Whole(n)) => Ok(Value::Number(*n)),
            (Form::Plain(KeyKind::Flag), Raw::Flag(flag)) => Ok(Value::Flag(*flag)),
            (Form::Plain(KeyKind::List), Raw::List(_)) => Ok(Value::List(texts(raw)?)),
            (Form::Share, Raw::Whole(n)) => share(*n as f64),
            (Form::Share, Raw::Decimal(x)) => share(*x),
            (Form::BySeverity, _) => by_severity(raw),
            (Form::Hours, Raw::List(_)) => Ok(Value::Hours(each(raw, |text| {
                Span::parse(text).map_err(|_| format!("`{text}` is no span of hours"))
            })?)),
            (Form::Times, Raw::List(_)) => {
                let times: BTreeSet<Time> = each(raw, |text| {
                    let time = Time::strptime("%H:%M", text.trim());
                    time.map_err(|_| format!("`{text}` is no time of day"))
                })?;
                Ok(Value::Times(times.into_iter().collect()))
            }
            (Form::Days, Raw::List(_)) => Ok(Value::Days(each(raw, |text| {
                text.parse().map_err(|_| format!("`{text}` is no day"))
            })?)),
            (Form::Names, Raw::Text(name)) => Ok(Value::List(vec![name.clone()])),
            (Form::Names, Raw::List(_)) => Ok(Value::List(texts(raw)?)),
            (Form::Regions, _) => Ok(Value::Regions(calendars::regions(raw)?)),
            (Form::Closures, Raw::List(_)) => Ok(Value::Closures(calendars::closures(raw)?)),
            (Form::Hosts, Raw::List(_)) => Ok(Value::List(each(raw, host)?)),
            (Form::Phrases, Raw::List(_)) => Ok(Value::List(each(raw, phrase)?)),
            (Form::Domains, Raw::List(_)) => Ok(Value::List(each(raw, domain)?)),
            (Form::Campaigns, Raw::List(_)) => Ok(Value::Campaigns(campaign::read(raw)?)),
            (Form::SlaRules, Raw::List(_)) => Ok(Value::SlaRules(sla::rules(raw)?)),
            (Form::Stints, Raw::List(_)) => Ok(Value::Stints(rota::stints(raw)?)),
            (Form::Levels, Raw::List(_)) => Ok(Value::Levels(escalation::levels(raw)?)),
            (Form::Day, Raw::Date(text)) => self.read_text(text),
            (Form::Pledges, Raw::List(_)) => Ok(Value::Pledges(pledge::pledges(raw)?)),
            (Form::FollowUps, Raw::List(_)) => Ok(Value::FollowUps(pledge::rules(raw)?)),
            (Form::Owed, Raw::List(_)) => Ok(Value::Owed(each(raw, |text| {
                [Kind::Complaint, Kind::Question]
                    .into_iter()
                    .find(|kind| kind.as_str() == text)
                    .ok_or_else(|| format!("`{text}` is nothing that is owed an answer"))
            })?)),
            (Form::Wakes, Raw::List(_)) => Ok(Value::Wakes(each(raw, |text| {
                text.parse().map_err(|_| format!("`{text}` is nothing that wakes"))
            })?)),
            (form, Raw::Text(text)) if form.is_text() => form.read_text(text),
            _ => Err(format!("wrong form: {}", raw.is()).into()),
        }
    }

    fn read_text(self, text: &str) -> Result<Value, Wrong> {
        let wrong = |what: String| Err(Wrong::from(what));
        match self {
            Form::Past if text.trim() == "0" => Ok(Value::Number(0)),
            Form::Duration | Form::Past => Ok(Value::Number(parse_duration(text)?)),
            Form::Zone => zone(text),
            Form::Language => match Lang::parse(text) {
                Some(lang) => Ok(Value::Language(lang)),
                None => wrong(format!("`{text}` is no language code")),
            },
            Form::Listen => match text.parse() {
                Ok(listen) => Ok(Value::Listen(listen)),
                Err(_) => wrong(format!("`{text}` is no address with a port")),
            },
            Form::Database => database(text),
            Form::Turn => Ok(Value::Number(rota::turn(text)?)),
            Form::ChangeOver => Ok(Value::ChangeOver(rota::change_over(text)?)),
            Form::Day => match text.parse() {
                Ok(day) => Ok(Value::Day(day)),
                Err(_) => wrong(format!("`{text}` is no day")),
            },
            Form::Stopgap => match text.parse() {
                Ok(stopgap) => Ok(Value::Stopgap(stopgap)),
                Err(_) => wrong(format!("`{text}` stands in for nothing")),
            },
            Form::Rate => rate(text),
            Form::Plain(KeyKind::Secret) if text.is_empty() => wrong("empty".to_owned()),
            Form::Plain(KeyKind::Secret) => Ok(Value::Secret(Secret::new(text))),
            Form::Plain(KeyKind::Url) if !is_web(text) => {
                wrong("no http or https address".to_owned())
            }
            _ => Ok(Value::Text(text.to_owned())),
        }
    }

    /// A text from the environment as this form would have it in a file.
    fn settle(self, text: &str) -> Raw {
        if !self.is_text()
            && let Ok(value) = toml::de::DeValue::parse(text)
        {
            return Raw::from(value.get_ref());
        }
        Raw::Text(text.to_owned())
    }
}

fn texts(raw: &Raw) -> Result<Vec<String>, Wrong> {
    each(raw, |text| Ok(text.to_owned()))
}

/// Reads each text of a list; a date may stand without quotes.
fn each<T, C: FromIterator<T>>(
    raw: &Raw,
    read: impl Fn(&str) -> Result<T, String>,
) -> Result<C, Wrong> {
    let Raw::List(list) = raw else {
        return Err(format!("wrong form: {}", raw.is()).into());
    };
    list.iter()
        .map(|raw| match raw {
            Raw::Text(text) | Raw::Date(text) => read(text).map_err(Wrong::from),
            other => Err(format!("wrong form: {} in the list", other.is()).into()),
        })
        .collect()
}
