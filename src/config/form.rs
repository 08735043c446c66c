//! The forms that values take in the configuration: each is read here and nowhere else.

use super::campaign::{self, Written};
use super::duration::parse_duration;
use super::pledge;
use super::problem::nearest;
use super::section::Raw;
use crate::domain::hours::Span;
use crate::domain::public::Stopgap;
use crate::domain::{FollowUpRule, Kind, Lang, PerMillion, Pledge};
use crate::wire::{Key, KeyKind, Secret};
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};

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
    Owed,
    Listen,
    Hosts,
    Database,
    /// A whole number of hours, days …, at least 1.
    Count,
    /// Words to be looked up in what people write.
    Phrases,
    Domains,
    Campaigns,
    Pledges,
    /// Topics, each with a duration.
    FollowUps,
    Stopgap,
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
    Owed(Vec<Kind>),
    Listen(SocketAddr),
    Campaigns(Vec<Written>),
    Pledges(Vec<Pledge>),
    FollowUps(Vec<FollowUpRule>),
    Stopgap(Stopgap),
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
            Form::Owed => "a list of \"complaint\" and \"question\"",
            Form::Listen => "an address and a port in quotes",
            Form::Hosts => "a list of hosts, addresses or networks, with a port or without",
            Form::Database => "sqlite: and a path, or postgres:// and a server, in quotes",
            Form::Count => "a whole number from 1 on",
            Form::Phrases => "a list of texts, each with a letter or a digit",
            Form::Domains => "a list of domains, without https:// and without a path",
            Form::Campaigns => "a list of campaigns",
            Form::Pledges => "a list of pledges, each with its title",
            Form::FollowUps => "a list of rules, each with a topic and a duration",
            Form::Stopgap => "mail, ingest, link or none in quotes",
        }
    }

    /// Whether it is written as a text; what the environment gives is then taken as it is.
    pub(super) fn is_text(self) -> bool {
        use Form::{Database, Duration, Language, Listen, Past, Plain, Stopgap, Zone};
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
            (Form::Hosts, Raw::List(_)) => Ok(Value::List(each(raw, host)?)),
            (Form::Phrases, Raw::List(_)) => Ok(Value::List(each(raw, phrase)?)),
            (Form::Domains, Raw::List(_)) => Ok(Value::List(each(raw, domain)?)),
            (Form::Campaigns, Raw::List(_)) => Ok(Value::Campaigns(campaign::read(raw)?)),
            (Form::Pledges, Raw::List(_)) => Ok(Value::Pledges(pledge::pledges(raw)?)),
            (Form::FollowUps, Raw::List(_)) => Ok(Value::FollowUps(pledge::rules(raw)?)),
            (Form::Owed, Raw::List(_)) => Ok(Value::Owed(each(raw, |text| {
                [Kind::Complaint, Kind::Question]
                    .into_iter()
                    .find(|kind| kind.as_str() == text)
                    .ok_or_else(|| format!("`{text}` is nothing that is owed an answer"))
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
            Form::Stopgap => match text.parse() {
                Ok(stopgap) => Ok(Value::Stopgap(stopgap)),
                Err(_) => wrong(format!("`{text}` stands in for nothing")),
            },
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

fn share(share: f64) -> Result<Value, Wrong> {
    if !(0.0..=1.0).contains(&share) {
        return Err(format!("{share} is no share between 0 and 1").into());
    }
    Ok(Value::Share(PerMillion::from_share(share)))
}

fn by_severity(raw: &Raw) -> Result<Value, Wrong> {
    if let Raw::Text(text) = raw {
        return Ok(Value::BySeverity([parse_duration(text)?; 3]));
    }
    let list: Vec<i64> = each(raw, parse_duration)?;
    let count = list.len();
    list.try_into()
        .map(Value::BySeverity)
        .map_err(|_| format!("{count} durations where one or three belong").into())
}

fn zone(text: &str) -> Result<Value, Wrong> {
    TimeZone::get(text).map(Value::Zone).map_err(|_| {
        let known: Vec<_> = jiff::tz::db().available().map(|name| name.to_string()).collect();
        let meant = nearest(text, known.iter().map(String::as_str));
        Wrong {
            what: format!("`{text}` is no time zone"),
            remedy: meant.map(|name| format!("Did you mean `{name}`?")),
        }
    })
}

fn database(text: &str) -> Result<Value, Wrong> {
    let good = match text.split_once(':') {
        // Readers and the writer are several connections: in memory each would see its own.
        Some(("sqlite", ":memory:")) => {
            let remedy = "Name a file, as in \"sqlite:ascolto.db\".".to_owned();
            return Err(Wrong { what: "a database in memory".to_owned(), remedy: Some(remedy) });
        }
        Some(("sqlite", path)) => !path.trim_start_matches('/').is_empty(),
        Some(("postgres" | "postgresql", _)) => {
            url::Url::parse(text).is_ok_and(|url| url.has_host())
        }
        _ => false,
    };
    if good {
        Ok(Value::Secret(Secret::new(text)))
    } else {
        Err("no database that Ascolto knows".to_owned().into())
    }
}

/// A host, an address or a network (`10.0.0.0/8`), with a port or without. `fetch/` reads it in
/// full; here is caught what would match nothing: an address of the web, a half-written network.
fn host(text: &str) -> Result<String, String> {
    let net = text.split_once('/').map(|(address, bits)| {
        let most = address.parse().map(|ip: IpAddr| if ip.is_ipv4() { 32 } else { 128 });
        bits.parse::<u8>().is_ok_and(|bits| most.is_ok_and(|most| bits <= most))
    });
    let odd = |c: char| c.is_whitespace() || "@?#*".contains(c);
    if net.unwrap_or(true) && !text.is_empty() && !text.contains(odd) {
        Ok(text.to_owned())
    } else {
        Err(format!("`{text}` is no host and no network"))
    }
}

/// Words that can be found in a text: signs alone never are.
pub(super) fn phrase(text: &str) -> Result<String, String> {
    if text.chars().any(char::is_alphanumeric) {
        Ok(text.trim().to_owned())
    } else {
        Err(format!("`{text}` has no letter and no digit: it would never be found"))
    }
}

/// A domain in small letters. `www.` is taken off: who links to the brand may leave it out.
fn domain(text: &str) -> Result<String, String> {
    let name = text.trim().to_lowercase();
    let name = name.strip_prefix("www.").unwrap_or(&name);
    let label =
        |label: &str| !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || c == '-');
    if name.contains('.') && name.split('.').all(label) {
        Ok(name.to_owned())
    } else {
        Err(format!("`{text}` is no domain"))
    }
}

fn is_web(text: &str) -> bool {
    url::Url::parse(text)
        .is_ok_and(|url| ["http", "https"].contains(&url.scheme()) && url.has_host())
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
