//! `Hook`: a call from a network's own server, and what it comes to.
//!
//! A hook never carries a mention into the store: it wakes the lanes that will find it, or leaves
//! the ids of what no list of the network shows, which are then read like everything else. What it
//! says is believed only as far as its signature goes. Where a list exists, a call that is lost
//! costs time only.

use super::http::Method;
use crate::domain::Instant;

/// A call from outside, as it came. Nothing of it is believed before the network has checked it;
/// there is no debug print, since headers and body may hold secrets.
#[derive(Clone, Copy)]
pub struct HookRequest<'a> {
    /// `GET` for handshakes, `POST` for events.
    pub method: Method,
    /// The query's pairs, decoded, in their order.
    pub query: &'a [(String, String)],
    /// Header names in lower case, values as sent (bytes that are no UTF-8 replaced).
    pub headers: &'a [(String, String)],
    /// The body as sent, byte for byte: signatures are over these.
    pub body: &'a [u8],
}

impl<'a> HookRequest<'a> {
    /// The first value of that name in the query.
    pub fn query(&self, name: &str) -> Option<&'a str> {
        self.query.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// The first header of that lower-case name.
    pub fn header(&self, name: &str) -> Option<&'a str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }
}

/// What a hook told of: something that is read by its id alone, since no list shows it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hint {
    /// The lane to which it belongs, one of `Network::hinted`.
    pub lane: String,
    /// By what the network's file finds it again; opaque to all others. One that is told twice is
    /// one.
    pub key: String,
}

impl Hint {
    /// Longest key in bytes. What is longer is no id of any network, and is cut there.
    pub const LONGEST: usize = 400;

    /// A hint whose key is cut to what is kept.
    pub fn new(lane: &str, key: &str) -> Hint {
        let end = (0..=Self::LONGEST.min(key.len())).rev().find(|at| key.is_char_boundary(*at));
        Hint { lane: lane.to_owned(), key: key[..end.unwrap_or(0)].to_owned() }
    }
}

/// What a call comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hook {
    /// The network wants to know whether we are there: answer this, as plain text.
    Answer {
        /// The status code.
        status: u16,
        /// The body.
        body: String,
    },
    /// It is genuine. These lanes of the channel are due now; none where it brings nothing for
    /// this channel.
    Wake(Vec<String>),
    /// It is genuine, and tells of what no list shows: these are stored before the call is
    /// answered, and read by `Network::follow`. The lanes beside them are due now.
    Hints {
        /// The lanes to wake.
        lanes: Vec<String>,
        /// What to read.
        hints: Vec<Hint>,
    },
    /// It is genuine: the owner took back what this channel was allowed. Its credential counts as
    /// dead until the network takes it again.
    Deauthorized {
        /// When that happened.
        at: Instant,
        /// The same for the same call, and for no other.
        mark: [u8; 16],
    },
    /// It is genuine: an author asks that what is stored of them is deleted.
    Erase {
        /// The author's id on this network.
        author: String,
        /// The same for the same call, and for no other; nobody can guess it.
        mark: [u8; 16],
    },
    /// It is not genuine, too old, or nothing that we take. The reason is for our own log; the
    /// caller is told nothing of it.
    Refuse(&'static str),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_cut_between_letters() {
        assert_eq!(Hint::new("mentions", "18/17").key, "18/17");
        let long = "è".repeat(Hint::LONGEST);
        let cut = Hint::new("mentions", &format!("x{long}")).key;
        assert_eq!(cut.len(), Hint::LONGEST - 1);
        assert!(cut.ends_with('è'));
    }

    #[test]
    fn the_first_of_a_name_counts() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let query = [pair("a", "1"), pair("a", "2")];
        let headers = [pair("x-sign", "s")];
        let call = HookRequest { method: Method::Get, query: &query, headers: &headers, body: b"" };
        assert_eq!((call.query("a"), call.query("b")), (Some("1"), None));
        assert_eq!((call.header("x-sign"), call.header("X-Sign")), (Some("s"), None));
    }
}
