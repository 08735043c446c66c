//! Cuts parsed files into sections whose keys know their place.

use super::problem::{Place, Problems, instead};
use super::source::Source;
use super::tables::{SHAPES, Shape};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A value as it stands in a file, or in the environment, before any table says what it should be.
#[derive(Clone, Debug)]
pub(super) enum Raw {
    Text(String),
    Whole(i64),
    Decimal(f64),
    Flag(bool),
    /// A date or time without quotes.
    Date(String),
    List(Vec<Raw>),
    /// A table within a value, with its keys in their order.
    Table(Vec<(String, Raw)>),
    /// A whole number or fraction beyond what we count with.
    TooLarge,
    /// From the environment: text, or TOML where the key wants no text.
    Variable(String),
}

impl Raw {
    pub(super) fn from(value: &DeValue<'_>) -> Raw {
        match value {
            DeValue::String(text) => Raw::Text(text.to_string()),
            DeValue::Integer(n) => {
                i64::from_str_radix(n.as_str(), n.radix()).map_or(Raw::TooLarge, Raw::Whole)
            }
            DeValue::Float(x) => x.as_str().parse().map_or(Raw::TooLarge, Raw::Decimal),
            DeValue::Boolean(flag) => Raw::Flag(*flag),
            DeValue::Datetime(date) => Raw::Date(date.to_string()),
            DeValue::Array(list) => {
                Raw::List(list.iter().map(|v| Raw::from(v.get_ref())).collect())
            }
            DeValue::Table(table) => Raw::Table(
                table
                    .iter()
                    .map(|(key, value)| (key.get_ref().to_string(), Raw::from(value.get_ref())))
                    .collect(),
            ),
        }
    }

    /// What it is, for a person; never its content.
    pub(super) fn is(&self) -> &'static str {
        match self {
            Raw::Text(_) | Raw::Variable(_) => "text",
            Raw::Whole(_) => "a whole number",
            Raw::Decimal(_) => "a decimal number",
            Raw::Flag(_) => "true or false",
            Raw::Date(_) => "a date or time",
            Raw::List(_) => "a list",
            Raw::Table(_) => "a section of its own",
            Raw::TooLarge => "a number too large",
        }
    }
}

/// A key with its value.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub key: String,
    pub place: Place,
    pub raw: Raw,
}

/// `[kind]` or `[kind.name]`.
pub(super) struct Section {
    pub shape: &'static Shape,
    /// Empty where the shape has no names.
    pub name: String,
    pub place: Place,
    pub entries: Vec<Entry>,
}

impl Section {
    /// `channel.masto`.
    pub(super) fn path(&self) -> String {
        if self.shape.named {
            format!("{}.{}", self.shape.kind, self.name)
        } else {
            self.shape.kind.to_owned()
        }
    }
}

/// Everything that the files say, in their order.
pub(super) struct Sections {
    pub all: Vec<Section>,
    /// The first line of the first file: the place of what stands nowhere.
    pub start: Place,
}

impl Sections {
    /// The sections of a kind.
    pub(super) fn of<'s>(&'s self, kind: &'s str) -> impl Iterator<Item = &'s Section> {
        self.all.iter().filter(move |s| s.shape.kind == kind)
    }

    /// The names in a kind.
    pub(super) fn names<'s>(&'s self, kind: &'s str) -> Vec<&'s str> {
        self.of(kind).map(|s| s.name.as_str()).collect()
    }
}

/// Cuts the files, given with their parsed tables, into sections.
pub(super) fn split(
    sources: &[Source],
    tables: &[DeTable<'_>],
    problems: &mut Problems,
) -> Sections {
    let start = sources.first().map_or_else(|| Place::Variable(String::new()), |s| s.place(0));
    let mut sections = Sections { all: Vec::new(), start };
    for (source, table) in sources.iter().zip(tables) {
        for (key, value) in table {
            top(source, key, value, &mut sections, problems);
        }
    }
    sections
}

type Key<'a> = Spanned<std::borrow::Cow<'a, str>>;
type Value<'a> = Spanned<DeValue<'a>>;

fn top(
    source: &Source,
    key: &Key<'_>,
    value: &Value<'_>,
    sections: &mut Sections,
    problems: &mut Problems,
) {
    let (kind, place) = (key.get_ref().as_ref(), source.place(key.span().start));
    let Some(shape) = SHAPES.iter().find(|shape| shape.kind == kind) else {
        let kinds: Vec<_> = SHAPES.iter().map(|shape| shape.kind).collect();
        return problems.add(&place, kind, "unknown section", instead(kind, &kinds));
    };
    let Some(table) = value.get_ref().as_table() else {
        return problems.add(&place, kind, "no section", shape.how());
    };
    if !shape.named {
        return keep(source, shape, "", place, table, sections, problems);
    }
    for (key, value) in table {
        let (name, place) = (key.get_ref().as_ref(), source.place(key.span().start));
        let path = format!("{kind}.{name}");
        let Some(table) = value.get_ref().as_table() else {
            problems.add(&place, path, format!("a {kind} without a name"), shape.how());
            continue;
        };
        if name.is_empty()
            || !name.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_'))
        {
            let remedy = "Use small letters a to z, digits, - and _ only.";
            problems.add(&place, path, format!("`{name}` does not do as a name"), remedy);
        }
        keep(source, shape, name, place, table, sections, problems);
    }
}

fn keep(
    source: &Source,
    shape: &'static Shape,
    name: &str,
    place: Place,
    table: &DeTable<'_>,
    sections: &mut Sections,
    problems: &mut Problems,
) {
    let entries = table.iter().map(|(key, value)| Entry {
        key: key.get_ref().to_string(),
        place: source.place(key.span().start),
        raw: Raw::from(value.get_ref()),
    });
    let entries = entries.collect();
    let section = Section { shape, name: name.to_owned(), place, entries };
    // Within one file the parser has refused it already.
    if let Some(first) = sections.all.iter().find(|s| s.path() == section.path()) {
        let what = format!("defined twice, first at {}", first.place);
        let remedy = if shape.named {
            "Keep one of the two sections, or give one another name."
        } else {
            "Bring both into one section."
        };
        return problems.add(&section.place, section.path(), what, remedy);
    }
    sections.all.push(section);
}
