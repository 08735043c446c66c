//! E-mail: the folders of a mailbox in, replies in the conversation out; PEC among it.
//!
//! IMAP by UID and UIDVALIDITY (RFC 9051), conversations by Message-ID and References (RFC 5322),
//! automatic mail by RFC 3834 and its kin, Italian certified mail by RFC 6109. Ids are unique
//! within a mailbox, whose address is a mention's origin. All mail is private.
//!
//! | file | does |
//! |---|---|
//! | `settings` | whose mailbox, which servers, which folders |
//! | `listen` | walks a folder by UID |
//! | `letter` | reads one mail |
//! | `pec` | envelopes and receipts of certified mail |
//! | `cut` | what was written anew, without quotes and signature |
//! | `mention` | a mail as a mention |
//! | `answer` | conversations, replies, and the look for a reply |
//! | `compose` | writes a mail |

mod answer;
mod compose;
mod cut;
mod letter;
mod listen;
mod mention;
mod pec;
mod settings;
#[cfg(test)]
mod tests;

use crate::domain::length::{Counting, LengthRule};
use crate::domain::time::{HOUR, MINUTE, SECOND};
use crate::domain::{Instant, MentionRef};
use crate::wire::{
    Bucket, BucketRule, Capabilities, Counts, Ctx, Cursor, Fault, KeyFault, Lane, Meta, Network,
    Part, Seen, Sent, Talk, Terms, ThreadView, Walk, is_mail_id,
};
use settings::{KEYS, SENT, Settings};
use std::any::Any;

/// Log-ins at the mailbox. No provider publishes a figure for all; Gmail closes the door at 15
/// connections at once, and each of ours lasts a second or two.
const READS: Bucket = Bucket("imap");
/// Mails handed over. Providers count hundreds a day; a person approves each of ours.
const SENDS: Bucket = Bucket("smtp");
/// The cost of reading.
const IMAP: &[(Bucket, u32)] = &[(READS, 1)];
/// The cost of a reply, with its copy.
const IMAP_SMTP: &[(Bucket, u32)] = &[(READS, 1), (SENDS, 1)];
/// How far the clocks of writers and servers may be off.
const CLOCK_SLACK: i64 = HOUR;

static META: Meta = Meta {
    name: "email",
    title: "E-mail",
    about: "Reads the folders of a mailbox by IMAP and answers by SMTP in the same conversation. \
            Automatic mail is recognised and sorted out; Italian certified mail (PEC) is read \
            from inside of its envelope and counts as a formal complaint.",
    docs: "https://www.rfc-editor.org/rfc/rfc9051",
    can: Capabilities { poll: true, reply: true, thread: true, stream: false, backfill: false },
    // No limit of mail: nobody reads more.
    length: LengthRule { counting: Counting::Graphemes, limit: 10_000 },
    buckets: &[
        BucketRule {
            bucket: READS,
            counts: Counts::Token,
            limit: 60,
            window_ms: MINUTE,
            reserve: 20,
        },
        BucketRule {
            bucket: SENDS,
            counts: Counts::Token,
            limit: 20,
            window_ms: MINUTE,
            reserve: 0,
        },
    ],
    keys: KEYS,
    terms: Terms {
        refresh_within: None,
        delete_within: None,
        training_allowed: false,
        // An automatic answer must bear a header that says so (RFC 3834); ours are people's.
        automated_replies_allowed: false,
    },
    natural_key: false,
};

/// E-mail as a network.
pub(super) struct Email;

impl Network for Email {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn settings(&self, table: &toml::Table) -> Result<Box<dyn Any + Send + Sync>, KeyFault> {
        Ok(Box::new(settings::read(table)?))
    }

    fn own(&self, settings: &(dyn Any + Send + Sync)) -> Vec<String> {
        settings.downcast_ref::<Settings>().map(Settings::own).unwrap_or_default()
    }

    fn lanes(&self, cx: &Ctx<'_>) -> Vec<Lane> {
        let settings = cx.settings::<Settings>();
        let lane = |id: &str, every_ms| Lane {
            id: id.to_owned(),
            walk: Walk::Ascending,
            every_ms,
            overlap_ms: 0,
            settle_ms: 5 * SECOND,
            addressed: true,
            gap: None,
        };
        let mut lanes: Vec<Lane> = settings.folders.iter().map(|name| lane(name, MINUTE)).collect();
        if settings.sent().is_some() {
            lanes.push(lane(SENT, 5 * MINUTE));
        }
        lanes
    }

    fn listen(
        &self,
        lane: &Lane,
        cursor: Option<&Cursor>,
        _resume: Option<&str>,
        _cx: &Ctx<'_>,
    ) -> Box<dyn Talk<Cursor> + '_> {
        // Every page moves the cursor, so a broken walk simply begins at the cursor again.
        Box::new(listen::Walker::new(lane, cursor))
    }

    fn thread(&self, of: &MentionRef, cx: &Ctx<'_>) -> Option<Box<dyn Talk<ThreadView> + '_>> {
        let thread = answer::Thread::new(of, cx.settings())?;
        Some(Box::new(thread))
    }

    fn fit(&self, text: &str, _of: &MentionRef, cx: &Ctx<'_>) -> Result<Vec<Part>, Fault> {
        super::parts(self.length(cx), "", text)
    }

    fn post(
        &self,
        part: &Part,
        of: &MentionRef,
        key: &str,
        _cx: &Ctx<'_>,
    ) -> Option<Box<dyn Talk<Sent> + '_>> {
        // What has no id cannot be answered in its conversation.
        is_mail_id(&of.external_id)
            .then(|| Box::new(answer::Post::new(part, of, key)) as Box<dyn Talk<Sent> + '_>)
    }

    fn find(
        &self,
        _part: &Part,
        _of: &MentionRef,
        key: &str,
        since: Instant,
        cx: &Ctx<'_>,
    ) -> Option<Box<dyn Talk<Seen> + '_>> {
        Some(Box::new(answer::Find::new(key, since, cx.settings())))
    }
}
