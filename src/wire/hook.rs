//! `Hook`: a call from a network's own server, and what it comes to.
//!
//! A hook never carries a mention into the store: it wakes the lanes that will find it. What it
//! says is believed only as far as its signature goes, and a call that is lost costs time only.

use super::http::Method;

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
    /// It is not genuine, too old, or nothing that we take. The reason is for our own log; the
    /// caller is told nothing of it.
    Refuse(&'static str),
}

#[cfg(test)]
mod tests {
    use super::*;

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
