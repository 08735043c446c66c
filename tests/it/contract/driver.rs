//! The engine's part and the store's part of a conversation, small enough to be seen through.
//!
//! The driver keeps the engine's promises: it signs, refreshes once on `Auth` and repeats the
//! same ask, ends on the second. It can stop dead after any step. Whatever a log could show is
//! written down, so that a test can look for secrets in it.

use super::Subject;
use ascolto::domain::{Instant, Mention};
use ascolto::wire::{
    Ask, Ctx, Cursor, Fault, Got, Heard, Lane, MailOp, Mailed, Next, Page, Request, Response,
    Session, Step, Talk, Via, Walk,
};
use std::any::Any;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

/// Why a conversation stopped before its end.
#[derive(Debug)]
pub enum Stop {
    Fault(Fault),
    Crash,
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Stop {
        Stop::Fault(fault)
    }
}

/// What answers: gets the number of the request among those that are no log-in, and the request.
pub type Server<'a> = RefCell<Box<dyn FnMut(Option<usize>, &Request) -> Response + 'a>>;

/// What answers the operations of mail.
pub type Office<'a> = RefCell<Box<dyn FnMut(&MailOp) -> Result<Mailed, Fault> + 'a>>;

/// One run of a channel, from the start of a process to its end or crash.
pub struct Run<'a> {
    pub subject: &'a Subject,
    pub settings: Box<dyn Any + Send + Sync>,
    pub session: RefCell<Option<Session>>,
    pub now: Instant,
    /// Steps (exchanges and commits) until the process dies.
    pub life: Cell<usize>,
    pub asked: Cell<usize>,
    pub logins: Cell<usize>,
    /// Everything that logs and pages may show.
    pub shown: RefCell<Vec<String>>,
    pub server: Server<'a>,
    /// Without one every mail server fails.
    pub office: Office<'a>,
}

impl<'a> Run<'a> {
    pub fn new(
        subject: &'a Subject,
        now: Instant,
        server: impl FnMut(Option<usize>, &Request) -> Response + 'a,
    ) -> Run<'a> {
        Run {
            subject,
            settings: subject.settings(),
            session: RefCell::default(),
            now,
            life: Cell::new(usize::MAX),
            asked: Cell::new(0),
            logins: Cell::new(0),
            shown: RefCell::default(),
            server: RefCell::new(Box::new(server)),
            office: RefCell::new(Box::new(|_: &MailOp| Err(Fault::retry("it is being repaired")))),
        }
    }

    /// Speaks with what the channel knows at this moment.
    pub fn with<R>(&self, speak: impl FnOnce(&Ctx<'_>) -> R) -> R {
        let session = self.session.borrow().clone();
        let mut own = session.as_ref().map(|session| session.own.clone()).unwrap_or_default();
        own.extend(self.subject.network.own(&*self.settings));
        speak(&Ctx {
            settings: &*self.settings,
            session: session.as_ref(),
            now: self.now,
            own: &own,
            seed: 7,
        })
    }

    pub fn lane(&self, id: Option<&str>) -> Lane {
        let lanes = self.with(|cx| self.subject.network.lanes(cx));
        lanes.into_iter().find(|lane| id.is_none_or(|id| lane.id == id)).expect("a lane")
    }

    fn show(&self, what: impl std::fmt::Debug) {
        self.shown.borrow_mut().push(format!("{what:?}"));
    }

    fn step(&self) -> Result<(), Stop> {
        let left = self.life.get();
        self.life.set(left.saturating_sub(1));
        if left == 0 { Err(Stop::Crash) } else { Ok(()) }
    }

    /// Logs in, as the engine does before the first question and after `Auth`.
    pub fn login(&self) -> Result<bool, Stop> {
        let Some(mut talk) = self.with(|cx| self.subject.network.login(cx)) else {
            return Ok(false);
        };
        self.logins.set(self.logins.get() + 1);
        let session = self.talk(&mut *talk, &mut |_| panic!("a log-in commits no page"), true)?;
        assert!(self.subject.secrets.iter().all(|s| !session.facts.contains(s)));
        self.show(&session);
        *self.session.borrow_mut() = Some(session);
        Ok(true)
    }

    /// Holds a conversation to its end.
    pub fn talk<T>(
        &self,
        talk: &mut dyn Talk<T>,
        commit: &mut dyn FnMut(Page),
        is_login: bool,
    ) -> Result<T, Stop> {
        let (mut step, mut refreshed) = (self.with(|cx| talk.start(cx)), false);
        loop {
            step = match step {
                Step::Done(value) => return Ok(value),
                Step::Page(page) => {
                    self.show(&page.hole);
                    self.step()?;
                    commit(page);
                    self.with(|cx| talk.start(cx))
                }
                Step::Ask(asks) => {
                    let (mut next, count) = (None, asks.len());
                    for (at, ask) in asks.into_iter().enumerate() {
                        self.step()?;
                        let got = self.exchange(&ask, &mut refreshed, is_login)?;
                        let read = self.with(|cx| talk.read(ask.tag, got, cx));
                        let read = read.inspect_err(|fault| self.show(fault))?;
                        match (read, at + 1 == count) {
                            (Step::Ask(more), false) if more.is_empty() => {}
                            (_, false) => {
                                panic!("answers to {} asks are still due", count - at - 1)
                            }
                            (read, true) => next = Some(read),
                        }
                    }
                    next.expect("a talk that asks nothing would wait for ever")
                }
            };
        }
    }

    fn exchange(&self, ask: &Ask, refreshed: &mut bool, is_login: bool) -> Result<Got, Stop> {
        let rules = self.subject.network.meta().buckets;
        for (bucket, _) in ask.spend {
            assert!(rules.iter().any(|rule| rule.bucket == *bucket), "{bucket:?} is not declared");
        }
        let request = match &ask.via {
            Via::Http(request) => request,
            Via::Mail(op) => {
                self.show(ask);
                let mailed =
                    (self.office.borrow_mut())(op).inspect_err(|fault| self.show(fault))?;
                self.show(&mailed);
                return Ok(Got::Mail(mailed));
            }
            Via::Say(_) | Via::Nothing => panic!("only HTTP and mail are taped"),
        };
        loop {
            let request = match ask.auth {
                true => self.with(|cx| self.subject.network.sign(request.clone(), cx)),
                false => request.clone(),
            };
            self.show((&request, &request.headers, request.shown_url(), ask));
            let number = (!is_login).then(|| self.asked.replace(self.asked.get() + 1));
            let res = (self.server.borrow_mut())(number, &request);
            self.show(&res);
            let fault = self
                .with(|cx| self.subject.network.fault(&res, cx))
                .or_else(|| Fault::of_status(&res, self.now));
            self.show(self.with(|cx| self.subject.network.told(&res, cx)));
            let Some(fault) = fault else { return Ok(Got::Http(res)) };
            self.show((&fault, fault.to_string()));
            if fault.next != Next::Auth || is_login || *refreshed || !ask.auth {
                return Err(Stop::Fault(fault));
            }
            *refreshed = true;
            if !self.login()? {
                return Err(Stop::Fault(fault));
            }
        }
    }
}

