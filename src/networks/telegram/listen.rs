//! Reading updates, old to new: what was committed is confirmed with the next question.
//!
//! The cursor is the number of the update to ask for next. Telegram forgets whatever lies before
//! the number that it is asked for, so a number is sent only once the page before it is committed:
//! by the walk's next question, or by the next walk's first.
//!
//! Numbers begin anew, at random, when nothing came for a week. So after six days without an
//! update no number is sent, and what is there is taken as it comes. An update is kept for 24
//! hours; if nobody asked for longer, what is older is lost, and is said to be.

use super::super::json;
use super::wire;
use super::{ONE, Settings};
use crate::domain::Instant;
use crate::domain::time::DAY;
use crate::wire::{Ask, Ctx, Cursor, Fault, Got, Heard, Next, Page, Request, Step, Talk};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// The one lane.
pub(super) const UPDATES: &str = "updates";
/// The most that a page holds.
const PAGE: usize = 100;
/// How long Telegram keeps an update.
const KEPT: i64 = DAY;
/// After so long without an update its number may be a new one.
const FORGET: i64 = 6 * DAY;
/// What is asked for. Posts of channels are the brand's own, since only its bot is let in there.
const KINDS: [&str; 2] = ["message", "edited_message"];

/// Where the lane stands; as JSON it is the cursor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Mark {
    /// The number to ask for next, once there was one.
    next: Option<i64>,
    /// When an update was heard last.
    heard: Instant,
    /// When was asked last.
    asked: Instant,
}

/// A walk in progress.
pub(super) struct Walker {
    mark: Mark,
    /// Why what lies before this walk is not heard, and from when on it is.
    lost: Option<(Instant, String)>,
    /// Nothing was asked yet.
    first: bool,
    /// Nothing is left to ask.
    done: bool,
    /// The cursor cannot be read.
    expired: Option<Fault>,
}

impl Walker {
    /// A walk from the cursor, or a first look.
    pub(super) fn new(cursor: Option<&Cursor>, cx: &Ctx<'_>) -> Walker {
        let begin = Mark { next: None, heard: cx.now, asked: cx.now };
        let (known, expired) = match cursor.map(|cursor| serde_json::from_str::<Mark>(&cursor.0)) {
            None => (begin.clone(), None),
            Some(Ok(mark)) => (mark, None),
            Some(Err(_)) => {
                let why = "the cursor cannot be read; the walk begins anew";
                (begin.clone(), Some(Fault::new(Next::Expired, why)))
            }
        };
        let kept = cx.now - KEPT;
        let lost = (known.asked < kept).then(|| {
            let asked = known.asked;
            let why = format!(
                "Telegram keeps what is new for 24 hours; nothing between {asked} and {kept} is \
                 there any more"
            );
            (kept, why)
        });
        let mark = Mark { asked: cx.now, ..known };
        Walker { mark, lost, first: true, done: false, expired }
    }

    fn cursor(&self) -> String {
        serde_json::to_string(&self.mark).unwrap_or_default()
    }
}

impl Talk<Cursor> for Walker {
    fn start(&mut self, cx: &Ctx<'_>) -> Step<Cursor> {
        #[derive(Serialize)]
        struct Question {
            #[serde(skip_serializing_if = "Option::is_none")]
            offset: Option<i64>,
            limit: usize,
            timeout: u32,
            allowed_updates: [&'static str; 2],
        }
        if self.done {
            return Step::Done(Cursor(self.cursor()));
        }
        let settings = cx.settings::<Settings>();
        let question = Question {
            offset: self.mark.next.filter(|_| self.mark.asked - self.mark.heard < FORGET),
            limit: PAGE,
            // Only where nothing may be there yet is it worth waiting.
            timeout: if self.first { settings.wait } else { 0 },
            allowed_updates: KINDS,
        };
        let request = Request::post_json(settings.at("getUpdates"), &question);
        Step::Ask(vec![Ask::http(request, 0, ONE)])
    }

    fn read(&mut self, _tag: u8, got: Got, cx: &Ctx<'_>) -> Result<Step<Cursor>, Fault> {
        #[derive(Deserialize)]
        struct Answer {
            ok: bool,
            result: Vec<Box<RawValue>>,
        }
        if let Some(fault) = self.expired.take() {
            return Err(fault);
        }
        let Answer { ok, result } = json::answer(&got.http()?.body, "the updates")?;
        if !ok {
            return Err(Fault::retry("Telegram answers that it has no updates to give now"));
        }
        self.first = false;
        let numbers: Vec<i64> = result.iter().filter_map(|raw| wire::number(raw)).collect();
        match numbers.iter().max() {
            Some(newest) => {
                if self
                    .mark
                    .next
                    .is_some_and(|next| numbers.iter().all(|n| *n == next.saturating_sub(1)))
                {
                    return Err(Fault::bug("Telegram hands the same update out again and again"));
                }
                self.mark.next = Some(newest.saturating_add(1));
                self.mark.heard = cx.now;
            }
            None if result.is_empty() => {}
            None => return Err(Fault::bug("updates came without a single readable number")),
        }
        self.done = result.len() < PAGE;
        let (span, hole) = match self.lost.take() {
            Some((from, why)) => (Some((from, cx.now)), Some(why)),
            None => (None, None),
        };
        if result.is_empty() && hole.is_none() {
            return Ok(self.start(cx));
        }
        let heard = result.iter().filter_map(|raw| {
            let broken = |why| Some(Heard::Broken { raw: raw.get().as_bytes().to_vec(), why });
            wire::heard(raw, cx).unwrap_or_else(broken)
        });
        let heard: Vec<Heard> = heard.collect();
        Ok(Step::Page(Page { heard, resume: Some(self.cursor()), span, hole }))
    }
}
