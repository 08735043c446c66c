//! Identifiers of our own rows: 128-bit ULIDs, sortable by time, made only in `crate::ids`.

use std::fmt;
use std::str::FromStr;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(into = "String", try_from = "String")]
        pub struct $name(pub u128);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                ulid::Ulid(self.0).fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), ulid::Ulid(self.0))
            }
        }

        impl FromStr for $name {
            type Err = String;
            fn from_str(text: &str) -> Result<Self, String> {
                ulid::Ulid::from_string(text)
                    .map(|u| $name(u.0))
                    .map_err(|_| format!("`{text}` is no id; an id has 26 letters and digits, as in 01JD3V8R2M4Y6ZQKX0T5W7N9PB"))
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String { id.to_string() }
        }

        impl TryFrom<String> for $name {
            type Error = String;
            fn try_from(text: String) -> Result<Self, String> { text.parse() }
        }
    )+};
}

ids! {
    /// One stored mention.
    MentionId,
    /// One case: brand × thread × author.
    CaseId,
    /// One entry of the event log.
    EventId,
    /// One reply that a person published.
    ReplyId,
    /// One alert row in the outbox.
    AlertId,
    /// One hole in a lane's coverage.
    GapId,
    /// Authors that a human confirmed to be one customer.
    PersonId,
    /// One act by which a human put authors together.
    LinkId,
    /// One silence about an author or a person.
    MuteId,
    /// One storm: many like complaints at once.
    StormId,
    /// One hand-over of a case to a ticket system.
    HandoverId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_form_round_trips_and_sorts() {
        let (a, b) = (MentionId(1 << 90), MentionId(1 << 91));
        assert_eq!(a.to_string().parse::<MentionId>().unwrap(), a);
        assert!(a.to_string() < b.to_string());
        assert!("nonsense".parse::<CaseId>().unwrap_err().contains("26 letters"));
    }
}
