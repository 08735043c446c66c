//! Writing a reply: its id, its subject, and the mail that they stand in.

use crate::domain::Instant;
use crate::domain::text::one_line;
use crate::wire::{Fault, Letter, is_address};
use sha2::{Digest, Sha256};

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
    /// When the address of whom it goes to is none.
    pub(super) fn write(&self) -> Result<Vec<u8>, Fault> {
        if !is_address(self.to) {
            let to = one_line(self.to, 80);
            return Err(Fault::refused(format!("`{to}` is no address; answer by hand")));
        }
        let letter = Letter {
            from: self.from,
            name: self.name,
            to: &[self.to.to_owned()],
            reply_to: None,
            subject: &answer_to(self.subject),
            id: self.id,
            refs: self.refs,
            at: self.at,
            heads: &[],
            text: self.text,
            html: None,
        };
        letter.write()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::is_mail_id;

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
    fn an_id_follows_from_its_key() {
        let id = reply_id("key-1", "acme.example");
        assert_eq!(id, reply_id("key-1", "acme.example"));
        assert!(is_mail_id(&id) && id != reply_id("key-2", "acme.example"), "{id}");
    }
}
