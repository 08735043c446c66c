//! Sessions: loaded on first use, renewed one at a time per link, stored before they are used.

use super::conversation::Conversation;
use super::{Engine, Link, OwnedCtx, Peer, Purpose, unsent};
use crate::domain::Instant;
use crate::wire::{BoxFuture, Fault, Next, Reached, Session, Talk};
use std::any::Any;
use std::sync::{Arc, PoisonError, RwLock};

/// What a link knows of its session.
#[derive(Default)]
pub(super) struct Cell {
    state: RwLock<State>,
    /// Held through every log-in: a refresh token works once, so two must not use it.
    one: tokio::sync::Mutex<()>,
}

#[derive(Clone, Default)]
struct State {
    /// There is no log-in: what is here stays, be it nothing.
    fixed: bool,
    session: Option<Arc<Session>>,
    /// A session that was handed out but could not be stored yet. It is the only one that is
    /// still good, so it is kept here until it is stored; it is not used before.
    unstored: Option<Arc<Session>>,
}

/// What trying a credential came to.
#[derive(Debug)]
pub enum Tried {
    /// It was logged in with; the session is not stored yet.
    LoggedIn(Session),
    /// There is no log-in, and the network's probe was answered.
    Answered,
    /// The network has neither.
    Untried,
}

impl Cell {
    /// Keeps others from logging in.
    pub(super) async fn alone(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.one.lock().await
    }

    /// The next use loads what is stored.
    pub(super) fn forget(&self) {
        self.set(State::default());
    }

    fn state(&self) -> State {
        self.state.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, state: State) {
        *self.state.write().unwrap_or_else(PoisonError::into_inner) = state;
    }

    fn settle(&self, session: Arc<Session>) -> Arc<Session> {
        self.set(State { session: Some(Arc::clone(&session)), ..State::default() });
        session
    }
}

impl State {
    fn ready(&self, now: Instant) -> bool {
        self.fixed || usable(self.session.as_ref(), now)
    }
}

impl Engine {
    /// The session of a link, as good as it can be before anything is asked.
    pub(super) async fn session(
        &self,
        peer: Peer<'_>,
        link: &Link,
    ) -> Result<Option<Arc<Session>>, Fault> {
        let now = self.clock.now();
        let state = link.session.state();
        if state.ready(now) {
            return Ok(state.session);
        }
        let _one = link.session.one.lock().await;
        // Somebody may have logged in while we waited.
        let state = link.session.state();
        if state.ready(now) {
            return Ok(state.session);
        }
        if let Some(stored) = self.store_left_over(link).await? {
            return Ok(Some(stored));
        }
        let kept = self.kept(link).await?;
        if let Some(kept) = kept.clone().filter(|kept| usable(Some(kept), now)) {
            return Ok(Some(link.session.settle(kept)));
        }
        match self.log_in(peer, link, kept.clone()).await? {
            Some(fresh) => self.store(link, fresh).await.map(Some),
            None => {
                let state = State { fixed: true, session: kept, unstored: None };
                link.session.set(state.clone());
                Ok(state.session)
            }
        }
    }

    /// What the code of a network may know about `link` without anything being asked: with the
    /// session as far as this process has one. For calls from outside, which must not make us
    /// log in.
    pub fn glance(&self, peer: Peer<'_>, link: &Link) -> OwnedCtx {
        self.ctx_with(peer, link, link.session.state().session, self.ids.number())
    }

    /// Renews a session that the other side refused. `None` where there is no log-in.
    pub(super) async fn renew(
        &self,
        peer: Peer<'_>,
        link: &Link,
        refused: Option<&Session>,
    ) -> Result<Option<Arc<Session>>, Fault> {
        let _one = link.session.one.lock().await;
        if let Some(stored) = self.store_left_over(link).await? {
            return Ok(Some(stored));
        }
        // Another conversation, or another instance, may have renewed it in the meantime.
        let kept = self.kept(link).await?;
        if let Some(kept) = kept.clone().filter(|kept| secret(Some(kept)) != secret(refused)) {
            return Ok(Some(link.session.settle(kept)));
        }
        match self.log_in(peer, link, kept).await? {
            Some(fresh) => self.store(link, fresh).await.map(Some),
            None => Ok(None),
        }
    }

    /// Tries settings before anybody uses them, with nothing but what they hold: logs in, or asks
    /// the network's probe where there is no log-in. Stores nothing and leaves the link as it is;
    /// the caller holds [`Link::alone`].
    ///
    /// # Errors
    /// What the network answered; its kind says whether the credential is refused or nobody knows.
    pub async fn try_settings(
        &self,
        peer: Peer<'_>,
        link: &Link,
        settings: Arc<dyn Any + Send + Sync>,
    ) -> Result<Tried, Fault> {
        let (own, seed) = (link.own.clone(), self.ids.number());
        let cx = OwnedCtx { settings, session: None, now: self.clock.now(), own, seed };
        let login = peer.login(&cx.cx());
        if let Some(talk) = login {
            let talk = Conversation::new(self, peer, link, talk, Purpose::LogIn, None);
            return talk.for_login(cx).finish().await.map(Tried::LoggedIn);
        }
        let probe = peer.probe(&cx.cx());
        let Some(talk) = probe else { return Ok(Tried::Untried) };
        let talk = Conversation::new(self, peer, link, talk, Purpose::LogIn, None);
        talk.for_login(cx).finish().await.map(|()| Tried::Answered)
    }

