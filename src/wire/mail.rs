//! `MailOp`: one thing to ask of a mail server, and what it answers, as plain values.

mod letter;
mod place;

pub use letter::{Letter, is_address, is_mail_id};
pub use place::{TlsChoice, mail_place};

use super::secret::Secret;
use super::settings::KeyFault;
use crate::domain::Instant;
use std::fmt;

/// How the line to a mail server is kept from being read on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tls {
    /// TLS from the first byte (ports 993 and 465; RFC 8314).
    Implicit,
    /// Plain at first, then STARTTLS, and never on without it (ports 143 and 587).
    Start,
    /// No TLS at all. The engine speaks so to loopback and private addresses only.
    None,
}

/// A mail server and who logs in there.
#[derive(Clone)]
pub struct MailServer {
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the line is kept private.
    pub tls: Tls,
    /// The account.
    pub user: String,
    /// Its password.
    pub password: Secret,
}

impl MailServer {
    /// The server that hands mails over, as settings name it: `smtp` with or without a port, `tls`,
    /// `user`, in whose place `from` stands where none is given, and `password`.
    ///
    /// # Errors
    /// The key that is wrong, and what to write there.
    pub fn submission(
        smtp: &str,
        tls: TlsChoice,
        user: Option<String>,
        from: &str,
        password: Secret,
    ) -> Result<MailServer, KeyFault> {
        let wrong = |key: &str, why: &str| KeyFault { key: key.to_owned(), why: why.to_owned() };
        let one_line = |text: &str| !text.is_empty() && !text.chars().any(char::is_control);
        let user = user.unwrap_or_else(|| from.to_owned());
        if !one_line(&user) {
            return Err(wrong("user", "write the account's name, or leave it out for `from`"));
        }
        if !one_line(password.expose()) {
            return Err(wrong("password", "write the account's password, or an app password"));
        }
        let (host, port) = mail_place(smtp, 465).ok_or_else(|| {
            wrong("smtp", "write host or host:port, as in \"smtp.acme.example:587\"")
        })?;
        Ok(MailServer { host, port, tls: tls.on(port), user, password })
    }
}

impl fmt::Debug for MailServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

/// A folder of a mailbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Folder {
    /// By its name, as people write it.
    Named(String),
    /// The one that the server marks as the folder of sent mail (RFC 6154), else one of the
    /// usual names.
    Sent,
    /// The one that the server marks as archive or as all mail. Passed over where there is none.
    Archive,
}

/// From where a folder is read on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailFrom {
    /// Its newest mails.
    Newest,
    /// What has a greater UID, oldest first.
    After(u32),
    /// What came in at this day or later and has a greater UID than the second, oldest first.
    Since(Instant, u32),
}

/// Mails that are looked for by a header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderHolds {
    /// The header's name; ours, never text from outside.
    pub name: &'static str,
    /// What stands in it. Matching is the server's: letters of either case, any part of it.
    pub value: String,
}

/// What is asked.
#[derive(Clone)]
pub enum MailAct {
    /// The mails of a folder, whole up to the engine's limit, and none marked as read.
    Fetch {
        /// The folder.
        folder: Folder,
        /// From where on.
        from: MailFrom,
        /// How many at most.
        limit: u32,
    },
    /// The headers of all mails in some folders of which one header holds one of these.
    Search {
        /// The folders, in this order.
        folders: Vec<Folder>,
        /// One of these must hold.
        any: Vec<HeaderHolds>,
        /// How many at most, the newest of each folder.
        limit: u32,
    },
    /// Hands a mail over for delivery.
    Send {
        /// The sender's address on the envelope.
        from: String,
        /// The receivers' addresses on the envelope.
        to: Vec<String>,
        /// The mail, 7-bit, lines ended by CR LF.
        message: Vec<u8>,
        /// Where a copy is filed afterwards. Whether that works changes nothing of the sending.
        copy: Option<(MailServer, Folder)>,
    },
}

/// One thing to ask of a mail server.
#[derive(Clone)]
pub struct MailOp {
    /// Whom: the IMAP server, or for `Send` the submission server.
    pub server: MailServer,
    /// What.
    pub act: MailAct,
}

impl MailOp {
    /// Whether it changes something there that cannot be taken back by asking again.
    pub fn changes(&self) -> bool {
        matches!(self.act, MailAct::Send { .. })
    }
}

/// Neither addresses nor text: a log may show it.
impl fmt::Debug for MailOp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match &self.act {
            MailAct::Fetch { folder, from, limit } => {
                format!("fetch {limit} of {folder:?}, {from:?}")
            }
            MailAct::Search { folders, any, .. } => {
                format!("search {folders:?} by {} headers", any.len())
            }
            MailAct::Send { to, message, .. } => {
                format!("send {} bytes to {} addresses", message.len(), to.len())
            }
        };
        write!(f, "{:?}: {what}", self.server)
    }
}

/// One mail as it lies on the server.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct RawMail {
    /// The folder's name as the server has it.
    pub folder: String,
    /// Its number there, good as long as the folder's UIDVALIDITY stands.
    pub uid: u32,
    /// When the server got it.
    pub received: Option<Instant>,
    /// Its size there in bytes.
    pub size: u64,
    /// Its bytes: all of it, its beginning where it is longer than the engine reads, or for a
    /// search its headers.
    pub bytes: Vec<u8>,
}

impl fmt::Debug for RawMail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "mail {} in {} ({} bytes)", self.uid, self.folder, self.size)
    }
}

/// What a mail server answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mailed {
    /// Mails, in the order that was asked for.
    Mails {
        /// The folder's UIDVALIDITY: under another value every UID means another mail. 0 for a
        /// search.
        validity: u32,
        /// Below this UID every mail of the folder is older than the answer. 0 for a search.
        next: u32,
        /// The mails.
        mails: Vec<RawMail>,
        /// There are more behind the last one.
        more: bool,
    },
    /// It was done.
    Done,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_neither_secret_nor_people() {
        let server = MailServer {
            host: "mail.example".to_owned(),
            port: 465,
            tls: Tls::Implicit,
            user: "care@acme.example".to_owned(),
            password: Secret::new("pw-5ecret"),
        };
        let act = MailAct::Send {
            from: "care@acme.example".to_owned(),
            to: vec!["jo@home.example".to_owned()],
            message: b"Subject: x".to_vec(),
            copy: None,
        };
        let op = MailOp { server, act };
        assert!(op.changes());
        assert_eq!(format!("{op:?}"), "mail.example:465: send 10 bytes to 1 addresses");
    }
}
