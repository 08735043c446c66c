//! What an e-mail channel is told: whose mailbox, which servers, which folders.

use crate::wire::{
    Folder, Key, KeyFault, KeyKind, MailServer, Secret, TlsChoice, is_address, mail_place,
    read_settings,
};
use serde::Deserialize;

/// The id of the lane that reads sent mail.
pub(super) const SENT: &str = "sent";

/// What an e-mail channel is told.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Settings {
    pub address: String,
    #[serde(default)]
    pub name: String,
    #[serde(default)]
    pub aliases: Vec<String>,
    user: Option<String>,
    password: Secret,
    imap: String,
    smtp: String,
    #[serde(default)]
    tls: TlsChoice,
    #[serde(default = "inbox")]
    pub folders: Vec<String>,
    sent: Option<String>,
    #[serde(default = "yes")]
    copy: bool,
    #[serde(default)]
    pub pec: bool,
}

fn inbox() -> Vec<String> {
    vec!["INBOX".to_owned()]
}

fn yes() -> bool {
    true
}

impl Settings {
    /// Our own addresses, in small letters.
    pub fn own(&self) -> Vec<String> {
        std::iter::once(&self.address).chain(&self.aliases).cloned().collect()
    }

    /// The domain of the mailbox.
    pub fn domain(&self) -> &str {
        self.address.rsplit('@').next().unwrap_or_default()
    }

    /// The server that is read.
    pub fn reads(&self) -> MailServer {
        self.server(&self.imap, 993)
    }

    /// The server that mail is handed to.
    pub fn sends(&self) -> MailServer {
        self.server(&self.smtp, 465)
    }

    /// The folder of sent mail, if one is read.
    pub fn sent(&self) -> Option<Folder> {
        match self.sent.as_deref() {
            None => Some(Folder::Sent),
            Some("") => None,
            Some(name) => Some(Folder::Named(name.to_owned())),
        }
    }

    /// Where a copy of a reply is filed.
    pub fn copies(&self) -> Option<(MailServer, Folder)> {
        self.sent().filter(|_| self.copy).map(|folder| (self.reads(), folder))
    }

    /// The folders that are read, by name.
    pub fn named(&self) -> Vec<Folder> {
        self.folders.iter().cloned().map(Folder::Named).collect()
    }

    fn server(&self, place: &str, usual: u16) -> MailServer {
        let (host, port) = mail_place(place, usual).unwrap_or_default();
        let tls = self.tls.on(port);
        let user = self.user.clone().unwrap_or_else(|| self.address.clone());
        MailServer { host, port, tls, user, password: self.password.clone() }
    }
}

/// Reads and checks the settings.
pub(super) fn read(table: &toml::Table) -> Result<Settings, KeyFault> {
    let mut settings: Settings = read_settings(table)?;
    let wrong = |key: &str, why: &str| Err(KeyFault { key: key.to_owned(), why: why.to_owned() });
    settings.address = settings.address.trim().to_lowercase();
    if !is_address(&settings.address) {
        return wrong("address", "write the mailbox's address, as in \"care@acme.example\"");
    }
    for alias in &mut settings.aliases {
        *alias = alias.trim().to_lowercase();
        if !is_address(alias) {
            return wrong("aliases", "write addresses, as in [\"info@acme.example\"]");
        }
    }
    if settings.name.chars().any(char::is_control) {
        return wrong("name", "write a name on one line");
    }
    let user = settings.user.as_ref();
    if user.is_some_and(|user| user.is_empty() || user.chars().any(char::is_control)) {
        return wrong("user", "write the account's name, or leave it out for the address");
    }
    let password = settings.password.expose();
    if password.is_empty() || password.chars().any(char::is_control) {
        return wrong("password", "write the account's password, or an app password");
    }
    for (key, place) in [("imap", &settings.imap), ("smtp", &settings.smtp)] {
        if mail_place(place, 1).is_none() {
            return wrong(key, "write host or host:port, as in \"mail.acme.example:993\"");
        }
    }
    for folder in &mut settings.folders {
        *folder = folder.trim().to_owned();
        if folder.is_empty() || folder == SENT || folder.chars().any(char::is_control) {
            return wrong(
                "folders",
                "write folders as the mail program names them; sent mail has the key `sent`",
            );
        }
    }
    settings.folders.dedup();
    if settings.folders.is_empty() {
        return wrong("folders", "write one folder at least, or leave it out for INBOX");
    }
    if settings.sent.as_ref().is_some_and(|sent| sent.chars().any(char::is_control)) {
        return wrong("sent", "write the folder as the mail program names it, or \"\" for none");
    }
    Ok(settings)
}

