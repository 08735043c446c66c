//! The IMAP client: logs in, reads folders without changing them, looks mails up, files copies.
//!
//! RFC 9051 and 3501. It is our own for two reasons. A folder that the server refuses to search
//! or to show must never pass for an empty one, so every command waits for its own tagged answer.
//! And what is read is counted before it is taken, so that no mailbox can fill the memory.

use super::found::{self, Fetched, is, one_of, set};
use super::line::Line;
use super::said::{Said, Status, quote, utf7};
use super::token::{Item, Reader};
use crate::wire::{
    Fault, Folder, HeaderHolds, MailFrom, MailServer, Mailed, Next, RawMail, Reached,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Of the headers of a mail so much is read; longer ones are no honest mail's.
const HEADER_LIMIT: usize = 64 * 1024;
/// What one answer holds besides mails: lists of folders, numbers that a search found.
const SPARE: usize = 8 * 1024 * 1024;

/// A session with an IMAP server.
pub(super) struct Imap {
    line: Line,
    commands: u32,
    /// How many bytes the current answer may still have.
    room: usize,
    /// The longest mail that is read whole, and the most that one page of mails holds.
    mail_limit: usize,
}

/// One thing that the server said.
enum Answer {
    Status(Status),
    Data(Vec<Item>),
    Go,
}

/// What a command brought.
#[derive(Default)]
struct Done {
    data: Vec<Vec<Item>>,
    /// What stood in brackets: `UIDVALIDITY 12`.
    codes: Vec<String>,
}

/// A folder as it was opened.
struct Open {
    validity: u32,
    next: u32,
    exists: u32,
}

impl Imap {
    /// A session over a line on which nothing was said yet.
    pub(super) fn new(line: Line, mail_limit: usize) -> Imap {
        Imap { line, commands: 0, room: SPARE, mail_limit }
    }

    /// Reads the greeting.
    pub(super) async fn greeted(&mut self) -> Result<(), Fault> {
        match self.answer().await? {
            Answer::Status(status) if status.said == Said::Ok => Ok(()),
            Answer::Status(status) => Err(status.fault()),
            Answer::Data(_) | Answer::Go => Err(odd("it greets like no IMAP server")),
        }
    }

    /// Asks for TLS and gives the line back, on which the handshake begins.
    pub(super) async fn start_tls(mut self) -> Result<Line, Fault> {
        self.run("STARTTLS").await.map_err(|fault| match fault.next {
            Next::Refused | Next::Bug => Fault::refused(format!(
                "it does not offer STARTTLS; write the port of a server with TLS ({})",
                fault.why
            )),
            _ => fault,
        })?;
        Ok(self.line)
    }

    /// Logs in.
    pub(super) async fn login(&mut self, server: &MailServer) -> Result<(), Fault> {
        let refused = |fault: Fault| match fault.next {
            // Many servers refuse a log-in without saying by a code that it was the password.
            Next::Refused => Fault { next: Next::Auth, ..fault },
            _ => fault,
        };
        let (user, password) = (&server.user, server.password.expose());
        let plain = format!("\0{user}\0{password}");
        if plain.is_ascii() {
            let login = format!("LOGIN {} {}", quote(user)?, quote(password)?);
            return self.run(&login).await.map(drop).map_err(refused);
        }
        // LOGIN knows ASCII only; this one is base64 of UTF-8 (RFC 4616).
        let tag = self.send("AUTHENTICATE PLAIN").await?;
        self.go_ahead(&tag).await.map_err(refused)?;
        let line = format!("{}\r\n", STANDARD.encode(plain));
        self.line.write(line.as_bytes()).await.map_err(lost)?;
        self.until(&tag).await.map(drop).map_err(refused)
    }

    /// The mails of a folder.
    pub(super) async fn fetch(
        &mut self,
        folder: &Folder,
        from: MailFrom,
        limit: u32,
    ) -> Result<Mailed, Fault> {
        let name = self.name_of(folder).await?.ok_or_else(|| absent(folder))?;
        let open = self.examine(&name).await?;
        let mut uids = match from {
            MailFrom::Newest => self.newest(&open, limit).await?,
            MailFrom::After(uid) => self.search_after(&open, uid, "").await?,
            MailFrom::Since(day, uid) => {
                let since = format!(" SINCE {}", day.timestamp().strftime("%-d-%b-%Y"));
                self.search_after(&open, uid, &since).await?
            }
        };
        let all = uids.len();
        uids.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        self.keep_what_fits(&mut uids).await?;
        let more = uids.len() < all;
        let what = format!("BODY.PEEK[]<0.{}>", self.mail_limit);
        let mails = self.mails(&name, &uids, &what, 2 * self.mail_limit + SPARE).await?;
        Ok(Mailed::Mails { validity: open.validity, next: open.next, mails, more })
    }

    /// The headers of mails that a header gives away.
    pub(super) async fn search(
        &mut self,
        folders: &[Folder],
        any: &[HeaderHolds],
        limit: u32,
    ) -> Result<Mailed, Fault> {
        let query = one_of(any)?;
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let (mut mails, mut more) = (Vec::new(), false);
        let mut read = Vec::new();
        for folder in folders {
            let name = match (self.name_of(folder).await?, folder) {
                (Some(name), _) => name,
                (None, Folder::Archive) => continue,
                (None, _) => return Err(absent(folder)),
            };
            if read.contains(&name) {
                continue;
            }
            self.examine(&name).await?;
            let mut uids = self.uids(&format!("UID SEARCH {query}")).await?;
            more |= uids.len() > limit;
            uids.drain(..uids.len().saturating_sub(limit));
            let what = format!("BODY.PEEK[HEADER]<0.{HEADER_LIMIT}>");
            let room = uids.len() * HEADER_LIMIT + SPARE;
            mails.extend(self.mails(&name, &uids, &what, room).await?);
            read.push(name);
        }
        Ok(Mailed::Mails { validity: 0, next: 0, mails, more })
    }

    /// Files a copy.
    pub(super) async fn append(&mut self, folder: &Folder, message: &[u8]) -> Result<(), Fault> {
        let name = self.name_of(folder).await?.ok_or_else(|| absent(folder))?;
        let command = format!("APPEND {} (\\Seen) {{{}}}", quote(&name)?, message.len());
        let tag = self.send(&command).await?;
        self.go_ahead(&tag).await?;
        self.line.write(message).await.map_err(lost)?;
        self.line.write(b"\r\n").await.map_err(lost)?;
        self.until(&tag).await.map(drop)
    }

    /// Says good-bye; whether it is heard does not matter.
    pub(super) async fn logout(&mut self) {
        drop(self.run("LOGOUT").await);
    }

    async fn examine(&mut self, name: &str) -> Result<Open, Fault> {
        // EXAMINE and not SELECT: nothing that is read here is marked as read.
        let done = self.run(&format!("EXAMINE {}", quote(name)?)).await.map_err(|fault| {
            let hint = "is the folder's name right, as the mail program shows it?";
            match fault.next {
                Next::Refused => Fault { why: format!("{name}: {} ({hint})", fault.why), ..fault },
                _ => fault,
            }
        })?;
        let code = |name: &str| {
            let values = done.codes.iter().filter_map(|code| code.split_once(' '));
            let mut named = values.filter(|(word, _)| word.eq_ignore_ascii_case(name));
            named.next_back().and_then(|(_, number)| number.trim().parse().ok())
        };
        let exists = done.data.iter().rev().find_map(|items| match items.as_slice() {
            [_, count, word] if is(word, "EXISTS") => count.number(),
            _ => None,
        });
        match (code("UIDVALIDITY"), exists) {
            (Some(validity), Some(exists)) => {
                Ok(Open { validity, next: code("UIDNEXT").unwrap_or(0), exists })
            }
            _ => Err(odd("it opens a folder without saying how many mails are in it")),
        }
    }

    /// The UIDs of the newest mails, oldest first.
    async fn newest(&mut self, open: &Open, limit: u32) -> Result<Vec<u32>, Fault> {
        if open.exists == 0 || limit == 0 {
            return Ok(Vec::new());
        }
        let first = open.exists.saturating_sub(limit - 1).max(1);
        let done = self.run(&format!("FETCH {first}:* (UID)")).await?;
        let mut uids: Vec<u32> = done.data.iter().filter_map(|i| Fetched::read(i)?.uid).collect();
        uids.sort_unstable();
        uids.dedup();
        uids.drain(..uids.len().saturating_sub(usize::try_from(limit).unwrap_or(usize::MAX)));
        Ok(uids)
    }

    /// The UIDs behind `uid`, oldest first.
    async fn search_after(&mut self, open: &Open, uid: u32, also: &str) -> Result<Vec<u32>, Fault> {
        let Some(from) = uid.checked_add(1) else { return Ok(Vec::new()) };
        if open.exists == 0 || (open.next > 0 && open.next <= from) {
            return Ok(Vec::new());
        }
        let mut uids = self.uids(&format!("UID SEARCH UID {from}:*{also}")).await?;
        // `*` is the newest mail, and `n:*` holds it even where it lies below n.
        uids.retain(|found| *found > uid);
        Ok(uids)
    }

    async fn uids(&mut self, search: &str) -> Result<Vec<u32>, Fault> {
        let done = self.run(search).await?;
        let mut uids = Vec::new();
        for items in &done.data {
            if items.get(1).is_some_and(|word| is(word, "SEARCH")) {
                uids.extend(items[2..].iter().filter_map(Item::number::<u32>));
            }
        }
        uids.sort_unstable();
        uids.dedup();
        Ok(uids)
    }

    /// Cuts a page where its mails would be more than is held at once; one mail always stays.
    async fn keep_what_fits(&mut self, uids: &mut Vec<u32>) -> Result<(), Fault> {
        if uids.len() < 2 {
            return Ok(());
        }
        let done = self.run(&format!("UID FETCH {} (UID RFC822.SIZE)", set(uids))).await?;
        let limit = u64::try_from(self.mail_limit).unwrap_or(u64::MAX);
        let mut sizes: Vec<(u32, u64)> = Vec::new();
        for found in done.data.iter().filter_map(|items| Fetched::read(items)) {
            sizes.extend(found.uid.map(|uid| (uid, found.size.min(limit))));
        }
        let mut sum = 0u64;
        let fits = uids.iter().take_while(|uid| {
            let size = sizes.iter().find(|(of, _)| of == *uid).map_or(0, |(_, size)| *size);
            sum = sum.saturating_add(size);
            sum <= limit
        });
        let count = fits.count().max(1);
        uids.truncate(count);
        Ok(())
    }

    async fn mails(
        &mut self,
        folder: &str,
        uids: &[u32],
        what: &str,
        room: usize,
    ) -> Result<Vec<RawMail>, Fault> {
        if uids.is_empty() {
            return Ok(Vec::new());
        }
        let command = format!("UID FETCH {} (UID RFC822.SIZE INTERNALDATE {what})", set(uids));
        let tag = self.send(&command).await?;
        self.room = room;
        let done = self.until(&tag).await?;
        let mut mails = Vec::with_capacity(uids.len());
        for found in done.data.into_iter().filter_map(|items| Fetched::read(&items)) {
            // The server may speak of other mails in between; those come without a body.
            let (Some(uid), Some(bytes)) = (found.uid, found.body) else { continue };
            let (folder, received, size) = (folder.to_owned(), found.received, found.size);
            mails.push(RawMail { folder, uid, received, size, bytes });
        }
        mails.retain(|mail| uids.contains(&mail.uid));
        mails.sort_by_key(|mail| mail.uid);
        mails.dedup_by_key(|mail| mail.uid);
        Ok(mails)
    }

    /// The folder's name as the server has it.
    async fn name_of(&mut self, folder: &Folder) -> Result<Option<String>, Fault> {
        if let Folder::Named(name) = folder {
            return Ok(Some(utf7(name)));
        }
        let done = self.run("LIST \"\" \"*\"").await?;
        Ok(found::marked(&done.data, folder))
    }

    async fn run(&mut self, command: &str) -> Result<Done, Fault> {
        let tag = self.send(command).await?;
        self.until(&tag).await
    }

    async fn send(&mut self, command: &str) -> Result<String, Fault> {
        self.commands += 1;
        self.room = SPARE;
        let tag = format!("a{}", self.commands);
        self.line.write(format!("{tag} {command}\r\n").as_bytes()).await.map_err(lost)?;
        Ok(tag)
    }

    /// Waits until the server asks for the rest of a command.
    async fn go_ahead(&mut self, tag: &str) -> Result<(), Fault> {
        loop {
            match self.answer().await? {
                Answer::Go => return Ok(()),
                Answer::Status(status) if status.tag == tag || status.said == Said::Bye => {
                    return Err(status.fault());
                }
                Answer::Status(_) | Answer::Data(_) => {}
            }
        }
    }

    /// Takes all that comes until the command of that tag is answered.
    async fn until(&mut self, tag: &str) -> Result<Done, Fault> {
        let mut done = Done::default();
        loop {
            match self.answer().await? {
                Answer::Data(items) => done.data.push(items),
                Answer::Go => return Err(odd("it waits for more where there is no more")),
                Answer::Status(status) if status.tag == tag => {
                    return if status.said == Said::Ok { Ok(done) } else { Err(status.fault()) };
                }
                Answer::Status(status) if status.said == Said::Bye => return Err(status.fault()),
                Answer::Status(status) => done.codes.push(status.code),
            }
        }
    }

    async fn answer(&mut self) -> Result<Answer, Fault> {
        let mut line = self.line.read().await.map_err(lost)?;
        self.take(line.len())?;
        if line.first() == Some(&b'+') {
            return Ok(Answer::Go);
        }
        if let Some(status) = Status::read(&line) {
            return Ok(Answer::Status(status));
        }
        let mut reader = Reader::default();
        while let Some(count) = reader.line(&line).map_err(odd)? {
            self.take(count)?;
            reader.literal(self.line.bytes(count).await.map_err(lost)?);
            line = self.line.read().await.map_err(lost)?;
            self.take(line.len())?;
        }
        Ok(Answer::Data(reader.end().map_err(odd)?))
    }

    fn take(&mut self, bytes: usize) -> Result<(), Fault> {
        let left = self.room.checked_sub(bytes);
        self.room = left.ok_or_else(|| odd("it answers with more than was asked for"))?;
        Ok(())
    }
}

fn absent(folder: &Folder) -> Fault {
    match folder {
        Folder::Sent => Fault::refused(
            "the mailbox has no folder marked for sent mail; write its name in `sent`, or \"\" \
             to do without, and answers from a mail program are not seen",
        ),
        Folder::Named(_) | Folder::Archive => Fault::refused("the folder is not there"),
    }
}

fn lost(why: String) -> Fault {
    Fault { reached: Reached::Perhaps, ..Fault::retry(why) }
}

fn odd(why: &str) -> Fault {
    Fault::bug(format!("the answer is not IMAP as we know it: {why}"))
}
