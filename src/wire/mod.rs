//! The shapes in which the outside is spoken to: requests, answers, conversations, faults.
//!
//! Networks, notifiers and ticket systems are written against these types alone (sans-IO): they
//! say what to ask and read what came back. `fetch/` runs the conversations; nothing here does
//! I/O, and nothing here knows a database.

mod alert;
mod ask;
mod consent;
mod fault;
mod hook;
mod http;
mod keep;
mod mail;
mod manual;
mod network;
mod notifier;
mod press;
mod purpose;
mod purse;
mod secret;
mod settings;
mod terms;
mod thread;
mod ticket;

pub use alert::{Alert, AlertAct, AlertCase, AlertLine, AlertStands};
pub use ask::{
    Ask, Bucket, BucketRule, Counts, Got, Heard, Page, Price, Step, StreamOp, Streamed, Talk, Told,
    Via,
};
pub use consent::{
    Address, App, Client, Consent, Errand, NoCode, Proofs, Shows, Takes, consent_fault,
};
pub use fault::{Fault, Next, Reached};
pub use hook::{Hint, Hook, HookRequest};
pub use http::{Body, Method, Request, Response};
pub use keep::{BoxFuture, Keep, Toll, UsedUp};
pub use mail::{
    Folder, HeaderHolds, Letter, MailAct, MailFrom, MailOp, MailServer, Mailed, RawMail, Tls,
    TlsChoice, is_address, is_mail_id, mail_place,
};
pub use manual::{Grant, Manual};
pub use network::{Capabilities, Ctx, Cursor, Lane, Meta, Network, Session, Walk};
pub use notifier::{Acts, Delivered, Notifier, NotifierMeta};
pub use press::{Answer, Asks, Back, Called, Fetched, Form, Frame, Hears, Press, Pressed, Socket};
pub use purpose::Purpose;
pub use purse::{Purse, Slice};
pub use secret::Secret;
pub use settings::{Given, Key, KeyFault, KeyKind, is_one_word, read_settings};
pub use terms::Terms;
pub use thread::{Part, Seen, Sent, ThreadEntry, ThreadView};
pub use ticket::{Filed, Ticket, TicketCall, TicketMeta, TicketState, TicketSystem, TicketWord};