/// The keys of a channel.
pub(super) const KEYS: &[Key] = &[
    Key {
        name: "address",
        kind: KeyKind::Text,
        required: true,
        doc: "The mailbox's address. Replies come from it; mail from it is never a complaint.",
        example: "\"care@acme.example\"",
    },
    Key {
        name: "name",
        kind: KeyKind::Text,
        required: false,
        doc: "The name that stands before the address in replies. Default none.",
        example: "\"Acme customer care\"",
    },
    Key {
        name: "aliases",
        kind: KeyKind::List,
        required: false,
        doc: "Further addresses of ours; mail from them is never a complaint. Default none.",
        example: "[\"info@acme.example\"]",
    },
    Key {
        name: "user",
        kind: KeyKind::Text,
        required: false,
        doc: "The account to log in with. Default the address.",
        example: "\"care@acme.example\"",
    },
    Key {
        name: "password",
        kind: KeyKind::Secret,
        required: true,
        doc: "Its password. Providers with two factors hand out app passwords for this.",
        example: "\"app-passw0rd\"",
    },
    Key {
        name: "imap",
        kind: KeyKind::Text,
        required: true,
        doc: "The IMAP server, with its port unless that is 993.",
        example: "\"imap.acme.example\"",
    },
    Key {
        name: "smtp",
        kind: KeyKind::Text,
        required: true,
        doc: "The SMTP server for submission, with its port unless that is 465.",
        example: "\"smtp.acme.example:587\"",
    },
    Key {
        name: "tls",
        kind: KeyKind::Text,
        required: false,
        doc: "How the lines are kept private: auto (STARTTLS on the ports 143, 587 and 25, else \
              TLS from the first byte), implicit, starttls, or none, which is spoken to private \
              addresses that allow_private in [fetch] names only. Default auto.",
        example: "\"auto\"",
    },
    Key {
        name: "folders",
        kind: KeyKind::List,
        required: false,
        doc: "The folders to read, one lane each. Default [\"INBOX\"].",
        example: "[\"INBOX\", \"Reclami\"]",
    },
    Key {
        name: "sent",
        kind: KeyKind::Text,
        required: false,
        doc: "The folder of sent mail, in which answers from a mail program are found; \"\" for \
              none, and such answers are not seen. Default the one that the server marks as such.",
        example: "\"Sent\"",
    },
    Key {
        name: "copy",
        kind: KeyKind::Flag,
        required: false,
        doc: "Whether to file a copy of each reply in the folder of sent mail; false where the \
              server does that by itself. Default true.",
        example: "true",
    },
    Key {
        name: "pec",
        kind: KeyKind::Flag,
        required: false,
        doc: "Whether this is a mailbox of Italian certified mail (PEC), whose provider lets only \
              true receipts through: then those are never cases. Default false.",
        example: "false",
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Tls;

    fn with(more: &str) -> Result<Settings, KeyFault> {
        let text = "address = \"Care@Acme.example\"\npassword = \"p w\"\n".to_owned() + more;
        read(&text.parse().unwrap())
    }

    #[test]
    fn ports_say_how_a_line_is_kept_private() {
        let settings = with("imap = \"mail.example\"\nsmtp = \"mail.example:587\"").unwrap();
        let (reads, sends) = (settings.reads(), settings.sends());
        assert_eq!((reads.port, reads.tls), (993, Tls::Implicit));
        assert_eq!((sends.port, sends.tls), (587, Tls::Start));
        assert_eq!((reads.user.as_str(), settings.domain()), ("care@acme.example", "acme.example"));
        let plain = "imap = \"[::1]:1143\"\nsmtp = \"127.0.0.1:1025\"\ntls = \"none\"\nsent = \"\"";
        let settings = with(plain).unwrap();
        assert_eq!((settings.reads().host.as_str(), settings.reads().port), ("::1", 1143));
        assert_eq!(settings.sends().tls, Tls::None);
        assert!(settings.sent().is_none() && settings.copies().is_none());
    }

    #[test]
    fn what_does_not_do_is_named() {
        let wrong = |more: &str| with(more).unwrap_err().key;
        assert_eq!(wrong("imap = \"imap://x/y\"\nsmtp = \"b\""), "imap");
        assert_eq!(wrong("imap = \"a\"\nsmtp = \"b:0x\""), "smtp");
        assert_eq!(wrong("imap = \"a\"\nsmtp = \"b\"\nfolders = [\"sent\"]"), "folders");
        assert_eq!(wrong("imap = \"a\"\nsmtp = \"b\"\naliases = [\"jo\"]"), "aliases");
        assert_eq!(wrong("imap = \"a\"\nsmtp = \"b\"\nname = \"A\\r\\nBcc: x@y\""), "name");
    }
}
