//! The SMTP client: hands one mail over, and knows how far that got (RFC 5321, 4954, 3207).
//!
//! Until the server has answered DATA, not a byte of the mail has left. After that, only its
//! answer tells whether the mail is on its way; without one nobody knows.

use super::line::Line;
use crate::domain::text::one_line;
use crate::domain::time::MINUTE;
use crate::wire::{Fault, MailServer, Next, Reached};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// More lines than any honest answer has.
const MOST_LINES: usize = 200;

/// A session with a submission server.
pub(super) struct Smtp {
    line: Line,
    /// What the server offers, in capitals.
    offers: Vec<String>,
}

/// An answer: its code and its texts.
#[derive(Debug)]
struct Reply {
    code: u16,
    texts: Vec<String>,
}

impl Smtp {
    /// A session over a line on which nothing was said yet, or nothing since TLS began.
    pub(super) fn new(line: Line) -> Smtp {
        Smtp { line, offers: Vec::new() }
    }

    /// Reads the greeting.
    pub(super) async fn greeted(&mut self) -> Result<(), Fault> {
        self.reply().await?.expect(&[220], "greeting")
    }

    /// Says who we are and hears what the server offers.
    pub(super) async fn hello(&mut self, name: &str) -> Result<(), Fault> {
        let reply = self.command(&format!("EHLO {name}")).await?;
        self.offers = reply.texts.iter().skip(1).map(|text| text.to_ascii_uppercase()).collect();
        reply.expect(&[250], "EHLO")
    }

    /// Asks for TLS and gives the line back, on which the handshake begins.
    pub(super) async fn start_tls(mut self) -> Result<Line, Fault> {
        if !self.offers.iter().any(|offer| offer == "STARTTLS") {
            return Err(Fault::refused(
                "it does not offer STARTTLS; write the port of a server with TLS",
            ));
        }
        self.command("STARTTLS").await?.expect(&[220], "STARTTLS")?;
        Ok(self.line)
    }

    /// Logs in, by PLAIN or LOGIN.
    pub(super) async fn login(&mut self, server: &MailServer) -> Result<(), Fault> {
        let (user, password) = (&server.user, server.password.expose());
        let ways = self.offers.iter().find_map(|offer| offer.strip_prefix("AUTH"));
        let ways = ways.unwrap_or_default().replace('=', " ");
        let offers = |way: &str| ways.split(' ').any(|offered| offered == way);
        if offers("PLAIN") {
            let plain = STANDARD.encode(format!("\0{user}\0{password}"));
            return self.command(&format!("AUTH PLAIN {plain}")).await?.expect(&[235], "log-in");
        }
        if !offers("LOGIN") {
            return Err(Fault::refused(
                "it offers no log-in by password; is this the port for submission?",
            ));
        }
        self.command("AUTH LOGIN").await?.expect(&[334], "log-in")?;
        self.command(&STANDARD.encode(user)).await?.expect(&[334], "log-in")?;
        self.command(&STANDARD.encode(password)).await?.expect(&[235], "log-in")
    }

    /// Names sender and receivers, up to the word that the mail itself may come.
    pub(super) async fn envelope(&mut self, from: &str, to: &[String]) -> Result<(), Fault> {
        let from = address(from)?;
        self.command(&format!("MAIL FROM:<{from}>")).await?.expect(&[250], "sender")?;
        for receiver in to {
            let receiver = address(receiver)?;
            let reply = self.command(&format!("RCPT TO:<{receiver}>")).await?;
            reply.expect(&[250, 251], "receiver")?;
        }
        self.command("DATA").await?.expect(&[354], "DATA")
    }

    /// Sends the mail itself and waits for the word that it is taken.
    pub(super) async fn body(&mut self, message: &[u8]) -> Result<(), Fault> {
        let unsure = |fault: Fault| match fault.reached {
            Reached::Answered => fault,
            _ => Fault { reached: Reached::Perhaps, ..fault },
        };
        let sent = self.line.write(&stuffed(message)).await;
        sent.map_err(|why| Fault { reached: Reached::Perhaps, ..Fault::retry(why) })?;
        let reply = self.reply().await.map_err(unsure)?;
        reply.expect(&[250], "mail").map_err(|fault| match fault.next {
            // No code that we know: it may be on its way.
            Next::Bug => Fault { reached: Reached::Perhaps, ..fault },
            _ => fault,
        })
    }

