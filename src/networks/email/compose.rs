//! Writing a mail: RFC 5322 with MIME, 7-bit, in which no text from outside can add a header.

use super::letter::{is_address, is_id};
use crate::domain::Instant;
use crate::domain::text::one_line;
use crate::wire::Fault;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

/// How many bytes of text an encoded word of 75 letters holds (RFC 2047).
const WORD: usize = 45;
/// A line of quoted-printable is no longer (RFC 2045).
const LINE: usize = 76;
/// The first and the last of a long conversation's ids are kept (RFC 5322, 3.6.4 lets us).
const REFERENCES: usize = 20;

/// A reply on its way.
pub(super) struct Reply<'a> {
    /// Our address.
    pub from: &'a str,
    /// Our name; may be empty.
    pub name: &'a str,
    /// Whom it goes to.
    pub to: &'a str,
    /// The subject of what it answers.
    pub subject: &'a str,
    /// Its own id, without brackets.
    pub id: &'a str,
    /// What it answers and what that answered, oldest first, without brackets.
    pub refs: &'a [String],
    /// When it is written.
    pub at: Instant,
    /// What it says.
    pub text: &'a str,
}

/// The id of a reply: the same for the same key, so that it can be looked up.
pub(super) fn reply_id(key: &str, domain: &str) -> String {
    let digest = Sha256::digest(key.as_bytes());
    let hex: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("ascolto.{hex}@{domain}")
}

impl Reply<'_> {
    /// The mail.
    ///
    /// # Errors
    /// When an address or an id is none: nothing of them may reach a header unseen.
    pub(super) fn write(&self) -> Result<Vec<u8>, Fault> {
        if !is_address(self.from) || !is_address(self.to) {
            let to = one_line(self.to, 80);
            return Err(Fault::refused(format!("`{to}` is no address; answer by hand")));
        }
        let good: Vec<&String> = self.refs.iter().filter(|id| is_id(id)).collect();
        let from = match one_line(self.name, 100) {
            name if name.is_empty() => self.from.to_owned(),
            name => format!("{} <{}>", phrase(&name), self.from),
        };
        let mut mail = String::new();
        let mut head = |name: &str, value: &str| mail += &format!("{name}: {value}\r\n");
        head("From", &from);
        head("To", self.to);
        head("Subject", &words(&answer_to(self.subject)));
        head("Date", &self.at.timestamp().strftime("%a, %d %b %Y %H:%M:%S +0000").to_string());
        head("Message-ID", &format!("<{}>", self.id));
        if let Some(last) = good.last() {
            head("In-Reply-To", &format!("<{last}>"));
            let skipped = good.len().saturating_sub(REFERENCES);
            let kept = good.iter().take(1).chain(good.iter().skip(1 + skipped));
            let line = kept.map(|id| format!("<{id}>")).collect::<Vec<_>>().join("\r\n ");
            head("References", &line);
        }
        head("MIME-Version", "1.0");
        head("Content-Type", "text/plain; charset=utf-8");
        head("Content-Transfer-Encoding", "quoted-printable");
        mail += "\r\n";
        mail += &quoted_printable(self.text);
        Ok(mail.into_bytes())
    }
}

/// The subject of an answer: one `Re:` before it, whatever stood there.
pub(super) fn answer_to(subject: &str) -> String {
    const BEFORE: [&str; 11] = [
        "re:",
        "r:",
        "aw:",
        "sv:",
        "rif:",
        "ris:",
        "fwd:",
        "fw:",
        "i:",
        "posta certificata:",
        "anomalia messaggio:",
    ];
    let subject = one_line(subject, 300);
    let mut rest = subject.as_str();
    'again: loop {
        for word in BEFORE {
            let head = rest.get(..word.len()).filter(|head| head.eq_ignore_ascii_case(word));
            if head.is_some() {
                rest = rest[word.len()..].trim_start();
                continue 'again;
            }
        }
        return format!("Re: {rest}").trim_end().to_owned();
    }
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

    fn reply<'a>(subject: &'a str, text: &'a str, refs: &'a [String]) -> Reply<'a> {
        Reply {
            from: "care@acme.example",
            name: "Acme, \"Care\"",
            to: "jo@home.example",
            subject,
            id: "ascolto.1@acme.example",
            refs,
            at: Instant(1_795_158_000_000),
            text,
        }
    }

    #[test]
    fn a_reply_stands_in_its_thread() {
        let refs = ["root@home.example".to_owned(), "b@home.example".to_owned()];
        let mail = reply("R: Pacco rotto", "Ciao è\n.fine =", &refs).write().unwrap();
        assert_eq!(
            String::from_utf8(mail).unwrap(),
            "From: \"Acme, \\\"Care\\\"\" <care@acme.example>\r\n\
             To: jo@home.example\r\n\
             Subject: Re: Pacco rotto\r\n\
             Date: Fri, 20 Nov 2026 07:00:00 +0000\r\n\
             Message-ID: <ascolto.1@acme.example>\r\n\
             In-Reply-To: <b@home.example>\r\n\
             References: <root@home.example>\r\n <b@home.example>\r\n\
             MIME-Version: 1.0\r\n\
             Content-Type: text/plain; charset=utf-8\r\n\
             Content-Transfer-Encoding: quoted-printable\r\n\r\n\
             Ciao =C3=A8\r\n.fine =3D\r\n"
        );
    }

    #[test]
    fn no_text_from_outside_becomes_a_header() {
        let hostile = "x\r\nBcc: all@acme.example\r\n\r\nbody\u{2028}\0é";
        let refs = ["a@b>\r\nBcc: x@y".to_owned(), "good@home.example".to_owned()];
        let mail = reply(hostile, hostile, &refs).write().unwrap();
        let mail = String::from_utf8(mail).unwrap();
        let (heads, _) = mail.split_once("\r\n\r\n").unwrap();
        assert!(heads.split("\r\n").all(|line| !line.to_lowercase().starts_with("bcc")), "{heads}");
        assert!(mail.is_ascii() && mail.split("\r\n").all(|line| line.len() <= 200), "{mail}");
        assert!(heads.ends_with("quoted-printable") && !heads.contains("x@y"));
        for to in ["jo@home.example\r\nBcc: x@y", "a@b, c@d", "jo", ""] {
            assert!(Reply { to, ..reply("s", "t", &[]) }.write().is_err(), "{to:?}");
        }
    }

    #[test]
    fn one_re_stands_before_a_subject() {
        assert_eq!(answer_to("RE: Re: R: Aw: x"), "Re: x");
        assert_eq!(answer_to("POSTA CERTIFICATA: Reclamo"), "Re: Reclamo");
        assert_eq!(answer_to(""), "Re:");
        assert_eq!(answer_to("Reso: è"), "Re: Reso: è");
    }

    #[test]
    fn long_words_are_cut_between_letters_and_long_lines_softly() {
        let subject = words(&"è".repeat(100));
        assert!(subject.split("\r\n ").all(|word| word.len() <= 75), "{subject}");
        let body = quoted_printable(&"è ".repeat(100));
        assert!(body.split("\r\n").all(|line| line.len() <= 76), "{body}");
        assert!(quoted_printable("a \n").starts_with("a\r\n"));
    }

    #[test]
    fn an_id_follows_from_its_key() {
        let id = reply_id("key-1", "acme.example");
        assert_eq!(id, reply_id("key-1", "acme.example"));
        assert!(is_id(&id) && id != reply_id("key-2", "acme.example"), "{id}");
    }
}
