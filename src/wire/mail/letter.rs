//! Writing a mail: RFC 5322 with MIME, 7-bit, in which no text from outside can add a header.

use super::super::fault::Fault;
use crate::domain::Instant;
use crate::domain::text::one_line;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// How many bytes of text an encoded word holds, so that its line stays within 76 letters with a
/// short header's name before it (RFC 2047).
const WORD: usize = 39;
/// A line of quoted-printable is no longer (RFC 2045).
const LINE: usize = 76;
/// The first and the last of a long conversation's ids are kept (RFC 5322, 3.6.4 lets us).
const REFERENCES: usize = 20;
/// Longer ids are no honest program's, and would not fit where ids are kept.
const LONGEST_ID: usize = 500;
/// What stands between the parts: `=_` never comes up in quoted-printable (RFC 2045, 6.7).
const BOUNDARY: &str = "=_ascolto";

/// A mail that is to be sent.
#[derive(Clone, Copy)]
pub struct Letter<'a> {
    /// Our address.
    pub from: &'a str,
    /// Our name; may be empty.
    pub name: &'a str,
    /// Whom it goes to: one address at least.
    pub to: &'a [String],
    /// Where answers go, if not to `from`.
    pub reply_to: Option<&'a str>,
    /// The subject.
    pub subject: &'a str,
    /// Its own id, without brackets.
    pub id: &'a str,
    /// What it answers and what that answered, oldest first, without brackets. What is no id is
    /// left out.
    pub refs: &'a [String],
    /// When it is written.
    pub at: Instant,
    /// Further headers, each with its value.
    pub heads: &'a [(&'static str, String)],
    /// What it says.
    pub text: &'a str,
    /// The same as HTML, for programs that show that.
    pub html: Option<&'a str>,
}

impl Letter<'_> {
    /// The mail as it travels, lines ended by CR LF.
    ///
    /// # Errors
    /// When an address or its id is none: nothing of them may reach a header unseen.
    pub fn write(&self) -> Result<Vec<u8>, Fault> {
        let whom = self.to.iter().map(String::as_str);
        let mut addresses = whom.chain([self.from]).chain(self.reply_to);
        if let Some(none) = addresses.find(|address| !is_address(address)) {
            let none = one_line(none, 80);
            return Err(Fault::refused(format!("`{none}` is no address that mail can be sent to")));
        }
        if self.to.is_empty() || !is_mail_id(self.id) {
            return Err(Fault::bug("a mail goes to somebody and has an id"));
        }
        let from = match one_line(self.name, 100) {
            name if name.is_empty() => self.from.to_owned(),
            name => format!("{} <{}>", phrase(&name), self.from),
        };
        let mut mail = String::new();
        let mut head = |name: &str, value: &str| mail += &format!("{name}: {value}\r\n");
        head("From", &from);
        head("To", &self.to.join(",\r\n "));
        if let Some(reply_to) = self.reply_to {
            head("Reply-To", reply_to);
        }
        head("Subject", &words(&one_line(self.subject, 310)));
        head("Date", &self.at.timestamp().strftime("%a, %d %b %Y %H:%M:%S +0000").to_string());
        head("Message-ID", &format!("<{}>", self.id));
        let good: Vec<&String> = self.refs.iter().filter(|id| is_mail_id(id)).collect();
        if let Some(last) = good.last() {
            head("In-Reply-To", &format!("<{last}>"));
            let skipped = good.len().saturating_sub(REFERENCES);
            let kept = good.iter().take(1).chain(good.iter().skip(1 + skipped));
            let line = kept.map(|id| format!("<{id}>")).collect::<Vec<_>>().join("\r\n ");
            head("References", &line);
        }
        for (name, value) in self.heads {
            head(name, &words(&one_line(value, 300)));
        }
        head("MIME-Version", "1.0");
        if let Some(html) = self.html {
            let kind = format!("multipart/alternative; boundary=\"{BOUNDARY}\"");
            head("Content-Type", &kind);
            // What a program shows is the last part that it understands (RFC 2046, 5.1.4).
            for (kind, text) in [("plain", self.text), ("html", html)] {
                mail += &format!("\r\n--{BOUNDARY}\r\n{}", part(kind, text));
            }
            mail += &format!("\r\n--{BOUNDARY}--\r\n");
        } else {
            mail += &part("plain", self.text);
        }
        Ok(mail.into_bytes())
    }
}

/// A text with the headers that say how it is written.
fn part(kind: &str, text: &str) -> String {
    format!(
        "Content-Type: text/{kind}; charset=utf-8\r\n\
         Content-Transfer-Encoding: quoted-printable\r\n\r\n{}",
        quoted_printable(text)
    )
}

/// Whether text is an address of somebody.
pub fn is_address(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_graphic() && !b"<>()[],;:\\\"".contains(&byte);
    let parts = text.rsplit_once('@');
    text.len() <= 254
        && text.bytes().all(plain)
        && parts.is_some_and(|(who, host)| !who.is_empty() && !host.is_empty())
}

/// Whether an id of a mail, without its brackets, can be looked up and answered to.
pub fn is_mail_id(id: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'<' | b'>' | b'"' | b'\\');
    id.contains('@') && id.len() <= LONGEST_ID && id.bytes().all(plain)
}

/// A name before an address: quoted, or encoded where it is more than ASCII.
fn phrase(name: &str) -> String {
    if name.is_ascii() {
        format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""))
    } else {
        words(name)
    }
}

