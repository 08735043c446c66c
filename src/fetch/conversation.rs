//! `Conversation`: runs one talk, ask by ask, until its next page or its end.

#[cfg(test)]
mod tests;

use super::limits::{Spending, Spent};
use super::redact::Redactor;
use super::{Engine, Link, OwnedCtx, Peer, Purpose, unsent};
use crate::domain::Instant;
use crate::wire::{
    Ask, Fault, Got, MailOp, Mailed, Method, Next, Page, Reached, Request, Response, Step, Talk,
    Via,
};
use std::collections::VecDeque;

/// More asks than any honest walk needs in one go; a talk that goes in circles ends here.
const MAX_ASKS: u32 = 10_000;

/// What a turn came to.
#[derive(Debug)]
pub enum Turn<T> {
    /// Commit this, then take the next turn.
    Page(Page),
    /// The conversation is over.
    Done(T),
}

/// One talk in progress.
pub struct Conversation<'a, T> {
    engine: &'a Engine,
    peer: Peer<'a>,
    link: &'a Link,
    talk: Box<dyn Talk<T> + 'a>,
    purpose: Purpose,
    not_after: Option<Instant>,
    /// Made at the first turn.
    cx: Option<OwnedCtx>,
    queue: VecDeque<Ask>,
    asked: u32,
    spent: Vec<Spent>,
    /// Something was asked since the turn began.
    begun: bool,
    /// Whether a refused session may still be renewed: once, and never by a log-in itself.
    may_renew: bool,
    is_login: bool,
    /// Something before the current ask may have changed something there.
    changed: bool,
    /// Knows the secrets of the last request.
    redactor: Redactor,
    over: bool,
}