/// Texts by origin and id.
type Mentions = BTreeMap<(String, String), String>;
/// Mentions, all else that was heard, and the cursor.
type Essence<'a> = (&'a Mentions, &'a BTreeSet<String>, Option<&'a Cursor>);

/// What the store would hold after the pages committed so far.
#[derive(Clone, Debug, Default)]
pub struct Shelf {
    pub mentions: Mentions,
    pub others: BTreeSet<String>,
    pub cursor: Option<Cursor>,
    pub resume: Option<String>,
    pub holes: Vec<String>,
    /// Every cursor that ever stood, in order.
    pub cursors: Vec<String>,
    /// All that was heard, with repetitions, in order.
    pub heard: Vec<Heard>,
}

impl Shelf {
    /// What must be the same however the reading went.
    pub fn essence(&self) -> Essence<'_> {
        (&self.mentions, &self.others, self.cursor.as_ref())
    }

    fn move_cursor(&mut self, cursor: Cursor) {
        if self.cursors.last() != Some(&cursor.0) {
            self.cursors.push(cursor.0.clone());
        }
        self.cursor = Some(cursor);
    }

    pub fn commit(&mut self, page: Page, walk: Walk) {
        for heard in &page.heard {
            self.keep(heard);
        }
        self.heard.extend(page.heard);
        self.holes.extend(page.hole);
        match (walk, page.resume) {
            (Walk::Ascending, Some(cursor)) => self.move_cursor(Cursor(cursor)),
            (Walk::NewestFirst, resume) => self.resume = resume,
            (_, _) => {}
        }
    }

    fn keep(&mut self, heard: &Heard) {
        let mention = |m: &Mention| ((m.origin.clone(), m.external_id.clone()), m.text.clone());
        match heard {
            Heard::Mention(m) | Heard::Edited(m) => {
                let (key, text) = mention(m);
                self.mentions.insert(key, text);
            }
            other => {
                self.others.insert(format!("{other:?}"));
            }
        }
    }

    /// One poll: a walk from what is committed, its end included.
    pub fn poll(&mut self, run: &Run<'_>, lane: Option<&str>) -> Result<(), Stop> {
        let lane = run.lane(lane);
        let network = run.subject.network;
        let (cursor, resume) = (self.cursor.clone(), self.resume.clone());
        let mut talk = run.with(|cx| network.listen(&lane, cursor.as_ref(), resume.as_deref(), cx));
        let end = run.talk(&mut *talk, &mut |page| self.commit(page, lane.walk), false)?;
        run.step()?;
        self.resume = None;
        self.move_cursor(end);
        Ok(())
    }
}