/// Text of a header: as it is where it is short ASCII, else as encoded words (RFC 2047).
fn words(text: &str) -> String {
    let plain = text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    if plain && text.len() <= 200 && !text.contains("=?") {
        return text.to_owned();
    }
    let (mut all, mut word) = (Vec::new(), String::new());
    for c in text.chars() {
        if word.len() + c.len_utf8() > WORD {
            all.push(std::mem::take(&mut word));
        }
        word.push(c);
    }
    all.push(word);
    let encoded = all.iter().map(|word| format!("=?utf-8?B?{}?=", STANDARD.encode(word)));
    encoded.collect::<Vec<_>>().join("\r\n ")
}

/// The body: every byte in 7 bits, no line longer than 76.
fn quoted_printable(text: &str) -> String {
    let mut out = String::new();
    for line in text.replace("\r\n", "\n").replace('\r', "\n").trim_end().split('\n') {
        let mut length = 0;
        let bytes = line.as_bytes();
        for (at, byte) in bytes.iter().enumerate() {
            let last = at + 1 == bytes.len();
            let piece = match *byte {
                b' ' | b'\t' if !last => char::from(*byte).to_string(),
                b'!'..=b'<' | b'>'..=b'~' => char::from(*byte).to_string(),
                other => format!("={other:02X}"),
            };
            if length + piece.len() > LINE - 1 {
                out += "=\r\n";
                length = 0;
            }
            length += piece.len();
            out += &piece;
        }
        out += "\r\n";
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const TO: &str = "desk@acme.example";

    fn written(letter: Letter<'_>) -> String {
        String::from_utf8(letter.write().unwrap()).unwrap()
    }

    fn letter<'a>(to: &'a [String], subject: &'a str, text: &'a str) -> Letter<'a> {
        Letter {
            from: "alerts@acme.example",
            name: "",
            to,
            reply_to: None,
            subject,
            id: "1@acme.example",
            refs: &[],
            at: Instant(1_795_158_000_000),
            heads: &[],
            text,
            html: None,
        }
    }

    #[test]
    fn both_forms_stand_in_one_mail_and_the_richer_one_comes_last() {
        let to = [TO.to_owned(), "lead@acme.example".to_owned()];
        let heads = [("Auto-Submitted", "auto-generated".to_owned())];
        let mail = written(Letter {
            reply_to: Some("care@acme.example"),
            heads: &heads,
            html: Some("<p>\u{e8}</p>"),
            ..letter(&to, "Pacco", "Ciao")
        });
        assert_eq!(
            mail,
            "From: alerts@acme.example\r\n\
             To: desk@acme.example,\r\n lead@acme.example\r\n\
             Reply-To: care@acme.example\r\n\
             Subject: Pacco\r\n\
             Date: Fri, 20 Nov 2026 07:00:00 +0000\r\n\
             Message-ID: <1@acme.example>\r\n\
             Auto-Submitted: auto-generated\r\n\
             MIME-Version: 1.0\r\n\
             Content-Type: multipart/alternative; boundary=\"=_ascolto\"\r\n\
             \r\n--=_ascolto\r\n\
             Content-Type: text/plain; charset=utf-8\r\n\
             Content-Transfer-Encoding: quoted-printable\r\n\r\nCiao\r\n\
             \r\n--=_ascolto\r\n\
             Content-Type: text/html; charset=utf-8\r\n\
             Content-Transfer-Encoding: quoted-printable\r\n\r\n<p>=C3=A8</p>\r\n\
             \r\n--=_ascolto--\r\n"
        );
    }

    #[test]
    fn no_text_makes_a_header_or_ends_a_part() {
        let to = [TO.to_owned()];
        let hostile = "x\r\nBcc: all@acme.example\r\n\r\n--=_ascolto--\r\n\u{2028}\0\u{e9}";
        let heads = [("List-Id", hostile.to_owned())];
        let mail = written(Letter {
            name: hostile,
            heads: &heads,
            html: Some(hostile),
            ..letter(&to, hostile, hostile)
        });
        let (head, _) = mail.split_once("\r\n\r\n").unwrap();
        assert!(head.split("\r\n").all(|line| !line.to_lowercase().starts_with("bcc")), "{head}");
        assert_eq!(mail.matches("\r\n--=_ascolto").count(), 3, "{mail}");
        assert!(mail.is_ascii() && mail.split("\r\n").all(|line| line.len() <= 100), "{mail}");
    }

    #[test]
    fn what_is_no_address_is_written_nowhere() {
        for none in ["jo", "a@b\r\nBcc: x@y", "a@b, c@d", "", "Jo <a@b>", "\u{e8}@b"] {
            let (bad, good) = ([none.to_owned()], [TO.to_owned()]);
            assert!(letter(&bad, "s", "t").write().is_err(), "{none:?}");
            let from = Letter { from: none, ..letter(&good, "s", "t") };
            let reply = Letter { reply_to: Some(none), ..letter(&good, "s", "t") };
            assert!(from.write().is_err() && reply.write().is_err(), "{none:?}");
        }
        assert!(letter(&[], "s", "t").write().is_err());
        assert!(
            Letter { id: "a@b>\r\nBcc: x", ..letter(&[TO.to_owned()], "s", "t") }.write().is_err()
        );
    }

    #[test]
    fn long_words_are_cut_between_letters_and_long_lines_softly() {
        let subject = format!("Subject: {}", words(&"\u{e8}".repeat(100)));
        assert!(subject.split("\r\n ").all(|word| word.len() <= 76), "{subject}");
        let body = quoted_printable(&"\u{e8} ".repeat(100));
        assert!(body.split("\r\n").all(|line| line.len() <= 76), "{body}");
        assert!(quoted_printable("a \n").starts_with("a\r\n"));
    }
}