impl<'a, T> Conversation<'a, T> {
    pub(super) fn new(
        engine: &'a Engine,
        peer: Peer<'a>,
        link: &'a Link,
        talk: Box<dyn Talk<T> + 'a>,
        purpose: Purpose,
        not_after: Option<Instant>,
    ) -> Conversation<'a, T> {
        Conversation {
            engine,
            peer,
            link,
            talk,
            purpose,
            not_after,
            cx: None,
            queue: VecDeque::new(),
            asked: 0,
            spent: Vec::new(),
            begun: false,
            may_renew: true,
            is_login: false,
            changed: false,
            redactor: Redactor::default(),
            over: false,
        }
    }

    /// The same as a log-in: it has its context already and renews nothing.
    pub(super) fn for_login(self, cx: OwnedCtx) -> Conversation<'a, T> {
        Conversation { cx: Some(cx), may_renew: false, is_login: true, ..self }
    }

    /// Goes on until the next page or the end.
    ///
    /// # Errors
    /// The fault that ended the conversation; its text holds no secret. `Reached::Never` means
    /// that nothing of the whole conversation was carried out.
    pub async fn turn(&mut self) -> Result<Turn<T>, Fault> {
        if self.over {
            return Err(Fault::bug("the conversation is over; begin a new one"));
        }
        let turn = self.walk().await;
        self.over = !matches!(turn, Ok(Turn::Page(_)));
        turn.map_err(|fault| self.settle(fault))
    }

    /// What its asks spent so far from buckets with windows over a minute. What their answers
    /// turned out to have cost is not in it: that follows what people write, not how often is read.
    pub fn spent(&self) -> &[Spent] {
        &self.spent
    }

    /// Runs a conversation that has no pages.
    ///
    /// # Errors
    /// The fault that ended it. A page is a bug of the network's file.
    pub async fn finish(mut self) -> Result<T, Fault> {
        match self.turn().await? {
            Turn::Done(result) => Ok(result),
            Turn::Page(_) => Err(self.settle(Fault::bug("a page where none is expected"))),
        }
    }

    async fn walk(&mut self) -> Result<Turn<T>, Fault> {
        let (engine, peer, link) = (self.engine, self.peer, self.link);
        self.begun = false;
        let mut cx = match self.cx.take() {
            Some(cx) => OwnedCtx { now: engine.clock.now(), ..cx },
            None => engine.ctx(peer, link).await?,
        };
        let mut step = self.talk.start(&cx.cx());
        loop {
            match step {
                Step::Ask(asks) => self.queue.extend(asks),
                Step::Page(page) => {
                    self.queue.clear();
                    self.cx = Some(cx);
                    return Ok(Turn::Page(page));
                }
                Step::Done(result) => return Ok(Turn::Done(result)),
            }
            let Some(ask) = self.queue.pop_front() else {
                return Err(Fault::bug("the conversation waits for an answer to nothing"));
            };
            let got = self.answer(&ask, &mut cx).await?;
            cx.now = engine.clock.now();
            step = self.talk.read(ask.tag, got, &cx.cx())?;
            self.changed |= match &ask.via {
                Via::Http(request) => request.method != Method::Get,
                Via::Mail(op) => op.changes(),
                Via::Say(_) | Via::Nothing => false,
            };
        }
    }

    /// Gets the answer to one ask.
    async fn answer(&mut self, ask: &Ask, cx: &mut OwnedCtx) -> Result<Got, Fault> {
        let line = match &ask.via {
            Via::Http(request) => return self.ask_http(request, ask, cx).await.map(Got::Http),
            Via::Mail(op) => return self.ask_mail(op, ask).await.map(Got::Mail),
            Via::Say(line) => Some(line),
            Via::Nothing => None,
        };
        self.count()?;
        let by = Spending { peer: self.peer, link: self.link, host: "" };
        self.spend(&by, ask).await?;
        self.in_time()?;
        if let Some(line) = line {
            (self.engine.say)(line);
        }
        Ok(Got::Said)
    }

    /// Sends a request, and the same once more with a new session if this one is refused.
    async fn ask_http(
        &mut self,
        request: &Request,
        ask: &Ask,
        cx: &mut OwnedCtx,
    ) -> Result<Response, Fault> {
        let refused = match self.exchange(request, ask, cx).await {
            Err(fault) if fault.next == Next::Auth && ask.auth && self.may_renew => fault,
            other => return other,
        };
        self.may_renew = false;
        let old = cx.session.as_deref();
        match self.engine.renew(self.peer, self.link, old).await? {
            Some(fresh) => *cx = self.engine.ctx_with(self.peer, self.link, Some(fresh), cx.seed),
            None => return Err(refused),
        }
        self.exchange(request, ask, cx).await
    }

    /// One request: spend, sign, watch the time, send, learn, judge.
    async fn exchange(
        &mut self,
        request: &Request,
        ask: &Ask,
        cx: &mut OwnedCtx,
    ) -> Result<Response, Fault> {
        self.count()?;
        let (engine, peer, link) = (self.engine, self.peer, self.link);
        let host = request.url.host_str().unwrap_or_default();
        let by = Spending { peer, link, host };
        self.spend(&by, ask).await?;

        cx.now = engine.clock.now();
        let mut ready = request.clone();
        if ask.auth {
            ready = peer.sign(ready, &cx.cx());
        }
        self.redactor = Redactor::of(&ready);
        if let Some(secret) = cx.session.as_ref().and_then(|s| s.secret.as_ref()) {
            self.redactor.add(secret.expose());
        }

        self.in_time()?;
        let sent = engine.transport.send(&ready).await;
        let res = sent.map_err(|fault| Fault {
            next: Next::Retry { after: None },
            why: fault.why,
            reached: fault.reached,
        })?;
        cx.now = engine.clock.now();
        if self.is_login {
            self.redactor.watch_json(&res.body);
        }
        engine.charge(&by, &res, self.purpose, &cx.cx()).await;
        engine.learn(&by, &res, &cx.cx()).await;
        let Some(fault) = judge(peer, &ready, &res, cx) else { return Ok(res) };
        if let Next::Throttled { bucket, until } = fault.next {
            engine.shut(&by, ask.spend, bucket, until).await;
        }
        Err(fault)
    }

    /// One thing of a mail server: spend, watch the time, ask. It brings its own log-in, so there
    /// is no session to renew.
    async fn ask_mail(&mut self, op: &MailOp, ask: &Ask) -> Result<Mailed, Fault> {
        self.count()?;
        let (engine, peer, link) = (self.engine, self.peer, self.link);
        let by = Spending { peer, link, host: &op.server.host };
        self.spend(&by, ask).await?;
        self.redactor = Redactor::default();
        self.redactor.add(op.server.password.expose());
        self.in_time()?;
        engine.transport.mail(op).await.map_err(|fault| {
            // What only reads carries nothing out, however far it got.
            let reached = if op.changes() { fault.reached } else { Reached::Never };
            Fault { reached, ..fault }
        })
    }

    /// Spends what an ask costs. A turn whose first ask was let through is not stopped half-way
    /// by what the first one must leave.
    async fn spend(&mut self, by: &Spending<'_>, ask: &Ask) -> Result<(), Fault> {
        let purpose = if self.begun { self.purpose.begun() } else { self.purpose };
        self.engine.spend(by, ask.spend, purpose).await?;
        self.begun = true;
        by.add(ask.spend, &mut self.spent);
        Ok(())
    }

    fn count(&mut self) -> Result<(), Fault> {
        self.asked += 1;
        if self.asked > MAX_ASKS {
            let why = format!("the conversation asked {MAX_ASKS} times without an end");
            return Err(Fault { reached: Reached::Never, ..Fault::bug(why) });
        }
        Ok(())
    }

    fn in_time(&self) -> Result<(), Fault> {
        match self.not_after {
            Some(end) if end <= self.engine.clock.now() => {
                Err(unsent(format!("it was to be sent before {end}; that is over")))
            }
            _ => Ok(()),
        }
    }

    /// The fault as it may be shown and acted on.
    fn settle(&self, fault: Fault) -> Fault {
        // If an earlier ask may have changed something, the conversation as a whole can not be
        // repeated as though nothing had happened.
        let spoiled = self.changed && fault.may_resend();
        let reached = if spoiled { Reached::Perhaps } else { fault.reached };
        Fault { why: self.redactor.why(&fault.why), reached, ..fault }
    }
}

/// What an answer means: what the network says of it, else what its status says.
pub(super) fn judge(
    peer: Peer<'_>,
    request: &Request,
    res: &Response,
    cx: &OwnedCtx,
) -> Option<Fault> {
    if peer.passes(res) {
        return None;
    }
    peer.fault(res, &cx.cx()).or_else(|| {
        let fault = Fault::of_status(res, cx.now)?;
        Some(Fault { why: format!("{}: {}", request.shown_url(), fault.why), ..fault })
    })
}
