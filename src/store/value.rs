//! Values and statements in the form that both databases take.

use std::borrow::Cow;

/// A value to be bound. Its type is known even when it is NULL, which PostgreSQL needs.
#[derive(Clone, Debug)]
pub enum Value<'a> {
    /// TEXT.
    Text(Option<Cow<'a, str>>),
    /// BIGINT.
    Big(Option<i64>),
    /// BOOLEAN.
    Bool(bool),
    /// BLOB or BYTEA.
    Bytes(Cow<'a, [u8]>),
}

// PostgreSQL holds no NUL in a text, and what one database holds the other must hold too.
fn clean(text: Cow<'_, str>) -> Cow<'_, str> {
    if text.contains('\0') { Cow::Owned(text.replace('\0', "\u{FFFD}")) } else { text }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(v: &'a str) -> Self {
        Value::Text(Some(clean(Cow::Borrowed(v))))
    }
}
impl<'a> From<&'a String> for Value<'a> {
    fn from(v: &'a String) -> Self {
        Value::from(v.as_str())
    }
}
impl From<String> for Value<'_> {
    fn from(v: String) -> Self {
        Value::Text(Some(clean(Cow::Owned(v))))
    }
}
impl<'a> From<Option<&'a str>> for Value<'a> {
    fn from(v: Option<&'a str>) -> Self {
        Value::Text(v.map(|t| clean(Cow::Borrowed(t))))
    }
}
impl From<Option<String>> for Value<'_> {
    fn from(v: Option<String>) -> Self {
        Value::Text(v.map(|t| clean(Cow::Owned(t))))
    }
}
impl From<i64> for Value<'_> {
    fn from(v: i64) -> Self {
        Value::Big(Some(v))
    }
}
impl From<Option<i64>> for Value<'_> {
    fn from(v: Option<i64>) -> Self {
        Value::Big(v)
    }
}
impl From<bool> for Value<'_> {
    fn from(v: bool) -> Self {
        Value::Bool(v)
    }
}
impl<'a> From<&'a [u8]> for Value<'a> {
    fn from(v: &'a [u8]) -> Self {
        Value::Bytes(Cow::Borrowed(v))
    }
}
impl From<Vec<u8>> for Value<'_> {
    fn from(v: Vec<u8>) -> Self {
        Value::Bytes(Cow::Owned(v))
    }
}
impl From<crate::domain::Instant> for Value<'_> {
    fn from(v: crate::domain::Instant) -> Self {
        Value::Big(Some(v.0))
    }
}
impl From<Option<crate::domain::Instant>> for Value<'_> {
    fn from(v: Option<crate::domain::Instant>) -> Self {
        Value::Big(v.map(|t| t.0))
    }
}
macro_rules! ids {
    ($($name:ident),+) => {$(
        impl From<crate::domain::$name> for Value<'_> {
            fn from(v: crate::domain::$name) -> Self { Value::Text(Some(Cow::Owned(v.to_string()))) }
        }
    )+};
}
ids!(
    MentionId, CaseId, EventId, ReplyId, AlertId, GapId, PersonId, LinkId, MuteId, StormId,
    HandoverId
);

/// The arguments of a statement, each turned into a `Value`.
macro_rules! args {
    ($($value:expr),* $(,)?) => { vec![$($crate::store::value::Value::from($value)),*] };
}
pub(crate) use args;

/// A statement: the same text for both databases but for the clause that locks rows.
#[derive(Clone, Copy, Debug)]
pub struct Sql {
    /// For SQLite, whose one writer needs no row locks.
    pub sqlite: &'static str,
    /// For PostgreSQL.
    pub postgres: &'static str,
}

impl Sql {
    /// The same text for both.
    pub const fn same(text: &'static str) -> Sql {
        Sql { sqlite: text, postgres: text }
    }
}

/// A `SELECT` whose rows other instances pass over until this transaction ends.
macro_rules! taking {
    ($text:literal) => {
        $crate::store::value::Sql {
            sqlite: $text,
            postgres: concat!($text, " FOR UPDATE SKIP LOCKED"),
        }
    };
}
pub(crate) use taking;

/// Names a file's statements and lists them, so that a test can prepare each on both databases.
macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $sql:expr;)+) => {
        $($(#[$doc])* const $name: $crate::store::value::Sql = $sql;)+
        /// Every statement of this file.
        pub(super) const STATEMENTS: &[(&str, $crate::store::value::Sql)] =
            &[$((concat!(module_path!(), "::", stringify!($name)), $name)),+];
    };
}
pub(crate) use statements;