    /// Says good-bye; whether it is heard does not matter.
    pub(super) async fn quit(&mut self) {
        drop(self.line.write(b"QUIT\r\n").await);
    }

    async fn command(&mut self, command: &str) -> Result<Reply, Fault> {
        let sent = self.line.write(format!("{command}\r\n").as_bytes()).await;
        sent.map_err(|why| never(Fault::retry(why)))?;
        self.reply().await
    }

    async fn reply(&mut self) -> Result<Reply, Fault> {
        let mut reply = Reply { code: 0, texts: Vec::new() };
        while reply.texts.len() < MOST_LINES {
            let line = self.line.read().await.map_err(|why| never(Fault::retry(why)))?;
            let line = String::from_utf8_lossy(&line);
            let code = line.get(..3).and_then(|code| code.parse().ok());
            reply.code = code.ok_or_else(|| odd(&line))?;
            reply.texts.push(line.get(4..).unwrap_or_default().to_owned());
            if line.as_bytes().get(3) != Some(&b'-') {
                return Ok(reply);
            }
        }
        Err(odd("an answer without an end"))
    }
}

impl Reply {
    /// Whether it is one of these codes.
    fn expect(&self, codes: &[u16], what: &str) -> Result<(), Fault> {
        if codes.contains(&self.code) {
            return Ok(());
        }
        let next = match self.code {
            530 | 534 | 535 | 538 => Next::Auth,
            // "The command was not accepted, and the requested action did not occur" (RFC 5321,
            // 4.2.1): it may be asked again as though nothing had happened.
            400..500 => Next::Retry { after: Some(MINUTE) },
            500..600 => Next::Refused,
            _ => Next::Bug,
        };
        let said = one_line(&self.texts.join(" "), 200);
        Err(Fault::new(next, format!("{what}: the mail server says {} {said}", self.code)))
    }
}

/// An address that can stand on an envelope.
fn address(text: &str) -> Result<&str, Fault> {
    let fits = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'<' | b'>');
    let whole = text.split_once('@').is_some_and(|(who, host)| !who.is_empty() && !host.is_empty());
    if whole && text.len() <= 254 && text.bytes().all(fits) {
        return Ok(text);
    }
    Err(Fault::refused(format!(
        "`{}` is no address that mail can be sent to; answer by hand",
        one_line(text, 80)
    )))
}

/// The mail as it travels: a dot that begins a line is doubled, a line with one dot ends it.
fn stuffed(message: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(message.len() + 64);
    for line in message.strip_suffix(b"\r\n").unwrap_or(message).split(|byte| *byte == b'\n') {
        if line.first() == Some(&b'.') {
            out.push(b'.');
        }
        out.extend_from_slice(line.strip_suffix(b"\r").unwrap_or(line));
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b".\r\n");
    out
}

/// Nothing of the mail has left.
fn never(fault: Fault) -> Fault {
    Fault { reached: Reached::Never, ..fault }
}

fn odd(what: &str) -> Fault {
    never(Fault::bug(format!("the answer is not SMTP: {}", one_line(what, 80))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(code: u16) -> Fault {
        Reply { code, texts: vec!["5.7.8 no".to_owned()] }.expect(&[250], "mail").unwrap_err()
    }

    #[test]
    fn codes_say_whether_it_may_be_sent_again() {
        assert!(reply(451).may_resend() && !reply(451).is_final());
        assert!(reply(550).is_final() && !reply(550).may_resend());
        assert_eq!(reply(535).next, Next::Auth);
        assert!(!reply(999).may_resend() && !reply(999).is_final());
        assert!(Reply { code: 250, texts: vec![] }.expect(&[250], "mail").is_ok());
    }

    #[test]
    fn a_dot_ends_nothing_and_line_ends_are_whole() {
        assert_eq!(stuffed(b"a\r\n.\r\n..b\r\n"), b"a\r\n..\r\n...b\r\n.\r\n");
        assert_eq!(stuffed(b"a\n.b"), b"a\r\n..b\r\n.\r\n");
        assert_eq!(stuffed(b"a\r\n\r\n"), b"a\r\n\r\n.\r\n");
    }

    #[test]
    fn nothing_but_an_address_stands_on_an_envelope() {
        assert!(address("jo.o'hara+x@home.example").is_ok());
        for text in ["jo", "@x", "jo@", "a@b> SIZE=1", "a@b\r\nRCPT TO:<c@d>", "a b@c", "è@c"] {
            assert_eq!(address(text).unwrap_err().next, Next::Refused, "{text:?}");
        }
    }
}
