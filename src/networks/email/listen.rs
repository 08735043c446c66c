//! Walking a folder by UID, oldest first.
//!
//! UIDs only rise within one UIDVALIDITY, so the cursor is both, and the time when the last mail
//! came in. Under another UIDVALIDITY every number means another mail: the folder is read again
//! from a little before that time. What is known by its Message-ID is then merely heard again;
//! what was deleted in between was never heard, so the time is a hole.
//!
//! The first look reads the newest mails and goes on from there, as on other networks.

use super::mention::{Place, heard};
use super::settings::{SENT, Settings};
use super::{CLOCK_SLACK, IMAP};
use crate::domain::Instant;
use crate::domain::time::DAY;
use crate::wire::{
    Ask, Ctx, Cursor, Fault, Folder, Got, Lane, MailAct, MailFrom, MailOp, Mailed, Page, Step, Talk,
};

/// How many mails are asked for at once.
const PAGE: u32 = 50;
/// After so many pages a walk ends; the next poll goes on where it stopped.
const PAGES: u32 = 200;
/// How far before the last mail a folder that was numbered anew is read again. Servers compare
/// days in a zone of their own.
const AGAIN: i64 = 2 * DAY;
/// The same, where it is not known when the last mail came in.
const AGAIN_UNKNOWN: i64 = 30 * DAY;

/// Where a lane stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Mark {
    validity: u32,
    uid: u32,
    /// When the last mail came in; 0 where that is not known.
    at: i64,
}

impl Mark {
    fn read(cursor: &Cursor) -> Option<Mark> {
        let mut parts = cursor.0.split(':');
        let validity = parts.next()?.parse().ok()?;
        let uid = parts.next()?.parse().ok()?;
        let at = parts.next()?.parse().ok()?;
        Some(Mark { validity, uid, at })
    }

    fn cursor(self) -> String {
        format!("{}:{}:{}", self.validity, self.uid, self.at)
    }
}

/// A walk in progress.
pub(super) struct Walker {
    lane: String,
    mark: Option<Mark>,
    /// The folder was numbered anew: it is read again from here.
    again: Option<Instant>,
    hole: Option<String>,
    pages: u32,
    done: bool,
}

impl Walker {
    /// A walk from the cursor, or a first look.
    pub(super) fn new(lane: &Lane, cursor: Option<&Cursor>) -> Walker {
        let mark = cursor.and_then(Mark::read);
        Walker { lane: lane.id.clone(), mark, again: None, hole: None, pages: 0, done: false }
    }

    fn ask(&self, cx: &Ctx<'_>) -> Step<Cursor> {
        let settings = cx.settings::<Settings>();
        let from = match (self.mark, self.again) {
            (None, _) => MailFrom::Newest,
            (Some(mark), None) => MailFrom::After(mark.uid),
            (Some(mark), Some(day)) => MailFrom::Since(day, mark.uid),
        };
        let folder = match self.lane.as_str() {
            SENT => settings.sent().unwrap_or(Folder::Sent),
            name => Folder::Named(name.to_owned()),
        };
        let act = MailAct::Fetch { folder, from, limit: PAGE };
        let op = MailOp { server: settings.reads(), act };
        Step::Ask(vec![Ask::mail(op, 0, IMAP)])
    }

    fn end(&mut self) -> Step<Cursor> {
        Step::Done(Cursor(self.mark.unwrap_or_default().cursor()))
    }
}

impl Talk<Cursor> for Walker {
    fn start(&mut self, cx: &Ctx<'_>) -> Step<Cursor> {
        if self.done || self.pages >= PAGES {
            return self.end();
        }
        self.pages += 1;
        self.ask(cx)
    }

    fn read(&mut self, _tag: u8, got: Got, cx: &Ctx<'_>) -> Result<Step<Cursor>, Fault> {
        let Mailed::Mails { validity, next, mails, more } = got.mail()? else {
            return Err(Fault::bug("mails were expected"));
        };
        if let Some(mark) = self.mark.filter(|mark| mark.validity != validity) {
            if self.again.is_some() {
                return Err(Fault::retry("the server numbers the folder anew again and again"));
            }
            let last = if mark.at > 0 { Instant(mark.at) - AGAIN } else { cx.now - AGAIN_UNKNOWN };
            self.again = Some(last);
            self.hole = Some(
                "the server numbered the folder anew (UIDVALIDITY): what was deleted meanwhile \
                 was not heard"
                    .to_owned(),
            );
            self.mark = Some(Mark { validity, uid: 0, at: mark.at });
            return Ok(self.ask(cx));
        }
        let mut mark = self.mark.unwrap_or(Mark { validity, ..Mark::default() });
        for mail in &mails {
            mark.uid = mark.uid.max(mail.uid);
            let came = mail.received.filter(|at| *at <= cx.now + CLOCK_SLACK);
            mark.at = mark.at.max(came.map_or(0, |at| at.0));
        }
        self.done = !more;
        if self.done {
            // All below was seen now, also what was deleted before we came.
            mark.uid = mark.uid.max(next.saturating_sub(1));
        }
        self.mark = Some(mark);
        let hole = self.hole.take();
        if mails.is_empty() && hole.is_none() {
            self.done = true;
            return Ok(self.end());
        }
        let place = Place { lane: &self.lane, validity };
        let heard = mails.iter().map(|mail| heard(mail, &place, cx)).collect();
        Ok(Step::Page(Page { heard, resume: Some(mark.cursor()), span: None, hole }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_is_written() {
        let mark = Mark { validity: 7, uid: 9, at: 12 };
        assert_eq!(Mark::read(&Cursor(mark.cursor())), Some(mark));
        assert_eq!(Mark::read(&Cursor("7:9".to_owned())), None);
        assert_eq!(Mark::read(&Cursor("x".to_owned())), None);
    }
}
