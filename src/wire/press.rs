//! `Press`: what a person did in an alert where they read it, and what they are told after.
//!
//! A press decides nothing by itself: `pipeline/presses` looks up who it is, checks the button's
//! signature and carries out the act, or says why not. Text that somebody merely types into a chat
//! is no press and is read by nobody.

use super::ask::StreamOp;

/// Somebody pressed a button of an alert, sent the form that it opened, or set a mark below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Press {
    /// The same when the same press is brought again, and for no other.
    pub key: String,
    /// The id by which their service vouches for them (Slack's `U…`, Telegram's number, a Matrix
    /// name). Never a name that people may choose for themselves.
    pub by: String,
    /// How they are called there; for messages alone.
    pub name: String,
    /// What they did.
    pub did: Pressed,
    /// What the notifier needs to answer them (a trigger's id, an address). It may hold what lets
    /// others answer, so it is neither stored nor logged; nobody but the notifier reads it.
    pub back: Back,
}

/// What a notifier keeps of a press to answer it. Its debug print shows nothing.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Back(pub String);

impl std::fmt::Debug for Back {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Back")
    }
}

/// What somebody did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pressed {
    /// Pressed the button with this token ([`super::AlertAct::button`]).
    Button(String),
    /// Sent the form that a button opened.
    Form {
        /// The button's token, as [`Form::button`] had it.
        button: String,
        /// What was written into it.
        said: String,
    },
    /// Set a mark below the alert with this id of the receiver ([`super::Delivered::remote`]).
    Mark {
        /// The receiver's id of the alert.
        remote: String,
        /// The act that this mark stands for, by its name ([`super::AlertAct::name`]).
        act: &'static str,
    },
}

/// What a person must say so that an act can be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asks {
    /// Nothing: one press does it.
    Nothing,
    /// Whether it is meant: what is done is public.
    Sure,
    /// A reason.
    Reason,
    /// Until when: an hour, the next business morning, a date.
    Until,
    /// The text of a reply; the draft stands in it.
    Text,
    /// Where it was answered, if that is known.
    Link,
}

/// A form that is to be opened for whoever pressed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Form {
    /// What it is about, on one line, in the recipient's language.
    pub title: String,
    /// What is asked, on one line.
    pub label: String,
    /// What stands in it already.
    pub text: String,
    /// The button that sends it, on a word or two.
    pub send: String,
    /// The token that comes back with it ([`Pressed::Form::button`]).
    pub button: String,
    /// What it asks for.
    pub asks: Asks,
    /// The longest text in graphemes, where there is such a limit.
    pub limit: Option<usize>,
}

/// What whoever pressed is told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// What came of it, on one line, in the recipient's language.
    pub text: String,
    /// It was done, now or before by the same press.
    pub done: bool,
    /// The form to open; nothing was done yet.
    pub form: Option<Form>,
    /// The page on which the same can be done, where a notifier can open no form.
    pub link: String,
}

/// How a recipient's presses reach us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hears {
    /// Not at all, or by calls from outside alone (`Notifier::hook`).
    Called,
    /// We ask for them again and again (`Notifier::hear`).
    Asks,
    /// By a WebSocket that we open (`Notifier::socket`).
    Socket,
}

/// What was fetched at once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fetched {
    /// The presses, oldest first.
    pub presses: Vec<Press>,
    /// From where it is gone on the next time; stored once the presses were carried out.
    pub cursor: String,
}

/// What a message of the socket comes to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frame {
    /// The press in it, if any. It is answered by `Notifier::acked`.
    pub press: Option<Press>,
    /// What is answered at once where there is no press (a greeting, an event that is not ours).
    pub answer: Option<Vec<u8>>,
    /// The server is about to end the socket: open it anew.
    pub ends: bool,
}

/// The socket that a conversation opened the way to.
#[derive(Clone, Debug)]
pub struct Socket {
    /// How it is opened.
    pub open: StreamOp,
}

/// What a call from outside comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Called {
    /// The service wants to know whether we are there: answer this.
    Answer {
        /// The status code.
        status: u16,
        /// The body's media type.
        kind: &'static str,
        /// The body.
        body: Vec<u8>,
    },
    /// It is genuine: presses to carry out. The call is answered 200, with what
    /// `Notifier::acked` says where there is one press alone.
    Presses(Vec<Press>),
    /// It is not genuine, too old, or nothing that we take. The reason is for our own log.
    Refuse(&'static str),
}