    /// Runs a conversation with the server behind a network's consent page, which knows neither
    /// session nor settings. Nothing of it is stored.
    ///
    /// # Errors
    /// What the server answered; its kind says whether it refuses or nobody knows.
    pub async fn consent<T>(&self, network: &str, talk: Box<dyn Talk<T>>) -> Result<T, Fault> {
        let link = Link::new(network, Arc::new(()), Vec::new());
        let cx = link.settled();
        let peer = Peer::Consent(network);
        let talk = Conversation::new(self, peer, &link, talk, Purpose::Reread, None);
        // As a log-in: what it hands out is known as a secret, and none is renewed for it.
        talk.for_login(cx).finish().await
    }

    async fn kept(&self, link: &Link) -> Result<Option<Arc<Session>>, Fault> {
        let kept = self.keep.session(&link.name).await;
        kept.map(|s| s.map(Arc::new))
            .map_err(|why| unsent(format!("the session of {} cannot be loaded: {why}", link.name)))
    }

    async fn store(&self, link: &Link, fresh: Arc<Session>) -> Result<Arc<Session>, Fault> {
        if let Err(why) = self.keep.store_session(&link.name, &fresh).await {
            let state = link.session.state();
            link.session.set(State { unstored: Some(fresh), ..state });
            let why = format!("the new session of {} cannot be stored: {why}", link.name);
            return Err(unsent(why));
        }
        Ok(link.session.settle(fresh))
    }

    async fn store_left_over(&self, link: &Link) -> Result<Option<Arc<Session>>, Fault> {
        match link.session.state().unstored {
            Some(fresh) => self.store(link, fresh).await.map(Some),
            None => Ok(None),
        }
    }

    /// Runs the log-in, if there is one. Boxed: a log-in is a conversation inside of another.
    fn log_in<'a>(
        &'a self,
        peer: Peer<'a>,
        link: &'a Link,
        current: Option<Arc<Session>>,
    ) -> BoxFuture<'a, Result<Option<Arc<Session>>, Fault>> {
        Box::pin(async move {
            let cx = self.ctx_with(peer, link, current, self.ids.number());
            let Some(talk) = peer.login(&cx.cx()) else { return Ok(None) };
            let talk = Conversation::new(self, peer, link, talk, Purpose::LogIn, None);
            match talk.for_login(cx).finish().await {
                Ok(session) => Ok(Some(Arc::new(session))),
                // Whatever waits for this log-in was not carried out, however far that got.
                Err(fault) if matches!(fault.next, Next::Auth | Next::Refused) => Err(fault),
                Err(fault) => Err(Fault { reached: Reached::Never, ..fault }),
            }
        })
    }
}

fn secret(session: Option<&Session>) -> Option<&str> {
    session.and_then(|s| s.secret.as_ref()).map(|s| s.expose())
}

fn usable(session: Option<&Arc<Session>>, now: Instant) -> bool {
    session.is_some_and(|s| s.expires_at.is_none_or(|end| now < end))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{answer, bench, url};
    use super::*;
    use crate::wire::{Ask, Body, Ctx, Got, Method, Request, Step};

    /// Exchanges a code.
    struct Post;

    impl Talk<String> for Post {
        fn start(&mut self, _: &Ctx<'_>) -> Step<String> {
            let body = Body::Form(vec![("code".to_owned(), "c0de-1".to_owned())]);
            let request = Request { body, ..Request::new(Method::Post, url("/token")) };
            Step::Ask(vec![Ask::open(request, 0)])
        }

        fn read(&mut self, _: u8, got: Got, _: &Ctx<'_>) -> Result<Step<String>, Fault> {
            let body = got.http()?.body;
            Ok(Step::Done(String::from_utf8_lossy(&body).into_owned()))
        }
    }

    #[tokio::test]
    async fn a_consent_server_is_spoken_to_without_session_and_its_refusal_holds_no_code() {
        let no = r#"{"error":"invalid_grant","error_description":"c0de-1 ran out"}"#;
        let answers = vec![answer(200, "yes"), answer(400, no), answer(500, "")];
        let bench = bench(false, answers);
        let asked = async || bench.engine.consent::<String>("testnet", Box::new(Post)).await;
        assert_eq!(asked().await.as_deref(), Ok("yes"));
        let refused = asked().await.unwrap_err();
        assert_eq!(refused.next, Next::Refused);
        assert!(refused.why.starts_with("the code is refused: invalid_grant: [secret] ran out"));
        assert_eq!(asked().await.unwrap_err().next, Next::Retry { after: None });
        assert_eq!(bench.transport.log(), ["POST /token -"; 3]);
        assert!(bench.memory.sessions.lock().unwrap().is_empty(), "nothing is stored");
    }
}
